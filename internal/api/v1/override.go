package v1

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// What the routes of overrides take and give. An override is a patch of a schedule.
type (
	overridesOf struct {
		ID string `path:"id" maxLength:"64"`
	}
	OverrideID struct {
		ID       string `path:"id" maxLength:"64"`
		Override string `path:"override" maxLength:"64"`
	}
	OverrideZone struct {
		Zone string `query:"zone" maxLength:"64" doc:"The IANA name of the clock that start and end without an offset were read from; that of the schedule, when it is left out"`
	}
	overriding struct {
		ID string `path:"id" maxLength:"64"`
		OverrideZone
		Body oncall.Patch
	}
	changingOverride struct {
		OverrideID
		Match
		OverrideZone
		Body oncall.Patch
	}
	removingOverride struct {
		OverrideID
		Match
	}
	override struct {
		ETag     string `header:"ETag" doc:"That of the schedule"`
		Location string `header:"Location"`
		Body     oncall.Patch
	}
)

// patches are the overrides of a schedule, and its version.
func (s *setup) patches(id string) ([]oncall.Patch, int, error) {
	row, ok := s.rows[thing{config.Schedule, id}]
	if !ok || row.Retired {
		return nil, 0, store.ErrNotFound
	}
	var v oncall.Schedule
	err := json.Unmarshal(row.Body, &v)
	return v.Patches, row.Version, err
}

func (a *API) listOverrides(ctx context.Context, in *overridesOf) (*pageOf[oncall.Patch], error) {
	all, _, err := asking(ctx).setup.patches(in.ID)
	out := &pageOf[oncall.Patch]{Body: page[oncall.Patch]{Items: append([]oncall.Patch{}, all...)}}
	return out, err
}

func (a *API) readOverride(ctx context.Context, in *OverrideID) (*override, error) {
	all, version, err := asking(ctx).setup.patches(in.ID)
	if err != nil {
		return nil, err
	}
	n := numbered(all, in.Override)
	if n < 0 {
		return nil, store.ErrNotFound
	}
	return &override{ETag: tag(version), Body: all[n]}, nil
}

func numbered(all []oncall.Patch, id string) int {
	for i, p := range all {
		if p.ID == id {
			return i
		}
	}
	return -1
}

// fix makes instants of what was read from another clock than the schedule's.
func (z OverrideZone) fix(p *oncall.Patch) (err error) {
	if z.Zone == "" {
		return nil
	}
	if _, err := org.Zone(z.Zone); err != nil {
		return wrong("query.zone", err.Error())
	}
	if p.Start, err = p.Start.Fix(z.Zone); err != nil {
		return wrong("body.start", err.Error())
	}
	if p.End, err = p.End.Fix(z.Zone); err != nil {
		return wrong("body.end", err.Error())
	}
	return nil
}

// time is a moment of a body: an instant, or what a clock of the zone shows; without a
// zone, of home.
func (z OverrideZone) time(field string, m oncall.Moment, home string) (time.Time, error) {
	name := cmp.Or(z.Zone, home, "UTC")
	if _, err := org.Zone(name); err != nil {
		return time.Time{}, wrong("query.zone", err.Error())
	}
	fixed, err := m.Fix(name)
	if err != nil {
		return time.Time{}, wrong(field, err.Error())
	}
	at, err := time.Parse(time.RFC3339, string(fixed))
	if err != nil {
		return at, wrong(field, err.Error())
	}
	return at.UTC(), within(field, at)
}

func (a *API) addOverride(ctx context.Context, in *overriding) (*override, error) {
	p := in.Body
	if err := in.fix(&p); err != nil {
		return nil, err
	}
	if p.ID == "" {
		p.ID = a.engine.NewID(a.now())
	}
	version, err := a.overrides(ctx, in.ID, Match{}, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
		if numbered(all, p.ID) >= 0 {
			return nil, 0, incident.Refuse("override %q is there already", p.ID)
		}
		if in.Body.Seq == 0 { // of several that set, the newest wins
			p.Seq = 1
			for _, other := range all {
				p.Seq = max(p.Seq, other.Seq+1)
			}
		}
		return append(all, p), len(all), nil
	})
	return &override{ETag: tag(version), Location: Prefix + "/schedules/" + in.ID + "/overrides/" + p.ID, Body: p}, err
}

func (a *API) putOverride(ctx context.Context, in *changingOverride) (*override, error) {
	p := in.Body
	if p.ID != "" && p.ID != in.Override {
		return nil, wrong("body.id", fmt.Sprintf("is %q, and the path says %q", p.ID, in.Override))
	}
	p.ID = in.Override
	if err := in.fix(&p); err != nil {
		return nil, err
	}
	version, err := a.overrides(ctx, in.ID, in.Match, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
		n := numbered(all, in.Override)
		if n < 0 {
			return nil, 0, store.ErrNotFound
		}
		all[n] = p
		return all, n, nil
	})
	return &override{ETag: tag(version), Body: p}, err
}

func (a *API) removeOverride(ctx context.Context, in *removingOverride) (*retired, error) {
	version, err := a.overrides(ctx, in.ID, in.Match, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
		n := numbered(all, in.Override)
		if n < 0 {
			return nil, 0, store.ErrNotFound
		}
		return append(all[:n:n], all[n+1:]...), -1, nil
	})
	return &retired{ETag: tag(version)}, err
}

// overrides changes those of a schedule. to returns them anew, and the place of the one
// that was written: what is wrong with it is told as if it were the whole body.
func (a *API) overrides(ctx context.Context, id string, m Match, to func([]oncall.Patch) ([]oncall.Patch, int, error)) (version int, err error) {
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		version, err = a.overridesIn(ctx, tx, id, m, to)
		return err
	})
	if err == nil {
		a.engine.Poke()
	}
	return version, err
}

// overridesIn is overrides, within a transaction that does more.
func (a *API) overridesIn(ctx context.Context, tx *store.Tx, id string, m Match, to func([]oncall.Patch) ([]oncall.Patch, int, error)) (version int, err error) {
	k := *kindNamed("schedules")
	k.api = a
	place := -1
	row, err := k.changeIn(ctx, tx, id, func(was store.ConfigRow, there bool) (json.RawMessage, error) {
		if !there || was.Retired {
			return nil, store.ErrNotFound
		}
		if err := m.check(was.Version); err != nil {
			return nil, err
		}
		var v oncall.Schedule
		if err := json.Unmarshal(was.Body, &v); err != nil {
			return nil, err
		}
		if v.Patches, place, err = to(v.Patches); err != nil {
			return nil, err
		}
		return json.Marshal(v)
	}, "")
	var problems *config.Problems
	if errors.As(err, &problems) && place >= 0 {
		return 0, listedUnder(problems, fmt.Sprintf("schedules[0].patches[%d]", place))
	}
	return row.Version, err
}

// listedUnder names what is wrong below a path as if the path were the body.
func listedUnder(p *config.Problems, path string) error {
	var all []error
	for _, one := range p.List {
		all = append(all, &huma.ErrorDetail{Location: "body" + strings.TrimPrefix(one.Path, path), Message: one.Text})
	}
	return huma.Error422UnprocessableEntity("validation failed", all...)
}

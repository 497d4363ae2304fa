package v1

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/lint"
	"tocsin/org"
)

// A Finding is one thing that is wrong with a schedule.
type Finding struct {
	Kind    string       `json:"kind" enum:"gap,empty,unreachable,absent,under,two_roles,elsewhere,rest,chain,share,over,clocks,zones"`
	From    time.Time    `json:"from"`
	Until   time.Time    `json:"until"`
	Person  org.PersonID `json:"person,omitempty"`
	Text    string       `json:"text"`
	Serious bool         `json:"serious,omitempty" doc:"An alarm in that time would reach nobody"`
}

// A Gap is a stretch in which an alarm would call nobody.
type Gap struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Empty bool      `json:"empty,omitempty" doc:"A layer covers it, with nobody in it"`
	Why   string    `json:"why"`
}

func (a *API) gaps(ctx context.Context, in *Stretch) (*pageOf[Gap], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	from, to, err := in.bounds(a.now())
	if err != nil {
		return nil, err
	}
	shifts, err := a.was(ctx, s, c, in.ID, from, to)
	out := &pageOf[Gap]{Body: page[Gap]{Items: []Gap{}}}
	for _, g := range oncall.Gaps(shifts) {
		out.Body.Items = append(out.Body.Items, Gap{g.From, g.Until, g.Empty, g.Why})
	}
	return out, err
}

func (a *API) lint(ctx context.Context, in *Stretch) (*pageOf[Finding], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	from, to, err := in.bounds(a.now())
	if err != nil {
		return nil, err
	}
	if in.To.IsZero() { // eight weeks show what two do not
		to = from.Add(56 * 24 * time.Hour)
	}
	out := &pageOf[Finding]{Body: page[Finding]{Items: []Finding{}}}
	found, err := a.findings(ctx, s, c, in.ID, from, to)
	for _, f := range found {
		out.Body.Items = append(out.Body.Items, Finding(f))
	}
	return out, err
}

// findings is what the linter says of a schedule, among all others.
func (a *API) findings(ctx context.Context, s *setup, c *oncall.Compiled, id string, from, to time.Time) ([]lint.Finding, error) {
	w := lint.World{Person: s.personOf}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.TimeOffs(from, to)
		for _, o := range all {
			if !o.Soft {
				w.Away = append(w.Away, lint.Absence{Person: o.Person, From: o.From, Until: o.Until})
			}
		}
		if err != nil {
			return err
		}
		h, err := tx.Horizon(org.ScheduleID(id))
		if h.Moved != nil && h.Version == s.rows[thing{config.Schedule, id}].Version {
			w.Moved, w.ZonesNow = h.Moved.Changes, h.Moved.To
		}
		return err
	})
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired || r.ID == id {
			continue
		}
		if other, err := s.schedule(r.ID); err == nil {
			w.Others = append(w.Others, oncall.Stints(s.register().Render(other, from, to))...)
		}
	}
	return lint.Check(c, s.register().Render(c, from, to), w), err
}

// personOf is somebody as they are configured.
func (s *setup) personOf(id org.PersonID) (p org.Person, known bool) {
	r, ok := s.rows[thing{config.Person, string(id)}]
	if !ok || json.Unmarshal(r.Body, &p) != nil {
		return p, false
	}
	p.Retired = r.Retired
	return p, true
}

// A Preview is what a change of a schedule would do.
type Preview struct {
	Changes  []oncall.Difference `json:"changes" nullable:"false" doc:"Whose shifts it moves"`
	Gaps     []Gap               `json:"gaps" nullable:"false" doc:"Those that it makes"`
	Findings []Finding           `json:"findings" nullable:"false" doc:"What it makes wrong: double cover, broken rest, ..."`
}

type previewingChange struct {
	Stretch
	Body struct {
		Add      []oncall.Patch `json:"add,omitempty" maxItems:"200" doc:"Overrides that would be added"`
		Remove   []string       `json:"remove,omitempty" maxItems:"200" doc:"Ids of overrides that would be removed"`
		Schedule map[string]any `json:"schedule,omitempty" doc:"The schedule that would be instead of it; overrides are kept where it has none"`
	}
}

func (a *API) previewChange(ctx context.Context, in *previewingChange) (*pageless[Preview], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	from, to, err := in.bounds(a.now())
	if err != nil {
		return nil, err
	}
	next := c.Schedule
	if in.Body.Schedule != nil {
		if next, err = scheduleOf(in.Body.Schedule); err != nil {
			return nil, err
		}
		if next.Patches == nil {
			next.Patches = c.Schedule.Patches
		}
	}
	next.Patches = slices.DeleteFunc(slices.Clone(next.Patches), func(p oncall.Patch) bool { return slices.Contains(in.Body.Remove, p.ID) })
	next.Patches = append(next.Patches, numberedAnew(next.Patches, in.Body.Add)...)
	if in.To.IsZero() {
		for _, p := range in.Body.Add { // far enough to see the whole of it
			if end, err := time.Parse(time.RFC3339, string(p.End)); err == nil && end.After(to) && end.Sub(from) < longestShow {
				to = end
			}
		}
	}
	p, err := a.previewOf(ctx, s, c, next, in.ID, from, to)
	return &pageless[Preview]{Body: p}, err
}

// scheduleOf reads a schedule that stands within a body.
func scheduleOf(fields map[string]any) (v oncall.Schedule, err error) {
	for field := range meta() { // ours, as it was read
		delete(fields, field)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return v, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, wrong("body.schedule", err.Error())
	}
	return v, nil
}

// numberedAnew gives new overrides the numbers with which they win over older ones.
func numberedAnew(old, more []oncall.Patch) []oncall.Patch {
	seq := int64(0)
	for _, p := range old {
		seq = max(seq, p.Seq)
	}
	more = slices.Clone(more)
	for i := range more {
		if more[i].Seq == 0 {
			seq++
			more[i].Seq = seq
		}
	}
	return more
}

// previewOf compares a schedule with what it would be.
func (a *API) previewOf(ctx context.Context, s *setup, before *oncall.Compiled, next oncall.Schedule, id string, from, to time.Time) (p Preview, err error) {
	after, err := oncall.Compile(next)
	if err != nil {
		return p, wrong("body", err.Error())
	}
	r := s.register()
	was, is := r.Render(before, from, to), r.Render(after, from, to)
	p = Preview{Changes: append([]oncall.Difference{}, oncall.Diff(was, is)...), Gaps: []Gap{}, Findings: []Finding{}}
	for _, d := range p.Changes {
		if d.Nobody && d.Role == oncall.Primary {
			p.Gaps = append(p.Gaps, Gap{d.From, d.Until, true, "nobody would be on call"})
		}
	}
	old, err := a.findings(ctx, s, before, id, from, to)
	if err != nil {
		return p, err
	}
	found, err := a.findings(ctx, s, after, id, from, to)
	for _, f := range found {
		if !slices.Contains(old, f) && f.Kind != lint.Gap && f.Kind != lint.EmptySlot {
			p.Findings = append(p.Findings, Finding(f))
		}
	}
	return p, err
}

package v1

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/load"
	"tocsin/org"
)

// A TimeOff is when somebody is away.
type TimeOff struct {
	ID     string       `json:"id"`
	Person org.PersonID `json:"person"`
	From   time.Time    `json:"from"`
	Until  time.Time    `json:"until"`
	Soft   bool         `json:"soft,omitempty" doc:"They would rather not be on call, and may be"`
	Source string       `json:"source,omitempty" doc:"The calendar that it came from"`
	Why    string       `json:"why,omitempty" doc:"Shown to themselves and to managers"`
}

// A Substitution is who stands for somebody who is away, as the override that it is.
type Substitution struct {
	Schedule org.ScheduleID `json:"schedule"`
	Person   org.PersonID   `json:"person,omitempty" doc:"Who takes it; none: nobody is free and rested"`
	From     time.Time      `json:"from"`
	Until    time.Time      `json:"until"`
	Why      string         `json:"why"`
	Override *oncall.Patch  `json:"override,omitempty"`
}

type (
	awaySpan struct {
		From time.Time `query:"from" doc:"Now, when it is left out"`
		To   time.Time `query:"to" doc:"Half a year later, when it is left out; at most 366 days"`
	}
	addingTimeOff struct {
		OverrideZone
		Body struct {
			Person  org.PersonID  `json:"person,omitempty" maxLength:"64" doc:"Yourself, when it is left out. For somebody else only a manager of one of their teams writes"`
			From    oncall.Moment `json:"from" doc:"A moment, or a day or reading of the clock of zone; without a zone, of the person's"`
			Until   oncall.Moment `json:"until" doc:"Not included: the day after the last one"`
			Soft    bool          `json:"soft,omitempty"`
			Why     string        `json:"why,omitempty" maxLength:"500"`
			Plan    bool          `json:"plan,omitempty" doc:"Only say who would stand for them"`
			Publish bool          `json:"publish,omitempty" doc:"Make the substitutions overrides at once"`
		}
	}
	timeOffID struct {
		ID string `path:"id" maxLength:"64"`
	}
	TimeOffMade struct {
		TimeOff       TimeOff        `json:"time_off"`
		Substitutions []Substitution `json:"substitutions" nullable:"false"`
	}
)

func (a *API) listTimeOff(ctx context.Context, in *awaySpan) (*pageOf[TimeOff], error) {
	c := asking(ctx)
	from, to := in.From, in.To
	if from.IsZero() {
		from = a.now()
	}
	if to.IsZero() {
		to = from.AddDate(0, 6, 0)
	}
	if !to.After(from) || to.Sub(from) > longestShow {
		return nil, wrong("query.to", "must be after from, by at most 366 days")
	}
	out := &pageOf[TimeOff]{Body: page[TimeOff]{Items: []TimeOff{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.TimeOffs(from, to)
		for _, o := range all {
			v := TimeOff{o.ID, o.Person, o.From, o.Until, o.Soft, o.Source, o.Why}
			if o.Person != c.self() && c.leads(o.Person) != nil {
				v.Why = "" // theirs alone
			}
			out.Body.Items = append(out.Body.Items, v)
		}
		return err
	})
}

// leads refuses unless the caller may write for somebody: themselves, or as a manager of
// a team of theirs.
func (c *caller) leads(p org.PersonID) error {
	if p == c.self() && p != "" || c.May(org.Administer, "") {
		return nil
	}
	for _, r := range c.setup.all {
		if r.Kind != config.Team || r.Retired {
			continue
		}
		if t, err := teamIn(r); err == nil && slices.Contains(t.Members, p) && c.May(org.Configure, t.ID) {
			return nil
		}
	}
	return denial{"the time off of " + string(p) + " is for a manager of one of their teams"}
}

func teamIn(r store.ConfigRow) (t org.Team, err error) {
	err = json.Unmarshal(r.Body, &t)
	return t, err
}

// addTimeOff notes that somebody is away, and finds who stands for them: in each schedule
// the slot members who are free and rested, least burdened first. Later turns stay as
// they are.
func (a *API) addTimeOff(ctx context.Context, in *addingTimeOff) (*pageless[TimeOffMade], error) {
	c := asking(ctx)
	who := in.Body.Person
	if who == "" {
		who = c.self()
	}
	person, known := c.setup.personOf(who)
	if !known {
		return nil, wrong("body.person", "say who is away")
	}
	if err := c.leads(who); err != nil {
		return nil, err
	}
	now := a.now()
	from, err := in.time("body.from", in.Body.From, person.Zone)
	if err != nil {
		return nil, err
	}
	until, err := in.time("body.until", in.Body.Until, person.Zone)
	if err != nil {
		return nil, err
	}
	if !until.After(from) || until.Sub(from) > longestShow {
		return nil, wrong("body.until", "must be after from, by at most 366 days")
	}
	if until.Before(now) {
		return nil, wrong("body.until", "is past")
	}
	o := store.TimeOff{ID: a.engine.NewID(now), Person: who, From: from, Until: until, Soft: in.Body.Soft, By: string(c.Actor()), Why: in.Body.Why}
	out := &pageless[TimeOffMade]{Body: TimeOffMade{TimeOff: TimeOff{o.ID, who, from, until, o.Soft, "", o.Why}, Substitutions: []Substitution{}}}
	if !in.Body.Soft {
		for _, r := range c.setup.all {
			if r.Kind != config.Schedule || r.Retired {
				continue
			}
			found, err := a.substitutes(ctx, c.setup, r.ID, o, now)
			if err != nil {
				return nil, err
			}
			out.Body.Substitutions = append(out.Body.Substitutions, found...)
		}
	}
	if in.Body.Plan {
		return out, nil
	}
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.PutTimeOff(o); err != nil || !in.Body.Publish {
			return err
		}
		c.deed = org.Respond // what is published is an override, and asks for that right
		for _, s := range out.Body.Substitutions {
			if s.Override == nil {
				continue
			}
			if _, err := a.overridesIn(ctx, tx, string(s.Schedule), Match{}, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
				return append(all, numberedAnew(all, []oncall.Patch{*s.Override})...), len(all), nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		a.engine.Poke()
	}
	return out, err
}

// substitutes are who could stand for somebody in one schedule while they are away.
func (a *API) substitutes(ctx context.Context, s *setup, id string, o store.TimeOff, now time.Time) (all []Substitution, err error) {
	c, err := s.schedule(id)
	if err != nil {
		return nil, nil // one that cannot be read plans nobody
	}
	from := later(o.From, now.Truncate(time.Second))
	shifts := s.register().Render(c, from.Add(-48*time.Hour), o.Until.Add(48*time.Hour))
	var pool load.Pool
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		l, err := s.books(c, id).Ledger(tx, now.Add(-engine.LedgerBack), now, now)
		if err == nil {
			pool, err = s.books(c, id).Pool(tx, l, now)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found := pool.Cover(shifts, o.Person, from, o.Until, s.person(o.Person)+" is away")
	for _, st := range oncall.Stints(shifts) {
		f, u := later(st.From, from), sooner(st.Until, o.Until)
		if st.Person != o.Person || st.Role == oncall.Shadow || !f.Before(u) {
			continue
		}
		sub := Substitution{Schedule: org.ScheduleID(id), From: f, Until: u, Why: "nobody is free and rested"}
		for n, p := range found {
			if p.From.Equal(f) && p.Until.Equal(u) {
				patch := p.Patch("off-" + o.ID + "-" + st.Role + "-" + string(rune('a'+n%26)) + f.Format("0102"))
				sub.Person, sub.Why, sub.Override = p.Person, p.Why, &patch
			}
		}
		all = append(all, sub)
	}
	return all, nil
}

func (a *API) removeTimeOff(ctx context.Context, in *timeOffID) (*struct{}, error) {
	c := asking(ctx)
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		o, err := tx.TimeOff(in.ID)
		if err != nil {
			return err
		}
		if err := c.leads(o.Person); err != nil {
			if !c.May(org.ReadSetup, "") {
				return store.ErrNotFound // they do not know who is away
			}
			return err
		}
		if err := tx.DropTimeOff(in.ID); err != nil {
			return err
		}
		return a.standDown(ctx, tx, o)
	})
	if err == nil {
		a.engine.Poke()
	}
	return &struct{}{}, err
}

// standDown removes the overrides that were published for a time off, and are not over.
func (a *API) standDown(ctx context.Context, tx *store.Tx, o store.TimeOff) error {
	c, now := asking(ctx), a.now()
	mine := func(p oncall.Patch) bool {
		end, err := time.Parse(time.RFC3339, string(p.End))
		return strings.HasPrefix(p.ID, "off-"+o.ID+"-") && err == nil && end.After(now)
	}
	c.deed = org.Respond
	for _, r := range c.setup.all {
		if r.Kind != config.Schedule || r.Retired {
			continue
		}
		if patches, _, err := c.setup.patches(r.ID); err != nil || !slices.ContainsFunc(patches, mine) {
			continue
		}
		_, err := a.overridesIn(ctx, tx, r.ID, Match{}, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
			return slices.DeleteFunc(all, mine), -1, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

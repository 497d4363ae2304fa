package v1

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// A Conflict is something that is in the way of a change, or beside it.
type Conflict struct {
	Kind  string          `json:"kind" enum:"incident,change,window,freeze"`
	ID    string          `json:"id"`
	Title string          `json:"title"`
	From  time.Time       `json:"from"`
	To    *time.Time      `json:"to,omitempty" doc:"An open incident has none"`
	On    []org.ServiceID `json:"on" nullable:"false" doc:"The services by which it is one; none: it is for all"`
	Why   string          `json:"why"`
	Stops bool            `json:"stops,omitempty" doc:"The change is refused because of it"`
}

// wanted is what is looked at for conflicts.
type wanted struct {
	services     []org.ServiceID
	starts, ends time.Time
	itself       incident.ID
	in           incident.ID // the incident that it is made for
}

const (
	mostLooked    = 40 // services near those that are changed
	mostConflicts = 100
)

// around says how services have to do with those that are changed.
func (s *setup) around(own []org.ServiceID) map[org.ServiceID]string {
	out := map[org.ServiceID]string{}
	for id, n := range resolve.Near(own, s.services) {
		if n == 0 {
			out[id] = "the same service"
		} else {
			out[id] = s.service(id) + ", which it needs"
		}
	}
	for id := range s.services {
		if _, known := out[id]; known {
			continue
		}
		for other := range resolve.Near([]org.ServiceID{id}, s.services) {
			if slices.Contains(own, other) {
				out[id] = s.service(id) + ", which needs it"
			}
		}
	}
	return out
}

// conflicts are what a change meets, by when it begins.
func (a *API) conflicts(tx *store.Tx, c *caller, w wanted) (out []Conflict, err error) {
	out = []Conflict{}
	around := c.setup.around(w.services)
	for id, why := range around {
		if c.setup.hides(c.Identity, id) || len(around) > mostLooked && !slices.Contains(w.services, id) {
			continue
		}
		rows, err := tx.Subjects(store.Filter{Open: true, Service: id, Limit: 20})
		if err != nil {
			return out, err
		}
		for _, r := range rows {
			if r.ID != w.in {
				out = append(out, Conflict{Kind: "incident", ID: string(r.ID), Title: r.Title, From: r.OpenedAt, On: []org.ServiceID{id}, Why: why})
			}
		}
	}
	ids, err := tx.ChangesBetween(w.starts, w.ends, mostConflicts)
	if err != nil {
		return out, err
	}
	for _, id := range ids {
		in, err := seenChange(tx, c.setup, c.Identity, id)
		if err == store.ErrNotFound || id == w.itself {
			continue
		}
		if err != nil {
			return out, err
		}
		on, why := touches(around, in.Change.Services)
		if len(on) > 0 && !in.Change.Over() {
			out = append(out, Conflict{Kind: "change", ID: string(id), Title: in.Title, From: in.Change.Starts, To: shown(in.Change.Ends), On: on, Why: why})
		}
	}
	windows, err := a.engine.Windows(tx, w.starts)
	if err != nil {
		return out, err
	}
	for _, o := range windows {
		on, why := touches(around, o.Covers)
		if len(on) > 0 && !o.Over && o.Begin.Before(w.ends) && o.End.After(w.starts) {
			out = append(out, Conflict{Kind: "window", ID: o.ID, Title: o.Title(), From: o.Begin, To: shown(o.End), On: on, Why: why})
		}
	}
	for _, f := range c.setup.changeRules().Frozen(w.services, w.starts, w.ends) {
		out = append(out, Conflict{Kind: "freeze", ID: f.ID, Title: f.Title(), From: f.Begin, To: shown(f.End), On: append([]org.ServiceID{}, f.Services...), Why: f.Why(), Stops: true})
	}
	slices.SortStableFunc(out, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), a.From.Compare(b.From), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// order is what matters most first.
var order = map[string]int{"freeze": 0, "incident": 1, "change": 2, "window": 3}

func touches(around map[org.ServiceID]string, services []org.ServiceID) (on []org.ServiceID, why string) {
	for _, id := range services {
		if w, ok := around[id]; ok {
			on, why = append(on, id), cmp.Or(why, w)
		}
	}
	return on, why
}

// ChangePreview is what would become of a change.
type ChangePreview struct {
	Conflicts []Conflict   `json:"conflicts" nullable:"false"`
	Granted   string       `json:"granted,omitempty" doc:"Why you need not ask; you do, when it is left out"`
	Board     org.PolicyID `json:"board,omitempty" doc:"Who is asked, when you name nobody; without it you must"`
	Refused   string       `json:"refused,omitempty" doc:"Why it would be refused"`
}

type wantingChange struct {
	Body struct {
		Class    org.ChangeClass `json:"class" enum:"standard,normal,emergency"`
		Services []org.ServiceID `json:"services" minItems:"1" maxItems:"20" nullable:"false"`
		Starts   time.Time       `json:"starts"`
		Ends     time.Time       `json:"ends"`
		Incident incident.ID     `json:"incident,omitempty" maxLength:"64"`
		Change   incident.ID     `json:"change,omitempty" maxLength:"64" doc:"Itself, when it was asked for already"`
	}
}

// wantChange says what a change would meet, before it is asked for.
func (a *API) wantChange(ctx context.Context, in *wantingChange) (*struct{ Body ChangePreview }, error) {
	c, b := asking(ctx), in.Body
	if err := c.knows("body.services", b.Services); err != nil {
		return nil, err
	}
	if !b.Ends.After(b.Starts) || b.Ends.Sub(b.Starts) > 31*24*time.Hour {
		return nil, wrong("body.ends", "must be after it starts, by at most 31 days")
	}
	if err := within("body.starts", b.Starts); err != nil {
		return nil, err
	}
	rules := c.setup.changeRules()
	out := &struct{ Body ChangePreview }{ChangePreview{Conflicts: []Conflict{}, Board: rules.Board}}
	out.Body.Granted, _ = rules.Granted(b.Class, c.self(), c.setup.teamsOf(c.self()), b.Services)
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		out.Body.Conflicts, err = a.conflicts(tx, c, wanted{b.Services, b.Starts.UTC(), b.Ends.UTC(), b.Change, b.Incident})
		return err
	})
	for i, x := range out.Body.Conflicts {
		if x.Stops = x.Stops && b.Class != org.EmergencyChange; x.Stops && out.Body.Refused == "" {
			out.Body.Refused = "nothing is changed then: " + x.Why
		}
		out.Body.Conflicts[i].Stops = x.Stops
	}
	return out, err
}

// teamsOf are the teams of a person.
func (s *setup) teamsOf(p org.PersonID) (teams []org.TeamID) {
	for _, r := range s.all {
		if r.Kind != "team" || r.Retired {
			continue
		}
		if t, err := decoded[org.Team](r); err == nil && slices.Contains(t.Members, p) {
			teams = append(teams, org.TeamID(r.ID))
		}
	}
	return teams
}

// ChangeCalendar is what is changed when, and when nothing is.
type ChangeCalendar struct {
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
	Changes []ChangeOf    `json:"changes" nullable:"false" doc:"Those that are planned or were made, by when they begin"`
	Windows []PlannedSpan `json:"windows" nullable:"false" doc:"Maintenance windows"`
	Freezes []PlannedSpan `json:"freezes" nullable:"false"`
	More    bool          `json:"more,omitempty" doc:"There is more than is shown: look at a shorter time"`
}

// A PlannedSpan is a time in which something is so for some services.
type PlannedSpan struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Services []org.ServiceID `json:"services" nullable:"false" doc:"None: for all"`
	From     time.Time       `json:"from"`
	To       time.Time       `json:"to"`
	Why      string          `json:"why,omitempty"`
}

type calendarOfChanges struct {
	From    time.Time     `query:"from" doc:"Now, when it is left out"`
	To      time.Time     `query:"to" doc:"Two weeks later, when it is left out; at most 92 days"`
	Service org.ServiceID `query:"service" maxLength:"64"`
}

const (
	longestCalendar = 92 * 24 * time.Hour
	mostInCalendar  = 500
)

func (a *API) changeCalendar(ctx context.Context, in *calendarOfChanges) (*struct{ Body ChangeCalendar }, error) {
	c, now := asking(ctx), a.now()
	from, to := in.From.UTC(), in.To.UTC()
	if in.From.IsZero() {
		from = now
	}
	if in.To.IsZero() {
		to = from.Add(14 * 24 * time.Hour)
	}
	if err := within("query.from", from); err != nil {
		return nil, err
	}
	if !to.After(from) || to.Sub(from) > longestCalendar {
		return nil, wrong("query.to", "must be after from, by at most 92 days")
	}
	out := &struct{ Body ChangeCalendar }{ChangeCalendar{From: from, To: to, Changes: []ChangeOf{}, Windows: []PlannedSpan{}, Freezes: []PlannedSpan{}}}
	of := func(services []org.ServiceID) bool { return in.Service == "" || slices.Contains(services, in.Service) }
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		w, err := a.engine.World(tx)
		if err != nil {
			return err
		}
		ids, err := tx.ChangesBetween(from, to, mostInCalendar+1)
		if err != nil {
			return err
		}
		if err := tx.Preload(ids); err != nil {
			return err
		}
		out.Body.More = len(ids) > mostInCalendar
		for _, id := range ids {
			one, err := seenChange(tx, c.setup, c.Identity, id)
			if err == store.ErrNotFound || err == nil && !of(one.Change.Services) {
				continue
			}
			if err != nil {
				return err
			}
			if s := one.Change.State; s != incident.ChangeMayNot && s != incident.ChangeIsNoMore {
				out.Body.Changes = append(out.Body.Changes, c.setup.change(one, w, c.self(), now))
			}
		}
		out.Body.Windows, err = a.windowsIn(tx, c, from, to, of)
		return err
	})
	for _, f := range c.setup.changeRules().Frozen(nil, from, to) {
		if len(f.Services) == 0 || of(f.Services) {
			out.Body.Freezes = append(out.Body.Freezes, PlannedSpan{f.ID, f.Title(), append([]org.ServiceID{}, f.Services...), f.Begin, f.End, f.Freeze.Why})
		}
	}
	slices.SortStableFunc(out.Body.Changes, func(a, b ChangeOf) int { return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

// windowsIn are the maintenance windows of a span, each time that they are on.
func (a *API) windowsIn(tx *store.Tx, c *caller, from, to time.Time, of func([]org.ServiceID) bool) ([]PlannedSpan, error) {
	out, seen := []PlannedSpan{}, map[string]bool{}
	for at, n := from, 0; at.Before(to) && n < 200; n++ {
		all, err := a.engine.Windows(tx, at)
		if err != nil {
			return nil, err
		}
		next := to
		for _, o := range all {
			key := fmt.Sprintf("%s %s", o.ID, o.Begin)
			if o.Over || !o.Begin.Before(to) || !o.End.After(at) {
				continue
			}
			if o.End.Before(next) {
				next = o.End
			}
			covers := slices.DeleteFunc(slices.Clone(o.Covers), func(id org.ServiceID) bool { return c.setup.hides(c.Identity, id) })
			if !seen[key] && (len(o.Covers) == 0 || len(covers) > 0) && of(o.Covers) {
				seen[key] = true
				out = append(out, PlannedSpan{o.ID, o.Title(), append([]org.ServiceID{}, covers...), o.Begin, o.End, o.Why})
			}
		}
		at = next
	}
	slices.SortStableFunc(out, func(a, b PlannedSpan) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

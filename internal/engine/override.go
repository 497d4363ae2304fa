package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// boardHears is for how long after the end of an override the board is called for it.
const boardHears = 24 * time.Hour

// Override lets a person go before the rules of changes in an incident. The board is
// called until one of it has seen that, in the same transaction: there is none without.
func (e *Engine) Override(ctx context.Context, id incident.ID, p org.PersonID, f incident.Overridden, now time.Time) error {
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(id)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		board, version := s.changes.Board, s.boardVersion(s.changes.Board)
		if version == 0 { // somebody has to hear of it
			all, ok := t.w.CatchAll()
			if !ok {
				return incident.Refuse("nobody would hear of it: set up a board, or a policy that catches all")
			}
			board, version = all.ID, all.Version
		}
		f.Call = incident.ID(e.newID(now))
		facts, err := resolve.Override(t.in, s.changes, p, s.teamsOf(p), f, now)
		if err != nil {
			return err
		}
		by := incident.ByPerson(p)
		t.add(by, facts...)
		if err := t.settle(); err != nil {
			return err
		}
		in := t.in
		c := e.tend(tx, s, tx.Create(f.Call), now)
		c.add(by,
			incident.Opened{Sort: incident.KindCall, Title: "emergency override by " + s.actorName(by) + ": " + in.Title, Service: in.Service, Team: in.Team, Priority: org.High},
			incident.Composed{Text: f.Reason, Choices: []incident.Choice{{Text: "Seen", Positive: true}}, Enough: 1, Expires: f.Until.Add(boardHears), Not: p})
		c.add(incident.Engine, incident.Asked{Run: 1, Why: "the board hears of every override", Policy: board, Version: version, Priority: org.High})
		return c.settle()
	})
	if err == nil {
		e.hit("after do")
		e.Poke()
	}
	return err
}

// owes are who is reminded that an override is not reviewed, for the nth time: whose task it
// is; or else those of the board who have seen it, or were called; or else everybody who was
// called for the incident. From the second time on the leads of their teams hear of it, and
// of the incident's. Never whoever used it.
func (t *tending) owes(o incident.Override, nth int) (to []org.PersonID, err error) {
	add := func(all ...org.PersonID) {
		for _, p := range all {
			if person, ok := t.s.people[p]; ok && !person.Retired && p != o.By && !slices.Contains(to, p) {
				to = append(to, p)
			}
		}
	}
	if t.in.Room != nil {
		for _, task := range t.in.Room.Tasks {
			if task.Override == o.ID {
				add(task.Owner)
			}
		}
	}
	if len(to) == 0 && o.Call != "" {
		call, err := t.tx.Subject(o.Call)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			add(call.Answered...)
			if len(to) == 0 {
				add(call.Called...)
			}
		}
	}
	if len(to) == 0 {
		add(t.in.Called...)
	}
	if nth == 1 && len(to) > 0 {
		return to, nil
	}
	for _, p := range slices.Clone(to) {
		for _, team := range t.s.teamsOf(p) {
			add(t.s.managers(team)...)
		}
	}
	add(t.s.leads(t.in)...)
	return to, nil
}

// mostNear is how many services are looked through for suspects.
const (
	mostNear      = 100
	mostOfOne     = 50
	mostInAMoment = 500
)

// Suspects are the changes that may have caused an incident, the likeliest first.
func (e *Engine) Suspects(tx *store.Tx, in incident.Incident) ([]resolve.Suspect, error) {
	s, err := e.current(tx)
	if err != nil || in.Sort != "" { // nothing caused a drill
		return nil, err
	}
	near := resolve.Near([]org.ServiceID{in.Service}, s.services)
	from, to := in.OpenedAt.Add(-resolve.SuspectWithin), in.OpenedAt.Add(resolve.SuspectAfter)
	var all []resolve.Changed
	looked := 0
	for id := range near {
		if looked++; looked > mostNear {
			break
		}
		events, err := tx.ChangeEvents(id, from, to, mostOfOne)
		if err != nil {
			return nil, err
		}
		for _, ev := range events {
			c := resolve.Changed{ID: ev.ID, Kind: ev.Kind, Title: ev.Title, Services: []org.ServiceID{id}, At: ev.At, Until: ev.At, By: ev.By}
			if ev.State == "failure" || ev.State == "failed" || ev.State == "error" {
				c.Outcome = incident.ChangeFailed
			}
			if len(ev.Links) > 0 {
				c.Link = ev.Links[0].Href
			}
			if ev.Kind == incident.KindChange { // nobody is making it any longer
				c.Kind = "event"
			}
			all = append(all, c)
		}
	}
	ids, err := tx.ChangesBetween(from, to, mostInAMoment)
	if err != nil {
		return nil, err
	}
	if err := tx.Preload(ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		sub, err := tx.Subject(id)
		if err != nil {
			return nil, err
		}
		c := sub.Change
		if c == nil || c.StartedAt.IsZero() || c.Incident == in.ID { // what was done against it did not cause it
			continue
		}
		all = append(all, resolve.Changed{
			ID: string(id), Kind: incident.KindChange, Title: sub.Title, Services: c.Services, At: c.StartedAt, Until: c.EndedAt, Outcome: c.Outcome, By: string(c.Owner),
		})
	}
	return resolve.Suspects(in.OpenedAt, near, all), nil
}

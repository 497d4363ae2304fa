package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// Propose asks for a change, for a person; by is them or a key of theirs.
func (e *Engine) Propose(ctx context.Context, by incident.Actor, p org.PersonID, r resolve.Request, now time.Time) (id incident.ID, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		g, err := s.ground(tx, p, r.Services, r.Incident)
		if err != nil {
			return err
		}
		facts, err := resolve.Propose(r, p, g, now)
		if err != nil {
			return err
		}
		id = incident.ID(e.newID(now))
		t := e.tend(tx, s, tx.Create(id), now)
		e.unindexed.Store(true)
		t.wants(by, facts)
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return id, err
}

// ground is what is so when a person asks for a change of some services, in an incident.
func (s *setup) ground(tx *store.Tx, p org.PersonID, services []org.ServiceID, in incident.ID) (g resolve.Ground, err error) {
	g = resolve.Ground{Rules: s.changes, Teams: s.teamsOf(p), Board: s.boardVersion(s.changes.Board)}
	if len(services) > 0 {
		g.Team = s.services[services[0]].Team
	}
	if in != "" {
		sub, err := tx.Subject(in)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return g, err
		}
		if err == nil {
			g.In = &sub.Incident
		}
	}
	return g, nil
}

// wants states what somebody wants changed, and what the rules make of it.
func (t *tending) wants(by incident.Actor, facts []incident.Fact) {
	for _, f := range facts {
		switch f.(type) {
		case incident.ChangeApproved, incident.Asked, incident.Settled, incident.Raised: // by the rules
			t.add(incident.Engine, f)
		default:
			t.add(by, f)
		}
	}
}

// AmendChange changes what is asked for, for a person; by is them or a key of theirs.
func (e *Engine) AmendChange(ctx context.Context, id incident.ID, by incident.Actor, p org.PersonID, a resolve.Amendment, now time.Time) error {
	return e.on(ctx, id, now, func(t *tending) error {
		c := t.in.Change
		if c == nil {
			return incident.Refuse("it is no change")
		}
		services := c.Services
		if a.Services != nil {
			services = a.Services
		}
		g, err := t.s.ground(t.tx, c.Person, services, c.Incident)
		if err != nil {
			return err
		}
		facts, err := resolve.Amend(t.in, a, p, g, t.s.boardVersion(c.Board), now)
		if err == nil {
			t.wants(by, facts)
		}
		return err
	})
}

// Decide is a person's word on a change, of which they read a version; 0 is whichever it is.
func (e *Engine) Decide(ctx context.Context, id incident.ID, p org.PersonID, approve bool, version int, why string, now time.Time) error {
	_, err := e.Do(ctx, id, incident.ByPerson(p), now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		if err := resolve.Current(in, version); err != nil {
			return nil, err
		}
		return resolve.Decide(in, approve, p, MayDecide(in, w, p, now), why, "")
	})
	return err
}

// BeginChange says that a change is being made from here on.
func (e *Engine) BeginChange(ctx context.Context, id incident.ID, by incident.Actor, now time.Time) error {
	var rules resolve.Rules
	over := false
	err := e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		rules = s.changes
		sub, err := tx.Subject(id)
		if err != nil || sub.Change == nil || sub.Change.Override == 0 {
			return err
		}
		in, err := tx.Subject(sub.Change.Incident)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			o, ok := in.Override(sub.Change.Override)
			over = ok && o.On(now) && in.Status.Open()
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = e.Do(ctx, id, by, now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Start(in, rules, over, now)
	})
	return err
}

// MayDecide says whether somebody is among those who decide about a change: they were
// called, are named, or stand behind the board.
func MayDecide(in incident.Incident, w escalate.World, p org.PersonID, now time.Time) bool {
	c := in.Change
	if c == nil || p == "" {
		return false
	}
	if slices.Contains(in.Called, p) {
		return true
	}
	targets := slices.Clone(c.Approvers)
	if board, ok := w.Policy(c.Board, 0); ok && c.Board != "" && !board.Retired {
		for _, l := range board.Levels {
			targets = append(targets, l.Targets...)
		}
	}
	return slices.ContainsFunc(targets, func(t org.Target) bool {
		if t.Kind == "person" {
			return t.ID == string(p)
		}
		return t.Kind != "email" && slices.Contains(w.Who(t, now).People, p)
	})
}

// choose is a person's answer to what was asked of them: of a page by hand the number of a
// choice, of a change 1 for yes and 2 for no.
func choose(in incident.Incident, w escalate.World, n int, p org.PersonID, via string, now time.Time) ([]incident.Fact, error) {
	switch {
	case in.Change == nil:
		return escalate.Choose(in, n, via)
	case n != 1 && n != 2:
		return nil, incident.Refuse("say yes or no: 1 approves it, 2 denies it")
	}
	return resolve.Decide(in, n == 1, p, MayDecide(in, w, p, now), "", via)
}

// changeFact is the part of follow that is about changes and overrides.
func (t *tending) changeFact(before incident.Incident, e incident.Entry) {
	c := t.in.Change
	switch f := e.Fact.(type) {
	case incident.ChangeRequested:
		t.noteChange(e.By, "requested")
	case incident.ChangeAmended:
		t.cancel(store.Cancel{Subject: t.in.ID, OnlyAlarms: true}, "changed")
		t.noteChange(e.By, "amended")
	case incident.ChangeApproved, incident.ChangeDenied, incident.ChangeCancelled:
		if p := e.By.Person(); p != "" {
			t.cancel(store.Cancel{Subject: t.in.ID, Person: p, OnlyAlarms: true}, "answered")
		}
		if before.Status.Open() && !t.in.Status.Open() {
			t.cancel(store.Cancel{Subject: t.in.ID, OnlyAlarms: true}, string(c.State))
			t.noteChange(e.By, string(c.State))
		}
	case incident.ChangeStarted:
		t.noteChange(e.By, "started")
	case incident.ChangeEnded:
		t.noteChange(e.By, string(f.Outcome))
		t.then = append(t.then, func() error {
			for _, id := range c.Services {
				if err := t.tx.NoteServiceChange(id, store.ServiceChange{At: e.At, What: t.in.Title}); err != nil {
					return err
				}
			}
			return nil
		})
	case incident.ChangeOverran:
	case incident.Overridden:
		t.reckonOverride(f.Override)
		return
	case incident.OverrideReviewed:
		t.reckonOverride(f.Override)
		return
	default:
		return
	}
	t.then = append(t.then, func() error { return t.tx.PutChange(t.in) })
}

func (t *tending) reckonOverride(id int) {
	t.then = append(t.then, func() error {
		o, ok := t.in.Override(id)
		if !ok {
			return nil
		}
		return t.tx.PutOverride(t.in.ID, o)
	})
}

// noteChange says in its incident how far a change has come.
func (t *tending) noteChange(by incident.Actor, what string) {
	c := t.in.Change
	if c == nil || c.Incident == "" {
		return
	}
	t.then = append(t.then, func() error {
		sub, err := t.tx.Lock(c.Incident)
		if errors.Is(err, store.ErrNotFound) || err == nil && sub.Seq >= incident.Crowded {
			return nil
		}
		if err != nil {
			return err
		}
		other := t.e.tend(t.tx, t.s, sub, t.now)
		other.add(by, incident.ChangeNoted{Change: t.in.ID, Title: t.in.Title, What: what})
		return other.settle()
	})
}

// teamsOf are the teams of a person.
func (s *setup) teamsOf(p org.PersonID) (teams []org.TeamID) {
	for id, t := range s.teams {
		if !t.Retired && slices.Contains(t.Members, p) {
			teams = append(teams, id)
		}
	}
	slices.Sort(teams)
	return teams
}

// boardVersion is the version of a policy of now; 0: there is none such.
func (s *setup) boardVersion(id org.PolicyID) int {
	p, ok := s.policies[id]
	if !ok || p.Retired {
		return 0
	}
	return max(p.Version, 1)
}

// actorName is how people call whoever did something.
func (s *setup) actorName(a incident.Actor) string {
	if p, ok := s.people[a.Person()]; ok && p.Name != "" {
		return p.Name
	}
	return a.Name()
}

// pipeline keeps what a pipeline said that it did to a service.
func (t *triaging) pipeline(h store.Heard, c alert.Category) error {
	e := store.ChangeEvent{
		ID: t.e.newID(t.now), Service: c.Service, Integration: h.Integration, At: h.Event.At, Key: h.Event.Key,
		Kind: changeKind(h.Event), Title: h.Event.Title, Text: h.Event.Text, By: h.Event.By, State: h.Event.Details["state"],
		Links: h.Event.Links, Labels: h.Event.Labels,
	}
	if named := org.ServiceID(cmp.Or(h.Event.Labels["service"], h.Event.Details["service"])); c.Service == t.s.settings.CatchAll {
		if v, ok := t.s.services[named]; ok && !v.Retired {
			e.Service = named
		}
	}
	if e.At.IsZero() || e.At.After(t.now) {
		e.At = h.At
	}
	if slices.Contains(livelyKinds, e.Kind) {
		if err := t.tx.NoteServiceChange(e.Service, store.ServiceChange{At: e.At, What: e.Title}); err != nil {
			return err
		}
	}
	return t.tx.PutChangeEvent(e)
}

// changeKinds are the sorts of change events that have a name.
var changeKinds = []string{"deployment", "release", "push", "merge", "build"}

// livelyKinds are those that change what runs: what was only written or built does not.
var livelyKinds = []string{"deployment", "release", incident.KindChange}

func changeKind(e alert.Event) string {
	for _, said := range []string{e.Labels["change"], e.Details["change"], e.Details["event_type"], e.Details["type"]} {
		if slices.Contains(changeKinds, said) {
			return said
		}
	}
	return incident.KindChange
}

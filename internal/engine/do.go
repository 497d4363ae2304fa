package engine

import (
	"cmp"
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Decision is one of the verbs of the steps, with what it needs bound to it.
type Decision func(in incident.Incident, w escalate.World) ([]incident.Fact, error)

// Do is what a person did, from the app, a link, a reply or a button: one path. It
// returns the subject as it was before, so that the person can be told what they
// found. A refusal changes nothing.
func (e *Engine) Do(ctx context.Context, subject incident.ID, by incident.Actor, now time.Time, decide Decision) (before incident.Incident, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(subject)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		before = t.in
		facts, err := decide(t.in, t.w)
		if err != nil {
			return err
		}
		t.add(by, facts...)
		return t.settle()
	})
	if err == nil {
		e.hit("after do")
		e.Poke()
	}
	return before, err
}

// Open begins an incident by hand, with more to say about it if there is.
func (e *Engine) Open(ctx context.Context, by incident.Actor, f incident.Opened, now time.Time, more ...incident.Fact) (id incident.ID, err error) {
	id = incident.ID(e.newID(now))
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, tx.Create(id), now)
		service := s.services[f.Service]
		if f.Team == "" {
			f.Team = service.Team
		}
		asks := s.settings.Matrix.Asks(f.Severity)
		f.Priority = cmp.Or(f.Priority, asks.Priority)
		t.open(by, f, s.policyOf(service, asks))
		t.add(by, more...)
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return id, err
}

// Call sends a page by hand.
func (e *Engine) Call(ctx context.Context, by incident.Actor, c escalate.Call, now time.Time) (id incident.ID, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err == nil {
			id, err = e.call(tx, s, by, c, now)
		}
		return err
	})
	if err == nil {
		e.Poke()
	}
	return id, err
}

func (e *Engine) call(tx *store.Tx, s *setup, by incident.Actor, c escalate.Call, now time.Time) (id incident.ID, err error) {
	facts, err := escalate.Compose(c, now)
	if err != nil {
		return "", err
	}
	id = incident.ID(e.newID(now))
	t := e.tend(tx, s, tx.Create(id), now)
	t.add(by, append([]incident.Fact{incident.Opened{Sort: incident.KindCall, Title: c.Title, Priority: c.Priority}}, facts...)...)
	return id, t.settle()
}

// Service is one as it is now, with the name that people know.
func (e *Engine) Service(tx *store.Tx, id org.ServiceID) (v org.Service, err error) {
	s, err := e.current(tx)
	if err != nil {
		return v, err
	}
	v = s.services[id]
	v.Name = s.serviceName(id)
	return v, nil
}

// World is who stands where at this moment, for previews. Its round-robin pointers do
// not move.
func (e *Engine) World(tx *store.Tx) (escalate.World, error) {
	s, err := e.current(tx)
	if err != nil {
		return escalate.World{}, err
	}
	w := e.world(tx, s)
	turns := map[org.PolicyID]map[int]int{}
	w.Turn = func(id org.PolicyID, level int) int {
		if turns[id] == nil {
			turns[id] = map[int]int{}
		}
		turns[id][level]++
		return turns[id][level] - 1
	}
	w.Pick = func(int) int { return 0 }
	return w, nil
}

package engine

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// Amend changes by hand what an alert says, and states what that means for its incident,
// in one transaction. Two who amend the same alert follow each other. change may run
// more than once; what it changes of an alert is what Last holds, its title and its
// severity. The same trigger again does not take it back.
func (e *Engine) Amend(ctx context.Context, in org.IntegrationID, id string, by incident.Actor, now time.Time, change func(*alert.Alert, incident.Incident) ([]incident.Fact, error)) error {
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		a, err := tx.LockAlert(in, id) // before its subject, as triage does
		if err != nil {
			return err
		}
		if a.Subject == "" {
			return incident.Refuse("no incident answers for it yet: %s", a.Sifted.Why)
		}
		sub, err := tx.Lock(a.Subject)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		facts, err := change(&a, t.in)
		if err != nil {
			return err
		}
		if err := errors.Join(tx.PutAlert(a), t.stirs(a.ID)); err != nil {
			return err
		}
		t.add(by, facts...)
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return err
}

// PersonCalled finds who is meant by an id or by the address of a contact method for
// mail, which is what other products call people by.
func (e *Engine) PersonCalled(ctx context.Context, who string) (org.Person, bool, error) {
	s, err := e.setupNow(ctx)
	if err != nil || who == "" {
		return org.Person{}, false, err
	}
	if p, ok := s.people[org.PersonID(who)]; ok && !p.Retired {
		return p, true, nil
	}
	for _, p := range s.people {
		for _, m := range p.Methods {
			if a, err := mail.ParseAddress(m.Address); m.Channel == "email" && err == nil && strings.EqualFold(a.Address, who) && !p.Retired {
				return p, true, nil
			}
		}
	}
	return org.Person{}, false, nil
}

// TargetCalled finds a team, a schedule or a policy by its id or its name.
func (e *Engine) TargetCalled(ctx context.Context, kind, name string) (t org.Target, found bool, err error) {
	s, err := e.setupNow(ctx)
	if err != nil || name == "" {
		return t, false, err
	}
	match := func(id, called string, retired bool) {
		if !retired && (id == name || called == name && !found) {
			t, found = org.Target{Kind: kind, ID: id}, true
		}
	}
	switch kind {
	case "team":
		for id, v := range s.teams {
			match(string(id), v.Name, v.Retired)
		}
	case "policy":
		for id, v := range s.policies {
			match(string(id), v.Name, v.Retired)
		}
	case "schedule":
		_, found = s.schedules[org.ScheduleID(name)]
		t = org.Target{Kind: kind, ID: name}
	}
	return t, found, nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// errMoot says that a page has nothing to say any longer.
var errMoot = errors.New("no longer needed")

// message makes a page ready at the moment of sending: the method verified and
// enabled, the person active, the question not yet answered, the text of now.
func (e *Engine) message(ctx context.Context, p store.PageRow) (m channel.Message, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Subject(p.Subject)
		if err != nil {
			return err
		}
		fresh, err := tx.Page(p.ID)
		if err != nil {
			return err
		}
		if fresh.Gen != p.Gen || fresh.State != escalate.Claimed || p.Purpose.Alarms() && !sub.Status.Open() {
			return errMoot
		}
		m, err = e.compose(tx, s, sub.Incident, p)
		return err
	})
	return m, err
}

func (e *Engine) compose(tx *store.Tx, s *setup, in incident.Incident, p store.PageRow) (channel.Message, error) {
	m := channel.Message{
		ID: p.ID, To: p.Address, Subject: string(in.ID), Title: in.Title, Thread: string(in.ID),
		Service: string(in.Service), Severity: in.Severity, Priority: p.Priority, Purpose: p.Purpose, Text: p.Text, At: in.OpenedAt,
	}
	if v, ok := s.services[in.Service]; ok && v.Name != "" {
		m.Service = v.Name
	}
	if v, ok := s.teams[in.Team]; ok {
		m.Team = v.Name
	}
	if zone, err := org.Zone(p.Zone); err == nil {
		m.Zone = zone
	}
	if p.Person != "" {
		person, ok := s.people[p.Person]
		method, has := person.Method(p.Method)
		switch {
		case !ok || person.Retired:
			return m, refusePage("%s is not here any longer", p.Person)
		case !has || !method.Usable():
			return m, refusePage("the contact method %s of %s is gone or switched off", p.Method, p.Person)
		}
		m.To, m.PersonName = method.Address, person.Name
	}
	if p.Purpose == escalate.AllClear && p.Text != "" { // the headline says that it is over; why comes below
		m.Text, m.Body = "", []string{p.Text}
	}
	if !p.Purpose.Alarms() {
		return m, nil
	}
	m.AckURL = e.AckURL(p.ID)
	for _, r := range in.Runs {
		for _, c := range r.Calls {
			if r.ID == p.Run && c.Person == p.Person && c.Via.Kind != "" && c.Via.Kind != "person" {
				m.Body = append(m.Body, strings.TrimSpace(fmt.Sprintf("You are called as %s. %s", c.Via, c.Why)))
			}
		}
	}
	alerts, err := tx.AlertsOf(in.ID)
	if err != nil {
		return m, err
	}
	for i, a := range alerts {
		if i == 3 {
			m.Body = append(m.Body, fmt.Sprintf("and %d more alerts", len(alerts)-i))
			break
		}
		if a.Last.Text != "" {
			m.Body = append(m.Body, a.Last.Text)
		}
		m.Links = append(m.Links, a.Last.Links...)
	}
	return m, nil
}

func refusePage(format string, args ...any) error {
	return &channel.Error{Outcome: channel.Permanent, Err: fmt.Errorf(format, args...)}
}

// AckURL is the link of a page by which its person answers. It is good for this page's
// subject and person, for acknowledging and for nothing else.
func (e *Engine) AckURL(page string) string {
	return e.publicURL + "/a/" + page + "." + e.ring.Token("acknowledge", page)
}

// AckPage is the page of an acknowledge link, if the link is ours.
func (e *Engine) AckPage(ctx context.Context, token string) (p store.PageRow, in incident.Incident, err error) {
	id, mac, ok := strings.Cut(token, ".")
	if !ok || !e.ring.TokenOK("acknowledge", id, mac) {
		return p, in, store.ErrNotFound
	}
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		if p, err = tx.Page(id); err != nil {
			return err
		}
		sub, err := tx.Subject(p.Subject)
		if err == nil {
			in = sub.Incident
		}
		return err
	})
	return p, in, err
}

package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// The acts of a notification: what a POST to one of its links does.
const (
	actAck     = "ack"
	actResolve = "resolve"
	actShown   = "shown"
	actRead    = "read"
)

// actsFor is how long a used link is remembered; by then its incident is history.
const actsFor = 90 * 24 * time.Hour

// actURL is the link of one act of one page. It is part of a message that only its
// device can open, and asks for no session.
func (e *Engine) actURL(page, act string) string {
	name := page + "." + act
	return e.publicURL + "/p/" + name + "." + e.ring.Token("act", name)
}

// acts are the links of a page, or of a trial.
func (e *Engine) acts(m *channel.Message) {
	m.ReceiptURL, m.ReadURL = e.actURL(m.ID, actShown), e.actURL(m.ID, actRead)
	if m.Purpose.Alarms() {
		m.PushAckURL = e.actURL(m.ID, actAck)
		if m.Subject != "" {
			m.ResolveURL = e.actURL(m.ID, actResolve)
		}
	}
}

// Act does what a link of a notification says, and returns what its person should hear.
// Acknowledging and resolving are done once: a link that comes again, because its answer
// was lost or somebody kept it, changes nothing and is told how things stand.
func (e *Engine) Act(ctx context.Context, token string, now time.Time) (said string, err error) {
	name, mac, ok := cutLast(token, ".")
	if !ok || !e.ring.TokenOK("act", name, mac) {
		return "", store.ErrNotFound
	}
	page, act, _ := cutLast(name, ".")
	switch act {
	case actShown:
		return "Noted.", e.Report(ctx, page, escalate.Delivered, now)
	case actRead:
		return "Noted.", e.Report(ctx, page, escalate.Read, now)
	}
	var p store.PageRow
	var in incident.Incident
	fresh := false
	err = e.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Page(page); err != nil {
			return err
		}
		sub, err := tx.Subject(p.Subject)
		if err != nil {
			return err
		}
		in = sub.Incident
		_, err = tx.Token(store.SpentToken, e.spent(name), now)
		if fresh = errors.Is(err, store.ErrNotFound); fresh {
			err = nil
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) && act == actAck {
		return "It works: your answer came in.", e.reportTrial(ctx, page, escalate.Answered, now)
	}
	if err != nil {
		return "", err
	}
	if !fresh {
		return stands(in, p.Person), nil
	}
	if said, err = e.act(ctx, act, p, now); err != nil {
		return "", err
	}
	return said, e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		_, err := tx.AddToken(store.SpentToken, e.spent(name), p.Person, now.Add(actsFor))
		return err
	})
}

func (e *Engine) spent(name string) string { return e.ring.Hash("act", name) }

// act does it for the first time.
func (e *Engine) act(ctx context.Context, act string, p store.PageRow, now time.Time) (said string, err error) {
	gone := false
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err == nil {
			person, ok := s.people[p.Person]
			gone = !ok || person.Retired
		}
		return err
	})
	switch {
	case err != nil:
		return "", err
	case gone:
		return "", incident.Refuse("this was for somebody who is not here any longer")
	case act == actAck:
		return e.Answer(ctx, p, 0, now)
	}
	_, err = e.Do(ctx, p.Subject, incident.ByPerson(p.Person), now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Resolve(in, "from a notification")
	})
	if err != nil {
		return "", err
	}
	return "It is resolved.", e.Report(ctx, p.ID, escalate.Answered, now)
}

// stands is how an incident is, for somebody who asks twice.
func stands(in incident.Incident, p org.PersonID) string {
	switch {
	case !in.Status.Open():
		return "It is resolved."
	case in.Status == incident.Acknowledged && in.Owner == p:
		return "You have it."
	case in.Status == incident.Acknowledged:
		return "Somebody has it."
	}
	return "This was used already, and it was triggered again since: open the newest notification."
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// PushKey is what browsers subscribe with, if devices can sign up here.
func (e *Engine) PushKey() string {
	if c, ok := e.first("push").(interface{ PublicKey() string }); ok {
		return c.PublicKey()
	}
	return ""
}

// CheckAddress asks a channel whether it would send to an address at all.
func (e *Engine) CheckAddress(name, address string) error {
	if c, ok := e.first(name).(interface{ Check(string) error }); ok {
		return c.Check(address)
	}
	return nil
}

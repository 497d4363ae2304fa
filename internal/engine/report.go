package engine

import (
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
)

// Report is what a provider said became of a page. It is idempotent, and receipts only
// climb (sent, delivered, read, answered): what is late or repeated changes nothing.
func (e *Engine) Report(ctx context.Context, page string, state escalate.State, now time.Time) error {
	var p store.PageRow
	err := e.store.Read(ctx, func(tx *store.Tx) (err error) { p, err = tx.Page(page); return err })
	if err != nil {
		return err
	}
	return e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		sub, err := subjectOf(tx, p) // the subject first, then the page: one order for everybody
		if err != nil {
			return err
		}
		if p, err = tx.Page(page); err != nil || state.Rank() <= p.State.Rank() || p.State == escalate.Cancelled && state != escalate.Answered {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		p.State, p.WakeAt = state, time.Time{}
		switch state {
		case escalate.Sent:
			p.SentAt = t.now
		case escalate.Delivered:
			p.DeliveredAt = t.now
		case escalate.Read:
			p.ReadAt = t.now
		case escalate.Answered:
			p.AnsweredAt = t.now
		}
		if _, err := tx.SavePage(p, -1); err != nil {
			return err
		}
		if state.Rank() >= escalate.Read.Rank() && p.Person != "" {
			if _, err := tx.CancelPages(store.Cancel{Subject: p.Subject, Person: p.Person, OnlyRepeats: true, OnlyAlarms: true}, string(state), t.now); err != nil {
				return err
			}
		}
		t.add(incident.Engine, escalate.Receipt(t.in, t.w, p.Page, state)...)
		if len(t.log) == 0 {
			return nil
		}
		return t.settle()
	})
}

// Answer is a person's answer to a page by its acknowledge link or button. It returns
// what they should hear.
func (e *Engine) Answer(ctx context.Context, p store.PageRow, now time.Time) (said string, err error) {
	by := incident.ByPerson(p.Person)
	if p.Person == "" {
		by = incident.Actor("email:" + p.Address) // a page to an address answers as that address
	}
	_, err = e.Do(ctx, p.Subject, by, now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		said = escalate.Welcome(in, w, p.Person, now)
		if in.Status == incident.Acknowledged && p.Person != "" && in.Owner == p.Person {
			return nil, nil // twice is once
		}
		return escalate.Acknowledge(in, w, p.Channel, now)
	})
	if err != nil {
		return "", err
	}
	return said, e.Report(ctx, p.ID, escalate.Answered, now)
}

package engine

import (
	"context"
	"errors"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
)

// Report is what a provider said became of a page. It is idempotent, and receipts only
// climb (sent, delivered, read, answered): what is late or repeated changes nothing.
func (e *Engine) Report(ctx context.Context, page string, state escalate.State, now time.Time) error {
	err := e.report(ctx, page, state, now)
	if err != nil || state != escalate.Delivered && state != escalate.Read {
		return err
	}
	riders, err := e.riders(ctx, page)
	for _, p := range riders { // whoever read the one read that there are more
		err = errors.Join(err, e.report(ctx, p.ID, state, now))
	}
	return err
}

// riders are the pages that went along with another.
func (e *Engine) riders(ctx context.Context, page string) (out []store.PageRow, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.BundledWith(page)
		for _, p := range all {
			if !p.SentAt.IsZero() {
				out = append(out, p)
			}
		}
		return err
	})
	return out, err
}

func (e *Engine) report(ctx context.Context, page string, state escalate.State, now time.Time) error {
	return e.receipt(ctx, page, now, func(t *tending, p *store.PageRow) (bool, error) {
		if state.Rank() <= p.State.Rank() || p.State == escalate.Cancelled && state != escalate.Answered {
			return false, nil
		}
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
		if p.Via != "" && p.Bundle == "" {
			e.health.arrived(p.Via, "", t.now)
		}
		return true, e.needless(t, *p)
	}, state)
}

// Undelivered is what a provider says that had taken a page: it did not arrive after
// all. message is the provider's id of it; one that is not the page's last is of a try
// that another has followed, and changes nothing. What went along with the page goes by
// itself now.
func (e *Engine) Undelivered(ctx context.Context, page, message, why string, now time.Time) error {
	changed, err := e.undelivered(ctx, page, message, why, now)
	if err != nil || !changed {
		return err
	}
	riders, err := e.riders(ctx, page)
	for _, p := range riders {
		_, one := e.undelivered(ctx, p.ID, "", why, now)
		err = errors.Join(err, one)
	}
	e.Poke()
	return err
}

func (e *Engine) undelivered(ctx context.Context, page, message, why string, now time.Time) (changed bool, err error) {
	var failure error
	err = e.receipt(ctx, page, now, func(t *tending, p *store.PageRow) (bool, error) {
		if p.State != escalate.Sent || message != "" && p.Provider != message {
			return false, nil
		}
		failure = errors.New(why)
		p.Err, changed = why, true
		if p.Bundle == "" { // one message is lost once
			e.health.arrived(p.Via, why, t.now)
		}
		if _, n := e.choose(t.s, *p, t.now); p.Attempts < n && (t.in.Status.Open() || !p.Purpose.Alarms()) {
			p.State, p.WakeAt, p.Provider = escalate.Planned, t.now, ""
			return true, nil
		}
		p.State, p.WakeAt = escalate.Failed, time.Time{}
		if !t.in.Status.Open() || t.in.Status == incident.Acknowledged && !p.Each {
			return true, nil // somebody has it: nobody waits for this page
		}
		if _, err := t.tx.SavePage(*p, -1); err != nil {
			return false, err
		}
		return true, t.another(*p, failure)
	}, escalate.Failed)
	return changed, err
}

// receipt changes a page as a provider's word about it wants, and says what follows.
func (e *Engine) receipt(ctx context.Context, page string, now time.Time, change func(*tending, *store.PageRow) (bool, error), state escalate.State) error {
	var p store.PageRow
	err := e.store.Read(ctx, func(tx *store.Tx) (err error) { p, err = tx.Page(page); return err })
	if errors.Is(err, store.ErrNotFound) {
		return e.reportTrial(ctx, page, state, now)
	}
	if err != nil {
		return err
	}
	return e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		sub, err := subjectOf(tx, p) // the subject first, then the page: one order for everybody
		if err != nil {
			return err
		}
		if p, err = tx.Page(page); err != nil {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		if changed, err := change(t, &p); err != nil || !changed {
			return err
		}
		if _, err := tx.SavePage(p, -1); err != nil {
			return err
		}
		t.add(incident.Engine, escalate.Receipt(t.in, t.w, p.Page, state)...)
		if len(t.log) == 0 {
			return nil
		}
		return t.settle()
	})
}

// needless cancels what a receipt of a person's page makes so: its repetitions once it
// is read, and pages that were only for the case that it is not.
func (e *Engine) needless(t *tending, p store.PageRow) error {
	if p.Person == "" || p.State.Rank() < escalate.Delivered.Rank() {
		return nil
	}
	c := store.Cancel{Subject: p.Subject, Person: p.Person, OnlyAlarms: true, Unless: escalate.Delivered}
	if p.State.Rank() >= escalate.Read.Rank() {
		c.Unless = escalate.Read
	}
	if _, err := t.tx.CancelPages(c, string(p.State), t.now); err != nil {
		return err
	}
	if p.State.Rank() < escalate.Read.Rank() {
		return nil
	}
	_, err := t.tx.CancelPages(store.Cancel{Subject: p.Subject, Person: p.Person, OnlyRepeats: true, OnlyAlarms: true}, string(p.State), t.now)
	return err
}

// Answer is a person's answer to a page by its acknowledge link or button; to a page by
// hand the number of a choice, or 0 for a plain yes. It returns what they should hear.
func (e *Engine) Answer(ctx context.Context, p store.PageRow, choice int, now time.Time) (said string, err error) {
	by := incident.ByPerson(p.Person)
	if p.Person == "" {
		by = incident.Actor("email:" + p.Address) // a page to an address answers as that address
	}
	_, err = e.Do(ctx, p.Subject, by, now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		if facts, text, ok, err := e.approves(in, p, choice, now); ok {
			said = text
			return facts, err
		}
		said = escalate.Welcome(in, w, p.Person, now)
		if in.Status == incident.Acknowledged && p.Person != "" && in.Owner == p.Person {
			return nil, nil // twice is once
		}
		if in.Change != nil && p.Run <= in.Change.Before {
			return nil, incident.Refuse("it was changed since you were asked: look at it again")
		}
		if in.Change != nil {
			said = map[int]string{1: "You approved it.", 2: "You denied it."}[choice]
		}
		if in.Call != nil {
			return choose(in, w, choice, p.Person, p.Channel, now)
		}
		return escalate.Acknowledge(in, w, p.Channel, now)
	})
	if err != nil {
		return "", err
	}
	return said, e.Report(ctx, p.ID, escalate.Answered, now)
}

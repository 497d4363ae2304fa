package engine

import (
	"context"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate"
)

// Post puts a notice onto a status page, or keeps it until it begins.
func (e *Engine) Post(ctx context.Context, by incident.Actor, n investigate.Posting, now time.Time) (id incident.ID, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		facts, err := investigate.Post(n, now)
		if err != nil {
			return err
		}
		id = incident.ID(e.newID(now))
		t := e.tend(tx, s, tx.Create(id), now)
		t.add(by, facts...)
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return id, err
}

// WithdrawUpdate takes back what those concerned were told: its text goes from the log,
// for good, and the line that says so stays.
func (e *Engine) WithdrawUpdate(ctx context.Context, id incident.ID, by incident.Actor, n int, why string, now time.Time) error {
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
		log, err := tx.Log(id)
		if err != nil {
			return err
		}
		f, err := log.Withdraw(n, why)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		t.add(by, f)
		if err := t.settle(); err != nil {
			return err
		}
		if f.Draft > 0 {
			if err := tx.Redact(id, f.Draft); err != nil {
				return err
			}
		}
		return tx.Redact(id, f.Line)
	})
	if err == nil {
		e.Poke()
	}
	return err
}

// noticeFact is the part of follow that is about notices.
func (t *tending) noticeFact(e incident.Entry) {
	switch e.Fact.(type) {
	case incident.NoticePosted, incident.NoticeDrafted, incident.NoticeMoved, incident.Updated, incident.UpdateWithdrawn, incident.Ended:
		if t.in.Notice != nil {
			t.then = append(t.then, func() error { return t.tx.PutNotice(t.in) })
		}
	}
}

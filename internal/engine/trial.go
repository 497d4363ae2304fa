package engine

import (
	"context"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	keepTrials = 90 * 24 * time.Hour
	keepProofs = time.Hour // after their end, so that whoever is late is told so
)

// A Trying is a message to somebody over one method that is no page: to try the method
// out, or to prove whose the address is.
type Trying struct {
	Person   org.Person
	Method   org.Method
	Purpose  escalate.Purpose // Alarm: it looks, sounds and is answered as one; or Code
	Priority org.Priority
	Title    string
	Body     []string
}

// Channels are the names of the channels that are set up.
func (e *Engine) Channels() []string { return e.order }

// Try sends a message at once and writes down what became of it, the provider's own
// words too. It is written down before it is sent, so that a receipt finds it.
func (e *Engine) Try(ctx context.Context, t Trying, now time.Time) (store.Trial, error) {
	one := store.Trial{
		ID: e.newID(now), Person: t.Person.ID, Method: t.Method.ID, Channel: t.Method.Channel, Purpose: t.Purpose, State: escalate.Claimed, At: now,
	}
	if err := e.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.PutTrial(one) }); err != nil {
		return one, err
	}
	m := channel.Message{
		ID: one.ID, To: t.Method.Address, PersonName: t.Person.Name, Title: t.Title, Priority: t.Priority, Purpose: t.Purpose, Body: t.Body, At: now, Thread: one.ID,
	}
	if zone, err := org.Zone(t.Person.Zone); err == nil {
		m.Zone = zone
	}
	if t.Purpose.Alarms() {
		m.AckURL = e.tryURL(one.ID)
	}
	within, cancel := context.WithTimeout(ctx, channel.SendTimeout)
	defer cancel()
	receipt, failure := e.carry(within, one.Channel, m)
	err := e.store.Write(context.WithoutCancel(ctx), store.People, func(tx *store.Tx) (err error) {
		if one, err = tx.Trial(one.ID); err != nil { // a receipt may have been quicker
			return err
		}
		at := e.Now()
		switch {
		case failure != nil && one.State.Rank() == 0:
			one.State, one.Err = escalate.Failed, failure.Error()
		case failure == nil:
			one.Provider, one.SentAt = receipt.Provider, at
			if one.State.Rank() < receipt.State.Rank() {
				one.State = receipt.State
			}
			if receipt.State == escalate.Delivered && one.DeliveredAt.IsZero() {
				one.DeliveredAt = at
			}
		}
		return tx.PutTrial(one)
	})
	return one, err
}

// tryURL answers a trial, as an acknowledge link answers a page.
func (e *Engine) tryURL(trial string) string {
	return e.publicURL + "/t/" + trial + "." + e.ring.Token("trial", trial)
}

// Tried is the trial of a link, if the link is ours.
func (e *Engine) Tried(ctx context.Context, token string) (t store.Trial, err error) {
	id, mac, ok := strings.Cut(token, ".")
	if !ok || !e.ring.TokenOK("trial", id, mac) {
		return t, store.ErrNotFound
	}
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		t, err = tx.Trial(id)
		return err
	})
	return t, err
}

// reportTrial is Report for what is no page of any subject.
func (e *Engine) reportTrial(ctx context.Context, id string, state escalate.State, now time.Time) error {
	return e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		t, err := tx.Trial(id)
		if err != nil || state.Rank() <= t.State.Rank() {
			return err
		}
		t.State = state
		switch state {
		case escalate.Sent:
			t.SentAt = now
		case escalate.Delivered:
			t.DeliveredAt = now
		case escalate.Read:
			t.ReadAt = now
		case escalate.Answered:
			t.AnsweredAt = now
		}
		if err := tx.PutTrial(t); err != nil {
			return err
		}
		return tx.Touch("trials", t.ID)
	})
}

// AnswerTrial is a person's answer to a trial.
func (e *Engine) AnswerTrial(ctx context.Context, t store.Trial, now time.Time) error {
	return e.reportTrial(ctx, t.ID, escalate.Answered, now)
}

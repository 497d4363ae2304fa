package store

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// An Action is one run of what is done by itself before anybody is called.
type Action struct {
	ID      string
	Action  string // of the set-up
	Webhook org.WebhookID
	Subject incident.ID
	Alert   string
	At      time.Time
	Until   time.Time // nobody is called before
	Gen     int64
	Done    bool
}

// PutAction writes a run down: from then on it is owed. One without a webhook is a
// runbook's, whose steps are owed themselves; it is looked at when its time is over.
func (tx *Tx) PutAction(a Action) error {
	wake := a.At
	if a.Webhook == "" {
		wake = a.Until
	}
	_, err := tx.exec(tx.s.sql.PutAction, a.ID, a.Action, string(a.Webhook), string(a.Subject), a.Alert, micros(a.At), micros(a.Until), micros(wake))
	return err
}

// ActionNamed is one run.
func (tx *Tx) ActionNamed(id string) (Action, error) {
	list, err := tx.actions(tx.s.sql.ActionOne, id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Action{}, err
	}
	return list[0], nil
}

// DueActions are runs that nobody works for.
func (tx *Tx) DueActions(now time.Time, limit int) (list []Action, err error) {
	return tx.actions(tx.s.sql.DueActions, micros(now), limit)
}

// ActionsSince are the runs of an action since a moment, the newest first.
func (tx *Tx) ActionsSince(action string, since time.Time, limit int) ([]Action, error) {
	return tx.actions(tx.s.sql.ActionsSince, action, micros(since), limit)
}

func (tx *Tx) actions(text string, args ...any) (list []Action, err error) {
	err = tx.each(text, args, func(r row) error {
		var a Action
		var at, until int64
		err := r.Scan(&a.ID, &a.Action, &a.Webhook, &a.Subject, &a.Alert, &at, &until, &a.Gen, &a.Done)
		a.At, a.Until = moment(at), moment(until)
		list = append(list, a)
		return err
	})
	return list, err
}

// ClaimAction takes a run for a while, if it is as it was read.
func (tx *Tx) ClaimAction(a *Action, until time.Time) (bool, error) {
	n, err := tx.exec(tx.s.sql.ClaimAction, a.ID, a.Gen, micros(until))
	a.Gen++
	return n == 1, err
}

// ActionDone ends a run for whoever holds it.
func (tx *Tx) ActionDone(a Action) (bool, error) {
	n, err := tx.exec(tx.s.sql.ActionDone, a.ID, a.Gen)
	return n == 1, err
}

// DropActions forgets runs that began before a moment.
func (tx *Tx) DropActions(before time.Time) error {
	_, err := tx.exec(tx.s.sql.DropActions, micros(before))
	return err
}

package store

import (
	"errors"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// A Request is what a client of Opsgenie's API asked for and may ask about.
type Request struct {
	ID          string
	Integration org.IntegrationID
	Action      string
	Key         string // of the alert
	Alert       string // its id, where it was known
	At          time.Time
	Decided     bool   // false: its events went to triage, and the alert tells what became of them
	Failure     string // why not, where it was decided
}

// PutRequest keeps a request.
func (tx *Tx) PutRequest(r Request) error {
	_, err := tx.exec(tx.s.sql.RequestPut, r.ID, string(r.Integration), r.Action, r.Key, r.Alert, micros(r.At), r.Decided, r.Failure)
	return err
}

// Request finds one by its id.
func (tx *Tx) Request(id string) (Request, error) {
	r := Request{ID: id}
	var at int64
	err := tx.row(tx.s.sql.Request, id)(&r.Integration, &r.Action, &r.Key, &r.Alert, &at, &r.Decided, &r.Failure)
	r.At = moment(at)
	if err != nil {
		err = fmt.Errorf("request %s: %w", id, err)
	}
	return r, err
}

// DropRequests forgets what was asked before a moment.
func (tx *Tx) DropRequests(before time.Time) error {
	_, err := tx.exec(tx.s.sql.RequestsDrop, micros(before))
	return err
}

// Waits says whether an event of an integration that was heard by a moment waits for
// triage; with a key, one of that key.
func (tx *Tx) Waits(integration org.IntegrationID, key string, by time.Time) (bool, error) {
	if err := tx.flush(putInbox, dropInbox); err != nil {
		return false, err
	}
	waits := false
	var err error
	if key == "" {
		err = tx.row(tx.s.sql.WaitsAny, string(integration), micros(by))(&waits)
	} else {
		err = tx.row(tx.s.sql.WaitsKey, string(integration), cleanText(key), micros(by))(&waits)
	}
	return waits, err
}

// AlertOf is the alert of a key that was there at a moment: the one that is open, or
// else the one that was resolved last.
func (tx *Tx) AlertOf(k AlertKey, by time.Time) (alert.Alert, error) {
	a, err := tx.alert(tx.s.sql.AlertOpen, string(k.Integration), k.Key, micros(by))
	if errors.Is(err, ErrNotFound) {
		a, err = tx.alert(tx.s.sql.AlertOver, string(k.Integration), k.Key, micros(by))
	}
	return a, err
}

// AlertOfID is an alert of an integration by its id.
func (tx *Tx) AlertOfID(integration org.IntegrationID, id string) (alert.Alert, error) {
	return tx.alert(tx.s.sql.Alert, string(integration), id)
}

// LockAlert is AlertOfID, and nobody else counts or changes it until the transaction ends.
func (tx *Tx) LockAlert(integration org.IntegrationID, id string) (alert.Alert, error) {
	return tx.alert(tx.s.sql.AlertLock, string(integration), id)
}

func (tx *Tx) alert(text string, args ...any) (a alert.Alert, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return a, err
	}
	err = error(ErrNotFound)
	if e := tx.each(text, args, func(r row) error {
		a, err = scanAlert(r)
		return err
	}); e != nil {
		return a, e
	}
	return a, err
}

// AlertsBetween are the alerts of an integration whose ids lie between two texts.
func (tx *Tx) AlertsBetween(integration org.IntegrationID, from, to string) (out []alert.Alert, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.AlertsBetween, []any{string(integration), from, to}, func(r row) error {
		a, err := scanAlert(r)
		out = append(out, a)
		return err
	})
	return out, err
}

// AlertsFrom walks over the alerts of an integration, newest first and at most so many,
// until take says that it has enough.
func (tx *Tx) AlertsFrom(integration org.IntegrationID, most int, take func(alert.Alert) bool) error {
	f := AlertFilter{Integration: integration}
	for most > 0 {
		f.Limit = min(most, 500)
		found, err := tx.Alerts(f)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, a := range found {
			if !take(a) {
				return nil
			}
		}
		f.Before, most = found[len(found)-1].ID, most-len(found)
	}
	return nil
}

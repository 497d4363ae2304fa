package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// SilenceKind is the kind of the due rows of silences: each wakes at its start and at
// its end.
const SilenceKind = "silence"

// PutSilence writes a silence by its id.
func (tx *Tx) PutSilence(s alert.Silence) error {
	body, err := json.Marshal(s)
	if err != nil {
		return tx.fail(fmt.Errorf("store: silence %s: %w", s.ID, err))
	}
	if _, err := tx.exec(tx.s.sql.PutSilence, s.ID, string(s.Integration), micros(s.Start), micros(s.End), string(body)); err != nil {
		return err
	}
	return tx.Touch("silences", s.ID)
}

// Silence reads one; in a transaction that writes, nobody else changes it until it ends.
func (tx *Tx) Silence(id string) (alert.Silence, error) {
	text := tx.s.sql.LockSilence
	if tx.readOnly {
		text = tx.s.sql.Silence
	}
	var body string
	var s alert.Silence
	if err := tx.row(text, id)(&body); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(body), &s)
}

// Silences are all that are kept, in the order of their ids.
func (tx *Tx) Silences() ([]alert.Silence, error) { return tx.silences(tx.s.sql.Silences) }

// SilenceOver says that a silence has let go. It holds nothing any more, also should the
// clock go back.
func (tx *Tx) SilenceOver(id string) error {
	_, err := tx.exec(tx.s.sql.SilenceOver, id)
	return err
}

// SilenceCount is how many silences of an integration are still to let go.
func (tx *Tx) SilenceCount(in org.IntegrationID) (n int, err error) {
	err = tx.row(tx.s.sql.SilenceCount, string(in))(&n)
	return n, err
}

// SilencesAt are those that are active at a moment and have not let go.
func (tx *Tx) SilencesAt(now time.Time) ([]alert.Silence, error) {
	return tx.silences(tx.s.sql.SilencesAt, micros(now))
}

func (tx *Tx) silences(text string, args ...any) (out []alert.Silence, err error) {
	err = tx.each(text, args, func(r row) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		out = append(out, alert.Silence{})
		return json.Unmarshal([]byte(body), &out[len(out)-1])
	})
	return out, err
}

// DropSilences forgets silences that ended before a time.
func (tx *Tx) DropSilences(before time.Time) error {
	_, err := tx.exec(tx.s.sql.DropSilences, micros(before))
	return err
}

// LostTimers are the due rows that silences, and alerts which may lapse, want and do not
// have.
func (tx *Tx) LostTimers() (lost []Due, err error) {
	if err := tx.flush(putDue); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.LostTimers, nil, func(r row) error {
		var at int64
		d := Due{Lane: LaneHigh}
		err := r.Scan(&d.Kind, &d.Subject, &at)
		d.At = moment(at)
		lost = append(lost, d)
		return err
	})
	return lost, err
}

// HeldSubjects are open subjects that something holds.
func (tx *Tx) HeldSubjects() (ids []incident.ID, err error) {
	if err := tx.flush(putSubjects); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.HeldSubjects, nil, func(r row) error {
		var id incident.ID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// A Firing is an open alert as lists show it.
type Firing struct {
	alert.Alert
	Until  time.Time // when it ends unless it is heard again; zero: it does not
	Held   string    // why its incident stands still
	Status incident.Status
}

// FiringAlerts are the open alerts of an integration, or of all (""), after a key, in
// the order of their keys.
func (tx *Tx) FiringAlerts(in org.IntegrationID, after AlertKey, limit int) (out []Firing, err error) {
	if err := tx.flush(putSubjects, putAlerts); err != nil {
		return nil, err
	}
	text := tx.s.sql.FiringOf
	args := []any{string(after.Integration), after.Key, limit}
	if in == "" {
		text = tx.s.sql.Firing
	} else {
		args[0] = string(in)
	}
	err = tx.each(text, args, func(r row) error {
		var f Firing
		var until int64
		a, err := scanAlert(r, &until, &f.Held, &f.Status)
		f.Alert, f.Until = a, moment(until)
		out = append(out, f)
		return err
	})
	return out, err
}

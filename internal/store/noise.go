package store

import (
	"bytes"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// idsFrom is what the ids of everything that began at a moment or later are not below.
func idsFrom(at time.Time) string { return org.NewID(at, bytes.NewReader(make([]byte, 10))) }

// AlertsBegun are the alerts that began in a while, in the order of their ids, at most
// limit.
func (tx *Tx) AlertsBegun(from, to time.Time, limit int) ([]alert.Alert, error) {
	return tx.alertList(tx.s.sql.AlertsBegun, idsFrom(from), idsFrom(to), limit)
}

// SubjectsBetween are the ids of what was opened in a while, at most limit.
func (tx *Tx) SubjectsBetween(from, to time.Time, limit int) (ids []incident.ID, err error) {
	err = tx.each(tx.s.sql.SubjectsBetween, []any{idsFrom(from), idsFrom(to), limit}, func(r row) error {
		var id incident.ID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// A Deed is one line of a log: who did what.
type Deed struct {
	Subject incident.ID
	By      incident.Actor
	Kind    string
}

// DeedsBetween shows what happened to subjects from one id up to, and with, another, in
// the order of their logs.
func (tx *Tx) DeedsBetween(first, last incident.ID, look func(Deed)) error {
	return tx.each(tx.s.sql.DeedsBetween, []any{string(first), string(last)}, func(r row) error {
		var d Deed
		err := r.Scan(&d.Subject, &d.By, &d.Kind)
		look(d)
		return err
	})
}

// A PageHour is an alarm that went out, and the hour it was for its person.
type PageHour struct {
	Subject incident.ID
	Hour    int
}

// AlarmsBetween shows the alarms that were sent about subjects from one id up to, and
// with, another.
func (tx *Tx) AlarmsBetween(first, last incident.ID, look func(PageHour)) error {
	return tx.each(tx.s.sql.AlarmsBetween, []any{string(first), string(last)}, func(r row) error {
		var p PageHour
		err := r.Scan(&p.Subject, &p.Hour)
		look(p)
		return err
	})
}

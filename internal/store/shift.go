package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/oncall"
	"tocsin/org"
)

// ShiftKind is the kind of the due rows of schedules: each wakes at the next change of
// who is on call, and before it when somebody is to be told.
const ShiftKind = "shift"

// AllHanded is the value of Handing once every open incident knows of a change.
const AllHanded = "all"

// A ShiftRow is one line of the on-call log.
type ShiftRow struct {
	Schedule org.ScheduleID
	At       time.Time
	Until    time.Time // zero: it goes on
	Roles    map[string][]org.PersonID
	Why      string
	Version  int
	Handing  string      // "", the last incident that was told, or AllHanded
	Call     incident.ID // what was opened because nobody is there
}

// People are those whom an alarm called.
func (r ShiftRow) People() []org.PersonID { return r.Roles[oncall.Primary] }

// Shift is the row as the schedule would render it, until a moment where it goes on.
func (r ShiftRow) Shift(now time.Time) oncall.Shift {
	s := oncall.Shift{From: r.At, Until: r.Until, Roles: r.Roles, People: r.People(), Why: r.Why}
	if s.Until.IsZero() {
		s.Until = now
	}
	return s
}

// AddShift begins a line of the on-call log and ends the one before it.
func (tx *Tx) AddShift(r ShiftRow) error {
	roles, err := json.Marshal(r.Roles)
	if err != nil {
		return tx.fail(fmt.Errorf("store: shift of %s: %w", r.Schedule, err))
	}
	if _, err := tx.exec(tx.s.sql.ShiftEnd, string(r.Schedule), micros(r.At)); err != nil {
		return err
	}
	if _, err := tx.exec(tx.s.sql.ShiftAdd, string(r.Schedule), micros(r.At), string(roles), r.Why, r.Version, r.Handing, string(r.Call)); err != nil {
		return err
	}
	return tx.Touch("oncall", string(r.Schedule))
}

// EndShifts ends the log of a schedule that is there no longer.
func (tx *Tx) EndShifts(id org.ScheduleID, at time.Time) error {
	_, err := tx.exec(tx.s.sql.ShiftEnd, string(id), micros(at))
	return err
}

// SaveShift notes how far incidents were told of a line, and what was opened for it.
func (tx *Tx) SaveShift(r ShiftRow) error {
	_, err := tx.exec(tx.s.sql.ShiftSave, string(r.Schedule), micros(r.At), r.Handing, string(r.Call))
	return err
}

// LastShifts are the newest lines of a schedule, newest first.
func (tx *Tx) LastShifts(id org.ScheduleID, n int) ([]ShiftRow, error) {
	return tx.shiftRows(tx.s.sql.ShiftLast, string(id), n)
}

// Shifts are the lines of a schedule that touch [from, to), oldest first.
func (tx *Tx) Shifts(id org.ScheduleID, from, to time.Time) ([]ShiftRow, error) {
	return tx.shiftRows(tx.s.sql.ShiftsOf, string(id), micros(from), micros(to))
}

func (tx *Tx) shiftRows(text string, args ...any) (out []ShiftRow, err error) {
	err = tx.each(text, args, func(r row) error {
		var s ShiftRow
		var at, until int64
		var roles string
		if err := r.Scan(&s.Schedule, &at, &until, &roles, &s.Why, &s.Version, &s.Handing, &s.Call); err != nil {
			return err
		}
		s.At, s.Until = moment(at), moment(until)
		if err := json.Unmarshal([]byte(roles), &s.Roles); err != nil {
			return fmt.Errorf("store: shift of %s at %s: %w", s.Schedule, s.At, err)
		}
		out = append(out, s)
		return nil
	})
	return out, err
}

// OpenAfter are open subjects after an id, in order.
func (tx *Tx) OpenAfter(id incident.ID, limit int) (ids []incident.ID, err error) {
	if err := tx.flush(putSubjects); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.OpenAfter, []any{string(id), limit}, func(r row) error {
		var id incident.ID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// LostShifts are the schedules that have a line in the log which goes on, and no timer.
func (tx *Tx) LostShifts() (ids []string, err error) {
	if err := tx.flush(putDue); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.ShiftsLost, nil, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// A ShiftNote is what somebody leaves to the next shift.
type ShiftNote struct {
	ID       string
	Schedule org.ScheduleID
	At       time.Time
	By       org.PersonID
	Text     string
}

// AddShiftNote writes one, sealed.
func (tx *Tx) AddShiftNote(n ShiftNote) error {
	_, err := tx.exec(tx.s.sql.ShiftNoteAdd, n.ID, string(n.Schedule), micros(n.At), string(n.By), tx.s.ring.Seal("shift_notes/body/"+n.ID, []byte(n.Text)))
	return err
}

// ShiftNotes are those of [from, to), oldest first.
func (tx *Tx) ShiftNotes(id org.ScheduleID, from, to time.Time) (out []ShiftNote, err error) {
	err = tx.each(tx.s.sql.ShiftNotes, []any{string(id), micros(from), micros(to)}, func(r row) error {
		n := ShiftNote{Schedule: id}
		var at int64
		var body string
		if err := r.Scan(&n.ID, &at, &n.By, &body); err != nil {
			return err
		}
		text, err := tx.s.ring.Open("shift_notes/body/"+n.ID, body)
		n.At, n.Text = moment(at), string(text)
		out = append(out, n)
		return err
	})
	return out, err
}

// A Reached is an alarm that reached somebody, for the ledger.
type Reached struct {
	Person   org.PersonID
	At       time.Time
	Subject  incident.ID
	Title    string
	Service  org.ServiceID
	Severity org.Severity
	Answered time.Time // by this page; zero: not
	Resolved time.Time // the subject; zero: not yet
}

// ReachedBy are the alarms that reached a person in [from, to), oldest first.
func (tx *Tx) ReachedBy(p org.PersonID, from, to time.Time) (out []Reached, err error) {
	if err := tx.flush(putPages, putSubjects); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.Reached, []any{string(p), micros(from), micros(to)}, func(r row) error {
		x := Reached{Person: p}
		var at, answered, resolved int64
		err := r.Scan(&at, &x.Subject, &answered, &x.Title, &x.Service, &x.Severity, &resolved)
		x.At, x.Answered, x.Resolved = moment(at), moment(answered), moment(resolved)
		out = append(out, x)
		return err
	})
	return out, err
}

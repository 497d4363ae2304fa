package store

import (
	"cmp"
	"database/sql"
	"errors"
	"slices"
	"time"

	"tocsin/incident"
)

// Due is something that must be looked at, at a time. There is one of a kind for a
// subject. Gen counts who held it: it goes up when it is armed and when it is claimed,
// so that an older holder notices.
type Due struct {
	Kind, Subject string
	Lane          int
	At            time.Time // the nominal time, whoever has claimed it
	Gen           int64
	Failures      int
}

type dueKey struct{ kind, subject string }

// A dueChange is the last word on something that is due: what it is now, or that it is not.
type dueChange struct {
	Due
	gone bool
}

// Arm sets when something is due; whoever had claimed it is fenced off.
func (tx *Tx) Arm(d Due) error { return tx.changeDue(dueChange{Due: d}) }

// Disarm forgets that something is due; it need not be.
func (tx *Tx) Disarm(kind, subject string) error {
	return tx.changeDue(dueChange{Due{Kind: kind, Subject: subject}, true})
}

func (tx *Tx) changeDue(d dueChange) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	k := dueKey{d.Kind, d.Subject}
	if i, ok := tx.due[k]; ok {
		tx.dueQ[i] = d
		return tx.failed
	}
	if d.gone && tx.neverArmed(d.Due) {
		return tx.failed
	}
	if tx.due == nil {
		tx.due = map[dueKey]int{}
	}
	tx.due[k] = len(tx.dueQ)
	tx.dueQ = append(tx.dueQ, d)
	return tx.failed
}

func (tx *Tx) queueDue() {
	for _, d := range tx.dueQ {
		switch {
		case !d.gone:
			which := putDue
			if tx.armsFirst(d.Due) {
				which = addDue
			}
			tx.add(which, d.Kind, d.Subject, d.Lane, micros(d.At), micros(d.At), 1, d.Failures)
		case !tx.neverArmed(d.Due):
			tx.add(dropDue, d.Kind, d.Subject)
		}
	}
	tx.dueQ = tx.dueQ[:0]
	clear(tx.due)
}

// neverArmed says whether none of its kind was ever due for a subject that was created in
// this transaction.
func (tx *Tx) neverArmed(d Due) bool {
	s := tx.subjects[incident.ID(d.Subject)]
	return s != nil && s.fresh && !slices.Contains(s.armed, d.Kind)
}

// armsFirst says whether this is the first of its kind that is due for a subject that was
// created in this transaction.
func (tx *Tx) armsFirst(d Due) bool {
	if !tx.neverArmed(d) {
		return false
	}
	s := tx.subjects[incident.ID(d.Subject)]
	s.armed = append(s.armed, d.Kind)
	return true
}

// DueOf says whether and when something is due.
func (tx *Tx) DueOf(kind, subject string) (Due, bool, error) {
	if err := tx.flush(putDue); err != nil {
		return Due{}, false, err
	}
	var d Due
	found := false
	err := tx.each(tx.s.sql.Due, []any{kind, subject}, func(r row) (err error) {
		found = true
		d, err = scanDue(r)
		return err
	})
	return d, found, err
}

func scanDue(r row) (Due, error) {
	var d Due
	var at int64
	err := r.Scan(&d.Kind, &d.Subject, &d.Lane, &at, &d.Gen, &d.Failures)
	d.At = moment(at)
	return d, err
}

// ClaimDue takes what is due by now in a lane: until the lease ends nobody else gets
// it, and then somebody does unless it was armed or disarmed meanwhile. The oldest
// come first, or the newest.
func (tx *Tx) ClaimDue(now time.Time, lease time.Duration, lane, limit int, newestFirst bool) ([]Due, error) {
	if err := tx.flush(putDue); err != nil {
		return nil, err
	}
	text := tx.s.sql.ClaimDue
	if newestFirst {
		text = tx.s.sql.ClaimDueNewest
	}
	out, err := claim(tx, text, now, lease, lane, limit, scanDue)
	slices.SortFunc(out, func(a, b Due) int {
		return cmp.Or(order(a.At, b.At, newestFirst), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Kind, b.Kind))
	})
	return out, err
}

// claim is the one way in which due rows and pages are taken.
func claim[T any](tx *Tx, text string, now time.Time, lease time.Duration, lane, limit int, scan func(row) (T, error)) ([]T, error) {
	if tx.readOnly {
		return nil, tx.fail(errReadOnly)
	}
	var out []T
	err := tx.each(text, []any{lane, micros(now), limit, micros(now.Add(lease))}, func(r row) error {
		v, err := scan(r)
		out = append(out, v)
		return err
	})
	return out, err
}

func order(a, b time.Time, newestFirst bool) int {
	if newestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// Hold says whether a claim still counts, and if so keeps others from it until the
// transaction ends.
func (tx *Tx) Hold(d Due) (bool, error) {
	if err := tx.flush(putDue); err != nil {
		return false, err
	}
	var gen int64
	err := tx.row(tx.s.sql.LockDue, d.Kind, d.Subject)(&gen)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && gen == d.Gen, err
}

// Take gives a due row to this transaction until it ends, whoever asks for it
// meanwhile; false: another one has it. A row that was never there is made. gen is the
// row's, which goes up whenever it is armed.
func (tx *Tx) Take(d Due) (gen int64, ours bool, err error) {
	for range 2 {
		if err := tx.flush(putDue); err != nil {
			return 0, false, err
		}
		if err := tx.row(tx.s.sql.TakeDue, d.Kind, d.Subject)(&gen); !errors.Is(err, ErrNotFound) {
			return gen, err == nil, err
		}
		if _, there, err := tx.DueOf(d.Kind, d.Subject); there || err != nil {
			return 0, false, err
		}
		if err := tx.Arm(d); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// Await is Take for whoever can wait until it is free.
func (tx *Tx) Await(d Due) (gen int64, err error) {
	if err := tx.flush(putDue); err != nil {
		return 0, err
	}
	err = tx.row(tx.s.sql.LockDue, d.Kind, d.Subject)(&gen)
	if !errors.Is(err, ErrNotFound) {
		return gen, err
	}
	if err := errors.Join(tx.Arm(d), tx.flush(putDue)); err != nil {
		return 0, err
	}
	return gen, tx.row(tx.s.sql.LockDue, d.Kind, d.Subject)(&gen)
}

// An Agenda is what could be due: whether events wait for triage, and when the first
// due row and the first page of each lane want to be looked at (zero: there is none).
type Agenda struct {
	Waiting    bool      // something is in the inbox
	Oldest     time.Time // when the first of it was heard
	Due, Pages [LaneBackground + 1]time.Time
}

// First is the earliest moment of some lanes, of all when none is given; zero: there is
// none.
func (a Agenda) First(lanes ...int) (first time.Time) {
	for lane := range a.Due {
		if len(lanes) > 0 && !slices.Contains(lanes, lane) {
			continue
		}
		for _, at := range []time.Time{a.Due[lane], a.Pages[lane]} {
			if !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}

// Agenda looks at everything that could be due, at a cost that does not grow with how
// much there is.
func (tx *Tx) Agenda() (a Agenda, err error) {
	if err := tx.flush(putDue, putPages, putInbox, dropInbox); err != nil {
		return a, err
	}
	var waiting sql.NullInt64
	var at [2 * len(a.Due)]sql.NullInt64
	into := []any{&waiting}
	for i := range at {
		into = append(into, &at[i])
	}
	if err := tx.row(tx.s.sql.Agenda)(into...); err != nil {
		return a, err
	}
	a.Waiting, a.Oldest = waiting.Valid, moment(waiting.Int64)
	for i := range a.Due {
		a.Due[i], a.Pages[i] = moment(at[i].Int64), moment(at[i+len(a.Due)].Int64)
	}
	return a, nil
}

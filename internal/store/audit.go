package store

import (
	"time"

	"tocsin/incident"
)

// An Audit is what should not be: the engine looks for it every minute, repairs it and
// reports it. Each list is cut at a hundred.
type Audit struct {
	Untended  []Untended // open subjects that no due row of kind "tend" looks after
	LateDue   []Due      // due for more than a minute: nobody claims them, or the holder died and nobody took over
	LatePages []PageRow
	Limbo     []PageRow // neither finished nor waiting for anything
	OldestDue time.Time // when the longest waiting due row should have been done; zero: nothing is due
}

// Untended is an open subject without a "tend" row; Other says that another kind of
// due row still refers to it.
type Untended struct {
	Subject incident.ID
	Other   bool
}

const (
	auditLate  = time.Minute
	auditLimit = 1000
)

// Stuck asks for all that an Audit lists.
func (tx *Tx) Stuck(now time.Time, after incident.ID) (a Audit, err error) {
	if err := tx.flush(); err != nil {
		return a, err
	}
	err = tx.each(tx.s.sql.Untended, []any{auditLimit, string(after)}, func(r row) error {
		var u Untended
		err := r.Scan(&u.Subject, &u.Other)
		a.Untended = append(a.Untended, u)
		return err
	})
	if err != nil {
		return a, err
	}
	late := micros(now.Add(-auditLate))
	for lane := LanePeople; lane <= LaneBackground; lane++ {
		err := tx.each(tx.s.sql.LateDue, []any{lane, late, auditLimit}, func(r row) error {
			d, err := scanDue(r)
			a.LateDue = append(a.LateDue, d)
			return err
		})
		if err != nil {
			return a, err
		}
		pages, err := tx.pages(tx.s.sql.LatePages, lane, late, auditLimit)
		if err != nil {
			return a, err
		}
		a.LatePages = append(a.LatePages, pages...)
	}
	agenda, err := tx.Agenda()
	if err != nil {
		return a, err
	}
	for _, at := range agenda.Due {
		if !at.IsZero() && at.Before(now) && (a.OldestDue.IsZero() || at.Before(a.OldestDue)) {
			a.OldestDue = at
		}
	}
	a.Limbo, err = tx.pages(tx.s.sql.Limbo, auditLimit)
	return a, err
}

const auditLeft = 200

// Left are subjects that are over, with an action or the review of an override that somebody
// still owes, and no "tend" row that looks after it; in their order, after one of them.
func (tx *Tx) Left(after incident.ID) (all []incident.ID, err error) {
	if err := tx.flush(); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.Left, []any{auditLeft, string(after), never}, func(r row) error {
		var id incident.ID
		err := r.Scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}

// FreeLeases makes claims that end later than most from now claimable at once, and says
// how many there were. A clock that was ahead took them, and was set right since.
func (tx *Tx) FreeLeases(now time.Time, most time.Duration) (n int, err error) {
	if err := tx.flush(); err != nil {
		return 0, err
	}
	for _, text := range []string{tx.s.sql.FreeDue, tx.s.sql.FreePages} {
		freed, err := tx.exec(text, micros(now), micros(now.Add(most)))
		if err != nil {
			return n, err
		}
		n += freed
	}
	return n, nil
}

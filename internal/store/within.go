package store

import (
	"errors"
	"slices"

	"tocsin/alert"
	"tocsin/incident"
)

// A list that is narrowed by one thing goes along an index, and ends as soon as it has
// its rows. One that is narrowed by two may have to look at every row there is to find
// that none has both. So nobody who waits is kept: either one of the two is rare, and
// what has it is looked through, or the newest rows are, as many as are read in a few
// milliseconds, and the list says how far it came.
var ( // a test has fewer rows
	rare      = 2000   // rows that are looked through whatever it costs
	lookedAt  = 16_000 // rows that one question looks at
	firstLook = 2000
)

const (
	wordCosts = 4                             // how many rows it costs to look at one for words
	pastAll   = "zzzzzzzzzzzzzzzzzzzzzzzzzzz" // behind every id
)

// further asks for the id that is so many rows further on; "" when there are not so many.
func (tx *Tx) further(text, from string, rows int) (id string, err error) {
	err = tx.row(text, from, rows-1)(&id)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return id, err
}

// within looks through a table from an id on, until there are enough rows, or enough was
// looked at: upTo is then the id down to which it looked, and otherwise "". Looking at a
// row costs something.
func (tx *Tx) within(floor string, before string, costs, enough int, look func(before, from string, limit int) (found int, err error)) (upTo string, err error) {
	if before == "" {
		before = pastAll
	}
	step, left, found := firstLook, lookedAt/costs, 0
	for {
		step = min(step, left)
		from, err := tx.further(floor, before, step)
		if err != nil {
			return "", err
		}
		n, err := look(before, from, enough-found)
		if found += n; err != nil || found >= enough || from == "" {
			return "", err
		}
		before, left, step = from, left-step, 2*step
		if left <= 0 {
			return before, nil
		}
	}
}

// A narrowing is a part of a list with its value, and the question whether few have it.
type narrowing struct{ part, value, few string }

// rarest is the first of the parts whose value few rows have, if any.
func (tx *Tx) rarest(all ...narrowing) (narrowing, error) {
	for _, n := range all {
		if n.value == "" {
			continue
		}
		id, err := tx.further(n.few, n.value, rare+1)
		if err != nil || id == "" {
			return n, err
		}
	}
	return narrowing{}, nil
}

// SubjectsWithin is Subjects for somebody who waits. upTo is where to go on when it has
// not looked at everything, and "" otherwise.
func (tx *Tx) SubjectsWithin(f Filter) (rows []Row, upTo incident.ID, err error) {
	if slices.Contains(f.Hidden, f.Service) {
		return nil, "", nil // as one that is not
	}
	narrowed := min(len(f.Status), 1) + min(len(f.Service), 1) + min(len(f.Team), 1) + min(len(f.Priority), 1) + min(len(f.Severity), 1) + min(len(f.Owner), 1) +
		2*min(len(f.Words)+len(f.Hidden), 1)
	if f.onlyOpen() || narrowed < 2 || f.Drills == OnlyDrills { // the open ones have an index of their own, and so have drills
		rows, err = tx.Subjects(f)
		return rows, "", err
	}
	if f.halved() {
		return tx.halves(f, tx.SubjectsWithin)
	}
	q := &tx.s.sql
	f.rare, err = tx.rarest(narrowing{"owner", string(f.Owner), q.FewOwned}, narrowing{"service", string(f.Service), q.FewOfService},
		narrowing{"severity", string(f.Severity), q.FewSo}, narrowing{"team", string(f.Team), q.FewOfTeam})
	if err != nil {
		return nil, "", err
	}
	if f.search, err = tx.searchFor(f.Words); err != nil {
		return nil, "", err
	}
	if f.rare.part != "" || f.search.rarest != "" {
		rows, err = tx.Subjects(f)
		return rows, "", err
	}
	costs := 1
	if len(f.search.words) > 0 {
		costs = wordCosts
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	to, err := tx.within(q.SubjectFloor, string(f.Before), costs, f.Limit, func(before, from string, limit int) (int, error) {
		part := f
		part.Before, part.from, part.Limit = incident.ID(before), from, limit
		more, err := tx.Subjects(part)
		rows = append(rows, more...)
		return len(more), err
	})
	if !f.OpenedAfter.IsZero() && to != "" && to < idFrom(f.OpenedAfter) {
		to = "" // what is older was opened before
	}
	return rows, incident.ID(to), err
}

// AlertsWithin is Alerts for somebody who waits, as SubjectsWithin is Subjects.
func (tx *Tx) AlertsWithin(f AlertFilter) (rows []alert.Alert, upTo string, err error) {
	if slices.Contains(f.Hidden, f.Service) {
		return nil, "", nil
	}
	two := f.Service != "" && f.Integration != "" || len(f.Hidden) > 0
	if f.Open || f.Subject != "" || !two {
		rows, err = tx.Alerts(f)
		return rows, "", err
	}
	if f.halved() {
		return tx.alertHalves(f, tx.AlertsWithin)
	}
	f.rare, err = tx.rarest(narrowing{"service", string(f.Service), tx.s.sql.FewAlertsOf}, narrowing{"integration", string(f.Integration), tx.s.sql.FewSaid})
	if err != nil || f.rare.part != "" {
		rows, err = tx.Alerts(f)
		return rows, "", err
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	upTo, err = tx.within(tx.s.sql.AlertFloor, f.Before, 1, f.Limit, func(before, from string, limit int) (int, error) {
		part := f
		part.Before, part.from, part.Limit = before, from, limit
		more, err := tx.Alerts(part)
		rows = append(rows, more...)
		return len(more), err
	})
	return rows, upTo, err
}

// PagesWithin is Pages for somebody who waits, as SubjectsWithin is Subjects.
func (tx *Tx) PagesWithin(f PageFilter) (rows []PageRow, upTo string, err error) {
	two := f.Person != "" && f.State != "" || len(f.Hidden) > 0
	if f.Subject != "" || !two {
		rows, err = tx.Pages(f)
		return rows, "", err
	}
	if f.rare, err = tx.rarest(narrowing{"person", string(f.Person), tx.s.sql.FewPagesOf}); err == nil && f.rare.part == "" && !f.waits() {
		f.rare, err = tx.rarest(narrowing{"state", string(f.State), tx.s.sql.FewPagesSo})
	}
	if err != nil || f.rare.part != "" || f.waits() { // those that wait are few, and have an index
		rows, err = tx.Pages(f)
		return rows, "", err
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	upTo, err = tx.within(tx.s.sql.PageFloor, f.Before, 1, f.Limit, func(before, from string, limit int) (int, error) {
		part := f
		part.Before, part.from, part.Limit = before, from, limit
		more, err := tx.Pages(part)
		rows = append(rows, more...)
		return len(more), err
	})
	return rows, upTo, err
}

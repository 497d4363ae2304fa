package store

import (
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Filter chooses subjects for a list; what is zero does not matter.
type Filter struct {
	Status   []incident.Status
	Open     bool
	Service  org.ServiceID
	Team     org.TeamID
	Priority org.Priority
	Severity org.Severity
	Owner    org.PersonID
	Paged    org.PersonID // an alarm went or goes out to them
	Words    string       // each begins a word of the title
	// Opened in [OpenedAfter, OpenedBefore), by the millisecond.
	OpenedAfter, OpenedBefore time.Time

	Drills Drills
	Hidden []org.ServiceID // whose subjects are left out
	Before incident.ID     // the last of the page before
	Limit  int             // 0 is 100

	over   bool      // none of those that are open
	rare   narrowing // what few rows have, if that is known
	from   string    // the id down to which is looked
	search *search   // for Words
}

// Drills is whether a list has what people practise on.
type Drills int

const (
	NoDrills   Drills = iota // as everybody expects who counts or looks for what is wrong
	WithDrills               // for who takes part in them
	OnlyDrills
)

// onlyOpen says that nothing is wanted of those that are over.
func (f Filter) onlyOpen() bool {
	return f.Open || len(f.Status) > 0 && !slices.ContainsFunc(f.Status, func(s incident.Status) bool { return !s.Open() })
}

// onlyOver says that nothing is wanted of those that are open.
func (f Filter) onlyOver() bool {
	return f.over || len(f.Status) > 0 && !slices.ContainsFunc(f.Status, incident.Status.Open)
}

// halved says that a list is asked for in two halves, what is open and what is over: what
// it is narrowed by has an index of what is over, and those that are open have one.
func (f Filter) halved() bool {
	by := len(f.Status) + len(f.Service) + len(f.Team) + len(f.Priority) + len(f.Severity)
	return by > 0 && !f.onlyOpen() && !f.onlyOver()
}

// A Row is a subject in a list.
type Row struct {
	ID                   incident.ID
	Seq                  int
	At                   time.Time
	Status               incident.Status
	Title                string
	Service              org.ServiceID
	Team                 org.TeamID
	Integration          org.IntegrationID
	Severity             org.Severity
	Priority             org.Priority
	Owner                org.PersonID
	Held                 string
	Alerts               int
	OpenedAt, ResolvedAt time.Time
}

// Subjects lists subjects, newest first.
func (tx *Tx) Subjects(f Filter) ([]Row, error) {
	if f.halved() {
		rows, _, err := tx.halves(f, func(f Filter) ([]Row, incident.ID, error) {
			rows, err := tx.Subjects(f)
			return rows, "", err
		})
		return rows, err
	}
	b, err := tx.choosing(map[Drills]filter{NoDrills: listSubjects, WithDrills: listWithDrills, OnlyDrills: listDrills}[f.Drills], f)
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	text, args := b.end(f.Limit)
	return tx.rows(text, args)
}

// halves is a list of what is open and what list says is over. upTo is that of list.
func (tx *Tx) halves(f Filter, list func(Filter) ([]Row, incident.ID, error)) (rows []Row, upTo incident.ID, err error) {
	open := f
	open.Open, f.over = true, true
	if rows, err = tx.Subjects(open); err != nil {
		return nil, "", err
	}
	over, upTo, err := list(f)
	if err != nil {
		return nil, "", err
	}
	rows, upTo = merged(rows, over, upTo, f.Limit, func(r Row) incident.ID { return r.ID })
	return rows, upTo, nil
}

// merged is the first page of two lists, newest first. Of the second nothing is known
// below upTo, unless that is empty. What ended between the two questions, as it can in a
// transaction that writes, is in both, and is named once.
func merged[T any, ID ~string](a, b []T, upTo ID, limit int, id func(T) ID) ([]T, ID) {
	a = slices.DeleteFunc(a, func(x T) bool { return id(x) < upTo })
	all := append(a, b...)
	slices.SortFunc(all, func(x, y T) int { return strings.Compare(string(id(y)), string(id(x))) })
	all = slices.CompactFunc(all, func(x, y T) bool { return id(x) == id(y) })
	if limit <= 0 {
		limit = pageOf
	}
	if len(all) >= limit {
		return all[:limit], ""
	}
	return all, upTo
}

// Calls lists pages by hand, newest first, from before one.
func (tx *Tx) Calls(before incident.ID, limit int) ([]Row, error) {
	if err := tx.flush(putSubjects); err != nil {
		return nil, err
	}
	b := listCalls.build()
	b.matching("before", string(before))
	text, args := b.end(limit)
	return tx.rows(text, args)
}

func (tx *Tx) rows(text string, args []any) (out []Row, err error) {
	err = tx.each(text, args, func(r row) error {
		var x Row
		var at, opened, resolved int64
		err := r.Scan(&x.ID, &x.Seq, &at, &x.Status, &x.Title, &x.Service, &x.Team, &x.Integration, &x.Severity, &x.Priority, &x.Owner, &x.Held, &x.Alerts, &opened, &resolved)
		x.At, x.OpenedAt, x.ResolvedAt = moment(at), moment(opened), moment(resolved)
		out = append(out, x)
		return err
	})
	return out, err
}

// A Count is how many subjects have a status.
type Count struct {
	Status incident.Status
	Held   bool
	N      int
}

// CountOpen counts open subjects that a filter chooses, whatever its page.
func (tx *Tx) CountOpen(f Filter) (all []Count, err error) {
	f.Open, f.Before = true, ""
	b, err := tx.choosing(countSubjects, f)
	if err != nil {
		return nil, err
	}
	text, args := b.whole(tx.s.d)
	err = tx.each(text, args, func(r row) error {
		var c Count
		err := r.Scan(&c.Status, &c.Held, &c.N)
		all = append(all, c)
		return err
	})
	return all, err
}

// choosing is a statement about subjects with the parts of a filter.
func (tx *Tx) choosing(which filter, f Filter) (*filtered, error) {
	if err := tx.flush(putSubjects, putWords); err != nil {
		return nil, err
	}
	var err error
	if f.search == nil {
		if f.search, err = tx.searchFor(f.Words); err != nil {
			return nil, err
		}
	}
	b := which.of(f.rare.part, f.rare.value)
	b.flag("open", f.onlyOpen()) // the few open ones have an index of their own
	b.flag("over", f.onlyOver())
	b.matching("service", string(f.Service))
	b.matching("team", string(f.Team))
	b.matching("priority", string(f.Priority))
	b.matching("severity", string(f.Severity))
	b.matching("owner", string(f.Owner))
	b.matching("paged", string(f.Paged))
	b.matching("before", string(f.Before))
	b.matching("after", f.from)
	if !f.OpenedAfter.IsZero() {
		b.part("after", idFrom(f.OpenedAfter))
	}
	if !f.OpenedBefore.IsZero() {
		b.part("before", idFrom(f.OpenedBefore))
	}
	if len(f.Status) > 0 {
		b.list("status", idTexts(f.Status))
	}
	if len(f.Hidden) > 0 {
		b.list("hidden", idTexts(f.Hidden))
	}
	f.search.narrow(b)
	return b, nil
}

// ServiceOf is the service that a subject is about.
func (tx *Tx) ServiceOf(id incident.ID) (service org.ServiceID, err error) {
	if err := tx.flush(putSubjects); err != nil {
		return "", err
	}
	err = tx.row(tx.s.sql.ServiceOf, string(id))(&service)
	return service, err
}

package engine

import (
	"cmp"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/load"
	"tocsin/oncall/roster"
	"tocsin/org"
)

const (
	LedgerBack  = 365 * 24 * time.Hour // how far back lines make a debt
	freezeFor   = 14 * 24 * time.Hour  // what people plan by stays
	replanFor   = 70 * 24 * time.Hour
	worthMoving = 20                  // pain squared
	joining     = 84 * 24 * time.Hour // in which who is new comes to a full share
	joinsWith   = 0.25
)

// Books are what the burden of one schedule is reckoned from.
type Books struct {
	ID       org.ScheduleID
	Schedule *oncall.Compiled
	Register oncall.Register
	Person   func(org.PersonID) (org.Person, bool)
}

// A Ledger is everybody's lines for a schedule.
type Ledger struct {
	Lines    []load.Line
	Stints   []oncall.Stint
	People   []org.PersonID
	Disputes map[string]store.Dispute
	Weights  load.Weights
	joined   map[org.PersonID]time.Time
}

// books are those of a schedule as the engine knows it.
func (s *setup) books(id org.ScheduleID) Books {
	return Books{ID: id, Schedule: s.schedules[id], Register: s.register(), Person: func(p org.PersonID) (org.Person, bool) {
		person, ok := s.people[p]
		return person, ok
	}}
}

// Name is what somebody is called.
func (b Books) Name(p org.PersonID) string {
	person, _ := b.Person(p)
	return cmp.Or(person.Name, string(p))
}

// Was is who was on call, and will be: what is past as the on-call log has it, whatever
// became of the schedule since, and what is to come as the schedule says. What was before
// the log begins is reckoned.
func (b Books) Was(tx *store.Tx, from, to, now time.Time) ([]oncall.Shift, error) {
	if !from.Before(now) {
		return b.Register.Render(b.Schedule, from, to), nil
	}
	rows, err := tx.Shifts(b.ID, from, incident.Sooner(now, to))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return b.Register.Render(b.Schedule, from, to), nil
	}
	var out []oncall.Shift
	if first := rows[0].At; first.After(from) {
		out = b.Register.Render(b.Schedule, from, first)
	}
	join := func(next oncall.Shift) {
		if n := len(out) - 1; n >= 0 && out[n].Until.Equal(next.From) && sameShift(out[n], next) {
			out[n].Until, out[n].Why = next.Until, next.Why
			return
		}
		out = append(out, next)
	}
	end := incident.Sooner(now, to)
	for _, r := range rows {
		shift := r.Shift(end)
		shift.From, shift.Until = later(shift.From, from), incident.Sooner(shift.Until, end)
		shift.Empty = len(shift.Roles) == 0
		if shift.From.Before(shift.Until) {
			join(shift)
		}
	}
	if end.Before(to) {
		for _, next := range b.Register.Render(b.Schedule, end, to) {
			join(next)
		}
	}
	return out, nil
}

func sameShift(a, b oncall.Shift) bool {
	return len(oncall.Diff([]oncall.Shift{{From: a.From, Until: b.Until, Roles: a.Roles}}, []oncall.Shift{{From: a.From, Until: b.Until, Roles: b.Roles}})) == 0
}

// Ledger reckons the lines of a span from the on-call log and the pages.
func (b Books) Ledger(tx *store.Tx, from, to, now time.Time) (*Ledger, error) {
	l := &Ledger{Weights: load.Usual().With(b.Schedule.Schedule.Fairness.Weights), joined: map[org.PersonID]time.Time{}, Disputes: map[string]store.Dispute{}}
	shifts, err := b.Was(tx, from, to, now)
	if err != nil || len(shifts) == 0 {
		return l, err
	}
	l.Stints = oncall.Stints(shifts)
	l.People = b.Schedule.People()
	for _, st := range l.Stints {
		if !slices.Contains(l.People, st.Person) {
			l.People = append(l.People, st.Person)
		}
		if at, ok := l.joined[st.Person]; !ok || st.From.Before(at) {
			l.joined[st.Person] = st.From
		}
	}
	for _, p := range l.People {
		if _, ok := l.joined[p]; !ok {
			l.joined[p] = to.Add(-time.Microsecond) // new: they start at the mean
		}
		if err := l.add(tx, b, p, from, to); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// add reckons somebody's lines.
func (l *Ledger) add(tx *store.Tx, b Books, p org.PersonID, from, to time.Time) error {
	person, _ := b.Person(p)
	home := load.HomeOf(person, from, to)
	reached, err := tx.ReachedBy(p, from, to)
	if err != nil {
		return err
	}
	disputes, err := tx.Disputes(p)
	if err != nil {
		return err
	}
	for _, d := range disputes {
		l.Disputes[d.Line] = d
	}
	var pages []load.Interruption
	for _, x := range reached {
		on := slices.ContainsFunc(l.Stints, func(st oncall.Stint) bool {
			return st.Person == p && st.Role != oncall.Shadow && !x.At.Before(st.From) && !x.At.After(st.Until)
		})
		if !on {
			continue // they were called for another reason
		}
		in := load.Interruption{Person: p, At: x.At, Subject: string(x.Subject), Severity: x.Severity}
		if !x.Answered.IsZero() && !x.Resolved.IsZero() {
			in.Handled = x.Resolved.Sub(x.Answered)
		}
		pages = append(pages, in)
	}
	lines := l.Weights.Pages(b.ID, pages, home)
	for _, st := range l.Stints {
		if st.Person == p {
			lines = append(lines, l.Weights.Hours(b.ID, st, home)...)
		}
	}
	for i := range lines {
		if d := l.Disputes[lines[i].ID]; d.Decided == "struck" {
			lines[i].Struck = cmp.Or(d.Why, "struck")
		}
	}
	l.Lines = append(l.Lines, lines...)
	return nil
}

// Debts are what everybody bears at a moment.
func (l *Ledger) Debts(at time.Time) map[org.PersonID]float64 {
	return l.Weights.Debts(l.Lines, l.joined, at)
}

// capacity is how much of a share somebody bears: what they are set to, and who joined
// after the others less of it at first.
func (l *Ledger) capacity(b Books, now time.Time) map[org.PersonID]float64 {
	first := now
	for _, at := range l.joined {
		first = incident.Sooner(first, at)
	}
	all := map[org.PersonID]float64{}
	for _, p := range l.People {
		person, _ := b.Person(p)
		all[p] = cmp.Or(person.Capacity, 1)
		if since := now.Sub(l.joined[p]); l.joined[p].After(first.Add(joining)) && since < joining {
			all[p] *= joinsWith + (1-joinsWith)*max(0, since.Hours())/joining.Hours()
		}
	}
	return all
}

// Pool is who could stand in the schedule from a moment on.
func (b Books) Pool(tx *store.Tx, l *Ledger, now time.Time) (load.Pool, error) {
	limits := b.Schedule.Schedule.Limits.Usual()
	p := load.Pool{
		People: b.Schedule.Answering(), Name: b.Name, Debts: l.Debts(now), Capacity: l.capacity(b, now),
		Away: map[org.PersonID][]roster.Span{}, Rather: map[org.PersonID][]roster.Span{},
		Rest: limits.Rest.D(), Chain: limits.Chain.D(),
		Reached: func(id org.PersonID) bool { who, ok := b.Person(id); return ok && who.Reachable() },
	}
	off, err := tx.TimeOffs(now, now.Add(366*24*time.Hour))
	for _, o := range off {
		to := p.Away
		if o.Soft {
			to = p.Rather
		}
		to[o.Person] = append(to[o.Person], roster.Span{From: o.From.Unix(), To: o.Until.Unix()})
	}
	return p, err
}

// Expected is the pain of a stint's hours alone.
func (l *Ledger) Expected(b Books, st oncall.Stint) (sum float64) {
	person, _ := b.Person(st.Person)
	for _, x := range l.Weights.Hours(b.ID, st, load.HomeOf(person, st.From, st.Until)) {
		sum += x.Pain
	}
	return sum
}

// Rest is the cover that is proposed for those whose shift of the last day was heavy.
func (b Books) Rest(l *Ledger, pool load.Pool, ahead []oncall.Shift, now time.Time) (all []load.Proposal) {
	for _, st := range l.Stints {
		recent := now.Sub(st.Until)
		if st.Role != oncall.Primary || recent < 0 || recent > 24*time.Hour {
			continue
		}
		lines := slices.DeleteFunc(slices.Clone(l.Lines), func(x load.Line) bool { return x.At.Before(st.From) || x.At.After(st.Until) })
		r, ok := load.Relieve(st.Person, lines, 1.5*l.Expected(b, st), st.Until)
		if !ok {
			continue
		}
		why := b.Name(st.Person) + " had " + r.Why
		all = append(all, pool.Cover(ahead, st.Person, later(now, r.From), r.Until, why)...)
		for _, next := range oncall.Stints(ahead) { // no shift of theirs begins before they are rested
			if next.Person == st.Person && !next.From.Before(r.Until) && next.From.Before(r.Barred) {
				all = append(all, pool.Cover(ahead, st.Person, next.From, next.Until, why)...)
			}
		}
	}
	return all
}

// Propose is what would make it fairer: rest after a heavy shift, and moves of what is
// not near yet.
func (b Books) Propose(tx *store.Tx, now time.Time) (rest, moves []load.Proposal, err error) {
	l, err := b.Ledger(tx, now.Add(-LedgerBack), now, now)
	if err != nil {
		return nil, nil, err
	}
	pool, err := b.Pool(tx, l, now)
	if err != nil {
		return nil, nil, err
	}
	ahead := b.Register.Render(b.Schedule, now, now.Add(replanFor))
	rest = b.Rest(l, pool, ahead, now)
	moves, err = pool.Replan(ahead, oncall.Primary, now.Add(freezeFor), func(st oncall.Stint) float64 { return l.Expected(b, st) }, worthMoving)
	return rest, moves, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

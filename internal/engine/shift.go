package engine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

const (
	// shiftLook is how far ahead a schedule is looked at for who is to be told, and
	// gapAhead how long before a gap its fall-back is warned.
	shiftLook = 26 * time.Hour
	gapAhead  = 24 * time.Hour
	// shiftRest is how long a schedule is left alone at most: members may be teams and
	// other schedules, which change by themselves.
	shiftRest = time.Hour
	// mostCuts bounds how many changes that were slept through are written down at once.
	mostCuts = 500
)

// A shiftWork is one schedule being looked at.
type shiftWork struct {
	e      *Engine
	tx     *store.Tx
	s      *setup
	c      *oncall.Compiled
	id     org.ScheduleID
	now    time.Time
	last   store.ShiftRow // the line that goes on
	there  bool
	turned bool // somebody's shift ended just now
}

// shift is what the timer of a schedule does: it writes the on-call log, tells incidents
// that are open of a change of hands, tells people what begins and ends for them, and
// looks out for gaps. Everything is keyed by the change itself, so that doing it twice
// does it once.
func (e *Engine) shift(tx *store.Tx, s *setup, d store.Due, now time.Time) error {
	w := &shiftWork{e: e, tx: tx, s: s, id: org.ScheduleID(d.Subject), now: now}
	w.c = s.schedules[w.id]
	if w.c == nil { // retired, or it cannot be read
		if err := tx.EndShifts(w.id, now); err != nil {
			return err
		}
		return tx.Disarm(d.Kind, d.Subject)
	}
	if err := w.log(); err != nil {
		return err
	}
	more, err := w.hand()
	if err != nil {
		return err
	}
	if err := w.mind(); err != nil {
		return err
	}
	next, err := w.tell()
	if err != nil {
		return err
	}
	if next, err = w.digest(next); err != nil {
		return err
	}
	if err := w.relieve(); err != nil {
		return err
	}
	if err := w.zones(); err != nil {
		return err
	}
	if err := w.swaps(); err != nil {
		return err
	}
	if more {
		next = now
	}
	d.At, d.Failures = next, 0
	return tx.Arm(d)
}

// log brings the on-call log up to now: a line for each change since its last one, also
// for those that were slept through.
func (w *shiftWork) log() error {
	rows, err := w.tx.LastShifts(w.id, 1)
	if err != nil {
		return err
	}
	from := w.now
	if len(rows) > 0 {
		w.last, w.there = rows[0], rows[0].Until.IsZero()
	}
	if w.there {
		from = w.last.At
		if version := w.version(); version != w.last.Version { // what was before is as it was written
			from = w.now
		}
	}
	if !from.Before(w.now) {
		return w.note(w.s.register().At(w.c, w.now), w.now)
	}
	shifts := w.s.register().Render(w.c, from, w.now.Add(time.Microsecond))
	if len(shifts) > mostCuts {
		shifts = shifts[len(shifts)-mostCuts:]
	}
	for _, s := range shifts {
		if s.From.Before(from) || s.From.After(w.now) {
			continue
		}
		if err := w.note(s, s.From); err != nil {
			return err
		}
	}
	return nil
}

// version is that of the schedule that is looked at.
func (w *shiftWork) version() int { return w.s.versions[w.id] }

// note writes a line if others stand there than the last one says.
func (w *shiftWork) note(s oncall.Shift, at time.Time) error {
	version := w.version()
	if w.there && maps.EqualFunc(w.last.Roles, s.Roles, slices.Equal[[]org.PersonID]) {
		return nil
	}
	row := store.ShiftRow{Schedule: w.id, At: at, Roles: s.Roles, Why: s.Why, Version: version}
	if !w.there || slices.Equal(w.last.People(), s.People) {
		row.Handing = store.AllHanded // there is nobody to take over from, or nothing to take over
	}
	if w.there && len(s.People) == 0 && len(w.last.People()) == 0 {
		row.Call = w.last.Call
	}
	if err := w.tx.AddShift(row); err != nil {
		return err
	}
	if w.there {
		w.turned = true
		if err := w.turn(w.last, row); err != nil {
			return err
		}
	}
	w.last, w.there = row, true
	return nil
}

// hand tells incidents that are open that the schedule changed hands, a few at a time:
// those of whose climb somebody was called by it.
func (w *shiftWork) hand() (more bool, err error) {
	if w.last.Handing == store.AllHanded {
		return false, nil
	}
	rows, err := w.tx.LastShifts(w.id, 2)
	if err != nil || len(rows) < 2 {
		return false, err
	}
	f := incident.Handed{Schedule: w.id, From: rows[1].People(), To: rows[0].People()}
	ids, err := w.tx.OpenAfter(incident.ID(w.last.Handing), tendAtATime)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		sub, err := w.tx.Lock(id)
		if err != nil {
			return false, err
		}
		w.last.Handing = string(id)
		if !calledBy(sub.Incident, w.id) || sub.Seq >= incident.Crowded {
			continue
		}
		t := w.e.tend(w.tx, w.s, sub, w.now)
		t.add(incident.Engine, f)
		if err := t.settle(); err != nil {
			return false, err
		}
	}
	if more = len(ids) == tendAtATime; !more {
		w.last.Handing = store.AllHanded
	}
	return more, w.tx.SaveShift(w.last)
}

// calledBy says whether somebody was called for an incident by way of a schedule.
func calledBy(in incident.Incident, id org.ScheduleID) bool {
	via := org.Target{Kind: "schedule", ID: string(id)}
	return in.Status.Open() && !in.IsDrill() && slices.ContainsFunc(in.Runs, func(r incident.Run) bool {
		return slices.ContainsFunc(r.Calls, func(c incident.Call) bool { return c.Via == via })
	})
}

// mind looks after a gap that is there now: its fall-back is paged as a call of its own,
// which is over when somebody is on call again.
func (w *shiftWork) mind() error {
	empty := len(w.last.People()) == 0
	policy := w.c.Schedule.FallBack
	switch {
	case empty && w.last.Call == "" && policy != "":
		id := incident.ID(w.e.newID(w.now))
		t := w.e.tend(w.tx, w.s, w.tx.Create(id), w.now)
		name := cmp.Or(w.c.Schedule.Name, string(w.id))
		t.open(incident.Engine, incident.Opened{
			Title: "nobody is on call for " + name, Service: w.s.settings.CatchAll, Team: w.c.Schedule.Team, Severity: org.SEV2, Priority: org.High,
			Why: w.last.Why,
		}, policy)
		if err := t.settle(); err != nil {
			return err
		}
		w.last.Call = id
		return w.tx.SaveShift(w.last)
	case !empty:
		rows, err := w.tx.LastShifts(w.id, 2)
		if err != nil || len(rows) < 2 || rows[1].Call == "" {
			return err
		}
		sub, err := w.tx.Lock(rows[1].Call)
		if err != nil || !sub.Status.Open() {
			return err
		}
		t := w.e.tend(w.tx, w.s, sub, w.now)
		t.add(incident.Engine, incident.Ended{Why: w.s.names(w.last.People()) + " is on call"})
		return t.settle()
	}
	return nil
}

// names are what people are called.
func (s *setup) names(ids []org.PersonID) string {
	out := ""
	for i, id := range ids {
		switch {
		case i > 0 && i == len(ids)-1:
			out += " and "
		case i > 0:
			out += ", "
		}
		out += s.name(id)
	}
	return cmp.Or(out, "nobody")
}

func (s *setup) name(id org.PersonID) string { return cmp.Or(s.people[id].Name, string(id)) }

// beginShifts gives every schedule a timer that has none.
func (e *Engine) beginShifts(tx *store.Tx, s *setup, now time.Time) (found []string, err error) {
	for _, id := range slices.Sorted(maps.Keys(s.schedules)) {
		_, there, err := tx.DueOf(store.ShiftKind, string(id))
		if err != nil {
			return found, err
		}
		if there {
			continue
		}
		rows, err := tx.LastShifts(id, 1)
		if err != nil {
			return found, err
		}
		if len(rows) > 0 && rows[0].Until.IsZero() {
			found = append(found, "schedule "+string(id)+" had no timer")
		}
		if err := tx.Arm(store.Due{Kind: store.ShiftKind, Subject: string(id), Lane: store.LaneHigh, At: now}); err != nil {
			return found, err
		}
	}
	return found, nil
}

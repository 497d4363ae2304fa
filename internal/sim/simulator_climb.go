package sim

import (
	"encoding/json"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// A watch follows one run through a log, by the policy that it was pinned to.
type watch struct {
	due    time.Time // when it must go on; zero: nothing is expected
	free   bool      // it may go on earlier: somebody asked, or nobody could be reached
	asleep bool
}

// A follower has read a log up to a line.
type follower struct {
	in   incident.Incident
	runs map[int]*watch
}

// climbs checks what is new in a log against the promises of an escalation (I2, I6,
// I11): each level in its time, none skipped, none early, and never two at once.
func (o *oracle) climbs(tx *store.Tx, id incident.ID, f *follower) error {
	log, err := tx.Log(id)
	if err != nil {
		return err
	}
	var pages []store.PageRow
	for _, e := range log[f.in.Seq:] {
		before := f.in
		f.in = f.in.After(e)
		if n := runFact(e.Fact); n > 0 && f.runs[n] != nil {
			o.onward(id, e, runOf(before, n), f.runs[n], before)
		}
		for _, r := range f.in.Runs {
			if f.runs[r.ID] == nil {
				f.runs[r.ID] = &watch{}
			}
			o.expect(f.runs[r.ID], e, f.in, r, o.policy(tx, r.Policy, r.Version))
		}
		if c, ok := e.Fact.(incident.Called); ok {
			if pages == nil {
				if pages, err = tx.PagesOf(id); err != nil {
					return err
				}
			}
			o.paged(pages, id, c)
		}
	}
	return nil
}

// overdue: whatever should have gone on by now is found here (I2).
func (o *oracle) overdue(id incident.ID, f *follower) {
	for n, w := range f.runs {
		if !w.due.IsZero() && o.late(w.due, o.s.now) > onTime {
			o.s.violation("I2", "run %d of %s should have gone on at %s", n, id, w.due)
		}
	}
}

// runFact is the run that a step of a climb belongs to.
func runFact(f incident.Fact) int {
	switch f := f.(type) {
	case incident.Called:
		if !f.Extra {
			return f.Run
		}
	case incident.Skipped:
		return f.Run
	case incident.Waiting:
		return f.Run
	case incident.Rested:
		return f.Run
	case incident.Settled:
		return f.Run
	}
	return 0
}

// onward checks one step of a climb against what was expected.
func (o *oracle) onward(id incident.ID, e incident.Entry, r incident.Run, w *watch, before incident.Incident) {
	s, ok := e.Fact.(incident.Settled)
	if ok && (s.How == "reassigned" || s.How == "delivered" || s.How == "read") {
		return
	}
	quiet := before.Status != incident.Triggered && !r.Aside
	switch {
	case quiet: // a level that goes on after an answer
	case w.due.IsZero() && !w.free && r.Waiting == "":
		o.s.violation("I2", "run %d of %s goes on at %s, and nobody asked for it: %s", r.ID, id, e.At, e.Fact)
	case !w.due.IsZero() && e.At.Before(w.due) && !w.free && r.Waiting == "":
		o.s.violation("I2", "run %d of %s goes on at %s, %s early: %s", r.ID, id, e.At, w.due.Sub(e.At), e.Fact)
	case !w.due.IsZero() && o.late(w.due, e.At) > onTime:
		o.s.violation("I2", "run %d of %s goes on at %s, %s late: %s", r.ID, id, e.At, o.late(w.due, e.At), e.Fact)
	}
	level, round := -2, 0
	switch f := e.Fact.(type) {
	case incident.Called:
		if level, round = f.Level, f.Round; f.FailOver {
			level = -2
		}
	case incident.Skipped:
		if level, round = f.Level, f.Round; f.Repeat {
			level = -2
		}
	}
	if level >= 0 && level != r.Level+1 && (level != 0 || round != r.Round+1) {
		o.s.violation("I2", "run %d of %s goes from level %d of round %d to level %d of round %d", r.ID, id, r.Level, r.Round, level, round)
	}
}

// expect sets what must follow an entry.
func (o *oracle) expect(w *watch, e incident.Entry, in incident.Incident, r incident.Run, p escalate.Policy) {
	single := r.Policy == "" || r.Priority == org.Low
	asleep := !in.Status.Open() || in.Held != "" || in.Status != incident.Triggered && !r.Aside
	over := r.Settled == "reassigned" || r.Settled == "replaced" || r.Settled == "delivered" || r.Settled == "read"
	start := func() time.Time {
		if p.Offset && len(p.Levels) > 0 {
			return e.At.Add(p.Levels[0].At.D())
		}
		return e.At
	}
	if asleep || over {
		w.due, w.free, w.asleep = time.Time{}, false, true
		return
	}
	if w.asleep && r.Open() && !r.Due.IsZero() { // it goes on where it was, or as the fact below says
		if w.due, w.free = r.Due, true; r.Due.Before(e.At) {
			w.due = e.At
		}
	}
	w.asleep = false
	switch f := e.Fact.(type) {
	case incident.Asked:
		if f.Run == r.ID {
			w.due, w.free = start(), false
		}
	case incident.Unacknowledged, incident.Retriggered, incident.Recurred, incident.Released, incident.Reopened, incident.Raised, incident.Finished:
		if !r.Aside && r.Level == -1 && r.Open() && r.Base.Equal(e.At) {
			w.due, w.free = start(), false
		}
	case incident.Pinned:
		if f.Run == r.ID {
			w.due, w.free = e.At, true // an offset policy may have to wait for its first level
			if p.Offset {
				w.due = time.Time{}
			}
		}
	case incident.Escalated:
		if f.Run == r.ID {
			w.due, w.free = e.At, true
		} else if r.Open() && r.Waiting == "" { // somebody had it, and now nobody does: runs go on with their own timers
			w.due, w.free = r.Due, true
		}
	case incident.Reassigned:
		if r.Open() {
			w.due, w.free = time.Time{}, true
		}
	case incident.Unreached:
		if f.Run == r.ID && nobody(r) && !r.Rested {
			w.free = true
			if r.Open() && f.Epoch == r.Epoch && f.Level == r.Level && f.Round == r.Round {
				w.due = e.At
			}
		}
	case incident.Called:
		if f.Run == r.ID && !f.Extra {
			w.called(o, e, f, r, p, single)
		}
	case incident.Skipped:
		if f.Run == r.ID && f.Until.IsZero() {
			w.due, w.free = e.At, true
		} else if f.Run == r.ID {
			w.due, w.free = f.Until, f.Level < 0 || nobody(r)
			if f.Level < 0 && p.Offset {
				w.due = f.Until.Add(p.Levels[0].At.D())
			}
		}
	case incident.Waiting:
		if f.Run == r.ID {
			w.due, w.free = f.Until, true
		}
	case incident.Rested:
		if f.Run == r.ID {
			w.due, w.free = f.Until, false
		}
	case incident.Settled:
		if f.Run == r.ID {
			w.due, w.free = time.Time{}, false
			if len(p.FailOver) > 0 && f.How != "called" {
				w.due = e.At // the target of last resort, in the same moment
			}
		}
	}
}

// nobody says whether none of those whom the last level called can be reached.
func nobody(r incident.Run) bool {
	return len(r.Calls) > 0 && !slices.ContainsFunc(r.Calls, func(c incident.Call) bool { return c.Email != "" || !slices.Contains(r.Out, c.Person) })
}

// called checks that a level waits as long as its policy says, from when it was done.
func (w *watch) called(o *oracle, e incident.Entry, f incident.Called, r incident.Run, p escalate.Policy, single bool) {
	w.due, w.free = time.Time{}, single
	if f.FailOver || single || f.Level >= len(p.Levels) {
		w.free = true
		return
	}
	w.due = f.Until
	if p.Offset {
		w.free = true
		if f.Until.Before(f.Base) {
			o.s.violation("I2", "level %d waits until %s, before its round began", f.Level, f.Until)
		}
		return
	}
	least, most := e.At.Add(p.Levels[f.Level].Wait.D()-escalate.Late), e.At.Add(p.Levels[f.Level].Wait.D())
	if f.Until.Before(least) || f.Until.After(most) {
		o.s.violation("I2", "level %d of policy %s version %d, called at %s, waits until %s", f.Level, r.Policy, r.Version, e.At, f.Until)
	}
}

// paged: whoever is called has a page, written down with the call.
func (o *oracle) paged(pages []store.PageRow, id incident.ID, f incident.Called) {
	for _, c := range f.Calls {
		has := slices.ContainsFunc(pages, func(p store.PageRow) bool {
			return p.Run == f.Run && p.Epoch == f.Epoch && p.Round == f.Round && p.Level == f.Level && p.Person == c.Person && p.Address == c.Email && p.Purpose.Alarms()
		})
		if !has {
			o.s.violation("I6", "%s called %s and planned no page", id, c)
		}
	}
}

// policy is a version of a policy; what was written never changes, so that it is kept.
func (o *oracle) policy(tx *store.Tx, id org.PolicyID, version int) escalate.Policy {
	k := pinned{id, version}
	p, ok := o.policies[k]
	if ok || id == "" {
		return p
	}
	r, err := tx.ConfigVersion("policy", string(id), version)
	if err == nil {
		err = json.Unmarshal(r.Body, &p)
	}
	if err != nil {
		o.s.violation("I11", "version %d of policy %s: %v", version, id, err)
	}
	o.policies[k] = p
	return p
}

type pinned struct {
	id      org.PolicyID
	version int
}

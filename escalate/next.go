package escalate

import (
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A World is what the climb asks while it decides. The engine answers from the
// configuration and the schedules of this moment.
type World struct {
	// Policy is a version of a policy; version 0 is the current one.
	Policy func(id org.PolicyID, version int) (Policy, bool)
	// CatchAll is the policy that stands in when nobody could be reached.
	CatchAll func() (Policy, bool)
	// Who stands behind a schedule or a team at a moment.
	Who func(target org.Target, at time.Time) Answer
	// Person is a person who may be called.
	Person func(id org.PersonID) (org.Person, bool)
	// Turn is the pointer of a round-robin level; asking moves it on.
	Turn func(policy org.PolicyID, level int) int
	// Pick draws one of n, for the random strategy.
	Pick func(n int) int
}

// An Answer says who, why, and until when that will not change (zero: for ever).
type Answer struct {
	People []org.PersonID
	Why    string
	Until  time.Time
}

// atOnce bounds what one Next may decide, so that a policy that takes no time cannot
// hold the house; the rest follows in the next call.
const atOnce = 200

// Next is what happens by itself by now, and when to look again (zero: not before
// somebody does something).
func Next(in incident.Incident, w World, now time.Time) (facts []incident.Fact, due time.Time) {
	for range atOnce {
		f, at := next(in, w, now)
		if f == nil {
			return facts, at
		}
		facts = append(facts, f)
		in = in.After(incident.Entry{Seq: in.Seq + 1, At: now, By: incident.Engine, Fact: f})
	}
	return facts, now
}

// next decides one thing. A climb whose log is crowded ends there: it would go on only
// to be refused, and take the people's answers with it.
func next(in incident.Incident, w World, now time.Time) (incident.Fact, time.Time) {
	if !in.Status.Open() || in.Held != "" {
		return nil, time.Time{}
	}
	if in.Seq >= incident.Crowded {
		for _, r := range in.Runs {
			if r.Open() {
				return incident.Settled{Run: r.ID, How: "exhausted"}, time.Time{}
			}
		}
		return nil, time.Time{}
	}
	if len(in.Handing) > 0 {
		return handOver(in, in.Handing[0], w), time.Time{}
	}
	var due time.Time
	switch {
	case in.Status == incident.Snoozed:
		if !in.SnoozeUntil.After(now) {
			return incident.Retriggered{Why: "the snooze is over"}, time.Time{}
		}
		due = in.SnoozeUntil
	case in.Status == incident.Acknowledged && !in.AckUntil.IsZero():
		if !in.AckUntil.After(now) {
			f := incident.Retriggered{Why: "the acknowledgement timed out"}
			if in.Owner != "" {
				f.First = []org.PersonID{in.Owner}
			}
			return f, time.Time{}
		}
		due = in.AckUntil
	}
	if in.Call != nil && in.Change == nil {
		f, at := callNext(in, now)
		if f != nil {
			return f, time.Time{}
		}
		due = sooner(due, at)
	}
	for _, r := range in.Runs {
		c := climb{in: in, run: r, w: w, now: now, quiet: in.Status != incident.Triggered && !r.Aside}
		f, at := c.next()
		if f != nil {
			return f, time.Time{}
		}
		due = sooner(due, at)
	}
	return nil, due
}

// A climb is one run at one moment.
type climb struct {
	in     incident.Incident
	run    incident.Run
	w      World
	now    time.Time
	quiet  bool // somebody has it
	policy Policy
}

func (c climb) next() (incident.Fact, time.Time) {
	if c.run.Settled == "replaced" || c.run.Settled == "reassigned" || c.in.Status == incident.Snoozed && !c.run.Aside {
		return nil, time.Time{}
	}
	c.policy = c.pinned()
	if !c.run.Open() {
		if c.quiet {
			return nil, time.Time{}
		}
		return c.afterwards(), time.Time{}
	}
	if c.quiet && !c.goesOn() {
		return nil, time.Time{}
	}
	due := c.due()
	if !c.run.Forced && (c.quiet || c.run.Rested || !c.out()) {
		switch {
		case due.After(c.now):
			return nil, due
		case due.IsZero() && c.run.Waiting == "":
			return nil, time.Time{}
		}
	}
	base := due
	if due.IsZero() || due.After(c.now) || c.now.Sub(due) > Late {
		base = c.now // done early because everyone failed, or too late to pretend
	}
	if c.run.Level+1 >= len(c.policy.Levels) {
		return c.roundOver(base), time.Time{}
	}
	return c.level(c.run.Level+1, c.run.Round, base)
}

// pinned is the policy of the run: that of its version, or one level for its targets.
func (c climb) pinned() Policy {
	if c.run.Policy == "" {
		return Policy{Levels: []Level{{Targets: c.run.Targets}}}
	}
	p, _ := c.w.Policy(c.run.Policy, c.run.Version)
	return p
}

// due is when the run goes on: its timer, and in an offset policy the first level's offset.
func (c climb) due() time.Time {
	if c.run.Level == -1 && c.policy.Offset && len(c.policy.Levels) > 0 && !c.run.Due.IsZero() && c.run.Waiting == "" {
		return c.run.Due.Add(c.policy.Levels[0].At.D())
	}
	return c.run.Due
}

// out says whether nobody whom the level called can be reached.
func (c climb) out() bool {
	for _, call := range c.run.Calls {
		if call.Email != "" || !slices.Contains(c.run.Out, call.Person) {
			return false
		}
	}
	return len(c.run.Calls) > 0
}

// goesOn says whether a level is left that runs after an acknowledgement.
func (c climb) goesOn() bool {
	for i := c.run.Level + 1; i < len(c.policy.Levels); i++ {
		if c.policy.Levels[i].Unresolved {
			return true
		}
	}
	return false
}

// single says whether the run has no second level: low priority, or some targets.
func (c climb) single() bool { return c.run.Policy == "" || c.run.Priority == org.Low }

// roundOver: every level of the round was passed.
func (c climb) roundOver(base time.Time) incident.Fact {
	p, r := c.policy, c.run
	_, _, word := c.in.Climbing(r.ID)
	ends := p.Repeat.Then == "resolve" && c.in.Change == nil && !word // who has not decided has not agreed
	more := !c.single() && r.Round-r.Repeats < p.Repeat.Count
	switch {
	case !r.Someone && !(more && c.out()): // whoever was called and is out may be reached in the next round
		return incident.Settled{Run: r.ID, How: "nobody"}
	case !more && !ends && p.Offset:
		return incident.Settled{Run: r.ID, How: "climbed"}
	case !more && !ends:
		return incident.Settled{Run: r.ID, How: "exhausted"}
	case p.Repeat.Wait > 0 && !r.Rested && !r.Forced: // who asked for the next level does not wait
		return incident.Rested{Run: r.ID, Round: r.Round, Until: base.Add(p.Repeat.Wait.D())}
	case !more:
		return incident.Ended{Why: "the policy ends so: nobody answered"}
	}
	if len(p.Levels) == 0 {
		return incident.Settled{Run: r.ID, How: "nobody"}
	}
	c.run.Level = -1
	first := base
	if p.Offset {
		first = base.Add(p.Levels[0].At.D())
		if first.After(c.now) {
			return incident.Skipped{Run: r.ID, Epoch: r.Epoch, Round: r.Round + 1, Level: -1, Why: "the next round begins", Until: base}
		}
	}
	f, _ := c.level(0, r.Round+1, first)
	return f
}

// level passes one level: calls it, skips it, or waits for its condition.
func (c climb) level(i, round int, base time.Time) (incident.Fact, time.Time) {
	l := c.policy.Levels[i]
	start := c.run.Base // of the round
	switch {
	case i == 0 && c.policy.Offset:
		start = base.Add(-l.At.D())
	case i == 0:
		start = base
	case c.policy.Offset && base.Sub(start) > l.At.D():
		start = base.Add(-l.At.D()) // late: the levels above keep their distance
	}
	skip := incident.Skipped{Run: c.run.ID, Epoch: c.run.Epoch, Round: round, Level: i, Name: l.ID}
	if c.quiet && !l.Unresolved {
		skip.Why, skip.Until = "somebody has it", c.until(i, start, base)
		return skip, time.Time{}
	}
	if why, until, pass := c.when(l); !pass && !c.run.Forced {
		switch {
		case !until.IsZero():
			return incident.Waiting{Run: c.run.ID, Level: i, Why: why, Until: until}, time.Time{}
		case l.When.MinAlerts != nil && why == tooFew:
			if c.run.Waiting == why {
				return nil, time.Time{}
			}
			return incident.Waiting{Run: c.run.ID, Level: i, Why: why}, time.Time{}
		}
		skip.Why = why
		return skip, time.Time{}
	}
	switch {
	case l.RepeatAll != nil && !c.run.Someone:
		return incident.Settled{Run: c.run.ID, How: "nobody"}, time.Time{}
	case l.RepeatAll != nil && c.run.Repeats < l.RepeatAll.Max && !c.single():
		skip.Round, skip.Repeat, skip.Why = round+1, true, "starts over"
		return skip, time.Time{}
	case l.RepeatAll != nil:
		skip.Why = fmt.Sprintf("started over %d times", c.run.Repeats)
		return skip, time.Time{}
	case len(l.Targets) == 0:
		skip.Why, skip.Until = "only a wait", c.until(i, start, base)
		return skip, time.Time{}
	}
	calls, why := c.calls(i, l)
	if len(calls) == 0 {
		skip.Why, skip.Empty = why, true
		return skip, time.Time{}
	}
	return incident.Called{
		Run: c.run.ID, Epoch: c.run.Epoch, Round: round, Level: i, Name: l.ID,
		Calls: calls, Until: c.until(i, start, base), Base: start, Each: l.Each || c.run.Aside,
	}, time.Time{}
}

// until is when a level that was passed at base gives way to the next.
func (c climb) until(i int, start, base time.Time) time.Time {
	switch {
	case c.single():
		return time.Time{}
	case c.policy.Offset && i+1 < len(c.policy.Levels):
		if at := start.Add(c.policy.Levels[i+1].At.D()); at.After(base) {
			return at
		}
		return base
	}
	return base.Add(c.policy.Levels[i].Wait.D())
}

// afterwards is what follows a run that ended without an answer: the failure is reported
// with those who were tried, the fail-over target is called, and if nobody was reached
// the catch-all is asked.
func (c climb) afterwards() incident.Fact {
	r := c.run
	switch r.Settled {
	case "exhausted", "climbed", "nobody":
	default:
		return nil
	}
	if len(c.policy.Report) > 0 && !r.Reported {
		why := "nobody answered"
		if r.Settled == "nobody" {
			why = "nobody could be reached"
		}
		return incident.Reported{Run: r.ID, To: c.policy.Report, Why: why}
	}
	if len(c.policy.FailOver) > 0 && !r.FailedOver {
		calls, _ := c.behind(c.policy.FailOver, nil)
		return incident.Called{Run: r.ID, Epoch: r.Epoch, Round: r.Round, Level: len(c.policy.Levels), Calls: calls, FailOver: true}
	}
	reached := r.FailedOver && len(r.Calls) > 0 && !c.out()
	board := c.in.Change != nil && c.in.Change.Board != "" && c.in.Change.Board != r.Policy // is asked next
	if r.Settled != "nobody" || r.CatchAll || r.Aside || reached || board {
		return nil
	}
	if c.in.IsDrill() { // who is not part of it is left alone
		return nil
	}
	for _, other := range c.in.Runs {
		if other.CatchAll && other.Settled != "replaced" {
			return nil
		}
	}
	p, ok := c.w.CatchAll()
	if !ok {
		return nil
	}
	return incident.Asked{Run: nextRun(c.in), Why: "nobody could be reached", Policy: p.ID, Version: p.Version, Priority: r.Priority, CatchAll: true}
}

// handOver is what a change of shift means: whoever is on call now joins a climb that
// nobody answered; what somebody answered stays with them.
func handOver(in incident.Incident, h incident.Handed, w World) incident.Fact {
	via := org.Target{Kind: "schedule", ID: string(h.Schedule)}
	if in.Status != incident.Triggered {
		return incident.HandedOver{Schedule: h.Schedule, From: h.From, To: h.To}
	}
	called := false
	for _, r := range in.Runs {
		if !r.Open() || !slices.ContainsFunc(r.Calls, func(c incident.Call) bool { return c.Via == via }) {
			continue
		}
		called = true
		f := incident.Called{Run: r.ID, Epoch: r.Epoch, Round: r.Round, Level: r.Level, Extra: true}
		for _, p := range h.To {
			person, ok := w.Person(p)
			has := slices.ContainsFunc(r.Calls, func(c incident.Call) bool { return c.Person == p })
			own := in.Change != nil && in.Change.Wrote(p) || in.Wants(r.ID, p)
			if ok && person.Reachable() && !has && !own {
				f.Calls = append(f.Calls, incident.Call{Person: p, Via: via, Why: "took over the shift"})
			}
		}
		if len(f.Calls) > 0 {
			return f
		}
	}
	return incident.HandedOver{Schedule: h.Schedule, From: h.From, To: h.To, Called: called}
}

// nextRun is the number of a new run.
func nextRun(in incident.Incident) int {
	n := 0
	for _, r := range in.Runs {
		n = max(n, r.ID)
	}
	return n + 1
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

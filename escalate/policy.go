// Package escalate is step 2: notification and escalation.
//
// A Policy says who is called, and who is called next when nobody answers. A subject
// climbs it in runs: a run is asked for (a fact), calls level after level, and is
// settled (a fact). Next is the climb: it reads what the subject is now, asks the
// World who stands behind a target at this moment, and returns what happens by itself
// and when to look again. The verbs (verbs.go) are what people do about it. Both are
// pure: the time is an argument, and every decision is a fact with its reason.
//
// Plan spreads one call to a person over their own notification rules: pages in time,
// written down in the transaction of the call, before anything is sent. Tell says who
// hears what when somebody has it and when it is over. Preview runs the same Next over
// a policy at any moment, so that what it shows is what would happen.
//
// The rules, in short (R1-R15 of the semantics; each has its night):
//
//   - A level that yields nobody who can be reached is skipped at once, with a reason;
//     a round that reaches nobody calls the catch-all.
//   - A timer up to Late behind counts from its nominal time; later, the full wait
//     counts from the moment it was really done. Nobody is skipped, nobody gets a burst.
//   - An answer stops the climb but for levels that go on until resolved; it expires
//     after the policy's ack timeout. Giving back, expiry, the end of a snooze, a
//     release and a reopening start over one epoch later, so that people are paged again.
//   - Low priority calls the first level once. High climbs.
package escalate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/org"
)

// Late is how far behind a timer may be and still count from its nominal time.
const Late = 5 * time.Second

// A Policy is an escalation policy. A version of it never changes.
type Policy struct {
	ID      org.PolicyID `json:"id" yaml:"id"`
	Name    string       `json:"name" yaml:"name"`
	Team    org.TeamID   `json:"team,omitempty" yaml:"team,omitempty"` // whose managers may change it
	Version int          `json:"version,omitempty" yaml:"-"`
	Zone    string       `json:"zone,omitempty" yaml:"zone,omitempty"` // of the levels' windows; "" is UTC
	// Offset makes each level's At count from the start of the round; otherwise Wait
	// counts from one level to the next.
	Offset bool    `json:"offset,omitempty" yaml:"offset,omitempty"`
	Levels []Level `json:"levels" yaml:"levels"`
	Repeat Repeat  `json:"repeat,omitzero" yaml:"repeat,omitempty"`
	// Stops is what ends the climb: "acknowledged" (the default), "read" or "delivered".
	Stops string `json:"stops,omitempty" yaml:"stops,omitempty"`
	// AckTimeout is how long an answer holds; 0 is for ever.
	AckTimeout org.Duration `json:"ack_timeout,omitempty" yaml:"ack_timeout,omitempty"`
	// FailOver is called when the policy is exhausted; Report hears, at low cost, that
	// everyone failed and who was tried.
	FailOver []org.Target `json:"fail_over,omitempty" yaml:"fail_over,omitempty"`
	Report   []org.Target `json:"report,omitempty" yaml:"report,omitempty"`
	Retired  bool         `json:"retired,omitempty" yaml:"-"`
}

// Repeat is how often the levels are climbed again after the first round, and the wait
// before each. Then is what follows the last: "" (stop) or "resolve".
type Repeat struct {
	Count int          `json:"count,omitempty" yaml:"count,omitempty"`
	Wait  org.Duration `json:"wait,omitempty" yaml:"wait,omitempty"`
	Then  string       `json:"then,omitempty" yaml:"then,omitempty"`
}

// A Level is one rung. A level without targets is only a wait, or only a condition.
type Level struct {
	ID       string       `json:"id,omitempty" yaml:"id,omitempty"`
	Targets  []org.Target `json:"targets,omitempty" yaml:"targets,omitempty"`
	Wait     org.Duration `json:"wait,omitempty" yaml:"wait,omitempty"`         // for an answer, before the next level
	At       org.Duration `json:"at,omitempty" yaml:"at,omitempty"`             // with Policy.Offset
	Strategy string       `json:"strategy,omitempty" yaml:"strategy,omitempty"` // "" (all), "round_robin" or "random"
	Each     bool         `json:"each,omitempty" yaml:"each,omitempty"`         // everyone must acknowledge
	// Unresolved makes the level run after an acknowledgement too.
	Unresolved bool    `json:"unresolved,omitempty" yaml:"unresolved,omitempty"`
	When       When    `json:"when,omitzero" yaml:"when,omitempty"`
	RepeatAll  *Passes `json:"repeat_all,omitempty" yaml:"repeat_all,omitempty"` // start the levels over, instead of calling
}

// Passes bounds how often a repeating level starts the levels over.
type Passes struct {
	Max int `json:"max" yaml:"max"`
}

// When is the condition of a level; all that is set must hold.
type When struct {
	// Window is a part of the day in the policy's zone. Outside it the level waits
	// for it, or, with Skip, is passed over.
	Window *Window `json:"window,omitempty" yaml:"window,omitempty"`
	// MinAlerts holds the level until more than Count alerts were heard within Within.
	MinAlerts *MinAlerts `json:"min_alerts,omitempty" yaml:"min_alerts,omitempty"`
	// Severities passes the level over unless the incident has one of them.
	Severities []org.Severity `json:"severities,omitempty" yaml:"severities,omitempty"`
}

// A Window is [From, To) in time since local midnight, on the given days (all when
// empty). To before From goes past midnight; the days are those it begins on.
type Window struct {
	From org.Duration `json:"from" yaml:"from"`
	To   org.Duration `json:"to" yaml:"to"`
	Days []string     `json:"days,omitempty" yaml:"days,omitempty"` // "mon", "tue", ...
	Skip bool         `json:"skip,omitempty" yaml:"skip,omitempty"`
}

// MinAlerts is more than Count alerts within a time.
type MinAlerts struct {
	Count  int          `json:"count" yaml:"count"`
	Within org.Duration `json:"within" yaml:"within"`
}

// Validate names what is wrong with a policy, field by field.
func (p Policy) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.ID == "" {
		bad("id: a policy needs one")
	}
	if len(p.Levels) == 0 {
		bad("levels: a policy needs at least one")
	}
	if len(p.Levels) > 100 {
		bad("levels: at most 100, there are %d", len(p.Levels))
	}
	if _, err := org.Zone(p.Zone); err != nil {
		bad("zone: %v", err)
	}
	switch p.Stops {
	case "", "acknowledged", "read", "delivered":
	default:
		bad("stops: %q is none of acknowledged, read, delivered", p.Stops)
	}
	if p.Repeat.Count < 0 || p.Repeat.Count > 1000 {
		bad("repeat.count: want 0 to 1000, not %d", p.Repeat.Count)
	}
	if p.Repeat.Then != "" && p.Repeat.Then != "resolve" {
		bad("repeat.then: %q is not resolve", p.Repeat.Then)
	}
	if p.Repeat.Count > 20 && p.length() < time.Minute {
		bad("repeat.count: a round that is repeated more than 20 times must take a minute or more")
	}
	for i, l := range p.Levels {
		for _, err := range l.problems(p.Offset) {
			errs = append(errs, fmt.Errorf("levels[%d].%w", i, err))
		}
		if p.Offset && i > 0 && l.At < p.Levels[i-1].At {
			bad("levels[%d].at: %s is before the level above it", i, l.At)
		}
	}
	for _, t := range append(slices.Clone(p.FailOver), p.Report...) {
		if t == (org.Target{}) {
			bad("fail_over, report: a target names nobody")
		}
	}
	for _, t := range p.FailOver {
		if t.Kind == "policy" {
			bad("fail_over: a policy cannot fail over to a policy")
		}
	}
	for _, t := range p.Report {
		if t.Kind == "policy" {
			bad("report: a report goes to people, schedules, teams or addresses")
		}
	}
	return errors.Join(errs...)
}

func (l Level) problems(offset bool) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch l.Strategy {
	case "", "all", "round_robin", "random":
	default:
		bad("strategy: %q is none of all, round_robin, random", l.Strategy)
	}
	if l.Wait > org.Duration(30*24*time.Hour) || l.At > org.Duration(30*24*time.Hour) {
		bad("wait: at most 30 days")
	}
	if l.At != 0 && !offset {
		bad("at: counts only in a policy with offset: true; write wait on the level before")
	}
	for _, t := range l.Targets {
		if t == (org.Target{}) {
			bad("targets: one names nobody")
		}
		if t.Kind == "policy" {
			bad("targets: %s: a level calls people; give the service the other policy, or reassign to it", t)
		}
	}
	if r := l.RepeatAll; r != nil && (r.Max < 1 || r.Max > 100 || len(l.Targets) > 0) {
		bad("repeat_all: want max from 1 to 100, and no targets")
	}
	if m := l.When.MinAlerts; m != nil && (m.Count < 1 || m.Count > 99 || m.Within <= 0) {
		bad("when.min_alerts: want count from 1 to 99 and within")
	}
	if w := l.When.Window; w != nil {
		if day := org.Duration(24 * time.Hour); w.From >= day || w.To > day || w.From == w.To {
			bad("when.window: want from and to within a day, and not equal")
		}
		for _, d := range w.Days {
			if _, ok := weekdays[d]; !ok {
				bad("when.window.days: %q is none of mon, tue, wed, thu, fri, sat, sun", d)
			}
		}
	}
	for _, s := range l.When.Severities {
		if !s.Valid() {
			bad("when.severities: %q is none of SEV1 to SEV5", s)
		}
	}
	return errs
}

// length is how long one round takes when nobody answers.
func (p Policy) length() (d time.Duration) {
	for i, l := range p.Levels {
		if p.Offset {
			d = l.At.D() + l.Wait.D()
		} else {
			d += p.Levels[i].Wait.D()
		}
	}
	return d + p.Repeat.Wait.D()
}

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

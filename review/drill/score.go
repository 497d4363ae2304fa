package drill

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
	"tocsin/review/figures"
)

// Version counts the changes of what a score says.
const Version = 1

// Observed is what happened beside the log: alarms that went out, and who wrote in the room.
type Observed struct {
	Alarms []figures.Page
	Said   []Said
}

// Said is a message in the room.
type Said struct {
	At     time.Time
	Person org.PersonID
}

// A Score is how a drill went.
type Score struct {
	Measures []Measure
	Checks   []Check
	People   []Practised
	Met, Of  int           // of Checks
	Lasted   time.Duration // until now, while it goes on
	Ended    string        // resolved, stopped or time; "" while it goes on
}

// A Measure is a number of the reports, of this drill.
type Measure struct {
	figures.Definition
	Value int64
	Known bool // it has come to that
}

// measured are those of the reports' figures that say something of one drill.
var measured = []string{"page", "acknowledge", "tell", "contain", "fix", "recover", "watch", "resolve", "alarms", "late_updates", "late_tasks"}

// Level is the measure of how far the climb came; the reports have it as a share.
var Level = figures.Definition{
	Key: "level", Name: "Levels that were called", Unit: "levels", Kind: figures.Sum, Since: 1,
	Sentence: "The highest level of the policy that was called, from 1; 0 is that its people were called by name.",
}

// The states of a check.
const (
	Met     = "met"
	Late    = "late"    // done, and not in time
	Missed  = "missed"  // not done when it was over, or when its time was
	Pending = "pending" // there is time left
)

// A Check is one thing that was expected.
type Check struct {
	Key   string
	Of    string        // the role, the runbook, or who was to join
	Want  time.Duration // since the beginning; 0: at any time
	Was   time.Duration // since the beginning; figures.Never
	State string
}

// Expected says what each check is: the sentence stands beside it.
var Expected = map[string]struct{ Name, Sentence string }{
	"acknowledge": {"Acknowledged in time", "From the beginning of the drill until somebody acknowledged it for the first time."},
	"come":        {"Somebody joined", "Somebody who was called said in the room that they take part."},
	"speak":       {"Somebody wrote", "Somebody wrote a message in the room, or a note."},
	"role":        {"The role was taken", "Somebody had the role at some time."},
	"join":        {"They took part", "One of those who were expected acknowledged, joined, wrote, or had a role."},
	"runbook":     {"The runbook was followed", "It was begun, and no step of it was left open."},
	"update":      {"Told in time", "From the beginning of the drill until those concerned would have been told for the first time."},
	"resolve":     {"Resolved in time", "From the beginning of the drill until a person said that it is over."},
}

// Practised is what one person did.
type Practised struct {
	Person   org.PersonID
	Called   time.Duration // since the beginning; figures.Never
	Answered time.Duration // since their first alarm; figures.Never
	Joined   bool
	Wrote    int
	Roles    []string
	Updates  int
}

// ScoreOf reckons how a drill went, or goes, from its log and what was observed beside it.
func ScoreOf(id incident.ID, log incident.Log, o Observed, now time.Time) Score {
	in := incident.Fold(log)
	record := figures.Of(id, log, o.Alarms)
	record.Apart = false // by the measures of what is none
	house := &figures.House{Now: now}
	s := Score{Lasted: record.Age(now)}
	for _, key := range measured {
		d, _ := figures.Find(key)
		v, known := d.Counted(&record, house)
		if d.Kind == figures.Sum {
			known = true
		}
		s.Measures = append(s.Measures, Measure{d, v, known})
	}
	s.Measures = append(s.Measures, Measure{Level, int64(record.Level), true})
	if in.Drill != nil && !in.Status.Open() {
		switch in.Drill.Stopped {
		case StoppedByTime, StoppedByPerson:
			s.Ended = in.Drill.Stopped
		default:
			s.Ended = "resolved"
		}
	}
	w := watcher{log: log, o: o, begun: record.Opened}
	s.People = w.people(record)
	if in.Drill != nil {
		s.Checks = w.checks(in, now)
	}
	for _, c := range s.Checks {
		if s.Of++; c.State == Met {
			s.Met++
		}
	}
	return s
}

// How a drill ended, as incident.Drill.Stopped has it.
const (
	StoppedByPerson = incident.StoppedByPerson
	StoppedByTime   = incident.StoppedByTime
)

// A watcher reads what happened in a drill.
type watcher struct {
	log   incident.Log
	o     Observed
	begun time.Time
}

// first is when something happened first, since the beginning.
func (w watcher) first(is func(incident.Entry) bool) time.Duration {
	for _, e := range w.log {
		if is(e) {
			return max(e.At.Sub(w.begun), 0)
		}
	}
	return figures.Never
}

// wrote is when one of some people wrote first; nobody: anybody.
func (w watcher) wrote(of []org.PersonID) time.Duration {
	at := w.first(func(e incident.Entry) bool {
		_, note := e.Fact.(incident.Noted)
		return note && e.By.Person() != "" && (len(of) == 0 || slices.Contains(of, e.By.Person()))
	})
	for _, m := range w.o.Said {
		if len(of) == 0 || slices.Contains(of, m.Person) {
			at = earlier(at, max(m.At.Sub(w.begun), 0))
		}
	}
	return at
}

// earlier is the earlier of two, of which Never is never.
func earlier(a, b time.Duration) time.Duration {
	if a == figures.Never || b != figures.Never && b < a {
		return b
	}
	return a
}

// took is when one of some people took part first.
func (w watcher) took(of []org.PersonID) time.Duration {
	return earlier(w.wrote(of), w.first(func(e incident.Entry) bool {
		if f, ok := e.Fact.(incident.RoleGiven); ok && slices.Contains(of, f.To) {
			return true
		}
		switch e.Fact.(type) {
		case incident.AcknowledgedBy, incident.Came, incident.Updated:
			return slices.Contains(of, e.By.Person())
		}
		return false
	}))
}

// checks are what was expected, each with how it came.
func (w watcher) checks(in incident.Incident, now time.Time) (all []Check) {
	x := in.Drill.Expect
	over := !in.Status.Open()
	add := func(key, of string, want time.Duration, was time.Duration) {
		c := Check{Key: key, Of: of, Want: want, Was: was, State: Met}
		switch {
		case was != figures.Never && (want == 0 || was <= want):
		case was != figures.Never:
			c.State = Late
		case over || want > 0 && now.Sub(w.begun) > want:
			c.State = Missed
		default:
			c.State = Pending
		}
		all = append(all, c)
	}
	if x.Acknowledge > 0 {
		add("acknowledge", "", x.Acknowledge.D(), w.first(func(e incident.Entry) bool {
			f, ok := e.Fact.(incident.AcknowledgedBy)
			return ok && !f.Late
		}))
	}
	if x.Come {
		add("come", "", 0, w.first(func(e incident.Entry) bool { _, ok := e.Fact.(incident.Came); return ok }))
	}
	if x.Speak {
		add("speak", "", 0, w.wrote(nil))
	}
	for _, role := range x.Roles {
		add("role", role, 0, w.first(func(e incident.Entry) bool {
			f, ok := e.Fact.(incident.RoleGiven)
			return ok && f.Role == role && f.To != ""
		}))
	}
	for _, g := range in.Drill.Join {
		add("join", g.Target.String(), 0, w.took(g.People))
	}
	if x.Runbook != "" {
		add("runbook", x.Runbook, 0, w.runbook(in, x.Runbook))
	}
	if x.Update > 0 {
		add("update", "", x.Update.D(), w.first(func(e incident.Entry) bool { _, ok := e.Fact.(incident.Updated); return ok }))
	}
	if x.Resolve > 0 {
		add("resolve", "", x.Resolve.D(), w.first(func(e incident.Entry) bool {
			_, ok := e.Fact.(incident.Ended)
			return ok && in.Drill.Stopped == "" && e.By != incident.Engine
		}))
	}
	return all
}

// runbook is when a runbook was followed to its end.
func (w watcher) runbook(in incident.Incident, id string) time.Duration {
	at := figures.Never
	if in.Room == nil {
		return at
	}
	for _, r := range in.Room.Runbooks {
		if id != AnyRunbook && r.Runbook != id || slices.ContainsFunc(r.Steps, func(s incident.RunbookStep) bool { return !s.State.Ended() }) {
			continue
		}
		last := r.At
		for _, s := range r.Steps {
			if s.At.After(last) {
				last = s.At
			}
		}
		at = earlier(at, max(last.Sub(w.begun), 0))
	}
	return at
}

// AnyRunbook stands for whichever runbook is followed.
const AnyRunbook = "any"

// people are those who were called, and whoever else took part.
func (w watcher) people(record figures.Incident) []Practised {
	var all []Practised
	of := func(p org.PersonID) *Practised {
		i := slices.IndexFunc(all, func(x Practised) bool { return x.Person == p })
		if i < 0 {
			i = len(all)
			all = append(all, Practised{Person: p, Called: figures.Never, Answered: figures.Never})
		}
		return &all[i]
	}
	for _, c := range record.Calls {
		p := of(c.Person)
		p.Called, p.Answered = earlier(p.Called, c.At), earlier(p.Answered, c.Answer)
	}
	for _, e := range w.log {
		by := e.By.Person()
		switch f := e.Fact.(type) {
		case incident.RoleGiven:
			if f.To != "" {
				if p := of(f.To); !slices.Contains(p.Roles, f.Role) {
					p.Roles = append(p.Roles, f.Role)
				}
			}
		case incident.Came:
			if by != "" {
				of(by).Joined = true
			}
		case incident.Noted:
			if by != "" {
				of(by).Wrote++
			}
		case incident.Updated:
			if by != "" {
				of(by).Updates++
			}
		}
	}
	for _, m := range w.o.Said {
		if m.Person != "" {
			of(m.Person).Wrote++
		}
	}
	return all
}

// Package incident is the courtyard of the house. What people answer for is a log of
// facts; every step reads the log and adds to it, and no step knows another.
//
// A log belongs to a subject: an incident, a change, a call, a notice or a drill. It is append-only; a
// fact is past tense and never changes, a correction is a new fact. What a subject is
// now is a fold over its log (fold.go), so that the timeline people read, the
// retrospective and the figures come from the same lines the engine ran on. The store
// keeps the folded state beside the log, with the number of its last line and the
// version of the fold; a test and the hourly audit compare it with a fold from line
// one.
//
// All facts live here, one file per step (facts_alert.go, facts_escalate.go, ...),
// because every step must understand what the others state; the decisions that lead
// to them live in the steps. A fact's kind is "<step>.<verb>". Kinds only ever gain
// fields. A kind that this version does not know survives as Unknown, text and all.
//
// Statuses move like this (the golden test in fold_test.go draws the same table):
//
//	              acknowledged   snoozed   retriggered   resolved   reopened   closed
//	triggered     acknowledged   snoozed   triggered     resolved   -          -
//	acknowledged  acknowledged   snoozed   triggered     resolved   -          -
//	snoozed       acknowledged   snoozed   triggered     resolved   -          -
//	resolved      -              -         -             -          triggered  closed
//	closed        -              -         -             -          triggered  -
//
// Held (a silence, a maintenance window, a fold under a cause) is a field of its own:
// it stops the timers of a subject without changing its status.
package incident

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// An ID names a subject. It sorts by the time the subject was opened.
type ID string

// A Status is where a subject stands in its life.
type Status string

const (
	Triggered    Status = "triggered"    // nobody has answered yet
	Acknowledged Status = "acknowledged" // somebody has
	Snoozed      Status = "snoozed"      // quiet until a moment somebody chose
	Resolved     Status = "resolved"     // the trouble is over
	Closed       Status = "closed"       // the lesson is written down
)

// Open says whether people still have to care.
func (s Status) Open() bool { return s == Triggered || s == Acknowledged || s == Snoozed }

// An Actor is who did it: a person ("person:jane"), a source ("source:prom-eu"), an API
// key ("key:01k..") or the engine itself.
type Actor string

// Engine is the actor of everything that happens by itself.
const Engine Actor = "engine"

// ByPerson is the actor that a person is.
func ByPerson(p org.PersonID) Actor { return Actor("person:" + string(p)) }

// BySource is the actor that an integration is.
func BySource(i org.IntegrationID) Actor { return Actor("source:" + string(i)) }

// Source says whether the actor is an integration.
func (a Actor) Source() bool { return strings.HasPrefix(string(a), "source:") }

// ByKey is the actor that an API key is, by its id.
func ByKey(id string) Actor { return Actor("key:" + id) }

// Person is the person behind the actor, or "" when it is none.
func (a Actor) Person() org.PersonID {
	p, ok := strings.CutPrefix(string(a), "person:")
	if !ok {
		return ""
	}
	return org.PersonID(p)
}

// Name is the actor without its sort: "jane", "prom-eu", "engine".
func (a Actor) Name() string {
	_, name, ok := strings.Cut(string(a), ":")
	if !ok {
		return string(a)
	}
	return name
}

// Apart says what a subject is that is no incident, and so has no stages, updates and
// tasks; "" is an incident.
func (in Incident) Apart() string {
	switch {
	case in.Sort == KindChange:
		return "it is a change"
	case in.Sort == KindNotice:
		return "it is a notice on a status page"
	case in.Sort == KindDrill: // whose people do all that they would in one
		return ""
	case in.Sort != "" || in.Call != nil:
		return "it was sent by hand"
	}
	return ""
}

// A Fact is something that happened to a subject.
type Fact interface {
	Kind() string   // "<step>.<verb>"
	String() string // one line for the timeline, without who and when
}

// An Entry is one line of a log. At never goes back within a log.
type Entry struct {
	Seq  int
	At   time.Time
	By   Actor
	Fact Fact
}

// A Log is everything that happened to one subject, oldest first.
type Log []Entry

// A Refusal is a decision's "no", in words for the person who asked.
type Refusal struct{ Text string }

func (r Refusal) Error() string { return r.Text }

// Refuse makes a refusal.
func Refuse(format string, args ...any) error { return Refusal{fmt.Sprintf(format, args...)} }

// MaxFacts is how many lines a log may have; what would go beyond is refused. A fact
// is a line someone would read in the retrospective, so a log nears this only when
// something writes to it that should have been a row.
const MaxFacts = 5000

// Crowded is how many lines a log may have before what happens by itself stops writing
// to it: the rest is for people, who must always be able to answer and to end it.
const Crowded = MaxFacts - 1000

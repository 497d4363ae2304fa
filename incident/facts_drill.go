package incident

import (
	"fmt"
	"slices"
	"time"

	"tocsin/org"
)

// KindDrill is the kind of subject that a drill is: an incident that somebody made up, so
// that people practise on it. It is one in everything that people do with it; whoever looks
// for incidents does not find it, because they look for subjects of the kind "".
const KindDrill = "drill"

// DrillMark stands before the title of each drill, so that whoever shows a title and knows
// of no drills says it.
const DrillMark = "DRILL: "

// IsDrill says whether nothing is wrong and people practise. It is so from the first line
// of the log on.
func (in Incident) IsDrill() bool { return in.Sort == KindDrill }

// LeavesAlone says whether a drill is not to call somebody who sleeps, rests or is away: it
// is not as real, and they did not start it themselves.
func (in Incident) LeavesAlone(p org.PersonID) bool {
	return in.IsDrill() && (in.Drill == nil || !in.Drill.AsReal && in.Drill.By != ByPerson(p))
}

// The guides of a drill: it is somebody's first, or of those who report.
const (
	GuideFirst  = "first"
	GuideReport = "report"
)

// An Expectation is what people are to do in a drill. Times count from its beginning; what
// is zero is not asked for.
type Expectation struct {
	Acknowledge org.Duration `json:"acknowledge,omitempty" yaml:"acknowledge,omitempty"`
	Update      org.Duration `json:"update,omitempty" yaml:"update,omitempty"` // the first to those concerned
	Resolve     org.Duration `json:"resolve,omitempty" yaml:"resolve,omitempty"`
	// Speak wants somebody to write in the room, Come to say that they take part.
	Speak bool `json:"speak,omitempty" yaml:"speak,omitempty"`
	Come  bool `json:"come,omitempty" yaml:"come,omitempty"`
	// Roles are to be taken, and of each of Join somebody is to take part.
	Roles []string     `json:"roles,omitempty" yaml:"roles,omitempty"`
	Join  []org.Target `json:"join,omitempty" yaml:"join,omitempty"`
	// Runbook is to be followed to its end; "any" is whichever.
	Runbook string `json:"runbook,omitempty" yaml:"runbook,omitempty"`
}

// An Inject is something that the script of a drill does after a while, as exercises call
// it: another alert, an alert that clears, a message of somebody, or that it gets worse.
type Inject struct {
	After    org.Duration `json:"after" yaml:"after"`
	Do       string       `json:"do" yaml:"do"` // alert, clear, message, worse
	Title    string       `json:"title,omitempty" yaml:"title,omitempty"`
	From     string       `json:"from,omitempty" yaml:"from,omitempty"` // whose message it is
	Text     string       `json:"text,omitempty" yaml:"text,omitempty"`
	Severity org.Severity `json:"severity,omitempty" yaml:"severity,omitempty"`
}

// What an inject does.
const (
	InjectAlert   = "alert"
	InjectClear   = "clear"
	InjectMessage = "message"
	InjectWorse   = "worse"
)

// Injects are all that one may do.
var Injects = []string{InjectAlert, InjectClear, InjectMessage, InjectWorse}

// A DrillGroup is one that is expected, with those who stood behind it when the drill began.
type DrillGroup struct {
	Target org.Target     `json:"target"`
	People []org.PersonID `json:"people,omitempty"`
}

// Step 5: drills. What people do in one are the facts of the other steps.
type (
	// Drilled says what is practised: after which scenario or past incident, who is called,
	// what is expected, and when it ends by itself.
	Drilled struct {
		Scenario string         `json:"scenario,omitempty"`
		Past     ID             `json:"past,omitempty"`
		Name     string         `json:"name"`
		Guide    string         `json:"guide,omitempty"`
		Text     string         `json:"text,omitempty"`   // what the first alert says
		People   []org.PersonID `json:"people,omitempty"` // who is called; nobody: whoever the policy calls
		AsReal   bool           `json:"as_real,omitempty"`
		Expect   Expectation    `json:"expect"`
		Join     []DrillGroup   `json:"join,omitempty"`
		Script   []Inject       `json:"script,omitempty"`
		Until    time.Time      `json:"until"`
	}
	// Injected is what the script did. Inject counts from 1.
	Injected struct {
		Inject   int          `json:"inject"`
		Do       string       `json:"do"`
		Title    string       `json:"title,omitempty"`
		From     string       `json:"from,omitempty"`
		Text     string       `json:"text,omitempty"`
		Severity org.Severity `json:"severity,omitempty"`
	}
	// DrillStopped says that it ends before its people were done: somebody stopped it, or
	// its time was over.
	DrillStopped struct {
		Why  string `json:"why,omitempty"`
		Late bool   `json:"late,omitempty"` // its time was over
	}
)

func (Drilled) Kind() string      { return "review.drilled" }
func (Injected) Kind() string     { return "review.injected" }
func (DrillStopped) Kind() string { return "review.drill_stopped" }

func (f Drilled) String() string {
	s := "a drill: " + f.Name
	if f.AsReal {
		s += ", as if it were real"
	}
	return s + ", until " + f.Until.UTC().Format("15:04 UTC") + " at most"
}

func (f Injected) String() string {
	switch f.Do {
	case InjectAlert:
		return "the script: another alert: " + f.Title
	case InjectClear:
		return "the script: cleared: " + f.Title
	case InjectWorse:
		return because(fmt.Sprintf("the script: it is worse, %s", f.Severity), f.Text)
	}
	from := f.From
	if from == "" {
		from = "somebody"
	}
	return fmt.Sprintf("the script: %s says: %s", from, f.Text)
}

func (f DrillStopped) String() string {
	if f.Late {
		return "the time of the drill is over"
	}
	return because("the drill was stopped", f.Why)
}

// A Drill is how far one has come.
type Drill struct {
	Scenario string         `json:"scenario,omitempty"`
	Past     ID             `json:"past,omitempty"`
	Name     string         `json:"name"`
	Guide    string         `json:"guide,omitempty"`
	Text     string         `json:"text,omitempty"`
	By       Actor          `json:"by"`
	People   []org.PersonID `json:"people,omitempty"`
	AsReal   bool           `json:"as_real,omitempty"`
	Expect   Expectation    `json:"expect"`
	Join     []DrillGroup   `json:"join,omitempty"`
	Script   []Inject       `json:"script,omitempty"`
	Until    time.Time      `json:"until"`
	Played   int            `json:"played,omitempty"`  // injects of the script
	Said     []string       `json:"said,omitempty"`    // what alerts of the script said, the newest last
	Stopped  string         `json:"stopped,omitempty"` // by whom: "person" or "time"
}

// How a drill was stopped.
const (
	StoppedByPerson = "person"
	StoppedByTime   = "time"
)

// saidKept is how many of the script's alerts a page repeats.
const saidKept = 3

// drilled is After for the facts of a drill.
func (in Incident) drilled(e Entry) Incident {
	if f, ok := e.Fact.(Drilled); ok {
		in.Drill = &Drill{
			Scenario: f.Scenario, Past: f.Past, Name: f.Name, Guide: f.Guide, Text: f.Text, By: e.By, People: f.People, AsReal: f.AsReal,
			Expect: f.Expect, Join: f.Join, Script: f.Script, Until: f.Until,
		}
		return in
	}
	if in.Drill == nil {
		return in
	}
	d := *in.Drill
	switch f := e.Fact.(type) {
	case Injected:
		d.Played = max(d.Played, f.Inject)
		switch f.Do {
		case InjectAlert:
			in.Alerts++
			in = in.heard(e.At)
			if d.Said = append(slices.Clip(d.Said), f.Title); len(d.Said) > saidKept {
				d.Said = d.Said[1:]
			}
		case InjectWorse:
			in.Severity = f.Severity
		}
	case DrillStopped:
		if d.Stopped = StoppedByPerson; f.Late {
			d.Stopped = StoppedByTime
		}
	}
	in.Drill = &d
	return in
}

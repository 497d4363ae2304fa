package incident

import (
	"fmt"
	"time"
)

// A Stage is how far the recovery of an incident has come. It is a field beside the
// status: while it is set, somebody works on it.
type Stage string

const (
	Contain Stage = "contain" // it is kept from getting worse
	Fix     Stage = "fix"     // its cause is put right
	Recover Stage = "recover" // what it broke is brought back
	Watch   Stage = "watch"   // it is well, and is looked at for a while
)

// Stages are all, in their order.
var Stages = []Stage{Contain, Fix, Recover, Watch}

// Step 4: resolution and recovery.
type (
	// Ended says the trouble is over, why we think so, and what it was.
	Ended struct {
		Why      string `json:"why"`
		Cause    string `json:"cause,omitempty"`
		Category string `json:"category,omitempty"` // of the cause
	}
	// Explained says what it was, while it goes on or afterwards.
	Explained struct {
		Cause    string `json:"cause,omitempty"`
		Category string `json:"category,omitempty"`
	}
	// Staged says how far the recovery is. Until is when a watch is over.
	Staged struct {
		Stage Stage     `json:"stage"`
		Until time.Time `json:"until,omitzero"`
		Why   string    `json:"why,omitempty"`
	}
	// Confirmed is somebody's word that a stage has done what it should.
	Confirmed struct {
		Stage Stage  `json:"stage"`
		Text  string `json:"text,omitempty"`
	}
	// Recurred says that it came back while it was watched.
	Recurred struct {
		Why string `json:"why"`
	}
)

func (Ended) Kind() string     { return "resolve.resolved" }
func (Explained) Kind() string { return "resolve.explained" }
func (Staged) Kind() string    { return "resolve.staged" }
func (Confirmed) Kind() string { return "resolve.confirmed" }
func (Recurred) Kind() string  { return "resolve.recurred" }

func (f Ended) String() string {
	s := because("resolved", f.Why)
	if f.Cause != "" || f.Category != "" {
		s += "; " + Explained{f.Cause, f.Category}.String()
	}
	return s
}

func (f Explained) String() string {
	s := because("cause", f.Cause)
	if f.Category != "" {
		s += " (" + f.Category + ")"
	}
	return s
}

func (f Staged) String() string {
	s := "stage: " + string(f.Stage)
	if !f.Until.IsZero() {
		s += " until " + f.Until.UTC().Format("2006-01-02 15:04 UTC")
	}
	return because(s, f.Why)
}

func (f Confirmed) String() string { return because(fmt.Sprintf("%s confirmed", f.Stage), f.Text) }
func (f Recurred) String() string  { return because("came back while it was watched", f.Why) }

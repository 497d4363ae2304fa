package incident

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// A change is a subject of its own kind: somebody wants to change something, others
// approve or deny it, and it is made. Its facts are the fourth step's. While it waits to
// be decided it is triggered, and a run climbs as for an incident; then it is over, as far
// as pages go, and its own state says how far it has come.

// KindChange is the kind of subject that a change is.
const KindChange = "change"

// A ChangeState is how far a change has come.
type ChangeState string

const (
	ChangeWaits    ChangeState = "requested" // nobody has decided yet
	ChangeMay      ChangeState = "approved"
	ChangeMayNot   ChangeState = "denied"
	ChangeBegun    ChangeState = "started"
	ChangeIsDone   ChangeState = "done"
	ChangeIsNoMore ChangeState = "cancelled"
)

// ChangeStates are all, in the order of a life.
var ChangeStates = []ChangeState{ChangeWaits, ChangeMay, ChangeMayNot, ChangeBegun, ChangeIsDone, ChangeIsNoMore}

// An Outcome is how a change went.
type Outcome string

const (
	ChangeWorked    Outcome = "worked"
	ChangeBackedOut Outcome = "backed_out"
	ChangeFailed    Outcome = "failed"
)

// Outcomes are all, the best first.
var Outcomes = []Outcome{ChangeWorked, ChangeBackedOut, ChangeFailed}

// How a change was approved.
const (
	ByPeople   = "person"
	ByGrant    = "grant"    // whoever asked may do so without asking
	ByOverride = "override" // in an emergency, before the rules
)

// Step 4: changes.
type (
	// ChangeRequested says what is to be changed, by whom, when, and what if it fails.
	ChangeRequested struct {
		Class    org.ChangeClass `json:"class"`
		Risk     string          `json:"risk,omitempty"` // low, medium or high
		Plan     string          `json:"plan,omitempty"`
		BackOut  string          `json:"back_out,omitempty"`
		Services []org.ServiceID `json:"services"`
		Starts   time.Time       `json:"starts"`
		Ends     time.Time       `json:"ends"`
		// Person is who asks, and Owner who makes it.
		Person org.PersonID `json:"person"`
		Owner  org.PersonID `json:"owner,omitempty"`
		// Approvers are those whom the request names; Board is climbed besides, after Wait or
		// when nobody is named. Needs is how many must approve.
		Approvers []org.Target `json:"approvers,omitempty"`
		Board     org.PolicyID `json:"board,omitempty"`
		Wait      org.Duration `json:"wait,omitempty"`
		Needs     int          `json:"needs,omitempty"`
		// Incident is the one in which it is made, and Override the override there.
		Incident ID  `json:"incident,omitempty"`
		Override int `json:"override,omitempty"`
	}
	// ChangeAmended says how a change is wanted from here on, by whoever asked for it or makes
	// it. What others said of it before does not hold; Voided is how many had approved it.
	ChangeAmended struct {
		Title     string          `json:"title"`
		Team      org.TeamID      `json:"team,omitempty"` // of its first service
		Class     org.ChangeClass `json:"class"`
		Risk      string          `json:"risk,omitempty"`
		Plan      string          `json:"plan,omitempty"`
		BackOut   string          `json:"back_out,omitempty"`
		Services  []org.ServiceID `json:"services"`
		Starts    time.Time       `json:"starts"`
		Ends      time.Time       `json:"ends"`
		Owner     org.PersonID    `json:"owner,omitempty"`
		Approvers []org.Target    `json:"approvers,omitempty"`
		Changed   []string        `json:"changed"` // the names of what is otherwise
		Voided    int             `json:"voided,omitempty"`
	}
	// ChangeApproved says that it may be made: a person's word, of which several may be
	// needed, or a rule's.
	ChangeApproved struct {
		How string `json:"how"`
		Why string `json:"why,omitempty"`
		Via string `json:"via,omitempty"`
	}
	// ChangeDenied says that it may not; one is enough.
	ChangeDenied struct {
		Why string `json:"why,omitempty"`
		Via string `json:"via,omitempty"`
	}
	// ChangeStarted says that it is being made from here on.
	ChangeStarted struct{}
	// ChangeEnded says how it went.
	ChangeEnded struct {
		Outcome Outcome `json:"outcome"`
		Text    string  `json:"text,omitempty"`
	}
	// ChangeCancelled says that it will not be made.
	ChangeCancelled struct {
		Why string `json:"why,omitempty"`
	}
	// ChangeOverran says that it was to be done by now.
	ChangeOverran struct{}
)

// What an incident knows of changes.
type (
	// Overridden says that somebody goes before approval and freezes until a moment, for
	// some services. Override counts them from 1; Call is the page to the board.
	Overridden struct {
		Override int             `json:"override"`
		Reason   string          `json:"reason"`
		Until    time.Time       `json:"until"`
		Services []org.ServiceID `json:"services,omitempty"`
		Call     ID              `json:"call,omitempty"`
	}
	// OverrideEnded says that it is not used any longer.
	OverrideEnded struct {
		Override int    `json:"override"`
		Why      string `json:"why,omitempty"`
	}
	// OverrideReviewed is another's word on it.
	OverrideReviewed struct {
		Override int    `json:"override"`
		Right    bool   `json:"right"`
		Text     string `json:"text"`
	}
	// OverrideOwed says that nobody has reviewed an override yet, for the Nth time, and to
	// whom.
	OverrideOwed struct {
		Override int            `json:"override"`
		Nth      int            `json:"nth"`
		To       []org.PersonID `json:"to,omitempty"`
	}
	// ChangeNoted says how far a change has come that is made in the incident.
	ChangeNoted struct {
		Change ID     `json:"change"`
		Title  string `json:"title"`
		What   string `json:"what"`
	}
)

func (ChangeRequested) Kind() string  { return "resolve.change_requested" }
func (ChangeAmended) Kind() string    { return "resolve.change_amended" }
func (ChangeApproved) Kind() string   { return "resolve.change_approved" }
func (ChangeDenied) Kind() string     { return "resolve.change_denied" }
func (ChangeStarted) Kind() string    { return "resolve.change_started" }
func (ChangeEnded) Kind() string      { return "resolve.change_ended" }
func (ChangeCancelled) Kind() string  { return "resolve.change_cancelled" }
func (ChangeOverran) Kind() string    { return "resolve.change_overran" }
func (Overridden) Kind() string       { return "resolve.overridden" }
func (OverrideEnded) Kind() string    { return "resolve.override_ended" }
func (OverrideReviewed) Kind() string { return "resolve.override_reviewed" }
func (OverrideOwed) Kind() string     { return "resolve.override_owed" }
func (ChangeNoted) Kind() string      { return "resolve.change_noted" }

func (f ChangeRequested) String() string {
	names := make([]string, len(f.Services))
	for i, s := range f.Services {
		names[i] = string(s)
	}
	return fmt.Sprintf("asked for a %s change of %s from %s to %s", f.Class, strings.Join(names, ", "), minute(f.Starts), minute(f.Ends))
}

func (f ChangeAmended) String() string {
	s := "changed the request: " + strings.ReplaceAll(strings.Join(f.Changed, ", "), "_", " ")
	switch {
	case f.Voided == 1:
		s += "; one approval does not hold any longer"
	case f.Voided > 1:
		s += fmt.Sprintf("; %d approvals do not hold any longer", f.Voided)
	}
	return s
}

func (f ChangeApproved) String() string {
	switch f.How {
	case ByGrant:
		return because("approved without asking", f.Why)
	case ByOverride:
		return because("goes before approval", f.Why)
	}
	return because("approved"+by(f.Via), f.Why)
}

func (f ChangeDenied) String() string    { return because("denied"+by(f.Via), f.Why) }
func (f ChangeStarted) String() string   { return "began to make it" }
func (f ChangeEnded) String() string     { return because(f.Outcome.Words(), f.Text) }
func (f ChangeCancelled) String() string { return because("cancelled", f.Why) }
func (f ChangeOverran) String() string   { return "it was to be done by now" }

func (f Overridden) String() string {
	return because(fmt.Sprintf("emergency override %d until %s", f.Override, minute(f.Until)), f.Reason)
}

func (f OverrideEnded) String() string {
	return because(fmt.Sprintf("emergency override %d ended", f.Override), f.Why)
}

func (f OverrideReviewed) String() string {
	s := "it was right"
	if !f.Right {
		s = "it was not right"
	}
	return because(fmt.Sprintf("emergency override %d reviewed, %s", f.Override, s), f.Text)
}

func (f OverrideOwed) String() string {
	s := fmt.Sprintf("emergency override %d is not reviewed yet", f.Override)
	if len(f.To) > 0 {
		s += "; told " + joinIDs(f.To)
	}
	return s
}

func (f ChangeNoted) String() string {
	return fmt.Sprintf("change %s: %s", strings.ReplaceAll(f.What, "_", " "), f.Title)
}

// Words is the outcome as people say it.
func (o Outcome) Words() string {
	switch o {
	case ChangeBackedOut:
		return "backed out"
	case ChangeWorked, ChangeFailed:
		return string(o)
	}
	return "done"
}

func by(via string) string {
	if via == "" {
		return ""
	}
	return " by " + via
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

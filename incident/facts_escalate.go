package incident

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// Step 2: notification and escalation. A run is one climb of a policy, or one call of
// some targets; it is asked for, and settled. A page's key is made of the numbers that
// stand here: run, epoch, round, level.
type (
	// Asked starts a run: of a policy, pinned at a version, or of a few targets.
	Asked struct {
		Run      int          `json:"run"`
		Why      string       `json:"why"`
		Policy   org.PolicyID `json:"policy,omitempty"`
		Version  int          `json:"version,omitempty"`
		Targets  []org.Target `json:"targets,omitempty"`
		Priority org.Priority `json:"priority"`
		// Aside marks a run beside the main one (added responders): it calls its
		// people whatever the status, and one answer does not silence the others.
		Aside bool `json:"aside,omitempty"`
		// CatchAll marks the run that stands in when another reached nobody.
		CatchAll bool `json:"catch_all,omitempty"`
	}
	// Called says a level was reached, who was found there and why, and until when it waits.
	Called struct {
		Run   int       `json:"run"`
		Epoch int       `json:"epoch"`
		Round int       `json:"round"`
		Level int       `json:"level"`
		Name  string    `json:"name,omitempty"` // the level's id in its policy
		Calls []Call    `json:"calls"`
		Until time.Time `json:"until,omitzero"`
		Base  time.Time `json:"base,omitzero"` // start of the round, after lateness
		Each  bool      `json:"each,omitempty"`
		// Extra is a call added to a level already reached (a hand-over); FailOver is
		// the call of the fail-over target after everyone else.
		Extra    bool `json:"extra,omitempty"`
		FailOver bool `json:"fail_over,omitempty"`
	}
	// Skipped says a level was passed over at once, and why. Empty means that its
	// targets yielded nobody.
	Skipped struct {
		Run   int    `json:"run"`
		Epoch int    `json:"epoch"`
		Round int    `json:"round"`
		Level int    `json:"level"`
		Name  string `json:"name,omitempty"`
		Why   string `json:"why"`
		Empty bool   `json:"empty,omitempty"`
		// Until is set when the level is only a wait, and Repeat when it starts the
		// levels over.
		Until  time.Time `json:"until,omitzero"`
		Repeat bool      `json:"repeat,omitempty"`
	}
	// Waiting says a level's condition does not hold yet. A zero Until means: until
	// something happens.
	Waiting struct {
		Run   int       `json:"run"`
		Level int       `json:"level"`
		Why   string    `json:"why"`
		Until time.Time `json:"until,omitzero"`
	}
	// Rested says a round is over and the next one begins at Until.
	Rested struct {
		Run   int       `json:"run"`
		Round int       `json:"round"`
		Until time.Time `json:"until"`
	}
	// Settled ends a run. How is "exhausted" (nobody answered), "climbed" (an offset
	// policy has no wait after its last level), "nobody" (no level reached anyone),
	// "called" (some targets were called, there is no next), "delivered" or "read"
	// (the policy asked for no more), "decided" (what it called for was decided),
	// "reassigned" or "replaced".
	Settled struct {
		Run int    `json:"run"`
		How string `json:"how"`
	}
	// Unreached says that no method of a person works right now. The page may still
	// be tried; nobody waits for it any longer.
	Unreached struct {
		Run    int          `json:"run"`
		Epoch  int          `json:"epoch"`
		Round  int          `json:"round"`
		Level  int          `json:"level"`
		Person org.PersonID `json:"person"`
		Why    string       `json:"why"`
	}
	// Reached says that a page was delivered or read, where the policy asks for no more.
	Reached struct {
		Run    int          `json:"run"`
		Person org.PersonID `json:"person"`
		How    string       `json:"how"`
	}
	// Reported says that the failure report was sent: whom it went to.
	Reported struct {
		Run int          `json:"run"`
		To  []org.Target `json:"to"`
		Why string       `json:"why"`
	}
	// HandedOver says what a change of shift meant for the subject.
	HandedOver struct {
		Schedule org.ScheduleID `json:"schedule"`
		From     []org.PersonID `json:"from,omitempty"`
		To       []org.PersonID `json:"to,omitempty"`
		Called   bool           `json:"called,omitempty"` // false: it stays with who acknowledged
	}
	// Retriggered says that nobody holds it any longer: the climb starts over.
	Retriggered struct {
		Why   string         `json:"why"`
		First []org.PersonID `json:"first,omitempty"` // called beside the first level
	}
	// Pinned says that an open run now follows another version of its policy.
	Pinned struct {
		Run     int `json:"run"`
		Version int `json:"version"`
		Level   int `json:"level"` // where the climb goes on; -1 is the beginning
	}
)

// A Call is one person called by a level, and what stood for them there.
type Call struct {
	Person org.PersonID `json:"person"`
	Via    org.Target   `json:"via,omitzero"`
	Why    string       `json:"why,omitempty"`
	Email  string       `json:"email,omitempty"` // set instead of Person for an email: target
}

// What people do about it.
type (
	// AcknowledgedBy says that the actor has it. Until is when the answer expires.
	AcknowledgedBy struct {
		Until time.Time `json:"until,omitzero"`
		Via   string    `json:"via,omitempty"`  // the channel of the answer
		Late  bool      `json:"late,omitempty"` // after the end: recorded, nothing changes
	}
	// Unacknowledged gives it back.
	Unacknowledged struct {
		Why string `json:"why,omitempty"`
	}
	// SnoozedUntil keeps it quiet until a moment.
	SnoozedUntil struct {
		Until time.Time `json:"until"`
	}
	// Escalated asks for the next level now.
	Escalated struct {
		Run int    `json:"run"`
		Why string `json:"why,omitempty"`
	}
	// Reassigned gives it to somebody else.
	Reassigned struct {
		To  org.Target `json:"to"`
		Why string     `json:"why,omitempty"`
	}
)

func (Asked) Kind() string          { return "escalate.asked" }
func (Called) Kind() string         { return "escalate.called" }
func (Skipped) Kind() string        { return "escalate.skipped" }
func (Waiting) Kind() string        { return "escalate.waiting" }
func (Rested) Kind() string         { return "escalate.rested" }
func (Settled) Kind() string        { return "escalate.settled" }
func (Unreached) Kind() string      { return "escalate.unreached" }
func (Reached) Kind() string        { return "escalate.reached" }
func (Reported) Kind() string       { return "escalate.reported" }
func (HandedOver) Kind() string     { return "escalate.handed_over" }
func (Retriggered) Kind() string    { return "escalate.retriggered" }
func (Pinned) Kind() string         { return "escalate.pinned" }
func (AcknowledgedBy) Kind() string { return "escalate.acknowledged" }
func (Unacknowledged) Kind() string { return "escalate.unacknowledged" }
func (SnoozedUntil) Kind() string   { return "escalate.snoozed" }
func (Escalated) Kind() string      { return "escalate.escalated" }
func (Reassigned) Kind() string     { return "escalate.reassigned" }

func (f Asked) String() string {
	if f.Policy != "" {
		return fmt.Sprintf("asked for policy %s, version %d: %s", f.Policy, f.Version, f.Why)
	}
	return fmt.Sprintf("asked for %s: %s", join(f.Targets), f.Why)
}

func (f Called) String() string {
	names := make([]string, len(f.Calls))
	for i, c := range f.Calls {
		names[i] = c.String()
	}
	switch {
	case f.FailOver && len(names) == 0:
		return "fail-over: nobody could be reached"
	case f.FailOver:
		return "fail-over: calling " + strings.Join(names, ", ")
	case f.Extra:
		return "also calling " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("level %d: calling %s", f.Level+1, strings.Join(names, ", "))
}

func (c Call) String() string {
	switch {
	case c.Email != "":
		return c.Email
	case c.Via.Kind == "" || c.Via.Kind == "person":
		return string(c.Person)
	}
	return fmt.Sprintf("%s (%s)", c.Person, c.Via)
}

func (f Skipped) String() string {
	if f.Level < 0 {
		return f.Why
	}
	return fmt.Sprintf("level %d skipped: %s", f.Level+1, f.Why)
}

func (f Waiting) String() string { return fmt.Sprintf("level %d waits: %s", f.Level+1, f.Why) }
func (f Rested) String() string  { return fmt.Sprintf("round %d is over", f.Round+1) }
func (f Settled) String() string {
	switch f.How {
	case "exhausted":
		return "the policy is exhausted: nobody answered"
	case "nobody":
		return "no level reached anyone"
	case "decided":
		return "it was decided: nobody else is called"
	}
	return "escalation ended: " + f.How
}
func (f Unreached) String() string { return fmt.Sprintf("%s cannot be reached: %s", f.Person, f.Why) }
func (f Reached) String() string   { return fmt.Sprintf("reached %s: %s", f.Person, f.How) }
func (f Reported) String() string {
	return fmt.Sprintf("failure report to %s: %s", join(f.To), f.Why)
}
func (f HandedOver) String() string {
	if f.Called {
		return fmt.Sprintf("%s handed over to %s", f.Schedule, joinIDs(f.To))
	}
	return fmt.Sprintf("%s handed over to %s; it stays where it was answered", f.Schedule, joinIDs(f.To))
}
func (f Retriggered) String() string { return "triggered again: " + f.Why }
func (f Pinned) String() string      { return fmt.Sprintf("follows version %d of the policy", f.Version) }
func (f AcknowledgedBy) String() string {
	s := "acknowledged"
	if f.Via != "" {
		s += " by " + f.Via
	}
	if f.Late {
		s += " (after the end)"
	}
	return s
}
func (f Unacknowledged) String() string { return because("gave it back", f.Why) }
func (f SnoozedUntil) String() string {
	return "snoozed until " + f.Until.UTC().Format("2006-01-02 15:04:05 UTC")
}
func (f Escalated) String() string  { return because("escalated to the next level", f.Why) }
func (f Reassigned) String() string { return because("reassigned to "+f.To.String(), f.Why) }

func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

func join(targets []org.Target) string {
	s := make([]string, len(targets))
	for i, t := range targets {
		s[i] = t.String()
	}
	return strings.Join(s, ", ")
}

func joinIDs(ids []org.PersonID) string {
	if len(ids) == 0 {
		return "nobody"
	}
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = string(id)
	}
	return strings.Join(s, ", ")
}

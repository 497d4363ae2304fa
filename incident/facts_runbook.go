package incident

import (
	"fmt"
	"time"

	"tocsin/org"
)

// Step 3: runbooks that people follow, and steps that the house does for them.
type (
	// RunbookStarted says that a runbook is followed from here on, as it was written in
	// that version. Run counts them from 1.
	RunbookStarted struct {
		Run     int           `json:"run"`
		Runbook string        `json:"runbook"`
		Version int           `json:"version"`
		Name    string        `json:"name"`
		Steps   []RunbookStep `json:"steps"`
		// Auto is the run of the action by which it began by itself.
		Auto string `json:"auto,omitempty"`
	}
	// StepAsked says that somebody waits for another's word before a step is done.
	StepAsked struct {
		Run   int    `json:"run"`
		Step  int    `json:"step"` // from 1
		Title string `json:"title"`
	}
	// StepApproved gives it.
	StepApproved struct {
		Run   int    `json:"run"`
		Step  int    `json:"step"`
		Title string `json:"title"`
	}
	// StepDeclined does not.
	StepDeclined struct {
		Run   int    `json:"run"`
		Step  int    `json:"step"`
		Title string `json:"title"`
		Why   string `json:"why,omitempty"`
	}
	// ApprovalOverdue says that nobody gave it so far, for the Nth time, and who was
	// reminded. Climb is the run that calls others for it.
	ApprovalOverdue struct {
		Run   int            `json:"run"`
		Step  int            `json:"step"`
		Title string         `json:"title"`
		Nth   int            `json:"nth"`
		To    []org.PersonID `json:"to,omitempty"`
		Climb int            `json:"climb,omitempty"`
	}
	// StepBegun says that the house does a step from here on.
	StepBegun struct {
		Run   int    `json:"run"`
		Step  int    `json:"step"`
		Title string `json:"title"`
		Try   int    `json:"try"` // from 1
		Row   string `json:"row"` // of the work that is owed
	}
	// StepEnded says how a step went: done, failed, skipped, or unknown, when the house
	// was stopped while it was at work.
	StepEnded struct {
		Run     int           `json:"run"`
		Step    int           `json:"step"`
		Title   string        `json:"title"`
		How     StepState     `json:"how"`
		Outcome string        `json:"outcome,omitempty"`
		Took    time.Duration `json:"took,omitempty"`
		Try     int           `json:"try,omitempty"` // of a step that the house did
	}
	// RunbookEnded says that it is not followed any longer.
	RunbookEnded struct {
		Run  int    `json:"run"`
		Name string `json:"name"`
		How  string `json:"how"` // finished or stopped
		Why  string `json:"why,omitempty"`
	}
	// RunbookJudged is what somebody who followed it says of it. The last word of each
	// counts.
	RunbookJudged struct {
		Run     int    `json:"run"`
		Name    string `json:"name"`
		Verdict string `json:"verdict"`        // Worked, WrongStep or MissingStep
		Step    int    `json:"step,omitempty"` // which one is wrong, or after which one is missing
		Text    string `json:"text,omitempty"`
	}
)

// The verdicts about a runbook.
const (
	Worked      = "worked"
	WrongStep   = "wrong"
	MissingStep = "missing"
)

// How a runbook ended.
const (
	RunFinished = "finished"
	RunStopped  = "stopped"
)

func (RunbookStarted) Kind() string  { return "investigate.runbook_started" }
func (StepAsked) Kind() string       { return "investigate.step_asked" }
func (StepApproved) Kind() string    { return "investigate.step_approved" }
func (StepDeclined) Kind() string    { return "investigate.step_declined" }
func (ApprovalOverdue) Kind() string { return "investigate.approval_overdue" }
func (StepBegun) Kind() string       { return "investigate.step_begun" }
func (StepEnded) Kind() string       { return "investigate.step_ended" }
func (RunbookEnded) Kind() string    { return "investigate.runbook_ended" }
func (RunbookJudged) Kind() string   { return "investigate.runbook_judged" }

func (f RunbookStarted) String() string {
	if f.Auto != "" {
		return "runbook " + f.Name + " began by itself"
	}
	return "runbook " + f.Name + " is followed"
}

func (f StepAsked) String() string {
	return fmt.Sprintf("asks for approval: step %d, %s", f.Step, f.Title)
}

func (f StepApproved) String() string { return fmt.Sprintf("approved: step %d, %s", f.Step, f.Title) }

func (f StepDeclined) String() string {
	return because(fmt.Sprintf("not approved: step %d, %s", f.Step, f.Title), f.Why)
}

func (f ApprovalOverdue) String() string {
	line := fmt.Sprintf("nobody has approved step %d yet: %s", f.Step, f.Title)
	switch {
	case f.Climb > 0:
		line += "; others are called"
	case len(f.To) > 0:
		line += "; asked " + joinIDs(f.To)
	}
	return line
}

func (f StepBegun) String() string {
	if f.Try > 1 {
		return fmt.Sprintf("step %d begun once more: %s", f.Step, f.Title)
	}
	return fmt.Sprintf("step %d begun: %s", f.Step, f.Title)
}

func (f StepEnded) String() string {
	line := fmt.Sprintf("step %d %s: %s", f.Step, f.How, f.Title)
	if f.How == StepUnknown {
		line = fmt.Sprintf("nobody knows of step %d: %s", f.Step, f.Title)
	}
	if took := f.Took.Round(10 * time.Millisecond); took > 0 {
		line += fmt.Sprintf(" (%s)", took)
	}
	return because(line, f.Outcome)
}

func (f RunbookEnded) String() string { return because("runbook "+f.Name+" "+f.How, f.Why) }

func (f RunbookJudged) String() string {
	says := "runbook " + f.Name + " worked"
	switch f.Verdict {
	case WrongStep:
		says = fmt.Sprintf("runbook %s: step %d is wrong", f.Name, f.Step)
	case MissingStep:
		says = fmt.Sprintf("runbook %s: something is missing", f.Name)
		if f.Step > 0 {
			says += fmt.Sprintf(" after step %d", f.Step)
		}
	}
	return because(says, f.Text)
}

package incident

import (
	"slices"
	"time"

	"tocsin/org"
)

// A RunbookRun is one time that a runbook was followed.
type RunbookRun struct {
	ID       int              `json:"id"` // within its subject, from 1
	Runbook  string           `json:"runbook"`
	Version  int              `json:"version"`
	Name     string           `json:"name"`
	Auto     string           `json:"auto,omitempty"`
	By       Actor            `json:"by"`
	At       time.Time        `json:"at"`
	Steps    []RunbookStep    `json:"steps"`
	How      string           `json:"how,omitempty"` // it ended: RunFinished or RunStopped
	Why      string           `json:"why,omitempty"`
	EndedAt  time.Time        `json:"ended_at,omitzero"`
	EndedBy  Actor            `json:"ended_by,omitempty"`
	Verdicts []RunbookVerdict `json:"verdicts,omitempty"` // the last of each person, the newest last
}

// A RunbookStep is one step of a run. Of one that was not touched yet there are but
// Title, Kind and Approval.
type RunbookStep struct {
	Title    string        `json:"title"`
	Kind     string        `json:"kind"` // manual, http or webhook
	Approval bool          `json:"approval,omitempty"`
	State    StepState     `json:"state,omitempty"`
	At       time.Time     `json:"at,omitzero"` // of the state
	By       Actor         `json:"by,omitempty"`
	Outcome  string        `json:"outcome,omitempty"`
	Took     time.Duration `json:"took,omitempty"`
	Try      int           `json:"try,omitempty"`
	Row      string        `json:"row,omitempty"` // of the last try
	Asked    Actor         `json:"asked,omitempty"`
	Approved Actor         `json:"approved,omitempty"`
	// While nobody has approved it: how often somebody was reminded, when last, and the
	// run that calls others for it.
	Nags  int       `json:"nags,omitempty"`
	NagAt time.Time `json:"nag_at,omitzero"`
	Climb int       `json:"climb,omitempty"`
}

// A StepState is how far a step has come; "" is not touched.
type StepState string

const (
	StepOpen    StepState = ""
	StepWaits   StepState = "asked"
	StepMay     StepState = "approved"
	StepRunning StepState = "running"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped"
	StepUnknown StepState = "unknown"
)

// Ended says whether nothing more is to be done for the step, as far as anybody said.
func (s StepState) Ended() bool { return s == StepDone || s == StepSkipped }

// A RunbookVerdict is what somebody says of a runbook that was followed.
type RunbookVerdict struct {
	By      org.PersonID `json:"by,omitempty"`
	At      time.Time    `json:"at"`
	Verdict string       `json:"verdict"`
	Step    int          `json:"step,omitempty"`
	Text    string       `json:"text,omitempty"`
}

// Open says whether it is followed still.
func (r RunbookRun) Open() bool { return r.How == "" }

// Followed is one of the runs, by its number.
func (in Incident) Followed(run int) (RunbookRun, bool) {
	if in.Room == nil || run < 1 || run > len(in.Room.Runbooks) {
		return RunbookRun{}, false
	}
	return in.Room.Runbooks[run-1], true
}

// Climbing is the step whose approval a run calls people for, with its place.
func (in Incident) Climbing(run int) (r RunbookRun, step int, ok bool) {
	if in.Room == nil || run == 0 {
		return r, 0, false
	}
	for _, r := range in.Room.Runbooks {
		for i, s := range r.Steps {
			if s.Climb == run {
				return r, i + 1, true
			}
		}
	}
	return r, 0, false
}

// Wants says whether somebody asked for the approval that a run calls people for: they
// are not called to give it.
func (in Incident) Wants(run int, p org.PersonID) bool {
	r, step, ok := in.Climbing(run)
	return ok && p != "" && r.Steps[step-1].Asked.Person() == p
}

// followed is After for runbooks. What of the room changes is copied.
func (in Incident) followed(e Entry) Incident {
	var r Room
	if in.Room != nil {
		r = *in.Room
	}
	if f, ok := e.Fact.(RunbookStarted); ok {
		r.Runbooks = append(slices.Clip(r.Runbooks), RunbookRun{
			ID: len(r.Runbooks) + 1, Runbook: f.Runbook, Version: f.Version, Name: f.Name, Auto: f.Auto, By: e.By, At: e.At, Steps: slices.Clone(f.Steps),
		})
		in.Room = &r
		return in
	}
	r.Runbooks = slices.Clone(r.Runbooks)
	switch f := e.Fact.(type) {
	case StepAsked:
		r.step(f.Run, f.Step, func(s *RunbookStep) {
			s.State, s.At, s.By, s.Asked, s.Approved = StepWaits, e.At, e.By, e.By, ""
			s.Nags, s.NagAt = 0, time.Time{} // whose page asked for the same before may still answer by it
		})
	case ApprovalOverdue:
		r.step(f.Run, f.Step, func(s *RunbookStep) {
			s.Nags, s.NagAt = f.Nth, e.At
			if f.Climb > 0 {
				s.Climb = f.Climb
			}
		})
	case StepApproved:
		r.step(f.Run, f.Step, func(s *RunbookStep) { s.State, s.At, s.Approved = StepMay, e.At, e.By })
	case StepDeclined:
		r.step(f.Run, f.Step, func(s *RunbookStep) {
			s.State, s.At, s.By, s.Outcome, s.Asked, s.Approved = StepOpen, e.At, e.By, f.Why, "", ""
		})
	case StepBegun:
		r.step(f.Run, f.Step, func(s *RunbookStep) {
			s.State, s.At, s.By, s.Outcome, s.Took, s.Try, s.Row = StepRunning, e.At, e.By, "", 0, f.Try, f.Row
		})
	case StepEnded:
		r.step(f.Run, f.Step, func(s *RunbookStep) {
			if by := e.By; by != Engine || s.By == "" {
				s.By = by
			}
			s.State, s.At, s.Outcome, s.Took = f.How, e.At, f.Outcome, f.Took
		})
	case RunbookEnded:
		r.run(f.Run, func(x *RunbookRun) { x.How, x.Why, x.EndedAt, x.EndedBy = f.How, f.Why, e.At, e.By })
	case RunbookJudged:
		r.run(f.Run, func(x *RunbookRun) {
			p := e.By.Person()
			x.Verdicts = slices.DeleteFunc(slices.Clone(x.Verdicts), func(v RunbookVerdict) bool { return v.By == p })
			x.Verdicts = append(x.Verdicts, RunbookVerdict{p, e.At, f.Verdict, f.Step, f.Text})
		})
	}
	in.Room = &r
	return in
}

func (r *Room) run(id int, to func(*RunbookRun)) {
	if id >= 1 && id <= len(r.Runbooks) {
		to(&r.Runbooks[id-1])
	}
}

func (r *Room) step(run, step int, to func(*RunbookStep)) {
	r.run(run, func(x *RunbookRun) {
		if step >= 1 && step <= len(x.Steps) {
			x.Steps = slices.Clone(x.Steps)
			to(&x.Steps[step-1])
		}
	})
}

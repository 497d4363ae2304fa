package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

const (
	mostRuns   = 20
	maxOutcome = 500 // runes
)

// steps are those of a run that begins.
func (c *Compiled) steps() []incident.RunbookStep {
	out := make([]incident.RunbookStep, len(c.Steps))
	for i, s := range c.Steps {
		out[i] = incident.RunbookStep{Title: s.Title, Kind: s.Kind(), Approval: s.Approval}
	}
	return out
}

// Start says that a runbook is followed from here on, in the version that it has.
func Start(in incident.Incident, c *Compiled, version int) ([]incident.Fact, error) {
	if !in.Status.Open() {
		return nil, incident.Refuse("it is %s", in.Status)
	}
	return start(in, c, version, "")
}

func start(in incident.Incident, c *Compiled, version int, auto string) ([]incident.Fact, error) {
	n := 0
	if in.Room != nil {
		n = len(in.Room.Runbooks)
		for _, r := range in.Room.Runbooks {
			if r.Runbook == c.ID && r.Open() {
				return nil, incident.Refuse("%s is followed already", r.Name)
			}
		}
	}
	if n >= mostRuns {
		return nil, incident.Refuse("%d runbooks were followed already", mostRuns)
	}
	return []incident.Fact{incident.RunbookStarted{Run: n + 1, Runbook: c.ID, Version: version, Name: c.Title(), Steps: c.steps(), Auto: auto}}, nil
}

// At is a step of a run that is followed.
func at(in incident.Incident, run, step int) (r incident.RunbookRun, s incident.RunbookStep, err error) {
	r, ok := in.Followed(run)
	switch {
	case !ok:
		return r, s, incident.Refuse("there is no run %d", run)
	case step < 1 || step > len(r.Steps):
		return r, s, incident.Refuse("%s has no step %d", r.Name, step)
	case in.Status == incident.Closed:
		return r, s, incident.Refuse("it is %s", in.Status)
	case !r.Open():
		return r, s, incident.Refuse("%s is followed no longer", r.Name)
	}
	return r, r.Steps[step-1], nil
}

// Ask asks for a second person's word before a step.
func Ask(in incident.Incident, run, step int) ([]incident.Fact, error) {
	_, s, err := at(in, run, step)
	switch {
	case err != nil:
		return nil, err
	case !s.Approval:
		return nil, incident.Refuse("step %d needs nobody's approval", step)
	case s.State == incident.StepWaits, s.State == incident.StepMay:
		return nil, nil // twice is once
	case s.State == incident.StepRunning:
		return nil, incident.Refuse("step %d is at work", step)
	}
	return []incident.Fact{incident.StepAsked{Run: run, Step: step, Title: s.Title}}, nil
}

// Approve gives the word for a step: a step of the house begins then, as row. Nobody
// approves what they asked for themselves.
func Approve(in incident.Incident, run, step int, by org.PersonID, row string) ([]incident.Fact, error) {
	_, s, err := at(in, run, step)
	switch {
	case err != nil:
		return nil, err
	case s.State == incident.StepMay, s.State == incident.StepRunning:
		return nil, nil
	case s.State != incident.StepWaits:
		return nil, incident.Refuse("nobody asks for approval of step %d", step)
	case by == "" || s.Asked.Person() == by:
		return nil, incident.Refuse("a second person approves it: you asked")
	}
	facts := []incident.Fact{incident.StepApproved{Run: run, Step: step, Title: s.Title}}
	if s.Kind != Manual {
		facts = append(facts, incident.StepBegun{Run: run, Step: step, Title: s.Title, Try: s.Try + 1, Row: row})
	}
	return facts, nil
}

// Decline does not give it.
func Decline(in incident.Incident, run, step int, why string) ([]incident.Fact, error) {
	_, s, err := at(in, run, step)
	switch {
	case err != nil:
		return nil, err
	case s.State != incident.StepWaits:
		return nil, incident.Refuse("nobody asks for approval of step %d", step)
	}
	return []incident.Fact{incident.StepDeclined{Run: run, Step: step, Title: s.Title, Why: short(why)}}, nil
}

// Run lets the house do a step, as row.
func Run(in incident.Incident, run, step int, row string) ([]incident.Fact, error) {
	_, s, err := at(in, run, step)
	switch {
	case err != nil:
		return nil, err
	case s.Kind == Manual:
		return nil, incident.Refuse("step %d is done by hand", step)
	case s.State == incident.StepRunning:
		return nil, nil
	case s.Approval:
		return nil, incident.Refuse("step %d needs somebody's approval first", step)
	}
	return []incident.Fact{incident.StepBegun{Run: run, Step: step, Title: s.Title, Try: s.Try + 1, Row: row}}, nil
}

// Found says how a step went that somebody did by hand: StepDone, StepFailed or
// StepSkipped. When none is left, the run is finished.
func Found(in incident.Incident, run, step int, how incident.StepState, outcome string) ([]incident.Fact, error) {
	r, s, err := at(in, run, step)
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains([]incident.StepState{incident.StepDone, incident.StepFailed, incident.StepSkipped}, how):
		return nil, incident.Refuse("a step is done, failed or skipped")
	case s.State == incident.StepRunning:
		return nil, incident.Refuse("step %d is at work", step)
	case s.Approval && how == incident.StepDone && s.State != incident.StepMay && s.State != incident.StepDone:
		return nil, incident.Refuse("step %d needs somebody's approval first", step)
	case s.State == how && s.Outcome == short(outcome):
		return nil, nil
	}
	facts := []incident.Fact{incident.StepEnded{Run: run, Step: step, Title: s.Title, How: how, Outcome: short(outcome)}}
	return append(facts, finished(r, step, how)...), nil
}

// finished ends a run when its last step has.
func finished(r incident.RunbookRun, step int, how incident.StepState) []incident.Fact {
	for i, s := range r.Steps {
		state := s.State
		if i == step-1 {
			state = how
		}
		if !state.Ended() {
			return nil
		}
	}
	return []incident.Fact{incident.RunbookEnded{Run: r.ID, Name: r.Name, How: incident.RunFinished}}
}

// Came is what the house says of a step that it did, whatever became of the incident
// meanwhile.
func Came(in incident.Incident, run, step, try int, e incident.StepEnded) []incident.Fact {
	r, ok := in.Followed(run)
	if !ok || step < 1 || step > len(r.Steps) {
		return nil
	}
	s := r.Steps[step-1]
	if s.State != incident.StepRunning || s.Try != try {
		return nil
	}
	e.Run, e.Step, e.Title, e.Try, e.Outcome = run, step, s.Title, try, short(e.Outcome)
	facts := []incident.Fact{e}
	if r.Open() {
		facts = append(facts, finished(r, step, e.How)...)
	}
	return facts
}

// Stop says that a run is followed no longer.
func Stop(in incident.Incident, run int, why string) ([]incident.Fact, error) {
	r, ok := in.Followed(run)
	switch {
	case !ok:
		return nil, incident.Refuse("there is no run %d", run)
	case !r.Open():
		return nil, nil
	case slices.ContainsFunc(r.Steps, func(s incident.RunbookStep) bool { return s.State == incident.StepRunning }):
		return nil, incident.Refuse("a step is at work: wait for it")
	}
	return []incident.Fact{incident.RunbookEnded{Run: run, Name: r.Name, How: incident.RunStopped, Why: short(why)}}, nil
}

// Judge says whether a runbook worked, which step of it is wrong, or what is missing.
func Judge(in incident.Incident, run int, verdict string, step int, text string) ([]incident.Fact, error) {
	r, ok := in.Followed(run)
	switch {
	case !ok:
		return nil, incident.Refuse("there is no run %d", run)
	case in.Status == incident.Closed:
		return nil, incident.Refuse("it is %s", in.Status)
	case verdict == incident.WrongStep && (step < 1 || step > len(r.Steps)):
		return nil, incident.Refuse("step: which one is wrong? From 1 to %d", len(r.Steps))
	case verdict == incident.MissingStep && strings.TrimSpace(text) == "":
		return nil, incident.Refuse("text: what is missing?")
	case step < 0 || step > len(r.Steps):
		return nil, incident.Refuse("step: from 1 to %d", len(r.Steps))
	case verdict != incident.Worked && verdict != incident.WrongStep && verdict != incident.MissingStep:
		return nil, incident.Refuse("verdict: worked, wrong or missing")
	}
	if verdict == incident.Worked {
		step = 0
	}
	return []incident.Fact{incident.RunbookJudged{Run: run, Name: r.Name, Verdict: verdict, Step: step, Text: short(text)}}, nil
}

// Begin starts a runbook by itself, for a run of an action; why says what keeps it from
// that: it begins with a step for people.
func Begin(in incident.Incident, c *Compiled, version int, auto, row string) (facts []incident.Fact, why string) {
	if len(c.Steps) == 0 || c.Steps[0].Action == nil || c.Steps[0].Approval {
		return nil, "its runbook begins with a step for people"
	}
	facts, err := start(in, c, version, auto)
	if err != nil {
		return nil, err.Error()
	}
	f := facts[0].(incident.RunbookStarted)
	return append(facts, incident.StepBegun{Run: f.Run, Step: 1, Title: f.Steps[0].Title, Try: 1, Row: row}), ""
}

// Onward is how a run goes on that began by itself: the next step begins, or it is over,
// well or not.
func Onward(r incident.RunbookRun, row string) (facts []incident.Fact, over, ok bool, why string) {
	for i, s := range r.Steps {
		switch {
		case s.State == incident.StepRunning:
			return nil, false, false, ""
		case s.State.Ended():
			continue
		case s.State == incident.StepOpen && s.Kind != Manual && !s.Approval:
			return []incident.Fact{incident.StepBegun{Run: r.ID, Step: i + 1, Title: s.Title, Try: 1, Row: row}}, false, false, ""
		case s.State == incident.StepFailed, s.State == incident.StepUnknown:
			return nil, true, false, fmt.Sprintf("step %d: %s", i+1, s.Outcome)
		}
		return nil, true, false, fmt.Sprintf("step %d is for people: %s", i+1, s.Title)
	}
	return nil, true, true, fmt.Sprintf("%d steps", len(r.Steps))
}

// Next is what happens by itself: a run ends with its incident, when nothing of it is at
// work; and an approval that nobody gives is asked for again, and of others.
func Next(in incident.Incident, now time.Time) (facts []incident.Fact, due time.Time) {
	if in.Room == nil || in.Seq >= incident.Crowded {
		return nil, due
	}
	facts, due = unapproved(in, now)
	if in.Status.Open() {
		return facts, due
	}
	for _, r := range in.Room.Runbooks {
		if f, err := Stop(in, r.ID, "it is "+string(in.Status)); err == nil {
			facts = append(facts, f...)
		}
	}
	return facts, due
}

// Tell says who hears what of a fact: who may approve hears that somebody asks, and who
// asked hears what was said. before is the state without the fact.
func Tell(before incident.Incident, e incident.Entry) (out []incident.Told) {
	tell := func(p org.PersonID, text string) {
		if p != "" && p != e.By.Person() && !slices.ContainsFunc(out, func(n incident.Told) bool { return n.Person == p }) {
			out = append(out, incident.Told{Person: p, Text: text})
		}
	}
	asked := func(run, step int) org.PersonID {
		if r, ok := before.Followed(run); ok && step >= 1 && step <= len(r.Steps) {
			return r.Steps[step-1].Asked.Person()
		}
		return ""
	}
	switch f := e.Fact.(type) {
	case incident.StepAsked:
		for _, p := range Approvers(before, e.By.Person()) {
			tell(p, "approve or decline: "+f.Title)
		}
	case incident.ApprovalOverdue:
		for _, p := range f.To {
			tell(p, "nobody has decided yet, approve or decline: "+f.Title)
		}
	case incident.StepApproved:
		tell(asked(f.Run, f.Step), "approved: "+f.Title)
		for _, p := range called(before, f.Run, f.Step) {
			tell(p, "approved by another: "+f.Title)
		}
	case incident.StepDeclined:
		tell(asked(f.Run, f.Step), f.String())
		for _, p := range called(before, f.Run, f.Step) {
			tell(p, "declined by another: "+f.Title)
		}
	}
	return out
}

// called are those whom the climb for a step's approval called last.
func called(in incident.Incident, run, step int) (all []org.PersonID) {
	r, ok := in.Followed(run)
	if !ok || step < 1 || step > len(r.Steps) {
		return nil
	}
	for _, one := range in.Runs {
		if one.ID == r.Steps[step-1].Climb && one.ID > 0 {
			for _, c := range one.Calls {
				all = append(all, c.Person)
			}
		}
	}
	return all
}

// short is a text of bounded length, on one line.
func short(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if utf8.RuneCountInString(s) > maxOutcome {
		s = string([]rune(s)[:maxOutcome-1]) + "…"
	}
	return s
}

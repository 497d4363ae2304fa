package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
)

// mostSigns is how many alerts of an incident are held against runbooks.
const mostSigns = 50

// A book is a runbook as the engine knows it.
type book struct {
	*runbook.Compiled
	version int
}

// followed remembers what a fact about a runbook means: the run is written beside the log
// once, as it is in the end, and a step that the house does is owed.
func (t *tending) followed(run int) {
	if t.runs == nil {
		t.runs = map[int]bool{}
	}
	if t.runs[run] {
		return
	}
	t.runs[run] = true
	t.then = append(t.then, func() error {
		delete(t.runs, run)
		r, ok := t.in.Followed(run)
		if !ok || t.in.IsDrill() { // how far a runbook is to be trusted does not come from practice
			return nil
		}
		if err := t.tx.PutRunbookRun(t.in.ID, r); err != nil {
			return err
		}
		return t.tx.Touch("runbooks", r.Runbook)
	})
}

// owe writes a step down that the house does from here on.
func (t *tending) owe(f incident.StepBegun, e incident.Entry) {
	r, ok := t.in.Followed(f.Run)
	if !ok {
		return
	}
	if t.in.IsDrill() {
		return // nothing is done outside (drill.Next)
	}
	step := store.Step{
		ID: f.Row, Subject: t.in.ID, Run: f.Run, Step: f.Step, Try: f.Try, Runbook: r.Runbook, Version: r.Version, Person: e.By.Person(), At: t.now,
	}
	t.then = append(t.then, func() error { return t.tx.PutStep(step) })
}

// runbookFact is the part of follow that is about runbooks.
func (t *tending) runbookFact(e incident.Entry) {
	switch f := e.Fact.(type) {
	case incident.RunbookStarted:
		t.followed(f.Run)
	case incident.StepAsked:
		t.followed(f.Run)
	case incident.StepApproved:
		t.followed(f.Run)
	case incident.StepDeclined:
		t.followed(f.Run)
	case incident.ApprovalOverdue:
		t.followed(f.Run)
	case incident.StepBegun:
		t.followed(f.Run)
		t.owe(f, e)
	case incident.StepEnded:
		t.followed(f.Run)
	case incident.RunbookEnded:
		t.followed(f.Run)
	case incident.RunbookJudged:
		t.followed(f.Run)
	}
}

// approves is somebody's word on the step for whose approval they were called: 1 gives it,
// 2 does not. ok is false for every other page.
func (e *Engine) approves(in incident.Incident, p store.PageRow, n int, now time.Time) (facts []incident.Fact, said string, ok bool, err error) {
	r, step, ok := in.Climbing(p.Run)
	if !ok || p.Person == "" {
		return nil, "", false, nil
	}
	switch n {
	case 1:
		facts, err = runbook.Approve(in, r.ID, step, p.Person, e.newID(now))
		return facts, "You approved it.", true, err
	case 2:
		facts, err = runbook.Decline(in, r.ID, step, "")
		return facts, "You declined it.", true, err
	}
	return nil, "", true, incident.Refuse("say yes or no: 1 approves it, 2 declines it")
}

// judged is what the owner of a runbook hears of it from those who followed it, so that it
// is put right by day.
func (t *tending) judged(e incident.Entry) []escalate.Notice {
	f, ok := e.Fact.(incident.RunbookJudged)
	if !ok {
		return nil
	}
	r, ok := t.in.Followed(f.Run)
	b, there := t.s.runbooks[r.Runbook]
	if !ok || !there || b.Owner == "" || b.Owner == e.By.Person() || t.in.IsDrill() {
		return nil
	}
	return []escalate.Notice{{Person: b.Owner, Purpose: escalate.Work, Text: f.String()}}
}

// FinishStep states how a step went that the house did, and what came back; a step has
// one end. A run that began by itself goes on, or ends what it was begun for.
func (e *Engine) FinishStep(ctx context.Context, step store.Step, ended incident.StepEnded, output string, now time.Time) (counted bool, err error) {
	now = now.Truncate(time.Microsecond).UTC()
	err = e.store.Write(ctx, store.High, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if counted, err = tx.StepDone(step, output); err != nil || !counted {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(step.Subject)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		t.add(incident.Engine, runbook.Came(t.in, step.Run, step.Step, step.Try, ended)...)
		if err := t.onward(step.Run); err != nil {
			return err
		}
		return t.settle()
	})
	if err == nil {
		e.hit("after step")
		e.Poke()
	}
	return counted, err
}

// onward lets a run that began by itself go on, as long as people were not called: then it
// is theirs.
func (t *tending) onward(run int) error {
	r, ok := t.in.Followed(run)
	if !ok || r.Auto == "" || r.Auto != t.in.Auto {
		return nil
	}
	facts, over, worked, why := runbook.Onward(r, t.e.newID(t.now))
	t.add(incident.Engine, facts...)
	if !over {
		return nil
	}
	action, err := t.tx.ActionNamed(r.Auto)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	counted, err := t.tx.ActionDone(action)
	if err == nil && counted {
		t.add(incident.Engine, t.s.finished(action, worked, why, t.now.Sub(action.At), t.now))
	}
	return err
}

// finished is the fact that an action has its end.
func (s *setup) finished(run store.Action, ok bool, why string, took time.Duration, now time.Time) incident.Finished {
	f := incident.Finished{Run: run.ID, Action: run.Action, Name: run.Action, OK: ok, Why: why, Took: took}
	if a, known := s.sieve.ActionNamed(run.Action); known {
		f.Name = a.Name
		if ok {
			f.Until = now.Add(a.Clear.D())
		}
	}
	return f
}

// Signs are the alerts of an incident, as the matchers of runbooks ask them: first those
// that fire.
func (e *Engine) Signs(tx *store.Tx, id incident.ID) (signs []runbook.Sign, err error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	all, err := tx.AlertsOf(id)
	if err != nil {
		return nil, err
	}
	for _, open := range []bool{true, false} {
		for _, a := range all {
			if a.Open == open && len(signs) < mostSigns {
				signs = append(signs, s.sign(a))
			}
		}
	}
	return signs, nil
}

func (s *setup) sign(a alert.Alert) runbook.Sign {
	in := s.integrations[a.Integration]
	last := a.Last
	return runbook.Sign{Title: a.Title, Value: func(name string) string { return alert.Value(&last, &in, name) }}
}

// Values are what the placeholders of a runbook stand for in an incident, but for secrets.
func (e *Engine) Values(c *runbook.Compiled, in incident.Incident, signs []runbook.Sign, person string) runbook.Values {
	return runbook.Values{
		Label: c.Label(in, signs), Person: person,
		Incident: map[string]string{
			"id": string(in.ID), "title": in.Title, "service": string(in.Service), "team": string(in.Team), "severity": string(in.Severity),
			"url": fmt.Sprintf("%s/incidents/%s", e.publicURL, in.ID),
		},
	}
}

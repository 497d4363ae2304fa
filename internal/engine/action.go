package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// keepActions is how long it is known which actions ran.
const keepActions = 30 * 24 * time.Hour

// act begins what is to be done by itself for an alert whose incident was just opened:
// the run is written down in the same transaction, and nobody is called before its time
// is over. Whoever calls the program (internal/follow) says what came of it by Finish, and
// of each step of a runbook by FinishStep;
// when nobody does, the incident's own timer calls people.
func (t *triaging) act(w *tending, a *alert.Alert) error {
	c, ok := t.s.sieve.Action(a, t.Integration(a.Integration))
	if !ok {
		return nil
	}
	name := cmp.Or(c.Name, c.ID)
	why, err := t.guards(c.ID, c.AtMost, c.Within, a)
	if err != nil || why != "" {
		if why != "" {
			w.add(incident.Engine, incident.Passed{Action: c.ID, Name: name, Why: why})
		}
		return err
	}
	run := store.Action{ID: t.e.newID(t.now), Action: c.ID, Webhook: c.Webhook, Subject: w.in.ID, Alert: a.ID, At: t.now, Until: t.now.Add(c.Limit.D())}
	var steps []incident.Fact
	if c.Runbook != "" {
		b, ok := t.s.runbooks[c.Runbook]
		if why = "its runbook is not there any longer"; ok {
			steps, why = runbook.Begin(w.in, b.Compiled, b.version, run.ID, t.e.newID(t.now))
		}
		if why != "" {
			w.add(incident.Engine, incident.Passed{Action: c.ID, Name: name, Why: why})
			return nil
		}
	}
	w.add(incident.Engine, incident.Acted{Run: run.ID, Action: c.ID, Name: name, Until: run.Until})
	w.add(incident.Engine, steps...)
	return t.tx.PutAction(run)
}

// guards says why an action does not run now; "": it may.
func (t *triaging) guards(id string, most int, within org.Duration, a *alert.Alert) (string, error) {
	list, err := t.s.quietAt(t.tx, t.now)
	if err != nil {
		return "", err
	}
	if over := alert.CompileSilences(list).Over(*a, t.now); len(over) > 0 {
		return "it is silenced", nil
	}
	lately, err := t.tx.ActionsSince(id, t.now.Add(-within.D()), most+1)
	switch {
	case err != nil:
		return "", err
	case len(lately) >= most:
		return fmt.Sprintf("it ran %d times within %s", len(lately), within), nil
	case len(lately) > 0 && !lately[0].Done && lately[0].Until.After(t.now):
		return "it is at work already", nil
	}
	return "", nil
}

// Finish states what came of an action that ran by itself, and says whether it still
// counted: a run has one end. The incident is tended in the same transaction, so that
// people are called at once when it failed.
func (e *Engine) Finish(ctx context.Context, run store.Action, ok bool, why string, took time.Duration, now time.Time) (counted bool, err error) {
	now = now.Truncate(time.Microsecond).UTC()
	err = e.store.Write(ctx, store.High, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if counted, err = tx.ActionDone(run); err != nil || !counted {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(run.Subject)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		t.add(incident.Engine, s.finished(run, ok, why, took, t.now))
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return counted, err
}

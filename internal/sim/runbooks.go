package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// What people do with runbooks, and what becomes of the steps that the house does.

// book is a runbook as the store has it.
func book(tx *store.Tx, id string) (*runbook.Compiled, store.ConfigRow, error) {
	row, err := tx.ConfigOne("runbook", id)
	if err != nil {
		return nil, row, err
	}
	var b runbook.Runbook
	if err := json.Unmarshal(row.Body, &b); err != nil {
		return nil, row, err
	}
	c, err := runbook.Compile(b)
	return c, row, err
}

func (p *player) followsRunbook(ctx context.Context, w words) error {
	var c *runbook.Compiled
	var row store.ConfigRow
	err := p.store.Read(ctx, func(tx *store.Tx) (err error) {
		c, row, err = book(tx, w["RUNBOOK"])
		return err
	})
	if err != nil {
		return err
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return runbook.Start(in, c, row.Version)
	})
}

// lastRun is the number of the runbook that was followed last.
func lastRun(in incident.Incident) int {
	if in.Room == nil {
		return 0
	}
	return len(in.Room.Runbooks)
}

func (p *player) stepSays(ctx context.Context, w words) error {
	step, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	row := p.engine.NewID(p.now)
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		switch run := lastRun(in); w[""] {
		case "runs":
			return runbook.Run(in, run, step, row)
		case "requests":
			return runbook.Ask(in, run, step)
		case "approves":
			return runbook.Approve(in, run, step, org.PersonID(w["PERSON"]), row)
		default:
			return runbook.Decline(in, run, step, w["TEXT"])
		}
	})
}

func (p *player) saysByPage(ctx context.Context, w words) error {
	page, err := p.page(ctx, w, "")
	if err != nil {
		return err
	}
	said, err := p.engine.Answer(ctx, page, map[string]int{"approves": 1, "declines": 2}[w[""]], p.now)
	if err == nil {
		p.say(markReply, "%s", said)
	}
	return err
}

func (p *player) finds(ctx context.Context, w words) error {
	step, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return runbook.Found(in, lastRun(in), step, incident.StepState(w[""]), w["TEXT"])
	})
}

// stepEnds is what internal/follow would say of the step that is owed.
func (p *player) stepEnds(ctx context.Context, w words) error {
	var due []store.Step
	err := p.store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueSteps(p.now, 2)
		return err
	})
	if err == nil && len(due) != 1 {
		err = fmt.Errorf("%d steps are at work", len(due))
	}
	if err != nil {
		return err
	}
	how := map[string]incident.StepState{"works": incident.StepDone, "fails": incident.StepFailed, "vanishes": incident.StepUnknown}[w[""]]
	counted, err := p.engine.FinishStep(ctx, due[0], incident.StepEnded{How: how, Outcome: w["TEXT"]}, w["TEXT"], p.now)
	if err == nil && !counted {
		err = fmt.Errorf("it has ended already")
	}
	return err
}

func (p *player) judges(ctx context.Context, w words, verdict string, step int) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return runbook.Judge(in, lastRun(in), verdict, step, w["TEXT"])
	})
}

func (p *player) saysWorked(ctx context.Context, w words) error {
	return p.judges(ctx, w, incident.Worked, 0)
}

func (p *player) saysWrong(ctx context.Context, w words) error {
	step, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.judges(ctx, w, incident.WrongStep, step)
}

func (p *player) showStanding(ctx context.Context, w words) error {
	return p.store.Read(ctx, func(tx *store.Tx) error {
		c, row, err := book(tx, w["RUNBOOK"])
		if err != nil {
			return err
		}
		uses, err := tx.RunbookUses(row.ID, 10)
		if err != nil {
			return err
		}
		marks, err := tx.RunbookMarks()
		if err != nil {
			return err
		}
		lately, err := tx.ServiceChanges()
		if err != nil {
			return err
		}
		var changed []runbook.Changed
		for id, ch := range lately {
			if len(c.Services([]string{string(id)})) > 0 {
				changed = append(changed, runbook.Changed{Service: string(id), At: ch.At, What: ch.What})
			}
		}
		slices.SortFunc(changed, func(a, b runbook.Changed) int { return cmp.Compare(a.Service, b.Service) })
		st := runbook.Stand(c, time.Time{}, marks[row.ID], uses, changed, p.now)
		p.say(markShown, "%s", st.Says)
		for _, r := range st.Stale {
			p.say(markShown, "stale: %s", r.Text)
		}
		return nil
	})
}

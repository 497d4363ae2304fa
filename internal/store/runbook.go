package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

func runPlace(subject incident.ID, run int) string {
	return fmt.Sprintf("runbook_runs/body/%s/%d", subject, run)
}

// PutRunbookRun writes how a runbook that is followed stands.
func (tx *Tx) PutRunbookRun(subject incident.ID, r incident.RunbookRun) error {
	body, err := json.Marshal(r)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec(tx.s.sql.RunbookRunPut, string(subject), r.ID, r.Runbook, micros(r.At), tx.s.ring.Seal(runPlace(subject, r.ID), body))
	return err
}

// RunbookUses are the times that a runbook was followed, the newest first.
func (tx *Tx) RunbookUses(id string, limit int) ([]runbook.Use, error) {
	return tx.uses(tx.s.sql.RunbookRunsOf, id, limit)
}

// LastRunbookUses are those of all runbooks.
func (tx *Tx) LastRunbookUses(limit int) ([]runbook.Use, error) {
	return tx.uses(tx.s.sql.RunbookRunsLast, limit)
}

func (tx *Tx) uses(text string, args ...any) (all []runbook.Use, err error) {
	err = tx.each(text, args, func(r row) error {
		var u runbook.Use
		var run int
		var body string
		if err := r.Scan(&u.Subject, &run, &body); err != nil {
			return err
		}
		plain, err := tx.s.ring.Open(runPlace(u.Subject, run), body)
		if err == nil {
			err = json.Unmarshal(plain, &u.RunbookRun)
		}
		all = append(all, u)
		return err
	})
	return all, err
}

// A Step is one that the house does.
type Step struct {
	ID             string
	Subject        incident.ID
	Run, Step, Try int
	Runbook        string
	Version        int
	Person         org.PersonID // for whom; "" by itself
	At             time.Time
	Gen            int64
	Done           bool
	Output         string // of one that is done
}

// Held says whether somebody held the step before: it may have been done.
func (s Step) Held() bool { return s.Gen > 1 }

// PutStep writes a step down: from then on it is owed.
func (tx *Tx) PutStep(s Step) error {
	_, err := tx.exec(tx.s.sql.StepPut, s.ID, string(s.Subject), s.Run, s.Step, s.Try, s.Runbook, s.Version, string(s.Person), micros(s.At))
	return err
}

// DueSteps are those that nobody works for.
func (tx *Tx) DueSteps(now time.Time, limit int) (list []Step, err error) {
	err = tx.each(tx.s.sql.StepsDue, []any{micros(now), limit}, func(r row) error {
		s, err := scanStep(r)
		list = append(list, s)
		return err
	})
	return list, err
}

func scanStep(r row, more ...any) (s Step, err error) {
	var at int64
	err = r.Scan(append([]any{&s.ID, &s.Subject, &s.Run, &s.Step, &s.Try, &s.Runbook, &s.Version, &s.Person, &at, &s.Gen, &s.Done}, more...)...)
	s.At = moment(at)
	return s, err
}

// ClaimStep takes a step for a while, if it is as it was read.
func (tx *Tx) ClaimStep(s *Step, until time.Time) (bool, error) {
	n, err := tx.exec(tx.s.sql.StepClaim, s.ID, s.Gen, micros(until))
	s.Gen++
	return n == 1, err
}

// StepDone ends a step for whoever holds it, with what came back.
func (tx *Tx) StepDone(s Step, output string) (bool, error) {
	text := ""
	if output != "" {
		text = tx.s.ring.Seal("runbook_steps/output/"+s.ID, []byte(output))
	}
	n, err := tx.exec(tx.s.sql.StepDone, s.ID, s.Gen, text)
	return n == 1, err
}

// StepNamed is one, with what came back.
func (tx *Tx) StepNamed(id string) (s Step, err error) {
	found := false
	err = tx.each(tx.s.sql.StepOne, []any{id}, func(r row) (err error) {
		var output string
		if s, err = scanStep(r, &output); err != nil || output == "" {
			found = true
			return err
		}
		found = true
		plain, err := tx.s.ring.Open("runbook_steps/output/"+id, output)
		s.Output = string(plain)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return s, err
}

// MarkRunbook writes down that somebody found a runbook right.
func (tx *Tx) MarkRunbook(id string, m runbook.Mark) error {
	if _, err := tx.exec(tx.s.sql.MarkPut, id, micros(m.At), string(m.By), tx.s.ring.Seal("runbook_marks/note/"+id, []byte(m.Note))); err != nil {
		return err
	}
	return tx.Touch("runbooks", id)
}

// RunbookMarks are all of them, by runbook.
func (tx *Tx) RunbookMarks() (map[string]runbook.Mark, error) {
	all := map[string]runbook.Mark{}
	err := tx.each(tx.s.sql.Marks, nil, func(r row) error {
		var id, note string
		var at int64
		var m runbook.Mark
		if err := r.Scan(&id, &at, &m.By, &note); err != nil {
			return err
		}
		plain, err := tx.s.ring.Open("runbook_marks/note/"+id, note)
		m.At, m.Note = moment(at), string(plain)
		all[id] = m
		return err
	})
	return all, err
}

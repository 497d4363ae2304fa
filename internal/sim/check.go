package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
)

// check looks over the books of the house after a night: what must be true whatever
// happened in it.
func (p *player) check(ctx context.Context) error {
	var wrong []error
	err := p.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 10_000, Drills: store.WithDrills})
		if err != nil {
			return err
		}
		for _, r := range rows {
			name := p.key(r.ID)
			problems, err := p.checkOne(tx, r.ID)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for _, problem := range problems {
				wrong = append(wrong, fmt.Errorf("%s: %s", name, problem))
			}
		}
		stuck, err := tx.Stuck(p.now, "")
		if err != nil {
			return err
		}
		for _, page := range stuck.Limbo {
			wrong = append(wrong, fmt.Errorf("page %s is %s and waits for nothing", page.Key(), page.State))
		}
		for _, page := range stuck.LatePages {
			wrong = append(wrong, fmt.Errorf("page %s should have gone out by %s", page.Key(), page.WakeAt))
		}
		for _, d := range stuck.LateDue {
			wrong = append(wrong, fmt.Errorf("%s %s should have been done by %s", d.Kind, d.Subject, d.At))
		}
		wrong = append(wrong, tx.VerifyConfig())
		return nil
	})
	return errors.Join(append(wrong, err)...)
}

// checkOne looks at one incident: its log, its state, its pages.
func (p *player) checkOne(tx *store.Tx, id incident.ID) (wrong []string, err error) {
	sub, err := tx.Subject(id)
	if err != nil {
		return nil, err
	}
	log, err := tx.Log(id)
	if err != nil {
		return nil, err
	}
	if err := tx.VerifyLog(id); err != nil {
		wrong = append(wrong, err.Error())
	}
	folded := incident.Fold(log)
	folded.ID = id
	a, err := json.Marshal(folded)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(sub.Incident)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(a, b) {
		wrong = append(wrong, fmt.Sprintf("its state is not the fold of its log:\n%s\n%s", a, b))
	}
	var before time.Time
	for _, e := range log {
		if e.At.Before(before) {
			wrong = append(wrong, fmt.Sprintf("line %d goes back in time", e.Seq))
		}
		if _, unknown := e.Fact.(incident.Unknown); unknown || e.Fact.String() == "" {
			wrong = append(wrong, fmt.Sprintf("line %d (%s) says nothing", e.Seq, e.Fact.Kind()))
		}
		before = e.At
	}
	pages, err := tx.PagesOf(id)
	if err != nil {
		return nil, err
	}
	sent := map[string]bool{}
	for _, page := range pages {
		if sent[page.Key()] {
			wrong = append(wrong, "two pages of one key: "+page.Key())
		}
		sent[page.Key()] = true
		if !sub.Status.Open() && page.Purpose.Alarms() && (page.State == escalate.Planned || page.State == escalate.Claimed) {
			wrong = append(wrong, fmt.Sprintf("it is %s, and page %s is still %s", sub.Status, page.Key(), page.State))
		}
	}
	return wrong, nil
}

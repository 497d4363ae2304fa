package engine

import (
	"context"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/org"
)

// asideAfter is how many steps an event may fail alone before it goes aside: a database
// that stumbles must not cost an event its page.
const asideAfter = 3

// An ailing event failed alone: how often, and in which step last.
type ailing struct {
	times int
	at    time.Time
}

// triageEach triages the next events one by one and says how many were. What fails
// alone, step after step, goes aside, and the house says so; what follows it under the
// same key waits for it.
func (e *Engine) triageEach(ctx context.Context, now time.Time) (done int, err error) {
	var heard []store.Heard
	err = e.store.Read(ctx, func(tx *store.Tx) (err error) { heard, err = tx.Inbox(e.most); return err })
	if err != nil {
		return 0, err
	}
	if len(heard) == 0 {
		return 1, nil // the batch was written after all, only its answer was lost
	}
	stopped := map[store.AlertKey]bool{}
	for _, h := range heard {
		key := store.AlertKey{Integration: h.Integration, Key: h.Event.Key}
		if stopped[key] {
			continue
		}
		ours, own := false, error(nil)
		err := e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
			defer func() { own = err }()
			defer guard(&err)
			var gen int64
			if gen, ours, err = tx.Take(right); err != nil || !ours {
				return err
			}
			if there, err := tx.InInbox(h.ID); err != nil || !there {
				return err // another node was quicker
			}
			_, err = e.triageThese(tx, []store.Heard{h}, now, gen)
			return err
		})
		switch {
		case err == nil && !ours:
			return done, nil // another node triages
		case err == nil:
			done++
			delete(e.ailing, h.ID)
			e.metrics.triaged([]store.Heard{h}, e.clock.Now())
			continue
		case own == nil:
			return done, err // the database failed, not the event
		}
		if sick := e.ailing[h.ID]; sick.at != now {
			e.ailing[h.ID] = ailing{sick.times + 1, now}
		}
		if e.ailing[h.ID].times < asideAfter {
			stopped[key] = true
			continue
		}
		if err := e.setAside(ctx, h, err, now); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// setAside puts an event where it stops nobody, and tells.
func (e *Engine) setAside(ctx context.Context, h store.Heard, cause error, now time.Time) error {
	e.log.Error("an event cannot be triaged and goes aside", "event", h.ID, "integration", h.Integration, "error", cause)
	err := e.store.Write(ctx, store.Triage, func(tx *store.Tx) error { return tx.SetAside(h.ID, cause.Error()) })
	if err != nil {
		return err
	}
	delete(e.ailing, h.ID)
	if h.Integration == Own {
		return nil // what the house says of itself cannot be told through itself
	}
	return e.own(ctx, "aside/"+string(h.Integration), fmt.Sprintf("an event of %s could not be processed and was set aside", h.Integration), cause.Error(), org.SEV3, now)
}

// own is what the house says about itself, on the catch-all service.
func (e *Engine) own(ctx context.Context, key, title, text string, severity org.Severity, now time.Time) error {
	return e.Hear(ctx, Own, []alert.Event{{Action: alert.Trigger, Key: key, Title: title, Text: text, Severity: severity}}, nil, now)
}

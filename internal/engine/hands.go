package engine

import (
	"context"
	"time"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/store"
)

// Split says that an alert is not the symptom of what it is folded under: it goes its own
// way at once, and whenever both fire again.
func (e *Engine) Split(ctx context.Context, id string, by incident.Actor, now time.Time) error {
	return e.correct(ctx, by, now, func(t *triaging) error {
		a, err := t.Alert(id)
		if err != nil {
			return err
		}
		if t.grove == nil || !a.Open || t.grove.forest.Parent(id) == "" {
			return incident.Refuse("it is the symptom of nothing")
		}
		for p := t.grove.forest.Parent(id); p != ""; p = t.grove.forest.Parent(p) {
			c, err := t.Alert(p)
			if err != nil {
				return err
			}
			if err := t.tx.PutPair(cause.Pair{Symptom: sift.NameOf(&a), Cause: sift.NameOf(&c)}, by, now); err != nil {
				return err
			}
		}
		return t.moved(a)
	})
}

// Put says that an alert is the symptom of another one: it is folded under that now, and
// whenever both fire again.
func (e *Engine) Put(ctx context.Context, id, under string, by incident.Actor, now time.Time) error {
	return e.correct(ctx, by, now, func(t *triaging) error {
		a, err := t.Alert(id)
		if err != nil {
			return err
		}
		c, err := t.Alert(under)
		if err != nil {
			return err
		}
		switch {
		case id == under:
			return incident.Refuse("an alert is not its own cause")
		case !a.Open || !c.Open:
			return incident.Refuse("both must fire")
		case t.grove == nil:
			return incident.Refuse("nothing explains anything here: say first what depends on what")
		case t.grove.forest.Root(under) == id:
			return incident.Refuse("%s is a symptom of it: split that off first", c.Title)
		}
		if err := t.tx.PutPair(cause.Pair{Symptom: sift.NameOf(&a), Cause: sift.NameOf(&c), Together: true}, by, now); err != nil {
			return err
		}
		return t.moved(a)
	})
}

// correct does something with the forest of what fires, as triage does.
func (e *Engine) correct(ctx context.Context, by incident.Actor, now time.Time, do func(*triaging) error) error {
	now = now.Truncate(time.Microsecond).UTC()
	var t *triaging
	err := e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
		defer guard(&err)
		gen, err := tx.Await(right)
		if err != nil {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		t = e.batch(tx, s, now)
		if err := t.plant(gen); err != nil {
			return err
		}
		t.hand = by
		if err := do(t); err != nil {
			return err
		}
		return t.finish()
	})
	if err == nil {
		e.grove.Store(t.grove)
		e.Poke()
	}
	return err
}

// moved looks at an alert after hands said where it belongs; it need not wait for what it
// was beneath to settle.
func (t *triaging) moved(a alert.Alert) error {
	if a.Sifted.Stage == alert.Symptom {
		a.Sifted.Stage, a.Sifted.Until = alert.Settling, t.now
	}
	t.put(a)
	if err := t.replant(); err != nil {
		return err
	}
	if now := t.changed[a.ID]; now.Sifted.Stage == alert.Settling && now.Subject == a.Subject || now.Subject == "" || t.grove.forest.Root(a.ID) != a.ID {
		return t.desk().Look([]string{a.ID})
	}
	return nil
}

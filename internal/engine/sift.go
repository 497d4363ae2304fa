package engine

import (
	"context"
	"errors"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/internal/store"
)

// What sifting has due rows for: alerts whose time has come, and a team's storm.
const (
	siftKind  = "sift"
	stormKind = "storm"
)

var siftRow = store.Due{Kind: siftKind, Subject: "alerts", Lane: store.LaneHigh}

func (t *triaging) desk() sift.Desk {
	d := sift.Desk{Sieve: t.s.sieve, Keeper: t, Now: t.now}
	if t.grove != nil {
		d.Forest = t.grove.forest
	}
	return d
}

// fires sifts an alert that is new or says something new.
func (t *triaging) fires(a alert.Alert) (alert.Alert, error) {
	t.put(a)
	t.grew = t.grew || t.grove != nil
	if err := t.desk().Fires(a); err != nil {
		return a, err
	}
	return *t.changed[a.ID], nil
}

// cleared takes an alert out of the forest that is over.
func (t *triaging) cleared(id string) error {
	t.grew = t.grew || t.grove != nil
	return t.desk().Clears(id)
}

// arm sets when the alerts of a batch are looked at anew.
func (t *triaging) arm() error {
	var first time.Time
	for _, a := range t.changed {
		if at := a.Sifted.Until; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if t.grove != nil {
		t.grove.gen = t.gen
		if t.grew {
			t.grove.gen++
			if err := t.tx.Arm(right); err != nil {
				return err
			}
		}
	}
	if first.IsZero() {
		return nil
	}
	d := siftRow
	d.At = first
	return t.tx.ArmBy(d)
}

// siftDue looks at the alerts whose time has come.
func (e *Engine) siftDue(ctx context.Context, d store.Due, now time.Time) error {
	var t *triaging
	err := e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		d.Failures = 0
		gen, ours, err := tx.Take(right)
		if err != nil || !ours { // another node triages just now
			d.At = now.Add(time.Second)
			return errors.Join(err, tx.Arm(d))
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		t = e.batch(tx, s, now)
		if err := t.plant(gen); err != nil {
			return err
		}
		if d.Kind == stormKind {
			if err := t.storm(d); err != nil {
				return err
			}
			return t.finish()
		}
		due, err := tx.AlertsToLook(now, e.most)
		if err != nil {
			return err
		}
		for _, a := range due {
			if err := t.look(a); err != nil {
				return err
			}
		}
		if err := t.finish(); err != nil {
			return err
		}
		d.At, err = tx.NextLook()
		if err != nil || d.At.IsZero() {
			return errors.Join(err, tx.Disarm(d.Kind, d.Subject))
		}
		return tx.Arm(d)
	})
	if err == nil && t != nil {
		e.grove.Store(t.grove)
	}
	return err
}

// auditSifting arms what sifting waits for: the next look at an alert, the next change of
// a maintenance window, and a look at everything after the configuration has changed.
func (e *Engine) auditSifting(tx *store.Tx, s *setup, now time.Time) error {
	if err := errors.Join(armWindows(tx, s, now), armDigest(tx, s, now), armReports(tx, s, now)); err != nil {
		return err
	}
	if err := tx.DropGatherings(now.Add(-keepGatherings)); err != nil {
		return err
	}
	if err := tx.DropActions(now.Add(-keepActions)); err != nil {
		return err
	}
	d := siftRow
	var err error
	if d.At, err = tx.NextLook(); err != nil {
		return err
	}
	if g := e.grove.Load(); s.sieve.Explains() && (g == nil || g.config != s.seq) {
		d.At = now
	}
	if d.At.IsZero() {
		return nil
	}
	return tx.ArmBy(d)
}

const keepGatherings = 24 * time.Hour // after the last alert that joined

// look is one alert whose time has come.
func (t *triaging) look(a alert.Alert) error {
	if c, ok := t.changed[a.ID]; ok { // by one before it
		a = *c
		if a.Sifted.Until.IsZero() || a.Sifted.Until.After(t.now) {
			return nil
		}
	}
	if !a.Sifted.Flapping.IsZero() && (!a.Open || a.Sifted.Stage == "" || a.Sifted.Stage == alert.Flapping) {
		return t.calm(a)
	}
	if !a.Open {
		a.Sifted.Until = time.Time{}
		t.put(a)
		return nil
	}
	until := a.Sifted.Until
	var err error
	if a.Subject == "" {
		a, err = t.fires(a)
	} else {
		t.put(a)
		err = t.desk().Look([]string{a.ID})
		a = *t.changed[a.ID]
	}
	if err == nil && a.Sifted.Until.Equal(until) { // nothing came of it; it must not be due for ever
		a.Sifted.Until = time.Time{}
		t.put(a)
	}
	return err
}

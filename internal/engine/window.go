package engine

import (
	"context"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
)

// windowKind is the due row of all maintenance windows: their next beginning or end.
const windowKind = "window"

var windowRow = store.Due{Kind: windowKind, Subject: "windows", Lane: store.LaneHigh}

// quietAt are the silences and maintenance windows of a moment.
func (s *setup) quietAt(tx *store.Tx, now time.Time) ([]alert.Silence, error) {
	list, err := tx.SilencesAt(now)
	on, _ := s.sieve.Windows(now)
	return append(list, on...), err
}

// armWindows sets when the windows are looked at.
func (t *tending) armWindows() error { return armWindows(t.tx, t.s, t.now) }

func armWindows(tx *store.Tx, s *setup, now time.Time) error {
	_, next := s.sieve.Windows(now)
	if next.IsZero() {
		return nil
	}
	d := windowRow
	d.At = next
	return tx.ArmBy(d)
}

// windowDue holds what fires when a window begins, and lets go of it at its end.
func (e *Engine) windowDue(ctx context.Context, d store.Due, now time.Time) error {
	var subjects []incident.ID
	err := e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if subjects, err = tx.HeldSubjects(); err != nil {
			return err
		}
		on, _ := s.sieve.Windows(now)
		for _, w := range on {
			more, err := silenced(tx, w, now)
			if err != nil {
				return err
			}
			subjects = append(subjects, more...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(subjects)
	for some := range slices.Chunk(slices.Compact(subjects), tendAtATime) {
		if err := e.store.Write(ctx, store.High, func(tx *store.Tx) (err error) {
			defer guard(&err)
			return e.hushThese(tx, some, now)
		}); err != nil {
			return err
		}
	}
	return e.store.Write(ctx, store.High, func(tx *store.Tx) error {
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if err := tx.Disarm(d.Kind, d.Subject); err != nil {
			return err
		}
		return armWindows(tx, s, now)
	})
}

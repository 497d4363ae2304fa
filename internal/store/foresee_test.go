package store

import (
	"errors"
	"testing"
	"time"

	"tocsin/alert"
)

// What was foreseen is the answer of that moment, once, and none any longer when something
// was written.
func TestForesee(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		d := Due{Kind: "tend", Subject: "a", Lane: LaneHigh, At: t0}
		ask := func(tx *Tx, want time.Time) {
			t.Helper()
			got, ok, err := tx.DueOf(d.Kind, d.Subject)
			if err != nil || ok == want.IsZero() || !got.At.Equal(want) {
				t.Errorf("due at %s (%t, %v), want %s", got.At, ok, err, want)
			}
		}
		foresee := func(tx *Tx) {
			t.Helper()
			if err := tx.foresee(statement{text: tx.s.sql.Due, args: []any{d.Kind, d.Subject}}, statement{text: tx.s.sql.Due, args: []any{d.Kind, "b"}}); err != nil {
				t.Error(err)
			}
		}
		write(t, s, func(tx *Tx) error {
			foresee(tx)
			if err := tx.Arm(d); err != nil {
				return err
			}
			ask(tx, d.At) // which writes it first
			foresee(tx)
			ask(tx, d.At)
			if len(tx.foreseen) > 0 {
				if _, again := tx.known(tx.s.sql.Due, []any{d.Kind, d.Subject}); again {
					t.Error("an answer was known twice")
				}
			}
			foresee(tx)
			return tx.Disarm(d.Kind, d.Subject)
		})
		write(t, s, func(tx *Tx) error {
			foresee(tx)
			ask(tx, time.Time{})
			if _, err := tx.exec(tx.s.sql.ArmBy, d.Kind, d.Subject, d.Lane, micros(d.At)); err != nil {
				return err
			}
			ask(tx, d.At)
			return nil
		})
	})
}

// AlertsByKey is the open alert of a key, or else the one that was resolved last.
func TestAlertsByKey(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		one := func(id, key string, open bool, resolved time.Time) alert.Alert {
			return alert.Alert{ID: id, Integration: "i", Key: key, Open: open, Count: 1, FirstAt: t0, LastAt: t0, ResolvedAt: resolved}
		}
		write(t, s, func(tx *Tx) error {
			return errors.Join(
				tx.AddAlert(one("a1", "both", false, t0)), tx.AddAlert(one("a2", "both", true, time.Time{})),
				tx.AddAlert(one("b1", "over", false, t0)), tx.AddAlert(one("b2", "over", false, t0.Add(time.Hour))),
			)
		})
		write(t, s, func(tx *Tx) error {
			if err := tx.AddAlert(one("c1", "pending", true, time.Time{})); err != nil {
				return err
			}
			k := func(key string) AlertKey { return AlertKey{"i", key} }
			open, last, err := tx.AlertsByKey([]AlertKey{k("both"), k("over"), k("never"), k("pending")})
			if len(open) != 2 || open[k("both")].ID != "a2" || open[k("pending")].ID != "c1" {
				t.Errorf("open: %v", open)
			}
			if len(last) != 1 || last[k("over")].ID != "b2" {
				t.Errorf("resolved last: %v", last)
			}
			return err
		})
	})
}

// The table of a day is made by the first transaction that keeps events of it, once that is
// committed, and what is kept is read in the same transaction.
func TestEventsOfANewDay(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		keep := func(tx *Tx, at time.Time, key string) error {
			return tx.KeepEvents(at, []KeptEvent{{Heard: Heard{Integration: "i", At: at, Event: alert.Event{Action: alert.Trigger, Key: key}}}})
		}
		fails := errors.New("no")
		for _, day := range []time.Time{t0, t0.Add(24 * time.Hour)} {
			err := s.Write(t.Context(), Triage, func(tx *Tx) error { return errors.Join(keep(tx, day, "never"), fails) })
			if !errors.Is(err, fails) {
				t.Fatal(err)
			}
			for i, want := range []int{2, 4} {
				write(t, s, func(tx *Tx) error {
					if err := errors.Join(keep(tx, day, "x"), keep(tx, day, "y")); err != nil {
						return err
					}
					got, err := tx.Events(day)
					if len(got) != want {
						t.Errorf("%s, transaction %d: %d events, want %d", day, i, len(got), want)
					}
					return err
				})
			}
		}
	})
}

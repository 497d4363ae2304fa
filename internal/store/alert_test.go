package store

import (
	"testing"

	"tocsin/alert"
)

// A new alert takes the place of one that ends in the same transaction, in whatever order
// they are given; and what is said to be new is not written over what is there.
func TestNewAlerts(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		first := alert.Alert{ID: "a1", Integration: "i", Key: "k", Open: true, Count: 1, FirstAt: t0, LastAt: t0}
		write(t, s, func(tx *Tx) error { return tx.AddAlert(first) })
		second := first
		second.ID = "a2"
		write(t, s, func(tx *Tx) error {
			if err := tx.AddAlert(second); err != nil {
				return err
			}
			first.Open, first.ResolvedAt = false, t0
			if err := tx.PutAlert(first); err != nil {
				return err
			}
			second.Count = 2 // before it is written, and after
			if err := tx.PutAlert(second); err != nil {
				return err
			}
			if err := tx.flush(putAlerts); err != nil {
				return err
			}
			second.Count = 3
			return tx.PutAlert(second)
		})
		key := AlertKey{Integration: "i", Key: "k"}
		read(t, s, func(tx *Tx) error {
			open, err := tx.OpenAlerts([]AlertKey{key})
			if a := open[key]; a.ID != "a2" || a.Count != 3 {
				t.Errorf("open is %+v", a)
			}
			last, err2 := tx.LastResolved([]AlertKey{key})
			if err == nil {
				err = err2
			}
			if last[key].ID != "a1" {
				t.Errorf("resolved last is %+v", last[key])
			}
			return err
		})
		if err := s.Write(t.Context(), Triage, func(tx *Tx) error { return tx.AddAlert(second) }); err == nil {
			t.Error("an alert was written over")
		}
	})
}

package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestViews(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		mine := []SavedView{{"Low disks", "q=disk&priority=low"}, {"Mine", "person=jane"}}
		write(t, s, func(tx *Tx) error { return tx.PutViews("jane", mine[:1], t0) })
		write(t, s, func(tx *Tx) error { return tx.PutViews("jane", mine, t0) })
		read(t, s, func(tx *Tx) error {
			got, err := tx.Views("jane")
			if diff := cmp.Diff(mine, got); diff != "" {
				t.Error(diff)
			}
			if others, err := tx.Views("omar"); err != nil || len(others) != 0 {
				t.Errorf("omar has %v, %v", others, err)
			}
			return err
		})
	})
}

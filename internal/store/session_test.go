package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// What is given out as bytes of the driver's stays what it is until the next row.
func TestRawBytes(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		read(t, s, func(tx *Tx) error {
			long := strings.Repeat("two", 1000)
			var one, two sql.RawBytes
			err := tx.row(`SELECT CAST($1 AS TEXT), CAST($2 AS TEXT)`, "one", long)(&one, &two)
			if err != nil || string(one) != "one" || string(two) != long {
				t.Errorf("%q %q: %v", one, two, err)
			}
			return err
		})
	})
}

// A transaction that fails leaves nothing in the room that the next one gets.
func TestRoomIsEmpty(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		for i := range 40 {
			err := s.Write(context.Background(), High, func(tx *Tx) error {
				for n := range 1 + i*7%20 {
					if err := openIncident(tx, 100*i+n, t0); err != nil {
						return err
					}
				}
				if i%2 == 0 {
					return errBack
				}
				return nil
			})
			if (err != nil) != (i%2 == 0) {
				t.Fatal(err)
			}
		}
		read(t, s, func(tx *Tx) error {
			var got []string
			err := tx.each(`SELECT id FROM subjects ORDER BY id`, nil, func(r row) error {
				var id string
				err := r.Scan(&id)
				got = append(got, id)
				return err
			})
			want := 0
			for i := 1; i < 40; i += 2 {
				want += 1 + i*7%20
			}
			if len(got) != want {
				t.Errorf("%d incidents, want %d: %s", len(got), want, got)
			}
			return err
		})
	})
}

// What waits in a bulk may be written in parts.
func TestRoomInParts(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		for range 3 {
			write(t, s, func(tx *Tx) error {
				for part := range 5 {
					for n := range 1 + 30*part {
						tx.add(putWords, fmt.Sprintf("w%d-%d", part, n), "a")
					}
					if err := tx.flush(putWords); err != nil {
						return err
					}
				}
				return nil
			})
		}
		read(t, s, func(tx *Tx) error {
			n := 0
			err := tx.row(`SELECT count(*) FROM subject_words WHERE subject = 'a'`)(&n)
			if n != 5+30*10 {
				t.Errorf("%d words", n)
			}
			return err
		})
	})
}

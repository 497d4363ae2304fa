package store

import (
	"context"
	"fmt"
	"testing"

	"tocsin/incident"
)

// TestAhead writes ahead and goes on: whatever is asked next sees it, all of it is there
// in the end, and what fails takes everything back.
func TestAhead(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			for n := range 300 {
				if err := openIncident(tx, n, t0); err != nil {
					return err
				}
				if n%50 == 49 {
					if err := tx.Ahead(); err != nil {
						return err
					}
				}
				if n == 199 {
					if all, err := tx.OpenAlerts([]AlertKey{{"prom", "key-0"}, {"prom", "key-199"}, {"prom", "key-200"}}); err != nil || len(all) != 2 {
						t.Errorf("after 200 rows, of three alerts asked for %d are open: %v", len(all), err)
					}
				}
			}
			return tx.Ahead()
		})
		read(t, s, func(tx *Tx) error {
			all, err := tx.Subjects(Filter{Open: true, Limit: 1000})
			if len(all) != 300 {
				t.Errorf("%d of 300 incidents are there", len(all))
			}
			return err
		})
		for name, after := range map[string]func(tx *Tx) error{
			"nothing is asked after it":  func(tx *Tx) error { return nil },
			"a question is asked":        func(tx *Tx) error { _, err := tx.Meta("x"); return err },
			"the caller fails by itself": func(tx *Tx) error { return fmt.Errorf("of its own") },
			"the caller panics":          func(tx *Tx) error { panic("of its own") },
			"more is written ahead": func(tx *Tx) error {
				tx.add(putWords, "w", "x")
				return tx.Ahead()
			},
		} {
			err := s.Write(context.Background(), People, func(tx *Tx) error {
				if err := openIncident(tx, 1000, t0); err != nil {
					return err
				}
				id := tx.changed[0].ID
				tx.add(putLog, string(id), 1, micros(t0), "x", "x", "{}", []byte{}) // a line twice
				if err := tx.Ahead(); err != nil {
					return err
				}
				return after(tx)
			})
			if err == nil {
				t.Errorf("%s: what failed was taken for written", name)
			}
		}
		read(t, s, func(tx *Tx) error {
			_, err := tx.Subject(incident.ID("none"))
			if err == nil {
				t.Error("there is a subject that there is not")
			}
			open, err := tx.OpenAlerts([]AlertKey{{"prom", "key-1000"}})
			if len(open) > 0 {
				t.Error("a part of what failed is there")
			}
			return err
		})
	})
}

package store

import (
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// What is due and planned for a subject that begins in the same transaction is inserted
// without being looked for. Said twice it is once there, whatever was written between.
func TestNewPagesAndDue(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		const id incident.ID = "01new"
		page := func(rule int, id string) PageRow {
			return PageRow{ID: id, Page: escalate.Page{Subject: "01new", Run: 1, Person: "jane", Method: "m", Channel: "log", Rule: rule, Priority: org.High, At: t0}}
		}
		due := func(kind string, at time.Time) Due {
			return Due{Kind: kind, Subject: string(id), Lane: LaneHigh, At: at}
		}
		steps := []func(tx *Tx) error{
			func(tx *Tx) error { return tx.PlanPages([]PageRow{page(0, "p1"), page(0, "p2")}) },
			func(tx *Tx) error { return tx.Arm(due("tend", t0)) },
			func(tx *Tx) error { return tx.flush(putPages, putDue) },
			func(tx *Tx) error { return tx.PlanPages([]PageRow{page(0, "p3"), page(1, "p4")}) },
			func(tx *Tx) error { return tx.Arm(due("tend", t0.Add(time.Hour))) },
			func(tx *Tx) error { return tx.ArmBy(due("digest", t0.Add(time.Hour))) },
			func(tx *Tx) error { return tx.Arm(due("digest", t0.Add(2*time.Hour))) },
			func(tx *Tx) error { return tx.Ahead() },
			func(tx *Tx) error { return tx.PlanPages([]PageRow{page(1, "p5"), page(2, "p6")}) },
			func(tx *Tx) error { return tx.Disarm("tend", string(id)) },
			func(tx *Tx) error { return tx.Arm(due("tend", t0.Add(3*time.Hour))) },
		}
		write(t, s, func(tx *Tx) error {
			sub := tx.Create(id)
			opened := incident.Entry{Seq: 1, At: t0, By: incident.Engine, Fact: incident.Opened{Title: "t", Service: "web", Priority: org.High}}
			if err := tx.Append(sub, incident.Log{opened}); err != nil {
				return err
			}
			for _, step := range steps {
				if err := step(tx); err != nil {
					return err
				}
			}
			return nil
		})
		write(t, s, func(tx *Tx) error { // and in a later one
			if _, err := tx.Lock(id); err != nil {
				return err
			}
			if err := tx.PlanPages([]PageRow{page(0, "p7"), page(2, "p8")}); err != nil {
				return err
			}
			return tx.Arm(due("digest", t0.Add(4*time.Hour)))
		})
		read(t, s, func(tx *Tx) error {
			for _, p := range []struct {
				id    string
				there bool
			}{{"p1", true}, {"p2", false}, {"p3", false}, {"p4", true}, {"p5", false}, {"p6", true}, {"p7", false}, {"p8", false}} {
				if _, err := tx.Page(p.id); (err == nil) != p.there {
					t.Errorf("page %s: %v, want it there %t", p.id, err, p.there)
				}
			}
			for kind, want := range map[string]time.Time{"tend": t0.Add(3 * time.Hour), "digest": t0.Add(4 * time.Hour)} {
				if d, ok, err := tx.DueOf(kind, string(id)); err != nil || !ok || !d.At.Equal(want) {
					t.Errorf("%s is due at %s (%t, %v), want %s", kind, d.At, ok, err, want)
				}
			}
			return nil
		})
	})
}

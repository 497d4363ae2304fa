package engine

import (
	"context"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/resolve"
	"tocsin/review"
)

// The audit finds a climb without a timer, gives it one, and pages go on.
func TestAuditGivesBackALostTimer(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.hear(down("db-1"))
		h.expect("jane: db-1 is down")
		id := h.subjects()[0]
		h.write(func(tx *store.Tx) error { return tx.Disarm("tend", string(id)) })
		h.pass(6 * time.Minute) // the audit is due, the climb would have been
		h.pass(time.Second)
		h.expect("omar: db-1 is down")
	})
}

// The audit finds an action of an incident that is over whose timer was lost, and whoever has
// it hears of it.
func TestAuditGivesBackTheTimerOfAnAction(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.hear(down("db-1"))
		h.expect("jane: db-1 is down")
		id := h.subjects()[0]
		does := func(verb func(in incident.Incident) ([]incident.Fact, error)) {
			t.Helper()
			_, err := h.Do(context.Background(), id, "person:omar", h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return verb(in) })
			if err != nil {
				t.Fatal(err)
			}
		}
		does(func(in incident.Incident) ([]incident.Fact, error) { return resolve.Resolve(in, "") })
		does(func(in incident.Incident) ([]incident.Fact, error) {
			return review.Add(in, review.Wish{Title: "A larger disk", Owner: "jane", Due: h.now.Add(10 * time.Minute)}, h.now)
		})
		h.pass(time.Second)
		h.said()
		h.write(func(tx *store.Tx) error { return tx.Disarm("tend", string(id)) })
		h.pass(11 * time.Minute)
		h.pass(time.Second)
		h.expect("jane: action overdue: A larger disk: db-1 is down")
	})
}

// When the disk fills, old events go; what is open stays.
func TestFullDiskDropsOldEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		used := 10.0
		h.diskUsed = func() float64 { return used }
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.hear(down("db-1"))
		day := h.now
		kept := func() (n int) {
			t.Helper()
			err := h.Read(context.Background(), func(tx *store.Tx) error {
				events, err := tx.Events(day)
				n = len(events)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		h.pass(72 * time.Hour)
		if kept() != 1 {
			t.Fatalf("%d events kept with room on the disk", kept())
		}
		used = 81
		h.pass(2 * time.Minute)
		if kept() != 0 {
			t.Error("the disk is full and old events stay")
		}
		if len(h.subjects()) != 1 {
			t.Error("an incident went with them")
		}
	})
}

// A projection that differs from its log is found.
func TestAuditFoldsAnew(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.hear(down("db-1"))
	err := h.Read(context.Background(), func(tx *store.Tx) error {
		sub, err := tx.Subject(h.subjects()[0])
		if err != nil {
			return err
		}
		log, err := tx.Log(sub.ID)
		if err != nil {
			return err
		}
		again := incident.Fold(log)
		again.ID = sub.ID
		if !same(again, sub.Incident) {
			t.Error("the projection differs from the log")
		}
		again.Title = "something else"
		if same(again, sub.Incident) {
			t.Error("a difference is not seen")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// watched is a house with a heartbeat of ten minutes.
func watched(t *testing.T, url string) *house {
	h := newHouse(t, url)
	h.configure("heartbeat", "b", org.Heartbeat{ID: "b", Name: "backup", Integration: "prom", Every: org.Duration(10 * time.Minute), Message: "no backup"})
	return h
}

func (h *house) ping(name string) {
	h.t.Helper()
	if err := h.Ping(context.Background(), "prom", name, h.now); err != nil {
		h.t.Fatal(err)
	}
	h.step()
}

// A heartbeat that nobody heard yet is not watched; by its name or its id, it is from
// its first ping on. A silence is told once, and the next ping ends it.
func TestHeartbeat(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := watched(t, url)
		h.pass(time.Hour)
		h.expect("")
		h.ping("backup")
		for range 5 {
			h.pass(9 * time.Minute)
			h.ping("b")
			h.step()
		}
		h.pass(10*time.Minute - time.Second)
		h.expect("")
		h.pass(time.Second)
		h.expect("jane: no backup")
		h.pass(2 * time.Minute)
		h.ping("backup")
		h.expect("jane: resolved: no backup")
		if err := h.Ping(context.Background(), "tocsin", "backup", h.now); !errors.Is(err, ErrNoHeartbeat) {
			t.Errorf("by somebody else: %v", err)
		}
		all, err := h.Heartbeats(context.Background(), "prom")
		if err != nil || len(all) != 1 || all[0].Missed || !all[0].PingedAt.Equal(h.now) {
			t.Errorf("%+v %v", all, err)
		}
	})
}

// A timer that is late may have found the silence of the house: the full wait counts
// from when it was really done. So it does after a time in which nobody listened.
func TestHeartbeatAfterAnOutage(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := watched(t, url)
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.ping("backup")
		h.pass(30 * time.Minute) // in one step: nobody looked meanwhile
		h.pass(10*time.Minute - time.Second)
		h.expect("")
		h.ping("backup")
		h.now = h.now.Add(9 * time.Minute) // off, and back before the timer
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		h.expect("")
		h.pass(9 * time.Minute)
		h.expect("jane: no backup")
	})
}

// What changes of a heartbeat holds from its next ping on; one that is disabled or
// retired is not watched, and a timer that is lost is found.
func TestHeartbeatChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := watched(t, url)
		change := func(do func(*org.Heartbeat)) {
			t.Helper()
			_, err := h.ChangeHeartbeat(context.Background(), "prom", "backup", "test", h.now, func(b *org.Heartbeat) error { do(b); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		h.ping("backup")
		change(func(b *org.Heartbeat) { b.Every = org.Duration(time.Minute) })
		h.ping("backup")
		h.pass(time.Minute)
		h.expect("jane: no backup")
		h.ping("backup")
		h.said()
		change(func(b *org.Heartbeat) { b.Disabled = true })
		h.ping("backup")
		h.pass(time.Hour)
		h.expect("")
		change(func(b *org.Heartbeat) { b.Disabled = false })
		h.pass(time.Hour)
		h.expect("")
		h.ping("backup")
		h.write(func(tx *store.Tx) error {
			if err := tx.Disarm("heartbeat", "b"); err != nil {
				return err
			}
			found, err := h.findBeats(tx)
			if len(found) != 1 {
				t.Errorf("found %v", found)
			}
			return err
		})
		h.pass(time.Minute)
		h.expect("jane: no backup")
		change(func(b *org.Heartbeat) { b.Retired = true })
		if err := h.Ping(context.Background(), "prom", "backup", h.now); !errors.Is(err, ErrNoHeartbeat) {
			t.Errorf("retired: %v", err)
		}
		_, err := h.ChangeHeartbeat(context.Background(), "prom", "a/b", "test", h.now, func(*org.Heartbeat) error { return nil })
		if _, refused := errors.AsType[incident.Refusal](err); !refused {
			t.Errorf("a slash: %v", err)
		}
	})
}

// Pings that come together count as one, and the one that was late changes nothing.
func TestHeartbeatTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := watched(t, url)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := h.Ping(context.Background(), "prom", "backup", h.now.Add(time.Duration(i)*time.Second)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		h.ping("backup")
		beats, err := h.Heartbeats(context.Background(), "prom")
		if err != nil || len(beats) != 1 || beats[0].PingedAt.Before(h.now) {
			t.Errorf("%+v %v", beats, err)
		}
	})
}

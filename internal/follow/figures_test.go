package follow

import (
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/internal/engine"
)

// TestFiguresYield: while an event waits for triage, reports wait several times as long as
// they worked; else they do not.
func TestFiguresYield(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.Engine = engine.New(engine.Options{Store: h.store, Ring: h.ring, Async: true}) // does not run: nothing is triaged
		f := NewFigures(Options{Store: h.store, Engine: h.Engine})
		yields := func(took time.Duration) time.Duration {
			at := time.Now()
			f.yield(t.Context(), took)
			return time.Since(at)
		}
		if waited := yields(time.Hour); waited >= time.Second {
			t.Errorf("nothing waits, and reports yielded for %s", waited)
		}
		if err := h.Hear(t.Context(), "db", []alert.Event{{Action: alert.Trigger, Key: "disk", Title: "disk"}}, nil, h.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Step(t.Context(), h.Now()); err != nil {
			t.Fatal(err)
		}
		if waited := yields(10 * time.Millisecond); waited < yieldTimes*10*time.Millisecond {
			t.Errorf("an event waits, and reports yielded for %s", waited)
		}
		if waited := yields(time.Hour); waited < time.Second {
			t.Errorf("reports yielded for %s", waited)
		}
	})
}

package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

// TestIndexLater: while events come in, titles wait until it is calm, and no longer than
// for so long.
func TestIndexLater(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		async, waits     bool
		triaged, indexed time.Duration // before now
		later            time.Duration // after now; 0: at once
		events           bool          // that wait for triage
	}{
		"nothing is new":              {true, false, 0, time.Hour, 0, false},
		"an event just now":           {true, true, 0, time.Second, indexCalm, false},
		"an event a moment ago":       {true, true, indexCalm / 2, time.Second, indexCalm / 2, false},
		"it is calm":                  {true, true, indexCalm, time.Second, 0, false},
		"triage is at it":             {true, true, indexCalm, time.Second, indexCalm, true},
		"the storm has lasted":        {true, true, 0, indexMost, 0, true},
		"the storm has nearly lasted": {true, true, 0, indexMost - time.Millisecond, time.Millisecond, true},
		"one step at a time":          {false, true, 0, time.Second, 0, true},
	} {
		e := &Engine{async: c.async, indexed: now.Add(-c.indexed)}
		if c.events {
			e.inbox.waitsSince(now.Add(-time.Second))
		}
		e.triaged.Store(now.Add(-c.triaged).UnixMicro())
		e.unindexed.Store(c.waits)
		var want time.Time
		if c.later > 0 {
			want = now.Add(c.later)
		}
		if got := e.indexLater(now); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// A surge is several events of which the first had waited; then looks keep back for a
// while, and no longer.
func TestSurgeHoldsLooksBack(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		n      int
		waited time.Duration
		surge  bool
	}{
		{"one after a stall of the disk", 1, time.Second, false},
		{"many at once", 64, time.Millisecond, false},
		{"many behind others", surgeSize, surgeLag + time.Millisecond, true},
	} {
		var b intake
		b.triages(c.n, now.Add(-c.waited), now)
		if got := b.surging(now); got != c.surge {
			t.Errorf("%s: %t", c.name, got)
		}
		if b.surging(now.Add(surgePause)) {
			t.Errorf("%s: it does not end", c.name)
		}
	}
}

// Titles of more incidents than one turn looks at are found by their words soon after, by an
// engine that runs.
func TestTitlesAreIndexedBesideTheLooks(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			e := open(t, url(t), Options{Async: true})
			ctx, stop := context.WithCancel(t.Context())
			over := make(chan error, 1)
			go func() { over <- e.Run(ctx) }()
			const all = indexAtOnce + indexBatchSQLite
			events := make([]alert.Event, all)
			for i := range events {
				events[i] = alert.Event{Action: alert.Trigger, Key: fmt.Sprint("k", i), Title: fmt.Sprint("fridge ", i)}
			}
			if err := e.Hear(ctx, "prom", events, nil, e.Now()); err != nil {
				t.Fatal(err)
			}
			var found []store.Row
			ok, err := e.Until(ctx, 30*time.Second, func(tx *store.Tx) (_ bool, err error) {
				found, err = tx.Subjects(store.Filter{Words: "fridge", Limit: 2 * all})
				return len(found) == all, err
			})
			stop()
			if e := <-over; e != nil {
				t.Error(e)
			}
			if err != nil || !ok {
				t.Errorf("%d of %d incidents are found by their titles: %v", len(found), all, err)
			}
		})
	}
}

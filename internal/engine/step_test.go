package engine

import (
	"testing"
	"time"
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

package engine

import (
	"context"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/internal/store/storetest"
)

// While triage lags senders wait as long as it takes for what all of them sent, the longer
// the further it is behind, and never for ever.
func TestHoldBack(t *testing.T) {
	now := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	full := lagFree + lagFull
	for _, c := range []struct {
		lag   time.Duration
		owed  int64
		speed int64
		want  time.Duration
	}{
		{0, 256, 5000, 0},
		{lagFree, 256, 5000, 0},
		{lagFree + lagFull/2, 50, 5000, 5 * time.Millisecond},
		{full, 50, 5000, 10 * time.Millisecond},
		{full, 500, 5000, 100 * time.Millisecond},
		{full, 50, 1000, 50 * time.Millisecond},
		{full + lagFull, 50, 5000, 20 * time.Millisecond},
		{full, 50, 0, 50 * time.Millisecond}, // another node triages
		{time.Hour, 1000, 100, holdMost},
		{10_000 * time.Hour, 1 << 40, 1, holdMost},
	} {
		var b intake
		b.waitsSince(now.Add(-c.lag))
		b.owed.Store(c.owed)
		b.speed.Store(c.speed)
		if got := b.heldFor(now); got != c.want {
			t.Errorf("lag %s, %d events at %d a second: %s, want %s", c.lag, c.owed, c.speed, got, c.want)
		}
		if b.waitsSince(time.Time{}); b.heldFor(now) != 0 {
			t.Error("nothing waits for triage, and senders are held back")
		}
	}
}

// How fast triage is follows what batches took, and does not jump with one of them.
func TestSpeedOfTriage(t *testing.T) {
	var b intake
	b.triaged(64, 64*time.Millisecond)
	if got := b.speed.Load(); got != 1000 {
		t.Errorf("after one batch it is %d a second", got)
	}
	b.triaged(64, time.Hour)
	if got := b.speed.Load(); got != 875 {
		t.Errorf("after one that took an hour it is %d a second", got)
	}
	for range 100 {
		b.triaged(64, 32*time.Millisecond)
	}
	if got := b.speed.Load(); got < 1980 || got > 2000 {
		t.Errorf("after a hundred of 2,000 a second it is %d", got)
	}
	for range 100 {
		b.triaged(1, time.Hour)
	}
	if got := b.speed.Load(); got < 1 {
		t.Errorf("hardly any is %d a second, which means that nothing is known", got)
	}
}

// A sender who sends one event after the other is answered no sooner than triage lets it,
// and an event that waited for the disk as long as that is answered at once.
func TestHearHoldsBack(t *testing.T) {
	var ctx context.Context
	hangUp := func() {}
	e := open(t, storetest.SQLite(t), Options{Async: true, Hit: func(point string) {
		if point == "after accept" {
			time.AfterFunc(200*time.Millisecond, hangUp)
		}
	}})
	hear := func(heard time.Time) time.Duration {
		began := time.Now()
		if err := e.Hear(t.Context(), "prom", []alert.Event{{Action: alert.Trigger, Key: "a", Title: "a"}}, nil, heard); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	hear(e.clock.Now()) // nothing lags
	e.inbox.waitsSince(e.clock.Now().Add(-lagFree - lagFull))
	e.inbox.speed.Store(5)
	if got := hear(e.clock.Now()); got < 150*time.Millisecond {
		t.Errorf("answered after %s, while triage manages five a second", got)
	}
	if got := e.inbox.owed.Load(); got != 0 {
		t.Errorf("answers for %d events are owed to nobody", got)
	}
	e.inbox.speed.Store(1)
	if got := hear(e.clock.Now().Add(-2 * time.Second)); got > 800*time.Millisecond {
		t.Errorf("an event that was heard long before waited for another %s", got)
	}
	ctx, hangUp = context.WithCancel(t.Context())
	defer hangUp()
	began := time.Now()
	if err := e.Hear(ctx, "prom", []alert.Event{{Action: alert.Trigger, Key: "b", Title: "b"}}, nil, e.clock.Now()); err != nil {
		t.Errorf("what is on disk was told to be lost: %v", err)
	}
	if got := time.Since(began); got > 800*time.Millisecond {
		t.Errorf("who hung up was waited for, %s", got)
	}
}

package engine

import (
	"context"
	"math/rand/v2"
	"slices"
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
		{lagFree + lagFull/4, 50, 5000, 5 * time.Millisecond},
		{full, 50, 5000, 10 * time.Millisecond},
		{full, 500, 5000, 100 * time.Millisecond},
		{full, 50, 1000, 50 * time.Millisecond},
		{full + 3*lagFull, 50, 5000, 20 * time.Millisecond},
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

// How fast triage is follows what batches took, and does not jump with a small one.
func TestSpeedOfTriage(t *testing.T) {
	var b intake
	b.triaged(64, 64*time.Millisecond)
	if got := b.speed.Load(); got != 1000 {
		t.Errorf("after one batch it is %d a second", got)
	}
	b.triaged(64, time.Hour)
	if got := b.speed.Load(); got < 960 || got > 980 {
		t.Errorf("after one that took an hour it is %d a second", got)
	}
	for range 200 {
		b.triaged(64, 32*time.Millisecond)
	}
	if got := b.speed.Load(); got < 1960 || got > 2000 {
		t.Errorf("after two hundred of 2,000 a second it is %d", got)
	}
	var large intake
	large.triaged(64, 64*time.Millisecond)
	large.triaged(speedOver, speedOver*time.Second/2000)
	if got := large.speed.Load(); got != 2000 {
		t.Errorf("after as many events as it is averaged over at 2,000 a second it is %d", got)
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

// 64 senders that send again as soon as they are answered, while triage manages 5,000
// events a second, or 2,500 for a while, and half as long or half as long again for one batch:
// once it has settled all wait about as long, and triage lags by less than half a second.
func TestSendersAreHeldBackEvenly(t *testing.T) {
	const (
		senders = 64
		disk    = 5 * time.Millisecond
		step    = 100 * time.Microsecond
	)
	var b intake
	b.owed.Store(senders)
	b.speed.Store(5000)
	now := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	began := now
	var inbox []time.Time // when what waits was heard
	var heard, asks [senders]time.Time
	var waits []time.Duration
	random := rand.New(rand.NewPCG(1, 2))
	lag, credit, takes := time.Duration(0), 0.0, 1.0
	for i := range senders {
		heard[i], asks[i] = now, now.Add(disk)
		inbox = append(inbox, now)
	}
	for ; now.Sub(began) < 20*time.Second; now = now.Add(step) {
		speed := 5000.0
		if at := now.Sub(began); at > 5*time.Second && at < 10*time.Second {
			speed = 2500
		}
		for credit += speed * step.Seconds(); credit >= 32*takes && len(inbox) > 0; { // a batch is done
			n := min(32, len(inbox))
			inbox = inbox[n:]
			b.triaged(n, time.Duration(float64(n)*takes/speed*float64(time.Second)))
			credit -= 32 * takes
			takes = 0.5 + random.Float64()
		}
		b.waitsSince(time.Time{})
		if len(inbox) > 0 {
			b.waitsSince(inbox[0])
		}
		for i := range senders {
			if now.Before(asks[i]) {
				continue
			}
			if wait := b.heldFor(now) - now.Sub(heard[i]); wait > 0 {
				asks[i] = now.Add(max(wait, step))
				continue
			}
			if now.Sub(began) > 15*time.Second {
				waits = append(waits, now.Sub(heard[i]))
				lag = max(lag, now.Sub(inbox[0]))
			}
			heard[i], asks[i] = now, now.Add(disk)
			inbox = append(inbox, now)
		}
	}
	slices.Sort(waits)
	mid, most := waits[len(waits)/2], waits[len(waits)*99/100]
	t.Logf("%d answers: p50 %s, p99 %s, max %s, lag %s", len(waits), mid, most, waits[len(waits)-1], lag)
	if want := time.Duration(senders * int64(time.Second) / 5000); mid < want*9/10 || most > want*6/5 {
		t.Errorf("they wait %s, one of a hundred more than %s; want %s", mid, most, want)
	}
	if lag > 500*time.Millisecond {
		t.Errorf("triage lags %s", lag)
	}
}

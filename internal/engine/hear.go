package engine

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/org"
)

// ErrUnknownKey says that no integration has this key.
var ErrUnknownKey = errors.New("no integration has this key")

// Integration is the one whose key this is.
func (e *Engine) Integration(ctx context.Context, key string) (org.Integration, error) {
	s, err := e.setupNow(ctx)
	if err != nil {
		return org.Integration{}, err
	}
	id, ok := s.byKey[e.ring.Hash("integration key", key)]
	if !ok {
		return org.Integration{}, ErrUnknownKey
	}
	return s.integrations[id], nil
}

// fresh is how long the configuration may be used without asking whether it changed,
// where a moment's delay harms nobody (decisions always ask).
const fresh = time.Second

// setupNow is the configuration, at most a second old.
func (e *Engine) setupNow(ctx context.Context) (s *setup, err error) {
	e.setup.Lock()
	s, at := e.setup.setup, e.inbox.checked
	e.setup.Unlock()
	if now := e.clock.Now(); s != nil && now.Sub(at) < fresh && !now.Before(at) {
		return s, nil
	}
	err = e.store.Read(ctx, func(tx *store.Tx) (err error) {
		s, err = e.current(tx)
		return err
	})
	if err == nil {
		e.setup.Lock()
		e.inbox.checked = e.clock.Now()
		e.setup.Unlock()
	}
	return s, err
}

// A gatherer lets what arrives while a batch is being written wait for the next one:
// under load one commit carries much, and what comes alone waits for nobody.
type gatherer[T any] struct {
	mu      sync.Mutex
	waiting []T
	busy    bool
}

// join lets v wait. It says whether the caller is the one who writes, until there is no
// more.
func (g *gatherer[T]) join(v T) (writes bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, v)
	writes = !g.busy
	g.busy = true
	return writes
}

// more says whether something waits. When nothing does, the turn of the one who writes is
// over.
func (g *gatherer[T]) more() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.waiting, g.busy = nil, false
	}
	return g.busy
}

// next is what to write together: the first that waits, and those after it that fit.
func (g *gatherer[T]) next(fits func(T) bool) []T {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for n < len(g.waiting) && (fits(g.waiting[n]) || n == 0) {
		n++
	}
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return batch
}

// An intake is what was heard and is not on disk yet, and how far triage is behind.
type intake struct {
	gatherer[*hearing]
	checked time.Time    // when the configuration was last looked at (guarded by setup)
	oldest  atomic.Int64 // microseconds: when the first event was heard that still waits for triage; 0: none
	surge   atomic.Int64 // microseconds: until when looks keep back, for a surge is triaged
	owed    atomic.Int64 // events whose senders wait for an answer
	speed   atomic.Int64 // events a second that triage manages here when it is busy; 0: not known
}

// waitsSince notes since when the inbox waits; zero: it is empty.
func (b *intake) waitsSince(at time.Time) {
	if at.IsZero() {
		b.oldest.Store(0)
		return
	}
	b.oldest.Store(at.UnixMicro())
}

// surging says whether looks keep back.
func (b *intake) surging(now time.Time) bool { return now.UnixMicro() < b.surge.Load() }

// Busy says whether events wait for triage: what nobody waits for lets it go first.
func (e *Engine) Busy() bool { return e.inbox.oldest.Load() != 0 }

// heldFor is how long senders wait for an answer, from when they were heard on, while
// triage lags: as long as it takes for all the events for which answers are owed. Then as
// many are sent as are triaged, and nobody waits for his page behind an hour of events.
// The farther triage lags the longer; it never stops them. It grows with the root of the
// lag: the lag tells of events that were let in as long ago as it says, and who corrects
// much by old news swings. What was sent is on disk meanwhile, so that whoever waited
// longer than that for the disk waits no more.
func (b *intake) heldFor(now time.Time) time.Duration {
	since := b.oldest.Load()
	if since == 0 {
		return 0
	}
	speed := cmp.Or(b.speed.Load(), speedUnknown)
	lag := now.Sub(time.UnixMicro(since)) - lagFree
	turn := float64(b.owed.Load()) / float64(speed) * float64(time.Second)
	return time.Duration(min(turn*math.Sqrt(max(lag.Seconds(), 0)/lagFull.Seconds()), float64(holdMost)))
}

// triaged notes how long a batch of so many events took. One batch takes twice as long as
// the next: what is said of it is what the last speedOver events or so took.
func (b *intake) triaged(n int, took time.Duration) {
	now := int64(float64(n) / max(took, time.Microsecond).Seconds())
	if old := b.speed.Load(); old != 0 {
		now = old + (now-old)*int64(min(n, speedOver))/speedOver
	}
	b.speed.Store(max(now, 1))
}

// It is a surge when so many events are triaged together and the first had waited so long:
// a disk that stops for a moment is none.
const (
	surgeSize = 4
	surgeLag  = 4 * time.Millisecond
)

// triages notes that a batch of so many events is triaged, of which the first was heard at
// a moment.
func (b *intake) triages(n int, first, now time.Time) {
	b.waitsSince(first)
	if n >= surgeSize && now.Sub(first) > surgeLag {
		b.surge.Store(now.Add(surgePause).UnixMicro())
	}
}

type hearing struct {
	heard []store.Heard
	done  chan error
}

const (
	atOnce   = 512                    // bounds a batch
	lagFree  = 50 * time.Millisecond  // that triage may lag before senders are held back
	lagFull  = 200 * time.Millisecond // beyond it, at which they are held back to what triage manages
	holdMost = time.Second

	speedUnknown = 1000 // events a second: what a node takes for granted of another that triages
	speedOver    = 2048 // events over which the speed of triage is averaged
)

// Hear takes what a source said. When it returns nil, the events are on disk: counted
// on their open alert, or waiting in the inbox for triage.
func (e *Engine) Hear(ctx context.Context, integration org.IntegrationID, events []alert.Event, raw []byte, now time.Time) error {
	if len(events) == 0 {
		return nil
	}
	h := &hearing{heard: make([]store.Heard, len(events)), done: make(chan error, 1)}
	for i, ev := range events {
		h.heard[i] = store.Heard{
			Integration: integration, Event: ev, Digest: alert.Digest(ev), At: now, ID: e.newID(now),
		}
		if ev.Action == alert.Unreadable {
			h.heard[i].Raw = raw
		}
	}
	e.inbox.owed.Add(int64(len(events)))
	defer e.inbox.owed.Add(-int64(len(events)))
	switch writes := e.inbox.join(h); {
	case writes && e.async:
		go e.accept()
	case writes:
		e.accept()
	}
	select {
	case err := <-h.done:
		if err == nil {
			e.holdBack(ctx, now)
		}
		return err
	case <-ctx.Done():
		return ctx.Err() // unknown to the sender, who will repeat it; it may be on disk
	}
}

// accept writes batches until nobody waits. What a batch holds is decided once it is its
// turn to be written, so that nobody waits for two turns.
func (e *Engine) accept() {
	for e.inbox.more() {
		batch := sync.OnceValue(func() []*hearing {
			n := 0
			return e.inbox.next(func(h *hearing) bool { n += len(h.heard); return n <= atOnce })
		})
		heard := sync.OnceValue(func() []store.Heard {
			all := make([]store.Heard, 0, len(batch()))
			for _, h := range batch() {
				all = append(all, h.heard...)
			}
			return all
		})
		waiting := 0
		e.hit("before accept")
		err := e.store.Write(context.Background(), store.Accept, func(tx *store.Tx) error { return tx.Accept(heard(), &waiting) })
		e.hit("after accept")
		if err == nil {
			e.metrics.accepted(len(heard()))
			if waiting > 0 {
				wake(e.heard)
			}
		}
		for _, h := range batch() {
			h.done <- err
		}
	}
}

package engine

import (
	"context"
	"errors"
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

// holdBack is how long to wait after a batch of so many events, so that accepting
// more than triage can follow does not take from triage what it needs: senders wait a
// little, and nobody waits for his page behind an hour of events. It never stops them.
func (b *intake) holdBack(now time.Time, events int) time.Duration {
	since := b.oldest.Load()
	if since == 0 {
		return 0
	}
	lag := now.Sub(time.UnixMicro(since)) - lagFree
	return min(max(lag/lagShare, 0)*time.Duration(1+events/64), holdMost)
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
	lagFree  = 100 * time.Millisecond // that triage may lag before senders are held back
	lagShare = 15                     // of the lag beyond it, one part is waited for each 64 events
	holdMost = 400 * time.Millisecond
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
	switch writes := e.inbox.join(h); {
	case writes && e.async:
		go e.accept()
	case writes:
		e.accept()
	}
	select {
	case err := <-h.done:
		return err
	case <-ctx.Done():
		return ctx.Err() // unknown to the sender, who will repeat it; it may be on disk
	}
}

// accept writes batches until nobody waits. What a batch holds is decided once it is its
// turn to be written, so that nobody waits for two turns.
func (e *Engine) accept() {
	for events := 0; ; {
		e.breathe(events)
		if !e.inbox.more() {
			return
		}
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
		err := e.store.Write(context.Background(), store.Accept, func(tx *store.Tx) (err error) {
			waiting, err = tx.Accept(heard())
			return err
		})
		e.hit("after accept")
		events = len(heard())
		if err == nil {
			e.metrics.accepted(events)
			if waiting > 0 {
				wake(e.heard)
			}
		}
		for _, h := range batch() {
			h.done <- err
		}
	}
}

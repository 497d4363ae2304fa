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

// A batcher gathers what arrives while the batch before is being written: under load
// one commit carries hundreds of events, and a lone event waits for nobody.
type batcher struct {
	sync.Mutex
	waiting []*hearing
	busy    bool
	checked time.Time    // when the configuration was last looked at (guarded by setup)
	oldest  atomic.Int64 // microseconds: when the first event was heard that still waits for triage; 0: none
}

// waitsSince notes since when the inbox waits; zero: it is empty.
func (b *batcher) waitsSince(at time.Time) {
	if at.IsZero() {
		b.oldest.Store(0)
		return
	}
	b.oldest.Store(at.UnixMicro())
}

// holdBack is how long to wait after a batch of so many events, so that accepting
// more than triage can follow does not take from triage what it needs: senders wait a
// little, and nobody waits for his page behind an hour of events. It never stops them.
func (b *batcher) holdBack(now time.Time, events int) time.Duration {
	since := b.oldest.Load()
	if since == 0 {
		return 0
	}
	lag := now.Sub(time.UnixMicro(since)) - lagFree
	return min(max(lag/lagShare, 0)*time.Duration(1+events/64), holdMost)
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
	e.inbox.Lock()
	e.inbox.waiting = append(e.inbox.waiting, h)
	lead := !e.inbox.busy
	e.inbox.busy = true
	e.inbox.Unlock()
	switch {
	case lead && e.async:
		go e.accept()
	case lead:
		e.accept()
	}
	select {
	case err := <-h.done:
		return err
	case <-ctx.Done():
		return ctx.Err() // unknown to the sender, who will repeat it; it may be on disk
	}
}

// accept writes batches until nobody waits.
func (e *Engine) accept() {
	for events := 0; ; {
		e.breathe(events)
		e.inbox.Lock()
		n := 0
		events = 0
		for n < len(e.inbox.waiting) && (n == 0 || events+len(e.inbox.waiting[n].heard) <= atOnce) {
			events += len(e.inbox.waiting[n].heard)
			n++
		}
		batch := e.inbox.waiting[:n:n]
		e.inbox.waiting = e.inbox.waiting[n:]
		if n == 0 {
			e.inbox.waiting, e.inbox.busy = nil, false
			e.inbox.Unlock()
			return
		}
		e.inbox.Unlock()
		heard := make([]store.Heard, 0, events)
		for _, h := range batch {
			heard = append(heard, h.heard...)
		}
		waiting := 0
		e.hit("before accept")
		err := e.store.Write(context.Background(), store.Accept, func(tx *store.Tx) (err error) {
			waiting, err = tx.Accept(heard)
			return err
		})
		e.hit("after accept")
		if err == nil {
			e.metrics.accepted(events)
			if waiting > 0 {
				e.Poke()
			}
		}
		for _, h := range batch {
			h.done <- err
		}
	}
}

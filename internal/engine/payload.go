package engine

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"tocsin/internal/store"
	"tocsin/org"
)

const (
	payloadMost  = 64 << 10 // bytes of one; of what is larger, the beginning is kept
	payloadsWait = 64       // that may wait to be written
	payloadsIn   = 10       // of an integration in each span
	payloadSpan  = 10 * time.Second
)

// sampling are payloads that wait to be written when nothing else is to be done. They
// are for people who look and try things out: a storm, or a crash, may lose some.
type sampling struct {
	mu     sync.Mutex
	wait   []store.Payload
	since  time.Time
	counts map[org.IntegrationID]int
}

// Sample keeps what a sender sent, unless it sends too much, and returns its id or "".
// The body is copied, and where the integration's key stands in it, as in PagerDuty's
// events, another word stands in the copy.
func (e *Engine) Sample(in org.Integration, kind string, body []byte, now time.Time) string {
	of := in.ID
	s := &e.samples
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := now.Sub(s.since); d >= payloadSpan || d < 0 {
		s.since, s.counts = now, map[org.IntegrationID]int{}
	}
	if s.counts[of] >= payloadsIn || len(s.wait) >= payloadsWait || len(body) == 0 {
		return ""
	}
	s.counts[of]++
	p := store.Payload{ID: e.newID(now), Integration: of, At: now, Type: kind, Body: e.masked(in.KeyHash, body[:min(len(body), payloadMost)])}
	s.wait = append(s.wait, p)
	return p.ID
}

// word is what could be a key.
var word = regexp.MustCompile(`[^\s"':,;{}\[\]()<>&=?/\\]{4,256}`)

// masked is a body without a key, which is known by its hash alone.
func (e *Engine) masked(hash string, body []byte) []byte {
	masked := word.ReplaceAllFunc(body, func(w []byte) []byte {
		if hash != "" && e.ring.Hash("integration key", string(w)) == hash {
			return []byte("KEY")
		}
		return w
	})
	if masked == nil { // there is no word
		return append([]byte{}, body...)
	}
	return masked
}

// keepSamples writes what waits.
func (e *Engine) keepSamples(ctx context.Context) error {
	s := &e.samples
	s.mu.Lock()
	all := s.wait
	s.wait = nil
	s.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	if err := e.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.KeepPayloads(all) }); err != nil {
		return fmt.Errorf("keep payloads: %w", err)
	}
	return nil
}

package store

import (
	"sync"
	"time"
	"unicode/utf8"

	"tocsin/alert"
)

const (
	recentMost  = 1024    // events that are remembered: more than wait while triage keeps up
	recentBytes = 4 << 10 // of the text of one: all of them together stay small
)

// What was put into the inbox of late is known still when triage asks for it a moment
// later, and need not be read out of its text again. Only what the inbox says is there is
// asked for, by a place that no other event ever has, so that nothing of it can be wrong;
// what is forgotten is read.
type recent struct {
	mu    sync.Mutex
	by    map[[2]int64]alert.Event
	order [recentMost][2]int64
	next  int
}

// put remembers an event whose text has so many bytes.
func (r *recent) put(no, n int64, e alert.Event, bytes int) {
	if bytes > recentBytes || !asRead(e) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = make(map[[2]int64]alert.Event, recentMost)
	}
	at := [2]int64{no, n}
	delete(r.by, r.order[r.next])
	r.by[at], r.order[r.next] = e, at
	r.next = (r.next + 1) % recentMost
}

// take is the event of a place, if it is known. It is known once.
func (r *recent) take(no, n int64) (alert.Event, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.by[[2]int64{no, n}]
	delete(r.by, [2]int64{no, n})
	return e, ok
}

// asRead says whether an event comes out of its text as it went in.
func asRead(e alert.Event) bool {
	if e.AsSaid != "" {
		return false
	}
	for _, at := range []time.Time{e.At, e.Since, e.Until} {
		if !at.IsZero() && (at.Location() != time.UTC || at != at.Round(0)) {
			return false
		}
	}
	for _, s := range []string{string(e.Action), e.Key, e.Title, e.Text, string(e.Severity), e.By, e.Payload} {
		if !utf8.ValidString(s) {
			return false
		}
	}
	if e.Links != nil && len(e.Links) == 0 {
		return false
	}
	for _, labels := range []map[string]string{e.Labels, e.Details} {
		if labels != nil && len(labels) == 0 {
			return false
		}
		for k, v := range labels {
			if !utf8.ValidString(k) || !utf8.ValidString(v) {
				return false
			}
		}
	}
	for _, l := range e.Links {
		if !utf8.ValidString(l.Href) || !utf8.ValidString(l.Text) {
			return false
		}
	}
	return true
}

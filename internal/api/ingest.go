package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/internal/engine"
	"tocsin/org"
)

// An ingest takes what monitoring says.
type ingest struct {
	engine  *engine.Engine
	log     *slog.Logger
	memory  memory
	told    atomic.Int64 // when a fault of ours was logged last, in seconds since 1970
	results map[string]*[outcomes]prometheus.Counter
}

// An outcome is what became of a request, as it is counted.
type outcome int

const (
	accept outcome = iota
	unreadable
	invalid // refused in its dialect's words
	unknown // no integration has its key
	broken  // too large, too slow, cut off
	failed  // our fault
	outcomes
)

var outcomeNames = [outcomes]string{"accepted", "unreadable", "invalid", "unknown_key", "broken", "failed"}

func newIngest(o Options) *ingest {
	g := &ingest{engine: o.Engine, log: o.Log, results: map[string]*[outcomes]prometheus.Counter{}}
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tocsin_ingest_requests_total", Help: "Requests of monitoring to this node, by dialect and what became of them.",
	}, []string{"dialect", "outcome"})
	register(o.Registry, vec)
	for _, src := range source.All {
		g.results[src.Name()] = counters(vec, src.Name())
	}
	g.results[eventsV1.name] = counters(vec, eventsV1.name)
	g.results[amDialect] = counters(vec, amDialect)
	return g
}

// counters are those of a dialect, made before anything is counted, so that each is
// there from the start.
func counters(vec *prometheus.CounterVec, dialect string) *[outcomes]prometheus.Counter {
	var all [outcomes]prometheus.Counter
	for i, name := range outcomeNames {
		all[i] = vec.WithLabelValues(dialect, name)
	}
	return &all
}

// named is a webhook whose path names its source and its key.
func (g *ingest) named(w http.ResponseWriter, r *http.Request) {
	src, ok := source.Named(r.PathValue("source"))
	if !ok {
		refuse(w, "problem", http.StatusNotFound, "there is no source of this name")
		return
	}
	g.webhook(w, r, src)
}

// generic is the short address for JSON that nobody described to us.
func (g *ingest) generic(w http.ResponseWriter, r *http.Request) { g.webhook(w, r, source.Generic{}) }

// webhook takes a body whose key stands in the path.
func (g *ingest) webhook(w http.ResponseWriter, r *http.Request, src source.Source) {
	dialect, limit := src.Name(), maxBatch
	if dialect == "pagerduty" {
		limit = maxEvent
	}
	in, err := g.integration(r.Context(), w, dialect, r.PathValue("key"))
	if err == nil && in.Source != dialect {
		err = engine.ErrUnknownKey
	}
	if err != nil {
		if errors.Is(err, engine.ErrUnknownKey) {
			g.results[dialect][unknown].Inc()
			refuse(w, dialect, http.StatusNotFound, "no integration for "+dialect+" has this key")
		}
		return
	}
	b, body, err := g.memory.read(w, r, limit)
	defer b.done()
	if err != nil && !isUnreadable(err) {
		g.broken(w, dialect, err)
		return
	}
	if dialect == "pagerduty" {
		g.pagerDuty(w, r, in, eventsV2, body, err)
		return
	}
	var events []alert.Event
	if mapped, ok := source.For(in); ok {
		src = mapped
	}
	if err == nil {
		events, err = g.parse(src, r.Header, body)
	}
	if key := newKey(); dialect == "opsgenie" {
		for i := range events {
			events[i].Key = cmp.Or(events[i].Key, key)
		}
	}
	if dialect == "generic" && len(body) > maxEvent && len(events) == 1 && err == nil {
		g.broken(w, dialect, errTooLarge)
		return
	}
	if g.hear(w, r, in, dialect, events, body, err) {
		accepted(w, len(events), err)
	}
}

// integration finds whose key it is. Any error but ErrUnknownKey has been answered.
func (g *ingest) integration(ctx context.Context, w http.ResponseWriter, dialect, key string) (org.Integration, error) {
	if key == "" || len(key) > 256 {
		return org.Integration{}, engine.ErrUnknownKey
	}
	in, err := g.engine.Integration(ctx, key)
	if err != nil && !errors.Is(err, engine.ErrUnknownKey) {
		g.failed(ctx, w, dialect, err)
	}
	return in, err
}

// parse reads a body. A reader that panics has met a body it cannot read.
func (g *ingest) parse(src source.Source, head http.Header, body []byte) (events []alert.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("a source panicked; what it read is kept", "source", src.Name(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			events, err = nil, &source.Unreadable{Why: "the reader of " + src.Name() + " failed"}
		}
	}()
	return src.Parse(head, body)
}

// hear puts events on disk, and with them what could not be read. It says whether it
// could; if not, it has answered.
func (g *ingest) hear(w http.ResponseWriter, r *http.Request, in org.Integration, dialect string, events []alert.Event, body []byte, fault error) bool {
	result, all := accept, events
	var raw []byte
	if fault != nil {
		result = unreadable
		all = append(all[:len(all):len(all)], alert.UnreadableFrom(in, fault.Error()))
		// The start of a body shows what it was. It is copied: the buffer is lent, and
		// writing may go on after the sender has gone.
		raw = append(raw, body[:min(len(body), maxEvent)]...)
	}
	now := g.engine.Now()
	if id := g.engine.Sample(in, r.Header.Get("Content-Type"), body, now); id != "" {
		for i := range all {
			all[i].Payload = id
		}
	}
	if err := g.engine.Hear(r.Context(), in.ID, all, raw, now); err != nil {
		g.failed(r.Context(), w, dialect, err)
		return false
	}
	g.results[dialect][result].Inc()
	return true
}

// broken answers a body that did not come in whole.
func (g *ingest) broken(w http.ResponseWriter, dialect string, err error) {
	status, result := http.StatusBadRequest, broken
	switch {
	case errors.Is(err, errTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, errSlow):
		status = http.StatusRequestTimeout
	case errors.Is(err, errNoRoom):
		status, result = http.StatusServiceUnavailable, failed
	}
	g.results[dialect][result].Inc()
	w.Header().Set("Connection", "close") // the rest of the body is not wanted
	refuse(w, dialect, status, err.Error())
}

// failed answers for a fault of ours: the sender is to come back. A sender that has
// gone is answered all the same, for silence would read as success.
func (g *ingest) failed(ctx context.Context, w http.ResponseWriter, dialect string, err error) {
	g.results[dialect][failed].Inc()
	now := time.Now().Unix()
	if was := g.told.Load(); ctx.Err() == nil && now != was && g.told.CompareAndSwap(was, now) {
		g.log.Error("events could not be stored; their senders were asked to repeat them", "error", err)
	}
	refuse(w, dialect, http.StatusServiceUnavailable, "the event could not be stored; send it again")
}

func isUnreadable(err error) bool {
	var u *source.Unreadable
	return errors.As(err, &u)
}

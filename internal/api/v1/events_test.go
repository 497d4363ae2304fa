package v1_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "tocsin/internal/api/v1"
	"tocsin/internal/auth"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// A heard event is one that came down the line.
type heard struct {
	id, event string
	data      v1.Event
}

// A listener is one client of /events.
type listener struct {
	body  io.ReadCloser
	lines *bufio.Reader
	first string // the id it began at
}

func (h *home) server(t testing.TB) *httptest.Server {
	s := httptest.NewServer(h.http)
	t.Cleanup(func() {
		close(h.stop)
		s.Close()
	})
	return s
}

func listen(t testing.TB, s *httptest.Server, as, after string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, _ := http.NewRequestWithContext(ctx, "GET", s.URL+v1.Prefix+"/events", nil)
	r.Header.Set("X-As", as)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	got, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	t.Cleanup(func() { got.Body.Close() })
	l := &listener{body: got.Body, lines: bufio.NewReader(got.Body)}
	l.first = l.next(t).id
	return l
}

// next waits for the next event; what says only where it began has no name.
func (l *listener) next(t testing.TB) (e heard) {
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			t.Errorf("the line ended: %v", err)
			return e
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.data); err != nil && e.event != "resync" {
				t.Error(err)
			}
		case "":
			if e.id != "" || e.event != "" {
				return e
			}
		}
	}
}

func TestEvents(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		s := h.server(t)
		rita, olaf, stine := listen(t, s, "rita", ""), listen(t, s, "olaf", ""), listen(t, s, "stine", "")
		hidden := h.opened("hr", "Salaries are public")
		if e := rita.next(t); e.event != "incident" || e.data.ID != string(hidden) || e.data.Incident.Title != "Salaries are public" || e.data.Lines[0].Kind != "alert.opened" {
			t.Errorf("%+v", e)
		}
		h.must(200, "ada", "PATCH", "/services/db", `{"name":"Disks"}`)
		if e := olaf.next(t); e.event != "config" || e.data.Topic != "config/service" || e.data.ID != "db" {
			t.Errorf("an observer heard %+v of what is not theirs", e)
		}
		plain := h.opened("db", "Disk full")
		if e := stine.next(t); e.data.ID != string(plain) {
			t.Errorf("a stakeholder heard %+v of what is not theirs", e)
		}

		// Whoever comes back misses nothing.
		back := listen(t, s, "rita", rita.first)
		for _, want := range []string{string(hidden), "db", string(plain)} {
			if e := back.next(t); e.data.ID != want {
				t.Errorf("after the fact came %+v, want %s", e, want)
			}
		}
		for _, old := range []string{"nonsense", "1", "x-y"} {
			if e := listen(t, s, "rita", old).next(t); e.event != "resync" {
				t.Errorf("after %q came %+v", old, e)
			}
		}
	})
}

// A stuck client takes what it is sent only when its gate opens.
type stuck struct {
	*httptest.ResponseRecorder
	gate chan struct{}
}

func (s stuck) Flush() { <-s.gate }

func TestSlowClientsAreCut(t *testing.T) {
	h := open(t, "")
	w := stuck{httptest.NewRecorder(), make(chan struct{})}
	r := httptest.NewRequestWithContext(t.Context(), "GET", v1.Prefix+"/events", nil)
	r.Header.Set("X-As", "rita")
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.http.ServeHTTP(w, r)
	}()
	w.gate <- struct{}{} // it has begun, and takes nothing from here on
	s := h.server(t)
	quick := listen(t, s, "rita", "")
	for range 20 { // more looks than a client may be behind
		h.opened("db", "Disk full")
		quick.next(t)
	}
	close(w.gate)
	<-done
	if text := w.Body.String(); !strings.HasSuffix(text, "event: resync\ndata: {\"why\":\"too slow\"}\n\n") || strings.Count(text, "event: incident") > 17 {
		t.Errorf("it was told %d events, and at the end %q", strings.Count(text, "event: incident"), text[max(0, len(text)-80):])
	}
}

func TestEventsEndWithTheRight(t *testing.T) {
	h := open(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	h.people["gone"] = auth.Identity{Access: org.Access{Everywhere: org.Stakeholder}, Person: "gone"}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, "GET", v1.Prefix+"/events", nil)
	r.Header.Set("X-As", "gone")
	go func() { close(h.stop) }()
	h.http.ServeHTTP(w, r)
	if ctx.Err() != nil {
		t.Error("a server that stops does not let its listeners go")
	}
}

// 500 clients see a fact in under a second.
func TestManyListeners(t *testing.T) {
	const clients = 500
	h := open(t, "")
	s := h.server(t)
	s.Client().Transport.(*http.Transport).MaxIdleConns = clients
	var all []*listener
	for range clients {
		all = append(all, listen(t, s, "rita", ""))
	}
	var longest time.Duration
	for round := range 3 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		began := time.Now()
		id := h.opened("db", fmt.Sprintf("round %d", round))
		for _, l := range all {
			wg.Go(func() {
				if e := l.next(t); e.data.ID != string(id) {
					t.Errorf("%+v", e)
				}
				mu.Lock()
				longest = max(longest, time.Since(began))
				mu.Unlock()
			})
		}
		wg.Wait()
	}
	t.Logf("%d clients, the last of them after %s", clients, longest)
	if longest > time.Second {
		t.Errorf("the last of %d clients saw it after %s", clients, longest)
	}
}

// A server is stopped and started anew, on the same database. Who comes back with the id
// of the last event has missed nothing of what was said in between.
func TestEventsSurviveARestart(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string { return storetest.SQLite(t) }, "postgres": func(t *testing.T) string { return storetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			at := url(t)
			first := open(t, at)
			s := httptest.NewServer(first.http)
			l := listen(t, s, "rita", "")
			seen := first.opened("db", "before")
			last := l.next(t)
			if last.data.ID != string(seen) {
				t.Fatalf("%+v", last)
			}
			missed := first.opened("db", "while it goes down") // on disk, and perhaps never told
			close(first.stop)
			s.Close()
			first.store.Close()

			second := open(t, at)
			after := second.opened("db", "before anybody is back")
			back := listen(t, second.server(t), "rita", last.id)
			heard := map[string]bool{}
			for len(heard) < 2 && !t.Failed() {
				if e := back.next(t); e.event == "incident" {
					heard[e.data.ID] = true
				} else if e.event == "resync" {
					t.Fatal("it is told to read everything anew")
				}
			}
			if !heard[string(missed)] || !heard[string(after)] || heard[string(seen)] {
				t.Errorf("it heard %v, missed %s, %s, had %s", heard, missed, after, seen)
			}
		})
	}
}

// BenchmarkListeners is how long it takes until the last of 500 clients has seen a fact.
// The goal is a second.
func BenchmarkListeners(b *testing.B) {
	const clients = 500
	for name, url := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return storetest.Postgres(b) }} {
		b.Run(name, func(b *testing.B) {
			h := open(b, url())
			s := h.server(b)
			var all []*listener
			for range clients {
				all = append(all, listen(b, s, "rita", ""))
			}
			var took []time.Duration
			for b.Loop() {
				for round := range 20 {
					began := time.Now()
					h.opened("db", fmt.Sprintf("round %d", round))
					var wg sync.WaitGroup
					for _, l := range all {
						wg.Go(func() { l.next(b) })
					}
					wg.Wait()
					took = append(took, time.Since(began))
				}
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "longest-ms")
		})
	}
}

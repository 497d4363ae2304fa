package v1_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "tocsin/internal/api/v1"
	"tocsin/internal/auth"
	"tocsin/internal/store"
	"tocsin/org"
)

// BenchmarkRoom is 200 people in the room of one incident who are told 20 messages a
// second, over real connections: how long a message is on its way from the one who sends
// it to each of the others. The goal is a 99th percentile below a second.
func BenchmarkRoom(b *testing.B) {
	const people, each = 200, 50 * time.Millisecond
	h := open(b, "")
	id := string(h.opened("db", "Disk full"))
	for n := range people {
		who := fmt.Sprintf("p%03d", n)
		h.people[who] = auth.Identity{Access: org.Access{Everywhere: org.Admin}, Person: org.PersonID(who), Name: who, Session: who}
	}
	h.written(func(tx *store.Tx) error { return nil })
	h.must(201, "rita", "POST", "/incidents/"+id+"/messages", `{"text":"begin"}`)
	s := httptest.NewServer(h.http)
	defer func() { close(h.stop); s.Close() }()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()

	var mu sync.Mutex
	var took []time.Duration
	sent := map[string]time.Time{}
	var ready, gone sync.WaitGroup
	for n := range people {
		who := fmt.Sprintf("p%03d", n)
		h.must(204, who, "POST", "/incidents/"+id+"/read", `{"message":1}`)
		ready.Add(1)
		gone.Go(func() {
			r, _ := http.NewRequestWithContext(ctx, "GET", s.URL+v1.Prefix+"/events", nil)
			r.Header.Set("X-As", who)
			got, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				ready.Done()
				return
			}
			defer got.Body.Close()
			lines := bufio.NewScanner(got.Body)
			lines.Buffer(nil, 1<<20)
			for first := true; lines.Scan(); {
				if first {
					ready.Done()
					first = false
				}
				data, ok := strings.CutPrefix(lines.Text(), "data: ")
				if !ok || !strings.Contains(data, `"topic":"messages"`) {
					continue
				}
				now := time.Now()
				var e v1.Event
				if json.Unmarshal([]byte(data), &e) != nil {
					continue
				}
				mu.Lock()
				for _, m := range e.Messages {
					if at, ok := sent[m.Text]; ok {
						took = append(took, now.Sub(at))
					}
				}
				mu.Unlock()
			}
		})
	}
	ready.Wait()
	client := s.Client()
	b.ResetTimer()
	tick := time.NewTicker(each)
	defer tick.Stop()
	var posts sync.WaitGroup
	for n := range b.N {
		<-tick.C
		text := fmt.Sprintf("message %d of the night, with some words that say what was seen and what comes next", n)
		posts.Go(func() {
			r, _ := http.NewRequestWithContext(ctx, "POST", s.URL+v1.Prefix+"/incidents/"+id+"/messages", strings.NewReader(fmt.Sprintf(`{"text":%q,"nonce":"%d"}`, text, n)))
			r.Header.Set("X-As", fmt.Sprintf("p%03d", n%people))
			r.Header.Set("Content-Type", "application/json")
			mu.Lock()
			sent[text] = time.Now()
			mu.Unlock()
			got, err := client.Do(r)
			if err == nil {
				got.Body.Close()
			}
			if err != nil || got.StatusCode != 201 {
				b.Errorf("not taken: %v", err)
			}
		})
	}
	posts.Wait()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		mu.Lock()
		all := len(took) >= b.N*people
		mu.Unlock()
		if all {
			break
		}
	}
	b.StopTimer()
	cancel()
	gone.Wait()
	if len(took) < b.N*people {
		b.Errorf("%d of %d were told", len(took), b.N*people)
	}
	if slices.Sort(took); len(took) > 0 {
		b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms-p50")
		b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "ms-p99")
	}
}

package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/store"
)

// measured runs a measure on both databases.
func measured(b *testing.B, measure func(b *testing.B, database string)) {
	b.Run("sqlite", func(b *testing.B) { measure(b, "") })
	b.Run("postgres", func(b *testing.B) { measure(b, synced(b)) })
}

// From the trigger's first byte to the page at its provider, at 500 events a second of
// which one in a hundred is new.
func BenchmarkFirstPage(b *testing.B) {
	measured(b, func(b *testing.B, database string) {
		var mu sync.Mutex
		var took []time.Duration
		provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := time.Now()
			var m struct{ Title string }
			json.NewDecoder(r.Body).Decode(&m)
			if _, text, ok := strings.Cut(m.Title, "sent-"); ok {
				digits, _, _ := strings.Cut(text, " ")
				if at, err := strconv.ParseInt(digits, 10, 64); err == nil {
					mu.Lock()
					took = append(took, now.Sub(time.Unix(0, at)))
					mu.Unlock()
				}
			}
			fmt.Fprint(w, `{"id":"x"}`)
		}))
		defer provider.Close()
		o := options(b, database)
		o.AllowNetwork, o.LogLevel = []string{"127.0.0.1/32"}, "error"
		setUp(b, o, strings.ReplaceAll(benchSetup, "{id: log, channel: log, address: jane}", "{id: log, channel: ntfy, address: \""+provider.URL+"/jane\"}"))
		c := start(b, "serve", o)
		send(b, c.URL, sending{conns: 16, lasts: time.Second, next: func(n int64) []byte { return event(fmt.Sprint("open-", n%1000)) }})
		calm(b, c.URL)
		time.Sleep(2 * time.Second) // their pages
		old := repeats()
		got := send(b, c.URL, sending{conns: 64, every: 2 * time.Millisecond, lasts: 20 * time.Second, next: func(n int64) []byte {
			if n%100 == 50 {
				body := string(event(fmt.Sprint("new-", n)))
				return []byte(strings.Replace(body, "disk full on db-1", fmt.Sprintf("sent-%d x", time.Now().UnixNano()), 1))
			}
			if n%20 == 0 {
				n++
			}
			return old(n)
		}})
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(took)
		if len(took) < 90 || got.bad > 0 {
			b.Fatalf("%d pages, %d bad answers", len(took), got.bad)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "page-p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "page-p99-ms")
		b.ReportMetric(got.rate, "events/s")
		b.ReportMetric(float64(got.p99.Microseconds())/1000, "accept-p99-ms")
	})
}

// How late timers are while a million others wait.
func BenchmarkTimers(b *testing.B) {
	measured(b, func(b *testing.B, database string) {
		o := options(b, database)
		o.LogLevel = "error"
		setUp(b, o, strings.ReplaceAll(benchSetup, "levels: [{targets: [jane], wait: 5m}]", "levels: [{targets: [jane], wait: 3s}, {targets: [jane], wait: 3s}], repeat: {count: 2}"))
		st, _, err := OpenStore(context.Background(), o.Installation)
		if err != nil {
			b.Fatal(err)
		}
		far := time.Now().Add(1000 * time.Hour)
		for n := 0; n < 1_000_000; n += 20_000 {
			err := st.Write(context.Background(), store.Background, func(tx *store.Tx) error {
				for i := n; i < n+20_000; i++ {
					if err := tx.Arm(store.Due{Kind: "tend", Subject: fmt.Sprintf("far-%07d", i), Lane: store.LaneHigh, At: far.Add(time.Duration(i) * time.Millisecond)}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		st.Close()
		settle(b, database)
		c := start(b, "serve", o)
		send(b, c.URL, sending{conns: 4, every: 50 * time.Millisecond, lasts: 20 * time.Second, next: fresh("timer")})
		time.Sleep(20 * time.Second) // all of their six levels
		b.ReportMetric(0, "ns/op")
		count, late := quantile(b, c.URL, "tocsin_due_lateness_seconds", 0.99)
		b.ReportMetric(count, "timers")
		b.ReportMetric(late*1000, "late-p99-ms-at-most")
		if n, ok := figure(c.URL, `tocsin_due_lateness_seconds_bucket{le="0.01"}`); ok {
			b.ReportMetric(100*(count-n)/count, "%-later-than-10ms")
		}
	})
}

// settle has PostgreSQL do at once what it does by itself within minutes of being filled.
func settle(b *testing.B, database string) {
	b.Helper()
	if database == "" {
		return
	}
	db, err := sql.Open("pgx", database)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} {
		if _, err := db.Exec(text); err != nil {
			b.Fatal(err)
		}
	}
}

// quantile reads a histogram: how many there were, and the bound under which so many lie.
func quantile(b *testing.B, base, name string, q float64) (count, bound float64) {
	b.Helper()
	count, ok := figure(base, name+"_count")
	if !ok || count == 0 {
		b.Fatalf("no %s", name)
	}
	for _, le := range []string{"0.001", "0.002", "0.005", "0.007", "0.01", "0.012", "0.015", "0.02", "0.03", "0.05", "0.1", "0.5", "1", "5", "15", "60", "600"} {
		if n, ok := figure(base, name+`_bucket{le="`+le+`"}`); ok && n >= q*count {
			bound, _ = strconv.ParseFloat(le, 64)
			return count, bound
		}
	}
	return count, 1e9
}

// What 10,000 open incidents weigh in memory.
func BenchmarkMemory(b *testing.B) {
	measured(b, func(b *testing.B, database string) {
		o := options(b, database)
		o.LogLevel = "error"
		setUp(b, o, benchSetup)
		c := start(b, "serve", o)
		next := fresh("open")
		send(b, c.URL, sending{conns: 16, every: time.Millisecond, lasts: 10 * time.Second, next: next})
		calm(b, c.URL)
		time.Sleep(5 * time.Second)
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
		if err != nil {
			b.Fatal(err)
		}
		events, _ := figure(c.URL, "tocsin_events_triaged_total")
		for line := range strings.Lines(string(status)) {
			var kb float64
			if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
				b.ReportMetric(kb/1024, "RSS-MB")
			}
		}
		b.ReportMetric(events, "incidents")
		b.ReportMetric(0, "ns/op")
	})
}

package app

import (
	"bufio"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"tocsin/internal/config"
	"tocsin/internal/pgtest"
)

// The measures of docs/benchmarks.md: load comes from this process, the server is
// another, and every figure stands beside the empty handler's of the same run.

const benchKey = "0123456789abcdef0123456789abcdef"

const benchSetup = `
people:
  - {id: jane, name: Jane, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}
services: [{id: web, name: Web, policy: web}]
policies: [{id: web, name: Web, levels: [{targets: [jane], wait: 5m}]}]
integrations: [{id: bench, name: Bench, source: pagerduty, service: web, key: ` + benchKey + `}]
`

// event is a PagerDuty event of 500 bytes.
func event(key string) []byte {
	head := fmt.Sprintf(`{"routing_key":"%s","event_action":"trigger","dedup_key":"%s","payload":{"summary":"disk full on db-1","source":"db-1","severity":"critical","component":"/dev/sda1","group":"prod","class":"disk","custom_details":{"text":"`, benchKey, key)
	tail := `"}},"client":"bench"}`
	return []byte(head + strings.Repeat("x", 500-len(head)-len(tail)) + tail)
}

// A sending is a load from many connections for a while.
type sending struct {
	conns int
	every time.Duration // between two requests of all together; 0: as fast as answers come
	lasts time.Duration
	next  func(n int64) []byte // the n-th body
}

type sent struct {
	rate          float64 // answers with 2xx a second
	p50, p99, max time.Duration
	bad           int64
}

// send speaks HTTP by hand, so that the load costs little of the machine it shares.
func send(t testing.TB, to string, s sending) sent {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	var n, bad atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	began := time.Now()
	for range s.conns {
		wg.Go(func() {
			c, err := net.Dial("tcp", u.Host)
			if err != nil {
				bad.Add(1)
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			var mine []time.Duration
			var out []byte
			for time.Since(began) < s.lasts {
				i := n.Add(1) - 1
				if s.every > 0 {
					time.Sleep(time.Until(began.Add(time.Duration(i) * s.every)))
				}
				body := s.next(i)
				out = append(out[:0], "POST /v2/enqueue HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "...)
				out = append(fmt.Appendf(out, "%d\r\n\r\n", len(body)), body...)
				at := time.Now()
				if _, err := c.Write(out); err != nil {
					bad.Add(1)
					return
				}
				status, err := read(r)
				if err != nil || status != 202 {
					bad.Add(1)
				}
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	all := time.Since(began)
	slices.Sort(took)
	res := sent{bad: bad.Load(), rate: float64(int64(len(took))-bad.Load()) / all.Seconds()}
	if len(took) > 0 {
		res.p50, res.p99, res.max = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	}
	return res
}

// read takes one answer off the wire.
func read(r *bufio.Reader) (status int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := strings.TrimSpace(string(line))
		switch {
		case first:
			if _, err := fmt.Sscanf(text, "HTTP/1.1 %d", &status); err != nil {
				return 0, err
			}
		case text == "":
			_, err := r.Discard(length)
			return status, err
		case len(text) > 15 && strings.EqualFold(text[:15], "Content-Length:"):
			if length, err = strconv.Atoi(strings.TrimSpace(text[15:])); err != nil {
				return 0, err
			}
		}
	}
}

// rest is how long a house takes after a storm for what waited for triage, such as the
// records of the reports.
const rest = 20 * time.Second

func BenchmarkAccept(b *testing.B) {
	for _, load := range []struct {
		name string
		// first makes of a server that was just started one that has run for a while, and
		// opens what the load repeats.
		first, next func(n int64) []byte
	}{
		{"95 % repeat 1,000 open keys", func(n int64) []byte { return event(fmt.Sprint("open-", n%1000)) }, repeats()},
		{"all keys are new", fresh("first"), fresh("n")},
	} {
		empty := start(b, "empty", config.Server{})
		for _, database := range []string{"sqlite", "postgres"} {
			for _, conns := range []int{1, 8, 64, 256} {
				b.Run(fmt.Sprintf("%s/%s/%d", load.name, database, conns), func(b *testing.B) {
					c := bench(b, database)
					send(b, c.URL, sending{conns: 16, lasts: time.Second, next: load.first})
					calm(b, c.URL)
					before := lags(b, c.URL)
					base := send(b, empty.URL, sending{conns: conns, lasts: 3 * time.Second, next: load.next})
					got := send(b, c.URL, sending{conns: conns, lasts: 6 * time.Second, next: load.next})
					again := send(b, empty.URL, sending{conns: conns, lasts: 3 * time.Second, next: load.next})
					calm(b, c.URL)
					if got.bad+base.bad > 0 {
						b.Errorf("%d answers were not 202", got.bad+base.bad)
					}
					b.ReportMetric(0, "ns/op")
					b.ReportMetric(got.rate, "events/s")
					b.ReportMetric(2*got.rate/(base.rate+again.rate), "of-empty")
					b.ReportMetric(float64(got.p99.Microseconds())/1000, "p99-ms")
					b.ReportMetric(lagSince(b, c.URL, before).Seconds()*1000, "lag-p99-ms-at-most")
					if conns == 64 {
						time.Sleep(rest)
						half := send(b, c.URL, sending{conns: conns, lasts: 6 * time.Second, every: time.Duration(2 * float64(time.Second) / got.rate), next: load.next})
						if half.bad > 0 {
							b.Errorf("%d answers at half were not 202", half.bad)
						}
						b.ReportMetric(float64(half.p99.Microseconds())/1000, "p99-ms-at-half")
					}
				})
			}
		}
		empty.stop()
	}
}

// BenchmarkRated is how soon senders are answered at the rates that a house is rated for:
// 200 events a second on one node with SQLite, 1,000 on PostgreSQL, and bursts of 2,000.
// All of them are new, which is the worst.
func BenchmarkRated(b *testing.B) {
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			c, next := bench(b, database), fresh("n")
			send(b, c.URL, sending{conns: 16, lasts: time.Second, next: next})
			b.ReportMetric(0, "ns/op")
			for _, rate := range []int{200, 1000, 2000} {
				calm(b, c.URL)
				time.Sleep(rest / 4)
				before := lags(b, c.URL)
				got := send(b, c.URL, sending{conns: 64, every: time.Second / time.Duration(rate), lasts: 10 * time.Second, next: next})
				if got.bad > 0 {
					b.Errorf("at %d a second %d answers were not 202", rate, got.bad)
				}
				if got.rate < 0.98*float64(rate) {
					b.Errorf("%.0f of %d a second were answered", got.rate, rate)
				}
				calm(b, c.URL)
				b.ReportMetric(float64(got.p99.Microseconds())/1000, fmt.Sprintf("p99-ms-at-%d/s", rate))
				b.ReportMetric(lagSince(b, c.URL, before).Seconds()*1000, fmt.Sprintf("lag-p99-ms-at-most-at-%d/s", rate))
			}
		})
	}
}

// repeats: 95 of 100 events repeat one of 1,000 open keys.
func repeats() func(int64) []byte {
	var bodies [1000][]byte
	for i := range bodies {
		bodies[i] = event(fmt.Sprint("open-", i))
	}
	more := fresh("r")
	return func(n int64) []byte {
		if n%20 == 0 {
			return more(n)
		}
		return bodies[n*7919%1000]
	}
}

// fresh: no key was ever seen.
func fresh(prefix string) func(int64) []byte {
	var run atomic.Int64
	begun := time.Now().UnixNano()
	return func(int64) []byte { return event(fmt.Sprintf("%s-%d-%d", prefix, begun, run.Add(1))) }
}

// bench starts a server on a database.
func bench(b *testing.B, database string) *child {
	o := options(b, "")
	if database == "postgres" {
		o.Database = synced(b)
	}
	o.LogLevel = "error"
	setUp(b, o, benchSetup)
	c := start(b, "serve", o)
	b.Cleanup(c.stop)
	return c
}

// synced is a database of a PostgreSQL that syncs the disk. Its write-ahead log is what it
// is on a server that has run for some time: it has the files for what is written next,
// from before its last checkpoint. A new server makes each as it comes to it, 16 MB of
// zeros that all wait for.
func synced(b *testing.B) string {
	b.Helper()
	database := pgtest.Synced(b)
	db, err := sql.Open("pgx", database)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for range 60 {
		for _, text := range []string{"SELECT txid_current()", "SELECT pg_switch_wal()"} {
			if _, err := db.Exec(text); err != nil {
				b.Fatal(err)
			}
		}
	}
	if _, err := db.Exec("CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
	var ready int
	if err := db.QueryRow("SELECT count(*) FROM pg_ls_waldir() WHERE name > pg_walfile_name(pg_current_wal_lsn())").Scan(&ready); err != nil || ready < 50 {
		b.Fatalf("%d files are ready to be written: %v", ready, err)
	}
	return database
}

// figure reads one metric.
func figure(base, name string) (v float64, ok bool) {
	res, err := http.Get(base + "/metrics")
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, name+" "); found {
			_, err := fmt.Sscan(rest, &v)
			return v, err == nil
		}
	}
	return 0, false
}

// lags counts the events that were triaged, by the bounds of how long after they were heard.
func lags(t testing.TB, base string) map[float64]float64 {
	t.Helper()
	res, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[float64]float64{}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "tocsin_triage_lag_seconds_bucket{le=\""); found {
			le, count, _ := strings.Cut(strings.TrimSpace(rest), "\"} ")
			bound, err1 := strconv.ParseFloat(le, 64)
			n, err2 := strconv.ParseFloat(count, 64)
			if err1 != nil || err2 != nil {
				t.Fatalf("not a bucket: %q", line)
			}
			counts[bound] = n
		}
	}
	if counts[math.Inf(1)] == 0 {
		t.Fatal("nothing was triaged")
	}
	return counts
}

// lagSince is the bound under which 99 of 100 lags lie of what was triaged since.
func lagSince(t testing.TB, base string, before map[float64]float64) time.Duration {
	t.Helper()
	now := lags(t, base)
	all := now[math.Inf(1)] - before[math.Inf(1)]
	for _, bound := range slices.Sorted(maps.Keys(now)) {
		if now[bound]-before[bound] >= 0.99*all {
			return time.Duration(min(bound, 3600) * float64(time.Second))
		}
	}
	return -1
}

// calm waits until triage has seen everything.
func calm(t testing.TB, base string) {
	t.Helper()
	for range 600 {
		if v, ok := figure(base, "tocsin_inbox_waiting"); ok && v == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("triage does not keep up")
}

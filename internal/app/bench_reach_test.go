package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	newEvery  = 400                    // events, of which one is new: 5 a second
	thinking  = 150 * time.Millisecond // that the provider takes
	burstTime = 30 * time.Second
)

// 300 pages a minute during a burst of 2,000 events a second: from the trigger to the
// first request that the SMS provider gets about it.
func BenchmarkReach(b *testing.B) {
	measured(b, func(b *testing.B, database string) {
		var mu sync.Mutex
		first := map[string]time.Duration{}
		provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := time.Now()
			if _, text, ok := strings.Cut(r.FormValue("Body"), "sent-"); ok {
				digits, _, _ := strings.Cut(text, " ")
				if at, err := strconv.ParseInt(digits, 10, 64); err == nil {
					mu.Lock()
					if _, again := first[digits]; !again {
						first[digits] = now.Sub(time.Unix(0, at))
					}
					mu.Unlock()
				}
			}
			time.Sleep(thinking)
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"sid":"SM1","status":"queued"}`)
		}))
		defer provider.Close()
		o := options(b, database)
		o.AllowNetwork, o.LogLevel = []string{"127.0.0.1/32"}, "error"
		text := strings.ReplaceAll(benchSetup, "{id: log, channel: log, address: jane}", `{id: log, channel: sms, address: "+4915112345678"}`)
		setUp(b, o, text+fmt.Sprintf("channels: [{id: sms, kind: twilio, settings: {account: AC1, token: t, from: \"+15005550006\", server: %q}}]\n", provider.URL))
		c := start(b, "serve", o)
		send(b, c.URL, sending{conns: 16, lasts: time.Second, next: func(n int64) []byte { return event(fmt.Sprint("open-", n%1000)) }})
		calm(b, c.URL)
		time.Sleep(time.Duration(1000/8) * thinking) // their pages: eight at once
		old := repeats()
		got := send(b, c.URL, sending{conns: 64, every: time.Second / 2000, lasts: burstTime, next: func(n int64) []byte {
			if n%newEvery != newEvery/2 {
				if n%20 == 0 {
					n++
				}
				return old(n)
			}
			body := string(event(fmt.Sprint("new-", n)))
			return []byte(strings.Replace(body, "disk full on db-1", fmt.Sprintf("sent-%d x", time.Now().UnixNano()), 1))
		}})
		time.Sleep(2 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		var took []time.Duration
		for _, d := range first {
			took = append(took, d)
		}
		slices.Sort(took)
		if want := int(got.rate*burstTime.Seconds()) / newEvery; len(took) < want*95/100 || got.bad > 0 {
			b.Fatalf("%d pages of %d, %d bad answers", len(took), want, got.bad)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(len(took))/burstTime.Minutes(), "pages/min")
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "request-p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "request-p99-ms")
		b.ReportMetric(got.rate, "events/s")
		b.ReportMetric(float64(got.p99.Microseconds())/1000, "accept-p99-ms")
	})
}

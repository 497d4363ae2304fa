package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// quiet is a reply that nobody reads.
type quiet struct {
	head   http.Header
	status int
}

func (q *quiet) Header() http.Header         { return q.head }
func (q *quiet) Write(p []byte) (int, error) { return len(p), nil }
func (q *quiet) WriteHeader(s int)           { q.status = s }

// BenchmarkEnqueue is what the handler costs over a real engine on SQLite, without the
// network: repeats of 1,000 open alerts, from 64 senders.
func BenchmarkEnqueue(b *testing.B) {
	h := open(b)
	bodies := make([]string, 1000)
	for i := range bodies {
		bodies[i] = strings.Replace(event, `"k1"`, `"key`+strconv.Itoa(i)+`"`, 1)
		h.do("POST", "/v2/enqueue", bodies[i])
	}
	h.step()
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := httptest.NewRequest("POST", "/v2/enqueue", nil)
		body := strings.NewReader("")
		r.Body = io.NopCloser(body)
		w := &quiet{head: http.Header{}}
		for i := 0; pb.Next(); i++ {
			body.Reset(bodies[i%len(bodies)])
			r.ContentLength = int64(body.Len())
			clear(w.head)
			h.http.ServeHTTP(w, r)
			if w.status != 202 {
				b.Fatal(w.status)
			}
		}
	})
}

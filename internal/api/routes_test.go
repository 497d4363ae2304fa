package api

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tocsin/org"
)

// The table, walked by somebody who knows no key: no fault of ours, no redirect, and
// nothing opens.
func TestEveryRouteForStrangers(t *testing.T) {
	h := open(t)
	for _, r := range h.http.(*server).routes {
		path := strings.NewReplacer("{source}", "generic", "{key}", "stranger", "{token}", "stranger.mac").Replace(r.pattern)
		if least, _ := org.Deed(r.permission).Needs(); least == "" && !slices.Contains([]permission{public, integrationKey, acknowledgeLink, appFile, calendarLink, signature, local}, r.permission) {
			t.Errorf("%s %s: who may use it?", r.method, r.pattern)
		}
		for _, p := range []string{path, path + "/", "/" + path, "/." + path, path + "/..", strings.Replace(path, "stranger", strings.Repeat("%x\xff", 5000), 1)} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "nonsense"} {
				for _, body := range []string{"", "garbage", event[:20]} {
					w := h.do(method, p, body, "Content-Length", "nonsense")
					if w.Code >= 500 && r.pattern != "/readyz" || w.Code >= 300 && w.Code < 400 {
						t.Errorf("%s %.60s: %d", method, p, w.Code)
					}
					if w.Code < 300 && r.permission != public {
						t.Errorf("%s %.60s: %d for a stranger", method, p, w.Code)
					}
				}
			}
		}
		if w := h.do(r.method, path+"/", ""); w.Code == 405 || w.Code == 404 && r.permission == public {
			t.Errorf("%s %s/: %d, a slash at the end matters", r.method, path, w.Code)
		}
	}
	if n := len(h.waiting()); n != 0 {
		t.Errorf("strangers left %d events", n)
	}
}

func TestWrongMethod(t *testing.T) {
	h := open(t)
	w := h.do("GET", "/v2/enqueue", "")
	if w.Code != 405 || w.Header().Get("Allow") != "POST" || !strings.Contains(w.Body.String(), `"message"`) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	w = h.do("DELETE", "/a/x", "")
	if w.Code != 405 || w.Header().Get("Allow") != "GET, POST" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestMetricsAreLocal(t *testing.T) {
	h := open(t)
	h.do("POST", "/v2/enqueue", event)
	for _, c := range []struct {
		from, proxied string
		status        int
	}{
		{"127.0.0.1:99", "", 200}, {"[::1]:99", "", 200}, {"10.1.2.3:99", "", 200}, {"[::ffff:192.168.0.9]:1", "", 200}, {"@", "", 200},
		{"203.0.113.9:99", "", 403}, {"[2001:db8::1]:9", "", 403}, {"127.0.0.1:99", "203.0.113.9", 403}, {"nonsense", "", 403},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = c.from
		if c.proxied != "" {
			r.Header.Set("X-Forwarded-For", c.proxied)
		}
		w := httptest.NewRecorder()
		h.http.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.from, c.proxied, w.Code, c.status)
		}
		if w.Code == 200 {
			for _, want := range []string{"tocsin_events_accepted_total 1", `tocsin_ingest_requests_total{dialect="pagerduty",outcome="accepted"} 1`, `tocsin_build_info{version="test"} 1`} {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s is missing", want)
				}
			}
		}
	}
}

func TestReadiness(t *testing.T) {
	h := open(t)
	ask := func() (status int, bad []string) {
		w := h.do("GET", "/readyz", "")
		var said struct {
			Ready  bool
			Checks []check
		}
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || len(said.Checks) != 3 || said.Ready != (w.Code == 200) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, c := range said.Checks {
			if !c.OK {
				bad = append(bad, c.Name)
			}
		}
		return w.Code, bad
	}
	if status, bad := ask(); status != 503 || !slices.Equal(bad, []string{"engine"}) {
		t.Errorf("before the engine runs: %d %v", status, bad)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- h.engine.Run(ctx) }()
	for h.engine.LastStep().IsZero() {
		runtime.Gosched()
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
	}
	if status, bad := ask(); status != 200 {
		t.Errorf("while it runs: %d %v", status, bad)
	}
	stop()
	<-ran
	h.http.(*server).ready.err = context.DeadlineExceeded // as the last write found
	if status, bad := ask(); status != 503 || !slices.Equal(bad, []string{"database"}) {
		t.Errorf("with a broken database: %d %v", status, bad)
	}
	if w := h.do("GET", "/livez", ""); w.Code != 200 {
		t.Errorf("/livez: %d", w.Code)
	}
}

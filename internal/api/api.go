// Package api is the house's door to programs: HTTP in, the engine's doors behind.
//
// One table (routes.go) lists every route with its methods, who may use it and the
// dialect it answers in; the mux is built from it and a test walks it. Each foreign
// dialect is one subtree with its own small dispatch, because senders add slashes and
// ServeMux would redirect their POSTs.
//
// Ingest is liberal: a body that came with a good key is kept, never dropped for its
// form. What cannot be read is kept raw, opens one low incident per integration, and is
// answered in the dialect: 202 where a 4xx would make the sender drop it for ever, the
// dialect's own refusal where the sender shows it to a person (PagerDuty events). A 2xx
// is only written once the events are on disk. Our own faults are 503 with
// Retry-After, never 4xx: a sender repeats a 503 and forgets a 400.
//
// Limits: 512 KiB for one event, 8 MiB for a batch, after decompression; a compressed
// body may grow at most a hundredfold; ten seconds to read a body.
package api

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/internal/web"
)

// Options are what the routes need.
type Options struct {
	Engine   *engine.Engine
	Store    *store.Store
	Log      *slog.Logger
	Registry *prometheus.Registry
	Data     string // directory whose disk must have room; "" when the database is elsewhere
	Version  string
}

// A Permission says who may use a route.
type Permission string

const (
	Public Permission = "public"           // says nothing that is not for everybody
	Key    Permission = "integration key"  // in the path or in the body
	Link   Permission = "acknowledge link" // a page's own token
)

// A Route is one line of the table.
type Route struct {
	Methods    string // space-separated
	Path       string // a ServeMux pattern without method
	Permission Permission
	Dialect    string // "", "pagerduty", "alertmanager", "generic" or "html"
	Serve      http.HandlerFunc
}

// An API answers requests.
type API struct {
	engine  *engine.Engine
	store   *store.Store
	log     *slog.Logger
	data    string
	version string
	ready   atomic.Pointer[readiness]
	routes  []Route
}

// New is the handler of everything.
func New(o Options) http.Handler {
	a := &API{engine: o.Engine, store: o.Store, log: o.Log, data: o.Data, version: o.Version}
	pages := web.New(o.Engine, o.Log)
	metrics := promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	a.routes = []Route{
		{"POST", "/v2/enqueue", Key, "pagerduty", a.enqueue},
		{"POST", "/v2/enqueue/", Key, "pagerduty", a.enqueue},
		{"POST", "/in/", Key, "generic", a.in},
		{"POST", "/generic/", Key, "generic", a.in},
		{"GET POST", "/a/{token}", Link, "html", pages.Acknowledge},
		{"GET", "/livez", Public, "", a.livez},
		{"GET", "/readyz", Public, "", a.readyz},
		{"GET", "/metrics", Public, "", metrics.ServeHTTP},
		{"GET", "/{$}", Public, "html", pages.Home},
	}
	mux := http.NewServeMux()
	for _, r := range a.routes {
		mux.Handle(r.Path, methods(r))
	}
	return harden(mux)
}

// methods answers only the methods of a route; HEAD goes with GET.
func methods(r Route) http.Handler {
	allowed := map[string]bool{}
	allow := ""
	for _, m := range fields(r.Methods) {
		allowed[m] = true
		if m == http.MethodGet {
			allowed[http.MethodHead] = true
		}
		if allow != "" {
			allow += ", "
		}
		allow += m
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !allowed[req.Method] {
			w.Header().Set("Allow", allow)
			problem(w, http.StatusMethodNotAllowed, "use "+allow)
			return
		}
		r.Serve(w, req)
	})
}

// harden sets what holds for every answer. ServeMux cleans paths by redirecting, which
// turns a sender's POST into a GET: a path that is not clean is not found instead.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = nosniff
		h["Referrer-Policy"] = noReferrer
		if r.Method != http.MethodGet && !clean(r.URL.Path) {
			problem(w, http.StatusNotFound, "there is nothing at this address")
			return
		}
		next.ServeHTTP(w, r)
	})
}

var (
	nosniff     = []string{"nosniff"}
	noReferrer  = []string{"no-referrer"}
	jsonType    = []string{"application/json"}
	problemType = []string{"application/problem+json"}
)

const readTime = 10 * time.Second // for a body

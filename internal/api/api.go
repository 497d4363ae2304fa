// Package api is what other programs talk to: the doors of monitoring in the dialects
// it speaks, the acknowledge links of pages, and the questions of whoever watches over
// Tocsin itself.
//
// One table (routes) lists every door with its method, who may use it and the dialect
// in which it answers; dispatch is built from it, and a test walks it. Dispatch is our
// own and small, because a sender's POST must never be answered with a redirect:
// "/v2/enqueue/" and "//v2/enqueue" are "/v2/enqueue".
//
// A sender hears 202 when what it said is on disk, and not before. Faults are sorted
// by whose they are, since senders repeat what got a 5xx and drop what got a 4xx for
// ever. Ours (a full disk, a database that does not answer, too much at once) are 503
// with Retry-After. Theirs are told in the dialect of the door:
//
//   - No integration has the key: 404, or 400 where the key stands in the body.
//   - Larger than an event or a batch may be, or a compressed body that swells beyond
//     reason: 413. Slower than ten seconds: 408.
//   - PagerDuty's events that PagerDuty would refuse: 400 in its own words.
//   - What cannot be read at all is kept when its key was good, so that somebody looks
//     at it: nothing is lost because a template was wrong. PagerDuty's and
//     Alertmanager's clients are told 400 nevertheless; a webhook is told 202, for it has no use for a refusal.
//   - Good elements of a batch are taken, whatever the others are.
//
// Bodies share a fixed amount of memory, in buffers that are used again; when it is
// spent, the next sender is asked to come back.
package api

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	v1 "tocsin/internal/api/v1"
	"tocsin/internal/auth"
	"tocsin/internal/blob"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/report"
	"tocsin/internal/secret"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/internal/web"
)

// Options are what the API is made of.
type Options struct {
	Engine *engine.Engine
	Store  *store.Store // asked by /readyz whether it can be written
	// DataDir is where a SQLite database lies; /readyz wants room there. "" is not asked.
	DataDir  string
	Log      *slog.Logger
	Registry *prometheus.Registry // the engine's figures and ours are added to it
	Version  string
	Auth     *auth.Auth   // nil: nobody can sign in
	Ring     *secret.Ring // of keys that /api/v1 makes
	// Cabinet keeps attachments; nil: there are none.
	Cabinet *blob.Cabinet
	// Identify says who asks /api/v1; without it, Auth does.
	Identify func(*http.Request) (auth.Identity, error)
	// Base is the path of the public URL, without a slash at its end, and UIDev where
	// Vite serves the app's sources; "" is the app that is built in.
	Base, UIDev string
	// Tickets speaks to the ticket systems of others, and is spoken to by them; nil: none do.
	Tickets *follow.Tickets
	// Status are the status pages, and Reports the forms for people outside; nil: none.
	Status  *status.Site
	Reports *report.Desk
	// Stopping is closed when the server is to stop, for those who would stay for hours.
	Stopping <-chan struct{}
}

// A permission says who may use a route: one of these, or a deed of /api/v1.
type permission string

const (
	public          permission = "public"
	integrationKey  permission = "integration key"  // in the path or in the body
	acknowledgeLink permission = "acknowledge link" // the token of one page
	appFile         permission = "app file"         // one of the build that is served
	signature       permission = "signature"        // of the provider whose door it is
	calendarLink    permission = "calendar link"    // the token of one calendar
	followLink      permission = "follow link"      // the token of one who follows something
	reportLink      permission = "report link"      // the token of one report
	local           permission = "local"            // from a private network, not through a proxy
)

// A route is one line of the table. Its pattern's segments are words or {names}; a last
// one {name...} is whatever follows, or nothing, and the method * is any: a subtree with
// a dispatch of its own.
type route struct {
	method     string
	pattern    string
	permission permission
	dialect    string // in which faults are told: "html", "problem", "pagerduty", ...
	serve      http.HandlerFunc
}

// A Door is one line of the table as tests see it.
type Door struct{ Method, Pattern, Permission, Dialect string }

// Doors are all lines of the table of a handler that New made.
func Doors(h http.Handler) (all []Door) {
	for _, r := range h.(*server).routes {
		all = append(all, Door{r.method, r.pattern, string(r.permission), r.dialect})
	}
	return all
}

// A server holds what the routes need.
type server struct {
	routes   []route
	ingest   *ingest
	ready    *readiness
	opsgenie *opsgenie
}

// New makes the handler of everything below the public URL.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	pages := web.New(web.Options{Engine: o.Engine, Log: o.Log})
	s := &server{ingest: newIngest(o), ready: &readiness{engine: o.Engine, store: o.Store, dir: o.DataDir, log: o.Log}}
	s.opsgenie = newOpsgenie(s.ingest, o.Store)
	alertmanager := &alertmanager{ingest: s.ingest, engine: o.Engine, ready: s.ready, began: o.Engine.Now(), version: o.Version}
	register(o.Registry, o.Engine.Metrics())
	register(o.Registry, buildInfo(o.Version))
	metrics := promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{Registry: o.Registry, ErrorHandling: promhttp.ContinueOnError})
	s.routes = []route{
		{"POST", "/v2/enqueue", integrationKey, "pagerduty", s.ingest.pagerDutyDoor(eventsV2)},
		{"POST", "/v2/change/enqueue", integrationKey, "pagerduty", s.ingest.pagerDutyDoor(changes)},
		{"POST", "/generic/2010-04-15/create_event.json", integrationKey, "pagerduty v1", s.ingest.pagerDutyDoor(eventsV1)},
		{"*", tracker.DoorPath + "{path...}", signature, "problem", (&ticketDoor{o.Tickets, o.Engine, o.Log}).ServeHTTP},
		{"POST", "/in/{source}/{key}", integrationKey, "problem", s.ingest.named},
		{"POST", "/generic/{key}", integrationKey, "problem", s.ingest.generic},
		{"*", "/v2/alerts/{path...}", integrationKey, "opsgenie", s.opsgenie.alerts},
		{"*", "/v2/heartbeats/{path...}", integrationKey, "opsgenie", s.opsgenie.heartbeats},
		{"*", "/am/{path...}", integrationKey, amDialect, alertmanager.ServeHTTP},
		{"GET", "/in/heartbeat/{key}/{name}", integrationKey, "problem", s.ingest.ping},
		{"POST", "/in/heartbeat/{key}/{name}", integrationKey, "problem", s.ingest.ping},
		{"GET", "/a/{token}", acknowledgeLink, "html", pages.Link},
		{"POST", "/a/{token}", acknowledgeLink, "html", pages.Answer},
		{"POST", "/p/{token}", acknowledgeLink, "html", pages.Act},
		{"GET", "/t/{token}", acknowledgeLink, "html", pages.Trial},
		{"POST", "/t/{token}", acknowledgeLink, "html", pages.AnswerTrial},
		{"*", channel.DoorPath + "{path...}", signature, "problem", (&hooks{o.Engine, o.Log}).ServeHTTP},
		{"GET", "/livez", public, "problem", live},
		{"GET", "/readyz", public, "problem", s.ready.ServeHTTP},
		{"GET", "/metrics", local, "problem", metrics.ServeHTTP},
	}
	identify := o.Identify
	if o.Auth != nil {
		if identify == nil {
			identify = o.Auth.Identify
		}
		for _, r := range o.Auth.Routes() {
			s.routes = append(s.routes, route{r.Method, r.Pattern, permission(r.Access), r.Dialect, r.Serve})
		}
	}
	if identify == nil {
		identify = func(*http.Request) (auth.Identity, error) { return auth.Identity{}, auth.ErrNoCredentials }
	}
	known := func(r *http.Request) bool {
		_, err := identify(r)
		return err == nil
	}
	s.routes = append(s.routes, outside(o)...)
	s.routes = append(s.routes, appRoutes(web.NewApp(o.Base, o.UIDev, known), o.UIDev != "")...)
	own := v1.New(v1.Options{Engine: o.Engine, Store: o.Store, Ring: o.Ring, Identify: identify, Auth: o.Auth, Log: o.Log, Version: o.Version, Stopping: o.Stopping, Cabinet: o.Cabinet, Tickets: o.Tickets})
	s.routes = append(s.routes, route{"GET", "/ical/{token}", calendarLink, "problem", own.Calendar})
	for _, r := range own.Routes() {
		s.routes = append(s.routes, route{r.Method, r.Pattern, permission(r.Permission), "problem", r.Serve})
	}
	return s
}

// outside are the pages for people who do not sign in.
func outside(o Options) (all []route) {
	may := func(link bool, token permission) permission {
		if link {
			return token
		}
		return public
	}
	if o.Status != nil {
		for _, r := range o.Status.Routes() {
			all = append(all, route{r.Method, r.Pattern, may(r.Link, followLink), "html", r.Serve})
		}
	}
	if o.Reports != nil {
		for _, r := range o.Reports.Routes() {
			all = append(all, route{r.Method, r.Pattern, may(r.Link, reportLink), "html", r.Serve})
		}
	}
	return all
}

// appRoutes are those of the app. Its addresses are one list, so that whatever is not
// there stays a 404.
func appRoutes(app *web.App, dev bool) []route {
	all := []route{
		{"GET", "/", public, "html", app.Screen},
		{"GET", "/assets/version", public, "html", app.Current},
		{"GET", "/assets/{version}/{file}", appFile, "html", app.Asset},
	}
	for _, area := range web.Areas {
		all = append(all, route{"GET", "/" + area + "/{path...}", public, "html", app.Screen})
	}
	for _, name := range web.Fixed {
		all = append(all, route{"GET", "/" + name, public, "html", app.File(name)})
	}
	all = append(all, route{"GET", "/favicon.ico", public, "html", app.File("icon-192.png")}) // browsers ask for it unbidden
	if dev {
		for _, at := range []string{"/@vite/{path...}", "/@fs/{path...}", "/@id/{path...}", "/src/{path...}", "/i18n/{path...}", "/node_modules/{path...}", "/{file}"} {
			all = append(all, route{"*", at, public, "html", app.Screen})
		}
	}
	return all
}

// register adds figures to a registry that may have them already.
func register(r *prometheus.Registry, c prometheus.Collector) {
	if err := r.Register(c); err != nil {
		if _, already := err.(prometheus.AlreadyRegisteredError); !already {
			panic(err)
		}
	}
}

func buildInfo(version string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tocsin_build_info", Help: "Always 1; the label says which version runs.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	g.Set(1)
	return g
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["X-Content-Type-Options"] = noSniff
	var allow []string
	dialect := "problem"
	for i := range s.routes {
		to := &s.routes[i]
		if !matches(to.pattern, r.URL.Path, nil) {
			continue
		}
		dialect = to.dialect
		if to.method != "*" && to.method != r.Method && (to.method != "GET" || r.Method != "HEAD") {
			allow = append(allow, to.method)
			continue
		}
		if to.permission == local && !isLocal(r) {
			refuse(w, dialect, http.StatusForbidden, "this is for the local network")
			return
		}
		matches(to.pattern, r.URL.Path, r)
		to.serve(w, r)
		return
	}
	if allow == nil {
		refuse(w, dialect, http.StatusNotFound, "there is nothing here")
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	refuse(w, dialect, http.StatusMethodNotAllowed, "only "+strings.Join(allow, ", ")+" can be done here")
}

// matches compares a path with a pattern, however many slashes stand between its
// segments, and gives r, if any, the values of the pattern's names.
func matches(pattern, path string, r *http.Request) bool {
	for {
		pattern, path = strings.TrimLeft(pattern, "/"), strings.TrimLeft(path, "/")
		if strings.HasSuffix(pattern, "...}") && strings.Count(pattern, "/") == 0 {
			return true
		}
		if pattern == "" || path == "" {
			return pattern == path
		}
		var want, have string
		want, pattern, _ = strings.Cut(pattern, "/")
		have, path, _ = strings.Cut(path, "/")
		if want[0] != '{' {
			if want != have {
				return false
			}
		} else if r != nil {
			r.SetPathValue(want[1:len(want)-1], have)
		}
	}
}

// isLocal says whether a request comes from this machine or a private network. What a
// proxy passes on comes from anywhere.
func isLocal(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != "" {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr == "" || strings.HasPrefix(r.RemoteAddr, "@") // a unix socket
	}
	a, err := netip.ParseAddr(host)
	a = a.Unmap()
	return err == nil && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast())
}

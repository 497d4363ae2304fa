// Package v1 is the API of Tocsin itself, for its own app, its command line and
// everybody's programs: everything under /api/v1.
//
// One table (table.go) lists every route: method, pattern, the deed that it is
// (org.Deed), how the team of the thing is found, and what serves it. The mux, the
// operations of the OpenAPI document and the test of all permissions come from it.
// Nothing is served that does not stand there, and what stands there is denied until
// its deed is allowed (guard.go):
//
//   - Nobody known asks: 401.
//   - What somebody may not see is not there: 404, as for an id that never was.
//   - What they may see and not do: 403, with the role and team that may.
//
// A configuration is read and written as it is in the set-up file, field by field, and
// checked by the same code (internal/config); every change is a version in the hash
// chain, with who made it. What people do about incidents goes through the engine's
// door for people. Here is only what HTTP adds:
//
//   - Faults are problem+json (RFC 9457), and name the field: errors[].location.
//   - Bodies are strict: a field that is not known is a fault, and so is a body of more
//     than a megabyte.
//   - Every GET has an ETag, and If-None-Match is answered with 304. The ETag of a
//     configuration is its version; If-Match refuses a change of another one with 412.
//   - A write with an Idempotency-Key is done once in 24 hours, however often it is
//     asked (once.go).
//   - Lists are newest first and go on at an opaque cursor, which stays good whatever
//     is added meanwhile.
//   - /events tells what changes, as it changes (events.go).
package v1

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/internal/auth"
	"tocsin/internal/blob"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/secret"
	"tocsin/internal/store"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

const maxBody = 1 << 20 // bytes of a request

// Options are what the API is made of.
type Options struct {
	Engine *engine.Engine
	Store  *store.Store
	Ring   *secret.Ring // of the keys of integrations
	// Identify says who is asking.
	Identify func(*http.Request) (auth.Identity, error)
	// Cabinet keeps attachments; nil: there are none.
	Cabinet *blob.Cabinet
	// Tickets speaks to the ticket systems of others; nil: nothing does.
	Tickets *follow.Tickets
	// Auth makes keys and links; nil: one is made.
	Auth    *auth.Auth
	Log     *slog.Logger
	Version string
	// Stopping is closed when the server is to stop: the clients of /events are let go.
	// They come back to another node, or after the next start, and miss nothing.
	Stopping <-chan struct{}
}

// A Route is one line of the table, ready to be served.
type Route struct {
	Method, Pattern string
	Permission      string // the deed
	Serve           http.HandlerFunc
}

// An API serves the routes.
type API struct {
	engine    *engine.Engine
	store     *store.Store
	ring      *secret.Ring
	identify  func(*http.Request) (auth.Identity, error)
	auth      *auth.Auth
	log       *slog.Logger
	version   string
	huma      huma.API
	setups    setups
	policies  sync.Map // escalate.Policy by id and version, as they are asked for
	feed      *feed
	cabinet   *blob.Cabinet
	tickets   *follow.Tickets
	delivered *deliveries
	routes    []Route
	document  func() []byte // the OpenAPI document, written when it is first asked for
}

// New makes the API.
func New(o Options) *API {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{engine: o.Engine, store: o.Store, ring: o.Ring, identify: o.Identify, auth: o.Auth, log: o.Log, version: o.Version, cabinet: o.Cabinet, tickets: o.Tickets}
	a.delivered = &deliveries{api: a}
	if a.auth == nil {
		a.auth = auth.New(auth.Options{Engine: o.Engine, Store: o.Store, Ring: o.Ring, Log: o.Log})
	}
	a.feed = newFeed(a, o.Stopping)
	operations := collector{}
	a.huma = humago.New(operations, describe(o.Version))
	a.huma.OpenAPI().Components.Schemas.RegisterTypeAlias(spanType, spanAlias)
	for _, r := range table {
		most, _ := r.most()
		op := huma.Operation{
			Method: r.method, Path: Prefix + r.pattern, Summary: r.summary, Tags: []string{r.tag}, OperationID: r.id(),
			MaxBodyBytes: most, Errors: r.faults(), RejectUnknownQueryParameters: true,
			Description: r.says(),
		}
		r.add(a, op)
		serve := operations[r.method+" "+Prefix+r.pattern]
		a.routes = append(a.routes, Route{r.method, Prefix + r.pattern, string(r.deed), a.guard(r, serve)})
	}
	a.document = sync.OnceValue(a.publish)
	a.routes = append(a.routes, Route{"GET", Prefix + "/openapi.json", "public", a.openAPI})
	return a
}

// Routes is everything that is served.
func (a *API) Routes() []Route { return a.routes }

// Document is the OpenAPI document.
func (a *API) Document() []byte { return a.document() }

// A collector is the mux that huma registers its operations with; ours is built from
// the table.
type collector map[string]http.HandlerFunc

func (c collector) HandleFunc(pattern string, serve func(http.ResponseWriter, *http.Request)) {
	c[pattern] = serve
}

func (c collector) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// now is the time that everything is decided by.
func (a *API) now() time.Time { return a.engine.Now() }

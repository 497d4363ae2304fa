package v1_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/api"
	v1 "tocsin/internal/api/v1"
	"tocsin/internal/auth"
	"tocsin/internal/blob"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/oncall"
	"tocsin/org"
)

// A home is a real house: engine, store and handler, with people who are known by a
// header and not by what they know.
type home struct {
	t      testing.TB
	store  *store.Store
	ring   *secret.Ring
	engine *engine.Engine
	http   http.Handler
	api    *v1.API
	people map[string]auth.Identity
	stop   chan struct{}
	files  *blob.Cabinet
	url    string
	sent   []channel.Message
	sign   func(r *http.Request, as string) // nil: by a header that says who it is
}

func (h *home) Name() string { return "log" }

func (h *home) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	h.sent = append(h.sent, m)
	return channel.Receipt{State: escalate.Sent}, nil
}

func target(kind, id string) org.Target { return org.Target{Kind: kind, ID: id} }

// setup is two teams that each care for one thing, and one secret of the first.
var setup = map[string]any{
	"person/ada":        org.Person{ID: "ada", Name: "Ada", Role: org.Admin, Methods: []org.Method{{ID: "log", Channel: "log", Address: "ada-at-home", Verified: true}}},
	"person/max":        org.Person{ID: "max", Name: "Max", Role: org.Manager},
	"person/rita":       org.Person{ID: "rita", Name: "Rita", Methods: []org.Method{{ID: "log", Channel: "log", Address: "rita", Verified: true}}, Rules: []org.NotificationRule{{Method: "log"}}},
	"person/olaf":       org.Person{ID: "olaf", Name: "Olaf", Role: org.Observer},
	"person/stine":      org.Person{ID: "stine", Name: "Stine", Role: org.Stakeholder},
	"person/otto":       org.Person{ID: "otto", Name: "Otto", Role: org.Manager},
	"team/dba":          org.Team{ID: "dba", Name: "Databases", Members: []org.PersonID{"max", "rita", "olaf", "stine"}},
	"team/web":          org.Team{ID: "web", Name: "Web", Members: []org.PersonID{"otto"}},
	"policy/p":          escalate.Policy{ID: "p", Name: "Policy", Team: "dba", Levels: []escalate.Level{{Targets: []org.Target{target("person", "rita")}, Wait: org.Duration(5 * time.Minute)}, {Targets: []org.Target{target("schedule", "s")}}}},
	"schedule/s":        oncall.Schedule{ID: "s", Name: "Schedule", Team: "dba", Layers: []oncall.Layer{{ID: "l", People: []org.PersonID{"rita", "max"}, Every: "1 week", From: "2026-01-05T08:00"}}},
	"service/db":        org.Service{ID: "db", Name: "Database", Team: "dba", Policy: "p"},
	"service/hr":        org.Service{ID: "hr", Name: "Salaries", Team: "dba", Policy: "p", Sensitive: true},
	"service/site":      org.Service{ID: "site", Name: "Site", Team: "web", Policy: "p"},
	"integration/prom":  org.Integration{ID: "prom", Name: "Prometheus", Source: "alertmanager", Service: "db", KeyHash: "never-to-be-seen"},
	"api_key/key":       auth.Key{ID: "key", Name: "All", Owner: "ada", Deeds: org.Deeds(), Hash: "never-to-be-seen"},
	"api_key/narrow":    auth.Key{ID: "narrow", Name: "Reads", Owner: "ada", Deeds: []org.Deed{org.ReadIncidents}, Hash: "never-to-be-seen-2"},
	"rules/rules":       []alert.Rule{},
	"settings/settings": org.Settings{CatchAll: "db"},
}

func open(t testing.TB, url string, more ...channel.Channel) *home {
	t.Helper()
	ring, err := secret.Generate(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		t.Fatal(err)
	}
	return openWith(t, ring, url, more...)
}

func openWith(t testing.TB, ring *secret.Ring, url string, more ...channel.Channel) *home {
	t.Helper()
	h := &home{t: t, ring: ring, people: map[string]auth.Identity{}, stop: make(chan struct{})}
	var err error
	if url == "" {
		url = storetest.SQLite(t)
	}
	h.url = url
	if h.store, err = store.Open(t.Context(), store.Options{URL: url, Ring: ring, Sync: "OFF"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	h.engine = engine.New(engine.Options{Store: h.store, Ring: ring, Channels: append([]channel.Channel{h}, more...), PublicURL: "https://tocsin.example"})
	h.configure(setup)
	var teams []org.Team
	for _, v := range setup {
		if team, ok := v.(org.Team); ok {
			teams = append(teams, team)
		}
	}
	for _, v := range setup {
		if p, ok := v.(org.Person); ok {
			h.people[string(p.ID)] = auth.Identity{Access: org.AccessOf(p, teams), Person: p.ID, Name: p.Name, Session: "s-" + string(p.ID)}
		}
	}
	key := func(id string, a org.Access) auth.Identity {
		return auth.Identity{Access: a, Key: id, Owner: "ada", Name: id}
	}
	h.people["key"] = key("key", org.Access{Everywhere: org.Admin})
	h.people["narrow"] = key("narrow", org.Access{Everywhere: org.Admin, Deeds: []org.Deed{org.ReadIncidents}})
	identify := func(r *http.Request) (auth.Identity, error) {
		as := cmp.Or(r.Header.Get("X-As"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if as == "" {
			return auth.Identity{}, auth.ErrNoCredentials
		}
		who, ok := h.people[as]
		if !ok {
			return auth.Identity{}, auth.ErrBadCredentials
		}
		return who, nil
	}
	h.files = blob.New(h.store, blob.NewTable(h.store), rand.Reader, nil)
	h.http = api.New(api.Options{Engine: h.engine, Store: h.store, Ring: ring, Identify: identify, Stopping: h.stop, Cabinet: h.files})
	h.api = v1.New(v1.Options{Engine: h.engine, Store: h.store, Ring: ring, Identify: identify, Cabinet: h.files})
	return h
}

// both runs a test on a house of each sort.
func both(t *testing.T, fn func(*testing.T, *home)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, open(t, "")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); fn(t, open(t, storetest.Postgres(t))) })
}

func (h *home) configure(all map[string]any) {
	h.t.Helper()
	err := h.store.Write(context.Background(), store.People, func(tx *store.Tx) error {
		for name, v := range all {
			kind, id, _ := strings.Cut(name, "/")
			body, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if _, err := tx.PutConfig(h.engine.Now(), store.Change{Kind: kind, ID: id, Body: body, By: incident.Engine}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// opened is a new incident of a service.
func (h *home) opened(service org.ServiceID, title string) incident.ID {
	h.t.Helper()
	id, err := h.engine.Open(context.Background(), incident.Engine, incident.Opened{Title: title, Service: service, Severity: org.SEV2, Priority: org.High}, h.engine.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// A reply is what was answered.
type reply struct {
	status int
	head   http.Header
	body   string
}

// field is a value in the body: "items.0.id".
func (r reply) field(path string) any {
	var v any
	if json.Unmarshal([]byte(r.body), &v) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			n := 0
			for _, digit := range name {
				n = 10*n + int(digit-'0')
			}
			if n >= len(at) {
				return nil
			}
			v = at[n]
		default:
			return nil
		}
	}
	return v
}

func (r reply) items() int {
	list, _ := r.field("items").([]any)
	return len(list)
}

// do asks as somebody; head is name, value, name, value.
func (h *home) do(as, method, path, body string, head ...string) reply {
	return h.ask(as, method, v1.Prefix+path, body, head...)
}

// ask is do anywhere in the house.
func (h *home) ask(as, method, path, body string, head ...string) reply {
	r := httptest.NewRequest(method, "https://tocsin.example"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4000"
	if h.sign != nil {
		h.sign(r, as)
	} else if as != "" {
		r.Header.Set("X-As", as)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, r)
	return reply{w.Code, w.Result().Header, w.Body.String()}
}

// must is do that has to succeed with a status.
func (h *home) must(status int, as, method, path, body string, head ...string) reply {
	h.t.Helper()
	r := h.do(as, method, path, body, head...)
	if r.status != status {
		h.t.Fatalf("%s %s as %s: %d, want %d\n%s", method, path, as, r.status, status, r.body)
	}
	return r
}

// refused is do that has to be refused with a status and these words.
func (h *home) refused(status int, words, as, method, path, body string, head ...string) {
	h.t.Helper()
	r := h.do(as, method, path, body, head...)
	if r.status != status || !strings.Contains(r.body, words) || !strings.HasPrefix(r.head.Get("Content-Type"), "application/problem+json") {
		h.t.Errorf("%s %s as %s: %d %s, want %d with %q\n%s", method, path, as, r.status, r.head.Get("Content-Type"), status, words, r.body)
	}
}

// withTeam is a policy or schedule under another name, of another team.
func withTeam(v any, id string, team org.TeamID) any {
	switch v := v.(type) {
	case escalate.Policy:
		v.ID, v.Team = org.PolicyID(id), team
		return v
	case oncall.Schedule:
		v.ID, v.Team = org.ScheduleID(id), team
		return v
	}
	panic("neither policy nor schedule")
}

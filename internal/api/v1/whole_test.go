package v1_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/api"
	v1 "tocsin/internal/api/v1"
	"tocsin/internal/auth"
	"tocsin/internal/report"
	pages "tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/org"
)

// callers are everybody there is: nobody, a sender, API keys of all sorts, the five
// roles of the team dba, and a manager of the team web.
var callers = []string{"", "integration key", "key", "narrow", "team-key", "ada", "max", "rita", "olaf", "stine", "otto"}

// senders are the integrations of the two teams, with their keys. PagerDuty's have 32
// characters.
var senders = map[string][2]string{
	"pagerduty": {strings.Repeat("a", 32), strings.Repeat("b", 32)}, "alertmanager": {"am-of-dba", "am-of-web"}, "opsgenie": {"og-of-dba", "og-of-web"}, "generic": {"gn-of-dba", "gn-of-web"},
}

// settled is a walking house whose people, keys and senders are real: they show what they
// would show to a server.
func settled(t *testing.T) *home {
	h := walking(t)
	all := map[string]any{}
	for source, keys := range senders {
		for n, service := range []org.ServiceID{"db", "site"} {
			id := org.IntegrationID(fmt.Sprintf("%s-%s", source, service))
			all["integration/"+string(id)] = org.Integration{ID: id, Name: source, Source: source, Service: service, KeyHash: h.ring.Hash("integration key", keys[n])}
			if source == "opsgenie" {
				b := org.HeartbeatID("beat-" + string(service))
				all["heartbeat/"+string(b)] = org.Heartbeat{ID: b, Name: string(b), Every: org.Duration(time.Hour), Integration: id}
			}
		}
	}
	h.configure(all)
	a := auth.New(auth.Options{Engine: h.engine, Store: h.store, Ring: h.ring, PublicURL: "https://tocsin.example"})
	bearers := map[string]string{"integration key": senders["generic"][0]}
	for name, k := range map[string]auth.Key{
		"key": {Owner: "ada", Deeds: org.Deeds()}, "narrow": {Owner: "ada", Deeds: []org.Deed{org.ReadIncidents}}, "team-key": {Owner: "ada", Deeds: org.Deeds(), Team: "dba"},
	} {
		k.Name = name
		_, secret, err := a.AddKey(t.Context(), incident.Engine, k)
		if err != nil {
			t.Fatal(err)
		}
		bearers[name] = secret
	}
	now := h.engine.Now()
	h.written(func(tx *store.Tx) error {
		for who := range h.people {
			s := store.Session{ID: "session-of-" + who, Person: org.PersonID(who), MadeAt: now, Seen: now, Expires: now.Add(time.Hour), Device: []byte(`{}`)}
			if err := tx.AddSession(s, h.ring.Hash("auth/session", "cookie of "+who)); err != nil {
				return err
			}
			if _, err := tx.AddPasskey(store.Passkey{ID: "passkey-of-" + who, Name: "x", Person: org.PersonID(who), MadeAt: now, Body: []byte(`{}`)}); err != nil {
				return err
			}
		}
		return nil
	})
	h.sign = func(r *http.Request, as string) {
		if b := bearers[as]; b != "" {
			r.Header.Set("Authorization", "Bearer "+b)
		} else if as != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-tocsin", Value: "cookie of " + as})
		}
	}
	site := pages.New(pages.Options{Engine: h.engine, Store: h.store, Ring: h.ring})
	if err := site.Step(h.t.Context(), h.engine.Now()); err != nil {
		h.t.Fatal(err)
	}
	desk := report.New(report.Options{Engine: h.engine, Store: h.store, Ring: h.ring, Site: site})
	h.http = api.New(api.Options{Engine: h.engine, Store: h.store, Ring: h.ring, Auth: a, Stopping: h.stop, Status: site, Reports: desk, Cabinet: h.files})
	return h
}

func (h *home) written(fn func(*store.Tx) error) {
	h.t.Helper()
	if err := h.store.Write(context.Background(), store.People, fn); err != nil {
		h.t.Fatal(err)
	}
}

// An entry is how a sender uses a door: KEY stands where its key does.
type entry struct{ source, method, path, body, header string }

// entries are those of the doors of monitoring, by pattern; of a subtree some of what is
// in it.
var entries = map[string][]entry{
	"/v2/enqueue":                           {{"pagerduty", "POST", "/v2/enqueue", `{"routing_key":"KEY","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"error"}}`, ""}},
	"/v2/change/enqueue":                    {{"pagerduty", "POST", "/v2/change/enqueue", `{"routing_key":"KEY","payload":{"summary":"s"}}`, ""}},
	"/generic/2010-04-15/create_event.json": {{"pagerduty", "POST", "/generic/2010-04-15/create_event.json", `{"service_key":"KEY","event_type":"trigger","description":"s"}`, ""}},
	"/in/{source}/{key}":                    {{"generic", "POST", "/in/generic/KEY", `{"title":"t"}`, ""}, {"alertmanager", "POST", "/in/alertmanager/KEY", `{"version":"4","alerts":[]}`, ""}},
	"/generic/{key}":                        {{"generic", "POST", "/generic/KEY", `{"title":"t"}`, ""}},
	"/in/heartbeat/{key}/{name}":            {{"opsgenie", "GET", "/in/heartbeat/KEY/beat-SERVICE", "", ""}, {"opsgenie", "POST", "/in/heartbeat/KEY/beat-SERVICE", "", ""}},
	"/v2/alerts/{path...}": {
		{"opsgenie", "POST", "/v2/alerts", `{"message":"m"}`, "GenieKey KEY"}, {"opsgenie", "GET", "/v2/alerts", "", "GenieKey KEY"}, {"opsgenie", "GET", "/v2/alerts/count", "", "GenieKey KEY"},
		{"opsgenie", "POST", "/v2/alerts/x/close?identifierType=alias", "{}", "GenieKey KEY"},
	},
	"/v2/heartbeats/{path...}": {{"opsgenie", "GET", "/v2/heartbeats", "", "GenieKey KEY"}, {"opsgenie", "POST", "/v2/heartbeats/beat-SERVICE/ping", "", "GenieKey KEY"}},
	"/am/{path...}": {
		{"alertmanager", "GET", "/am/KEY/api/v2/alerts", "", ""}, {"alertmanager", "POST", "/am/KEY/api/v2/alerts", `[]`, ""}, {"alertmanager", "GET", "/am/api/v2/status", "", "Bearer KEY"},
		{"alertmanager", "GET", "/am/KEY/api/v2/silences", "", ""}, {"alertmanager", "GET", "/am/KEY/api/v2/receivers", "", ""}, {"alertmanager", "GET", "/am/KEY/-/healthy", "", ""},
	},
}

// with is the entry with a key, for the sender of a team's service.
func (h *home) with(e entry, key, service, as string) reply {
	fill := strings.NewReplacer("KEY", key, "SERVICE", service)
	var head []string
	if e.header != "" {
		head = []string{"Authorization", fill.Replace(e.header)}
	}
	return h.ask(as, e.method, fill.Replace(e.path), fill.Replace(e.body), head...)
}

// TestEveryDoorForEverybody walks the one table of the whole server, by everybody, for
// what is their team's and what is not. A route whose permission it does not know, or
// which it does not know how to use, fails.
func TestEveryDoorForEverybody(t *testing.T) {
	walked := 0
	var lines []string
	readers := settled(t) // who only reads leaves it as it is
	for _, d := range api.Doors(readers.http) {
		lines = append(lines, fmt.Sprintf("%-6s %-50s %s", d.Method, d.Pattern, d.Permission))
		h := readers
		if d.Method != "GET" {
			h = settled(t)
		}
		switch d.Permission {
		case "integration key":
			walked += h.senderDoor(d)
		case "acknowledge link":
			walked += h.sameForAll(d, strings.Replace(d.Pattern, "{token}", "page.forged", 1), 404)
			walked += h.sameForAll(d, h.link(), 200)
		case "calendar link":
			walked += h.sameForAll(d, strings.Replace(d.Pattern, "{token}", "forged.ics", 1), 404)
		case "follow link", "report link":
			walked += h.sameForAll(d, strings.Replace(d.Pattern, "{token}", "one.forged", 1), 404)
		case "signature":
			for _, method := range []string{"GET", "POST"} {
				walked += h.sameForAll(api.Door{Method: method, Pattern: d.Pattern}, strings.Replace(d.Pattern, "{path...}", "none/status", 1), 401)
			}
		case "app file": // by a name that no build has
			walked += h.sameForAll(d, "/assets/v/none.js", 404)
		case "public", "anyone": // what proves something stands in the path or the body
			want := 422
			if d.Method == "GET" {
				want = 200
			}
			if d.Pattern == "/api/v1/session/challenge" {
				want = 0 // each gets its own
			}
			if d.Pattern == "/readyz" {
				want = 503 // the engine does not run
			}
			if strings.HasPrefix(d.Pattern, "/status/") || strings.HasPrefix(d.Pattern, "/report/") {
				want = 404 // there is none of that name
			}
			walked += h.sameForAll(d, strings.NewReplacer("{token}", "forged", "{page}", "none", "{form}", "none", "{category}", "none").Replace(d.Pattern), want)
		case "local":
			walked += h.sameForAll(d, d.Pattern, 0)
			for _, as := range callers {
				if got := h.ask(as, d.Method, d.Pattern, "", "X-Forwarded-For", "203.0.113.9"); got.status != 403 {
					t.Errorf("%s %s as %q from elsewhere: %d", d.Method, d.Pattern, as, got.status)
				}
			}
		case "known", "own person":
			walked += h.ownDoor(d)
		default:
			if least, _ := org.Deed(d.Permission).Needs(); least == "" {
				t.Errorf("%s %s: nobody knows who may: %q", d.Method, d.Pattern, d.Permission)
				continue
			}
			if strings.HasSuffix(d.Pattern, "/events") {
				walked += h.eventsDoor(d)
				continue
			}
			for _, team := range []string{"dba", "web"} {
				for _, as := range callers {
					walk(h, v1.Route{Method: d.Method, Pattern: d.Pattern, Permission: d.Permission}, as, team)
					walked++
				}
			}
		}
	}
	t.Logf("%d walks through %d doors", walked, len(lines))
	golden(t, "testdata/doors.txt", strings.Join(lines, "\n")+"\n")
}

var bless = flag.Bool("bless", false, "write testdata/doors.txt anew: read the difference before you keep it")

// golden compares with a file in which a person wrote, or read, every line.
func golden(t *testing.T, file, got string) {
	if *bless {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil || string(kept) != got {
		t.Errorf("a door is new, gone, or for somebody else: go test ./internal/api/v1 -run EveryDoor -args -bless, and read the difference (%v)", err)
	}
}

// senderDoor opens for the key of its own source alone, wherever the caller comes from.
func (h *home) senderDoor(d api.Door) (walked int) {
	uses := entries[d.Pattern]
	if len(uses) == 0 {
		h.t.Errorf("%s %s: how is it used?", d.Method, d.Pattern)
	}
	for _, e := range uses {
		if d.Method != "*" && d.Method != e.method {
			continue
		}
		for n, service := range []string{"db", "site"} {
			if got := h.with(e, senders[e.source][n], service, ""); got.status >= 300 && !(e.path == "/v2/alerts/x/close?identifierType=alias" && got.status == 404) {
				h.t.Errorf("%s %s with its key: %d %s", e.method, e.path, got.status, got.body)
			}
			walked++
		}
		for _, as := range callers {
			for _, key := range []string{strings.Repeat("c", 32), "", senders["generic"][0], senders["pagerduty"][0]} {
				if key == senders[e.source][0] {
					continue
				}
				got := h.with(e, key, "db", as)
				if e.header != "" && e.source == "alertmanager" && key == "" {
					got = h.ask(as, e.method, e.path, "")
				}
				if got.status < 400 || got.status >= 500 {
					h.t.Errorf("%s %s as %q with the key %q: %d %s", e.method, e.path, as, key, got.status, got.body)
				}
				walked++
			}
		}
	}
	return walked
}

// sameForAll is a door that does not care who comes: each gets the same.
func (h *home) sameForAll(d api.Door, path string, want int) int {
	first := reply{}
	body := ""
	if d.Method != "GET" {
		body = `{"nope":1}`
	}
	for i, as := range callers {
		got := h.ask(as, d.Method, path, body)
		// The app's page alone says whether its asker is signed in, to spare it a question.
		got.body = strings.Replace(got.body, `name="known" content="yes"`, `name="known" content=""`, 1)
		if want != 0 && got.status != want || want != 401 && got.status == 401 || got.status == 403 {
			h.t.Errorf("%s %s as %q: %d, want %d\n%.300s", d.Method, path, as, got.status, want, got.body)
		}
		if i > 0 && want != 0 && (got.status != first.status || got.body != first.body) && d.Method == "GET" && d.Pattern != "/readyz" {
			h.t.Errorf("%s %s as %q: %d, and another answer than for nobody", d.Method, path, as, got.status)
		}
		if i == 0 {
			first = got
		}
	}
	return len(callers)
}

// ownDoor is for who is known; most are for a person about themselves.
func (h *home) ownDoor(d api.Door) int {
	for _, as := range callers {
		if d.Method == "DELETE" && d.Pattern == "/api/v1/session" && h.people[as].Person == "ada" {
			continue // who signs out is not known any more; the others do it
		}
		got := h.ask(as, d.Method, strings.Replace(d.Pattern, "{id}", "unknown", 1), map[bool]string{true: "", false: `{"nope":1}`}[d.Method == "GET" || d.Method == "DELETE"])
		program := strings.HasSuffix(as, "key") || as == "narrow"
		denied := got.status == 401 || got.status == 403
		switch {
		case as == "" || as == "integration key":
			if got.status != 401 {
				h.t.Errorf("%s %s as %q: %d", d.Method, d.Pattern, as, got.status)
			}
		case denied != (program && d.Permission == "own person"):
			h.t.Errorf("%s %s as %q: %d %s", d.Method, d.Pattern, as, got.status, got.body)
		}
	}
	return len(callers)
}

// eventsDoor never ends for who may, so it is asked for its head alone.
func (h *home) eventsDoor(d api.Door) int {
	for _, as := range callers {
		got := h.ask(as, "HEAD", d.Pattern, "")
		want := map[bool]int{true: 200, false: 401}[as != "" && as != "integration key"]
		if got.status != want {
			h.t.Errorf("HEAD %s as %q: %d, want %d", d.Pattern, as, got.status, want)
		}
	}
	return len(callers)
}

// link is the path of a link in a page that was sent.
func (h *home) link() string {
	h.opened("db", "Disk full")
	for range 3 {
		if _, err := h.engine.Step(h.t.Context(), h.engine.Now()); err != nil {
			h.t.Fatal(err)
		}
	}
	if len(h.sent) == 0 {
		h.t.Fatal("nobody was called")
	}
	return strings.TrimPrefix(h.sent[0].AckURL, "https://tocsin.example")
}

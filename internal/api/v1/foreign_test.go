package v1_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/api"
	v1 "tocsin/internal/api/v1"
	"tocsin/internal/store"
	"tocsin/org"
)

// A strange thing is one that some callers may not know of: its id, and one of the same
// form that never was.
type strange struct {
	id, never string
	to        []string // the callers; nil: all
}

// fromSetup are they who may not read the setup; secretly, they who may not read what
// is sensitive.
var (
	fromSetup = []string{"", "integration key", "narrow", "stine"}
	secretly  = []string{"", "integration key", "narrow", "olaf", "stine", "otto"}
)

// foreign makes, for each pattern with a name in it, what is strange to whom.
func (h *home) foreign() func(d api.Door) (path func(id string) string, s strange, ok bool) {
	secret := string(h.opened("hr", "Salaries are public"))
	never := secret[:25] + "x"
	h.written(func(tx *store.Tx) error {
		return tx.PutAlert(alert.Alert{ID: "alert-" + secret, Integration: "prom", Key: "k", Subject: incident.ID(secret), Service: "hr", Digest: "d", Open: true, FirstAt: h.engine.Now(), LastAt: h.engine.Now()})
	})
	hushed := h.silenced("hr")
	uuid := "00000000" + hushed[8:]
	link := strings.TrimPrefix(h.link(), "/a/")
	key := h.must(201, "ada", "POST", "/keys", `{"name":"mine","deeds":["read incidents"]}`).field("id").(string)
	override := h.must(201, "ada", "POST", "/schedules/s/overrides", bodyFor("POST", v1.Prefix+"/schedules/{id}/overrides", "dba")).field("id").(string)

	call := h.must(201, "ada", "POST", "/calls", `{"title":"Who can come?","targets":["person:rita"]}`).field("id").(string)
	change := string(h.proposed("hr"))
	practised := string(h.drilled("hr", "rita"))
	calendar := h.must(201, "ada", "POST", "/calendars", `{"kind":"person"}`).field("id").(string)
	feed := h.must(201, "ada", "POST", "/me/feeds", `{}`).field("id").(string)
	posted := string(h.posted("page"))
	away := h.must(201, "ada", "POST", "/time-off", `{"from":"2035-01-01T00:00:00Z","until":"2035-01-02T00:00:00Z"}`).field("time_off.id").(string)
	followed := h.engine.NewID(h.engine.Now())
	h.written(func(tx *store.Tx) error {
		if err := tx.PutSubscriber(store.Subscriber{ID: followed, Scope: "service:db", Person: "pat", Channel: "log", Method: "pats-telephone", Active: true, At: h.engine.Now()}); err != nil {
			return err
		}
		if err := tx.AddReport(store.Report{ID: followed, Form: "desk", Subject: incident.ID(secret), At: h.engine.Now()}); err != nil {
			return err
		}
		_, err := tx.PutConfig(h.engine.Now(), store.Change{Kind: "form", ID: "desk-web", By: "test"}) // it is retired
		return err
	})
	said, err := h.engine.Converse(context.Background(), "person:rita", "", []org.PersonID{"pat"}, h.engine.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	file := h.attached("rita", secret, "salaries.txt", "all of them")
	other := func(id string) string {
		return id[:len(id)-1] + map[bool]string{true: "y", false: "x"}[id[len(id)-1] == 'x']
	}

	config := map[string]string{}
	for plural, ids := range known {
		config[plural] = ids[0]
	}
	return func(d api.Door) (func(string) string, strange, bool) {
		in := func(name string) func(string) string {
			return func(id string) string { return strings.Replace(d.Pattern, "{"+name+"}", id, 1) }
		}
		rest := strings.TrimPrefix(d.Pattern, v1.Prefix)
		plural, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		switch {
		case strings.HasPrefix(rest, "/incidents/{id}"):
			return in("id"), strange{secret, never, secretly}, true
		case strings.HasPrefix(rest, "/changes/{id}"):
			return in("id"), strange{change, other(change), secretly}, true
		case strings.HasPrefix(rest, "/drills/{id}"):
			return in("id"), strange{practised, other(practised), secretly}, true
		case strings.HasPrefix(rest, "/conversations/{id}"): // of others, also for an admin
			return in("id"), strange{said.ID, other(said.ID), slices.DeleteFunc(slices.Clone(callers), func(c string) bool { return c == "rita" })}, true
		case rest == "/attachments/{id}":
			return in("id"), strange{file, other(file), secretly}, true
		case rest == "/alerts/{id}":
			return in("id"), strange{"alert-" + secret, "alert-" + never, secretly}, true
		case rest == "/silences/{id}":
			return in("id"), strange{hushed, uuid, secretly}, true
		case strings.HasPrefix(rest, "/calls/{id}"):
			return in("id"), strange{call, other(call), []string{"", "integration key", "narrow", "olaf", "stine"}}, true
		case rest == "/calendars/{id}":
			return in("id"), strange{calendar, other(calendar), slices.DeleteFunc(slices.Clone(callers), func(c string) bool { return c == "ada" || c == "key" || c == "team-key" })}, true // keys of ada's are ada's
		case strings.HasPrefix(rest, "/me/feeds/{id}"):
			return in("id"), strange{feed, other(feed), slices.DeleteFunc(slices.Clone(callers), func(c string) bool { return c == "ada" || c == "key" || c == "team-key" })}, true
		case strings.HasPrefix(rest, "/notices/{id}"):
			return in("id"), strange{posted, other(posted), fromSetup}, true
		case rest == "/time-off/{id}":
			return in("id"), strange{away, other(away), fromSetup}, true
		case rest == "/keys/{id}":
			return in("id"), strange{key, key[:len(key)-1] + "0", []string{"", "integration key", "narrow", "max", "rita", "olaf", "stine", "otto"}}, true
		case rest == "/sessions/{id}":
			return in("id"), strange{"session-of-ada", "session-of-eve", slices.DeleteFunc(slices.Clone(callers), func(c string) bool { return c == "ada" })}, true
		case strings.HasPrefix(rest, "/passkeys/{id}"):
			return in("id"), strange{"passkey-of-ada", "passkey-of-eve", slices.DeleteFunc(slices.Clone(callers), func(c string) bool { return c == "ada" })}, true
		case rest == "/people/{id}/sessions/{session}": // of somebody else than the path says
			return func(id string) string { return v1.Prefix + "/people/pat/sessions/" + id }, strange{"session-of-ada", "session-of-eve", nil}, true
		case strings.HasSuffix(rest, "/overrides/{override}"): // of another schedule
			return func(id string) string { return v1.Prefix + "/schedules/s-web/overrides/" + id }, strange{override, override[:25] + "x", nil}, true
		case config[plural] != "" && strings.HasPrefix(rest, "/"+plural+"/{id}"):
			return in("id"), strange{config[plural], "zz" + config[plural][min(2, len(config[plural])):], fromSetup}, true
		case strings.HasPrefix(rest, "/me/methods/{id}"): // of somebody else
			return in("id"), strange{"pats-telephone", "never-telephone", nil}, true
		case rest == "/me/tests/{id}": // a page, and none of theirs
			page, _, _ := strings.Cut(link, ".")
			return in("id"), strange{page, page[:len(page)-1] + "x", nil}, true
		case rest == "/me/follows/{id}": // of somebody else
			return in("id"), strange{followed, other(followed), nil}, true
		case strings.HasPrefix(d.Pattern, "/status/{page}"): // an internal page
			return in("page"), strange{"page", "zzge", nil}, true
		case strings.HasPrefix(d.Pattern, "/report/{form}"): // a form that is retired
			return func(id string) string { return strings.NewReplacer("{form}", id, "{category}", "a").Replace(d.Pattern) }, strange{"desk-web", "never-web", nil}, true
		case strings.HasPrefix(d.Pattern, "/follow/"), strings.HasPrefix(d.Pattern, "/r/{token}"): // what is there, and no token of it
			return in("token"), strange{followed + "." + strings.Repeat("A", 22), other(followed) + "." + strings.Repeat("A", 22), nil}, true
		case d.Pattern == "/ical/{token}": // somebody's calendar, and no token of it
			return in("token"), strange{calendar + ".ics", other(calendar) + ".ics", nil}, true
		case d.Pattern == "/a/{token}", d.Pattern == "/p/{token}", d.Pattern == "/t/{token}":
			page, mac, _ := strings.Cut(link, ".")
			return in("token"), strange{page + "." + strings.Repeat("A", len(mac)), page[:len(page)-1] + "x." + strings.Repeat("A", len(mac)), nil}, true
		case d.Pattern == "/p/{token}":
			page, mac, _ := strings.Cut(link, ".")
			return in("token"), strange{page + ".ack." + strings.Repeat("A", len(mac)), page[:len(page)-1] + "x.ack." + strings.Repeat("A", len(mac)), nil}, true
		case d.Pattern == "/setup/{token}", d.Pattern == "/password/{token}": // somebody's session is no such token, nor is a link
			return in("token"), strange{link, "never-a-link", nil}, true
		case d.Pattern == "/in/ticket/{path...}": // a system that is there, and no secret of it
			return func(id string) string { return "/in/ticket/" + id + "/guessed" }, strange{"jira", "zzra", nil}, true
		case d.Pattern == "/in/{source}/{key}": // a key, of another source
			return func(id string) string { return "/in/generic/" + id }, strange{senders["pagerduty"][0], strings.Repeat("c", 32), nil}, true
		case d.Pattern == "/generic/{key}":
			return in("key"), strange{senders["pagerduty"][0], strings.Repeat("c", 32), nil}, true
		case d.Pattern == "/in/heartbeat/{key}/{name}": // a heartbeat of the other team's sender
			return func(id string) string { return "/in/heartbeat/" + senders["opsgenie"][0] + "/" + id }, strange{"beat-site", "beat-none", nil}, true
		}
		return nil, strange{}, false
	}
}

// told is an answer without what differs from one request to the next, and without the
// id that was asked for.
func told(got reply, id string) string {
	head := maps.Clone(got.head)
	for _, own := range []string{"X-Request-Id", "X-Response-Time"} {
		head.Del(own)
	}
	if len(id) < 8 { // part of other words; nothing repeats it
		id = "\x00"
	}
	text := fmt.Sprint(got.status, " ", sortedHead(head), "\n", got.body)
	return onceOnly.ReplaceAllString(strings.ReplaceAll(text, id, "ID"), "")
}

var onceOnly = regexp.MustCompile(`"(took|requestId)":[^,}]+`)

func sortedHead(h http.Header) (out []string) {
	for name, values := range h {
		out = append(out, name+": "+strings.Join(values, ", "))
	}
	slices.Sort(out)
	return out
}

// TestForeignIsAsUnknown walks every door that names something, by everybody who may not
// know of it: what is there and not theirs is answered, byte for byte, as what never was.
func TestForeignIsAsUnknown(t *testing.T) {
	h := settled(t)
	of := h.foreign()
	asked := 0
	for _, d := range api.Doors(h.http) {
		if !strings.Contains(d.Pattern, "{") || strings.HasSuffix(d.Pattern, "...}") || d.Permission == "app file" { // subtrees below; files are everybody's
			continue
		}
		path, s, ok := of(d)
		if !ok {
			t.Errorf("%s %s names something: what of it is strange to whom?", d.Method, d.Pattern)
			continue
		}
		if s.to == nil {
			s.to = callers
		}
		body := bodyFor(d.Method, d.Pattern, "dba")
		if d.Dialect == "html" || d.Permission == "own person" {
			body = map[bool]string{true: "", false: `{"name":"x"}`}[d.Method == "GET" || d.Dialect == "html"]
		}
		for _, as := range s.to {
			theirs, never := h.ask(as, d.Method, path(s.id), body), h.ask(as, d.Method, path(s.never), body)
			if a, b := told(theirs, s.id), told(never, s.never); a != b {
				t.Errorf("%s %s as %q tells that it is there:\n%s", d.Method, d.Pattern, as, cmp.Diff(a, b))
			}
			if theirs.status < 400 && d.Dialect != "html" {
				t.Errorf("%s %s as %q: %d of what is not theirs", d.Method, d.Pattern, as, theirs.status)
			}
			asked++
		}
	}
	if asked < 300 {
		t.Errorf("only %d were compared", asked)
	}
	t.Logf("%d answers compared", asked)
}

// TestForeignToSenders is the same for the dialects that have subtrees: what another
// integration said, named or silenced does not exist.
func TestForeignToSenders(t *testing.T) {
	h := settled(t)
	ours, theirs := "GenieKey "+senders["opsgenie"][0], "GenieKey "+senders["opsgenie"][1]
	said := h.ask("", "POST", "/v2/alerts", `{"message":"theirs","alias":"their-alias"}`, "Authorization", theirs)
	request := said.field("requestId").(string)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- h.engine.Run(ctx) }()
	defer func() {
		stop()
		<-ran
	}()
	one := h.ask("", "GET", "/v2/alerts/their-alias?identifierType=alias", "", "Authorization", theirs)
	id, _ := one.field("data.id").(string)
	if id == "" {
		t.Fatalf("%d %s", one.status, one.body)
	}
	same := func(method, form, there, never, body, auth string) {
		t.Helper()
		var head []string
		if auth != "" {
			head = []string{"Authorization", auth}
		}
		a := h.ask("", method, strings.Replace(form, "ID", there, 1), body, head...)
		b := h.ask("", method, strings.Replace(form, "ID", never, 1), body, head...)
		if told(a, there) != told(b, never) || a.status >= 500 {
			t.Errorf("%s %s tells that it is there:\n%s\n%s", method, form, told(a, there), told(b, never))
		}
	}
	neverID := id[:len(id)-1] + "0"
	for _, v := range []struct{ method, path, body string }{
		{"GET", "", ""}, {"DELETE", "", ""}, {"GET", "/notes", ""}, {"GET", "/logs", ""}, {"GET", "/recipients", ""}, {"POST", "/close", "{}"}, {"POST", "/acknowledge", "{}"},
		{"POST", "/unacknowledge", "{}"}, {"POST", "/snooze", `{"endTime":"2036-01-01T00:00:00Z"}`}, {"POST", "/notes", `{"note":"n"}`}, {"POST", "/tags", `{"tags":["a"]}`}, {"DELETE", "/tags?tags=a", ""},
		{"POST", "/details", `{"details":{"a":"b"}}`}, {"PUT", "/message", `{"message":"m"}`}, {"PUT", "/description", `{"description":"m"}`}, {"PUT", "/priority", `{"priority":"P1"}`},
	} {
		same(v.method, "/v2/alerts/ID"+v.path, id, neverID, v.body, ours)
		sep := "?"
		if strings.Contains(v.path, "?") {
			sep = "&"
		}
		same(v.method, "/v2/alerts/ID"+v.path+sep+"identifierType=alias", "their-alias", "never-alias", v.body, ours)
	}
	same("GET", "/v2/alerts/requests/ID", request, "00000000"+request[8:], "", ours)
	for _, verb := range []string{"GET /v2/heartbeats/ID", "POST /v2/heartbeats/ID/ping", "PATCH /v2/heartbeats/ID", "DELETE /v2/heartbeats/ID", "POST /v2/heartbeats/ID/disable"} {
		method, path, _ := strings.Cut(verb, " ")
		same(method, path, "beat-site", "beat-none", map[bool]string{true: `{"description":"d"}`}[method == "PATCH"], ours)
	}
	now := h.engine.Now()
	hush, err := h.engine.Silence(t.Context(), alert.Silence{Integration: "alertmanager-site", Matchers: []alert.Matcher{{Name: "a", Value: "b"}}, Start: now, End: now.Add(time.Hour)}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "DELETE"} {
		same(method, "/am/"+senders["alertmanager"][0]+"/api/v2/silence/ID", hush.ID, "00000000"+hush.ID[8:], "", "")
	}
	// Keys of another source, where the key is all that is named.
	for _, form := range []string{"/am/ID/api/v2/alerts", "/am/ID/-/healthy"} {
		same("GET", form, senders["generic"][0], "gn-of-xxx", "", "")
	}
	body := func(key string) string {
		return `{"routing_key":"` + key + `","event_action":"trigger","payload":{"summary":"s","source":"x","severity":"error"}}`
	}
	h.configure(map[string]any{"integration/gn32": org.Integration{ID: "gn32", Source: "generic", Service: "db", KeyHash: h.ring.Hash("integration key", strings.Repeat("d", 32))}})
	if a, b := h.ask("", "POST", "/v2/enqueue", body(strings.Repeat("d", 32))), h.ask("", "POST", "/v2/enqueue", body(strings.Repeat("e", 32))); told(a, strings.Repeat("d", 32)) != told(b, strings.Repeat("e", 32)) {
		t.Errorf("%s\n%s", told(a, ""), told(b, ""))
	}
}

// TestForeignTakesAsLong compares how long it takes to say that there is nothing: the
// medians of many answers, taken in turns, are about the same.
func TestForeignTakesAsLong(t *testing.T) {
	h := open(t, "")
	secret := string(h.opened("hr", "Salaries are public"))
	for range 20 { // a long log, which would take long to read
		h.must(200, "ada", "POST", "/incidents/"+secret+"/notes", `{"text":"`+strings.Repeat("x", 5000)+`"}`)
	}
	never := secret[:25] + "x"
	for _, form := range []string{"/incidents/ID", "/incidents/ID/timeline", "/silences/ID"} {
		there := secret
		if strings.HasPrefix(form, "/silences") {
			there = h.silenced("hr")
		}
		var took [2][]time.Duration
		for n := range 1500 {
			for i, id := range []string{there, never} {
				i = (i + n) % 2
				if i == 1 {
					id = never
				} else {
					id = there
				}
				began := time.Now()
				if got := h.do("olaf", "GET", strings.Replace(form, "ID", id, 1), ""); got.status != 404 {
					t.Fatal(got.status)
				}
				took[i] = append(took[i], time.Since(began))
			}
		}
		slices.Sort(took[0])
		slices.Sort(took[1])
		a, b := took[0][len(took[0])/2], took[1][len(took[1])/2]
		t.Logf("%s: there %s, never %s", form, a, b)
		if a > 2*b || b > 2*a {
			t.Errorf("%s: %s of what is there, %s of what never was", form, a, b)
		}
	}
}

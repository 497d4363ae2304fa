package v1_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

func TestVerbs(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := h.must(201, "rita", "POST", "/incidents", `{"service":"db","title":"Disk full","text":"since noon","severity":"SEV2"}`)
		at := "/incidents/" + made.field("id").(string)
		if made.field("priority") != "high" || made.field("team") != "dba" || made.head.Get("Location") != "/api/v1"+at {
			t.Error(made.body)
		}
		said := func(path, body string) string {
			t.Helper()
			return h.must(200, "rita", "POST", at+path, body).field("said").(string)
		}
		for _, c := range []struct{ path, body, said, status string }{
			{"/acknowledge", ``, "You have it.", "acknowledged"},
			{"/acknowledge", `{}`, "You have it already.", "acknowledged"},
			{"/unacknowledge", `{"why":"asleep"}`, "gave it back: asleep", "triggered"},
			{"/snooze", fmt.Sprintf(`{"until":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339)), "snoozed until", "snoozed"},
			{"/escalate", `{}`, "escalated", "snoozed"},
			{"/reassign", `{"to":"schedule:s"}`, "reassigned to schedule:s", "triggered"},
			{"/responders", `{"targets":["rita"],"why":"knows it"}`, "asked for person:rita: knows it", "triggered"},
			{"/notes", `{"text":"look at this"}`, "note: look at this", "triggered"},
			{"/severity", `{"severity":"SEV1","why":"spreads"}`, "now SEV1", "triggered"},
			{"/resolve", `{"why":"bought a disk"}`, "resolved: bought a disk", "resolved"},
			{"/reopen", `{"why":"wrong disk"}`, "reopened: wrong disk", "triggered"},
		} {
			if got := said(c.path, c.body); !strings.HasPrefix(got, c.said) {
				t.Errorf("%s: %q, want %q", c.path, got, c.said)
			}
			if now := h.must(200, "olaf", "GET", at, ""); now.field("status") != c.status && !(c.path == "/escalate" || c.path == "/reassign") {
				t.Errorf("%s: %v, want %s", c.path, now.field("status"), c.status)
			}
		}
		line := h.must(200, "olaf", "GET", at+"/timeline", "")
		if !strings.Contains(line.body, "note: since noon") || line.field("items.0.by") != "person:rita" {
			t.Error(line.body)
		}
		h.refused(403, "responder of team dba", "otto", "POST", at+"/resolve", `{}`)
	})
}

func TestTimelineHoldsPages(t *testing.T) {
	h := open(t, "")
	id := h.opened("db", "Disk full")
	for range 3 {
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
	}
	line := h.must(200, "olaf", "GET", "/incidents/"+string(id)+"/timeline", "")
	var kinds []string
	var last time.Time
	for i := range line.items() {
		kinds = append(kinds, line.field(fmt.Sprintf("items.%d.kind", i)).(string))
		at, err := time.Parse(time.RFC3339Nano, line.field(fmt.Sprintf("items.%d.at", i)).(string))
		if err != nil || at.Before(last) {
			t.Errorf("line %d: %v %v", i, at, err)
		}
		last = at
	}
	if want := []string{"alert.opened", "escalate.asked", "escalate.called", "page.sent"}; !slices.Equal(kinds, want) {
		t.Errorf("%v", kinds)
	}
	if pages := h.must(200, "olaf", "GET", "/incidents/"+string(id)+"/pages", ""); pages.items() != 1 || pages.field("items.0.state") != "sent" || strings.Contains(pages.body, "address") {
		t.Error(pages.body)
	}
}

func TestListsOfIncidents(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		var ids []string
		for i := range 25 {
			service := []org.ServiceID{"db", "site"}[i%2]
			ids = append(ids, string(h.opened(service, fmt.Sprintf("Disk %d of Köln-%s is full", i, []string{"east", "west"}[i%2]))))
		}
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		h.must(200, "ada", "POST", "/incidents/"+ids[3]+"/acknowledge", "")
		h.must(200, "ada", "POST", "/incidents/"+ids[4]+"/resolve", "")
		for query, want := range map[string]int{
			"": 25, "open=true": 24, "service=db": 13, "team=web": 12, "status=resolved": 1, "status=acknowledged,resolved": 2, "status=acknowledged,triggered": 24,
			"person=ada": 1, "severity=SEV2": 25, "severity=SEV1": 0, "priority=low": 0,
			"q=disk": 25, "q=DIS": 25, "q=isk": 0, "q=k%C3%B6ln+east": 13, "q=full+disk+7": 1, "q=none": 0, "q=,": 25,
			"opened_after=2020-01-01T00:00:00Z": 25, "opened_before=2020-01-01T00:00:00Z": 0,
			"opened_after=" + url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339)): 0,
		} {
			var got []string
			cursor := ""
			for {
				r := h.must(200, "olaf", "GET", "/incidents?limit=4&"+query+cursor, "")
				for i := range r.items() {
					got = append(got, r.field(fmt.Sprintf("items.%d.id", i)).(string))
				}
				next, _ := r.field("next").(string)
				if next == "" {
					break
				}
				cursor = "&cursor=" + next
			}
			back := slices.Clone(got)
			slices.Sort(back)
			slices.Reverse(back)
			if len(got) != want || !slices.Equal(got, back) || len(slices.Compact(back)) != want {
				t.Errorf("%s: %d, want %d, newest first and each once: %v", query, len(got), want, got)
			}
		}
		for _, bad := range []string{"status=gone", "limit=0", "limit=201", "severity=SEV9", "opened_after=yesterday", "colour=red", "cursor=x", "opened_after=0001-01-02T00:00:00Z"} {
			h.refused(422, "query."+strings.SplitN(bad, "=", 2)[0], "olaf", "GET", "/incidents?"+bad, "")
		}
	})
}

func TestAlerts(t *testing.T) {
	h := open(t, "")
	now := h.engine.Now()
	err := h.engine.Hear(t.Context(), "prom", []alert.Event{{Action: alert.Trigger, Key: "k", Title: "Disk full", Text: "on db-1", Severity: org.SEV2, Labels: map[string]string{"host": "db-1"}}}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
	}
	list := h.must(200, "olaf", "GET", "/alerts?open=true&service=db&integration=prom", "")
	if list.items() != 1 || list.field("items.0.labels.host") != "db-1" {
		t.Fatal(list.body)
	}
	id, in := list.field("items.0.id").(string), list.field("items.0.incident").(string)
	if one := h.must(200, "olaf", "GET", "/alerts/"+id, ""); one.field("text") != "on db-1" {
		t.Error(one.body)
	}
	if of := h.must(200, "olaf", "GET", "/incidents/"+in+"/alerts", ""); of.items() != 1 {
		t.Error(of.body)
	}
	h.must(200, "ada", "PATCH", "/services/db", `{"sensitive":true}`)
	if list := h.must(200, "olaf", "GET", "/alerts", ""); list.items() != 0 {
		t.Error(list.body)
	}
	h.refused(404, "nothing here", "olaf", "GET", "/alerts/"+id, "")
}

func TestBulk(t *testing.T) {
	h := open(t, "")
	mine, theirs, hidden, over := h.opened("db", "a"), h.opened("site", "b"), h.opened("hr", "c"), h.opened("db", "d")
	h.must(200, "rita", "POST", "/incidents/"+string(over)+"/resolve", "")
	body, _ := json.Marshal(map[string]any{"verb": "resolve", "why": "all at once", "ids": []incident.ID{mine, theirs, hidden, over, "unknown"}})
	got := h.must(200, "rita", "POST", "/incidents/bulk", string(body))
	for i, want := range []float64{200, 403, 200, 409, 404} {
		if got.field(fmt.Sprintf("results.%d.status", i)) != want {
			t.Errorf("%d: %v, want %v", i, got.field(fmt.Sprintf("results.%d", i)), want)
		}
	}
	got = h.must(200, "otto", "POST", "/incidents/bulk", string(body))
	if a, b := got.field("results.2.said"), got.field("results.4.said"); a != b || got.field("results.2.status") != 404.0 {
		t.Errorf("a hidden one is told %v, one that never was %v", a, b)
	}
	h.refused(422, "body.until", "rita", "POST", "/incidents/bulk", `{"verb":"snooze","ids":["x"]}`)
}

func TestAskedTwiceIsDoneOnce(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		const body = `{"service":"db","title":"Disk full"}`
		first := h.must(201, "rita", "POST", "/incidents", body, "Idempotency-Key", "one")
		again := h.must(201, "rita", "POST", "/incidents", body, "Idempotency-Key", "one")
		if first.body != again.body || again.head.Get("Idempotency-Replayed") != "true" || again.head.Get("Location") != first.head.Get("Location") {
			t.Errorf("%s\n%s", first.body, again.body)
		}
		h.refused(422, "Idempotency-Key", "rita", "POST", "/incidents", `{"service":"db","title":"Disk gone"}`, "Idempotency-Key", "one")
		h.must(201, "ada", "POST", "/incidents", body, "Idempotency-Key", "one") // the key of somebody else
		h.refused(422, "longer", "rita", "POST", "/incidents", body, "Idempotency-Key", strings.Repeat("x", 256))

		var wg sync.WaitGroup
		statuses := make([]int, 20)
		for i := range statuses {
			wg.Go(func() { statuses[i] = h.do("rita", "POST", "/incidents", body, "Idempotency-Key", "many").status })
		}
		wg.Wait()
		for _, s := range statuses {
			if s != 201 && s != 409 {
				t.Errorf("%v", statuses)
				break
			}
		}
		if n := h.must(200, "rita", "GET", "/incidents", "").items(); n != 3 {
			t.Errorf("%d incidents, want 3", n)
		}
		// What was kept is sealed: a key of an integration is not in it.
		made := h.must(201, "max", "POST", "/integrations", `{"id":"hooks","source":"generic","service":"db"}`, "Idempotency-Key", "k")
		if twin := h.must(201, "max", "POST", "/integrations", `{"id":"hooks","source":"generic","service":"db"}`, "Idempotency-Key", "k"); twin.field("key") != made.field("key") {
			t.Error("the twin got another key")
		}
	})
}

func TestETags(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("db", "Disk full"))
	for _, path := range []string{"/incidents", "/incidents/" + id, "/incidents/" + id + "/timeline", "/services", "/openapi.json"} {
		first := h.must(200, "olaf", "GET", path, "")
		h.must(304, "olaf", "GET", path, "", "If-None-Match", `"x", `+first.head.Get("ETag"))
		if r := h.must(304, "olaf", "GET", path, "", "If-None-Match", "*"); r.body != "" {
			t.Error(r.body)
		}
	}
}

// What somebody acknowledges by a key of theirs is theirs, alone and in bulk.
func TestAcknowledgeByKey(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		one, two := string(h.opened("db", "One")), string(h.opened("db", "Two"))
		h.must(200, "key", "POST", "/incidents/"+one+"/acknowledge", "")
		h.must(200, "key", "POST", "/incidents/bulk", `{"verb":"acknowledge","ids":["`+two+`"]}`)
		for _, id := range []string{one, two} {
			if got := h.must(200, "ada", "GET", "/incidents/"+id, "").field("owner"); got != "ada" {
				t.Errorf("%s is owned by %v", id, got)
			}
		}
	})
}

// A late body is one that never comes to its end.
type late struct{ error }

func (l late) Read([]byte) (int, error) { return 0, l.error }

func TestBodiesThatDoNotCome(t *testing.T) {
	h := open(t, "")
	for err, status := range map[error]int{os.ErrDeadlineExceeded: 408, io.ErrUnexpectedEOF: 400} {
		r := httptest.NewRequest("POST", "https://tocsin.example/api/v1/incidents", late{err})
		r.Header.Set("X-As", "rita")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.http.ServeHTTP(w, r)
		if w.Code != status || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

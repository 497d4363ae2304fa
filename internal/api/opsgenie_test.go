package api

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

const opsgenieKey = "ogkey-0123456789"

// openOpsgenie is a house with an integration for Opsgenie's clients, whose engine runs.
func openOpsgenie(t *testing.T) *house {
	h := open(t)
	h.integration("og", opsgenieKey)
	h.integration("other", "ogkey-9876543210")
	h.run()
	return h
}

func (h *house) integration(id, key string) {
	in := org.Integration{ID: org.IntegrationID(id), Name: id, Source: "opsgenie", Service: "db", KeyHash: h.ring.Hash("integration key", key)}
	h.configure(map[string]any{"integration/" + id: in})
}

// run lets the engine run until the test ends.
func (h *house) run() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.engine.Run(ctx) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
	})
}

// ogSaid is an answer of Opsgenie's API.
type ogSaid struct {
	*httptest.ResponseRecorder
	Result, Message, RequestID string
	Took                       *float64
	Code                       int
	Errors                     map[string]string
	Data                       json.RawMessage
	Paging                     map[string]string
}

// og calls Opsgenie's API with a key and checks what every answer has.
func (h *house) og(method, path, body string, key ...string) ogSaid {
	h.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	r := httptest.NewRequest(method, "http://tocsin.example"+path, strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Authorization", "GenieKey "+append(key, opsgenieKey)[0])
	said := ogSaid{ResponseRecorder: httptest.NewRecorder()}
	h.http.ServeHTTP(said, r)
	if err := json.Unmarshal(said.Body.Bytes(), &said); err != nil {
		h.t.Fatalf("%s %s: %d %s: %v", method, path, said.ResponseRecorder.Code, said.Body, err)
	}
	head := said.Header()
	if said.RequestID == "" || head.Get("X-Request-Id") != said.RequestID || head.Get("X-Response-Time") == "" || head.Get("X-RateLimit-State") != "OK" || said.Took == nil {
		h.t.Errorf("%s %s: %v %s", method, path, head, said.Body)
	}
	return said
}

// asked asks how a request went.
func (h *house) asked(id string) (status struct {
	IsSuccess      bool
	Action, Status string
	AlertID, Alias string
	ProcessedAt    time.Time
	Success        bool
	IntegrationID  string
}) {
	h.t.Helper()
	said := h.og("GET", "/v2/alerts/requests/"+id, "")
	if said.ResponseRecorder.Code != 200 || json.Unmarshal(said.Data, &status) != nil || status.ProcessedAt.IsZero() || status.IntegrationID != "og" {
		h.t.Fatalf("request %s: %d %s", id, said.ResponseRecorder.Code, said.Body)
	}
	return status
}

// shown is an alert as it is shown.
func (h *house) shown(path string) (a struct {
	ID, TinyID, Alias, Message, Status, Description, Entity, Source, Owner, Priority string
	Acknowledged, Snoozed                                                            bool
	Count                                                                            int
	Tags                                                                             []string
	Details                                                                          map[string]string
	SnoozedUntil, CreatedAt                                                          time.Time
	Responders                                                                       []struct{ Type, Name string }
}) {
	h.t.Helper()
	said := h.og("GET", path, "")
	if said.ResponseRecorder.Code != 200 || json.Unmarshal(said.Data, &a) != nil {
		h.t.Fatalf("%s: %d %s", path, said.ResponseRecorder.Code, said.Body)
	}
	return a
}

const diskFull = `{"message":"disk full","alias":"disk/db 1","description":"2% free","priority":"P2","tags":["db","disk,eu"],"entity":"db-1","source":"probe",
"details":{"free":"2%","n":3},"responders":[{"type":"team","name":"dba"}],"note":"first seen","user":"somebody","unknown":{"x":[1]}}`

const diskAlias = "/v2/alerts/disk%2Fdb%201"

// One alert through everything that can be done to it.
func TestOpsgenieLife(t *testing.T) {
	h := openOpsgenie(t)
	r := h.og("POST", "/v2/alerts/", diskFull)
	if r.ResponseRecorder.Code != 202 || r.Result != "Request will be processed" {
		t.Fatalf("%d %s", r.ResponseRecorder.Code, r.Body)
	}
	created := h.asked(r.RequestID)
	if !created.IsSuccess || !created.Success || created.Action != "Create" || created.Status != "Created alert" || created.Alias != "disk/db 1" || created.AlertID == "" {
		t.Fatalf("%+v", created)
	}
	a := h.shown("/v2/alerts/" + created.AlertID)
	if a.Message != "disk full" || a.Status != "open" || a.Priority != "P2" || strings.Join(a.Tags, " ") != "db disk eu" || a.Details["free"] != "2%" || a.Details["n"] != "3" ||
		a.Entity != "db-1" || a.Source != "probe" || a.Count != 1 || a.Description != "2% free" || len(a.Responders) != 1 || a.Responders[0].Name != "dba" {
		t.Errorf("%+v", a)
	}
	if b := h.shown("/v2/alerts/" + a.TinyID + "?identifierType=tiny"); b.ID != a.ID {
		t.Errorf("tiny %s finds %s", a.TinyID, b.ID)
	}
	h.og("POST", "/v2/alerts", diskFull)
	if b := h.shown(diskAlias + "?identifierType=alias"); b.ID != a.ID || b.Count != 2 {
		t.Errorf("after the same again: %+v", b)
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for _, c := range []struct {
		call, body, action string
		fails              string
		is                 func() bool
	}{
		{"POST /acknowledge", `{"user":"jane","note":"on it"}`, "Acknowledge", "", func() bool {
			b := h.shown(diskAlias + "?identifierType=alias")
			return b.Acknowledged && b.Owner == "jane"
		}},
		{"POST /unacknowledge", ``, "UnAcknowledge", "", func() bool { return !h.shown(diskAlias + "?identifierType=alias").Acknowledged }},
		{"POST /tags", `{"tags":["new","db"]}`, "Add Tags", "", func() bool {
			return strings.Join(h.shown(diskAlias+"?identifierType=alias").Tags, " ") == "db disk eu new"
		}},
		{"DELETE /tags?tags=disk,eu", ``, "Remove Tags", "", func() bool { return strings.Join(h.shown(diskAlias+"?identifierType=alias").Tags, " ") == "db new" }},
		{"POST /details", `{"details":{"more":"1"}}`, "Add Details", "", func() bool { return len(h.shown(diskAlias+"?identifierType=alias").Details) == 3 }},
		{"DELETE /details?keys=free,n", ``, "Remove Details", "", func() bool {
			d := h.shown(diskAlias + "?identifierType=alias").Details
			return len(d) == 1 && d["more"] == "1"
		}},
		{"PUT /priority", `{"priority":"P5"}`, "Update Priority", "", func() bool { return h.shown(diskAlias+"?identifierType=alias").Priority == "P5" }},
		{"PUT /priority", `{"priority":"P1"}`, "Update Priority", "", func() bool { return h.shown(diskAlias+"?identifierType=alias").Priority == "P1" }},
		{"PUT /message", `{"message":"disk fuller"}`, "Update Message", "", func() bool {
			b := h.shown(diskAlias + "?identifierType=alias")
			return b.Message == "disk fuller" && b.Status == "open"
		}},
		{"POST /description/", `{"description":"1% free"}`, "Update Description", "", func() bool { return h.shown(diskAlias+"?identifierType=alias").Description == "1% free" }},
		{"POST /snooze", `{"endTime":"` + until.Format(time.RFC3339) + `","IdentifierType":1}`, "Snooze", "", func() bool {
			b := h.shown(diskAlias + "?identifierType=alias")
			return b.Snoozed && b.SnoozedUntil.Equal(until)
		}},
		{"POST /snooze", `{"endTime":"2020-01-01T00:00:00Z"}`, "Snooze", "until: 2020-01-01T00:00:00Z is not in the future", nil},
		{"POST /assign", `{"owner":{"username":"omar"}}`, "Assign", "", nil},
		{"POST /responders", `{"responder":{"type":"user","id":"jane"}}`, "Add Responder", "", nil},
		{"POST /escalate", `{"escalation":{"name":"p"}}`, "Escalate", "", nil},
		{"POST /close", `{"note":"done"}`, "Close", "", func() bool { return h.shown(diskAlias+"?identifierType=alias").Status == "closed" }},
		{"POST /close", ``, "Close", "Alert is already closed", nil},
	} {
		method, rest, _ := strings.Cut(c.call, " ")
		path, query, _ := strings.Cut(rest, "?")
		said := h.og(method, diskAlias+path+"?identifierType=alias&"+query, c.body)
		if said.ResponseRecorder.Code != 202 {
			t.Errorf("%s: %d %s", c.call, said.ResponseRecorder.Code, said.Body)
			continue
		}
		status := h.asked(said.RequestID)
		if status.Action != c.action || status.IsSuccess != (c.fails == "") || c.fails != "" && status.Status != c.fails || status.AlertID != a.ID {
			t.Errorf("%s: %+v", c.call, status)
		}
		if c.is != nil && !c.is() {
			t.Errorf("%s changed nothing: %+v", c.call, h.shown(diskAlias+"?identifierType=alias"))
		}
	}
	if said := h.og("POST", "/v2/alerts/"+a.ID+"/notes", `{"note":"the disk was replaced"}`); !h.asked(said.RequestID).IsSuccess {
		t.Error("no note on a closed alert")
	}
	var notes []struct{ Note, Owner, Offset string }
	if err := json.Unmarshal(h.og("GET", "/v2/alerts/"+a.ID+"/notes?order=asc", "").Data, &notes); err != nil || len(notes) != 5 ||
		notes[0].Note != "somebody: first seen" || notes[2].Note != "on it" || notes[2].Owner != "jane" || notes[4].Note != "the disk was replaced" {
		t.Errorf("notes %v %v", notes, err)
	}
	r = h.og("POST", "/v2/alerts", diskFull)
	if again := h.asked(r.RequestID); again.AlertID != a.ID { // within the reopen window of the house
		t.Errorf("created anew: %+v", again)
	}
	if said := h.og("DELETE", "/v2/alerts/"+a.ID+"?user=jane", ""); !h.asked(said.RequestID).IsSuccess || h.shown("/v2/alerts/"+a.ID).Status != "closed" {
		t.Error("not deleted")
	}
}

// What clients may say wrongly, and who they may be.
func TestOpsgenieFaults(t *testing.T) {
	h := openOpsgenie(t)
	mine := h.asked(h.og("POST", "/v2/alerts", diskFull).RequestID)
	for _, c := range []struct {
		name, method, path, body, key string
		status                        int
		says                          string
	}{
		{"no key", "GET", "/v2/alerts", "", "nobody", 401, "Could not authenticate"},
		{"key of another sort", "POST", "/v2/alerts", diskFull, genericKey, 403, `"code":40301`},
		{"no message", "POST", "/v2/alerts", `{"alias":"x"}`, "", 422, `"errors":{"message":"Message can not be empty."}`},
		{"no JSON", "POST", "/v2/alerts", `<xml/>`, "", 422, `"errors":{"body":`},
		{"nothing", "POST", "/v2/alerts", ``, "", 422, `"errors":{"body":`},
		{"too large", "POST", "/v2/alerts", `{"message":"` + strings.Repeat("x", 600<<10) + `"}`, "", 413, "too large"},
		{"unknown alert", "GET", "/v2/alerts/nobody", "", "", 404, "Alert does not exist"},
		{"unknown alias", "GET", "/v2/alerts/nobody?identifierType=alias", "", "", 404, "Alert does not exist"},
		{"unknown tiny", "GET", "/v2/alerts/17?identifierType=tiny", "", "", 404, "Alert does not exist"},
		{"somebody else's alert", "GET", "/v2/alerts/" + mine.AlertID, "", "ogkey-9876543210", 404, "Alert does not exist"},
		{"somebody else's alias", "GET", diskAlias + "?identifierType=alias", "", "ogkey-9876543210", 404, "Alert does not exist"},
		{"unknown request", "GET", "/v2/alerts/requests/nobody", "", "", 404, "Request not found"},
		{"bad priority", "PUT", "/v2/alerts/" + mine.AlertID + "/priority", `{"priority":"high"}`, "", 422, "P1, P2"},
		{"bad time", "POST", "/v2/alerts/" + mine.AlertID + "/snooze", `{"endTime":"soon"}`, "", 422, "endTime"},
		{"no tags", "POST", "/v2/alerts/" + mine.AlertID + "/tags", `{}`, "", 422, "tags"},
		{"no note", "POST", "/v2/alerts/" + mine.AlertID + "/notes", `{}`, "", 422, "note"},
		{"unknown owner", "POST", "/v2/alerts/" + mine.AlertID + "/assign", `{"owner":{"username":"nobody"}}`, "", 422, "owner"},
		{"bad query", "GET", "/v2/alerts?query=" + url.QueryEscape("status: (open"), "", "", 422, "bracket"},
		{"bad limit", "GET", "/v2/alerts?limit=1000", "", "", 422, "limit"},
		{"bad sort", "GET", "/v2/alerts?sort=luck", "", "", 422, "sort"},
		{"no such verb", "POST", "/v2/alerts/" + mine.AlertID + "/praise", `{}`, "", 404, "nothing here"},
		{"wrong method", "PATCH", "/v2/alerts", `{}`, "", 405, "not allowed"},
		{"unknown heartbeat", "GET", "/v2/heartbeats/nobody/ping", "", "", 404, "Heartbeat does not exist"},
	} {
		key := c.key
		if key == "" {
			key = opsgenieKey
		}
		said := h.og(c.method, c.path, c.body, key)
		if said.ResponseRecorder.Code != c.status || !strings.Contains(said.Body.String(), c.says) {
			t.Errorf("%s: %d %s\nwant %d with %s", c.name, said.ResponseRecorder.Code, said.Body, c.status, c.says)
		}
	}
	for _, verb := range []string{"close", "acknowledge", "notes"} { // promised, and not kept
		said := h.og("POST", "/v2/alerts/nobody/"+verb+"?identifierType=alias", `{"note":"x"}`)
		if status := h.asked(said.RequestID); said.ResponseRecorder.Code != 202 || status.IsSuccess || status.Status != "Alert does not exist" {
			t.Errorf("%s of nobody: %d %+v", verb, said.ResponseRecorder.Code, status)
		}
	}
}

// A request whose events wait for triage is not processed yet; a restart changes nothing.
func TestOpsgenieRequestPending(t *testing.T) {
	h := open(t)
	h.integration("og", opsgenieKey)
	r := h.og("POST", "/v2/alerts", diskFull)
	said := h.og("GET", "/v2/alerts/requests/"+r.RequestID, "")
	if said.ResponseRecorder.Code != 404 || said.Header().Get("X-Opsgenie-Errortype") != "RequestNotProcessed" {
		t.Errorf("before triage: %d %v %s", said.ResponseRecorder.Code, said.Header(), said.Body)
	}
	h.step()
	h.http = New(Options{Engine: h.engine, Store: h.store, Version: "test"})
	if status := h.asked(r.RequestID); !status.IsSuccess {
		t.Errorf("after it: %+v", status)
	}
	if err := h.store.Write(t.Context(), store.Background, func(tx *store.Tx) error { return tx.DropRequests(time.Now().Add(time.Minute)) }); err != nil {
		t.Fatal(err)
	}
	if said := h.og("GET", "/v2/alerts/requests/"+r.RequestID, ""); said.ResponseRecorder.Code != 404 || said.Header().Get("X-Opsgenie-Errortype") != "" {
		t.Errorf("after a day: %d %s", said.ResponseRecorder.Code, said.Body)
	}
}

func TestOpsgenieList(t *testing.T) {
	h := openOpsgenie(t)
	for _, body := range []string{
		`{"message":"disk full on db-1","alias":"a","priority":"P1","tags":["db","eu"],"details":{"region":"eu1"}}`,
		`{"message":"cpu hot on web-1","alias":"b","priority":"P3","tags":["web"],"entity":"web-1","source":"probe"}`,
		`{"message":"disk full on web-2","alias":"c","priority":"P5","description":"only two per cent"}`,
		`{"message":"over and done","alias":"d","tags":["db"]}`,
	} {
		h.asked(h.og("POST", "/v2/alerts", body).RequestID)
	}
	h.og("POST", "/v2/alerts/d/close?identifierType=alias", "")
	h.og("POST", "/v2/alerts/b/acknowledge?identifierType=alias", `{"user":"jane"}`)
	h.og("POST", "/v2/alerts", `{"message":"somebody else's","alias":"a"}`, "ogkey-9876543210")
	for _, c := range []struct{ query, want string }{
		{"", "dcba"}, {"status: open", "cba"}, {"status:closed", "d"}, {"status=open AND priority: P1", "a"}, {"priority: (P1 OR P5)", "ca"},
		{"priority: P1 OR priority: P3", "dba"}, {"tag: db", "da"}, {"tag: d*", "da"}, {"tag: db NOT status: closed", "a"}, {"alias: b", "b"}, {"alias: x", ""},
		{`message: "disk full"`, "ca"}, {"disk full", "ca"}, {"disk NOT web", "a"}, {"web-1", "b"}, {"two per cent", "c"}, {"acknowledged: true", "b"}, {"owner: jane", "b"},
		{"NOT (priority: P1 OR priority: P3)", "c"}, {"entity: web-1 source: probe", "b"}, {"count > 0 status: open", "cba"}, {"count >= 2", ""}, {"createdAt > 1470394841148", "dcba"},
		{"createdAt < 1470394841148", ""}, {"details.key: region", "a"}, {"details.value: eu1", "a"}, {"DISK", "ca"},
	} {
		var got string
		q := url.QueryEscape(c.query)
		said := h.og("GET", "/v2/alerts?limit=100&query="+q, "")
		var all []struct{ Alias string }
		if said.ResponseRecorder.Code != 200 || json.Unmarshal(said.Data, &all) != nil {
			t.Fatalf("%s: %d %s", c.query, said.ResponseRecorder.Code, said.Body)
		}
		for _, a := range all {
			got += a.Alias
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
		var count struct{ Count int }
		if err := json.Unmarshal(h.og("GET", "/v2/alerts/count?query="+q, "").Data, &count); err != nil || count.Count != len(c.want) {
			t.Errorf("%s: count %d, want %d", c.query, count.Count, len(c.want))
		}
	}
	var walked string
	for path := "/v2/alerts?limit=2&sort=alias&order=asc"; path != ""; {
		said := h.og("GET", path, "")
		var all []struct{ Alias string }
		if err := json.Unmarshal(said.Data, &all); err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			walked += a.Alias
		}
		path = strings.TrimPrefix(said.Paging["next"], "https://tocsin.example")
	}
	if walked != "abcd" {
		t.Errorf("page by page: %q", walked)
	}
}

func TestOpsgenieHeartbeats(t *testing.T) {
	h := openOpsgenie(t)
	shown := func(path string) (b struct {
		Name, IntervalUnit, AlertPriority, AlertMessage string
		Interval                                        int
		Enabled, Expired                                bool
		AlertTags                                       []string
		LastPingTime                                    time.Time
	}) {
		t.Helper()
		said := h.og("GET", path, "")
		if said.ResponseRecorder.Code != 200 || json.Unmarshal(said.Data, &b) != nil {
			t.Fatalf("%s: %d %s", path, said.ResponseRecorder.Code, said.Body)
		}
		return b
	}
	for _, c := range []struct {
		call, body string
		status     int
		says       string
	}{
		{"POST /v2/heartbeats", `{"name":"backup","interval":24,"intervalUnit":"hours","enabled":true,"alertMessage":"no backup","alertTags":["db"],"alertPriority":"P2"}`, 201, `"name":"backup"`},
		{"POST /v2/heartbeats/", `{"name":"backup"}`, 422, "already exists"},
		{"POST /v2/heartbeats", `{"name":"a/b"}`, 422, "slash"},
		{"POST /v2/heartbeats", `{"name":"x","interval":0,"intervalUnit":"minutes"}`, 422, "at least 1"},
		{"POST /v2/heartbeats", `{"name":"x","interval":1,"intervalUnit":"years"}`, 422, "days"},
		{"GET /v2/heartbeats/backup/ping", ``, 202, "PONG - Heartbeat received"},
		{"POST /v2/heartbeats/backup/ping/", `{}`, 202, "PONG - Heartbeat received"},
		{"PATCH /v2/heartbeats/backup", `{"interval":5}`, 200, `"interval":5`},
		{"POST /v2/heartbeats/backup/disable", ``, 200, `"enabled":false`},
		{"POST /v2/heartbeats/backup/enable", ``, 200, `"enabled":true`},
		{"PATCH /v2/heartbeats/nobody", `{}`, 404, "does not exist"},
		{"GET /v2/heartbeats", ``, 200, `"heartbeats":[{`},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		if said := h.og(method, path, c.body); said.ResponseRecorder.Code != c.status || !strings.Contains(said.Body.String(), c.says) {
			t.Errorf("%s %s: %d %s", c.call, c.body, said.ResponseRecorder.Code, said.Body)
		}
	}
	if b := shown("/v2/heartbeats/backup"); b.Interval != 5 || b.IntervalUnit != "minutes" || !b.Enabled || b.Expired || b.AlertPriority != "P2" || b.AlertMessage != "no backup" || b.LastPingTime.IsZero() {
		t.Errorf("%+v", b)
	}
	for path, want := range map[string]int{
		"/in/heartbeat/" + opsgenieKey + "/backup": 202, "/in/heartbeat/" + opsgenieKey + "/nobody": 404,
		"/in/heartbeat/nobody/backup": 404, "/in/heartbeat/" + genericKey + "/backup": 404,
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			if w := h.do(method, path, ""); w.Code != want {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	h.configure(map[string]any{"heartbeat/quick": org.Heartbeat{ID: "quick", Name: "quick", Integration: "gn", Every: org.Duration(50 * time.Millisecond)}})
	if w := h.do("GET", "/in/heartbeat/"+genericKey+"/quick", ""); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	open := func() (n int) {
		if err := h.store.Read(t.Context(), func(tx *store.Tx) error {
			rows, err := tx.Subjects(store.Filter{Status: []incident.Status{incident.Triggered}})
			n = len(rows)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	await := func(want int) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); open() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d are open, want %d", open(), want)
			}
		}
	}
	await(1)
	h.configure(map[string]any{"heartbeat/quick": org.Heartbeat{ID: "quick", Name: "quick", Integration: "gn", Every: org.Duration(time.Hour)}})
	h.do("POST", "/in/heartbeat/"+genericKey+"/quick", "")
	await(0)
	if said := h.og("DELETE", "/v2/heartbeats/backup", ""); said.ResponseRecorder.Code != 200 || h.og("GET", "/v2/heartbeats/backup", "").ResponseRecorder.Code != 404 {
		t.Errorf("%d %s", said.ResponseRecorder.Code, said.Body)
	}
}

func FuzzOpsgenieQuery(f *testing.F) {
	for _, q := range []string{"status: open AND (priority: P1 OR tag: db) NOT message: \"x", "a:b:c", "((", "count >= ", "createdAt>1 OR", ")", "x:(y"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if q, err := parseQuery(text); err == nil {
			q.matches(&listed{})
		}
	})
}

package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
)

const (
	v1Path     = "/generic/2010-04-15/create_event.json"
	changePath = "/v2/change/enqueue"
	eventV1    = `{"service_key":"` + pagerdutyKey + `","event_type":"trigger","incident_key":"k1","description":"db-1 is down"}`
	change     = `{"routing_key":"` + pagerdutyKey + `","payload":{"summary":"shop 1.2 deployed","source":"ci","timestamp":"2026-11-23T02:13:00.000+0000"},"links":[{"href":"https://ci.example/1","text":"build"}]}`
)

// The replies of version 1 and of changes, to the letter: clients compare texts.
func TestPagerDutyReplies(t *testing.T) {
	v1 := func(old, new string) string { return strings.Replace(eventV1, old, new, 1) }
	cd := func(old, new string) string { return strings.Replace(change, old, new, 1) }
	invalid := func(errors string) string {
		return `{"status":"invalid event","message":"Event object is invalid","errors":[` + errors + `]}`
	}
	for _, c := range []struct {
		name, path, body string
		status           int
		says             string
		kept             int
	}{
		{"v1: trigger", v1Path, eventV1, 200, `{"status":"success","message":"Event processed","incident_key":"k1"}`, 1},
		{"v1: a slash at the end", v1Path + "/", eventV1, 200, `{"status":"success","message":"Event processed","incident_key":"k1"}`, 1},
		{"v1: resolve", v1Path, v1(`"trigger"`, `"resolve"`), 200, `{"status":"success","message":"Event processed","incident_key":"k1"}`, 1},
		{"v1: no description", v1Path, v1("db-1 is down", " "), 400, invalid(`"Description is missing or blank"`), 0},
		{"v1: resolve without a key", v1Path, `{"service_key":"` + pagerdutyKey + `","event_type":"resolve"}`, 400, invalid(`"Incident key is missing or blank"`), 0},
		{"v1: short key", v1Path, v1(pagerdutyKey, "abc"), 400, invalid(`"Service key is the wrong length (should be 32 characters)"`), 0},
		{"v1: no key", v1Path, `{"event_type":"trigger","description":"x"}`, 400, invalid(`"Service key is missing or blank"`), 0},
		{"v1: unknown key", v1Path, v1(pagerdutyKey, strings.Repeat("f", 32)), 400, invalid(`"'service_key' is unknown: no integration has it"`), 0},
		{"v1: key of another sort", v1Path, v1(pagerdutyKey, alertmanagerKey), 400, invalid(`"'service_key' is the key of an integration that expects alertmanager, not this API"`), 0},
		{"v1: not JSON", v1Path, `service_key=` + pagerdutyKey, 400, `{"status":"unrecognized object","message":"Event object format is unrecognized","errors":["JSON parse error","cannot be read: invalid character 's' looking for beginning of value"]}`, 0},
		{"v1: cut off after the key", v1Path, eventV1[:60], 400, `{"status":"unrecognized object","message":"Event object format is unrecognized","errors":["JSON parse error","cannot be read: unexpected EOF"]}`, 1},

		{"change", changePath, change, 202, `{"status":"success","message":"Change event processed"}`, 1},
		{"change: a slash at the end", changePath + "/", change, 202, `{"status":"success","message":"Change event processed"}`, 1},
		{"change: no payload", changePath, `{"routing_key":"` + pagerdutyKey + `"}`, 400, invalid(`"'payload' is missing or blank"`), 0},
		{"change: no summary", changePath, cd("shop 1.2 deployed", ""), 400, invalid(`"'payload.summary' is missing or blank"`), 0},
		{"change: short key", changePath, cd(pagerdutyKey, "abc"), 400, invalid(`"Length of 'routing_key' is incorrect (should be 32 characters)"`), 0},
		{"change: not JSON", changePath, `[`, 400, `{"status":"Unrecognized object","message":"Event object format is unrecognized","errors":["JSON parse error","cannot be read: unexpected EOF"]}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			w := h.do("POST", c.path, c.body, "Content-Type", "application/json")
			if w.Code != c.status || w.Body.String() != c.says {
				t.Errorf("answered %d\n     %s\nwant %d\n     %s", w.Code, w.Body, c.status, c.says)
			}
			if kept := h.waiting(); len(kept) != c.kept {
				t.Errorf("kept %v", kept)
			}
		})
	}
}

// Trigger and resolve of version 1 are of one incident, and one of version 2 joins it.
func TestPagerDutyVersionsMeet(t *testing.T) {
	h := open(t)
	h.do("POST", v1Path, eventV1)
	h.do("POST", "/v2/enqueue", event)
	h.step()
	h.do("POST", v1Path, strings.Replace(eventV1, `"trigger"`, `"resolve"`, 1))
	h.step()
	if got := h.statuses(); !cmp.Equal(got, []incident.Status{incident.Resolved}) {
		t.Errorf("incidents: %v", got)
	}
}

// statuses are those of all incidents.
func (h *house) statuses() (all []incident.Status) {
	h.t.Helper()
	var rows []store.Row
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) { rows, err = tx.Subjects(store.Filter{}); return err })
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range rows {
		all = append(all, r.Status)
	}
	return all
}

// A change opens nothing and pages nobody; it is kept with its verdict.
func TestChangeIsKept(t *testing.T) {
	h := open(t)
	h.do("POST", changePath, change)
	h.step()
	if got := h.statuses(); len(got) != 0 || len(h.sent) != 0 {
		t.Errorf("incidents %v, pages %v", got, h.sent)
	}
	var kept []store.KeptEvent
	err := h.store.Read(t.Context(), func(tx *store.Tx) (err error) { kept, err = tx.Events(h.engine.Now()); return err })
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, %v", kept, err)
	}
	got := kept[0]
	if got.Event.Action != alert.Change || got.Event.Title != "shop 1.2 deployed" || got.Verdict != string(alert.DoRecord) || got.Why == "" || len(got.Event.Links) != 1 {
		t.Errorf("%+v", got)
	}
}

// Version 1 has no status for too many requests but 403.
func TestTooManyRequests(t *testing.T) {
	for dialect, want := range map[string]int{"pagerduty": 429, "pagerduty v1": 403} {
		w := httptest.NewRecorder()
		refuse(w, dialect, 429, "later")
		if w.Code != want || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", dialect, w.Code, w.Body)
		}
	}
}

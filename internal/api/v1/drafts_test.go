package v1_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/internal/store"
	"tocsin/org"
)

// hear sends a body to an integration's door, as a sender would, and lets it be triaged.
func (h *home) hear(path, body string) {
	h.t.Helper()
	r := httptest.NewRequest("POST", "http://tocsin.example"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		h.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if _, err := h.engine.Step(h.t.Context(), h.engine.Now()); err != nil {
		h.t.Fatal(err)
	}
}

func TestWhatASenderSent(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		key := h.must(201, "max", "POST", "/integrations", `{"id":"any","source":"generic","service":"db"}`).field("key").(string)
		if r := h.must(200, "olaf", "GET", "/integrations/any/state", ""); r.field("heard") != false {
			t.Error(r.body)
		}
		h.hear("/in/generic/"+key, `{"key":"disk","state":"firing","title":"Disk full","severity":"critical","image_url":"https://example.org/plot.png","runbook_url":"https://example.org/book"}`)
		r := h.must(200, "olaf", "GET", "/integrations/any/state", "")
		if r.field("heard") != true || r.field("payloads.0.events.0.key") != "disk" || r.field("payloads.0.events.0.category.service") != "db" || r.field("payloads.0.events.0.became") != "belongs to an open alert of db, heard 1 times" {
			t.Error(r.body)
		}
		id := r.field("payloads.0.events.0.alert").(string)
		whole := h.must(200, "olaf", "GET", "/alerts/"+id, "")
		if !strings.Contains(whole.field("payload.body").(string), `"Disk full"`) || whole.field("payload.type") != "application/json" || !strings.Contains(whole.body, `"image":true`) {
			t.Error(whole.body)
		}
		again := h.must(200, "olaf", "POST", "/integrations/any/try", `{"payload":"`+r.field("payloads.0.id").(string)+`"}`)
		if again.field("events.0.became") != "counts on an open alert" {
			t.Error(again.body)
		}
		would := h.must(200, "olaf", "POST", "/integrations/any/try", `{"body":"{\"title\":\"Other\",\"severity\":\"info\"}"}`)
		if would.field("events.0.became") != "opens an incident of db, SEV4, priority low" || would.field("events.0.alert") != nil {
			t.Error(would.body)
		}
		if bad := h.must(200, "olaf", "POST", "/integrations/any/try", `{"body":"<x>"}`); bad.field("error") == nil || bad.field("count") != 0.0 {
			t.Error(bad.body)
		}
		mapped := h.must(200, "olaf", "POST", "/integrations/any/try", `{"payload":"`+r.field("payloads.0.id").(string)+`","mapping":{"title":"{key}: {title}","key":"title","severities":{"critical":"SEV5"},"severity":"severity"}}`)
		if mapped.field("events.0.title") != "disk: Disk full" || mapped.field("events.0.key") != "Disk full" || mapped.field("events.0.said_severity") != "SEV5" {
			t.Error(mapped.body)
		}
		h.refused(422, "body.mapping", "max", "PATCH", "/integrations/prom", `{"mapping":{"key":"x"}}`)
		h.must(200, "max", "PATCH", "/integrations/any", `{"mapping":{"title":"what","resolved":["gone"],"state":"is"}}`)
		h.hear("/in/generic/"+key, `{"key":"m","what":"Mapped","is":"here"}`)
		h.hear("/in/generic/"+key, `{"key":"m","what":"Mapped","is":"Gone"}`)
		if now := h.must(200, "olaf", "GET", "/integrations/any/state", ""); now.field("payloads.0.events.0.title") != "Mapped" || now.field("payloads.0.events.0.became") != "ends the alert" {
			t.Error(now.body)
		}
		h.refused(422, "either", "olaf", "POST", "/integrations/any/try", `{}`)
		h.refused(404, "nothing here", "olaf", "POST", "/integrations/prom/try", `{"payload":"`+r.field("payloads.0.id").(string)+`"}`)
		if err := h.store.Read(t.Context(), func(tx *store.Tx) error {
			all, err := tx.Alerts(store.AlertFilter{})
			if len(all) != 2 {
				t.Errorf("trying made alerts: %v", all)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		// What a sensitive service is sent is not for everybody.
		h.must(201, "max", "POST", "/integrations", `{"id":"hr","source":"generic","service":"hr"}`)
		h.refused(404, "nothing here", "olaf", "GET", "/integrations/hr/state", "")
		h.must(200, "rita", "GET", "/integrations/hr/state", "")
	})
}

func TestSnippets(t *testing.T) {
	h := open(t, "")
	for _, source := range []string{"alertmanager", "grafana", "grafana-legacy", "pagerduty", "opsgenie", "generic"} {
		h.must(201, "max", "POST", "/integrations", `{"id":"x-`+source+`","source":"`+source+`","service":"db"}`)
		r := h.must(200, "olaf", "GET", "/integrations/x-"+source+"/snippets", "")
		if r.items() == 0 || strings.Contains(r.body, "URL/") || strings.Contains(r.body, "SCHEME") || strings.Contains(r.body, "HOST'") || !strings.Contains(r.body, "https://tocsin.example/") {
			t.Errorf("%s: %s", source, r.body)
		}
	}
	if r := h.must(200, "olaf", "GET", "/integrations/x-alertmanager/snippets", ""); !strings.Contains(r.body, `scheme: https\n      path_prefix: /am/KEY`) || !strings.Contains(r.body, "targets: ['tocsin.example']") {
		t.Error(r.body)
	}
}

func TestRulesAreTriedOnWhatCame(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		key := h.must(201, "max", "POST", "/integrations", `{"id":"any","source":"generic","service":"db"}`).field("key").(string)
		for _, body := range []string{`{"key":"a","title":"Disk full","host":"db-1"}`, `{"key":"b","title":"Disk full","host":"db-2"}`, `{"key":"c","title":"Too slow","host":"web-1"}`} {
			h.hear("/in/generic/"+key, body)
		}
		draft := `{"rules":[{"name":"web","match":["host=~\"web-.*\""],"service":"site","severity":"SEV5"}]}`
		r := h.must(200, "ada", "POST", "/rules/replay", draft)
		if r.field("events") != 3.0 || r.field("changed") != 1.0 || r.field("differences.0.title") != "Too slow" || r.field("differences.0.was.service") != "db" ||
			r.field("differences.0.would.service") != "site" || r.field("differences.0.would.priority") != "low" {
			t.Error(r.body)
		}
		if r := h.must(200, "ada", "POST", "/rules/replay", `{"rules":[],"integration":"prom"}`); r.field("events") != 0.0 {
			t.Error(r.body)
		}
		h.refused(422, "body.rules[0]", "ada", "POST", "/rules/replay", `{"rules":[{"name":"x","match":["host=~\"(\""],"service":"site"}]}`)
		h.refused(403, "for an admin", "max", "POST", "/rules/replay", draft)
		if r := h.must(200, "ada", "GET", "/rules", ""); r.field("rules.0") != nil {
			t.Errorf("trying wrote the rules: %s", r.body)
		}
	})
}

func TestADraftOfAPolicy(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		r := h.must(200, "olaf", "POST", "/policies/preview", `{"policy":{"levels":[{"targets":["ada"],"wait":"1m"},{"targets":["rita"]}]},"at":"2026-06-05T03:00:00Z"}`)
		if r.field("items.0.text") != "level 1: calling ada" || r.field("items.1.at") != "2026-06-05T03:01:00Z" || r.field("items.1.text") != "level 2: calling rita" {
			t.Error(r.body)
		}
		h.refused(422, "body.policy.levels[0].targets[0]", "olaf", "POST", "/policies/preview", `{"policy":{"levels":[{"targets":["nobody"]}]}}`)

		id := string(h.opened("db", "Disk full"))
		h.must(200, "max", "PATCH", "/policies/p", `{"levels":[{"targets":["ada"],"wait":"5m"}]}`)
		open := h.must(200, "olaf", "GET", "/policies/p/open", "")
		if open.field("version") != 2.0 || open.field("items.0.id") != id || open.field("items.0.version") != 1.0 || open.field("items.0.behind") != true {
			t.Error(open.body)
		}
		h.refused(403, "manager of team dba", "rita", "POST", "/policies/p/pin", "")
		if done := h.must(200, "max", "POST", "/policies/p/pin", ""); done.field("results.0.id") != id || done.field("results.0.status") != 200.0 {
			t.Error(done.body)
		}
		if open := h.must(200, "olaf", "GET", "/policies/p/open", ""); open.field("items.0.version") != 2.0 || open.field("items.0.behind") != false {
			t.Error(open.body)
		}
		if one := h.must(200, "olaf", "GET", "/incidents/"+id, ""); !strings.Contains(one.body, `"calling":["ada"]`) {
			t.Error(one.body)
		}
	})
}

func TestProgress(t *testing.T) {
	h := open(t, "")
	r := h.must(200, "rita", "GET", "/setup/progress", "")
	for name, want := range map[string]bool{
		"method_verified": true, "test_page_answered": false, "integration": true, "first_event": false, "policy": true, "policy_tested": false,
		"schedule": true, "schedule_without_gaps": true, "invited": true, "team": true,
	} {
		if r.field(name) != want {
			t.Errorf("%s is %v", name, r.field(name))
		}
	}
	h.configure(map[string]any{"person/stine": org.Person{ID: "stine", Name: "Stine"}})
	if r := h.must(200, "stine", "GET", "/setup/progress", ""); r.field("method_verified") != false {
		t.Error(r.body)
	}
}

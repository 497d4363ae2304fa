package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// What is held back says why, beneath what, and since when; hands put it right.
func TestWhyNoPage(t *testing.T) { both(t, whyNoPage) }

func whyNoPage(t *testing.T, h *home) {
	h.must(200, "ada", "PUT", "/sifting", `{"nodes":[{"id":"site","depends_on":["db"]}],"about":[{"match":["node!=\"\""],"node":"{node}"}]}`)
	h.refused(422, "body.windows[0]", "ada", "PUT", "/sifting", `{"windows":[{"id":"w","services":["db"],"start":"soon","for":"1h"}]}`)
	if r := h.must(200, "olaf", "GET", "/sifting", ""); r.field("nodes.0.depends_on.0") != "db" {
		t.Error(r.body)
	}
	fire := func(key, node string, sev org.Severity) {
		ev := alert.Event{Action: alert.Trigger, Key: key, Title: key, Severity: sev, Labels: map[string]string{"node": node}}
		if err := h.engine.Hear(t.Context(), "prom", []alert.Event{ev}, nil, h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	fire("web", "site", org.SEV2)
	r := h.must(200, "olaf", "GET", "/alerts?waiting=true", "")
	if r.items() != 1 || r.field("items.0.why_no_page.stage") != "hold" || r.field("items.0.why_no_page.events") != 1.0 {
		t.Fatal(r.body)
	}
	fire("db", "db", org.SEV1)
	if r := h.must(200, "olaf", "GET", "/alerts?waiting=true", ""); r.items() != 0 {
		t.Error(r.body)
	}
	r = h.must(200, "olaf", "GET", "/incidents?open=true", "")
	if r.items() != 1 {
		t.Fatal(r.body)
	}
	id := r.field("items.0.id").(string)
	r = h.must(200, "olaf", "GET", "/incidents/"+id+"/symptoms", "")
	if r.items() != 1 || r.field("items.0.key") != "web" || r.field("items.0.why_no_page.stage") != "symptom" || r.field("items.0.why_no_page.rule") != "site depends on db, which is down" {
		t.Fatal(r.body)
	}
	quiet := h.must(200, "olaf", "POST", "/silences/preview", `{"matchers":["node=\"db\""]}`)
	if quiet.field("firing") != 1.0 || quiet.field("now.0.key") != "db" || quiet.field("week.alerts") != 1.0 || quiet.field("week.before") != 1.0 || quiet.field("week.after") != 0.0 || quiet.field("week.gone.0.title") != "db" { // what is silenced still explains
		t.Error(quiet.body)
	}
	h.refused(422, "body.matchers", "olaf", "POST", "/silences/preview", `{"matchers":["node=~\".*\""]}`)
	h.refused(422, "body.window.for", "olaf", "POST", "/sifting/windows/preview", `{"window":{"id":"w","services":["db"],"start":"2026-12-01T02:00","for":"0s"}}`)
	start := h.engine.Now().UTC().Add(-time.Hour).AddDate(0, 0, 14).Format("2006-01-02T15:04")
	quiet = h.must(200, "olaf", "POST", "/sifting/windows/preview", fmt.Sprintf(`{"window":{"id":"w","services":["db"],"start":%q,"for":"2h"}}`, start))
	if quiet.field("week.before") != 1.0 || quiet.field("week.after") != 0.0 {
		t.Error(quiet.body)
	}
	graph := h.must(200, "olaf", "GET", "/sifting/graph", "")
	for i := range graph.items() {
		at := fmt.Sprintf("items.%d.", i)
		switch graph.field(at + "id") {
		case "db":
			if graph.field(at+"firing") != 1.0 || graph.field(at+"beneath") != 1.0 || graph.field(at+"worst") != "SEV1" || graph.field(at+"kind") != "service" {
				t.Error(graph.body)
			}
		case "site":
			if graph.field(at+"under") != "db" || graph.field(at+"depends_on.0") != "db" || graph.field(at+"kind") != "service" {
				t.Error(graph.body)
			}
		}
	}
	day := h.engine.Now().UTC().AddDate(0, 0, -2).Truncate(24 * time.Hour)
	h.must(200, "ada", "PUT", "/sifting", fmt.Sprintf(`{"nodes":[{"id":"site","depends_on":["db"]}],"about":[{"match":["node!=\"\""],"node":"{node}"}],"windows":[
		{"id":"once","services":["db"],"start":"%[1]sT00:00","for":"1h"},
		{"id":"now","name":"Patches","services":["db"],"dependents":true,"match":["env=\"none\""],"start":"%[1]sT00:00","for":"24h","repeat":"FREQ=DAILY"}]}`, day.Format("2006-01-02")))
	windows := h.must(200, "olaf", "GET", "/sifting/windows", "")
	if windows.field("items.0.id") != "now" || windows.field("items.0.name") != "Patches" || windows.field("items.0.state") != "on" || windows.field("items.0.covers.1") != "site" ||
		windows.field("items.1.state") != "over" || windows.field("items.1.begin") != day.Format(time.RFC3339) {
		t.Error(windows.body)
	}
	web := r.field("items.0.id").(string)
	h.refused(409, "", "rita", "POST", "/incidents/"+id+"/split", `{}`)
	h.must(200, "rita", "POST", "/incidents/"+id+"/split", `{"alert":"`+web+`"}`)
	r = h.must(200, "olaf", "GET", "/alerts/"+web, "")
	own, _ := r.field("incident").(string)
	if own == id || own == "" || r.field("why_no_page") != nil {
		t.Fatal(r.body)
	}
	if r := h.must(200, "olaf", "GET", "/incidents/"+own, ""); r.field("was") != "db" {
		t.Error(r.body)
	}
	h.must(200, "rita", "POST", "/incidents/"+own+"/fold", `{"under":"`+id+`"}`)
	if r := h.must(200, "olaf", "GET", "/incidents/"+own, ""); r.field("under") != id {
		t.Error(r.body)
	}
	if r := h.must(200, "olaf", "GET", "/incidents/"+id+"/symptoms", ""); r.items() != 1 {
		t.Error(r.body)
	}
}

// A draft is played over what was heard before it is saved.
func TestReplayBeforeSaving(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		for _, key := range []string{"db", "web", "mail"} {
			ev := alert.Event{Action: alert.Trigger, Key: key, Title: key, Severity: org.SEV2, Labels: map[string]string{"node": key}}
			if err := h.engine.Hear(t.Context(), "prom", []alert.Event{ev}, nil, h.engine.Now()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.refused(422, "body.yaml", "ada", "POST", "/replay", `{"yaml":"sifting: {nodes: [{id: a, depends_on: [b]}]}"}`)
		h.refused(422, "body.since", "ada", "POST", "/replay", `{"yaml":"{}","since":"2020-01-01T00:00:00Z"}`)
		same := h.must(200, "ada", "POST", "/replay", `{"yaml":"{}"}`)
		if same.field("events") != 3.0 || same.field("before.pages") != 3.0 || same.field("after.pages") != 3.0 || same.field("whole") != false {
			t.Error(same.body)
		}
		if from, err := time.Parse(time.RFC3339, same.field("from").(string)); err != nil || time.Since(from) > time.Hour {
			t.Errorf("it says that it played more than was ever heard: %s", same.body)
		}
		draft := "sifting:\n  nodes: [{id: x}, {id: web, depends_on: [db]}, {id: mail, depends_on: [db]}]\n  about: [{match: ['node!=\\\"\\\"'], node: '{node}'}]"
		r := h.must(200, "ada", "POST", "/replay", `{"yaml":"`+strings.ReplaceAll(draft, "\n", `\n`)+`"}`)
		if r.field("after.pages") != 1.0 || r.field("gone.1.title") != "mail" || r.field("before.people.0.person") != "rita" || r.field("before.people.0.pages") != 3.0 {
			t.Error(r.body)
		}
	})
}

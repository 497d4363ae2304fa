package v1_test

import (
	"strings"
	"testing"

	"tocsin/incident"
	"tocsin/org"
)

// The way back, as its page says it.
func TestRecovery(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		id := h.opened("db", "Disk full on db-1")
		at := "/incidents/" + string(id)
		h.refused(409, "nobody has it", "rita", "POST", at+"/stage", `{"stage":"watch"}`)
		h.must(200, "rita", "POST", at+"/acknowledge", "")
		for _, c := range []struct{ path, body, said string }{
			{"/stage", `{"stage":"contain","why":"reads only"}`, "stage: contain: reads only"},
			{"/confirm", `{"text":"no new errors"}`, "contain confirmed: no new errors"},
			{"/confirm", ``, "It is so already."},
			{"/tasks", `{"title":"Buy a disk","role":"commander","stage":"fix"}`, "task 1: Buy a disk, commander"},
			{"/roles", `{"role":"commander","person":"max"}`, "max is commander"},
			{"/stage", `{"stage":"watch","watch":"1h"}`, "stage: watch until "},
			{"/cause", `{"cause":"a log that nobody turns","category":"configuration"}`, "cause: a log that nobody turns (configuration)"},
			{"/resolve", `{"why":"turned it"}`, "resolved: turned it"},
		} {
			if got := h.must(200, "rita", "POST", at+c.path, c.body).field("said").(string); !strings.HasPrefix(got, c.said) {
				t.Errorf("%s %s: %q, want %q", c.path, c.body, got, c.said)
			}
		}
		r := h.must(200, "olaf", "GET", at, "")
		for name, want := range map[string]any{
			"recovery.confirmed.0.person.name": "Rita", "recovery.confirmed.0.stage": "contain", "recovery.stage": nil, "recovery.fixed": "turned it",
			"recovery.cause": "a log that nobody turns", "recovery.category": "configuration", "work.tasks.0.owner.id": "max", "work.tasks.0.stage": "fix", "work.tasks.0.role": "commander",
		} {
			if got := r.field(name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		for _, c := range []struct {
			code                int
			says, path, content string
		}{
			{422, "body.stage", "/stage", `{"stage":"party"}`},
			{422, "body.watch", "/stage", `{"stage":"watch","watch":"long"}`},
			{409, "it is resolved", "/stage", `{"stage":"fix"}`},
			{422, "body.category", "/cause", `{"category":"Hard Ware"}`},
			{409, "what was it?", "/cause", `{}`},
			{422, "body.checklist", "/checklists", `{"checklist":"none"}`},
		} {
			h.refused(c.code, c.says, "rita", "POST", at+c.path, c.content)
		}
		h.refused(403, "responder of team dba", "otto", "POST", at+"/cause", `{"cause":"hm"}`)

		again := h.opened("db", "Disk full on db-2")
		rel := h.must(200, "olaf", "GET", "/incidents/"+string(again)+"/related", "")
		if rel.field("past.0.id") != string(id) || rel.field("past.0.fixed") != "turned it" || rel.field("past.0.why.0") != "the same service" || rel.field("open.0") != nil {
			t.Error(rel.body)
		}
	})
}

// Incidents go from hand to hand and into each other.
func TestPassing(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		a, b := h.opened("db", "Disk full"), h.opened("db", "Writes fail")
		at := "/incidents/" + string(a)
		h.refused(409, "nobody has it", "rita", "POST", at+"/handover", `{"to":"max"}`)
		h.must(200, "rita", "POST", at+"/acknowledge", "")
		h.refused(422, "body.to", "rita", "POST", at+"/handover", `{"to":"nobody"}`)
		h.must(200, "rita", "POST", at+"/tasks", `{"title":"Buy a disk","owner":"rita"}`)
		if r := h.must(200, "rita", "POST", at+"/handover", `{"to":"max","note":"it is ordered"}`); r.field("said") != "hands it over to max: it is ordered" || r.field("incident.heir.person.id") != "max" || r.field("incident.owner") != "rita" {
			t.Error(r.body)
		}
		if r := h.must(200, "max", "POST", at+"/acknowledge", ""); r.field("incident.owner") != "max" || r.field("incident.work.tasks.0.owner.id") != "max" || r.field("incident.heir") != nil {
			t.Error(r.body)
		}
		h.refused(422, "body.into", "rita", "POST", at+"/merge", `{"into":"nothing"}`)
		h.refused(409, "the same incident", "rita", "POST", at+"/merge", `{"into":"`+string(a)+`"}`)
		if r := h.must(200, "rita", "POST", at+"/merge", `{"into":"`+string(b)+`"}`); r.field("incident.id") != string(b) || r.field("incident.work.tasks.0.title") != "Buy a disk" {
			t.Error(r.body)
		}
		if r := h.must(200, "olaf", "GET", at, ""); r.field("status") != string(incident.Resolved) || r.field("merged") != string(b) {
			t.Error(r.body)
		}
		h.refused(409, "it is resolved", "rita", "POST", at+"/merge", `{"into":"`+string(b)+`"}`)
		h.refused(409, "does not fire here", "rita", "POST", "/incidents/"+string(b)+"/part", `{"alerts":["x"]}`)
		h.refused(403, "responder of team dba", "otto", "POST", "/incidents/"+string(b)+"/part", `{"alerts":["x"]}`)
	})
}

// Checklists are listed for whoever may add them, and added once.
func TestChecklists(t *testing.T) {
	h := open(t, "")
	h.configure(map[string]any{"settings/settings": org.Settings{CatchAll: "db", Checklists: []org.Checklist{
		{ID: "major", Name: "Major", Severities: []org.Severity{"SEV2"}, Tasks: []org.ChecklistTask{{Title: "Open the bridge", Role: "commander"}}},
		{ID: "key", Name: "The key", Tasks: []org.ChecklistTask{{Title: "Look under the mat"}}},
	}}})
	at := "/incidents/" + string(h.opened("db", "Disk full"))
	if r := h.must(200, "olaf", "GET", "/checklists", ""); r.field("items.1.id") != "key" || r.field("items.0.tasks") != 1.0 {
		t.Error(r.body)
	}
	if r := h.must(200, "rita", "POST", at+"/checklists", `{"checklist":"key"}`); r.field("incident.work.tasks.0.title") != "Open the bridge" || r.field("incident.work.tasks.1.list") != "key" {
		t.Error(r.body)
	}
	h.refused(409, "there already", "rita", "POST", at+"/checklists", `{"checklist":"key"}`)
}

package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/drill"
)

// drilled is a new drill of a service, as real, of one person.
func (h *home) drilled(service org.ServiceID, p org.PersonID) incident.ID {
	h.t.Helper()
	s, _ := drill.BuiltInNamed("payments", "en")
	id, err := h.engine.StartDrill(h.t.Context(), incident.ByPerson("max"), engine.Rehearsal{Plan: drill.Plan{Scenario: s, Service: service, People: []org.PersonID{p}, AsReal: true}}, h.engine.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *home) stepped() {
	h.t.Helper()
	if _, err := h.engine.Step(h.t.Context(), h.engine.Now()); err != nil {
		h.t.Fatal(err)
	}
}

// A drill is started, answered, scored and listed; whoever looks for incidents does not
// find it, and no figure counts it.
func TestDrills(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		for _, c := range []struct {
			code             int
			says, as, wanted string
		}{
			{422, "body.scenario", "rita", `{"service":"db","people":["rita"]}`},
			{422, "body.scenario", "rita", `{"scenario":"none","service":"db","people":["rita"]}`},
			{422, "body.service", "rita", `{"scenario":"payments","people":["rita"]}`},
			{422, "body.service", "rita", `{"scenario":"payments","service":"none","people":["rita"]}`},
			{422, "body.people", "rita", `{"scenario":"payments","service":"db"}`},
			{422, "body.people", "rita", `{"scenario":"payments","service":"db","people":["olaf"]}`},
			{422, "body.people", "rita", `{"scenario":"payments","service":"db","people":["rita"],"policy":true}`},
			{422, "body.past", "rita", `{"past":"none","service":"db","people":["rita"]}`},
			{422, "minutes", "rita", `{"scenario":"payments","service":"db","people":["rita"],"minutes":3}`},
			{403, "responder of team dba", "otto", `{"scenario":"payments","service":"db","people":["rita"]}`},
		} {
			h.refused(c.code, c.says, c.as, "POST", "/drills", c.wanted)
		}
		wish := `{"scenario":"payments","service":"db","people":["me"],"as_real":true}`
		if r := h.must(200, "rita", "POST", "/drills/preview", wish); r.field("calls.0.person.id") != "rita" || r.field("calls.1") != nil || len(h.sent) > 0 {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "POST", "/drills/preview", `{"scenario":"payments","service":"db","policy":true,"as_real":true}`); r.field("calls.0.level") != 1.0 {
			t.Error(r.body)
		}
		made := h.must(201, "rita", "POST", "/drills", wish)
		id, _ := made.field("id").(string)
		if made.head.Get("Location") != "/api/v1/drills/"+id || made.field("title") != "Every second card payment is declined" || made.field("of") != 7.0 {
			t.Fatal(made.body)
		}
		h.stepped()
		if len(h.sent) != 1 || !h.sent[0].Drill || strings.Contains(h.sent[0].Title, "DRILL") {
			t.Errorf("sent: %+v", h.sent)
		}

		in := h.must(200, "olaf", "GET", "/incidents/"+id, "")
		if in.field("title") != "DRILL: Every second card payment is declined" || in.field("drill") != true {
			t.Error(in.body)
		}
		for path, want := range map[string]int{"/incidents": 0, "/incidents?drills=only": 1, "/incidents?drills=with": 1, "/incidents?calling=me": 1, "/incidents?q=declined": 0, "/drills": 1, "/drills?person=me&open=true": 1, "/drills?team=web": 0} {
			if r := h.must(200, "rita", "GET", path, ""); r.items() != want {
				t.Errorf("%s: %d, want %d", path, r.items(), want)
			}
		}
		if r := h.must(200, "rita", "GET", "/incidents/counts", ""); r.field("triggered") != 0.0 || r.field("needs_you") != 1.0 {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "POST", "/incidents/"+id+"/acknowledge", ""); !strings.Contains(r.field("said").(string), "You have it") {
			t.Error(r.body)
		}
		h.must(200, "rita", "POST", "/incidents/"+id+"/roles", `{"role":"commander","person":"rita"}`)
		h.must(201, "rita", "POST", "/incidents/"+id+"/messages", `{"text":"the bank sees nothing"}`)
		real := h.opened("db", "Every second card payment is declined")
		h.refused(409, "only incidents are merged", "rita", "POST", "/incidents/"+string(real)+"/merge", `{"into":"`+id+`"}`)
		if r := h.must(200, "rita", "GET", "/incidents/"+string(real)+"/related", ""); strings.Contains(r.body, id) {
			t.Errorf("like a drill: %s", r.body)
		}
		h.must(200, "rita", "POST", "/incidents/"+id+"/resolve", "")
		for verb, body := range map[string]string{"review": "", "lessons": `{"text":"hm"}`, "actions": `{"title":"hm"}`, "close": `{}`, "reopen": "", "worth": `{"worth":true}`} {
			if r := h.do("rita", "POST", "/incidents/"+id+"/"+verb, body); r.status != 409 || !strings.Contains(r.body, "drill") {
				t.Errorf("%s: %d %s", verb, r.status, r.body)
			}
		}
		whole := h.must(200, "olaf", "GET", "/drills/"+id, "")
		if whole.field("ended") != "resolved" || whole.field("took.0.person.id") != "rita" || whole.field("took.0.wrote") != 1.0 || whole.field("met") != 4.0 {
			t.Error(whole.body)
		}
		if r := h.must(200, "olaf", "GET", "/drills/people?team=dba", ""); r.field("items.0.last") != nil || r.field("items.3.person.id") != "rita" || r.field("items.3.last.answered") != true {
			t.Error(r.body)
		}

		// The reports count the real one alone, and the ledger no page of the drill.
		if err := follow.NewFigures(follow.Options{Store: h.store, Engine: h.engine}).Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		day := time.Now().UTC().Format("2006-01-02")
		if r := h.must(200, "olaf", "GET", "/reports?from="+day+"T00:00:00Z", ""); r.field("total.0.value") != 1.0 || r.field("total.16.key") != "alarms" || r.field("total.16.value") != 0.0 {
			t.Error(r.body)
		}
		err := h.store.Read(t.Context(), func(tx *store.Tx) error {
			reached, err := tx.ReachedBy("rita", h.engine.Now().Add(-time.Hour), h.engine.Now().Add(time.Hour))
			for _, x := range reached {
				if string(x.Subject) == id {
					t.Error("the ledger counts a page of the drill")
				}
			}
			if records, err := engine.Records(tx, []incident.ID{incident.ID(id)}); err != nil || len(records) > 0 {
				t.Errorf("there is a record of the drill: %v %v", records, err)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A first drill is offered to whoever never answered, is theirs alone, and its steps are
// ticked by what they did.
func TestFirstDrill(t *testing.T) {
	h := open(t, "")
	if r := h.must(200, "olaf", "GET", "/drills/mine", ""); r.field("offer") != false {
		t.Errorf("who may not respond: %s", r.body)
	}
	if r := h.must(200, "rita", "GET", "/drills/mine", ""); r.field("offer") != true || r.field("running") != nil {
		t.Error(r.body)
	}
	h.refused(422, "body.people", "max", "POST", "/drills", `{"guide":"first"}`) // nothing reaches Max
	made := h.must(201, "rita", "POST", "/drills", `{"guide":"first","people":["max"],"as_real":true,"language":"de"}`)
	id, _ := made.field("id").(string)
	if made.field("people.0.id") != "rita" || made.field("people.1") != nil || made.field("service") != "db" || made.field("title") != "Der Wasserkocher im zweiten Stock bleibt kalt" {
		t.Fatal(made.body)
	}
	h.stepped()
	if r := h.must(200, "rita", "GET", "/drills/mine", ""); r.field("running") != id {
		t.Error(r.body)
	}
	done := func() (keys []string) {
		r := h.must(200, "rita", "GET", "/drills/"+id, "")
		for i := range drill.StepKeys {
			if r.field(fmt.Sprintf("steps.%d.at", i)) != nil {
				keys = append(keys, r.field(fmt.Sprintf("steps.%d.key", i)).(string))
			}
		}
		return keys
	}
	at := "/incidents/" + id
	for i, step := range []struct{ path, body string }{
		{"/acknowledge", ""}, {"/join", ""}, {"/messages", `{"text":"It is cold"}`}, {"/roles", `{"role":"commander","person":"rita"}`},
		{"/updates", `{"phase":"investigating","condition":"cold","to":["followers"],"affected":[]}`}, {"/resolve", ""},
	} {
		if got := done(); len(got) != i+1 {
			t.Errorf("before %s: %v", step.path, got)
		}
		if r := h.do("rita", "POST", at+step.path, step.body); r.status > 201 {
			t.Fatalf("%s: %d %s", step.path, r.status, r.body)
		}
	}
	h.written(func(tx *store.Tx) error { // those who follow the service by a feed read nothing of it
		told, err := tx.ToldSince(h.engine.Now().Add(-time.Hour), 10)
		if len(told) > 0 {
			t.Errorf("told: %+v", told)
		}
		return err
	})
	if got := done(); len(got) != len(drill.StepKeys) {
		t.Errorf("in the end: %v", got)
	}
	if r := h.must(200, "rita", "GET", "/drills/mine", ""); r.field("offer") != false || r.field("running") != nil {
		t.Error(r.body)
	}
}

// A team's own scenario is configuration; one with the name of the house's goes before it.
func TestScenarios(t *testing.T) {
	h := open(t, "")
	h.refused(422, "body.severity", "max", "POST", "/scenarios", `{"id":"x","title":"t"}`)
	h.refused(422, "script[0].text", "max", "POST", "/scenarios", `{"id":"x","title":"t","severity":"SEV2","script":[{"after":"1m","do":"message"}]}`)
	h.refused(422, "expect.runbook", "max", "POST", "/scenarios", `{"id":"x","title":"t","severity":"SEV2","expect":{"runbook":"none"}}`)
	h.must(201, "max", "POST", "/scenarios", `{"id":"payments","title":"Our own","severity":"SEV3","team":"dba","service":"db","expect":{"acknowledge":"5m","join":["team:dba"]}}`)
	r := h.must(200, "rita", "GET", "/drills/scenarios?language=de", "")
	if r.field("items.0.id") != "payments" || r.field("items.0.own") != true || r.field("items.1.name") != "Ihre erste Übung" || r.items() != len(drill.BuiltIn("de")) {
		t.Error(r.body)
	}
	made := h.must(201, "rita", "POST", "/drills", `{"scenario":"payments","people":["rita"],"as_real":true}`)
	if made.field("title") != "Our own" || made.field("checks.1.of") != "team:dba" {
		t.Error(made.body)
	}
	id, _ := made.field("id").(string)
	h.refused(403, "responder of team dba", "otto", "POST", "/drills/"+id+"/stop", `{}`)
	if r := h.must(200, "rita", "POST", "/drills/"+id+"/stop", `{"why":"wrong hour"}`); r.field("ended") != "stopped" || r.field("checks.0.state") != "missed" {
		t.Error(r.body)
	}
	h.refused(409, "already", "rita", "POST", "/drills/"+id+"/stop", `{}`)
	if r := h.do("rita", "GET", "/drills/"+string(h.opened("db", "real")), ""); r.status != 404 {
		t.Errorf("an incident is no drill: %d", r.status)
	}
	// What was is played again; what goes on is not.
	old := h.opened("db", "Disk of pat@example.org full")
	h.refused(422, "body.past", "rita", "POST", "/drills", `{"past":"`+string(old)+`","people":["rita"]}`)
	h.must(200, "rita", "POST", "/incidents/"+string(old)+"/resolve", "")
	if r := h.must(201, "rita", "POST", "/drills", `{"past":"`+string(old)+`","people":["rita"],"as_real":true}`); r.field("title") != "Disk of … full" || r.field("past") != string(old) {
		t.Error(r.body)
	}
}

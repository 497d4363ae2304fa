package v1_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tocsin/incident"
	"tocsin/internal/store"
)

const slowDisk = "# Slow disk\nWhen a disk is full.\n## Look\nAt {{label.host}}.\n## Clean it [approval]\n```http\nPOST https://clean.example.org/\nAuthorization: {{secret.key}}\n```\n## Tell them\n```http\nPOST https://tell.example.org/\n```\n"

func body(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A secret goes in and never comes out: not with the thing, its versions, a draft or an
// export; and it goes nowhere it did not go before.
func TestRunbookSecrets(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := body(map[string]any{"id": "disk", "team": "dba", "match": []string{`service="db"`}, "text": slowDisk, "secrets": map[string]string{"key": "never-to-be-seen"}})
		h.must(201, "max", "POST", "/runbooks", made)
		h.must(200, "max", "PATCH", "/runbooks/disk", `{"owner":"rita"}`)
		for as, paths := range map[string][]string{"ada": {"/runbooks/disk", "/runbooks", "/runbooks/disk/versions", "/runbooks/disk/state", "/runbook-states", "/export", "/audit"}, "olaf": {"/runbooks/disk", "/runbooks/disk/state"}} {
			for _, path := range paths {
				if r := h.must(200, as, "GET", path, ""); strings.Contains(r.body, "never-to-be-seen") {
					t.Errorf("%s shows it: %s", path, r.body)
				}
			}
		}
		if r := h.must(200, "olaf", "GET", "/runbooks/disk", ""); r.field("secrets.key") != "" || r.field("owner") != "rita" || r.field("name") != "Slow disk" {
			t.Error(r.body)
		}
		elsewhere := strings.Replace(slowDisk, "clean.example.org", "evil.example.org", 1)
		h.refused(409, "for the first time", "max", "PATCH", "/runbooks/disk", body(map[string]any{"text": elsewhere}))
		h.must(200, "max", "PATCH", "/runbooks/disk", body(map[string]any{"text": elsewhere, "secrets": map[string]string{"key": "another"}}))
		h.refused(403, "manager", "rita", "PATCH", "/runbooks/disk", `{"name":"x"}`)
		h.refused(403, "team web", "max", "PATCH", "/runbooks/disk", `{"team":"web"}`)
		h.refused(422, "body.text", "max", "PATCH", "/runbooks/disk", `{"text":"nothing to do"}`)
		h.refused(422, "body.match", "max", "PATCH", "/runbooks/disk", `{"match":["("]}`)
		r := h.must(200, "max", "POST", "/runbooks/check", body(map[string]any{"runbook": map[string]any{"id": "disk", "text": slowDisk, "match": []string{`service="db"`}}}))
		if r.field("steps.1.what") != "POST clean.example.org" || r.field("steps.1.approval") != true || r.field("when_html") != "<p>When a disk is full.</p>\n" {
			t.Error(r.body)
		}
	})
}

// A runbook is proposed with its reason, followed, approved by a second person, done by the
// house, judged; and its page says what came of it.
func TestRunbookIsFollowed(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(201, "max", "POST", "/runbooks", body(map[string]any{"id": "disk", "team": "dba", "match": []string{`service="db"`}, "text": slowDisk, "secrets": map[string]string{"key": "k"}}))
		h.must(201, "otto", "POST", "/runbooks", body(map[string]any{"id": "web", "team": "web", "match": []string{`service=~"db|site"`}, "text": "## s\n```http\nGET https://x.example/\n```"}))
		id := h.opened("db", "Disk full")
		at := "/incidents/" + string(id) + "/runbooks"
		r := h.must(200, "olaf", "GET", at, "")
		if r.field("suggested.0.id") != "disk" || !strings.HasPrefix(r.field("suggested.0.why").(string), `service="db"`) || r.field("suggested.0.says") != "never verified, not used yet" {
			t.Fatal(r.body)
		}
		h.refused(403, "responder", "olaf", "POST", at, `{"runbook":"disk"}`)
		h.refused(422, "body.runbook", "rita", "POST", at, `{"runbook":"none"}`)
		h.must(200, "rita", "POST", at, `{"runbook":"disk"}`)
		h.refused(409, "followed already", "rita", "POST", at, `{"runbook":"disk"}`)
		step := func(as string, n int, do string) reply {
			return h.must(200, as, "POST", fmt.Sprintf("%s/1/steps/%d", at, n), fmt.Sprintf(`{"do":%q,"text":"so it is"}`, do))
		}
		step("rita", 1, "done")
		step("rita", 2, "ask")
		h.refused(409, "second person", "rita", "POST", at+"/1/steps/2", `{"do":"approve"}`)
		step("max", 2, "approve")
		var due []store.Step
		err := h.store.Read(t.Context(), func(tx *store.Tx) (err error) {
			due, err = tx.DueSteps(h.engine.Now(), 5)
			return err
		})
		if err != nil || len(due) != 1 || due[0].Person != "max" {
			t.Fatalf("%+v %v", due, err)
		}
		if _, err := h.engine.FinishStep(t.Context(), due[0], incident.StepEnded{How: incident.StepFailed, Outcome: "answered 502"}, "502\n\nbad gateway", h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		if counted, err := h.engine.FinishStep(t.Context(), due[0], incident.StepEnded{How: incident.StepDone}, "", h.engine.Now()); err != nil || counted {
			t.Errorf("it ended twice: %v", err)
		}
		if r := h.must(200, "olaf", "GET", at+"/1/steps/2/output", ""); r.field("output") != "502\n\nbad gateway" {
			t.Error(r.body)
		}
		h.must(404, "olaf", "GET", at+"/1/steps/1/output", "")
		step("rita", 2, "skipped")
		step("rita", 3, "skipped")
		r = h.must(200, "olaf", "GET", at, "")
		for name, want := range map[string]any{
			"runs.0.how": "finished", "runs.0.steps.0.state": "done", "runs.0.steps.0.by": "person:rita", "runs.0.steps.0.outcome": "so it is", "runs.0.steps.1.approved": "person:max",
			"runs.0.steps.1.asked": "person:rita", "runs.0.version": 1.0,
		} {
			if got := r.field(name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		h.refused(422, "", "rita", "POST", at+"/1/feedback", `{"verdict":"hm"}`)
		h.must(200, "rita", "POST", at+"/1/feedback", `{"verdict":"wrong","step":2,"text":"the address is old"}`)
		r = h.must(200, "olaf", "GET", "/runbooks/disk/state", "")
		if r.field("state.verdict") != "wrong" || r.field("state.uses") != 1.0 || r.field("used.0.verdicts.0.text") != "the address is old" || r.field("state.stale.1.kind") != "feedback" {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "POST", "/runbooks/disk/verify", `{"note":"read it"}`); r.field("verified_by.id") != "rita" || !strings.HasPrefix(r.field("says").(string), "verified just now") {
			t.Error(r.body)
		}
		// Another team's steps are not run by whoever answers here.
		h.must(200, "rita", "POST", at, `{"runbook":"web"}`)
		h.refused(403, "team web", "rita", "POST", at+"/2/steps/1", `{"do":"run"}`)
		h.must(200, "rita", "POST", at+"/2/end", `{"why":"not ours"}`)
		h.must(404, "rita", "POST", at+"/9/steps/1/nothing", `{}`)
	})
}

// What happened in an incident that one may not see is told by no runbook.
func TestRunbookOfHiddenIncident(t *testing.T) {
	h := open(t, "")
	h.must(201, "ada", "POST", "/runbooks", body(map[string]any{"id": "hr", "match": []string{`service="hr"`}, "text": "When salaries leak.\n## Look"}))
	id := h.opened("hr", "Salaries are public")
	h.must(200, "rita", "POST", "/incidents/"+string(id)+"/runbooks", `{"runbook":"hr"}`)
	for as, sees := range map[string]bool{"max": true, "olaf": false} {
		r := h.must(200, as, "GET", "/runbooks/hr/state", "")
		if strings.Contains(r.body, "Salaries are public") != sees {
			t.Errorf("%s: %s", as, r.body)
		}
	}
}

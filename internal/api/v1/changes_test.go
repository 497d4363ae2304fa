package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/api/v1"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// proposed is a change of a service, of which quin is asked.
func (h *home) proposed(service org.ServiceID) incident.ID {
	h.t.Helper()
	now := h.engine.Now()
	id, err := h.engine.Propose(h.t.Context(), "person:pat", "pat", resolve.Request{
		Title: "More connections", Class: org.NormalChange, Plan: "set it", BackOut: "set it back", Services: []org.ServiceID{service},
		Starts: now, Ends: now.Add(time.Hour), Approvers: []org.Target{{Kind: "person", ID: "quin"}},
	}, now)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// A change is asked for, decided by others, made, and seen in its calendar.
func TestChanges(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		now := h.engine.Now()
		at := func(d time.Duration) string { return now.Add(d).UTC().Format(time.RFC3339) }
		h.must(200, "ada", "PATCH", "/settings", fmt.Sprintf(`{"changes":{"board":"p","grants":[{"class":"standard","to":"team:dba","services":["db"]}],
			"freezes":[{"id":"close","services":["db"],"start":%q,"for":"2h","why":"the books are closed"}]}}`, now.Add(48*time.Hour).UTC().Format("2006-01-02T15:04")))
		body := func(class, more string, starts time.Duration) string {
			return fmt.Sprintf(`{"title":"More connections","class":%q,"services":["db"],"starts":%q,"ends":%q%s}`, class, at(starts), at(starts+time.Hour), more)
		}
		const plan = `,"plan":"set it","back_out":"set it back"`
		h.refused(422, "body.plan", "max", "POST", "/changes", body("normal", "", time.Minute))
		h.refused(422, "body.starts", "max", "POST", "/changes", body("normal", plan, 48*time.Hour))
		h.refused(422, "body.services[0]", "max", "POST", "/changes", strings.Replace(body("normal", plan, 0), `"db"`, `"none"`, 1))
		h.refused(422, "body.approvers[0]", "max", "POST", "/changes", body("normal", plan+`,"approvers":["person:nobody"]`, 0))
		h.refused(422, "body.services[0]", "otto", "POST", "/changes/preview", strings.NewReplacer(`"db"`, `"hr"`, `"title":"More connections",`, "").Replace(body("normal", "", 0)))
		seen := h.must(200, "max", "POST", "/changes/preview", strings.Replace(body("standard", "", 48*time.Hour), `"title":"More connections",`, "", 1))
		if seen.field("granted") == nil || seen.field("refused") == nil || seen.field("conflicts.0.kind") != "freeze" || seen.field("conflicts.0.stops") != true {
			t.Error(seen.body)
		}

		made := h.must(201, "max", "POST", "/changes", body("normal", plan, 0))
		id := made.field("id").(string)
		if made.field("state") != "requested" || made.field("own") != true || made.field("may_decide") != nil || made.head.Get("Location") != v1.Prefix+"/changes/"+id {
			t.Error(made.body)
		}
		h.must(404, "max", "GET", "/incidents/"+id, "")
		h.must(404, "max", "GET", "/calls/"+id, "")
		if n := h.must(200, "max", "GET", "/incidents", "").items(); n != 0 {
			t.Errorf("a change stands among %d incidents", n)
		}
		h.refused(409, "their own change", "max", "POST", "/changes/"+id+"/approve", "")
		h.refused(409, "you were not asked", "ada", "POST", "/changes/"+id+"/approve", "")
		h.refused(409, "nobody has approved it yet", "max", "POST", "/changes/"+id+"/start", "")
		if got := h.must(200, "rita", "GET", "/changes/"+id, ""); got.field("may_decide") != true {
			t.Error(got.body)
		}
		h.must(200, "rita", "POST", "/changes/"+id+"/approve", `{"why":"looks well"}`)
		h.must(200, "max", "POST", "/changes/"+id+"/start", "")
		h.refused(422, "body.text", "max", "POST", "/changes/"+id+"/done", `{"outcome":"failed"}`)
		if got := h.must(200, "max", "POST", "/changes/"+id+"/done", `{"outcome":"worked"}`); got.field("approvals.0.person.id") != "rita" || got.field("outcome") != "worked" {
			t.Error(got.body)
		}
		granted := h.must(201, "max", "POST", "/changes", body("standard", "", time.Minute))
		if granted.field("state") != "approved" || granted.field("approvals.0.how") != "grant" {
			t.Error(granted.body)
		}
		if got := h.must(200, "max", "POST", "/changes/"+granted.field("id").(string)+"/cancel", ""); got.field("state") != "cancelled" {
			t.Error(got.body)
		}
		h.proposed("hr")
		if n := h.must(200, "olaf", "GET", "/changes", "").items(); n != 2 {
			t.Errorf("olaf sees %d changes", n)
		}
		if n := h.must(200, "ada", "GET", "/changes?open=true", "").items(); n != 1 {
			t.Errorf("%d are open", n)
		}
		first := h.must(200, "ada", "GET", "/changes?service=db&limit=1", "")
		if next := h.must(200, "ada", "GET", "/changes?service=db&limit=1&cursor="+first.field("next").(string), ""); next.items() != 1 || next.field("next") != nil {
			t.Error(next.body)
		}
		calendar := h.must(200, "olaf", "GET", "/changes/calendar?service=db&from="+at(-time.Hour), "")
		if calendar.field("changes.0.id") != id || calendar.field("changes.1.id") != nil || calendar.field("freezes.0.id") != "close" {
			t.Error(calendar.body)
		}
		h.refused(422, "query.to", "olaf", "GET", "/changes/calendar?to="+at(-time.Hour), "")
	})
}

// What is asked for is changed by who asked, which voids what was said of it: also what
// somebody says by a page that went out before.
func TestChangeIsAmended(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		now := h.engine.Now()
		h.must(200, "ada", "PATCH", "/settings", `{"changes":{"board":"p"}}`)
		made := h.must(201, "ada", "POST", "/changes", fmt.Sprintf(`{"title":"More connections","class":"normal","services":["db"],"starts":%q,"ends":%q,"plan":"400","back_out":"200","approvers":["person:rita"]}`,
			now.UTC().Format(time.RFC3339), now.Add(time.Hour).UTC().Format(time.RFC3339)))
		id := made.field("id").(string)
		at := "/changes/" + id
		if made.field("may_amend") != true {
			t.Error(made.body)
		}
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		var old store.PageRow
		err := h.engine.Read(t.Context(), func(tx *store.Tx) error {
			pages, err := tx.PagesOf(incident.ID(id))
			for _, p := range pages {
				if p.Person == "rita" {
					old = p
				}
			}
			return err
		})
		if err != nil || old.ID == "" {
			t.Fatal("rita was not called: ", err)
		}
		h.must(200, "rita", "POST", at+"/approve", "")
		h.refused(409, "changed by who asked for it", "rita", "POST", at, `{"plan":"4000"}`)
		h.refused(422, "body.services[0]", "ada", "POST", at, `{"services":["none"]}`)
		h.refused(422, "body.ends", "ada", "POST", at, `{"ends":"2020-01-01T00:00:00Z"}`)
		h.refused(422, "body.back_out", "ada", "POST", at, `{"back_out":""}`)
		h.refused(422, "body.board", "ada", "POST", at, `{"board":true,"approvers":["person:rita"]}`)
		if got := h.must(200, "ada", "POST", at, `{"plan":"400"}`); got.field("state") != "approved" {
			t.Error("nothing is otherwise: ", got.body)
		}
		got := h.must(200, "ada", "POST", at, `{"plan":"4000","services":["site"]}`)
		if got.field("state") != "requested" || got.field("approvals.0") != nil || got.field("services.0.id") != "site" || !strings.Contains(got.body, "changed the request: plan, services; one approval does not hold any longer") {
			t.Error(got.body)
		}
		if _, err := h.engine.Answer(t.Context(), old, 1, h.engine.Now()); err == nil || !strings.Contains(err.Error(), "changed since you were asked") {
			t.Error("a button from before: ", err)
		}
		if n := h.must(200, "ada", "GET", "/changes?service=db", "").items(); n != 0 {
			t.Errorf("it is of %d changes of what it was of before", n)
		}
		h.refused(409, "nobody has approved it yet", "ada", "POST", at+"/start", "")
		if got.field("version") != 2.0 {
			t.Error("the version: ", got.body)
		}
		h.refused(409, "it was changed meanwhile, and is version 2 now", "rita", "POST", at+"/approve", `{"version":1}`)
		h.refused(409, "it was changed meanwhile, and is version 2 now", "ada", "POST", at, `{"plan":"40","version":1}`)
		h.refused(422, "body.version", "rita", "POST", at+"/approve", `{"version":0}`)
		h.must(200, "rita", "POST", at+"/approve", `{"version":2,"why":"read"}`)
		if got := h.must(200, "ada", "POST", at, `{"board":true,"version":2}`); got.field("approvers.0") != nil || got.field("board") != "p" || got.field("state") != "requested" {
			t.Error(got.body)
		}
		h.must(200, "rita", "POST", at+"/approve", "")
		h.must(200, "ada", "POST", at+"/start", "")
		h.refused(409, "it is started", "ada", "POST", at, `{"plan":"5"}`)
	})
}

// In a grave incident somebody goes before the rules, and somebody else looks at it.
func TestOverrides(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(200, "ada", "PATCH", "/settings", `{"changes":{"board":"p","override":{"severity":"SEV1"}}}`)
		id := string(h.opened("db", "Disk full"))
		path := "/incidents/" + id + "/overrides"
		h.refused(409, "SEV1 or worse", "max", "POST", path, `{"reason":"it fills in minutes"}`)
		h.must(200, "max", "POST", "/incidents/"+id+"/severity", `{"severity":"SEV1","why":"worse"}`)
		h.refused(422, "body.until", "max", "POST", path, `{"reason":"it fills in minutes","for":"9h"}`)
		got := h.must(200, "max", "POST", path, `{"reason":"it fills in minutes","for":"1h"}`)
		if got.field("items.0.on") != true || got.field("items.0.call") == "" || got.field("items.0.services.0.id") != "db" {
			t.Error(got.body)
		}
		now := h.engine.Now().UTC()
		made := h.must(201, "max", "POST", "/changes", fmt.Sprintf(`{"title":"Drop it","class":"normal","plan":"p","back_out":"b","services":["db"],"starts":%q,"ends":%q,"incident":%q,"override":1}`,
			now.Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339), id))
		if made.field("state") != "approved" || made.field("approvals.0.how") != "override" {
			t.Error(made.body)
		}
		h.refused(409, "ends with the review", "max", "POST", "/incidents/"+id+"/tasks/1/done", "")
		h.refused(409, "still used", "rita", "POST", path+"/1/review", `{"right":true,"text":"looked at"}`)
		h.must(200, "max", "POST", path+"/1/end", "")
		h.refused(409, "your own", "max", "POST", path+"/1/review", `{"right":true,"text":"looked at"}`)
		if n := h.must(200, "rita", "GET", "/overrides?unreviewed=true", "").items(); n != 1 {
			t.Errorf("%d wait to be reviewed", n)
		}
		if got := h.must(200, "rita", "POST", path+"/1/review", `{"right":true,"text":"looked at"}`); got.field("items.0.reviewed_by.id") != "rita" {
			t.Error(got.body)
		}
		if n := h.must(200, "rita", "GET", "/overrides?unreviewed=true", "").items(); n != 0 {
			t.Errorf("%d still wait to be reviewed", n)
		}
		if n := h.must(200, "olaf", "GET", "/incidents/"+id+"/suspects", "").items(); n != 0 {
			t.Errorf("what was done against it is suspected: %d", n)
		}
	})
}

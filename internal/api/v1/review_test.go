package v1_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"
)

// From a draft to the end, as the app does it: two who save the same, a signature of
// somebody else, a gate that names what is missing, and a recurrence.
func TestReview(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(200, "ada", "PATCH", "/settings", `{"closures":[{"severities":["SEV2"],"retrospective":"signed","actions":"owned","cause":true}]}`)
		h.refused(422, "body.closures[0]", "ada", "PATCH", "/settings", `{"closures":[{}]}`)
		id := h.opened("db", "Disk full on db-1")
		at := "/incidents/" + string(id)
		h.refused(409, "it is not over yet", "rita", "POST", at+"/review", "")
		h.must(200, "rita", "POST", at+"/acknowledge", "")
		h.must(200, "rita", "POST", at+"/resolve", `{"why":"turned the log"}`)
		h.refused(409, "say what it was, and of which category", "rita", "POST", at+"/close", "")
		h.refused(403, "responder of team dba", "otto", "POST", at+"/review", "")
		r := h.must(201, "rita", "POST", at+"/review", "")
		if r.field("state") != "draft" || r.field("sections.0.version") != 1.0 || !strings.Contains(r.field("sections.0.html").(string), "Disk full on db-1.") || r.field("gate.0.code") != "retrospective.signed" {
			t.Error(r.body)
		}

		h.must(200, "rita", "PUT", at+"/review/sections/factors", `{"version":0,"text":"Nobody turned it."}`)
		clash := h.do("max", "PUT", at+"/review/sections/factors", `{"version":0,"text":"It was never turned."}`)
		if clash.status != 409 || clash.field("errors.0.value.text") != "Nobody turned it." || clash.field("errors.0.value.yours") != "It was never turned." || clash.field("errors.0.value.version") != 1.0 {
			t.Error(clash.status, clash.body)
		}
		h.must(200, "max", "PUT", at+"/review/sections/factors", `{"version":1,"text":"Nobody turned it.\n\nIt was never turned."}`)
		h.must(200, "max", "PUT", at+"/review/sections/customers", `{"version":1,"text":"Max mended it."}`)
		if all := h.must(200, "olaf", "GET", at+"/review/sections/factors/versions", ""); all.items() != 2 || all.field("items.1.text") != "Nobody turned it." {
			t.Error(all.body)
		}
		h.refused(422, "there is no", "max", "PUT", at+"/review/sections/gossip", `{"version":0,"text":"x"}`)
		if facts := h.must(200, "olaf", "GET", at+"/review/facts", ""); facts.items() < 4 || !strings.Contains(facts.body, `"chosen":true`) {
			t.Error(facts.body)
		}
		comment := h.must(201, "max", "POST", at+"/review/comments", `{"section":"factors","text":"How long?"}`).field("id").(string)
		h.refused(422, "body.text", "max", "POST", at+"/review/comments", `{"section":"factors","text":" "}`)
		if r := h.must(200, "rita", "POST", at+"/review/comments/"+comment, `{"over":true}`); r.field("comments.0.text") != "How long?" || r.field("comments.0.over_by") != "person:rita" {
			t.Error(r.body)
		}
		h.refused(404, "", "rita", "POST", at+"/review/comments/none", `{"over":true}`)
	})
}

// The register of actions and lessons says nothing of what one may not see.
func TestActionsAndLessons(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		plain, secret := h.opened("db", "Disk full on db-1"), h.opened("hr", "Salaries are public")
		at := "/incidents/" + string(plain)
		due := h.engine.Now().Add(100 * time.Hour).UTC().Format(time.RFC3339)
		h.must(200, "rita", "POST", at+"/actions", `{"title":"Alert on it","owner":"max","due":"`+due+`","priority":"high"}`)
		h.must(200, "rita", "POST", at+"/actions", `{"title":"Some day"}`)
		h.must(200, "rita", "POST", "/incidents/"+string(secret)+"/actions", `{"title":"Lock it","owner":"me"}`)
		h.must(200, "rita", "POST", "/incidents/"+string(secret)+"/lessons", `{"text":"Doors have locks"}`)
		h.must(200, "rita", "POST", at+"/lessons", `{"text":"Disks fill up at night","tags":["disk"]}`)
		h.refused(422, "body.due", "rita", "POST", at+"/actions", `{"title":"x","due":"2006-01-02T15:04:05Z"}`)
		h.refused(422, "body.owner", "rita", "POST", at+"/actions", `{"title":"x","owner":"nobody"}`)
		for as, want := range map[string]int{"rita": 3, "olaf": 2, "stine": 2} {
			if n := h.must(200, as, "GET", "/actions", "").items(); n != want {
				t.Errorf("%s sees %d actions", as, n)
			}
			if n := h.must(200, as, "GET", "/lessons", "").items(); n != want-1 {
				t.Errorf("%s sees %d lessons", as, n)
			}
		}
		one := h.must(200, "rita", "GET", "/actions?limit=1", "")
		two := h.must(200, "rita", "GET", "/actions?limit=2&cursor="+url.QueryEscape(one.field("next").(string)), "")
		if one.field("items.0.title") != "Alert on it" || two.items() != 2 || strings.Contains(two.body, "Alert on it") || two.field("next") != nil {
			t.Error(one.body, two.body)
		}
		for query, want := range map[string]int{"?owner=me": 1, "?owner=max&priority=high": 1, "?team=dba&state=done": 0, "?overdue=true": 0, "?service=db": 2, "?again=true": 0} {
			if n := h.must(200, "rita", "GET", "/actions"+query, "").items(); n != want {
				t.Errorf("%s: %d", query, n)
			}
		}
		for q, want := range map[string]int{"": 1, "disk nig": 1, "isk": 0, "full": 1, "%25": 1, "lock": 0} {
			if n := h.must(200, "olaf", "GET", "/lessons?q="+strings.ReplaceAll(q, " ", "%20"), "").items(); n != want {
				t.Errorf("%q: %d", q, n)
			}
		}
		h.must(200, "max", "POST", at+"/actions/1/done", `{"outcome":"it pages"}`)
		h.refused(422, "why", "max", "POST", at+"/actions/2/drop", `{}`)
		h.must(200, "max", "POST", at+"/actions/2", `{"owner":"rita","title":"Soon"}`)
		h.must(200, "rita", "POST", at+"/lessons/1/withdraw", `{"why":"they do not"}`)
		if n := h.must(200, "olaf", "GET", "/lessons", "").items(); n != 0 {
			t.Errorf("%d lessons are left", n)
		}

		// It comes again: the room says so, and the action counts it.
		again := h.opened("db", "Disk full on db-2")
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		r := h.must(200, "olaf", "GET", "/incidents/"+string(again), "")
		if r.field("closure.recalled.0.title") != "Soon" || r.field("closure.recalled.0.why.0") != "the same service: db" || r.field("closure.recalled.1") != nil {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "GET", "/actions?again=true", ""); r.items() != 1 || r.field("items.0.again") != 1.0 {
			t.Error(r.body)
		}
	})
}

// A retrospective is signed by another, given to its audiences, and then the incident is
// closed.
func TestReviewIsSignedAndExported(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(200, "ada", "PATCH", "/settings", `{"closures":[{"retrospective":"signed","signatures":1,"actions":"owned"}]}`)
		id := h.opened("db", "Disk full on db-1")
		at := "/incidents/" + string(id)
		h.must(200, "rita", "POST", at+"/resolve", "")
		h.refused(404, "", "olaf", "GET", at+"/review/export", "")
		h.must(201, "rita", "POST", at+"/review", "")
		h.must(200, "rita", "PUT", at+"/review/sections/customers", `{"version":1,"text":"Rita mended it.\n:::internal\nThe password was on the wall.\n:::"}`)
		h.refused(409, "it is a draft", "max", "POST", at+"/review/sign", "")
		h.refused(422, "only author", "rita", "POST", at+"/review/submit", `{"to":["me"]}`)
		h.must(200, "rita", "POST", at+"/review/submit", `{"to":["max"],"note":"please"}`)
		h.refused(409, "only author", "rita", "POST", at+"/review/sign", "")
		h.refused(409, "not signed off yet", "rita", "POST", at+"/review/publish", `{"for":"customers"}`)
		h.must(200, "max", "POST", at+"/review/sign", `{"note":"so it was"}`)
		h.refused(409, "signed off", "rita", "PUT", at+"/review/sections/summary", `{"version":1,"text":"x"}`)
		h.must(200, "max", "POST", at+"/review/publish", `{"for":"customers"}`)
		inside := h.must(200, "olaf", "GET", at+"/review/export?format=markdown", "")
		outside := h.must(200, "olaf", "GET", at+"/review/export?format=markdown&for=customers", "")
		if !strings.Contains(inside.body, "on the wall") || !strings.Contains(inside.body, "Signed by Max") || strings.Contains(outside.body, "wall") || strings.Contains(outside.body, "Rita") || !strings.Contains(outside.body, "a responder mended it.") {
			t.Error(inside.body, outside.body)
		}
		pdf := h.must(200, "olaf", "GET", at+"/review/export?for=board", "")
		if !bytes.HasPrefix([]byte(pdf.body), []byte("%PDF")) || pdf.head.Get("Content-Type") != "application/pdf" || !strings.Contains(pdf.head.Get("Content-Disposition"), "-board.pdf") {
			t.Error(pdf.head)
		}
		if got := h.must(200, "rita", "POST", at+"/close", `{"why":"learned"}`).field("incident.status"); got != "closed" {
			t.Error(got)
		}
		h.refused(409, "it is closed", "rita", "POST", at+"/review/return", `{"why":"once more"}`)
		r := h.must(200, "olaf", "GET", at+"/review", "")
		if r.field("state") != "published" || r.field("signed.0.person.id") != "max" || r.field("published.0.for") != "customers" || r.field("gate.0.met") != true {
			t.Error(r.body)
		}
	})
}

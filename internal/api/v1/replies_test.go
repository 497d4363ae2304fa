package v1_test

import (
	"fmt"
	"strings"
	"testing"
)

// The usual replies of a team: set by who sets the team up, checked one by one, read by all
// who write in its rooms, kept in its versions and in the set-up file, and gone again.
func TestUsualReplies(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		texts := func(r reply, at string) string { return fmt.Sprint(r.field(at)) }
		const at = "/teams/dba"
		h.refused(403, "manager of team dba", "rita", "PATCH", at, `{"replies":["I am on it"]}`)
		for want, body := range map[string]string{
			"body.replies[1]": `{"replies":["I am on it","  "]}`,
			"body.replies[0]": `{"replies":["` + strings.Repeat("ä", 301) + `"]}`,
			"body.replies":    `{"replies":["` + strings.Join(strings.Split(strings.Repeat("x", 21), ""), `","`) + `"]}`,
		} {
			h.refused(422, want, "max", "PATCH", at, body)
		}
		set := h.must(200, "max", "PATCH", at, `{"replies":["I am on it","`+strings.Repeat("ä", 299)+`😀","Failing over, @all stay away"]}`)
		if texts(set, "replies.0") != "I am on it" || texts(set, "replies.2") != "Failing over, @all stay away" {
			t.Errorf("%s", set.body)
		}
		for _, as := range []string{"rita", "olaf"} { // whoever writes in its rooms
			if got := h.must(200, as, "GET", at, ""); texts(got, "replies.2") != "Failing over, @all stay away" {
				t.Errorf("%s: %s", as, got.body)
			}
		}
		room := "/incidents/" + string(h.opened("db", "a")) + "/messages"
		if said := h.must(201, "max", "POST", room, `{"text":"Failing over, @all stay away"}`); texts(said, "text") != "Failing over, @all stay away" {
			t.Errorf("%s", said.body)
		}
		if file := h.must(200, "ada", "GET", "/export", ""); !strings.Contains(file.body, "Failing over, @all stay away") {
			t.Errorf("the set-up file lacks it")
		}
		h.must(200, "max", "PATCH", at, `{"replies":null}`)
		if got := h.must(200, "max", "GET", at, ""); got.field("replies") != nil {
			t.Errorf("%s", got.body)
		}
		versions := h.must(200, "max", "GET", at+"/versions", "")
		if !strings.Contains(versions.body, "Failing over, @all stay away") {
			t.Errorf("what was before is not known: %s", versions.body)
		}
	})
}

// A search goes through all that one may read and nothing else: by whom, where, when, page
// by page, with the place that was found.
func TestSearch(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		room := string(h.opened("db", "a"))
		say := func(who, at, text string) string {
			t.Helper()
			return h.must(201, who, "POST", at+"/messages", fmt.Sprintf(`{"text":%q}`, text)).field("at").(string)
		}
		in := "/incidents/" + room
		say("max", in, "The replica lags by 40 seconds")
		pair := h.must(201, "rita", "POST", "/conversations", `{"people":["max"]}`).field("id").(string)
		say("rita", "/conversations/"+pair, "Did the *replica* catch up?")
		group := h.must(201, "rita", "POST", "/conversations", `{"people":["max","olaf"],"title":"Move of the lab"}`).field("id").(string)
		since := say("olaf", "/conversations/"+group, "The replicas move on Monday")
		long := strings.Repeat("ab ", 100) + "then the replicator failed 😀 " + strings.Repeat("cd ", 100)
		say("max", in, long)
		for q, want := range map[string]int{
			"replica": 4, "REPLICA lags": 1, "replica&kind=room": 2, "replica&kind=group": 1, "replica&kind=direct": 1, "replica&by=rita": 1, "replica&by=max": 2,
			"replica&conversation=" + room: 2, "replica&conversation=" + pair + "&by=max": 0, "replica&since=" + since: 2, "replica&until=" + since: 2,
			"replica&since=" + since + "&by=olaf&kind=group": 1, "lica": 0, "40": 1,
		} {
			if got := h.must(200, "max", "GET", "/messages?q="+strings.ReplaceAll(q, " ", "+"), ""); got.items() != want {
				t.Errorf("%s: %d, want %d", q, got.items(), want)
			}
		}
		for who, want := range map[string]int{"olaf": 3, "stine": 2, "rita": 4} {
			if n := h.must(200, who, "GET", "/messages?q=replica", "").items(); n != want {
				t.Errorf("%s finds %d, want %d", who, n, want)
			}
		}
		h.refused(422, "query.kind", "max", "GET", "/messages?q=x&kind=letter", "")
		h.refused(422, "query.q", "max", "GET", "/messages?q=%F0%9F%98%80", "")
		var found []string
		for at := "/messages?q=replica&limit=1"; ; {
			page := h.must(200, "max", "GET", at, "")
			for i := range page.items() {
				found = append(found, fmt.Sprint(page.field(fmt.Sprintf("items.%d.message.number", i)), page.field(fmt.Sprintf("items.%d.conversation.kind", i))))
			}
			next, more := page.field("next").(string)
			if !more {
				break
			}
			at = "/messages?q=replica&limit=1&cursor=" + next
		}
		if got := strings.Join(found, " "); got != "2room 1group 1direct 1room" {
			t.Errorf("page by page: %s", got)
		}
		got := h.must(200, "max", "GET", "/messages?q=replica&by=max&limit=1", "")
		before, hit, after := got.field("items.0.excerpt.1.text").(string), got.field("items.0.excerpt.2.text"), got.field("items.0.excerpt.3.text").(string)
		if hit != "replica" || got.field("items.0.excerpt.2.hit") != true || !strings.HasSuffix(before, "then the ") || !strings.HasPrefix(after, "tor failed 😀") || len(after) > 120 {
			t.Errorf("%q %q %q: %s", before, hit, after, got.body)
		}
		// What is redacted, or not theirs any longer, is not found.
		h.must(200, "max", "POST", in+"/messages/2/redact", "{}")
		h.must(204, "max", "POST", "/conversations/"+group+"/leave", "")
		if n := h.must(200, "max", "GET", "/messages?q=replica", "").items(); n != 2 {
			t.Errorf("%d are found", n)
		}
	})
}

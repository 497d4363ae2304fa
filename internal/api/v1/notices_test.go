package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/org"
)

// A status page says something without an incident: it is checked, posted by who may write
// there, followed up, moved, taken back and ended, and nothing of it is an incident.
func TestNotices(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.configure(map[string]any{"status_page/public": org.StatusPage{ID: "public", Name: "Example", Team: "dba", Components: []org.Component{{ID: "shop", Name: "Shop", Services: []org.ServiceID{"db"}}}}})
		at := func(d time.Duration) string { return h.engine.Now().Add(d).UTC().Format(time.RFC3339) }
		const to = "/status-pages/public/notices"
		for want, body := range map[string]string{
			"body.form":        `{"form":"party","title":"T","text":"x"}`,
			"body.title":       `{"form":"notice","title":"","text":"x"}`,
			"body.text":        `{"form":"notice","title":"T","text":" "}`,
			"body.affected":    `{"form":"disruption","title":"T","text":"x"}`,
			"body.affected[0]": `{"form":"disruption","title":"T","text":"x","affected":[{"component":"cellar","state":"major"}]}`,
			"body.ends":        `{"form":"work","title":"T","text":"x","affected":[{"component":"shop","state":"maintenance"}]}`,
		} {
			h.refused(422, want, "max", "POST", to, body)
		}
		h.refused(403, "responder of team dba", "olaf", "POST", to, `{"form":"notice","title":"T","text":"x"}`)
		h.refused(404, "nothing here", "max", "POST", "/status-pages/none/notices", `{"form":"notice","title":"T","text":"x"}`)
		made := h.must(201, "max", "POST", to, `{"form":"disruption","title":"Cards are refused 😀","text":"Our provider has trouble.","affected":[{"component":"shop","state":"partial"}]}`)
		id := made.field("id").(string)
		one := "/notices/" + id
		if made.head.Get("Location") != "/api/v1"+one || made.field("state") != "open" || made.field("items.0.text") != "Our provider has trouble." || made.field("by") != "person:max" {
			t.Errorf("%s", made.body)
		}
		h.refused(404, "nothing here", "max", "GET", "/incidents/"+id, "") // it is none
		if n := h.must(200, "max", "GET", "/incidents", "").items(); n != 0 {
			t.Errorf("%d incidents", n)
		}
		h.refused(403, "responder of team dba", "olaf", "POST", one+"/updates", `{"text":"x"}`)
		h.refused(422, "body.phase", "max", "POST", one+"/updates", `{"phase":"planned","text":"x"}`)
		h.refused(422, "body.text", "max", "POST", one+"/updates", `{}`)
		h.must(200, "max", "POST", one+"/updates", `{"text":"The password is hunter2","phase":"identified"}`)
		back := h.must(200, "max", "POST", one+"/updates/2/withdraw", `{"why":"not for them"}`)
		if back.field("items.0.withdrawn.why") != "not for them" || back.field("items.0.n") != 2.0 || strings.Contains(back.body, "hunter2") {
			t.Errorf("%s", back.body)
		}
		if dump := h.dump(); strings.Contains(dump, "hunter2") {
			t.Error("what was taken back stands in the database")
		}
		h.refused(409, "taken back already", "max", "POST", one+"/updates/2/withdraw", "")
		h.refused(409, "no update 9", "max", "POST", one+"/updates/9/withdraw", "")
		over := h.must(200, "max", "POST", one+"/updates", `{"phase":"resolved"}`)
		if over.field("state") != "over" || over.field("items.0.n") != 3.0 {
			t.Errorf("%s", over.body)
		}
		h.refused(409, "it is over", "max", "POST", one+"/updates", `{"text":"more"}`)
		h.must(200, "max", "POST", one+"/end", "") // twice is once

		waits := h.must(201, "max", "POST", to, fmt.Sprintf(`{"form":"notice","title":"Shorter hours","text":"We open at nine.","begins":%q,"ends":%q}`, at(time.Hour), at(30*time.Hour)))
		later := "/notices/" + waits.field("id").(string)
		if waits.field("state") != "waiting" || waits.field("draft.text") != "We open at nine." {
			t.Errorf("%s", waits.body)
		}
		h.refused(422, "body.ends", "max", "POST", later+"/times", fmt.Sprintf(`{"begins":%q,"ends":%q}`, at(3*time.Hour), at(2*time.Hour)))
		if moved := h.must(200, "max", "POST", later+"/times", fmt.Sprintf(`{"begins":%q}`, at(2*time.Hour))); moved.field("ends") != nil {
			t.Errorf("%s", moved.body)
		}
		list := h.must(200, "olaf", "GET", to+"?limit=1", "")
		if list.items() != 1 || list.field("items.0.title") != "Shorter hours" || list.field("next") == nil {
			t.Errorf("%s", list.body)
		}
		if rest := h.must(200, "olaf", "GET", to+"?limit=1&cursor="+list.field("next").(string), ""); rest.field("items.0.id") != id || rest.field("next") != nil {
			t.Errorf("%s", rest.body)
		}
		if open := h.must(200, "olaf", "GET", to+"?open=true", ""); open.items() != 1 {
			t.Errorf("%s", open.body)
		}
		if never := h.must(200, "max", "POST", later+"/end", `{"why":"no"}`); never.field("state") != "over" || len(never.field("items").([]any)) != 0 {
			t.Errorf("%s", never.body)
		}
	})
}

// An update of an incident is taken back by who may write where it stands.
func TestUpdatesAreTakenBack(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.configure(map[string]any{
			"status_page/public": org.StatusPage{ID: "public", Name: "Example", Team: "dba"}, "status_page/web": org.StatusPage{ID: "web", Name: "Web", Team: "web"},
		})
		at := "/incidents/" + string(h.opened("db", "a")) + "/updates"
		h.must(200, "max", "POST", at, `{"phase":"investigating","condition":"It is slow","to":["followers","status:public"],"affected":[]}`)
		h.must(200, "max", "POST", at, `{"phase":"identified","condition":"hunter2","to":["status:public"],"affected":[]}`)
		h.refused(403, "is for a", "olaf", "POST", at+"/2/withdraw", "")
		got := h.must(200, "max", "POST", at+"/2/withdraw", `{"why":"oh"}`)
		if got.field("items.0.n") != 2.0 || got.field("items.0.withdrawn.by") != "person:max" || strings.Contains(got.body, "hunter2") || got.field("items.1.condition") != "It is slow" {
			t.Errorf("%s", got.body)
		}
		h.must(200, "max", "POST", at, `{"phase":"identified","condition":"We know","to":["status:public"],"affected":[]}`)
		if got := h.must(200, "max", "GET", at, ""); got.field("items.0.n") != 3.0 {
			t.Errorf("a number comes twice: %s", got.body)
		}
		h.must(200, "ada", "POST", at, `{"phase":"identified","condition":"for both","to":["status:public","status:web"],"affected":[]}`)
		h.refused(403, "team web", "max", "POST", at+"/4/withdraw", "") // they may not write on that page
		h.must(200, "ada", "POST", at+"/4/withdraw", "")
	})
}

// A feed is somebody's own: made, given another address, ended; what its owner may not see
// has no name.
func TestUpdateFeeds(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.refused(422, "body.service", "max", "POST", "/me/feeds", `{"service":"none"}`)
		h.refused(422, "body.language", "max", "POST", "/me/feeds", `{"language":"fr"}`)
		made := h.must(201, "max", "POST", "/me/feeds", `{"service":"db","language":"de"}`)
		id, url := made.field("id").(string), made.field("url").(string)
		if !strings.Contains(url, "/follow/feed/") || !strings.HasSuffix(url, ".atom") {
			t.Errorf("%s", made.body)
		}
		list := h.must(200, "max", "GET", "/me/feeds", "")
		if list.items() != 1 || list.field("items.0.service") != "db" || strings.Contains(list.body, "/follow/feed/") {
			t.Errorf("%s", list.body)
		}
		if n := h.must(200, "rita", "GET", "/me/feeds", "").items(); n != 0 {
			t.Error("somebody else sees it")
		}
		h.refused(404, "nothing here", "rita", "POST", "/me/feeds/"+id+"/renew", "")
		h.refused(404, "nothing here", "rita", "DELETE", "/me/feeds/"+id, "")
		if again := h.must(200, "max", "POST", "/me/feeds/"+id+"/renew", ""); again.field("url") == url || again.field("id") != id {
			t.Errorf("%s", again.body)
		}
		if strings.Contains(h.dump(), strings.TrimSuffix(url[strings.LastIndex(url, "/")+1:], ".atom")) {
			t.Error("the token stands in the database")
		}
		h.must(204, "max", "DELETE", "/me/feeds/"+id, "")
		h.must(204, "ada", "DELETE", "/me/feeds/"+h.must(201, "max", "POST", "/me/feeds", `{}`).field("id").(string), "")
		if n := h.must(200, "max", "GET", "/me/feeds", "").items(); n != 0 {
			t.Error("it has not ended")
		}
	})
}

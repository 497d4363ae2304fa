package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Who does what about an incident, as its page says it.
func TestWork(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		at := "/incidents/" + string(h.opened("db", "Disk full"))
		if r := h.must(200, "olaf", "GET", at, ""); !strings.Contains(r.body, `"work":{"roles":[],"present":[],"links":[],"tasks":[],"lists":[]}`) {
			t.Error(r.body)
		}
		soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		for _, c := range []struct{ path, body, said string }{
			{"/roles", `{"role":"commander","person":"me"}`, "rita is commander"},
			{"/roles", `{"role":"commander","person":"max"}`, "max is commander, after rita"},
			{"/roles", `{"role":"cook","person":"rita"}`, "rita is cook"},
			{"/roles", `{"role":"cook"}`, "rita is not cook any longer"},
			{"/join", ``, "takes part"},
			{"/join", ``, "It is so already."},
			{"/links", `{"url":"https://meet.example.org/db"}`, "meet.example.org: https://meet.example.org/db"},
			{"/tasks", fmt.Sprintf(`{"title":"Buy  a disk","owner":"max","due":%q}`, soon), "task 1: Buy a disk, max, by "},
			{"/tasks", `{"title":"Tell the ward"}`, "task 2: Tell the ward"},
			{"/tasks/2", `{"owner":"me","title":"Tell the wards"}`, "task 2 is now: Tell the wards, rita"},
			{"/tasks/1", `{"due":""}`, "task 1 is now: Buy a disk, max"},
			{"/tasks/1/done", `{"outcome":"two of them"}`, "done: Buy a disk: two of them"},
			{"/tasks/1/done", ``, "It is so already."},
			{"/tasks/1/reopen", `{"why":"wrong size"}`, "not done: Buy a disk: wrong size"},
			{"/tasks/1/drop", `{"why":"it fits"}`, "need not be done: Buy a disk: it fits"},
		} {
			if got := h.must(200, "rita", "POST", at+c.path, c.body).field("said").(string); !strings.HasPrefix(got, c.said) {
				t.Errorf("%s %s: %q, want %q", c.path, c.body, got, c.said)
			}
		}
		r := h.must(200, "olaf", "GET", at, "")
		for name, want := range map[string]any{
			"work.roles.0.role": "commander", "work.roles.0.person.name": "Max", "work.present.0.id": "rita", "work.links.0.title": "meet.example.org",
			"work.tasks.0.state": "dropped", "work.tasks.0.outcome": "it fits", "work.tasks.0.ended_by": "person:rita", "work.tasks.0.due": nil,
			"work.tasks.1.state": "open", "work.tasks.1.owner.id": "rita", "work.tasks.1.title": "Tell the wards", "work.roles.1": nil,
		} {
			if got := r.field(name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if r := h.must(200, "rita", "POST", at+"/leave", ""); r.field("incident.work.present.0") != nil {
			t.Error(r.body)
		}
		for _, c := range []struct {
			code                int
			says, path, content string
		}{
			{422, "body.person", "/roles", `{"role":"scribe","person":"nobody"}`},
			{422, "body.role", "/roles", `{"role":"The boss","person":"rita"}`},
			{409, "nobody is scribe", "/roles", `{"role":"scribe"}`},
			{422, "body.url", "/links", `{"url":"javascript:alert(1)"}`},
			{422, "body.due", "/tasks", `{"title":"Be quick","due":"2020-01-01T00:00:00Z"}`},
			{422, "body.title", "/tasks", `{"title":"  "}`},
			{422, "body.owner", "/tasks/2", `{"owner":"nobody"}`},
			{422, "body.due", "/tasks/2", `{"due":"soon"}`},
			{409, "there is no task 7", "/tasks/7/done", ``},
			{409, "dropped already", "/tasks/1/done", ``},
		} {
			h.refused(c.code, c.says, "rita", "POST", at+c.path, c.content)
		}
		h.refused(403, "responder of team dba", "otto", "POST", at+"/tasks", `{"title":"hm"}`)
	})
}

package v1_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/org"
)

func TestWhoWasCalledAndWhy(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(200, "max", "PATCH", "/policies/p", `{"levels":[{"targets":["rita"],"wait":"5m"},{"targets":["schedule:s"]},{"targets":["person:ada"]}]}`)
		id := string(h.opened("db", "Disk full"))
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		r := h.must(200, "stine", "GET", "/incidents/"+id+"/people", "")
		if r.items() != 1 || r.field("items.0.name") != "Rita" || r.field("items.0.state") != "sent" || r.field("items.0.methods.0.channel") != "log" || r.field("items.0.alarms_sent") != 1.0 {
			t.Error(r.body)
		}
		why := func(person string) string {
			t.Helper()
			return h.must(200, "olaf", "GET", "/incidents/"+id+"/why?person="+person, "").field("summary").(string)
		}
		for person, want := range map[string]string{
			"":      "Paged: Rita.",
			"rita":  "Rita was paged.",
			"ada":   "Ada was not called: they stand on level 3 (by name), which was not reached yet.",
			"stine": "Stine was not paged: they have no contact method.",
		} {
			if got := why(person); got != want {
				t.Errorf("%s: %s, want %s", person, got, want)
			}
		}
		h.must(200, "rita", "POST", "/incidents/"+id+"/acknowledge", "")
		if got := why("ada"); got != "Ada was not called: they stand on level 3 (by name), and Rita answered before it was reached." {
			t.Error(got)
		}
		r = h.must(200, "olaf", "GET", "/incidents/"+id+"/people", "")
		if r.field("items.0.state") != "answered" || r.field("items.0.answered_at") == nil {
			t.Error(r.body)
		}
		h.refused(422, "query.person", "olaf", "GET", "/incidents/"+id+"/why?person=nobody", "")
		all := h.must(200, "olaf", "GET", "/incidents/"+id+"/why", "").body
		for _, want := range []string{"Opened for Database as SEV2, priority high.", "Policy Policy, version 2, was asked for (opened).", "Level 1 called Rita.", "Rita answered: what was still to be sent fell away."} {
			if !strings.Contains(all, want) {
				t.Errorf("%q is not in %s", want, all)
			}
		}
	})
}

// What a low priority, a silence and a missing policy mean is said.
func TestWhyNobodyWasPaged(t *testing.T) {
	h := open(t, "")
	h.configure(map[string]any{"service/bare": org.Service{ID: "bare", Name: "Bare", Team: "dba"}, "settings/settings": org.Settings{}})
	r := h.must(201, "rita", "POST", "/incidents", `{"title":"A small thing","service":"bare"}`)
	got := h.must(200, "rita", "GET", "/incidents/"+r.field("id").(string)+"/why", "")
	if got.field("paged") != false || !strings.HasPrefix(got.field("summary").(string), "Nobody was paged: its service has no policy") {
		t.Error(got.body)
	}
	h.must(200, "max", "PATCH", "/policies/p", `{"levels":[{"targets":["rita"],"wait":"5m"},{"targets":["ada"]}]}`)
	r = h.must(201, "rita", "POST", "/incidents", `{"title":"A small thing","service":"db","severity":"SEV5"}`)
	if _, err := h.engine.Step(t.Context(), h.engine.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	got = h.must(200, "rita", "GET", "/incidents/"+r.field("id").(string)+"/why?person=ada", "")
	if got.field("summary") != "Ada was not called: low priority calls the first level only, and they stand on level 2 (by name)." {
		t.Error(got.body)
	}
}

func TestNotesAreMarkdown(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("db", "Disk full"))
	h.must(200, "rita", "POST", "/incidents/"+id+"/notes", `{"text":"**full** <b>x</b>"}`)
	lines := h.must(200, "rita", "GET", "/incidents/"+id+"/timeline", "").body
	want := `"html":"<p><strong>full</strong> &lt;b&gt;x&lt;/b&gt;</p>\n"`
	if !strings.Contains(lines, want) {
		t.Error(lines)
	}
	if r := h.must(200, "stine", "POST", "/markdown", `{"text":"*so*"}`); r.field("html") != "<p><em>so</em></p>\n" {
		t.Error(r.body)
	}
}

package v1_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func applied(yaml, more string) string {
	text, _ := json.Marshal(yaml)
	return `{"yaml":` + string(text) + more + `}`
}

func TestApply(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		file := h.must(200, "ada", "GET", "/export", "").field("yaml").(string)
		if strings.Contains(file, "never-to-be-seen") || !strings.Contains(file, "ada-at-home") {
			t.Error(file)
		}
		more := file + "heartbeats: [{id: backup, every: 24h, integration: prom}]\n"
		more = strings.Replace(more, "integrations:\n", "integrations:\n  - {id: hooks, source: generic, service: db}\n", 1)
		plan := h.must(200, "ada", "POST", "/apply", applied(more, `,"plan":true`))
		for _, want := range []string{`{"do":"create","kind":"integration","id":"hooks","version":1,"source":"generic","pending":true}`, `{"do":"create","kind":"heartbeat","id":"backup","version":1}`} {
			if !strings.Contains(plan.body, want) {
				t.Errorf("%s is not in\n%s", want, plan.body)
			}
		}
		h.refused(404, "nothing here", "ada", "GET", "/integrations/hooks", "")
		done := h.must(200, "ada", "POST", "/apply", applied(more, ``))
		if strings.Contains(done.body, "pending") || !strings.Contains(done.body, `"secret":"`) {
			t.Error(done.body)
		}
		again := h.must(200, "ada", "POST", "/apply", applied(more, ``))
		if strings.Contains(again.body, `"create"`) || strings.Contains(again.body, `"update"`) || strings.Contains(again.body, "secret") {
			t.Error(again.body)
		}
		pruned := h.must(200, "ada", "POST", "/apply", applied(file, `,"prune":true,"plan":true`))
		if !strings.Contains(pruned.body, `{"do":"retire","kind":"integration","id":"hooks","version":2}`) {
			t.Error(pruned.body)
		}
		h.refused(422, `"3:5: people[0]: unknown field`, "ada", "POST", "/apply", applied("people:\n  - id: x\n    nam: X\n", ""))
		h.refused(422, `there is no person \"x\"`, "ada", "POST", "/apply", applied("teams: [{id: dba, members: [x]}]", ""))
		h.refused(403, "to administer is for an admin", "max", "POST", "/apply", applied(file, ``))
		h.refused(403, "to administer is for an admin", "max", "GET", "/export", "")
	})
}

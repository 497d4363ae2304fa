package v1_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// What paged for nothing is counted where it comes from, in the words of those it woke too.
func TestNoise(t *testing.T) { both(t, noiseOf) }

func noiseOf(t *testing.T, h *home) {
	h.must(200, "ada", "PUT", "/rules", `{"rules":[{"name":"disks","match":["kind=\"disk\""],"service":"db"},{"name":"never","match":["kind=\"moon\""],"service":"db"}]}`)
	hear := func(key string, action alert.Action, labels map[string]string) {
		ev := alert.Event{Action: action, Key: key, Title: key, Severity: org.SEV2, Labels: labels}
		if err := h.engine.Hear(t.Context(), "prom", []alert.Event{ev}, nil, h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	disk := map[string]string{"kind": "disk"}
	hear("sda", alert.Trigger, disk)
	id := h.must(200, "olaf", "GET", "/incidents?open=true", "").field("items.0.id").(string)
	h.refused(409, "not over yet", "rita", "POST", "/incidents/"+id+"/worth", `{"worth":true}`)
	h.must(200, "rita", "POST", "/incidents/"+id+"/acknowledge", "")
	hear("sda", alert.Resolve, disk)
	hear("sdb", alert.Trigger, disk)
	h.must(200, "rita", "POST", "/incidents/"+id+"/worth", `{"worth":true}`)
	r := h.must(200, "rita", "POST", "/incidents/"+id+"/worth", `{"worth":false,"why":"it always does that"}`)
	if r.field("incident.opinions.0.worth") != false || r.field("incident.opinions.0.person") != "rita" || r.field("said") != "it was not worth a page: it always does that" {
		t.Error(r.body)
	}
	r = h.must(200, "olaf", "GET", "/noise?by=rule", "")
	line := "lines.0."
	if r.field(line+"id") != `rule "disks"` || r.field(line+"alerts") != 2.0 || r.field(line+"incidents") != 2.0 || r.field(line+"pages") != 2.0 || r.field(line+"idle") != 1.0 ||
		r.field(line+"brief") != 1.0 || r.field(line+"not_worth") != 1.0 || r.field(line+"worth") != 0.0 || r.field("total.pages") != 2.0 || r.field("whole") != true {
		t.Error(r.body)
	}
	if r := h.must(200, "olaf", "GET", "/noise?by=service", ""); r.field("lines.0.id") != "db" || r.field("lines.0.name") != "Database" {
		t.Error(r.body)
	}
	if r := h.must(200, "olaf", "GET", "/noise?by=integration&to="+time.Now().UTC().AddDate(0, 0, -1).Format(time.RFC3339), ""); r.field("total.alerts") != 0.0 {
		t.Error(r.body)
	}
	h.refused(422, "query.from", "olaf", "GET", "/noise?from=2020-01-01T00:00:00Z", "")
	r = h.must(200, "olaf", "GET", "/noise/digest", "")
	if r.field("unmatched.0.name") != `rule "never"` || r.field("events") != 2.0 {
		t.Error(r.body)
	}
	h.refused(403, "", "stine", "GET", "/noise", "")

	h.must(200, "ada", "PATCH", "/services/db", `{"sift":{"threshold":{"count":2,"within":"5m"}}}`)
	fan := map[string]string{"kind": "disk", "host": "a"}
	hear("fan", alert.Trigger, fan)
	hear("fan", alert.Resolve, fan) // too seldom to count
	hear("fan", alert.Trigger, fan)
	id = h.must(200, "olaf", "GET", "/incidents?open=true&q=fan", "").field("items.0.id").(string)
	h.must(200, "rita", "POST", "/incidents/"+id+"/notes", `{"text":"a new fan"}`)
	if r := h.must(200, "olaf", "GET", "/noise/digest", ""); r.field("real.0.title") != "fan" || !strings.Contains(r.field("real.0.why").(string), "come and gone once before") {
		t.Error(r.body)
	}

	// What a severity asks for holds for what is opened by hand too, and is linted before it
	// is saved.
	h.must(200, "ada", "PATCH", "/settings", `{"matrix":{"severities":{"SEV4":{"priority":"high","update_every":"30m","roles":["commander"]}}}}`)
	r = h.must(201, "rita", "POST", "/incidents", `{"service":"db","title":"by hand","severity":"SEV4"}`)
	if r.field("priority") != "high" || r.field("update_every") != "30m" || r.field("roles.0") != "commander" {
		t.Error(r.body)
	}
	id = r.field("id").(string)
	r = h.must(200, "rita", "POST", "/incidents/"+id+"/severity", `{"severity":"SEV5","why":"only one"}`)
	if r.field("incident.roles") != nil || r.field("incident.update_every") != nil {
		t.Error(r.body)
	}
	r = h.must(200, "olaf", "POST", "/rules/lint", `{"matrix":{"severities":{"SEV5":{"priority":"high"}}}}`)
	if r.field("items.0.text") != "SEV5 is of high priority, and SEV4, which is worse, of low" {
		t.Error(r.body)
	}
	if r := h.must(200, "olaf", "POST", "/rules/lint", `{}`); r.field("items.0.text") != "SEV4 asks for an update every 30m, and SEV1, which is worse, for fewer" {
		t.Error(r.body)
	}
	h.must(200, "ada", "PATCH", "/settings", `{"catch_all":null}`)
	h.must(200, "olaf", "POST", "/rules/lint", `{"matrix":{}}`)
	h.refused(422, "matrix.rows[0]", "olaf", "POST", "/rules/lint", `{"matrix":{"rows":[{"severity":"SEV1"}]}}`)
}

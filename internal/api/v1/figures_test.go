package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/store"
	"tocsin/org"
)

// counts brings the figures up to date, as their follower does in a server.
func (h *home) counts() {
	h.t.Helper()
	keeper := follow.NewFigures(follow.Options{Store: h.store, Engine: h.engine})
	for whole := false; !whole; {
		if err := keeper.Step(h.t.Context(), h.engine.Now()); err != nil {
			h.t.Fatal(err)
		}
		err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
			s, err := engine.FigureStateOf(tx)
			whole = s.Whole()
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// figure is a number of a report, by its key.
func (r reply) figure(list, key, field string) any {
	for i := range 100 {
		at := fmt.Sprintf("%s.%d.", list, i)
		if k := r.field(at + "key"); k == key {
			return r.field(at + field)
		} else if k == nil {
			break
		}
	}
	return nil
}

// What an incident came to stands in the reports, with what it is made of; the figures of
// somebody are theirs and their managers'.
func TestFigures(t *testing.T) { both(t, figuresOf) }

func figuresOf(t *testing.T, h *home) {
	h.must(200, "ada", "PATCH", "/settings", `{"currency":"EUR","matrix":{"severities":{"SEV2":{"acknowledge":"5m","resolve":"1h"}}}}`)
	h.must(200, "ada", "PATCH", "/services/db", `{"cost_per_hour":3600}`)
	h.refused(422, "acknowledge", "ada", "PATCH", "/settings", `{"matrix":{"severities":{"SEV2":{"acknowledge":"2h","resolve":"1h"}}}}`)
	h.refused(422, "cost_per_hour", "ada", "PATCH", "/services/db", `{"cost_per_hour":-1}`)
	hear := func(key string, action alert.Action, service string) {
		t.Helper()
		ev := alert.Event{Action: action, Key: key, Title: key, Severity: org.SEV2, Labels: map[string]string{"service": service}}
		if err := h.engine.Hear(t.Context(), "prom", []alert.Event{ev}, nil, h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.must(200, "ada", "PUT", "/rules", `{"rules":[{"name":"hr","match":["service=\"hr\""],"service":"hr"}]}`)
	hear("sda", alert.Trigger, "db")
	hear("salaries", alert.Trigger, "hr")
	id := h.must(200, "olaf", "GET", "/incidents?open=true", "").field("items.0.id").(string)
	h.must(200, "rita", "POST", "/incidents/"+id+"/acknowledge", "")
	h.must(200, "rita", "POST", "/incidents/"+id+"/stage", `{"stage":"fix"}`)
	h.must(200, "rita", "POST", "/incidents/"+id+"/resolve", `{"why":"a new disk"}`)
	if r := h.must(200, "olaf", "GET", "/reports", ""); r.field("counted.whole") != false || r.figure("total", "incidents", "n") != 0.0 {
		t.Error(r.body)
	}
	h.counts()

	r := h.must(200, "olaf", "GET", "/reports?by=service&part=day&zone=Europe/Prague", "")
	for what, want := range map[[2]string]any{
		{"incidents", "n"}: 1.0, {"incidents", "before"}: 0.0, {"acknowledge", "n"}: 1.0, {"acknowledge", "before"}: nil, {"alarms", "value"}: 1.0, {"fix", "n"}: 1.0,
		{"acknowledged_in_time", "value"}: 1.0, {"acknowledged_in_time", "of"}: 1.0, {"resolved_in_time", "n"}: 1.0, {"actionable", "value"}: 1.0, {"open", "n"}: 0.0,
	} {
		if got := r.figure("total", what[0], what[1]); got != want {
			t.Errorf("%v: %v, want %v", what, got, want)
		}
	}
	if lasted, cost := r.figure("total", "downtime", "value").(float64), r.figure("total", "cost", "value").(float64); lasted <= 0 || lasted > 60 || cost < lasted-0.02 || cost > lasted+0.02 {
		t.Errorf("open for %v s at an EUR each: %v", lasted, cost)
	}
	if r.field("lines.0.id") != "db" || r.field("lines.0.name") != "Database" || r.field("lines.1.id") != nil || r.field("currency") != "EUR" || r.field("counted.whole") != true {
		t.Error(r.body) // what is sensitive is not for olaf
	}
	if r := h.must(200, "rita", "GET", "/reports?by=service", ""); r.figure("total", "incidents", "n") != 2.0 {
		t.Error(r.body)
	}
	if r := h.must(200, "olaf", "GET", "/reports?service=site", ""); r.figure("total", "incidents", "n") != 0.0 || r.figure("total", "resolve", "value") != nil {
		t.Error(r.body)
	}

	r = h.must(200, "olaf", "GET", "/reports/counted?figure=resolve", "")
	if r.field("n") != 1.0 || r.field("items.0.id") != id || r.field("items.0.title") != "sda" || r.field("items.0.status") != "resolved" || r.field("figure.unit") != "s" {
		t.Error(r.body)
	}
	if r := h.must(200, "olaf", "GET", "/reports/counted?figure=resolved_in_time&not=true", ""); r.field("n") != 0.0 {
		t.Error(r.body)
	}
	h.refused(422, "query.figure", "olaf", "GET", "/reports/counted?figure=luck", "")
	h.refused(422, "query.not", "olaf", "GET", "/reports/counted?figure=incidents&not=true", "")
	h.refused(422, "query.figure", "olaf", "GET", "/reports/counted?figure=incidents&person=rita", "")
	h.refused(422, "query.from", "olaf", "GET", "/reports?from=2001-01-01T00:00:00Z", "")
	h.refused(422, "query.part", "olaf", "GET", "/reports?part=hour", "")
	h.refused(403, "", "stine", "GET", "/reports", "")

	r = h.must(200, "olaf", "GET", "/reports/file?by=service&part=week", "")
	sheet := strings.Split(r.field("csv").(string), "\r\n")
	if !strings.HasPrefix(sheet[0], "what,id,name,from,until,incidents,open") || !strings.HasPrefix(sheet[1], "total,,,") || !strings.HasPrefix(sheet[2], "service,db,Database,") || !strings.HasPrefix(sheet[3], "week,") {
		t.Error(r.body)
	}

	if r := h.must(200, "olaf", "GET", "/reports/paper?by=service&service=db", ""); !strings.HasPrefix(r.body, "%PDF-") || r.head.Get("Content-Type") != "application/pdf" || len(r.body) < 5000 {
		t.Errorf("%s, %d bytes: %.40q", r.head.Get("Content-Type"), len(r.body), r.body)
	}

	// Whose figures are whose.
	for who, sees := range map[string]string{"rita": "rita", "max": "max rita", "otto": "", "ada": "max rita", "olaf": ""} {
		r := h.must(200, who, "GET", "/reports/people", "")
		var people []string
		for i := range 5 {
			if p, ok := r.field(fmt.Sprintf("people.%d.id", i)).(string); ok {
				people = append(people, p)
			}
		}
		if got := strings.Join(people, " "); got != sees && got != strings.Join(reversed(strings.Fields(sees)), " ") {
			t.Errorf("%s sees %q, want %q: %s", who, got, sees, r.body)
		}
		if kept, _ := r.field("kept").(float64); int(kept) != 2-len(people) {
			t.Errorf("%s: %v are kept, and %d seen", who, kept, len(people))
		}
	}
	due := h.engine.Now().Add(200 * time.Millisecond).UTC().Format(time.RFC3339Nano)
	h.must(200, "max", "POST", fmt.Sprintf("/incidents/%v/actions", id), `{"title":"A larger disk","owner":"rita","due":"`+due+`"}`)
	h.must(201, "ada", "POST", "/runbooks", `{"id":"disk","name":"Disk","team":"dba","owner":"rita","text":"## Look"}`)
	time.Sleep(250 * time.Millisecond)
	for who, sees := range map[string]bool{"rita": true, "max": true, "otto": false} {
		r := h.must(200, who, "GET", "/reports/people/burden", "")
		stale, overdue := 0.0, 0.0
		for i := range 9 {
			if p := fmt.Sprintf("people.%d.", i); r.field(p+"id") == "rita" {
				stale, overdue = r.field(p+"stale").(float64), r.field(p+"overdue").(float64)
			}
		}
		if (stale == 1 && overdue == 1) != sees {
			t.Errorf("%s sees of rita %v stale, %v overdue: %s", who, stale, overdue, r.body)
		}
	}
	h.refused(422, "query.from", "max", "GET", "/reports/people/burden?from=2020-01-01T00:00:00Z", "")
	r = h.must(200, "rita", "GET", "/reports/people?members=dba", "")
	one := "people.0."
	if r.field(one+"called") != 2.0 || r.field(one+"answered") != 1.0 || r.field(one+"levels.0.level") != 1.0 || r.field(one+"levels.0.called") != 2.0 || r.field("all.called") != 2.0 || r.field("teams.0.id") != "dba" {
		t.Error(r.body)
	}
	if r := h.must(200, "otto", "GET", "/reports/people?members=web", ""); r.field("all.called") != 0.0 {
		t.Error(r.body)
	}
	if r := h.must(200, "max", "GET", "/reports/counted?figure=answered&person=rita&level=1", ""); r.field("n") != 1.0 || r.field("items.0.id") != id {
		t.Error(r.body)
	}
	h.refused(403, "rita", "otto", "GET", "/reports/counted?figure=answered&person=rita", "")
	if r := h.must(200, "otto", "GET", "/reports/counted?figure=answered&members=dba", ""); r.field("n") != 1.0 {
		t.Error(r.body)
	}
	if r := h.must(200, "max", "GET", "/reports/people/file", ""); !strings.Contains(r.field("csv").(string), "\r\nperson,rita,Rita,1,") {
		t.Error(r.body)
	}

	// Each has reports of their own, apart from the views of the list.
	h.must(200, "rita", "PUT", "/reports/views", `{"views":[{"name":"Databases","query":"/reports?team=dba"}]}`)
	h.refused(422, "views[1].name", "rita", "PUT", "/reports/views", `{"views":[{"name":"a","query":""},{"name":"a","query":"b"}]}`)
	if h.must(200, "rita", "GET", "/reports/views", "").field("views.0.name") != "Databases" || h.must(200, "rita", "GET", "/me/views", "").field("views.0") != nil {
		t.Error("the reports of rita")
	}
	if r := h.must(200, "olaf", "GET", "/reports/definitions", ""); r.field("items.0.key") != "incidents" || r.field("items.0.sentence") == "" {
		t.Error(r.body)
	}

	// Everything anew is the same again.
	h.refused(403, "admin", "max", "POST", "/reports/recount", "")
	h.must(204, "ada", "POST", "/reports/recount", "")
	if r := h.must(200, "olaf", "GET", "/reports", ""); r.field("counted.whole") != false {
		t.Error(r.body)
	}
	h.counts()
	if r := h.must(200, "rita", "GET", "/reports", ""); r.figure("total", "incidents", "n") != 2.0 || r.field("counted.whole") != true {
		t.Error(r.body)
	}
}

func reversed(in []string) (out []string) {
	for i := range in {
		out = append(out, in[len(in)-1-i])
	}
	return out
}

// The goal: reports over 200,000 incidents in under half a second.
const reportGoal = 500 * time.Millisecond

func BenchmarkReports(b *testing.B) {
	bothLarge(b, func(b *testing.B, l *large) {
		l.t = b
		began := time.Now()
		l.counts()
		b.Logf("counted for the first time in %s", time.Since(began).Round(time.Second))
		from := l.engine.Now().Add(-manyIncidents*apart - time.Hour).Format(time.RFC3339)
		for _, c := range []struct{ name, path string }{
			{"all", "/reports?from=" + from},
			{"by service, by week", "/reports?by=service&part=week&from=" + from},
			{"by team, by day", "/reports?by=team&part=day&from=" + l.engine.Now().Add(-manyIncidents*apart/2).Format(time.RFC3339)},
			{"one service", "/reports?service=s01&part=month&from=" + from},
			{"people", "/reports/people?from=" + from},
			{"counted", "/reports/counted?figure=resolve&from=" + from},
			{"28 days", "/reports?by=service&part=day"},
		} {
			b.Run(c.name, func(b *testing.B) {
				l.measureWithin(b, always(c.path), reportGoal)
			})
		}
	})
}

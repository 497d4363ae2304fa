package v1_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/org"
)

func (h *home) calendar(url string, head ...string) (int, string, string) {
	r := httptest.NewRequest("GET", url, nil)
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Result().Header.Get("ETag")
}

// A calendar is read by its address alone, until it is revoked or its owner leaves.
func TestCalendars(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		day := pair(h)
		made := h.must(201, "rita", "POST", "/calendars", `{"kind":"person"}`)
		url := made.field("url").(string)
		status, body, etag := h.calendar(url)
		stamp := strings.NewReplacer("-", "", ":", "").Replace(day(2))
		if status != 200 || !strings.Contains(body, "DTSTART:"+stamp+"\r\n") || !strings.Contains(body, "SUMMARY:Rita: Pair\r\n") || strings.Contains(body, "Max") {
			t.Fatalf("%d %s", status, body)
		}
		if status, body, _ := h.calendar(url, "If-None-Match", etag); status != 304 || body != "" {
			t.Errorf("unchanged: %d %s", status, body)
		}
		if status, _, _ := h.calendar(url + "x"); status != 404 {
			t.Errorf("another address: %d", status)
		}
		schedule := h.must(201, "rita", "POST", "/calendars", `{"kind":"schedule","of":"pair"}`).field("url").(string)
		team := h.must(201, "rita", "POST", "/calendars", `{"kind":"team","of":"dba"}`).field("url").(string)
		for url, want := range map[string]string{schedule: "SUMMARY:Max: Pair", team: "SUMMARY:Max: Schedule"} {
			if _, body, _ := h.calendar(url); !strings.Contains(body, want) {
				t.Errorf("no %q in %s", want, body)
			}
		}
		h.refused(422, "body.of", "rita", "POST", "/calendars", `{"kind":"team","of":"none"}`)
		if r := h.must(200, "rita", "GET", "/calendars", ""); r.items() != 3 || strings.Contains(r.body, "/ical/") {
			t.Errorf("%s", r.body)
		}
		if r := h.must(200, "max", "GET", "/calendars", ""); r.items() != 0 {
			t.Errorf("others' calendars: %s", r.body)
		}
		id := "/calendars/" + made.field("id").(string)
		h.must(404, "otto", "DELETE", id, "")
		h.must(204, "rita", "DELETE", id, "")
		if status, _, _ := h.calendar(url); status != 404 {
			t.Errorf("revoked: %d", status)
		}
		h.configure(map[string]any{"person/rita": org.Person{ID: "rita", Name: "Rita", Role: org.Stakeholder}})
		if status, _, _ := h.calendar(schedule); status != 404 {
			t.Errorf("who may no longer see schedules: %d", status)
		}
	})
}

// A calendar comes in as layers, as overrides or as time off; what came before from one is
// replaced, what is not understood is told, and a plan changes nothing.
func TestCalendarIn(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		day := pair(h)
		stamp := func(n int) string { return strings.NewReplacer("-", "", ":", "").Replace(day(n)) }
		ics := func(summary string, n int) string {
			return `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:` + summary + `\r\nDTSTART:` + stamp(n) + `\r\nDURATION:P1D\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Somebody else\r\nDTSTART:` + stamp(n) + `\r\nDURATION:P1D\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`
		}
		send := func(as, more, summary string, n int) reply {
			t.Helper()
			return h.must(200, "max", "POST", "/schedules/pair/import", `{"as":"`+as+`","ics":"`+ics(summary, n)+`"`+more+`}`)
		}
		r := send("overrides", `,"plan":true`, "Max: on call", 2)
		if r.field("overrides") != 1.0 || !strings.Contains(r.body, "nobody is known by") || h.noon(day(2)) != "[rita]" || r.field("preview.changes.0.on") == nil {
			t.Errorf("a plan: %s", r.body)
		}
		send("overrides", "", "Max: on call", 2)
		if got := h.noon(day(2)); got != "[max]" {
			t.Errorf("as an override: %s", got)
		}
		send("overrides", "", "max", 4)
		if got := h.noon(day(2)) + h.noon(day(4)); got != "[rita][max]" {
			t.Errorf("replaced: %s", got)
		}
		send("overrides", `,"people":{"the boss":"max"}`, "the boss", 2)
		if got := h.noon(day(2)); got != "[max]" {
			t.Errorf("by another name: %s", got)
		}
		send("overrides", "", "stranger", 2)
		send("layers", "", "[L5] Max", 2)
		if got := h.noon(day(2)) + h.noon(day(4)); got != "[max][rita]" {
			t.Errorf("as a layer: %s", got)
		}
		r = send("time_off", "", "Rita", 6)
		send("time_off", "", "Rita", 6)
		if off := h.must(200, "olaf", "GET", "/time-off?from="+day(0), ""); off.items() != 1 || off.field("items.0.person") != "rita" || off.field("items.0.from") != day(6) {
			t.Errorf("as time off: %s\n%s", r.body, off.body)
		}
		h.refused(422, "body.ics", "max", "POST", "/schedules/pair/import", `{"as":"layers","ics":"<html>"}`)
		h.refused(403, "manager", "rita", "POST", "/schedules/pair/import", `{"as":"layers","ics":"`+ics("max", 1)+`"}`)
	})
}

// The calendars that a schedule takes in by address: their address is not shown again, and
// only who may change the schedule changes them.
func TestFollowedCalendars(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		pair(h)
		at := "/schedules/pair/calendars"
		for body, field := range map[string]string{
			`{"url":"ftp://example.org/a.ics","as":"layers"}`:                           "body.url",
			`{"url":"https://u:p@example.org/a.ics","as":"layers"}`:                     "body.url",
			`{"url":"https://example.org/a.ics","as":"songs"}`:                          "body.as",
			`{"url":"https://example.org/a.ics","as":"layers","every":"1m"}`:            "body.every",
			`{"url":"https://example.org/a.ics","as":"layers","zone":"Nowhere"}`:        "body.zone",
			`{"url":"https://example.org/a.ics","as":"layers","people":{"x":"nobody"}}`: "body.people",
		} {
			h.refused(422, field, "max", "POST", at, body)
		}
		h.refused(403, "manager", "rita", "POST", at, `{"url":"https://example.org/a.ics","as":"layers"}`)
		made := h.must(201, "max", "POST", at, `{"url":"webcal://example.org/private-secret.ics","as":"overrides","people":{"R. C.":"rita"}}`)
		list := h.must(200, "olaf", "GET", at, "")
		if list.items() != 1 || list.field("items.0.host") != "example.org" || strings.Contains(made.body+list.body, "secret") || list.field("items.0.every") != "15m" {
			t.Errorf("%s", list.body)
		}
		one := at + "/" + made.field("id").(string)
		h.must(200, "max", "POST", one+"/poll", "")
		h.must(404, "max", "POST", "/schedules/s/calendars/"+made.field("id").(string)+"/poll", "")
		h.refused(403, "manager", "rita", "DELETE", one, "")
		h.must(204, "max", "DELETE", one, "")
		h.must(404, "max", "DELETE", one, "")
		if list := h.must(200, "olaf", "GET", at, ""); list.items() != 0 {
			t.Errorf("%s", list.body)
		}
	})
}

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

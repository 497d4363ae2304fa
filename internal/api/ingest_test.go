package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tocsin/alert"
)

// What senders may say wrongly: refused in their dialect or kept, never lost and never
// a fault of ours.
func TestBadInput(t *testing.T) {
	const pd, am, gn = "/v2/enqueue", "/in/alertmanager/" + alertmanagerKey, "/generic/" + genericKey
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	with := func(old, new string) string { return strings.Replace(event, old, new, 1) }
	big := strings.Repeat("x", 600<<10)
	for _, c := range []struct {
		name, path, body string
		gzip             bool
		status           int
		says             string
		kept, unreadable int
	}{
		{"pagerduty: good", pd, event, false, 202, `"dedup_key":"k1"`, 1, 0},
		{"pagerduty: gzip", pd, event, true, 202, `"dedup_key":"k1"`, 1, 0},
		{"pagerduty: unknown fields", pd, with(`{"routing`, `{"x":{"y":[1]},"routing`), false, 202, `success`, 1, 0},
		{"pagerduty: invalid UTF-8", pd, with("is down", "is \xff down"), false, 202, `success`, 1, 0},
		{"pagerduty: number for text", pd, with(`"source":"db-1"`, `"source":7`), false, 202, `success`, 1, 0},
		{"pagerduty: empty", pd, "", false, 400, "Unrecognized object", 0, 0},
		{"pagerduty: truncated, key readable", pd, event[:120], false, 400, "Unrecognized object", 1, 1},
		{"pagerduty: truncated, key not readable", pd, event[:20], false, 400, "Unrecognized object", 0, 0},
		{"pagerduty: wrong type", pd, `[1]`, false, 400, "Unrecognized object", 0, 0},
		{"pagerduty: deep", pd, with(`"source":"db-1"`, `"source":"db-1","custom_details":`+deep), false, 400, "Unrecognized object", 1, 1},
		{"pagerduty: no key", pd, `{"event_action":"trigger"}`, false, 400, `'routing_key' is missing or blank`, 0, 0},
		{"pagerduty: key of wrong length", pd, with(pagerdutyKey, "abc"), false, 400, `Length of 'routing_key' is incorrect`, 0, 0},
		{"pagerduty: unknown key", pd, with(pagerdutyKey, strings.Repeat("f", 32)), false, 400, `'routing_key' is unknown`, 0, 0},
		{"pagerduty: key of another sort", pd, with(pagerdutyKey, alertmanagerKey), false, 400, `expects alertmanager`, 0, 0},
		{"pagerduty: bad severity", pd, with("critical", "terrible"), false, 400, `'payload.severity' is invalid`, 0, 0},
		{"pagerduty: over the limit", pd, with("db-1 is down", big), false, 413, `"message":"Request Entity Too Large"`, 0, 0},
		{"pagerduty: bomb", pd, with("db-1 is down", strings.Repeat(big, 20)), true, 413, `"status":"error"`, 0, 0},
		{"pagerduty: in the path", "/in/pagerduty/" + pagerdutyKey, event, false, 202, `success`, 1, 0},
		{"pagerduty: in the path, unreadable", "/in/pagerduty/" + pagerdutyKey, `{`, false, 400, `Unrecognized object`, 1, 1},
		{"alertmanager: good", am, group, false, 202, `{"status":"accepted","events":2}`, 2, 0},
		{"alertmanager: gzip", am, group, true, 202, `"events":2`, 2, 0},
		{"alertmanager: empty", am, "", false, 202, `"events":0,"errors":["`, 1, 1},
		{"alertmanager: no alerts", am, `{"alerts":[]}`, false, 202, `"events":0}`, 0, 0},
		{"alertmanager: truncated", am, group[:90], false, 202, `"events":0,"errors":["`, 1, 1},
		{"alertmanager: deep", am, deep, false, 202, `"events":0,"errors":["`, 1, 1},
		{"alertmanager: one bad element", am, strings.Replace(group, `"alerts":[`, `"alerts":[7,`, 1), false, 202, `"events":2,"errors":["`, 3, 1},
		{"alertmanager: key of another sort", "/in/alertmanager/" + genericKey, group, false, 404, `"title":"Not Found"`, 0, 0},
		{"alertmanager: unknown key", "/in/alertmanager/nobody", group, false, 404, `"title":"Not Found"`, 0, 0},
		{"alertmanager: over the limit", am, strings.Repeat("x", 9<<20), false, 413, `"status":413`, 0, 0},
		{"alertmanager: bomb", am, strings.Repeat("x", 30<<20), true, 413, `"status":413`, 0, 0},
		{"no such source", "/in/nagios/" + genericKey, group, false, 404, `"title":"Not Found"`, 0, 0},
		{"generic: good", gn, `{"title":"disk full","severity":"critical"}`, false, 202, `"events":1}`, 1, 0},
		{"generic: unreadable", gn, `<xml/>`, false, 202, `"events":0,"errors":["`, 1, 1},
		{"generic: one event over the limit", gn, `{"title":"disk full","text":"` + big + `"}`, false, 413, `"status":413`, 0, 0},
		{"generic: a list over an event's limit", gn, `[{"title":"disk full","text":"` + big + `"},{"title":"disk fine"}]`, false, 202, `"events":2`, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			var head []string
			if c.gzip {
				c.body, head = zipped(c.body), []string{"Content-Encoding", "gzip"}
			}
			head = append(head, "Content-Type", "application/json")
			w := h.do("POST", c.path, c.body, head...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("answered %d %s\nwant %d with %s", w.Code, w.Body, c.status, c.says)
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("not JSON: %s", w.Body)
			}
			all, bad := h.waiting(), 0
			for _, heard := range all {
				if heard.Event.Action == alert.Unreadable {
					bad++
					if want := c.body[:min(len(c.body), maxEvent)]; string(heard.Raw) != want {
						t.Errorf("kept %d bytes of the body, want %d", len(heard.Raw), len(want))
					}
				}
			}
			if len(all) != c.kept || bad != c.unreadable {
				t.Errorf("kept %d events, %d of them unreadable; want %d, %d", len(all), bad, c.kept, c.unreadable)
			}
			if held := h.http.(*server).ingest.memory.held.Load(); held != 0 {
				t.Errorf("%d bytes are still counted", held)
			}
		})
	}
}

// What is compressed in a way we cannot undo is kept as it came.
func TestUnreadableCompression(t *testing.T) {
	h := open(t)
	for _, head := range [][]string{{"Content-Encoding", "gzip"}, {"Content-Encoding", "br"}} {
		w := h.do("POST", "/in/alertmanager/"+alertmanagerKey, "\x1f\x8bnonsense", head...)
		if w.Code != 202 || !strings.Contains(w.Body.String(), "errors") {
			t.Errorf("%s: %d %s", head[1], w.Code, w.Body)
		}
	}
	if all := h.waiting(); len(all) != 2 || string(all[0].Raw) != "\x1f\x8bnonsense" {
		t.Errorf("kept %v", all)
	}
}

// A trigger without a key gets one of its own, which its sender is told.
func TestGeneratedKey(t *testing.T) {
	h := open(t)
	seen := map[string]bool{}
	for range 3 {
		w := h.do("POST", "/v2/enqueue/", strings.Replace(event, `"dedup_key":"k1",`, "", 1))
		var said struct {
			Key string `json:"dedup_key"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != 202 || len(said.Key) != 32 || seen[said.Key] {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		seen[said.Key] = true
	}
	for _, heard := range h.waiting() {
		if !seen[heard.Event.Key] {
			t.Errorf("stored under %q, which nobody was told", heard.Event.Key)
		}
	}
}

// When the database cannot write, senders are asked to come back, and they are told
// success only for what is there.
func TestDatabaseFails(t *testing.T) {
	h := open(t)
	h.do("POST", "/v2/enqueue", event) // the configuration has been read
	h.fault = errors.New("disk full")
	for path, body := range map[string]string{
		"/v2/enqueue": event, "/in/alertmanager/" + alertmanagerKey: group, "/generic/" + genericKey: `{`,
	} {
		w := h.do("POST", path, body)
		if w.Code != 503 || w.Header().Get("Retry-After") != "5" || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if n := len(h.waiting()); n != 1 {
		t.Errorf("%d events are kept, want the one of before", n)
	}
	h.fault = nil
	if w := h.do("POST", "/v2/enqueue", event); w.Code != 202 {
		t.Errorf("after the fault: %d", w.Code)
	}
}

// Bodies have so much memory and no more; it comes back.
func TestMemory(t *testing.T) {
	h := open(t)
	m := &h.http.(*server).ingest.memory
	m.held.Add(maxMemory)
	if w := h.do("POST", "/in/alertmanager/"+alertmanagerKey, group); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("without memory: %d", w.Code)
	}
	m.held.Add(-maxMemory)
	if w := h.do("POST", "/in/alertmanager/"+alertmanagerKey, group); w.Code != 202 {
		t.Errorf("with memory: %d", w.Code)
	}
}

// stalled is a body that stops in the middle.
type stalled struct{ err error }

func (s stalled) Read(p []byte) (int, error) { return 0, s.err }

func TestBodyThatStops(t *testing.T) {
	h := open(t)
	for err, status := range map[error]int{os.ErrDeadlineExceeded: 408, io.ErrUnexpectedEOF: 400} {
		r := httptest.NewRequest("POST", "/v2/enqueue", io.MultiReader(strings.NewReader(event[:150]), stalled{err}))
		w := httptest.NewRecorder()
		h.http.ServeHTTP(w, r)
		if w.Code != status || w.Header().Get("Connection") != "close" {
			t.Errorf("%v: %d", err, w.Code)
		}
	}
	if n := len(h.waiting()); n != 0 {
		t.Errorf("%d events are kept of bodies that will be sent again", n)
	}
}

// Over a real connection, many at once: every 202 is on disk.
func TestManyAtOnce(t *testing.T) {
	h := open(t)
	s := httptest.NewServer(h.http)
	defer s.Close()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				body := strings.Replace(event, `"k1"`, `"k`+string(rune('a'+i))+string(rune('a'+j))+`"`, 1)
				res, err := http.Post(s.URL+"/v2/enqueue", "application/json", bytes.NewReader([]byte(body)))
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != 202 {
					t.Error(res.Status)
				}
			}
		})
	}
	all.Wait()
	if n := len(h.waiting()); n != 160 {
		t.Errorf("%d events, want 160", n)
	}
}

// The shapes of PagerDuty's own description of its API.
func TestPagerDutyShapes(t *testing.T) {
	dir := os.Getenv("TOCSIN_SPECS")
	if dir == "" {
		t.Skip("TOCSIN_SPECS names no folder with pagerduty-events-v2-openapi3.json")
	}
	text, err := os.ReadFile(filepath.Join(dir, "pagerduty-events-v2-openapi3.json"))
	if err != nil {
		t.Fatal(err)
	}
	type shape struct {
		Content map[string]struct {
			Schema struct {
				Properties map[string]struct{ Type string }
				Required   []string
			}
		}
	}
	var spec struct {
		Components struct{ Responses map[string]shape }
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	h := open(t)
	for body, name := range map[string]string{event: "Success", "{": "Error", `{}`: "Error", event[:120]: "Error"} {
		w := h.do("POST", "/v2/enqueue", body)
		schema := spec.Components.Responses[name].Content["application/json"].Schema
		if len(schema.Properties) == 0 {
			t.Fatalf("the description has no %s", name)
		}
		var said map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		for _, field := range schema.Required {
			if said[field] == nil {
				t.Errorf("%d %s: %s is required", w.Code, w.Body, field)
			}
		}
		for field, v := range said {
			p, known := schema.Properties[field]
			_, list := v.([]any)
			if !known || list != (p.Type == "array") {
				t.Errorf("%d %s: %s is not in the description like this", w.Code, w.Body, field)
			}
		}
	}
}

// Whatever comes, it is not our fault.
func FuzzEnqueue(f *testing.F) {
	for _, seed := range []string{event, group, "{", event[:120], `{"routing_key":"` + pagerdutyKey + `"}`, `[{"title":"x"}]`, zipped(event)} {
		for door := range 4 {
			f.Add(uint8(door), []byte(seed))
		}
	}
	h := open(f)
	doors := []string{"/v2/enqueue", "/in/alertmanager/" + alertmanagerKey, "/generic/" + genericKey, "/in/pagerduty/" + pagerdutyKey}
	f.Fuzz(func(t *testing.T, door uint8, body []byte) {
		var head []string
		if door&4 != 0 {
			head = []string{"Content-Encoding", "gzip"}
		}
		w := h.do("POST", doors[door&3], string(body), head...)
		if w.Code >= 500 || w.Code < 200 || w.Code >= 300 && w.Code < 400 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

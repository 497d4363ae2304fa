package source

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/org"
)

const pagerDutyBody = `{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger","dedup_key":"srv01/HTTP",
 "client":"Monitor","client_url":"https://monitor.example",
 "payload":{"summary":"HTTP down on srv01","source":"srv01","severity":"error","timestamp":"2026-11-23T02:13:00.500+0000",
  "component":"nginx","group":"prod","class":"http","custom_details":{"ping":{"avg":"1500ms","max":9},"load":0.75,"hosts":["a","b"],"note":null}},
 "images":[{"src":"https://img.example/a.png","href":"https://img.example/a","alt":"graph"},{"src":"javascript:alert(1)"}],
 "links":[{"href":"https://wiki.example/http","text":"how to"},{"href":"javascript:alert(1)"}]}`

func TestPagerDuty(t *testing.T) {
	events, err := PagerDuty{}.Parse(nil, []byte(pagerDutyBody))
	if err != nil {
		t.Fatal(err)
	}
	want := []alert.Event{{
		Action:   alert.Trigger,
		Key:      "srv01/HTTP",
		Title:    "HTTP down on srv01",
		Severity: org.SEV2,
		Labels:   map[string]string{"source": "srv01", "component": "nginx", "group": "prod", "class": "http", "severity": "error"},
		Details:  map[string]string{"ping.avg": "1500ms", "ping.max": "9", "load": "0.75", "hosts": `["a","b"]`, "client": "Monitor"},
		Links: []alert.Link{{Href: "https://wiki.example/http", Text: "how to"},
			{Href: "https://img.example/a.png", Text: "graph", Image: true},
			{Href: "https://img.example/a", Text: "graph"}, {Href: "https://monitor.example", Text: "Monitor"}},
		At: time.Date(2026, 11, 23, 2, 13, 0, 500e6, time.UTC),
	}}
	if d := cmp.Diff(want, events); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got := RoutingKey([]byte(pagerDutyBody)); got != "0123456789abcdef0123456789abcdef" {
		t.Errorf("routing key %q", got)
	}
}

func TestPagerDutyCaptured(t *testing.T) {
	events, err := PagerDuty{}.Parse(nil, captured(t, "pagerduty_alertmanager.json"))
	if err != nil || len(events) != 1 || events[0].Severity != org.SEV1 || events[0].Title != "[FIRING:2] DiskFull eu1 (/dev/sda1 critical)" {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestPagerDutyIsMild(t *testing.T) {
	for name, body := range map[string]string{
		"numeric source":         `{"event_action":"trigger","payload":{"summary":"s","source":1,"severity":"critical"}}`,
		"capitals":               `{"event_action":"Trigger","payload":{"summary":"s","source":"x","severity":"Critical"}}`,
		"long summary":           `{"event_action":"trigger","payload":{"summary":"` + strings.Repeat("ä", 3000) + `","source":"x","severity":"info"}}`,
		"resolve with a payload": `{"event_action":"resolve","dedup_key":"k","payload":{"summary":"s"},"images":[],"links":[]}`,
		"odd leaves":             `{"event_action":"trigger","links":"x","images":{"src":3},"client":[],"payload":{"summary":"s","source":{"host":"x"},"severity":"info","timestamp":"yesterday","custom_details":"text"}}`,
		"payload of a resolve":   `{"event_action":"resolve","dedup_key":5,"payload":"none"}`,
		"unknown fields":         `{"event_action":"acknowledge","dedup_key":"k","x":{"y":[1,2,{}]}}`,
	} {
		events, err := PagerDuty{}.Parse(nil, []byte(body))
		if err != nil || len(events) != 1 {
			t.Errorf("%s: %+v, %v", name, events, err)
			continue
		}
		sound(t, events[0])
	}
}

func TestPagerDutyRefuses(t *testing.T) {
	const badSeverity = "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
	for _, c := range []struct{ body, want string }{
		{`{}`, "'event_action' is missing or blank"},
		{`{"event_action":"open"}`, "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"},
		{`{"event_action":"note","dedup_key":"k"}`, "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"},
		{`{"event_action":"trigger"}`, "'payload' is missing or blank"},
		{`{"event_action":"trigger","payload":"x"}`, "'payload.summary' is missing or blank|'payload.source' is missing or blank|'payload.severity' is missing or blank"},
		{`{"event_action":"trigger","payload":{}}`, "'payload.summary' is missing or blank|'payload.source' is missing or blank|'payload.severity' is missing or blank"},
		{`{"event_action":"trigger","payload":{"summary":" ","source":"s","severity":"high"}}`, "'payload.summary' is missing or blank|" + badSeverity},
		{`{"event_action":"resolve"}`, "'dedup_key' is missing or blank"},
		{`{"event_action":"acknowledge","dedup_key":""}`, "'dedup_key' is missing or blank"},
	} {
		events, err := PagerDuty{}.Parse(nil, []byte(c.body))
		var invalid *Invalid
		if !errors.As(err, &invalid) || len(events) > 0 {
			t.Errorf("%s: %+v, %v", c.body, events, err)
			continue
		}
		if got := strings.Join(invalid.Errors, "|"); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.body, got, c.want)
		}
	}
	for _, body := range []string{``, `nonsense`, `[]`, `"x"`, `7`, `{"event_action":`, strings.Repeat("[", 100), `{"a":` + strings.Repeat(`{"a":`, 70)} {
		var unreadable *Unreadable
		if events, err := (PagerDuty{}).Parse(nil, []byte(body)); !errors.As(err, &unreadable) || len(events) > 0 {
			t.Errorf("%.20s: %+v, %v", body, events, err)
		}
	}
}

func TestKeysAreHashedNotCut(t *testing.T) {
	long := strings.Repeat("k", 255)
	keys := map[string]bool{}
	for _, k := range []string{long, long + "1", long + "2", "a\x00", "a\uFFFD", alert.UnreadableKey, strings.Repeat("é", 255), strings.Repeat("é", 256)} {
		got := dedupKey(k)
		if keys[got] || got == "" {
			t.Errorf("%.10q… has the key %q of another", k, got)
		}
		keys[got] = true
	}
	if dedupKey(long) != long {
		t.Error("255 characters fit")
	}
	if dedupKey(" \t") != "" {
		t.Error("a blank key is none")
	}
}

func TestRoutingKey(t *testing.T) {
	for body, want := range map[string]string{
		`{"routing_key":"a"}`: "a",
		`{"payload":{"routing_key":"no"},"x":["routing_key","no"],"y":"routing_key", "routing_key" : "yes"}`: "yes",
		`{"x":"\"routing_key\":\"no\"","routing_key":"\u0061b"}`:                                             "ab",
		`{"routing_key":7}`:          "",
		`{"routing_key":"`:           "",
		`["routing_key"]`:            "",
		`{"a":{"routing_key":"no"}}`: "",
		``:                           "",
	} {
		if got := RoutingKey([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	for key, want := range map[string]string{
		"0123456789abcdef0123456789abcdeZ": "",
		"":                                 "'routing_key' is missing or blank",
		"12345678":                         "Length of 'routing_key' is incorrect (should be 32 characters)",
		"0123456789abcdef0123456789abcde-": "'routing_key' cannot contain non-alphanumeric characters.",
	} {
		if got := RoutingKeyFault(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

func FuzzPagerDuty(f *testing.F) {
	f.Add([]byte(pagerDutyBody))
	f.Add(captured(f, "pagerduty_alertmanager.json"))
	f.Add([]byte(`{"event_action":"resolve","dedup_key":5,"payload":"none"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzed(t, PagerDuty{}, nil, body)
		RoutingKey(body)
	})
}

func BenchmarkPagerDuty(b *testing.B) {
	body := []byte(`{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger","dedup_key":"load-000123","client":"bench",` +
		`"payload":{"summary":"Disk almost full on db01:9100","source":"db01","severity":"critical","component":"disk","group":"prod",` +
		`"class":"capacity","timestamp":"2026-11-23T02:13:00Z","custom_details":{"free":"2%","mount":"/var/lib","runbook":"https://runbooks.example/disk"}},` +
		`"links":[{"href":"https://graphs.example/d/1","text":"graph"}]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (PagerDuty{}).Parse(nil, body); err != nil {
			b.Fatal(err)
		}
	}
}

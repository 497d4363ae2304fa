package source

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
)

const pagerDutyV1Body = `{"service_key":"0123456789abcdef0123456789abcdef","event_type":"trigger","incident_key":"srv01/HTTP",
 "description":"HTTP down on srv01","client":"Monitor","client_url":"https://monitor.example","details":{"ping":"1500ms","load":0.75},
 "contexts":[{"type":"link","href":"https://wiki.example/http","text":"how to"},{"type":"image","src":"https://img.example/a.png","href":"https://img.example/a","alt":"graph"},{"type":"link","href":"javascript:alert(1)"},7]}`

func TestPagerDutyV1(t *testing.T) {
	events, err := PagerDutyV1{}.Parse(nil, []byte(pagerDutyV1Body))
	if err != nil {
		t.Fatal(err)
	}
	want := []alert.Event{{
		Action: alert.Trigger, Key: "srv01/HTTP", Title: "HTTP down on srv01",
		Details: map[string]string{"ping": "1500ms", "load": "0.75", "client": "Monitor"},
		Links: []alert.Link{{Href: "https://wiki.example/http", Text: "how to"},
			{Href: "https://img.example/a.png", Text: "graph", Image: true},
			{Href: "https://img.example/a", Text: "graph"}, {Href: "https://monitor.example", Text: "Monitor"}},
	}}
	if d := cmp.Diff(want, events); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got := ServiceKey([]byte(pagerDutyV1Body)); got != "0123456789abcdef0123456789abcdef" {
		t.Errorf("service key %q", got)
	}
	for key, want := range map[string]string{
		"0123456789abcdef0123456789abcdeZ": "",
		"":                                 "Service key is missing or blank",
		"12345678":                         "Service key is the wrong length (should be 32 characters)",
		"0123456789abcdef0123456789abcde-": "Service key cannot contain non-alphanumeric characters",
	} {
		if got := ServiceKeyFault(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}

func TestPagerDutyV1Refuses(t *testing.T) {
	refused(t, PagerDutyV1{}, map[string]string{
		`{}`:                       "Event type is missing or blank",
		`{"event_type":"open"}`:    "Event type is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
		`{"event_type":"trigger"}`: "Description is missing or blank",
		`{"event_type":"resolve"}`: "Incident key is missing or blank",
		`{"event_type":"acknowledge","incident_key":" "}`: "Incident key is missing or blank",
	})
}

func TestPagerDutyChange(t *testing.T) {
	events, err := PagerDutyChange{}.Parse(nil, []byte(`{"routing_key":"k","payload":{"summary":"shop 1.2 is out","source":"ci",
	 "timestamp":"2026-11-23T02:13:00.500+0000","custom_details":{"build":220}},"links":[{"href":"https://ci.example/220","text":"build"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []alert.Event{{
		Action: alert.Change, Title: "shop 1.2 is out", Labels: map[string]string{"source": "ci"}, Details: map[string]string{"build": "220"},
		Links: []alert.Link{{Href: "https://ci.example/220", Text: "build"}}, At: time.Date(2026, 11, 23, 2, 13, 0, 500e6, time.UTC),
	}}
	if d := cmp.Diff(want, events); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	refused(t, PagerDutyChange{}, map[string]string{
		`{}`:               "'payload' is missing or blank",
		`{"payload":{}}`:   "'payload.summary' is missing or blank",
		`{"payload":"x"}`:  "'payload.summary' is missing or blank",
		`{"payload":null}`: "'payload' is missing or blank",
	})
}

// refused checks what a dialect says against bodies, and that it cannot read others.
func refused(t *testing.T, s Source, bodies map[string]string) {
	t.Helper()
	for body, want := range bodies {
		events, err := s.Parse(nil, []byte(body))
		var invalid *Invalid
		if !errors.As(err, &invalid) || len(events) > 0 || strings.Join(invalid.Errors, "|") != want {
			t.Errorf("%s: %+v, %v; want %s", body, events, err, want)
		}
	}
	for _, body := range []string{``, `nonsense`, `[]`, `"x"`, `7`, `{"payload":`, strings.Repeat("[", 100)} {
		var unreadable *Unreadable
		if events, err := s.Parse(nil, []byte(body)); !errors.As(err, &unreadable) || len(events) > 0 {
			t.Errorf("%.20s: %+v, %v", body, events, err)
		}
	}
}

func FuzzPagerDutyV1(f *testing.F) {
	f.Add([]byte(pagerDutyV1Body))
	f.Add([]byte(`{"event_type":"resolve","incident_key":5,"contexts":{"type":7}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fuzzed(t, PagerDutyV1{}, nil, body)
		ServiceKey(body)
	})
}

func FuzzPagerDutyChange(f *testing.F) {
	f.Add([]byte(`{"payload":{"summary":"s","source":1,"timestamp":"2026-11-23T02:13:00Z","custom_details":["x"]},"links":"x","images":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzed(t, PagerDutyChange{}, nil, body) })
}

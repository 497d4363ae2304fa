package source

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/org"
)

func captured(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/captured/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAlertmanagerCaptured(t *testing.T) {
	events, err := Alertmanager{}.Parse(nil, captured(t, "alertmanager_firing.json"))
	if err != nil || len(events) != 2 {
		t.Fatal(events, err)
	}
	began := time.Date(2026, 11, 23, 5, 47, 43, 0, time.UTC)
	want := alert.Event{
		Action:   alert.Trigger,
		Key:      "1069d9b649200f55",
		Title:    "Disk almost full on db01:9100",
		Text:     "Only 2% free",
		Severity: org.SEV1,
		Labels: map[string]string{"alertname": "DiskFull", "cluster": "eu1", "device": "/dev/sda1",
			"instance": "db01:9100", "severity": "critical"},
		Details: map[string]string{"description": "Only 2% free", "runbook_url": "https://runbooks.example/disk",
			"summary": "Disk almost full on db01:9100"},
		Links: []alert.Link{{Href: "https://runbooks.example/disk", Text: "runbook"},
			{Href: "http://prom.example/graph?g0.expr=x", Text: "source"}},
		At:    began,
		Since: began,
	}
	if d := cmp.Diff(want, events[0]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	ends, err := Alertmanager{}.Parse(nil, captured(t, "alertmanager_resolved.json"))
	if err != nil || len(ends) != 2 {
		t.Fatal(ends, err)
	}
	for i, ev := range ends {
		if ev.Action != alert.Resolve || ev.Key != events[i].Key || !ev.At.After(events[i].At) {
			t.Errorf("the end of %q: %+v", events[i].Key, ev)
		}
	}
}

func TestAlertmanagerOdd(t *testing.T) {
	for _, c := range []struct{ name, body, action, key, title, severity string }{
		{"version 3 has no fingerprint", `{"version":"3","groupKey":7,"status":"firing","alerts":[{"labels":{"alertname":"A","instance":"i"}}]}`,
			"trigger", labelsKey(map[string]string{"alertname": "A", "instance": "i"}), "A on i", ""},
		{"the status wins over the end", `{"alerts":[{"status":"firing","fingerprint":"f","endsAt":"2020-01-01T00:00:00Z"}]}`,
			"trigger", "f", "alert without a name", ""},
		{"resolved without an end", `{"alerts":[{"status":"resolved","fingerprint":"f","endsAt":"0001-01-01T00:00:00Z","labels":{"severity":"resolved"}}]}`,
			"resolve", "f", "alert without a name", ""},
		{"the alert's status wins over the group's", `{"status":"firing","alerts":[{"status":"resolved","fingerprint":"f"}]}`,
			"resolve", "f", "alert without a name", ""},
		{"numbers and booleans", `{"alerts":[{"status":"firing","fingerprint":12345678901234567890,"labels":{"shard":7,"prod":true,"severity":"Warning"},"annotations":{"title":404}}]}`,
			"trigger", "12345678901234567890", "404", "SEV3"},
		{"one alert that is no list", `{"alerts":{"status":"firing","fingerprint":"f"}}`, "trigger", "f", "alert without a name", ""},
		{"invalid UTF-8", "{\"alerts\":[{\"fingerprint\":\"f\",\"annotations\":{\"summary\":\"a\xffb\"}}]}", "trigger", "f", "a\uFFFDb", ""},
		{"a byte order mark", "\xef\xbb\xbf" + `{"alerts":[{"fingerprint":"f"}]}`, "trigger", "f", "alert without a name", ""},
		{"line breaks in the title", `{"alerts":[{"fingerprint":"f","annotations":{"summary":"a\r\nSubject: b"}}]}`, "trigger", "f", "a Subject: b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, err := Alertmanager{}.Parse(nil, []byte(c.body))
			if err != nil || len(events) != 1 {
				t.Fatal(events, err)
			}
			ev := events[0]
			got := []string{string(ev.Action), ev.Key, ev.Title, string(ev.Severity)}
			if d := cmp.Diff([]string{c.action, c.key, c.title, c.severity}, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestAlertmanagerKeepsTheGoodOnes(t *testing.T) {
	body := `{"groupKey":"{}:{}","status":"firing","alerts":[{"fingerprint":"a"},"nonsense",{},{"fingerprint":"b"}]}`
	events, err := Alertmanager{}.Parse(nil, []byte(body))
	var u *Unreadable
	if !errors.As(err, &u) || !strings.Contains(u.Why, "2 of 4 alerts") {
		t.Errorf("error %v", err)
	}
	if len(events) != 2 || events[0].Key != "a" || events[1].Key != "b" {
		t.Errorf("events %+v", events)
	}
}

// Alerts without a fingerprint are known by all of their labels, however these are cut
// for display: nothing that is distinct may share a key.
func TestAlertmanagerDistinctLabelsDistinctKeys(t *testing.T) {
	long := strings.Repeat("x", 5000)
	seen := map[string]string{}
	for _, labels := range []string{`"a":"b"`, `"a":"b","c":""`, `"a":"b","c":"d"`, `"a":"bc","":"d"`, `"ab":""`, `"ab":"x"`,
		`"a":"` + long + `1"`, `"a":"` + long + `2"`, `"a":"\u0000"`, `"a":"\ufffd"`} {
		body := `{"alerts":[{"labels":{` + labels + `},"annotations":{"summary":"same"}}]}`
		events, err := Alertmanager{}.Parse(nil, []byte(body))
		if err != nil || len(events) != 1 {
			t.Fatal(events, err)
		}
		if labels == `"a":"b","c":""` {
			if seen[events[0].Key] != `"a":"b"` {
				t.Error("an empty label is not the same as none")
			}
			continue
		}
		if other, ok := seen[events[0].Key]; ok {
			t.Errorf("%.40s and %.40s share a key", labels, other)
		}
		seen[events[0].Key] = labels
	}
}

func FuzzAlertmanager(f *testing.F) {
	f.Add(captured(f, "alertmanager_firing.json"))
	f.Add(captured(f, "alertmanager_resolved.json"))
	f.Add([]byte(`{"version":"3","alerts":[{"labels":{"a":1},"startsAt":5},[],null]}`))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzed(t, Alertmanager{}, nil, body) })
}

// fuzzed checks what holds for every source and every body: no panic, sound events
// with a key where the source makes one, the same ones every time, and never silence.
func fuzzed(t *testing.T, s Source, head map[string][]string, body []byte) {
	events, err := s.Parse(head, body)
	for _, ev := range events {
		sound(t, ev)
		if ev.Key == "" && s.Name() != "pagerduty" {
			t.Errorf("an event without a key: %+v", ev)
		}
	}
	if again, _ := s.Parse(head, body); !cmp.Equal(events, again) {
		t.Errorf("read twice, understood differently:\n%s", cmp.Diff(events, again))
	}
	var u *Unreadable
	var i *Invalid
	if err != nil && !errors.As(err, &u) && !errors.As(err, &i) {
		t.Errorf("an error of another kind: %v", err)
	}
}

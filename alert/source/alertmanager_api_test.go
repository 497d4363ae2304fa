package source

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/org"
)

var posting = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

func TestPostedAlerts(t *testing.T) {
	body := `[{"labels":{"alertname":"DiskFull","host":"db-1","severity":"critical","empty":""},
	 "annotations":{"summary":"Disk full on db-1","description":"2% left","runbook_url":"https://runbooks.example/disk"},
	 "startsAt":"2026-11-23T02:10:00.5Z","endsAt":"2026-11-23T02:17:00Z","generatorURL":"http://prom.example/graph?g0=x"},
	 {"labels":{"alertname":"Up"},"endsAt":"2026-11-23T02:13:00Z"},
	 {"labels":{"alertname":"Sure"}}]`
	events, err := PostedAlerts([]byte(body), posting)
	if err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	want := alert.Event{
		Action: alert.Trigger, Key: Fingerprint(map[string]string{"alertname": "DiskFull", "host": "db-1", "severity": "critical"}),
		Title: "Disk full on db-1", Text: "2% left", Severity: org.SEV1,
		Labels:  map[string]string{"alertname": "DiskFull", "host": "db-1", "severity": "critical"},
		Details: map[string]string{"summary": "Disk full on db-1", "description": "2% left", "runbook_url": "https://runbooks.example/disk"},
		Links:   []alert.Link{{Href: "https://runbooks.example/disk", Text: "runbook"}, {Href: "http://prom.example/graph?g0=x", Text: "source"}},
		At:      posting.Add(-3*time.Minute + 500*time.Millisecond), Until: posting.Add(4 * time.Minute),
	}
	if d := cmp.Diff(want, events[0]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if ev := events[1]; ev.Action != alert.Resolve || !ev.At.Equal(posting) || ev.Lapsed() {
		t.Errorf("what ends now has ended: %+v", ev)
	}
	if ev := events[2]; ev.Action != alert.Trigger || !ev.At.IsZero() || !ev.Until.Equal(posting.Add(ResolveTimeout)) {
		t.Errorf("without an end: %+v", ev)
	}
}

// The known fingerprints were taken from Alertmanager itself.
func TestFingerprint(t *testing.T) {
	var doc struct {
		Alerts []struct {
			Labels      map[string]string
			Fingerprint string
		}
	}
	if err := json.Unmarshal(captured(t, "alertmanager_firing.json"), &doc); err != nil || len(doc.Alerts) == 0 {
		t.Fatal(err)
	}
	for _, a := range doc.Alerts {
		if got := Fingerprint(a.Labels); got != a.Fingerprint {
			t.Errorf("%v: %s, want %s", a.Labels, got, a.Fingerprint)
		}
	}
	if Fingerprint(map[string]string{"a": "b", "c": ""}) != Fingerprint(map[string]string{"a": "b"}) {
		t.Error("an empty label is none")
	}
}

// What is wrong with a post is told as Alertmanager does, and what is good is kept.
func TestPostedAlertsFaults(t *testing.T) {
	const good = `{"labels":{"a":"b"}}`
	parsing := func(why string) PostFault {
		return PostFault{400, 400, `parsing alerts body from "" failed, because ` + why}
	}
	for _, c := range []struct {
		body       string
		want       PostFault
		good       int
		unreadable bool
	}{
		{`[{"labels":{}},` + good + `]`, PostFault{400, 0, "at least one label pair required"}, 1, false},
		{`[{"labels":{"a":""}}]`, PostFault{400, 0, "at least one label pair required"}, 0, false},
		{`[{"labels":{}},{"labels":{}}]`, PostFault{400, 0, "at least one label pair required\nat least one label pair required"}, 0, false},
		{`[` + good + `,{"annotations":{}}]`, PostFault{422, 602, "1.labels in body is required"}, 1, false},
		{`[{"labels":null},` + good + `]`, PostFault{422, 602, "0.labels in body is required"}, 1, false},
		{`[{"labels":{"a":"b"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}]`, PostFault{400, 0, "start time must be before end time"}, 0, false},
		{`[{"labels":{"a":"b"},"generatorURL":"not a url"}]`, PostFault{422, 601, `0.generatorURL in body must be of type uri: "not a url"`}, 1, false},
		{``, PostFault{422, 602, "alerts in body is required"}, 0, false},
		{`{"labels":{}}`, parsing("json: cannot unmarshal object into Go value of type models.PostableAlerts"), 0, true},
		{`not json`, parsing("invalid character 'o' in literal null (expecting 'u')"), 0, true},
		{`[` + good, parsing("unexpected EOF"), 0, true},
		{`[` + good + `,7]`, parsing("json: cannot unmarshal number into Go value of type models.PostableAlert"), 1, true},
		{`[` + good + `,{"labels":"x"}]`, parsing("json: cannot unmarshal string into Go struct field PostableAlert.labels of type models.LabelSet"), 1, true},
		{strings.Repeat("[", 200) + strings.Repeat("]", 200), parsing("nested 200 levels deep"), 0, true},
	} {
		events, err := PostedAlerts([]byte(c.body), posting)
		var fault *PostFault
		if !errors.As(err, &fault) || *fault != c.want {
			t.Errorf("%.60s: %+v, want %+v", c.body, fault, c.want)
		}
		if got := errors.As(err, new(*Unreadable)); got != c.unreadable {
			t.Errorf("%.60s: unreadable %v", c.body, got)
		}
		if len(events) != c.good {
			t.Errorf("%.60s: %d good ones, want %d", c.body, len(events), c.good)
		}
	}
	if events, err := PostedAlerts([]byte(`[]`), posting); len(events) > 0 || err != nil {
		t.Error(events, err)
	}
}

func FuzzPostedAlerts(f *testing.F) {
	f.Add([]byte(`[{"labels":{"a":"b"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}]`))
	f.Add([]byte(`[{"labels":{"a":{"b":[1]}},"annotations":7,"endsAt":1e99}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := PostedAlerts(body, posting)
		if err != nil && !errors.As(err, new(*PostFault)) {
			t.Fatalf("%q: an error without an answer: %v", body, err)
		}
		for _, ev := range events {
			if ev.Key == "" || ev.Title == "" || len(ev.Labels) == 0 || ev.Until.IsZero() {
				t.Fatalf("%q: %+v", body, ev)
			}
			if (ev.Action == alert.Trigger) != ev.Until.After(posting) {
				t.Fatalf("%q: fires if and only if its end is to come: %+v", body, ev)
			}
		}
	})
}

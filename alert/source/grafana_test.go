package source

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/org"
)

const grafanaBody = `{"receiver":"tocsin","status":"firing","orgId":1,"version":"1","state":"alerting","title":"[FIRING:2] Shop","message":"**Firing**","truncatedAlerts":0,
 "groupKey":"{}:{}","externalURL":"https://grafana.example/","commonLabels":{},"groupLabels":{},"commonAnnotations":{},
 "alerts":[{"status":"firing","labels":{"alertname":"SlowShop","severity":"critical","grafana_folder":"Shop"},"annotations":{"summary":"The shop answers slowly","runbook_url":"https://wiki.example/slow"},
  "startsAt":"2026-11-23T02:13:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://grafana.example/alerting/1/edit","fingerprint":"0a1b2c3d4e5f6071",
  "silenceURL":"https://grafana.example/silence","dashboardURL":"https://grafana.example/d/1","panelURL":"https://grafana.example/d/1?viewPanel=2","imageURL":"https://grafana.example/1.png",
  "values":{"B":1.5},"valueString":"[ var='B' value=1.5 ]"},
 {"status":"firing","labels":{"alertname":"DatasourceNoData","rulename":"Queue length"},"annotations":{},"startsAt":"2026-11-23T02:13:00Z","fingerprint":"0a1b2c3d4e5f6072"}]}`

const grafanaLegacyBody = `{"dashboardId":1,"evalMatches":[{"value":120,"metric":"latency","tags":{"host":"web-1"}}],"imageUrl":"https://grafana.example/1.png",
 "message":"Answers take too long","orgId":1,"panelId":2,"ruleId":77,"ruleName":"Slow shop","ruleUrl":"https://grafana.example/d/1?panelId=2","state":"alerting",
 "tags":{"severity":"warning","team":"web"},"title":"[Alerting] Slow shop"}`

func TestGrafana(t *testing.T) {
	events, err := Grafana{}.Parse(nil, []byte(grafanaBody))
	if err != nil || len(events) != 2 {
		t.Fatal(events, err)
	}
	began := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	want := alert.Event{
		Action: alert.Trigger, Key: "0a1b2c3d4e5f6071", Title: "The shop answers slowly", Severity: org.SEV1,
		Labels: map[string]string{"alertname": "SlowShop", "severity": "critical", "grafana_folder": "Shop"},
		Details: map[string]string{"summary": "The shop answers slowly", "runbook_url": "https://wiki.example/slow", "values": `{"B":1.5}`,
			"valueString": "[ var='B' value=1.5 ]", "orgId": "1", "receiver": "tocsin"},
		Links: []alert.Link{{Href: "https://wiki.example/slow", Text: "runbook"}, {Href: "https://grafana.example/d/1", Text: "dashboard"},
			{Href: "https://grafana.example/d/1?viewPanel=2", Text: "panel"}, {Href: "https://grafana.example/alerting/1/edit", Text: "source"},
			{Href: "https://grafana.example/silence", Text: "silence"}, {Href: "https://grafana.example/1.png", Text: "image", Image: true}},
		At: began, Since: began,
	}
	if d := cmp.Diff(want, events[0]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if events[1].Title != "Queue length: DatasourceNoData" {
		t.Errorf("%+v", events[1])
	}
	ends, err := Grafana{}.Parse(nil, []byte(strings.ReplaceAll(grafanaBody, `"firing"`, `"resolved"`)))
	if err != nil || len(ends) != 2 || ends[0].Action != alert.Resolve || ends[0].Key != events[0].Key {
		t.Errorf("the end: %+v, %v", ends, err)
	}
}

func TestGrafanaLegacy(t *testing.T) {
	for state, want := range map[string]alert.Action{
		"alerting": alert.Trigger, "ok": alert.Resolve, "no_data": alert.Trigger, "paused": alert.Note, "pending": alert.Note, "odd": alert.Trigger,
	} {
		body := strings.Replace(strings.Replace(grafanaLegacyBody, `"alerting"`, `"`+state+`"`, 1), "[Alerting]", "["+state+"]", 1)
		for _, s := range []Source{GrafanaLegacy{}, Grafana{}, Generic{}} {
			events, err := s.Parse(nil, []byte(body))
			if err != nil || len(events) != 1 || events[0].Action != want || events[0].Key != "77" {
				t.Errorf("%s, %s: %+v, %v", s.Name(), state, events, err)
			}
		}
	}
	events, err := GrafanaLegacy{}.Parse(nil, []byte(grafanaLegacyBody))
	if err != nil {
		t.Fatal(err)
	}
	want := alert.Event{
		Action: alert.Trigger, Key: "77", Title: "[Alerting] Slow shop", Text: "Answers take too long", Severity: org.SEV3,
		Labels:  map[string]string{"severity": "warning", "team": "web", "rulename": "Slow shop"},
		Details: map[string]string{"latency": "120", "orgId": "1", "dashboardId": "1", "panelId": "2", "state": "alerting"},
		Links:   []alert.Link{{Href: "https://grafana.example/d/1?panelId=2", Text: "rule"}, {Href: "https://grafana.example/1.png", Text: "image", Image: true}},
	}
	if d := cmp.Diff([]alert.Event{want}, events); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// Whichever of the two addresses a Grafana was given, it is understood.
func TestGrafanaAtTheOtherDoor(t *testing.T) {
	if events, err := (GrafanaLegacy{}).Parse(nil, []byte(grafanaBody)); err != nil || len(events) != 2 {
		t.Errorf("%+v, %v", events, err)
	}
	for _, s := range []Source{Grafana{}, GrafanaLegacy{}} {
		refused(t, s, nil)
		if events, err := s.Parse(nil, []byte(`{}`)); err == nil {
			t.Errorf("%s: %+v", s.Name(), events)
		}
	}
	a, _ := GrafanaLegacy{}.Parse(nil, []byte(`{"ruleId":0,"ruleName":"Test notification","state":"alerting"}`))
	b, _ := GrafanaLegacy{}.Parse(nil, []byte(`{"ruleId":0,"ruleName":"Another","state":"alerting"}`))
	if len(a) != 1 || len(b) != 1 || a[0].Key == b[0].Key {
		t.Errorf("rules without an id: %+v, %+v", a, b)
	}
}

func FuzzGrafana(f *testing.F) {
	f.Add([]byte(grafanaBody))
	f.Add([]byte(grafanaLegacyBody))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzed(t, Grafana{}, nil, body) })
}

func FuzzGrafanaLegacy(f *testing.F) {
	f.Add([]byte(grafanaLegacyBody))
	f.Add([]byte(`{"ruleId":{},"title":7,"state":[],"evalMatches":7,"tags":["x"]}`))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzed(t, GrafanaLegacy{}, nil, body) })
}

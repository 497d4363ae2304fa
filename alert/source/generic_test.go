package source

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/org"
)

func genericOne(t *testing.T, contentType, body string) alert.Event {
	t.Helper()
	events, err := Generic{}.Parse(map[string][]string{"content-type": {contentType}}, []byte(body))
	if err != nil || len(events) != 1 {
		t.Fatalf("%s: %+v, %v", body, events, err)
	}
	sound(t, events[0])
	return events[0]
}

func TestGeneric(t *testing.T) {
	const form = "application/x-www-form-urlencoded; charset=utf-8"
	for _, c := range []struct {
		name, kind, body   string
		action, key, title string
		severity           org.Severity
	}{
		{"CloudWatch", "text/plain", `{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":"{\"AlarmName\":\"q\",\"NewStateValue\":\"OK\",\"AWSAccountId\":\"1\",\"Region\":\"r\"}"}`, "resolve", "1/r/q", "q", ""},
		{"CloudWatch without data", "text/plain", `{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":"{\"AlarmName\":\"q\",\"NewStateValue\":\"INSUFFICIENT_DATA\",\"AlarmArn\":\"arn\"}"}`, "note", "arn", "q", ""},
		{"SNS asks to be confirmed", "text/plain", `{"Type":"SubscriptionConfirmation","MessageId":"m","TopicArn":"t","Message":"You have chosen","SubscribeURL":"https://sns.example/"}`, "note", "sns SubscriptionConfirmation t", "SNS SubscriptionConfirmation: t", ""},
		{"EventBridge", "", `{"id":"u","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","resources":["arn:1"],"detail":{"state":{"value":"OK"}}}`, "resolve", `resource="arn:1"`, "arn:1: OK", ""},
		{"Kuma down", "", `{"heartbeat":{"status":0,"msg":"timeout"},"monitor":{"id":4,"name":"shop"},"msg":"[shop] [DOWN] timeout"}`, "trigger", "4", "[shop] [DOWN] timeout", ""},
		{"Kuma's test", "", `{"heartbeat":null,"monitor":null,"msg":"Pager Testing"}`, "test", `title="Pager Testing"`, "Pager Testing", ""},
		{"a test that failed is none", "", `{"message":"test suite failed"}`, "trigger", `title="test suite failed"`, "test suite failed", ""},
		{"an end of something critical", "", `{"id":1,"title":"x","eventType":"POLICY_CLOSE_CRITICAL"}`, "resolve", "1", "x", ""},
		{"joined words", "", `{"id":1,"title":"x","TriggerType":"ResolvedCritical"}`, "resolve", "1", "x", ""},
		{"plain words", "", `{"summary":"Disk full","details":"db1","action":"close","dedup":"disk-db1"}`, "resolve", "disk-db1", "Disk full", ""},
		{"state and uid", "", `{"alert_uid":"u1","title":"API is slow","state":"alerting"}`, "trigger", "u1", "API is slow", ""},
		{"priority P2", "", `{"message":"queue","alias":"q","priority":"P2"}`, "trigger", "q", "queue", org.SEV2},
		{"no state fires", "", `{"title":"something","id":7}`, "trigger", "7", "something", ""},
		{"a state nobody knows fires", "", `{"title":"x","id":7,"status":"purple"}`, "trigger", "7", "x", ""},
		{"a negation is not the state", "", `{"title":"x","id":7,"status":"not ok"}`, "trigger", "7", "x", ""},
		{"the state is the severity", "", `{"host":"h1","service":"ntp","state":"CRITICAL"}`, "trigger", `host="h1" service="ntp"`, "ntp on h1: CRITICAL", org.SEV1},
		{"in an envelope", "", `{"version":"1","incident":{"incident_id":"i9","state":"closed","summary":"CPU"}}`, "resolve", "i9", "CPU", ""},
		{"a thing and its name", "", `{"monitor":{"id":42,"name":"shop"},"heartbeat":{"msg":"timeout","status":"DOWN"}}`, "trigger", "42", "timeout", ""},
		{"two things", "", `{"entity":{"id":"e1"},"check":{"id":"c1"},"title":"x"}`, "trigger", `entityid="e1" checkid="c1"`, "x", ""},
		{"a thing's state is not the event's", "", `{"id":1,"title":"x","check":{"status":"ok"}}`, "trigger", "1", "x", ""},
		{"courtesy", "", `{"status":"ok","data":{"alert_id":"a","state":"firing","title":"x"}}`, "trigger", "a", "x", ""},
		{"courtesy alone", "", `{"status":"ok","id":"a","title":"x"}`, "resolve", "a", "x", ""},
		{"deployments may fail", "", `{"type":"Deployment","id":"a","title":"x"}`, "trigger", "a", "x", ""},
		{"a change", "", `{"event_type":"deployment","id":"a","title":"x"}`, "change", "a", "x", ""},
		{"booleans", "", `{"firing":false,"id":"a","title":"x"}`, "resolve", "a", "x", ""},
		{"and their opposite", "", `{"resolved":false,"id":"a","title":"x"}`, "trigger", "a", "x", ""},
		{"previous state", "", `{"check_id":3,"current_state":"DOWN","previous_state":"UP","check_name":"web"}`, "trigger", "3", "web", ""},
		{"last word", "", `{"id":3,"eventType":"ALERT_NOTIFICATION_CLEAR","title":"x"}`, "resolve", "3", "x", ""},
		{"acknowledged", "", `{"id":3,"state":"ACKNOWLEDGED","title":"x","user":"ann"}`, "acknowledge", "3", "x", ""},
		{"brackets", "", `{"text":"[RESOLVED] disk full"}`, "resolve", `title="disk full"`, "[RESOLVED] disk full", ""},
		{"brackets in doubt", "", `{"text":"[OK] [FIRING] disk full"}`, "trigger", `title="disk full"`, "[OK] [FIRING] disk full", ""},
		{"prefix", "", `{"text":"Recovered: disk full"}`, "resolve", `title="disk full"`, "Recovered: disk full", ""},
		{"severity that is none", "", `{"id":3,"level":"OK","title":"x"}`, "resolve", "3", "x", ""},
		{"key of a link", "", `{"status":"OK","trigger":"agent is back","hostname":"h","link":"https://z.example/e?triggerid=14&eventid=9"}`, "resolve", "triggerid=14", "agent is back", org.Severity("")},
		{"unfilled template", "", `{"title":"x","id":"$ALERT_ID","key":"k","severity":"{{severity}}"}`, "trigger", "k", "x", ""},
		{"big numbers stay exact", "", `{"title":"x","alert_id":12345678901234567891}`, "trigger", "12345678901234567891", "x", ""},
		{"a form", form, `title=Disk+full&status=resolved&alert_id=5&severity=major`, "resolve", "5", "Disk full", org.SEV2},
		{"JSON in a form", form, `payload=%7B%22title%22%3A%22x%22%2C%22id%22%3A1%7D`, "trigger", "1", "x", ""},
		{"text as curl sends it", form, `disk full on db1`, "trigger", `title="disk full on db1"`, "disk full on db1", ""},
		{"text", "text/plain", "disk full\non db1", "trigger", `title="disk full"`, "disk full", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := genericOne(t, c.kind, c.body)
			if d := cmp.Diff([]string{c.action, c.key, c.title, string(c.severity)},
				[]string{string(ev.Action), ev.Key, ev.Title, string(ev.Severity)}); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestGenericRest(t *testing.T) {
	ev := genericOne(t, "", `{"title":"t","description":"long story","id":1,"tags":["team:dba","prod","$TAG"],"host":"h1",
	 "fields":[{"key":"severity","value":"error"},{"key":"zone","value":{"stringValue":"z1"}}],
	 "url":"https://a.example","links":[{"url":"https://b.example","title":"b"},"https://c.example"],"image_url":"https://d.example/x.png",
	 "started_at":1790000000,"ended_at":1790000600,"by_the_way":{"deep":{"deeper":{"x":1}}}}`)
	want := alert.Event{Action: alert.Trigger, Key: "1", Title: "t", Text: "long story", Severity: org.SEV2,
		Labels: map[string]string{"team": "dba", "prod": "true", "severity": "error", "zone": "z1", "host": "h1"},
		Details: map[string]string{"id": "1", "host": "h1", "url": "https://a.example", "image_url": "https://d.example/x.png",
			"links": `[{"title":"b","url":"https://b.example"},"https://c.example"]`, "started_at": "1790000000",
			"ended_at": "1790000600", "by_the_way.deep.deeper": `{"x":1}`},
		Links: []alert.Link{{Href: "https://b.example", Text: "b"}, {Href: "https://c.example"},
			{Href: "https://d.example/x.png", Text: "image_url", Image: true}, {Href: "https://a.example", Text: "url"}},
		At: when("1790000000"),
	}
	if d := cmp.Diff(want, ev); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestGenericLists(t *testing.T) {
	for _, c := range []struct{ name, body, keys, fault string }{
		{"a list", `[{"id":1,"title":"a"},{"id":2,"title":"b"}]`, "1 2", ""},
		{"one a line", "{\"id\":1,\"title\":\"a\"}\n{\"id\":2,\"title\":\"b\"}\n", "1 2", ""},
		{"a bad element", `[{"id":1},"x",{"id":2}]`, "1 2", "element 2: not a JSON object"},
		{"a broken end", `{"id":1,"title":"a"} {"id":`, "1", "unexpected EOF"},
		{"under a name, with what stands beside", `{"status":"resolved","events":[{"id":1},{"id":2},7]}`, "1 2", "1 of 3 elements"},
		{"Alertmanager", `{"alerts":[{"labels":{"a":"b"},"annotations":{},"fingerprint":"f1","status":"resolved"}]}`, "f1", ""},
		{"Prometheus", `[{"labels":{"a":"b"},"startsAt":"2026-11-23T02:13:00Z"}]`, labelsKey(map[string]string{"a": "b"}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, err := Generic{}.Parse(nil, []byte(c.body))
			var keys []string
			for _, ev := range events {
				keys = append(keys, ev.Key)
				if strings.Contains(c.body, "resolved") != (ev.Action == alert.Resolve) {
					t.Errorf("action %s", ev.Action)
				}
			}
			if got := strings.Join(keys, " "); got != c.keys {
				t.Errorf("keys %s, want %s", got, c.keys)
			}
			if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
				t.Errorf("error %v, want %q", err, c.fault)
			}
		})
	}
}

func TestGenericUnreadable(t *testing.T) {
	for _, body := range []string{"", " \n", "<html>", "{", `{"a"`, "{}", "nonsense", strings.Repeat("[", 65) + strings.Repeat("]", 65), `["a"]`} {
		var u *Unreadable
		if events, err := (Generic{}).Parse(nil, []byte(body)); !errors.As(err, &u) || len(events) > 0 {
			t.Errorf("%q: %+v, %v", body, events, err)
		}
	}
}

// A trigger and its resolve meet although their titles differ; two troubles never meet.
func TestGenericKeysMeet(t *testing.T) {
	pairs := [][2]string{
		{`{"text":"[FIRING:2] disk full"}`, `{"text":"[RESOLVED] disk full"}`},
		{`{"subject":"Problem: disk gone"}`, `{"subject":"Resolved: disk gone"}`},
		{`{"message":"shop is DOWN"}`, `{"message":"shop is UP"}`},
		{`{"host":"a","check":"disk","output":"97 %","state":"CRITICAL"}`, `{"host":"a","check":"disk","output":"40 %","state":"OK"}`},
		{`{"monitor":{"id":1,"name":"x"},"msg":"down","time":"2026-11-23T02:13:00Z"}`, `{"monitor":{"id":1,"name":"x"},"msg":"up","time":"2026-11-23T02:14:00Z"}`},
	}
	seen := map[string]int{}
	for i, p := range pairs {
		a, b := genericOne(t, "", p[0]), genericOne(t, "", p[1])
		if a.Key != b.Key {
			t.Errorf("%s and %s: %s and %s", p[0], p[1], a.Key, b.Key)
		}
		if j, ok := seen[a.Key]; ok {
			t.Errorf("%v and %v meet", p, pairs[j])
		}
		seen[a.Key] = i
	}
	for _, body := range []string{`{"host":"a","check":"load"}`, `{"host":"b","check":"disk"}`, `{"host":"a\" check=\"disk"}`,
		`{"state":"firing","value":1}`, `{"state":"firing","value":2}`, `{"message":"disk error"}`, `{"message":"disk critical"}`} {
		ev := genericOne(t, "", body)
		if _, ok := seen[ev.Key]; ok {
			t.Errorf("%s has the key of another: %s", body, ev.Key)
		}
		seen[ev.Key] = -1
	}
}

func TestSeverity(t *testing.T) {
	for word, want := range map[string]org.Severity{
		"critical": "SEV1", "Page": "SEV1", "EMERGENCY": "SEV1", "fatal": "SEV1", "disaster": "SEV1",
		"error": "SEV2", "major": "SEV2", "high": "SEV2", "warning": "SEV3", "warn": "SEV3", "minor": "SEV3", "Medium": "SEV3",
		"info": "SEV4", "low": "SEV4", "debug": "SEV5", "none": "SEV5",
		"SEV2": "SEV2", "sev-4": "SEV4", "Severity 5": "SEV5", "P1": "SEV1", "priority: 3": "SEV3", "P0": "SEV1",
		"": "", "3": "", "P6": "", "P12": "", "ok": "", "resolved": "", "sev": "", "page me": "",
	} {
		if got := Severity(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	const want = "2026-11-23T02:13:00Z"
	for _, s := range []string{want, "2026-11-23T03:13:00+01:00", "2026-11-23T02:13:00.000+0000", "2026-11-23 02:13:00 UTC",
		"2026-11-23 02:13:00+00:00", "1795399980", "1795399980000", "1795399980000000", "1795399980000000000", "1795399980.0"} {
		if got := when(s).Format("2006-01-02T15:04:05Z07:00"); got != want {
			t.Errorf("%s: %s", s, got)
		}
	}
	for _, s := range []string{"", "yesterday", "0001-01-01T00:00:00Z", "2026-11-23 02:13:00", "-1795399980", "123456789", "9999-01-01T00:00:00Z"} {
		if got := when(s); !got.IsZero() {
			t.Errorf("%s: %s", s, got)
		}
	}
}

func FuzzGeneric(f *testing.F) {
	f.Add("", captured(f, "generic_victorops.json"))
	f.Add("", captured(f, "generic_prometheus.json"))
	f.Add("", captured(f, "alertmanager_firing.json"))
	f.Add("application/x-www-form-urlencoded", []byte("payload=%7B%22a%22%3A1%7D&title=x"))
	f.Add("text/plain", []byte("disk full\n97 %"))
	f.Add("", []byte(`{"incident":{"id":1,"state":"ok","tags":"a:b,c"},"events":[{"id":2},null]}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		fuzzed(t, Generic{}, map[string][]string{"Content-Type": {kind}}, body)
	})
}

package alert

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incident"
	"tocsin/org"
)

var night = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

func at(minutes float64) time.Time {
	return night.Add(time.Duration(minutes * float64(time.Minute)))
}

func TestTriage(t *testing.T) {
	cat := Category{Service: "db", Severity: org.SEV3, Priority: org.High}
	worse := Category{Service: "db", Severity: org.SEV1, Priority: org.High}
	record := Category{Service: "db", Severity: org.SEV3, Record: true, Why: `rule "noise"`}
	fire := Event{Action: Trigger, Key: "k", Title: "db-1 is down"}
	changed := Event{Action: Trigger, Key: "k", Title: "db-1 and db-2 are down"}
	timed := func(ev Event, minutes float64) Event { ev.At = at(minutes); return ev }
	end := Event{Action: Resolve, Key: "k"}
	opened := func(ev Event) *Alert {
		a := Verdict{Do: DoOpen}.Apply(Alert{ID: "a", Subject: "i"}, ev, cat, at(0))
		return &a
	}
	over := func(first, last Event, minutes float64) *Alert {
		a := Verdict{Do: DoResolve}.Apply(*opened(first), last, cat, at(minutes))
		return &a
	}
	const window = 10 * time.Minute
	for _, c := range []struct {
		name   string
		ev     Event
		cat    Category
		open   *Alert
		last   *Alert
		status incident.Status
		now    float64
		do     Do
		why    string
		raise  org.Severity
	}{
		{"new", fire, cat, nil, nil, "", 0, DoOpen, "nothing is open under this key", ""},
		{"new, record only", fire, record, nil, nil, "", 0, DoRecord, `rule "noise"`, ""},
		{"again", fire, cat, opened(fire), nil, incident.Triggered, 1, DoRepeat, "the same again", ""},
		{"again, record only since", fire, record, opened(fire), nil, incident.Triggered, 1, DoRepeat, "the same again", ""},
		{"again and worse", fire, worse, opened(fire), nil, incident.Triggered, 1, DoRepeat, "the same again", org.SEV1},
		{"changed", changed, cat, opened(fire), nil, incident.Triggered, 1, DoUpdate, "it says something new", ""},
		{"changed and worse", changed, worse, opened(fire), nil, incident.Acknowledged, 1, DoUpdate, "it says something new", org.SEV1},
		{"changed, but older", timed(changed, -1), cat, opened(timed(fire, 0)), nil, incident.Triggered, 1, DoRepeat, "the alert already says something newer", ""},
		{"fires although people resolved it", fire, cat, opened(fire), nil, incident.Resolved, 1, DoReopen, "it still fires, although its incident is resolved", ""},
		{"back within the window", fire, cat, nil, over(fire, end, 1), incident.Resolved, 10.5, DoReopen, "it is back 9m30s after its resolve", ""},
		{"back and worse", fire, worse, nil, over(fire, end, 1), incident.Resolved, 2, DoReopen, "it is back 1m0s after its resolve", org.SEV1},
		{"back at the end of the window", fire, cat, nil, over(fire, end, 1), incident.Resolved, 11, DoOpen, "it is back 10m0s after its resolve: too late to reopen", ""},
		{"back, incident closed", fire, cat, nil, over(fire, end, 1), incident.Closed, 2, DoOpen, "it is back, but its last incident is closed", ""},
		{"back, incident still open", fire, cat, nil, over(fire, end, 1), incident.Triggered, 60, DoReopen, "it is back, and its incident is still open", ""},
		{"resolve", end, cat, opened(fire), nil, incident.Triggered, 1, DoResolve, "resolved by the source", ""},
		{"resolve of nothing", end, cat, nil, nil, "", 1, DoRecord, "nothing open under this key", ""},
		{"resolve of what is over", end, cat, nil, over(fire, end, 1), incident.Resolved, 2, DoRecord, "nothing open under this key", ""},
		{"resolve within the same second", timed(end, 0), cat, opened(Event{Action: Trigger, Key: "k", At: at(0).Add(900 * time.Millisecond)}), nil, incident.Triggered, 1, DoResolve, "resolved by the source", ""},
		{"resolve older than what fires", timed(end, 2), cat, opened(timed(fire, 3)), nil, incident.Triggered, 4, DoRecord,
			"a late resolve: it is of 02:15:00 UTC, the alert fires since 02:16:00 UTC", ""},
		{"trigger overtaken by its resolve", timed(fire, 1), cat, nil, over(timed(fire, 1), timed(end, 2), 2), incident.Resolved, 3, DoRecord,
			"a late trigger: it is of 02:14:00 UTC, the alert was resolved at 02:15:00 UTC", ""},
		{"old trigger long after: believed", timed(fire, 1), cat, nil, over(timed(fire, 1), timed(end, 2), 2), incident.Resolved, 8, DoReopen, "it is back 6m0s after its resolve", ""},
		{"acknowledge", Event{Action: Acknowledge, Key: "k"}, cat, opened(fire), nil, incident.Triggered, 1, DoVerb, "acknowledge at the source", ""},
		{"unacknowledge", Event{Action: Unacknowledge, Key: "k"}, cat, opened(fire), nil, incident.Triggered, 1, DoVerb, "unacknowledge at the source", ""},
		{"note", Event{Action: Note, Key: "k"}, cat, opened(fire), nil, incident.Triggered, 1, DoVerb, "note at the source", ""},
		{"acknowledge of nothing", Event{Action: Acknowledge, Key: "k"}, cat, nil, nil, "", 1, DoRecord, "nothing open under this key", ""},
		{"update", Event{Action: Update, Key: "k", Title: "new"}, worse, opened(fire), nil, incident.Triggered, 1, DoUpdate, "updated by the source", ""},
		{"update to worse", Event{Action: Update, Key: "k", Severity: org.SEV1}, worse, opened(fire), nil, incident.Triggered, 1, DoUpdate, "updated by the source", org.SEV1},
		{"update of nothing", Event{Action: Update, Key: "k"}, cat, nil, nil, "", 1, DoRecord, "nothing open under this key", ""},
		{"change", Event{Action: Change}, cat, nil, nil, "", 1, DoRecord, "a change, not an alert", ""},
		{"heartbeat", Event{Action: Heartbeat}, cat, nil, nil, "", 1, DoRecord, "a sign of life, not an alert", ""},
		{"unreadable", UnreadableFrom(prom, "x"), cat, nil, nil, "", 1, DoOpen, "nothing is open under this key", ""},
		{"unreadable again", UnreadableFrom(prom, "y"), cat, opened(UnreadableFrom(prom, "x")), nil, incident.Triggered, 1, DoRepeat, "the same again", ""},
		{"action from the future", Event{Action: "escalate"}, cat, nil, nil, "", 1, DoRecord, `action "escalate" is not known`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Triage(c.ev, c.cat, c.open, c.last, c.status, window, at(c.now))
			if want := (Verdict{c.do, c.why, c.raise}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A source whose clock is far ahead must not make its own resolves look late.
func TestClockAhead(t *testing.T) {
	fire := Event{Action: Trigger, Key: "k", At: at(600)}
	a := Verdict{Do: DoOpen}.Apply(Alert{}, fire, Category{}, at(0))
	if v := Triage(Event{Action: Resolve, Key: "k", At: at(1)}, Category{}, &a, nil, incident.Triggered, Reopen, at(1)); v.Do != DoResolve {
		t.Errorf("%+v", v)
	}
}

// An update changes what is shown; the trigger repeated after it stays a repetition.
func TestUpdateStays(t *testing.T) {
	fire := Event{Action: Trigger, Key: "k", Title: "old"}
	a := Verdict{Do: DoOpen}.Apply(Alert{}, fire, Category{Severity: org.SEV3}, at(0))
	up := Event{Action: Update, Key: "k", Title: "new"}
	a = Triage(up, Category{Severity: org.SEV3}, &a, nil, incident.Triggered, Reopen, at(1)).Apply(a, up, Category{}, at(1))
	if a.Title != "new" || a.Count != 1 {
		t.Errorf("title %q, count %d", a.Title, a.Count)
	}
	if v := Triage(fire, Category{Severity: org.SEV3}, &a, nil, incident.Triggered, Reopen, at(2)); v.Do != DoRepeat {
		t.Errorf("%+v", v)
	}
}

var actions = []Action{Trigger, Acknowledge, Unacknowledge, Resolve, Note, Update, Change, Heartbeat, Unreadable, "", "other"}

func drawEvent(t *rapid.T) Event {
	ev := Event{
		Action:   rapid.SampledFrom(actions).Draw(t, "action"),
		Key:      rapid.SampledFrom([]string{"a", "b", "a b", "A", "a\x1f", UnreadableKey}).Draw(t, "key"),
		Title:    rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "title"),
		Severity: rapid.SampledFrom([]org.Severity{"", org.SEV1, org.SEV5}).Draw(t, "severity"),
	}
	if rapid.Bool().Draw(t, "timed") {
		ev.At = at(float64(rapid.IntRange(-30, 30).Draw(t, "at")))
	}
	return ev
}

// Whatever is heard in whatever order: every event gets a verdict that fits what is
// open, with a reason; distinct keys never share an alert (a deduplication by name once
// merged thousands of distinct alerts elsewhere); one key never has two open ones; and
// a severity never falls.
func TestEveryEventGetsItsVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		open, last := map[string]*Alert{}, map[string]*Alert{}
		events := rapid.SliceOfN(rapid.Custom(drawEvent), 1, 40).Draw(t, "events")
		for i, ev := range events {
			now := at(float64(i))
			c := Categorize(ev, prom, Rules{}, services, settings)
			status := rapid.SampledFrom([]incident.Status{"", incident.Triggered, incident.Resolved, incident.Closed}).Draw(t, "status")
			was, before := open[ev.Key], last[ev.Key]
			v := Triage(ev, c, was, before, status, Reopen, now)
			if v.Why == "" {
				t.Fatalf("%+v without a reason", v)
			}
			switch v.Do {
			case DoOpen:
				if was != nil {
					t.Fatal("opened a second alert of one key")
				}
				a := v.Apply(Alert{ID: fmt.Sprint(i), Integration: prom.ID}, ev, c, now)
				open[ev.Key] = &a
			case DoReopen:
				if was == nil {
					was = before
				}
				a := v.Apply(*was, ev, c, now)
				open[ev.Key] = &a
			case DoResolve:
				a := v.Apply(*was, ev, c, now)
				last[ev.Key], open[ev.Key] = &a, nil
				if a.Open || a.ResolvedAt != now {
					t.Fatalf("%+v", a)
				}
			case DoRepeat, DoUpdate, DoVerb:
				a := v.Apply(*was, ev, c, now)
				if Worse(was.Severity, a.Severity) {
					t.Fatal("the severity fell")
				}
				open[ev.Key] = &a
			case DoRecord:
				if ev.Action == Trigger && before == nil {
					t.Fatalf("a trigger was only recorded: %+v", v)
				}
			default:
				t.Fatalf("%+v", v)
			}
			for key, a := range open {
				if a != nil && (a.Key != key || a.Last.Key != key || !a.Open) {
					t.Fatalf("alert of %q is under %q", a.Key, key)
				}
			}
		}
	})
}

// Two firings and the resolve between them, in any order of arrival: it fires in the
// end, because the second firing is the newest by the source's clock. Without the
// second firing it is over, unless the resolve came first and there was nothing to end.
func TestOvertaking(t *testing.T) {
	one := Event{Action: Trigger, Key: "k", At: at(1), Since: at(1)}
	end := Event{Action: Resolve, Key: "k", At: at(2)}
	two := Event{Action: Trigger, Key: "k", At: at(3), Since: at(3)}
	for _, c := range []struct {
		order []Event
		fires bool
	}{
		{[]Event{one, end, two}, true}, {[]Event{one, two, end}, true}, {[]Event{two, one, end}, true},
		{[]Event{two, end, one}, true}, {[]Event{end, one, two}, true}, {[]Event{end, two, one}, true},
		{[]Event{one, end}, false}, {[]Event{one, end, one}, false}, {[]Event{one, one, end}, false},
	} {
		var open, last *Alert
		for i, ev := range c.order {
			now := at(4 + float64(i)/10)
			status := incident.Triggered
			if open == nil {
				status = incident.Resolved
			}
			v := Triage(ev, Category{}, open, last, status, Reopen, now)
			switch v.Do {
			case DoOpen:
				a := v.Apply(Alert{}, ev, Category{}, now)
				open = &a
			case DoReopen:
				a := v.Apply(*last, ev, Category{}, now)
				open, last = &a, nil
			case DoResolve:
				a := v.Apply(*open, ev, Category{}, now)
				open, last = nil, &a
			case DoRepeat, DoUpdate:
				a := v.Apply(*open, ev, Category{}, now)
				open = &a
			}
		}
		if (open != nil) != c.fires {
			t.Errorf("%v: fires %v, want %v", c.order, open != nil, c.fires)
		}
	}
}

func TestDigest(t *testing.T) {
	base := Event{Action: Trigger, Key: "k", Title: "disk full", Severity: org.SEV2, Labels: map[string]string{"a": "1", "b": "2"}}
	// The digest is stored: this value may never change.
	if got, want := Digest(base), "FmNuNQOP5kK3JJjsiJHiNg"; got != want {
		t.Errorf("digest is %s, want %s", got, want)
	}
	same := base
	same.Text, same.At, same.Details, same.Links = "97 %", at(1), map[string]string{"x": "y"}, []Link{{Href: "http://x"}}
	if Digest(same) != Digest(base) {
		t.Error("text, time, details and links count")
	}
	digests := []string{Digest(base)}
	for i, change := range []func(*Event){
		func(e *Event) { e.Title = "disk ful" },
		func(e *Event) { e.Severity = org.SEV1 },
		func(e *Event) { e.Since = at(0) },
		func(e *Event) { e.Labels = nil },
		func(e *Event) { e.Labels = map[string]string{"a": "1"} },
		func(e *Event) { e.Labels = map[string]string{"a": "12", "b": ""} },
		func(e *Event) { e.Labels = map[string]string{"a1": "", "b": "2"} },
	} {
		ev := base
		change(&ev)
		d := Digest(ev)
		if slices.Contains(digests, d) {
			t.Errorf("change %d is not seen", i)
		}
		digests = append(digests, d)
	}
}

func BenchmarkDigest(b *testing.B) {
	ev := Event{Action: Trigger, Title: "Disk almost full on db01:9100", Severity: org.SEV2, Labels: map[string]string{
		"source": "db01", "component": "disk", "group": "prod", "class": "capacity", "severity": "critical"}}
	b.ReportAllocs()
	for b.Loop() {
		Digest(ev)
	}
}

package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// TestEventJSON: what is written by hand is what encoding/json writes, byte for byte.
func TestEventJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent().Draw(t, "event")
		same(t, e, func() ([]byte, error) { return appendEvent(nil, e) })
		k := KeptEvent{
			Heard: Heard{Integration: org.IntegrationID(anyText.Draw(t, "integration")), Event: e, Digest: anyText.Draw(t, "digest"), At: anyTime.Draw(t, "heard"),
				Raw: rapid.SliceOf(rapid.Byte()).Draw(t, "raw"), ID: anyText.Draw(t, "id")},
			Alert: anyText.Draw(t, "alert"), Subject: incident.ID(anyText.Draw(t, "subject")), Verdict: anyText.Draw(t, "verdict"), Why: anyText.Draw(t, "why"),
		}
		if rapid.Bool().Draw(t, "no body") {
			k.Raw = nil
		}
		same(t, k, func() ([]byte, error) { return appendKept(nil, k) })
	})
}

// TestEventJSONIsWhole: a field that is added is to be written by hand, too.
func TestEventJSONIsWhole(t *testing.T) {
	for typ, want := range map[reflect.Type]int{
		reflect.TypeFor[alert.Event](): 14, reflect.TypeFor[alert.Link](): 3, reflect.TypeFor[Heard](): 6, reflect.TypeFor[KeptEvent](): 5,
	} {
		if n := typ.NumField(); n != want {
			t.Errorf("%s has %d fields, not %d: appendEvent, appendKept and the events of TestEventJSON are to have them all", typ, n, want)
		}
	}
}

func same(t *rapid.T, v any, by func() ([]byte, error)) {
	t.Helper()
	want, err := json.Marshal(v)
	got, err2 := by()
	if (err == nil) != (err2 == nil) {
		t.Fatalf("%v, and %v by hand", err, err2)
	}
	if err == nil && !bytes.Equal(got, want) {
		t.Fatalf("by hand:\n%s\nwant:\n%s", got, want)
	}
}

var (
	anyText = rapid.OneOf(rapid.Just(""), rapid.String(), rapid.StringMatching(`[ -~]*`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	anyTime = rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(rapid.Int64Range(-1<<37, 1<<38).Draw(t, "second"), rapid.SampledFrom([]int64{0, 1, 500_000_000, 999_999_999}).Draw(t, "ns"))
		return rapid.SampledFrom([]time.Time{{}, at.UTC(), at.In(time.FixedZone("", 3600)), at.In(time.FixedZone("", 30)), at, time.Now()}).Draw(t, "at")
	})
)

func anyEvent() *rapid.Generator[alert.Event] {
	texts := rapid.OneOf(rapid.Just(map[string]string(nil)), rapid.MapOf(anyText, anyText))
	link := rapid.Custom(func(t *rapid.T) alert.Link {
		return alert.Link{Href: anyText.Draw(t, "href"), Text: anyText.Draw(t, "words"), Image: rapid.Bool().Draw(t, "image")}
	})
	return rapid.Custom(func(t *rapid.T) alert.Event {
		return alert.Event{
			Action: alert.Action(anyText.Draw(t, "action")), Key: anyText.Draw(t, "key"), Title: anyText.Draw(t, "title"), Text: anyText.Draw(t, "text"),
			Severity: org.Severity(anyText.Draw(t, "severity")), Labels: texts.Draw(t, "labels"), Details: texts.Draw(t, "details"),
			Links: rapid.OneOf(rapid.Just([]alert.Link(nil)), rapid.SliceOf(link)).Draw(t, "links"),
			At:    anyTime.Draw(t, "at"), Since: anyTime.Draw(t, "since"), By: anyText.Draw(t, "by"), Until: anyTime.Draw(t, "until"), Payload: anyText.Draw(t, "payload"),
			AsSaid: anyText.Draw(t, "as said"),
		}
	})
}

func BenchmarkEventJSON(b *testing.B) {
	e := alert.Event{Action: alert.Trigger, Key: "disk/db-1", Title: "disk full on db-1", Severity: "critical",
		Labels: map[string]string{"source": "db-1", "component": "/dev/sda1", "group": "prod", "class": "disk", "severity": "critical"}, Details: map[string]string{"client": "bench", "text": "ninety-one per cent of it is used, and it grows by one each hour"}}
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		var text []byte
		for b.Loop() {
			text, _ = appendEvent(text[:0], e)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

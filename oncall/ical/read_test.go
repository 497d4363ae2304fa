package ical

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// wrap makes a calendar of events.
func wrap(head string, events ...string) []byte {
	s := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + head
	for _, e := range events {
		s += "BEGIN:VEVENT\r\n" + strings.ReplaceAll(e, "\n", "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	return []byte(s + "END:VCALENDAR\r\n")
}

func byName(e Read) []org.PersonID {
	if e.Summary == "nobody" {
		return nil
	}
	return []org.PersonID{org.PersonID(e.Summary[strings.LastIndex(e.Summary, " ")+1:])}
}

// shown is who stands when, by a calendar that was read.
func shown(t *testing.T, data []byte, from, to string) string {
	t.Helper()
	events, zone, troubles, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	layers, more := Layers(events, zone, byName)
	c, err := oncall.Compile(oncall.Schedule{TZ: zone, Layers: layers})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02T15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var out []string
	for _, s := range c.Render(at(from), at(to)) {
		if len(s.People) > 0 {
			out = append(out, fmt.Sprintf("%s..%s%v", s.From.Format("02T15:04"), s.Until.Format("02T15:04"), s.People))
		}
	}
	for _, x := range append(troubles, more...) {
		out = append(out, "! "+x)
	}
	return strings.Join(out, " ")
}

func TestRead(t *testing.T) {
	const from, to = "2026-03-23T00:00", "2026-04-06T00:00"
	for _, c := range []struct{ name, head, events, want string }{
		{"an instant", "", "UID:1\nSUMMARY:ana\nDTSTART:20260324T080000Z\nDTEND:20260324T160000Z", "24T08:00..24T16:00[ana]"},
		{"a zone, over the change of its clock", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=Europe/Prague:20260327T090000\nDURATION:PT8H\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=2", "27T08:00..27T16:00[ana] 30T07:00..30T15:00[ana]"},
		{"Windows' name of it", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=\"W. Europe Standard Time\":20260330T090000\nDTEND;TZID=\"W. Europe Standard Time\":20260330T100000", "30T07:00..30T08:00[ana]"},
		{"a path to it", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=/softwarestudio.org/Tzfile/America/New_York:20260330T090000\nDURATION:PT1H", "30T13:00..30T14:00[ana]"},
		{"a zone that nobody knows", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=Mars/Base:20260330T090000\nDURATION:PT1H", `! event "1": DTSTART: nobody knows the zone "Mars/Base"`},
		{"whole days are those of the calendar's zone", "X-WR-TIMEZONE:Europe/Prague\r\n", "UID:1\nSUMMARY:ana\nDTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330", "28T23:00..29T22:00[ana]"},
		{"without an end a day", "", "UID:1\nSUMMARY:ana\nDTSTART;VALUE=DATE:20260329", "29T00:00..30T00:00[ana]"},
		{"until without Z is local", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=Europe/Prague:20260330T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260401T090000", "30T07:00..30T08:00[ana] 31T07:00..31T08:00[ana] 01T07:00..01T08:00[ana]"},
		{"until with Z is an instant", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=Europe/Prague:20260330T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260331T070000Z", "30T07:00..30T08:00[ana] 31T07:00..31T08:00[ana]"},
		{"until is a date", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=Europe/Prague:20260330T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260331", "30T07:00..30T08:00[ana] 31T07:00..31T08:00[ana]"},
		{"exceptions, as instants too", "", "UID:1\nSUMMARY:ana\nDTSTART;TZID=Europe/Prague:20260330T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Europe/Prague:20260331T090000\nEXDATE:20260401T070000Z", "30T07:00..30T08:00[ana] 02T07:00..02T08:00[ana]"},
		{"one is moved, and given away", "", "UID:1\nSUMMARY:ana\nDTSTART:20260330T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3|UID:1\nRECURRENCE-ID:20260331T090000Z\nSUMMARY:bo\nDTSTART:20260331T120000Z\nDURATION:PT1H", "30T09:00..30T10:00[ana] 31T12:00..31T13:00[bo] 01T09:00..01T10:00[ana]"},
		{"one is cancelled", "", "UID:1\nSUMMARY:ana\nDTSTART:20260330T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3|UID:1\nRECURRENCE-ID:20260331T090000Z\nSTATUS:CANCELLED\nSUMMARY:ana\nDTSTART:20260331T090000Z\nDURATION:PT1H", "30T09:00..30T10:00[ana] 01T09:00..01T10:00[ana]"},
		{"the higher sequence counts", "", "UID:1\nSEQUENCE:2\nSUMMARY:ana\nDTSTART:20260330T090000Z\nDURATION:PT1H|UID:1\nSEQUENCE:1\nSUMMARY:bo\nDTSTART:20260330T090000Z\nDURATION:PT1H", "30T09:00..30T10:00[ana]"},
		{"bands", "", "UID:1\nSUMMARY:ana\nDTSTART:20260330T090000Z\nDURATION:PT3H|UID:2\nSUMMARY:[L2] bo\nDTSTART:20260330T100000Z\nDURATION:PT1H", "30T09:00..30T10:00[ana] 30T10:00..30T11:00[bo] 30T11:00..30T12:00[ana]"},
		{"nobody known", "", "UID:1\nSUMMARY:nobody\nDTSTART:20260330T090000Z\nDURATION:PT3H", `! event "1": nobody is known by "nobody"`},
		{"folded, with an alarm in it", "", "UID:1\nSUMMARY:a\n na\nBEGIN:VALARM\nDURATION:PT9H\nSUMMARY:x\nEND:VALARM\nDTSTART:20260330T090000Z\nDURATION:PT3H", "30T09:00..30T12:00[ana]"},
		{"the n-th weekday", "", "UID:1\nSUMMARY:ana\nDTSTART:20260330T090000Z\nDURATION:PT3H\nRRULE:FREQ=MONTHLY;BYDAY=2MO", `! event "1": RRULE: FREQ=MONTHLY;BYDAY=2MO: the n-th weekday is not understood`},
		{"yearly", "", "UID:1\nSUMMARY:ana\nDTSTART:20200330T090000Z\nDURATION:PT3H\nRRULE:FREQ=YEARLY", "30T09:00..30T12:00[ana]"},
	} {
		if got := shown(t, wrap(c.head, strings.Split(c.events, "|")...), from, to); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, _, _, err := Parse([]byte("<html>")); err == nil {
		t.Error("a page was taken for a calendar")
	}
}

// What we write we read: the same shifts.
func TestReadsWhatItWrites(t *testing.T) {
	at := time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)
	data := Write(Calendar{Name: "x", Now: at, Events: []Event{
		{UID: "1", From: at, Until: at.Add(12 * time.Hour), Summary: "ana"}, {UID: "2", From: at.Add(12 * time.Hour), Until: at.Add(24 * time.Hour), Summary: strings.Repeat("long ", 30) + "bo"},
	}})
	if got := shown(t, data, "2026-03-28T00:00", "2026-04-01T00:00"); got != "28T20:00..29T08:00[ana] 29T08:00..29T20:00[bo]" {
		t.Error(got)
	}
}

// Spans are what an event means for overrides and time off.
func TestSpans(t *testing.T) {
	events, zone, _, err := Parse(wrap("X-WR-TIMEZONE:Europe/Prague\r\n", "UID:1\nSUMMARY:off\nDTSTART;VALUE=DATE:20260329\nRRULE:FREQ=WEEKLY;COUNT=3", "UID:1\nRECURRENCE-ID;VALUE=DATE:20260405\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20260405"))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	spans, err := Spans(events[0], events, zone, from, from.AddDate(0, 3, 0))
	if err != nil || len(spans) != 2 || spans[0].Until.Sub(spans[0].From) != 23*time.Hour || spans[1].From.Format("01-02T15:04") != "04-11T22:00" {
		t.Errorf("%v %v", spans, err)
	}
}

// Whatever a calendar says, it is read or refused, soon, and what is read compiles.
func FuzzParse(f *testing.F) {
	f.Add(wrap("X-WR-TIMEZONE:Europe/Prague\r\n", "UID:1\nSUMMARY:[L2] ana\nDTSTART;TZID=Europe/Prague:20260330T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260401T090000;BYDAY=MO,TU\nEXDATE:20260331T070000Z"))
	f.Add(wrap("", "UID:1\nRECURRENCE-ID:20260331T090000Z\nSUMMARY:bo\nDTSTART:20260331T120000Z\nDTEND:20260331T120000Z\nRRULE:FREQ=YEARLY;COUNT=9;BYMONTH=2;BYMONTHDAY=-1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, zone, _, err := Parse(data)
		if err != nil {
			return
		}
		began := time.Now()
		layers, _ := Layers(events, zone, func(Read) []org.PersonID { return []org.PersonID{"x"} })
		if len(layers) > 50 {
			layers = layers[:50]
		}
		for _, l := range layers {
			if _, err := oncall.Compile(oncall.Schedule{TZ: zone, Layers: []oncall.Layer{l}}); err != nil {
				t.Fatalf("%v\n%+v", err, l)
			}
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}

package ical

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var start = time.Date(2026, 3, 29, 8, 0, 0, 0, time.FixedZone("", 7200))

func TestWrite(t *testing.T) {
	got := string(Write(Calendar{Name: "Rota, first; line\nsecond", Zone: "Europe/Prague", Now: start, Events: []Event{
		{UID: "a@tocsin", From: start, Until: start.Add(24 * time.Hour), Summary: "Jane\r\nEND:VCALENDAR", Sequence: 3, Changed: start, Description: strings.Repeat("ů", 100)},
	}}))
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "X-WR-CALNAME:Rota\\, first\\; line\\nsecond\r\n", "DTSTART:20260329T060000Z\r\n", "DTEND:20260330T060000Z\r\n",
		"SUMMARY:Jane\\nEND:VCALENDAR\r\n", "SEQUENCE:3\r\n", "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for line := range strings.SplitSeq(got, "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			t.Errorf("%d octets, valid %t: %q", len(line), utf8.ValidString(line), line)
		}
	}
	if whole := strings.ReplaceAll(got, "\r\n ", ""); !strings.Contains(whole, "DESCRIPTION:"+strings.Repeat("ů", 100)+"\r\n") {
		t.Error("folding lost something")
	}
}

// Whatever a name says, the calendar has one line for each property and no other.
func FuzzWrite(f *testing.F) {
	f.Add("Jane", "a\r\nBEGIN:VEVENT")
	f.Fuzz(func(t *testing.T, summary, name string) {
		got := string(Write(Calendar{Name: name, Now: start, Events: []Event{{UID: name, From: start, Until: start.Add(time.Hour), Summary: summary, Description: summary}}}))
		whole := strings.ReplaceAll(got, "\r\n ", "")
		if strings.Count(whole, "\r\n") != strings.Count(whole, "\n") || strings.Count("\r\n"+whole, "\r\nBEGIN:VEVENT\r\n") != 1 || strings.Contains(strings.ReplaceAll(whole, "\r\n", ""), "\r") {
			t.Fatalf("%q", got)
		}
		for line := range strings.SplitSeq(got, "\r\n") {
			if len(line) > 75 {
				t.Fatalf("%d octets", len(line))
			}
		}
	})
}

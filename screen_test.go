package main

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"tocsin/org"
)

func TestScreen(t *testing.T) {
	prague, err := org.Zone("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	s := screen{zone: prague, now: time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)}
	for text, want := range map[string]string{
		"":                     "0001-01-01T00:00:00Z",
		"90m":                  "2026-03-28T13:30:00Z",
		"2026-03-29T08:00":     "2026-03-29T06:00:00Z", // the clock has been changed in the night
		"2026-03-28 08:00":     "2026-03-28T07:00:00Z",
		"2026-03-28":           "2026-03-27T23:00:00Z",
		"2026-03-28T08:00:00Z": "2026-03-28T08:00:00Z",
	} {
		if got, err := s.moment("--at", text, 1); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v, want %s", text, got.UTC(), err, want)
		}
	}
	if got, _ := s.moment("--since", "24h", -1); !got.Equal(s.now.Add(-24 * time.Hour)) {
		t.Error(got)
	}
	for _, text := range []string{"-1h", "0", "noon", "2026-02-30", "2026-03-28T25:00"} {
		if _, err := s.moment("--at", text, 1); err == nil || exitCode(err) != codeMisuse {
			t.Errorf("%q: %v", text, err)
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m", 2*time.Hour + 5*time.Minute: "2h5m", 49 * time.Hour: "2d1h"} {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	soon := s.now.Add(5 * time.Minute)
	if got := s.ago(&soon); got != "2026-03-28 13:05:00 CET (in 5m)" {
		t.Error(got)
	}
	if s.ago(nil) != "-" || s.at(&time.Time{}) != "-" || s.age(nil) != "-" {
		t.Error("no time is shown as one")
	}
}

// A terminal obeys nothing that comes from a sender.
func FuzzLine(f *testing.F) {
	for _, text := range []string{"Disk full", "\x1b[31mred\x1b]0;title\a", "a\tb\r\nc", "\u202eevil", "\xff\x9b31m", "naïve 東京 👍"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := line(text)
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || !unicode.IsPrint(r) }) || line(got) != got {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

func FuzzMoment(f *testing.F) {
	for _, text := range []string{"8h", "2026-03-28T08:00", "2026-03-28", "-1ns", "9223372036854775807ns"} {
		f.Add(text)
	}
	s := screen{zone: time.UTC, now: time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := s.moment("--at", text, 1); err != nil && exitCode(err) != codeMisuse || err == nil && text != "" && got.IsZero() && !strings.HasPrefix(text, "0001") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	})
}

package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// A screen shows times to a person, and reads theirs.
type screen struct {
	zone *time.Location
	now  time.Time
}

// at is a moment in full; nil is none.
func (s screen) at(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.In(s.zone).Format("2006-01-02 15:04:05 MST")
}

// clock is a moment by the minute.
func (s screen) clock(t time.Time) string { return t.In(s.zone).Format("Mon 2006-01-02 15:04 MST") }

// ago is a moment in full, and how far it is from now.
func (s screen) ago(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	if d := t.Sub(s.now); d > 0 {
		return s.at(t) + " (in " + span(d) + ")"
	}
	return s.at(t) + " (" + span(s.now.Sub(*t)) + " ago)"
}

// age is how long something has been; nil is never.
func (s screen) age(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return span(s.now.Sub(*t))
}

// span is a duration by its two largest units: "45s", "12m", "3h5m", "2d4h".
func span(d time.Duration) string {
	d = max(d, 0)
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < day:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}

// moments are the forms in which people write a moment; without a zone it is theirs.
var moments = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// moment reads what a flag says: a moment, or a span from now, back or on by its sign.
func (s screen) moment(flag, text string, sign time.Duration) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return s.now.Add(sign * d), nil
	}
	for _, form := range moments {
		if t, err := time.ParseInLocation(form, text, s.zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wrongUse("%s: %q is no moment such as 2026-11-25T08:00, and no span such as 2h30m", flag, text)
}

// line is a text from elsewhere as one line of a terminal, which obeys none of what
// stands in it.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// names are ids in a row.
func names(all []string) string { return cmp.Or(line(strings.Join(all, ", ")), "nobody") }

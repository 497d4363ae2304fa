// Package ical speaks iCalendar (RFC 5545), as far as shifts need it.
//
// Out goes a calendar of shifts that are already resolved: each an event of its own in
// UTC, named after its schedule, person and start. Whoever reads it needs
// neither our rules nor a zone.
//
// In come events with recurrence rules, exceptions, additions, occurrences that were moved
// or cancelled, whole days, and zones by their IANA or Windows names. Parse reads what
// there is and tells what it did not understand, event by event: half a calendar that
// says which half it is beats none. Layers and Spans make of it what a schedule, an
// override or time off can hold.
package ical

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// An Event is one shift of a calendar.
type Event struct {
	UID         string
	From, Until time.Time
	Summary     string
	Description string
	Changed     time.Time // when it last became what it is; zero: nobody knows
	Sequence    int
}

// A Calendar is what goes out.
type Calendar struct {
	Name, Zone string
	Events     []Event
	Now        time.Time
}

// Write is the calendar as text/calendar.
func Write(c Calendar) []byte {
	var w writer
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Tocsin//On-call//EN")
	w.line("CALSCALE", "GREGORIAN")
	w.line("METHOD", "PUBLISH")
	w.line("X-WR-CALNAME", escape(c.Name))
	if c.Zone != "" {
		w.line("X-WR-TIMEZONE", escape(c.Zone))
	}
	w.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	w.line("X-PUBLISHED-TTL", "PT1H")
	for _, e := range c.Events {
		w.line("BEGIN", "VEVENT")
		w.line("UID", escape(e.UID))
		w.line("DTSTAMP", instant(c.Now))
		w.line("DTSTART", instant(e.From))
		w.line("DTEND", instant(e.Until))
		w.line("SEQUENCE", fmt.Sprint(e.Sequence))
		if !e.Changed.IsZero() {
			w.line("LAST-MODIFIED", instant(e.Changed))
		}
		w.line("SUMMARY", escape(e.Summary))
		if e.Description != "" {
			w.line("DESCRIPTION", escape(e.Description))
		}
		w.line("TRANSP", "TRANSPARENT")
		w.line("STATUS", "CONFIRMED")
		w.line("END", "VEVENT")
	}
	w.line("END", "VCALENDAR")
	return []byte(w.b.String())
}

func instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// escape makes a text safe as a value: no line of it can become a line of the calendar.
func escape(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\\", "\\\\", ";", "\\;", ",", "\\,", "\r\n", "\\n", "\n", "\\n", "\r", "\\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

type writer struct{ b strings.Builder }

// line writes a content line, folded at 75 octets and never within a character.
func (w *writer) line(name, value string) {
	s := name + ":" + value
	for room := 75; len(s) > room; room = 74 {
		cut := room
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		w.b.WriteString(s[:cut] + "\r\n ")
		s = s[cut:]
	}
	w.b.WriteString(s + "\r\n")
}

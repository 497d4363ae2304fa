package org

import (
	"fmt"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// A Recurrence is a span of time that is once, or comes again by an RRULE (RFC 5545).
type Recurrence struct {
	Start  time.Time // of the first, in its zone
	For    time.Duration
	repeat *rrule.RRule // nil: once
}

// LocalTime is how the start of a recurrence is written: as clocks in its zone show it.
const LocalTime = "2006-01-02T15:04"

const (
	longestRecurrence = 366 * 24 * time.Hour
	recurrenceAge     = 20 * 366 * 24 * time.Hour // how old the first of a recurrence may be
)

// Recur reads a recurrence. Its errors name the field: zone, start, for or repeat; what is
// the thing that recurs.
func Recur(what, start, zone string, length Duration, repeat string) (r Recurrence, err error) {
	r.For = length.D()
	in, err := Zone(zone)
	if err != nil {
		return r, fmt.Errorf("zone: %w", err)
	}
	r.Start, err = time.ParseInLocation(LocalTime, start, in)
	switch {
	case err != nil:
		return r, fmt.Errorf("start: %q is not a local time such as 2026-12-01T02:00", start)
	case r.For <= 0 || r.For > longestRecurrence:
		return r, fmt.Errorf("for: a %s lasts some time, at most a year", what)
	case repeat == "":
		return r, nil
	}
	o, err := rrule.StrToROptionInLocation(strings.TrimPrefix(repeat, "RRULE:"), in)
	switch {
	case err != nil:
		return r, fmt.Errorf("repeat: %q: %w", repeat, err)
	case o.Freq > rrule.DAILY:
		return r, fmt.Errorf("repeat: %q: a %s repeats daily or less often", repeat, what)
	case o.Interval < 0 || o.Interval > 1000 || o.Count < 0:
		return r, fmt.Errorf("repeat: %q: INTERVAL is 1 to 1000", repeat)
	case len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) > 0:
		return r, fmt.Errorf("repeat: %q: the time of day is that of start", repeat)
	}
	o.Dtstart = r.Start
	if end := r.Start.Add(recurrenceAge); o.Until.IsZero() || o.Until.After(end) {
		o.Until = end // one that never comes is found out soon
	}
	if r.repeat, err = rrule.NewRRule(*o); err != nil {
		return r, fmt.Errorf("repeat: %q: %w", repeat, err)
	}
	next := r.repeat.Iterator()
	first, ok := next()
	if !ok || first.Sub(r.Start) > 5*longestRecurrence {
		return r, fmt.Errorf("repeat: %q never comes", repeat)
	}
	if second, ok := next(); ok && second.Sub(first) < r.For {
		return r, fmt.Errorf("for: it lasts into its next time")
	}
	return r, nil
}

// At is the occurrence that is on at a moment, or else the next one; ok says whether
// there is any.
func (r Recurrence) At(now time.Time) (start, end time.Time, ok bool) {
	start = r.Start
	if r.repeat != nil {
		next, more := time.Time{}, false
		it := r.repeat.Iterator()
		for next, more = it(); more && !next.Add(r.For).After(now); next, more = it() {
			if next.Sub(r.Start) > recurrenceAge {
				return start, end, false
			}
		}
		if !more {
			return start, end, false
		}
		start = next
	}
	end = start.Add(r.For)
	return start.UTC(), end.UTC(), end.After(now)
}

// Last is the occurrence that began last by a moment; the first, if none has.
func (r Recurrence) Last(now time.Time) (start, end time.Time) {
	start = r.Start
	if r.repeat != nil {
		if last := r.repeat.Before(now, true); !last.IsZero() {
			start = last
		}
	}
	return start.UTC(), start.Add(r.For).UTC()
}

package oncall

import (
	"fmt"
	"math"
	"strings"
	"time"

	"tocsin/org"
)

// An instant is microseconds since 1970, UTC. A civil reading is what a wall clock
// shows, written as the seconds since 1970 that a clock in UTC would need to show it.
// The two are kept apart by their names: at, start, end, until are instants; reading
// and civil are readings.
const (
	second = int64(1_000_000)
	day    = int64(86_400)
	week   = 7 * day

	never  = math.MaxInt64 // an instant that does not come
	always = math.MinInt64 // an instant before all others

	// reach is more than any clock was ever away from UTC or set back by: readings
	// farther apart than this cannot change places.
	reach = 2 * day

	tableFrom, tableTo = 631_152_000, 2_840_140_800 // 1990 and 2060: transitions kept at hand
)

// instantOf clamps to the years 1 to 9999, so that no sum overflows.
func instantOf(t time.Time) int64 {
	switch {
	case t.Year() < 1:
		return -62_135_596_800 * second
	case t.Year() > 9999:
		return 253_402_300_799 * second
	}
	return t.UnixMicro()
}

func timeOf(at int64) time.Time {
	if at == never {
		return time.Time{}
	}
	return time.UnixMicro(at).UTC()
}

// A zone is a location with the transitions of our time at hand.
type zone struct {
	loc    *time.Location
	starts []int64 // Unix seconds, ascending, and one more: the end of the last period
	offs   []int64 // the offset from starts[i] to starts[i+1]
}

func newZone(name string) (*zone, error) {
	loc, err := org.Zone(name)
	if err != nil {
		return nil, err
	}
	z := &zone{loc: loc}
	for at := int64(tableFrom); at < tableTo; {
		start, end, off := z.lookup(at)
		if len(z.starts) == 0 {
			z.starts = append(z.starts, start)
		}
		at = end
		if n := len(z.offs); n > 0 && z.offs[n-1] == off {
			z.starts[n] = end // no transition, or one of the name alone
			continue
		}
		z.starts, z.offs = append(z.starts, end), append(z.offs, off)
	}
	return z, nil
}

// lookup asks the location. Beyond its last listed transition the standard library ends
// a period at the end of the year, and counts that as 365 days: on the last day of a
// leap year the end it names is already past.
func (z *zone) lookup(sec int64) (start, end, off int64) {
	t := time.Unix(sec, 0).In(z.loc)
	_, o := t.Zone()
	s, e := t.ZoneBounds()
	start, end = always, never
	if !s.IsZero() {
		start = s.Unix()
	}
	if !e.IsZero() {
		end = e.Unix()
		if end <= sec {
			end += day
		}
	}
	return start, end, int64(o)
}

// period is the stretch [start, end) around a Unix second in which the offset holds.
func (z *zone) period(sec int64) (start, end, off int64) {
	lo, hi := 0, len(z.starts)-1
	if sec < z.starts[lo] || sec >= z.starts[hi] {
		return z.lookup(sec)
	}
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; z.starts[mid] <= sec {
			lo = mid
		} else {
			hi = mid
		}
	}
	return z.starts[lo], z.starts[lo+1], z.offs[lo]
}

// reading is what the local clock shows at a Unix second.
func (z *zone) reading(sec int64) int64 {
	_, _, off := z.period(sec)
	return sec + off
}

// resolve is the Unix second at which the local clock first reaches or passes a
// reading: in a gap the jump, in a fold the first time. With last it is the second
// after which the clock never again shows less: in a fold the last time.
func (z *zone) resolve(reading int64, last bool) int64 {
	if last {
		bound := reading + reach
		for {
			start, end, off := z.period(bound)
			at := min(reading-off, end)
			if at >= start {
				return at
			}
			bound = start - 1
		}
	}
	bound := reading - reach
	for {
		_, end, off := z.period(bound)
		if at := max(reading-off, bound); at < end {
			return at
		}
		bound = end
	}
}

// civilLayouts are the ways in which a reading may be written.
var civilLayouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

func parseCivil(s string) (int64, error) {
	for _, layout := range civilLayouts {
		if t, err := time.Parse(layout, s); err == nil && t.Nanosecond() == 0 && t.Year() > 0 {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a local date and time such as 2026-01-05T09:00", s)
}

// instant reads a Moment in the zone.
func (m Moment) instant(z *zone) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, string(m))
	if err == nil {
		return instantOf(t), nil
	}
	reading, err := parseCivil(string(m))
	if err != nil {
		return 0, fmt.Errorf("%q is neither an instant such as 2026-01-05T08:00:00Z nor a local date and time", string(m))
	}
	first, last := z.resolve(reading, false), z.resolve(reading, true)
	show := func(sec int64) string { return time.Unix(sec, 0).In(z.loc).Format(time.RFC3339) }
	switch {
	case first != last:
		return 0, fmt.Errorf("the clock in %s shows %s twice: write %s or %s", z.loc, m, show(first), show(last))
	case z.reading(first) != reading:
		return 0, fmt.Errorf("the clock in %s skips %s: write %s, or a time before it", z.loc, m, show(first))
	}
	return first * second, nil
}

// Fix is the instant that a moment is in a zone, written down: whoever reads it later
// needs to know of no zone. One that the clock skips or shows twice is refused.
func (m Moment) Fix(name string) (Moment, error) {
	z, err := newZone(name)
	if err != nil {
		return "", err
	}
	at, err := m.instant(z)
	return Instant(timeOf(at)), err
}

// A clock counts turns: turn k starts when the wall clock reaches anchor + k steps.
type clock struct {
	z      *zone
	anchor int64 // reading
	step   int64 // civil seconds; 0 when months counts
	months int64
}

// utcZone counts elapsed time: its clock is never set.
var utcZone = &zone{loc: time.UTC, starts: []int64{always, never}, offs: []int64{0}}

// start is the Unix second at which turn k begins.
func (c *clock) start(k int64) int64 {
	if c.months == 0 {
		return c.z.resolve(c.anchor+k*c.step, false)
	}
	y, m, d := time.Unix(c.anchor, 0).UTC().Date()
	first := time.Date(y, m+time.Month(k*c.months), 1, 0, 0, 0, 0, time.UTC)
	d = min(d, daysIn(first))
	return c.z.resolve(first.Unix()+int64(d-1)*day+floorMod(c.anchor, day), false)
}

// at is the turn that holds a Unix second, and its bounds. Of turns that begin at one
// instant the last counts: those before it have no length.
func (c *clock) at(sec int64) (k, start, end int64) {
	reading := c.z.reading(sec)
	if c.months == 0 {
		k = floorDiv(reading-c.anchor, c.step)
	} else {
		a, r := time.Unix(c.anchor, 0).UTC(), time.Unix(reading, 0).UTC()
		k = floorDiv(int64(r.Year()-a.Year())*12+int64(r.Month()-a.Month()), c.months)
	}
	for start = c.start(k); start > sec; start = c.start(k) {
		k--
	}
	for end = c.start(k + 1); end <= sec; end = c.start(k + 1) {
		k, start = k+1, end
	}
	return k, start, end
}

func daysIn(firstOfMonth time.Time) int {
	return firstOfMonth.AddDate(0, 1, -1).Day() // UTC: plain calendar arithmetic
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// weekday numbers the day of a reading from Monday, 0.
func weekday(reading int64) int { return int(floorMod(floorDiv(reading, day)+3, 7)) }

var weekdays = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

func parseWeekday(s string) (int, bool) {
	if len(s) < 2 {
		return 0, false
	}
	for i, d := range weekdays {
		if strings.EqualFold(s, d) || len(s) == 3 && strings.EqualFold(s, longDays[i][:3]) || strings.EqualFold(s, longDays[i]) {
			return i, true
		}
	}
	return 0, false
}

var longDays = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

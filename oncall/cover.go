package oncall

import (
	"slices"
	"sort"
	"time"
)

// A piece is one stretch of a cover, [start, end) in instants. Its ordinal counts the
// occurrences of the cover, its cycle the periods.
type piece struct {
	start, end     int64
	ordinal, cycle int64
}

// An occurrence is a piece before its readings are resolved.
type occurrence struct {
	civil, seconds int64
	ordinal, cycle int64
}

// A pattern makes occurrences. each yields those from the reading from (perhaps a few
// before it), in order, until yield says no or it has walked past the reading to and
// far enough; it returns the reading up to which nothing is missing.
type pattern interface {
	each(from, to int64, yield func(occurrence) bool) int64
	longest() int64 // civil seconds
}

// A cover finds the pieces around an instant: near appends those that hold it or
// begin between it and the horizon it returns, which is after it.
type cover interface {
	near(at int64, pieces []piece) (_ []piece, horizon int64)
}

// unbroken is the cover that always holds.
type unbroken struct{}

func (unbroken) near(_ int64, pieces []piece) ([]piece, int64) {
	return append(pieces, piece{start: always, end: never}), never
}

// fixed is a cover of instants, sorted by their starts.
type fixed []piece

func (f fixed) near(at int64, pieces []piece) ([]piece, int64) {
	for _, p := range f {
		if p.start > at {
			return pieces, p.start
		}
		if p.end > at {
			pieces = append(pieces, p)
		}
	}
	return pieces, never
}

// civilCover resolves the occurrences of a pattern in a zone.
type civilCover struct {
	z       *zone
	pattern pattern
	endLast bool // an end that the clock shows twice is the second
}

func (c *civilCover) near(at int64, pieces []piece) ([]piece, int64) {
	sec := floorDiv(at, second)
	reading := c.z.reading(sec)
	horizon := int64(never)
	walked := c.pattern.each(reading-reach-c.pattern.longest(), reading+reach, func(o occurrence) bool {
		if o.civil+o.seconds < reading-reach {
			return true
		}
		p := piece{ordinal: o.ordinal, cycle: o.cycle}
		p.start = c.z.resolve(o.civil, false) * second
		p.end = c.z.resolve(o.civil+o.seconds, c.endLast) * second
		if p.end <= p.start {
			return true
		}
		if p.start > at {
			horizon = p.start
			return false
		}
		if p.end > at {
			pieces = append(pieces, p)
		}
		return true
	})
	if horizon == never && walked != never {
		horizon = c.z.resolve(walked, false) * second
	}
	return pieces, horizon
}

// farthest is a reading after which no pattern makes anything: the year 10000.
const farthest = int64(253_402_300_800)

// cycle repeats spans every so many civil days.
type cycle struct {
	anchor, period int64
	// spans are sorted by civil, the offset in the period where they begin. A span that
	// begins periods after its own cycle has those in cycle, as a negative number; its
	// ordinal is its place in the cycle.
	spans []occurrence
	max   int64
}

func (c *cycle) longest() int64 { return c.max }

func (c *cycle) each(from, to int64, yield func(occurrence) bool) int64 {
	n := floorDiv(from-c.anchor, c.period)
	for walked := 0; ; walked++ {
		base := c.anchor + n*c.period
		if base > to && walked > 1 {
			return base
		}
		if base > farthest {
			return never
		}
		for _, s := range c.spans {
			own := n + s.cycle
			o := occurrence{base + s.civil, s.seconds, own*int64(len(c.spans)) + s.ordinal, own}
			if !yield(o) {
				return o.civil
			}
		}
		n++
	}
}

// recur is a recurrence rule. Its periods are interval hours, days, weeks or months
// from the start on; each period holds the occurrences that expand makes.
type recur struct {
	start, seconds int64
	freq           string
	interval       int64
	byDay          [7]bool
	byMonth        [13]bool
	byMonthday     []int
	dayFilter      bool // byDay is used
	monthFilter    bool // byMonth is used
	wkst           int
	exdate         map[int64]bool
	rdate          []int64 // sorted
	// counts has the number of occurrences before every 64th period, so that an
	// ordinal is found without walking from the start. nil: one in each period.
	counts []int64
}

const countEvery = 64

func (r *recur) longest() int64 { return r.seconds }

// base is the reading at which period n begins.
func (r *recur) base(n int64) int64 {
	switch r.freq {
	case "hourly":
		return r.start + n*r.interval*3600
	case "daily":
		return r.start + n*r.interval*day
	case "weekly":
		first := floorDiv(r.start, day) * day
		first -= floorMod(int64(weekday(first)-r.wkst), 7) * day
		return first + n*r.interval*week
	case "monthly":
		y, m, _ := time.Unix(r.start, 0).UTC().Date()
		return time.Date(y, m+time.Month(n*r.interval), 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	if n <= 0 {
		return r.start
	}
	return farthest + 1
}

// period is the number of the period that holds a reading, 0 for those before it.
func (r *recur) period(reading int64) int64 {
	var n int64
	switch since := reading - r.base(0); r.freq {
	case "hourly":
		n = floorDiv(since, r.interval*3600)
	case "daily":
		n = floorDiv(since, r.interval*day)
	case "weekly":
		n = floorDiv(since, r.interval*week)
	case "monthly":
		a, b := time.Unix(r.start, 0).UTC(), time.Unix(reading, 0).UTC()
		n = floorDiv(int64(b.Year()-a.Year())*12+int64(b.Month()-a.Month()), r.interval)
	}
	return max(n, 0)
}

// expand appends the starts that the rule makes in period n, in order.
func (r *recur) expand(n int64, starts []int64) []int64 {
	base := r.base(n)
	clock := floorMod(r.start, day)
	switch r.freq {
	case "weekly":
		for i := range int64(7) {
			at := base + i*day + clock
			if at >= r.start && r.byDay[weekday(at)] && r.inMonth(at) {
				starts = append(starts, at)
			}
		}
	case "monthly":
		first := time.Unix(base, 0).UTC()
		if r.monthFilter && !r.byMonth[first.Month()] {
			break
		}
		days := daysIn(first)
		for d := 1; d <= days; d++ {
			at := base + int64(d-1)*day + clock
			if at >= r.start && r.onMonthday(d, days) && (!r.dayFilter || r.byDay[weekday(at)]) {
				starts = append(starts, at)
			}
		}
	case "hourly", "daily":
		if r.dayFilter && !r.byDay[weekday(base)] || !r.inMonth(base) {
			break
		}
		if len(r.byMonthday) > 0 {
			t := time.Unix(base, 0).UTC()
			if !r.onMonthday(t.Day(), daysIn(t.AddDate(0, 0, 1-t.Day()))) {
				break
			}
		}
		starts = append(starts, base)
	default:
		starts = append(starts, base)
	}
	return starts
}

func (r *recur) inMonth(reading int64) bool {
	return !r.monthFilter || r.byMonth[time.Unix(reading, 0).UTC().Month()]
}

func (r *recur) onMonthday(d, days int) bool {
	return len(r.byMonthday) == 0 || slices.Contains(r.byMonthday, d) || slices.Contains(r.byMonthday, d-days-1)
}

// number counts the occurrences in the periods before n.
func (r *recur) number(n int64) int64 {
	if r.counts == nil {
		return n
	}
	known := min(n/countEvery, int64(len(r.counts)-1))
	count := r.counts[known]
	var room [31]int64
	for p := known * countEvery; p < n; p++ {
		count += int64(len(r.expand(p, room[:0])))
	}
	return count
}

// count prepares the counts for a century; what comes later is walked.
func (r *recur) count() {
	r.counts = []int64{0}
	var total int64
	var room [31]int64
	for n, end := int64(0), r.start+36_525*day; r.base(n) < end; n++ {
		total += int64(len(r.expand(n, room[:0])))
		if (n+1)%countEvery == 0 {
			r.counts = append(r.counts, total)
		}
	}
}

func (r *recur) each(from, to int64, yield func(occurrence) bool) int64 {
	n := r.period(from)
	ordinal := r.number(n)
	var room [31]int64
	for walked := 0; ; walked++ {
		base, next := r.base(n), r.base(n+1)
		if base > farthest {
			return never
		}
		if base > to && walked >= countEvery {
			return base
		}
		starts := r.expand(n, room[:0])
		added := r.rdate[sort.Search(len(r.rdate), func(i int) bool { return r.rdate[i] >= base }):]
		for len(starts) > 0 || len(added) > 0 && added[0] < next {
			o := occurrence{seconds: r.seconds, cycle: n}
			if len(starts) > 0 && (len(added) == 0 || starts[0] <= added[0]) {
				o.civil, o.ordinal = starts[0], ordinal
				ordinal++
				starts = starts[1:]
			} else {
				o.civil, o.ordinal = added[0], max(ordinal-1, 0)
				added = added[1:]
			}
			if !r.exdate[o.civil] && !yield(o) {
				return o.civil
			}
		}
		n++
	}
}

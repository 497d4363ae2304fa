package figures

import (
	"cmp"
	"slices"
	"time"
)

// A Tally is one figure of some incidents.
type Tally struct {
	N      int   // incidents that its number is made of; of a share, those that have it
	Of     int   // of a share: those that it is about
	Sum    int64 // microseconds, hundredths of money, or a number
	values []int64
}

// Mean is that of a span, in microseconds.
func (t Tally) Mean() float64 {
	if t.N == 0 {
		return 0
	}
	return float64(t.Sum) / float64(t.N)
}

// Quantile is the value of a span that a part of the incidents do not exceed: the smallest
// one that as many reach. It moves values about; two of the same tally are asked one after
// the other.
func (t Tally) Quantile(part float64) int64 {
	n := len(t.values)
	if n == 0 {
		return 0
	}
	k := int(part * float64(n))
	if float64(k) == part*float64(n) {
		k--
	}
	return nth(t.values, min(max(k, 0), n-1))
}

// nth moves the k-th smallest value to its place, and what is smaller before it.
func nth(v []int64, k int) int64 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		pivot := median(v[lo], v[lo+(hi-lo)/2], v[hi])
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}

func median(a, b, c int64) int64 { return max(min(a, b), min(max(a, b), c)) }

// Sums are all figures of some incidents, in the order of Definitions.
type Sums []Tally

func newSums() Sums { return make(Sums, len(Definitions)) }

// A hit is what an incident brings to a figure.
type hit struct {
	figure int
	v      int64
}

// kinds are those of the definitions, as they are asked for with each incident.
var kinds = func() (k []struct{ share, span bool }) {
	for _, d := range Definitions {
		k = append(k, struct{ share, span bool }{d.Kind == Share, d.Kind == Span})
	}
	return k
}()

// add counts one incident. What a quantile is made of is kept where it is wanted.
func (s Sums) add(hits []hit, keep bool) {
	for _, h := range hits {
		t := &s[h.figure]
		t.Sum += h.v
		switch k := kinds[h.figure]; {
		case k.share:
			t.Of++
			t.N += int(h.v)
		case k.span && keep:
			t.values = append(t.values, h.v)
			t.N++
		default:
			t.N++
		}
	}
}

// Of is the tally of a figure.
func (s Sums) Of(key string) Tally {
	for i, d := range Definitions {
		if d.Key == key {
			return s[i]
		}
	}
	return Tally{}
}

// A Query is what a report is about.
type Query struct {
	From, To time.Time // when incidents were opened: from, and before to
	Keep     func(*Incident) bool
	By       func(*Incident) string // nil: no lines
	Cuts     []time.Time            // where the parts of the period begin, the first at From
	Zone     *time.Location         // of the hours of Heat
}

// Keeps says whether an incident is one of those that the query is about.
func (q *Query) Keeps(in *Incident) bool {
	return !in.Opened.Before(q.From) && in.Opened.Before(q.To) && (q.Keep == nil || q.Keep(in))
}

// A Report is what the incidents of a period came to.
type Report struct {
	Total Sums
	Lines map[string]Sums
	Parts []Sums     // of the period, as Cuts has them
	Heat  [7][24]int // incidents by the day of the week (Sunday is 0) and the hour
	Loads *Loads     // what people bore

	q    *Query
	h    *House
	cuts []int64
	hits []hit

	quarter int64 // whose day and hour hour is, so that a zone is asked once for each
	hour    *int
}

// NewReport is one that has counted nothing yet.
func NewReport(q *Query, h *House) *Report {
	r := &Report{Total: newSums(), Lines: map[string]Sums{}, Parts: make([]Sums, len(q.Cuts)), Loads: newLoads(), q: q, h: h}
	for i, at := range q.Cuts {
		r.Parts[i] = newSums()
		r.cuts = append(r.cuts, at.UnixMicro())
	}
	return r
}

// Add counts an incident, if the query is about it.
func (r *Report) Add(in *Incident) {
	if !r.q.Keeps(in) {
		return
	}
	r.Loads.add(in)
	if !in.Counts() {
		return
	}
	r.hits = r.hits[:0]
	for i := range Definitions {
		if v, ok := Definitions[i].of(in, r.h); ok && (v != 0 || kinds[i].share || kinds[i].span) {
			r.hits = append(r.hits, hit{i, v})
		}
	}
	r.Total.add(r.hits, true)
	if r.q.By != nil {
		key := r.q.By(in)
		line, ok := r.Lines[key]
		if !ok {
			line = newSums()
			r.Lines[key] = line
		}
		line.add(r.hits, true)
	}
	if len(r.cuts) > 0 {
		i, exact := slices.BinarySearchFunc(r.cuts, in.Opened.UnixMicro(), cmp.Compare[int64])
		if !exact {
			i--
		}
		r.Parts[max(i, 0)].add(r.hits, false)
	}
	if r.q.Zone != nil {
		*r.hourOf(in.Opened)++
	}
}

// hourOf is where an hour is counted. Every zone's clock is set at a quarter of an hour.
func (r *Report) hourOf(t time.Time) *int {
	const quarter = int64(15 * time.Minute / time.Microsecond)
	if q := t.UnixMicro() / quarter; r.hour == nil || q != r.quarter {
		local := t.In(r.q.Zone)
		r.quarter, r.hour = q, &r.Heat[local.Weekday()][local.Hour()]
	}
	return r.hour
}

// A Part is how a period is cut.
type Part string

const (
	Hourly  Part = "hour"
	Daily   Part = "day"
	Weekly  Part = "week"
	Monthly Part = "month"
)

// Cut is where the parts of a period begin, by the clock of a zone: the first at its
// begin, the others at the full hour, midnight, Monday's or that of the first of the month.
func Cut(from, to time.Time, part Part, zone *time.Location) (cuts []time.Time) {
	next := func(t time.Time) time.Time {
		l := t.In(zone)
		switch part {
		case Hourly:
			return t.Truncate(time.Hour).Add(time.Hour)
		case Weekly:
			return time.Date(l.Year(), l.Month(), l.Day()+7-(int(l.Weekday())+6)%7, 0, 0, 0, 0, zone)
		case Monthly:
			return time.Date(l.Year(), l.Month()+1, 1, 0, 0, 0, 0, zone)
		}
		return time.Date(l.Year(), l.Month(), l.Day()+1, 0, 0, 0, 0, zone)
	}
	for at := from; at.Before(to); at = next(at) {
		cuts = append(cuts, at.UTC())
	}
	return cuts
}

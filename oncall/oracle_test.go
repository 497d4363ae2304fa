package oncall

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/org"
)

// The oracle walks minutes. It knows nothing of periods, indexes and horizons: it keeps
// the highest reading that the wall clock has shown so far (and, from the other end,
// the lowest that it will still show), and compares readings.

type oracleMinute struct {
	at        int64 // Unix seconds
	max, less int64 // highest reading until now; lowest after now
}

// around is how much more is walked before and after what is compared, so that every
// occurrence is seen to begin and every reading has its highest before it.
const around = 5 * day

// minutes walks [from, to) in a zone, and around it.
func minutes(loc *time.Location, from, to int64) []oracleMinute {
	var all []oracleMinute
	high := int64(math.MinInt64)
	for at := from - around; at < to+around; at += 60 {
		_, off := time.Unix(at, 0).In(loc).Zone()
		high = max(high, at+int64(off))
		all = append(all, oracleMinute{at: at, max: high, less: at + int64(off)})
	}
	low := int64(math.MaxInt64)
	for i := len(all) - 1; i >= 0; i-- {
		low, all[i].less = min(low, all[i].less), low
	}
	return all
}

// civilTurn is the number of the last turn whose reading the clock has reached.
func civilTurn(t Turn, reached int64) int64 {
	anchor, _ := parseCivil(t.Anchor)
	if unit := map[string]int64{"hour": 3600, "day": day, "week": week}[t.Unit]; unit > 0 {
		return floorDiv(reached-anchor, unit*t.N)
	}
	a := time.Unix(anchor, 0).UTC()
	starts := func(k int64) int64 { // the same day, or the last of a shorter month
		for d := a.Day(); ; d-- {
			t := time.Date(a.Year(), a.Month()+time.Month(k*t.N), d, a.Hour(), a.Minute(), 0, 0, time.UTC)
			if t.Day() == d {
				return t.Unix()
			}
		}
	}
	k := int64(-100)
	for starts(k+1) <= reached {
		k++
	}
	return k
}

// civilOccurrences lists the civil starts and ends of a cover around a span, the plain way.
func civilOccurrences(c Cover, from, to int64) [][2]int64 {
	var out [][2]int64
	for d := floorDiv(from, day)*day - 10*day; d < to+10*day; d += day {
		switch c.Kind {
		case "cycle":
			anchor, _ := parseCivil(c.Anchor)
			if floorMod(d-anchor, int64(c.PeriodDays)*day) == 0 {
				for _, s := range c.Spans {
					out = append(out, [2]int64{d + s.Offset, d + s.Offset + s.Seconds})
				}
			}
		case "recur":
			start, _ := parseCivil(c.Start)
			at, first := d+floorMod(start, day), floorDiv(start, day)*day
			fits := at >= start && slices.Contains(c.ByDay, weekdays[weekday(d)])
			if c.Freq == "daily" {
				fits = fits && (d-first)/day%int64(c.Interval) == 0
			} else {
				monday := first - int64(weekday(first))*day
				fits = fits && (d-monday)/week%int64(c.Interval) == 0
			}
			if fits {
				out = append(out, [2]int64{at, at + c.Seconds})
			}
		}
	}
	return out
}

// oracleLayer lists who stands in a layer at each of the minutes.
func oracleLayer(l Layer, walk []oracleMinute) [][]org.PersonID {
	users := make([][]org.PersonID, len(walk))
	slot := func(k int64) []org.PersonID { return l.Slots[floorMod(k+int64(l.StartIndex), int64(len(l.Slots)))] }
	if l.Cover.Kind == "always" {
		for i, m := range walk {
			users[i] = slot(civilTurn(l.Turn, m.max))
		}
		return users
	}
	for _, o := range civilOccurrences(l.Cover, walk[0].at, walk[len(walk)-1].at) {
		began := int64(math.MinInt64)
		for i, m := range walk {
			over := m.max >= o[1]
			if l.Cover.EndFold == "last" {
				over = over && m.less > o[1] // the clock will not read it again
			}
			if m.max < o[0] || over {
				continue
			}
			if began == math.MinInt64 {
				began = m.max
			}
			k := civilTurn(l.Turn, m.max)
			if l.Turn.Bind == "occurrence" {
				k = civilTurn(l.Turn, began)
			}
			users[i] = append(slices.Clone(users[i]), slot(k)...)
		}
	}
	return users
}

// transitions are the moments that make schedules hard.
var transitions = []struct{ zone, around string }{
	{"Europe/Berlin", "2024-03-31T01:00:00Z"}, {"Europe/Berlin", "2024-10-27T01:00:00Z"},
	{"America/New_York", "2024-03-10T07:00:00Z"}, {"America/New_York", "2024-11-03T06:00:00Z"},
	{"America/New_York", "2008-12-31T12:00:00Z"}, {"America/New_York", "2096-12-31T12:00:00Z"},
	{"Australia/Lord_Howe", "2021-04-03T15:00:00Z"}, {"Australia/Lord_Howe", "2020-10-03T15:30:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"}, {"Pacific/Kwajalein", "1993-08-21T12:00:00Z"},
	{"Africa/Casablanca", "2024-03-10T02:00:00Z"}, {"Africa/Casablanca", "2024-04-14T02:00:00Z"},
	{"America/Sao_Paulo", "2018-11-04T03:00:00Z"}, {"America/Sao_Paulo", "2019-02-17T02:00:00Z"},
	{"Antarctica/Troll", "2024-03-31T01:00:00Z"}, {"Antarctica/Troll", "2024-10-27T01:00:00Z"},
	{"Asia/Manila", "1990-07-28T16:00:00Z"}, {"UTC", "2024-02-29T00:00:00Z"},
}

func drawLayer(t *rapid.T, id string, middle int64) Layer {
	civil := func(label string, days int64) string {
		at := middle - rapid.Int64Range(0, days*48).Draw(t, label)*1800
		return time.Unix(at, 0).UTC().Format("2006-01-02T15:04")
	}
	l := Layer{ID: id, Band: rapid.IntRange(0, 1).Draw(t, "band"), StartIndex: rapid.IntRange(0, 2).Draw(t, "start_index")}
	for i := range rapid.IntRange(1, 3).Draw(t, "slots") {
		slot := []org.PersonID{org.PersonID(fmt.Sprintf("%s%d", id, i))}
		if rapid.IntRange(0, 5).Draw(t, "empty") == 0 {
			slot = []org.PersonID{}
		}
		l.Slots = append(l.Slots, slot)
	}
	unit := rapid.SampledFrom([]string{"hour", "hour", "day", "week", "month"}).Draw(t, "unit")
	n := int64(rapid.SampledFrom([]int{1, 1, 2, 3, 8}).Draw(t, "n"))
	l.Turn = Turn{Kind: "clock", Unit: unit, N: n, Anchor: civil("anchor", 20), Bind: rapid.SampledFrom([]string{"instant", "occurrence"}).Draw(t, "bind")}
	fold := rapid.SampledFrom([]string{"first", "last"}).Draw(t, "end_fold")
	length := rapid.Int64Range(1, 72).Draw(t, "length") * 1800
	switch kind := rapid.SampledFrom([]string{"always", "cycle", "daily", "weekly"}).Draw(t, "cover"); kind {
	case "always":
		l.Cover, l.Turn.Bind = Cover{Kind: kind}, "instant"
	case "cycle":
		l.Cover = Cover{Kind: "cycle", Anchor: "2018-01-01", PeriodDays: rapid.IntRange(1, 8).Draw(t, "period"), EndFold: fold}
		length = min(length, int64(l.Cover.PeriodDays)*4*day)
		for range rapid.IntRange(1, 3).Draw(t, "spans") {
			off := rapid.Int64Range(0, int64(l.Cover.PeriodDays)*48-1).Draw(t, "off") * 1800
			l.Cover.Spans = append(l.Cover.Spans, Span{Offset: off, Seconds: length})
		}
	default:
		l.Cover = Cover{Kind: "recur", Start: civil("start", 12), Seconds: length, Freq: kind, Interval: rapid.IntRange(1, 3).Draw(t, "interval"), EndFold: fold}
		l.Cover.ByDay = rapid.SliceOfNDistinct(rapid.SampledFrom(weekdays), 1, 7, rapid.ID).Draw(t, "by_day")
	}
	return l
}

// TestAtAgainstMinutes holds At, its Until and Render against the oracle.
func TestAtAgainstMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hard := rapid.SampledFrom(transitions).Draw(t, "transition")
		when, err := time.Parse(time.RFC3339, hard.around)
		if err != nil {
			t.Fatal(err)
		}
		s := Schedule{TZ: hard.zone}
		for i := range rapid.IntRange(1, 3).Draw(t, "layers") {
			s.Layers = append(s.Layers, drawLayer(t, string(rune('a'+i)), when.Unix()))
		}
		c, err := Compile(s)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := org.Zone(hard.zone)
		if err != nil {
			t.Fatal(err)
		}
		walk := minutes(loc, when.Unix()-2*day, when.Unix()+2*day)
		var layers [][][]org.PersonID
		for _, l := range s.Layers {
			layers = append(layers, oracleLayer(l, walk))
		}
		first, last := int(around/60), len(walk)-int(around/60)
		rendered := c.Render(time.Unix(walk[first].at, 0), time.Unix(walk[last].at, 0))
		held := c.At(time.Unix(walk[first].at, 0))
		for i := first; i < last; i++ {
			m := walk[i]
			at := time.Unix(m.at, 0)
			if !held.Until.IsZero() && !at.Before(held.Until) {
				held = c.At(at)
				if !held.Until.IsZero() && !held.Until.After(at) {
					t.Fatalf("until %s is not after %s", held.Until, at)
				}
			}
			for len(rendered) > 1 && !rendered[0].Until.After(at) {
				rendered = rendered[1:]
			}
			want := topBand(s.Layers, layers, i)
			if !slices.Equal(held.People, want) || !slices.Equal(rendered[0].People, want) {
				t.Fatalf("%s (%s): At says %v (%s), Render %v, the minutes %v", at.UTC().Format(time.RFC3339),
					at.In(loc).Format(time.RFC3339), held.People, held.Why, rendered[0].People, want)
			}
		}
	})
}

func topBand(layers []Layer, users [][][]org.PersonID, i int) []org.PersonID {
	for band := 1; band >= 0; band-- {
		var people []org.PersonID
		for n, l := range layers {
			if l.Band == band {
				people = append(people, users[n][i]...)
			}
		}
		if len(people) > 0 {
			slices.Sort(people)
			return slices.Compact(people)
		}
	}
	return nil
}

// TestOrdinals holds the counted ordinals of a recurrence against plain counting.
func TestOrdinals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Cover{
			Start: "2024-01-17T09:00", Seconds: 3600, Interval: rapid.IntRange(1, 4).Draw(t, "interval"),
			Freq:    rapid.SampledFrom([]string{"daily", "weekly", "monthly"}).Draw(t, "freq"),
			ByDay:   rapid.SliceOfNDistinct(rapid.SampledFrom(weekdays), 0, 7, rapid.ID).Draw(t, "by_day"),
			ByMonth: rapid.SliceOfN(rapid.IntRange(1, 12), 0, 6).Draw(t, "by_month"),
			Wkst:    rapid.SampledFrom(weekdays).Draw(t, "wkst"),
		}
		if in.Freq != "weekly" {
			in.ByMonthday = rapid.SliceOfN(rapid.IntRange(1, 31), 0, 5).Draw(t, "by_monthday")
		}
		x := &compiler{}
		r := x.recur("layer", in, true)
		if len(x.errs) > 0 {
			t.Fatal(x.errs)
		}
		n := int64(0)
		to := r.start + 6*366*day
		var all []occurrence
		r.each(r.start, to, func(o occurrence) bool {
			if o.ordinal != n {
				t.Fatalf("occurrence at %s is number %d, counted %d", time.Unix(o.civil, 0).UTC(), o.ordinal, n)
			}
			n++
			all = append(all, o)
			return o.civil < to
		})
		from := r.start + rapid.Int64Range(0, 6*366).Draw(t, "from")*day
		r.each(from, from+400*day, func(o occurrence) bool {
			if o.ordinal < n && all[o.ordinal] != o {
				t.Fatalf("seen from %s, number %d is %v, was %v", time.Unix(from, 0).UTC(), o.ordinal, o, all[o.ordinal])
			}
			return o.civil < from+400*day
		})
	})
}

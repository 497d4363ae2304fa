package oncall

import (
	"cmp"
	"flag"
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

// walked keeps the walks of the few moments that come again and again.
var walked = map[string][]oracleMinute{}

// minutes walks [from, to) in a zone, and around it.
func minutes(loc *time.Location, from, to int64) []oracleMinute {
	key := fmt.Sprint(loc, from, to)
	if walked[key] == nil {
		if len(walked) > len(transitions) {
			clear(walked)
		}
		walked[key] = walkMinutes(loc, from, to)
	}
	return walked[key]
}

func walkMinutes(loc *time.Location, from, to int64) []oracleMinute {
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
	k := int64(-4) // anchors lie near
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
	cover, days := l.Cover, map[string]bool{}
	if cover.Kind == "minus" {
		cover = l.Cover.Of[0]
		for _, d := range l.Cover.Of[1].Dates {
			days[d] = true
		}
	}
	for n, o := range civilOccurrences(cover, walk[0].at, walk[len(walk)-1].at) {
		began := int64(math.MinInt64)
		for i, m := range walk {
			over := m.max >= o[1]
			if cover.EndFold == "last" {
				over = over && m.less > o[1] // the clock will not read it again
			}
			if m.max < o[0] || over {
				continue
			}
			if began == math.MinInt64 {
				began = m.max
			}
			if len(days) > 0 && days[time.Unix(m.max, 0).UTC().Format("2006-01-02")] {
				continue // the highest reading tells which civil day has begun
			}
			k := int64(n) / max(l.Turn.N, 1)
			switch {
			case l.Turn.Kind == "occurrence":
			case l.Turn.Bind == "occurrence":
				k = civilTurn(l.Turn, began)
			default:
				k = civilTurn(l.Turn, m.max)
			}
			users[i] = append(slices.Clone(users[i]), slot(k)...)
		}
	}
	return users
}

var oracleTimes = flag.Int("oracle", 1, "how many times 500 schedules the oracle looks at; above 1 in all zones, 1990 to 2040")

// drawTransition is a zone and a moment at which its clock is set.
func drawTransition(t *rapid.T) (zone string, when time.Time) {
	if *oracleTimes == 1 {
		hard := rapid.SampledFrom(transitions).Draw(t, "transition")
		when, err := time.Parse(time.RFC3339, hard.around)
		if err != nil {
			t.Fatal(err)
		}
		return hard.zone, when
	}
	zone = rapid.SampledFrom(org.Zones()).Draw(t, "zone")
	loc, err := org.Zone(zone)
	if err != nil {
		t.Fatal(err)
	}
	when = time.Date(1990, 1, rapid.IntRange(1, 50*365).Draw(t, "day"), 12, 0, 0, 0, time.UTC)
	if _, end := when.In(loc).ZoneBounds(); !end.IsZero() && end.Year() <= 2040 {
		when = end.UTC()
	}
	return zone, when
}

// drawPatches draws what is changed around a moment.
func drawPatches(t *rapid.T, s Schedule, middle time.Time) (all []Patch) {
	for i := range rapid.IntRange(0, 6).Draw(t, "patches") {
		start := middle.Add(time.Duration(rapid.IntRange(-7*24*4, 7*24*4).Draw(t, "start")) * 15 * time.Minute)
		p := Patch{
			ID: fmt.Sprint(i), Op: rapid.SampledFrom([]string{"set", "add", "remove", "replace"}).Draw(t, "op"), Start: Instant(start),
			End:   Instant(start.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "length")) * 15 * time.Minute)),
			Phase: rapid.SampledFrom([]string{"layer", "final"}).Draw(t, "phase"), Seq: int64(rapid.IntRange(0, 3).Draw(t, "seq")),
			Users: Names{org.PersonID(fmt.Sprint("p", i))}, Old: rapid.SampledFrom([]Names{{"a0"}, {"a0", "b1"}, {"a1", "p0"}}).Draw(t, "old"),
		}
		if rapid.Bool().Draw(t, "scoped") {
			p.Scope = []string{s.Layers[rapid.IntRange(0, len(s.Layers)-1).Draw(t, "scope")].ID}
		}
		if p.Op == "remove" {
			p.Users = nil
		}
		all = append(all, p)
	}
	return all
}

// oraclePatch lets the patches of a phase act on users, as the rules say in words.
func oraclePatch(patches []Patch, phase string, users []org.PersonID, inScope func(Patch) bool) []org.PersonID {
	if len(patches) == 0 {
		return users
	}
	rank := func(p Patch) int { return map[bool]int{true: 100, false: 50}[p.Op == "set"] }
	for _, r := range []int{50, 100} {
		var act []Patch
		for _, p := range patches {
			if p.Phase == phase && rank(p) == r && inScope(p) {
				act = append(act, p)
			}
		}
		slices.SortStableFunc(act, func(a, b Patch) int { return cmp.Compare(a.Seq, b.Seq) })
		came := users
		var added []org.PersonID
		for _, p := range act {
			if p.Op == "set" {
				users, added = p.Users, nil
				continue
			}
			if p.Op == "add" {
				added = append(added, p.Users...)
				continue
			}
			hit := false
			for _, u := range p.Old {
				hit = hit || slices.Contains(came, u)
			}
			if hit {
				var left []org.PersonID
				for _, u := range users {
					if !slices.Contains(p.Old, u) {
						left = append(left, u)
					}
				}
				users, added = left, append(added, p.Users...)
			}
		}
		users = append(slices.Clone(users), added...)
	}
	return users
}

// oracleAt is who stands in a role at one of the minutes.
func oracleAt(s Schedule, layers [][][]org.PersonID, walk []oracleMinute, i int, role string) []org.PersonID {
	var act []Patch // those in force
	for _, p := range s.Patches {
		clock := time.Unix(walk[i].at, 0).UTC().Format("2006-01-02T15:04:05Z") // sorts as it reads
		if clock >= string(p.Start) && clock < string(p.End) {
			act = append(act, p)
		}
	}
	var people []org.PersonID
	for band := 1; band >= 0 && len(people) == 0; band-- {
		for n, l := range s.Layers {
			if l.Band == band && cmp.Or(l.Role, Primary) == role {
				people = append(people, oraclePatch(act, "layer", layers[n][i], func(p Patch) bool { return len(p.Scope) == 0 || slices.Contains(p.Scope, l.ID) })...)
			}
		}
	}
	people = oraclePatch(act, "final", people, func(p Patch) bool {
		if len(p.Scope) == 0 {
			return role == Primary || p.Op == "remove" || p.Op == "replace"
		}
		return slices.ContainsFunc(s.Layers, func(l Layer) bool { return p.Scope[0] == l.ID && cmp.Or(l.Role, Primary) == role })
	})
	people = slices.Sorted(slices.Values(people))
	return slices.Compact(people)
}

// TestOracle holds At, its Until and Render against the minutes: 500 schedules beside
// changes of the clock, 14 days each, 2,000 instants compared of each.
func TestOracle(t *testing.T) {
	checks := flag.Lookup("rapid.checks").Value
	was := checks.String()
	defer checks.Set(was)
	checks.Set(fmt.Sprint(500 * *oracleTimes))
	rapid.Check(t, func(t *rapid.T) {
		name, when := drawTransition(t)
		s := Schedule{TZ: name}
		for i := range rapid.IntRange(1, 3).Draw(t, "layers") {
			l := drawLayer(t, string(rune('a'+i)), when.Unix())
			l.Role = rapid.SampledFrom([]string{"", "", "secondary"}).Draw(t, "role")
			s.Layers = append(s.Layers, l)
		}
		s.Patches = drawPatches(t, s, when)
		c, err := Compile(s)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := org.Zone(name)
		if err != nil {
			t.Fatal(err)
		}
		middle := when.Unix() / 60 * 60
		walk := minutes(loc, middle-7*day, middle+7*day)
		var layers [][][]org.PersonID
		for _, l := range s.Layers {
			layers = append(layers, oracleLayer(l, walk))
		}
		first, last := int(around/60), len(walk)-int(around/60)
		rendered := c.Render(time.Unix(walk[first].at, 0), time.Unix(walk[last].at, 0))
		held := c.At(time.Unix(walk[first].at, 0))
		step := (last - first) / 1700
		offset := rapid.IntRange(0, step-1).Draw(t, "offset")
		near := (last+first)/2 - 150 // each minute around the change
		for i := first + offset; i < last; {
			at := time.Unix(walk[i].at, 0)
			if !held.Until.IsZero() && !at.Before(held.Until) {
				held = c.At(at)
				if !held.Until.IsZero() && !held.Until.After(at) {
					t.Fatalf("until %s is not after %s", held.Until, at)
				}
			}
			for len(rendered) > 1 && !rendered[0].Until.After(at) {
				rendered = rendered[1:]
			}
			for _, role := range []string{Primary, "secondary"} {
				want := oracleAt(s, layers, walk, i, role)
				if !slices.Equal(held.Roles[role], want) || !slices.Equal(rendered[0].Roles[role], want) {
					t.Fatalf("%s (%s), %s: At says %v (%s), Render %v, the minutes %v", at.UTC().Format(time.RFC3339),
						at.In(loc).Format(time.RFC3339), role, held.Roles[role], held.Why, rendered[0].Roles[role], want)
				}
			}
			if i += step; i > near && i < near+300 {
				i -= step - 1
			}
		}
	})
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
		if rapid.IntRange(0, 3).Draw(t, "counted") == 0 {
			l.Turn = Turn{Kind: "occurrence", N: rapid.Int64Range(1, 3).Draw(t, "of")}
		}
	}
	if l.Cover.Kind != "always" && rapid.IntRange(0, 2).Draw(t, "minus") == 0 {
		days := Cover{Kind: "holidays"}
		for range 3 {
			days.Dates = append(days.Dates, time.Unix(middle+rapid.Int64Range(-7, 7).Draw(t, "holiday")*day, 0).UTC().Format("2006-01-02"))
		}
		l.Cover = Cover{Kind: "minus", Of: []Cover{l.Cover, days}}
	}
	return l
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

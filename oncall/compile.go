package oncall

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/org"
)

// What a schedule may hold at most, so that no schedule, however meant, keeps a server
// busy. Real ones stay far below.
const (
	maxLayers   = 100
	maxSlots    = 1000
	maxSpans    = 400
	maxPatches  = 20_000
	maxOverlap  = 64 // occurrences of one cover that run at the same time
	maxTurnDays = 3700
)

// Compile checks a schedule and makes it answer. The error names the layer or patch
// and the field, all that is wrong at once; its text is for the author.
func Compile(s Schedule) (*Compiled, error) {
	c := &Compiled{Schedule: s, roles: []string{Primary}}
	x := &compiler{zones: map[string]*zone{}, ids: map[string]int{}}
	if s.TZ != "" && s.Zone != "" && s.TZ != s.Zone {
		x.refuse("schedule", "tz", fmt.Errorf("tz says %s and zone says %s", s.TZ, s.Zone))
	}
	home := x.zone("schedule", "tz", cmp.Or(s.TZ, s.Zone))
	if len(s.Layers) > maxLayers {
		return nil, fmt.Errorf("schedule: layers: %d are too many, at most %d", len(s.Layers), maxLayers)
	}
	if len(s.Patches) > maxPatches {
		return nil, fmt.Errorf("schedule: patches: %d are too many, at most %d", len(s.Patches), maxPatches)
	}
	x.check(s.Limits.Share >= 0 && s.Limits.Share <= 1, "schedule", "limits.share", "%v is not between 0 and 1: a quarter is 0.25", s.Limits.Share)
	x.check(len(s.Notices.Before) <= 5, "schedule", "notices.before", "%d are too many, at most 5", len(s.Notices.Before))
	for _, d := range s.Notices.Before {
		x.check(d > 0 && d.D() <= 14*24*time.Hour, "schedule", "notices.before", "%s is not between 1s and 336h", d)
	}
	for role, n := range s.Limits.Want {
		x.check(n >= 0, "schedule", "limits.want", "%s: %d is not a number of people", role, n)
	}
	x.choice("schedule", "fairness.cover", s.Fairness.Cover, "", "ask", "auto")
	for _, name := range slices.Sorted(maps.Keys(s.Fairness.Weights)) {
		v := s.Fairness.Weights[name]
		x.check(slices.Contains(Weighable, name), "schedule", "fairness.weights", "there is no weight %q: want one of %s", name, strings.Join(Weighable, ", "))
		x.check(v >= 0 && v <= 1000, "schedule", "fairness.weights."+name, "%v is not between 0 and 1000", v)
	}
	for i, l := range s.Layers {
		c.layers = append(c.layers, x.layer(c, i, l, home))
	}
	for i, p := range s.Patches {
		x.patch(c, i, p, home)
	}
	c.behind = x.behind
	for _, patches := range c.phases {
		slices.SortStableFunc(patches, func(a, b patch) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.seq, b.seq))
		})
	}
	if err := errors.Join(x.errs...); err != nil {
		return nil, err
	}
	return c, nil
}

// A compiler gathers what is wrong and opens each zone once.
type compiler struct {
	zones    map[string]*zone
	ids      map[string]int
	behind   bool // somebody stands behind a member
	operands int  // of the cover at hand
	errs     []error
}

func (x *compiler) refuse(where, field string, err error) {
	if err != nil && len(x.errs) < 20 {
		x.errs = append(x.errs, fmt.Errorf("%s: %s: %w", where, field, err))
	}
}

func (x *compiler) check(ok bool, where, field, format string, args ...any) {
	if !ok {
		x.refuse(where, field, fmt.Errorf(format, args...))
	}
}

func (x *compiler) zone(where, field, name string) *zone {
	if z := x.zones[name]; z != nil {
		return z
	}
	z, err := newZone(name)
	if err != nil {
		x.refuse(where, field, err)
		return utcZone
	}
	x.zones[name] = z
	return z
}

func (x *compiler) zoneOr(where, field, name string, outer *zone) *zone {
	if name == "" {
		return outer
	}
	return x.zone(where, field, name)
}

// moment reads an optional instant; absent is what an empty one means.
func (x *compiler) moment(where, field string, m Moment, z *zone, absent int64) int64 {
	if m == "" {
		return absent
	}
	at, err := m.instant(z)
	x.refuse(where, field, err)
	return at
}

func (x *compiler) civil(where, field, s string) int64 {
	reading, err := parseCivil(s)
	x.refuse(where, field, err)
	return reading
}

// choice reads one of a few words; the first is what an empty one means.
func (x *compiler) choice(where, field, s string, words ...string) string {
	if s == "" {
		return words[0]
	}
	x.check(slices.Contains(words, s), where, field, "%q is unknown: write one of %s", s, strings.Join(words, ", "))
	return s
}

func (x *compiler) layer(c *Compiled, i int, l Layer, home *zone) layer {
	where := fmt.Sprintf("layer %q", l.ID)
	if l.ID == "" {
		where = fmt.Sprintf("layer %d", i+1)
		x.check(false, where, "id", "is missing")
	}
	_, taken := x.ids[l.ID]
	x.check(!taken, where, "id", "is used by another layer")
	x.ids[l.ID] = i
	z := x.zoneOr(where, "tz", l.TZ, home)
	l, err := l.long()
	x.refuse(where, "people", err)

	out := layer{id: l.ID, band: l.Band, slots: l.Slots}
	if l.Role == "" {
		l.Role = Primary
	}
	if out.role = slices.Index(c.roles, l.Role); out.role < 0 {
		out.role = len(c.roles)
		c.roles = append(c.roles, l.Role)
	}
	out.from = x.moment(where, "from", l.From, z, always)
	out.until = x.moment(where, "until", l.Until, z, never)
	x.check(out.from < out.until, where, "until", "%s is not after from, %s", l.Until, l.From)
	out.drop = x.choice(where, "edge_from", l.EdgeFrom, "clip", "drop") == "drop"
	out.keep = x.choice(where, "edge_until", l.EdgeUntil, "clip", "keep") == "keep"
	x.check(len(l.Slots) > 0, where, "slots", "is empty: name at least one slot, [] for a deliberate gap")
	x.check(len(l.Slots) <= maxSlots, where, "slots", "%d are too many, at most %d", len(l.Slots), maxSlots)
	for n, slot := range l.Slots {
		x.people(where, fmt.Sprintf("slots[%d]", n), slot)
	}
	out.startIndex = floorMod(int64(l.StartIndex), int64(max(len(l.Slots), 1)))
	out.turn = x.turn(where, l, z)
	x.operands = 0
	out.cover = x.cover(where, l.Cover, z, out.turn.kind)
	return out
}

// people checks names: people by their bare names, or a team, a schedule or a policy.
func (x *compiler) people(where, field string, people []org.PersonID) {
	x.check(len(people) <= maxSlots, where, field, "%d people are too many", len(people))
	for _, p := range people {
		kind, id, found := strings.Cut(string(p), ":")
		x.check(p != "", where, field, "names nobody")
		switch kind {
		case "team", "schedule", "policy":
			x.check(!found || id != "", where, field, "%q names nobody", p)
			x.behind = x.behind || found
		case "person", "email":
			x.check(!found, where, field, "%q: people stand in a schedule by their bare names", p)
		}
	}
}

func (x *compiler) turn(where string, l Layer, z *zone) turn {
	t := l.Turn
	out := turn{kind: x.choice(where, "turn.kind", t.Kind, "none", "clock", "occurrence", "cycle"), n: max(t.N, 1)}
	x.check(t.N >= 0 && t.N <= maxTurnDays*day, where, "turn.n", "%d is not a number of turns", t.N)
	out.byOccurrence = x.choice(where, "turn.bind", t.Bind, "instant", "occurrence") == "occurrence"
	if out.kind != "clock" {
		return out
	}
	ck := &clock{z: x.zoneOr(where, "turn.tz", t.TZ, z)}
	ck.anchor = x.civil(where, "turn.anchor", t.Anchor)
	unit := x.choice(where, "turn.unit", t.Unit, "", "hour", "day", "week", "month", "elapsed")
	x.check(unit != "", where, "turn.unit", "is missing: write hour, day, week, month or elapsed")
	switch unit {
	case "month":
		ck.months = out.n
		out.n *= 31 * day
	case "elapsed":
		x.check(out.n >= 60, where, "turn.n", "an elapsed turn of %d s is too short, at least 60", out.n)
		ck.anchor = ck.z.resolve(ck.anchor, false)
		ck.z, ck.step = utcZone, out.n
	default:
		out.n *= map[string]int64{"hour": 3600, "day": day, "week": week}[unit]
		ck.step = max(out.n, 3600)
	}
	x.check(out.n/day <= maxTurnDays, where, "turn.n", "a turn of more than %d days is too long", maxTurnDays)
	out.clock = ck
	return out
}

func (x *compiler) cover(where string, in Cover, z *zone, turnKind string) cover {
	kind := x.choice(where, "cover.kind", in.Kind, "always", "cycle", "recur", "fixed", "holidays", "union", "intersect", "minus")
	x.check(len(in.Of) == 0 || kind == "union" || kind == "intersect" || kind == "minus", where, "cover.of", "does not go with %s", kind)
	z = x.zoneOr(where, "cover.tz", in.TZ, z)
	out := &civilCover{z: z, endLast: x.choice(where, "cover.end_fold", in.EndFold, "first", "last") == "last"}
	counts := turnKind == "occurrence" || turnKind == "cycle"
	x.check(len(in.Spans) <= maxSpans, where, "cover.spans", "%d are too many, at most %d", len(in.Spans), maxSpans)
	switch kind {
	case "cycle":
		out.pattern = x.cycle(where, in)
		return out
	case "recur":
		out.pattern = x.recur(where, in, turnKind == "occurrence")
		return out
	case "fixed":
		x.check(turnKind != "cycle", where, "turn.kind", "a fixed cover has no cycles to count")
		return x.fixed(where, in, z)
	case "holidays":
		out.pattern = x.holidays(where, in, z)
		return out
	case "union", "intersect", "minus":
		return x.combined(where, kind, in, z, turnKind)
	}
	x.check(!counts, where, "turn.kind", "%s counts what a cover that always holds does not have", turnKind)
	return unbroken{}
}

func (x *compiler) cycle(where string, in Cover) *cycle {
	out := &cycle{anchor: x.civil(where, "cover.anchor", in.Anchor), period: int64(in.PeriodDays) * day}
	if in.PeriodDays < 1 || in.PeriodDays > maxTurnDays {
		x.check(false, where, "cover.period_days", "%d is not a number of days from 1 to %d", in.PeriodDays, maxTurnDays)
		out.period = day
	}
	for n, s := range in.Spans {
		field := fmt.Sprintf("cover.spans[%d]", n)
		x.check(s.Start == "", where, field, "a cycle wants {off_s, dur_s}")
		x.check(s.Offset >= 0 && s.Offset <= 4*out.period, where, field, "off_s %d is not between 0 and four cycles", s.Offset)
		x.check(s.Seconds > 0 && s.Seconds <= 4*out.period, where, field, "dur_s %d is not between 1 and four cycles", s.Seconds)
		out.spans = append(out.spans, occurrence{civil: s.Offset, seconds: s.Seconds})
		out.max = max(out.max, s.Seconds)
	}
	byCivil := func(a, b occurrence) int { return cmp.Compare(a.civil, b.civil) }
	slices.SortStableFunc(out.spans, byCivil)
	for i := range out.spans {
		s := &out.spans[i]
		s.ordinal, s.cycle, s.civil = int64(i), -(s.civil / out.period), s.civil%out.period
	}
	slices.SortStableFunc(out.spans, byCivil)
	x.check(len(in.Spans) > 0, where, "cover.spans", "is empty: the layer would never hold")
	return out
}

func (x *compiler) fixed(where string, in Cover, z *zone) fixed {
	var out fixed
	for n, s := range in.Spans {
		field := fmt.Sprintf("cover.spans[%d]", n)
		p := piece{start: x.moment(where, field, s.Start, z, 0), end: x.moment(where, field, s.End, z, 0)}
		x.check(p.start < p.end, where, field, "does not end after it starts")
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b piece) int { return cmp.Compare(a.start, b.start) })
	for i := range out {
		out[i].ordinal = int64(i)
	}
	x.check(len(in.Spans) > 0, where, "cover.spans", "is empty: the layer would never hold")
	return out
}

func (x *compiler) recur(where string, in Cover, numbered bool) *recur {
	out := &recur{start: x.civil(where, "cover.start", in.Start), seconds: in.Seconds, exdate: map[int64]bool{}}
	out.freq = x.choice(where, "cover.freq", in.Freq, "", "hourly", "daily", "weekly", "monthly")
	out.interval = int64(max(in.Interval, 1))
	x.check(in.Interval >= 0 && in.Interval <= 1000, where, "cover.interval", "%d is not between 1 and 1000", in.Interval)
	x.recurFilters(where, in, out)
	shortest := map[string]int64{"hourly": 3600, "daily": day, "weekly": week, "monthly": 28 * day, "": 400 * day}[out.freq] * out.interval
	if out.freq == "weekly" && len(in.ByDay) > 1 || out.freq == "monthly" && (len(in.ByDay) > 0 || len(in.ByMonthday) > 1) {
		shortest = day
	}
	if len(in.Rdate) > 0 {
		shortest = min(shortest, day)
	}
	x.check(in.Seconds > 0, where, "cover.dur_s", "%d is not a length", in.Seconds)
	x.check(in.Seconds <= maxOverlap*shortest && in.Seconds <= 4000*day, where, "cover.dur_s", "%d s is too long for the rule: more than %d occurrences would overlap", in.Seconds, maxOverlap)
	x.check(len(in.Rdate)+len(in.Exdate) <= 2000, where, "cover.exdate", "too many dates")
	for _, s := range in.Exdate {
		out.exdate[x.civil(where, "cover.exdate", s)] = true
	}
	for _, s := range in.Rdate {
		at := x.civil(where, "cover.rdate", s)
		x.check(at >= out.start, where, "cover.rdate", "%s is before the start", s)
		out.rdate = append(out.rdate, at)
	}
	slices.Sort(out.rdate)
	filtered := out.dayFilter || out.monthFilter || len(out.byMonthday) > 0
	x.check(!numbered || !filtered || out.freq != "hourly", where, "turn.kind", "occurrence cannot count an hourly rule with by_day, by_month or by_monthday: use clock")
	if numbered && len(x.errs) == 0 && (filtered || out.freq == "weekly" || out.freq == "monthly") {
		out.count()
	}
	return out
}

func (x *compiler) recurFilters(where string, in Cover, out *recur) {
	wkst, ok := parseWeekday(cmp.Or(in.Wkst, "MO"))
	x.check(ok, where, "cover.wkst", "%q is not a day of the week, MO to SU", in.Wkst)
	out.wkst = wkst
	for _, s := range in.ByDay {
		d, ok := parseWeekday(s)
		x.check(ok, where, "cover.by_day", "%q is not a day of the week, MO to SU", s)
		out.byDay[d], out.dayFilter = true, true
	}
	for _, m := range in.ByMonth {
		x.check(m >= 1 && m <= 12, where, "cover.by_month", "%d is not a month", m)
		out.byMonth[floorMod(int64(m), 13)], out.monthFilter = true, true
	}
	x.check(len(in.ByMonthday) <= 62, where, "cover.by_monthday", "too many days")
	for _, d := range in.ByMonthday {
		x.check(d != 0 && d >= -31 && d <= 31, where, "cover.by_monthday", "%d is not a day of a month", d)
	}
	out.byMonthday = in.ByMonthday
	switch {
	case out.freq == "weekly":
		x.check(len(in.ByMonthday) == 0, where, "cover.by_monthday", "does not go with weekly")
		if !out.dayFilter {
			out.byDay[weekday(out.start)] = true
		}
	case out.freq == "monthly" && !out.dayFilter && len(in.ByMonthday) == 0:
		out.byMonthday = []int{timeOf(out.start * second).Day()}
	case out.freq == "":
		x.check(!out.dayFilter && !out.monthFilter && len(in.ByMonthday) == 0, where, "cover.freq", "is missing, but there are by_ rules")
	}
}

func (x *compiler) patch(c *Compiled, i int, in Patch, home *zone) {
	where := fmt.Sprintf("patch %q", in.ID)
	if in.ID == "" {
		where = fmt.Sprintf("patch %d", i+1)
	}
	p := patch{name: where, number: i, rank: in.Rank, users: in.Users, old: in.Old, temporary: in.Shifts != nil}
	p.op = x.choice(where, "op", in.Op, "", "set", "add", "remove", "replace")
	phase := x.choice(where, "phase", in.Phase, "final", "layer")
	p.start = x.moment(where, "start", in.Start, home, always)
	p.end = x.moment(where, "end", in.End, home, never)
	x.check(in.Start != "" && in.End != "", where, "start", "a patch has a start and an end")
	x.check(p.start < p.end, where, "end", "%s is not after the start, %s", in.End, in.Start)
	x.people(where, "users", in.Users)
	x.people(where, "old", in.Old)
	switch p.op {
	case "":
		x.check(false, where, "op", "is missing: write set, add, remove or replace")
	case "remove":
		if len(p.old) == 0 {
			p.old = p.users
		}
		p.users = nil
		x.check(len(p.old) > 0, where, "old", "says nobody to remove")
	case "replace":
		x.check(len(p.old) > 0, where, "old", "says nobody to replace")
	case "add":
		x.check(len(p.users) > 0, where, "users", "says nobody to add")
	}
	x.shifts(where, in, &p, home)
	if p.rank == 0 {
		p.rank = map[string]int{"set": 100}[p.op]
		switch {
		case p.temporary:
			p.rank = 200
		case p.rank == 0:
			p.rank = 50
		}
	}
	x.scope(where, c, in.Scope, &p)
	n := 1
	if phase == "layer" {
		n = 0
	}
	p.seq = in.Seq
	c.phases[n] = append(c.phases[n], p)
}

func (x *compiler) shifts(where string, in Patch, p *patch, home *zone) {
	x.check(!p.temporary || p.op == "set", where, "shifts", "only a set has shifts")
	x.check(len(in.Shifts) <= maxSlots, where, "shifts", "%d are too many, at most %d", len(in.Shifts), maxSlots)
	x.check(!p.temporary || len(p.users) == 0, where, "users", "a temporary schedule names its people in shifts")
	for n, s := range in.Shifts {
		field := fmt.Sprintf("shifts[%d]", n)
		sh := shift{x.moment(where, field, s.Start, home, p.start), x.moment(where, field, s.End, home, p.end), s.Users}
		x.check(sh.start < sh.end, where, field, "does not end after it starts")
		x.people(where, field, s.Users)
		p.shifts = append(p.shifts, sh)
	}
}

// scope finds the layers and roles that a patch reaches.
func (x *compiler) scope(where string, c *Compiled, ids []string, p *patch) {
	p.layers, p.roles = make([]bool, len(c.layers)), make([]bool, len(c.roles))
	for _, id := range ids {
		i, ok := x.ids[id]
		if !ok {
			x.check(false, where, "scope", "there is no layer %q", id)
			continue
		}
		p.layers[i], p.roles[c.layers[i].role] = true, true
	}
	if len(ids) > 0 {
		return
	}
	for i := range p.layers {
		p.layers[i] = true
	}
	for i := range p.roles {
		p.roles[i] = i == 0 || p.op == "remove" || p.op == "replace"
	}
}

// Package lint says what is wrong with a schedule before a night shows it: nobody there,
// nobody who can be reached, too few or too many, too little rest, too much of it for
// one, people planned while they are away, one person in two places, and the weeks in
// which the clocks of two zones are not as far apart as usual.
//
// It changes nothing and forbids nothing. It looks at the shifts that the one evaluator
// made, so that what it says is what would happen.
package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// Kinds of findings, the worst first.
const (
	Gap         = "gap"         // nobody is on call
	EmptySlot   = "empty"       // nobody is on call although a layer covers the time
	Unreachable = "unreachable" // who is on call cannot be paged
	Absent      = "absent"      // who is on call is away
	Under       = "under"       // fewer than wanted
	TwoRoles    = "two_roles"   // one person in two roles
	Elsewhere   = "elsewhere"   // one person on call for another schedule too
	Rest        = "rest"        // too little between two stints
	Chain       = "chain"       // too long without a break
	Share       = "share"       // too much of four weeks
	Over        = "over"        // more than wanted
	Clocks      = "clocks"      // zones are not as far apart as usual
	Zones       = "zones"       // a newer zone database moved the shift
)

var order = []string{Gap, EmptySlot, Unreachable, Absent, Under, TwoRoles, Elsewhere, Rest, Chain, Share, Over, Clocks, Zones}

// A Finding is one thing that is wrong.
type Finding struct {
	Kind        string
	From, Until time.Time
	Person      org.PersonID // whom it is about, if it is about one
	Text        string
	Serious     bool // an alarm in that time would not be heard
}

// An Absence is when somebody is away.
type Absence struct {
	Person      org.PersonID
	From, Until time.Time
}

// World is what the linter asks about people. What is nil is not looked at.
type World struct {
	Person   func(org.PersonID) (org.Person, bool)
	Away     []Absence
	Others   []oncall.Stint      // on other schedules
	Moved    []oncall.Difference // by a newer zone database, which is ZonesNow
	ZonesNow string
}

// Check looks at shifts of a schedule, as Render gave them.
func Check(c *oncall.Compiled, shifts []oncall.Shift, w World) (all []Finding) {
	if len(shifts) == 0 {
		return nil
	}
	k := checker{limits: c.Schedule.Limits.Usual(), w: w, from: shifts[0].From, until: shifts[len(shifts)-1].Until}
	k.gaps(shifts)
	k.wanted(c, shifts)
	stints := oncall.Stints(shifts)
	k.reach(stints)
	k.away(stints)
	k.twice(stints)
	for _, p := range peopleOf(stints) {
		k.rested(p, together(stints, p))
	}
	k.clocks(c)
	for _, d := range w.Moved {
		if d.Until.After(k.from) && d.From.Before(k.until) {
			off, on := k.names(d.Off), k.names(d.On)
			k.add(Zones, false, "", d.From, d.Until, "the rules of clocks changed with %s: %s, not %s, as %s", w.ZonesNow, on, off, d.Role)
		}
	}
	slices.SortStableFunc(k.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), a.From.Compare(b.From), cmp.Compare(a.Person, b.Person))
	})
	return k.found
}

type checker struct {
	limits      oncall.Limits
	w           World
	from, until time.Time
	found       []Finding
}

func (k *checker) names(people []org.PersonID) string {
	if len(people) == 0 {
		return "nobody"
	}
	var all []string
	for _, p := range people {
		all = append(all, k.name(p))
	}
	return strings.Join(all, " and ")
}

// name is what somebody is called, or their id.
func (k *checker) name(p org.PersonID) string {
	if k.w.Person != nil {
		if person, ok := k.w.Person(p); ok && person.Name != "" {
			return person.Name
		}
	}
	return string(p)
}

func (k *checker) add(kind string, serious bool, p org.PersonID, from, until time.Time, format string, args ...any) {
	k.found = append(k.found, Finding{kind, from, until, p, fmt.Sprintf(format, args...), serious})
}

func (k *checker) gaps(shifts []oncall.Shift) {
	for _, g := range oncall.Gaps(shifts) {
		kind := Gap
		if g.Empty {
			kind = EmptySlot
		}
		k.add(kind, true, "", g.From, g.Until, "nobody is on call for %s: %s", span(g.Until.Sub(g.From)), g.Why)
	}
}

// wanted counts heads in each role.
func (k *checker) wanted(c *oncall.Compiled, shifts []oncall.Shift) {
	for _, role := range slices.Sorted(maps.Keys(k.limits.Want)) {
		want := k.limits.Want[role]
		var last *Finding
		for _, s := range shifts {
			n := len(s.Roles[role])
			kind := Under
			switch {
			case n == want, n == 0 && role == oncall.Primary: // the gap says it
				last = nil
				continue
			case n > want:
				kind = Over
			}
			if last != nil && last.Kind == kind && last.Until.Equal(s.From) {
				last.Until = s.Until
				continue
			}
			k.add(kind, false, "", s.From, s.Until, "%d as %s, %d are wanted", n, role, want)
			last = &k.found[len(k.found)-1]
		}
	}
}

// reach tells of people without a contact method that works: once each, from when they
// first stand.
func (k *checker) reach(stints []oncall.Stint) {
	if k.w.Person == nil {
		return
	}
	told := map[org.PersonID]bool{}
	for _, s := range stints {
		if told[s.Person] || s.Role == oncall.Shadow {
			continue
		}
		p, known := k.w.Person(s.Person)
		switch {
		case !known:
			k.add(Unreachable, true, s.Person, s.From, s.Until, "%s is not known here", k.name(s.Person))
		case p.Retired:
			k.add(Unreachable, true, s.Person, s.From, s.Until, "%s has left", k.name(s.Person))
		case !p.Reachable():
			k.add(Unreachable, true, s.Person, s.From, s.Until, "%s has no contact method that works", k.name(s.Person))
		default:
			continue
		}
		told[s.Person] = true
	}
}

func (k *checker) away(stints []oncall.Stint) {
	for _, s := range stints {
		for _, a := range k.w.Away {
			from, until := later(s.From, a.From), sooner(s.Until, a.Until)
			if a.Person == s.Person && from.Before(until) && s.Role != oncall.Shadow {
				k.add(Absent, true, s.Person, from, until, "%s is away, and on call as %s", k.name(s.Person), s.Role)
			}
		}
	}
}

// twice finds one person in two roles, or on two schedules, at a time.
func (k *checker) twice(stints []oncall.Stint) {
	for i, s := range stints {
		if s.Role == oncall.Shadow {
			continue
		}
		for _, o := range stints[i+1:] {
			if from, until := later(s.From, o.From), sooner(s.Until, o.Until); o.Person == s.Person && o.Role != s.Role && o.Role != oncall.Shadow && from.Before(until) {
				k.add(TwoRoles, false, s.Person, from, until, "%s is %s and %s at once", k.name(s.Person), s.Role, o.Role)
			}
		}
		for _, o := range k.w.Others {
			if from, until := later(s.From, o.From), sooner(s.Until, o.Until); o.Person == s.Person && o.Role != oncall.Shadow && from.Before(until) {
				k.add(Elsewhere, false, s.Person, from, until, "%s is on call for another schedule too", k.name(s.Person))
			}
		}
	}
}

// rested looks at the stretches of one person, whatever their roles.
func (k *checker) rested(p org.PersonID, all []stretch) {
	rest, chain := k.limits.Rest.D(), k.limits.Chain.D()
	for i, s := range all {
		if i > 0 {
			if pause := s.from.Sub(all[i-1].until); pause < rest {
				k.add(Rest, false, p, all[i-1].until, s.from, "%s has %s of rest between two stints, %s are due", k.name(p), span(pause), span(rest))
			}
		}
		if long := s.until.Sub(s.from); long > chain+time.Hour { // a clock set back makes no week too long
			k.add(Chain, false, p, s.from, s.until, "%s is on call for %s without a break, at most %s", k.name(p), span(long), span(chain))
		}
	}
	const window = 28 * 24 * time.Hour
	for _, s := range all { // the first window that is too full, of those that begin where a stretch does
		end := s.from.Add(window)
		if end.After(k.until) {
			end = k.until
		}
		var sum time.Duration
		for _, o := range all {
			if a, b := later(o.from, s.from), sooner(o.until, end); a.Before(b) {
				sum += b.Sub(a)
			}
		}
		if part := float64(sum) / float64(window); sum > time.Duration(k.limits.Share*float64(window))+time.Hour {
			k.add(Share, false, p, s.from, end, "%s is on call for %.0f %% of four weeks, at most %.0f %%", k.name(p), 100*part, 100*k.limits.Share)
			return
		}
	}
}

// A stretch is somebody's unbroken time, in whatever roles.
type stretch struct{ from, until time.Time }

func together(stints []oncall.Stint, p org.PersonID) (all []stretch) {
	for _, s := range stints { // by start
		if s.Person != p || s.Role == oncall.Shadow {
			continue
		}
		if n := len(all); n > 0 && !s.From.After(all[n-1].until) {
			all[n-1].until = later(all[n-1].until, s.Until)
			continue
		}
		all = append(all, stretch{s.From, s.Until})
	}
	return all
}

func peopleOf(stints []oncall.Stint) (all []org.PersonID) {
	for _, s := range stints {
		if !slices.Contains(all, s.Person) {
			all = append(all, s.Person)
		}
	}
	slices.Sort(all)
	return all
}

// clocks finds when two zones of a schedule are not as far apart as most of the year:
// a follow-the-sun then has an overlap that is longer, or a gap.
func (k *checker) clocks(c *oncall.Compiled) {
	var zones []string
	for _, l := range c.Schedule.Layers {
		name := cmp.Or(l.TZ, c.Schedule.TZ, c.Schedule.Zone, "UTC")
		for _, z := range []string{name, l.Cover.TZ, l.Turn.TZ} {
			if z != "" && !slices.Contains(zones, z) {
				zones = append(zones, z)
			}
		}
	}
	for i := 1; i < len(zones); i++ {
		k.apart(zones[0], zones[i])
	}
}

func (k *checker) apart(a, b string) {
	za, err1 := org.Zone(a)
	zb, err2 := org.Zone(b)
	if err1 != nil || err2 != nil {
		return
	}
	apart := func(t time.Time) int {
		_, x := t.In(za).Zone()
		_, y := t.In(zb).Zone()
		return y - x
	}
	days := map[int]int{}
	usual := apart(k.from)
	for d := range 365 {
		x := apart(k.from.AddDate(0, 0, d))
		if days[x]++; days[x] > days[usual] {
			usual = x
		}
	}
	for at := k.from; at.Before(k.until); {
		now := apart(at)
		end := k.until
		for _, z := range []*time.Location{za, zb} {
			if _, next := at.In(z).ZoneBounds(); !next.IsZero() && next.After(at) && next.Before(end) {
				end = next.UTC()
			}
		}
		if now != usual {
			if n := len(k.found); n > 0 && k.found[n-1].Kind == Clocks && k.found[n-1].Until.Equal(at) {
				k.found[n-1].Until = end
			} else {
				k.add(Clocks, false, "", at, end, "%s and %s are %s apart, and %s in most of the year", a, b, span(time.Duration(abs(now))*time.Second), span(time.Duration(abs(usual))*time.Second))
			}
		}
		at = end
	}
}

func abs(n int) int { return max(n, -n) }

// span is a length as people say it.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return d.String()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Package load keeps account of what being on call costs people: hours by day, night,
// weekend and holiday, the pages that broke into them, and the debt that follows.
//
// A ledger is a list of lines. Each says what it is for, how it was reckoned and what it
// weighs, so that everybody can see every line that made their number, and dispute it: a
// line that is struck weighs nothing and stays to be read. Nothing is stored that could
// not be reckoned anew from the on-call log and the pages.
//
// An hour weighs by the clock and calendar of the person, not of the schedule: night is
// 22:00 to 08:00 of theirs, weekend their Saturday and Sunday, holidays those of their
// country. A page weighs by when it came, how bad it was and how long it took; the first
// of a clock hour counts in full and those that follow in it 0.3, and what comes within
// a minute of another is the same interruption, over however many channels.
//
// Debt is the sum of a person's lines, halved every 180 days. Who joins starts with the
// mean of those who are there, so that nobody is given every night for being new.
//
// After a heavy shift (two interruptions at night, or twice the pain that was to be
// expected) Relieve proposes cover for a day and keeps the person from shifts that begin
// within two. Replan shares out what lies beyond the freeze anew, by debts; what people
// were told moves only where the gain is worth it.
package load

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// Weights are what a team can set.
type Weights struct {
	Day       float64                  `json:"day"` // an hour
	Night     float64                  `json:"night"`
	Weekend   float64                  `json:"weekend"` // times
	Holiday   float64                  `json:"holiday"`
	Work      float64                  `json:"work"` // an interruption: Mon-Fri from 8 to 18
	Evening   float64                  `json:"evening"`
	AtNight   float64                  `json:"at_night"`
	Again     float64                  `json:"again"`     // a further one in a clock hour
	Secondary float64                  `json:"secondary"` // hours of any other role than primary
	Severity  map[org.Severity]float64 `json:"severity"`
	Longest   float64                  `json:"longest"` // what handling time may multiply by at most
	HalfLife  org.Duration             `json:"half_life"`
}

// Usual are the weights of who sets none.
func Usual() Weights {
	return Weights{
		Day: 0.1, Night: 0.2, Weekend: 1.5, Holiday: 2, Work: 1, Evening: 1.5, AtNight: 3, Again: 0.3, Secondary: 0.4, Longest: 4,
		Severity: map[org.Severity]float64{org.SEV1: 1.5, org.SEV2: 1, org.SEV3: 0.5, org.SEV4: 0.5, org.SEV5: 0.5},
		HalfLife: org.Duration(180 * 24 * time.Hour),
	}
}

// With are the weights with some set otherwise, by their names.
func (w Weights) With(set map[string]float64) Weights {
	w.Severity = maps.Clone(w.Severity)
	places := map[string]*float64{
		"day": &w.Day, "night": &w.Night, "weekend": &w.Weekend, "holiday": &w.Holiday, "work": &w.Work, "evening": &w.Evening,
		"at_night": &w.AtNight, "again": &w.Again, "secondary": &w.Secondary, "longest": &w.Longest,
	}
	for name, v := range set {
		switch place := places[name]; {
		case place != nil:
			*place = v
		case name == "half_life_days":
			w.HalfLife = org.Duration(v * 24 * float64(time.Hour))
		default:
			w.Severity[org.Severity(name)] = v
		}
	}
	return w
}

// An Interruption is a page that reached somebody.
type Interruption struct {
	Person   org.PersonID
	At       time.Time
	Subject  string
	Severity org.Severity
	Handled  time.Duration // until they were done with it; zero is not known
}

// A Line is one entry of the ledger.
type Line struct {
	ID       string // the same whenever it is reckoned
	Person   org.PersonID
	Schedule org.ScheduleID
	At       time.Time // when it was borne: the end of the hours, or the page
	What     string
	Subject  string // what the page was about; "" is that it was none
	How      string // the sum, written out
	Pain     float64
	Night    bool // an interruption at night
	Page     bool
	Struck   string // why it no longer weighs; "" is that it does
}

// Weighs is what the line counts for.
func (l Line) Weighs() float64 {
	if l.Struck != "" {
		return 0
	}
	return l.Pain
}

// A class is how an hour counts.
type class struct{ night, weekend, holiday bool }

func (c class) String() string {
	word := "day"
	if c.night {
		word = "night"
	}
	switch {
	case c.holiday:
		return "holiday " + word
	case c.weekend:
		return "weekend " + word
	}
	return word
}

const nightFrom, nightTo = 22, 8 // the hours of a night, on the person's clock

// A Home is the clock and calendar of somebody.
type Home struct {
	loc      *time.Location
	country  string
	holidays map[string]bool
}

// HomeOf is the person's. A zone that is not known is UTC.
func HomeOf(p org.Person, from, to time.Time) Home {
	loc, err := org.Zone(p.Zone)
	if err != nil {
		loc = time.UTC
	}
	h := Home{loc: loc, country: p.Home(), holidays: map[string]bool{}}
	days, _ := org.Holidays(h.country, from.Year()-1, to.Year()+1)
	for _, d := range days {
		h.holidays[d.Day.Format("2006-01-02")] = true
	}
	return h
}

func (h Home) class(t time.Time) class {
	l := t.In(h.loc)
	return class{
		night:   l.Hour() >= nightFrom || l.Hour() < nightTo,
		weekend: l.Weekday() == time.Saturday || l.Weekday() == time.Sunday,
		holiday: h.holidays[l.Format("2006-01-02")],
	}
}

// quarter is how finely hours are cut: every zone's clock is set, and every day and night
// begins, at a quarter of an hour.
const quarter = 15 * time.Minute

// hours are how long a span is by class.
func (h Home) hours(from, until time.Time) map[class]time.Duration {
	sum := map[class]time.Duration{}
	for at := from; at.Before(until); {
		next := at.Truncate(quarter).Add(quarter)
		if next.After(until) {
			next = until
		}
		sum[h.class(at)] += next.Sub(at)
		at = next
	}
	return sum
}

func (w Weights) hour(c class, role string) float64 {
	v := w.Day
	if c.night {
		v = w.Night
	}
	switch {
	case c.holiday:
		v *= w.Holiday
	case c.weekend:
		v *= w.Weekend
	}
	if role != oncall.Primary {
		v *= w.Secondary
	}
	return v
}

// Hours are the lines of a stint: one for each sort of hour in it.
func (w Weights) Hours(schedule org.ScheduleID, s oncall.Stint, h Home) (lines []Line) {
	if s.Role == oncall.Shadow {
		return nil
	}
	sums := h.hours(s.From, s.Until)
	for _, c := range []class{{}, {night: true}, {weekend: true}, {night: true, weekend: true}, {holiday: true}, {night: true, holiday: true}, {weekend: true, holiday: true}, {true, true, true}} {
		d := sums[c]
		if d == 0 {
			continue
		}
		each := w.hour(c, s.Role)
		lines = append(lines, Line{
			ID:     fmt.Sprintf("h-%s-%s-%s-%d-%s", schedule, s.Person, s.Role, s.From.Unix(), strings.ReplaceAll(c.String(), " ", "-")),
			Person: s.Person, Schedule: schedule, At: s.Until, Pain: d.Hours() * each,
			What: fmt.Sprintf("%.4g %s hours as %s from %s", d.Hours(), c, s.Role, s.From.In(h.loc).Format("Mon 2 Jan 15:04")),
			How:  fmt.Sprintf("%.4g × %.3g", d.Hours(), each),
		})
	}
	return lines
}

// Pages are the lines of somebody's interruptions, oldest first.
func (w Weights) Pages(schedule org.ScheduleID, all []Interruption, h Home) (lines []Line) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Interruption) int { return a.At.Compare(b.At) })
	var last time.Time
	hour := ""
	for _, x := range all {
		if !last.IsZero() && x.At.Sub(last) < time.Minute {
			continue // the same interruption, once more
		}
		last = x.At
		local := x.At.In(h.loc)
		c := h.class(x.At)
		each, word := w.Work, "in working hours"
		switch {
		case c.night:
			each, word = w.AtNight, "at night"
		case c.weekend || c.holiday || local.Hour() >= 18:
			each, word = w.Evening, "in the evening or on a day off"
		}
		sev, ok := w.Severity[x.Severity]
		if !ok {
			sev = 1
		}
		long := min(1+x.Handled.Minutes()/60, w.Longest)
		l := Line{
			ID: fmt.Sprintf("p-%s-%s-%d", x.Person, x.Subject, x.At.UnixMicro()), Person: x.Person, Schedule: schedule, At: x.At, Page: true, Night: c.night,
			What: fmt.Sprintf("paged %s, %s (%s)", word, local.Format("Mon 2 Jan 15:04"), x.Severity), Subject: x.Subject,
			How: fmt.Sprintf("%.3g × %.3g severity × %.3g for %.0f minutes", each, sev, long, x.Handled.Minutes()), Pain: each * sev * long,
		}
		if now := local.Format("2006-01-02T15"); now == hour {
			l.Pain *= w.Again
			l.How += fmt.Sprintf(" × %.2g, again within the hour", w.Again)
		} else {
			hour = now
		}
		lines = append(lines, l)
	}
	return lines
}

// decay is what is left of a burden.
func (w Weights) decay(since time.Duration) float64 {
	if since <= 0 || w.HalfLife <= 0 {
		return 1
	}
	return math.Pow(0.5, since.Hours()/w.HalfLife.D().Hours())
}

// Debts are what everybody bears at a moment: their lines until then, each with what time
// has left of it. Who joined (at a moment after the first line) starts with the mean of
// those who were there.
func (w Weights) Debts(lines []Line, joined map[org.PersonID]time.Time, at time.Time) map[org.PersonID]float64 {
	debts := map[org.PersonID]float64{}
	var order []org.PersonID
	for p := range joined {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b org.PersonID) int {
		if d := joined[a].Compare(joined[b]); d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
	owed := func(p org.PersonID, at time.Time) (sum float64) {
		for _, l := range lines {
			if l.Person == p && !l.At.After(at) {
				sum += l.Weighs() * w.decay(at.Sub(l.At))
			}
		}
		return sum
	}
	start := map[org.PersonID]float64{}
	for i, p := range order {
		when := joined[p]
		if when.After(at) {
			continue
		}
		mean, n := 0.0, 0
		for _, other := range order[:i] {
			if joined[other].Before(when) {
				mean, n = mean+owed(other, when)+start[other]*w.decay(when.Sub(joined[other])), n+1
			}
		}
		if n > 0 {
			start[p] = mean / float64(n)
		}
		debts[p] = owed(p, at) + start[p]*w.decay(at.Sub(when))
	}
	return debts
}

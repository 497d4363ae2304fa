package status

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// historyDays is how far back a page shows how its components were.
const historyDays = 90

// An Affair is an incident as those outside see it, or a notice.
type Affair struct {
	ID      incident.ID
	Title   string
	Opened  time.Time
	Ended   time.Time // zero: it is not over
	Updates []Said    // oldest first
	// Form is that of a notice, which belongs to no incident; its work is planned for Begins
	// until Ends, where it says so.
	Form         incident.NoticeForm
	Begins, Ends time.Time
	// Retro is what customers may read of its retrospective; without a time there is none.
	Retro Retro
}

// A Retro is a retrospective as it was published.
type Retro struct {
	At   time.Time
	Text string // Markdown
}

// last is when something was said of it last.
func (a Affair) last() (at time.Time) {
	if n := len(a.Updates); n > 0 {
		at = a.Updates[n-1].At
	}
	return later(at, a.Retro.At)
}

// Said is one update.
type Said struct {
	At time.Time
	incident.Updated
}

// begins is when work is to begin, or began.
func (a Affair) begins() time.Time {
	if a.Begins.IsZero() {
		return a.Opened
	}
	return a.Begins
}

// On says whether work has begun.
func (a Affair) On() bool {
	n := len(a.Updates)
	return n > 0 && a.Updates[n-1].Phase == incident.PhaseWorking
}

// Over says whether those outside were told that it is over. What has nothing but a
// retrospective is.
func (a Affair) Over() bool {
	if len(a.Updates) == 0 {
		return !a.Retro.At.IsZero()
	}
	return a.Updates[len(a.Updates)-1].Phase.Over()
}

// A Work is planned.
type Work struct {
	ID, Name   string
	Begin, End time.Time
	Components []string // by their ids
	On         bool
}

// A Stretch is that a component was not as it should be.
type Stretch struct {
	From, Until time.Time // Until is zero while it goes on
	State       org.ComponentState
}

// A Part is a component now and in the past.
type Part struct {
	org.Component
	State  org.ComponentState
	Days   []Day
	Uptime float64 // the share of the time that is known in which it was not out, from 0 to 1
}

// A Day is how a component was on one.
type Day struct {
	Date  time.Time // its midnight, in the page's zone
	Worst org.ComponentState
	Out   time.Duration
	Known bool // the page was there
}

// A Model is what a page says at a moment.
type Model struct {
	Page  org.StatusPage
	At    time.Time
	State org.ComponentState // the worst of its components
	Parts []Part
	Now   []Affair // that are not over, newest first
	Told  []Affair // notices that nothing is wrong with, newest first
	Ahead []Affair // work that notices tell of, and that is not over, by when it begins
	Past  []Affair // newest first
	Work  []Work
	Next  time.Time // when it changes by itself
}

// Seen is what a model is made of.
type Seen struct {
	Page    org.StatusPage
	Since   time.Time // when the page was made
	Affairs []Affair
	Work    []Work
	// Auto are, by component, the times in which something was open on its services.
	Auto map[string][]Stretch
}

// shownPast is how long what is over stays on the page.
const shownPast = 14 * 24 * time.Hour

// Compute says what a page says at a moment.
func Compute(s Seen, zone *time.Location, now time.Time) Model {
	m := Model{Page: s.Page, At: now, State: org.Operational, Work: s.Work}
	for _, c := range s.Page.Components {
		all := append(slices.Clone(s.Auto[c.ID]), stretches(s.Affairs, s.Page.ID, c.ID, now)...)
		p := Part{Component: c, State: worst(all, now)}
		for _, w := range s.Work {
			if w.On && slices.Contains(w.Components, c.ID) && org.Maintained.Worse(p.State) {
				p.State = org.Maintained
			}
		}
		p.Days, p.Uptime = history(all, s.Since, zone, now)
		if p.State.Worse(m.State) {
			m.State = p.State
		}
		m.Parts = append(m.Parts, p)
	}
	for _, a := range s.Affairs {
		switch {
		case len(a.Updates) == 0 && a.Retro.At.IsZero():
		case !a.Over() && a.Form == incident.ForInformation:
			m.Told = append(m.Told, a)
		case !a.Over() && a.Form == incident.PlannedWork:
			m.Ahead = append(m.Ahead, a)
		case !a.Over():
			m.Now = append(m.Now, a)
		case a.last().After(now.Add(-shownPast)):
			m.Past = append(m.Past, a)
		}
	}
	newest := func(a, b Affair) int { return b.Opened.Compare(a.Opened) }
	slices.SortStableFunc(m.Now, newest)
	slices.SortStableFunc(m.Past, newest)
	slices.SortStableFunc(m.Told, newest)
	slices.SortStableFunc(m.Ahead, func(a, b Affair) int { return a.begins().Compare(b.begins()) })
	m.Next = nextChange(s.Work, zone, now)
	return m
}

// nextChange is when a page changes although nobody does anything: work begins or ends, or
// a day does.
func nextChange(all []Work, zone *time.Location, now time.Time) time.Time {
	y, mo, d := now.In(zone).Date()
	next := time.Date(y, mo, d+1, 0, 0, 0, 0, zone)
	for _, w := range all {
		for _, at := range []time.Time{w.Begin, w.End} {
			if at.After(now) && at.Before(next) {
				next = at
			}
		}
	}
	return next
}

// stretches are when updates said that a component was not as it should be. What an update
// leaves out stays as the one before said.
func stretches(affairs []Affair, page org.StatusPageID, component string, now time.Time) (out []Stretch) {
	for _, a := range affairs {
		var open *Stretch
		end := func(at time.Time) {
			if open != nil && open.State != org.Operational && at.After(open.From) {
				open.Until = at
				out = append(out, *open)
			}
			open = nil
		}
		for _, u := range a.Updates {
			switch u.Phase {
			case incident.PhaseResolved, incident.PhaseOff:
				end(u.At)
				continue
			case incident.PhasePlanned: // nothing is done to it yet
				continue
			}
			for _, x := range u.Affected {
				if x.Page == page && x.Component == component {
					end(u.At)
					open = &Stretch{From: u.At, State: x.State}
				}
			}
		}
		if open != nil && open.State != org.Operational {
			if a.Ended.IsZero() {
				out = append(out, *open)
			} else {
				end(a.Ended)
			}
		}
	}
	return out
}

// worst is how bad it is at a moment.
func worst(all []Stretch, now time.Time) org.ComponentState {
	state := org.Operational
	for _, s := range all {
		if !s.From.After(now) && (s.Until.IsZero() || s.Until.After(now)) && s.State.Worse(state) {
			state = s.State
		}
	}
	return state
}

// history is how a component was on each of the last days, and the share of the time since
// the page was made in which it was not out.
func history(all []Stretch, since time.Time, zone *time.Location, now time.Time) (days []Day, uptime float64) {
	y, mo, d := now.In(zone).Date()
	var known, out time.Duration
	for n := historyDays - 1; n >= 0; n-- {
		day := Day{Date: time.Date(y, mo, d-n, 0, 0, 0, 0, zone), Worst: org.Operational}
		from, until := day.Date, time.Date(y, mo, d-n+1, 0, 0, 0, 0, zone)
		from, until = later(from, since), sooner(until, now)
		if day.Known = from.Before(until); day.Known {
			known += until.Sub(from)
			day.Worst, day.Out = within(all, from, until)
			out += day.Out
		}
		days = append(days, day)
	}
	if known <= 0 {
		return days, 1
	}
	return days, 1 - float64(out)/float64(known)
}

// within is the worst between two moments, and how long it was out then: what overlaps
// counts once.
func within(all []Stretch, from, until time.Time) (state org.ComponentState, out time.Duration) {
	state = org.Operational
	var outs []Stretch
	for _, s := range all {
		end := s.Until
		if end.IsZero() {
			end = until
		}
		a, b := later(s.From, from), sooner(end, until)
		if !a.Before(b) {
			continue
		}
		if s.State.Worse(state) {
			state = s.State
		}
		if s.State.Out() {
			outs = append(outs, Stretch{From: a, Until: b})
		}
	}
	slices.SortFunc(outs, func(a, b Stretch) int { return a.From.Compare(b.From) })
	covered := from
	for _, s := range outs {
		if s.Until.After(covered) {
			out += s.Until.Sub(later(s.From, covered))
			covered = s.Until
		}
	}
	return state, out
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

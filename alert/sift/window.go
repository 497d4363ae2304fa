package sift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// A Maintenance is planned work: while it is on, what it covers is recorded and calls nobody,
// and what still fires at its end does. It covers services, with those that depend on
// them if Dependents, and of these the alerts whose labels match.
type Maintenance struct {
	ID         string          `json:"id" yaml:"id"`
	Name       string          `json:"name,omitempty" yaml:"name,omitempty"`
	Services   []org.ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	Dependents bool            `json:"dependents,omitempty" yaml:"dependents,omitempty"`
	Match      []string        `json:"match,omitempty" yaml:"match,omitempty"`
	// Start is a local time in Zone, such as 2026-12-01T02:00; For is how long it lasts.
	Start string       `json:"start" yaml:"start"`
	Zone  string       `json:"zone,omitempty" yaml:"zone,omitempty"`
	For   org.Duration `json:"for" yaml:"for"`
	// Repeat is an RRULE (RFC 5545), such as FREQ=WEEKLY;BYDAY=SU. Without it the window
	// is once.
	Repeat string `json:"repeat,omitempty" yaml:"repeat,omitempty"`
	By     string `json:"by,omitempty" yaml:"by,omitempty"`
	// Notice is how long before it begins those concerned are told, who are told of its end
	// as well; without it nobody is. They are those that Tell names, or whoever is called
	// first for what it covers.
	Notice org.Duration `json:"notice,omitempty" yaml:"notice,omitempty"`
	Tell   []org.Target `json:"tell,omitempty" yaml:"tell,omitempty"`
	Why    string       `json:"why,omitempty" yaml:"why,omitempty"`
}

type window struct {
	Maintenance
	when     org.Recurrence
	matchers []alert.Matcher
	services []org.ServiceID // with their dependents
}

func compileWindow(w Maintenance) (c window, err error) {
	c.Maintenance = w
	if c.when, err = org.Recur("window", w.Start, w.Zone, w.For, w.Repeat); err != nil {
		return c, err
	}
	switch {
	case w.Notice.D() > 7*24*time.Hour:
		return c, fmt.Errorf("notice: at most a week")
	case len(w.Tell) > 0 && w.Notice == 0:
		return c, fmt.Errorf("tell: says whom; notice says how long before")
	case len(w.Services) == 0 && len(w.Match) == 0:
		return c, fmt.Errorf("services: it covers nothing: name services, or labels to match")
	}
	for _, text := range w.Match {
		ms, err := alert.ParseMatchers(text)
		if err != nil {
			return c, fmt.Errorf("match: %w", err)
		}
		c.matchers = append(c.matchers, ms...)
	}
	return c, nil
}

// Windows are the maintenance windows that are on at a moment, as silences, and when the
// next one begins or ends.
func (s *Sieve) Windows(now time.Time) (on []alert.Silence, next time.Time) {
	if s == nil {
		return nil, next
	}
	for i := range s.windows {
		w := &s.windows[i]
		start, end, ok := w.when.At(now)
		if !ok {
			continue
		}
		change := start
		if !start.After(now) {
			change = end
			on = append(on, alert.Silence{
				ID: alert.WindowPrefix + w.ID, Matchers: w.matchers, Services: w.services, Start: start, End: end, By: w.By,
				Comment: strings.TrimSpace(w.Name + " " + w.Why),
			})
		} else if tell := start.Add(-w.Notice.D()); w.Notice > 0 && tell.After(now) {
			change = tell
		}
		if next.IsZero() || change.Before(next) {
			next = change
		}
	}
	return on, next
}

// A Notice is that planned work begins soon, or is over.
type Notice struct {
	Maintenance
	Covers     []org.ServiceID // with their dependents
	Begin, End time.Time
	Over       bool
}

// Title is what people call it.
func (m Maintenance) Title() string { return cmp.Or(m.Name, m.ID) }

// Earlier is the window as many weeks earlier as it takes to begin by a week after a
// moment: its hours in the week from then on.
func (m Maintenance) Earlier(from time.Time) Maintenance {
	zone, err := org.Zone(m.Zone)
	if err != nil {
		return m
	}
	at, err := time.ParseInLocation(org.LocalTime, m.Start, zone)
	if err != nil {
		return m
	}
	for !at.Before(from.AddDate(0, 0, 7)) {
		at = at.AddDate(0, 0, -7)
	}
	m.Start = at.Format(org.LocalTime)
	return m
}

// An Occurrence is a window with the time that it is on now, or is next; or was last, if
// it is over for good.
type Occurrence struct {
	Maintenance
	Covers     []org.ServiceID // with their dependents
	Begin, End time.Time
	On, Over   bool
}

// Occurrences are all windows as they stand at a moment.
func (s *Sieve) Occurrences(now time.Time) (list []Occurrence) {
	if s == nil {
		return nil
	}
	for i := range s.windows {
		w := &s.windows[i]
		o := Occurrence{Maintenance: w.Maintenance, Covers: w.services}
		var ok bool
		if o.Begin, o.End, ok = w.when.At(now); !ok {
			o.Over = true
			o.Begin, o.End = w.when.Last(now)
		}
		o.On = ok && !o.Begin.After(now)
		list = append(list, o)
	}
	return list
}

// lately is how old the end of a window may be and still be told.
const lately = 10 * time.Minute

// Notices are what is to be told by a moment of windows that begin soon or ended lately.
func (s *Sieve) Notices(now time.Time) (list []Notice) {
	if s == nil {
		return nil
	}
	for i := range s.windows {
		w := &s.windows[i]
		if w.Notice <= 0 {
			continue
		}
		if start, end, ok := w.when.At(now); ok && start.After(now) && !start.Add(-w.Notice.D()).After(now) {
			list = append(list, Notice{w.Maintenance, w.services, start, end, false})
		}
		if start, end, ok := w.when.At(now.Add(-lately)); ok && !end.After(now) {
			list = append(list, Notice{w.Maintenance, w.services, start, end, true})
		}
	}
	return list
}

// Covered are the services of a window, with all that depend on them if it says so.
func (s *Sieve) Covered(w Maintenance, all map[org.ServiceID]org.Service) []org.ServiceID {
	out := slices.Clone(w.Services)
	if !w.Dependents {
		return out
	}
	for id := range all {
		if !slices.Contains(out, id) && slices.ContainsFunc(s.graph.Above(string(id)), func(n string) bool { return slices.Contains(w.Services, org.ServiceID(n)) }) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

package ical

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// Who finds the people whom an event is about; none is that it means nobody known.
type Who func(Read) []org.PersonID

var bandForm = regexp.MustCompile(`^\[L(\d{1,3})\]`)

// Layers are the events as layers of a schedule: one for each series, in the band that
// "[L2]" before its summary names. Occurrences that were moved or cancelled are struck
// from their series; those that were moved stand as layers of their own.
func Layers(events []Read, zone string, who Who) (layers []oncall.Layer, troubles []string) {
	struck := map[string][]string{} // by series: starts of occurrences that are not as the rule makes them
	for _, e := range events {
		if !e.Moved.Time.IsZero() {
			struck[e.UID] = append(struck[e.UID], e.Moved.text())
		}
	}
	for n, e := range events {
		if e.Cancelled {
			continue
		}
		people := who(e)
		if len(people) == 0 {
			troubles = append(troubles, fmt.Sprintf("event %q: nobody is known by %q", e.UID, e.Summary))
			continue
		}
		l := oncall.Layer{ID: fmt.Sprintf("ical-%d", n+1), TZ: e.Start.Zone, Slots: [][]org.PersonID{people}}
		if l.TZ == "" {
			l.TZ = zone
		}
		if m := bandForm.FindStringSubmatch(e.Summary); m != nil {
			l.Band, _ = strconv.Atoi(m[1])
		}
		l.Cover = oncall.Cover{Kind: "recur", Start: e.Start.text(), Seconds: e.Seconds}
		if e.Rule != nil {
			if err := e.Rule.put(&l, e.Start); err != nil {
				troubles = append(troubles, fmt.Sprintf("event %q: %v", e.UID, err))
				continue
			}
		}
		for _, d := range e.Except {
			l.Cover.Exdate = append(l.Cover.Exdate, d.at(e.Start))
		}
		for _, d := range e.More {
			l.Cover.Rdate = append(l.Cover.Rdate, d.at(e.Start))
		}
		if e.Moved.Time.IsZero() {
			l.Cover.Exdate = append(l.Cover.Exdate, struck[e.UID]...)
		}
		if _, err := oncall.Compile(oncall.Schedule{Layers: []oncall.Layer{l}}); err != nil {
			troubles = append(troubles, fmt.Sprintf("event %q: %v", e.UID, err))
			continue
		}
		layers = append(layers, l)
	}
	return layers, troubles
}

// at is the reading as the civil start of an occurrence: a bare date takes the clock of
// the series, and a reading in UTC is put into its zone.
func (c Civil) at(start Civil) string {
	if c.Day && !start.Day {
		y, m, d := c.Time.Date()
		c.Time = time.Date(y, m, d, start.Time.Hour(), start.Time.Minute(), start.Time.Second(), 0, time.UTC)
		return c.text()
	}
	if c.Zone == "UTC" && start.Zone != "" && start.Zone != "UTC" {
		if loc, err := org.Zone(start.Zone); err == nil {
			return c.Time.In(loc).Format("2006-01-02T15:04:05")
		}
	}
	return c.text()
}

// put writes the rule into a layer. A rule that ends does so at the end of its last
// occurrence; UNTIL without Z is taken for the local time that it looks like.
func (r *Rule) put(l *oncall.Layer, start Civil) error {
	c := &l.Cover
	c.Freq, c.Interval, c.ByDay, c.ByMonth, c.ByMonthday, c.Wkst = r.Freq, r.Interval, r.ByDay, r.ByMonth, r.ByMonthday, r.Wkst
	if r.Freq == "yearly" {
		if len(r.ByDay) > 0 {
			return fmt.Errorf("a yearly rule by weekday is not understood")
		}
		c.Freq, c.Interval = "monthly", 12*r.Interval
		if len(c.ByMonth) > 0 {
			if r.Interval > 1 {
				return fmt.Errorf("a rule of several years and months is not understood")
			}
			c.Interval = 1
		}
	}
	switch {
	case r.Count > 0:
		end, err := r.last(*l)
		if err != nil {
			return err
		}
		l.Until, l.EdgeUntil = oncall.Instant(end), "keep"
	case !r.Until.Time.IsZero():
		l.EdgeUntil = "keep"
		until := r.Until
		if until.Day {
			until.Time = until.Time.AddDate(0, 0, 1).Add(-time.Second)
		}
		if until.Zone == "UTC" {
			l.Until = oncall.Instant(until.Time.Add(time.Second)) // whoever begins at it is still in
			break
		}
		loc, err := org.Zone(l.TZ)
		if err != nil {
			return err
		}
		t := until.Time
		l.Until = oncall.Instant(time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second()+1, 0, loc))
	}
	return nil
}

// last is just after the beginning of the last of so many occurrences.
func (r *Rule) last(l oncall.Layer) (time.Time, error) {
	l.Cover.Exdate, l.Cover.Rdate = nil, nil
	starts, err := oncall.Starts(l, r.Count)
	if err != nil {
		return time.Time{}, err
	}
	return starts[len(starts)-1].Add(time.Second), nil
}

// Spans are the occurrences of events in [from, to), for overrides and time off.
func Spans(e Read, events []Read, zone string, from, to time.Time) ([]oncall.Stretch, error) {
	layers, troubles := Layers(append([]Read{e}, moves(e, events)...), zone, func(x Read) []org.PersonID {
		if x.UID == e.UID && x.Moved == e.Moved {
			return []org.PersonID{"x"}
		}
		return nil
	})
	if len(layers) == 0 {
		return nil, fmt.Errorf("%v", troubles)
	}
	c, err := oncall.Compile(oncall.Schedule{Layers: layers[:1]})
	if err != nil {
		return nil, err
	}
	var out []oncall.Stretch
	for _, s := range c.Render(from, to) {
		if len(s.People) > 0 {
			out = append(out, oncall.Stretch{From: s.From, Until: s.Until})
		}
	}
	return out, nil
}

// moves are the occurrences of a series that stand apart from it.
func moves(e Read, events []Read) (all []Read) {
	for _, x := range events {
		if x.UID == e.UID && !x.Moved.Time.IsZero() && e.Moved.Time.IsZero() {
			all = append(all, x)
		}
	}
	return all
}

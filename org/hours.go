package org

import (
	"fmt"
	"slices"
	"time"
)

// Hours are a part of the day in somebody's own zone: [From, To) in time since midnight,
// on the given days (all when empty). To before From goes past midnight; the days are
// those on which it begins.
type Hours struct {
	From Duration `json:"from" yaml:"from"`
	To   Duration `json:"to" yaml:"to"`
	Days []string `json:"days,omitempty" yaml:"days,omitempty"` // "mon", "tue", ...
}

// Days are how days of the week are written.
var Days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Within says whether a local time lies in the hours, and until when; if not, from when
// the next one does.
func (h Hours) Within(t time.Time) (in bool, until time.Time) {
	for day := -1; day <= 8; day++ {
		from, to := midnight(t, day, h.From), midnight(t, day, h.To)
		if h.To <= h.From {
			to = midnight(t, day+1, h.To)
		}
		on := time.Date(t.Year(), t.Month(), t.Day()+day, 12, 0, 0, 0, time.UTC).Weekday()
		switch {
		case len(h.Days) > 0 && !slices.Contains(h.Days, Days[on]):
		case !t.Before(from) && t.Before(to):
			return true, to
		case from.After(t):
			return false, from
		}
	}
	return false, t.Add(24 * time.Hour) // days that do not exist
}

func midnight(t time.Time, days int, after Duration) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, int(after.D()/time.Second), 0, t.Location())
}

// A Span is a time from a moment to another.
type Span struct {
	From  time.Time `json:"from" yaml:"from"`
	Until time.Time `json:"until" yaml:"until"`
}

// SupportHours are when a service is looked after at once.
type SupportHours struct {
	Hours `yaml:",inline"`
	Zone  string `json:"zone,omitempty" yaml:"zone,omitempty"` // "" is UTC
	// Raise makes what is still open when they begin high: it climbs from the first level.
	Raise bool `json:"raise,omitempty" yaml:"raise,omitempty"`
}

// Quiet are hours in which a person is to be left alone. Low priority waits for their
// end. High priority breaks them, unless they are strict: then the person is not called
// at all, and the level goes on without them.
type Quiet struct {
	Hours  `yaml:",inline"`
	Strict bool `json:"strict,omitempty" yaml:"strict,omitempty"`
}

// A LowWish is when a person wants to hear of what has low priority.
type LowWish string

const (
	AtOnce  LowWish = ""       // as it comes, but for quiet hours
	InHours LowWish = "hours"  // in working hours
	Digest  LowWish = "digest" // together, once a day
)

// Reach is how a person limits what reaches them.
type Reach struct {
	Hours  *Hours   `json:"hours,omitempty" yaml:"hours,omitempty"` // working hours
	Quiet  *Quiet   `json:"quiet,omitempty" yaml:"quiet,omitempty"`
	Away   []Span   `json:"away,omitempty" yaml:"away,omitempty"` // vacations: not called at all
	Low    LowWish  `json:"low,omitempty" yaml:"low,omitempty"`
	Digest Duration `json:"digest,omitempty" yaml:"digest,omitempty"` // when, since midnight; 9h when zero
	// Caps are the least times between two pages over a channel about different things:
	// what comes sooner waits, and goes together.
	Caps map[string]Duration `json:"caps,omitempty" yaml:"caps,omitempty"`
}

const usualDigest = Duration(9 * time.Hour)

// OffCall says whether a person is not to be called at a moment, and why.
func (p Person) OffCall(priority Priority, at time.Time) (why string, off bool) {
	for _, s := range p.Away {
		if !at.Before(s.From) && at.Before(s.Until) {
			return fmt.Sprintf("%s is away until %s", p.Name, s.Until.In(p.zone()).Format("2 Jan 15:04")), true
		}
	}
	if p.Quiet != nil && p.Quiet.Strict && priority != Low {
		if in, until := p.Quiet.Within(at.In(p.zone())); in {
			return fmt.Sprintf("%s has strict quiet hours until %s", p.Name, until.Format("15:04")), true
		}
	}
	return "", false
}

// nightFrom and nightTo are when people sleep who say nothing else.
const (
	nightFrom = Duration(22 * time.Hour)
	nightTo   = Duration(7 * time.Hour)
)

// Rests says whether what can wait is to wait for a person: they are within their quiet
// hours or away, or it is night where they are; and until when.
func (p Person) Rests(at time.Time) (until time.Time, rests bool) {
	zone, is := p.zone(), at
	night := Hours{From: nightFrom, To: nightTo}
	for range 16 { // the night may run into quiet hours
		was := is
		if in, end := night.Within(is.In(zone)); in {
			is = end
		}
		if p.Quiet != nil {
			if in, end := p.Quiet.Within(is.In(zone)); in {
				is = end
			}
		}
		for _, s := range p.Away {
			if !is.Before(s.From) && is.Before(s.Until) {
				is = s.Until
			}
		}
		if is.Equal(was) {
			break
		}
	}
	return is.UTC(), is.After(at)
}

// LowAt is when a page of low priority that is due goes out to the person.
func (p Person) LowAt(at time.Time) time.Time {
	zone := p.zone()
	for range 16 { // each wish may run into another
		was := at
		local := at.In(zone)
		switch p.Low {
		case InHours:
			if p.Hours != nil {
				if in, from := p.Hours.Within(local); !in {
					at = from
				}
			}
		case Digest:
			at = p.digest(local)
		}
		if p.Quiet != nil {
			if in, until := p.Quiet.Within(at.In(zone)); in {
				at = until
			}
		}
		for _, s := range p.Away {
			if !at.Before(s.From) && at.Before(s.Until) {
				at = s.Until
			}
		}
		if at.Equal(was) {
			break
		}
	}
	return at.UTC()
}

// digest is the next time of the digest, on a working day if there are any.
func (p Person) digest(local time.Time) time.Time {
	after := p.Reach.Digest
	if after == 0 {
		after = usualDigest
	}
	for day := range 9 {
		at := midnight(local, day, after)
		if at.Before(local) || p.Hours != nil && len(p.Hours.Days) > 0 && !slices.Contains(p.Hours.Days, Days[at.Weekday()]) {
			continue
		}
		return at
	}
	return local
}

func (p Person) zone() *time.Location {
	if zone, err := Zone(p.Zone); err == nil {
		return zone
	}
	return time.UTC
}

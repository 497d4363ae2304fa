package oncall

import (
	"errors"
	"slices"
	"strings"
	"time"

	"tocsin/org"
)

// People are all who stand somewhere in the layers, by their bare names.
func (c *Compiled) People() []org.PersonID { return c.standing(false) }

// Answering are those of them who do not only look on.
func (c *Compiled) Answering() []org.PersonID { return c.standing(true) }

func (c *Compiled) standing(answering bool) (people []org.PersonID) {
	for i := range c.layers {
		if answering && c.roles[c.layers[i].role] == Shadow {
			continue
		}
		for _, slot := range c.layers[i].slots {
			for _, p := range slot {
				if !strings.Contains(string(p), ":") {
					people = append(people, p)
				}
			}
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// Roles are those of the layers, primary first.
func (c *Compiled) Roles() []string { return slices.Clone(c.roles) }

// A Gap is a stretch in which an alarm would call nobody: no one stands in the role
// primary.
type Gap struct {
	From, Until time.Time
	Empty       bool // a layer covers it: its slot is empty on purpose, or a patch took everybody off
	Why         string
}

// Gaps are those among shifts, as Render gave them: neighbours joined.
func Gaps(shifts []Shift) (gaps []Gap) {
	for _, s := range shifts {
		if len(s.People) > 0 {
			continue
		}
		empty := s.Empty || len(s.Roles) > 0
		if n := len(gaps); n > 0 && gaps[n-1].Until.Equal(s.From) && gaps[n-1].Empty == empty {
			gaps[n-1].Until = s.Until
			continue
		}
		gaps = append(gaps, Gap{s.From, s.Until, empty, s.Why})
	}
	return gaps
}

// Gaps are those of a span.
func (c *Compiled) Gaps(from, to time.Time) []Gap { return Gaps(c.Render(from, to)) }

// A Stint is one person's unbroken time in one role.
type Stint struct {
	Person      org.PersonID
	Role        string
	From, Until time.Time
}

// Stints are who stands how long among shifts, as Render gave them: by start, role and
// person.
func Stints(shifts []Shift) (out []Stint) {
	type place struct {
		who  org.PersonID
		role string
	}
	open := map[place]int{}
	for _, s := range shifts {
		for role, people := range s.Roles {
			for _, p := range people {
				at := place{p, role}
				if i, ok := open[at]; ok && out[i].Until.Equal(s.From) {
					out[i].Until = s.Until
					continue
				}
				open[at] = len(out)
				out = append(out, Stint{p, role, s.From, s.Until})
			}
		}
	}
	slices.SortFunc(out, func(a, b Stint) int {
		if d := a.From.Compare(b.From); d != 0 {
			return d
		}
		if a.Role != b.Role {
			return strings.Compare(a.Role, b.Role)
		}
		return strings.Compare(string(a.Person), string(b.Person))
	})
	return out
}

// Next is when somebody stands next: their stint at the moment, or the first that begins
// within a span after it.
func (c *Compiled) Next(p org.PersonID, at time.Time, within time.Duration) (Stint, bool) {
	end := instantOf(at.Add(within))
	s := c.sweep()
	for now := instantOf(at); now < end; {
		a := s.at(now)
		for r, people := range a.roles {
			if !slices.Contains(people, p) {
				continue
			}
			found := Stint{Person: p, Role: c.roles[r], From: timeOf(now)}
			for now < end && slices.Contains(a.roles[r], p) {
				if now = a.until; now < end {
					a = s.at(now)
				}
			}
			found.Until = timeOf(min(now, end))
			return found, true
		}
		now = a.until
	}
	return Stint{}, false
}

// Neighbour is who has the turn after (by 1), or before (by -1), the one of a moment in a
// layer: the slot of that turn, whether or not the layer covers it, and empty if it is.
// Turns that a jump of the clock leaves without length are passed over. ok is false where
// the layer has no turn at the moment.
func (c *Compiled) Neighbour(layer string, t time.Time, by int) (people []org.PersonID, ok bool) {
	at := instantOf(t)
	for i := range c.layers {
		l := &c.layers[i]
		if l.id != layer {
			continue
		}
		k, ok := l.neighbour(at, int64(by))
		if !ok {
			return nil, false
		}
		return slices.Clone(l.slots[floorMod(k+l.startIndex, int64(len(l.slots)))]), true
	}
	return nil, false
}

func (l *layer) neighbour(at, by int64) (k int64, ok bool) {
	if at < l.from || at >= l.until {
		return 0, false
	}
	pieces, _ := l.cover.near(at, nil)
	if l.turn.kind != "clock" {
		if len(pieces) == 0 || l.turn.kind == "none" {
			return 0, false
		}
		k, _ = l.turn.number(at, pieces[0], len(l.slots)+1)
		return k + by, true
	}
	if l.turn.byOccurrence && len(pieces) > 0 && pieces[0].start != always {
		at = pieces[0].start
	}
	k, start, end := l.turn.clock.at(floorDiv(at, second))
	for ; by > 0; by-- {
		k, _, end = l.turn.clock.at(end)
	}
	for ; by < 0; by++ {
		k, start, _ = l.turn.clock.at(start - 1)
	}
	return k, true
}

// Starts are when the first n occurrences of a layer's cover begin, fewer where it makes
// no more. The error is for a layer without occurrences.
func Starts(l Layer, n int) ([]time.Time, error) {
	c, err := Compile(Schedule{Layers: []Layer{l}})
	if err != nil {
		return nil, err
	}
	civil, ok := c.layers[0].cover.(*civilCover)
	if !ok {
		return nil, errors.New("the cover has no occurrences")
	}
	r, ok := civil.pattern.(*recur)
	if !ok {
		return nil, errors.New("the cover is no recurrence")
	}
	var out []time.Time
	r.each(r.start, r.start+20*366*day, func(o occurrence) bool {
		out = append(out, timeOf(civil.z.resolve(o.civil, false)*second))
		return len(out) < n
	})
	if len(out) == 0 {
		return nil, errors.New("the rule makes no occurrence")
	}
	return out, nil
}

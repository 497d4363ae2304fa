package resolve

import (
	"fmt"
	"slices"
	"time"

	"tocsin/org"
)

// Rules are those of changes, ready to be asked.
type Rules struct {
	org.ChangeRules
	freezes []frozen
}

type frozen struct {
	org.Freeze
	when org.Recurrence
}

// NewRules reads the rules; nil are none. A freeze that cannot be read is left out: it was
// refused when it was written.
func NewRules(c *org.ChangeRules) (r Rules) {
	if c == nil {
		return r
	}
	r.ChangeRules = *c
	for _, f := range c.Freezes {
		if when, err := f.Recurrence(); err == nil {
			r.freezes = append(r.freezes, frozen{f, when})
		}
	}
	return r
}

// A Frozen is a freeze with the time that it is meant for.
type Frozen struct {
	org.Freeze
	Begin, End time.Time
}

// Why is the freeze as somebody hears of it who wants to change something.
func (f Frozen) Why() string {
	s := fmt.Sprintf("%s is from %s to %s", f.Title(), minute(f.Begin), minute(f.End))
	if f.Freeze.Why != "" {
		s += ": " + f.Freeze.Why
	}
	return s
}

// mostFrozen is how many times one freeze is shown for a span.
const mostFrozen = 100

// Frozen are the freezes of some services that touch a span, in their order; without
// services those of all.
func (r Rules) Frozen(services []org.ServiceID, from, to time.Time) (out []Frozen) {
	for _, f := range r.freezes {
		if len(services) > 0 && !f.Covers(services) {
			continue
		}
		for at, n := from, 0; n < mostFrozen; n++ {
			begin, end, ok := f.when.At(at)
			if !ok || !begin.Before(to) {
				break
			}
			out = append(out, Frozen{f.Freeze, begin, end})
			at = end
		}
	}
	slices.SortStableFunc(out, func(a, b Frozen) int { return a.Begin.Compare(b.Begin) })
	return out
}

// Granted says whether somebody may make a change of a class without asking, and why:
// one grant covers all of its services, or several do together.
func (r Rules) Granted(class org.ChangeClass, p org.PersonID, teams []org.TeamID, services []org.ServiceID) (why string, ok bool) {
	if p == "" || len(services) == 0 {
		return "", false
	}
	for _, s := range services {
		i := slices.IndexFunc(r.Grants, func(g org.Grant) bool {
			return g.Class == class && among(g.To, p, teams) && (len(g.Services) == 0 || slices.Contains(g.Services, s))
		})
		if i < 0 {
			return "", false
		}
		if why == "" {
			why = fmt.Sprintf("%s may make %s changes", r.Grants[i].To, class)
		}
	}
	return why, true
}

// MayOverride says whether somebody may go before the rules; teams are theirs.
func (r Rules) MayOverride(p org.PersonID, teams []org.TeamID) bool {
	return len(r.Override.To) == 0 || slices.ContainsFunc(r.Override.To, func(t org.Target) bool { return among(t, p, teams) })
}

func among(t org.Target, p org.PersonID, teams []org.TeamID) bool {
	switch t.Kind {
	case "person":
		return t.ID == string(p)
	case "team":
		return slices.Contains(teams, org.TeamID(t.ID))
	}
	return false
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

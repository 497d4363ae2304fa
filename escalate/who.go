package escalate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// calls are the people whom a level calls now, each once; why says what was found
// when that is nobody.
func (c climb) calls(i int, l Level) (calls []incident.Call, why string) {
	var first []incident.Call
	for _, p := range c.run.First {
		if person, ok := c.w.Person(p); ok && person.Reachable() && c.off(person) == "" {
			first = append(first, incident.Call{Person: p, Why: "had it before"})
		}
	}
	targets := l.Targets
	switch l.Strategy {
	case "round_robin":
		return c.inTurn(c.members(targets), c.w.Turn(c.run.Policy, i), first)
	case "random":
		members := c.members(targets)
		if len(members) == 0 {
			return c.behind(targets, first)
		}
		return c.inTurn(members, c.w.Pick(len(members)), first)
	}
	return c.behind(targets, first)
}

// inTurn calls the first of the targets, from n on, behind which somebody stands.
func (c climb) inTurn(targets []org.Target, n int, first []incident.Call) (calls []incident.Call, why string) {
	var whys []string
	for i := range targets {
		found, why := c.behind(targets[(n+i)%len(targets):][:1], nil)
		if len(found) > 0 {
			return merge(first, found), ""
		}
		whys = append(whys, why)
	}
	return first, strings.Join(whys, "; ")
}

// members are the targets with teams taken apart, so that turns go round their people.
func (c climb) members(targets []org.Target) (out []org.Target) {
	for _, t := range targets {
		if t.Kind != "team" {
			out = append(out, t)
			continue
		}
		for _, p := range c.w.Who(t, c.now).People {
			out = append(out, org.Target{Kind: "person", ID: string(p)})
		}
	}
	return out
}

// behind is who stands behind some targets now and can be reached.
func (c climb) behind(targets []org.Target, first []incident.Call) (calls []incident.Call, why string) {
	var found []incident.Call
	var whys []string
	for _, t := range targets {
		if t.Kind == "email" {
			found = append(found, incident.Call{Email: t.ID, Via: t})
			continue
		}
		answer := Answer{People: []org.PersonID{org.PersonID(t.ID)}}
		if t.Kind != "person" {
			answer = c.w.Who(t, c.now)
		}
		if len(answer.People) == 0 {
			why := answer.Why
			if why == "" {
				why = "nobody is on call"
			}
			whys = append(whys, fmt.Sprintf("%s: %s", t, why))
		}
		for _, p := range answer.People {
			switch person, ok := c.w.Person(p); {
			case !ok || person.Retired:
				whys = append(whys, fmt.Sprintf("%s is not here any longer", p))
			case c.in.Change != nil && c.in.Change.Wrote(p):
				whys = append(whys, fmt.Sprintf("it is %s's own change", c.w.name(incident.ByPerson(p))))
			case c.in.Wants(c.run.ID, p):
				whys = append(whys, fmt.Sprintf("%s asked for it", c.w.name(incident.ByPerson(p))))
			case c.in.Call != nil && c.in.Call.Not == p && p != "":
				whys = append(whys, fmt.Sprintf("it is about what %s did", c.w.name(incident.ByPerson(p))))
			case !person.Reachable():
				whys = append(whys, fmt.Sprintf("%s has no contact method that works", p))
			case c.off(person) != "":
				whys = append(whys, c.off(person))
			default:
				found = append(found, incident.Call{Person: p, Via: t, Why: answer.Why})
			}
		}
	}
	return merge(first, found), strings.Join(whys, "; ")
}

// off is why a person is not to be called now; "" when they may be.
func (c climb) off(p org.Person) string {
	why, _ := p.OffCall(c.run.Priority, c.now)
	return why
}

// merge adds calls to others: one person is called once however many targets name them.
func merge(calls, more []incident.Call) []incident.Call {
	for _, m := range more {
		if !slices.ContainsFunc(calls, func(c incident.Call) bool { return c.Person == m.Person && c.Email == m.Email }) {
			calls = append(calls, m)
		}
	}
	return calls
}

const tooFew = "too few alerts so far"

// when says whether a level's condition holds, or why not, and when it will be worth
// looking again (zero: it is passed over, or waits for something to happen).
func (c climb) when(l Level) (why string, until time.Time, pass bool) {
	if s := l.When.Severities; len(s) > 0 && !slices.Contains(s, c.in.Severity) {
		return fmt.Sprintf("only for %v, this is %s", s, c.in.Severity), time.Time{}, false
	}
	if w := l.When.Window; w != nil {
		zone, err := org.Zone(c.policy.Zone)
		if err != nil {
			zone = time.UTC // fail open: a wrong hour is better than no page
		}
		if open, next := w.opens(c.now.In(zone)); !open {
			why := fmt.Sprintf("only from %s to %s", clock(w.From), clock(w.To))
			if w.Skip {
				return why, time.Time{}, false
			}
			return why, next, false
		}
	}
	if m := l.When.MinAlerts; m != nil {
		n := 0
		for _, at := range c.in.Heard {
			if c.now.Sub(at) < m.Within.D() {
				n++
			}
		}
		if n <= m.Count {
			return tooFew, time.Time{}, false
		}
	}
	return "", time.Time{}, true
}

// opens says whether the window is open at a local time, and otherwise when it will be.
func (w Window) opens(t time.Time) (open bool, next time.Time) {
	for day := -1; day <= 8; day++ {
		from, to := w.on(t, day)
		switch {
		case len(w.Days) > 0 && !slices.ContainsFunc(w.Days, func(d string) bool { return weekdays[d] == weekdayOf(t, day) }):
		case !t.Before(from) && t.Before(to):
			return true, time.Time{}
		case from.After(t):
			return false, from
		}
	}
	return false, t.Add(24 * time.Hour)
}

// on is the window that begins so many days after the day of t.
func (w Window) on(t time.Time, day int) (from, to time.Time) {
	at := func(days int, d org.Duration) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, int(d.D()/time.Second), 0, t.Location())
	}
	if w.To <= w.From {
		return at(day, w.From), at(day+1, w.To)
	}
	return at(day, w.From), at(day, w.To)
}

func weekdayOf(t time.Time, days int) time.Weekday {
	return time.Date(t.Year(), t.Month(), t.Day()+days, 12, 0, 0, 0, time.UTC).Weekday()
}

func clock(d org.Duration) string {
	m := int(d.D() / time.Minute)
	return fmt.Sprintf("%02d:%02d", m/60, m%60)
}

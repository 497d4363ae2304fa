package alert

import (
	"fmt"
	"strings"

	"tocsin/org"
)

// A Category says whom an event concerns, how bad it is, and why we think so.
type Category struct {
	Service  org.ServiceID
	Severity org.Severity
	Priority org.Priority
	Record   bool   // a rule wants the event kept and nothing opened
	Why      string // in words, for the log of the incident
}

// Categorize decides where an event belongs. Each field comes from the rules first.
// Without them the service is the integration's, then the catch-all; the severity is
// the one the source gave, then SEV3; and the priority follows from the severity. A
// service that is not in services, or is retired, gives way to the catch-all: an
// event is never lost because somebody tidied up.
//
// What could not be read is SEV4 and low, and no rule is asked: there is nothing to
// match.
func Categorize(ev Event, in org.Integration, rules Rules, services map[org.ServiceID]org.Service, settings org.Settings) Category {
	var c Category
	var why []string
	if ev.Action == Unreadable {
		c.Severity, c.Priority = org.SEV4, org.Low
	} else {
		why = rules.ask(&c, &ev, &in)
	}
	why = append(why, c.place(in, services, settings)...)
	if c.Severity == "" {
		c.Severity = ev.Severity
		if !c.Severity.Valid() {
			c.Severity = org.SEV3
			why = append(why, "SEV3 because the source gives no severity")
		}
	}
	if c.Priority == "" {
		c.Priority = PriorityOf(c.Severity)
	}
	c.Why = strings.Join(why, "; ")
	return c
}

// ask lets the rules fill the category, and returns the reasons of those that did.
func (rs Rules) ask(c *Category, ev *Event, in *org.Integration) (why []string) {
	for i := range rs.list {
		r := &rs.list[i]
		if !r.matches(ev, in) {
			continue
		}
		why = append(why, r.because)
		if c.Service == "" {
			c.Service = r.Service
		}
		if c.Severity == "" {
			c.Severity = r.Severity
		}
		if c.Priority == "" {
			c.Priority = r.Priority
		}
		c.Record = c.Record || r.Record
		if !r.Continue {
			break
		}
	}
	return why
}

// place settles the service, and returns the reasons that the rules did not give.
func (c *Category) place(in org.Integration, services map[org.ServiceID]org.Service, settings org.Settings) (why []string) {
	if c.Service == "" && in.Service != "" {
		c.Service = in.Service
		why = append(why, "service of the integration")
	}
	if c.Service == "" {
		c.Service = settings.CatchAll
		return append(why, "nobody claims it: catch-all")
	}
	if s, ok := services[c.Service]; !ok || s.Retired {
		what := "unknown"
		if ok {
			what = "retired"
		}
		why = append(why, fmt.Sprintf("service %q is %s: catch-all", c.Service, what))
		c.Service = settings.CatchAll
	}
	return why
}

// PriorityOf is the lane of notification that a severity deserves: people are woken
// for SEV1 to SEV3.
func PriorityOf(s org.Severity) org.Priority {
	if s == org.SEV4 || s == org.SEV5 {
		return org.Low
	}
	return org.High
}

// Worse says whether a is a worse severity than b; none at all is the mildest.
func Worse(a, b org.Severity) bool {
	return a.Valid() && (!b.Valid() || a < b)
}

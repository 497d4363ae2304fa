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
	Category string
	Impact   string
	Urgency  string
	Asks     org.Response // what the severity asks for
	Rule     string       // the first rule that decided anything, by its name
	Record   bool         // a rule wants the event kept and nothing opened
	Why      string       // in words, for the log of the incident
}

// Categorize decides where an event belongs. Each field comes from the rules first.
// Without them the service is the integration's, then the catch-all; the severity is
// that of the matrix, then the one the source gave, then SEV3; and the priority follows
// from the severity. A
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
	if settings.Matrix != nil && ev.Action != Unreadable {
		why = append(why, c.weigh(settings.Matrix, &ev, &in)...)
	}
	if c.Severity == "" {
		c.Severity = ev.Severity
		if !c.Severity.Valid() {
			c.Severity = org.SEV3
			why = append(why, "SEV3 because the source gives no severity")
		}
	}
	c.Asks = settings.Matrix.Asks(c.Severity)
	if c.Priority == "" {
		c.Priority = c.Asks.Priority
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
		c.Category, c.Impact, c.Urgency = either(c.Category, r.Category), either(c.Impact, r.Impact), either(c.Urgency, r.Urgency)
		c.Rule = either(c.Rule, r.name)
		c.Record = c.Record || r.Record
		if !r.Continue {
			break
		}
	}
	return why
}

// weigh finds the severity in the matrix, unless a rule said it, and returns why.
func (c *Category) weigh(m *org.Matrix, ev *Event, in *org.Integration) (why []string) {
	for _, f := range []struct {
		is   *string
		name string
	}{{&c.Category, "category"}, {&c.Impact, "impact"}, {&c.Urgency, "urgency"}} {
		if *f.is == "" {
			*f.is = value(ev, in, f.name)
		}
	}
	row, ok := m.Of(c.Category, c.Impact, c.Urgency)
	if !ok || c.Severity != "" {
		return nil
	}
	c.Severity = row.Severity
	var words []string
	for _, w := range [][2]string{{"category", row.Category}, {"impact", row.Impact}, {"urgency", row.Urgency}} {
		if w[1] != "" {
			words = append(words, w[0]+" "+w[1])
		}
	}
	return []string{fmt.Sprintf("%s by the matrix: %s", row.Severity, strings.Join(words, ", "))}
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

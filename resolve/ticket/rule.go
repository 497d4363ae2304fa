package ticket

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/incident"
	"tocsin/org"
)

// Labels are what rules match of an incident, and ActionLabels what those of actions match
// besides.
var (
	Labels       = []string{"title", "service", "team", "severity", "priority", "status", "category", "impact", "urgency", "integration"}
	ActionLabels = []string{"action", "owner", "weight"}
)

// label is what an incident, or an action of it, says to a matcher.
func label(in incident.Incident, action int, name string) string {
	a, _ := in.Action(action)
	switch name {
	case "action":
		return a.Title
	case "owner":
		return string(a.Owner)
	case "weight":
		return string(a.Priority)
	case "title":
		return in.Title
	case "service":
		return string(in.Service)
	case "team":
		return string(in.Team)
	case "severity":
		return string(in.Severity)
	case "priority":
		return string(in.Priority)
	case "status":
		return string(in.Status)
	case "category":
		return in.Category
	case "impact":
		return in.Impact
	case "urgency":
		return in.Urgency
	case "integration":
		return string(in.Integration)
	}
	return ""
}

// A Compiled is a ticket system whose rules and templates can be used.
type Compiled struct {
	org.TicketSystem
	rules  []rule
	title  *text
	text   *text
	fields map[string]*text
	// Of an action.
	actionTitle, actionText *text
}

type rule struct {
	org.TicketRule
	matchers labels.Matchers
	fields   map[string]*text
}

// A Fault is what is wrong with a ticket system, and with which of its fields.
type Fault struct{ Path, Text string }

func (f Fault) Error() string { return f.Path + ": " + f.Text }

const mostRules = 50

// Compile makes a system ready. Its errors are Faults.
func Compile(s org.TicketSystem) (*Compiled, error) {
	c := &Compiled{TicketSystem: s}
	for _, w := range []struct {
		path string
		way  org.Way
	}{{"state", s.State}, {"comments", s.Comments}} {
		if !w.way.Valid() {
			return nil, Fault{w.path, fmt.Sprintf("%q is none of both, out, in, none", w.way)}
		}
	}
	if len(s.Rules) > mostRules {
		return nil, Fault{"rules", fmt.Sprintf("at most %d", mostRules)}
	}
	for i, r := range s.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		if r.Name == "" {
			r.Name = fmt.Sprintf("rule %d", i+1)
		}
		what, known := "an incident", Labels
		switch r.Of {
		case "", "incidents":
		case org.OfActions:
			what, known = "an action", append(slices.Clip(Labels), ActionLabels...)
		default:
			return nil, Fault{at + ".of", fmt.Sprintf("%q is none of incidents, actions", r.Of)}
		}
		one := rule{TicketRule: r}
		for n, said := range r.Match {
			where := fmt.Sprintf("%s.match[%d]", at, n)
			ms, err := parse.Matchers(said)
			if err != nil {
				return nil, Fault{where, fmt.Sprintf("%q: %v", said, err)}
			}
			for _, m := range ms {
				if !slices.Contains(known, m.Name) {
					return nil, Fault{where, fmt.Sprintf("%s has no %q: want some of %s", what, m.Name, strings.Join(known, ", "))}
				}
			}
			one.matchers = append(one.matchers, ms...)
		}
		for n, v := range r.Severities {
			if !v.Valid() {
				return nil, Fault{fmt.Sprintf("%s.severities[%d]", at, n), fmt.Sprintf("%q is none of SEV1 to SEV5", v)}
			}
		}
		var err error
		if one.fields, err = texts(at+".fields", r.Fields); err != nil {
			return nil, err
		}
		c.rules = append(c.rules, one)
	}
	var err error
	if c.title, err = template("title", s.Title, usualTitle); err != nil {
		return nil, err
	}
	if c.text, err = template("text", s.Text, usualText); err != nil {
		return nil, err
	}
	if c.actionTitle, err = template("action_title", s.ActionTitle, usualActionTitle); err != nil {
		return nil, err
	}
	if c.actionText, err = template("action_text", s.ActionText, usualActionText); err != nil {
		return nil, err
	}
	c.fields, err = texts("fields", s.Fields)
	return c, err
}

// WantsActions says whether any action could get a ticket by itself.
func (c *Compiled) WantsActions() bool {
	return slices.ContainsFunc(c.rules, func(r rule) bool { return r.Of == org.OfActions && !r.Off })
}

// Wants is the name of the rule by which an incident, or an action of it, gets a ticket; ok
// is false when none does. What is over, held, or sent by hand gets none; an action does
// though its incident is over.
func (c *Compiled) Wants(in incident.Incident, action int, sensitive bool) (rule string, ok bool) {
	if in.Sort != "" || in.Call != nil || StateOf(in, action) != Open || in.Held != "" && action == 0 {
		return "", false
	}
	for _, r := range c.rules {
		if r.fits(in, action, sensitive) {
			return r.Name, true
		}
	}
	return "", false
}

func (r rule) fits(in incident.Incident, action int, sensitive bool) bool {
	switch {
	case r.Off, sensitive && !r.Sensitive, (r.Of == org.OfActions) != (action > 0),
		len(r.Services) > 0 && !slices.Contains(r.Services, in.Service),
		len(r.Teams) > 0 && !slices.Contains(r.Teams, in.Team),
		len(r.Severities) > 0 && !slices.Contains(r.Severities, in.Severity):
		return false
	}
	return !slices.ContainsFunc(r.matchers, func(m *labels.Matcher) bool { return !m.Matches(label(in, action, m.Name)) })
}

package runbook

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/incident"
)

// A Sign is one alert of an incident, as matchers ask it.
type Sign struct {
	Title string
	Value func(name string) string
}

// A Suggestion is a runbook for an incident, and why.
type Suggestion struct {
	*Compiled
	Why  string // "alertname="SlowCheckout" (Checkout is slow)"
	sign Sign
	fit  int
}

// Suggest are those that fit an incident, the most particular first; those whose last day
// has passed are not.
func Suggest(all []*Compiled, in incident.Incident, signs []Sign, now time.Time) (out []Suggestion) {
	for _, c := range all {
		if c.Over(now) {
			continue
		}
		if s, ok := c.fits(in, signs); ok {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int { return cmp.Or(b.fit-a.fit, cmp.Compare(a.ID, b.ID)) })
	return out
}

// Label is what {{label.NAME}} stands for in an incident: of the alert that it is for, or
// else of the first.
func (c *Compiled) Label(in incident.Incident, signs []Sign) func(name string) string {
	of := Sign{Value: func(string) string { return "" }}
	if len(signs) > 0 {
		of = signs[0]
	}
	if s, ok := c.fits(in, signs); ok {
		of = s.sign
	}
	return func(name string) string { return cmp.Or(of.Value(name), valueOf(in, of, name)) }
}

// fits says whether one alert of an incident, or the incident without any, is what the
// runbook is for. One without matchers fits nothing.
func (c *Compiled) fits(in incident.Incident, signs []Sign) (s Suggestion, ok bool) {
	if len(c.matchers) == 0 {
		return s, false
	}
	if len(signs) == 0 {
		signs = []Sign{{Value: func(string) string { return "" }}}
	}
	for _, sign := range signs {
		value := func(name string) string { return valueOf(in, sign, name) }
		if slices.ContainsFunc(c.matchers, func(m *labels.Matcher) bool { return !m.Matches(value(m.Name)) }) {
			continue
		}
		s = Suggestion{Compiled: c, sign: sign}
		var why []string
		for _, m := range c.matchers {
			why = append(why, m.String())
			if m.Type == labels.MatchEqual && m.Value != "" {
				s.fit += 2
			} else if m.Type == labels.MatchRegexp {
				s.fit++
			}
		}
		s.Why = strings.Join(why, ", ")
		if sign.Title != "" {
			s.Why += " (" + sign.Title + ")"
		}
		return s, true
	}
	return s, false
}

// valueOf is what a name stands for: what the incident is, else what its alert says.
func valueOf(in incident.Incident, sign Sign, name string) string {
	switch name {
	case "service":
		return string(in.Service)
	case "team":
		return string(in.Team)
	case "category":
		return in.Category
	case "sev":
		return string(in.Severity)
	case "priority":
		return string(in.Priority)
	case "title":
		return cmp.Or(sign.Value(name), in.Title)
	}
	return sign.Value(name)
}

// Services are those that a runbook names as its own: of these it is stale when they
// change.
func (c *Compiled) Services(all []string) (named []string) {
	for _, id := range all {
		for _, m := range c.matchers {
			if m.Name == "service" && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) && m.Matches(id) {
				named = append(named, id)
				break
			}
		}
	}
	return named
}

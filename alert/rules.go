package alert

import (
	"fmt"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/incident"
	"tocsin/org"
)

// A Rule says what events that match it are about. Matchers are written as in
// Alertmanager (`team="dba"`, `host=~"db.*"`, `env!="test"`; regular expressions are
// anchored at both ends) and all of them must hold; a rule without any matches
// everything. A name is looked up in this order:
//
//   - the event's labels;
//   - title, text, key, severity, sev, integration, dialect: what the event says of
//     itself, its severity (sev only ever SEV1..SEV5), the id of its integration and
//     the name of the source that read it;
//   - the event's details.
//
// What is nowhere is the empty string.
//
// The first rule that matches decides. With Continue the rules after it may still
// decide what it leaves open.
type Rule struct {
	ID          string            `json:"id,omitempty" yaml:"id,omitempty"`
	Name        string            `json:"name" yaml:"name"`
	Integration org.IntegrationID `json:"integration,omitempty" yaml:"integration,omitempty"` // "" is any
	Match       []string          `json:"match,omitempty" yaml:"match,omitempty"`
	Service     org.ServiceID     `json:"service,omitempty" yaml:"service,omitempty"`
	Severity    org.Severity      `json:"severity,omitempty" yaml:"severity,omitempty"`
	Priority    org.Priority      `json:"priority,omitempty" yaml:"priority,omitempty"`
	// Category, Impact and Urgency are looked up in the matrix of the settings.
	Category string `json:"category,omitempty" yaml:"category,omitempty"`
	Impact   string `json:"impact,omitempty" yaml:"impact,omitempty"`
	Urgency  string `json:"urgency,omitempty" yaml:"urgency,omitempty"`
	// Record keeps the event and opens nothing.
	Record   bool `json:"record,omitempty" yaml:"record,omitempty"`
	Continue bool `json:"continue,omitempty" yaml:"continue,omitempty"`
}

// Rules are rules ready to be asked, in their order. The zero Rules match nothing.
type Rules struct{ list []compiledRule }

type compiledRule struct {
	Rule
	name     string // as people know it
	matchers labels.Matchers
	because  string // "rule "db" matched team="dba""
}

// CompileRules makes rules ready. Its refusal names every rule and field that cannot
// be understood, one a line.
func CompileRules(rules []Rule) (Rules, error) {
	var out Rules
	var faults []string
	for i, r := range rules {
		c := compiledRule{Rule: r, name: ruleName(r, i)}
		fault := func(field, format string, args ...any) {
			faults = append(faults, fmt.Sprintf("%s, %s: %s", c.name, field, fmt.Sprintf(format, args...)))
		}
		for n, text := range r.Match {
			ms, err := parse.Matchers(text)
			if err == nil && len(ms) == 0 {
				err = fmt.Errorf("no matcher")
			}
			if err != nil {
				fault(fmt.Sprintf("match %d", n+1), "%q: %v", text, err)
				continue
			}
			c.matchers = append(c.matchers, ms...)
		}
		if r.Severity != "" && !r.Severity.Valid() {
			fault("severity", "%q is not one of SEV1 to SEV5", r.Severity)
		}
		if r.Priority != "" && r.Priority != org.High && r.Priority != org.Low {
			fault("priority", "%q is neither high nor low", r.Priority)
		}
		if r.Service == "" && r.Severity == "" && r.Priority == "" && r.Category+r.Impact+r.Urgency == "" && !r.Record && r.Continue {
			fault("continue", "the rule decides nothing and lets others go on")
		}
		c.because = c.name + " " + c.matched()
		out.list = append(out.list, c)
	}
	if len(faults) > 0 {
		return Rules{}, incident.Refusal{Text: strings.Join(faults, "\n")}
	}
	return out, nil
}

func ruleName(r Rule, i int) string {
	switch {
	case r.Name != "":
		return fmt.Sprintf("rule %q", r.Name)
	case r.ID != "":
		return fmt.Sprintf("rule %q", r.ID)
	}
	return fmt.Sprintf("rule %d", i+1)
}

func (c compiledRule) matched() string {
	if len(c.matchers) == 0 {
		return "matches everything"
	}
	words := make([]string, len(c.matchers))
	for i, m := range c.matchers {
		words[i] = m.String()
	}
	return "matched " + strings.Join(words, ", ")
}

func (c *compiledRule) matches(ev *Event, in *org.Integration) bool {
	if c.Integration != "" && c.Integration != in.ID {
		return false
	}
	for _, m := range c.matchers {
		if !m.Matches(value(ev, in, m.Name)) {
			return false
		}
	}
	return true
}

// Names are what people call the rules, in their order.
func (rs Rules) Names() (names []string) {
	for _, r := range rs.list {
		names = append(names, r.name)
	}
	return names
}

// Matching notes which rules match an event, whichever decides.
func (rs Rules) Matching(ev *Event, in *org.Integration, hit []bool) {
	for i := range rs.list {
		hit[i] = hit[i] || rs.list[i].matches(ev, in)
	}
}

// Services are those that rules send events to.
func (rs Rules) Services() (ids []org.ServiceID) {
	for _, r := range rs.list {
		if r.Service != "" {
			ids = append(ids, r.Service)
		}
	}
	return ids
}

// Value is what a rule sees under a name; templates like "{cluster}/{alertname}" see the
// same.
func Value(ev *Event, in *org.Integration, name string) string { return value(ev, in, name) }

// value is what a rule sees under a name.
func value(ev *Event, in *org.Integration, name string) string {
	if v, ok := ev.Labels[name]; ok {
		return v
	}
	switch name {
	case "title":
		return ev.Title
	case "text":
		return ev.Text
	case "key":
		return ev.Key
	case "severity", "sev":
		return string(ev.Severity)
	case "integration":
		return string(in.ID)
	case "dialect":
		return in.Source
	}
	return ev.Details[name]
}

package drill

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// A Scenario is what people practise on.
type Scenario struct {
	ID       string        `json:"id" yaml:"id"`
	Name     string        `json:"name" yaml:"name"` // what whoever starts one reads
	Team     org.TeamID    `json:"team,omitempty" yaml:"team,omitempty"`
	Title    string        `json:"title" yaml:"title"`                         // what is wrong, as those read it who are called
	Text     string        `json:"text,omitempty" yaml:"text,omitempty"`       // what the first alert says beneath
	Service  org.ServiceID `json:"service,omitempty" yaml:"service,omitempty"` // "" is chosen when one is started
	Severity org.Severity  `json:"severity,omitempty" yaml:"severity,omitempty"`
	// Limit is how long one goes on at most; an hour when zero.
	Limit   org.Duration         `json:"limit,omitempty" yaml:"limit,omitempty"`
	Expect  incident.Expectation `json:"expect,omitzero" yaml:"expect,omitempty"`
	Script  []incident.Inject    `json:"script,omitempty" yaml:"script,omitempty"`
	Retired bool                 `json:"retired,omitempty" yaml:"-"`
}

// The bounds of a scenario.
const (
	maxName    = 200
	maxTitle   = 300
	maxText    = 4000
	mostScript = 50
	mostRoles  = 10
)

// A Fault is what is wrong with a scenario, and where.
type Fault struct{ Path, Text string }

// Faults is all that is wrong with a scenario, but for what it names elsewhere.
func Faults(s Scenario) (all []Fault) {
	check := func(ok bool, path, format string, args ...any) {
		if !ok {
			all = append(all, Fault{path, fmt.Sprintf(format, args...)})
		}
	}
	short := func(text string, most int) bool { return utf8.RuneCountInString(text) <= most }
	check(strings.TrimSpace(s.Title) != "", "title", "is missing: what is wrong?")
	check(short(s.Title, maxTitle), "title", "at most %d characters", maxTitle)
	check(short(s.Name, maxName), "name", "at most %d characters", maxName)
	check(short(s.Text, maxText), "text", "at most %d characters", maxText)
	check(s.Severity.Valid(), "severity", "%q is none of SEV1 to SEV5", s.Severity)
	limit := s.Limit.D()
	if limit == 0 {
		limit = UsualLimit
	}
	check(limit >= leastLimit && limit <= longestLimit, "limit", "from 5 minutes to 8 hours")
	for name, d := range map[string]org.Duration{"acknowledge": s.Expect.Acknowledge, "update": s.Expect.Update, "resolve": s.Expect.Resolve} {
		check(d >= 0 && d.D() <= limit, "expect."+name, "from nothing to the limit of the drill, %s", org.Duration(limit))
	}
	check(len(s.Expect.Roles) <= mostRoles, "expect.roles", "at most %d", mostRoles)
	for i, r := range s.Expect.Roles {
		check(strings.TrimSpace(r) != "" && short(r, 40), fmt.Sprintf("expect.roles[%d]", i), "is no role such as commander")
	}
	check(len(s.Expect.Join) <= mostRoles, "expect.join", "at most %d", mostRoles)
	for i, t := range s.Expect.Join {
		check(slices.Contains([]string{"person", "team", "schedule"}, t.Kind), fmt.Sprintf("expect.join[%d]", i), "is none of person, team and schedule")
	}
	check(len(s.Script) <= mostScript, "script", "at most %d", mostScript)
	last := time.Duration(0)
	for i, x := range s.Script {
		at := fmt.Sprintf("script[%d]", i)
		check(x.After.D() >= last, at+".after", "is before the one above")
		check(x.After.D() < limit, at+".after", "is behind the limit of the drill, %s", org.Duration(limit))
		last = x.After.D()
		check(slices.Contains(incident.Injects, x.Do), at+".do", "%q is none of %s", x.Do, strings.Join(incident.Injects, ", "))
		switch x.Do {
		case incident.InjectAlert, incident.InjectClear:
			check(strings.TrimSpace(x.Title) != "", at+".title", "is missing: which alert?")
		case incident.InjectMessage:
			check(strings.TrimSpace(x.Text) != "", at+".text", "is missing: what do they say?")
		case incident.InjectWorse:
			check(x.Severity.Valid(), at+".severity", "%q is none of SEV1 to SEV5", x.Severity)
		}
		check(short(x.Title, maxTitle), at+".title", "at most %d characters", maxTitle)
		check(short(x.From, maxName), at+".from", "at most %d characters", maxName)
		check(short(x.Text, maxText), at+".text", "at most %d characters", maxText)
	}
	return all
}

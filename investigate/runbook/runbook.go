// Package runbook is what somebody worked out by day for whoever is woken at night: a
// few steps in Markdown, for alerts that its matchers name.
//
// A text begins with when it is to be used. Each heading of the second level is a step:
//
//	# Restart the checkout
//
//	When checkout answers slowly and the database is well.
//
//	## Look whether orders come in
//	The [graph](https://graphs.example.org/orders) of the last hour.
//
//	## Restart one node [approval]
//	```http timeout=30s
//	POST https://deploy.example.org/restart
//	Authorization: Bearer {{secret.deploy}}
//
//	{"node": "{{label.instance}}"}
//	```
//
// A step with a block `http` or `webhook` can be run by the house; any other is done by
// hand. [approval] asks for the word of a second person. Placeholders take what the alert
// says ({{label.NAME}}), what the incident is ({{incident.id}}), and what is sealed
// ({{secret.NAME}}); each is escaped for where it stands, the host of an address is never
// one (fill.go).
//
// Parse reads a text, Review says what is wrong with it by day, so that it helps at night.
// Suggest finds those that fit an incident, and why. Stand says how far one is to be
// trusted: when it was last verified, what failed since, what changed around it. The verbs
// (run.go) are what people do with one in an incident; each returns facts or a refusal.
package runbook

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/incident"
	"tocsin/org"
)

// A Runbook is one of the set-up.
type Runbook struct {
	ID    string       `json:"id" yaml:"id"`
	Name  string       `json:"name" yaml:"name"`
	Team  org.TeamID   `json:"team,omitempty" yaml:"team,omitempty"`
	Owner org.PersonID `json:"owner,omitempty" yaml:"owner,omitempty"` // who keeps it right
	// Match attaches it, in the words of rules; all must hold for one alert. service,
	// team, category, sev and priority are those of the incident.
	Match []string `json:"match,omitempty" yaml:"match,omitempty"`
	Text  string   `json:"text" yaml:"text"`
	// Verify is how long it is to be trusted after somebody looked at it; 0 is Trusted.
	Verify org.Duration `json:"verify,omitempty" yaml:"verify,omitempty"`
	// Expires is the last day on which it is suggested: "2026-12-31".
	Expires string `json:"expires,omitempty" yaml:"expires,omitempty"`
	// Secrets are what {{secret.NAME}} stands for. They are sealed, and never shown.
	Secrets map[string]string `json:"secrets,omitempty" yaml:"secrets,omitempty"`
}

// Trusted is how long a runbook is to be trusted without having been looked at.
const Trusted = 90 * 24 * time.Hour

// The bounds of a runbook.
const (
	MaxText    = 20_000 // bytes
	mostSteps  = 20
	mostMatch  = 20
	maxName    = 120 // runes
	maxSecret  = 4096
	mostSecret = 20
)

var secretName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// Compiled is a runbook ready to be asked.
type Compiled struct {
	Runbook
	Document
	matchers labels.Matchers
	expires  time.Time // the end of its last day; zero: never
}

// Compile makes a runbook ready. Its refusal names every field that is wrong, one a line:
// "match[0]: ...".
func Compile(r Runbook) (*Compiled, error) {
	c := &Compiled{Runbook: r}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	var err error
	if c.Document, err = Parse(r.Text); err != nil {
		fault("text: %v", err)
	}
	if utf8.RuneCountInString(r.Name) > maxName {
		fault("name: at most %d characters", maxName)
	}
	if len(r.Match) > mostMatch {
		fault("match: %d are too many, at most %d", len(r.Match), mostMatch)
	}
	for i, text := range r.Match {
		ms, err := parse.Matchers(text)
		if err == nil && len(ms) == 0 {
			err = fmt.Errorf("no matcher")
		}
		if err != nil {
			fault("match[%d]: %q: %v", i, text, err)
			continue
		}
		c.matchers = append(c.matchers, ms...)
	}
	if d := r.Verify.D(); d < 0 || d > 5*366*24*time.Hour {
		fault("verify: from a day to five years, not %s", r.Verify)
	}
	if r.Expires != "" {
		day, err := time.Parse(time.DateOnly, r.Expires)
		if err != nil {
			fault("expires: %q is no day such as 2026-12-31", r.Expires)
		}
		c.expires = day.AddDate(0, 0, 1)
	}
	if len(r.Secrets) > mostSecret {
		fault("secrets: %d are too many, at most %d", len(r.Secrets), mostSecret)
	}
	for name, value := range r.Secrets {
		if !secretName.MatchString(name) {
			fault("secrets: %q is no name: letters, digits, _ and -, at most 40", name)
		}
		if len(value) > maxSecret || strings.ContainsAny(value, "\r\n") {
			fault("secrets: %s: one line of at most %d bytes", name, maxSecret)
		}
	}
	if len(faults) > 0 {
		return nil, incident.Refusal{Text: strings.Join(faults, "\n")}
	}
	return c, nil
}

// Title is what it is called.
func (c *Compiled) Title() string { return cmp.Or(c.Name, c.Document.Title, c.ID) }

// Over says whether its last day has passed.
func (c *Compiled) Over(now time.Time) bool { return !c.expires.IsZero() && !now.Before(c.expires) }

// KeepSecrets is a runbook as it is written, with the secrets it had where it names them
// without saying what they are, or says nothing of secrets at all. A secret goes nowhere
// that it did not go before: whoever sends it elsewhere writes it once more.
func KeepSecrets(r, had Runbook) (Runbook, error) {
	kept := map[string]string{}
	if r.Secrets == nil {
		r.Secrets = had.Secrets
		kept = had.Secrets
	} else {
		all := map[string]string{}
		for name, value := range r.Secrets {
			if all[name] = value; value == "" && had.Secrets[name] != "" {
				all[name], kept[name] = had.Secrets[name], had.Secrets[name]
			}
		}
		r.Secrets = all
	}
	if len(kept) == 0 {
		return r, nil
	}
	before, after := places(had.Text), places(r.Text)
	for name := range kept {
		for _, to := range after[name] {
			if !slices.Contains(before[name], to) {
				return r, incident.Refuse("secrets: %s would go to %s for the first time: write it again", name, to)
			}
		}
	}
	return r, nil
}

// places are where each secret of a text goes.
func places(text string) map[string][]string {
	all := map[string][]string{}
	d, err := Parse(text)
	if err != nil {
		return all
	}
	for _, s := range d.Steps {
		if s.Action == nil {
			continue
		}
		to := "webhook " + s.Action.Webhook
		if s.Action.Kind == HTTP {
			scheme, _, _ := strings.Cut(s.Action.URL, "://")
			host, _ := hostOf(s.Action.URL)
			to = scheme + "://" + host
		}
		for _, name := range s.Action.Needs() {
			all[name] = append(all[name], to)
		}
	}
	return all
}

// Shown is a runbook as people may see it: of secrets, the names alone.
func Shown(r Runbook) Runbook {
	if r.Secrets == nil {
		return r
	}
	names := map[string]string{}
	for name := range r.Secrets {
		names[name] = ""
	}
	r.Secrets = names
	return r
}

package org

import (
	"path"
	"slices"
	"strings"
)

type TicketSystemID string

// A TicketSystem is where others keep their tickets, and of which incidents they are to
// have one. It is told of what happens to those, and heard.
type TicketSystem struct {
	ID   TicketSystemID `json:"id" yaml:"id"`
	Name string         `json:"name" yaml:"name"`
	Kind string         `json:"kind" yaml:"kind"` // "jira", "github", ...
	// Settings are the kind's own. The store seals them with the rest, because passwords and
	// tokens are among them.
	Settings map[string]string `json:"settings,omitempty" yaml:"settings,omitempty"`
	// Rules say which incidents get a ticket by themselves: the first that fits. Without
	// any, people open them by hand.
	Rules []TicketRule `json:"rules,omitempty" yaml:"rules,omitempty"`
	// Title and Text are templates of what a ticket says at first; the usual without.
	Title string `json:"title,omitempty" yaml:"title,omitempty"`
	Text  string `json:"text,omitempty" yaml:"text,omitempty"`
	// ActionTitle and ActionText are those of the ticket of an action.
	ActionTitle string `json:"action_title,omitempty" yaml:"action_title,omitempty"`
	ActionText  string `json:"action_text,omitempty" yaml:"action_text,omitempty"`
	// Fields are further fields of a ticket, by the names that the system has for them; each
	// value is a template.
	Fields map[string]string `json:"fields,omitempty" yaml:"fields,omitempty"`
	// Tell are the kinds of facts that become comments; the usual without.
	Tell []string `json:"tell,omitempty" yaml:"tell,omitempty"`
	// State and Comments say which way each goes: both ways without, or "out", "in", "none".
	State    Way `json:"state,omitempty" yaml:"state,omitempty"`
	Comments Way `json:"comments,omitempty" yaml:"comments,omitempty"`
	// Reopens lets a ticket that is opened again open the incident again, which calls people.
	Reopens bool `json:"reopens,omitempty" yaml:"reopens,omitempty"`
	// Poll is how often open tickets are looked at when nothing is heard of them; without it
	// they are looked at only when the system says that something changed.
	Poll Duration `json:"poll,omitempty" yaml:"poll,omitempty"`
	// Secret proves that it is the system that speaks to us. The store seals it with the rest.
	Secret   string `json:"secret" yaml:"secret,omitempty"`
	Disabled bool   `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	Retired  bool   `json:"retired,omitempty" yaml:"-"`
}

// A TicketRule is about incidents, or about the actions that they leave. What is empty fits
// all.
type TicketRule struct {
	Name       string      `json:"name,omitempty" yaml:"name,omitempty"`
	Of         string      `json:"of,omitempty" yaml:"of,omitempty"`       // OfActions; "" is incidents
	Match      []string    `json:"match,omitempty" yaml:"match,omitempty"` // severity="SEV1", title=~".*disk.*"
	Services   []ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	Teams      []TeamID    `json:"teams,omitempty" yaml:"teams,omitempty"`
	Severities []Severity  `json:"severities,omitempty" yaml:"severities,omitempty"`
	// Fields are beside those of the system, and beat them.
	Fields map[string]string `json:"fields,omitempty" yaml:"fields,omitempty"`
	// Sensitive lets it fit incidents of sensitive services too: others read the tickets.
	Sensitive bool `json:"sensitive,omitempty" yaml:"sensitive,omitempty"`
	Off       bool `json:"off,omitempty" yaml:"off,omitempty"`
}

// OfActions makes a rule one of actions.
const OfActions = "actions"

// A Way says in which direction something goes between two systems.
type Way string

const (
	BothWays Way = ""
	WayOut   Way = "out"
	WayIn    Way = "in"
	NoWay    Way = "none"
)

// Valid says whether it is a way.
func (w Way) Valid() bool {
	return w == BothWays || w == "both" || w == WayOut || w == WayIn || w == NoWay
}

// Out and In say whether it goes out, or comes in.
func (w Way) Out() bool { return w == BothWays || w == "both" || w == WayOut }
func (w Way) In() bool  { return w == BothWays || w == "both" || w == WayIn }

// Usable says whether it is spoken to.
func (t TicketSystem) Usable() bool { return !t.Disabled && !t.Retired && t.Kind != "" }

// usuallyTold are the facts that a ticket hears of when it says nothing else.
var usuallyTold = []string{
	"investigate.noted", "investigate.updated", "escalate.acknowledged", "alert.raised", "resolve.explained", "resolve.resolved", "alert.reopened", "resolve.recurred",
}

// usuallyToldOfActions are those of which the ticket of an action hears.
var usuallyToldOfActions = []string{
	"review.action_changed", "review.action_noted", "review.action_done", "review.action_dropped", "review.action_reopened", "review.action_recurred",
}

// Tells says whether a fact of this kind becomes a comment: in the ticket of an incident, or
// of an action.
func (t TicketSystem) Tells(kind string, action bool) bool {
	told := t.Tell
	switch {
	case len(told) > 0:
	case action:
		told = usuallyToldOfActions
	default:
		told = usuallyTold
	}
	return t.Comments.Out() && !strings.HasPrefix(kind, "resolve.ticket_") && slices.ContainsFunc(told, func(pattern string) bool {
		ok, err := path.Match(pattern, kind)
		return ok && err == nil
	})
}

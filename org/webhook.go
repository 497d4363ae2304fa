package org

import (
	"path"
	"slices"
)

type WebhookID string

// A Webhook is told of what happens to incidents: an address of somebody else's program,
// and which facts it wants to hear of. What is empty chooses everything.
type Webhook struct {
	ID   WebhookID `json:"id" yaml:"id"`
	Name string    `json:"name" yaml:"name"`
	URL  string    `json:"url" yaml:"url"`
	// Secret signs what is sent. The store seals it with the rest.
	Secret  string    `json:"secret" yaml:"secret,omitempty"`
	Kinds   []string  `json:"kinds,omitempty" yaml:"kinds,omitempty"` // of facts; "escalate.*" is a step's
	Team    TeamID    `json:"team,omitempty" yaml:"team,omitempty"`
	Service ServiceID `json:"service,omitempty" yaml:"service,omitempty"`
	// Actions makes it the address of a program that puts things right: actions that run by
	// themselves call it, and it hears of nothing else.
	Actions  bool `json:"actions,omitempty" yaml:"actions,omitempty"`
	Disabled bool `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	Retired  bool `json:"retired,omitempty" yaml:"-"`
}

// Usable says whether anything may be sent to it.
func (w Webhook) Usable() bool { return !w.Disabled && !w.Retired && w.URL != "" && w.Secret != "" }

// Wants says whether the webhook is to hear of a fact of this kind, about something that
// belongs to the team and the service.
func (w Webhook) Wants(kind string, team TeamID, service ServiceID) bool {
	if w.Actions {
		return false
	}
	if w.Team != "" && w.Team != team || w.Service != "" && w.Service != service {
		return false
	}
	return len(w.Kinds) == 0 || slices.ContainsFunc(w.Kinds, func(pattern string) bool {
		ok, err := path.Match(pattern, kind)
		return ok && err == nil
	})
}

package sift

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/alert"
	"tocsin/org"
)

// An Action runs by itself when an incident is opened for an alert that it matches, before
// anybody is called: a program of one's own, behind a webhook, that may put it right, or a
// runbook whose steps are all done by the house. It has Limit to answer; should it fail or be late, people are called at once. When it says
// that it did its work, the alert has Clear to be over.
//
// It is guarded: it never runs twice at a time, nor more than AtMost times Within a
// while, for what is silenced, or for what other alerts explain.
type Action struct {
	ID         string          `json:"id" yaml:"id"`
	Name       string          `json:"name,omitempty" yaml:"name,omitempty"`
	Match      []string        `json:"match,omitempty" yaml:"match,omitempty"` // as rules do
	Services   []org.ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	Severities []org.Severity  `json:"severities,omitempty" yaml:"severities,omitempty"` // only these; all without
	Webhook    org.WebhookID   `json:"webhook,omitempty" yaml:"webhook,omitempty"`
	Runbook    string          `json:"runbook,omitempty" yaml:"runbook,omitempty"` // instead of a webhook
	Limit      org.Duration    `json:"limit,omitempty" yaml:"limit,omitempty"`     // 1m without
	Clear      org.Duration    `json:"clear,omitempty" yaml:"clear,omitempty"`     // 2m without
	AtMost     int             `json:"at_most,omitempty" yaml:"at_most,omitempty"` // 3 without
	Within     org.Duration    `json:"within,omitempty" yaml:"within,omitempty"`   // 1h without
	Off        bool            `json:"off,omitempty" yaml:"off,omitempty"`
}

type action struct {
	Action
	matchers labels.Matchers
}

func compileAction(a Action) (c action, err error) {
	c.Action = a
	switch {
	case a.ID == "":
		return c, errors.New("id: an action has one of its own")
	case a.Webhook == "" && a.Runbook == "":
		return c, errors.New("webhook: which one is to be called? Or name a runbook")
	case a.Webhook != "" && a.Runbook != "":
		return c, errors.New("runbook: a webhook or a runbook, not both")
	case len(a.Match) == 0 && len(a.Services) == 0:
		return c, errors.New("match: it would run for everything: name services, or what is to match")
	case a.Limit.D() > 10*time.Minute:
		return c, errors.New("limit: at most 10m")
	case a.Clear.D() > 30*time.Minute:
		return c, errors.New("clear: at most 30m")
	case a.AtMost < 0 || a.AtMost > 100:
		return c, errors.New("at_most: at most 100")
	case a.Within.D() > 24*time.Hour:
		return c, errors.New("within: at most 24h")
	}
	for _, s := range a.Severities {
		if !s.Valid() {
			return c, fmt.Errorf("severities: %q is none of SEV1 to SEV5", s)
		}
	}
	for _, text := range a.Match {
		ms, err := parse.Matchers(text)
		if err != nil {
			return c, fmt.Errorf("match: %q: %w", text, err)
		}
		c.matchers = append(c.matchers, ms...)
	}
	c.fill()
	return c, nil
}

// fill sets what is left out.
func (a *action) fill() {
	for _, f := range []struct {
		d *org.Duration
		v time.Duration
	}{{&a.Limit, time.Minute}, {&a.Clear, 2 * time.Minute}, {&a.Within, time.Hour}} {
		if *f.d == 0 {
			*f.d = org.Duration(f.v)
		}
	}
	if a.AtMost == 0 {
		a.AtMost = 3
	}
	if a.Name == "" {
		a.Name = a.ID
	}
}

// Action is what is to be done by itself for an alert; ok says whether anything is.
func (s *Sieve) Action(a *alert.Alert, in org.Integration) (found Action, ok bool) {
	if s == nil {
		return found, false
	}
	for i := range s.actions {
		c := &s.actions[i]
		if c.Off || len(c.Services) > 0 && !slices.Contains(c.Services, a.Service) || len(c.Severities) > 0 && !slices.Contains(c.Severities, a.Severity) {
			continue
		}
		if c.fits(&a.Last, &in) {
			return c.Action, true
		}
	}
	return found, false
}

func (a *action) fits(ev *alert.Event, in *org.Integration) bool {
	return !slices.ContainsFunc(a.matchers, func(m *labels.Matcher) bool { return !m.Matches(alert.Value(ev, in, m.Name)) })
}

// ActionNamed is one of the set-up.
func (s *Sieve) ActionNamed(id string) (Action, bool) {
	if s != nil {
		for _, a := range s.actions {
			if a.ID == id {
				return a.Action, true
			}
		}
	}
	return Action{}, false
}

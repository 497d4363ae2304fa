package org

import (
	"slices"
	"strings"
)

// A Guideline says how those concerned are told of incidents of some severities: how
// often, what must be said, to whom, and who hears of it when nobody tells them. Of
// several the first that fits holds.
type Guideline struct {
	ID   string `json:"id" yaml:"id"`
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
	// Severities, Services and Teams are what it is for; without any it is for all.
	Severities []Severity  `json:"severities,omitempty" yaml:"severities,omitempty"`
	Services   []ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	Teams      []TeamID    `json:"teams,omitempty" yaml:"teams,omitempty"`
	// First is how soon after the beginning the first update is due, Every how soon after
	// one the next. Without First it is Every; without Every there is only the first.
	First Duration `json:"first,omitempty" yaml:"first,omitempty"`
	Every Duration `json:"every,omitempty" yaml:"every,omitempty"`
	// Require are the fields that an update must fill: condition, actions, needs.
	Require []string `json:"require,omitempty" yaml:"require,omitempty"`
	// Channels are where an update must go: followers, reporters, or status:ID.
	Channels []string `json:"channels,omitempty" yaml:"channels,omitempty"`
	// Audience is for whom it is written, in words; Advice how to write to them.
	Audience string `json:"audience,omitempty" yaml:"audience,omitempty"`
	Advice   string `json:"advice,omitempty" yaml:"advice,omitempty"`
	// Escalate are those who are called when an update stays overdue.
	Escalate []Target `json:"escalate,omitempty" yaml:"escalate,omitempty"`
}

// The fields of an update.
const (
	Condition = "condition" // how it is
	Actions   = "actions"   // what is done about it
	Needs     = "needs"     // what is needed, and from whom
)

// UpdateFields are those, in their order.
var UpdateFields = []string{Condition, Actions, Needs}

// Where an update goes, beside "status:" and the id of a status page.
const (
	ToFollowers = "followers" // those who follow the service
	ToReporters = "reporters" // those who reported it by a form
	ToStatus    = "status:"
)

// StatusOf is the status page that a channel of an update names.
func StatusOf(channel string) (StatusPageID, bool) {
	id, ok := strings.CutPrefix(channel, ToStatus)
	return StatusPageID(id), ok && id != ""
}

// Fits says whether the guideline is for incidents like this.
func (g Guideline) Fits(s Severity, service ServiceID, team TeamID) bool {
	return (len(g.Severities) == 0 || slices.Contains(g.Severities, s)) &&
		(len(g.Services) == 0 || slices.Contains(g.Services, service)) &&
		(len(g.Teams) == 0 || slices.Contains(g.Teams, team))
}

// Title is what people call it.
func (g Guideline) Title() string {
	if g.Name != "" {
		return g.Name
	}
	return g.ID
}

// Guideline is the one that holds for incidents like this. Where none is written, the
// cadence that the matrix asked for when it was opened is one; ok is false without both.
func (s Settings) Guideline(severity Severity, service ServiceID, team TeamID, every Duration) (g Guideline, ok bool) {
	for _, g := range s.Guidelines {
		if g.Fits(severity, service, team) {
			return g, true
		}
	}
	return Guideline{Every: every}, every > 0
}

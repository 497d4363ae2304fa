package org

import (
	"slices"
	"time"
)

// A ChangeClass is what sort of change something is.
type ChangeClass string

const (
	StandardChange  ChangeClass = "standard"  // done often, its risk is known
	NormalChange    ChangeClass = "normal"    // looked at by another before it is made
	EmergencyChange ChangeClass = "emergency" // cannot wait for the next window; is asked for as well, but freezes do not hold it
)

// ChangeClasses are all, the harmless ones first.
var ChangeClasses = []ChangeClass{StandardChange, NormalChange, EmergencyChange}

// Valid says whether the class is one of the three.
func (c ChangeClass) Valid() bool { return slices.Contains(ChangeClasses, c) }

// ChangeRules say how changes are made: who need not ask for which, who is asked, when
// nothing is changed, and who may go before all that in an emergency.
type ChangeRules struct {
	// Board is the policy that is climbed until somebody has decided: first its people on
	// call, then those behind them.
	Board PolicyID `json:"board,omitempty" yaml:"board,omitempty"`
	// Wait is how long those whom a request names have before the board is asked as well:
	// 15 minutes when it is not set; a day, when there is time.
	Wait Duration `json:"wait,omitempty" yaml:"wait,omitempty"`
	// Approvals is how many must approve: one when it is not set. An emergency needs one.
	Approvals int `json:"approvals,omitempty" yaml:"approvals,omitempty"`
	// Grants say who may make changes without asking.
	Grants []Grant `json:"grants,omitempty" yaml:"grants,omitempty"`
	// Freezes are times in which nothing is changed but in an emergency.
	Freezes []Freeze `json:"freezes,omitempty" yaml:"freezes,omitempty"`
	// Override is the way past approval and freezes in an incident.
	Override Overriding `json:"override,omitzero" yaml:"override,omitempty"`
}

// A Grant lets a person or a team make changes of a class without asking: of some
// services, or of all without any.
type Grant struct {
	Class    ChangeClass `json:"class" yaml:"class"`
	To       Target      `json:"to" yaml:"to"` // person:x or team:x
	Services []ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
}

// A Freeze is a time, once or again and again, in which services are not changed; without
// services it is for all.
type Freeze struct {
	ID       string      `json:"id" yaml:"id"`
	Name     string      `json:"name,omitempty" yaml:"name,omitempty"`
	Services []ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	// Start is a local time in Zone, such as 2026-12-18T18:00; For is how long it lasts;
	// Repeat an RRULE (RFC 5545), such as FREQ=WEEKLY;BYDAY=FR. Without it it is once.
	Start  string   `json:"start" yaml:"start"`
	Zone   string   `json:"zone,omitempty" yaml:"zone,omitempty"`
	For    Duration `json:"for" yaml:"for"`
	Repeat string   `json:"repeat,omitempty" yaml:"repeat,omitempty"`
	Why    string   `json:"why,omitempty" yaml:"why,omitempty"`
}

// Title is what people call it.
func (f Freeze) Title() string {
	if f.Name != "" {
		return f.Name
	}
	return f.ID
}

// Recurrence is when it is.
func (f Freeze) Recurrence() (Recurrence, error) {
	return Recur("freeze", f.Start, f.Zone, f.For, f.Repeat)
}

// Covers says whether it is for any of some services.
func (f Freeze) Covers(services []ServiceID) bool {
	return len(f.Services) == 0 || slices.ContainsFunc(services, func(s ServiceID) bool { return slices.Contains(f.Services, s) })
}

// An Overriding says when an emergency may go before the rules.
type Overriding struct {
	// Severity is how bad an open incident must be at least: SEV2 when it is not set.
	Severity Severity `json:"severity,omitempty" yaml:"severity,omitempty"`
	// Longest is how long an override may last: 4 hours when it is not set.
	Longest Duration `json:"longest,omitempty" yaml:"longest,omitempty"`
	// To are those who may; without any everybody who may answer for the incident.
	To []Target `json:"to,omitempty" yaml:"to,omitempty"`
}

const (
	usualOverride = SEV2
	longOverride  = 4 * time.Hour
)

// Least is how bad an incident must be.
func (o Overriding) Least() Severity {
	if o.Severity == "" {
		return usualOverride
	}
	return o.Severity
}

// Most is how long an override may last.
func (o Overriding) Most() time.Duration {
	if o.Longest <= 0 {
		return longOverride
	}
	return o.Longest.D()
}

package org

// A StatusPageID names a status page; it stands in the page's address.
type StatusPageID string

// A StatusPage tells those outside how things are: people who wait, customers, a ward.
type StatusPage struct {
	ID   StatusPageID `json:"id" yaml:"id"`
	Name string       `json:"name" yaml:"name"`
	Team TeamID       `json:"team,omitempty" yaml:"team,omitempty"`
	// Internal keeps it to those who are signed in.
	Internal bool   `json:"internal,omitempty" yaml:"internal,omitempty"`
	Language string `json:"language,omitempty" yaml:"language,omitempty"` // en or de; "" is en
	Zone     string `json:"zone,omitempty" yaml:"zone,omitempty"`         // of its times and days
	Lead     string `json:"lead,omitempty" yaml:"lead,omitempty"`         // a line beneath its name
	// Help is where people go who need more: an address that begins with https:, mailto: or tel:.
	Help       string      `json:"help,omitempty" yaml:"help,omitempty"`
	Components []Component `json:"components,omitempty" yaml:"components,omitempty"`
	// Subscribe are the ways in which people may have its updates sent: email, sms, webhook.
	Subscribe []string `json:"subscribe,omitempty" yaml:"subscribe,omitempty"`
	Retired   bool     `json:"retired,omitempty" yaml:"-"`
}

// Component is one of its parts.
func (p StatusPage) Component(id string) (Component, bool) {
	for _, c := range p.Components {
		if c.ID == id {
			return c, true
		}
	}
	return Component{}, false
}

// A Component is a part that people outside know: one service or several.
type Component struct {
	ID       string      `json:"id" yaml:"id"`
	Name     string      `json:"name,omitempty" yaml:"name,omitempty"`
	Group    string      `json:"group,omitempty" yaml:"group,omitempty"` // beneath which heading it stands
	Services []ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	// Auto shows by itself when an incident is open on its services, or on what they
	// depend on. Without it only updates say how it is.
	Auto bool `json:"auto,omitempty" yaml:"auto,omitempty"`
}

// Title is what people call it.
func (c Component) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// A ComponentState is how a component is.
type ComponentState string

const (
	Operational ComponentState = "operational"
	Maintained  ComponentState = "maintenance" // planned work
	Degraded    ComponentState = "degraded"    // slow, or not all of it
	PartOut     ComponentState = "partial"     // some cannot use it
	MajorOut    ComponentState = "major"       // nobody can
)

// ComponentStates are those, the worst last.
var ComponentStates = []ComponentState{Operational, Maintained, Degraded, PartOut, MajorOut}

var stateRank = map[ComponentState]int{Operational: 1, Maintained: 2, Degraded: 3, PartOut: 4, MajorOut: 5}

// Valid says whether the state is one of the five.
func (s ComponentState) Valid() bool { return stateRank[s] > 0 }

// Worse says whether a state is worse than another; none at all is the best.
func (s ComponentState) Worse(than ComponentState) bool { return stateRank[s] > stateRank[than] }

// Out says whether those who need it cannot use it.
func (s ComponentState) Out() bool { return s == PartOut || s == MajorOut }

// StateOf is how a component is by itself when an incident of a severity is open.
func StateOf(s Severity) ComponentState {
	switch s {
	case SEV1:
		return MajorOut
	case SEV2:
		return PartOut
	case SEV3:
		return Degraded
	}
	return Operational
}

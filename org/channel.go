package org

type ChannelID string

// A Channel is a provider through which pages go out: an account at a vendor, a server
// of one's own. Several of one kind of channel stand in for each other, in Order.
type Channel struct {
	ID   ChannelID `json:"id" yaml:"id"`
	Name string    `json:"name" yaml:"name"`
	Kind string    `json:"kind" yaml:"kind"` // "twilio", "slack", ...
	// Order is the place among the providers of the same channel: the least is tried first.
	Order int `json:"order,omitempty" yaml:"order,omitempty"`
	// Settings are the kind's own. The store seals them with the rest, because passwords
	// and tokens are among them.
	Settings map[string]string `json:"settings,omitempty" yaml:"settings,omitempty"`
	Disabled bool              `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	Retired  bool              `json:"retired,omitempty" yaml:"-"`
}

// Usable says whether pages may go out through it.
func (c Channel) Usable() bool { return !c.Disabled && !c.Retired }

package org

// HeartbeatID names a heartbeat in the configuration.
type HeartbeatID string

// A Heartbeat is a sign of life that somebody promised: a backup, a cron job, another
// monitoring system. It is watched from its first ping on; when none has come for as
// long as Every says, that is an event of its integration, and the next ping is its end.
//
// Its senders know it by its name, which is unique within its integration.
type Heartbeat struct {
	ID          HeartbeatID   `json:"id" yaml:"id"`
	Name        string        `json:"name" yaml:"name"`
	Description string        `json:"description,omitempty" yaml:"description,omitempty"`
	Every       Duration      `json:"every" yaml:"every"` // the longest silence that is no alarm
	Integration IntegrationID `json:"integration" yaml:"integration"`
	// Service is whom a silence concerns, where that is not the integration's service.
	Service  ServiceID `json:"service,omitempty" yaml:"service,omitempty"`
	Team     TeamID    `json:"team,omitempty" yaml:"team,omitempty"` // whose it is
	Message  string    `json:"message,omitempty" yaml:"message,omitempty"`
	Severity Severity  `json:"severity,omitempty" yaml:"severity,omitempty"` // "" is SEV3
	Tags     []string  `json:"tags,omitempty" yaml:"tags,omitempty"`
	Disabled bool      `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	Retired  bool      `json:"retired,omitempty" yaml:"-"`
}

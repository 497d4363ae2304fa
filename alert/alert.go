// Package alert is step 1: identification, logging and categorization.
//
// What a sender says is an Event: bytes in, events out, one file per sender in
// alert/source. Events with one dedup key from one integration are one Alert, open or
// resolved, however often they are repeated. Categorize turns an event into a service,
// a severity and a priority by ordered rules in Alertmanager's matcher syntax, with
// the reason in words. Triage says what an event means for the alert it belongs to: a
// new alert, one more of the same, its end, a return, a person's verb, or nothing; and
// always why.
//
// Everything here is pure. The engine reads what is open, asks, and writes.
package alert

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// An Action is what an event asks for.
type Action string

const (
	Trigger       Action = "trigger"
	Acknowledge   Action = "acknowledge"
	Unacknowledge Action = "unacknowledge"
	Resolve       Action = "resolve"
	Note          Action = "note"
	Update        Action = "update"
	Change        Action = "change"
	Heartbeat     Action = "heartbeat"
	// Test is what a sender says when somebody tries its connection: kept, and nobody is
	// called.
	Test Action = "test"
	// Unreadable stands for a body that its source could not read: it is kept, and
	// opens one low incident per integration.
	Unreadable Action = "unreadable"
)

// An Event is what a source said, in our words. Its Key is the dedup key; a source
// that has none makes one from what stays the same between a trigger and its resolve.
type Event struct {
	Action   Action            `json:"action"`
	Key      string            `json:"key"`
	Title    string            `json:"title,omitempty"`
	Text     string            `json:"text,omitempty"`
	Severity org.Severity      `json:"severity,omitempty"` // as the source rates it; "" when it does not
	Labels   map[string]string `json:"labels,omitempty"`
	Details  map[string]string `json:"details,omitempty"` // what is worth reading; rules look here last
	Links    []Link            `json:"links,omitempty"`
	At       time.Time         `json:"at,omitzero"`    // as the source says; zero: when it was heard
	Since    time.Time         `json:"since,omitzero"` // when this firing began, if every repetition says the same
	By       string            `json:"by,omitempty"`   // who acted, for people's verbs
	// Until is how long a trigger holds unless it is heard again, for sources that never
	// say the end of what they stopped watching. A resolve has it when it answers such a
	// trigger; a resolve with Until and without At says that the time ran out.
	Until time.Time `json:"until,omitzero"`

	AsSaid string `json:"-"` // its digest as it was heard, when it was enriched since
}

// Lapsed says whether the event is the end of an alert that nobody spoke of again.
func (e Event) Lapsed() bool { return e.Action == Resolve && e.At.IsZero() && !e.Until.IsZero() }

// A Link is somewhere to look further; Image marks one to show.
type Link struct {
	Href  string `json:"href"`
	Text  string `json:"text,omitempty"`
	Image bool   `json:"image,omitempty"`
}

// An Alert is all events of one key, from the first trigger to the resolve.
type Alert struct {
	ID          string
	Integration org.IntegrationID
	Key         string
	Subject     incident.ID
	Service     org.ServiceID
	Severity    org.Severity
	Title       string
	Digest      string // of what a repetition must leave unchanged to be only counted
	Counted     bool   // a level waits for a number of alerts: every event goes through triage
	Open        bool
	Count       int
	FirstAt     time.Time
	LastAt      time.Time
	ResolvedAt  time.Time
	Sifted      Sifted
	Last        Event // the last one that said something new; after a resolve by the source, with its Action and At
}

// AsHeard is the event as it is before anything is added to it: repetitions of it are
// known by what the source said.
func (e Event) AsHeard() Event {
	e.AsSaid = Digest(e)
	return e
}

// Package source reads what senders send: bytes in, events out. It is pure, and there
// is one file per sender and one line in All.
//
// Reading is liberal. A sender that was trusted with a key is believed: unknown fields
// are ignored, numbers and booleans are taken where text was meant, invalid UTF-8 is
// replaced, over-long text is cut, and one bad element does not spoil the others. What
// is never done is to guess at identity: a dedup key that is too long is hashed, not
// cut, so that what was distinct stays distinct.
//
// Parse may return events and an error together: the events are good and are to be
// kept, the error says what else was in the body. An *Unreadable error means that
// something could not be understood at all; an *Invalid one that the sender's own
// dialect refuses the event, with the texts its clients expect.
//
// A severity in any dialect's words becomes one of ours by Severity. What a source
// finds but has no field for goes to the event's details, where rules can still see
// it.
package source

import (
	"strings"

	"tocsin/alert"
)

// A Source reads one dialect. head holds the HTTP headers, or nothing.
type Source interface {
	Name() string
	Parse(head map[string][]string, body []byte) ([]alert.Event, error)
}

// All are the sources this version knows.
var All = []Source{
	Alertmanager{},
	Generic{},
	GitHub{},
	GitLab{},
	Grafana{},
	GrafanaLegacy{},
	Opsgenie{},
	PagerDuty{},
}

// Named finds a source by its name.
func Named(name string) (Source, bool) {
	for _, s := range All {
		if s.Name() == name {
			return s, true
		}
	}
	return nil, false
}

// Unreadable says that a body, or a part of it, could not be understood.
type Unreadable struct{ Why string }

func (e *Unreadable) Error() string { return "cannot be read: " + e.Why }

// Invalid says that a body was understood and that its dialect refuses it, in the
// words its clients know.
type Invalid struct{ Errors []string }

func (e *Invalid) Error() string { return "invalid event: " + strings.Join(e.Errors, "; ") }

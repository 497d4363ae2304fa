package incident

import (
	"fmt"

	"tocsin/org"
)

// Step 1: identification, logging, categorization.
type (
	// Opened begins the log of an incident.
	Opened struct {
		Sort        string            `json:"sort,omitempty"` // KindCall; "" is an incident
		Title       string            `json:"title"`
		Service     org.ServiceID     `json:"service"`
		Team        org.TeamID        `json:"team,omitempty"`
		Severity    org.Severity      `json:"severity"`
		Priority    org.Priority      `json:"priority"`
		Alert       string            `json:"alert,omitempty"`
		Integration org.IntegrationID `json:"integration,omitempty"`
		Why         string            `json:"why,omitempty"` // how it was categorized
	}
	// Joined says that another alert belongs to the incident. It is written for the
	// first 20 alerts and then at each doubling; Alerts is how many there are.
	Joined struct {
		Alert  string `json:"alert"`
		Title  string `json:"title"`
		Alerts int    `json:"alerts"`
		Why    string `json:"why,omitempty"`
	}
	// Repeated says that an alert was heard again while a level waits for a number of
	// them; otherwise repetitions are counted on the alert and not told.
	Repeated struct {
		Alert string `json:"alert"`
		Count int    `json:"count"`
	}
	// Cleared says that one of the incident's alerts is over.
	Cleared struct {
		Alert string `json:"alert"`
		Title string `json:"title"`
		Left  int    `json:"left"` // alerts that still fire
	}
	// Raised changes how bad the incident is, up or down.
	Raised struct {
		Severity org.Severity `json:"severity,omitempty"`
		Priority org.Priority `json:"priority,omitempty"`
		Why      string       `json:"why"`
	}
	// Held stops the timers: a silence, a window, a fold under a cause.
	Held struct {
		Why     string `json:"why"`
		Silence string `json:"silence,omitempty"` // which one, when it is a silence
	}
	// Released starts them again.
	Released struct {
		Why string `json:"why,omitempty"`
	}
	// Reopened says that the trouble came back.
	Reopened struct {
		Why string `json:"why"`
	}
)

func (Opened) Kind() string   { return "alert.opened" }
func (Joined) Kind() string   { return "alert.joined" }
func (Repeated) Kind() string { return "alert.repeated" }
func (Cleared) Kind() string  { return "alert.cleared" }
func (Raised) Kind() string   { return "alert.raised" }
func (Held) Kind() string     { return "alert.held" }
func (Released) Kind() string { return "alert.released" }
func (Reopened) Kind() string { return "alert.reopened" }

func (f Opened) String() string {
	return fmt.Sprintf("opened: %s (%s, %s, %s)", f.Title, f.Service, f.Severity, f.Priority)
}
func (f Joined) String() string {
	return fmt.Sprintf("joined by %s (%d alerts)", f.Title, f.Alerts)
}
func (f Repeated) String() string { return fmt.Sprintf("heard again, %d times now", f.Count) }
func (f Cleared) String() string {
	return fmt.Sprintf("cleared: %s (%d left)", f.Title, f.Left)
}
func (f Raised) String() string {
	sep := ""
	if f.Severity != "" && f.Priority != "" {
		sep = ", "
	}
	return fmt.Sprintf("now %s%s%s: %s", f.Severity, sep, f.Priority, f.Why)
}
func (f Held) String() string { return "held: " + f.Why }
func (f Released) String() string {
	if f.Why == "" {
		return "released"
	}
	return "released: " + f.Why
}
func (f Reopened) String() string { return "reopened: " + f.Why }

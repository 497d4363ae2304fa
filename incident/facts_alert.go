package incident

import (
	"fmt"
	"time"

	"tocsin/org"
)

// Step 1: identification, logging, categorization.
type (
	// Opened begins the log of an incident.
	Opened struct {
		Sort        string            `json:"sort,omitempty"` // KindCall, KindChange, KindNotice or KindDrill; "" is an incident
		Title       string            `json:"title"`
		Service     org.ServiceID     `json:"service"`
		Team        org.TeamID        `json:"team,omitempty"`
		Severity    org.Severity      `json:"severity"`
		Priority    org.Priority      `json:"priority"`
		Alert       string            `json:"alert,omitempty"`
		Integration org.IntegrationID `json:"integration,omitempty"`
		Why         string            `json:"why,omitempty"` // how it was categorized
		Was         string            `json:"was,omitempty"` // what it was a symptom of, until that was over
		// Support is when support hours begin, outside of which it is low; it becomes high then.
		Support  time.Time `json:"support,omitzero"`
		Category string    `json:"category,omitempty"`
		Impact   string    `json:"impact,omitempty"`
		Urgency  string    `json:"urgency,omitempty"`
		// What the severity asks for.
		UpdateEvery org.Duration `json:"update_every,omitempty"`
		Roles       []string     `json:"roles,omitempty"`
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
		Needs    *Needs       `json:"needs,omitempty"` // of the new severity, if they are others
	}
	// Needs are what a severity asks of those who have it: to say how it stands, so often,
	// and that somebody has each of these roles.
	Needs struct {
		UpdateEvery org.Duration `json:"update_every,omitempty"`
		Roles       []string     `json:"roles,omitempty"`
	}
	// Held stops the timers: a silence, a window, a fold under a cause.
	Held struct {
		Why     string `json:"why"`
		Silence string `json:"silence,omitempty"` // which one, when it is a silence
		Cause   string `json:"cause,omitempty"`   // the alert that explains it, when it is folded
		Under   ID     `json:"under,omitempty"`   // that alert's incident, once it has one
		Over    bool   `json:"over,omitempty"`    // its own cause is well; what is left may follow
	}
	// Released starts them again.
	Released struct {
		Why string `json:"why,omitempty"`
		Was string `json:"was,omitempty"` // what it was a symptom of
	}
	// Gathered says that another incident is folded beneath this one.
	Gathered struct {
		Incident ID             `json:"incident"`
		Alert    string         `json:"alert"`
		Title    string         `json:"title"`
		Why      string         `json:"why"`
		Answered []org.PersonID `json:"answered,omitempty"` // who has that one
	}
	// Left says that an alert answers to another incident from here on.
	Left struct {
		Alert string `json:"alert"`
		Title string `json:"title"`
		Why   string `json:"why"`
		Left  int    `json:"left"` // alerts that still fire here
	}
	// Flapped says that an alert began to come and go, or stopped to.
	Flapped struct {
		Alert   string  `json:"alert"`
		Title   string  `json:"title"`
		On      bool    `json:"on,omitempty"`
		Percent float64 `json:"percent,omitempty"`
		Ate     int     `json:"ate,omitempty"` // how often it came or went and called nobody
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
func (Gathered) Kind() string { return "alert.gathered" }
func (Left) Kind() string     { return "alert.left" }
func (Flapped) Kind() string  { return "alert.flapped" }

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
func (f Gathered) String() string { return "folded beneath: " + f.Title + " (" + f.Why + ")" }
func (f Left) String() string {
	return fmt.Sprintf("goes its own way: %s (%s; %d left)", f.Title, f.Why, f.Left)
}
func (f Flapped) String() string {
	if f.On {
		return fmt.Sprintf("flapping: %s changed %.0f %% of late; it is quiet until it is calm", f.Title, f.Percent)
	}
	return fmt.Sprintf("calm again: %s came or went %d times and called nobody", f.Title, f.Ate)
}

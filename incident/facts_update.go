package incident

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// Step 3: what those concerned are told.
type (
	// Updated is what those concerned were told, for the Nth time.
	Updated struct {
		N         int    `json:"n"`
		Title     string `json:"title,omitempty"` // what it is called outside; "" is as here
		Phase     Phase  `json:"phase"`
		Condition string `json:"condition,omitempty"`
		Actions   string `json:"actions,omitempty"`
		Needs     string `json:"needs,omitempty"`
		// Next is when they are told again, as they were promised.
		Next     time.Time  `json:"next,omitzero"`
		To       []string   `json:"to,omitempty"`       // followers, reporters, status:ID
		Affected []Affected `json:"affected,omitempty"` // on status pages
	}
	// UpdateOverdue says that they should have been told by now, for the Nth time, and who
	// was asked to tell them.
	UpdateOverdue struct {
		Nth int            `json:"nth"`
		Due time.Time      `json:"due"`
		To  []org.PersonID `json:"to,omitempty"`
	}
)

// Affected is how a component of a status page is.
type Affected struct {
	Page      org.StatusPageID   `json:"page"`
	Component string             `json:"component"`
	State     org.ComponentState `json:"state"`
}

// A Phase is how far it has come, in the words of those outside.
type Phase string

const (
	PhaseInvestigating Phase = "investigating" // it is not known yet what it is
	PhaseIdentified    Phase = "identified"    // it is known, and worked on
	PhaseMonitoring    Phase = "monitoring"    // it is mended, and watched
	PhaseResolved      Phase = "resolved"      // it is over
)

// Phases are those, in their order.
var Phases = []Phase{PhaseInvestigating, PhaseIdentified, PhaseMonitoring, PhaseResolved}

func (Updated) Kind() string       { return "investigate.updated" }
func (UpdateOverdue) Kind() string { return "investigate.update_overdue" }

func (f Updated) String() string {
	if f.N == 0 {
		return "an update that was taken back"
	}
	var parts []string
	for _, p := range [][2]string{{"", f.Condition}, {"actions: ", f.Actions}, {"needs: ", f.Needs}} {
		if p[1] != "" {
			parts = append(parts, p[0]+p[1])
		}
	}
	line := fmt.Sprintf("update %d, %s", f.N, f.Phase)
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, "; ")
	}
	if len(f.To) > 0 {
		line += " (to " + strings.Join(f.To, ", ") + ")"
	}
	if !f.Next.IsZero() {
		line += "; next by " + f.Next.UTC().Format("15:04 UTC")
	}
	return line
}

func (f UpdateOverdue) String() string {
	line := "an update was due at " + f.Due.UTC().Format("15:04 UTC")
	if len(f.To) > 0 {
		line += "; asked " + joinIDs(f.To)
	}
	return line
}

// News is what those concerned were told last.
type News struct {
	Last  Updated   `json:"last,omitzero"` // without a number, nothing yet
	At    time.Time `json:"at,omitzero"`
	By    Actor     `json:"by,omitempty"`
	Nags  int       `json:"nags,omitempty"` // how often somebody was asked for the next
	NagAt time.Time `json:"nag_at,omitzero"`
	Spent int       `json:"spent,omitempty"` // the highest number of one that was taken back, or before it
}

// informed is After for what those concerned are told.
func (in Incident) informed(e Entry) Incident {
	var n News
	if in.News != nil {
		n = *in.News
	}
	switch f := e.Fact.(type) {
	case Updated:
		n = News{Last: f, At: e.At, By: e.By, Spent: n.Spent}
		in.Notice = in.Notice.shown()
	case UpdateOverdue:
		n.Nags, n.NagAt = f.Nth, e.At
	}
	in.News = &n
	return in
}

// LastUpdate is what those concerned were told last, if anything was.
func (in Incident) LastUpdate() (u Updated, ok bool) {
	if in.News == nil || in.News.Last.N == 0 {
		return u, false
	}
	return in.News.Last, true
}

// Step 1: what people outside report by a form. What they wrote stands in a row, sealed.
type (
	// Complained says that somebody reported it.
	Complained struct {
		Report    string     `json:"report"`
		Form      org.FormID `json:"form"`
		Same      bool       `json:"same,omitempty"` // it was known, and is their problem too
		Emergency bool       `json:"emergency,omitempty"`
	}
	// Wrote says that who reported it wrote more.
	Wrote struct {
		Report string `json:"report"`
	}
	// Replied says that they were answered.
	Replied struct {
		Report string `json:"report"`
	}
)

func (Complained) Kind() string { return "alert.reported" }
func (Wrote) Kind() string      { return "investigate.reporter_wrote" }
func (Replied) Kind() string    { return "investigate.reporter_answered" }

func (f Complained) String() string {
	switch {
	case f.Emergency:
		return "reported as an emergency by the form " + string(f.Form)
	case f.Same:
		return "somebody else has the same trouble, by the form " + string(f.Form)
	}
	return "reported by the form " + string(f.Form)
}

func (Wrote) String() string   { return "who reported it wrote more" }
func (Replied) String() string { return "answered who reported it" }

// ByForm is the actor of what comes by a form.
func ByForm(f org.FormID) Actor { return Actor("form:" + string(f)) }

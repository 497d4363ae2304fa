package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// A view is what the page of a link shows, in words.
type view struct {
	Said     string // the answer to their answer; "" before it
	Title    string
	Severity org.Severity
	Service  string
	Status   incident.Status
	State    string // the status in a sentence: "Omar has it, since 02:20."
	Since    string // when it began, in the person's zone
	Ago      string
	Machine  string // Since for machines
	For      string // whose link it is
	Button   string // "" when there is nothing to answer
	Choices  []string
	Room     string // where it stands in the app, seen from here
}

// view puts a subject into words for the person of a page.
func (p *Pages) view(ctx context.Context, page store.PageRow, in incident.Incident) (view, error) {
	zone, err := org.Zone(page.Zone)
	if err != nil {
		zone = time.UTC
	}
	now := p.engine.Now()
	v := view{
		Title: in.Title, Severity: in.Severity, Status: in.Status,
		Since: day(in.OpenedAt, zone), Ago: ago(now.Sub(in.OpenedAt)), Machine: in.OpenedAt.UTC().Format(time.RFC3339), Room: ".." + strings.TrimPrefix(p.engine.RoomURL(in), p.engine.PublicURL()),
	}
	owner := "Somebody"
	err = p.engine.Read(ctx, func(tx *store.Tx) error {
		w, err := p.engine.World(tx)
		if err != nil {
			return err
		}
		if person, ok := w.Person(in.Owner); ok {
			owner = person.Name
		}
		if person, ok := w.Person(page.Person); ok {
			v.For = person.Name
		}
		service, err := p.engine.Service(tx, in.Service)
		if v.Service = service.Name; service.Secure { // whoever reads the message reads this, too
			v.Title, v.Service = engine.Secure, ""
		}
		return err
	})
	if in.Call != nil {
		v.asked(in, page.Person)
		return v, err
	}
	if r, step, ok := in.Climbing(page.Run); ok && in.Status.Open() {
		v.approval(in, r.Steps[step-1])
		return v, err
	}
	mine := in.Owner != "" && in.Owner == page.Person
	switch in.Status {
	case incident.Triggered:
		v.State, v.Button = "Nobody has answered yet.", "Acknowledge"
	case incident.Acknowledged:
		v.State, v.Button = owner+" has it, since "+clock(in.OwnedAt, now, zone)+".", "Acknowledge too"
		if mine {
			v.State, v.Button = "You have it, since "+clock(in.OwnedAt, now, zone)+".", ""
		}
	case incident.Snoozed:
		v.State, v.Button = "It is snoozed until "+clock(in.SnoozeUntil, now, zone)+".", "Acknowledge"
	case incident.Resolved, incident.Closed:
		v.State = "It is over, since " + clock(in.ResolvedAt, now, zone) + "."
	}
	return v, err
}

// approval puts a step of a runbook that somebody's word is asked for into words.
func (v *view) approval(in incident.Incident, s incident.RunbookStep) {
	if v.Title == in.Title { // it may be spoken of
		v.Title = s.Title + ": " + v.Title
	}
	if s.State != incident.StepWaits {
		v.State = "It was decided."
		return
	}
	v.State, v.Choices = "A step of a runbook waits for your word. What it does stands in the room.", []string{"Approve", "Decline"}
}

// asked puts a page by hand into words.
func (v *view) asked(in incident.Incident, p org.PersonID) {
	v.Severity = ""
	given, answered := in.Call.Of(p)
	switch {
	case !in.Status.Open():
		v.State = "It is over."
	case answered:
		v.State = "You answered: " + in.Call.Choices[given.Choice-1].Text + ". You may still change that."
	default:
		v.State = in.Call.Text
	}
	if !in.Status.Open() {
		return
	}
	for _, c := range in.Call.Choices {
		v.Choices = append(v.Choices, c.Text)
	}
}

// day is a moment with its day, for whoever wakes up and has lost count.
func day(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 15:04 MST")
}

// clock is a moment of today, or else with its day.
func clock(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return day(t, zone)
}

// ago is a length of time, roughly.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min ago", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

package investigate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Names are what people call each other, and the roles that are wanted.
type Names func(org.PersonID) string

// Draft is an update as the log would have it, for somebody to put right: how it is and
// since when, what was done since the last one, and what is still open. It says nothing
// that does not stand in the log.
func Draft(in incident.Incident, log incident.Log, g org.Guideline, name Names, zone *time.Location) Update {
	u := Update{Title: in.Title, Phase: phase(in), To: g.Channels}
	var since time.Time
	if last, told := in.LastUpdate(); told {
		u.Title, u.To, u.Affected, since = cmp.Or(last.Title, in.Title), last.To, last.Affected, in.News.At
		if last.Phase != incident.PhaseResolved && u.Phase == incident.PhaseInvestigating {
			u.Phase = last.Phase
		}
	}
	u.Condition = condition(in, zone)
	u.Actions = strings.Join(actions(in, log, since, name), "\n")
	u.Needs = strings.Join(needs(in, name), "\n")
	return u
}

func phase(in incident.Incident) incident.Phase {
	switch {
	case !in.Status.Open():
		return incident.PhaseResolved
	case in.Status == incident.Acknowledged && in.Room != nil && len(in.Room.Tasks) > 0:
		return incident.PhaseIdentified
	}
	return incident.PhaseInvestigating
}

func condition(in incident.Incident, zone *time.Location) string {
	began := in.OpenedAt.In(zone).Format("15:04")
	if !in.Status.Open() {
		return fmt.Sprintf("%s: over since %s, after %s.", in.Title, in.ResolvedAt.In(zone).Format("15:04"), lasted(in.ResolvedAt.Sub(in.OpenedAt)))
	}
	text := fmt.Sprintf("%s, since %s.", in.Title, began)
	if in.Alerts > 1 {
		text += fmt.Sprintf(" %d alerts belong to it.", in.Alerts)
	}
	return text
}

// lasted is a length of time as people say it.
func lasted(d time.Duration) string {
	switch d = d.Round(time.Minute); {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// actions are what people did since a moment, and what they are at.
func actions(in incident.Incident, log incident.Log, since time.Time, name Names) (lines []string) {
	for _, e := range log {
		f, ok := e.Fact.(incident.TaskDone)
		if ok && e.At.After(since) {
			line := "Done: " + f.Title
			if f.Outcome != "" {
				line += " (" + f.Outcome + ")"
			}
			lines = append(lines, line)
		}
	}
	if in.Room != nil {
		for _, t := range in.Room.Tasks {
			if t.State == incident.ToDo && t.Owner != "" {
				lines = append(lines, name(t.Owner)+": "+t.Title)
			}
		}
	}
	if len(lines) == 0 && in.Owner != "" && in.Status.Open() {
		lines = append(lines, name(in.Owner)+" works on it.")
	}
	return bounded(lines)
}

// needs are what nobody does yet.
func needs(in incident.Incident, name Names) (lines []string) {
	if !in.Status.Open() {
		return nil
	}
	if in.Owner == "" && in.Status == incident.Triggered {
		lines = append(lines, "Somebody to take it on.")
	}
	for _, role := range in.Roles {
		if in.Has(role) == "" {
			lines = append(lines, "A "+role+".")
		}
	}
	if in.Room != nil {
		for _, t := range in.Room.Tasks {
			if t.State == incident.ToDo && t.Owner == "" {
				lines = append(lines, "Somebody for: "+t.Title)
			}
		}
	}
	return bounded(lines)
}

const mostDrafted = 6

// bounded keeps the last lines.
func bounded(lines []string) []string {
	if n := len(lines) - mostDrafted; n > 0 {
		return lines[n:]
	}
	return lines
}

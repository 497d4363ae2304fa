package investigate

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Attach adds the checklists that fit an incident as it is now, each once. It is asked
// when an incident begins, gets worse, or comes to a stage.
func Attach(in incident.Incident, all []org.Checklist, now time.Time) (facts []incident.Fact) {
	ahead := 0
	if in.Apart() != "" || !in.Status.Open() || in.Held != "" {
		return nil
	}
	for _, c := range all {
		stage := incident.Stage(c.Stage)
		if !c.Fits(in.Severity, in.Service) || stage != "" && (in.Stage() == "" || in.Stage().Before(stage)) {
			continue
		}
		if more, err := addList(in, c, ahead, now); err == nil { // it is there, or there is no room for it
			facts = append(facts, more...)
			ahead += len(c.Tasks)
		}
	}
	return facts
}

// AddList adds a checklist by hand.
func AddList(in incident.Incident, c org.Checklist, now time.Time) ([]incident.Fact, error) {
	if in.Apart() != "" || !in.Status.Open() {
		return nil, over(in)
	}
	return addList(in, c, 0, now)
}

// addList is a checklist with its tasks, behind so many that are not folded yet.
func addList(in incident.Incident, c org.Checklist, ahead int, now time.Time) ([]incident.Fact, error) {
	n := 0
	if in.Room != nil {
		if slices.Contains(in.Room.Lists, c.ID) {
			return nil, incident.Refuse("%s is there already", c.Name)
		}
		n = len(in.Room.Tasks)
	}
	if n+ahead+len(c.Tasks) > mostTasks {
		return nil, incident.Refuse("there would be more than %d tasks", mostTasks)
	}
	facts := []incident.Fact{incident.ListAdded{List: c.ID, Name: c.Name, Tasks: len(c.Tasks)}}
	for i, t := range c.Tasks {
		f := incident.TaskAdded{Task: n + ahead + i + 1, Title: t.Title, Role: t.Role, Stage: incident.Stage(t.Stage), List: c.ID}
		if t.Role != "" {
			f.Owner = in.Has(t.Role)
		}
		if t.Due > 0 {
			f.Due = now.Add(t.Due.D())
		}
		facts = append(facts, f)
	}
	return facts, nil
}

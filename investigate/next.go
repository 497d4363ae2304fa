package investigate

import (
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// nag is how a task is asked after that is overdue: who has not listened by the last time
// has a reason, or is not there.
var nag = incident.Nag{After: []time.Duration{0, 10 * time.Minute, 20 * time.Minute, time.Hour}, Most: 12}

// Next is what happens by itself: whoever an incident was handed over to has it once they
// have answered, tasks and updates whose time has come are said to be overdue, roles that
// nobody has are asked for, and those who were told of it hear that it is over. An incident that is over, or held, nags nobody. g is how those concerned are
// told.
func Next(in incident.Incident, g org.Guideline, now time.Time) (facts []incident.Fact, due time.Time) {
	if in.Seq >= incident.Crowded {
		return nil, due
	}
	if !in.Status.Open() || in.Held != "" {
		return tellEnd(in), due
	}
	facts, due = wantUpdate(in, g, now)
	if h := in.Heir; h != nil && in.Status == incident.Acknowledged && slices.Contains(in.Answered, h.Person) {
		facts = append(facts, incident.TookOver{Person: h.Person, From: h.From})
	}
	roles, at := wantRoles(in, now)
	facts, due = append(facts, roles...), incident.Sooner(due, at)
	if in.Room == nil {
		return facts, due
	}
	for _, t := range in.Room.Tasks {
		at, ok := nagAt(t)
		if !ok {
			continue
		}
		if at.After(now) {
			due = incident.Sooner(due, at)
			continue
		}
		facts = append(facts, incident.TaskOverdue{Task: t.ID, Title: t.Title, Nth: t.Nags + 1, To: nagged(in, t)})
	}
	return facts, due
}

// nagAt is when a task is next said to be overdue. The review of an override is asked after
// by the step that it belongs to.
func nagAt(t incident.Task) (time.Time, bool) {
	if t.State != incident.ToDo || t.Override > 0 {
		return time.Time{}, false
	}
	return nag.Next(t.Due, t.Nags, t.NagAt)
}

// nagged are those who hear that a task is overdue: whose it is; from the second time on,
// and when it is nobody's, who commands and who has the incident as well; and when there
// is none of them, everybody who was called for it.
func nagged(in incident.Incident, t incident.Task) []org.PersonID {
	if t.Owner != "" && t.Nags == 0 {
		return []org.PersonID{t.Owner}
	}
	return askedOf(in, t.Owner, in.Has(Commander), in.Owner)
}

// askedOf are those of some whom there are; when there is none of them, everybody who was
// called.
func askedOf(in incident.Incident, some ...org.PersonID) (to []org.PersonID) {
	for _, list := range [][]org.PersonID{some, in.Called} {
		for _, p := range list {
			if p != "" && !slices.Contains(to, p) {
				to = append(to, p)
			}
		}
		if len(to) > 0 {
			break
		}
	}
	return to
}

// Tell says who hears what of a fact: whoever was given a role or a task by another, and
// those whom an overdue task waits for. before is the state without the fact.
func Tell(before incident.Incident, e incident.Entry) (notices []incident.Told) {
	by := e.By.Person()
	tell := func(p org.PersonID, text string) {
		if p != "" && p != by {
			notices = append(notices, incident.Told{Person: p, Text: text})
		}
	}
	switch f := e.Fact.(type) {
	case incident.RoleGiven:
		tell(f.To, "you are "+f.Role)
		tell(f.From, "you are "+f.Role+" no longer")
	case incident.TaskAdded:
		if f.List != "" {
			return nil // those of a checklist come together
		}
		tell(f.Owner, "a task for you: "+f.Title)
	case incident.TaskChanged:
		if t, ok := before.Task(f.Task); ok && t.Owner != f.Owner {
			tell(f.Owner, "a task for you: "+f.Title)
			tell(t.Owner, "no longer yours: "+f.Title)
		}
	case incident.HandedOn:
		text := "take over from " + string(before.Owner)
		if f.Note != "" {
			text += ": " + f.Note
		}
		tell(f.To, text)
	case incident.TookOver:
		tell(f.From, string(f.Person)+" took over")
	case incident.TaskOverdue:
		for _, p := range f.To {
			tell(p, "overdue: "+f.Title)
		}
	case incident.RolesWanted:
		for _, p := range f.To {
			tell(p, "nobody is "+strings.Join(f.Roles, ", ")+": take it, or give it")
		}
	case incident.UpdateOverdue:
		for _, p := range f.To {
			tell(p, "how does it stand? An update is due")
		}
	case incident.Wrote:
		for _, p := range speakers(before, 1) {
			tell(p, "who reported it wrote more")
		}
	}
	return notices
}

// Package investigate is step 3: investigation and diagnosis.
//
// Who does what about a subject: the roles that people take and hand over, who takes
// part, the links under which the work goes on, and the tasks. A task may have somebody
// who does it and a time by which it is done. When that has passed, who owns the task
// hears of it; from the second time on so do the commander and who has the incident,
// until it is done, dropped, or the incident is over (Next). Roles that the
// severity asks for and nobody has are asked for as soon as somebody has the incident.
//
// What those concerned are told is an update (update.go): how it is, what is done, what is
// needed. A guideline (org.Guideline) says for whom, how often and what must be said; one
// that is due is asked for as a task is, and then others are called. Draft writes one from
// the log.
package investigate

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// The roles that every incident may have; a team may use others of its own.
const (
	Commander      = "commander"      // decides, and sees that everybody knows what to do
	Scribe         = "scribe"         // writes down what happens
	Communications = "communications" // speaks to those outside
	Liaison        = "liaison"        // speaks to another team, or to a supplier
)

// Roles are those, in the order in which people look for them.
var Roles = []string{Commander, Scribe, Communications, Liaison}

// The bounds of a room.
const (
	mostRoles = 20
	mostTasks = 100
	mostLinks = 20
	maxTitle  = 200 // runes
)

// Give gives a role to somebody, or to nobody: then it is free.
func Give(in incident.Incident, role string, to org.PersonID) ([]incident.Fact, error) {
	had := in.Has(role)
	switch {
	case !in.Status.Open():
		return nil, over(in)
	case !org.RoleName(role):
		return nil, incident.Refuse("role: %q is not a role: lower-case letters, digits and hyphens, at most 40", role)
	case had == to && to == "":
		return nil, incident.Refuse("nobody is %s", role)
	case had == to:
		return nil, nil // twice is once
	case had == "" && in.Room != nil && len(in.Room.Roles) >= mostRoles:
		return nil, incident.Refuse("there are %d roles already", mostRoles)
	}
	return []incident.Fact{incident.RoleGiven{Role: role, To: to, From: had}}, nil
}

// Come says that somebody takes part.
func Come(in incident.Incident, p org.PersonID) ([]incident.Fact, error) {
	switch {
	case p == "":
		return nil, incident.Refuse("only a person takes part")
	case !in.Status.Open():
		return nil, over(in)
	case in.Room != nil && slices.Contains(in.Room.Present, p):
		return nil, nil
	}
	return []incident.Fact{incident.Came{}}, nil
}

// Go says that they do not any longer. Their roles are free then.
func Go(in incident.Incident, p org.PersonID) (facts []incident.Fact, err error) {
	if in.Room == nil || p == "" {
		return nil, nil
	}
	for _, r := range in.Room.Roles {
		if r.Person == p {
			facts = append(facts, incident.RoleGiven{Role: r.Name, From: p})
		}
	}
	if slices.Contains(in.Room.Present, p) {
		facts = append(facts, incident.Went{})
	}
	return facts, nil
}

const maxHandOver = 2000 // runes of a note

// HandOn gives an incident to somebody else, who is called and has it once they answer:
// until then it stays with whoever has it.
func HandOn(in incident.Incident, to org.PersonID, note string) ([]incident.Fact, error) {
	switch {
	case in.Apart() != "" || !in.Status.Open():
		return nil, over(in)
	case in.Status != incident.Acknowledged || in.Owner == "":
		return nil, incident.Refuse("nobody has it: reassign it")
	case to == "":
		return nil, incident.Refuse("to: who is to have it?")
	case to == in.Owner:
		return nil, incident.Refuse("to: %s has it", to)
	case utf8.RuneCountInString(note) > maxHandOver:
		return nil, incident.Refuse("note: at most %d characters", maxHandOver)
	}
	return []incident.Fact{incident.HandedOn{To: to, Note: note}}, nil
}

// Link adds a place where the work goes on.
func Link(in incident.Incident, title, address string) ([]incident.Fact, error) {
	title = strings.TrimSpace(title)
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(address) > 2000:
		return nil, incident.Refuse("url: an address that begins with https:// or http://, of at most 2,000 characters")
	case utf8.RuneCountInString(title) > maxTitle:
		return nil, incident.Refuse("title: at most %d characters", maxTitle)
	case in.Room != nil && len(in.Room.Links) >= mostLinks:
		return nil, incident.Refuse("there are %d links already", mostLinks)
	case in.Room != nil && slices.ContainsFunc(in.Room.Links, func(l incident.Linked) bool { return l.URL == u.String() }):
		return nil, nil
	}
	if title == "" {
		title = u.Host
	}
	return []incident.Fact{incident.Linked{Title: title, URL: u.String()}}, nil
}

func over(in incident.Incident) error { return incident.Refuse("it is %s", in.Status) }

// A Change is what of a task is to be otherwise; nil is as it was.
type Change struct {
	Title *string
	Owner *org.PersonID
	Due   *time.Time // zero: no time
}

// A Wish is something to be done, as somebody wants it: by a person, or by whoever has a
// role.
type Wish struct {
	Title string
	Owner org.PersonID
	Role  string
	Due   time.Time
	Stage incident.Stage
}

// AddTask adds something to be done.
func AddTask(in incident.Incident, w Wish, now time.Time) ([]incident.Fact, error) {
	n := 0
	if in.Room != nil {
		n = len(in.Room.Tasks)
	}
	title, err := checkTask(w.Title, w.Due, now)
	switch {
	case err != nil:
		return nil, err
	case in.Status == incident.Closed:
		return nil, over(in)
	case n >= mostTasks:
		return nil, incident.Refuse("there are %d tasks already", mostTasks)
	case w.Role != "" && !org.RoleName(w.Role):
		return nil, incident.Refuse("role: %q is not a role: lower-case letters, digits and hyphens, at most 40", w.Role)
	case w.Role != "" && w.Owner != "":
		return nil, incident.Refuse("owner: name a person or a role")
	case w.Stage != "" && !slices.Contains(incident.Stages, w.Stage):
		return nil, incident.Refuse("stage: want contain, fix, recover or watch")
	}
	if w.Role != "" {
		w.Owner = in.Has(w.Role)
	}
	return []incident.Fact{incident.TaskAdded{Task: n + 1, Title: title, Owner: w.Owner, Due: w.Due, Role: w.Role, Stage: w.Stage}}, nil
}

// checkTask is the title as it is kept.
func checkTask(title string, due, now time.Time) (string, error) {
	title = strings.Join(strings.Fields(title), " ")
	switch {
	case title == "":
		return "", incident.Refuse("title: what is to be done?")
	case utf8.RuneCountInString(title) > maxTitle:
		return "", incident.Refuse("title: at most %d characters", maxTitle)
	case !due.IsZero() && !due.After(now):
		return "", incident.Refuse("due: %s is not in the future", due.UTC().Format(time.RFC3339))
	case due.Sub(now) > 366*24*time.Hour:
		return "", incident.Refuse("due: at most a year from now")
	}
	return title, nil
}

// ChangeTask says how a task is from here on.
func ChangeTask(in incident.Incident, id int, c Change, now time.Time) ([]incident.Fact, error) {
	t, err := toDo(in, id)
	if err != nil {
		return nil, err
	}
	f := incident.TaskChanged{Task: id, Title: t.Title, Owner: t.Owner, Due: t.Due}
	fresh := time.Time{} // a time that has passed may stay as it is
	if c.Title != nil {
		f.Title = *c.Title
	}
	if c.Owner != nil {
		f.Owner = *c.Owner
	}
	if c.Due != nil {
		f.Due, fresh = *c.Due, *c.Due
	}
	if f.Title, err = checkTask(f.Title, fresh, now); err != nil {
		return nil, err
	}
	if f.Title == t.Title && f.Owner == t.Owner && f.Due.Equal(t.Due) {
		return nil, nil
	}
	return []incident.Fact{f}, nil
}

// FinishTask says that a task is done, and what came of it.
func FinishTask(in incident.Incident, id int, outcome string) ([]incident.Fact, error) {
	if t, ok := in.Task(id); ok && t.State == incident.Done {
		return nil, nil // twice is once
	}
	t, err := toDo(in, id)
	switch {
	case err != nil:
		return nil, err
	case t.Override > 0:
		return nil, reviewed(t)
	}
	return []incident.Fact{incident.TaskDone{Task: id, Title: t.Title, Outcome: outcome}}, nil
}

// DropTask says that it need not be done.
func DropTask(in incident.Incident, id int, why string) ([]incident.Fact, error) {
	t, err := toDo(in, id)
	switch {
	case err != nil:
		return nil, err
	case t.Override > 0:
		return nil, reviewed(t)
	}
	return []incident.Fact{incident.TaskDropped{Task: id, Title: t.Title, Why: why}}, nil
}

// ReopenTask says that it is not done.
func ReopenTask(in incident.Incident, id int, why string) ([]incident.Fact, error) {
	t, ok := in.Task(id)
	switch {
	case !ok:
		return nil, noTask(id)
	case in.Status == incident.Closed:
		return nil, over(in)
	case t.State == incident.ToDo:
		return nil, incident.Refuse("task %d is open", id)
	case t.Override > 0:
		return nil, reviewed(t)
	}
	return []incident.Fact{incident.TaskReopened{Task: id, Title: t.Title, Why: why}}, nil
}

// toDo is a task that is still to be done.
func toDo(in incident.Incident, id int) (incident.Task, error) {
	t, ok := in.Task(id)
	switch {
	case !ok:
		return t, noTask(id)
	case in.Status == incident.Closed:
		return t, over(in)
	case t.State != incident.ToDo:
		return t, incident.Refuse("task %d is %s already", id, t.State)
	}
	return t, nil
}

// reviewed is why the review of an override is not ended like another task.
func reviewed(t incident.Task) error {
	return incident.Refuse("task %d ends with the review of emergency override %d, by somebody else than who used it", t.ID, t.Override)
}

func noTask(id int) error { return incident.Refuse("there is no task %d", id) }

// Carry are the tasks of an incident that are still to be done, for the one that goes on
// with it. What there is no room for stays where it was, and so does the review of an
// override: it is of what was done there.
func Carry(from, into incident.Incident) (facts []incident.Fact) {
	n := 0
	if into.Room != nil {
		n = len(into.Room.Tasks)
	}
	if from.Room == nil {
		return nil
	}
	for _, t := range from.Room.Tasks {
		if t.State != incident.ToDo || t.Override > 0 || n >= mostTasks {
			continue
		}
		n++
		facts = append(facts, incident.TaskAdded{Task: n, Title: t.Title, Owner: t.Owner, Due: t.Due, Role: t.Role, Stage: t.Stage})
	}
	return facts
}

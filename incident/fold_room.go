package incident

import (
	"slices"
	"time"

	"tocsin/org"
)

// A Room is who does what about a subject.
type Room struct {
	Roles    []Role         `json:"roles,omitempty"` // in the order in which they were first given
	Present  []org.PersonID `json:"present,omitempty"`
	Links    []Linked       `json:"links,omitempty"`
	Tasks    []Task         `json:"tasks,omitempty"`
	Lists    []string       `json:"lists,omitempty"` // checklists, by their ids
	Runbooks []RunbookRun   `json:"runbooks,omitempty"`

	Wanted   []string  `json:"wanted,omitempty"`    // roles that nobody has, for which somebody was asked
	WantNags int       `json:"want_nags,omitempty"` // how often
	WantedAt time.Time `json:"wanted_at,omitzero"`  // when last
}

// A Role is one that somebody has.
type Role struct {
	Name   string       `json:"name"`
	Person org.PersonID `json:"person"`
}

// A Task is something to be done.
type Task struct {
	ID      int          `json:"id"`
	Title   string       `json:"title"`
	Owner   org.PersonID `json:"owner,omitempty"`
	Due     time.Time    `json:"due,omitzero"`
	By      Actor        `json:"by"` // who added it
	At      time.Time    `json:"at"`
	State   TaskState    `json:"state"`
	EndedAt time.Time    `json:"ended_at,omitzero"` // when it was done, or dropped
	EndedBy Actor        `json:"ended_by,omitempty"`
	Outcome string       `json:"outcome,omitempty"`
	Nags    int          `json:"nags,omitempty"` // how often it was said to be overdue
	NagAt   time.Time    `json:"nag_at,omitzero"`
	Role    string       `json:"role,omitempty"` // whoever has it is the owner
	Stage   Stage        `json:"stage,omitempty"`
	List    string       `json:"list,omitempty"`

	Override int `json:"override,omitempty"` // the emergency override whose review it is
}

// A TaskState is how far a task has come.
type TaskState string

const (
	ToDo    TaskState = "open"
	Done    TaskState = "done"
	Dropped TaskState = "dropped"
)

// Has is who has a role; "" when nobody does.
func (in Incident) Has(role string) org.PersonID {
	if in.Room != nil {
		for _, r := range in.Room.Roles {
			if r.Name == role {
				return r.Person
			}
		}
	}
	return ""
}

// Working are those who have a role, take part, or have a task to do.
func (in Incident) Working() (all []org.PersonID) {
	if in.Room == nil {
		return nil
	}
	add := func(p org.PersonID) {
		if p != "" && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, r := range in.Room.Roles {
		add(r.Person)
	}
	for _, p := range in.Room.Present {
		add(p)
	}
	for _, t := range in.Room.Tasks {
		if t.State == ToDo {
			add(t.Owner)
		}
	}
	return all
}

// Task is one of the tasks, by its number.
func (in Incident) Task(id int) (Task, bool) {
	if in.Room == nil || id < 1 || id > len(in.Room.Tasks) {
		return Task{}, false
	}
	return in.Room.Tasks[id-1], true
}

// worked is After for what people do about it. The room is copied, and so is what of it
// changes.
func (in Incident) worked(e Entry) Incident {
	var r Room
	if in.Room != nil {
		r = *in.Room
	}
	p := e.By.Person()
	switch f := e.Fact.(type) {
	case RoleGiven:
		r.Wanted = slices.DeleteFunc(slices.Clone(r.Wanted), func(role string) bool { return role == f.Role })
		r.Roles = slices.Clone(r.Roles)
		i := slices.IndexFunc(r.Roles, func(q Role) bool { return q.Name == f.Role })
		switch {
		case f.To == "" && i >= 0:
			r.Roles = slices.Delete(r.Roles, i, i+1)
		case f.To != "" && i >= 0:
			r.Roles[i].Person = f.To
		case f.To != "":
			r.Roles = append(r.Roles, Role{f.Role, f.To})
		}
		r.Tasks = slices.Clone(r.Tasks)
		for i, t := range r.Tasks {
			if t.Role == f.Role && t.State == ToDo {
				r.Tasks[i].Owner = f.To
			}
		}
	case Came:
		if p != "" && !slices.Contains(r.Present, p) {
			r.Present = append(slices.Clip(r.Present), p)
		}
	case Went:
		r.Present = without(r.Present, p)
	case Linked:
		r.Links = append(slices.Clip(r.Links), f)
	case RolesWanted:
		r.Wanted, r.WantNags, r.WantedAt = f.Roles, f.Nth, e.At
	case TaskAdded:
		r.Tasks = append(slices.Clip(r.Tasks), Task{
			ID: len(r.Tasks) + 1, Title: f.Title, Owner: f.Owner, Due: f.Due, By: e.By, At: e.At, State: ToDo, Role: f.Role, Stage: f.Stage, List: f.List, Override: f.Override,
		})
	case ListAdded:
		r.Lists = append(slices.Clip(r.Lists), f.List)
	default:
		r.Tasks = slices.Clone(r.Tasks)
		r.task(e)
	}
	in.Room = &r
	return in
}

// task changes one of the tasks; a number that there is not changes nothing.
func (r *Room) task(e Entry) {
	change := func(id int, to func(t *Task)) {
		if id >= 1 && id <= len(r.Tasks) {
			to(&r.Tasks[id-1])
		}
	}
	over := func(s TaskState, outcome string) func(*Task) {
		return func(t *Task) { t.State, t.EndedAt, t.EndedBy, t.Outcome = s, e.At, e.By, outcome }
	}
	switch f := e.Fact.(type) {
	case TaskChanged:
		change(f.Task, func(t *Task) {
			if !f.Due.Equal(t.Due) || f.Owner != t.Owner { // a new promise
				t.Nags, t.NagAt = 0, time.Time{}
			}
			if f.Owner != t.Owner { // somebody was named
				t.Role = ""
			}
			t.Title, t.Owner, t.Due = f.Title, f.Owner, f.Due
		})
	case TaskDone:
		change(f.Task, over(Done, f.Outcome))
	case TaskDropped:
		change(f.Task, over(Dropped, f.Why))
	case TaskReopened:
		change(f.Task, func(t *Task) {
			t.State, t.EndedAt, t.EndedBy, t.Outcome = ToDo, time.Time{}, "", ""
			t.Nags, t.NagAt = 0, time.Time{}
		})
	case TaskOverdue:
		change(f.Task, func(t *Task) { t.Nags, t.NagAt = f.Nth, e.At })
	}
}

// An Heir is to whom an incident is handed over.
type Heir struct {
	Person org.PersonID `json:"person"`
	From   org.PersonID `json:"from"`
	Note   string       `json:"note,omitempty"`
	At     time.Time    `json:"at"`
}

// passedOn is After for what goes from one to another: the incident from hand to hand, or
// into another one.
func (in Incident) passedOn(e Entry) Incident {
	switch f := e.Fact.(type) {
	case HandedOn:
		in.Heir = &Heir{f.To, in.Owner, f.Note, e.At}
		in.Answered = without(in.Answered, f.To) // it is asked anew
	case TookOver:
		in.Heir = nil
		in.Owner, in.OwnedAt = f.Person, e.At
		if in.Room == nil {
			break
		}
		r := *in.Room
		r.Roles, r.Tasks = slices.Clone(r.Roles), slices.Clone(r.Tasks)
		for i := range r.Roles {
			if r.Roles[i].Person == f.From {
				r.Roles[i].Person = f.Person
			}
		}
		for i := range r.Tasks {
			if t := &r.Tasks[i]; t.State == ToDo && t.Owner == f.From {
				t.Owner = f.Person
			}
		}
		in.Room = &r
	case MergedInto:
		in.Merged = f.Incident
	case TookIn:
		for _, p := range f.Answered {
			if !slices.Contains(in.Responders, p) {
				in.Responders = append(slices.Clip(in.Responders), p)
			}
		}
		var r Room
		if in.Room != nil {
			r = *in.Room
		}
		for _, p := range f.Present {
			if !slices.Contains(r.Present, p) {
				r.Present = append(slices.Clip(r.Present), p)
			}
		}
		if len(r.Present) > 0 {
			in.Room = &r
		}
	}
	return in
}

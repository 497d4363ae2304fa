package v1

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/investigate"
	"tocsin/org"
)

// Work is who does what about an incident.
type Work struct {
	Roles   []RoleOf    `json:"roles" nullable:"false" doc:"In the order in which they were first given"`
	Present []PersonRef `json:"present" nullable:"false" doc:"Who said that they take part"`
	Links   []LinkOf    `json:"links" nullable:"false" doc:"Where the work goes on: conferences, graphs, documents"`
	Tasks   []TaskOf    `json:"tasks" nullable:"false" doc:"By their numbers, those that are done or dropped as well"`
	Lists   []string    `json:"lists" nullable:"false" doc:"Checklists that were added, by their ids"`
}

// PersonRef names a person.
type PersonRef struct {
	ID   org.PersonID `json:"id"`
	Name string       `json:"name"`
}

// RoleOf is a role that somebody has.
type RoleOf struct {
	Role   string    `json:"role"`
	Person PersonRef `json:"person"`
}

// LinkOf is a place where the work goes on.
type LinkOf struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// TaskOf is something to be done.
type TaskOf struct {
	ID      int                `json:"id" doc:"Within its incident, from 1"`
	Title   string             `json:"title"`
	Owner   *PersonRef         `json:"owner,omitempty"`
	Due     *time.Time         `json:"due,omitempty"`
	Overdue bool               `json:"overdue,omitempty" doc:"It is open, and its time has passed"`
	State   incident.TaskState `json:"state" enum:"open,done,dropped"`
	AddedAt time.Time          `json:"added_at"`
	AddedBy incident.Actor     `json:"added_by"`
	EndedAt *time.Time         `json:"ended_at,omitempty" doc:"When it was done, or dropped"`
	EndedBy incident.Actor     `json:"ended_by,omitempty"`
	Outcome string             `json:"outcome,omitempty" doc:"What came of it, or why it was dropped"`
	Role    string             `json:"role,omitempty" doc:"Whoever has it does it"`
	Stage   incident.Stage     `json:"stage,omitempty" enum:"contain,fix,recover,watch" doc:"Of the recovery that it belongs to"`
	List    string             `json:"list,omitempty" doc:"The checklist that it is of"`

	Override int `json:"override,omitempty" doc:"The emergency override whose review it is: that alone ends it"`
}

// work shows the room of an incident.
func (s *setup) work(in incident.Incident, now time.Time) Work {
	out := Work{Roles: []RoleOf{}, Present: []PersonRef{}, Links: []LinkOf{}, Tasks: []TaskOf{}, Lists: []string{}}
	if in.Room == nil {
		return out
	}
	ref := func(p org.PersonID) PersonRef { return PersonRef{p, s.person(p)} }
	for _, r := range in.Room.Roles {
		out.Roles = append(out.Roles, RoleOf{r.Name, ref(r.Person)})
	}
	for _, p := range in.Room.Present {
		out.Present = append(out.Present, ref(p))
	}
	for _, l := range in.Room.Links {
		out.Links = append(out.Links, LinkOf{l.Title, l.URL})
	}
	out.Lists = append(out.Lists, in.Room.Lists...)
	for _, t := range in.Room.Tasks {
		one := TaskOf{
			ID: t.ID, Title: t.Title, Due: shown(t.Due), State: t.State, AddedAt: t.At, AddedBy: t.By,
			EndedAt: shown(t.EndedAt), EndedBy: t.EndedBy, Outcome: t.Outcome, Role: t.Role, Stage: t.Stage, List: t.List, Override: t.Override, Overdue: t.State == incident.ToDo && !t.Due.IsZero() && !t.Due.After(now),
		}
		if t.Owner != "" {
			owner := ref(t.Owner)
			one.Owner = &owner
		}
		out.Tasks = append(out.Tasks, one)
	}
	return out
}

// TaskPath is the path of a task.
type TaskPath struct {
	IncidentID
	Task int `path:"task" minimum:"1" maximum:"1000" doc:"Its number"`
}

// What the verbs of the room take.
type (
	givingRole struct {
		IncidentID
		Body struct {
			Role   string       `json:"role" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9-]*$" doc:"commander, scribe, communications, liaison, or one of your own"`
			Person org.PersonID `json:"person,omitempty" maxLength:"64" doc:"Who has it from here on; nobody, when it is left out. me is who asks"`
		}
	}
	linking struct {
		IncidentID
		Body struct {
			Title string `json:"title,omitempty" maxLength:"200" doc:"The host of the address, when it is left out"`
			URL   string `json:"url" minLength:"1" maxLength:"2000"`
		}
	}
	addingTask struct {
		IncidentID
		Body struct {
			Title string       `json:"title" minLength:"1" maxLength:"200"`
			Owner org.PersonID `json:"owner,omitempty" maxLength:"64" doc:"me is who asks"`
			Due   time.Time    `json:"due,omitzero" doc:"When it has passed, the owner is asked; 10 minutes later, and on, the commander and who has the incident as well"`
			Role  string       `json:"role,omitempty" maxLength:"40" doc:"In the place of an owner: whoever has the role, now and later"`
			Stage string       `json:"stage,omitempty" enum:"contain,fix,recover,watch" doc:"Of the recovery that it belongs to"`
		}
	}
	changingTask struct {
		TaskPath
		Body struct {
			Title *string       `json:"title,omitempty" maxLength:"200"`
			Owner *org.PersonID `json:"owner,omitempty" maxLength:"64" doc:"Empty: nobody"`
			Due   *string       `json:"due,omitempty" maxLength:"40" doc:"RFC 3339; empty: at no time"`
		}
	}
	endingTask struct {
		TaskPath
		Body *struct {
			Outcome string `json:"outcome,omitempty" maxLength:"2000" doc:"What came of it"`
		} `required:"false"`
	}
	becauseTask struct {
		TaskPath
		Body *Why `required:"false"`
	}
)

// decided is a decision that needs nothing of the world.
func decided(decide func(in incident.Incident) ([]incident.Fact, error)) engine.Decision {
	return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return decide(in) }
}

// somebody is whom a body names, who must be there; "" is nobody.
func somebody(c *caller, location string, p org.PersonID) (org.PersonID, error) {
	if p == "me" {
		if c.self() == "" {
			return "", wrong(location, "you are no person: name one")
		}
		return c.self(), nil
	}
	if p == "" {
		return p, nil
	}
	if r, ok := c.setup.rows[thing{"person", string(p)}]; !ok || r.Retired {
		return p, wrong(location, fmt.Sprintf("there is no person %q", p))
	}
	return p, nil
}

func (a *API) giveRole(ctx context.Context, in *givingRole) (*said, error) {
	to, err := somebody(asking(ctx), "body.person", in.Body.Person)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return investigate.Give(i, in.Body.Role, to) }))
}

func (a *API) join(ctx context.Context, in *because) (*said, error) {
	by := asking(ctx).self()
	return a.doAs(ctx, in.ID, incident.ByPerson(by), decided(func(i incident.Incident) ([]incident.Fact, error) { return investigate.Come(i, by) }))
}

func (a *API) leave(ctx context.Context, in *because) (*said, error) {
	by := asking(ctx).self()
	return a.doAs(ctx, in.ID, incident.ByPerson(by), decided(func(i incident.Incident) ([]incident.Fact, error) { return investigate.Go(i, by) }))
}

func (a *API) linkRoom(ctx context.Context, in *linking) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.Link(i, in.Body.Title, in.Body.URL)
	}))
}

func (a *API) addTask(ctx context.Context, in *addingTask) (*said, error) {
	owner, err := somebody(asking(ctx), "body.owner", in.Body.Owner)
	if err != nil {
		return nil, err
	}
	now := a.now()
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.AddTask(i, investigate.Wish{
			Title: in.Body.Title, Owner: owner, Role: in.Body.Role, Due: when(in.Body.Due), Stage: incident.Stage(in.Body.Stage),
		}, now)
	}))
}

func (a *API) changeTask(ctx context.Context, in *changingTask) (*said, error) {
	c := investigate.Change{Title: in.Body.Title}
	if in.Body.Owner != nil {
		owner, err := somebody(asking(ctx), "body.owner", *in.Body.Owner)
		if err != nil {
			return nil, err
		}
		c.Owner = &owner
	}
	if in.Body.Due != nil {
		var due time.Time
		if *in.Body.Due != "" {
			at, err := time.Parse(time.RFC3339, *in.Body.Due)
			if err != nil {
				return nil, wrong("body.due", "is no time in RFC 3339, such as 2026-11-25T08:00:00Z")
			}
			due = when(at)
		}
		c.Due = &due
	}
	now := a.now()
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.ChangeTask(i, in.Task, c, now)
	}))
}

func (a *API) finishTask(ctx context.Context, in *endingTask) (*said, error) {
	outcome := ""
	if in.Body != nil {
		outcome = in.Body.Outcome
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.FinishTask(i, in.Task, outcome)
	}))
}

func (in *becauseTask) why() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Why
}

func (a *API) dropTask(ctx context.Context, in *becauseTask) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return investigate.DropTask(i, in.Task, in.why()) }))
}

func (a *API) reopenTask(ctx context.Context, in *becauseTask) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.ReopenTask(i, in.Task, in.why())
	}))
}

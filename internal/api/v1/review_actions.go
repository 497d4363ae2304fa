package v1

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve/ticket"
	"tocsin/review"
)

// ActionOf is something to be done so that an incident does not come again.
type ActionOf struct {
	ID       int                `json:"id" doc:"Within its incident, from 1"`
	Title    string             `json:"title"`
	Owner    *PersonRef         `json:"owner,omitempty"`
	Due      *time.Time         `json:"due,omitempty"`
	Overdue  bool               `json:"overdue,omitempty" doc:"It is open, and its time has passed"`
	Priority incident.Weight    `json:"priority" enum:"high,normal,low"`
	State    incident.TaskState `json:"state" enum:"open,done,dropped"`
	AddedAt  time.Time          `json:"added_at"`
	EndedAt  *time.Time         `json:"ended_at,omitempty" doc:"When it was done, or dropped"`
	Outcome  string             `json:"outcome,omitempty" doc:"What came of it, or why it was dropped"`
	Again    int                `json:"again,omitempty" doc:"How many incidents like this one came while it was not done"`
	Tickets  []TicketOf         `json:"tickets,omitempty" doc:"That others have of it"`
}

func (s *setup) action(a incident.ReviewAction, now time.Time) ActionOf {
	return ActionOf{
		ID: a.ID, Title: a.Title, Owner: s.ref(a.Owner), Due: shown(a.Due), Overdue: review.Overdue(a, now), Priority: a.Priority, State: a.State, AddedAt: a.At,
		EndedAt: shown(a.EndedAt), Outcome: a.Outcome, Again: len(a.Again), Tickets: s.tickets(a.Tickets),
	}
}

// ListedAction is an action in the list of all.
type ListedAction struct {
	ActionOf
	Incident    incident.ID   `json:"incident"`
	Name        string        `json:"name" doc:"The title of the incident"`
	Service     org.ServiceID `json:"service,omitempty"`
	ServiceName string        `json:"service_name,omitempty"`
	Team        org.TeamID    `json:"team,omitempty"`
	Severity    org.Severity  `json:"severity,omitempty"`
}

// LessonOf is what others should know.
type LessonOf struct {
	ID        int            `json:"id" doc:"Within its incident, from 1"`
	Text      string         `json:"text"`
	Tags      []string       `json:"tags" nullable:"false"`
	At        time.Time      `json:"at"`
	By        incident.Actor `json:"by"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
}

// ListedLesson is a lesson in the register.
type ListedLesson struct {
	LessonOf
	Incident    incident.ID   `json:"incident"`
	Name        string        `json:"name" doc:"The title of the incident"`
	Service     org.ServiceID `json:"service,omitempty"`
	ServiceName string        `json:"service_name,omitempty"`
	Team        org.TeamID    `json:"team,omitempty"`
}

type actionsAsked struct {
	State    incident.TaskState `query:"state" enum:"open,done,dropped"`
	Owner    org.PersonID       `query:"owner" maxLength:"64" doc:"me is who asks"`
	Team     org.TeamID         `query:"team" maxLength:"64"`
	Service  org.ServiceID      `query:"service" maxLength:"64"`
	Priority incident.Weight    `query:"priority" enum:"high,normal,low"`
	Overdue  bool               `query:"overdue" doc:"Only those that are open and whose time has passed"`
	Again    bool               `query:"again" doc:"Only those whose trouble came again"`
	Paging
}

func (a *API) listActions(ctx context.Context, in *actionsAsked) (*pageOf[ListedAction], error) {
	c, now := asking(ctx), a.now()
	f := store.ActionFilter{
		State: in.State, Owner: in.Owner, Team: in.Team, Service: in.Service, Priority: in.Priority, Again: in.Again, Hidden: c.setup.hidden(c.Identity), Limit: in.Limit + 1,
	}
	if in.Owner == "me" {
		if f.Owner = c.self(); f.Owner == "" {
			return nil, wrong("query.owner", "you are no person: name one")
		}
	}
	if in.Overdue {
		f.State, f.Over = incident.ToDo, now
	}
	after, err := in.cursor()
	if err == nil && after != "" {
		f.After, err = actionAfter(after)
	}
	if err != nil {
		return nil, err
	}
	var rows []store.ReviewAction
	tickets := map[string][]TicketOf{}
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if rows, err = tx.ReviewActions(f); err != nil || !c.setup.keepsTickets() {
			return err
		}
		for _, r := range rows {
			m := ticket.Matter{Incident: r.Subject, Action: r.ReviewAction.ID}.String()
			if tickets[m], err = c.setup.ticketRows(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return paged(in.Paging, rows, "", func(r store.ReviewAction) ListedAction {
		one := ListedAction{
			ActionOf: c.setup.action(r.ReviewAction, now), Incident: r.Subject, Name: r.Name, Service: r.Service, ServiceName: c.setup.names[thing{"service", string(r.Service)}], Team: r.Team, Severity: r.Severity,
		}
		one.Again, one.Tickets = r.Times, tickets[ticket.Matter{Incident: r.Subject, Action: r.ReviewAction.ID}.String()]
		return one
	}, actionCursor), nil
}

// actionCursor is where a list of actions goes on: behind one.
func actionCursor(r store.ReviewAction) string {
	due := int64(0)
	if !r.Due.IsZero() {
		due = r.Due.UnixMicro()
	}
	return fmt.Sprintf("%d/%d/%s", due, r.ID, r.Subject)
}

func actionAfter(cursor string) (*store.ReviewAction, error) {
	parts := strings.SplitN(cursor, "/", 3)
	if len(parts) == 3 {
		due, err := strconv.ParseInt(parts[0], 10, 64)
		n, err2 := strconv.Atoi(parts[1])
		if err == nil && err2 == nil {
			r := &store.ReviewAction{Subject: incident.ID(parts[2])}
			r.ReviewAction.ID = n
			if due != 0 {
				r.Due = time.UnixMicro(due).UTC()
			}
			return r, nil
		}
	}
	return nil, wrong("query.cursor", "is none of ours: take the one in next")
}

// ActionPath is the path of an action.
type ActionPath struct {
	IncidentID
	Action int `path:"action" minimum:"1" maximum:"1000" doc:"Its number"`
}

type (
	addingAction struct {
		IncidentID
		Body struct {
			Title    string          `json:"title" minLength:"1" maxLength:"200"`
			Owner    org.PersonID    `json:"owner,omitempty" maxLength:"64" doc:"me is who asks"`
			Due      time.Time       `json:"due,omitzero" doc:"Two days before, the owner is reminded; when it has passed they hear of it, and a day later, and on, the leads of the team as well"`
			Priority incident.Weight `json:"priority,omitempty" enum:"high,normal,low" default:"normal"`
		}
	}
	changingAction struct {
		ActionPath
		Body struct {
			Title    *string          `json:"title,omitempty" maxLength:"200"`
			Owner    *org.PersonID    `json:"owner,omitempty" maxLength:"64" doc:"Empty: nobody"`
			Due      *string          `json:"due,omitempty" maxLength:"40" doc:"RFC 3339; empty: at no time"`
			Priority *incident.Weight `json:"priority,omitempty" enum:"high,normal,low"`
		}
	}
	endingAction struct {
		ActionPath
		Body *struct {
			Outcome string `json:"outcome,omitempty" maxLength:"2000" doc:"What came of it"`
		} `required:"false"`
	}
	becauseAction struct {
		ActionPath
		Body *Why `required:"false"`
	}
	notingAction struct {
		ActionPath
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"10000"`
		}
	}
)

func (in *becauseAction) why() string {
	if in.Body == nil {
		return ""
	}
	return strings.TrimSpace(in.Body.Why)
}

func (a *API) addAction(ctx context.Context, in *addingAction) (*said, error) {
	owner, err := somebody(asking(ctx), "body.owner", in.Body.Owner)
	if err != nil {
		return nil, err
	}
	now, due := a.now(), time.Time{}
	if !in.Body.Due.IsZero() {
		due = when(in.Body.Due)
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return review.Add(i, review.Wish{Title: in.Body.Title, Owner: owner, Due: due, Priority: in.Body.Priority}, now)
	}))
}

func (a *API) changeAction(ctx context.Context, in *changingAction) (*said, error) {
	c := review.Change{Title: in.Body.Title, Priority: in.Body.Priority}
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
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Alter(i, in.Action, c, now) }))
}

func (a *API) finishAction(ctx context.Context, in *endingAction) (*said, error) {
	outcome := ""
	if in.Body != nil {
		outcome = strings.TrimSpace(in.Body.Outcome)
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Finish(i, in.Action, outcome) }))
}

func (a *API) dropAction(ctx context.Context, in *becauseAction) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Drop(i, in.Action, in.why()) }))
}

func (a *API) reopenAction(ctx context.Context, in *becauseAction) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Reopen(i, in.Action, in.why()) }))
}

func (a *API) noteAction(ctx context.Context, in *notingAction) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Note(i, in.Action, in.Body.Text) }))
}

type lessonsAsked struct {
	Q        string        `query:"q" maxLength:"200" doc:"Each word must begin a word of the lesson, its tags or the title of its incident"`
	Team     org.TeamID    `query:"team" maxLength:"64"`
	Service  org.ServiceID `query:"service" maxLength:"64"`
	Category string        `query:"category" maxLength:"40" doc:"Of the incident"`
	Paging
}

func (a *API) listLessons(ctx context.Context, in *lessonsAsked) (*pageOf[ListedLesson], error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	f := store.LessonFilter{Words: in.Q, Team: in.Team, Service: in.Service, Category: in.Category, Hidden: c.setup.hidden(c.Identity), Before: after, Limit: in.Limit + 1}
	var rows []store.ReviewLesson
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) { rows, err = tx.Lessons(f); return err })
	if err != nil {
		return nil, err
	}
	return paged(in.Paging, rows, "", func(r store.ReviewLesson) ListedLesson {
		return ListedLesson{
			LessonOf: LessonOf{ID: r.Lesson.ID, Text: r.Text, Tags: append([]string{}, r.Tags...), At: r.At, By: r.By},
			Incident: r.Subject, Name: r.Name, Service: r.Service, ServiceName: c.setup.names[thing{"service", string(r.Service)}], Team: r.Team,
		}
	}, func(r store.ReviewLesson) string { return r.ID }), nil
}

type (
	addingLesson struct {
		IncidentID
		Body struct {
			Text string   `json:"text" minLength:"1" maxLength:"1000"`
			Tags []string `json:"tags,omitempty" maxItems:"10" doc:"Words by which it is found"`
		}
	}
	withdrawing struct {
		IncidentID
		Lesson int  `path:"lesson" minimum:"1" maximum:"1000" doc:"Its number"`
		Body   *Why `required:"false"`
	}
)

func (a *API) addLesson(ctx context.Context, in *addingLesson) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Learn(i, in.Body.Text, in.Body.Tags) }))
}

func (a *API) withdrawLesson(ctx context.Context, in *withdrawing) (*said, error) {
	why := ""
	if in.Body != nil {
		why = strings.TrimSpace(in.Body.Why)
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return review.Withdraw(i, in.Lesson, why) }))
}

package v1

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Call is a page by hand: who asked whom what, and how far it is with each.
type Call struct {
	ID        incident.ID       `json:"id"`
	Title     string            `json:"title"`
	Text      string            `json:"text,omitempty"`
	Priority  org.Priority      `json:"priority"`
	Open      bool              `json:"open"`
	Why       string            `json:"why,omitempty" doc:"Why it is over"`
	By        string            `json:"by,omitempty"`
	At        time.Time         `json:"at"`
	Expires   *time.Time        `json:"expires,omitempty"`
	Enough    int               `json:"enough,omitempty"`
	Positive  int               `json:"positive"`
	Choices   []incident.Choice `json:"choices,omitempty"`
	Receivers []Receiver        `json:"receivers,omitempty"`
}

// A Receiver is one who was called, and how far their pages came.
type Receiver struct {
	Person     org.PersonID   `json:"person"`
	Name       string         `json:"name"`
	State      escalate.State `json:"state" enum:"planned,claimed,sent,delivered,read,answered,failed,cancelled"`
	At         *time.Time     `json:"at,omitempty" doc:"When it came so far"`
	Choice     int            `json:"choice,omitempty" doc:"The number of their answer, from 1"`
	Answer     string         `json:"answer,omitempty"`
	AnsweredAt *time.Time     `json:"answered_at,omitempty"`
	Error      string         `json:"error,omitempty"`
}

type (
	callSending struct {
		Body struct {
			Message  string            `json:"message,omitempty" maxLength:"64" doc:"A predefined message of the settings; what else is named here goes before it"`
			Title    string            `json:"title,omitempty" maxLength:"200"`
			Text     string            `json:"text,omitempty" maxLength:"5000"`
			Targets  []string          `json:"targets,omitempty" maxItems:"100" nullable:"false" doc:"person:jane, team:dba, schedule:primary, or service:db for whoever is on call for it"`
			Everyone bool              `json:"everyone,omitempty" doc:"To everybody: for admins"`
			Priority org.Priority      `json:"priority,omitempty" enum:"high,low" default:"high"`
			Choices  []incident.Choice `json:"choices,omitempty" maxItems:"9" nullable:"false" doc:"Answers to choose from; without any, OK"`
			Expires  string            `json:"expires,omitempty" maxLength:"20" doc:"How long it waits for answers, such as 30m; at most 7 days"`
			Enough   int               `json:"enough,omitempty" minimum:"0" maximum:"1000" doc:"It ends after so many positive answers"`
		}
	}
	callSent struct {
		Location string `header:"Location"`
		Body     Call
	}
	CallID struct {
		ID incident.ID `path:"id" maxLength:"64"`
	}
	callChoosing struct {
		CallID
		Body struct {
			Choice int `json:"choice" minimum:"1" maximum:"9"`
		}
	}
	callListing struct{ Paging }
)

func (a *API) sendCall(ctx context.Context, in *callSending) (*callSent, error) {
	c, b := asking(ctx), in.Body
	if b.Everyone && !c.May(org.Administer, "") {
		return nil, denial{"to call everybody is for an admin"}
	}
	call := escalate.Call{Title: b.Title, Text: b.Text, Priority: b.Priority, Choices: b.Choices, Enough: b.Enough}
	names := b.Targets
	if b.Message != "" {
		m, err := predefined(c.setup, b.Message)
		if err != nil {
			return nil, err
		}
		if call.Title == "" {
			call.Title = m.Title
		}
		if call.Text == "" {
			call.Text = m.Text
		}
		for _, choice := range m.Choices {
			if len(b.Choices) == 0 {
				call.Choices = append(call.Choices, incident.Choice(choice))
			}
		}
		if len(names) == 0 && !b.Everyone {
			names = m.Targets
		}
	}
	if call.Title == "" {
		return nil, wrong("body.title", "is missing")
	}
	if b.Expires != "" {
		var d org.Duration
		if err := d.UnmarshalText([]byte(b.Expires)); err != nil {
			return nil, wrong("body.expires", err.Error())
		}
		call.Expires = a.now().Add(d.D())
	}
	var err error
	if call.Targets, err = callTargets(c.setup, names, b.Everyone); err != nil {
		return nil, err
	}
	id, err := a.engine.Call(ctx, c.Actor(), call, a.now())
	if err != nil {
		return nil, err
	}
	out := &callSent{Location: Prefix + "/calls/" + string(id)}
	out.Body, err = a.call(ctx, id)
	return out, err
}

// predefined is a message of the settings.
func predefined(s *setup, id string) (m org.Message, err error) {
	var settings org.Settings
	if err := json.Unmarshal(s.rows[thing{config.Settings, config.Settings}].Body, &settings); err == nil {
		i := slices.IndexFunc(settings.Messages, func(m org.Message) bool { return m.ID == id })
		if i >= 0 {
			return settings.Messages[i], nil
		}
	}
	return m, wrong("body.message", fmt.Sprintf("there is no predefined message %q", id))
}

// callTargets are whom the names mean. A service means the first level of its policy.
func callTargets(s *setup, names []string, everyone bool) (targets []org.Target, err error) {
	for i, name := range names {
		where := fmt.Sprintf("body.targets[%d]", i)
		if id, ok := strings.CutPrefix(name, "service:"); ok {
			policy, err := s.policy(string(s.services[org.ServiceID(id)].Policy))
			if err != nil || len(policy.Levels) == 0 {
				return nil, wrong(where, fmt.Sprintf("service %q has nobody on call", id))
			}
			targets = append(targets, policy.Levels[0].Targets...)
			continue
		}
		var t org.Target
		if err := t.UnmarshalText([]byte(name)); err != nil {
			return nil, wrong(where, err.Error())
		}
		if row, ok := s.rows[thing{t.Kind, t.ID}]; !ok || row.Retired || t.Kind == config.Policy {
			return nil, wrong(where, fmt.Sprintf("there is no %s %q to call", t.Kind, t.ID))
		}
		targets = append(targets, t)
	}
	for _, r := range s.all {
		if everyone && r.Kind == config.Person && !r.Retired {
			targets = append(targets, org.Target{Kind: config.Person, ID: r.ID})
		}
	}
	return targets, nil
}

func (a *API) readCall(ctx context.Context, in *CallID) (*callSent, error) {
	c, err := a.call(ctx, in.ID)
	return &callSent{Body: c}, err
}

// call is a page by hand with all who were called.
func (a *API) call(ctx context.Context, id incident.ID) (out Call, err error) {
	s := asking(ctx).setup
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err != nil {
			return err
		}
		if sub.Sort != incident.KindCall {
			return store.ErrNotFound
		}
		log, err := tx.Log(id)
		if err != nil {
			return err
		}
		pages, err := tx.PagesOf(id)
		out = showCall(s, sub.Incident, log, pages)
		return err
	})
	return out, err
}

func showCall(s *setup, in incident.Incident, log incident.Log, pages []store.PageRow) Call {
	out := Call{
		ID: in.ID, Title: in.Title, Text: in.Call.Text, Priority: in.Priority, Open: in.Status.Open(), At: in.OpenedAt, Expires: shown(in.Call.Expires),
		Enough: in.Call.Enough, Positive: in.Call.Positive(), Choices: in.Call.Choices,
	}
	for _, e := range log {
		switch f := e.Fact.(type) {
		case incident.Opened:
			out.By = string(e.By)
		case incident.Ended:
			out.Why = f.Why
		}
	}
	for _, p := range in.Called {
		r := Receiver{Person: p, Name: s.person(p), State: escalate.Planned}
		for _, q := range pages {
			if q.Person != p || !q.Purpose.Alarms() {
				continue
			}
			if q.State.Rank() >= r.State.Rank() {
				r.State, r.Error, r.At = q.State, q.Err, shown(reached(q))
			}
		}
		if g, ok := in.Call.Of(p); ok {
			r.Choice, r.Answer, r.AnsweredAt, r.State = g.Choice, in.Call.Choices[g.Choice-1].Text, shown(g.At), escalate.Answered
		}
		out.Receivers = append(out.Receivers, r)
	}
	return out
}

// reached is when a page came as far as it is.
func reached(p store.PageRow) time.Time {
	switch p.State {
	case escalate.Answered:
		return p.AnsweredAt
	case escalate.Read:
		return p.ReadAt
	case escalate.Delivered:
		return p.DeliveredAt
	case escalate.Sent:
		return p.SentAt
	}
	return time.Time{}
}

func (a *API) listCalls(ctx context.Context, in *callListing) (*pageOf[Call], error) {
	cursor, err := in.cursor()
	if err != nil {
		return nil, err
	}
	var rows []store.Row
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Calls(incident.ID(cursor), in.Limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	return paged(in.Paging, rows, "", func(r store.Row) Call {
		return Call{ID: r.ID, Title: r.Title, Priority: r.Priority, Open: r.Status.Open(), At: r.OpenedAt}
	}, func(r store.Row) string { return string(r.ID) }), nil
}

// chooseCall is the caller's own answer.
func (a *API) chooseCall(ctx context.Context, in *callChoosing) (*callSent, error) {
	c := asking(ctx)
	by := c.Actor()
	if c.Owner != "" {
		by = incident.ByPerson(c.Owner)
	}
	return a.onCall(ctx, in.ID, by, func(in2 incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.Choose(in2, in.Body.Choice, "api")
	})
}

// endCall ends a page by hand: nobody is called for it any longer.
func (a *API) endCall(ctx context.Context, in *CallID) (*callSent, error) {
	return a.onCall(ctx, in.ID, asking(ctx).Actor(), func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		switch {
		case in.Call == nil:
			return nil, store.ErrNotFound
		case !in.Status.Open():
			return nil, incident.Refuse("it is over already")
		}
		return []incident.Fact{incident.Ended{Why: "ended by hand"}}, nil
	})
}

func (a *API) onCall(ctx context.Context, id incident.ID, by incident.Actor, decide engine.Decision) (*callSent, error) {
	if _, err := a.call(ctx, id); err != nil {
		return nil, err
	}
	if _, err := a.engine.Do(ctx, id, by, a.now(), decide); err != nil {
		return nil, err
	}
	out, err := a.call(ctx, id)
	return &callSent{Body: out}, err
}

package v1

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

// Guidance is how those concerned are told of an incident.
type Guidance struct {
	ID       string   `json:"id,omitempty"`
	Name     string   `json:"name,omitempty" doc:"Empty: it is the cadence that the matrix asks for"`
	First    string   `json:"first,omitempty" doc:"How soon the first update is due"`
	Every    string   `json:"every,omitempty" doc:"How soon after one the next"`
	Require  []string `json:"require" nullable:"false" doc:"Fields that must say something: condition, actions, needs"`
	Channels []string `json:"channels" nullable:"false" doc:"Where an update must go: followers, reporters, status:ID"`
	Audience string   `json:"audience,omitempty" doc:"For whom it is written"`
	Advice   string   `json:"advice,omitempty" doc:"How to write to them"`
}

// UpdateFields are what an update says.
type UpdateFields struct {
	Title     string         `json:"title,omitempty" maxLength:"200" doc:"What it is called outside; as before when it is left out, and at first as the incident"`
	Phase     incident.Phase `json:"phase" enum:"investigating,identified,monitoring,resolved"`
	Condition string         `json:"condition,omitempty" maxLength:"8000" doc:"How it is"`
	Actions   string         `json:"actions,omitempty" maxLength:"8000" doc:"What is done about it"`
	Needs     string         `json:"needs,omitempty" maxLength:"8000" doc:"What is needed, and from whom"`
	To        []string       `json:"to" maxItems:"20" nullable:"false" doc:"Where it goes: followers, reporters, status:ID"`
	Affected  []PartState    `json:"affected" maxItems:"100" nullable:"false" doc:"How components of status pages are; what is left out stays as it was"`
}

// PartState is how a component of a status page is.
type PartState struct {
	Page      org.StatusPageID   `json:"page" maxLength:"64"`
	Component string             `json:"component" maxLength:"64"`
	State     org.ComponentState `json:"state" enum:"operational,maintenance,degraded,partial,major"`
}

// UpdateOf is an update that was told.
type UpdateOf struct {
	UpdateFields
	N    int            `json:"n" doc:"From 1"`
	Line int            `json:"line" doc:"Of the log"`
	At   time.Time      `json:"at"`
	By   incident.Actor `json:"by"`
	Next *time.Time     `json:"next,omitempty" doc:"When the next was promised"`
	Sent map[string]int `json:"sent,omitempty" doc:"How many letters wait, were sent, failed or were dropped"`

	Withdrawn *Withdrawal `json:"withdrawn,omitempty" doc:"It was taken back: what it said is gone"`
}

// PageChoice is a status page that an update may go to.
type PageChoice struct {
	ID         org.StatusPageID `json:"id"`
	Name       string           `json:"name"`
	Internal   bool             `json:"internal,omitempty"`
	Components []PartChoice     `json:"components" nullable:"false"`
	May        bool             `json:"may" doc:"You may publish there"`
}

// PartChoice is one of its components.
type PartChoice struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Group string `json:"group,omitempty"`
	Ours  bool   `json:"ours,omitempty" doc:"It stands for the service of the incident, or for one that depends on it"`
}

// Updates are what was told of an incident, and what is owed.
type Updates struct {
	Guidance  *Guidance    `json:"guidance,omitempty"`
	Due       *time.Time   `json:"due,omitempty" doc:"When the next update is due"`
	Overdue   bool         `json:"overdue,omitempty"`
	Items     []UpdateOf   `json:"items" nullable:"false" doc:"Newest first"`
	Pages     []PageChoice `json:"pages" nullable:"false"`
	Followers int          `json:"followers" doc:"How many follow the service"`
	Reporters int          `json:"reporters" doc:"How many who reported it want to hear of it"`
}

type (
	updatesOut struct{ Body Updates }
	draftOut   struct{ Body UpdateFields }
	updating   struct {
		IncidentID
		Body struct {
			UpdateFields
			Next time.Time `json:"next,omitzero" doc:"When the next one comes; as the guideline says, when it is left out"`
		}
	}
)

func (a *API) updates(ctx context.Context, in *IncidentID) (*updatesOut, error) {
	c, now := asking(ctx), a.now()
	out := &updatesOut{Body: Updates{Items: []UpdateOf{}, Pages: []PageChoice{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		g, ok, err := a.engine.Guideline(tx, sub.Incident)
		if err != nil {
			return err
		}
		if ok {
			out.Body.Guidance = guidance(g)
			if due := investigate.UpdateDue(sub.Incident, g); !due.IsZero() {
				out.Body.Due, out.Body.Overdue = shown(due), !due.After(now)
			}
		}
		if out.Body.Items, err = toldOf(tx, in.ID); err != nil {
			return err
		}
		if out.Body.Followers, err = tx.SubscriberCount(store.ServiceScope(sub.Service)); err != nil {
			return err
		}
		if out.Body.Reporters, err = tx.SubscriberCount(store.ReportScope(string(in.ID))); err != nil {
			return err
		}
		out.Body.Pages = c.pages(sub.Incident)
		return nil
	})
}

func guidance(g org.Guideline) *Guidance {
	out := &Guidance{ID: g.ID, Name: g.Title(), Require: g.Require, Channels: g.Channels, Audience: g.Audience, Advice: g.Advice}
	if out.Require == nil {
		out.Require = []string{}
	}
	if out.Channels == nil {
		out.Channels = []string{}
	}
	if g.First > 0 {
		out.First = g.First.String()
	}
	if g.Every > 0 {
		out.Every = g.Every.String()
	}
	return out
}

// toldOf are the updates of a log, newest first.
func toldOf(tx *store.Tx, id incident.ID) ([]UpdateOf, error) {
	log, err := tx.Log(id)
	if err != nil {
		return nil, err
	}
	out := []UpdateOf{}
	gone := withdrawn(log)
	for i := len(log) - 1; i >= 0; i-- {
		u, ok := log[i].Fact.(incident.Updated)
		if !ok {
			continue
		}
		one := UpdateOf{UpdateFields: fieldsOf(u), N: u.N, Line: log[i].Seq, At: log[i].At, By: log[i].By, Next: shown(u.Next)}
		if w, ok := gone[log[i].Seq]; ok {
			one.N, one.Withdrawn = w.n, &w.Withdrawal
		}
		if one.Sent, err = sent(tx, id, log[i].Seq); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func fieldsOf(u incident.Updated) UpdateFields {
	f := UpdateFields{Title: u.Title, Phase: u.Phase, Condition: u.Condition, Actions: u.Actions, Needs: u.Needs, To: []string{}, Affected: []PartState{}}
	f.To = append(f.To, u.To...)
	for _, x := range u.Affected {
		f.Affected = append(f.Affected, PartState(x))
	}
	return f
}

// pages are the status pages that an update of an incident may go to, with those first
// whose components stand for it.
func (c *caller) pages(in incident.Incident) []PageChoice {
	out := []PageChoice{}
	for _, r := range c.setup.all {
		if r.Kind != "status_page" || r.Retired {
			continue
		}
		p, err := decoded[org.StatusPage](r)
		if err != nil {
			continue
		}
		one := PageChoice{ID: org.StatusPageID(r.ID), Name: p.Name, Internal: p.Internal, Components: []PartChoice{}, May: c.May(org.Respond, p.Team)}
		for _, part := range p.Components {
			one.Components = append(one.Components, PartChoice{part.ID, part.Title(), part.Group, c.setup.stands(part, in.Service)})
		}
		out = append(out, one)
	}
	return out
}

// stands says whether a component needs a service.
func (s *setup) stands(part org.Component, id org.ServiceID) bool {
	seen := map[org.ServiceID]bool{}
	todo := append([]org.ServiceID{}, part.Services...)
	for len(todo) > 0 {
		one := todo[0]
		todo = todo[1:]
		if one == id {
			return true
		}
		if !seen[one] {
			seen[one] = true
			todo = append(todo, s.services[one].DependsOn...)
		}
	}
	return false
}

func (a *API) draftUpdate(ctx context.Context, in *IncidentID) (*draftOut, error) {
	c := asking(ctx)
	out := &draftOut{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		log, err := tx.Log(in.ID)
		if err != nil {
			return err
		}
		g, _, err := a.engine.Guideline(tx, sub.Incident)
		if err != nil {
			return err
		}
		zone := time.UTC
		if w, err := a.engine.World(tx); err == nil {
			if p, ok := w.Person(c.self()); ok {
				if z, err := org.Zone(p.Zone); err == nil {
					zone = z
				}
			}
		}
		u := investigate.Draft(sub.Incident, log, g, c.setup.person, zone)
		out.Body = fieldsOf(incident.Updated{Title: u.Title, Phase: u.Phase, Condition: u.Condition, Actions: u.Actions, Needs: u.Needs, To: u.To, Affected: u.Affected})
		return nil
	})
}

func (a *API) publishUpdate(ctx context.Context, in *updating) (*said, error) {
	c, b, now := asking(ctx), in.Body, a.now()
	u := investigate.Update{Title: b.Title, Phase: b.Phase, Condition: b.Condition, Actions: b.Actions, Needs: b.Needs, To: b.To, Next: when(b.Next)}
	if b.Next.IsZero() {
		u.Next = time.Time{}
	}
	for i, to := range b.To {
		if id, ok := org.StatusOf(to); ok {
			if err := c.publishes(fmt.Sprintf("body.to[%d]", i), id); err != nil {
				return nil, err
			}
		}
	}
	for i, x := range b.Affected {
		p, err := decoded[org.StatusPage](c.setup.rows[thing{"status_page", string(x.Page)}])
		if _, ok := p.Component(x.Component); err != nil || !ok {
			return nil, wrong(fmt.Sprintf("body.affected[%d]", i), fmt.Sprintf("the status page %s has no component %q", x.Page, x.Component))
		}
		u.Affected = append(u.Affected, incident.Affected(x))
	}
	var g org.Guideline
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err == nil {
			g, _, err = a.engine.Guideline(tx, sub.Incident)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var decide engine.Decision = func(i incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return investigate.Publish(i, g, u, now)
	}
	return a.do(ctx, in.ID, decide)
}

// publishes asks whether the caller may put something onto a status page.
func (c *caller) publishes(location string, id org.StatusPageID) error {
	r, ok := c.setup.rows[thing{"status_page", string(id)}]
	if !ok || r.Retired {
		return wrong(location, fmt.Sprintf("there is no status page %q", id))
	}
	return c.may(c.setup.teamOf(r.Kind, r.Body))
}

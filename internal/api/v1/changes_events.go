package v1

import (
	"context"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// ChangeEventOf is something that a pipeline said it did to a service.
type ChangeEventOf struct {
	ID          string            `json:"id"`
	At          time.Time         `json:"at"`
	Service     org.ServiceID     `json:"service"`
	Integration org.IntegrationID `json:"integration"`
	Kind        string            `json:"kind" doc:"deployment, release, push, merge, build; or change"`
	Title       string            `json:"title"`
	Text        string            `json:"text,omitempty"`
	By          string            `json:"by,omitempty"`
	State       string            `json:"state,omitempty" doc:"As its sender says it"`
	Link        string            `json:"link,omitempty"`
}

type changeEventsAsked struct {
	Service org.ServiceID `query:"service" maxLength:"64"`
	From    time.Time     `query:"from" doc:"A week before to, when it is left out"`
	To      time.Time     `query:"to" doc:"Now, when it is left out"`
	Limit   int           `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// changeEvents are what pipelines said lately, the newest first.
func (a *API) changeEvents(ctx context.Context, in *changeEventsAsked) (*pageOf[ChangeEventOf], error) {
	c := asking(ctx)
	from, to := in.From.UTC(), in.To.UTC()
	if in.To.IsZero() {
		to = a.now().Add(time.Second)
	}
	if in.From.IsZero() {
		from = to.Add(-7 * 24 * time.Hour)
	}
	if err := within("query.from", from); err != nil {
		return nil, err
	}
	if !to.After(from) || to.Sub(from) > longestCalendar {
		return nil, wrong("query.to", "must be after from, by at most 92 days")
	}
	out := &pageOf[ChangeEventOf]{Body: page[ChangeEventOf]{Items: []ChangeEventOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		hidden := c.setup.hidden(c.Identity)
		all, err := tx.ChangeEvents(in.Service, from, to, in.Limit)
		for _, e := range all {
			if slices.Contains(hidden, e.Service) {
				continue
			}
			one := ChangeEventOf{ID: e.ID, At: e.At, Service: e.Service, Integration: e.Integration, Kind: e.Kind, Title: e.Title, Text: e.Text, By: e.By, State: e.State}
			if len(e.Links) > 0 {
				one.Link = e.Links[0].Href
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return err
	})
}

// SuspectOf is a change that may have caused an incident.
type SuspectOf struct {
	ID      string           `json:"id"`
	Kind    string           `json:"kind" doc:"change: one that people asked for, with a page of its own; or what a pipeline said: deployment, push, release, ..."`
	Title   string           `json:"title"`
	Service ServiceRef       `json:"service" doc:"By which it is near"`
	At      time.Time        `json:"at"`
	Until   *time.Time       `json:"until,omitempty"`
	Outcome incident.Outcome `json:"outcome,omitempty" enum:"worked,backed_out,failed"`
	By      string           `json:"by,omitempty"`
	Link    string           `json:"link,omitempty"`
	Score   int              `json:"score" doc:"In per cent: how near it is in place and time"`
	Why     []string         `json:"why" nullable:"false"`
}

// suspects are the changes that may have caused an incident, the likeliest first.
func (a *API) suspects(ctx context.Context, in *IncidentID) (*pageOf[SuspectOf], error) {
	c := asking(ctx)
	out := &pageOf[SuspectOf]{Body: page[SuspectOf]{Items: []SuspectOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		all, err := a.engine.Suspects(tx, sub.Incident)
		for _, s := range all {
			if slices.ContainsFunc(s.Services, func(id org.ServiceID) bool { return c.setup.hides(c.Identity, id) }) {
				continue
			}
			one := SuspectOf{
				ID: s.ID, Kind: s.Kind, Title: s.Title, Service: ServiceRef{s.Service, c.setup.service(s.Service)}, At: s.At, Until: shown(s.Until),
				Outcome: s.Outcome, By: s.By, Link: s.Link, Score: s.Score, Why: s.Why,
			}
			if s.Kind == incident.KindChange {
				one.By = c.setup.person(org.PersonID(s.By))
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return err
	})
}

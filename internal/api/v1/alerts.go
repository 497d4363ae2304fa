package v1

import (
	"context"
	"errors"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// An Alert is all events of one key, from the first trigger to the resolve.
type Alert struct {
	ID          string            `json:"id"`
	Key         string            `json:"key"`
	Incident    incident.ID       `json:"incident,omitempty"`
	Integration org.IntegrationID `json:"integration"`
	Service     org.ServiceID     `json:"service,omitempty"`
	Severity    org.Severity      `json:"severity,omitempty"`
	Title       string            `json:"title"`
	Text        string            `json:"text,omitempty"`
	Open        bool              `json:"open"`
	Count       int               `json:"count" doc:"Of events"`
	FirstAt     *time.Time        `json:"first_at,omitempty"`
	LastAt      *time.Time        `json:"last_at,omitempty"`
	ResolvedAt  *time.Time        `json:"resolved_at,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Details     map[string]string `json:"details,omitempty"`
	Links       []alert.Link      `json:"links,omitempty"`
	WhyNoPage   *HeldBack         `json:"why_no_page,omitempty" doc:"What holds it back; absent when nothing does"`
}

func showAlert(a alert.Alert) Alert {
	return Alert{
		ID: a.ID, Key: a.Key, Incident: a.Subject, Integration: a.Integration, Service: a.Service, Severity: a.Severity, Title: a.Title, Text: a.Last.Text,
		Open: a.Open, Count: a.Count, FirstAt: shown(a.FirstAt), LastAt: shown(a.LastAt), ResolvedAt: shown(a.ResolvedAt),
		Labels: a.Last.Labels, Details: a.Last.Details, Links: a.Last.Links,
	}
}

type alertFilter struct {
	Open        bool              `query:"open"`
	Waiting     bool              `query:"waiting" doc:"Only those that fire and that no incident answers for yet"`
	Service     org.ServiceID     `query:"service" maxLength:"64"`
	Integration org.IntegrationID `query:"integration" maxLength:"64"`
	Incident    incident.ID       `query:"incident" maxLength:"64"`
	Paging
}

func (a *API) listAlerts(ctx context.Context, in *alertFilter) (*pageOf[Alert], error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	f := store.AlertFilter{
		Open: in.Open || in.Waiting, Waiting: in.Waiting, Service: in.Service, Integration: in.Integration, Subject: in.Incident,
		Hidden: c.setup.hidden(c.Identity), Before: after, Limit: in.Limit + 1,
	}
	var all []Alert
	var upTo string
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		rows, to, err := tx.AlertsWithin(f)
		if upTo = to; err == nil {
			all, err = explainAll(tx, rows)
		}
		return err
	})
	return paged(in.Paging, all, upTo, func(a Alert) Alert { return a }, func(a Alert) string { return a.ID }), err
}

type alertID struct {
	ID string `path:"id" maxLength:"64"`
}

// A WholeAlert is one with what its sender sent last, word by word, if that was kept.
type WholeAlert struct {
	Alert
	Payload *RawPayload `json:"payload,omitempty"`
}

// A RawPayload is what a sender sent. It may speak of other alerts too.
type RawPayload struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	Type string    `json:"type,omitempty" doc:"Content-Type"`
	Body string    `json:"body" doc:"At most 64 KiB"`
}

func (a *API) readAlert(ctx context.Context, in *alertID) (*struct{ Body WholeAlert }, error) {
	c := asking(ctx)
	out := &struct{ Body WholeAlert }{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		service, incident, err := tx.AlertAbout(in.ID)
		if err == nil && c.setup.hides(c.Identity, service) {
			err = store.ErrNotFound
		}
		if err == nil && incident != "" {
			_, err = visible(tx, c.setup, c.Identity, incident)
		}
		if err != nil {
			return err
		}
		one, err := tx.Alert(in.ID)
		if err != nil {
			return err
		}
		if out.Body.Alert, err = explained(tx, one); err != nil || one.Last.Payload == "" {
			return err
		}
		p, err := tx.Payload(one.Last.Payload)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		out.Body.Payload = &RawPayload{p.ID, p.At, p.Type, string(p.Body)}
		return err
	})
}

// A Page is one message to one person over one contact method, and how far it came.
// The address is not told.
type Page struct {
	ID          string           `json:"id"`
	Incident    incident.ID      `json:"incident"`
	Person      org.PersonID     `json:"person,omitempty"`
	Method      org.MethodID     `json:"method,omitempty"`
	Channel     string           `json:"channel"`
	Purpose     escalate.Purpose `json:"purpose" enum:"alarm,fail_over,told,all_clear,hand_over,report,update,work,copy,shift,mention"`
	State       escalate.State   `json:"state" enum:"planned,claimed,sent,delivered,read,answered,failed,cancelled"`
	Priority    org.Priority     `json:"priority"`
	Run         int              `json:"run"`
	Level       int              `json:"level" doc:"From 1"`
	At          time.Time        `json:"at" doc:"When it was due"`
	Zone        string           `json:"zone,omitempty" doc:"The person's, and the hour it was for them"`
	Hour        int              `json:"hour"`
	Attempts    int              `json:"attempts"`
	SentAt      *time.Time       `json:"sent_at,omitempty"`
	DeliveredAt *time.Time       `json:"delivered_at,omitempty"`
	ReadAt      *time.Time       `json:"read_at,omitempty"`
	AnsweredAt  *time.Time       `json:"answered_at,omitempty"`
	CancelledAt *time.Time       `json:"cancelled_at,omitempty"`
	Error       string           `json:"error,omitempty" doc:"Why it failed, or was cancelled"`
	Via         string           `json:"via,omitempty" doc:"The provider that was tried last"`
	Held        string           `json:"held,omitempty" doc:"Why it waited, such as held 40s by the sms cap"`
	Along       string           `json:"along,omitempty" doc:"The page that said it along with its own"`
}

func showPage(p store.PageRow) Page {
	return Page{
		ID: p.ID, Incident: p.Subject, Person: p.Person, Method: p.Method, Channel: p.Channel, Purpose: p.Purpose, State: p.State, Priority: p.Priority,
		Run: p.Run, Level: p.Level + 1, At: p.At, Zone: p.Zone, Hour: p.Hour, Attempts: p.Attempts, SentAt: shown(p.SentAt), DeliveredAt: shown(p.DeliveredAt),
		ReadAt: shown(p.ReadAt), AnsweredAt: shown(p.AnsweredAt), CancelledAt: shown(p.CancelledAt), Error: p.Err,
		Via: p.Via, Held: p.Held, Along: p.Bundle,
	}
}

type pageFilter struct {
	Incident incident.ID    `query:"incident" maxLength:"64"`
	Person   org.PersonID   `query:"person" maxLength:"64"`
	State    escalate.State `query:"state" enum:"planned,claimed,sent,delivered,read,answered,failed,cancelled"`
	Paging
}

func (a *API) listPages(ctx context.Context, in *pageFilter) (*pageOf[Page], error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	f := store.PageFilter{
		Subject: in.Incident, Person: in.Person, State: in.State, Hidden: c.setup.hidden(c.Identity), Before: after, Limit: in.Limit + 1,
	}
	var rows []store.PageRow
	var upTo string
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, upTo, err = tx.PagesWithin(f)
		return err
	})
	return paged(in.Paging, rows, upTo, showPage, func(r store.PageRow) string { return r.ID }), err
}

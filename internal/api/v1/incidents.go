package v1

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// An Incident is one as lists show it.
type Incident struct {
	ID          incident.ID       `json:"id"`
	Title       string            `json:"title"`
	Status      incident.Status   `json:"status" enum:"triggered,acknowledged,snoozed,resolved,closed"`
	Severity    org.Severity      `json:"severity,omitempty"`
	Priority    org.Priority      `json:"priority,omitempty"`
	Service     org.ServiceID     `json:"service,omitempty"`
	Team        org.TeamID        `json:"team,omitempty"`
	Integration org.IntegrationID `json:"integration,omitempty"`
	Owner       org.PersonID      `json:"owner,omitempty" doc:"Who answered first"`
	Held        string            `json:"held,omitempty" doc:"Why its timers stand still"`
	Alerts      int               `json:"alerts" doc:"That ever joined"`
	OpenedAt    *time.Time        `json:"opened_at,omitempty"`
	ResolvedAt  *time.Time        `json:"resolved_at,omitempty"`
	ChangedAt   *time.Time        `json:"changed_at,omitempty" doc:"When the last line of its log was written"`
	Lines       int               `json:"lines" doc:"Of its log; they only grow"`
}

// A WholeIncident is one with how its climb stands.
type WholeIncident struct {
	Incident
	OwnedAt     *time.Time     `json:"owned_at,omitempty"`
	AckUntil    *time.Time     `json:"ack_until,omitempty" doc:"When the answer expires"`
	SnoozeUntil *time.Time     `json:"snooze_until,omitempty"`
	Answered    []org.PersonID `json:"answered,omitempty" doc:"Everyone who did, in order"`
	Called      []org.PersonID `json:"called,omitempty" doc:"Everyone who was called since it was opened or reopened"`
	Climbs      []Climb        `json:"climbs,omitempty"`
	Under       incident.ID    `json:"under,omitempty" doc:"The incident of its cause, beneath which it is folded"`
	Cause       string         `json:"cause,omitempty" doc:"The alert that explains it"`
	Was         string         `json:"was,omitempty" doc:"What it was a symptom of, until that was over"`
}

// A Climb is one run up a policy, or one call of some targets.
type Climb struct {
	Run     int            `json:"run"`
	Policy  org.PolicyID   `json:"policy,omitempty"`
	Version int            `json:"version,omitempty"`
	Targets []string       `json:"targets,omitempty"`
	Round   int            `json:"round" doc:"From 1"`
	Level   int            `json:"level" doc:"The one reached last, from 1; 0 before the first"`
	Next    *time.Time     `json:"next,omitempty" doc:"When it goes on by itself"`
	Waiting string         `json:"waiting,omitempty" doc:"What a level waits for"`
	Settled string         `json:"settled,omitempty" doc:"How it ended"`
	Calling []org.PersonID `json:"calling,omitempty" doc:"Whom the level reached last called"`
}

func showRow(r store.Row) Incident {
	return Incident{
		ID: r.ID, Title: r.Title, Status: r.Status, Severity: r.Severity, Priority: r.Priority, Service: r.Service, Team: r.Team, Integration: r.Integration,
		Owner: r.Owner, Held: r.Held, Alerts: r.Alerts, OpenedAt: shown(r.OpenedAt), ResolvedAt: shown(r.ResolvedAt), ChangedAt: shown(r.At), Lines: r.Seq,
	}
}

func brief(in incident.Incident) Incident {
	return Incident{
		ID: in.ID, Title: in.Title, Status: in.Status, Severity: in.Severity, Priority: in.Priority, Service: in.Service, Team: in.Team, Integration: in.Integration,
		Owner: in.Owner, Held: in.Held, Alerts: in.Alerts, OpenedAt: shown(in.OpenedAt), ResolvedAt: shown(in.ResolvedAt), ChangedAt: shown(in.At), Lines: in.Seq,
	}
}

func whole(in incident.Incident) WholeIncident {
	out := WholeIncident{
		Incident: brief(in), OwnedAt: shown(in.OwnedAt), AckUntil: shown(in.AckUntil), SnoozeUntil: shown(in.SnoozeUntil), Answered: in.Answered, Called: in.Called,
		Under: in.Under, Cause: in.Cause, Was: in.Was,
	}
	for _, r := range in.Runs {
		c := Climb{Run: r.ID, Policy: r.Policy, Version: r.Version, Round: r.Round + 1, Level: r.Level + 1, Next: shown(r.Due), Waiting: r.Waiting, Settled: r.Settled}
		for _, t := range r.Targets {
			c.Targets = append(c.Targets, t.String())
		}
		for _, call := range r.Calls {
			if call.Person != "" {
				c.Calling = append(c.Calling, call.Person)
			}
		}
		out.Climbs = append(out.Climbs, c)
	}
	return out
}

// incidentFilter is what a list of incidents may be narrowed to.
type incidentFilter struct {
	Status       []incident.Status `query:"status" enum:"triggered,acknowledged,snoozed,resolved,closed" doc:"Any of these, with commas between"`
	Open         bool              `query:"open" doc:"Only those that people still have to care for"`
	Service      org.ServiceID     `query:"service" maxLength:"64"`
	Team         org.TeamID        `query:"team" maxLength:"64"`
	Priority     org.Priority      `query:"priority" enum:"high,low"`
	Severity     org.Severity      `query:"severity" enum:"SEV1,SEV2,SEV3,SEV4,SEV5"`
	Person       org.PersonID      `query:"person" maxLength:"64" doc:"Who has it, or had it at the end"`
	Q            string            `query:"q" maxLength:"200" doc:"Each word must begin a word of the title"`
	OpenedAfter  time.Time         `query:"opened_after" doc:"At or after, by the millisecond"`
	OpenedBefore time.Time         `query:"opened_before"`
	Paging
}

func (a *API) listIncidents(ctx context.Context, in *incidentFilter) (*pageOf[Incident], error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	for _, at := range []time.Time{in.OpenedAfter, in.OpenedBefore} {
		if !at.IsZero() && (at.Year() < 1971 || at.Year() > 9999) {
			return nil, wrong("query.opened_after", "is no time of this world")
		}
	}
	f := store.Filter{
		Status: in.Status, Open: in.Open, Service: in.Service, Team: in.Team, Priority: in.Priority, Severity: in.Severity, Owner: in.Person, Words: in.Q,
		OpenedAfter: in.OpenedAfter, OpenedBefore: in.OpenedBefore, Hidden: c.setup.hidden(c.Identity), Before: incident.ID(after), Limit: in.Limit + 1,
	}
	var rows []store.Row
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Subjects(f)
		return err
	})
	return paged(in.Paging, rows, showRow, func(r store.Row) string { return string(r.ID) }), err
}

// IncidentID is the path of everything about one incident.
type IncidentID struct {
	ID incident.ID `path:"id" maxLength:"64"`
}

// oneIncident is an incident with its ETag, the number of lines of its log.
type oneIncident struct {
	ETag string `header:"ETag"`
	Body WholeIncident
}

func (a *API) readIncident(ctx context.Context, in *IncidentID) (*oneIncident, error) {
	out := &oneIncident{}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		c := asking(ctx)
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err == nil {
			out.ETag, out.Body = tag(sub.Seq), whole(sub.Incident)
		}
		return err
	})
	return out, err
}

// A Line is one of a timeline: a fact of the log, or what became of a page.
type Line struct {
	At   time.Time      `json:"at"`
	ID   string         `json:"id" doc:"Unique within the incident"`
	Kind string         `json:"kind" doc:"Of a fact \"escalate.called\", of a page \"page.sent\""`
	By   incident.Actor `json:"by,omitempty"`
	Text string         `json:"text"`
	Fact any            `json:"fact,omitempty" doc:"What the fact says, field by field"`
	Page string         `json:"page,omitempty" doc:"The id of the page"`
}

type manyLines struct {
	ETag string `header:"ETag"`
	Body page[Line]
}

func (a *API) timeline(ctx context.Context, in *IncidentID) (*manyLines, error) {
	c := asking(ctx)
	var log incident.Log
	var pages []store.PageRow
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if _, err = visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		if log, err = tx.Log(in.ID); err != nil {
			return err
		}
		pages, err = tx.PagesOf(in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	lines := []Line{}
	for _, e := range log {
		lines = append(lines, lineOf(e))
	}
	for _, p := range pages {
		lines = append(lines, linesOf(c.setup, p)...)
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return &manyLines{Body: page[Line]{Items: lines}}, nil
}

// lineOf is a fact as a line.
func lineOf(e incident.Entry) Line {
	return Line{At: e.At, ID: fmt.Sprintf("%06d", e.Seq), Kind: e.Fact.Kind(), By: e.By, Text: e.Fact.String(), Fact: e.Fact}
}

// linesOf is what became of a page.
func linesOf(s *setup, p store.PageRow) (lines []Line) {
	who := s.person(p.Person)
	if p.Person == "" {
		who = "an address"
	}
	add := func(state escalate.State, at time.Time, text string) {
		if !at.IsZero() {
			lines = append(lines, Line{At: at, ID: p.ID + "/" + string(state), Kind: "page." + string(state), Text: text, Page: p.ID})
		}
	}
	over := who + " over " + p.Channel
	add(escalate.Sent, p.SentAt, "sent to "+over)
	add(escalate.Delivered, p.DeliveredAt, "delivered to "+over)
	add(escalate.Read, p.ReadAt, "read by "+over)
	add(escalate.Answered, p.AnsweredAt, "answered by "+over)
	if p.State == escalate.Cancelled {
		add(escalate.Cancelled, p.CancelledAt, "no longer for "+over+": "+p.Err)
	}
	if p.State == escalate.Failed {
		add(escalate.Failed, cmp.Or(p.SentAt, p.FirstAt, p.At), "could not be sent to "+over+": "+p.Err)
	}
	return lines
}

func (a *API) alertsOf(ctx context.Context, in *IncidentID) (*pageOf[Alert], error) {
	c := asking(ctx)
	out := &pageOf[Alert]{Body: page[Alert]{Items: []Alert{}}}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		all, err := tx.AlertsOf(in.ID)
		if err != nil {
			return err
		}
		out.Body.Items, err = explainAll(tx, all)
		return err
	})
	return out, err
}

func (a *API) pagesOf(ctx context.Context, in *IncidentID) (*pageOf[Page], error) {
	c := asking(ctx)
	out := &pageOf[Page]{Body: page[Page]{Items: []Page{}}}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		all, err := tx.PagesOf(in.ID)
		for _, one := range all {
			out.Body.Items = append(out.Body.Items, showPage(one))
		}
		return err
	})
	return out, err
}

// opening is an incident that somebody opens by hand.
type opening struct {
	Body struct {
		Service  org.ServiceID `json:"service" maxLength:"64"`
		Title    string        `json:"title" minLength:"1" maxLength:"500"`
		Text     string        `json:"text,omitempty" maxLength:"20000" doc:"Becomes its first note"`
		Severity org.Severity  `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4,SEV5" default:"SEV3"`
		Priority org.Priority  `json:"priority,omitempty" enum:"high,low" doc:"Follows from the severity when it is left out"`
	}
}

type openedIncident struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     WholeIncident
}

func (a *API) openIncident(ctx context.Context, in *opening) (*openedIncident, error) {
	c := asking(ctx)
	b := in.Body
	service, ok := c.setup.services[b.Service]
	if !ok || c.setup.rows[thing{"service", string(b.Service)}].Retired {
		return nil, wrong("body.service", fmt.Sprintf("there is no service %q", b.Service))
	}
	if err := c.may(service.Team); err != nil {
		return nil, err
	}
	if b.Priority == "" {
		b.Priority = alert.PriorityOf(b.Severity)
	}
	var more []incident.Fact
	if b.Text != "" {
		more = append(more, incident.Noted{Text: b.Text})
	}
	id, err := a.engine.Open(ctx, c.Actor(), incident.Opened{Title: b.Title, Service: b.Service, Severity: b.Severity, Priority: b.Priority, Why: "opened by hand"}, a.now(), more...)
	if err != nil {
		return nil, err
	}
	out := &openedIncident{Location: Prefix + "/incidents/" + string(id)}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err == nil {
			out.ETag, out.Body = tag(sub.Seq), whole(sub.Incident)
		}
		return err
	})
}

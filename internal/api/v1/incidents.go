package v1

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

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
	Drill       bool              `json:"drill,omitempty" doc:"Nothing is wrong: people practise"`
	Owner       org.PersonID      `json:"owner,omitempty" doc:"Who answered first"`
	Held        string            `json:"held,omitempty" doc:"Why its timers stand still"`
	Alerts      int               `json:"alerts" doc:"That ever joined"`
	OpenedAt    *time.Time        `json:"opened_at,omitempty"`
	ResolvedAt  *time.Time        `json:"resolved_at,omitempty"`
	ChangedAt   *time.Time        `json:"changed_at,omitempty" doc:"When the last line of its log was written"`
	Lines       int               `json:"lines" doc:"Of its log; they only grow"`
	OwnedAt     *time.Time        `json:"owned_at,omitempty"`
	AckUntil    *time.Time        `json:"ack_until,omitempty" doc:"When the answer expires"`
	SnoozeUntil *time.Time        `json:"snooze_until,omitempty"`
	ServiceName string            `json:"service_name,omitempty"`
	TeamName    string            `json:"team_name,omitempty"`
	OwnerName   string            `json:"owner_name,omitempty"`
	WaitsFor    []org.PersonID    `json:"waits_for,omitempty" doc:"Who was called, while nobody has it; not who was called before it was reassigned"`
	NeedsYou    bool              `json:"needs_you,omitempty" doc:"You are among them. Events say it to nobody: look at waits_for"`
	Next        *NextLevel        `json:"next,omitempty" doc:"What happens by itself, if nobody does anything"`
}

// A WholeIncident is one with how its climb stands.
type WholeIncident struct {
	Incident
	Answered []org.PersonID `json:"answered,omitempty" doc:"Everyone who did, in order"`
	Called   []org.PersonID `json:"called,omitempty" doc:"Everyone who was called since it was opened or reopened"`
	Climbs   []Climb        `json:"climbs,omitempty"`
	Under    incident.ID    `json:"under,omitempty" doc:"The incident of its cause, beneath which it is folded"`
	Cause    string         `json:"cause,omitempty" doc:"The alert that explains it"`
	Was      string         `json:"was,omitempty" doc:"What it was a symptom of, until that was over"`
	Work     Work           `json:"work" doc:"Who does what about it"`
	Recovery *RecoveryOf    `json:"recovery,omitempty" doc:"How far the way back is, and what it was, as far as anybody has said"`
	Heir     *HeirOf        `json:"heir,omitempty" doc:"To whom it is handed over, until they answer"`
	Merged   incident.ID    `json:"merged,omitempty" doc:"The incident that goes on with it"`
	Closure  *ClosureOf     `json:"closure,omitempty" doc:"How far its closure is, as far as anybody has begun"`
	Tickets  []TicketOf     `json:"tickets,omitempty" doc:"That others have of it, in their systems"`

	Category    string             `json:"category,omitempty"`
	Impact      string             `json:"impact,omitempty"`
	Urgency     string             `json:"urgency,omitempty"`
	UpdateEvery string             `json:"update_every,omitempty" doc:"How often its severity wants those concerned told how it stands"`
	Roles       []string           `json:"roles,omitempty" doc:"Who is needed for its severity; once somebody has it, they are asked for those that nobody has"`
	Responders  []org.PersonID     `json:"responders,omitempty" doc:"Who answered for what is folded beneath it, and so is in it"`
	ActsUntil   *time.Time         `json:"acts_until,omitempty" doc:"An action is at work by itself: nobody is called before"`
	RaisedAt    *time.Time         `json:"raised_at,omitempty" doc:"It came outside of support hours, and becomes high when they begin"`
	Opinions    []incident.Opinion `json:"opinions,omitempty" doc:"Whether those who were paged found it worth it"`
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

func (a *API) whole(tx *store.Tx, c *caller, in incident.Incident) (WholeIncident, error) {
	brief, err := a.seen(tx, c, in)
	out := WholeIncident{Incident: brief, Answered: in.Answered, Called: in.Called, Under: in.Under, Cause: in.Cause, Was: in.Was, Work: c.setup.work(in, a.now()),
		Recovery: c.setup.recovery(in), Heir: c.setup.heir(in), Merged: in.Merged, Closure: c.setup.closure(c, tx, in), Tickets: c.setup.tickets(in.Tickets),
		Category: in.Category, Impact: in.Impact, Urgency: in.Urgency, Roles: in.Roles, Responders: in.Responders,
		ActsUntil: shown(in.AutoUntil), RaisedAt: shown(in.Support), Opinions: in.Opinions,
	}
	if in.UpdateEvery > 0 {
		out.UpdateEvery = in.UpdateEvery.String()
	}
	for _, r := range in.Runs {
		climb := Climb{Run: r.ID, Policy: r.Policy, Version: r.Version, Round: r.Round + 1, Level: r.Level + 1, Next: shown(r.Due), Waiting: r.Waiting, Settled: r.Settled}
		for _, t := range r.Targets {
			climb.Targets = append(climb.Targets, t.String())
		}
		for _, call := range r.Calls {
			if call.Person != "" {
				climb.Calling = append(climb.Calling, call.Person)
			}
		}
		out.Climbs = append(out.Climbs, climb)
	}
	return out, err
}

// incidentFilter is what a list of incidents may be narrowed to.
type incidentFilter struct {
	IncidentChoice
	Paging
}

// IncidentChoice is incidentFilter without its page.
type IncidentChoice struct {
	Status       []incident.Status `query:"status" enum:"triggered,acknowledged,snoozed,resolved,closed" doc:"Any of these, with commas between"`
	Open         bool              `query:"open" doc:"Only those that people still have to care for"`
	Service      org.ServiceID     `query:"service" maxLength:"64"`
	Team         org.TeamID        `query:"team" maxLength:"64"`
	Priority     org.Priority      `query:"priority" enum:"high,low"`
	Severity     org.Severity      `query:"severity" enum:"SEV1,SEV2,SEV3,SEV4,SEV5"`
	Person       org.PersonID      `query:"person" maxLength:"64" doc:"Who has it, or had it at the end"`
	Calling      org.PersonID      `query:"calling" maxLength:"64" doc:"Only those that this person was called for and that nobody has yet; me is who asks"`
	Q            string            `query:"q" maxLength:"200" doc:"Each word must begin a word of the title"`
	Drills       string            `query:"drills" enum:"with,only" doc:"Drills are left out, but with calling; with: they are there as well; only: nothing else is"`
	OpenedAfter  time.Time         `query:"opened_after" doc:"At or after, by the millisecond"`
	OpenedBefore time.Time         `query:"opened_before"`
}

// Resolve refuses what no filter could mean. Huma calls it.
func (in *IncidentChoice) Resolve(huma.Context) []error {
	for name, at := range map[string]time.Time{"query.opened_after": in.OpenedAfter, "query.opened_before": in.OpenedBefore} {
		if !at.IsZero() && (at.Year() < 1971 || at.Year() > 9999) {
			return []error{&huma.ErrorDetail{Location: name, Message: "is no time of this world"}}
		}
	}
	return nil
}

// chosen is what the store is asked for.
func (in *IncidentChoice) chosen(c *caller) store.Filter {
	return store.Filter{
		Status: in.Status, Open: in.Open, Service: in.Service, Team: in.Team, Priority: in.Priority, Severity: in.Severity, Owner: in.Person, Words: in.Q,
		OpenedAfter: in.OpenedAfter, OpenedBefore: in.OpenedBefore, Hidden: c.setup.hidden(c.Identity),
		Drills: map[string]store.Drills{"with": store.WithDrills, "only": store.OnlyDrills}[in.Drills],
	}
}

func (a *API) listIncidents(ctx context.Context, in *incidentFilter) (*pageOf[Incident], error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	f := in.chosen(c)
	f.Before, f.Limit = incident.ID(after), in.Limit+1
	out := &pageOf[Incident]{Body: page[Incident]{Items: []Incident{}}}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		if in.Calling != "" {
			return a.calling(tx, c, in.Calling, f, in.Paging, &out.Body)
		}
		rows, upTo, err := tx.SubjectsWithin(f)
		if err != nil {
			return err
		}
		if upTo != "" { // it looked no further
			out.Body.Next = in.after(string(upTo))
		}
		if len(rows) > in.Limit {
			rows = rows[:in.Limit]
			out.Body.Next = in.after(string(rows[in.Limit-1].ID))
		}
		out.Body.Items, err = a.listed(tx, c, rows, nil)
		return err
	})
	return out, err
}

// lookedThrough is how many incidents that somebody was called for are read, at most, to
// find those that they are still wanted for; a test has fewer.
var lookedThrough = 1000

// calling lists what somebody was called for and nobody has. The database knows whom it
// paged for what is triggered; whether they are still wanted, the folded log does.
func (a *API) calling(tx *store.Tx, c *caller, p org.PersonID, f store.Filter, at Paging, out *page[Incident]) error {
	if p == "me" {
		p = c.self()
	}
	if p == "" || len(f.Status) > 0 && !slices.Contains(f.Status, incident.Triggered) {
		return nil
	}
	f.Paged, f.Status = p, []incident.Status{incident.Triggered}
	if f.Drills == store.NoDrills { // who is called for one is wanted
		f.Drills = store.WithDrills
	}
	for left := lookedThrough; ; {
		f.Limit = min(f.Limit, left)
		rows, err := tx.Subjects(f)
		if err != nil {
			return err
		}
		some, err := a.listed(tx, c, rows, func(in incident.Incident) bool { return slices.Contains(waitsFor(in), p) })
		if err != nil {
			return err
		}
		out.Items = append(out.Items, some...)
		if len(out.Items) > at.Limit {
			out.Items = out.Items[:at.Limit]
			out.Next = at.after(string(out.Items[at.Limit-1].ID))
			return nil
		}
		if len(rows) < f.Limit {
			return nil
		}
		f.Before = rows[len(rows)-1].ID
		if left -= len(rows); left <= 0 {
			out.Next = at.after(string(f.Before))
			return nil
		}
	}
}

// mostNeeding is how far what needs somebody is counted.
const mostNeeding = 200

// Counts are of open incidents.
type Counts struct {
	NeedsYou     int `json:"needs_you" doc:"You were called for, and nobody has them; 200 is 200 or more. Of the newest 1,000 that you were called for and nobody has"`
	Triggered    int `json:"triggered"`
	Acknowledged int `json:"acknowledged"`
	Snoozed      int `json:"snoozed"`
	Held         int `json:"held" doc:"Whatever their status; they are not counted under it"`
}

func (a *API) countIncidents(ctx context.Context, in *IncidentChoice) (*struct{ Body Counts }, error) {
	c, out := asking(ctx), &struct{ Body Counts }{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		f := in.chosen(c)
		all, err := tx.CountOpen(f)
		if err != nil {
			return err
		}
		for _, n := range all {
			switch {
			case n.Held:
				out.Body.Held += n.N
			case n.Status == incident.Triggered:
				out.Body.Triggered = n.N
			case n.Status == incident.Acknowledged:
				out.Body.Acknowledged = n.N
			case n.Status == incident.Snoozed:
				out.Body.Snoozed = n.N
			}
		}
		var mine page[Incident]
		f.Limit = mostNeeding + 1
		err = a.calling(tx, c, "me", f, Paging{Limit: mostNeeding}, &mine)
		out.Body.NeedsYou = len(mine.Items)
		return err
	})
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
			out.ETag = tag(sub.Seq)
			out.Body, err = a.whole(tx, c, sub.Incident)
		}
		return err
	})
	return out, err
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
			out.ETag = tag(sub.Seq)
			out.Body, err = a.whole(tx, c, sub.Incident)
		}
		return err
	})
}

package v1

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// Why is the body of verbs that need nothing but a reason, if that.
type Why struct {
	Why string `json:"why,omitempty" maxLength:"2000"`
}

// What the verbs take and give.
type (
	because struct {
		IncidentID
		Body *Why `required:"false"`
	}
	snoozing struct {
		IncidentID
		Body struct {
			Until time.Time `json:"until"`
		}
	}
	reassigning struct {
		IncidentID
		Body struct {
			To  string `json:"to" maxLength:"200" doc:"person:jane, schedule:primary, team:dba or policy:managers"`
			Why string `json:"why,omitempty" maxLength:"2000"`
		}
	}
	adding struct {
		IncidentID
		Body struct {
			Targets []string `json:"targets" minItems:"1" maxItems:"20" nullable:"false" doc:"person:jane, schedule:primary, team:dba or email:reports@example.org"`
			Why     string   `json:"why,omitempty" maxLength:"2000"`
		}
	}
	noting struct {
		IncidentID
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"20000"`
		}
	}
	raising struct {
		IncidentID
		Body struct {
			Severity org.Severity `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4,SEV5"`
			Priority org.Priority `json:"priority,omitempty" enum:"high,low"`
			Why      string       `json:"why" minLength:"1" maxLength:"2000"`
		}
	}
	said struct{ Body Said }
)

// Said is what came of a verb.
type Said struct {
	Said     string        `json:"said" doc:"For the person who did it"`
	Incident WholeIncident `json:"incident"`
}

func (b because) why() string {
	if b.Body == nil {
		return ""
	}
	return b.Body.Why
}

// do does one thing to an incident and says how it is now.
func (a *API) do(ctx context.Context, id incident.ID, decide engine.Decision) (*said, error) {
	return a.doAs(ctx, id, asking(ctx).Actor(), decide)
}

func (a *API) doAs(ctx context.Context, id incident.ID, by incident.Actor, decide engine.Decision) (*said, error) {
	now := a.now()
	text := ""
	_, err := a.engine.Do(ctx, id, by, now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		facts, err := decide(in, w)
		text = ""
		if len(facts) == 0 {
			text = "It is so already."
		}
		for _, f := range facts {
			if _, ok := f.(incident.AcknowledgedBy); ok {
				text = escalate.Welcome(in, w, by.Person(), now)
			} else if text == "" {
				text = f.String()
			}
		}
		return facts, err
	})
	if err != nil {
		return nil, err
	}
	return a.saying(ctx, id, text)
}

// saying is what was done to an incident, and how it stands then.
func (a *API) saying(ctx context.Context, id incident.ID, text string) (*said, error) {
	out := &said{Body: Said{Said: text}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err == nil {
			out.Body.Incident, err = a.whole(tx, asking(ctx), sub.Incident)
		}
		return err
	})
}

func (a *API) acknowledge(ctx context.Context, in *because) (*said, error) {
	by, decide := a.answering(ctx)
	return a.doAs(ctx, in.ID, by, decide)
}

// answering is who answers for the caller, and how. With an API key it is the person
// whom the key acts for: an incident that is acknowledged belongs to somebody.
func (a *API) answering(ctx context.Context) (incident.Actor, engine.Decision) {
	c, now := asking(ctx), a.now()
	by, via := c.Actor(), "api"
	if c.Owner != "" {
		by, via = incident.ByPerson(c.Owner), "API key "+c.Name
	}
	return by, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		return escalate.Acknowledge(in, w, via, now)
	}
}

// reasoned makes a decision of a verb that takes a reason.
func reasoned(verb func(incident.Incident, string) ([]incident.Fact, error), why string) engine.Decision {
	return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return verb(in, why) }
}

func (a *API) unacknowledge(ctx context.Context, in *because) (*said, error) {
	return a.do(ctx, in.ID, reasoned(escalate.Unacknowledge, in.why()))
}

func (a *API) reopen(ctx context.Context, in *because) (*said, error) {
	return a.do(ctx, in.ID, reasoned(resolve.Reopen, in.why()))
}

func (a *API) escalate(ctx context.Context, in *because) (*said, error) {
	return a.do(ctx, in.ID, reasoned(escalate.EscalateNow, in.why()))
}

func (a *API) snooze(ctx context.Context, in *snoozing) (*said, error) {
	return a.do(ctx, in.ID, snoozed(in.Body.Until, a.now()))
}

func snoozed(until, now time.Time) engine.Decision {
	return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.Snooze(in, when(until), now)
	}
}

func (a *API) reassign(ctx context.Context, in *reassigning) (*said, error) {
	decide, err := reassigned(ctx, in.Body.To, in.Body.Why, a.now())
	if err != nil {
		return nil, err
	}
	return a.do(ctx, in.ID, decide)
}

func reassigned(ctx context.Context, to, why string, now time.Time) (engine.Decision, error) {
	t, err := target(asking(ctx).setup, "body.to", to)
	return func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		return escalate.Reassign(in, w, t, why, now)
	}, err
}

func (a *API) addResponders(ctx context.Context, in *adding) (*said, error) {
	var all []org.Target
	for i, text := range in.Body.Targets {
		t, err := target(asking(ctx).setup, fmt.Sprintf("body.targets[%d]", i), text)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return a.do(ctx, in.ID, func(i incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.AddResponders(i, all, in.Body.Why)
	})
}

// target reads whom a body names, who must be there.
func target(s *setup, location, text string) (t org.Target, err error) {
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return t, wrong(location, err.Error())
	}
	if t == (org.Target{}) {
		return t, wrong(location, "names nobody")
	}
	if t.Kind == "email" {
		return t, nil
	}
	if r, ok := s.rows[thing{t.Kind, t.ID}]; !ok || r.Retired {
		return t, wrong(location, fmt.Sprintf("there is no %s %q", t.Kind, t.ID))
	}
	return t, nil
}

func (a *API) note(ctx context.Context, in *noting) (*said, error) {
	return a.do(ctx, in.ID, noted(in.Body.Text))
}

func noted(text string) engine.Decision {
	return func(incident.Incident, escalate.World) ([]incident.Fact, error) {
		if strings.TrimSpace(text) == "" {
			return nil, incident.Refuse("text: says nothing")
		}
		return []incident.Fact{incident.Noted{Text: text}}, nil
	}
}

func (a *API) raise(ctx context.Context, in *raising) (*said, error) {
	return a.do(ctx, in.ID, raised(in.Body.Severity, in.Body.Priority, in.Body.Why))
}

func raised(severity org.Severity, priority org.Priority, why string) engine.Decision {
	return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return alert.Raise(in, severity, priority, why)
	}
}

// Bulk is one thing to be done to many incidents. What a verb takes beside the reason
// stands beside it, as in the verb's own body.
type Bulk struct {
	Verb     string        `json:"verb" enum:"acknowledge,unacknowledge,resolve,reopen,escalate,snooze,reassign,note,severity"`
	IDs      []incident.ID `json:"ids" minItems:"1" maxItems:"200" nullable:"false"`
	Why      string        `json:"why,omitempty" maxLength:"2000"`
	Until    *time.Time    `json:"until,omitempty" doc:"Of snooze"`
	To       string        `json:"to,omitempty" maxLength:"200" doc:"Of reassign"`
	Text     string        `json:"text,omitempty" maxLength:"20000" doc:"Of note"`
	Severity org.Severity  `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4,SEV5"`
	Priority org.Priority  `json:"priority,omitempty" enum:"high,low"`
}

// A BulkResult is what became of one of them.
type BulkResult struct {
	ID     incident.ID `json:"id"`
	Status int         `json:"status" doc:"As if it had been asked alone"`
	Said   string      `json:"said" doc:"What came of it, or why not"`
}

type (
	bulkAsked struct{ Body Bulk }
	bulkDone  struct {
		Body struct {
			Results []BulkResult `json:"results" nullable:"false"`
		}
	}
)

func (a *API) bulk(ctx context.Context, in *bulkAsked) (*bulkDone, error) {
	c := asking(ctx)
	by, decide := a.answering(ctx)
	if in.Body.Verb != "acknowledge" {
		var err error
		if decide, err = a.decision(ctx, in.Body); err != nil {
			return nil, err
		}
		by = c.Actor()
	}
	out := &bulkDone{}
	out.Body.Results = []BulkResult{}
	for _, id := range in.Body.IDs {
		r := BulkResult{ID: id, Status: 200}
		done, err := a.oneOf(ctx, c, id, by, decide)
		if err == nil {
			r.Said = done.Body.Said
		} else {
			var status huma.StatusError
			errors.As(a.fault(ctx, err), &status)
			r.Status, r.Said = status.GetStatus(), status.Error()
			if problem, ok := status.(*huma.ErrorModel); ok && len(problem.Errors) > 0 {
				r.Said = problem.Errors[0].Message
			}
		}
		out.Body.Results = append(out.Body.Results, r)
	}
	c.asked = true // of each
	return out, nil
}

// oneOf does it to one, if that may be.
func (a *API) oneOf(ctx context.Context, c *caller, id incident.ID, by incident.Actor, decide engine.Decision) (*said, error) {
	var team org.TeamID
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		in, err := visible(tx, c.setup, c.Identity, id)
		if err == nil {
			team = in.Team
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !c.May(org.ReadIncidents, "") && !c.May(c.deed, team) {
		return nil, store.ErrNotFound
	}
	if err := c.may(team); err != nil {
		return nil, err
	}
	return a.doAs(ctx, id, by, decide)
}

// decision is the verb of a bulk other than acknowledge, with what it needs bound to it.
func (a *API) decision(ctx context.Context, b Bulk) (engine.Decision, error) {
	switch b.Verb {
	case "unacknowledge":
		return reasoned(escalate.Unacknowledge, b.Why), nil
	case "resolve":
		return reasoned(resolve.Resolve, b.Why), nil
	case "reopen":
		return reasoned(resolve.Reopen, b.Why), nil
	case "escalate":
		return reasoned(escalate.EscalateNow, b.Why), nil
	case "snooze":
		if b.Until == nil {
			return nil, wrong("body.until", "is missing")
		}
		return snoozed(*b.Until, a.now()), nil
	case "reassign":
		return reassigned(ctx, b.To, b.Why, a.now())
	case "note":
		return noted(b.Text), nil
	}
	if b.Why == "" {
		return nil, wrong("body.why", "is missing")
	}
	return raised(b.Severity, b.Priority, b.Why), nil
}

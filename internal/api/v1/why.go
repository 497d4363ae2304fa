package v1

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Because says in words why people were paged, or not.
type Because struct {
	Paged   bool     `json:"paged" doc:"An alarm went out"`
	Summary string   `json:"summary"`
	Reasons []Reason `json:"reasons" nullable:"false" doc:"In the order of time"`
}

// A Reason is one sentence of it.
type Reason struct {
	At   *time.Time `json:"at,omitempty" doc:"Absent for what holds now"`
	Text string     `json:"text"`
}

type whyAsked struct {
	IncidentID
	Person org.PersonID `query:"person" maxLength:"64" doc:"Why this one; everybody, when it is left out"`
}

// An inquiry is what an answer to "why" is made of.
type inquiry struct {
	s     *setup
	in    incident.Incident
	log   incident.Log
	pages []store.PageRow
	out   Because
}

func (a *API) why(ctx context.Context, in *whyAsked) (*struct{ Body Because }, error) {
	c := asking(ctx)
	q := &inquiry{s: c.setup, out: Because{Reasons: []Reason{}}}
	var policies []escalate.Policy
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		q.in = sub.Incident
		if q.log, err = tx.Log(in.ID); err != nil {
			return err
		}
		if q.pages, err = tx.PagesOf(in.ID); err != nil {
			return err
		}
		for _, r := range q.in.Runs {
			p, err := a.pinned(tx, r)
			if err != nil {
				return err
			}
			policies = append(policies, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if in.Person != "" {
		if _, ok := c.setup.rows[thing{config.Person, string(in.Person)}]; !ok {
			return nil, wrong("query.person", fmt.Sprintf("there is no person %q", in.Person))
		}
		q.about(in.Person, policies)
	} else {
		q.all()
	}
	slices.SortStableFunc(q.out.Reasons, func(a, b Reason) int {
		switch {
		case a.At == nil || b.At == nil:
			return cmp.Compare(map[bool]int{true: 1}[a.At == nil], map[bool]int{true: 1}[b.At == nil])
		}
		return a.At.Compare(*b.At)
	})
	return &struct{ Body Because }{q.out}, nil
}

func (q *inquiry) say(at time.Time, format string, args ...any) {
	q.out.Reasons = append(q.out.Reasons, Reason{shown(at), fmt.Sprintf(format, args...)})
}

// all is the story of everybody.
func (q *inquiry) all() {
	for _, e := range q.log {
		q.told(e)
	}
	who := []string{}
	for _, p := range paging(q.s, q.log, q.pages) {
		if p.AlarmsSent > 0 {
			who = append(who, p.Name)
		}
		for _, m := range p.Methods {
			if m.State == escalate.Failed {
				q.say(*m.PlannedAt, "The page to %s over %s failed: %s", p.Name, m.Channel, m.Error)
			}
		}
	}
	q.out.Paged = len(who) > 0
	switch {
	case q.out.Paged:
		q.out.Summary = "Paged: " + strings.Join(who, ", ") + "."
	case q.in.Held != "":
		q.out.Summary = "Nobody was paged, because it is held: " + q.in.Held + "."
	case len(q.in.Runs) == 0:
		q.out.Summary = "Nobody was paged: its service has no policy, and neither has the catch-all service."
	case len(q.in.Called) > 0:
		q.out.Summary = "People were called, and no page has gone out yet."
	default:
		q.out.Summary = "Nobody was paged: no level reached anyone."
	}
}

// told puts a fact that bears on who is paged into a sentence.
func (q *inquiry) told(e incident.Entry) {
	switch f := e.Fact.(type) {
	case incident.Opened:
		why := ""
		if f.Why != "" {
			why = ": " + f.Why
		}
		q.say(e.At, "Opened for %s as %s, priority %s%s.", q.service(f.Service), f.Severity, f.Priority, why)
	case incident.Asked:
		q.say(e.At, "%s was asked for (%s).", q.run(f), f.Why)
	case incident.Called:
		names := make([]string, len(f.Calls))
		for i, c := range f.Calls {
			names[i] = q.call(c)
		}
		switch {
		case len(names) == 0:
			q.say(e.At, "The target of last resort reached nobody.")
		case f.FailOver:
			q.say(e.At, "Nobody answered: the target of last resort, %s, was called.", strings.Join(names, ", "))
		default:
			q.say(e.At, "Level %d called %s.", f.Level+1, strings.Join(names, ", "))
		}
	case incident.Skipped:
		if f.Level >= 0 {
			q.say(e.At, "Level %d was passed over: %s.", f.Level+1, f.Why)
		}
	case incident.Waiting:
		q.say(e.At, "Level %d waits: %s.", f.Level+1, f.Why)
	case incident.Unreached:
		q.say(e.At, "%s cannot be reached: %s.", q.s.person(f.Person), f.Why)
	case incident.AcknowledgedBy:
		q.say(e.At, "%s answered: what was still to be sent fell away.", q.actor(e.By))
	case incident.Held, incident.Released, incident.Settled, incident.Retriggered, incident.Recurred, incident.Raised, incident.Reopened, incident.Ended, incident.HandedOver, incident.Reported:
		text := e.Fact.String()
		q.say(e.At, "%s%s.", strings.ToUpper(text[:1]), text[1:])
	}
}

func (q *inquiry) service(id org.ServiceID) string {
	return cmp.Or(q.s.names[thing{config.Service, string(id)}], string(id), "no service")
}

func (q *inquiry) run(f incident.Asked) string {
	if f.Policy == "" {
		return "A call of some people"
	}
	return fmt.Sprintf("Policy %s, version %d,", cmp.Or(q.s.names[thing{config.Policy, string(f.Policy)}], string(f.Policy)), f.Version)
}

// actor is who did it, by name.
func (q *inquiry) actor(by incident.Actor) string {
	if p := by.Person(); p != "" {
		return q.s.person(p)
	}
	return by.Name()
}

func (q *inquiry) call(c incident.Call) string {
	if c.Email != "" {
		return c.Email
	}
	name := q.s.person(c.Person)
	if c.Via.Kind == "" || c.Via.Kind == "person" {
		return name
	}
	why := c.Via.Kind + " " + cmp.Or(q.s.names[thing{c.Via.Kind, c.Via.ID}], c.Via.ID)
	if c.Why != "" {
		why += ": " + c.Why
	}
	return name + " (" + why + ")"
}

// about is the story of one person.
func (q *inquiry) about(p org.PersonID, policies []escalate.Policy) {
	name, called := q.s.person(p), false
	for _, e := range q.log {
		switch f := e.Fact.(type) {
		case incident.Called:
			for _, c := range f.Calls {
				if c.Person == p {
					called = true
					q.say(e.At, "Level %d called %s.", f.Level+1, q.call(c))
				}
			}
		case incident.Unreached:
			if f.Person == p {
				q.say(e.At, "%s cannot be reached: %s.", name, f.Why)
			}
		case incident.AcknowledgedBy:
			q.say(e.At, "%s answered.", q.actor(e.By))
		case incident.Held:
			q.say(e.At, "It is held: %s.", f.Why)
		}
	}
	for _, page := range q.pages {
		if page.Person == p {
			q.page(page)
			q.out.Paged = q.out.Paged || page.Purpose.Alarms() && !page.SentAt.IsZero()
		}
	}
	switch why := q.s.mayReach(p); {
	case q.out.Paged:
		q.out.Summary = name + " was paged."
	case why != "":
		q.out.Summary = name + " was not paged: " + why + "."
	case called:
		q.out.Summary = name + " was called, and no page has gone out yet."
		if !q.waits(p) {
			q.out.Summary = name + " was called, and no page went out."
		}
	default:
		q.out.Summary = name + " was not called: " + q.notCalled(p, policies) + "."
	}
}

// waits says whether a page to somebody is still to be sent.
func (q *inquiry) waits(p org.PersonID) bool {
	return slices.ContainsFunc(q.pages, func(r store.PageRow) bool {
		return r.Person == p && (r.State == escalate.Planned || r.State == escalate.Claimed)
	})
}

// page is what became of one page.
func (q *inquiry) page(p store.PageRow) {
	over := "over " + p.Channel
	if !p.Purpose.Alarms() {
		over = "as a notice " + over
	}
	switch p.State {
	case escalate.Planned, escalate.Claimed:
		q.say(p.At, "A page %s is planned, unless somebody answers first.", over)
	case escalate.Cancelled:
		q.say(cmp.Or(p.CancelledAt, p.At), "A page %s was cancelled: %s.", over, p.Err)
	case escalate.Failed:
		q.say(cmp.Or(p.FirstAt, p.At), "A page %s failed after %d tries: %s.", over, p.Attempts, p.Err)
	default:
		q.say(cmp.Or(p.SentAt, p.At), "A page went out %s.", over)
		for _, r := range []struct {
			at   time.Time
			text string
		}{{p.DeliveredAt, "delivered"}, {p.ReadAt, "read"}, {p.AnsweredAt, "answered"}} {
			if !r.at.IsZero() {
				q.say(r.at, "The page %s was %s.", over, r.text)
			}
		}
	}
}

// notCalled is why no level called somebody: where they stand in the policies that were
// climbed, if they do.
func (q *inquiry) notCalled(p org.PersonID, policies []escalate.Policy) string {
	if q.in.Held != "" {
		return "it is held: " + q.in.Held
	}
	for i, r := range q.in.Runs {
		for n, l := range policies[i].Levels {
			how := q.stands(p, l.Targets)
			switch {
			case how == "":
				continue
			case n > r.Level && r.Priority == org.Low:
				return fmt.Sprintf("low priority calls the first level only, and they stand on level %d (%s)", n+1, how)
			case n > r.Level && q.in.Owner != "":
				return fmt.Sprintf("they stand on level %d (%s), and %s answered before it was reached", n+1, how, q.s.person(q.in.Owner))
			case n > r.Level && !q.in.Status.Open():
				return fmt.Sprintf("they stand on level %d (%s), and it ended before that was reached", n+1, how)
			case n > r.Level:
				return fmt.Sprintf("they stand on level %d (%s), which was not reached yet", n+1, how)
			case strings.HasPrefix(how, "schedule "):
				return fmt.Sprintf("level %d calls the %s, and somebody else was on call then", n+1, how)
			case l.Strategy != "":
				return fmt.Sprintf("level %d (%s) called somebody else of its own: it goes by %s", n+1, how, strings.ReplaceAll(l.Strategy, "_", " "))
			}
			return fmt.Sprintf("level %d (%s) passed without them", n+1, how)
		}
	}
	if len(q.in.Runs) == 0 {
		return "no policy was climbed"
	}
	return "they do not stand in the policy"
}

// stands is as what somebody stands among targets: by name, in a team, in a schedule.
func (q *inquiry) stands(p org.PersonID, targets []org.Target) string {
	for _, t := range targets {
		row := q.s.rows[thing{t.Kind, t.ID}]
		switch {
		case t.Kind == "person" && t.ID == string(p):
			return "by name"
		case t.Kind == "person" || t.Kind == "email":
		case bytes.Contains(row.Body, []byte(`"`+string(p)+`"`)):
			return t.Kind + " " + cmp.Or(q.s.names[thing{t.Kind, t.ID}], t.ID)
		}
	}
	return ""
}

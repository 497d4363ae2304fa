package v1

import (
	"context"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

// What is passed on: an incident to somebody else, or into another one.
type (
	handingOver struct {
		IncidentID
		Body struct {
			To   org.PersonID `json:"to" minLength:"1" maxLength:"64" doc:"Somebody, or next: whoever has the shift now or soon"`
			Note string       `json:"note,omitempty" maxLength:"2000" doc:"How it stands and what is next"`
		}
	}
	merging struct {
		IncidentID
		Body struct {
			Into incident.ID `json:"into" minLength:"1" maxLength:"64" doc:"The incident that goes on"`
		}
	}
	parting struct {
		IncidentID
		Body struct {
			Alerts []string `json:"alerts" minItems:"1" maxItems:"200" nullable:"false" doc:"Those that are another trouble, by their ids"`
		}
	}
)

// soonOnCall is how long before their shift somebody may be handed an incident as the
// next: nobody is woken for what is hours away.
const soonOnCall = 2 * time.Hour

// handOver gives an incident to somebody else: they are called, and have it once they
// answer.
func (a *API) handOver(ctx context.Context, in *handingOver) (*said, error) {
	c, now := asking(ctx), a.now()
	to := in.Body.To
	if to == "next" {
		err := a.store.Read(ctx, func(tx *store.Tx) error {
			sub, err := tx.Subject(in.ID)
			if err == nil {
				to, err = c.setup.nextOnCall(sub.Incident, now)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	to, err := somebody(c, "body.to", to)
	if err != nil {
		return nil, err
	}
	return a.do(ctx, in.ID, func(i incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		facts, err := investigate.HandOn(i, to, in.Body.Note)
		if err != nil {
			return nil, err
		}
		call, err := escalate.AddResponders(i, []org.Target{{Kind: "person", ID: string(to)}}, "the incident is handed over to them")
		return append(facts, call...), err
	})
}

// nextOnCall is who has the shift behind an incident's climb: now, if they do not have the
// incident, or else next.
func (s *setup) nextOnCall(in incident.Incident, now time.Time) (org.PersonID, error) {
	for _, r := range in.Runs {
		p, err := s.policy(string(r.Policy))
		if err != nil {
			continue
		}
		for _, level := range p.Levels {
			for _, t := range level.Targets {
				c, err := s.schedule(t.ID)
				if t.Kind != "schedule" || err != nil {
					continue
				}
				shift := s.register().At(c, now)
				for _, p := range shift.People {
					if p != in.Owner {
						return p, nil
					}
				}
				next := s.after(c, now, shift)
				if next == nil || len(next.People) == 0 {
					continue
				}
				if next.From.Sub(now) > soonOnCall {
					return "", incident.Refuse("to: the next shift is that of %s, from %s: name whom it is to go to", s.person(next.People[0]), next.From.UTC().Format("2006-01-02 15:04 UTC"))
				}
				return next.People[0], nil
			}
		}
	}
	return "", incident.Refuse("to: no schedule stands behind it: name somebody")
}

func (a *API) merge(ctx context.Context, in *merging) (*said, error) {
	if err := a.other(ctx, "body.into", in.Body.Into); err != nil {
		return nil, err
	}
	if err := a.engine.Merge(ctx, in.ID, in.Body.Into, asking(ctx).Actor(), a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, in.Body.Into, "They are one incident now.")
}

// part makes another incident of some alerts, and shows that.
func (a *API) part(ctx context.Context, in *parting) (*said, error) {
	id, err := a.engine.Part(ctx, in.ID, in.Body.Alerts, asking(ctx).Actor(), a.now())
	if err != nil {
		return nil, err
	}
	return a.saying(ctx, id, "It is an incident of its own now.")
}

// A RelatedIncident is one that has to do with another.
type RelatedIncident struct {
	ID          incident.ID     `json:"id"`
	Title       string          `json:"title"`
	Status      incident.Status `json:"status" enum:"triggered,acknowledged,snoozed,resolved,closed"`
	Severity    org.Severity    `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4,SEV5"`
	ServiceName string          `json:"service_name,omitempty"`
	OpenedAt    time.Time       `json:"opened_at"`
	ResolvedAt  *time.Time      `json:"resolved_at,omitempty"`
	Weight      int             `json:"weight" doc:"How much it has to do with it"`
	Why         []string        `json:"why" nullable:"false"`
	Fixed       string          `json:"fixed,omitempty" doc:"What ended it"`
	Cause       string          `json:"cause,omitempty" doc:"What it was"`
	Category    string          `json:"category,omitempty" doc:"Of the cause"`
}

// Related are incidents like one.
type Related struct {
	Open []RelatedIncident `json:"open" nullable:"false" doc:"Perhaps the same trouble"`
	Past []RelatedIncident `json:"past" nullable:"false" doc:"With what ended them"`
}

const (
	relatedOfEach = 40 // incidents that are looked at, of each way to find some
	relatedShown  = 5
	relatedWords  = 3
)

// related finds open incidents that may be the same trouble and past ones like it.
func (a *API) related(ctx context.Context, in *reading) (*pageless[Related], error) {
	c := asking(ctx)
	out := Related{Open: []RelatedIncident{}, Past: []RelatedIncident{}}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(incident.ID(in.ID))
		if err != nil {
			return err
		}
		rows, err := a.alike(tx, c, sub.Incident)
		if err != nil {
			return err
		}
		ids := make([]incident.ID, 0, len(rows))
		for id := range rows {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		if err := tx.Preload(ids); err != nil {
			return err
		}
		found, others := map[incident.ID]incident.Incident{}, []investigate.Trouble(nil)
		for _, id := range ids {
			one, err := tx.Subject(id)
			if err != nil {
				return err
			}
			found[id] = one.Incident
			others = append(others, c.setup.trouble(one.Incident))
		}
		for _, r := range investigate.Relate(c.setup.trouble(sub.Incident), others) {
			one := found[r.ID]
			list := &out.Past
			if one.Status.Open() {
				list = &out.Open
				if sub.IsDrill() { // it is the same as nothing that is wrong
					continue
				}
			}
			if len(*list) < relatedShown && one.Merged != sub.ID && sub.Merged != one.ID {
				*list = append(*list, c.setup.relation(one, r))
			}
		}
		return nil
	})
	return &pageless[Related]{out}, err
}

// alike are the incidents among which those that have to do with one are found: of its
// service, of what stands on the same, of the same words, and whatever is open.
func (a *API) alike(tx *store.Tx, c *caller, in incident.Incident) (map[incident.ID]store.Row, error) {
	filters := []store.Filter{{Open: true}}
	if in.Service != "" {
		filters = append(filters, store.Filter{Service: in.Service})
	}
	if roots := c.setup.roots(in.Service); len(roots) > 0 {
		for id := range c.setup.services {
			if id != in.Service && len(filters) < 12 && slices.ContainsFunc(c.setup.roots(id), func(r org.ServiceID) bool { return slices.Contains(roots, r) }) {
				filters = append(filters, store.Filter{Service: id, Limit: 10})
			}
		}
	}
	words := investigate.Words(in.Title)
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) }) // long ones say more
	for _, w := range words[:min(len(words), relatedWords)] {
		filters = append(filters, store.Filter{Words: w})
	}
	rows := map[incident.ID]store.Row{}
	for _, f := range filters {
		f.Hidden = c.setup.hidden(c.Identity)
		if f.Limit == 0 {
			f.Limit = relatedOfEach
		}
		some, _, err := tx.SubjectsWithin(f)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			rows[r.ID] = r
		}
	}
	delete(rows, in.ID)
	return rows, nil
}

// roots are what a service stands on in the end.
func (s *setup) roots(id org.ServiceID) (roots []org.ServiceID) {
	seen := map[org.ServiceID]bool{id: true}
	for todo := []org.ServiceID{id}; len(todo) > 0; todo = todo[1:] {
		on := s.services[todo[0]].DependsOn
		if len(on) == 0 && todo[0] != id {
			roots = append(roots, todo[0])
		}
		for _, next := range on {
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	slices.Sort(roots)
	return roots
}

func (s *setup) trouble(in incident.Incident) investigate.Trouble {
	return investigate.Trouble{
		ID: in.ID, Title: in.Title, Service: in.Service, Category: in.Category, Roots: s.roots(in.Service), Opened: in.OpenedAt, Resolved: in.ResolvedAt,
	}
}

func (s *setup) relation(in incident.Incident, r investigate.Relation) RelatedIncident {
	out := RelatedIncident{
		ID: in.ID, Title: in.Title, Status: in.Status, Severity: in.Severity, ServiceName: s.names[thing{"service", string(in.Service)}],
		OpenedAt: in.OpenedAt, ResolvedAt: shown(in.ResolvedAt), Weight: r.Weight, Why: r.Why,
	}
	if in.Recovery != nil {
		out.Fixed, out.Cause, out.Category = in.Recovery.Fixed, in.Recovery.Cause, in.Recovery.Category
	}
	return out
}

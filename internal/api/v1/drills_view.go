package v1

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/drill"
	"tocsin/review/figures"
)

// drillOf is a drill as lists have it.
func (s *setup) drillOf(in incident.Incident, score drill.Score) DrillOf {
	out := DrillOf{
		ID: in.ID, Title: strings.TrimPrefix(in.Title, incident.DrillMark), Status: in.Status, Severity: in.Severity, Service: in.Service, Team: in.Team,
		ServiceName: s.names[thing{config.Service, string(in.Service)}], TeamName: s.names[thing{config.Team, string(in.Team)}],
		People: []PersonRef{}, StartedAt: in.OpenedAt, EndedAt: shown(in.ResolvedAt), Met: score.Met, Of: score.Of, Ended: score.Ended,
	}
	if out.Ended == drill.StoppedByPerson {
		out.Ended = "stopped"
	}
	called := slices.Clone(in.Called)
	if d := in.Drill; d != nil {
		out.Name, out.Scenario, out.Past, out.Guide, out.Named, out.AsReal, out.Until = d.Name, d.Scenario, d.Past, d.Guide, len(d.People) > 0, d.AsReal, d.Until
		if p := d.By.Person(); p != "" {
			out.By = &PersonRef{p, s.person(p)}
		}
		for _, p := range d.People {
			if !slices.Contains(called, p) {
				called = append(called, p)
			}
		}
	}
	for _, p := range called {
		out.People = append(out.People, PersonRef{p, s.person(p)})
	}
	return out
}

// wholeSeconds are those of a span; nil is never.
func wholeSeconds(d time.Duration) *int64 {
	if d == figures.Never {
		return nil
	}
	n := int64(d / time.Second)
	return &n
}

func (s *setup) wholeDrill(in incident.Incident, score drill.Score) WholeDrill {
	out := WholeDrill{
		DrillOf: s.drillOf(in, score), Version: drill.Version, Lasted: int64(score.Lasted / time.Second),
		Checks: []DrillCheck{}, Measures: []DrillMeasure{}, Took: []DrillPerson{}, Steps: []DrillStep{},
	}
	for _, c := range score.Checks {
		x := drill.Expected[c.Key]
		out.Checks = append(out.Checks, DrillCheck{c.Key, c.Of, x.Name, x.Sentence, int64(c.Want / time.Second), wholeSeconds(c.Was), c.State})
	}
	for _, m := range score.Measures {
		one := DrillMeasure{Key: m.Key, Name: m.Name, Unit: m.Unit, Sentence: m.Sentence}
		if m.Known {
			one.Value, one.Known = m.Value, true
		}
		if m.Unit == "s" {
			one.Value /= int64(time.Second / time.Microsecond)
		}
		out.Measures = append(out.Measures, one)
	}
	for _, p := range score.People {
		one := DrillPerson{Person: PersonRef{p.Person, s.person(p.Person)}, Called: p.Called != figures.Never, Answered: p.Answered != figures.Never, Joined: p.Joined, Wrote: p.Wrote, Roles: p.Roles, Updates: p.Updates}
		if one.Answered {
			one.After = int64(p.Answered / time.Second)
		}
		out.Took = append(out.Took, one)
	}
	return out
}

// scenarioOf is a scenario as lists have it.
func scenarioOf(v drill.Scenario, own bool) ScenarioOf {
	limit := v.Limit.D()
	if limit == 0 {
		limit = drill.UsualLimit
	}
	out := ScenarioOf{v.ID, v.Name, own, v.Team, v.Title, v.Text, v.Service, v.Severity, int(limit / time.Minute), len(v.Script), []string{}}
	x := v.Expect
	for _, e := range []struct {
		key string
		on  bool
	}{
		{"acknowledge", x.Acknowledge > 0}, {"come", x.Come}, {"speak", x.Speak}, {"role", len(x.Roles) > 0}, {"join", len(x.Join) > 0},
		{"runbook", x.Runbook != ""}, {"update", x.Update > 0}, {"resolve", x.Resolve > 0},
	} {
		if e.on {
			out.Expects = append(out.Expects, e.key)
		}
	}
	return out
}

func (a *API) listScenarios(ctx context.Context, in *inLanguage) (*pageOf[ScenarioOf], error) {
	s := asking(ctx).setup
	out := &pageOf[ScenarioOf]{Body: page[ScenarioOf]{Items: []ScenarioOf{}}}
	own := map[string]bool{}
	for _, r := range s.all { // by id
		if r.Kind != config.Scenario || r.Retired {
			continue
		}
		v, err := decoded[drill.Scenario](r)
		if err != nil {
			return nil, err
		}
		own[v.ID] = true
		out.Body.Items = append(out.Body.Items, scenarioOf(v, true))
	}
	for _, v := range drill.BuiltIn(in.Language) {
		if !own[v.ID] {
			out.Body.Items = append(out.Body.Items, scenarioOf(v, false))
		}
	}
	return out, nil
}

// DrilledPerson is when somebody had their last drill.
type DrilledPerson struct {
	Person PersonRef  `json:"person"`
	Drills int        `json:"drills" doc:"In which they were called, of the last 500; 0: they never had one"`
	Last   *LastDrill `json:"last,omitempty"`
}

type LastDrill struct {
	ID       incident.ID `json:"id"`
	Name     string      `json:"name"`
	At       time.Time   `json:"at"`
	Answered bool        `json:"answered" doc:"They did"`
}

// mostDrills is how far back it is looked for people's drills.
const mostDrills = 500

func (a *API) drilledPeople(ctx context.Context, in *drillPeopleAsked) (*pageOf[DrilledPerson], error) {
	c := asking(ctx)
	out := &pageOf[DrilledPerson]{Body: page[DrilledPerson]{Items: []DrilledPerson{}}}
	members := map[org.PersonID]bool{}
	if in.Team != "" {
		r, ok := c.setup.rows[thing{config.Team, string(in.Team)}]
		if !ok || r.Retired {
			return nil, wrong("query.team", "there is no such team")
		}
		t, err := decoded[org.Team](r)
		if err != nil {
			return nil, err
		}
		for _, p := range t.Members {
			members[p] = true
		}
	}
	for _, r := range c.setup.all { // by id
		if id := org.PersonID(r.ID); r.Kind == config.Person && !r.Retired && (in.Team == "" || members[id]) {
			out.Body.Items = append(out.Body.Items, DrilledPerson{Person: PersonRef{id, c.setup.person(id)}})
		}
	}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := engine.DrilledLately(tx, store.Filter{Limit: mostDrills, Hidden: c.setup.hidden(c.Identity)})
		for _, d := range all { // the newest first
			for i := range out.Body.Items {
				one := &out.Body.Items[i]
				if !slices.Contains(d.Called, one.Person.ID) || d.Drill == nil {
					continue
				}
				if one.Drills++; one.Last == nil {
					one.Last = &LastDrill{d.ID, d.Drill.Name, d.OpenedAt, slices.Contains(d.Answered, one.Person.ID)}
				}
			}
		}
		return err
	})
	// Who waits longest stands first: whoever never had one.
	slices.SortStableFunc(out.Body.Items, func(x, y DrilledPerson) int {
		switch {
		case x.Last == nil && y.Last == nil:
			return 0
		case x.Last == nil:
			return -1
		case y.Last == nil:
			return 1
		}
		return x.Last.At.Compare(y.Last.At)
	})
	return out, err
}

// MyDrill is what practice there is for somebody.
type MyDrill struct {
	Offer    bool        `json:"offer" doc:"You have never answered a page: a first drill is for you"`
	Answered bool        `json:"answered" doc:"You have answered a page already: none will be offered any more"`
	Running  incident.ID `json:"running,omitempty" doc:"Your first drill, while it goes on"`
}

// lookedForAnswer is how many of somebody's pages are looked through for one that they
// answered.
const lookedForAnswer = 200

func (a *API) myDrill(ctx context.Context, _ *only) (*struct{ Body MyDrill }, error) {
	c, out := asking(ctx), &struct{ Body MyDrill }{}
	me := c.self()
	person, known := c.setup.personOf(me)
	if me == "" || !known || !person.Reachable() || !c.MaySomewhere(org.Respond) {
		return out, nil
	}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		pages, err := tx.Pages(store.PageFilter{Person: me, Limit: lookedForAnswer})
		if err != nil {
			return err
		}
		var ids []incident.ID
		for _, p := range pages {
			if p.Purpose.Alarms() && !slices.Contains(ids, p.Subject) {
				ids = append(ids, p.Subject)
			}
		}
		if err := tx.Preload(ids); err != nil {
			return err
		}
		out.Body.Offer = true
		for _, id := range ids {
			sub, err := tx.Subject(id)
			if err != nil {
				return err
			}
			d := sub.Drill
			if d != nil && d.Guide == incident.GuideFirst && sub.Status.Open() && slices.Contains(d.People, me) {
				out.Body.Running = id
			}
			if slices.Contains(sub.Answered, me) || sub.Owner == me {
				out.Body.Offer, out.Body.Answered = false, true
			}
		}
		return nil
	})
}

package v1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/drill"
)

// drillRoutes are those of practice. What people do in a drill are the verbs of incidents.
var drillRoutes = []route{
	{"GET", "/drills", org.ReadIncidents, house, "drills", "List drills with how each went, newest first", serve((*API).listDrills)},
	{"POST", "/drills", org.Respond, inBody, "drills", "Start a drill", creates((*API).startDrill)},
	{"POST", "/drills/preview", org.Respond, inBody, "drills", "Whom a drill would call, and when; nobody is called", serve((*API).foreseeDrill)},
	{"GET", "/drills/scenarios", org.ReadIncidents, house, "drills", "List what can be practised: what comes with the house, and the teams' own", serve((*API).listScenarios)},
	{"GET", "/drills/people", org.ReadIncidents, house, "drills", "When people had their last drill, and who never had one", serve((*API).drilledPeople)},
	{"GET", "/drills/mine", org.ReadIncidents, house, "drills", "Whether a first drill is for you, and how far it is", serve((*API).myDrill)},
	{"GET", "/drills/{id}", org.ReadIncidents, ofIncident, "drills", "How a drill went, or goes: its score by the definitions that stand beside it", serve((*API).readDrill)},
	{"POST", "/drills/{id}/stop", org.Respond, ofIncident, "drills", "End a drill before its people are done", serve((*API).stopDrill)},
}

// A ScenarioOf is something that can be practised.
type ScenarioOf struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Own      bool          `json:"own,omitempty" doc:"A team wrote it; otherwise it comes with the house"`
	Team     org.TeamID    `json:"team,omitempty"`
	Title    string        `json:"title" doc:"What is wrong, as those read it who are called"`
	Text     string        `json:"text,omitempty"`
	Service  org.ServiceID `json:"service,omitempty" doc:"Absent: it is chosen when one is started"`
	Severity org.Severity  `json:"severity"`
	Minutes  int           `json:"minutes" doc:"How long one goes on at most"`
	Script   int           `json:"script" doc:"How many things happen in it by themselves"`
	Expects  []string      `json:"expects" nullable:"false" doc:"What is expected: keys of checks"`
}

// A DrillOf is a drill as lists have it.
type DrillOf struct {
	ID          incident.ID     `json:"id"`
	Title       string          `json:"title" doc:"What is wrong in it, without the mark that it is a drill"`
	Name        string          `json:"name" doc:"Of the scenario"`
	Scenario    string          `json:"scenario,omitempty"`
	Past        incident.ID     `json:"past,omitempty" doc:"The incident that is practised again"`
	Guide       string          `json:"guide,omitempty" enum:"first,report" doc:"Somebody's first, or a practised report by a form"`
	Status      incident.Status `json:"status" enum:"triggered,acknowledged,snoozed,resolved,closed"`
	Severity    org.Severity    `json:"severity,omitempty"`
	Service     org.ServiceID   `json:"service,omitempty"`
	ServiceName string          `json:"service_name,omitempty"`
	Team        org.TeamID      `json:"team,omitempty"`
	TeamName    string          `json:"team_name,omitempty"`
	By          *PersonRef      `json:"by,omitempty" doc:"Who started it"`
	People      []PersonRef     `json:"people" nullable:"false" doc:"Who was called, or is"`
	Named       bool            `json:"named,omitempty" doc:"Its people were named; otherwise the policy calls"`
	AsReal      bool            `json:"as_real,omitempty" doc:"It may wake people"`
	StartedAt   time.Time       `json:"started_at"`
	Until       time.Time       `json:"until" doc:"When it ends by itself"`
	EndedAt     *time.Time      `json:"ended_at,omitempty"`
	Ended       string          `json:"ended,omitempty" enum:"resolved,stopped,time" doc:"Its people were done, somebody stopped it, or its time was over; absent while it goes on"`
	Met         int             `json:"met" doc:"Of what was expected"`
	Of          int             `json:"of" doc:"How many things were expected"`
}

// A WholeDrill is one with how it went.
type WholeDrill struct {
	DrillOf
	Version  int            `json:"version" doc:"Of the score"`
	Lasted   int64          `json:"lasted_s"`
	Checks   []DrillCheck   `json:"checks" nullable:"false" doc:"What was expected, and how it came"`
	Measures []DrillMeasure `json:"measures" nullable:"false" doc:"By the definitions of the reports"`
	Took     []DrillPerson  `json:"took" nullable:"false" doc:"What each person did"`
	Steps    []DrillStep    `json:"steps" nullable:"false" doc:"Of somebody's first drill, each ticked by the log"`
}

type DrillCheck struct {
	Key      string `json:"key" enum:"acknowledge,come,speak,role,join,runbook,update,resolve"`
	Of       string `json:"of,omitempty" doc:"The role, the runbook, or who was to join"`
	Name     string `json:"name"`
	Sentence string `json:"sentence" doc:"What is reckoned"`
	Want     int64  `json:"want_s,omitempty" doc:"Within how long; absent: at any time"`
	Was      *int64 `json:"was_s,omitempty" doc:"After how long it came; absent: it did not"`
	State    string `json:"state" enum:"met,late,missed,pending"`
}

type DrillMeasure struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	Sentence string `json:"sentence"`
	Value    int64  `json:"value" doc:"Seconds where the unit is s"`
	Known    bool   `json:"known" doc:"It came to that"`
}

type DrillPerson struct {
	Person   PersonRef `json:"person"`
	Called   bool      `json:"called" doc:"An alarm went out to them"`
	Answered bool      `json:"answered"`
	After    int64     `json:"answered_s,omitempty" doc:"How long after their first alarm they answered"`
	Joined   bool      `json:"joined,omitempty"`
	Wrote    int       `json:"wrote,omitempty"`
	Roles    []string  `json:"roles,omitempty"`
	Updates  int       `json:"updates,omitempty"`
}

type DrillStep struct {
	Key string     `json:"key" enum:"page,acknowledge,join,message,role,update,resolve"`
	At  *time.Time `json:"at,omitempty" doc:"When it was done; absent: it is not yet"`
}

type (
	drillStarting struct {
		Body DrillWish
	}
	drillListing struct {
		Team    org.TeamID    `query:"team" maxLength:"64"`
		Service org.ServiceID `query:"service" maxLength:"64"`
		Person  org.PersonID  `query:"person" maxLength:"64" doc:"Who was called in it; me is who asks"`
		Open    bool          `query:"open" doc:"Only those that go on"`
		Paging
	}
	drillOut struct {
		Location string `header:"Location"`
		Body     WholeDrill
	}
	inLanguage struct {
		Language string `query:"language" enum:"en,de" doc:"Of what comes with the house; en without"`
	}
	drillPeopleAsked struct {
		Team org.TeamID `query:"team" maxLength:"64" doc:"The members of a team; everybody without"`
	}
)

// A DrillWish is a drill that somebody wants to start.
type DrillWish struct {
	Scenario string         `json:"scenario,omitempty" maxLength:"64" doc:"What is practised"`
	Past     incident.ID    `json:"past,omitempty" maxLength:"64" doc:"Or an incident that was, played again"`
	Language string         `json:"language,omitempty" enum:"en,de" doc:"Of what comes with the house; en without"`
	Title    string         `json:"title,omitempty" maxLength:"300" doc:"In the place of the scenario's"`
	Service  org.ServiceID  `json:"service,omitempty" maxLength:"64" doc:"In the place of the scenario's"`
	Severity org.Severity   `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4,SEV5" doc:"In the place of the scenario's"`
	People   []org.PersonID `json:"people,omitempty" maxItems:"20" doc:"Who is called, all at once; me is who asks"`
	Policy   bool           `json:"policy,omitempty" doc:"Whoever the policy of the service calls, level by level, in the place of people"`
	AsReal   bool           `json:"as_real,omitempty" doc:"It may wake people. Otherwise whoever sleeps, rests or is away hears of it when that is over"`
	Minutes  int            `json:"minutes,omitempty" minimum:"5" maximum:"480" doc:"When it ends by itself; the scenario's limit without"`
	Guide    string         `json:"guide,omitempty" enum:"first" doc:"first: your own first drill, of which you alone are called"`
}

// scenario is what is practised, by its id: a team's own goes before one of the house.
func (s *setup) scenario(id, language string) (drill.Scenario, error) {
	if r, ok := s.rows[thing{config.Scenario, id}]; ok && !r.Retired {
		return decoded[drill.Scenario](r)
	}
	if v, ok := drill.BuiltInNamed(id, language); ok {
		return v, nil
	}
	return drill.Scenario{}, wrong("body.scenario", fmt.Sprintf("there is no scenario %q", id))
}

// rehearsal is a wish with what it names.
func (a *API) rehearsal(ctx context.Context, w DrillWish) (r engine.Rehearsal, err error) {
	c := asking(ctx)
	r.By = c.Person
	r.Service, r.Severity, r.People, r.Policy, r.AsReal, r.Guide, r.Limit = w.Service, w.Severity, w.People, w.Policy, w.AsReal, w.Guide, time.Duration(w.Minutes)*time.Minute
	if w.Guide == incident.GuideFirst {
		if c.self() == "" {
			return r, wrong("body.guide", "a first drill is a person's")
		}
		w.Scenario, r.People, r.Policy = cmp.Or(w.Scenario, drill.First), []org.PersonID{c.self()}, false
	}
	switch {
	case w.Past != "" && w.Scenario != "":
		return r, wrong("body.past", "name a scenario or a past incident, not both")
	case w.Past != "":
		err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
			if _, err = visible(tx, c.setup, c.Identity, w.Past); err == nil {
				r.Scenario, err = engine.PastScenario(tx, w.Past)
			}
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			err = wrong("body.past", "there is no such incident")
		}
		r.Past = w.Past
	case w.Scenario != "":
		r.Scenario, err = c.setup.scenario(w.Scenario, w.Language)
	default:
		err = wrong("body.scenario", "is missing: what is practised?")
	}
	if err != nil {
		return r, err
	}
	if w.Title != "" {
		r.Scenario.Title = w.Title
	}
	r.Service = cmp.Or(r.Service, r.Scenario.Service)
	r.People = slices.Clone(r.People)
	for i, p := range r.People {
		if p == "me" && c.self() != "" {
			r.People[i] = c.self()
		}
	}
	if r.Service != "" {
		if _, ok := c.setup.services[r.Service]; !ok || c.setup.rows[thing{config.Service, string(r.Service)}].Retired {
			return r, wrong("body.service", fmt.Sprintf("there is no service %q", r.Service))
		}
		return r, c.may(c.setup.services[r.Service].Team)
	}
	if w.Guide != incident.GuideFirst {
		return r, wrong("body.service", "is missing: what is it about?")
	}
	r.Service, r.Team = c.homeOf(c.self())
	return r, c.may(r.Team)
}

// homeOf is where somebody's first drill is: in a team in which they may respond, about one
// of its services, if it has any; otherwise about any service for which they may.
func (c *caller) homeOf(p org.PersonID) (service org.ServiceID, team org.TeamID) {
	for _, r := range c.setup.all { // by id
		t, err := decoded[org.Team](r)
		if r.Kind != config.Team || r.Retired || err != nil || !slices.Contains(t.Members, p) || !c.May(c.deed, t.ID) {
			continue
		}
		if team == "" {
			team = t.ID
		}
		for _, v := range c.setup.all {
			if v.Kind == config.Service && !v.Retired && c.setup.services[org.ServiceID(v.ID)].Team == t.ID {
				return org.ServiceID(v.ID), t.ID
			}
		}
	}
	for _, v := range c.setup.all {
		if id := org.ServiceID(v.ID); team == "" && v.Kind == config.Service && !v.Retired && c.May(c.deed, c.setup.services[id].Team) {
			return id, c.setup.services[id].Team
		}
	}
	return "", team
}

func (a *API) startDrill(ctx context.Context, in *drillStarting) (*drillOut, error) {
	r, err := a.rehearsal(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	id, err := a.engine.StartDrill(ctx, asking(ctx).Actor(), r, a.now())
	if err != nil {
		return nil, err
	}
	out, err := a.drill(ctx, id)
	if err == nil {
		out.Location = Prefix + "/drills/" + string(id)
	}
	return out, err
}

// A DrillForeseen is what a drill would be.
type DrillForeseen struct {
	Title    string         `json:"title"`
	Severity org.Severity   `json:"severity"`
	Service  org.ServiceID  `json:"service,omitempty"`
	Calls    []ForeseenCall `json:"calls" nullable:"false" doc:"If nobody answered"`
}

type ForeseenCall struct {
	Person PersonRef  `json:"person"`
	After  int64      `json:"after_s"`
	Level  int        `json:"level,omitempty" doc:"From 1; absent: by name"`
	Rests  *time.Time `json:"rests,omitempty" doc:"They sleep, rest or are away, and would hear of it then"`
}

func (a *API) foreseeDrill(ctx context.Context, in *drillStarting) (*struct{ Body DrillForeseen }, error) {
	r, err := a.rehearsal(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	calls, err := a.engine.ForeseeDrill(ctx, r, a.now())
	if err != nil {
		return nil, err
	}
	s := asking(ctx).setup
	out := &struct{ Body DrillForeseen }{DrillForeseen{Title: r.Scenario.Title, Severity: cmp.Or(r.Severity, r.Scenario.Severity), Service: r.Service, Calls: []ForeseenCall{}}}
	for _, f := range calls {
		out.Body.Calls = append(out.Body.Calls, ForeseenCall{PersonRef{f.Person, s.person(f.Person)}, int64(f.After / time.Second), f.Level, shown(f.Rests)})
	}
	return out, nil
}

func (a *API) stopDrill(ctx context.Context, in *because) (*drillOut, error) {
	if err := a.engine.StopDrill(ctx, in.ID, asking(ctx).Actor(), in.why(), a.now()); err != nil {
		return nil, err
	}
	return a.drill(ctx, in.ID)
}

func (a *API) readDrill(ctx context.Context, in *IncidentID) (*drillOut, error) {
	return a.drill(ctx, in.ID)
}

func (a *API) drill(ctx context.Context, id incident.ID) (*drillOut, error) {
	c, out := asking(ctx), &drillOut{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, id)
		if err == nil && !sub.IsDrill() {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		score, log, seen, err := engine.ScoreOfDrill(tx, id, a.now())
		if err != nil {
			return err
		}
		out.Body = c.setup.wholeDrill(sub.Incident, score)
		if d := sub.Drill; d != nil && d.Guide == incident.GuideFirst && len(d.People) == 1 {
			for _, s := range drill.Steps(log, seen, d.People[0]) {
				out.Body.Steps = append(out.Body.Steps, DrillStep{s.Key, shown(s.At)})
			}
		}
		return nil
	})
}

func (a *API) listDrills(ctx context.Context, in *drillListing) (*pageOf[DrillOf], error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	out := &pageOf[DrillOf]{Body: page[DrillOf]{Items: []DrillOf{}}}
	if in.Person == "me" {
		if in.Person = c.self(); in.Person == "" {
			return out, nil
		}
	}
	f := store.Filter{Team: in.Team, Service: in.Service, Paged: in.Person, Open: in.Open, Hidden: c.setup.hidden(c.Identity), Before: incident.ID(after), Limit: in.Limit + 1}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := engine.DrilledLately(tx, f)
		if err != nil {
			return err
		}
		if len(all) > in.Limit {
			all = all[:in.Limit]
			out.Body.Next = in.after(string(all[in.Limit-1].ID))
		}
		for _, one := range all {
			score, _, _, err := engine.ScoreOfDrill(tx, one.ID, a.now())
			if err != nil {
				return err
			}
			out.Body.Items = append(out.Body.Items, c.setup.drillOf(one, score))
		}
		return nil
	})
}

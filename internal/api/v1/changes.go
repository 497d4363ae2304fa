package v1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// ChangeOf is something that somebody wants to change, or did.
type ChangeOf struct {
	ID        incident.ID          `json:"id"`
	Title     string               `json:"title"`
	Class     org.ChangeClass      `json:"class" enum:"standard,normal,emergency"`
	Risk      string               `json:"risk,omitempty" enum:"low,medium,high"`
	Services  []ServiceRef         `json:"services" nullable:"false"`
	Starts    time.Time            `json:"starts" doc:"As it is planned"`
	Ends      time.Time            `json:"ends"`
	State     incident.ChangeState `json:"state" enum:"requested,approved,denied,started,done,cancelled"`
	Outcome   incident.Outcome     `json:"outcome,omitempty" enum:"worked,backed_out,failed"`
	At        time.Time            `json:"at" doc:"When it was asked for"`
	Person    PersonRef            `json:"person" doc:"Who asked"`
	Owner     PersonRef            `json:"owner" doc:"Who makes it"`
	Priority  org.Priority         `json:"priority" enum:"high,low" doc:"With which those who decide are asked"`
	Incident  incident.ID          `json:"incident,omitempty" doc:"In which it is made"`
	Override  int                  `json:"override,omitempty" doc:"The emergency override of that incident by which it was approved"`
	DecidedAt *time.Time           `json:"decided_at,omitempty"`
	StartedAt *time.Time           `json:"started_at,omitempty"`
	EndedAt   *time.Time           `json:"ended_at,omitempty" doc:"When it was done, denied or cancelled"`
	Overran   bool                 `json:"overran,omitempty" doc:"It was to be done by now"`
	Own       bool                 `json:"own,omitempty" doc:"It is your own: others decide"`
	MayDecide bool                 `json:"may_decide,omitempty" doc:"You are among those who decide, and it waits"`
	MayAmend  bool                 `json:"may_amend,omitempty" doc:"You asked for it, or make it, and nobody has begun"`
}

// WholeChange is a change with all that was said of it.
type WholeChange struct {
	ChangeOf
	Version   int          `json:"version" doc:"Counts what was asked for: the first is 1, and every edit makes another"`
	Plan      string       `json:"plan,omitempty"`
	BackOut   string       `json:"back_out,omitempty" doc:"How it is undone"`
	Text      string       `json:"text,omitempty" doc:"How it went, or why it was denied or cancelled"`
	Approvers []org.Target `json:"approvers" nullable:"false" doc:"Whom the request names"`
	Board     org.PolicyID `json:"board,omitempty" doc:"The policy that is climbed for it"`
	Needs     int          `json:"needs" doc:"How many must approve"`
	Approvals []ApprovalOf `json:"approvals" nullable:"false"`
	Asked     []PersonRef  `json:"asked" nullable:"false" doc:"Who was called to decide"`
	History   []Line       `json:"history" nullable:"false" doc:"All that happened, the oldest first"`
	Conflicts []Conflict   `json:"conflicts" nullable:"false" doc:"What is in its way, while it is not over"`
}

// ServiceRef names a service.
type ServiceRef struct {
	ID   org.ServiceID `json:"id"`
	Name string        `json:"name"`
}

// ApprovalOf is a word for a change.
type ApprovalOf struct {
	Person *PersonRef `json:"person,omitempty" doc:"Nobody: a grant or an override allows it"`
	How    string     `json:"how" enum:"person,grant,override"`
	Why    string     `json:"why,omitempty"`
	At     time.Time  `json:"at"`
}

// ofChange finds the team that a change belongs to: that of its first service.
var ofChange = scope{name: "change", read: org.ReadIncidents, find: teamOfChange}

func teamOfChange(a *API, r *http.Request, s *setup, who auth.Identity) (team org.TeamID, err error) {
	err = a.store.Read(r.Context(), func(tx *store.Tx) error {
		in, err := seenChange(tx, s, who, incident.ID(r.PathValue("id")))
		team = in.Team
		return err
	})
	return team, err
}

// seenChange reads a change that somebody may see: all of its services.
func seenChange(tx *store.Tx, s *setup, who auth.Identity, id incident.ID) (incident.Incident, error) {
	sub, err := tx.Subject(id)
	if err != nil {
		return incident.Incident{}, err
	}
	if sub.Change == nil {
		return incident.Incident{}, store.ErrNotFound
	}
	for _, service := range sub.Change.Services {
		if s.hides(who, service) {
			return incident.Incident{}, store.ErrNotFound
		}
	}
	return sub.Incident, nil
}

func (s *setup) change(in incident.Incident, w escalate.World, self org.PersonID, now time.Time) ChangeOf {
	c := in.Change
	ref := func(p org.PersonID) PersonRef { return PersonRef{p, s.person(p)} }
	return ChangeOf{
		ID: in.ID, Title: in.Title, Class: c.Class, Risk: c.Risk, Services: s.serviceRefs(c.Services), Starts: c.Starts, Ends: c.Ends, State: c.State, Outcome: c.Outcome,
		At: in.OpenedAt, Person: ref(c.Person), Owner: ref(c.Owner), Priority: in.Priority, Incident: c.Incident, Override: c.Override,
		DecidedAt: shown(c.DecidedAt), StartedAt: shown(c.StartedAt), EndedAt: shown(c.EndedAt), Overran: c.Overran && c.State == incident.ChangeBegun,
		MayAmend: self != "" && (self == c.Person || self == c.Owner) && (c.State == incident.ChangeWaits || c.State == incident.ChangeMay),
		Own:      c.Wrote(self), MayDecide: c.State == incident.ChangeWaits && !c.Wrote(self) && engine.MayDecide(in, w, self, now),
	}
}

func (s *setup) serviceRefs(all []org.ServiceID) []ServiceRef {
	out := make([]ServiceRef, len(all))
	for i, id := range all {
		out[i] = ServiceRef{id, s.service(id)}
	}
	return out
}

// service is what people call a service.
func (s *setup) service(id org.ServiceID) string {
	if name := s.names[thing{config.Service, string(id)}]; name != "" {
		return name
	}
	return string(id)
}

// changeRules are those of the settings.
func (s *setup) changeRules() resolve.Rules {
	var settings org.Settings
	if json.Unmarshal(s.rows[thing{config.Settings, config.Settings}].Body, &settings) != nil {
		return resolve.Rules{}
	}
	return resolve.NewRules(settings.Changes)
}

type (
	oneChange struct{ Body WholeChange }
	newChange struct {
		Location string `header:"Location"`
		Body     WholeChange
	}
	changesAsked struct {
		Paging
		Service org.ServiceID        `query:"service" maxLength:"64"`
		State   incident.ChangeState `query:"state" enum:"requested,approved,denied,started,done,cancelled"`
		Open    bool                 `query:"open" doc:"Only what is asked for, approved or being made"`
	}
)

func (a *API) listChanges(ctx context.Context, in *changesAsked) (*pageOf[ChangeOf], error) {
	cursor, err := in.cursor()
	if err != nil {
		return nil, err
	}
	c, now := asking(ctx), a.now()
	var rows []incident.ID
	shown := map[incident.ID]ChangeOf{}
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		w, err := a.engine.World(tx)
		if err != nil {
			return err
		}
		before := incident.ID(cursor)
		for len(rows) <= in.Limit { // what is hidden makes a page no shorter
			ids, err := tx.ChangeIDs(store.ChangesWanted{Service: in.Service, State: in.State, Open: in.Open, Before: before, Limit: in.Limit + 1})
			if err != nil || len(ids) == 0 {
				return err
			}
			if err := tx.Preload(ids); err != nil {
				return err
			}
			for _, id := range ids {
				one, err := seenChange(tx, c.setup, c.Identity, id)
				if errors.Is(err, store.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				rows, shown[id] = append(rows, id), c.setup.change(one, w, c.self(), now)
			}
			if before = ids[len(ids)-1]; len(ids) <= in.Limit {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return paged(in.Paging, rows, "", func(id incident.ID) ChangeOf { return shown[id] }, func(id incident.ID) string { return string(id) }), nil
}

func (a *API) readChange(ctx context.Context, in *ChangeID) (*oneChange, error) {
	out, err := a.wholeChange(ctx, in.ID)
	return &oneChange{out}, err
}

// ChangeID is the path of a change.
type ChangeID struct {
	ID incident.ID `path:"id" maxLength:"64"`
}

func (a *API) wholeChange(ctx context.Context, id incident.ID) (out WholeChange, err error) {
	c, now := asking(ctx), a.now()
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		in, err := seenChange(tx, c.setup, c.Identity, id)
		if err != nil {
			return err
		}
		w, err := a.engine.World(tx)
		if err != nil {
			return err
		}
		log, err := tx.Log(id)
		if err != nil {
			return err
		}
		pages, err := tx.PagesOf(id)
		if err != nil {
			return err
		}
		ch := in.Change
		out = WholeChange{
			ChangeOf: c.setup.change(in, w, c.self(), now), Version: ch.Version(), Plan: ch.Plan, BackOut: ch.BackOut, Text: ch.Text, Approvers: append([]org.Target{}, ch.Approvers...),
			Board: ch.Board, Needs: ch.Enough(), Approvals: []ApprovalOf{}, Asked: []PersonRef{}, History: history(c.setup, log, pages), Conflicts: []Conflict{},
		}
		for _, p := range ch.Approvals {
			one := ApprovalOf{How: p.How, Why: p.Why, At: p.At}
			if p.How == incident.ByPeople {
				one.Person = &PersonRef{p.Person, c.setup.person(p.Person)}
			}
			out.Approvals = append(out.Approvals, one)
		}
		for _, p := range in.Called {
			out.Asked = append(out.Asked, PersonRef{p, c.setup.person(p)})
		}
		if !ch.Over() {
			out.Conflicts, err = a.conflicts(tx, c, wanted{ch.Services, ch.Starts, ch.Ends, id, ch.Incident})
		}
		return err
	})
	return out, err
}

// ChangeBody is a change as somebody wants it.
type ChangeBody struct {
	Title     string          `json:"title" minLength:"1" maxLength:"200"`
	Class     org.ChangeClass `json:"class" enum:"standard,normal,emergency"`
	Risk      string          `json:"risk,omitempty" enum:"low,medium,high"`
	Plan      string          `json:"plan,omitempty" maxLength:"10000" doc:"What is done, in which order; a normal change needs it"`
	BackOut   string          `json:"back_out,omitempty" maxLength:"10000" doc:"How it is undone; a normal change needs it"`
	Services  []org.ServiceID `json:"services" minItems:"1" maxItems:"20" nullable:"false" doc:"It belongs to the team of the first"`
	Starts    time.Time       `json:"starts"`
	Ends      time.Time       `json:"ends"`
	Owner     org.PersonID    `json:"owner,omitempty" maxLength:"64" doc:"Who makes it; you, when it is left out. Nobody decides about what they ask for or make"`
	Approvers []string        `json:"approvers,omitempty" maxItems:"20" nullable:"false" doc:"person:omar, team:dba, schedule:primary; the board, when it is left out"`
	Incident  incident.ID     `json:"incident,omitempty" maxLength:"64" doc:"In which it is made"`
	Override  int             `json:"override,omitempty" minimum:"0" maximum:"1000" doc:"The emergency override of that incident by which it goes before approval and freezes"`
}

type proposing struct{ Body ChangeBody }

// request is a change as the domain wants it, of what the caller may see.
func (a *API) request(c *caller, b ChangeBody) (r resolve.Request, err error) {
	r = resolve.Request{
		Title: b.Title, Class: b.Class, Risk: b.Risk, Plan: b.Plan, BackOut: b.BackOut, Services: b.Services,
		Starts: when(b.Starts), Ends: when(b.Ends), Incident: b.Incident, Override: b.Override,
	}
	if err := c.knows("body.services", b.Services); err != nil {
		return r, err
	}
	if r.Owner, err = somebody(c, "body.owner", b.Owner); err != nil {
		return r, err
	}
	r.Approvers, err = c.approvers(b.Approvers)
	return r, err
}

// approvers are those whom a request names.
func (c *caller) approvers(names []string) (all []org.Target, err error) {
	for i, name := range names {
		var t org.Target
		if err := t.UnmarshalText([]byte(name)); err != nil {
			return nil, wrong(fmt.Sprintf("body.approvers[%d]", i), err.Error())
		}
		id := t.ID
		if t.Kind == config.Schedule {
			id, _ = t.Place()
		}
		if row, ok := c.setup.rows[thing{t.Kind, id}]; !ok || row.Retired {
			return nil, wrong(fmt.Sprintf("body.approvers[%d]", i), fmt.Sprintf("there is no %s %q", t.Kind, id))
		}
		all = append(all, t)
	}
	return all, nil
}

// knows says whether services are there, for the caller.
func (c *caller) knows(location string, services []org.ServiceID) error {
	for i, id := range services {
		if row, ok := c.setup.rows[thing{config.Service, string(id)}]; !ok || row.Retired || c.setup.hides(c.Identity, id) {
			return wrong(fmt.Sprintf("%s[%d]", location, i), fmt.Sprintf("there is no service %q", id))
		}
	}
	return nil
}

func (a *API) propose(ctx context.Context, in *proposing) (*newChange, error) {
	c := asking(ctx)
	r, err := a.request(c, in.Body)
	if err != nil {
		return nil, err
	}
	if err := c.may(c.setup.services[r.Services[0]].Team); err != nil {
		return nil, err
	}
	if r.Incident != "" {
		if err := a.other(ctx, "body.incident", r.Incident); err != nil {
			return nil, err
		}
	}
	id, err := a.engine.Propose(ctx, c.Actor(), c.self(), r, a.now())
	if err != nil {
		return nil, err
	}
	out := &newChange{Location: Prefix + "/changes/" + string(id)}
	out.Body, err = a.wholeChange(ctx, id)
	return out, err
}

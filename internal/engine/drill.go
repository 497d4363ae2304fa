package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
	"tocsin/review/drill"
	"tocsin/review/figures"
)

// A Rehearsal is a drill that somebody wants to begin, and whom it calls: people by name, or
// whoever the policy of its service calls.
type Rehearsal struct {
	drill.Plan
	Policy bool
	By     org.PersonID // who wants it, and so is awake
}

// A stage is a drill that can begin: whom it calls, and its first facts.
type stage struct {
	Rehearsal
	policy org.PolicyID // that calls; "" is that people are called by name
	opened incident.Opened
	begun  incident.Drilled
}

// rehearse completes a plan by the configuration, or says what is missing.
func (s *setup) rehearse(r Rehearsal, now time.Time) (st stage, err error) {
	service, known := s.services[r.Service]
	switch {
	case r.Service != "" && (!known || service.Retired):
		return st, incident.Refuse("service: there is no service %q", r.Service)
	case r.Policy && len(r.People) > 0:
		return st, incident.Refuse("people: name them, or let the policy call, not both")
	case !r.Policy && len(r.People) == 0:
		return st, incident.Refuse("people: who is called?")
	}
	if r.Team == "" {
		r.Team = service.Team
	}
	for i, id := range r.People {
		p, ok := s.people[id]
		switch {
		case !ok || p.Retired:
			return st, incident.Refuse("people: there is no person %q", id)
		case !p.Reachable():
			return st, incident.Refuse("people: %s has no contact method that works", p.Name)
		case slices.Contains(r.People[:i], id):
			return st, incident.Refuse("people: %s stands there twice", p.Name)
		}
	}
	if r.Severity == "" {
		r.Severity = r.Scenario.Severity
	}
	var policy org.PolicyID
	if r.Policy {
		policy = s.policyOf(service, s.settings.Matrix.Asks(r.Severity))
		if p, ok := s.policies[policy]; !ok || p.Retired {
			return st, incident.Refuse("service: %s has no policy that could call anybody: name people", r.Service)
		}
	}
	r.Join = nil
	for _, t := range r.Scenario.Expect.Join {
		g := incident.DrillGroup{Target: t, People: []org.PersonID{org.PersonID(t.ID)}}
		if t.Kind != "person" {
			g.People = s.who(t, now).People
		}
		r.Join = append(r.Join, g)
	}
	opened, begun, err := drill.Begin(r.Plan, now)
	return stage{r, policy, opened, begun}, err
}

// StartDrill begins a drill.
func (e *Engine) StartDrill(ctx context.Context, by incident.Actor, r Rehearsal, now time.Time) (id incident.ID, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		st, err := s.rehearse(r, now)
		if err != nil {
			return err
		}
		id = incident.ID(e.newID(now))
		t := e.tend(tx, s, tx.Create(id), now)
		e.unindexed.Store(true)
		t.add(by, st.opened, st.begun)
		if st.policy != "" {
			t.add(incident.Engine, escalate.Begin(t.in, t.w, st.policy)...)
		} else {
			asked := incident.Asked{Run: 1, Why: "a drill", Priority: st.opened.Priority}
			for _, p := range st.People {
				asked.Targets = append(asked.Targets, org.Target{Kind: "person", ID: string(p)})
			}
			t.add(incident.Engine, asked)
		}
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return id, err
}

// A Foresight is whom a drill would call, and when.
type Foresight struct {
	After  time.Duration
	Level  int // from 1; 0 is by name
	Person org.PersonID
	Rests  time.Time // it would come only then: they sleep, or want to be left alone
}

// ForeseeDrill says whom a drill would call if nobody answered, and what is wrong with it.
func (e *Engine) ForeseeDrill(ctx context.Context, r Rehearsal, now time.Time) (all []Foresight, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		st, err := s.rehearse(r, now)
		if err != nil {
			return err
		}
		w, err := e.World(tx)
		if err != nil {
			return err
		}
		call := func(at time.Time, level int, p org.PersonID) {
			f := Foresight{After: at.Sub(now), Level: level, Person: p}
			if until, rests := s.people[p].Rests(at); rests && !st.AsReal && p != st.By {
				f.Rests = until
			}
			if p != "" && !slices.ContainsFunc(all, func(had Foresight) bool { return had.Person == p }) {
				all = append(all, f)
			}
		}
		for _, p := range st.People {
			call(now, 0, p)
		}
		if st.policy == "" {
			return nil
		}
		p, _ := w.Policy(st.policy, 0)
		for _, seen := range escalate.Preview(p, st.Severity, st.opened.Priority, w, now) {
			f, ok := seen.Fact.(incident.Called)
			if !ok || !seen.At.Before(st.begun.Until) {
				continue
			}
			for _, c := range f.Calls {
				call(seen.At, f.Level+1, c.Person)
			}
		}
		return nil
	})
	return all, err
}

// StopDrill ends a drill before its people are done.
func (e *Engine) StopDrill(ctx context.Context, id incident.ID, by incident.Actor, why string, now time.Time) error {
	_, err := e.Do(ctx, id, by, now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return drill.Stop(in, why)
	})
	return err
}

// mostSaid is how many messages of a drill's room its score counts.
const mostSaid = 500

// ObservedIn is what happened in a drill beside its log.
func ObservedIn(tx *store.Tx, id incident.ID) (o drill.Observed, err error) {
	alarms, err := tx.AlarmsOfMany([]incident.ID{id})
	if err != nil {
		return o, err
	}
	for _, a := range alarms[id] {
		o.Alarms = append(o.Alarms, figures.Page(a))
	}
	said, err := tx.MessagesAfter(string(id), 0, mostSaid)
	if errors.Is(err, store.ErrNotFound) {
		return o, nil
	}
	for _, m := range said {
		if p := m.By.Person(); p != "" {
			o.Said = append(o.Said, drill.Said{At: m.At, Person: p})
		}
	}
	return o, err
}

// ScoreOfDrill reckons how a drill went, or goes.
func ScoreOfDrill(tx *store.Tx, id incident.ID, now time.Time) (s drill.Score, log incident.Log, o drill.Observed, err error) {
	if log, err = tx.Log(id); err != nil {
		return s, nil, o, err
	}
	if o, err = ObservedIn(tx, id); err != nil {
		return s, log, o, err
	}
	return drill.ScoreOf(id, log, o, now), log, o, nil
}

// PastScenario is a scenario made of an incident that was.
func PastScenario(tx *store.Tx, id incident.ID) (s drill.Scenario, err error) {
	sub, err := tx.Subject(id)
	if err != nil {
		return s, err
	}
	if sub.Sort != "" {
		return s, incident.Refuse("past: only an incident that was can be practised again")
	}
	if sub.Status.Open() {
		return s, incident.Refuse("past: %s is not over yet", sub.Title)
	}
	log, err := tx.Log(id)
	if err != nil {
		return s, err
	}
	alerts, err := tx.AlertsOf(id)
	if err != nil {
		return s, err
	}
	text := ""
	if len(alerts) > 0 {
		text = alerts[0].Last.Text
	}
	return drill.OfPast(sub.Incident, log, text), nil
}

// practised are the ends of the steps of runbooks that the house would be at work on: in a
// drill it does nothing outside.
func (t *tending) practised() (facts []incident.Fact) {
	if !t.in.IsDrill() || t.in.Room == nil {
		return nil
	}
	for _, r := range t.in.Room.Runbooks {
		for i, s := range r.Steps {
			if s.State == incident.StepRunning {
				facts = append(facts, runbook.Came(t.in, r.ID, i+1, s.Try, incident.StepEnded{How: incident.StepDone, Outcome: "practised: nothing was sent"})...)
			}
		}
	}
	return facts
}

// restsFrom says whether somebody is to be left alone by a drill: they rest, and have no
// part in it yet.
func (t *tending) restsFrom(p org.PersonID) bool {
	if p == "" || !t.in.LeavesAlone(p) {
		return false
	}
	if t.in.Owner == p || slices.Contains(t.in.Answered, p) || slices.Contains(t.in.Working(), p) {
		return false
	}
	_, rests := t.s.people[p].Rests(t.now)
	return rests
}

// DrilledLately are the newest drills, of which lists and people's own are made.
func DrilledLately(tx *store.Tx, f store.Filter) ([]incident.Incident, error) {
	f.Drills = store.OnlyDrills
	rows, err := tx.Subjects(f)
	if err != nil {
		return nil, err
	}
	ids := make([]incident.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	if err := tx.Preload(ids); err != nil {
		return nil, err
	}
	all := make([]incident.Incident, len(ids))
	for i, id := range ids {
		sub, err := tx.Subject(id)
		if err != nil {
			return nil, fmt.Errorf("drill %s: %w", id, err)
		}
		all[i] = sub.Incident
	}
	return all, nil
}

package sim

import (
	"context"
	"encoding/json"
	"fmt"
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

// drillKey names the last drill in a script.
const drillKey = "drill"

// lastDrill is the drill that was started last.
func (p *player) lastDrill(tx *store.Tx) (incident.ID, error) {
	rows, err := tx.Subjects(store.Filter{Limit: 1, Drills: store.OnlyDrills})
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("no drill was started yet")
	}
	if err != nil {
		return "", err
	}
	return rows[0].ID, nil
}

// scenario is one of the set-up, or of those that come with the house.
func (p *player) scenario(ctx context.Context, id string) (s drill.Scenario, err error) {
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.ConfigOf(config.Scenario)
		for _, r := range rows {
			if r.ID == id && err == nil {
				return json.Unmarshal(r.Body, &s)
			}
		}
		return err
	})
	if err != nil || s.ID != "" {
		return s, err
	}
	s, ok := drill.BuiltInNamed(id, "en")
	if !ok {
		err = fmt.Errorf("there is no scenario %q", id)
	}
	return s, err
}

func (p *player) drills(ctx context.Context, w words) error {
	s, err := p.scenario(ctx, w["SCENARIO"])
	if err != nil {
		return err
	}
	return p.startsDrill(ctx, w, engine.Rehearsal{Plan: drill.Plan{Scenario: s, Service: org.ServiceID(w["SERVICE"])}})
}

func (p *player) drillsAgain(ctx context.Context, w words) error {
	id, err := p.subject(ctx, words{"KEY": w["CAUSE"]})
	if err != nil {
		return err
	}
	var s drill.Scenario
	if err := p.store.Read(ctx, func(tx *store.Tx) (err error) { s, err = engine.PastScenario(tx, id); return err }); err != nil {
		return err
	}
	return p.startsDrill(ctx, w, engine.Rehearsal{Plan: drill.Plan{Scenario: s, Past: id, Service: s.Service}})
}

// startsDrill begins one: of those it names, or of whoever the policy calls.
func (p *player) startsDrill(ctx context.Context, w words, r engine.Rehearsal) error {
	r.AsReal, r.Policy = w[""] == "real", w["PEOPLE"] == ""
	for _, one := range strings.Split(w["PEOPLE"], ",") {
		if one != "" {
			r.People = append(r.People, org.PersonID(one))
		}
	}
	_, err := p.engine.StartDrill(ctx, incident.ByPerson(org.PersonID(w["PERSON"])), r, p.now)
	return err
}

func (p *player) stopsDrill(ctx context.Context, w words) error {
	id, err := p.subject(ctx, words{"KEY": drillKey})
	if err != nil {
		return err
	}
	return p.engine.StopDrill(ctx, id, incident.ByPerson(org.PersonID(w["PERSON"])), w["TEXT"], p.now)
}

// showScore shows how the last drill went, or goes.
func (p *player) showScore(ctx context.Context, _ words) error {
	return p.store.Read(ctx, func(tx *store.Tx) error {
		id, err := p.lastDrill(tx)
		if err != nil {
			return err
		}
		s, _, _, err := engine.ScoreOfDrill(tx, id, p.now)
		if err != nil {
			return err
		}
		ended := s.Ended
		if ended == "" {
			ended = "goes on"
		}
		p.say(markShown, "%d of %d, %s after %s", s.Met, s.Of, ended, s.Lasted.Round(time.Second))
		for _, c := range s.Checks {
			line := c.Key
			if c.Of != "" {
				line += " " + c.Of
			}
			line += ": " + c.State
			if c.Was != figures.Never {
				line += " after " + c.Was.Round(time.Second).String()
			}
			if c.Want > 0 {
				line += " (within " + c.Want.String() + ")"
			}
			p.say(markShown, "%s", line)
		}
		return nil
	})
}

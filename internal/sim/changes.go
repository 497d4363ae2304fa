package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// What people change, and ask each other about it.

// plainly is a decision that asks nothing of the world.
func plainly(verb func(incident.Incident) ([]incident.Fact, error)) engine.Decision {
	return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return verb(in) }
}

func (p *player) proposes(ctx context.Context, w words) error {
	r := resolve.Request{
		Title: w["TITLE"], Class: org.ChangeClass(w["CLASS"]), Plan: "as always", BackOut: "undo it", Owner: org.PersonID(w["OTHER"]),
		Starts: p.now.Add(w.duration()),
	}
	r.Ends = r.Starts.Add(time.Hour)
	for _, id := range strings.Split(w["SERVICES"], ",") {
		r.Services = append(r.Services, org.ServiceID(id))
	}
	if w["TARGETS"] != "" {
		for _, name := range strings.Split(w["TARGETS"], ",") {
			var t org.Target
			if err := t.UnmarshalText([]byte(name)); err != nil {
				return err
			}
			r.Approvers = append(r.Approvers, t)
		}
	}
	if w["NUMBER"] != "" {
		var err error
		if r.Override, err = strconv.Atoi(w["NUMBER"]); err != nil {
			return err
		}
		if r.Incident, err = p.subject(ctx, w); err != nil {
			return err
		}
	}
	person := org.PersonID(w["PERSON"])
	_, err := p.engine.Propose(ctx, incident.ByPerson(person), person, r, p.now)
	return err
}

func (p *player) amends(ctx context.Context, w words) error {
	id, err := p.lastChange(ctx)
	if err != nil {
		return err
	}
	text, person := w["TEXT"], org.PersonID(w["PERSON"])
	a, owner := resolve.Amendment{}, org.PersonID(text)
	switch w["TITLE"] {
	case "title":
		a.Title = &text
	case "plan":
		a.Plan = &text
	case "owner":
		a.Owner = &owner
	default:
		return fmt.Errorf("%q is none of title, plan, owner", w["TITLE"])
	}
	return p.engine.AmendChange(ctx, id, incident.ByPerson(person), person, a, p.now)
}

// lastChange is the newest, whoever asked for it.
func (p *player) lastChange(ctx context.Context) (id incident.ID, err error) {
	return id, p.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.ChangeIDs(store.ChangesWanted{Limit: 1})
		if err == nil && len(all) == 0 {
			err = errors.New("nobody has asked for a change yet")
		}
		if err == nil {
			id = all[0]
		}
		return err
	})
}

func (p *player) decides(ctx context.Context, w words) error {
	id, err := p.lastChange(ctx)
	if err != nil {
		return err
	}
	return p.engine.Decide(ctx, id, org.PersonID(w["PERSON"]), w[""] == "approves", 0, w["TEXT"], p.now)
}

func (p *player) pressesFor(ctx context.Context, w words) error {
	id, err := p.lastChange(ctx)
	if err != nil {
		return err
	}
	var page store.PageRow
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		pages, err := tx.PagesOf(id)
		for _, one := range pages {
			if string(one.Person) == w["PERSON"] && one.Purpose.Alarms() && !one.SentAt.IsZero() {
				page = one
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	said, err := p.engine.Answer(ctx, page, map[string]int{"yes": 1, "no": 2}[w[""]], p.now)
	if err == nil {
		p.say(markReply, "%s", said)
	}
	return err
}

func (p *player) startsChange(ctx context.Context, w words) error {
	id, err := p.lastChange(ctx)
	if err != nil {
		return err
	}
	return p.engine.BeginChange(ctx, id, incident.ByPerson(org.PersonID(w["PERSON"])), p.now)
}

// toChange does something to the last change, as whoever makes it.
func (p *player) toChange(ctx context.Context, by incident.Actor, verb func(incident.Incident) ([]incident.Fact, error)) error {
	id, err := p.lastChange(ctx)
	if err != nil {
		return err
	}
	_, err = p.engine.Do(ctx, id, by, p.now, plainly(verb))
	return err
}

func (p *player) changeEnds(ctx context.Context, w words) error {
	how := cmp.Or(map[string]incident.Outcome{"worked": incident.ChangeWorked, "failed": incident.ChangeFailed}[w[""]], incident.ChangeBackedOut)
	return p.toChange(ctx, incident.ByPerson("jane"), func(in incident.Incident) ([]incident.Fact, error) { return resolve.Finish(in, how, w["TEXT"]) })
}

func (p *player) cancelsChange(ctx context.Context, w words) error {
	return p.toChange(ctx, incident.ByPerson(org.PersonID(w["PERSON"])), func(in incident.Incident) ([]incident.Fact, error) {
		return resolve.Cancel(in, w["TEXT"])
	})
}

func (p *player) overrides(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.engine.Override(ctx, id, org.PersonID(w["PERSON"]), incident.Overridden{Reason: w["TEXT"], Until: p.now.Add(w.duration())}, p.now)
}

func (p *player) reviews(ctx context.Context, w words) error {
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.does(ctx, w, plainly(func(in incident.Incident) ([]incident.Fact, error) {
		return resolve.Review(in, n, org.PersonID(w["PERSON"]), true, w["TEXT"], p.now)
	}))
}

func (p *player) endsOverride(ctx context.Context, w words) error {
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.does(ctx, w, plainly(func(in incident.Incident) ([]incident.Fact, error) { return resolve.EndOverride(in, n, "", p.now) }))
}

func (p *player) pipeline(ctx context.Context, w words) error {
	from := org.IntegrationID(cmp.Or(w["INTEGRATION"], "monitoring"))
	ev := alert.Event{Action: alert.Change, Title: w["TEXT"], Labels: map[string]string{"change": "deployment"}, At: p.now}
	return p.engine.Hear(ctx, from, []alert.Event{ev}, nil, p.now)
}

func (p *player) showChange(ctx context.Context, _ words) error {
	id, err := p.lastChange(ctx)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(id)
		for _, e := range log {
			p.say(markShown, "%s: %s", e.By.Name(), e.Fact)
		}
		return err
	})
}

func (p *player) showSuspects(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err != nil {
			return err
		}
		all, err := p.engine.Suspects(tx, sub.Incident)
		for _, s := range all {
			p.say(markShown, "%d %s: %s", s.Score, s.Title, strings.Join(s.Why, ", "))
		}
		return err
	})
}

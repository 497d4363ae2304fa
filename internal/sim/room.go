package sim

import (
	"context"
	"strconv"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/investigate"
	"tocsin/org"
	"tocsin/resolve"
)

// What people do in the room.

func (p *player) gives(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return investigate.Give(in, w["ROLE"], org.PersonID(w["OTHER"]))
	})
}

func (p *player) wants(ctx context.Context, w words) error {
	now, due := p.now, time.Time{}
	if d := w.duration(); d > 0 {
		due = now.Add(d)
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return investigate.AddTask(in, investigate.Wish{Title: w["TEXT"], Owner: org.PersonID(w["OTHER"]), Due: due}, now)
	})
}

func (p *player) did(ctx context.Context, w words) error {
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return investigate.FinishTask(in, n, "")
	})
}

func (p *player) stages(ctx context.Context, w words) error {
	now, watch := p.now, w.duration()
	if watch == 0 {
		watch = resolve.UsualWatch
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Advance(in, incident.Stage(w["STAGE"]), watch, w["TEXT"], now)
	})
}

func (p *player) confirms(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Confirm(in, incident.Stage(w["STAGE"]), org.PersonID(w["PERSON"]), "")
	})
}

func (p *player) handsOver(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		facts, err := investigate.HandOn(in, org.PersonID(w["OTHER"]), w["TEXT"])
		if err != nil {
			return nil, err
		}
		call, err := escalate.AddResponders(in, []org.Target{{Kind: "person", ID: w["OTHER"]}}, "handed over")
		return append(facts, call...), err
	})
}

func (p *player) merges(ctx context.Context, w words) error {
	from, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	into, err := p.subject(ctx, words{"KEY": w["CAUSE"]})
	if err != nil {
		return err
	}
	return p.engine.Merge(ctx, from, into, incident.ByPerson(org.PersonID(w["PERSON"])), p.now)
}

func (p *player) parts(ctx context.Context, w words) error {
	a, err := p.alert(ctx, w["KEY"])
	if err != nil {
		return err
	}
	_, err = p.engine.Part(ctx, a.Subject, []string{a.ID}, incident.ByPerson(org.PersonID(w["PERSON"])), p.now)
	return err
}

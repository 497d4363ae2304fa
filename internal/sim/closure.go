package sim

import (
	"context"
	"strconv"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review"
)

// What people do once it is over.

func (p *player) drafts(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err == nil {
		err = p.engine.DraftRetro(ctx, id, incident.ByPerson(org.PersonID(w["PERSON"])), time.UTC, p.now)
	}
	return err
}

func (p *player) writes(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	var now store.RetroText
	if err := p.store.Read(ctx, func(tx *store.Tx) (err error) { now, err = tx.RetroSection(id, w["SECTION"]); return err }); err != nil {
		return err
	}
	_, err = p.engine.WriteRetro(ctx, id, w["SECTION"], now.Version, w["TEXT"], incident.ByPerson(org.PersonID(w["PERSON"])), p.now)
	return err
}

func (p *player) submits(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return review.Submit(in, []org.PersonID{org.PersonID(w["OTHER"])}, "", org.PersonID(w["PERSON"]))
	})
}

func (p *player) signs(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err == nil {
		err = p.engine.SignRetro(ctx, id, org.PersonID(w["PERSON"]), "", p.now)
	}
	return err
}

func (p *player) publishes(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	var pages []org.StatusPageID
	if w["PAGE"] != "" {
		pages = append(pages, org.StatusPageID(w["PAGE"]))
	}
	return p.engine.PublishRetro(ctx, id, incident.ByPerson(org.PersonID(w["PERSON"])), org.Audience(w["AUDIENCE"]), pages, time.UTC, p.now)
}

func (p *player) promises(ctx context.Context, w words) error {
	now, due := p.now, time.Time{}
	if d := w.duration(); d > 0 {
		due = now.Add(d)
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return review.Add(in, review.Wish{Title: w["TEXT"], Owner: org.PersonID(w["OTHER"]), Due: due}, now)
	})
}

func (p *player) finishesAction(ctx context.Context, w words) error {
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return review.Finish(in, n, "") })
}

func (p *player) saysOfAction(ctx context.Context, w words) error {
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return review.Note(in, n, w["TEXT"])
	})
}

func (p *player) learns(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return review.Learn(in, w["TEXT"], nil)
	})
}

func (p *player) closes(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err == nil {
		err = p.engine.Close(ctx, id, incident.ByPerson(org.PersonID(w["PERSON"])), "", p.now)
	}
	return err
}

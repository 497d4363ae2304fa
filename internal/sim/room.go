package sim

import (
	"context"
	"strconv"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/investigate"
	"tocsin/org"
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
		return investigate.AddTask(in, w["TEXT"], org.PersonID(w["OTHER"]), due, now)
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

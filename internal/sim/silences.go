package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/org"
)

// labels are those that a line gives an alert.
func (w words) labels() map[string]string {
	list, _ := alert.ParseMatchers(w["LABELS"]) // mean has looked at it
	if len(list) == 0 {
		return nil
	}
	labels := make(map[string]string, len(list))
	for _, m := range list {
		labels[m.Name] = m.Value
	}
	return labels
}

func (p *player) silence(ctx context.Context, w words) error {
	wait, _ := time.ParseDuration(w["WAIT"]) // none: now
	list, err := alert.ParseMatchers(w["MATCHERS"])
	if err != nil {
		return err
	}
	start := p.now.Add(wait)
	made, err := p.engine.Silence(ctx, alert.Silence{
		Integration: org.IntegrationID(w["INTEGRATION"]), Matchers: list, Start: start, End: start.Add(w.duration()), By: "somebody",
	}, nil, p.now)
	p.hushes[w["NAME"]] = made.ID
	return err
}

func (p *player) lasts(ctx context.Context, w words) error {
	id, err := p.hush(w)
	if err != nil {
		return err
	}
	var s alert.Silence
	if err := p.store.Read(ctx, func(tx *store.Tx) (err error) { s, err = tx.Silence(id); return err }); err != nil {
		return err
	}
	s.End = p.now.Add(w.duration())
	made, err := p.engine.Silence(ctx, s, nil, p.now)
	if err == nil {
		p.hushes[w["NAME"]] = made.ID
	}
	return err
}

func (p *player) endsSilence(ctx context.Context, w words) error {
	id, err := p.hush(w)
	if err != nil {
		return err
	}
	return p.engine.EndSilence(ctx, id, "somebody", nil, p.now)
}

// hush is the id of the silence that a line names.
func (p *player) hush(w words) (string, error) {
	id, ok := p.hushes[w["NAME"]]
	if !ok {
		return "", fmt.Errorf("no silence is called %q", strings.TrimSpace(w["NAME"]))
	}
	return id, nil
}

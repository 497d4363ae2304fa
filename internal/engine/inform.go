package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// guideline is how those concerned are told of an incident.
func (s *setup) guideline(in incident.Incident) org.Guideline {
	g, _ := s.settings.Guideline(in.Severity, in.Service, in.Team, in.UpdateEvery)
	return g
}

// Guideline is how those concerned are told of an incident; ok is false when they are not.
func (e *Engine) Guideline(tx *store.Tx, in incident.Incident) (g org.Guideline, ok bool, err error) {
	s, err := e.current(tx)
	if err != nil {
		return g, false, err
	}
	g, ok = s.settings.Guideline(in.Severity, in.Service, in.Team, in.UpdateEvery)
	return g, ok, nil
}

// published puts an update onto the status pages that it goes to.
func (t *tending) published(entry incident.Entry, f incident.Updated) {
	if t.in.IsDrill() {
		return // it was written, and nobody outside reads it
	}
	for _, c := range f.To {
		page, ok := org.StatusOf(c)
		if !ok {
			continue
		}
		t.then = append(t.then, func() error {
			return t.tx.Publish(store.Publication{Page: page, Subject: t.in.ID, Seq: entry.Seq, At: entry.At})
		})
	}
}

// Carry sends a message over a channel, by the first of its providers that is well and
// takes it. It is for what is no page: nobody climbs because of it.
func (e *Engine) Carry(ctx context.Context, name string, m channel.Message, now time.Time) (via string, err error) {
	var all []provider
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err == nil {
			all = slices.Clone(s.providersOf(name))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(all, func(a, b provider) int {
		return cmp.Compare(rank(e.health.ailing(a.id, now)), rank(e.health.ailing(b.id, now)))
	})
	err = refusePage("channel %s is not set up", name)
	for _, p := range all {
		_, err = p.Send(ctx, m)
		e.health.tried(p.id, err, now)
		if o := channel.Classify(err); o != channel.Temporary {
			return p.id, err
		}
	}
	return "", err
}

func rank(ailing bool) int {
	if ailing {
		return 1
	}
	return 0
}

// Carries says whether a channel is set up.
func (e *Engine) Carries(tx *store.Tx, name string) (bool, error) {
	s, err := e.current(tx)
	return err == nil && len(s.providersOf(name)) > 0, err
}

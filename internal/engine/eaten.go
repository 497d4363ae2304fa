package engine

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/internal/store"
)

// previewMost is how many events a preview of something that keeps quiet looks at.
const previewMost = 200_000

// An Eaten is what a silence or a window would have kept quiet.
type Eaten struct {
	Replayed
	Matched int // events that it covers
	Alerts  int // keys of theirs
}

// Ate plays the last days with a silence as if it had been there all the time.
func (e *Engine) Ate(ctx context.Context, s alert.Silence, since, until time.Time) (Eaten, error) {
	s.ID, s.Start, s.End = "preview", since, until.Add(time.Second)
	return e.ate(ctx, since, until, func(rows []store.ConfigRow) ([]store.ConfigRow, []alert.Silence, error) {
		return rows, []alert.Silence{s}, nil
	}, func(*setup) func(time.Time) alert.Silences {
		one := alert.CompileSilences([]alert.Silence{s})
		return func(time.Time) alert.Silences { return one }
	})
}

// AteWindow plays the last days with a maintenance window in place of the one of its id,
// if there is one. A window that begins later is played at the same hours of the week.
func (e *Engine) AteWindow(ctx context.Context, m sift.Maintenance, since, until time.Time) (Eaten, error) {
	return e.ate(ctx, since, until, func(rows []store.ConfigRow) ([]store.ConfigRow, []alert.Silence, error) {
		rows, err := withWindow(rows, m.Earlier(since))
		return rows, nil, err
	}, func(s *setup) func(time.Time) alert.Silences {
		var now alert.Silences
		var good time.Time
		return func(at time.Time) alert.Silences {
			if good.IsZero() || !at.Before(good) {
				on, next := s.sieve.Windows(at)
				on = slices.DeleteFunc(on, func(w alert.Silence) bool { return w.ID != alert.WindowPrefix+m.ID })
				if now, good = alert.CompileSilences(on), next; next.IsZero() {
					good = until.Add(time.Hour)
				}
			}
			return now
		}
	})
}

// Windows are the maintenance windows of the configuration, as they stand at a moment.
func (e *Engine) Windows(tx *store.Tx, now time.Time) ([]sift.Occurrence, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	return s.sieve.Occurrences(now), nil
}

// Covers is a window as a silence that is on now: over its services with their dependents.
func (e *Engine) Covers(ctx context.Context, m sift.Maintenance, now time.Time) (s alert.Silence, err error) {
	s = alert.Silence{Services: m.Services, Start: now, End: now.Add(time.Hour)}
	for _, text := range m.Match {
		ms, err := alert.ParseMatchers(text)
		if err != nil {
			return s, err
		}
		s.Matchers = append(s.Matchers, ms...)
	}
	return s, e.store.Read(ctx, func(tx *store.Tx) error {
		have, err := e.current(tx)
		if err == nil && m.Dependents {
			s.Services = have.sieve.Covered(m, have.services)
		}
		return err
	})
}

// withWindow is a configuration with one more window.
func withWindow(rows []store.ConfigRow, m sift.Maintenance) ([]store.ConfigRow, error) {
	var all sift.Sifting
	if i := slices.IndexFunc(rows, func(r store.ConfigRow) bool { return r.Kind == "sifting" && !r.Retired }); i >= 0 {
		if err := json.Unmarshal(rows[i].Body, &all); err != nil {
			return nil, err
		}
	}
	all.Windows = append(slices.DeleteFunc(all.Windows, func(w sift.Maintenance) bool { return w.ID == m.ID }), m)
	body, err := json.Marshal(all)
	return overlaid(rows, []store.Change{{Kind: "sifting", ID: "sifting", Body: body}}), err
}

// ate compares the house with one that has something more to keep it quiet.
func (e *Engine) ate(ctx context.Context, since, until time.Time, more func([]store.ConfigRow) ([]store.ConfigRow, []alert.Silence, error), over func(*setup) func(time.Time) alert.Silences) (r Eaten, err error) {
	r.From, r.To, r.Whole, r.most = since, until, true, previewMost
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		if err != nil {
			return err
		}
		before, err := e.replaying(tx, rows)
		if err != nil {
			return err
		}
		changed, silences, err := more(rows)
		if err != nil {
			return err
		}
		after, err := e.replaying(tx, changed, silences...)
		if err != nil {
			return err
		}
		keys, covers := map[store.AlertKey]bool{}, over(after.s)
		after.heard = func(k store.KeptEvent) {
			if k.Event.Action == alert.Trigger && len(covers(k.At).Over(after.s.alertOf(k), k.At)) > 0 {
				r.Matched++
				keys[store.AlertKey{Integration: k.Integration, Key: k.Event.Key}] = true
			}
		}
		if err := e.play(ctx, tx, &r.Replayed, before, after); err != nil {
			return err
		}
		r.Before, r.After, r.Alerts = before.played(), after.played(), len(keys)
		r.Gone, r.Come = apart(before.pages, after.pages), apart(after.pages, before.pages)
		return nil
	})
	return r, err
}

// alertOf is the alert that an event would be of.
func (s *setup) alertOf(k store.KeptEvent) alert.Alert {
	in := s.integrations[k.Integration]
	in.ID = k.Integration
	ev := s.sieve.Enrich(k.Event, in)
	c := alert.Categorize(ev, in, s.rules, s.services, s.settings)
	return alert.Alert{Integration: k.Integration, Key: ev.Key, Service: c.Service, Severity: c.Severity, Title: ev.Title, Last: ev}
}

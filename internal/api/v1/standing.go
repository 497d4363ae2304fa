package v1

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A NextLevel is what a climb does by itself, if nobody does anything.
type NextLevel struct {
	At    time.Time `json:"at"`
	Level int       `json:"level,omitempty" doc:"Called then, from 1; absent when there is none left to call"`
	Round int       `json:"round" doc:"From 1"`
	Text  string    `json:"text" doc:"In words: escalates to level 2"`
}

// standing is an incident as lists and its own page begin: how it stands, and with the
// names that people use. Whoever may read incidents may not always read the setup.
func (a *API) standing(tx *store.Tx, s *setup, in incident.Incident) (Incident, error) {
	out := Incident{
		ID: in.ID, Title: in.Title, Status: in.Status, Severity: in.Severity, Priority: in.Priority, Service: in.Service, Team: in.Team, Integration: in.Integration, Drill: in.IsDrill(),
		Owner: in.Owner, Held: in.Held, Alerts: in.Alerts, OpenedAt: shown(in.OpenedAt), ResolvedAt: shown(in.ResolvedAt), ChangedAt: shown(in.At), Lines: in.Seq,
		OwnedAt: shown(in.OwnedAt), AckUntil: shown(in.AckUntil), SnoozeUntil: shown(in.SnoozeUntil), WaitsFor: waitsFor(in),
		ServiceName: s.names[thing{config.Service, string(in.Service)}], TeamName: s.names[thing{config.Team, string(in.Team)}],
	}
	if in.Owner != "" {
		out.OwnerName = s.person(in.Owner)
	}
	var err error
	out.Next, err = a.next(tx, in)
	return out, err
}

// waitsFor are those who were called, while nobody has it; whom it was taken from does
// not count.
func waitsFor(in incident.Incident) (all []org.PersonID) {
	if in.Status != incident.Triggered || in.Held != "" {
		return nil
	}
	for _, p := range in.Called {
		if !slices.Contains(in.Told, p) && !slices.Contains(in.Passed, p) {
			all = append(all, p)
		}
	}
	return all
}

// seen is standing for the eyes of who asks.
func (a *API) seen(tx *store.Tx, c *caller, in incident.Incident) (Incident, error) {
	out, err := a.standing(tx, c.setup, in)
	out.NeedsYou = slices.Contains(out.WaitsFor, c.self())
	return out, err
}

// next is the nearest thing that the climbs of an incident do by themselves.
func (a *API) next(tx *store.Tx, in incident.Incident) (*NextLevel, error) {
	if !in.Status.Open() || in.Held != "" {
		return nil, nil
	}
	var next *NextLevel
	switch {
	case in.Status == incident.Snoozed && !in.SnoozeUntil.IsZero():
		next = &NextLevel{At: in.SnoozeUntil, Level: 1, Round: 1, Text: "the snooze ends, and level 1 is called"}
	case in.Status == incident.Acknowledged && !in.AckUntil.IsZero():
		next = &NextLevel{At: in.AckUntil, Level: 1, Round: 1, Text: "the answer expires, and level 1 is called again"}
	}
	for _, r := range in.Runs {
		if !r.Open() || r.Due.IsZero() || in.Status != incident.Triggered && !r.Aside || next != nil && !r.Due.Before(next.At) {
			continue
		}
		p, err := a.pinned(tx, r)
		if err != nil {
			return nil, err
		}
		next = following(r, p)
	}
	return next, nil
}

// following is what a run does when it is due.
func following(r incident.Run, p escalate.Policy) *NextLevel {
	levels, level := len(p.Levels), r.Level+1 // the one after, from 0
	if r.Policy == "" {
		levels = 1
	}
	next := &NextLevel{At: r.Due, Level: level + 1, Round: r.Round + 1}
	if p.Offset && r.Level == -1 && levels > 0 {
		next.At = r.Due.Add(p.Levels[0].At.D())
	}
	switch {
	case level < levels:
		next.Text = fmt.Sprintf("escalates to level %d", next.Level)
	case r.Priority == org.High && r.Policy != "" && r.Round-r.Repeats < p.Repeat.Count:
		next.Level, next.Round = 1, r.Round+2
		next.Text = fmt.Sprintf("round %d begins with level 1", next.Round)
	default:
		next.Level, next.Text = 0, "nobody is left to call: the climb ends"
		if p.Repeat.Then == "resolve" {
			next.Text = "nobody is left to call: it is resolved"
		}
	}
	return next
}

// pinned is the version of a policy that a run follows. Versions never change, so each
// is read once.
func (a *API) pinned(tx *store.Tx, r incident.Run) (p escalate.Policy, err error) {
	if r.Policy == "" {
		return p, nil
	}
	key := fmt.Sprintf("%s/%d", r.Policy, r.Version)
	if known, ok := a.policies.Load(key); ok {
		return known.(escalate.Policy), nil
	}
	row, err := tx.ConfigVersion(config.Policy, string(r.Policy), r.Version)
	if errors.Is(err, store.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if p, err = decoded[escalate.Policy](row); err == nil {
		a.policies.Store(key, p)
	}
	return p, err
}

// listed are the incidents of some rows, in their order, and whole enough to be shown in
// a list. keep leaves some out; nil keeps all.
func (a *API) listed(tx *store.Tx, c *caller, rows []store.Row, keep func(incident.Incident) bool) ([]Incident, error) {
	ids := make([]incident.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	if err := tx.Preload(ids); err != nil {
		return nil, err
	}
	out := make([]Incident, 0, len(rows))
	for _, id := range ids {
		sub, err := tx.Subject(id)
		if err != nil {
			return nil, err
		}
		if keep != nil && !keep(sub.Incident) {
			continue
		}
		one, err := a.seen(tx, c, sub.Incident)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

package engine

import (
	"errors"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// Alert is part of being a sift.Keeper, as are the methods below, and those that move
// alerts between incidents (sift_member.go, sift_fold.go).
func (t *triaging) Alert(id string) (alert.Alert, error) {
	if a, ok := t.changed[id]; ok {
		return *a, nil
	}
	return t.tx.AlertByID(id)
}

func (t *triaging) Keep(a alert.Alert) error { t.put(a); return nil }

func (t *triaging) Integration(id org.IntegrationID) org.Integration {
	in, ok := t.s.integrations[id]
	if !ok {
		in = org.Integration{ID: id, Name: string(id)}
	}
	return in
}

func (t *triaging) Team(id org.ServiceID) org.TeamID { return t.s.services[id].Team }

func (t *triaging) Under(id incident.ID) (cause, lifted string, err error) {
	w, err := t.subject(id)
	if err != nil {
		return "", "", err
	}
	return w.in.Cause, w.in.Unfolded, nil
}

func (t *triaging) Group(key string) (g sift.Gathering, err error) {
	g, err = t.tx.Gathering(key)
	if err != nil || g.Subject == "" {
		return g, err
	}
	w, err := t.subject(g.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !w.in.Status.Open() {
		return sift.Gathering{}, nil
	}
	return g, err
}

func (t *triaging) PutGroup(g sift.Gathering) error { return t.tx.PutGathering(g) }

func (t *triaging) Weather(team org.TeamID) (w sift.Weather, err error) {
	w, err = t.tx.Weather(team)
	if err != nil || w.Subject == "" {
		return w, err
	}
	s, err := t.subject(w.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.in.Status.Open() {
		w.Subject = ""
		return w, nil
	}
	return w, err
}

func (t *triaging) PutWeather(team org.TeamID, w sift.Weather) error {
	if w.Subject != "" {
		if err := t.tx.ArmBy(store.Due{Kind: stormKind, Subject: string(team), Lane: store.LaneHigh, At: t.now.Add(time.Minute)}); err != nil {
			return err
		}
	}
	return t.tx.PutWeather(team, w)
}

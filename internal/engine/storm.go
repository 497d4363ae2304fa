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

// storm looks whether a team's storm is over; if so, what it leaves behind pages one by
// one, the worst first.
func (t *triaging) storm(d store.Due) error {
	team := org.TeamID(d.Subject)
	w, err := t.Weather(team)
	if err != nil {
		return err
	}
	if w.Subject == "" {
		w.Since, w.Calm = time.Time{}, time.Time{}
		return errors.Join(t.tx.PutWeather(team, w), t.tx.Disarm(d.Kind, d.Subject))
	}
	s, err := t.subject(w.Subject)
	if err != nil {
		return err
	}
	guard, _ := t.s.sieve.StormGuard(s.in.Service)
	w, over, again := w.Look(guard, t.now)
	if err := t.tx.PutWeather(team, w); err != nil {
		return err
	}
	if over {
		again = t.now.Add(sift.LeftoverEvery)
		if err := t.leftover(w); err != nil {
			return err
		}
	}
	d.At = again
	return t.tx.Arm(d)
}

// leftover lets the worst alert of a storm that is over page by itself.
func (t *triaging) leftover(w sift.Weather) error {
	all, err := t.tx.AlertsOf(w.Subject)
	if err != nil {
		return err
	}
	all = firing(all)
	if len(all) == 0 {
		return nil
	}
	sift.WorstFirst(all)
	a := all[0]
	v := sift.Verdict{Do: sift.Leave, Why: "left over from a storm", Place: alert.Lead}
	a.Sifted = v.Stand(a.Sifted, "", t.now)
	if err := t.Leave(&a, v); err != nil {
		return err
	}
	return t.Open(&a, v)
}

// calm is an alert that has stopped to flap: if it is well, so is its incident.
func (t *triaging) calm(a alert.Alert) error {
	ate := a.Sifted.Ate
	a.Sifted.Flapping, a.Sifted.Until, a.Sifted.Ate = time.Time{}, time.Time{}, 0
	if a.Sifted.Stage == alert.Flapping {
		a.Sifted.Stage, a.Sifted.Why = "", ""
	}
	t.put(a)
	if a.Subject == "" {
		return nil
	}
	w, err := t.subject(a.Subject)
	if err != nil || !w.in.Status.Open() {
		return err
	}
	w.add(incident.Engine, incident.Flapped{Alert: a.ID, Title: a.Title, Ate: ate})
	left, err := t.fire(a.Subject)
	if err == nil && len(left) == 0 {
		w.add(incident.Engine, incident.Ended{Why: "it came and went, and is calm now"})
	}
	return err
}

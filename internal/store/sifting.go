package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/org"
)

// AlertByID is an alert; in a transaction that writes, nobody else changes it until it
// ends.
func (tx *Tx) AlertByID(id string) (alert.Alert, error) {
	if tx.readOnly {
		return tx.Alert(id)
	}
	return tx.alert(tx.s.sql.AlertByID, id)
}

func (tx *Tx) alertList(text string, args ...any) (list []alert.Alert, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	err = tx.each(text, args, func(r row) error {
		a, err := scanAlert(r)
		list = append(list, a)
		return err
	})
	return list, err
}

// AlertsToLook are the alerts whose time has come to be sifted anew, and NextLook is when
// the first of those comes that are left; zero: there is none.
func (tx *Tx) AlertsToLook(now time.Time, limit int) ([]alert.Alert, error) {
	return tx.alertList(tx.s.sql.AlertLook, micros(now), limit)
}

func (tx *Tx) NextLook() (time.Time, error) {
	if err := tx.flush(putAlerts); err != nil {
		return time.Time{}, err
	}
	var at int64
	err := tx.row(tx.s.sql.NextLook)(&at)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return moment(at), err
}

// FiringAfter are the open alerts after a key, in the order of their keys.
func (tx *Tx) FiringAfter(k AlertKey, limit int) ([]alert.Alert, error) {
	return tx.alertList(tx.s.sql.FiringAfter, string(k.Integration), k.Key, limit)
}

// OpenIDs are the open alerts of a subject.
func (tx *Tx) OpenIDs(subject incident.ID) (ids []string, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.OpenIDs, []any{string(subject)}, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// AlertCount is how many alerts a subject has, over or not.
func (tx *Tx) AlertCount(subject incident.ID) (n int, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return 0, err
	}
	err = tx.row(tx.s.sql.AlertCount, string(subject))(&n)
	return n, err
}

// Gathering is the group of a key; the zero Gathering when there is none.
func (tx *Tx) Gathering(key string) (g sift.Gathering, err error) {
	var first, last int64
	err = tx.row(tx.s.sql.Gathering, key)(&g.Subject, &first, &last, &g.Alerts)
	if errors.Is(err, ErrNotFound) {
		return sift.Gathering{}, nil
	}
	g.Key, g.First, g.Last = key, moment(first), moment(last)
	return g, err
}

// PutGathering writes a group by its key.
func (tx *Tx) PutGathering(g sift.Gathering) error {
	_, err := tx.exec(tx.s.sql.PutGathering, cleanText(g.Key), string(g.Subject), micros(g.First), micros(g.Last), g.Alerts)
	return err
}

// DropGatherings forgets groups that have waited for another alert since before a moment.
func (tx *Tx) DropGatherings(before time.Time) error {
	_, err := tx.exec(tx.s.sql.DropGatherings, micros(before))
	return err
}

// Weather is a team's.
func (tx *Tx) Weather(team org.TeamID) (w sift.Weather, err error) {
	var body string
	err = tx.row(tx.s.sql.Weather, string(team))(&body)
	if errors.Is(err, ErrNotFound) {
		return w, nil
	}
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal([]byte(body), &w)
}

// PutWeather writes a team's weather.
func (tx *Tx) PutWeather(team org.TeamID, w sift.Weather) error {
	body, err := json.Marshal(w)
	if err != nil {
		return tx.fail(fmt.Errorf("store: weather of %s: %w", team, err))
	}
	_, err = tx.exec(tx.s.sql.PutWeather, string(team), string(body))
	return err
}

// Stir has triage look at an alert that was changed beside it.
func (tx *Tx) Stir(alert string) error {
	_, err := tx.exec(tx.s.sql.Stir, alert)
	return err
}

// Stirred are the alerts that were, once.
func (tx *Tx) Stirred() (ids []string, err error) {
	err = tx.each(tx.s.sql.Stirred, nil, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// Pairs are the corrections by hand.
func (tx *Tx) Pairs() (list []cause.Pair, err error) {
	err = tx.each(tx.s.sql.Pairs, nil, func(r row) error {
		var p cause.Pair
		err := r.Scan(&p.Symptom, &p.Cause, &p.Together)
		list = append(list, p)
		return err
	})
	return list, err
}

// PutPair remembers a correction by hand.
func (tx *Tx) PutPair(p cause.Pair, by incident.Actor, now time.Time) error {
	_, err := tx.exec(tx.s.sql.PutPair, cleanText(p.Symptom), cleanText(p.Cause), p.Together, micros(now), string(by))
	return err
}

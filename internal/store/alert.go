package store

import (
	"encoding/json"
	"fmt"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// An AlertKey is what the events of one alert have in common.
type AlertKey struct {
	Integration org.IntegrationID
	Key         string
}

// OpenAlerts finds the open alerts of some keys. In a transaction that writes, nobody
// else counts or changes them until it ends.
func (tx *Tx) OpenAlerts(keys []AlertKey) (map[AlertKey]alert.Alert, error) {
	if tx.readOnly {
		return tx.alertsBy(openAlerts, keys)
	}
	return tx.alertsBy(lockOpenAlerts, keys)
}

// LastResolved finds the alert of each key that was resolved last.
func (tx *Tx) LastResolved(keys []AlertKey) (map[AlertKey]alert.Alert, error) {
	return tx.alertsBy(lastResolved, keys)
}

func (tx *Tx) alertsBy(which int, keys []AlertKey) (map[AlertKey]alert.Alert, error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	found := make(map[AlertKey]alert.Alert, len(keys))
	err := tx.eachOf(which, keyArgs(keys), func(r row) error {
		a, err := scanAlert(r)
		found[AlertKey{a.Integration, a.Key}] = a
		return err
	})
	return found, err
}

func keyArgs(keys []AlertKey) []any {
	args := make([]any, 0, 2*len(keys))
	for _, k := range keys {
		args = append(args, string(k.Integration), k.Key)
	}
	return args
}

// scanAlert reads alertColumns, and what a statement asks for after them.
func scanAlert(r row, more ...any) (alert.Alert, error) {
	var a alert.Alert
	var first, last, resolved int64
	var said, sifted string
	err := r.Scan(append([]any{&a.ID, &a.Integration, &a.Key, &a.Subject, &a.Service, &a.Severity, &a.Title, &a.Digest, &a.Counted, &a.Open,
		&a.Count, &first, &last, &resolved, &said, &sifted}, more...)...)
	if err != nil {
		return a, err
	}
	a.FirstAt, a.LastAt, a.ResolvedAt = moment(first), moment(last), moment(resolved)
	if sifted != "" {
		if err := json.Unmarshal([]byte(sifted), &a.Sifted); err != nil {
			return a, err
		}
	}
	return a, json.Unmarshal([]byte(said), &a.Last)
}

// AddAlert writes an alert that is new.
func (tx *Tx) AddAlert(a alert.Alert) error {
	if _, ok := tx.alerts[a.ID]; !ok {
		if tx.begun == nil {
			tx.begun = map[string]bool{}
		}
		tx.begun[a.ID] = true
	}
	return tx.PutAlert(a)
}

// PutAlert writes an alert by its id.
func (tx *Tx) PutAlert(a alert.Alert) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	if i, ok := tx.alerts[a.ID]; ok {
		tx.alertQ[i] = a
		return tx.failed
	}
	if tx.alerts == nil {
		tx.alerts = map[string]int{}
	}
	tx.alerts[a.ID] = len(tx.alertQ)
	tx.alertQ = append(tx.alertQ, a)
	return tx.failed
}

// queueAlerts writes the alerts that changed into their bulk; those that are over go
// first, so that another alert of the same key can be open.
func (tx *Tx) queueAlerts() error {
	for _, open := range []bool{false, true} {
		for _, a := range tx.alertQ {
			if a.Open != open {
				continue
			}
			said, err := appendEvent(tx.text[:0], a.Last)
			if tx.text = said; err != nil {
				return tx.fail(fmt.Errorf("store: alert %s: %w", a.ID, err))
			}
			sifted := ""
			if !a.Sifted.Zero() {
				b, err := json.Marshal(a.Sifted)
				if err != nil {
					return tx.fail(fmt.Errorf("store: alert %s: %w", a.ID, err))
				}
				sifted = string(b)
			}
			which := putAlerts
			if tx.begun[a.ID] {
				which = addAlerts
			}
			tx.add(which, a.ID, string(a.Integration), a.Key, string(a.Subject), string(a.Service), string(a.Severity), a.Title, a.Digest, a.Counted, a.Open,
				a.Count, micros(a.FirstAt), micros(a.LastAt), micros(a.ResolvedAt), string(said), sifted, micros(a.Sifted.Until))
		}
	}
	clear(tx.alertQ)
	tx.alertQ = tx.alertQ[:0]
	clear(tx.alerts)
	clear(tx.begun)
	return nil
}

// AlertsOf are the alerts of a subject, oldest first.
func (tx *Tx) AlertsOf(subject incident.ID) ([]alert.Alert, error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	var out []alert.Alert
	err := tx.each(tx.s.sql.AlertsOf, []any{string(subject)}, func(r row) error {
		a, err := scanAlert(r)
		out = append(out, a)
		return err
	})
	return out, err
}

// AlertsOfMany are the alerts of some subjects, oldest first.
func (tx *Tx) AlertsOfMany(subjects []incident.ID) (map[incident.ID][]alert.Alert, error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	out := make(map[incident.ID][]alert.Alert, len(subjects))
	err := tx.eachOf(alertsOfMany, idArgs(subjects), func(r row) error {
		a, err := scanAlert(r)
		out[a.Subject] = append(out[a.Subject], a)
		return err
	})
	return out, err
}

// FiringLeft counts the alerts of a subject that are still open.
func (tx *Tx) FiringLeft(subject incident.ID) (n int, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return 0, err
	}
	err = tx.row(tx.s.sql.FiringLeft, string(subject))(&n)
	return n, err
}

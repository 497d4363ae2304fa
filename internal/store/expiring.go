package store

import (
	"cmp"
	"database/sql"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// ExpireKind is the kind of the due rows that end alerts nobody speaks of again; their
// subject is the integration.
const ExpireKind = "expire"

// Expiring is until when an alert holds unless it is heard again.
type Expiring struct {
	Key   string
	Until time.Time
}

// expect writes down until when what was just heard holds. The due row comes first: it
// is what keeps this apart from those who are ending alerts of the same integration.
func (tx *Tx) expect(batch []Heard) error {
	last := map[AlertKey]alert.Event{}
	first := map[org.IntegrationID]time.Time{}
	var keys []AlertKey
	for _, h := range batch {
		if h.Event.Until.IsZero() {
			continue
		}
		k := AlertKey{h.Integration, h.Event.Key}
		if _, ok := last[k]; !ok {
			keys = append(keys, k)
		}
		last[k] = h.Event
		if at, ok := first[k.Integration]; h.Event.Action == alert.Trigger && (!ok || h.Event.Until.Before(at)) {
			first[k.Integration] = h.Event.Until
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, func(a, b AlertKey) int {
		return cmp.Or(cmp.Compare(a.Integration, b.Integration), cmp.Compare(a.Key, b.Key))
	})
	for i, k := range keys {
		if at, ok := first[k.Integration]; ok && (i == 0 || keys[i-1].Integration != k.Integration) {
			if err := tx.ArmBy(Due{Kind: ExpireKind, Subject: string(k.Integration), Lane: LaneLow, At: at}); err != nil {
				return err
			}
		}
	}
	for _, k := range keys {
		if ev := last[k]; ev.Action == alert.Trigger {
			tx.add(putExpiring, string(k.Integration), k.Key, micros(ev.Until))
		} else {
			tx.add(dropExpiring, string(k.Integration), k.Key)
		}
	}
	return tx.flush(putExpiring, dropExpiring)
}

// ArmBy makes something due no later than a time: what is due sooner stays as it is.
func (tx *Tx) ArmBy(d Due) error {
	if err := tx.flush(putDue); err != nil {
		return err
	}
	_, err := tx.exec(tx.s.sql.ArmBy, d.Kind, d.Subject, d.Lane, micros(d.At))
	return err
}

// Expired are alerts of an integration whose time ran out, the longest ago first.
func (tx *Tx) Expired(in org.IntegrationID, now time.Time, limit int) (out []Expiring, err error) {
	err = tx.each(tx.s.sql.Expired, []any{string(in), micros(now), limit}, func(r *sql.Rows) error {
		var x Expiring
		var until int64
		err := r.Scan(&x.Key, &until)
		x.Until = moment(until)
		out = append(out, x)
		return err
	})
	return out, err
}

// NextExpiry is when the time of an integration's next alert runs out; zero: it has none
// that could.
func (tx *Tx) NextExpiry(in org.IntegrationID) (time.Time, error) {
	var until int64
	err := tx.row(tx.s.sql.NextExpiry, string(in))(&until)
	return moment(until), err
}

// Respite lets no alert's time run out before a moment: nobody could be heard while the
// house was off.
func (tx *Tx) Respite(until time.Time) error {
	_, err := tx.exec(tx.s.sql.Respite, micros(until))
	return err
}

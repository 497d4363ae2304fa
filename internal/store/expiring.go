package store

import (
	"cmp"
	"maps"
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

// expect writes down until when what was just heard holds: of several ends the latest,
// as in Alertmanager, for not everybody who watches the same says it as often. The due
// row comes first: it is what keeps this apart from those who are ending alerts of the
// same integration.
func (tx *Tx) expect(batch []Heard) error {
	type said struct {
		ended bool
		until time.Time // zero: nothing since the end
	}
	heard := map[AlertKey]said{}
	first := map[org.IntegrationID]time.Time{}
	for _, h := range batch {
		if h.Event.Until.IsZero() {
			continue
		}
		k := AlertKey{h.Integration, h.Event.Key}
		s := heard[k]
		switch {
		case h.Event.Action != alert.Trigger:
			s = said{ended: true}
		case h.Event.Until.After(s.until):
			s.until = h.Event.Until
		}
		heard[k] = s
		if at, ok := first[k.Integration]; h.Event.Action == alert.Trigger && (!ok || h.Event.Until.Before(at)) {
			first[k.Integration] = h.Event.Until
		}
	}
	for _, in := range slices.Sorted(maps.Keys(first)) {
		if err := tx.ArmBy(Due{Kind: ExpireKind, Subject: string(in), Lane: LaneLow, At: first[in]}); err != nil {
			return err
		}
	}
	keys := slices.SortedFunc(maps.Keys(heard), func(a, b AlertKey) int {
		return cmp.Or(cmp.Compare(a.Integration, b.Integration), cmp.Compare(a.Key, b.Key))
	})
	for _, k := range keys {
		s := heard[k]
		if s.ended {
			tx.add(dropExpiring, string(k.Integration), k.Key)
		}
		if !s.until.IsZero() {
			tx.add(putExpiring, string(k.Integration), k.Key, micros(s.until))
		}
	}
	return tx.flush(dropExpiring, putExpiring)
}

// ArmBy makes something due no later than a time: what is due sooner stays as it is.
func (tx *Tx) ArmBy(d Due) error {
	if err := tx.flush(putDue); err != nil {
		return err
	}
	tx.armsFirst(d)
	_, err := tx.exec(tx.s.sql.ArmBy, d.Kind, d.Subject, d.Lane, micros(d.At))
	return err
}

// Expired are alerts of an integration whose time ran out, the longest ago first.
func (tx *Tx) Expired(in org.IntegrationID, now time.Time, limit int) (out []Expiring, err error) {
	err = tx.each(tx.s.sql.Expired, []any{string(in), micros(now), limit}, func(r row) error {
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

package store

import (
	"bytes"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// pageOf is how many rows a list has when nobody says.
const pageOf = 100

// idFrom is the first id that could have been made at a time: ids begin with it.
func idFrom(t time.Time) string { return org.NewID(t, bytes.NewReader(make([]byte, 10))) }

// idTexts is a list of ids as texts.
func idTexts[T ~string](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// An AlertFilter chooses alerts for a list; what is zero does not matter.
type AlertFilter struct {
	Open        bool
	Waiting     bool // no incident answers for it
	Service     org.ServiceID
	Integration org.IntegrationID
	Subject     incident.ID
	Hidden      []org.ServiceID // whose alerts, and those of their incidents, are left out
	Before      string          // the last of the page before
	Limit       int

	over bool      // none of those that are open
	rare narrowing // as in Filter
	from string
}

// halved says that alerts are listed in two halves, as in Filter.
func (f AlertFilter) halved() bool {
	return len(f.Service)+len(f.Integration) > 0 && f.Subject == "" && !f.Open && !f.over
}

// Alerts lists alerts, newest first.
func (tx *Tx) Alerts(f AlertFilter) ([]alert.Alert, error) {
	if f.halved() {
		rows, _, err := tx.alertHalves(f, func(f AlertFilter) ([]alert.Alert, string, error) {
			rows, err := tx.Alerts(f)
			return rows, "", err
		})
		return rows, err
	}
	if err := tx.flush(putAlerts); err != nil {
		return nil, err
	}
	b := listAlerts.of(f.rare.part, f.rare.value)
	b.flag("open", f.Open)
	b.flag("over", f.over)
	b.flag("waiting", f.Waiting)
	b.matching("service", string(f.Service))
	b.matching("integration", string(f.Integration))
	b.matching("subject", string(f.Subject))
	b.matching("before", f.Before)
	b.matching("after", f.from)
	if hidden := idTexts(f.Hidden); len(hidden) > 0 {
		b.list("hidden", hidden)
		b.list("hidden subject", hidden)
		b.part("end")
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	text, args := b.end(f.Limit)
	var out []alert.Alert
	err := tx.each(text, args, func(r row) error {
		a, err := scanAlert(r)
		out = append(out, a)
		return err
	})
	return out, err
}

// alertHalves is for alerts what halves is for subjects.
func (tx *Tx) alertHalves(f AlertFilter, list func(AlertFilter) ([]alert.Alert, string, error)) (rows []alert.Alert, upTo string, err error) {
	open := f
	open.Open, f.over = true, true
	if rows, err = tx.Alerts(open); err != nil {
		return nil, "", err
	}
	over, upTo, err := list(f)
	if err != nil {
		return nil, "", err
	}
	rows, upTo = merged(rows, over, upTo, f.Limit, func(a alert.Alert) string { return a.ID })
	return rows, upTo, nil
}

// Alert reads one alert.
func (tx *Tx) Alert(id string) (alert.Alert, error) { return tx.alert(tx.s.sql.AlertOne, id) }

// AlertAbout is what an alert is about: its service, and its incident, if it has one.
func (tx *Tx) AlertAbout(id string) (service org.ServiceID, in incident.ID, err error) {
	err = tx.row(tx.s.sql.AlertAbout, id)(&service, &in)
	return service, in, err
}

// A PageFilter chooses pages for a list; what is zero does not matter.
type PageFilter struct {
	Subject incident.ID
	Person  org.PersonID
	State   escalate.State
	Hidden  []org.ServiceID
	Before  string
	Limit   int

	rare narrowing // as in Filter
	from string
}

// waits says that only pages are wanted that are still to be sent.
func (f PageFilter) waits() bool { return f.State == escalate.Planned || f.State == escalate.Claimed }

// Pages lists pages, newest first.
func (tx *Tx) Pages(f PageFilter) ([]PageRow, error) {
	b := listPages.of(f.rare.part, f.rare.value)
	b.matching("subject", string(f.Subject))
	b.matching("person", string(f.Person))
	if f.waits() {
		b.part("waits", string(f.State))
	} else {
		b.matching("state", string(f.State))
	}
	b.matching("before", f.Before)
	b.matching("after", f.from)
	if hidden := idTexts(f.Hidden); len(hidden) > 0 {
		b.list("hidden", hidden)
		b.part("end")
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	text, args := b.end(f.Limit)
	return tx.pages(text, args...)
}

// A ChangeFilter chooses changes of the configuration; what is zero does not matter.
type ChangeFilter struct {
	Kind, ID     string
	By           incident.Actor
	After, Until time.Time // [After, Until)
	Before       int64     // the last of the page before
	Limit        int
}

// A ChangeRow is a change of the configuration: who, when and what, without what it
// says.
type ChangeRow struct {
	Seq int64
	ConfigRow
}

// Changes lists changes of the configuration, newest first.
func (tx *Tx) Changes(f ChangeFilter) ([]ChangeRow, error) {
	b := listChanges.build()
	b.matching("kind", f.Kind)
	b.matching("id", f.ID)
	b.matching("by", string(f.By))
	if !f.After.IsZero() {
		b.part("after", micros(f.After))
	}
	if !f.Until.IsZero() {
		b.part("until", micros(f.Until))
	}
	if f.Before != 0 {
		b.part("before", f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	text, args := b.end(f.Limit)
	var out []ChangeRow
	err := tx.each(text, args, func(r row) error {
		var c ChangeRow
		var at int64
		err := r.Scan(&c.Seq, &c.Kind, &c.ID, &c.Version, &at, &c.By, &c.Retired)
		c.At = moment(at)
		out = append(out, c)
		return err
	})
	return out, err
}

// ConfigVersions are all versions of one thing, newest first.
func (tx *Tx) ConfigVersions(kind, id string) ([]ConfigRow, error) {
	var out []ConfigRow
	err := tx.each(tx.s.sql.ConfigVersions, []any{kind, id}, func(r row) error {
		c, _, err := tx.scanConfig(r)
		out = append(out, c)
		return err
	})
	if err == nil && len(out) == 0 {
		err = ErrNotFound
	}
	return out, err
}

// ConfigOne is the current version of one thing.
func (tx *Tx) ConfigOne(kind, id string) (ConfigRow, error) {
	return tx.config(tx.s.sql.ConfigOne, kind, id)
}

// LogFrom reads the lines first to last of a subject.
func (tx *Tx) LogFrom(id incident.ID, first, last int) (incident.Log, error) {
	return tx.lines(tx.s.sql.LogFrom, string(id), first, last)
}

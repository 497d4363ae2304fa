package report

import (
	"cmp"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// Known is trouble that somebody may be about to report.
type Known struct {
	ID    incident.ID
	Title string // as those outside were told; "" says only that others reported it
	Says  string
	Since time.Time
	Count int // how often it was reported
	Phase incident.Phase
}

// Planned is work that explains trouble.
type Planned struct {
	Name       string
	Begin, End time.Time
	On         bool
}

const (
	mostKnown = 5
	lookedAt  = 100 // open incidents of a service
	soon      = 12 * time.Hour
)

// known is what fits a category: what those outside were told of and is not over, what
// others reported of the same sort, and planned work. What happens to a sensitive service
// is nobody's business here.
func (d *Desk) known(tx *store.Tx, f org.Form, c org.FormCategory, now time.Time) (all []Known, work []Planned, err error) {
	services, err := servicesOf(tx)
	if err != nil {
		return nil, nil, err
	}
	ids := beneath(services, append(c.Services(), leads(f, c).Service))
	for _, id := range ids {
		if services[id].Sensitive || services[id].Retired {
			continue
		}
		rows, err := tx.Subjects(store.Filter{Service: id, Open: true, Limit: lookedAt})
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			k, ok, err := knownOf(tx, row.ID, f.ID, c.ID)
			if err != nil {
				return nil, nil, err
			}
			if ok && len(all) < mostKnown {
				all = append(all, k)
			}
		}
	}
	windows, err := d.engine.Windows(tx, now)
	for _, o := range windows {
		if !o.Over && o.Begin.Before(now.Add(soon)) && slices.ContainsFunc(o.Covers, func(id org.ServiceID) bool { return slices.Contains(ids, id) }) {
			work = append(work, Planned{o.Title(), o.Begin, o.End, o.On})
		}
	}
	return all, work, err
}

// knownOf says what those outside may know of an incident.
func knownOf(tx *store.Tx, id incident.ID, form org.FormID, category string) (k Known, ok bool, err error) {
	sub, err := tx.Subject(id)
	if err != nil || sub.Sort != "" {
		return k, false, err
	}
	reports, err := tx.ReportsOf(id)
	if err != nil {
		return k, false, err
	}
	k = Known{ID: id, Since: sub.OpenedAt, Count: len(reports)}
	if u, told := sub.LastUpdate(); told && u.Phase != incident.PhaseResolved && outside(u.To) {
		k.Title, k.Says, k.Phase = cmp.Or(u.Title, sub.Title), u.Condition, u.Phase
		return k, true, nil
	}
	same := func(r store.Report) bool { return r.Form == form && r.Category == category && !r.Emergency }
	return k, slices.ContainsFunc(reports, same), nil
}

// outside says whether an update went to anybody who need not sign in.
func outside(to []string) bool {
	return slices.ContainsFunc(to, func(c string) bool { _, page := org.StatusOf(c); return page || c == org.ToReporters })
}

func servicesOf(tx *store.Tx) (map[org.ServiceID]org.Service, error) {
	rows, err := tx.ConfigOf("service")
	all := map[org.ServiceID]org.Service{}
	for _, r := range rows {
		if v, err := decode[org.Service](r.Body); err == nil {
			v.Retired = r.Retired
			all[org.ServiceID(r.ID)] = v
		}
	}
	return all, err
}

// beneath are services and all that they depend on.
func beneath(all map[org.ServiceID]org.Service, todo []org.ServiceID) (out []org.ServiceID) {
	for len(todo) > 0 {
		id := todo[0]
		if todo = todo[1:]; id != "" && !slices.Contains(out, id) {
			out = append(out, id)
			todo = append(todo, all[id].DependsOn...)
		}
	}
	return out
}

// leads is where a report of a category leads before its questions.
func leads(f org.Form, c org.FormCategory) org.Leads {
	return org.Leads{Service: f.Service}.Then(c.Leads)
}

package engine

import (
	"errors"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
)

// A Reason is why nobody is paged for an alert: which stage and rule hold it back, since
// when, until when if by itself, for which cause, and how much it has eaten.
type Reason struct {
	Stage    string
	Why      string
	Rule     string
	Cause    string      // the alert that explains it
	Incident incident.ID // of that alert, or of the group or storm
	Since    time.Time
	Until    time.Time
	Events   int // that called nobody
}

// WhyNoPage says why nobody is paged for an alert; the zero Reason when somebody is, or
// was.
func WhyNoPage(tx *store.Tx, a alert.Alert) (r Reason, err error) {
	s := a.Sifted
	if s.Stage != "" && (a.Open || s.Stage == alert.Flapping) {
		r = Reason{Stage: string(s.Stage), Why: s.Why, Rule: s.Rule, Cause: s.Cause, Since: s.Since, Until: s.Until, Events: max(a.Count, s.Ate), Incident: a.Subject}
		if s.Stage == alert.Flapping {
			r.Events = s.Ate
		}
		if s.Place == alert.Lead && s.Cause != "" { // its own incident is folded
			r.Incident = ""
			if c, err := tx.Alert(s.Cause); err == nil {
				r.Incident = c.Subject
			} else if !errors.Is(err, store.ErrNotFound) {
				return r, err
			}
		}
		return r, nil
	}
	if !a.Open || a.Subject == "" {
		return r, nil
	}
	sub, err := tx.Subject(a.Subject)
	if err != nil || sub.Held == "" {
		return r, err
	}
	r = Reason{Stage: "held", Why: sub.Held, Rule: sub.Silence, Incident: a.Subject, Events: a.Count, Since: sub.At}
	if sub.Silence != "" {
		r.Stage = "silence"
	}
	return r, nil
}

// Beneath are the symptoms of an incident: the alerts in it that its lead explains, those
// that were grouped with it, and those of the incidents that are folded under it. They
// stand by service, the worst first.
func Beneath(tx *store.Tx, id incident.ID) (list []alert.Alert, err error) {
	held, err := tx.HeldSubjects()
	if err != nil {
		return nil, err
	}
	under := map[incident.ID][]incident.ID{}
	for _, h := range held {
		sub, err := tx.Subject(h)
		if err != nil {
			return nil, err
		}
		if sub.Under != "" {
			under[sub.Under] = append(under[sub.Under], h)
		}
	}
	seen := map[incident.ID]bool{id: true}
	queue := []incident.ID{id}
	for len(queue) > 0 {
		all, err := tx.AlertsOf(queue[0])
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			if queue[0] != id || a.Sifted.Place == alert.Beneath || a.Sifted.Place == alert.Beside {
				list = append(list, a)
			}
		}
		for _, u := range under[queue[0]] {
			if !seen[u] {
				seen[u] = true
				queue = append(queue, u)
			}
		}
		queue = queue[1:]
	}
	slices.SortStableFunc(list, func(a, b alert.Alert) int {
		if a.Open != b.Open {
			if a.Open {
				return -1
			}
			return 1
		}
		if c := compare(string(a.Service), string(b.Service)); c != 0 {
			return c
		}
		return compare(string(a.Severity), string(b.Severity))
	})
	return list, nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

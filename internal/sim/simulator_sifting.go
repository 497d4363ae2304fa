package sim

import (
	"strings"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// sifted checks what sifting owes (S): an alert that waits says why and until when; and
// what is folded under what is what a forest made from nothing says of all that fires, in
// whatever order it came, crashes and people's verbs among it.
func (o *oracle) sifted() {
	s := o.s
	if s.sieve == nil {
		return
	}
	o.read(func(tx *store.Tx) error {
		a, err := tx.Agenda()
		due, ok, dueErr := tx.DueOf("sift", "alerts")
		if err != nil || dueErr != nil || a.Waiting || ok && !due.At.After(s.now) {
			return err // it is not its turn yet
		}
		pairs, err := tx.Pairs()
		if err != nil {
			return err
		}
		forest := s.sieve.Forest(pairs)
		var all []alert.Alert
		for after := (store.AlertKey{}); ; {
			some, err := tx.FiringAfter(after, 1000)
			if err != nil {
				return err
			}
			for _, f := range some {
				after = store.AlertKey{Integration: f.Integration, Key: f.Key}
				all = append(all, f)
				if f.Subject != "" || f.Sifted.Stage != alert.Transient && f.Sifted.Stage != alert.Threshold {
					forest.Fire(s.sieve.Tree(&f, org.Integration{ID: f.Integration}))
				}
			}
			if len(some) < 1000 {
				break
			}
		}
		for _, f := range all {
			if err := o.stands(tx, f, forest); err != nil {
				return err
			}
		}
		return nil
	})
}

// stands checks one alert that fires.
func (o *oracle) stands(tx *store.Tx, a alert.Alert, forest *cause.Forest) error {
	s, v := o.s, a.Sifted
	if a.Subject == "" {
		switch {
		case v.Stage == "" || v.Why == "":
			s.violation("S1", "alert %s fires, nobody answers for it, and nothing says why", a.ID)
		case v.Until.IsZero() && v.Stage != alert.Threshold:
			s.violation("S1", "alert %s waits (%s) for nothing", a.ID, v.Why)
		case !v.Until.IsZero() && o.late(v.Until, s.now) > onTime:
			s.violation("S1", "alert %s waits (%s) since %s", a.ID, v.Why, v.Until)
		}
		return nil
	}
	if strings.HasPrefix(string(a.Subject), poison) {
		return nil
	}
	sub, err := tx.Subject(a.Subject)
	if err != nil || !sub.Status.Open() || v.Place != alert.Lead && v.Place != "" {
		return err
	}
	root := forest.Root(a.ID)
	switch in := sub.Incident; {
	case root != a.ID && in.Cause == "" && in.Unfolded != root && !o.within(tx, root, a.Subject):
		s.violation("S2", "%s pages by itself, and is a symptom of alert %s: %s", a.Title, root, forest.Why(a.ID))
	case root == a.ID && in.Cause != "" && v.Stage != alert.Settling:
		s.violation("S2", "%s is folded under alert %s, which explains nothing (%s, %s)", a.Title, in.Cause, v.Stage, v.Why)
	case root != a.ID && v.Why == "" && in.Cause != "":
		s.violation("S3", "%s is folded, and does not say why", a.Title)
	}
	return nil
}

// within says whether an alert belongs to an incident.
func (o *oracle) within(tx *store.Tx, id string, in incident.ID) bool {
	a, err := tx.AlertByID(id)
	return err == nil && a.Subject == in
}

package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
)

// last is the reckoning, when everything has come to rest.
func (o *oracle) last() {
	s := o.s
	ids := o.subjects(false)
	s.Incidents = len(ids)
	o.look(ids, true)
	o.silenced(o.subjects(true))
	for id := range o.followed {
		if !slices.Contains(ids, id) {
			s.violation("I1", "%s is gone", id)
		}
	}
	o.conserved(ids)
	o.kept(ids)
	o.read(func(tx *store.Tx) error {
		if err := tx.VerifyConfig(); err != nil {
			s.violation("I14", "%v", err)
		}
		for _, id := range ids {
			pages, err := tx.PagesOf(id)
			if err != nil {
				return err
			}
			for _, p := range pages {
				s.sum.Write([]byte(fmt.Sprintln(p.ID, p.Key(), p.State, p.Attempts, p.At, p.SentAt, p.Err)))
				if l := o.byID[p.ID]; (p.State.Rank() > 0) && (l == nil || l.arrived == 0) {
					s.violation("I5", "page %s is %s and never reached a provider", p.ID, p.State)
				}
				if p.State == escalate.Claimed {
					s.violation("I5", "page %s is still claimed", p.ID)
				}
			}
			log, err := tx.Log(id)
			for _, e := range log {
				s.sum.Write([]byte(fmt.Sprintln(id, e.Seq, e.At, e.By, e.Fact)))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// recount counts the events of whole days before a moment, since they are not kept for
// ever.
func (o *oracle) recount(before time.Time) {
	if o.counted.IsZero() {
		o.counted = o.s.now.AddDate(0, 0, -2)
	}
	o.read(func(tx *store.Tx) error {
		for ; o.counted.Before(before); o.counted = o.counted.AddDate(0, 0, 1) {
			kept, err := tx.Events(o.counted)
			if err != nil {
				return err
			}
			for _, k := range kept {
				if k.Verdict == "" || k.Why == "" {
					o.s.violation("S4", "an event of %s %s ended in verdict %q, because %q", k.Integration, k.Event.Key, k.Verdict, k.Why)
				}
				trigger := k.Event.Action == alert.Trigger || k.Event.Action == alert.Unreadable
				if !trigger || k.Verdict == string(alert.DoRecord) {
					o.found[said{k.Integration, k.Event.Key, trigger}]++
				}
			}
		}
		return nil
	})
}

// conserved: each accepted event was counted on an alert, or recorded (I1).
func (o *oracle) conserved(ids []incident.ID) {
	o.recount(o.s.newest.AddDate(0, 0, 2))
	found := o.found
	o.read(func(tx *store.Tx) error {
		for _, id := range append(ids, "") { // and those that nobody answered for
			alerts, err := tx.AlertsOf(id)
			if err != nil {
				return err
			}
			open := map[store.AlertKey]bool{}
			for _, a := range alerts {
				found[said{a.Integration, a.Key, true}] += a.Count
				if k := (store.AlertKey{Integration: a.Integration, Key: a.Key}); a.Open && open[k] {
					o.s.violation("I9", "two alerts of %v are open", k)
				}
			}
		}
		waiting, oldest, _, err := tx.InboxStats()
		if waiting > 0 {
			o.s.violation("I1", "%d events wait since %s", waiting, oldest)
		}
		return err
	})
	for k, t := range o.said {
		n := found[k]
		if strings.HasPrefix(k.key, poison) {
			continue
		}
		if n < t.sure || n > t.sure+t.unsure {
			o.s.violation("I1", "%s %s (triggers: %t): %d were accepted, %d more perhaps, and %d are found", k.integration, k.key, k.trigger, t.sure, t.unsure, n)
		}
	}
}

// kept: what the house said yes to stands in the log.
func (o *oracle) kept(ids []incident.ID) {
	kinds := map[string]string{
		"snoozes": "escalate.snoozed", "gives": "escalate.unacknowledged", "escalates": "escalate.escalated", "reassigns": "escalate.reassigned",
		"adds": "escalate.asked", "resolves": "resolve.resolved", "holds": "alert.held", "releases": "alert.released", "rates": "alert.raised", "pins": "escalate.pinned",
	}
	found := map[deed]int{}
	o.read(func(tx *store.Tx) error {
		for _, id := range ids {
			log, err := tx.Log(id)
			if err != nil {
				return err
			}
			for _, e := range log {
				found[deed{id, e.By.Person(), e.Fact.Kind()}]++
			}
		}
		return nil
	})
	for d, n := range o.deeds {
		if kind := kinds[d.what]; kind != "" {
			if got := found[deed{d.subject, d.by, kind}]; got < n {
				o.s.violation("I1", "%s %s %s %d times, and the log knows %d", d.by, d.what, d.subject, n, got)
			}
		}
	}
}

// unrest tells what is due and does not get done.
func (o *oracle) unrest() (text string) {
	o.read(func(tx *store.Tx) error {
		a, err := tx.Agenda()
		text = fmt.Sprintf("%+v", a)
		rows, _ := tx.Subjects(store.Filter{Open: true, Limit: 1 << 30})
		for _, r := range rows {
			if d, ok, _ := tx.DueOf("tend", string(r.ID)); ok && !d.At.After(o.s.now) {
				sub, _ := tx.Subject(r.ID)
				b, _ := json.Marshal(sub.Incident)
				text += fmt.Sprintf("\n%+v\n%s", d, b)
			}
			pages, _ := tx.PagesOf(r.ID)
			for _, p := range pages {
				if !p.WakeAt.IsZero() && !p.WakeAt.After(o.s.now) {
					text += fmt.Sprintf("\n%+v", p)
				}
			}
		}
		return err
	})
	return text
}

package engine

import (
	"maps"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// What becomes of an alert that begins, is heard again, ends, or comes back.

// begin opens an alert, and an incident for it unless something holds it back.
func (t *triaging) begin(h store.Heard, c alert.Category, v alert.Verdict, last *alert.Alert) (alert.Alert, error) {
	a := v.Apply(alert.Alert{
		ID: t.e.newID(t.now), Integration: h.Integration,
		Counted: countsAlerts(t.s.policies[t.s.policyOf(t.s.services[c.Service], c.Asks)]) || t.s.sieve.Counts(c.Service),
	}, h.Event, c, h.At)
	if last != nil {
		a.Sifted = last.Sifted.Carried()
	}
	t.said[a.ID] = c
	return t.came(a)
}

// came sifts an alert that has begun to fire, or fires again.
func (t *triaging) came(a alert.Alert) (alert.Alert, error) {
	flaps, percent := t.s.sieve.Change(&a, t.now)
	t.s.sieve.Heard(&a, t.now)
	a, err := t.fires(a)
	if err != nil || a.Subject == "" {
		return a, err
	}
	return t.flap(a, flaps, percent)
}

// flap states that an alert has begun to flap, and sets when it is looked at should it
// be calm from here on.
func (t *triaging) flap(a alert.Alert, began bool, percent float64) (alert.Alert, error) {
	if a.Sifted.Flapping.IsZero() {
		return a, nil
	}
	if a.Sifted.Until.IsZero() || a.Sifted.Stage == "" || a.Sifted.Stage == alert.Flapping {
		a.Sifted.Until = t.s.sieve.Calm(&a, t.now)
	}
	if !began {
		a.Sifted.Ate++
	}
	t.put(a)
	w, err := t.subject(a.Subject)
	if err == nil && began && w.in.Status.Open() {
		w.add(incident.Engine, incident.Flapped{Alert: a.ID, Title: a.Title, On: true, Percent: percent})
	}
	return a, err
}

// countsAlerts says whether a level of the policy waits for a number of alerts.
func countsAlerts(p escalate.Policy) bool {
	return slices.ContainsFunc(p.Levels, func(l escalate.Level) bool { return l.When.MinAlerts != nil })
}

// again counts one more event of an open alert, and what it says that is new.
func (t *triaging) again(a alert.Alert, h store.Heard, c alert.Category, v alert.Verdict) (alert.Alert, error) {
	a = v.Apply(a, h.Event, c, h.At)
	t.s.sieve.Heard(&a, t.now)
	t.put(a)
	if a.Subject == "" {
		return t.fires(a)
	}
	w, err := t.subject(a.Subject)
	if err != nil || !w.in.Status.Open() {
		return a, err
	}
	if v.Do == alert.DoUpdate {
		t.stir(a.Subject, false)
	}
	by := incident.BySource(h.Integration)
	if a.Counted && w.in.Seq < incident.Crowded/2 { // what is counted by then is more than any level waits for
		w.add(by, incident.Repeated{Alert: a.ID, Count: a.Count})
	}
	t.raise(w, by, v)
	if t.grove != nil && (v.Do == alert.DoUpdate || v.Raise != "") {
		return t.fires(a)
	}
	return a, nil
}

// raise makes an incident as bad as the worst of its alerts.
func (t *triaging) raise(w *tending, by incident.Actor, v alert.Verdict) {
	if !alert.Worse(v.Raise, w.in.Severity) {
		return
	}
	w.add(by, t.raised(w, v.Raise, "the source rates it worse now"))
}

// fire are the open alerts of a subject, those of this batch among them.
func (t *triaging) fire(id incident.ID) (map[string]bool, error) {
	if fires, ok := t.firing[id]; ok {
		return fires, nil
	}
	ids, err := t.tx.OpenIDs(id)
	if err != nil {
		return nil, err
	}
	fires := map[string]bool{}
	for _, id := range ids {
		fires[id] = true
	}
	for _, a := range t.changed { // not written yet
		if a.Open && a.Subject == id {
			fires[a.ID] = true
		} else {
			delete(fires, a.ID)
		}
	}
	t.firing[id] = fires
	return fires, nil
}

// clear ends an alert, and with the last one its incident. What comes and goes keeps its
// incident until it is calm.
func (t *triaging) clear(a alert.Alert, h store.Heard, c alert.Category, v alert.Verdict) (alert.Alert, error) {
	a = v.Apply(a, h.Event, c, h.At)
	began, percent := t.s.sieve.Change(&a, t.now)
	a.Sifted.Until = time.Time{}
	t.put(a)
	if a.Subject == "" {
		return a, t.cleared(a.ID)
	}
	w, err := t.subject(a.Subject)
	if err != nil {
		return a, err
	}
	if !a.Sifted.Flapping.IsZero() && !began && w.in.Status.Open() {
		if a, err = t.flap(a, false, percent); err != nil {
			return a, err
		}
		return a, t.cleared(a.ID)
	}
	left, err := t.fire(a.Subject)
	if err != nil {
		return a, err
	}
	if w.in.Status.Open() {
		t.end(w, a, h, len(left))
	}
	if a, err = t.flap(a, began, percent); err != nil {
		return a, err
	}
	if err := t.cleared(a.ID); err != nil {
		return a, err
	}
	return a, t.outlived(w, a)
}

// end states that an alert is over, and with the last one its incident.
func (t *triaging) end(w *tending, a alert.Alert, h store.Heard, left int) {
	by := incident.BySource(h.Integration)
	if a.Sifted.Place == alert.Lead || worthALine(left) {
		w.add(by, incident.Cleared{Alert: a.ID, Title: a.Title, Left: left})
	}
	switch {
	case left > 0:
		t.stir(a.Subject, false)
	case h.Event.Lapsed():
		w.add(by, resolve.Well(w.in, t.s.services[w.in.Service].Watch.D(), "monitoring no longer speaks of it", t.now)...)
	default:
		w.add(by, resolve.Well(w.in, t.s.services[w.in.Service].Watch.D(), "monitoring reports it is well", t.now)...)
	}
}

// outlived holds an incident whose lead is well while its symptoms may follow: they page
// by themselves when they have not in time.
func (t *triaging) outlived(w *tending, a alert.Alert) error {
	if a.Sifted.Place != alert.Lead || !w.in.Status.Open() || w.in.Held != "" {
		return nil
	}
	left, err := t.fire(w.in.ID)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		other, err := t.Alert(id)
		if err != nil {
			return err
		}
		if other.Sifted.Place == alert.Beneath {
			w.add(incident.Engine, incident.Held{Why: a.Title + " is well; its symptoms may follow", Over: true})
			return nil
		}
	}
	return nil
}

// reopen takes up an alert and its incident again.
func (t *triaging) reopen(a alert.Alert, h store.Heard, c alert.Category, v alert.Verdict) (alert.Alert, error) {
	a = v.Apply(a, h.Event, c, h.At)
	t.put(a)
	t.stir(a.Subject, false)
	w, err := t.subject(a.Subject)
	if err != nil {
		return a, err
	}
	by := incident.BySource(h.Integration)
	switch {
	case !w.in.Status.Open():
		w.add(by, incident.Reopened{Why: v.Why})
	case w.in.Over && a.Sifted.Place == alert.Lead:
		w.add(by, incident.Released{Why: "it is back"})
	default:
		w.add(by, resolve.Back(w.in, a.Title)...)
	}
	t.raise(w, by, v)
	return t.came(a)
}

// verb is a person's verb that a source carried.
func (t *triaging) verb(a alert.Alert, h store.Heard) error {
	if a.Subject == "" {
		return nil // nobody was called yet: kept with the event
	}
	w, err := t.subject(a.Subject)
	if err != nil {
		return err
	}
	by := incident.BySource(h.Integration)
	if p := org.PersonID(h.Event.By); p != "" {
		if _, ok := t.s.people[p]; ok {
			by = incident.ByPerson(p)
		}
	}
	var facts []incident.Fact
	switch h.Event.Action {
	case alert.Acknowledge:
		facts, err = escalate.Acknowledge(w.in, w.w, string(h.Integration), t.now)
	case alert.Unacknowledge:
		facts, err = escalate.Unacknowledge(w.in, "said "+string(h.Integration))
	case alert.Note:
		facts = []incident.Fact{incident.Noted{Text: h.Event.Text}}
	}
	if _, refused := err.(incident.Refusal); refused {
		return nil // kept with the event; nothing changes
	}
	w.add(by, facts...)
	return err
}

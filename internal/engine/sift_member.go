package engine

import (
	"slices"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
	"tocsin/resolve"
)

// Open opens an incident for an alert.
func (t *triaging) Open(a *alert.Alert, v sift.Verdict) error {
	service := t.s.services[a.Service]
	c, ok := t.said[a.ID]
	if !ok || c.Severity != a.Severity || c.Service != a.Service { // it waited, or was in another incident
		c = alert.Categorize(a.Last, t.Integration(a.Integration), t.s.rules, t.s.services, t.s.settings)
		if c.Severity != a.Severity {
			c.Asks = t.s.settings.Matrix.Asks(a.Severity)
		}
		c.Service, c.Severity = a.Service, a.Severity
	}
	f := incident.Opened{
		Title: a.Title, Service: c.Service, Team: service.Team, Severity: c.Severity, Priority: c.Priority,
		Alert: a.ID, Integration: a.Integration, Why: c.Why,
	}
	f.Category, f.Impact, f.Urgency = c.Category, c.Impact, c.Urgency
	f.Priority, f.Support = alert.InHours(c.Priority, service, t.now)
	if f.Priority != c.Priority {
		f.Why += "; low outside of support hours"
	}
	if v.Why != "" {
		f.Why += "; " + v.Why
	}
	if v.Do == sift.Leave || v.Do == sift.Open {
		f.Was = a.Sifted.Was
	}
	if v.Do == sift.Blow {
		f.Title = "storm: " + v.Why + ", first " + a.Title
	}
	if v.Stage == alert.Flapping {
		f.Title += " (it comes and goes)"
	}
	a.Subject = incident.ID(t.e.newID(t.now))
	t.put(*a)
	w := t.tend(t.tx.Create(a.Subject))
	w.open(incident.BySource(a.Integration), f, t.s.policyOf(service, c.Asks))
	if v.Stage == alert.Flapping {
		w.add(incident.Engine, incident.Flapped{Alert: a.ID, Title: a.Title, On: true, Percent: t.s.sieve.Flaps(a, t.now)})
	}
	switch {
	case v.Do == sift.Blow:
		t.second(w)
	case v.Do == sift.Open:
		if err := t.act(w, a); err != nil {
			return err
		}
	}
	t.stir(a.Subject, true)
	return nil
}

// second calls the second level of a storm's policy at once, beside the first.
func (t *triaging) second(w *tending) {
	facts, _ := escalate.Next(w.in, w.w, t.now)
	w.add(incident.Engine, facts...)
	for _, r := range w.in.Runs {
		if p, ok := w.w.Policy(r.Policy, r.Version); ok && r.Open() && r.Priority == org.High && r.Level == 0 && len(p.Levels) > 1 {
			w.add(incident.Engine, incident.Escalated{Run: r.ID, Why: "a storm is for two"})
		}
	}
}

// spread calls those who answer for a service that a storm had not reached yet, as far as
// it has not called them before.
func (t *triaging) spread(w *tending, s org.Service) {
	p, ok := w.w.Policy(s.Policy, 0)
	if !ok || p.Retired || len(p.Levels) == 0 || !w.in.Status.Open() {
		return
	}
	fresh := slices.DeleteFunc(slices.Clone(p.Levels[0].Targets), func(r org.Target) bool {
		people := t.s.behind([]org.Target{r}, t.now)
		return len(people) > 0 && !slices.ContainsFunc(people, func(p org.PersonID) bool { return !slices.Contains(w.in.Called, p) })
	})
	for _, r := range w.in.Runs {
		if had, ok := w.w.Policy(r.Policy, r.Version); ok && len(had.Levels) > 0 {
			r.Targets = had.Levels[0].Targets
		}
		if slices.Equal(r.Targets, p.Levels[0].Targets) || slices.Equal(r.Targets, fresh) {
			return
		}
	}
	facts, err := escalate.AddResponders(w.in, fresh, "the storm has reached "+t.s.serviceName(s.ID))
	if err == nil {
		w.add(incident.Engine, facts...)
	}
}

// tellAll is how many alerts of an incident are told of each by each; beyond, a line is
// written when their number has doubled, or halved.
const tellAll = 20

func worthALine(n int) bool {
	times := n / tellAll
	return n <= tellAll || n%tellAll == 0 && times&(times-1) == 0
}

// Join takes an alert into an incident.
func (t *triaging) Join(a *alert.Alert, v sift.Verdict) error {
	w, err := t.subject(v.Subject)
	if err != nil {
		return err
	}
	n, ok := t.joined[v.Subject]
	if !ok {
		if n, err = t.tx.AlertCount(v.Subject); err != nil {
			return err
		}
		for _, id := range t.altered { // not written yet
			c := t.changed[id]
			if c.Subject == v.Subject && c.ID != a.ID {
				n = max(n, w.in.Alerts)
				break
			}
		}
	}
	n++
	t.joined[v.Subject] = n
	a.Subject = v.Subject
	t.put(*a)
	by := incident.BySource(a.Integration)
	if worthALine(n) {
		w.add(by, incident.Joined{Alert: a.ID, Title: a.Title, Alerts: n, Why: v.Why})
	}
	w.add(by, resolve.Back(w.in, a.Title)...)
	t.worsen(w, by, a.Severity, "so is "+a.Title)
	if v.Stage == alert.Storm {
		t.spread(w, t.s.services[a.Service])
	}
	t.stir(v.Subject, false)
	return nil
}

// worsen makes an incident as bad as what belongs to it.
func (t *triaging) worsen(w *tending, by incident.Actor, s org.Severity, why string) {
	if !w.in.Status.Open() || !alert.Worse(s, w.in.Severity) {
		return
	}
	w.add(by, t.raised(w, s, why))
}

// raised is that an incident gets worse; it is of high priority then, if support hours
// let it.
func (t *triaging) raised(w *tending, s org.Severity, why string) incident.Raised {
	f := incident.Raised{Severity: s, Why: why}
	if p, _ := alert.InHours(t.s.settings.Matrix.Asks(s).Priority, t.s.services[w.in.Service], t.now); p == org.High && w.in.Priority != org.High {
		f.Priority = p
	}
	return f
}

// Leave takes an alert out of its incident, which is over when it was the last.
func (t *triaging) Leave(a *alert.Alert, v sift.Verdict) error {
	w, err := t.subject(a.Subject)
	if err != nil {
		return err
	}
	left, err := t.fire(a.Subject)
	if err != nil {
		return err
	}
	delete(left, a.ID)
	a.Subject = ""
	t.put(*a)
	if !w.in.Status.Open() {
		return nil
	}
	if worthALine(len(left)) {
		w.add(t.actor(), incident.Left{Alert: a.ID, Title: a.Title, Why: v.Why, Left: len(left)})
	}
	if len(left) == 0 {
		w.add(incident.Engine, incident.Ended{Why: "it is well, and what was beneath it answers for itself"})
		return nil
	}
	t.stir(w.in.ID, false) // a silence may cover all that is left
	return nil
}

// actor is who moves alerts.
func (t *triaging) actor() incident.Actor {
	if t.hand != "" {
		return t.hand
	}
	return incident.Engine
}

package engine

import (
	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/org"
)

// Open opens an incident for an alert.
func (t *triaging) Open(a *alert.Alert, v sift.Verdict) error {
	service := t.s.services[a.Service]
	c, ok := t.said[a.ID]
	if !ok { // it waited, or was in another incident
		c = alert.Categorize(a.Last, t.Integration(a.Integration), t.s.rules, t.s.services, t.s.settings)
		c.Service, c.Severity = a.Service, a.Severity
	}
	f := incident.Opened{
		Title: a.Title, Service: c.Service, Team: service.Team, Severity: c.Severity, Priority: c.Priority,
		Alert: a.ID, Integration: a.Integration, Why: c.Why,
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
	w.open(incident.BySource(a.Integration), f, service.Policy)
	if v.Stage == alert.Flapping {
		w.add(incident.Engine, incident.Flapped{Alert: a.ID, Title: a.Title, On: true, Percent: t.s.sieve.Flaps(a, t.now)})
	}
	t.stir(a.Subject, true)
	return nil
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
		for _, c := range t.changed { // not written yet
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
	t.worsen(w, by, a.Severity, "so is "+a.Title)
	t.stir(v.Subject, false)
	return nil
}

// worsen makes an incident as bad as what belongs to it.
func (t *triaging) worsen(w *tending, by incident.Actor, s org.Severity, why string) {
	if !w.in.Status.Open() || !alert.Worse(s, w.in.Severity) {
		return
	}
	f := incident.Raised{Severity: s, Why: why}
	if alert.PriorityOf(s) == org.High && w.in.Priority != org.High {
		f.Priority = org.High
	}
	w.add(by, f)
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
	}
	return nil
}

// actor is who moves alerts.
func (t *triaging) actor() incident.Actor {
	if t.hand != "" {
		return t.hand
	}
	return incident.Engine
}

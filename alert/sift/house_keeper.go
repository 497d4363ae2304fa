package sift

import (
	"cmp"
	"container/heap"
	"fmt"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// Alert is part of being a Keeper, as are those below.
func (h *House) Alert(id string) (alert.Alert, error) { return *h.alerts[id], nil }

func (h *House) Keep(a alert.Alert) error {
	key := NameOf(&a)
	p := h.alerts[a.ID]
	if p == nil {
		p = &alert.Alert{}
		h.alerts[a.ID] = p
	}
	if a.Open && !a.Sifted.Until.IsZero() && !a.Sifted.Until.Equal(p.Sifted.Until) {
		heap.Push(&h.waits, wait{a.Sifted.Until, a.ID, false})
	}
	*p = a
	if a.Open {
		h.open[key] = p
		delete(h.last, key)
		return nil
	}
	if old := h.last[key]; old != nil && old.ID != a.ID {
		delete(h.alerts, old.ID)
	}
	h.last[key] = p
	delete(h.open, key)
	return nil
}

func (h *House) Integration(id org.IntegrationID) org.Integration { return h.w.Integrations[id] }
func (h *House) Team(id org.ServiceID) org.TeamID                 { return h.w.Services[id].Team }

func (h *House) Under(id incident.ID) (string, string, error) { return h.rooms[id].under, "", nil }

func (h *House) Group(key string) (Gathering, error) {
	g, ok := h.groups[key]
	if ok && !h.rooms[g.Subject].status.Open() {
		return Gathering{}, nil
	}
	return g, nil
}

func (h *House) PutGroup(g Gathering) error { h.groups[g.Key] = g; return nil }

func (h *House) Weather(team org.TeamID) (Weather, error) {
	w := h.weather[team]
	if w.Subject != "" && !h.rooms[w.Subject].status.Open() {
		w.Subject = ""
	}
	return w, nil
}

func (h *House) PutWeather(team org.TeamID, w Weather) error { h.weather[team] = w; return nil }

func (h *House) Open(a *alert.Alert, v Verdict) error {
	h.seq++
	r := &room{
		id: incident.ID(fmt.Sprintf("i%08d", h.seq)), lead: a.ID, service: a.Service, severity: a.Severity, priority: h.priority(a.Service, a.Severity),
		firing: map[string]bool{a.ID: true}, status: incident.Triggered,
	}
	h.rooms[r.id], a.Subject = r, r.id
	if err := h.Keep(*a); err != nil {
		return err
	}
	if h.forest != nil { // its symptoms fold first, so that the page can say which had paged
		for _, id := range h.forest.Tree(a.ID) {
			if s := h.alerts[id]; s.Subject != "" && s.Subject != r.id && s.Sifted.Place == alert.Lead {
				h.rooms[s.Subject].under = a.ID
			}
		}
	}
	h.page(r, cmp.Or(v.Why, "it began"))
	return nil
}

func (h *House) priority(id org.ServiceID, s org.Severity) org.Priority {
	p, _ := alert.InHours(h.w.Settings.Matrix.Asks(s).Priority, h.w.Services[id], h.now)
	return p
}

func (h *House) Join(a *alert.Alert, v Verdict) error {
	r := h.rooms[v.Subject]
	r.firing[a.ID], a.Subject = true, r.id
	if alert.Worse(a.Severity, r.severity) {
		r.severity, r.priority = a.Severity, h.priority(a.Service, a.Severity)
	}
	return h.Keep(*a)
}

func (h *House) Leave(a *alert.Alert, v Verdict) error {
	if r := h.rooms[a.Subject]; r != nil {
		delete(r.firing, a.ID)
		if len(r.firing) == 0 && r.status.Open() {
			r.status, r.ended, r.owes = incident.Resolved, h.now, false
		}
	}
	a.Subject = ""
	return h.Keep(*a)
}

func (h *House) Fold(a *alert.Alert, v Verdict) error {
	h.rooms[a.Subject].under = v.Cause
	return h.Keep(*a)
}

func (h *House) Unfold(a *alert.Alert, v Verdict) error {
	r := h.rooms[a.Subject]
	r.under = ""
	if err := h.Keep(*a); err != nil {
		return err
	}
	if r.status.Open() {
		h.page(r, v.Why)
	}
	return nil
}

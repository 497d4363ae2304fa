package sift

import (
	"cmp"
	"container/heap"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/incident"
	"tocsin/org"
)

// A World is the configuration that a House lives with.
type World struct {
	Sieve        *Sieve
	Rules        alert.Rules
	Services     map[org.ServiceID]org.Service
	Integrations map[org.IntegrationID]org.Integration
	Settings     org.Settings
	Silences     []alert.Silence
	Pairs        []cause.Pair
}

// A House hears events and says which would have paged, in memory. It is how a set-up is
// tried on what was heard, before it is saved. Nobody answers in it: a page is what is
// said when an incident opens, comes back, or goes on after it stood still; whoever
// answered at the time answered another history.
type House struct {
	w       World
	paged   func(Page)
	forest  *cause.Forest
	now     time.Time
	seq     int
	alerts  map[string]*alert.Alert
	open    map[string]*alert.Alert
	last    map[string]*alert.Alert
	rooms   map[incident.ID]*room
	groups  map[string]Gathering
	weather map[org.TeamID]Weather
	waits   waits
	hush    alert.Silences
	hushed  time.Time // until when hush is what it is
	// Verdicts counts what became of the events.
	Verdicts map[string]int
}

// A Page is somebody being called about an incident.
type Page struct {
	At         time.Time
	Incident   incident.ID
	Alert      alert.Alert // for which it is
	Service    org.ServiceID
	Severity   org.Severity
	Priority   org.Priority
	Why        string
	Supersedes []string // alerts that had paged already and are folded beneath it now
}

// room is an incident in memory.
type room struct {
	id       incident.ID
	lead     string
	service  org.ServiceID
	severity org.Severity
	priority org.Priority
	firing   map[string]bool
	status   incident.Status
	ended    time.Time
	under    string
	paged    bool
	over     bool // the lead is well, and others fire
	owes     bool // a page, once nothing silences it
	why      string
}

// NewHouse makes an empty house, which tells about its pages.
func NewHouse(w World, paged func(Page)) *House {
	h := &House{
		w: w, paged: paged, alerts: map[string]*alert.Alert{}, open: map[string]*alert.Alert{}, last: map[string]*alert.Alert{},
		rooms: map[incident.ID]*room{}, groups: map[string]Gathering{}, weather: map[org.TeamID]Weather{}, Verdicts: map[string]int{},
	}
	if w.Sieve == nil {
		h.w.Sieve, _ = Compile(Sifting{}, w.Services, w.Settings)
	}
	if h.w.Sieve.Explains() {
		h.forest = h.w.Sieve.Forest(w.Pairs)
	}
	return h
}

func (h *House) desk() Desk { return Desk{h.w.Sieve, h.forest, h, h.now} }

// Hear takes one event in; events come in their order.
func (h *House) Hear(id org.IntegrationID, ev alert.Event, at time.Time) error {
	if err := h.Until(at); err != nil {
		return err
	}
	in, ok := h.w.Integrations[id]
	if !ok {
		in = org.Integration{ID: id}
	}
	ev = h.w.Sieve.Enrich(ev, in)
	c := alert.Categorize(ev, in, h.w.Rules, h.w.Services, h.w.Settings)
	key := string(id) + "/" + ev.Key
	open, last := h.open[key], h.last[key]
	var status incident.Status
	for _, a := range []*alert.Alert{open, last} {
		if a != nil && a.Subject != "" {
			status = h.rooms[a.Subject].status
			break
		}
	}
	v := alert.Triage(ev, c, open, last, status, alert.ReopenWithin(h.w.Services[c.Service]), at)
	v = Return(v, last, status)
	h.Verdicts[string(v.Do)]++
	switch v.Do {
	case alert.DoOpen:
		h.seq++
		a := v.Apply(alert.Alert{ID: fmt.Sprintf("a%08d", h.seq), Integration: id}, ev, c, at)
		if last != nil {
			a.Sifted = last.Sifted.Carried()
		}
		return h.fires(a, true)
	case alert.DoRepeat, alert.DoUpdate:
		return h.fires(v.Apply(*open, ev, c, at), false)
	case alert.DoReopen:
		if open == nil {
			open = last
		}
		return h.reopen(v.Apply(*open, ev, c, at))
	case alert.DoResolve:
		return h.clear(v.Apply(*open, ev, c, at))
	}
	return nil
}

func (h *House) fires(a alert.Alert, came bool) error {
	if came {
		h.w.Sieve.Change(&a, h.now)
	}
	h.w.Sieve.Heard(&a, h.now)
	if err := h.Keep(a); err != nil {
		return err
	}
	if a.Subject != "" {
		if r := h.rooms[a.Subject]; alert.Worse(a.Severity, r.severity) {
			r.severity, r.priority = a.Severity, h.priority(a.Service, a.Severity)
		}
	}
	return h.desk().Fires(a)
}

func (h *House) reopen(a alert.Alert) error {
	r := h.rooms[a.Subject]
	if r == nil { // it was over before anybody answered for it
		return h.fires(a, true)
	}
	r.firing[a.ID] = true
	quiet := !a.Sifted.Flapping.IsZero() && r.status.Open()
	back := !r.status.Open() || r.over && r.lead == a.ID
	if r.over && r.lead == a.ID {
		r.over = false
	}
	if err := h.fires(a, true); err != nil || quiet || !back {
		return err
	}
	r.status = incident.Triggered
	h.page(r, "it is back")
	return nil
}

func (h *House) clear(a alert.Alert) error {
	began, _ := h.w.Sieve.Change(&a, h.now)
	if err := h.Keep(a); err != nil {
		return err
	}
	if r := h.rooms[a.Subject]; r != nil {
		delete(r.firing, a.ID)
		if flaps := !began && !a.Sifted.Flapping.IsZero(); flaps {
			if h.w.Sieve.Calm(&a, h.now).After(h.now) {
				return h.desk().Clears(a.ID)
			}
			h.alerts[a.ID].Sifted.Flapping = time.Time{}
		}
		r.over = r.over || r.lead == a.ID
		if len(r.firing) == 0 && r.status.Open() {
			r.status, r.ended, r.owes, r.over = incident.Resolved, h.now, false, false
		}
	}
	return h.desk().Clears(a.ID)
}

// page calls people for a room, now or when nothing silences it any more.
func (h *House) page(r *room, why string) {
	r.owes, r.why = true, why
	h.pay(r)
}

func (h *House) pay(r *room) {
	if !r.owes || !r.status.Open() || r.under != "" || h.silenced(r) {
		return
	}
	p := Page{At: h.now, Incident: r.id, Alert: *h.alerts[r.lead], Service: r.service, Severity: r.severity, Priority: r.priority, Why: r.why}
	for _, other := range h.rooms {
		if other.under == r.lead && other.paged && other.status.Open() {
			p.Supersedes = append(p.Supersedes, other.lead)
		}
	}
	r.owes, r.paged = false, true
	h.paged(p)
}

// silenced says whether every alert of a room that fires is silenced.
func (h *House) silenced(r *room) bool {
	if len(h.w.Silences) == 0 && len(h.w.Sieve.windows) == 0 || len(r.firing) == 0 {
		return false
	}
	if h.hushed.IsZero() || !h.now.Before(h.hushed) {
		on, next := h.w.Sieve.Windows(h.now)
		for _, s := range h.w.Silences {
			if s.State(h.now) == alert.SilenceActive {
				on = append(on, s)
				next = earlier(next, s.End)
			} else if s.Start.After(h.now) {
				next = earlier(next, s.Start)
			}
		}
		if h.hush, h.hushed = alert.CompileSilences(on), next; next.IsZero() {
			h.hushed = h.now.Add(365 * 24 * time.Hour)
		}
	}
	var firing []alert.Alert
	for id := range r.firing {
		firing = append(firing, *h.alerts[id])
	}
	facts := alert.Hush(incident.Incident{Status: incident.Triggered}, firing, h.hush, h.now)
	if len(facts) > 0 {
		heap.Push(&h.waits, wait{h.hushed, string(r.id), true})
	}
	return len(facts) > 0
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// A wait is an alert, or a room that owes a page, to be looked at.
type wait struct {
	at   time.Time
	id   string
	room bool
}

type waits []wait

func (w waits) Len() int { return len(w) }
func (w waits) Less(i, j int) bool {
	return cmp.Or(w[i].at.Compare(w[j].at), cmp.Compare(w[i].id, w[j].id)) < 0
}
func (w waits) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waits) Push(x any)   { *w = append(*w, x.(wait)) }
func (w *waits) Pop() any {
	old := *w
	x := old[len(old)-1]
	*w = old[:len(old)-1]
	return x
}

// Until lets the time pass to a moment: what waits and is due by then is looked at.
func (h *House) Until(at time.Time) error {
	for len(h.waits) > 0 && !h.waits[0].at.After(at) {
		w := heap.Pop(&h.waits).(wait)
		if w.at.After(h.now) {
			h.now = w.at
		}
		if w.room {
			if r := h.rooms[incident.ID(w.id)]; r != nil {
				h.pay(r)
			}
			continue
		}
		a := h.alerts[w.id]
		if a == nil || !a.Open || !a.Sifted.Until.Equal(w.at) {
			continue
		}
		var err error
		if a.Subject == "" {
			err = h.desk().Fires(*a)
		} else {
			err = h.desk().Look([]string{a.ID})
		}
		if err != nil {
			return err
		}
	}
	if at.After(h.now) {
		h.now = at
	}
	return nil
}

// Roots are the alerts that fire, by their keys, with the key of the cause of each.
func (h *House) Roots() map[string]string {
	out := map[string]string{}
	for _, a := range h.open {
		out[a.Key] = a.Key
		if h.forest != nil && h.forest.Has(a.ID) {
			out[a.Key] = h.alerts[h.forest.Root(a.ID)].Key
		}
	}
	return out
}

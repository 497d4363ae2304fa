package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// Own is the integration under which the house speaks about itself.
const Own org.IntegrationID = "tocsin"

const (
	triageBatch = 200
	triageTime  = 200 * time.Millisecond // then Step looks at the pages, and comes back
)

// right is the due row whose lock is the right to triage, so that one node at a time
// decides what belongs together. No timer wakes it.
var right = store.Due{Kind: "triage", Lane: laneTriage}

// triage drains the inbox, in transactions that hold the right to.
func (e *Engine) triage(ctx context.Context, now time.Time) (did bool, err error) {
	for began := e.clock.elapsed(); ; {
		n, err := e.triageSome(ctx, now, triageBatch)
		if err != nil {
			e.log.Warn("triage of a batch failed; its events are tried one by one", "error", err)
			done, err := e.triageEach(ctx, now)
			if did = did || done > 0; err != nil || done == 0 {
				return did, err
			}
			if n = triageBatch; done < triageBatch {
				n = 0
			}
		}
		did = did || n > 0
		if n < triageBatch || e.clock.elapsed()-began > triageTime {
			break
		}
	}
	clear(e.ailing)
	return did, nil
}

// triageSome triages up to limit events in one transaction, and says how many.
func (e *Engine) triageSome(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
		defer guard(&err)
		n = 0
		if ours, err := tx.Take(right); err != nil || !ours {
			return err
		}
		heard, err := tx.Inbox(limit)
		if n = len(heard); err != nil || n == 0 {
			return err
		}
		e.inbox.waitsSince(heard[0].At)
		return e.triageThese(tx, heard, now)
	})
	if err == nil && n > 0 {
		e.hit("after triage")
		e.metrics.triaged(n)
	}
	return n, err
}

// A triaging is one batch of events within one transaction.
type triaging struct {
	e       *Engine
	tx      *store.Tx
	s       *setup
	now     time.Time
	open    map[store.AlertKey]alert.Alert
	last    map[store.AlertKey]alert.Alert
	tended  map[incident.ID]*tending
	order   []*tending
	changed map[string]alert.Alert // to write, by id
	altered []string
	kept    []store.KeptEvent
	firing  map[incident.ID]int
	stirred map[incident.ID]bool // subjects whose alerts said something new; true: opened in this batch
}

func (e *Engine) triageThese(tx *store.Tx, heard []store.Heard, now time.Time) error {
	s, err := e.current(tx)
	if err != nil {
		return err
	}
	t := &triaging{
		e: e, tx: tx, s: s, now: now, tended: map[incident.ID]*tending{}, changed: map[string]alert.Alert{},
		firing: map[incident.ID]int{}, stirred: map[incident.ID]bool{},
	}
	keys, ids := make([]store.AlertKey, len(heard)), make([]string, len(heard))
	for i, h := range heard {
		keys[i], ids[i] = store.AlertKey{Integration: h.Integration, Key: h.Event.Key}, h.ID
	}
	if t.open, err = tx.OpenAlerts(keys); err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(keys), func(k store.AlertKey) bool { _, ok := t.open[k]; return ok })
	if t.last, err = tx.LastResolved(missing); err != nil {
		return err
	}
	for _, h := range heard {
		if err := t.one(h); err != nil {
			return fmt.Errorf("event %s: %w", h.ID, err)
		}
	}
	for _, id := range t.altered {
		if err := tx.PutAlert(t.changed[id]); err != nil {
			return err
		}
	}
	if err := t.quiet(); err != nil {
		return err
	}
	for _, w := range t.order {
		if err := w.settle(); err != nil {
			return err
		}
	}
	if err := tx.KeepEvents(now, t.kept); err != nil {
		return err
	}
	return tx.Done(ids)
}

// one triages one event.
func (t *triaging) one(h store.Heard) error {
	key := store.AlertKey{Integration: h.Integration, Key: h.Event.Key}
	var open, last *alert.Alert
	var subject incident.ID
	if a, ok := t.open[key]; ok {
		open, subject = &a, a.Subject
	} else if a, ok := t.last[key]; ok {
		last, subject = &a, a.Subject
	}
	integration, ok := t.s.integrations[h.Integration]
	if !ok {
		integration = org.Integration{ID: h.Integration, Name: string(h.Integration)}
	}
	if b, ok := t.s.heartbeatOf(h); ok && b.Service != "" {
		integration.Service = b.Service
	}
	category := alert.Categorize(h.Event, integration, t.s.rules, t.s.services, t.s.settings)
	var status incident.Status
	if subject != "" {
		w, err := t.subject(subject)
		if err != nil {
			return err
		}
		status = w.in.Status
	}
	v := alert.Triage(h.Event, category, open, last, status, alert.ReopenWithin(t.s.services[category.Service]), t.now)
	var a alert.Alert
	var err error
	switch v.Do {
	case alert.DoOpen:
		a = t.begin(h, category, v)
	case alert.DoRepeat, alert.DoUpdate:
		a, err = t.again(*open, h, category, v)
	case alert.DoResolve:
		a, err = t.clear(*open, h, category, v)
	case alert.DoReopen:
		if open == nil {
			open = last
		}
		a, err = t.reopen(*open, h, category, v)
	case alert.DoVerb:
		a, err = *open, t.verb(*open, h)
	case alert.DoRecord:
		// A person was quicker than the source, which agrees by now: see openAlerts.
		if last != nil && h.Event.Action == alert.Resolve && last.Last.Action != alert.Resolve {
			a = *last
			a.Last.Action, a.Last.At = h.Event.Action, h.Event.At
			t.put(a)
		}
	}
	t.kept = append(t.kept, store.KeptEvent{Heard: h, Alert: a.ID, Subject: a.Subject, Verdict: string(v.Do), Why: v.Why})
	return err
}

// subject is a subject of the batch, locked and tended once.
func (t *triaging) subject(id incident.ID) (*tending, error) {
	if w, ok := t.tended[id]; ok {
		return w, nil
	}
	sub, err := t.tx.Lock(id)
	if err != nil {
		return nil, err
	}
	return t.tend(sub), nil
}

func (t *triaging) tend(sub *store.Subject) *tending {
	w := t.e.tend(t.tx, t.s, sub, t.now)
	t.tended[w.in.ID] = w
	t.order = append(t.order, w)
	return w
}

// put remembers an alert to be written at the end of the batch.
func (t *triaging) put(a alert.Alert) {
	if _, ok := t.changed[a.ID]; !ok {
		t.altered = append(t.altered, a.ID)
	}
	t.changed[a.ID] = a
	key := store.AlertKey{Integration: a.Integration, Key: a.Key}
	if a.Open {
		t.open[key] = a
		delete(t.last, key)
	} else {
		t.last[key] = a
		delete(t.open, key)
	}
}

// begin opens an alert and an incident for it.
func (t *triaging) begin(h store.Heard, c alert.Category, v alert.Verdict) alert.Alert {
	service := t.s.services[c.Service]
	id := incident.ID(t.e.newID(t.now))
	a := v.Apply(alert.Alert{
		ID: t.e.newID(t.now), Integration: h.Integration, Subject: id,
		Counted: countsAlerts(t.s.policies[service.Policy]),
	}, h.Event, c, h.At)
	t.tend(t.tx.Create(id)).open(incident.BySource(h.Integration), incident.Opened{
		Title: h.Event.Title, Service: c.Service, Team: service.Team, Severity: c.Severity, Priority: c.Priority,
		Alert: a.ID, Integration: h.Integration, Why: c.Why,
	}, service.Policy)
	t.put(a)
	t.stir(id, true)
	return a
}

// countsAlerts says whether a level of the policy waits for a number of alerts.
func countsAlerts(p escalate.Policy) bool {
	return slices.ContainsFunc(p.Levels, func(l escalate.Level) bool { return l.When.MinAlerts != nil })
}

// again counts one more event of an open alert, and what it says that is new.
func (t *triaging) again(a alert.Alert, h store.Heard, c alert.Category, v alert.Verdict) (alert.Alert, error) {
	a = v.Apply(a, h.Event, c, h.At)
	t.put(a)
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
	return a, nil
}

// raise makes an incident as bad as the worst of its alerts.
func (t *triaging) raise(w *tending, by incident.Actor, v alert.Verdict) {
	if !alert.Worse(v.Raise, w.in.Severity) {
		return
	}
	f := incident.Raised{Severity: v.Raise, Why: "the source rates it worse now"}
	if alert.PriorityOf(v.Raise) == org.High && w.in.Priority != org.High {
		f.Priority = org.High
	}
	w.add(by, f)
}

// clear ends an alert, and with the last one its incident.
func (t *triaging) clear(a alert.Alert, h store.Heard, c alert.Category, v alert.Verdict) (alert.Alert, error) {
	a = v.Apply(a, h.Event, c, h.At)
	w, err := t.subject(a.Subject)
	if err != nil {
		return a, err
	}
	left, ok := t.firing[a.Subject]
	if !ok {
		if left, err = t.tx.FiringLeft(a.Subject); err != nil {
			return a, err
		}
		for _, other := range t.changed { // not written yet
			if other.Subject == a.Subject && other.ID != a.ID && other.Open {
				left++
			}
		}
		left = max(left, 1)
	}
	left--
	t.firing[a.Subject] = left
	t.put(a)
	by := incident.BySource(h.Integration)
	if !w.in.Status.Open() {
		return a, nil
	}
	w.add(by, incident.Cleared{Alert: a.ID, Title: a.Title, Left: left})
	switch {
	case left > 0:
		t.stir(a.Subject, false)
	case h.Event.Lapsed():
		w.add(by, incident.Ended{Why: "monitoring no longer speaks of it"})
	default:
		w.add(by, incident.Ended{Why: "monitoring reports it is well"})
	}
	return a, nil
}

// reopen takes up an alert and its incident again.
func (t *triaging) reopen(a alert.Alert, h store.Heard, c alert.Category, v alert.Verdict) (alert.Alert, error) {
	a = v.Apply(a, h.Event, c, h.At)
	delete(t.firing, a.Subject)
	t.put(a)
	t.stir(a.Subject, false)
	w, err := t.subject(a.Subject)
	if err != nil {
		return a, err
	}
	by := incident.BySource(h.Integration)
	if !w.in.Status.Open() {
		w.add(by, incident.Reopened{Why: v.Why})
	}
	t.raise(w, by, v)
	return a, nil
}

// verb is a person's verb that a source carried.
func (t *triaging) verb(a alert.Alert, h store.Heard) error {
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

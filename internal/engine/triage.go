package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// Own is the integration under which the house speaks about itself.
const Own org.IntegrationID = "tocsin"

const (
	triageBatch = 100
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
	var t *triaging
	err = e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
		defer guard(&err)
		n = 0
		gen, ours, err := tx.Take(right)
		if err != nil || !ours {
			return err
		}
		heard, err := tx.Inbox(limit)
		if n = len(heard); err != nil || n == 0 {
			return err
		}
		e.inbox.waitsSince(heard[0].At)
		t, err = e.triageThese(tx, heard, now, gen)
		return err
	})
	if err == nil && n > 0 {
		e.grove.Store(t.grove)
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
	firing  map[incident.ID]map[string]bool // the open alerts of subjects that were asked for
	joined  map[incident.ID]int             // how many alerts subjects have that others join
	said    map[string]alert.Category       // of alerts that are new
	stirred map[incident.ID]bool            // subjects whose alerts said something new; true: opened in this batch
	grove   *grove
	gen     int64          // of the right to triage
	grew    bool           // the grove may have changed
	hand    incident.Actor // who corrects it; "": it happens by itself
}

// batch is an empty one.
func (e *Engine) batch(tx *store.Tx, s *setup, now time.Time) *triaging {
	return &triaging{
		e: e, tx: tx, s: s, now: now, tended: map[incident.ID]*tending{}, changed: map[string]alert.Alert{},
		open: map[store.AlertKey]alert.Alert{}, last: map[store.AlertKey]alert.Alert{},
		firing: map[incident.ID]map[string]bool{}, joined: map[incident.ID]int{}, said: map[string]alert.Category{}, stirred: map[incident.ID]bool{},
	}
}

func (e *Engine) triageThese(tx *store.Tx, heard []store.Heard, now time.Time, gen int64) (*triaging, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	t := e.batch(tx, s, now)
	keys, ids := make([]store.AlertKey, len(heard)), make([]string, len(heard))
	for i, h := range heard {
		keys[i], ids[i] = store.AlertKey{Integration: h.Integration, Key: h.Event.Key}, h.ID
	}
	if t.open, err = tx.OpenAlerts(keys); err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(keys), func(k store.AlertKey) bool { _, ok := t.open[k]; return ok })
	if t.last, err = tx.LastResolved(missing); err != nil {
		return nil, err
	}
	if err := t.plant(gen); err != nil {
		return nil, err
	}
	for _, h := range heard {
		if err := t.one(h); err != nil {
			return nil, fmt.Errorf("event %s: %w", h.ID, err)
		}
	}
	if err := t.finish(); err != nil {
		return nil, err
	}
	if err := tx.KeepEvents(now, t.kept); err != nil {
		return nil, err
	}
	return t, tx.Done(ids)
}

// finish writes down what a batch has come to.
func (t *triaging) finish() error {
	for _, id := range t.altered {
		if err := t.tx.PutAlert(t.changed[id]); err != nil {
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
	return t.arm()
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
	h.Event = t.s.sieve.Enrich(h.Event, integration)
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
	v = sift.Return(v, last, status)
	var a alert.Alert
	var err error
	switch v.Do {
	case alert.DoOpen:
		a, err = t.begin(h, category, v, last)
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
	for id, fires := range t.firing {
		if a.Open && a.Subject == id {
			fires[a.ID] = true
		} else {
			delete(fires, a.ID)
		}
	}
	key := store.AlertKey{Integration: a.Integration, Key: a.Key}
	if a.Open {
		t.open[key] = a
		delete(t.last, key)
	} else {
		t.last[key] = a
		delete(t.open, key)
	}
}

// begin opens an alert, and an incident for it unless something holds it back.
func (t *triaging) begin(h store.Heard, c alert.Category, v alert.Verdict, last *alert.Alert) (alert.Alert, error) {
	a := v.Apply(alert.Alert{
		ID: t.e.newID(t.now), Integration: h.Integration,
		Counted: countsAlerts(t.s.policies[t.s.services[c.Service].Policy]) || t.s.sieve.Counts(c.Service),
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

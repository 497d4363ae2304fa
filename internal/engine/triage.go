package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// Own is the integration under which the house speaks about itself.
const Own org.IntegrationID = "tocsin"

const (
	// How many events one transaction triages at most. SQLite has one writer: who sends waits
	// as long as a batch takes. PostgreSQL writes beside it, and each batch is as many round
	// trips as any other.
	triageBatchSQLite, triageBatchPostgres = 32, 256

	aheadOf = 64 // the rows of so many events are written while the next are decided

	triageTime = 200 * time.Millisecond // then Step looks at the pages, and Run says that it is alive; both come back
)

// How many times as long as it took triage rests after few events (restBelow), when nothing more waits. On PostgreSQL a
// transaction costs nearly the same for two events as for ten, and in a storm of repeats
// what is new comes in ones and twos. SQLite commits them with whatever else is written.
const triageRestsSQLite, triageRestsPostgres = 0, 2

// right is the due row whose lock is the right to triage, so that one node at a time
// decides what belongs together. No timer wakes it.
var right = store.Due{Kind: "triage", Lane: laneTriage}

// triage drains the inbox, in transactions that hold the right to, and says how many
// events that were. more is whether it stopped for the time it took, so that there may be
// more.
func (e *Engine) triage(ctx context.Context, now time.Time) (did int, more bool, err error) {
	for began := e.clock.elapsed(); ; {
		n, err := e.triageSome(ctx, now, e.most)
		if err != nil {
			e.log.Warn("triage of a batch failed; its events are tried one by one", "error", err)
			if n, err = e.triageEach(ctx, now); err != nil || n == 0 {
				return did + n, false, err
			}
		}
		did += n
		if n < e.most {
			break
		}
		if more = e.clock.elapsed()-began > triageTime; more {
			break
		}
	}
	clear(e.ailing)
	return did, more, nil
}

// triageSome triages up to limit events in one transaction, and says how many.
func (e *Engine) triageSome(ctx context.Context, now time.Time, limit int) (n int, err error) {
	began := e.clock.elapsed()
	var t *triaging
	var heard []store.Heard
	err = e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
		defer guard(&err)
		n = 0
		if err := tx.ForeseeTriage(right, e.triages, limit, now); err != nil {
			return err
		}
		gen, ours, err := tx.Take(right)
		if e.triages = ours; err != nil || !ours {
			return err
		}
		heard, err = tx.Inbox(limit)
		if n = len(heard); err != nil || n == 0 {
			return err
		}
		if n == limit {
			tx.Again()
		}
		e.inbox.triages(n, heard[0].At, e.clock.Now())
		t, err = e.triageThese(tx, heard, now, gen)
		return err
	})
	if err == nil && n > 0 {
		e.grove.Store(t.grove)
		e.hit("after triage")
		if n >= limit/2 {
			e.inbox.triaged(n, e.clock.elapsed()-began)
		}
		done := e.clock.Now()
		e.metrics.triaged(heard, done)
		e.triaged.Store(done.UnixMicro())
	}
	return n, err
}

// A triaging is one batch of events within one transaction.
type triaging struct {
	e       *Engine
	tx      *store.Tx
	s       *setup
	now     time.Time
	open    map[store.AlertKey]*alert.Alert
	last    map[store.AlertKey]*alert.Alert
	tended  map[incident.ID]*tending
	order   []*tending
	changed map[string]*alert.Alert // by id
	altered []string                // of them those that are to be written
	dirty   map[string]bool         // the same
	written map[string]bool         // those that were, at least once
	kept    []store.KeptEvent
	firing  map[incident.ID]map[string]bool // the open alerts of subjects that were asked for
	joined  map[incident.ID]int             // how many alerts subjects have that others join
	said    map[string]alert.Category       // of alerts that are new
	stirred map[incident.ID]bool            // subjects whose alerts said something new; true: opened in this batch
	silent  *alert.Silences                 // those that are active; nil: not asked for yet
	grove   *grove
	gen     int64          // of the right to triage
	grew    bool           // the grove may have changed
	hand    incident.Actor // who corrects it; "": it happens by itself
}

// batch is an empty one.
func (e *Engine) batch(tx *store.Tx, s *setup, now time.Time) *triaging {
	return &triaging{
		e: e, tx: tx, s: s, now: now, tended: map[incident.ID]*tending{}, changed: map[string]*alert.Alert{}, dirty: map[string]bool{}, written: map[string]bool{},
		open: map[store.AlertKey]*alert.Alert{}, last: map[store.AlertKey]*alert.Alert{},
		firing: map[incident.ID]map[string]bool{}, joined: map[incident.ID]int{}, said: map[string]alert.Category{}, stirred: map[incident.ID]bool{},
	}
}

func (e *Engine) triageThese(tx *store.Tx, heard []store.Heard, now time.Time, gen int64) (*triaging, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	t := e.batch(tx, s, now)
	t.changed, t.kept = make(map[string]*alert.Alert, len(heard)), make([]store.KeptEvent, 0, len(heard))
	t.said, t.dirty, t.written = make(map[string]alert.Category, len(heard)), make(map[string]bool, len(heard)), make(map[string]bool, len(heard))
	t.tended, t.order = make(map[incident.ID]*tending, len(heard)), make([]*tending, 0, len(heard))
	keys, ids := make([]store.AlertKey, len(heard)), make([]string, len(heard))
	for i, h := range heard {
		keys[i], ids[i] = store.AlertKey{Integration: h.Integration, Key: h.Event.Key}, h.ID
	}
	open, last, err := tx.AlertsByKey(keys)
	if err != nil {
		return nil, err
	}
	t.open, t.last = pointers(open), pointers(last)
	if err := tx.Preload(t.subjects()); err != nil {
		return nil, err
	}
	if err := t.plant(gen); err != nil {
		return nil, err
	}
	for i, h := range heard {
		if i > 0 && i%aheadOf == 0 {
			if err := t.ahead(); err != nil {
				return nil, err
			}
		}
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

// pointers are alerts that a batch may change where they are.
func pointers(all map[store.AlertKey]alert.Alert) map[store.AlertKey]*alert.Alert {
	out := make(map[store.AlertKey]*alert.Alert, len(all))
	for k, a := range all {
		out[k] = &a
	}
	return out
}

// subjects are those whose alerts the batch speaks of, in the order in which they are
// locked.
func (t *triaging) subjects() (ids []incident.ID) {
	for _, known := range []map[store.AlertKey]*alert.Alert{t.open, t.last} {
		for _, a := range known {
			if a.Subject != "" {
				ids = append(ids, a.Subject)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// finish writes down what a batch has come to.
func (t *triaging) finish() error {
	if err := t.settle(); err != nil {
		return err
	}
	return t.arm()
}

// ahead has what the batch has come to so far written while it goes on. A subject of which
// it hears again is tended again, as in a batch of its own.
func (t *triaging) ahead() error {
	if err := t.settle(); err != nil {
		return err
	}
	t.order, t.altered = nil, nil
	clear(t.dirty)
	clear(t.tended)
	clear(t.stirred)
	clear(t.joined)
	return t.tx.Ahead()
}

// settle writes down the alerts that changed, and settles the subjects that were tended.
func (t *triaging) settle() error {
	for _, id := range t.altered {
		write := t.tx.PutAlert
		if _, begins := t.said[id]; begins && !t.written[id] {
			write = t.tx.AddAlert
		}
		t.written[id] = true
		if err := write(*t.changed[id]); err != nil {
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
	return nil
}

// one triages one event.
func (t *triaging) one(h store.Heard) error {
	key := store.AlertKey{Integration: h.Integration, Key: h.Event.Key}
	var open, last *alert.Alert
	var subject incident.ID
	if a, ok := t.open[key]; ok {
		was := *a
		open, subject = &was, a.Subject
	} else if a, ok := t.last[key]; ok {
		was := *a
		last, subject = &was, a.Subject
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
	if err == nil && h.Event.Action == alert.Change {
		err = t.pipeline(h, category)
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
	if !t.dirty[a.ID] {
		t.dirty[a.ID] = true
		t.altered = append(t.altered, a.ID)
	}
	now := t.changed[a.ID]
	if now == nil {
		now = new(alert.Alert)
		t.changed[a.ID] = now
	}
	*now = a
	for id, fires := range t.firing {
		if a.Open && a.Subject == id {
			fires[a.ID] = true
		} else {
			delete(fires, a.ID)
		}
	}
	key := store.AlertKey{Integration: a.Integration, Key: a.Key}
	if a.Open {
		t.open[key] = now
		delete(t.last, key)
	} else {
		t.last[key] = now
		delete(t.open, key)
	}
}

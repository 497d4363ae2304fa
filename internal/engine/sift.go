package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// What sifting has due rows for: alerts whose time has come, and a team's storm.
const (
	siftKind  = "sift"
	stormKind = "storm"
)

var siftRow = store.Due{Kind: siftKind, Subject: "alerts", Lane: store.LaneHigh}

// A grove is the forest of what fires, as the database has it: a cache of this node. It
// is good for one configuration, and for one state of the right to triage, whose gen
// goes up with every batch that changes it, on any node.
type grove struct {
	config int64
	gen    int64
	forest *cause.Forest
}

// takeGrove takes the cache away; whoever fails with it has lost it.
func (e *Engine) takeGrove() *grove { return e.grove.Swap(nil) }

// plant gives a batch the forest of what fires, and looks at what was changed beside
// triage, or by another configuration.
//
// Should that panic, nothing explains anything in this batch: everybody is paged, and no
// event is lost to it.
func (t *triaging) plant(gen int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.e.log.Error("the forest of causes is broken; alerts page without it", "error", p)
			t.grove = nil
		}
	}()
	t.gen = gen
	if !t.s.sieve.Explains() {
		return nil
	}
	stirred, err := t.tx.Stirred()
	if err != nil {
		return err
	}
	t.grove = t.e.takeGrove()
	if t.grove == nil || t.grove.config != t.s.seq || t.grove.gen != gen {
		return t.replant()
	}
	var ids []string
	for _, id := range stirred {
		a, err := t.Alert(id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		t.grew = true
		if err == nil && t.counts(a) {
			ids = append(ids, t.grove.forest.Fire(t.s.sieve.Tree(&a, t.Integration(a.Integration)))...)
		} else {
			ids = append(ids, t.grove.forest.Resolve(id)...)
		}
	}
	return t.desk().Look(ids)
}

// counts says whether an alert explains others, or may be explained.
func (t *triaging) counts(a alert.Alert) bool {
	return a.Open && (a.Subject != "" || a.Sifted.Stage != alert.Transient && a.Sifted.Stage != alert.Threshold)
}

// replant makes the forest from the open alerts, and looks at those that stand elsewhere
// now than they did.
func (t *triaging) replant() error {
	pairs, err := t.tx.Pairs()
	if err != nil {
		return err
	}
	t.grove, t.grew = &grove{config: t.s.seq, forest: t.s.sieve.Forest(pairs)}, true
	was := map[string]bool{}
	for after := (store.AlertKey{}); ; {
		some, err := t.tx.FiringAfter(after, readAtATime)
		if err != nil {
			return err
		}
		for _, a := range some {
			after = store.AlertKey{Integration: a.Integration, Key: a.Key}
			if t.counts(a) {
				t.grove.forest.Fire(t.s.sieve.Tree(&a, t.Integration(a.Integration)))
				was[a.ID] = a.Sifted.Stage == alert.Symptom
			}
		}
		if len(some) < readAtATime {
			break
		}
	}
	var moved []string
	for id, symptom := range was {
		if (t.grove.forest.Root(id) != id) != symptom {
			moved = append(moved, id)
		}
	}
	return t.desk().Look(moved)
}

func (t *triaging) desk() sift.Desk {
	d := sift.Desk{Sieve: t.s.sieve, Keeper: t, Now: t.now}
	if t.grove != nil {
		d.Forest = t.grove.forest
	}
	return d
}

// fires sifts an alert that is new or says something new.
func (t *triaging) fires(a alert.Alert) (alert.Alert, error) {
	t.put(a)
	t.grew = t.grew || t.grove != nil
	if err := t.desk().Fires(a); err != nil {
		return a, err
	}
	return t.changed[a.ID], nil
}

// cleared takes an alert out of the forest that is over.
func (t *triaging) cleared(id string) error {
	t.grew = t.grew || t.grove != nil
	return t.desk().Clears(id)
}

// arm sets when the alerts of a batch are looked at anew.
func (t *triaging) arm() error {
	var first time.Time
	for _, id := range t.altered {
		if at := t.changed[id].Sifted.Until; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if t.grove != nil {
		t.grove.gen = t.gen
		if t.grew {
			t.grove.gen++
			if err := t.tx.Arm(right); err != nil {
				return err
			}
		}
	}
	if first.IsZero() {
		return nil
	}
	d := siftRow
	d.At = first
	return t.tx.ArmBy(d)
}

// siftDue looks at the alerts whose time has come.
func (e *Engine) siftDue(ctx context.Context, d store.Due, now time.Time) error {
	var t *triaging
	err := e.store.Write(ctx, store.Triage, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		d.Failures = 0
		gen, ours, err := tx.Take(right)
		if err != nil || !ours { // another node triages just now
			d.At = now.Add(time.Second)
			return errors.Join(err, tx.Arm(d))
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		t = e.batch(tx, s, now)
		if err := t.plant(gen); err != nil {
			return err
		}
		if d.Kind == stormKind {
			if err := t.storm(d); err != nil {
				return err
			}
			return t.finish()
		}
		due, err := tx.AlertsToLook(now, triageBatch)
		if err != nil {
			return err
		}
		for _, a := range due {
			if err := t.look(a); err != nil {
				return err
			}
		}
		if err := t.finish(); err != nil {
			return err
		}
		d.At, err = tx.NextLook()
		if err != nil || d.At.IsZero() {
			return errors.Join(err, tx.Disarm(d.Kind, d.Subject))
		}
		return tx.Arm(d)
	})
	if err == nil && t != nil {
		e.grove.Store(t.grove)
	}
	return err
}

// auditSifting arms what sifting waits for: the next look at an alert, the next change of
// a maintenance window, and a look at everything after the configuration has changed.
func (e *Engine) auditSifting(tx *store.Tx, s *setup, now time.Time) error {
	if err := armWindows(tx, s, now); err != nil {
		return err
	}
	if err := tx.DropGatherings(now.Add(-keepGatherings)); err != nil {
		return err
	}
	d := siftRow
	var err error
	if d.At, err = tx.NextLook(); err != nil {
		return err
	}
	if g := e.grove.Load(); s.sieve.Explains() && (g == nil || g.config != s.seq) {
		d.At = now
	}
	if d.At.IsZero() {
		return nil
	}
	return tx.ArmBy(d)
}

const keepGatherings = 24 * time.Hour // after the last alert that joined

// look is one alert whose time has come.
func (t *triaging) look(a alert.Alert) error {
	if c, ok := t.changed[a.ID]; ok { // by one before it
		a = c
		if a.Sifted.Until.IsZero() || a.Sifted.Until.After(t.now) {
			return nil
		}
	}
	if !a.Sifted.Flapping.IsZero() && (!a.Open || a.Sifted.Stage == "" || a.Sifted.Stage == alert.Flapping) {
		return t.calm(a)
	}
	if !a.Open {
		a.Sifted.Until = time.Time{}
		t.put(a)
		return nil
	}
	until := a.Sifted.Until
	var err error
	if a.Subject == "" {
		a, err = t.fires(a)
	} else {
		t.put(a)
		err = t.desk().Look([]string{a.ID})
		a = t.changed[a.ID]
	}
	if err == nil && a.Sifted.Until.Equal(until) { // nothing came of it; it must not be due for ever
		a.Sifted.Until = time.Time{}
		t.put(a)
	}
	return err
}

// Alert is part of being a sift.Keeper, as are the methods below.
func (t *triaging) Alert(id string) (alert.Alert, error) {
	if a, ok := t.changed[id]; ok {
		return a, nil
	}
	return t.tx.AlertByID(id)
}

func (t *triaging) Keep(a alert.Alert) error { t.put(a); return nil }

func (t *triaging) Integration(id org.IntegrationID) org.Integration {
	in, ok := t.s.integrations[id]
	if !ok {
		in = org.Integration{ID: id, Name: string(id)}
	}
	return in
}

func (t *triaging) Team(id org.ServiceID) org.TeamID { return t.s.services[id].Team }

func (t *triaging) Under(id incident.ID) (cause, lifted string, err error) {
	w, err := t.subject(id)
	if err != nil {
		return "", "", err
	}
	return w.in.Cause, w.in.Unfolded, nil
}

func (t *triaging) Group(key string) (g sift.Gathering, err error) {
	g, err = t.tx.Gathering(key)
	if err != nil || g.Subject == "" {
		return g, err
	}
	w, err := t.subject(g.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !w.in.Status.Open() {
		return sift.Gathering{}, nil
	}
	return g, err
}

func (t *triaging) PutGroup(g sift.Gathering) error { return t.tx.PutGathering(g) }

func (t *triaging) Weather(team org.TeamID) (w sift.Weather, err error) {
	w, err = t.tx.Weather(team)
	if err != nil || w.Subject == "" {
		return w, err
	}
	s, err := t.subject(w.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.in.Status.Open() {
		w.Subject = ""
		return w, nil
	}
	return w, err
}

func (t *triaging) PutWeather(team org.TeamID, w sift.Weather) error {
	if w.Subject != "" {
		if err := t.tx.ArmBy(store.Due{Kind: stormKind, Subject: string(team), Lane: store.LaneHigh, At: t.now.Add(time.Minute)}); err != nil {
			return err
		}
	}
	return t.tx.PutWeather(team, w)
}

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

// Fold has an incident stand still beneath its cause's. Who was paged for it lately hears
// of the cause as news.
func (t *triaging) Fold(a *alert.Alert, v sift.Verdict) error {
	w, err := t.subject(a.Subject)
	if err != nil {
		return err
	}
	t.put(*a)
	if !w.in.Status.Open() || w.in.Cause == v.Cause && w.in.Under == v.Subject {
		return nil
	}
	was := w.in
	w.add(t.actor(), incident.Held{Why: v.Why, Cause: v.Cause, Under: v.Subject})
	if v.Subject == "" || was.Under == v.Subject {
		return nil
	}
	r, err := t.subject(v.Subject)
	if err != nil {
		return err
	}
	r.add(incident.Engine, incident.Gathered{Incident: w.in.ID, Alert: a.ID, Title: w.in.Title, Why: v.Rule, Answered: w.in.Answered})
	t.worsen(r, incident.Engine, w.in.Severity, "so is "+w.in.Title)
	pages, err := t.tx.PagesOf(w.in.ID)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if p.Person != "" && p.Purpose.Alarms() && !p.SentAt.IsZero() && t.now.Sub(p.SentAt) < sift.UpdateWithin {
			r.knows(p.Person)
		}
	}
	return nil
}

// Unfold lets an incident go on by itself.
func (t *triaging) Unfold(a *alert.Alert, v sift.Verdict) error {
	w, err := t.subject(a.Subject)
	if err != nil {
		return err
	}
	t.put(*a)
	if w.in.Status.Open() && w.in.Cause != "" {
		w.add(t.actor(), incident.Released{Why: v.Why, Was: a.Sifted.Was})
		t.stir(a.Subject, false)
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

// knows notes who was paged for a symptom lately.
func (t *tending) knows(p org.PersonID) {
	if !slices.Contains(t.known, p) {
		t.known = append(t.known, p)
	}
}

// asNews turns the first alarm of whoever was paged for a symptom into news of its cause.
// Their later rules stay alarms, should they not answer.
func (t *tending) asNews(pages []escalate.Page) []escalate.Page {
	for i, p := range pages {
		if p.Purpose == escalate.Alarm && slices.Contains(t.known, p.Person) && !p.At.After(t.now) {
			pages[i].Purpose, pages[i].Text = escalate.Update, "the cause"
		}
	}
	return pages
}

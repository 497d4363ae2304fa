package engine

import (
	"fmt"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/investigate/runbook"
	"tocsin/org"
	"tocsin/resolve"
	"tocsin/review"
	"tocsin/review/drill"
)

// A tending is one subject being brought up to now, within one transaction. Facts are
// added to it; what follows from each (pages planned, cancelled, told) is remembered
// in order and written with them.
type tending struct {
	e     *Engine
	tx    *store.Tx
	w     escalate.World
	now   time.Time
	sub   *store.Subject
	in    incident.Incident // after the facts added so far
	log   incident.Log      // those facts
	then  []func() error    // what follows them
	known []org.PersonID    // who was paged for a symptom of it lately
	s     *setup
	free  bool // something else than a silence held it and lets go
	runs  map[int]bool
}

// tend begins to tend a subject that is locked or new.
func (e *Engine) tend(tx *store.Tx, s *setup, sub *store.Subject, now time.Time) *tending {
	if sub.At.After(now) {
		now = sub.At // entries in a log never go back
	}
	return &tending{e: e, tx: tx, w: e.world(tx, s), now: now, sub: sub, in: sub.Incident, s: s}
}

// add states facts.
func (t *tending) add(by incident.Actor, facts ...incident.Fact) {
	for _, f := range facts {
		f = t.asks(f)
		entry := incident.Entry{Seq: t.in.Seq + 1, At: t.now, By: by, Fact: f}
		before := t.in
		t.log, t.in = append(t.log, entry), t.in.After(entry)
		t.follow(before, entry)
	}
}

// asks is a fact with what its severity asks of people, by the matrix of now.
func (t *tending) asks(f incident.Fact) incident.Fact {
	switch f := f.(type) {
	case incident.Opened:
		if f.Sort == "" || f.Sort == incident.KindDrill {
			r := t.s.settings.Matrix.Asks(f.Severity)
			if r.UpdateEvery != f.UpdateEvery || !slices.Equal(r.Roles, f.Roles) {
				f.UpdateEvery, f.Roles = r.UpdateEvery, r.Roles
				return f
			}
		}
	case incident.Raised:
		if r := t.s.settings.Matrix.Asks(f.Severity); f.Severity != "" && (r.UpdateEvery != t.in.UpdateEvery || !slices.Equal(r.Roles, t.in.Roles)) {
			f.Needs = &incident.Needs{UpdateEvery: r.UpdateEvery, Roles: r.Roles}
			return f
		}
	}
	return f
}

// rounds bounds how often the steps are asked again after one of them added a fact.
const rounds = 8

// settle lets each step do what it does by itself, until none adds a fact, and writes
// everything down.
func (t *tending) settle() error {
	if t.free {
		t.free = false
		if err := t.askSilences(); err != nil {
			return err
		}
	}
	var due time.Time // when the steps are to be asked again
	for range rounds {
		due = time.Time{}
		before := len(t.log)
		say := func(facts []incident.Fact, at time.Time) {
			t.add(incident.Engine, facts...)
			due = incident.Sooner(due, at)
		}
		say(alert.Next(t.in, t.now))
		say(escalate.Next(t.in, t.w, t.now))
		say(investigate.Next(t.in, t.s.guideline(t.in), t.now))
		say(runbook.Next(t.in, t.now))
		say(t.practised(), time.Time{})
		say(t.lists(), time.Time{})
		back, watched, err := resolve.Next(t.in, t.fires, t.now)
		if err != nil {
			return err
		}
		say(back, watched)
		say(resolve.ChangeNext(t.in, t.s.boardVersion, t.now))
		unseen, looked, err := resolve.OverrideNext(t.in, t.owes, t.now)
		if err != nil {
			return err
		}
		say(unseen, looked)
		say(investigate.NoticeNext(t.in, t.now))
		say(drill.Next(t.in, t.now))
		say(review.Next(t.in, func() []org.PersonID { return t.s.leads(t.in) }, t.now))
		if len(t.log) == before {
			break
		}
	}
	if len(t.log) > 0 {
		if err := t.tx.Append(t.sub, t.log); err != nil {
			return err
		}
		t.e.metrics.count(t.log)
	}
	for _, then := range t.then {
		if err := then(); err != nil {
			return err
		}
	}
	t.log, t.then = nil, nil
	if due.IsZero() {
		return t.tx.Disarm(tendKind, string(t.in.ID))
	}
	// The store keeps whole microseconds: one that began is waited out, or the row would
	// be due before its time has come, over and over.
	due = due.Add(time.Microsecond - 1).Truncate(time.Microsecond)
	return t.tx.Arm(store.Due{Kind: tendKind, Subject: string(t.in.ID), Lane: laneOf(t.in.Priority), At: due})
}

// fires is how many alerts of the subject do.
func (t *tending) fires() (int, error) {
	ids, err := t.tx.OpenIDs(t.in.ID)
	return len(ids), err
}

// lists are the checklists that what was just stated asks for.
func (t *tending) lists() []incident.Fact {
	for _, e := range t.log {
		switch e.Fact.(type) {
		case incident.Opened, incident.Raised, incident.Released, incident.Reopened, incident.Staged:
			return investigate.Attach(t.in, t.s.settings.Checklists, t.now)
		}
	}
	return nil
}

func laneOf(p org.Priority) int {
	if p == org.Low {
		return store.LaneLow
	}
	return store.LaneHigh
}

// follow remembers what a fact means for pages: who is told, which fall away, which
// are planned.
func (t *tending) follow(before incident.Incident, entry incident.Entry) {
	id := t.in.ID
	switch f := entry.Fact.(type) {
	case incident.AcknowledgedBy:
		if f.Late {
			return
		}
		if before.Status != incident.Acknowledged {
			t.cancel(store.Cancel{Subject: id, NotEach: true, OnlyAlarms: true}, "answered by "+entry.By.Name())
		}
		if p := entry.By.Person(); p != "" {
			t.cancel(store.Cancel{Subject: id, Person: p, OnlyAlarms: true}, "answered")
		}
	case incident.Chosen:
		if p := entry.By.Person(); p != "" {
			t.cancel(store.Cancel{Subject: id, Person: p, OnlyAlarms: true}, "answered")
		}
	case incident.Updated:
		t.published(entry, f)
	case incident.Held:
		t.cancel(store.Cancel{Subject: id, OnlyAlarms: true}, "held: "+f.Why)
	case incident.Ended:
		t.cancel(store.Cancel{Subject: id, OnlyAlarms: true}, "resolved")
		t.then = append(t.then, t.closeAlerts)
	case incident.Reopened:
		if ended := before.ResolvedAt; !entry.By.Source() {
			t.then = append(t.then, func() error { return t.openAlerts(ended) })
		}
	case incident.Finished:
		t.free = before.Auto == f.Run && t.in.Auto == ""
	case incident.SnoozedUntil, incident.Unacknowledged, incident.Retriggered, incident.Recurred, incident.Reassigned, incident.Released, incident.Raised:
		if _, released := f.(incident.Released); released {
			t.free = before.Silence == ""
		}
		for i, r := range t.in.Runs { // a new epoch pages anew; a raise that restarts nothing keeps its pages
			_, raised := f.(incident.Raised)
			if restarted := i < len(before.Runs) && before.Runs[i].Epoch != r.Epoch; !r.Aside && (!raised || restarted) {
				t.cancel(store.Cancel{Subject: id, Run: r.ID, OnlyAlarms: true}, f.String())
			}
		}
	case incident.Settled:
		if f.How == "decided" {
			t.cancel(store.Cancel{Subject: id, Run: f.Run, OnlyAlarms: true}, f.String())
		}
	case incident.Pinned:
		t.cancel(store.Cancel{Subject: id, Run: f.Run, OnlyAlarms: true}, f.String())
	case incident.Called:
		for _, c := range f.Calls {
			if c.Person != "" && slices.Contains(before.Called, c.Person) {
				// The new call brings its own repetitions; rules still to come stay.
				t.cancel(store.Cancel{Subject: id, Run: f.Run, Person: c.Person, OnlyRepeats: true, OnlyAlarms: true}, "called again")
			}
		}
		t.planThen(f)
	}
	t.runbookFact(entry)
	t.changeFact(before, entry)
	t.noticeFact(entry)
	t.reviewFact(entry)
	notices := escalate.Tell(before, entry, t.w)
	work := func(all []incident.Told) {
		for _, n := range all {
			notices = append(notices, escalate.Notice{Person: n.Person, Purpose: escalate.Work, Text: n.Text})
		}
	}
	work(investigate.Tell(before, entry))
	work(runbook.Tell(before, entry))
	work(review.Tell(before, entry))
	work(drill.Tell(before, entry))
	notices = append(notices, t.judged(entry)...)
	work(resolve.Tell(before, entry))
	work(resolve.ChangeTell(before, entry, t.s.actorName))
	if len(notices) > 0 {
		t.tellThen(before, entry, notices)
	}
}

// planThen plans the pages of a call as things are now, once everything is written.
func (t *tending) planThen(f incident.Called) {
	state := t.in
	t.then = append(t.then, func() error { return t.plan(t.asNews(escalate.Plan(state, f, t.w, t.now))) })
}

// tellThen has notices told once everything is written. It stands apart so that follow
// need not keep what was before each fact.
func (t *tending) tellThen(before incident.Incident, entry incident.Entry, notices []escalate.Notice) {
	t.then = append(t.then, func() error { return t.tell(before, entry, notices) })
}

func (t *tending) cancel(c store.Cancel, why string) {
	t.then = append(t.then, func() error {
		n, err := t.tx.CancelPages(c, why, t.now)
		t.e.metrics.cancelled(n)
		return err
	})
}

// closeAlerts resolves what still fires of a subject that is over, so that the next
// event of its key is looked at anew: it may reopen the subject. What came back within
// the same batch is not over.
func (t *tending) closeAlerts() error {
	if t.in.Status.Open() {
		return nil
	}
	alerts, err := t.tx.AlertsOf(t.in.ID)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		if !a.Open {
			continue
		}
		a.Open, a.ResolvedAt, a.Sifted.Until = false, t.now, time.Time{}
		if err := t.tx.PutAlert(a); err != nil {
			return err
		}
		if err := t.stirs(a.ID); err != nil {
			return err
		}
	}
	return nil
}

// stirs has triage look at what an alert explains that was changed beside it.
func (t *tending) stirs(id string) error {
	if !t.s.sieve.Explains() {
		return nil
	}
	if err := t.tx.Stir(id); err != nil {
		return err
	}
	d := siftRow
	d.At = t.now
	return t.tx.ArmBy(d)
}

// openAlerts undoes closeAlerts, when a person says that it was not over: what fired
// when the subject ended fires on, as far as its source has said, and its end will be
// the subject's. What the source ended itself stays so, and so does an alert whose key
// another one has by now.
func (t *tending) openAlerts(ended time.Time) error {
	alerts, err := t.tx.AlertsOf(t.in.ID)
	if err != nil {
		return err
	}
	alerts = slices.DeleteFunc(alerts, func(a alert.Alert) bool {
		return a.Open || !a.ResolvedAt.Equal(ended) || a.Last.Action == alert.Resolve
	})
	keys := make([]store.AlertKey, len(alerts))
	for i, a := range alerts {
		keys[i] = store.AlertKey{Integration: a.Integration, Key: a.Key}
	}
	taken, err := t.tx.OpenAlerts(keys)
	if err != nil {
		return err
	}
	for i, a := range alerts {
		if _, ok := taken[keys[i]]; ok {
			continue
		}
		a.Open, a.ResolvedAt = true, time.Time{}
		if err := t.tx.PutAlert(a); err != nil {
			return err
		}
		if err := t.stirs(a.ID); err != nil {
			return err
		}
	}
	return nil
}

// plan writes pages down: intent before effect.
func (t *tending) plan(pages []escalate.Page) error {
	rows := make([]store.PageRow, len(pages))
	for i, p := range pages {
		rows[i] = store.PageRow{Page: p, ID: t.e.newID(t.now), State: escalate.Planned}
	}
	return t.tx.PlanPages(rows)
}

// tell plans notices: each person hears it over the method that paged them first, at
// low cost. Whoever was not paged yet needs no notice, but for those who come on shift.
func (t *tending) tell(before incident.Incident, entry incident.Entry, notices []escalate.Notice) error {
	sent, err := t.tx.PagesOf(t.in.ID)
	if err != nil {
		return err
	}
	for i, p := range sent { // who may have been paged is told, rather than left alone with it
		if p.SentAt.IsZero() && mayBeOut(p) {
			sent[i].SentAt = t.now
		}
	}
	slices.SortStableFunc(sent, func(a, b store.PageRow) int { return a.SentAt.Compare(b.SentAt) })
	var pages []escalate.Page
	for _, n := range notices {
		if n.Purpose == escalate.Update && t.calls(n.Person) {
			continue // they hear of it by that
		}
		if t.restsFrom(n.Person) {
			continue
		}
		page := escalate.Page{
			Subject: t.in.ID, Epoch: entry.Seq, Purpose: n.Purpose, Text: n.Text, Priority: org.Low,
			Person: n.Person, Rule: -1, At: t.now, Zone: "UTC", Hour: t.now.UTC().Hour(),
		}
		if n.Person == "" {
			pages = append(pages, t.report(page, n.Target)...)
			continue
		}
		i := slices.IndexFunc(sent, func(p store.PageRow) bool {
			return p.Person == n.Person && (p.Purpose.Alarms() || p.Purpose == escalate.Update || p.Purpose == escalate.Work) && !p.SentAt.IsZero()
		})
		switch {
		case i >= 0:
			page.Method, page.Channel, page.Zone = sent[i].Method, sent[i].Channel, sent[i].Zone
			pages = append(pages, page)
		case n.Purpose == escalate.HandOver, n.Purpose == escalate.Update, n.Purpose == escalate.Work, n.Purpose == escalate.Copy:
			pages = append(pages, t.report(page, org.Target{Kind: "person", ID: string(n.Person)})...)
		}
	}
	return t.plan(pages)
}

// calls says whether somebody is called by what was just stated.
func (t *tending) calls(p org.PersonID) bool {
	return slices.ContainsFunc(t.log, func(e incident.Entry) bool {
		f, ok := e.Fact.(incident.Called)
		return ok && slices.ContainsFunc(f.Calls, func(c incident.Call) bool { return c.Person == p })
	})
}

// mayBeOut says whether a page has reached its person as far as anybody knows: they
// answered it, a try had an unknown outcome, or it was claimed and nothing was written
// down of how that went. Whoever is quick answers before the provider does.
func mayBeOut(p store.PageRow) bool {
	tries := p.Gen
	if p.State == escalate.Cancelled || !p.CancelledAt.IsZero() {
		tries-- // cancelling is fenced like a claim
	}
	return p.State.Rank() > 0 || p.Unsure || tries > int64(p.Attempts)
}

// InFlight says whether a page may have reached its person although nothing was written
// down yet of how it went.
func InFlight(p store.PageRow) bool { return p.Provider == "" && p.Bundle == "" && mayBeOut(p) }

// report spreads a notice over whoever stands behind a target.
func (t *tending) report(page escalate.Page, target org.Target) (pages []escalate.Page) {
	if target.Kind == "email" {
		page.Channel, page.Address = "email", target.ID
		return []escalate.Page{page}
	}
	people := []org.PersonID{org.PersonID(target.ID)}
	if target.Kind != "person" {
		people = t.w.Who(target, t.now).People
	}
	for _, id := range people {
		if t.restsFrom(id) {
			continue
		}
		person, _ := t.w.Person(id)
		for _, m := range person.Methods {
			if m.Usable() {
				q := page
				q.Person, q.Method, q.Channel = id, m.ID, m.Channel
				pages = append(pages, q)
				break
			}
		}
	}
	return pages
}

// open begins a subject and asks for its climb.
func (t *tending) open(by incident.Actor, f incident.Opened, policy org.PolicyID) {
	t.e.unindexed.Store(true)
	t.add(by, f)
	t.add(incident.Engine, escalate.Begin(t.in, t.w, policy)...)
}

// guard turns a panic in a decision into an error, so that one bad row cannot stop the
// house.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("engine: panic: %v", p)
	}
}

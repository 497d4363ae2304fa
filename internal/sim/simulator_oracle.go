package sim

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	onTime   = 5 * time.Second                // I2: how late anything may be
	endOfAll = 10*time.Minute + 2*time.Minute // I5: a page's life after its first try, with its last retry
	leaseMax = time.Minute
)

// An oracle keeps its own books of what the house was told and what it did, and
// compares. It knows the promises, not how they are kept.
type oracle struct {
	s        *simulator
	outages  []span              // when the house could not have done better
	said     map[said]*tally     // what senders said
	keys     map[string]*pageLog // by page key
	byID     map[string]*pageLog
	touched  map[incident.ID]bool
	followed map[incident.ID]*follower
	policies map[pinned]escalate.Policy
	hours    int
	found    map[said]int // events that were counted or recorded
	counted  time.Time    // the first day whose events are not in found yet
	deeds    map[deed]int
}

type span struct{ from, to time.Time }

type said struct {
	integration org.IntegrationID
	key         string
	trigger     bool
}

// A tally counts what was accepted, and what may have been.
type tally struct{ sure, unsure int }

// A pageLog is what became of one page on the outside.
type pageLog struct {
	key                string
	arrived, ambiguous int
}

type deed struct {
	subject incident.ID
	by      org.PersonID
	what    string
}

func (o *oracle) begin(s *simulator) {
	*o = oracle{
		s: s, said: map[said]*tally{}, keys: map[string]*pageLog{}, byID: map[string]*pageLog{},
		touched: map[incident.ID]bool{}, followed: map[incident.ID]*follower{}, policies: map[pinned]escalate.Policy{}, found: map[said]int{}, deeds: map[deed]int{},
	}
}

// down: the house could do nothing in between.
func (o *oracle) down(from, to time.Time) { o.outages = append(o.outages, span{from, to}) }

// excused says whether something was broken just now.
func (o *oracle) excused(at time.Time) bool {
	for _, d := range slices.Backward(o.outages) {
		if !at.Before(d.from) && !at.After(d.to) {
			return true
		}
	}
	return false
}

// late is how late something was, without the time in which the house was down.
func (o *oracle) late(from, to time.Time) time.Duration {
	if !to.After(from) {
		return 0
	}
	late, reached := to.Sub(from), from
	spans := slices.Clone(o.outages)
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for _, d := range spans {
		if d.from.Before(reached) {
			d.from = reached
		}
		if d.to.After(to) {
			d.to = to
		}
		if d.to.After(d.from) {
			late -= d.to.Sub(d.from)
			reached = d.to
		}
	}
	return late
}

func (o *oracle) tally(i org.IntegrationID, ev alert.Event) *tally {
	k := said{i, ev.Key, ev.Action == alert.Trigger || ev.Action == alert.Unreadable}
	if o.said[k] == nil {
		o.said[k] = &tally{}
	}
	return o.said[k]
}

func (o *oracle) accepted(i org.IntegrationID, ev alert.Event) { o.tally(i, ev).sure++ }
func (o *oracle) unsure(i org.IntegrationID, ev alert.Event)   { o.tally(i, ev).unsure++ }

// did: the house said yes to a person, so that it must stand in the log for ever.
func (o *oracle) did(p store.PageRow, what string) {
	o.touched[p.Subject] = true
	what, _, _ = strings.Cut(what, " ")
	o.deeds[deed{p.Subject, p.Person, what}]++
}

// sending checks a page at the moment a provider gets it: it is claimed and in time,
// and nothing has made it needless (I3, I5).
func (o *oracle) sending(m channel.Message) (p store.PageRow, ok bool) {
	var log incident.Log
	var others []store.PageRow
	err := o.s.store.Read(o.s.ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Page(m.ID); err == nil && !p.Purpose.Apart() {
			log, err = tx.Log(p.Subject)
		}
		if err == nil && o.s.newest.Before(p.At) {
			others, err = tx.PagesOf(p.Subject)
		}
		return err
	})
	s := o.s
	if err != nil {
		s.violation("I5", "a page goes out that is not written down: %v", err)
		return p, false
	}
	if !p.Purpose.Apart() {
		o.touched[p.Subject] = true
	}
	switch l := o.byID[p.ID]; {
	case l != nil && l.key != p.Key():
		s.violation("I4", "page %s had key %s and has key %s", p.ID, l.key, p.Key())
	case l == nil && o.keys[p.Key()] != nil:
		s.violation("I4", "two pages have the key %s", p.Key())
	case l == nil:
		l = &pageLog{key: p.Key()}
		o.byID[p.ID], o.keys[l.key] = l, l
	}
	if p.State != escalate.Claimed {
		s.violation("I5", "page %s goes out while it is %s", p.ID, p.State)
	}
	if p.WakeAt.After(s.newest.Add(leaseMax)) {
		s.violation("I5", "page %s is leased until %s", p.ID, p.WakeAt)
	}
	if p.Attempts == 0 && p.FirstAt.IsZero() {
		late := o.late(p.At, s.now)
		s.Worst = max(s.Worst, late)
		if late > onTime {
			s.violation("I2", "page %s goes out %s late", p.ID, late)
		}
	}
	if s.newest.Before(p.At) && !slices.ContainsFunc(others, func(q store.PageRow) bool {
		return q.Person == p.Person && q.Run == p.Run && !q.FirstAt.IsZero() && q.SentAt.IsZero()
	}) {
		s.violation("I2", "page %s goes out %s early", p.ID, p.At.Sub(s.now))
	}
	if why := needless(p, log); why != "" {
		s.violation("I3", "page %s goes out although %s", p.ID, why)
	}
	return p, s.wrong == nil
}

// needless says what happened after the call of a page that it should not outlive.
func needless(p store.PageRow, log incident.Log) string {
	if !p.Purpose.Alarms() {
		return ""
	}
	var in incident.Incident
	called := false
	why := ""
	for _, e := range log {
		before := in
		in = in.After(e)
		switch f := e.Fact.(type) {
		case incident.Called:
			if f.Run == p.Run && f.Epoch == p.Epoch && f.Round == p.Round && f.Level == p.Level && slices.ContainsFunc(f.Calls, func(c incident.Call) bool { return c.Person == p.Person }) {
				called, why = true, ""
			}
		case incident.AcknowledgedBy:
			if !f.Late && (before.Status != incident.Acknowledged && !p.Each || e.By.Person() == p.Person && p.Person != "") {
				why = "it was answered at " + e.At.Format(time.TimeOnly)
			}
		case incident.Ended:
			why = "it was over at " + e.At.Format(time.TimeOnly)
		case incident.Held:
			why = "it was held at " + e.At.Format(time.TimeOnly)
		case incident.SnoozedUntil:
			if r := runOf(in, p.Run); !r.Aside {
				why = "it was snoozed at " + e.At.Format(time.TimeOnly)
			}
		}
	}
	if !called {
		return "nobody called for it"
	}
	return why
}

func runOf(in incident.Incident, id int) incident.Run {
	for _, r := range in.Runs {
		if r.ID == id {
			return r
		}
	}
	return incident.Run{}
}

// arrived: a provider took it. I4: once, and once more for each outcome nobody knew.
func (o *oracle) arrived(p store.PageRow) {
	l := o.byID[p.ID]
	l.arrived++
	if l.arrived > 1 {
		o.s.Twice++
	}
	if l.arrived-1 > l.ambiguous {
		o.s.violation("I4", "page %s (%s) arrived %d times, and only %d outcomes were unknown", p.ID, l.key, l.arrived, l.ambiguous)
	}
}

func (o *oracle) ambiguous(id string) {
	if l := o.byID[id]; l != nil {
		l.ambiguous++
		o.s.Ambiguous++
	}
}

// stepped checks the house at rest: all that is due is done, and what was touched has
// its timer.
func (o *oracle) stepped() {
	ids := make([]incident.ID, 0, len(o.touched))
	for id := range o.touched {
		ids = append(ids, id)
	}
	clear(o.touched)
	slices.Sort(ids)
	o.look(ids, false)
	o.read(func(tx *store.Tx) error {
		a, err := tx.Agenda()
		if at := a.First(store.LanePeople, store.LaneHigh, store.LaneLow); !at.IsZero() && !at.After(o.s.now) {
			o.s.violation("I13", "something is due since %s and was not done", at)
		}
		return err
	})
}

// hourly looks at everything that is open, and now and then more closely.
func (o *oracle) hourly() {
	o.hours++
	o.recount(o.s.newest.AddDate(0, 0, -2))
	open := o.subjects(true)
	o.look(open, o.hours%6 == 0)
	o.silenced(open)
	o.sifted()
}

func (o *oracle) read(fn func(*store.Tx) error) {
	if o.s.wrong != nil {
		return
	}
	if err := o.s.store.Read(o.s.ctx, fn); err != nil {
		o.s.violation("reading", "%v", err)
	}
}

func (o *oracle) subjects(open bool) (ids []incident.ID) {
	o.read(func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Open: open, Limit: 1 << 30})
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return err
	})
	return ids
}

// look checks subjects: the state is the fold of the log, the log is whole, the climb
// is in time, whoever was called has pages, and what goes on by itself has a timer.
func (o *oracle) look(ids []incident.ID, deep bool) {
	for _, id := range ids {
		o.read(func(tx *store.Tx) error {
			sub, err := tx.Subject(id)
			if err != nil {
				return err
			}
			f := o.followed[id]
			if f == nil {
				f = &follower{runs: map[int]*watch{}}
				o.followed[id] = f
			}
			if f.in.Seq != sub.Seq {
				if err := o.climbs(tx, id, f); err != nil {
					return err
				}
			}
			o.folds(id, f.in, sub.Incident)
			o.overdue(id, f)
			if deep {
				if err := tx.VerifyLog(id); err != nil {
					o.s.violation("I14", "%v", err)
				}
				if err := o.pages(tx, sub.Incident); err != nil {
					return err
				}
			}
			o.planned(sub.Incident)
			return o.timer(tx, sub.Incident)
		})
	}
}

func (o *oracle) folds(id incident.ID, again, in incident.Incident) {
	again.ID = id
	x, _ := json.Marshal(again)
	y, _ := json.Marshal(in)
	if !bytes.Equal(x, y) {
		o.s.violation("fold", "%s is kept as\n%s\nand its log says\n%s", id, y, x)
	}
}

// timer: whatever goes on by itself is due no later than it wants to (I2).
func (o *oracle) timer(tx *store.Tx, in incident.Incident) error {
	var want time.Time
	sooner := func(at time.Time) {
		if !at.IsZero() && (want.IsZero() || at.Before(want)) {
			want = at
		}
	}
	if in.Status.Open() && in.Held == "" {
		sooner(in.SnoozeUntil)
		sooner(in.AckUntil)
		for _, r := range in.Runs {
			if in.Status == incident.Triggered && r.Open() {
				sooner(r.Due)
			}
		}
	}
	if want.IsZero() {
		return nil
	}
	d, ok, err := tx.DueOf("tend", string(in.ID))
	switch {
	case err != nil:
		return err
	case !ok:
		o.s.violation("I2", "%s goes on at %s and has no timer", in.ID, want)
	case d.At.After(want) && (o.late(want, d.At) > time.Minute):
		// (the first level of an offset policy may be later than its round)
		if !slices.ContainsFunc(in.Runs, func(r incident.Run) bool { return r.Level == -1 }) {
			o.s.violation("I2", "%s goes on at %s and its timer is at %s", in.ID, want, d.At)
		}
	}
	return nil
}

// pages: each is over in time, and none is kept too long (I5).
func (o *oracle) pages(tx *store.Tx, in incident.Incident) error {
	pages, err := tx.PagesOf(in.ID)
	for _, p := range pages {
		switch p.State {
		case escalate.Planned, escalate.Claimed:
			if p.WakeAt.IsZero() {
				o.s.violation("I5", "page %s is %s and waits for nothing", p.ID, p.State)
			}
			if !p.FirstAt.IsZero() && o.late(p.FirstAt, o.s.now) > endOfAll {
				o.s.violation("I5", "page %s was first tried at %s and is still %s", p.ID, p.FirstAt, p.State)
			}
			if p.State == escalate.Claimed && p.WakeAt.After(o.s.newest.Add(leaseMax)) {
				o.s.violation("I5", "page %s is leased until %s", p.ID, p.WakeAt)
			}
			if p.Attempts == 0 && o.late(p.At, o.s.now) > onTime {
				o.s.violation("I2", "page %s of %s was never tried", p.ID, p.At)
			}
		}
	}
	return err
}

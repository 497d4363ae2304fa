package sim

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// A life is what befell the company of the demo, played through the engine: what breaks,
// who answers and when, who sleeps through it. It is the same for the same seed and end.
type life struct {
	store  *store.Store
	engine *engine.Engine
	rng    *rand.Rand
	now    time.Time
	queue  happenings
	n      int
	active map[alarm]bool // what is broken
	booked map[org.ServiceID]int
}

// A happening is something that will be done at a time.
type happening struct {
	at time.Time
	n  int // those of one time happen in the order in which they were thought of
	do func(context.Context) error
}

type happenings []happening

func (h happenings) Len() int           { return len(h) }
func (h happenings) Less(i, j int) bool { return cmp.Or(h[i].at.Compare(h[j].at), h[i].n-h[j].n) < 0 }
func (h happenings) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *happenings) Push(x any)        { *h = append(*h, x.(happening)) }
func (h *happenings) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (l *life) later(at time.Time, do func(context.Context) error) {
	l.n++
	heap.Push(&l.queue, happening{at.Truncate(time.Second), l.n, do})
}

// live moves the house from one moment at which something is due to the next, until the
// end.
func (l *life) live(ctx context.Context, end time.Time) error {
	for {
		next, err := l.engine.Step(ctx, l.now)
		if err != nil {
			return err
		}
		if len(l.queue) > 0 && (next.IsZero() || l.queue[0].at.Before(next)) {
			next = l.queue[0].at
		}
		if next.IsZero() || next.After(end) || ctx.Err() != nil {
			l.now = end
			return ctx.Err()
		}
		l.now = later(l.now, next)
		for len(l.queue) > 0 && !l.queue[0].at.After(l.now) {
			if err := heap.Pop(&l.queue).(happening).do(ctx); err != nil {
				return err
			}
		}
	}
}

// calm is how long before its end nothing breaks by chance: what is lasting has its own
// course, which a database that shakes would fold beneath itself.
const calm = 6 * time.Hour

// trouble thinks of what breaks between two times: less at night and at weekends, and
// one evening on which much breaks at once. All of it is over by the end, but for what is
// lasting.
func (l *life) trouble(from, end time.Time) {
	bad := from.Add(end.Sub(from) * 2 / 3).Truncate(24 * time.Hour).Add(17*time.Hour + 42*time.Minute)
	for day := from; day.Before(end); day = day.Add(24 * time.Hour) {
		mean := 8.0
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
			mean = 4.5
		}
		for range l.poisson(mean) {
			at := day.Add(time.Duration(l.rng.Int64N(int64(24 * time.Hour))))
			if h := at.UTC().Hour(); (h < 6 || h > 21) && l.rng.IntN(2) == 0 {
				at = at.Add(10 * time.Hour)
			}
			l.befall(l.ailment(), at, end)
		}
	}
	for i, a := range ailments {
		if a.severity <= org.SEV3 && i%3 == 0 {
			l.befall(a, bad.Add(time.Duration(l.rng.IntN(900))*time.Second), end)
		}
	}
}

// lasting is what is not over when the history ends, and calls nobody any more: one
// trouble that somebody has, and one that was put off until the morning.
func (l *life) lasting(end time.Time) {
	begin := func(a ailment, before, after time.Duration, by org.PersonID, then engine.Decision) {
		from := alarm{org.IntegrationID(a.service), a.key}
		l.later(end.Add(-before), func(ctx context.Context) error {
			l.active[from] = true
			return l.hear(ctx, from, alert.Event{Action: alert.Trigger, Key: a.key, Title: a.title, Text: a.text, Severity: a.severity})
		})
		l.later(end.Add(after-before), func(ctx context.Context) error {
			in, err := l.incident(ctx, from)
			if err != nil || in.ID == "" {
				return err
			}
			return l.do(ctx, in.ID, by, then)
		})
	}
	begin(ailment{service: "warehouse", key: "compressor", title: "compressor 2 draws too much power", text: "31 A instead of 22 A for 10 minutes.", severity: org.SEV3}, 95*time.Minute, 4*time.Minute, "elif",
		func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			facts, err := escalate.Acknowledge(in, w, "web", l.now)
			return append(facts, incident.Noted{Text: "A technician is on the way. **Do not** switch it off: cold room 3 hangs on it."}), err
		})
	begin(ailment{service: "accounts", key: "license", title: "the licence of the mail relay ends in 9 days", text: "It was renewed by hand last year.", severity: org.SEV4}, 5*time.Hour, 2*time.Hour, "jonas",
		func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return escalate.Snooze(in, end.Add(9*time.Hour), l.now)
		})
}

// poisson is how many of something there are that comes independently.
func (l *life) poisson(mean float64) (n int) {
	for p := l.rng.Float64(); p > math.Exp(-mean); p *= l.rng.Float64() {
		n++
	}
	return n
}

func (l *life) ailment() ailment {
	all := 0
	for _, a := range ailments {
		all += a.weight
	}
	n := l.rng.IntN(all)
	for _, a := range ailments {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	panic("sim: weights of the ailments")
}

// befall makes something break, be heard of again, end, and perhaps come back.
func (l *life) befall(a ailment, at, end time.Time) {
	from, title := alarm{org.IntegrationID(a.service), a.key}, a.title
	if a.many > 0 {
		n := 1 + l.rng.IntN(a.many)
		from.key, title = fmt.Sprintf("%s-%d", a.key, n), fmt.Sprintf(a.title, n)
	}
	lasts := time.Duration(float64(a.minutes)*math.Exp(0.7*l.rng.NormFloat64())*60) * time.Second
	lasts = min(max(lasts, 3*time.Minute), 10*time.Hour)
	if at.Add(lasts + 30*time.Minute).After(end.Add(-calm)) {
		return
	}
	ev := alert.Event{Action: alert.Trigger, Key: from.key, Title: title, Text: a.text, Severity: a.severity}
	repeats, byHand, back := l.rng.IntN(4), l.rng.IntN(7) == 0, l.rng.IntN(9) == 0
	l.later(at, func(ctx context.Context) error {
		if l.active[from] {
			return nil // it is broken already
		}
		l.active[from] = true
		for i := range repeats {
			l.later(at.Add(lasts*time.Duration(i+1)/time.Duration(repeats+2)), func(ctx context.Context) error { return l.hear(ctx, from, ev) })
		}
		l.later(at.Add(lasts), func(ctx context.Context) error { return l.end(ctx, from, byHand) })
		if back {
			l.later(at.Add(lasts+4*time.Minute), func(ctx context.Context) error { l.active[from] = true; return l.hear(ctx, from, ev) })
			l.later(at.Add(lasts+15*time.Minute), func(ctx context.Context) error { return l.end(ctx, from, false) })
		}
		return l.hear(ctx, from, ev)
	})
}

func (l *life) hear(ctx context.Context, from alarm, ev alert.Event) error {
	if !l.active[from] {
		return nil
	}
	return l.engine.Hear(ctx, from.from, []alert.Event{ev}, nil, l.now)
}

// end is the end of a trouble: monitoring says so, or whoever has it does.
func (l *life) end(ctx context.Context, from alarm, byHand bool) error {
	if byHand {
		in, err := l.incident(ctx, from)
		if err != nil {
			return err
		}
		if in.Owner != "" && in.Status.Open() {
			delete(l.active, from)
			why := demoEndings[l.rng.IntN(len(demoEndings))]
			return l.do(ctx, in.ID, in.Owner, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				return resolve.End(in, incident.Ended{Why: why, Category: demoCauses[why]})
			})
		}
	}
	err := l.hear(ctx, from, alert.Event{Action: alert.Resolve, Key: from.key})
	delete(l.active, from)
	return err
}

// incident is what an alarm belongs to.
func (l *life) incident(ctx context.Context, from alarm) (in incident.Incident, err error) {
	err = l.store.Read(ctx, func(tx *store.Tx) error {
		key := store.AlertKey{Integration: from.from, Key: from.key}
		open, err := tx.OpenAlerts([]store.AlertKey{key})
		if a, ok := open[key]; ok && err == nil && a.Subject != "" {
			var sub *store.Subject
			if sub, err = tx.Subject(a.Subject); err == nil {
				in = sub.Incident
			}
		}
		return err
	})
	return in, err
}

// do is what a person does; a refusal is something they find out, and no fault.
func (l *life) do(ctx context.Context, id incident.ID, by org.PersonID, decide engine.Decision) error {
	_, err := l.engine.Do(ctx, id, incident.ByPerson(by), l.now, decide)
	if _, refused := err.(incident.Refusal); refused {
		return nil
	}
	return err
}

// A telephone is the channel of the company's people: whoever is paged may answer, later
// at night than by day.
type telephone struct{ l *life }

func (telephone) Name() string { return "log" }

func (t telephone) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	l, got := t.l, channel.Receipt{Provider: m.ID, State: escalate.Delivered}
	var page store.PageRow
	var asks bool // about a change, or a drill, which its plan has an answer for
	err := l.store.Read(ctx, func(tx *store.Tx) (err error) {
		if page, err = tx.Page(m.ID); err != nil || !page.Purpose.Alarms() {
			return err
		}
		sub, err := tx.Subject(page.Subject)
		asks = err == nil && (sub.Change != nil || sub.IsDrill())
		return err
	})
	if err != nil || asks || !page.Purpose.Alarms() {
		return got, err
	}
	chance, within := 0.8, 4*time.Minute
	if page.Hour < 7 || page.Hour > 22 {
		chance, within = 0.5, 8*time.Minute
	}
	if page.Priority == org.Low {
		chance, within = 0.55, 90*time.Minute
	}
	if l.rng.Float64() < chance {
		delay := 15*time.Second + time.Duration(l.rng.Float64()*l.rng.Float64()*float64(within))
		l.later(l.now.Add(delay), func(ctx context.Context) error { return l.answer(ctx, page) })
	}
	return got, nil
}

// answer: whoever comes second mostly sees that somebody has it. Who has it writes down
// what they find, and now and then wants help.
func (l *life) answer(ctx context.Context, page store.PageRow) error {
	var in incident.Incident
	err := l.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(page.Subject)
		if err == nil {
			in = sub.Incident
		}
		return err
	})
	if err != nil || !in.Status.Open() || in.Status == incident.Acknowledged && l.rng.IntN(5) > 0 {
		return err
	}
	if _, err := l.engine.Answer(ctx, page, 0, l.now); err != nil {
		return err
	}
	if in.Status == incident.Acknowledged {
		return nil
	}
	if err := l.follows(ctx, in.Service, page.Subject, page.Person); err != nil {
		return err
	}
	l.informs(page, in)
	at := l.now
	for range l.rng.IntN(3) {
		at = at.Add(time.Minute + time.Duration(l.rng.Int64N(int64(12*time.Minute))))
		note := demoNotes[l.rng.IntN(len(demoNotes))]
		l.later(at, func(ctx context.Context) error {
			return l.do(ctx, page.Subject, page.Person, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				if !in.Status.Open() {
					return nil, nil
				}
				return []incident.Fact{incident.Noted{Text: note}}, nil
			})
		})
	}
	if in.Severity <= org.SEV2 && l.rng.IntN(3) == 0 {
		l.later(l.now.Add(5*time.Minute), func(ctx context.Context) error {
			return l.do(ctx, page.Subject, page.Person, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				return escalate.AddResponders(in, []org.Target{{Kind: "person", ID: "jonas"}}, "somebody who knows the platform")
			})
		})
	}
	return nil
}

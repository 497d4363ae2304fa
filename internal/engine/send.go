package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
)

// A slot is a worker's place: pooled per channel and lane, so that a provider that
// hangs uses up only its own, and low never delays high.
type slot struct {
	channel string
	lane    int
}

const (
	troubled   = 3                // failed tries after which nobody waits for a page any longer
	giveUp     = 10 * time.Minute // after the first try: a page has an end
	retryFirst = 2 * time.Second
	retryMost  = time.Minute
)

// sendLane claims pages of a lane and has them sent. It says whether there were any.
func (e *Engine) sendLane(ctx context.Context, now time.Time, lane int, newest bool) (did bool, err error) {
	if e.skewed {
		return false, nil
	}
	if !slices.ContainsFunc(e.order, func(channel string) bool { return e.room(channel, lane) > 0 }) {
		return false, nil
	}
	var claimed []store.PageRow
	err = e.store.Write(ctx, writeLane(lane), func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimPages(now, pageLease, lane, newest, func(channel string) int { return e.room(channel, lane) })
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim pages: %w", err)
	}
	if len(claimed) > 0 {
		e.hit("after claim, before send")
	}
	if !e.async {
		for i := range claimed {
			e.send(ctx, e.pack(ctx, claimed[i:i+1])[0], now)
		}
		return len(claimed) > 0, nil
	}
	for _, p := range e.pack(ctx, claimed) {
		pool := e.slots[slot{p.page.Channel, lane}]
		if pool != nil {
			pool <- struct{}{}
		}
		e.workers.Go(func() {
			defer func() {
				if pool != nil {
					<-pool
				}
				e.Poke()
			}()
			e.send(ctx, p, e.clock.Now())
		})
	}
	return len(claimed) > 0, nil
}

// room is how many pages of a lane a channel can take now: whatever is claimed finds
// its worker. One that is not set up takes all, to refuse them.
func (e *Engine) room(channel string, lane int) int {
	if pool := e.slots[slot{channel, lane}]; pool != nil && e.async {
		return cap(pool) - len(pool)
	}
	return claimAtOnce
}

// send carries one claimed page out and writes down what became of it.
func (e *Engine) send(ctx context.Context, p parcel, now time.Time) {
	o := &outcome{page: p.page, err: p.err, at: now, done: make(chan struct{})}
	if o.err == nil {
		// Whatever stops the engine, a page in flight ends first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), channel.SendTimeout)
		defer cancel()
		o.receipt, o.err = e.carry(ctx, p.page.Channel, p.message)
	}
	if !errors.Is(o.err, errMoot) {
		e.hit("after send, before mark")
		if e.async {
			o.at = e.clock.Now()
		}
		e.metrics.sent(p.page, o.err, o.at)
	}
	if lane := laneOf(p.page.Priority); e.outcomes[lane].join(o) {
		e.writeDown(lane)
	}
	<-o.done
}

// carry is the channel's Send; a channel that panics has an unknown outcome.
func (e *Engine) carry(ctx context.Context, name string, m channel.Message) (r channel.Receipt, err error) {
	defer guard(&err)
	c, ok := e.channels[name]
	if !ok {
		return r, &channel.Error{Outcome: channel.Permanent, Err: fmt.Errorf("channel %s is not set up", name)}
	}
	return c.Send(ctx, m)
}

// An outcome is what became of a try to send a page.
type outcome struct {
	page    store.PageRow
	receipt channel.Receipt
	err     error
	at      time.Time
	done    chan struct{} // closed when it is written down
}

// writeDown writes outcomes of a lane until none waits. Those that cannot be written
// together are written one by one, so that none stops another.
func (e *Engine) writeDown(lane int) {
	for {
		n := 0
		batch := e.outcomes[lane].next(func(*outcome) bool { n++; return n <= claimAtOnce })
		if len(batch) == 0 {
			return
		}
		if e.settlePages(lane, batch) != nil {
			for i, o := range batch {
				if err := e.settlePages(lane, batch[i:i+1]); err != nil {
					// The lease runs out and the page is sent again.
					e.log.Error("the outcome of a page could not be written down", "page", o.page.ID, "error", err)
				}
			}
		}
		for _, o := range batch {
			close(o.done)
		}
	}
}

// settlePages writes what became of some pages, with what follows for their subjects.
func (e *Engine) settlePages(lane int, batch []*outcome) error {
	return e.store.Write(context.Background(), writeLane(lane), func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		subjects := make([]incident.ID, len(batch))
		for i, o := range batch {
			subjects[i] = o.page.Subject
		}
		if err := tx.Preload(subjects); err != nil {
			return err
		}
		for _, o := range batch {
			sub, err := subjectOf(tx, o.page)
			if err != nil {
				return err
			}
			t := e.tend(tx, s, sub, o.at)
			if err := e.mark(tx, t, o.page, o.receipt, o.err); err != nil {
				return err
			}
			if len(t.log) == 0 {
				continue
			}
			if err := t.settle(); err != nil {
				return err
			}
		}
		return nil
	})
}

// subjectOf locks what a page is about. A notice about a shift is about a schedule, which
// has no log: nothing is ever added to what stands in for it.
func subjectOf(tx *store.Tx, p store.PageRow) (*store.Subject, error) {
	if p.Purpose == escalate.Shift {
		return tx.Create(p.Subject), nil
	}
	return tx.Lock(p.Subject)
}

// mark writes the outcome of a try.
func (e *Engine) mark(tx *store.Tx, t *tending, p store.PageRow, receipt channel.Receipt, failure error) error {
	if errors.Is(failure, errMoot) {
		p.State, p.Err, p.WakeAt = escalate.Cancelled, failure.Error(), time.Time{}
		_, err := tx.SavePage(p, p.Gen)
		return err
	}
	p.Attempts++
	if p.FirstAt.IsZero() {
		p.FirstAt = t.now
	}
	outcome := channel.Accepted
	if failure != nil {
		outcome = channel.Classify(failure)
		p.Err = failure.Error()
		p.Unsure = p.Unsure || outcome == channel.Unknown
	}
	switch {
	case outcome == channel.Accepted:
		p.State, p.SentAt, p.Provider, p.Err, p.WakeAt = escalate.Sent, t.now, receipt.Provider, "", time.Time{}
		if receipt.State == escalate.Delivered {
			p.State, p.DeliveredAt = escalate.Delivered, t.now
		}
	case outcome == channel.Permanent || t.now.Sub(p.FirstAt) >= giveUp:
		p.State, p.WakeAt = escalate.Failed, time.Time{}
	default:
		p.State = escalate.Planned
		p.WakeAt = t.now.Add(max(retryMin(p.Attempts), channel.RetryAfter(failure)))
		if limit := p.FirstAt.Add(giveUp); p.WakeAt.After(limit) {
			p.WakeAt = limit
		}
	}
	ours, err := tx.SavePage(p, p.Gen)
	if err == nil && !ours && outcome == channel.Accepted {
		return sentAnyway(tx, p)
	}
	if err != nil || !ours {
		return err // cancelled meanwhile, or somebody else's by now
	}
	if p.State != escalate.Planned {
		if next, ok := p.Page.Again(t.now); ok && t.in.Status.Open() {
			if err := t.plan([]escalate.Page{next}); err != nil {
				return err
			}
		}
	}
	if outcome == channel.Accepted {
		t.add(incident.Engine, escalate.Receipt(t.in, t.w, p.Page, p.State)...)
		return nil
	}
	if p.State == escalate.Failed || p.Attempts == troubled {
		return t.another(p, failure)
	}
	return nil
}

// sentAnyway writes down that a page went out although it was cancelled meanwhile. It
// stays cancelled: it waits for no receipt, and the climb does not count on it.
func sentAnyway(tx *store.Tx, p store.PageRow) error {
	was, err := tx.Page(p.ID)
	if err != nil || was.CancelledAt.IsZero() || !was.SentAt.IsZero() {
		return err
	}
	was.SentAt, was.FirstAt, was.Provider, was.Attempts = p.SentAt, p.FirstAt, p.Provider, p.Attempts
	_, err = tx.SavePage(was, was.Gen)
	return err
}

// retryMin is how long to wait after so many tries.
func retryMin(attempts int) time.Duration {
	return min(retryFirst<<min(attempts-1, 10), retryMost)
}

// another finds another way to a person whose page does not go out: their next rule
// now instead of later, and when they have none left, the climb goes on without them.
func (t *tending) another(p store.PageRow, cause error) error {
	if !p.Purpose.Alarms() {
		return nil
	}
	all, err := t.tx.PagesOf(p.Subject)
	if err != nil {
		return err
	}
	same := slices.DeleteFunc(all, func(q store.PageRow) bool {
		return q.ID == p.ID || q.Run != p.Run || q.Epoch != p.Epoch || q.Round != p.Round || q.Level != p.Level || q.Person != p.Person || q.Address != p.Address || !q.Purpose.Alarms()
	})
	var next *store.PageRow
	for i, q := range same {
		switch {
		case q.State == escalate.Claimed, q.State.Rank() > 0:
			return nil // another page of theirs is out, or on its way
		case q.State == escalate.Planned && q.Attempts < troubled && q.Repeat == 0 && (next == nil || q.WakeAt.Before(next.WakeAt)):
			next = &same[i]
		}
	}
	if next != nil {
		if next.WakeAt.After(t.now) {
			next.WakeAt = t.now
			_, err = t.tx.SavePage(*next, next.Gen)
		}
		return err
	}
	if p.Person == "" {
		return nil
	}
	for _, r := range t.in.Runs {
		if r.ID == p.Run && r.Epoch == p.Epoch && r.Round == p.Round && r.Level == p.Level && slices.Contains(r.Out, p.Person) {
			return nil
		}
	}
	t.add(incident.Engine, incident.Unreached{
		Run: p.Run, Epoch: p.Epoch, Round: p.Round, Level: p.Level, Person: p.Person, Why: fmt.Sprintf("%s: %v", p.Channel, cause),
	})
	return nil
}

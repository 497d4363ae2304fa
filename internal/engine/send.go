package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	if e.skewed.Load() {
		return false, nil
	}
	if e.async && !e.roomy(lane) {
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
			e.send(ctx, e.pack(ctx, claimed[i:i+1], now)[0], now)
		}
		return len(claimed) > 0, nil
	}
	if len(claimed) > 0 {
		e.sendAside(ctx, lane, claimed, now)
	}
	return len(claimed) > 0, nil
}

// sendAside has claimed pages made ready and sent by workers. Their places are taken at
// once.
func (e *Engine) sendAside(ctx context.Context, lane int, claimed []store.PageRow, now time.Time) {
	ctx = context.WithoutCancel(ctx) // whatever stops the engine, a page in flight ends first
	pools := make(map[string]chan struct{}, len(claimed))
	for _, p := range claimed {
		pools[p.Channel] = e.pool(p.Channel, lane)
		pools[p.Channel] <- struct{}{}
		e.going[lane].Add(1)
	}
	e.workers.Go(func() {
		for _, p := range e.pack(ctx, claimed, now) {
			e.workers.Go(func() {
				defer func() { <-pools[p.page.Channel]; e.Poke() }()
				e.send(ctx, p, e.clock.Now())
			})
		}
	})
}

// room is how many pages of a lane a channel can take now: whatever is claimed finds
// its worker.
func (e *Engine) room(channel string, lane int) int {
	if !e.async {
		return claimAtOnce
	}
	pool := e.pool(channel, lane)
	return cap(pool) - len(pool)
}

// workers is how many pages of a lane a channel carries at once.
var workers = map[int]int{store.LanePeople: 4, store.LaneHigh: 8, store.LaneLow: 2, store.LaneBackground: 1}

// pool is the places of a channel in a lane. Only Step asks.
func (e *Engine) pool(channel string, lane int) chan struct{} {
	at := slot{channel, lane}
	if e.slots[at] == nil {
		e.slots[at] = make(chan struct{}, workers[lane])
	}
	return e.slots[at]
}

// roomy says whether some channel has a place free, or was never asked for one.
func (e *Engine) roomy(lane int) bool {
	known := false
	for at, pool := range e.slots {
		if at.lane == lane {
			known = true
			if len(pool) < cap(pool) {
				return true
			}
		}
	}
	return !known || e.moreChannels(lane)
}

// moreChannels says whether a channel is set up that has no places yet.
func (e *Engine) moreChannels(lane int) bool {
	e.setup.Lock()
	defer e.setup.Unlock()
	if e.setup.setup == nil {
		return true
	}
	for name := range e.setup.providers {
		if e.slots[slot{name, lane}] == nil {
			return true
		}
	}
	return false
}

// send carries one claimed page out and writes down what became of it.
func (e *Engine) send(ctx context.Context, p parcel, now time.Time) {
	o := &outcome{page: p.page, to: p.message.To, err: p.err, at: now, done: make(chan struct{})}
	if o.err == nil {
		o.receipt, o.err = e.carry(ctx, p, o, now)
	}
	if sent(o.err) {
		e.hit("after send, before mark")
		if e.async {
			o.at = e.clock.Now()
		}
		e.metrics.sent(p.page, o.err, o.at)
	}
	lane := laneOf(p.page.Priority)
	e.going[lane].Add(-1)
	if e.outcomes[lane].join(o) {
		e.writeDown(lane)
	}
	<-o.done
}

// carry is the Send of the provider that is chosen; one that panics has an unknown
// outcome.
func (e *Engine) carry(ctx context.Context, p parcel, o *outcome, now time.Time) (r channel.Receipt, err error) {
	defer guard(&err)
	chosen, n := e.choose(p.setup, p.page, now)
	if n == 0 {
		return r, refusePage("channel %s is not set up", p.page.Channel)
	}
	o.page.Via, o.others, o.doubt = chosen.id, n-1, e.losing(p.setup, p.page.Channel, now)
	patience := channel.SendTimeout
	if n > 1 {
		patience = impatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err = chosen.Send(ctx, p.message)
	e.health.tried(chosen.id, err, now)
	return r, err
}

// An outcome is what became of a try to send a page.
type outcome struct {
	page    store.PageRow
	to      string // the address, as it was then
	others  int    // providers that could carry it as well
	doubt   bool   // every provider of the channel loses what it takes
	receipt channel.Receipt
	err     error
	at      time.Time
	done    chan struct{} // closed when it is written down
}

// writeDown writes outcomes of a lane until none waits. Those that cannot be written
// together are written one by one, so that none stops another.
func (e *Engine) writeDown(lane int) {
	for e.outcomes[lane].more() {
		e.gather(lane)
		batch := sync.OnceValue(func() []*outcome {
			n := 0
			return e.outcomes[lane].next(func(*outcome) bool { n++; return n <= claimAtOnce })
		})
		if e.settlePages(lane, batch) != nil {
			for _, o := range batch() {
				if err := e.settlePages(lane, func() []*outcome { return []*outcome{o} }); err != nil {
					// The lease runs out and the page is sent again.
					e.log.Error("the outcome of a page could not be written down", "page", o.page.ID, "error", err)
				}
			}
		}
		for _, o := range batch() {
			close(o.done)
		}
	}
}

// settlePages writes what became of some pages, with what follows for their subjects. It
// asks which they are when it is its turn to write.
func (e *Engine) settlePages(lane int, which func() []*outcome) error {
	return e.store.Write(context.Background(), writeLane(lane), func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		batch := which()
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
			if err := e.mark(tx, t, o); err != nil {
				return err
			}
			if errors.Is(o.err, channel.ErrGone) && o.page.Person != "" {
				if err := e.forget(tx, o.page.Person, o.page.Method, o.to, o.at); err != nil {
					return err
				}
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

// subjectOf locks what a page is about. A schedule or a conversation has no log: nothing
// is ever added to what stands in for it.
func subjectOf(tx *store.Tx, p store.PageRow) (*store.Subject, error) {
	if p.Purpose.Apart() {
		return tx.Create(p.Subject), nil
	}
	return tx.Lock(p.Subject)
}

// mark writes the outcome of a try.
func (e *Engine) mark(tx *store.Tx, t *tending, o *outcome) error {
	p, receipt, failure := o.page, o.receipt, o.err
	if errors.Is(failure, errMoot) {
		p.State, p.Err, p.WakeAt = escalate.Cancelled, failure.Error(), time.Time{}
		_, err := tx.SavePage(p, p.Gen)
		return err
	}
	if h, ok := errors.AsType[*hold](failure); ok {
		return h.write(tx, p, t.now)
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
	case p.Attempts <= o.others:
		p.State, p.WakeAt = escalate.Planned, t.now // another provider has not tried yet
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
		if err := e.needless(t, p); err != nil {
			return err
		}
		t.add(incident.Engine, escalate.Receipt(t.in, t.w, p.Page, p.State)...)
		if o.doubt && p.State == escalate.Sent {
			return t.another(p, nil) // it was taken by those who lose what they take
		}
		return nil
	}
	if p.State == escalate.Failed || p.Attempts == troubled || p.Attempts == o.others+1 && e.failing(t.s, p.Channel, t.now) {
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

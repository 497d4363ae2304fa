package engine

import (
	"context"
	"sync"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/store"
)

const (
	poll       = 5 * time.Second        // the safety net under pokes and hints
	shortest   = 200 * time.Microsecond // between two looks, so that a full house still breathes
	surgePause = 50 * time.Millisecond  // between two looks in a surge: what they do takes from triage
	busyWait   = 100 * time.Millisecond // when what is due waits for a worker
	restMost   = 20 * time.Millisecond  // that triage rests
	restBelow  = 20                     // events: so many are worth a transaction
	maxSkew    = 2 * time.Second        // between our clock and the database's
	windUp     = 5 * time.Second        // for what was begun, when the engine is to stop
	askClock   = time.Minute
	afterFail  = time.Second
)

// Run steps whenever something is due or somebody pokes, until ctx ends; pages in
// flight end first. It is the only place in the house that waits.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.Begin(ctx, e.clock.Now()); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		e.store.Listen(ctx, e.Poke)
	}()
	hearing := make(chan struct{})
	go func() {
		defer close(hearing)
		e.listen(ctx)
	}()
	triaging := make(chan struct{})
	go func() {
		defer close(triaging)
		e.runTriage(ctx)
	}()
	defer func() { <-triaging; e.workers.Wait(); <-listening; <-hearing }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var asked time.Time
	for {
		now := e.clock.Now()
		if now.Sub(asked) >= askClock {
			asked = now
			e.compareClocks(ctx)
		}
		next, more, err := now.Add(poll), false, error(nil)
		if !e.skewed.Load() {
			var at time.Time
			if at, more, err = e.look(ctx, now); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		now = e.clock.Now()
		wait := max(next.Sub(now), shortest)
		if err != nil {
			e.log.Error("a step failed in part and is done again", "error", err)
			wait = max(wait, afterFail)
		} else if more {
			wait = 0
		} else if e.full() {
			wait = max(wait, busyWait)
		}
		e.lastStep.Store(now.UnixMicro())
		e.metrics.stepped(now)
		e.store.Poke(next)
		if e.inbox.surging(now) {
			e.pause(ctx, surgePause)
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-e.poked:
		case <-ctx.Done():
			return nil
		}
	}
}

// runTriage triages what was heard, beside the looks: no timer and no page waits for a
// storm to be understood. What comes alone is triaged at once; when few were, and nothing
// more waits, triage rests a little before the next.
func (e *Engine) runTriage(ctx context.Context) {
	alive := time.NewTicker(poll)
	defer alive.Stop()
	for {
		e.lastHeard.Store(e.clock.Now().UnixMicro())
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			continue
		case <-e.heard:
		}
		if e.skewed.Load() {
			continue // a look wakes us when the clocks agree
		}
		work, done := finishing(ctx)
		began := e.clock.elapsed()
		did, more, err := e.triage(work, e.clock.Now())
		done()
		if did > 0 {
			e.Poke()
		}
		switch {
		case err != nil && ctx.Err() == nil:
			e.log.Error("triage failed in part and is done again", "error", err)
			e.pause(ctx, afterFail)
			wake(e.heard)
		case more:
			wake(e.heard)
		case did > 0 && did < restBelow:
			e.pause(ctx, min(e.rests*(e.clock.elapsed()-began), restMost))
		}
	}
}

// pause waits, unless ctx ends.
func (e *Engine) pause(ctx context.Context, long time.Duration) {
	select {
	case <-time.After(long):
	case <-ctx.Done():
	}
}

// listen keeps every provider listening that asks its vendor for what people say, as
// the configuration changes, until ctx ends.
func (e *Engine) listen(ctx context.Context) {
	running := map[string]listening{}
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		wanted := e.listeners(ctx)
		for id, l := range running {
			if wanted[id].version != l.version {
				l.stop()
				delete(running, id)
			}
		}
		for id, p := range wanted {
			if _, ok := running[id]; ok {
				continue
			}
			within, stop := context.WithCancel(ctx)
			running[id] = listening{p.version, stop}
			all.Go(func() { e.listenTo(within, p) })
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
		}
	}
	for _, l := range running {
		l.stop()
	}
}

// listening is a provider that is listened to.
type listening struct {
	version int
	stop    context.CancelFunc
}

// listenTo listens to one provider, again after each failure.
func (e *Engine) listenTo(ctx context.Context, p provider) {
	for wait := afterFail; ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		began := time.Now()
		err := p.Channel.(channel.Listener).Listen(ctx, func(ctx context.Context, s channel.Said) (string, error) {
			return e.Heard(ctx, p.id, s, e.clock.Now())
		})
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			wait = afterFail
		}
		e.log.Warn("what people say on a channel is not heard now", "channel", p.id, "again in", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// holdBack lets a sender wait whose events are on disk, while triage lags.
func (e *Engine) holdBack(ctx context.Context, heard time.Time) {
	now := e.clock.Now()
	if wait := e.inbox.heldFor(now) - now.Sub(heard); wait > 0 && e.async {
		e.pause(ctx, wait)
	}
}

// gatherTime is how long the outcome of a page waits for those of others that are being
// sent.
const gatherTime = 500 * time.Microsecond

// gather waits for the outcomes of pages that were claimed together: they are written
// together.
func (e *Engine) gather(lane int) {
	if e.async && e.going[lane].Load() > 0 {
		time.Sleep(gatherTime)
	}
}

// Until looks at the store until done says yes, and no longer than so long: a client
// that has just told us something and asks for it is to see it. It says whether done
// did.
func (e *Engine) Until(ctx context.Context, most time.Duration, done func(*store.Tx) (bool, error)) (ok bool, err error) {
	for wait, end := time.Millisecond, time.Now().Add(most); ; wait = min(2*wait, 50*time.Millisecond) {
		err = e.store.Read(ctx, func(tx *store.Tx) (err error) { ok, err = done(tx); return err })
		if ok || err != nil || time.Until(end) < wait {
			return ok, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// finishing is a context that ends a little later than ctx. What was begun is finished,
// so that no lease is left for the next start to wait for; a database that hangs holds
// nobody up for ever.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(windUp, cancel) })
	return work, func() { stop(); cancel() }
}

// LastStep is when Run last looked at what is due, or at what was heard if that is longer
// ago; zero: it has not begun.
func (e *Engine) LastStep() time.Time {
	if us := min(e.lastStep.Load(), e.lastHeard.Load()); us != 0 {
		return time.UnixMicro(us).UTC()
	}
	return time.Time{}
}

// full says whether some channel has no worker free.
func (e *Engine) full() bool {
	for _, pool := range e.slots {
		if len(pool) == cap(pool) {
			return true
		}
	}
	return false
}

// compareClocks asks the database for its time, which is the one question of that kind
// that is permitted: a node whose clock is far off claims nothing. SQLite has no clock
// but this machine's, and nobody else claims. Where the machine's clock agrees with the
// database, and only ours has not slewed there yet, ours is set: whoever claims nothing
// for hours is worse than a jump.
func (e *Engine) compareClocks(ctx context.Context) {
	if e.store.Dialect() == "sqlite" {
		return
	}
	asked := time.Now()
	theirs, err := e.store.Clock(ctx)
	if err != nil {
		return // a database that does not answer says so elsewhere
	}
	took := time.Since(asked)
	theirs = theirs.Add(took / 2)
	if time.Until(theirs).Abs() <= maxSkew {
		e.clock.set()
	}
	off := theirs.Sub(e.clock.Now())
	skewed := off.Abs() > maxSkew+took
	if skewed && !e.skewed.Load() {
		e.log.Error("this node's clock differs from the database's: it claims nothing until they agree", "by", off)
	}
	e.skewed.Store(skewed)
	e.metrics.skew(off)
}

// A Clock tells the time that the doors are told. It follows the monotonic clock and
// slews towards the wall clock, so that a jump of the wall clock neither skips a timer
// nor fires it twice: it gains or loses at most a tenth of the time that passes.
type Clock struct {
	mu    sync.Mutex
	start time.Time     // wall and monotonic
	last  time.Duration // monotonic, at the last look
	adj   time.Duration
}

// NewClock starts at the wall clock's time.
func NewClock() *Clock { return &Clock{start: time.Now()} }

// set makes the clock agree with the wall at once, when they differ by more than two
// nodes may.
func (c *Clock) set() {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := time.Now()
	if ours := c.start.Round(0).Add(wall.Sub(c.start) + c.adj); wall.Round(0).Sub(ours).Abs() > maxSkew {
		c.adj += wall.Round(0).Sub(ours)
	}
}

func (c *Clock) elapsed() time.Duration { return time.Since(c.start) }

// Now is the time, in UTC and whole microseconds. It never goes back.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := time.Now()
	passed := wall.Sub(c.start) // monotonic
	now := c.start.Round(0).Add(passed + c.adj)
	off := wall.Round(0).Sub(now)
	step := (passed - c.last) / 10
	c.last = passed
	c.adj += min(max(off, -step), step)
	return c.start.Round(0).Add(passed + c.adj).Truncate(time.Microsecond).UTC()
}

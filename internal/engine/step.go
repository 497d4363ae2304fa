package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// claimAtOnce bounds how many due rows are claimed together.
const claimAtOnce = 64

const (
	tendAtOnce = 64          // subjects are tended beside the looks at most
	tendTime   = time.Minute // for one of them: a database that hangs holds nobody up for ever
)

// indexAtOnce is how many rows of the feed are looked at in one turn for new titles. SQLite
// has one writer: it is given fewer in a transaction.
const indexAtOnce, indexBatchSQLite = 256, 32

// passes bounds how often one Step looks again after it did something.
const passes = 16

// Step does everything that is due by now and returns the next moment at which
// something is; zero: not before somebody does something. One due row that fails or
// panics stops only itself.
func (e *Engine) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	for range passes {
		var more bool
		if next, more, err = e.look(ctx, now); err != nil || !more || ctx.Err() != nil {
			break
		}
	}
	return next, err
}

// look looks once and does what is due by now. more says that something was done, and
// that there may be more by now; Run looks again with the time that it is then, so that
// a timer waits for one look, and not for a storm to end.
func (e *Engine) look(ctx context.Context, now time.Time) (next time.Time, more bool, err error) {
	now = now.Truncate(time.Microsecond).UTC()
	work, done := finishing(ctx)
	defer done()
	var agenda store.Agenda
	if err := e.store.Read(work, func(tx *store.Tx) (err error) { agenda, err = tx.Agenda(); return err }); err != nil {
		return next, false, err
	}
	next = agenda.First()
	e.inbox.waitsSince(agenda.Oldest)
	did, err := e.pass(work, now, agenda)
	switch soon := now.Add(time.Second); {
	case err != nil || ctx.Err() != nil:
		return next, false, err
	case did:
		return now, true, nil
	case agenda.Waiting && (next.IsZero() || next.After(soon)):
		return soon, false, nil // it is triaged beside the looks, or by another node
	}
	if later := e.indexLater(now); !later.IsZero() {
		if next.IsZero() || later.Before(next) {
			next = later
		}
	} else if e.async {
		e.indexAside(ctx, now)
	} else if more, err = e.index(work); more {
		next = now
	}
	if err == nil {
		err = e.keepSamples(work)
	}
	return next, false, err
}

// Titles are indexed after so long without an event, and in a storm some of them each time
// so long has passed.
const (
	indexCalm = 100 * time.Millisecond
	indexMost = 5 * time.Second
)

// indexLater is when titles are indexed while events come in: in a storm everything else
// goes first. Zero is that it need not wait.
func (e *Engine) indexLater(now time.Time) time.Time {
	if !e.async || !e.unindexed.Load() {
		return time.Time{}
	}
	at := time.UnixMicro(e.triaged.Load()).UTC().Add(indexCalm)
	if e.Busy() {
		at = now.Add(indexCalm)
	}
	if most := e.indexed.Add(indexMost); most.Before(at) {
		at = most
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
}

// indexAside indexes beside the looks: no timer waits for its turn to write.
func (e *Engine) indexAside(ctx context.Context, now time.Time) {
	if !e.unindexed.Load() || !e.indexing.CompareAndSwap(false, true) {
		return
	}
	e.indexed = now
	ctx, done := finishing(ctx)
	e.workers.Go(func() {
		defer done()
		_, err := e.index(ctx)
		e.indexing.Store(false)
		if err != nil {
			e.log.Error("titles could not be indexed, and are later", "error", err)
		} else if e.unindexed.Load() {
			e.Poke()
		}
	})
}

// index makes some new incidents findable by their titles, and says whether there may be
// more of them.
func (e *Engine) index(ctx context.Context) (more bool, err error) {
	if !e.unindexed.Swap(false) {
		return false, nil
	}
	more = true
	for did := 0; did < indexAtOnce && more && err == nil; did += e.indexes {
		err = e.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
			more, err = tx.IndexTitles(e.indexes)
			return err
		})
	}
	if more || err != nil {
		e.unindexed.Store(true)
	}
	if err != nil {
		err = fmt.Errorf("index titles: %w", err)
	}
	return more, err
}

// pass does what an agenda says is due. did says that the agenda has changed.
func (e *Engine) pass(ctx context.Context, now time.Time, agenda store.Agenda) (did bool, err error) {
	var errs []error
	note := func(done bool, err error) {
		did = did || done
		if err != nil {
			errs = append(errs, err)
		}
	}
	switch {
	case agenda.Waiting && e.async:
		wake(e.heard)
	case agenda.Waiting:
		n, _, err := e.triage(ctx, now)
		note(n > 0, err)
	}
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	for lane := range agenda.Due {
		if due(agenda.Due[lane]) {
			note(e.dueLane(ctx, now, lane, now.Sub(agenda.Due[lane]) > behind))
		}
		if due(agenda.Pages[lane]) {
			note(e.sendLane(ctx, now, lane, now.Sub(agenda.Pages[lane]) > behind))
		}
	}
	return did, errors.Join(errs...)
}

// dueLane does what is due in one lane, and says whether there was anything.
func (e *Engine) dueLane(ctx context.Context, now time.Time, lane int, newest bool) (did bool, err error) {
	var claimed []store.Due
	err = e.store.Write(ctx, writeLane(lane), func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimDue(now, dueLease, lane, claimAtOnce, newest)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim lane %d: %w", lane, err)
	}
	if len(claimed) > 0 {
		e.hit("after claim of due")
	}
	for _, d := range claimed {
		if e.async && d.Kind == tendKind {
			e.tendAside(ctx, d, now)
		} else {
			e.try(ctx, d, now) // in its turn
		}
	}
	return len(claimed) > 0, nil
}

// tendAside does the claimed row of a subject beside the looks: subjects wait for each
// other no more than for people, and the next timer for none of them.
func (e *Engine) tendAside(ctx context.Context, d store.Due, now time.Time) {
	e.tends <- struct{}{}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), tendTime)
	e.workers.Go(func() {
		defer func() { done(); <-e.tends; e.Poke() }()
		e.try(ctx, d, now)
	})
}

// try does one claimed row.
func (e *Engine) try(ctx context.Context, d store.Due, now time.Time) {
	if err := e.due(ctx, d, now); err != nil {
		e.failed(ctx, d, now, err)
	}
}

// tendKind are the due rows of subjects whose time has come for a step.
const tendKind = "tend"

// writeLane is the store's lane for due work of a lane.
func writeLane(lane int) store.Lane {
	switch lane {
	case store.LanePeople:
		return store.People
	case store.LaneHigh:
		return store.High
	case store.LaneLow:
		return store.Low
	}
	return store.Background
}

// due does one claimed row, in its own transaction.
func (e *Engine) due(ctx context.Context, d store.Due, now time.Time) error {
	switch d.Kind {
	case "audit":
		return e.audit(ctx, d, now)
	case store.SilenceKind:
		return e.silenceDue(ctx, d, now)
	case digestKind:
		return e.digestDue(ctx, d, now)
	case reportKind:
		return e.reportDue(ctx, d, now)
	case windowKind:
		return e.windowDue(ctx, d, now)
	case siftKind, stormKind:
		return e.siftDue(ctx, d, now)
	}
	return e.store.Write(ctx, writeLane(d.Lane), func(tx *store.Tx) (err error) {
		defer guard(&err)
		var sub *store.Subject
		if d.Kind == tendKind { // the subject first, as whoever tends it locks it
			if sub, err = tx.Lock(incident.ID(d.Subject)); err != nil {
				return err
			}
		}
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		if d.Kind == store.ExpireKind {
			return e.expire(tx, d, now)
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		switch d.Kind {
		case "heartbeat":
			return e.silence(tx, s, d, now)
		case store.ShiftKind:
			return e.shift(tx, s, d, now)
		case recallKind:
			return e.recall(tx, s, d, now)
		case tendKind:
			e.metrics.late(now.Sub(d.At))
			return e.tend(tx, s, sub, now).settle()
		}
		return fmt.Errorf("nobody knows how to do %q", d.Kind)
	})
}

// failures after which the house tells about a due row, and the longest back-off.
const (
	tellAfter  = 5
	backOffMax = time.Minute
)

// failed puts a due row back for later, and tells when it keeps failing.
func (e *Engine) failed(ctx context.Context, d store.Due, now time.Time, cause error) {
	d.Failures++
	wait := min(time.Second<<min(d.Failures, 10), backOffMax)
	e.log.Error("due work failed and is tried again", "kind", d.Kind, "subject", d.Subject, "failures", d.Failures, "in", wait, "error", cause)
	e.metrics.dueFailed()
	err := e.store.Write(ctx, writeLane(d.Lane), func(tx *store.Tx) error {
		ok, err := tx.Hold(d)
		if err != nil || !ok {
			return err
		}
		d.At = now.Add(wait)
		return tx.Arm(d)
	})
	if err != nil {
		e.log.Error("due work could not be put back; its lease will run out", "kind", d.Kind, "subject", d.Subject, "error", err)
	}
	if d.Failures == tellAfter {
		title := fmt.Sprintf("Tocsin cannot go on with %s %s", d.Kind, d.Subject)
		if err := e.own(ctx, "due/"+d.Kind+"/"+d.Subject, title, cause.Error(), org.SEV2, now); err != nil {
			e.log.Error("nobody could be told", "error", err)
		}
	}
}

package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/store"
	"tocsin/org"
)

// ErrCrashed is the end of a turn as a crash would have it: nothing more is written.
var ErrCrashed = fmt.Errorf("the house dropped dead: %w", errLost)

// errLost says that somebody else has the lease now.
var errLost = errors.New("the lease ran out")

// An errand is one node's work for one follower that owes deliveries, while it holds the
// lease: what the feed has for it is written down, and the first that waits of each
// subject is done.
type errand struct {
	store *store.Store
	id    string        // of the follower
	hook  org.WebhookID // under which its deliveries stand
	lease time.Duration // outlives a turn with the last that it does
	most  time.Duration // of a turn; then others look whether they want to go on
	f     store.Follower
	now   time.Time   // when the turn began, as it was told
	began time.Time   // the same by this machine's clock
	still bool        // it takes no time
	quiet atomic.Bool // the other side is to be left alone

	want func(*store.Tx, store.FeedRow) ([]store.Delivery, error)
	put  func(*store.Tx, store.Delivery) error
	do   func(context.Context, store.Delivery) error
	then func(context.Context) error // after some were done
	over func() bool                 // it is to end at once
}

// at is the time now, reckoned from the time that the turn was told.
func (e *errand) at() time.Time {
	if e.still {
		return e.now
	}
	return e.now.Add(time.Since(e.began)).Truncate(time.Microsecond)
}

// run does what there is to do, unless somebody else does.
func (e *errand) run(ctx context.Context) (err error) {
	var ok bool
	err = e.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		e.f, ok, err = tx.ClaimFollower(e.id, e.now, e.lease)
		return err
	})
	if err != nil || !ok {
		return err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.lease) // what was begun is written down
	defer cancel()
	for time.Since(e.began) < e.most && ctx.Err() == nil && !e.over() && !e.quiet.Load() {
		news, err := e.gather(work)
		if err != nil {
			return e.letGo(work, err)
		}
		done, err := e.due(work)
		if err != nil {
			return e.letGo(work, err)
		}
		if !news && !done {
			break
		}
	}
	return e.letGo(work, nil)
}

// held runs fn in a transaction while the lease is ours.
func (e *errand) held(ctx context.Context, fn func(*store.Tx, store.Follower) error) error {
	return e.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		f, ok, err := tx.HoldFollower(e.f)
		if err != nil {
			return err
		}
		if !ok {
			return errLost
		}
		return fn(tx, f)
	})
}

// letGo gives the lease back. One that was lost is not missed.
func (e *errand) letGo(ctx context.Context, cause error) error {
	if errors.Is(cause, errLost) {
		return nil
	}
	err := e.held(ctx, func(tx *store.Tx, f store.Follower) error {
		f.Lease = time.Time{}
		return tx.SaveFollower(f)
	})
	if errors.Is(err, errLost) {
		err = nil
	}
	return errors.Join(cause, err)
}

// gather writes down what the feed has for the follower, and how far it was read.
func (e *errand) gather(ctx context.Context) (news bool, err error) {
	var wanted []store.Delivery
	cursor := e.f.Cursor
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Feed(e.f.Cursor, feedBatch)
		if err != nil {
			return err
		}
		for _, r := range rows {
			cursor = r.Cursor
			if r.Topic != "incident" || r.Seq == 0 {
				continue
			}
			some, err := e.want(tx, r)
			if err != nil {
				return err
			}
			wanted = append(wanted, some...)
		}
		return nil
	})
	if err != nil || cursor == e.f.Cursor {
		return false, err
	}
	err = e.held(ctx, func(tx *store.Tx, f store.Follower) error {
		if f.Cursor != e.f.Cursor { // somebody asked for a replay: begin again from there
			cursor = f.Cursor
			return nil
		}
		for _, d := range wanted {
			if err := e.put(tx, d); err != nil {
				return err
			}
		}
		f.Cursor = cursor
		return tx.SaveFollower(f)
	})
	if err == nil {
		e.f.Cursor = cursor
	}
	return true, err
}

// due does the first that is due of some subjects, side by side.
func (e *errand) due(ctx context.Context) (done bool, err error) {
	var next []store.Delivery
	err = e.store.Read(ctx, func(tx *store.Tx) (err error) {
		next, err = tx.NextDeliveries(e.hook, atOnce)
		return err
	})
	if err != nil {
		return false, err
	}
	now, seen := e.at(), map[string]bool{}
	next = slices.DeleteFunc(next, func(d store.Delivery) bool {
		twice := seen[string(d.Subject)] // two of one line: one after the other
		seen[string(d.Subject)] = true
		return twice || d.WakeAt.After(now)
	})
	var wg sync.WaitGroup
	errs := make([]error, len(next))
	for i, d := range next {
		wg.Go(func() { errs[i] = e.do(ctx, d) })
	}
	wg.Wait()
	if err = errors.Join(errs...); err == nil {
		err = e.then(ctx)
	}
	return len(next) > 0, err
}

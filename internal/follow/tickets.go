package follow

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
)

const (
	ticketLease = 90 * time.Second // outlives a turn with the longest that it does: five calls
	ticketTime  = 15 * time.Second
	ticketPolls = 20 // tickets that are looked at in one turn because nobody spoke of them
)

// Tickets keep the tickets that others have of incidents in step with them. Each system has
// a follower and deliveries as a webhook has (errand.go): what happens to an incident is
// brought to its ticket in its order, one thing after the other, and an incident whose
// ticket cannot be brought further holds up no other.
//
// Nothing is given up because the other side is away: what waits for it waits, the whole
// system is left alone for a while that doubles, and then it goes on where it stopped. What
// it refuses is dropped with its reason, but for a ticket that could not be made: somebody
// mends the set-up, and it is made.
//
// A ticket is looked for by its mark before it is made, and a comment by its own before it
// is written a second time, so that a crash in between makes no second one.
//
// What the system says at its door only has the ticket read (Tickets.Heard); that waits in
// the same queue, behind what we still have to say.
type Tickets struct {
	store     *store.Store
	engine    *engine.Engine
	ring      *secret.Ring
	client    *http.Client
	publicURL string
	log       *slog.Logger
	make      func(org.TicketSystem) (tracker.Tracker, error)
	still     bool
	hit       func(string) error

	seq     int64 // of the configuration that these were read from
	systems map[org.TicketSystemID]desk

	mu    sync.Mutex
	busy  map[org.TicketSystemID]bool
	turns sync.WaitGroup
}

// NewTickets makes them. They do nothing until Run. made makes the trackers; nil is
// tracker.Make.
func NewTickets(o Options, made func(org.TicketSystem, *http.Client) (tracker.Tracker, error)) *Tickets {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if made == nil {
		made = MakeTracker
	}
	t := &Tickets{
		store: o.Store, engine: o.Engine, ring: o.Ring, publicURL: o.PublicURL, log: o.Log, seq: -1, busy: map[org.TicketSystemID]bool{},
		still: o.Still, hit: o.Hit,
	}
	if t.hit == nil {
		t.hit = func(string) error { return nil }
	}
	if o.Egress != nil {
		t.client = o.Egress.Client(tracker.SendTimeout)
	}
	t.make = func(s org.TicketSystem) (tracker.Tracker, error) { return made(s, t.client) }
	return t
}

// ticketFollower is the name of a system's follower.
func ticketFollower(id org.TicketSystemID) string { return string(store.TicketHook(id)) }

// Run looks at the feed until ctx ends; what is in flight then is finished.
func (t *Tickets) Run(ctx context.Context) {
	defer t.turns.Wait()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var pruned time.Time
	for {
		now := t.engine.Now()
		if err := t.start(ctx, now); err != nil && ctx.Err() == nil {
			t.log.Error("tickets: the feed cannot be read", "error", err)
		}
		if now.Sub(pruned) >= pruneEvery {
			pruned = now
			if err := t.prune(ctx, now); err != nil && ctx.Err() == nil {
				t.log.Error("tickets: old work could not be dropped", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step does what is due by now, for all systems side by side, and waits for it.
func (t *Tickets) Step(ctx context.Context, now time.Time) error {
	err := t.start(ctx, now)
	t.turns.Wait()
	return err
}

func (t *Tickets) prune(ctx context.Context, now time.Time) error {
	for id := range t.systems {
		err := t.store.Write(ctx, store.Background, func(tx *store.Tx) error {
			_, err := tx.PruneDeliveries(store.TicketHook(id), now)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// start begins a turn for every system that has something to do and is at rest.
func (t *Tickets) start(ctx context.Context, now time.Time) error {
	due, err := t.look(ctx, now)
	for _, d := range due {
		t.mu.Lock()
		busy := t.busy[d.ID]
		t.busy[d.ID] = true
		t.mu.Unlock()
		if busy {
			continue
		}
		t.turns.Go(func() {
			if err := t.turn(ctx, d, now); err != nil && ctx.Err() == nil {
				t.log.Error("a turn of a ticket system failed and is done again", "system", d.ID, "error", err)
			}
			t.mu.Lock()
			delete(t.busy, d.ID)
			t.mu.Unlock()
		})
	}
	return err
}

// look says which systems have something to do. It writes only when one has come or gone.
func (t *Tickets) look(ctx context.Context, now time.Time) (due []desk, err error) {
	var come, gone []org.TicketSystemID
	err = t.store.Read(ctx, func(tx *store.Tx) error {
		come, gone, due = nil, nil, nil
		if err := t.configured(tx); err != nil {
			return err
		}
		followers, err := tx.Followers()
		if err != nil {
			return err
		}
		there := map[org.TicketSystemID]bool{}
		for _, f := range followers {
			name, ours := strings.CutPrefix(f.ID, "ticket/")
			id := org.TicketSystemID(name)
			if !ours {
				continue
			}
			there[id] = true
			d, ok := t.systems[id]
			if !ok {
				gone = append(gone, id)
				continue
			}
			owed, err := t.owes(tx, f, d, now)
			if err != nil {
				return err
			}
			if owed {
				due = append(due, d)
			}
		}
		for id := range t.systems {
			if !there[id] {
				come = append(come, id)
			}
		}
		return nil
	})
	if err != nil || len(come)+len(gone) == 0 {
		return due, err
	}
	return due, t.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		for _, id := range come {
			if err := tx.Follow(ticketFollower(id)); err != nil {
				return err
			}
		}
		for _, id := range gone {
			if err := tx.DropDeliveries(store.TicketHook(id), "the ticket system is switched off", now); err != nil {
				return err
			}
			if err := tx.Unfollow(ticketFollower(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// owes says whether there is anything to do for a system that nobody works for.
func (t *Tickets) owes(tx *store.Tx, f store.Follower, d desk, now time.Time) (bool, error) {
	if f.Quiet.After(now) || f.Lease.After(now) && f.Lease.Before(now.Add(2*ticketLease)) {
		return false, nil
	}
	if news, err := tx.Feed(f.Cursor, 1); err != nil || len(news) > 0 {
		return true, err
	}
	next, err := tx.NextDeliveries(store.TicketHook(d.ID), 1)
	if err != nil || len(next) > 0 && !next[0].WakeAt.After(now) {
		return true, err
	}
	unseen, err := t.unseen(tx, d, now, 1)
	return len(unseen) > 0, err
}

// unseen are open tickets that are to be looked at because nobody spoke of them for long.
func (t *Tickets) unseen(tx *store.Tx, d desk, now time.Time, limit int) ([]store.Ticket, error) {
	if d.Poll == 0 || !d.Reads() {
		return nil, nil
	}
	return tx.TicketsUnseen(d.ID, now.Add(-d.Poll.D()), limit)
}

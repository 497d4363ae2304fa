// Package follow reads the feed and tells others what it says. So far these are the
// webhooks (org.Webhook): programs of others that want to hear of facts.
//
// Each webhook has a follower, a cursor in the feed that is kept in the store. Whoever
// holds the follower's lease works for it (turn.go): one node at a time, no leader, and
// a webhook that hangs holds up only itself. Work is two steps, each of its own
// transaction:
//
//   - What the feed has that the webhook wants is written down as deliveries, together
//     with the cursor. From then on it is owed.
//   - The first delivery that waits of each incident is sent, outside any transaction,
//     and what came of it is written down, fenced by the lease. The next line of the
//     incident waits until then: an incident is told in its order, and one that cannot
//     be told holds up no other.
//
// A crash in between lets the lease run out, and what was in flight is sent again: at
// least once. A delivery's id is made from the webhook and the line, so that the same
// line has the same id at every try and every replay; the receiver tells twins apart by
// it. What is sent is made from the log each time and not kept.
//
// An answer of 2xx within five seconds ends a delivery. Trouble that may pass is tried
// again, five times in about 20 minutes; what is refused for good is dropped, and the
// delivery log says why. A webhook that did nothing but fail for a day is switched off,
// and the house opens an incident about it. A webhook that is new or switched on again
// begins at the present; what it missed can be replayed.
//
// Calendars (calendar.go) are read the other way round: what others say of shifts and
// absences, taken in by their address.
//
// All of it goes out through internal/egress. The bodies are signed (sign.go); the form
// is in docs/webhooks.md.
package follow

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/internal/egress"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	poll       = 500 * time.Millisecond // between two looks at the feed
	pruneEvery = time.Hour
)

// Options are what the webhooks are made of.
type Options struct {
	Store     *store.Store
	Engine    *engine.Engine // its clock, and where the house speaks about itself
	Ring      *secret.Ring
	Egress    *egress.Dialer
	PublicURL string // of the links to incidents, without a slash at its end
	Log       *slog.Logger
	// Still is for nights: a turn takes no time. Hit is called at named points, and may say
	// that the house drops dead there (ErrCrashed).
	Still bool
	Hit   func(point string) error
}

// Webhooks tell the programs of others. Several nodes may, on one PostgreSQL.
type Webhooks struct {
	store     *store.Store
	engine    *engine.Engine
	ring      *secret.Ring
	client    *http.Client
	patient   *http.Client // for actions, whose time is their own
	publicURL string
	log       *slog.Logger
	tries     *prometheus.CounterVec

	seq   int64 // of the configuration that hooks were read from
	hooks map[org.WebhookID]org.Webhook

	mu    sync.Mutex
	busy  map[org.WebhookID]bool
	turns sync.WaitGroup
}

// New makes the webhooks. They do nothing until Run.
func New(o Options) *Webhooks {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Webhooks{
		store: o.Store, engine: o.Engine, ring: o.Ring, client: o.Egress.Client(sendTimeout), patient: o.Egress.Client(actionLongest), publicURL: o.PublicURL, log: o.Log,
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tocsin_webhook_tries_total", Help: "Tries to deliver to webhooks, by what came of them: delivered, retried, dropped.",
		}, []string{"outcome"}),
		seq: -1, busy: map[org.WebhookID]bool{},
	}
}

// Describe and Collect are their figures.
func (w *Webhooks) Describe(c chan<- *prometheus.Desc) { w.tries.Describe(c) }
func (w *Webhooks) Collect(c chan<- prometheus.Metric) { w.tries.Collect(c) }

// Run looks at the feed until ctx ends; what is in flight then is finished.
func (w *Webhooks) Run(ctx context.Context) {
	defer w.turns.Wait()
	defer w.client.CloseIdleConnections()
	defer w.patient.CloseIdleConnections()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var pruned time.Time
	for {
		now := w.engine.Now()
		if err := w.start(ctx, now); err != nil && ctx.Err() == nil {
			w.log.Error("webhooks: the feed cannot be read", "error", err)
		}
		if now.Sub(pruned) >= pruneEvery {
			pruned = now
			if err := w.prune(ctx, now); err != nil && ctx.Err() == nil {
				w.log.Error("webhooks: old deliveries could not be dropped", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step does what is due by now, for all webhooks side by side, and waits for it.
func (w *Webhooks) Step(ctx context.Context, now time.Time) error {
	err := w.start(ctx, now)
	w.turns.Wait()
	return err
}

// start begins a turn for every webhook that has something to hear and is at rest.
func (w *Webhooks) start(ctx context.Context, now time.Time) error {
	if err := w.act(ctx, now); err != nil && ctx.Err() == nil {
		w.log.Error("actions cannot be read", "error", err)
	}
	if err := w.steps(ctx, now); err != nil && ctx.Err() == nil {
		w.log.Error("steps of runbooks cannot be read", "error", err)
	}
	due, err := w.look(ctx, now)
	for _, hook := range due {
		w.mu.Lock()
		busy := w.busy[hook.ID]
		w.busy[hook.ID] = true
		w.mu.Unlock()
		if busy {
			continue
		}
		w.turns.Go(func() {
			if err := w.turn(ctx, hook, now); err != nil && ctx.Err() == nil {
				w.log.Error("a webhook's turn failed and is done again", "webhook", hook.ID, "error", err)
			}
			w.mu.Lock()
			delete(w.busy, hook.ID)
			w.mu.Unlock()
		})
	}
	return err
}

// look says which webhooks have something to hear. It costs a few reads, and writes
// only when a webhook has come or gone.
func (w *Webhooks) look(ctx context.Context, now time.Time) (due []org.Webhook, err error) {
	var come []string
	var gone []org.WebhookID
	err = w.store.Read(ctx, func(tx *store.Tx) error {
		if err := w.configured(tx); err != nil {
			return err
		}
		followers, err := tx.Followers()
		if err != nil {
			return err
		}
		missing := maps.Clone(w.hooks)
		for _, f := range followers {
			id, ours := hookOf(f.ID)
			if !ours {
				continue
			}
			delete(missing, id)
			hook := w.hooks[id]
			if !hook.Usable() {
				gone = append(gone, id)
				continue
			}
			owed, err := owes(tx, f, id, now)
			if err != nil {
				return err
			}
			if owed {
				due = append(due, hook)
			}
		}
		for id, hook := range missing {
			if hook.Usable() {
				come = append(come, follower(id))
			}
		}
		return nil
	})
	if err != nil || len(come)+len(gone) == 0 {
		return due, err
	}
	return due, w.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		for _, id := range come {
			if err := tx.Follow(id); err != nil {
				return err
			}
		}
		for _, id := range gone {
			if err := dismiss(tx, id, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// owes says whether there is anything to do for a follower that nobody works for.
func owes(tx *store.Tx, f store.Follower, id org.WebhookID, now time.Time) (bool, error) {
	if f.Quiet.After(now) || f.Lease.After(now) && f.Lease.Before(now.Add(2*lease)) {
		return false, nil
	}
	if news, err := tx.Feed(f.Cursor, 1); err != nil || len(news) > 0 {
		return true, err
	}
	next, err := tx.NextDeliveries(id, 1)
	return len(next) > 0 && !next[0].WakeAt.After(now), err
}

// dismiss forgets how far a webhook has come: it is switched off or gone.
func dismiss(tx *store.Tx, id org.WebhookID, now time.Time) error {
	if err := tx.DropDeliveries(id, "the webhook is switched off", now); err != nil {
		return err
	}
	return tx.Unfollow(follower(id))
}

// Replay lets a webhook hear again of everything it wants since a time, as far back as
// the feed goes.
func Replay(tx *store.Tx, id org.WebhookID, since time.Time) error {
	if err := tx.Follow(follower(id)); err != nil { // it may never have begun
		return err
	}
	_, err := tx.Rewind(follower(id), since)
	return err
}

// configured reads the webhooks when the configuration has changed.
func (w *Webhooks) configured(tx *store.Tx) error {
	seq, err := tx.ConfigSeq()
	if err != nil || seq == w.seq {
		return err
	}
	rows, err := tx.ConfigOf("webhook")
	if err != nil {
		return err
	}
	hooks := make(map[org.WebhookID]org.Webhook, len(rows))
	for _, r := range rows {
		hook, err := read(r)
		if err != nil {
			w.log.Error("configuration cannot be read", "kind", r.Kind, "id", r.ID, "version", r.Version, "error", err)
			continue
		}
		hooks[hook.ID] = hook
	}
	w.seq, w.hooks = seq, hooks
	return nil
}

func read(r store.ConfigRow) (hook org.Webhook, err error) {
	err = json.Unmarshal(r.Body, &hook)
	hook.ID, hook.Retired = org.WebhookID(r.ID), r.Retired
	return hook, err
}

// prune keeps the delivery logs short.
func (w *Webhooks) prune(ctx context.Context, now time.Time) error {
	for id := range w.hooks {
		err := w.store.Write(ctx, store.Background, func(tx *store.Tx) error {
			_, err := tx.PruneDeliveries(id, now)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

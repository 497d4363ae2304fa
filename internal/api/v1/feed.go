package v1

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/incident"
	"tocsin/internal/store"
)

const (
	tellEvery  = 250 * time.Millisecond // so a topic is told at most four times a second
	atOnce     = 1000                   // rows of the feed in one look
	mostLines  = 50                     // of a log in one event
	mayBehind  = 16                     // batches a client may not have taken yet
	afterFault = 2 * time.Second
)

// A feed reads the store's feed once for all clients of this node, while there are
// any.
type feed struct {
	api      *API
	stopping <-chan struct{}

	mu      sync.Mutex
	clients map[*listener]bool
	at      store.Cursor // up to where they were told
	running bool
}

// A listener is one client. Whoever does not take its batches is cut.
type listener struct {
	batches chan batch
	cut     chan struct{}
}

// A batch is what changed in one look, with the configuration of that moment.
type batch struct {
	events []told
	setup  *setup
}

func newFeed(a *API, stopping <-chan struct{}) *feed {
	return &feed{api: a, clients: map[*listener]bool{}, stopping: stopping}
}

// join makes a client one of those who are told, and says from where on.
func (f *feed) join(ctx context.Context) (*listener, store.Cursor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.clients) >= mostListeners {
		return nil, store.Cursor{}, huma.Error503ServiceUnavailable("too many listen on this node: try another")
	}
	if !f.running {
		err := f.api.store.Read(ctx, func(tx *store.Tx) (err error) {
			f.at, err = tx.FeedEnd()
			return err
		})
		if err != nil {
			return nil, store.Cursor{}, err
		}
		f.running = true
		go f.run()
	}
	l := &listener{batches: make(chan batch, mayBehind), cut: make(chan struct{})}
	f.clients[l] = true
	return l, f.at, nil
}

func (f *feed) leave(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, l)
}

// run looks four times a second, until nobody listens.
func (f *feed) run() {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for range tick.C {
		f.mu.Lock()
		at := f.at
		if len(f.clients) == 0 {
			f.running = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		b, at, err := f.look(at)
		if err != nil {
			f.api.log.Warn("the feed could not be read; it is read again", "error", err)
			time.Sleep(afterFault)
			continue
		}
		f.hand(b, at)
	}
}

// look reads on from a place.
func (f *feed) look(from store.Cursor) (b batch, at store.Cursor, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), eventWithin)
	defer cancel()
	at = from
	err = f.api.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Feed(from, atOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		at = rows[len(rows)-1].Cursor
		b, err = f.tell(tx, rows)
		return err
	})
	return b, at, err
}

// hand gives a batch to everybody. It waits for nobody.
func (f *feed) hand(b batch, at store.Cursor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = at
	if len(b.events) == 0 {
		return
	}
	for l := range f.clients {
		select {
		case l.batches <- b:
		default:
			close(l.cut)
			delete(f.clients, l)
		}
	}
}

// tell makes events of rows, one for each thing, at the place of its last row: whoever
// goes on behind an event has missed none of the rows before it.
func (f *feed) tell(tx *store.Tx, rows []store.FeedRow) (b batch, err error) {
	if b.setup, err = f.api.setups.in(tx); err != nil {
		return b, err
	}
	last := map[thing]store.FeedRow{}
	for _, r := range rows {
		t := thing{r.Topic, r.Subject}
		if was, ok := last[t]; ok && was.First > 0 {
			r.First, r.Seq = min(r.First, was.First), max(r.Seq, was.Seq)
		}
		last[t] = r
	}
	things := make([]store.FeedRow, 0, len(last))
	for _, r := range last {
		things = append(things, r)
	}
	slices.SortFunc(things, func(a, b store.FeedRow) int { return cmp.Or(cmp.Compare(a.Tx, b.Tx), cmp.Compare(a.ID, b.ID)) })
	for _, r := range things {
		e := Event{Topic: r.Topic, ID: r.Subject}
		switch r.Topic {
		case "incident":
		case "messages", "marks", "conversations":
			one, err := f.api.talkEvent(tx, b.setup, r)
			if err == nil {
				b.events = append(b.events, one)
			} else if !errors.Is(err, store.ErrNotFound) {
				return b, err
			}
			continue
		case "pages", "review": // of an incident: seen by whoever sees that
			in, err := tx.Subject(incident.ID(r.Subject))
			if err == nil {
				b.events = append(b.events, write(e, in.Service, r.Cursor))
			} else if !errors.Is(err, store.ErrNotFound) {
				return b, err
			}
			continue
		case "silences":
			one, err := tx.Silence(r.Subject)
			if err == nil {
				b.events = append(b.events, write(e, b.setup.silenced(one), r.Cursor))
			} else if !errors.Is(err, store.ErrNotFound) {
				return b, err
			}
			continue
		default:
			b.events = append(b.events, write(e, "", r.Cursor))
			continue
		}
		e, service, err := f.api.incidentEvent(tx, b.setup, incident.ID(r.Subject), r.First, r.Seq)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return b, err
		}
		b.events = append(b.events, write(e, service, r.Cursor))
	}
	return b, nil
}

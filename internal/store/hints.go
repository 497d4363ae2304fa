package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	hintChannel = "tocsin_due"
	hintPause   = 5 * time.Millisecond
	hintRetry   = time.Second
)

// Poke tells the other nodes that something is due at a time, so that they need not
// find out by looking. It is a hint: it may be lost, and at most one goes out in 5 ms.
func (s *Store) Poke(at time.Time) {
	if s.pool != nil {
		s.pool.hints.poke(at)
	}
}

// Listen calls back when another node poked, until ctx ends. It comes back after a
// lost connection, and calls back once then, since a hint may have been missed. On
// SQLite there is no other node.
func (s *Store) Listen(ctx context.Context, heard func()) {
	for s.pool != nil && ctx.Err() == nil {
		s.pool.hints.listen(ctx, heard)
		select {
		case <-ctx.Done():
		case <-s.pool.closing:
			return
		case <-time.After(hintRetry):
		}
	}
	<-ctx.Done()
}

// hints sends and hears NOTIFY, in statements of their own: within a transaction it
// would hold a lock that all commits wait for.
type hints struct {
	db   *sql.DB
	url  string
	node string // so that a node does not hear itself
	next chan time.Time
	stop chan struct{}
	done chan struct{}
}

func newHints(db *sql.DB, url, node string) *hints {
	h := &hints{db: db, url: url, node: node, next: make(chan time.Time, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go h.send()
	return h
}

func (h *hints) close() {
	close(h.stop)
	<-h.done
}

// poke leaves the earliest time for send.
func (h *hints) poke(at time.Time) {
	for {
		select {
		case h.next <- at:
			return
		case other := <-h.next:
			if other.Before(at) {
				at = other
			}
		}
	}
}

func (h *hints) send() {
	defer close(h.done)
	for {
		select {
		case <-h.stop:
			return
		case at := <-h.next:
			ctx, cancel := context.WithTimeout(context.Background(), hintRetry)
			h.db.ExecContext(ctx, "SELECT pg_notify($1, $2)", hintChannel, h.node+" "+strconv.FormatInt(micros(at), 10))
			cancel()
		}
		select {
		case <-h.stop:
			return
		case <-time.After(hintPause):
		}
	}
}

// listen hears hints until its connection fails or ctx ends.
func (h *hints) listen(ctx context.Context, heard func()) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-h.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	c, err := pgx.Connect(ctx, h.url)
	if err != nil {
		return
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(ctx, "LISTEN "+hintChannel); err != nil {
		return
	}
	heard()
	for {
		n, err := c.WaitForNotification(ctx)
		if err != nil {
			return
		}
		if node, _, _ := strings.Cut(n.Payload, " "); node != h.node {
			heard()
		}
	}
}

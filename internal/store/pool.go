package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tocsin/org"
)

// A pool writes to PostgreSQL: every function is a transaction of its own. How many
// run at once is bounded by lane, so that what is urgent always finds a connection.
type pool struct {
	s       *Store
	db      *sql.DB
	lanes   [laneCount]chan struct{}
	reads   chan struct{}
	closing chan struct{}
	hints   *hints
}

// width is how many functions of a lane run at once. With the readers, a migration and
// a hint they are as many as the connections.
var width = [laneCount]int{People: 6, Accept: 4, Triage: 2, High: 4, Low: 2, Background: 2}

const (
	poolReads = 8
	poolSize  = 6 + 4 + 2 + 4 + 2 + 2 + poolReads + 2
)

func newPool(s *Store, db *sql.DB, url string) *pool {
	p := &pool{s: s, db: db, reads: make(chan struct{}, poolReads), closing: make(chan struct{})}
	for i := range p.lanes {
		p.lanes[i] = make(chan struct{}, width[i])
	}
	p.hints = newHints(db, url, org.NewID(time.Now(), s.rand))
	return p
}

func (p *pool) close() error {
	close(p.closing)
	p.hints.close()
	return p.db.Close()
}

const tries = 5

// enter waits for a place.
func (p *pool) enter(ctx context.Context, places chan struct{}) error {
	select {
	case <-p.closing:
		return errClosed
	default:
	}
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closing:
		return errClosed
	}
}

func (p *pool) write(ctx context.Context, lane Lane, fn func(*Tx) error) error {
	if err := p.enter(ctx, p.lanes[lane]); err != nil {
		return err
	}
	defer func() { <-p.lanes[lane] }()
	for n := 1; ; n++ {
		err := p.once(ctx, fn)
		if err == nil || n == tries || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Millisecond << n):
		}
	}
}

// again says whether the database asks for the transaction to be run once more: a
// conflict, a deadlock, or two that made the same table.
func again(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "40001", "40P01", "42P07":
		return true
	}
	return e.Code == "23505" && e.SchemaName == "pg_catalog"
}

func (p *pool) once(ctx context.Context, fn func(*Tx) error) error {
	if err := p.s.faultAt("begin"); err != nil {
		return err
	}
	t, err := p.begin(ctx, "BEGIN", p.s.d.tx)
	if err != nil {
		return err
	}
	defer t.end()
	err = p.s.tx(ctx, t, false).runThen(fn, func(ctx context.Context, last []statement) error {
		if err := p.s.faultAt("commit"); err != nil {
			return err
		}
		return t.commit(ctx, last)
	})
	if err != nil {
		return err
	}
	return p.s.faultAt("committed")
}

func (p *pool) read(ctx context.Context, fn func(*Tx) error) error {
	if err := p.enter(ctx, p.reads); err != nil {
		return err
	}
	defer func() { <-p.reads }()
	t, err := p.begin(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	if err != nil {
		return err
	}
	defer t.end()
	return p.s.tx(ctx, t, true).run(fn)
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

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
	t, err := p.begin(ctx, nil)
	if err != nil {
		return err
	}
	defer t.end()
	if err := p.s.tx(ctx, t, false).run(fn); err != nil {
		return err
	}
	if err := p.s.faultAt("commit"); err != nil {
		return err
	}
	if err := t.t.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return p.s.faultAt("committed")
}

func (p *pool) read(ctx context.Context, fn func(*Tx) error) error {
	if err := p.enter(ctx, p.reads); err != nil {
		return err
	}
	defer func() { <-p.reads }()
	t, err := p.begin(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer t.end()
	return p.s.tx(ctx, t, true).run(fn)
}

// A pgTx is a transaction; the driver keeps the prepared statements of its connection.
type pgTx struct {
	c *sql.Conn
	t *sql.Tx
}

func (p *pool) begin(ctx context.Context, o *sql.TxOptions) (pgTx, error) {
	c, err := p.db.Conn(ctx)
	if err != nil {
		return pgTx{}, fmt.Errorf("store: connect: %w", err)
	}
	t, err := c.BeginTx(ctx, o)
	if err != nil {
		c.Close()
		return pgTx{}, fmt.Errorf("store: begin: %w", err)
	}
	return pgTx{c, t}, nil
}

// end gives the connection back; what is not committed never was.
func (t pgTx) end() {
	t.t.Rollback()
	t.c.Close()
}

func (t pgTx) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	return t.t.ExecContext(ctx, text, args...)
}

func (t pgTx) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return t.t.QueryContext(ctx, text, args...)
}

func (t pgTx) all(ctx context.Context, statements []statement) error {
	return t.begin(ctx, statements)()
}

// begin sends statements of bulks, all at once.
func (t pgTx) begin(ctx context.Context, statements []statement) (end func() error) {
	var results *pgconn.MultiResultReader
	err := t.c.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		var b pgconn.Batch
		for _, s := range statements {
			prepared, err := conn.Prepare(ctx, s.text, s.text)
			if err != nil {
				return fmt.Errorf("%w: %s", err, short(s.text))
			}
			columns, err := encodeArrays(s.args)
			if err != nil {
				return err
			}
			b.ExecPrepared(prepared.Name, columns, binaryFormat, nil)
		}
		results = conn.PgConn().ExecBatch(ctx, &b)
		return nil
	})
	if err != nil {
		return func() error { return err }
	}
	return results.Close
}

// binaryFormat is that of all parameters of a statement.
var binaryFormat = []int16{pgx.BinaryFormatCode}

package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
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
	t, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer t.end()
	tx := p.s.tx(ctx, t, false)
	if tx.no, err = t.start(ctx, p.s.d.tx); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	err = tx.runThen(fn, func(ctx context.Context, last []statement) error {
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
	t, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer t.end()
	if _, err := t.exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", nil); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	return p.s.tx(ctx, t, true).run(fn)
}

// A pgTx is a transaction on one connection, which keeps its prepared statements. It costs
// no round trip of its own: its number comes with its begin, and what is written last goes
// with its commit.
type pgTx struct {
	c    *sql.Conn
	over bool // committed
}

func (p *pool) begin(ctx context.Context) (*pgTx, error) {
	c, err := p.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: connect: %w", err)
	}
	return &pgTx{c: c}, nil
}

// start begins to write, and returns the transaction's number.
func (t *pgTx) start(ctx context.Context, number string) (no int64, err error) {
	results, err := t.send(ctx, []statement{{text: "BEGIN"}, {text: number}})
	if err != nil {
		return 0, err
	}
	for results.NextResult() {
		for r := results.ResultReader(); r.NextRow(); {
			no = int64(binary.BigEndian.Uint64(r.Values()[0]))
		}
	}
	return no, results.Close()
}

// commit writes what is left, and commits.
func (t *pgTx) commit(ctx context.Context, last []statement) error {
	results, err := t.send(ctx, append(last, statement{text: "COMMIT"}))
	if err != nil {
		return err
	}
	var tag pgconn.CommandTag
	for results.NextResult() {
		tag, _ = results.ResultReader().Close()
	}
	if err := results.Close(); err != nil {
		return err
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("commit: the database says %s", tag)
	}
	t.over = true
	return nil
}

// end gives the connection back; what is not committed never was. A connection that does
// not take that is thrown away.
func (t *pgTx) end() {
	if !t.over {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
		defer cancel()
		t.c.Raw(func(c any) error {
			if err := c.(*stdlib.Conn).Conn().PgConn().Exec(ctx, "ROLLBACK").Close(); err != nil {
				return driver.ErrBadConn
			}
			return nil
		})
	}
	t.c.Close()
}

const rollbackTime = 5 * time.Second

func (t *pgTx) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	return t.c.ExecContext(ctx, text, args...)
}

func (t *pgTx) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	return t.c.QueryContext(ctx, text, args...)
}

func (t *pgTx) all(ctx context.Context, statements []statement) error {
	if len(statements) == 0 {
		return nil
	}
	return t.begin(ctx, statements)()
}

// begin has statements of bulks done.
func (t *pgTx) begin(ctx context.Context, statements []statement) (end func() error) {
	results, err := t.send(ctx, statements)
	if err != nil {
		return func() error { return err }
	}
	return results.Close
}

// send sends statements of bulks, or without values, all at once.
func (t *pgTx) send(ctx context.Context, statements []statement) (results *pgconn.MultiResultReader, err error) {
	err = t.c.Raw(func(driver any) error {
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
			b.ExecPrepared(prepared.Name, columns, binaryFormat, binaryFormat)
		}
		results = conn.PgConn().ExecBatch(ctx, &b)
		return nil
	})
	return results, err
}

// binaryFormat is that of all that goes in and comes out.
var binaryFormat = []int16{pgx.BinaryFormatCode}

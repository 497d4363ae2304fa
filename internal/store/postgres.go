package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	rollbackTime = 5 * time.Second
	mostPrepared = 500 // statements of a connection; lists of any length make ever new ones

	// A plan is made anew when so many rows were written since, not before planAge, and
	// after planMost in any case. PostgreSQL keeps one until a table is analyzed again, a
	// minute or more after it has grown; made when the table was all but empty, any index
	// was as good as another, and in a storm each question goes through all of it.
	planRows = 2000
	planAge  = 2 * time.Second
	planMost = time.Minute
)

// A pgTx is a transaction on one connection of PostgreSQL. It costs no round trip of its
// own: it begins with the first statement and commits with the last.
type pgTx struct {
	c       *sql.Conn
	pg      *pgx.Conn
	written *atomic.Int64 // rows of bulks, of all transactions of this node
	opening []statement   // begin it
	no      int64         // its number, where the second of those asks for it
	begun   bool
	over    bool // committed
	useless bool // the connection, for what comes after
}

// begin is a transaction that has not begun yet.
func (p *pool) begin(ctx context.Context, opening ...string) (*pgTx, error) {
	c, err := p.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: connect: %w", err)
	}
	t := &pgTx{c: c, written: &p.s.written}
	for _, text := range opening {
		t.opening = append(t.opening, statement{text: text})
	}
	if err := c.Raw(func(d any) error { t.pg = d.(*stdlib.Conn).Conn(); return nil }); err != nil {
		c.Close()
		return nil, fmt.Errorf("store: connect: %w", err)
	}
	return t, nil
}

// number is that of the transaction, in the order in which all are told.
func (t *pgTx) number(ctx context.Context) (int64, error) {
	if !t.begun {
		results, err := t.send(ctx, nil)
		if err == nil {
			err = results.Close()
		}
		if err != nil {
			return 0, err
		}
	}
	return t.no, nil
}

func (t *pgTx) exec(ctx context.Context, text string, args []any) (int, error) {
	tag, err := t.last(ctx, []statement{{text: text, args: args}})
	return int(tag.RowsAffected()), err
}

func (t *pgTx) query(ctx context.Context, text string, args []any, scan func(row) error) (err error) {
	results, err := t.send(ctx, []statement{{text: text, args: args}})
	if err != nil {
		return err
	}
	defer func() { // also when scan panics
		if e := results.Close(); err == nil {
			err = t.note(e)
		}
	}()
	for results.NextResult() {
		r := results.ResultReader()
		one := pgRow{fields: r.FieldDescriptions()}
		for r.NextRow() {
			one.values = r.Values()
			if err := scan(&one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *pgTx) answers(ctx context.Context, statements []statement) (all [][]row, err error) {
	results, err := t.send(ctx, statements)
	if err != nil {
		return nil, err
	}
	for results.NextResult() {
		r := results.ResultReader()
		fields := slices.Clone(r.FieldDescriptions())
		var rows []row
		for r.NextRow() {
			rows = append(rows, &pgRow{fields: fields, values: kept(r.Values())})
		}
		all = append(all, rows)
	}
	return all, t.note(results.Close())
}

// kept are values that outlast the next row.
func kept(values [][]byte) [][]byte {
	size := 0
	for _, v := range values {
		size += len(v)
	}
	all, room := make([][]byte, len(values)), make([]byte, 0, size)
	for i, v := range values {
		if v != nil {
			room = append(room, v...)
			all[i] = room[len(room)-len(v):]
		}
	}
	return all
}

func (t *pgTx) all(ctx context.Context, statements []statement) error {
	if len(statements) == 0 {
		return nil
	}
	return t.ahead(ctx, statements)()
}

// ahead has statements done while the caller thinks on.
func (t *pgTx) ahead(ctx context.Context, statements []statement) (end func() error) {
	results, err := t.send(ctx, statements)
	return func() error {
		if err == nil {
			_, err = t.read(results, statements)
		}
		return err
	}
}

// commit writes what is left, and commits. Where nothing was asked nothing is done.
func (t *pgTx) commit(ctx context.Context, left []statement) error {
	if !t.begun && len(left) == 0 {
		return nil
	}
	tag, err := t.last(ctx, append(left, statement{text: "COMMIT"}))
	if err != nil {
		return err
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("commit: the database says %s", tag)
	}
	t.over = true
	return nil
}

// last has statements done, and says what became of the last.
func (t *pgTx) last(ctx context.Context, statements []statement) (tag pgconn.CommandTag, err error) {
	results, err := t.send(ctx, statements)
	if err != nil {
		return tag, err
	}
	return t.read(results, statements)
}

// read reads what comes of statements, for those that want to know, and says what became
// of the last.
func (t *pgTx) read(results *pgconn.MultiResultReader, statements []statement) (tag pgconn.CommandTag, err error) {
	defer func() { // also when scan panics
		if e := results.Close(); e != nil {
			err = t.note(e)
		}
	}()
	for i := 0; results.NextResult(); i++ {
		r := results.ResultReader()
		if scan := statements[i].scan; scan != nil {
			for one := (pgRow{fields: r.FieldDescriptions()}); r.NextRow() && err == nil; {
				one.values = r.Values()
				err = scan(&one)
			}
		}
		tag, _ = r.Close() // results has its error
	}
	return tag, err
}

// send sends statements, after those that begin the transaction if it has not begun, all
// at once.
func (t *pgTx) send(ctx context.Context, statements []statement) (*pgconn.MultiResultReader, error) {
	known := t.known()
	all := statements
	if !t.begun {
		all = slices.Concat(t.opening, statements)
		if known.old(t.written.Load()) {
			all = slices.Insert(all, 1, statement{text: "DISCARD PLANS"})
		}
	}
	if len(known.statements)+len(all) > mostPrepared {
		if err := t.pg.DeallocateAll(ctx); err != nil {
			return nil, err
		}
		clear(known.statements)
	}
	var b pgconn.Batch
	place := scratches.Get().(*scratch)
	place.lend(&b)
	defer place.takeBack(&b)
	for _, s := range all {
		as := known.statements[s.text]
		if as == nil {
			var err error
			if as, err = t.pg.Prepare(ctx, s.text, s.text); err != nil {
				return nil, fmt.Errorf("%w: %s", t.note(err), short(s.text))
			}
			known.statements[s.text] = as
		}
		values, err := t.encode(as, s.args, place)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, short(s.text))
		}
		b.ExecStatement(as, values, binaryFormat, binaryFormat)
	}
	results := t.pg.PgConn().ExecBatch(ctx, &b)
	t.begun = true
	for range len(all) - len(statements) {
		if !results.NextResult() {
			break
		}
		for r := results.ResultReader(); r.NextRow(); {
			t.no = int64(binary.BigEndian.Uint64(r.Values()[0]))
		}
	}
	return results, nil
}

// binaryFormat is that of all that goes in and comes out.
var binaryFormat = []int16{pgx.BinaryFormatCode}

// prepared is what a connection has prepared, by the texts. It forgets all of it when
// there would be too much.
type prepared struct {
	statements map[string]*pgconn.StatementDescription
	planned    time.Time // when its plans were last thrown away
	written    int64     // how many rows this node had written by then
}

// old says whether the plans are, and takes it that they are thrown away.
func (p *prepared) old(written int64) bool {
	age := time.Since(p.planned)
	if age < planMost && (age < planAge || written-p.written < planRows) {
		return false
	}
	p.planned, p.written = time.Now(), written
	return true
}

const preparedHere = "tocsin prepared"

func (t *pgTx) known() *prepared {
	data := t.pg.PgConn().CustomData()
	known, ok := data[preparedHere].(*prepared)
	if !ok {
		known = &prepared{map[string]*pgconn.StatementDescription{}, time.Now(), t.written.Load()}
		data[preparedHere] = known
	}
	return known
}

// note looks at an error: a connection whose statements are not what they were, because
// somebody changed a table or was between us and the database, is of no use any longer.
func (t *pgTx) note(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "0A000", "26000", "42P05":
			t.useless = true
		}
	}
	return err
}

// end gives the connection back; what is not committed never was. A connection that does
// not take that is thrown away.
func (t *pgTx) end() {
	if t.begun && !t.over || t.useless {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
		defer cancel()
		t.c.Raw(func(any) error {
			if err := t.pg.PgConn().Exec(ctx, "ROLLBACK").Close(); err != nil || t.useless {
				return driver.ErrBadConn
			}
			return nil
		})
	}
	t.c.Close()
}

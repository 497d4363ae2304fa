package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// A session is one connection of SQLite with the statements prepared on it. It speaks to
// the driver itself: database/sql looks at each of the thousands of values of a bulk and
// makes a list of them, which was a tenth of all garbage under load.
type session struct {
	c        *sql.Conn // keeps the connection from others
	d        driver.ConnPrepareContext
	prepared map[string]liteStmt
	values   []driver.NamedValue // room for those of one statement
}

type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func openSession(db *sql.DB) (*session, error) {
	c, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	s := &session{c: c, prepared: map[string]liteStmt{}}
	if err := c.Raw(func(d any) error { s.d = d.(driver.ConnPrepareContext); return nil }); err != nil {
		c.Close()
		return nil, err
	}
	return s, nil
}

func (s *session) statement(text string) (liteStmt, error) {
	if st := s.prepared[text]; st != nil {
		return st, nil
	}
	made, err := s.d.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	st, ok := made.(liteStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("store: statements of the driver are %T", made), made.Close())
	}
	s.prepared[text] = st
	return st, nil
}

func (s *session) exec(ctx context.Context, text string, args []any) (int, error) {
	st, err := s.statement(text)
	if err != nil {
		return 0, err
	}
	values, err := s.valuesOf(args)
	if err != nil {
		return 0, err
	}
	defer clear(values)
	r, err := st.ExecContext(ctx, values)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

func (s *session) query(ctx context.Context, text string, args []any, scan func(row) error) (err error) {
	st, err := s.statement(text)
	if err != nil {
		return err
	}
	values, err := s.valuesOf(args)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, values)
	clear(values)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil { // else it says the same again
			err = e
		}
	}()
	columns := rows.Columns()
	r := &liteRow{columns: columns, values: make([]driver.Value, len(columns))}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := rows.Next(r.values); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := scan(r); err != nil {
			return err
		}
	}
}

// valuesOf are arguments as the driver takes them, good until the next are asked for.
func (s *session) valuesOf(args []any) ([]driver.NamedValue, error) {
	s.values = s.values[:0]
	for i, a := range args {
		switch v := a.(type) {
		case string, int64, bool, []byte, nil:
		case int:
			a = int64(v)
		default:
			known, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				return nil, fmt.Errorf("argument %d: %w", i+1, err)
			}
			a = known
		}
		s.values = append(s.values, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.values, nil
}

// A liteRow is a row of an answer of SQLite.
type liteRow struct {
	columns []string
	values  []driver.Value
	raw     []byte // room for what is given out as sql.RawBytes
}

// Scan copies the columns, as that of database/sql does.
func (r *liteRow) Scan(into ...any) error {
	if len(into) != len(r.values) {
		return fmt.Errorf("%d columns, and places for %d", len(r.values), len(into))
	}
	r.raw = r.raw[:0]
	for i, to := range into {
		if err := r.scan(r.values[i], to); err != nil {
			return fmt.Errorf("column %s: %w", r.columns[i], err)
		}
	}
	return nil
}

func (r *liteRow) scan(v driver.Value, to any) error {
	switch v := v.(type) {
	case string:
		switch to := to.(type) {
		case *string:
			*to = v
			return nil
		case *[]byte:
			*to = []byte(v)
			return nil
		case *sql.RawBytes:
			from := len(r.raw)
			r.raw = append(r.raw, v...)
			*to = r.raw[from:]
			return nil
		}
	case []byte:
		switch to := to.(type) {
		case *[]byte:
			*to = v
			return nil
		case *sql.RawBytes:
			*to = v
			return nil
		}
	case int64:
		switch to := to.(type) {
		case *int64:
			*to = v
			return nil
		case *int:
			*to = int(v)
			return nil
		case *bool:
			*to = v != 0
			return nil
		}
	}
	return put(v, to)
}

// answers gains nothing: SQLite is asked within this process.
func (s *session) answers(context.Context, []statement) ([][]row, error) { return nil, nil }

func (s *session) all(ctx context.Context, statements []statement) error {
	for _, st := range statements {
		if _, err := s.exec(ctx, st.text, st.args); err != nil {
			return fmt.Errorf("%w: %s", err, short(st.text))
		}
	}
	return nil
}

func (s *session) ahead(ctx context.Context, statements []statement) func() error {
	err := s.all(ctx, statements)
	return func() error { return err }
}

// number is never asked: the group numbers its transactions.
func (s *session) number(context.Context) (int64, error) {
	return 0, errors.New("store: this transaction has no number")
}

func (s *session) close() {
	for _, st := range s.prepared {
		st.Close()
	}
	s.c.Close()
}

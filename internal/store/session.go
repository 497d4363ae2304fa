package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A session is one connection of SQLite with the statements prepared on it.
type session struct {
	c        *sql.Conn
	prepared map[string]*sql.Stmt
}

func openSession(db *sql.DB) (*session, error) {
	c, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &session{c: c, prepared: map[string]*sql.Stmt{}}, nil
}

func (s *session) statement(text string) (*sql.Stmt, error) {
	if st := s.prepared[text]; st != nil {
		return st, nil
	}
	st, err := s.c.PrepareContext(context.Background(), text)
	if err == nil {
		s.prepared[text] = st
	}
	return st, err
}

func (s *session) exec(ctx context.Context, text string, args []any) (int, error) {
	st, err := s.statement(text)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

func (s *session) query(ctx context.Context, text string, args []any, scan func(row) error) error {
	st, err := s.statement(text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
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

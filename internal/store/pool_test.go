package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/internal/pgtest"
)

// TestConnectionsComeBack ends writes in every way there is, more often than there are
// connections: what failed left nothing, no connection stays within a transaction, and the
// same one serves on unless it was lost.
func TestConnectionsComeBack(t *testing.T) {
	s := open(t, Options{URL: pgtest.Filled(t, schemaOnly)})
	for name, c := range map[string]struct {
		fn   func(tx *Tx, cancel func()) error
		kept bool
	}{
		"well":               {func(tx *Tx, _ func()) error { return nil }, true},
		"nothing to write":   {func(tx *Tx, _ func()) error { tx.pending = [bulkCount][]any{}; return nil }, false},
		"a failure":          {func(tx *Tx, _ func()) error { return errors.New("of its own") }, false},
		"a panic":            {func(tx *Tx, _ func()) error { panic("of its own") }, false},
		"a bad question":     {func(tx *Tx, _ func()) error { tx.exec("SELECT nothing"); return nil }, false},
		"a bad last row":     {func(tx *Tx, _ func()) error { tx.add(putLog, "x", 1, micros(t0), "", "", "{}", []byte{}); return nil }, false},
		"nobody waits":       {func(tx *Tx, cancel func()) error { cancel(); return nil }, false},
		"a lost connection":  {func(tx *Tx, _ func()) error { tx.exec("SELECT pg_terminate_backend(pg_backend_pid())"); return nil }, false},
		"a read that is bad": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			first := 0
			for range poolSize + 1 {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				var err error
				if c.fn == nil {
					err = s.Read(ctx, func(tx *Tx) error { _, err := tx.exec("DELETE FROM log"); return err })
				} else {
					err = s.Write(ctx, People, func(tx *Tx) error {
						tx.add(putLog, "x", 1, micros(t0), "", "", "{}", []byte{})
						return c.fn(tx, cancel)
					})
				}
				cancel()
				if (err == nil) != (c.kept || name == "nothing to write") {
					t.Fatalf("it is over with %v", err)
				}
				read(t, s, func(tx *Tx) error {
					var lines, stuck, pid int
					if err := tx.row(`SELECT count(*), pg_backend_pid(), (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%') FROM log`)(&lines, &pid, &stuck); err != nil {
						return err
					}
					if first == 0 {
						first = pid
					}
					if pid != first && name != "nobody waits" && name != "a lost connection" {
						t.Fatal("the connection was thrown away")
					}
					if (lines > 0) != c.kept || stuck > 0 {
						t.Fatalf("%d lines are kept, %d connections are stuck", lines, stuck)
					}
					return nil
				})
				write(t, s, func(tx *Tx) error { _, err := tx.exec(`DELETE FROM log`); return err })
			}
		})
	}
}

// TestPlansGrowOld asks while a table is empty, and again when it has grown: the plan of
// then is not the one of now.
func TestPlansGrowOld(t *testing.T) {
	s := open(t, Options{URL: pgtest.Filled(t, schemaOnly)})
	if _, err := s.db().Exec(`ANALYZE`); err != nil {
		t.Fatal(err)
	}
	var pg *pgTx
	plan := func() (all string) {
		read(t, s, func(tx *Tx) error {
			pg = tx.c.(*pgTx)
			for range 10 { // then PostgreSQL keeps a plan
				if err := tx.each(s.sql.Subject, []any{"x"}, func(row) error { return nil }); err != nil {
					return err
				}
			}
			return tx.each(`EXPLAIN EXECUTE `+pg.known().statements[s.sql.Subject].Name+`('x')`, nil, func(r row) error {
				var line string
				err := r.Scan(&line)
				all += line + "\n"
				return err
			})
		})
		return all
	}
	if was := plan(); strings.Contains(was, "subjects_pkey") {
		t.Skip("this PostgreSQL plans for an empty table as for a full one")
	}
	write(t, s, func(tx *Tx) error {
		for n := range 500 {
			if err := openIncident(tx, n, t0); err != nil {
				return err
			}
		}
		return nil
	})
	pg.known().planned = time.Now().Add(-2 * planAge) // it is half a second old
	if is := plan(); !strings.Contains(is, "subjects_pkey") {
		t.Errorf("the plan of an empty table is used for a full one:\n%s", is)
	}
}

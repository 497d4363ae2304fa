package store

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/incident"
)

// TestValues sends values of every kind there and back: both databases understand them
// alike, and what goes nowhere is an error that says where.
func TestValues(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		type places struct {
			Text  string
			ID    incident.ID
			Int   int
			Int64 int64
			True  bool
			False bool
			Bytes []byte
			Empty []byte
			None  []byte
			Maybe sql.NullInt64
			Not   sql.NullInt64
		}
		var got places
		read(t, s, func(tx *Tx) error {
			return tx.row(`SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BOOLEAN), CAST($6 AS BOOLEAN), x.b, x.e, x.n, CAST($7 AS BIGINT), CAST(NULL AS BIGINT)
 FROM (SELECT `+map[string]string{"sqlite": "CAST($8 AS BLOB) AS b, CAST($9 AS BLOB) AS e, NULL AS n", "postgres": "CAST($8 AS BYTEA) AS b, CAST($9 AS BYTEA) AS e, CAST(NULL AS BYTEA) AS n"}[s.Dialect()]+`) AS x`,
				"a ü\n", "id", -3, int64(1)<<62, true, false, 7, []byte{0, 1, 255}, []byte{})(
				&got.Text, &got.ID, &got.Int, &got.Int64, &got.True, &got.False, &got.Bytes, &got.Empty, &got.None, &got.Maybe, &got.Not)
		})
		want := places{"a ü\n", "id", -3, 1 << 62, true, false, []byte{0, 1, 255}, []byte{}, nil, sql.NullInt64{Int64: 7, Valid: true}, sql.NullInt64{}}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
		var text string
		var n int
		var small int8
		for name, c := range map[string]struct {
			text string
			into []any
		}{
			"NULL is no text":       {`SELECT CAST(NULL AS TEXT)`, []any{&text}},
			"text is no number":     {`SELECT CAST('x' AS TEXT)`, []any{&n}},
			"a number is too large": {`SELECT CAST(300 AS BIGINT)`, []any{&small}},
			"one column too many":   {`SELECT CAST(1 AS BIGINT), CAST(2 AS BIGINT)`, []any{&n}},
		} {
			if err := s.Read(t.Context(), func(tx *Tx) error { return tx.row(c.text)(c.into...) }); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

// TestStatementsAreForgotten asks more different questions on a connection than it keeps
// prepared, seven at once.
func TestStatementsAreForgotten(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			for n := 0; n < mostPrepared+100; n += 7 {
				var all []statement
				for i := range 7 {
					all = append(all, statement{text: fmt.Sprintf(`SELECT %d`, n+i)})
				}
				if err := tx.c.all(t.Context(), all); err != nil {
					t.Fatalf("after %d: %v", n, err)
				}
			}
			if s.Dialect() == "postgres" {
				kept := 0
				if err := tx.row(`SELECT count(*) FROM pg_prepared_statements`)(&kept); err != nil || kept > mostPrepared {
					t.Errorf("%d statements are kept: %v", kept, err)
				}
			}
			return openIncident(tx, 1, t0)
		})
	})
}

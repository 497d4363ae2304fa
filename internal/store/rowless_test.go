package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// TestRowless brings a database of SQLite from before up to date: the rows are all there,
// in the order of their keys, and so are the indexes.
func TestRowless(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tocsin.db")
	db, err := sql.Open("sqlite", sqliteURL(path, "OFF", true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := migrations(goose.DialectSQLite3, db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), rowlessVersion-1); err != nil {
		t.Fatal(err)
	}
	for n := 99; n >= 0; n-- { // not in the order of the keys
		if _, err := db.Exec(`INSERT INTO log (subject, seq, at, actor, kind, body, hash) VALUES (?, ?, 7, 'engine', 'x', '{}', x'00ff')`, fmt.Sprint("s", n/10), n); err != nil {
			t.Fatal(err)
		}
	}
	indexes := func(db *sql.DB) (all []string) {
		for _, table := range rowless {
			all = append(all, column(t, db, `SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ? ORDER BY name`, table)...)
		}
		return all
	}
	before := indexes(db)
	if len(before) < 5 {
		t.Errorf("only %d indexes before", len(before))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{URL: path, Ring: testRing(t)})
	if after := indexes(s.db()); !slices.Equal(before, after) {
		t.Errorf("indexes:\n%s\nwere\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	for _, table := range rowless {
		text := column(t, s.db(), `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, table)
		if len(text) != 1 || !strings.HasSuffix(text[0], "WITHOUT ROWID") {
			t.Errorf("%s: %s", table, text)
		}
	}
	rows := column(t, s.db(), `SELECT subject || ' ' || seq || ' ' || at || ' ' || actor || ' ' || kind || ' ' || body || ' ' || hex(hash) FROM log`)
	if len(rows) != 100 || rows[0] != "s0 0 7 engine x {} 00FF" || rows[99] != "s9 99 7 engine x {} 00FF" {
		t.Errorf("%d rows: %s", len(rows), rows)
	}
}

// column is the first column of what a question finds.
func column(t *testing.T, db *sql.DB, text string, args ...any) (all []string) {
	t.Helper()
	rows, err := db.Query(text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

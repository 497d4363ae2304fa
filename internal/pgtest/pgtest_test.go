package pgtest

import (
	"database/sql"
	"errors"
	"os"
	"testing"
)

func TestFreshDatabases(t *testing.T) {
	a, b := Start(t), Start(t)
	if a == b {
		t.Fatalf("two tests got the same database %s", a)
	}
	db, err := sql.Open("pgx", a)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE x (y TEXT)"); err != nil {
		t.Fatal(err)
	}
}

func TestCrashKeepsWhatWasCommitted(t *testing.T) {
	s, err := Run(Options{Fsync: true})
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(text string) {
		t.Helper()
		db, err := sql.Open("pgx", u)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE x (y TEXT)")
	exec("INSERT INTO x VALUES ('committed')")
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	exec("SELECT 1 / count(*) FROM x")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

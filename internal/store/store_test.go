package store

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/secret"
)

// t0 is when the tests begin.
var t0 = time.Date(2026, 11, 24, 2, 13, 0, 0, time.UTC)

func testRing(t testing.TB) *secret.Ring {
	t.Helper()
	r, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Ring == nil {
		o.Ring = testRing(t)
	}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openSQLite(t testing.TB, o Options) *Store {
	o.URL = filepath.Join(t.TempDir(), "tocsin.db")
	return open(t, o)
}

func write(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), People, fn); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

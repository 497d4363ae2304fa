// Package storetest gives tests databases with the newest schema and nothing in it. They
// are copies of one, as the schema costs more than many a test.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tocsin/internal/pgtest"
	"tocsin/internal/secret"
	"tocsin/internal/store"
)

// Postgres is the address of a database on the process's PostgreSQL. The test is skipped
// where there is none.
func Postgres(t testing.TB) string {
	t.Helper()
	return pgtest.Filled(t, empty)
}

// SQLite is the path of a database in a directory that the test removes.
func SQLite(t testing.TB) string {
	t.Helper()
	fresh, err := file()
	path := filepath.Join(t.TempDir(), "house.db")
	if err == nil {
		err = os.WriteFile(path, fresh, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// file is what a database holds that has just been made.
var file = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "house.db")
	if err := empty(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func empty(address string) error {
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), store.Options{URL: address, Ring: ring})
	if err != nil {
		return err
	}
	// Whoever opens a copy gives it a ring of its own.
	err = s.Write(context.Background(), store.People, func(tx *store.Tx) error { return tx.SetMeta("ring", "") })
	return errors.Join(err, s.Close())
}

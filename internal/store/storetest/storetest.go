// Package storetest gives tests databases with the newest schema and nothing in it. They
// are copies of one, as the schema costs more than many a test.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
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

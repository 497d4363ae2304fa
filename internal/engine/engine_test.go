package engine

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

// onBoth runs a test on both databases; a short run leaves PostgreSQL to the store's tests.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, storetest.SQLite(t)) })
	if testing.Short() {
		return
	}
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, storetest.Postgres(t)) })
}

// told is a channel that remembers what it was given and answers as it is told.
type told struct {
	name string
	got  []channel.Message
	fail func(channel.Message) error
}

func (c *told) Name() string { return c.name }

func (c *told) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	c.got = append(c.got, m)
	if c.fail != nil {
		if err := c.fail(m); err != nil {
			return channel.Receipt{}, err
		}
	}
	return channel.Receipt{Provider: m.ID, State: "sent"}, nil
}

func open(t testing.TB, url string, o Options) *Engine {
	t.Helper()
	ring, err := secret.Generate(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	o.Ring = ring
	s, err := store.Open(context.Background(), store.Options{URL: url, Ring: o.Ring, Sync: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	o.Store = s
	return New(o)
}

var night = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

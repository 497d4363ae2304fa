package store

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/pgtest"
	"tocsin/internal/secret"
)

func rotated(t *testing.T, r *secret.Ring) *secret.Ring {
	t.Helper()
	n, err := r.Rotated(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A database is opened with its own ring, with that ring rotated, and with no other.
func TestRingIsTheDatabases(t *testing.T) {
	k1 := testRing(t)
	k2 := rotated(t, k1)
	other := testRing(t)
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "db") },
		"postgres": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{URL: url(t)}
			for _, c := range []struct {
				name string
				ring *secret.Ring
				want string // "" opens
			}{
				{"a new database takes the first ring", k1, ""},
				{"and knows it again", k1, ""},
				{"another ring", other, "the key ring is not this database's"},
				{"another ring that was rotated", rotated(t, other), "the key ring is not this database's"},
				{"the ring with a new key", k2, ""},
				{"a node without the new key", k1, `sealed under key "k2", which is not on the ring`},
				{"a node with another new key", rotated(t, k1), "the key ring is not this database's"},
				{"the ring with two new keys", rotated(t, k2), ""},
			} {
				o.Ring = c.ring
				s, err := Open(context.Background(), o)
				if err == nil {
					s.Close()
				}
				switch {
				case c.want == "" && err != nil:
					t.Errorf("%s: %v", c.name, err)
				case c.want != "" && (!errors.Is(err, ErrRing) || !strings.Contains(err.Error(), c.want)):
					t.Errorf("%s: got %v, want %q", c.name, err, c.want)
				}
			}
		})
	}
}

// Of nodes that start at once with rings of their own, one takes the new database.
func TestRingOfTheFirstNode(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t)
	const nodes = 4
	results := make(chan error, nodes)
	for range nodes {
		ring := testRing(t)
		go func() {
			s, err := Open(context.Background(), Options{URL: url, Ring: ring})
			if err == nil {
				err = s.Close()
			}
			results <- err
		}()
	}
	opened := 0
	for range nodes {
		if err := <-results; err == nil {
			opened++
		} else if !errors.Is(err, ErrRing) {
			t.Error(err)
		}
	}
	if opened != 1 {
		t.Errorf("%d of %d rings were taken", opened, nodes)
	}
}

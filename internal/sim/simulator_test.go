package sim

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	lives = flag.Int("seeds", 0, "lives that TestSimulator simulates; 0: 8, or 2 when short")
	days  = flag.Int("days", 0, "days of each life; 0: 30, or 5 when short")
	seed  = flag.Uint64("seed", 1, "the first seed")
)

func lifeDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "life")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestSimulator lives some lives. What a seed finds, it finds again:
//
//	go test ./internal/sim -run TestSimulator/17 -seed 17 -seeds 1 -days 30
func TestSimulator(t *testing.T) {
	n, d := *lives, *days
	if n == 0 {
		n = 8
		if testing.Short() {
			n = 2
		}
	}
	if d == 0 {
		d = 30
		if testing.Short() {
			d = 5
		}
	}
	for i := range uint64(n) {
		t.Run(fmt.Sprint(*seed+i), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			r, err := Life{Seed: *seed + i, Days: d, Dir: lifeDir(t)}.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d days in %s: %s", d, time.Since(began).Round(time.Millisecond), r)
		})
	}
}

// TestSameSeed lives one life twice: everything that happened is the same, to the ids
// of the pages.
func TestSameSeed(t *testing.T) {
	var hash string
	for i := range 2 {
		r, err := Life{Seed: 4711, Days: 5, Dir: lifeDir(t)}.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			hash = r.Hash
		} else if r.Hash != hash {
			t.Fatalf("the same seed lived another life: %s and %s", hash, r.Hash)
		}
	}
}

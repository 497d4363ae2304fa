package sim

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/store/storetest"
)

var update = flag.Bool("update", false, "write what the nights did into their files, and fail; read the difference before you keep it")

var everywhere = flag.Bool("everywhere", false, "play each night on both databases, as make nights does")

// TestNights plays every night on SQLite, and on PostgreSQL each third and all in which
// the house drops dead: the house does what its script says, and nothing else. What is
// particular to a database is tested where it is written; make nights plays all on both.
func TestNights(t *testing.T) {
	files, err := filepath.Glob("nights/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no nights: ", err)
	}
	for n, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel() // on PostgreSQL they wait most of the time
			t.Run("sqlite", func(t *testing.T) { playFile(t, file, storetest.SQLite(t), *update) })
			if *everywhere || n%3 == 0 || strings.Contains(file, "crash") {
				t.Run("postgres", func(t *testing.T) { playFile(t, file, storetest.Postgres(t), false) })
			}
		})
	}
}

func playFile(t *testing.T, file, url string, write bool) {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Play(context.Background(), string(script), Options{URL: url})
	if err != nil {
		t.Errorf("%v\n%s", err, got)
	}
	if d := Diff(string(script), got); d != "" {
		t.Errorf("the night went otherwise:\n%s", d)
		if write && got != "" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

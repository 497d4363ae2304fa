package store

import (
	"strings"
	"testing"
	"time"

	"tocsin/alert"
)

// What is written is copied into the database before the writer would have to do it.
func TestCopiedBesideTheWriter(t *testing.T) {
	s := openSQLite(t, Options{})
	at := s.group.beside
	text := strings.Repeat("it does not answer ", 2000)
	for pages := 0; pages < eager; {
		write(t, s, func(tx *Tx) error {
			return tx.Accept([]Heard{{Integration: "prom", Event: alert.Event{Action: alert.Trigger, Key: "a", Text: text}, At: t0}}, new(int))
		})
		var err error
		if pages, _, err = at.look(); err != nil {
			t.Fatal(err)
		}
		if pages >= lazy {
			t.Fatalf("the log has %d pages at once: this test knows nothing", pages)
		}
	}
	for range 1000 {
		pages, copied, err := at.look()
		if err != nil {
			t.Fatal(err)
		}
		if copied >= eager {
			return
		}
		if pages == 0 {
			t.Fatal("the log began anew: the writer has copied it")
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nobody copied the log")
}

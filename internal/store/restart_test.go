package store

import (
	"path/filepath"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
)

// A transaction that left nothing in the feed is numbered all the same: after a restart
// its number is not used again, neither in the inbox nor among the kept events.
func TestNumbersAfterRestart(t *testing.T) {
	o := Options{URL: filepath.Join(t.TempDir(), "house.db"), Ring: testRing(t)}
	heard := func(key string) []Heard {
		return []Heard{{Integration: "prom", Event: alert.Event{Action: alert.Trigger, Key: key}, At: t0}}
	}
	for _, key := range []string{"a", "b", "c"} {
		s := open(t, o)
		write(t, s, func(tx *Tx) error { return tx.KeepEvents(t0, []KeptEvent{{Heard: heard(key)[0]}}) })
		s.Close()
		s = open(t, o)
		write(t, s, func(tx *Tx) error { return tx.Accept(heard(key), new(int)) })
		s.Close()
	}
	s := open(t, o)
	read(t, s, func(tx *Tx) error {
		kept, err := tx.Events(t0)
		if err != nil {
			return err
		}
		waiting, err := tx.Inbox(10)
		if len(kept) != 3 || len(waiting) != 3 {
			t.Fatalf("%d events kept and %d waiting, want 3 and 3", len(kept), len(waiting))
		}
		for i, key := range []string{"a", "b", "c"} {
			if kept[i].Event.Key != key || waiting[i].Event.Key != key {
				t.Errorf("number %d is %q and %q, want %q", i, kept[i].Event.Key, waiting[i].Event.Key, key)
			}
		}
		return err
	})
}

// Leases that a clock took that was ahead do not keep anybody waiting once it is set
// right; what only wants to be done later stays.
func TestFreeLeases(t *testing.T) {
	s := openSQLite(t, Options{})
	ahead := t0.Add(time.Hour)
	write(t, s, func(tx *Tx) error {
		for subject, at := range map[string]time.Time{"late": t0, "later": ahead} {
			if err := tx.Arm(Due{Kind: "tend", Subject: subject, Lane: LaneHigh, At: at}); err != nil {
				return err
			}
		}
		return tx.Arm(Due{Kind: "tend", Subject: "tomorrow", Lane: LaneHigh, At: t0.Add(24 * time.Hour)})
	})
	write(t, s, func(tx *Tx) error {
		return tx.PlanPages([]PageRow{page("1", func(p *PageRow) { p.At = t0 }), page("2", func(p *PageRow) { p.At, p.Rule = t0.Add(24*time.Hour), 7 })})
	})
	write(t, s, func(tx *Tx) error {
		if _, err := tx.ClaimDue(ahead, time.Second, LaneHigh, 10, false); err != nil {
			return err
		}
		_, err := tx.ClaimPages(ahead, time.Second, LaneHigh, false, func(string) int { return 10 })
		return err
	})
	write(t, s, func(tx *Tx) error {
		if n, err := tx.FreeLeases(t0, time.Minute); n != 3 || err != nil {
			t.Errorf("%d leases freed, want 3: %v", n, err)
		}
		return nil
	})
	write(t, s, func(tx *Tx) error {
		due, err := tx.ClaimDue(t0, time.Second, LaneHigh, 10, false)
		if err != nil {
			return err
		}
		pages, err := tx.ClaimPages(t0, time.Second, LaneHigh, false, func(string) int { return 10 })
		if len(due) != 1 || due[0].Subject != "late" || len(pages) != 1 || pages[0].State != escalate.Claimed {
			t.Errorf("claimed again %v and %v", due, pages)
		}
		return err
	})
}

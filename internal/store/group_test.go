package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// crowd lets n functions write at once while the writer is busy, so that on SQLite
// they share its group, and returns what each was told, the one who was busy last.
func crowd(t *testing.T, s *Store, n int, fn func(i int, tx *Tx) error) []error {
	t.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Write(context.Background(), People, func(*Tx) error {
			close(busy)
			<-free
			return nil
		})
	}()
	<-busy
	errs := make([]error, n)
	done := make(chan struct{})
	for i := range n {
		go func() {
			errs[i] = s.Write(context.Background(), High, func(tx *Tx) error { return fn(i, tx) })
			done <- struct{}{}
		}()
	}
	if s.group != nil {
		for len(s.group.lanes[High]) < n {
			time.Sleep(time.Millisecond)
		}
	}
	close(free)
	for range n {
		<-done
	}
	return append(errs, <-first)
}

func metas(t *testing.T, s *Store, n int) string {
	t.Helper()
	var got []string
	read(t, s, func(tx *Tx) error {
		for i := range n {
			v, err := tx.Meta(fmt.Sprint(i))
			if err != nil {
				return err
			}
			got = append(got, v)
		}
		return nil
	})
	return strings.Join(got, ",")
}

func TestOneFailsAlone(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		errs := crowd(t, s, 5, func(i int, tx *Tx) error {
			if err := tx.SetMeta(fmt.Sprint(i), "x"); err != nil {
				return err
			}
			switch i {
			case 1:
				return errBack
			case 2:
				panic("on purpose")
			case 3:
				tx.exec(`INSERT INTO meta (key, value) VALUES ('config', 'twice')`) // the error is ignored
			}
			return nil
		})
		var p Panic
		if errs[0] != nil || errs[4] != nil || errs[1] != errBack || !errors.As(errs[2], &p) || p.Value != "on purpose" || errs[3] == nil || errs[5] != nil {
			t.Errorf("told %v", errs)
		}
		if got := metas(t, s, 5); got != "x,,,,x" {
			t.Errorf("kept %s", got)
		}
	})
}

func TestFailedCommitReachesAll(t *testing.T) {
	for _, c := range []struct {
		point string
		told  int
		kept  string
	}{
		{"begin", 0, "x,x,x"}, // it had begun already
		{"commit", 4, ",,"},
		{"committed", 4, "x,x,x"}, // the reply was lost on the way
	} {
		t.Run(c.point, func(t *testing.T) {
			lost := errors.New("the disk is gone")
			var broken atomic.Bool
			s := openSQLite(t, Options{Fault: func(p string) error {
				if broken.Load() && p == c.point {
					return lost
				}
				return nil
			}})
			told := 0
			for _, err := range crowd(t, s, 3, func(i int, tx *Tx) error {
				broken.Store(true)
				return tx.SetMeta(fmt.Sprint(i), "x")
			}) {
				if errors.Is(err, lost) {
					told++
				}
			}
			if err := s.Write(t.Context(), People, func(tx *Tx) error { return nil }); !errors.Is(err, lost) {
				t.Errorf("while broken: %v", err)
			}
			broken.Store(false)
			if got := metas(t, s, 3); told != c.told || got != c.kept {
				t.Errorf("%d were told, kept %s; want %d, %s", told, got, c.told, c.kept)
			}
			write(t, s, func(tx *Tx) error { return tx.SetMeta("after", "x") })
		})
	}
}

func TestGivingUpWhileWaiting(t *testing.T) {
	s := openSQLite(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Write(t.Context(), People, func(*Tx) error {
		answer := make(chan error)
		go func() {
			answer <- s.Write(ctx, People, func(tx *Tx) error { return tx.SetMeta("0", "x") })
		}()
		for len(s.group.lanes[People]) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("told %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, func(*Tx) error { return nil })
	if got := metas(t, s, 1); got != "" {
		t.Errorf("it was done although it was given up: %q", got)
	}
}

func TestClosed(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		s.Close()
		if err := s.Write(t.Context(), People, func(*Tx) error { return nil }); !errors.Is(err, errClosed) {
			t.Errorf("wrote: %v", err)
		}
		if err := s.Read(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, errClosed) {
			t.Errorf("read: %v", err)
		}
	})
}

func TestReadersDoNotWrite(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		if err := s.Read(t.Context(), func(tx *Tx) error { return tx.SetMeta("0", "x") }); err == nil {
			t.Error("a reader wrote")
		}
		for name, fn := range map[string]func(*Tx) error{
			"arm":    func(tx *Tx) error { return tx.Arm(Due{}) },
			"accept": func(tx *Tx) error { return tx.Accept([]Heard{{Event: event("k")}}, new(int)) },
			"append": func(tx *Tx) error { return tx.Append(tx.Create("a"), night()) },
			"turn":   func(tx *Tx) error { _, err := tx.Turn("p", 1); return err },
		} {
			if err := s.Read(t.Context(), fn); err == nil {
				t.Errorf("a reader could %s", name)
			}
		}
	})
}

// TestNobodyStarves fills every lane and looks at who goes first: senders with the group
// that was at work when they came, then people, then all the others in turns.
func TestNobodyStarves(t *testing.T) {
	s := openSQLite(t, Options{})
	type place struct {
		lane  Lane
		group int64
	}
	var order []place
	var atWork int64
	lanes := []Lane{Triage, High, Low, Background}
	errs := make(chan error)
	err := s.Write(t.Context(), People, func(tx *Tx) error {
		atWork = tx.no
		for _, lane := range append([]Lane{People, Accept}, lanes...) {
			for range 32 {
				go func() {
					errs <- s.Write(context.Background(), lane, func(tx *Tx) error {
						order = append(order, place{lane, tx.no})
						return nil
					})
				}()
			}
			for len(s.group.lanes[lane]) < 32 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(groupTime) // so that the group takes nobody else in but senders
		return nil
	})
	for range 32 * 6 {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range order[:64] {
		if want := (place{Accept, atWork}); i < 32 && p != want {
			t.Errorf("%d: got %v, want a sender in the group at work, %v", i, p, want)
		}
		if i >= 32 && p.lane != People {
			t.Errorf("%d: lane %d went before people", i, p.lane)
		}
	}
	count := map[Lane]int{}
	for _, p := range order[64 : 64+32] {
		count[p.lane]++
	}
	for _, lane := range lanes {
		if count[lane] == 0 {
			t.Errorf("lane %d got no turn in 32", lane)
		}
	}
}

// TestAFunctionThatEndsItsGoroutine must not leave its caller waiting for ever.
func TestAFunctionThatEndsItsGoroutine(t *testing.T) {
	s := openSQLite(t, Options{})
	if err := s.Write(t.Context(), People, func(*Tx) error { runtime.Goexit(); return nil }); err == nil {
		t.Error("it was told that all went well")
	}
}

// TestFaultThatPanics is told to the caller like any other.
func TestFaultThatPanics(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		s.fault = func(point string) error {
			if point == "commit" {
				panic("on purpose")
			}
			return nil
		}
		var p Panic
		if err := s.Write(t.Context(), People, func(*Tx) error { return nil }); !errors.As(err, &p) {
			t.Errorf("told %v", err)
		}
	})
}

// TestInABubble is what simulations rely on: a store opens, writes and closes in
// virtual time, and leaves nothing running.
func TestInABubble(t *testing.T) {
	ring := testRing(t)
	path := filepath.Join(t.TempDir(), "tocsin.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), Options{URL: path, Ring: ring, Sync: "OFF", Exclusive: true})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 20 {
			time.Sleep(time.Hour)
			write(t, s, func(tx *Tx) error { return openIncident(tx, n, time.Now()) })
			write(t, s, func(tx *Tx) error { return tx.KeepEvents(time.Now(), []KeptEvent{{Why: "x"}}) })
			read(t, s, func(tx *Tx) error {
				got, err := tx.Events(time.Now())
				if len(got) == 0 {
					t.Error("no events")
				}
				return err
			})
		}
		s.Poke(time.Now())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s.Listen(ctx, func() { t.Error("heard something") })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Whoever writes more at once is waited for, and senders who come meanwhile share that
// commit.
func TestSendersShareTheNextCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openSQLite(t, Options{})
		defer s.Close()
		for _, again := range []bool{false, true} {
			var first, second, sender int64
			done := make(chan error, 2)
			go func() {
				err := s.Write(context.Background(), Triage, func(tx *Tx) error {
					if first = s.group.no; again {
						tx.Again()
					}
					return nil
				})
				go func() {
					done <- s.Write(context.Background(), Accept, func(*Tx) error { sender = s.group.no; return nil })
				}()
				time.Sleep(againTime / 2)
				if err == nil {
					err = s.Write(context.Background(), Triage, func(*Tx) error { second = s.group.no; return nil })
				}
				done <- err
			}()
			for range 2 {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			if again != (sender == second) || second <= first {
				t.Errorf("again is %v: groups %d and %d, the sender's %d", again, first, second, sender)
			}
		}
	})
}

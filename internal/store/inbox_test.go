package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/alert"
	"tocsin/internal/pgtest"
)

// TestAcceptKeepsTheOrder drives Accept and a small triage against a model that takes
// every event one by one. After everything is triaged both must say the same about
// every key: whether it is open, with which digest, and how often it was heard.
func TestAcceptKeepsTheOrder(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			m := acceptModel{t: rt, s: s, prefix: fmt.Sprint(run, "-"), open: map[string]alert.Alert{}}
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				if rapid.IntRange(0, 2).Draw(rt, "step") == 0 {
					m.triage(rapid.IntRange(1, 4).Draw(rt, "some"))
				} else {
					m.accept()
				}
			}
			m.triage(1 << 20)
			m.compare()
		})
	})
}

type acceptModel struct {
	t      *rapid.T
	s      *Store
	prefix string
	open   map[string]alert.Alert // what one after the other would give
	heard  int
	ids    int
}

func (m *acceptModel) write(fn func(*Tx) error) {
	if err := m.s.Write(context.Background(), Accept, fn); err != nil {
		m.t.Fatal(err)
	}
}

func (m *acceptModel) accept() {
	var batch []Heard
	for range rapid.IntRange(1, 8).Draw(m.t, "batch") {
		m.heard++
		key := m.prefix + rapid.SampledFrom([]string{"x", "y", "z"}).Draw(m.t, "key")
		h := Heard{Integration: "prom", Digest: rapid.SampledFrom([]string{"d", "d", "e"}).Draw(m.t, "digest"), At: t0.Add(time.Duration(m.heard) * time.Second),
			Event: alert.Event{Key: key, Action: rapid.SampledFrom([]alert.Action{alert.Trigger, alert.Trigger, alert.Trigger, alert.Resolve, alert.Note}).Draw(m.t, "action")}}
		batch = append(batch, h)
		m.ids++
		take(m.open, h, fmt.Sprint(m.prefix, "model-", m.ids))
	}
	m.write(func(tx *Tx) error { return tx.Accept(batch, new(int)) })
}

// take is what triage does with one event.
func take(open map[string]alert.Alert, h Heard, id string) {
	a, is := open[h.Event.Key]
	switch {
	case h.Event.Action == alert.Resolve:
		delete(open, h.Event.Key)
	case h.Event.Action != alert.Trigger:
	case !is:
		// Keys that begin with z are counted by a threshold.
		open[h.Event.Key] = alert.Alert{ID: id, Integration: h.Integration, Key: h.Event.Key, Subject: "a", Digest: h.Digest, Open: true, Count: 1, FirstAt: h.At, LastAt: h.At,
			Counted: h.Event.Key[len(h.Event.Key)-1] == 'z'}
	default:
		a.Count, a.LastAt, a.Digest = a.Count+1, h.At, h.Digest
		open[h.Event.Key] = a
	}
}

func (m *acceptModel) keys() []AlertKey {
	return []AlertKey{{"prom", m.prefix + "x"}, {"prom", m.prefix + "y"}, {"prom", m.prefix + "z"}}
}

func (m *acceptModel) triage(limit int) {
	m.write(func(tx *Tx) error {
		in, err := tx.Inbox(limit)
		if err != nil {
			return err
		}
		was, err := tx.OpenAlerts(m.keys())
		if err != nil {
			return err
		}
		open := map[string]alert.Alert{}
		for k, a := range was {
			open[k.Key] = a
		}
		var done []string
		for _, h := range in {
			done = append(done, h.ID)
			before, is := open[h.Event.Key]
			m.ids++
			take(open, h, fmt.Sprint(m.prefix, m.ids))
			if after, still := open[h.Event.Key]; still {
				err = errors.Join(err, tx.PutAlert(after))
			} else if is {
				before.Open, before.ResolvedAt = false, h.At
				err = errors.Join(err, tx.PutAlert(before))
			}
		}
		return errors.Join(err, tx.Done(done))
	})
}

func (m *acceptModel) compare() {
	m.write(func(tx *Tx) error {
		if n, _, _, err := tx.InboxStats(); n != 0 || err != nil {
			m.t.Fatalf("%d still wait: %v", n, err)
		}
		got := map[string]alert.Alert{}
		all, err := tx.OpenAlerts(m.keys())
		for k, a := range all {
			a.ID = ""
			got[k.Key] = a
		}
		for k, a := range m.open {
			a.ID = ""
			m.open[k] = a
		}
		if d := cmp.Diff(m.open, got); d != "" {
			m.t.Fatalf("(-one by one +accepted):\n%s", d)
		}
		return err
	})
}

func TestInbox(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		bad := "k\x00\xff"
		heard := []Heard{
			{Integration: "prom", Event: event("a"), Digest: "d", Raw: []byte(`{"a":1}`), At: t0},
			{Integration: "prom", Event: alert.Event{Action: alert.Resolve, Key: bad}, At: t0.Add(time.Second)},
			{Integration: "prom", Event: event("c"), Digest: "d", At: t0.Add(2 * time.Second)},
		}
		waiting := 0
		write(t, s, func(tx *Tx) error { return tx.Accept(heard, &waiting) })
		if waiting != 3 {
			t.Errorf("%d wait", waiting)
		}
		write(t, s, func(tx *Tx) error {
			in, err := tx.Inbox(10)
			if err != nil || len(in) != 3 {
				t.Fatalf("%v %v", in, err)
			}
			for i, want := range heard {
				got := in[i]
				got.ID, want.ID = "", ""
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%d (-want +got):\n%s", i, d)
				}
			}
			if err := tx.Done([]string{in[0].ID}); err != nil {
				return err
			}
			return tx.SetAside(in[1].ID, "cannot be read")
		})
		read(t, s, func(tx *Tx) error {
			waiting, oldest, aside, err := tx.InboxStats()
			if waiting != 1 || aside != 1 || !oldest.Equal(t0.Add(2*time.Second)) {
				t.Errorf("%d wait since %v, %d aside", waiting, oldest, aside)
			}
			return err
		})
		err := s.Write(t.Context(), Triage, func(tx *Tx) error { return tx.Done([]string{"nonsense"}) })
		if err == nil {
			t.Error("took nonsense for a place in the inbox")
		}
	})
}

// TestInboxRemembers asks for events twice: what is remembered of the first time is what
// is read the second.
func TestInboxRemembers(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		labels := rapid.OneOf(rapid.Just(map[string]string(nil)), rapid.MapOf(text, text))
		at := rapid.Custom(func(t *rapid.T) time.Time {
			at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
			return rapid.SampledFrom([]time.Time{{}, at.UTC(), at.In(time.FixedZone("", 3600)), at}).Draw(t, "at")
		})
		// twice is what the inbox says of an event, and whether it was remembered.
		twice := func(e alert.Event) (first, second []Heard, known bool, err error) {
			err = s.Write(context.Background(), Triage, func(tx *Tx) error {
				if err := tx.Accept([]Heard{{Integration: "prom", Event: e, At: t0}}, new(int)); err != nil {
					return err
				}
				if err := tx.flush(); err != nil {
					return err
				}
				_, known = s.recent.by[s.recent.order[(s.recent.next+recentMost-1)%recentMost]]
				if first, err = tx.Inbox(1); err == nil {
					second, err = tx.Inbox(1)
				}
				if err != nil {
					return err
				}
				return tx.Done([]string{first[0].ID})
			})
			return first, second, known, err
		}
		plain := alert.Event{Action: alert.Trigger, Key: "plain", Title: "disk full", Labels: map[string]string{"host": "db-1"}, At: t0}
		if _, _, known, err := twice(plain); err != nil || !known {
			t.Errorf("a plain event is not remembered: %v", err)
		}
		plain.Text = strings.Repeat("x", recentBytes)
		if _, _, known, err := twice(plain); err != nil || known {
			t.Errorf("a long event is kept in memory: %v", err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			first, second, _, err := twice(alert.Event{
				Action: alert.Update, Key: text.Draw(rt, "key"), Title: text.Draw(rt, "title"), Text: text.Draw(rt, "text"), By: text.Draw(rt, "by"),
				Labels: labels.Draw(rt, "labels"), Details: labels.Draw(rt, "details"), At: at.Draw(rt, "at"), Since: at.Draw(rt, "since"),
				Links: rapid.SampledFrom([][]alert.Link{nil, {}, {{Href: "x", Text: "\xff"}}, {{Href: "x", Image: true}}}).Draw(rt, "links"),
			})
			if err != nil {
				rt.Fatal(err)
			}
			if !reflect.DeepEqual(first, second) {
				rt.Errorf("remembered:\n%#v\nread:\n%#v", first, second)
			}
		})
	})
}

// TestAcceptedIsSeen asks for what the same transaction has taken in: it is written last,
// and all the same whatever is asked after it sees it.
func TestAcceptedIsSeen(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			return tx.PutAlert(alert.Alert{ID: "a", Integration: "prom", Key: "a", Digest: "d", Open: true, Count: 1, Last: event("a")})
		})
		again := Heard{Integration: "prom", Event: event("a"), Digest: "d", At: t0}
		end := Heard{Integration: "prom", Event: alert.Event{Action: alert.Resolve, Key: "a"}, At: t0.Add(time.Second)}
		write(t, s, func(tx *Tx) error {
			var waiting [3]int
			for i, batch := range [][]Heard{{again, again}, {end}, {again}} {
				if err := tx.Accept(batch, &waiting[i]); err != nil {
					return err
				}
				if i > 0 {
					continue
				}
				open, err := tx.OpenAlerts([]AlertKey{{"prom", "a"}})
				if a := open[AlertKey{"prom", "a"}]; err != nil || a.Count != 3 {
					t.Errorf("said twice again it counts %d: %v", a.Count, err)
				}
			}
			in, err := tx.Inbox(10)
			if err != nil || len(in) != 2 || in[0].Event.Action != alert.Resolve || in[1].Event.Action != alert.Trigger {
				t.Errorf("its end, and what came after, wait as %v: %v", in, err)
			}
			if waiting != [3]int{0, 1, 1} {
				t.Errorf("of three batches %v wait", waiting)
			}
			return err
		})
		err := s.Write(context.Background(), Accept, func(tx *Tx) error {
			if err := tx.Accept([]Heard{again}, new(int)); err != nil {
				return err
			}
			return errors.New("of its own")
		})
		if err == nil {
			t.Errorf("what is taken back was taken in: %v", err)
		}
		read(t, s, func(tx *Tx) error {
			waiting, _, _, err := tx.InboxStats()
			if waiting != 2 {
				t.Errorf("%d wait", waiting)
			}
			return err
		})
	})
}

// TestAcceptAtOnce counts from several connections: nothing may be lost or counted
// twice, and nobody may wait for a deadlock to be noticed.
func TestAcceptAtOnce(t *testing.T) {
	s := open(t, Options{URL: pgtest.Start(t)})
	const keys, each, nodes = 40, 10, 4
	write(t, s, func(tx *Tx) error {
		for n := range keys {
			k := fmt.Sprint("k", n)
			if err := tx.PutAlert(alert.Alert{ID: k, Integration: "prom", Key: k, Digest: "d", Open: true, Last: event(k)}); err != nil {
				return err
			}
		}
		return nil
	})
	done := make(chan error)
	for node := range nodes {
		go func() {
			var err error
			for range each {
				var batch []Heard
				for n := range keys {
					if node%2 == 0 {
						n = keys - 1 - n
					}
					batch = append(batch, Heard{Integration: "prom", Event: event(fmt.Sprint("k", n)), Digest: "d", At: t0})
				}
				waiting := 0
				err = errors.Join(err, s.Write(context.Background(), Accept, func(tx *Tx) error { return tx.Accept(batch, &waiting) }))
				if waiting > 0 {
					err = errors.Join(err, fmt.Errorf("%d wait", waiting))
				}
			}
			done <- err
		}()
	}
	begun := time.Now()
	for range nodes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("took %v: they waited for each other", d)
	}
	read(t, s, func(tx *Tx) error {
		for n := range keys {
			k := AlertKey{"prom", fmt.Sprint("k", n)}
			a, err := tx.OpenAlerts([]AlertKey{k})
			if err != nil || a[k].Count != each*nodes {
				t.Errorf("%s was counted %d times: %v", k.Key, a[k].Count, err)
			}
		}
		return nil
	})
}

func TestEvents(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		day := func(n int) time.Time { return t0.AddDate(0, 0, n) }
		kept := func(n int) []KeptEvent {
			return []KeptEvent{{Heard: Heard{Integration: "prom", Event: event("a"), Digest: "d", At: day(n), ID: "1.2"}, Alert: "x", Subject: "a", Verdict: "opened", Why: "nothing was open"}}
		}
		for n := range 4 {
			write(t, s, func(tx *Tx) error { return tx.KeepEvents(day(n), kept(n)) })
		}
		write(t, s, func(tx *Tx) error { return tx.KeepEvents(day(3), kept(3)) })
		read(t, s, func(tx *Tx) error {
			got, err := tx.Events(day(3))
			if d := cmp.Diff(append(kept(3), kept(3)...), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			none, err2 := tx.Events(day(9))
			if len(none) != 0 {
				t.Errorf("%v", none)
			}
			return errors.Join(err, err2)
		})
		prune := func(now time.Time, keep time.Duration, most int64, want ...string) {
			t.Helper()
			write(t, s, func(tx *Tx) error {
				got, err := tx.Prune(now, keep, most)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
				return err
			})
		}
		prune(day(3), 3*24*time.Hour, 1<<30)
		prune(day(3), 2*24*time.Hour, 1<<30, "20261124")
		prune(day(3), 30*24*time.Hour, 1, "20261125", "20261126")
		prune(day(3), 30*24*time.Hour, 1)
		read(t, s, func(tx *Tx) error {
			got, err := tx.Events(day(1))
			if len(got) != 0 {
				t.Errorf("%v was dropped", got)
			}
			return err
		})
	})
}

func FuzzPlace(f *testing.F) {
	f.Add("1.2")
	f.Add("-1.")
	f.Fuzz(func(t *testing.T, id string) {
		no, n, err := place(id)
		if err != nil {
			return
		}
		no2, n2, err := place(fmt.Sprintf("%d.%d", no, n))
		if err != nil || no2 != no || n2 != n {
			t.Errorf("%q was read as %d.%d and that as %d.%d: %v", id, no, n, no2, n2, err)
		}
	})
}

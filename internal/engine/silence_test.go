package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// on is an alert of a host.
func on(host string) alert.Event {
	ev := down(host)
	ev.Labels = map[string]string{"host": host}
	return ev
}

func well(host string) alert.Event {
	return alert.Event{Action: alert.Resolve, Key: host}
}

// quiet makes a silence over a host, from in so long, for so long.
func (h *house) quiet(host string, in, lasts time.Duration) alert.Silence {
	h.t.Helper()
	return h.revise(alert.Silence{
		Matchers: []alert.Matcher{{Name: "host", Value: host, Regex: true}}, By: "jane", Comment: "the switch",
		Start: h.now.Add(in), End: h.now.Add(in + lasts),
	})
}

func (h *house) revise(wish alert.Silence) alert.Silence {
	h.t.Helper()
	made, err := h.Silence(context.Background(), wish, nil, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	h.step()
	return made
}

// stands is where the incident of a key stands: "triggered", "triggered, held".
func (h *house) stands(key string) string {
	h.t.Helper()
	var in incident.Incident
	err := h.Read(context.Background(), func(tx *store.Tx) error {
		k := store.AlertKey{Integration: "prom", Key: key}
		open, err := tx.OpenAlerts([]store.AlertKey{k})
		if err != nil {
			return err
		}
		if len(open) == 0 {
			if open, err = tx.LastResolved([]store.AlertKey{k}); err != nil {
				return err
			}
		}
		s, err := tx.Subject(open[k].Subject)
		if err == nil {
			in = s.Incident
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if in.Held != "" {
		return string(in.Status) + ", held"
	}
	return string(in.Status)
}

func (h *house) standing(key, want string) {
	h.t.Helper()
	if got := h.stands(key); got != want {
		h.t.Fatalf("%s is %s, want %s", key, got, want)
	}
}

func (h *house) acknowledge(id incident.ID) {
	h.t.Helper()
	_, err := h.Do(context.Background(), id, incident.ByPerson("jane"), h.now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		return escalate.Acknowledge(in, w, "push", h.now)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// What a silence matches is recorded and calls nobody, until it is over.
func TestSilenceHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		made := h.quiet("db-1", 0, time.Hour)
		h.hear(on("db-1"))
		h.hear(on("db-2"))
		h.expect("jane: db-2 is down")
		h.standing("db-1", "triggered, held")
		h.standing("db-2", "triggered")
		h.hear(well("db-2"))
		h.expect("jane: resolved: db-2 is down")
		h.pass(time.Hour - time.Microsecond)
		h.expect("")
		h.pass(time.Microsecond)
		h.expect("jane: db-1 is down")
		h.standing("db-1", "triggered")

		var held incident.Held
		err := h.Read(context.Background(), func(tx *store.Tx) error {
			log, err := tx.Log(h.subjects()[1])
			for _, e := range log {
				if f, ok := e.Fact.(incident.Held); ok {
					held = f
				}
			}
			return err
		})
		want := "silence " + made.ID + " by jane until 2026-11-23 03:13:00 UTC: the switch"
		if err != nil || held.Why != want || held.Silence != made.ID {
			t.Errorf("held: %+v %v, want %s", held, err, want)
		}
	})
}

// The end of what is silenced is not lost: nobody hears of it, before or after.
func TestSilencedResolve(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.quiet("db-1", 0, time.Hour)
		h.hear(on("db-1"))
		h.pass(time.Minute)
		h.hear(well("db-1"))
		h.standing("db-1", "resolved")
		h.pass(time.Minute)
		h.hear(on("db-1")) // back within the time of reopening: held again
		h.standing("db-1", "triggered, held")
		h.pass(time.Minute)
		h.hear(well("db-1"))
		h.pass(time.Hour)
		h.expect("")
		h.standing("db-1", "resolved")
		h.hear(on("db-1"))
		h.expect("jane: db-1 is down")
	})
}

// A silence that comes while people are called stops it; one that lies ahead begins by
// itself, also after a restart.
func TestSilenceBegins(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(on("db-1"))
		h.hear(on("db-2"))
		h.expect("jane: db-1 is down\njane: db-2 is down")
		h.quiet("db-1", 0, time.Hour)
		h.quiet("db-2", time.Minute, time.Hour)
		h.standing("db-1", "triggered, held")
		h.standing("db-2", "triggered")
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		h.standing("db-2", "triggered, held")
		h.pass(30 * time.Minute)
		h.expect("")
		h.pass(29 * time.Minute)
		h.expect("jane: db-1 is down")
		h.pass(time.Minute)
		h.expect("jane: db-2 is down")
	})
}

// Changes hold at once: a longer end, a shorter one, other matchers, the end itself.
func TestSilenceChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(on("db-1"))
		h.expect("jane: db-1 is down")
		s := h.quiet("db-1", 0, time.Hour)
		h.pass(30 * time.Minute)
		s.End = h.now.Add(2 * time.Hour)
		if next := h.revise(s); next.ID != s.ID {
			t.Error("a longer end made a new one")
		}
		h.pass(time.Hour)
		h.expect("")
		s.End = h.now.Add(time.Minute)
		h.revise(s)
		h.pass(time.Minute)
		h.expect("jane: db-1 is down")

		s = h.quiet("db-.", 0, time.Hour)
		h.standing("db-1", "triggered, held")
		other := s
		other.Matchers = []alert.Matcher{{Name: "host", Value: "db-2"}}
		next := h.revise(other)
		h.expect("jane: db-1 is down")
		if next.ID == s.ID {
			t.Error("other matchers kept the id")
		}
		h.hear(on("db-2"))
		h.expect("")
		for range 2 { // the second time it is over already
			if err := h.EndSilence(context.Background(), next.ID, "somebody", nil, h.now); err != nil {
				t.Fatal(err)
			}
			h.step()
		}
		h.expect("jane: db-2 is down")

		ctx := context.Background()
		if err := h.EndSilence(ctx, "nobody", "somebody", nil, h.now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("to end nobody's: %v", err)
		}
		lost := s
		lost.ID = "nobody"
		if _, err := h.Silence(ctx, lost, nil, h.now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("to change nobody's: %v", err)
		}
		s = h.quiet("db-2", 0, time.Hour)
		bad := s
		bad.End = h.now.Add(-time.Minute)
		if _, err := h.Silence(ctx, bad, nil, h.now); !errors.As(err, new(incident.Refusal)) {
			t.Errorf("an end in the past: %v", err)
		}
		h.step()
		h.standing("db-2", "triggered, held") // what failed has ended nothing
	})
}

// Two silences over one alert: it is let go when neither covers it. What lapses of the
// first is taken over by the second without a page.
func TestSilencesOverlap(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.quiet("db-1", 0, time.Hour)
		h.hear(on("db-1"))
		h.quiet("db-.", 30*time.Minute, time.Hour)
		h.pass(time.Hour)
		h.standing("db-1", "triggered, held")
		h.pass(29 * time.Minute)
		h.expect("")
		h.pass(time.Minute)
		h.expect("jane: db-1 is down")
	})
}

// Labels that change take an alert out of a silence, or into one.
func TestSilenceAndNewLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.quiet("db-1", 0, time.Hour)
		h.hear(on("db-1"))
		moved := on("db-1")
		moved.Labels = map[string]string{"host": "elsewhere"}
		h.hear(moved)
		h.expect("jane: db-1 is down")
		h.hear(on("db-1"))
		h.standing("db-1", "triggered, held")
	})
}

// Who has an incident keeps it through a silence.
func TestSilenceWithAnOwner(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(on("db-1"))
		h.said()
		id := h.subjects()[0]
		h.acknowledge(id)
		h.quiet("db-1", 0, time.Minute)
		h.pass(time.Minute)
		h.expect("")
		h.standing("db-1", "acknowledged")
	})
}

// A silence of one integration says nothing of what others tell.
func TestSilenceOfOneIntegration(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.configure("integration", "other", org.Integration{ID: "other", Name: "Other", Source: "generic", Service: "db"})
		s := alert.Silence{Integration: "other", Matchers: []alert.Matcher{{Name: "host", Value: "db-1"}}, Start: h.now, End: h.now.Add(time.Hour)}
		h.revise(s)
		h.hear(on("db-1"))
		h.expect("jane: db-1 is down")
		if err := h.Hear(context.Background(), "other", []alert.Event{on("db-1")}, nil, h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.expect("")
	})
}

// More incidents than are tended at a time are held and let go all the same.
func TestSilenceOverMany(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		const many = 2*tendAtATime + 7
		var all []alert.Event
		for i := range many {
			all = append(all, on(fmt.Sprintf("db-%d", i)))
		}
		if err := h.Hear(context.Background(), "prom", all, nil, h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		if n := strings.Count(h.said(), "jane"); n == 0 {
			t.Fatal("nobody was called")
		}
		s := h.quiet("db-.*", 0, time.Hour)
		held := func() int {
			var ids []incident.ID
			if err := h.Read(context.Background(), func(tx *store.Tx) (err error) { ids, err = tx.HeldSubjects(); return err }); err != nil {
				t.Fatal(err)
			}
			return len(ids)
		}
		if n := held(); n != many {
			t.Errorf("%d are held, want %d", n, many)
		}
		if err := h.EndSilence(context.Background(), s.ID, "somebody", nil, h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		if n := held(); n != 0 {
			t.Errorf("%d are still held", n)
		}
	})
}

// until is an alert that holds for so long unless it is heard again.
func (h *house) until(host string, lasts time.Duration) alert.Event {
	ev := on(host)
	ev.Until = h.now.Add(lasts)
	return ev
}

// What nobody speaks of again ends by itself; each repetition puts it off and counts,
// without going through triage.
func TestAlertsLapse(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(h.until("db-1", 4*time.Minute))
		h.expect("jane: db-1 is down")
		id := h.subjects()[0]
		h.acknowledge(id)
		seq := func() (n int) {
			if err := h.Read(context.Background(), func(tx *store.Tx) error {
				s, err := tx.Subject(id)
				n = s.Seq
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := seq()
		for range 5 {
			h.pass(3 * time.Minute)
			h.hear(h.until("db-1", 4*time.Minute))
		}
		if n := seq(); n != before {
			t.Errorf("repetitions wrote %d lines into the log", n-before)
		}
		h.pass(4*time.Minute - time.Microsecond)
		h.standing("db-1", "acknowledged")
		h.expect("")
		h.pass(time.Microsecond)
		h.standing("db-1", "resolved")
		h.expect("jane: resolved: db-1 is down")
		h.hear(h.until("db-1", 4*time.Minute)) // it was there after all
		h.standing("db-1", "triggered")
	})
}

// The end that the source tells counts, and nothing lapses after it.
func TestAlertsEndInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(h.until("db-1", 4*time.Minute))
		h.pass(time.Minute)
		end := alert.Event{Action: alert.Resolve, Key: "db-1", At: h.now, Until: h.now}
		h.hear(end)
		h.expect("jane: db-1 is down\njane: resolved: db-1 is down")
		h.hear(end) // Prometheus says it for a quarter of an hour
		h.pass(time.Hour)
		h.expect("")
		n := 0
		if err := h.Read(context.Background(), func(tx *store.Tx) error {
			log, err := tx.Log(h.subjects()[0])
			for _, e := range log {
				if _, ok := e.Fact.(incident.Ended); ok {
					n++
				}
			}
			return err
		}); err != nil || n != 1 {
			t.Errorf("it ended %d times: %v", n, err)
		}
	})
}

// While the house was off nobody could be heard: after a start senders have a while to
// say what still fires, and what they do not lapses then.
func TestLapseAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(h.until("db-1", 4*time.Minute))
		h.hear(h.until("db-2", 4*time.Minute))
		h.said()
		h.now = h.now.Add(time.Hour)
		again := New(Options{Store: h.store, Channels: []channel.Channel{h.push}, Ring: h.ring})
		h.Engine = again
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.standing("db-1", "triggered")
		h.pass(time.Minute)
		h.hear(h.until("db-1", 4*time.Minute))
		h.pass(time.Minute)
		h.standing("db-1", "triggered")
		h.standing("db-2", "resolved")
		h.pass(3 * time.Minute)
		h.standing("db-1", "resolved")
	})
}

// More than lapse at once lapse one batch after the other.
func TestManyLapse(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		const many = expireAtOnce + 3
		var all []alert.Event
		for i := range many {
			all = append(all, h.until(fmt.Sprintf("db-%d", i), time.Minute))
		}
		if err := h.Hear(context.Background(), "prom", all, nil, h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.now = h.now.Add(time.Minute)
		for range 3 {
			h.step()
		}
		if err := h.Read(context.Background(), func(tx *store.Tx) error {
			left, err := tx.FiringAlerts("", store.AlertKey{}, many)
			if len(left) != 0 {
				t.Errorf("%d still fire", len(left))
			}
			_, there, err2 := tx.DueOf(store.ExpireKind, "prom")
			if there {
				t.Error("the due row stays")
			}
			return errors.Join(err, err2)
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// The audit finds timers that were lost, of silences and of alerts that may lapse.
func TestLostTimers(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		if err := h.Begin(context.Background(), h.now); err != nil {
			t.Fatal(err)
		}
		s := h.quiet("db-1", 0, time.Hour)
		h.hear(on("db-1"))
		h.hear(h.until("db-2", 30*time.Minute))
		h.expect("jane: db-2 is down")
		h.write(func(tx *store.Tx) error {
			return errors.Join(tx.Disarm(store.SilenceKind, s.ID), tx.Disarm(store.ExpireKind, "prom"))
		})
		h.pass(2 * time.Minute)
		h.said()
		h.pass(28 * time.Minute)
		h.standing("db-2", "resolved")
		h.said()
		h.pass(30 * time.Minute)
		h.expect("jane: db-1 is down")
	})
}

// What a window held as well is a silence's when the window ends.
func TestSilenceBehindAWindow(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		do := func(decide func(incident.Incident) ([]incident.Fact, error)) {
			t.Helper()
			_, err := h.Do(context.Background(), h.subjects()[0], incident.ByPerson("jane"), h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				return decide(in)
			})
			if err != nil {
				t.Fatal(err)
			}
			h.step()
		}
		h.hear(on("db-1"))
		h.expect("jane: db-1 is down")
		do(func(in incident.Incident) ([]incident.Fact, error) { return alert.Hold(in, "a window") })
		h.quiet("db-1", 0, time.Hour)
		do(func(in incident.Incident) ([]incident.Fact, error) { return alert.Release(in, "the window ends") })
		h.standing("db-1", "triggered, held")
		h.expect("")
		do(func(in incident.Incident) ([]incident.Fact, error) { return alert.Release(in, "and the silence too") })
		h.expect("jane: db-1 is down")
	})
}

// There is an end to how many silences somebody may make.
func TestTooManySilences(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		one := alert.Silence{Integration: "prom", Matchers: []alert.Matcher{{Name: "host", Value: "db-1"}}, Start: h.now, End: h.now.Add(time.Hour)}
		h.write(func(tx *store.Tx) error {
			for i := range maxSilences {
				s := one
				s.ID = fmt.Sprint("s", i)
				if err := tx.PutSilence(s); err != nil {
					return err
				}
			}
			return nil
		})
		if _, err := h.Silence(context.Background(), one, nil, h.now); !errors.As(err, new(incident.Refusal)) {
			t.Errorf("one more: %v", err)
		}
		h.write(func(tx *store.Tx) error { return tx.SilenceOver("s7") })
		h.revise(one)
	})
}

// Who lifts a silence from an incident by hand is not overruled by it.
func TestSilenceLifted(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.quiet("db-1", 0, time.Hour)
		h.hear(on("db-1"))
		h.hear(on("db-1"))
		_, err := h.Do(context.Background(), h.subjects()[0], incident.ByPerson("jane"), h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return alert.Release(in, "I look at it")
		})
		if err != nil {
			t.Fatal(err)
		}
		h.step()
		h.expect("jane: db-1 is down")
		h.pass(time.Minute)
		h.standing("db-1", "triggered")
	})
}

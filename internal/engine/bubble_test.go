package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// three is a policy of three people, five minutes each.
var three = escalate.Policy{ID: "three", Name: "Three", Levels: []escalate.Level{
	{Targets: []org.Target{{Kind: "person", ID: "ana"}}, Wait: org.Duration(5 * time.Minute)},
	{Targets: []org.Target{{Kind: "person", ID: "bo"}}, Wait: org.Duration(5 * time.Minute)},
	{Targets: []org.Target{{Kind: "person", ID: "cy"}}, Wait: org.Duration(5 * time.Minute)},
}}

// furnish writes a small house: three people with a method on one channel each, a
// policy, a service and an integration.
func furnish(t testing.TB, e *Engine, p escalate.Policy, channelOf func(org.PersonID) string) {
	t.Helper()
	var all []store.Change
	add := func(kind, id string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, store.Change{Kind: kind, ID: id, Body: b, By: incident.Engine})
	}
	for _, id := range []org.PersonID{"ana", "bo", "cy"} {
		add("person", string(id), org.Person{ID: id, Name: string(id), Methods: []org.Method{
			{ID: "m", Channel: channelOf(id), Address: string(id), Verified: true},
		}})
	}
	add("policy", string(p.ID), p)
	add("service", "shop", org.Service{ID: "shop", Name: "Shop", Policy: p.ID})
	add("integration", "prom", org.Integration{ID: "prom", Name: "prom", Source: "generic", Service: "shop"})
	add("settings", "", org.Settings{CatchAll: "shop"})
	err := e.store.Write(t.Context(), store.People, func(tx *store.Tx) error {
		_, err := tx.PutConfig(e.Now(), all...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// punctual is a provider that takes up to two seconds, and notes how late it was asked.
type punctual struct {
	e     *Engine
	mu    sync.Mutex
	rng   *rand.Rand
	sent  map[string]int // by page
	worst time.Duration
}

func (*punctual) Name() string { return "push" }

func (c *punctual) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	now := time.Now()
	var p store.PageRow
	err := c.e.Read(ctx, func(tx *store.Tx) (err error) { p, err = tx.Page(m.ID); return err })
	c.mu.Lock()
	c.sent[m.ID]++
	if p.Purpose.Alarms() {
		c.worst = max(c.worst, now.Sub(p.At))
	}
	takes := time.Duration(c.rng.Int64N(int64(2 * time.Second)))
	c.mu.Unlock()
	time.Sleep(takes)
	return channel.Receipt{State: escalate.Sent}, err
}

// TestSevenDays runs the engine's own loop and its workers for a week of virtual time:
// something breaks every few minutes, half of it is answered, and every timer fires in
// its time. A goroutine that stays behind fails the test by itself.
func TestSevenDays(t *testing.T) {
	week := 7 * 24 * time.Hour
	if testing.Short() {
		week = 24 * time.Hour
	}
	path := filepath.Join(t.TempDir(), "house.db")
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		c := &punctual{rng: rand.New(rand.NewPCG(1, 2)), sent: map[string]int{}}
		e := open(t, path, Options{Channels: []channel.Channel{c}, Async: true, AuditEvery: 10 * time.Minute})
		c.e = e
		furnish(t, e, three, func(org.PersonID) string { return "push" })
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- e.Run(ctx) }()

		rng := rand.New(rand.NewPCG(3, 4))
		var people sync.WaitGroup
		start, broken := time.Now(), 0
		for time.Since(start) < week {
			time.Sleep(5*time.Minute + time.Duration(rng.Int64N(int64(5*time.Minute))))
			key := fmt.Sprint("k", broken)
			broken++
			if err := e.Hear(ctx, "prom", []alert.Event{{Action: alert.Trigger, Key: key, Title: key}}, nil, e.Now()); err != nil {
				t.Fatal(err)
			}
			answer := time.Duration(rng.Int64N(int64(18 * time.Minute)))
			second := broken%2 == 0
			people.Go(func() { weekOf(t, e, key, answer, second) })
		}
		people.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		calls, late := climbed(t, e, broken)
		for id, n := range c.sent {
			if n != 1 {
				t.Errorf("page %s went out %d times", id, n)
			}
		}
		t.Logf("%d incidents, %d calls, %d pages in %s; worst lateness of a call %s, of an alarm %s", broken, calls, len(c.sent), time.Since(start), late, c.worst)
		if most := 50 * time.Millisecond; late > most || c.worst > most {
			t.Errorf("later than %s", most)
		}
	})
	t.Logf("in %s", time.Since(began).Round(time.Millisecond))
}

// TestTimersPassTriage has triage hang. No timer and no page waits for it, and readiness
// learns of it.
func TestTimersPassTriage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	synctest.Test(t, func(t *testing.T) {
		c := &punctual{rng: rand.New(rand.NewPCG(1, 2)), sent: map[string]int{}}
		hangs, times := make(chan struct{}), 0
		e := open(t, path, Options{Channels: []channel.Channel{c}, Async: true, AuditEvery: 10 * time.Minute, Hit: func(point string) {
			if point == "after triage" {
				if times++; times == 2 {
					<-hangs
				}
			}
		}})
		c.e = e
		furnish(t, e, three, func(org.PersonID) string { return "push" })
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- e.Run(ctx) }()
		for _, key := range []string{"before", "last"} {
			if err := e.Hear(ctx, "prom", []alert.Event{{Action: alert.Trigger, Key: key, Title: key}}, nil, e.Now()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		if ago := time.Since(e.LastStep()); ago < 10*time.Second {
			t.Errorf("triage hangs, and looked %s ago", ago)
		}
		time.Sleep(5 * time.Minute)
		c.mu.Lock()
		if len(c.sent) != 4 {
			t.Errorf("%d pages of two levels of two incidents", len(c.sent))
		}
		if most := poll + time.Second; c.worst > most { // nobody says that the second has a page
			t.Errorf("a page was %s late", c.worst)
		}
		c.mu.Unlock()
		close(hangs)
		time.Sleep(poll)
		if ago := time.Since(e.LastStep()); ago > poll {
			t.Errorf("triage goes on, and looked %s ago", ago)
		}
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// TestTriageComesBack: a triage that stops because it took long says that there is more,
// and one that found the end does not.
func TestTriageComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	synctest.Test(t, func(t *testing.T) {
		e := open(t, path, Options{Hit: func(point string) {
			if point == "after triage" {
				time.Sleep(triageTime + time.Millisecond)
			}
		}})
		furnish(t, e, three, func(org.PersonID) string { return "push" })
		var events []alert.Event
		for n := range 2*triageBatchSQLite + 1 {
			key := fmt.Sprint("k", n)
			events = append(events, alert.Event{Action: alert.Trigger, Key: key, Title: key})
		}
		if err := e.Hear(t.Context(), "prom", events, nil, e.Now()); err != nil {
			t.Fatal(err)
		}
		for i, more := range []bool{true, true, false} {
			did, again, err := e.triage(t.Context(), e.Now())
			if did == 0 || err != nil || again != more {
				t.Fatalf("triage %d: did %d, more %t, %v", i, did, again, err)
			}
		}
	})
}

// TestTriageRests: what comes alone is triaged at once, and so is what comes after many;
// what comes one after the other faster than that is triaged together.
func TestTriageRests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	synctest.Test(t, func(t *testing.T) {
		const takes, rests = 5 * time.Millisecond, 2
		var mu sync.Mutex
		var begun []time.Time
		begins := func() []time.Time { // since it was last asked
			mu.Lock()
			defer mu.Unlock()
			defer func() { begun = nil }()
			return begun
		}
		c := &punctual{rng: rand.New(rand.NewPCG(1, 2)), sent: map[string]int{}}
		e := open(t, path, Options{Channels: []channel.Channel{c}, Async: true, AuditEvery: 10 * time.Minute, Hit: func(point string) {
			if point == "after triage" {
				mu.Lock()
				begun = append(begun, time.Now())
				mu.Unlock()
				time.Sleep(takes)
			}
		}})
		c.e, e.rests = e, rests
		furnish(t, e, three, func(org.PersonID) string { return "push" })
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- e.Run(ctx) }()
		time.Sleep(time.Second)
		hear := func(keys ...string) {
			t.Helper()
			var events []alert.Event
			for _, key := range keys {
				events = append(events, alert.Event{Action: alert.Trigger, Key: key, Title: key})
			}
			if err := e.Hear(ctx, "prom", events, nil, e.Now()); err != nil {
				t.Fatal(err)
			}
		}
		heard := time.Now()
		hear("alone")
		time.Sleep(time.Second)
		if alone := begins(); len(alone) != 1 || alone[0].Sub(heard) > time.Millisecond {
			t.Errorf("one alone was heard at %s and triaged at %s", heard, alone)
		}
		var together []string
		for n := range restBelow {
			together = append(together, fmt.Sprint("t", n))
		}
		hear(together...)
		time.Sleep(takes + time.Millisecond)
		heard = time.Now()
		hear("after many")
		time.Sleep(time.Second)
		if after := begins(); len(after) != 2 || after[1].Sub(heard) > time.Millisecond {
			t.Errorf("one that came after many was heard at %s and triaged at %s", heard, after)
		}
		const many = 150
		for n := range many {
			hear(fmt.Sprint("k", n))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		batches := begins()
		if most := int(many*time.Millisecond/(takes+rests*takes)) + 2; len(batches) > most || len(batches) < 5 {
			t.Errorf("%d events, one a millisecond, were triaged in %d batches, want 5 to %d", many, len(batches), most)
		}
		for i, at := range batches {
			if i > 0 && at.Sub(batches[i-1]) > takes+restMost {
				t.Errorf("triage rested for %s", at.Sub(batches[i-1]))
			}
		}
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// weekOf is what becomes of one thing that broke: somebody has it, or nobody; after
// half an hour it is well.
func weekOf(t *testing.T, e *Engine, key string, answer time.Duration, answered bool) {
	time.Sleep(answer)
	var id incident.ID
	err := e.Read(t.Context(), func(tx *store.Tx) error {
		found, err := tx.OpenAlerts([]store.AlertKey{{Integration: "prom", Key: key}})
		id = found[store.AlertKey{Integration: "prom", Key: key}].Subject
		return err
	})
	if err != nil || id == "" {
		t.Errorf("%s has no incident: %v", key, err)
		return
	}
	if answered {
		_, err := e.Do(t.Context(), id, incident.ByPerson("bo"), e.Now(), func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Acknowledge(in, w, "web", e.Now())
		})
		if err != nil {
			t.Error(err)
		}
	}
	time.Sleep(30*time.Minute - answer)
	if err := e.Hear(t.Context(), "prom", []alert.Event{{Action: alert.Resolve, Key: key}}, nil, e.Now()); err != nil {
		t.Error(err)
	}
}

// climbed checks every log: three people at five minutes' distance, unless somebody
// answered before.
func climbed(t *testing.T, e *Engine, want int) (calls int, worst time.Duration) {
	err := e.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 1 << 20})
		if len(rows) != want {
			t.Errorf("%d incidents, want %d", len(rows), want)
		}
		for _, r := range rows {
			log, err := tx.Log(r.ID)
			if err != nil {
				return err
			}
			due, answered, n := log[0].At, time.Time{}, 0
			for _, entry := range log {
				switch f := entry.Fact.(type) {
				case incident.Called:
					worst = max(worst, entry.At.Sub(due))
					due = due.Add(5 * time.Minute)
					n++
					if f.Level != n-1 {
						t.Errorf("%s: level %d is call number %d", r.ID, f.Level, n)
					}
				case incident.AcknowledgedBy:
					answered = entry.At
				}
			}
			calls += n
			full := 3
			if !answered.IsZero() {
				full = min(3, 1+int(answered.Sub(log[0].At)/(5*time.Minute)))
			}
			if n != full || r.Status != incident.Resolved {
				t.Errorf("%s: %d calls, want %d; it is %s", r.ID, n, full, r.Status)
			}
			if due, ok, err := tx.DueOf("tend", string(r.ID)); ok || err != nil {
				t.Errorf("%s is over and has a timer: %v %v", r.ID, due, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return calls, worst
}

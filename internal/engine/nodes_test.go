package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// A ledger is what the outside world got from all nodes.
type ledger struct {
	mu   sync.Mutex
	sent map[string][]string // node by node, of a page
	held map[string]bool     // pages that were stuck in a send for longer than their lease
}

// A node's provider: while held, a send does not come back, as if the process stood
// still after the provider had taken the page.
type nodeProvider struct {
	name   string
	ledger *ledger
	stuck  atomic.Int32  // sends that do not come back
	hold   chan struct{} // nil: nothing is held
}

func (*nodeProvider) Name() string { return "push" }

func (c *nodeProvider) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	c.ledger.mu.Lock()
	c.ledger.sent[m.ID] = append(c.ledger.sent[m.ID], c.name)
	if c.hold != nil {
		c.ledger.held[m.ID] = true
	}
	c.ledger.mu.Unlock()
	if c.hold != nil {
		c.stuck.Add(1)
		<-c.hold
	}
	return channel.Receipt{State: escalate.Sent, Provider: c.name}, nil
}

// TestNodes has three engines move one house on PostgreSQL. One of them gets stuck in
// its sends for longer than a lease and then comes back: what it says then is too late
// and changes nothing. Nobody leads: each does its share, and each page goes out once,
// but for those that were stuck, which another node could not know.
func TestNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a lease to run out")
	}
	t.Parallel()
	const incidents = 1000
	url := storetest.Postgres(t)
	l := &ledger{sent: map[string][]string{}, held: map[string]bool{}}
	release := make(chan struct{})
	policy := escalate.Policy{ID: "two", Name: "Two", Levels: []escalate.Level{
		{Targets: []org.Target{{Kind: "person", ID: "ana"}}, Wait: org.Duration(3 * time.Second)},
		{Targets: []org.Target{{Kind: "person", ID: "bo"}}, Wait: org.Duration(time.Hour)},
	}}
	ctx, cancel := context.WithCancel(t.Context())
	var nodes []*Engine
	var running sync.WaitGroup
	var first *nodeProvider
	for i := range 3 {
		c := &nodeProvider{name: fmt.Sprint("n", i), ledger: l}
		if i == 0 {
			c.hold, first = release, c
		}
		e := open(t, url, Options{Channels: []channel.Channel{c}, Async: true})
		if i == 0 {
			furnish(t, e, policy, func(org.PersonID) string { return "push" })
		}
		nodes = append(nodes, e)
		running.Go(func() {
			if err := e.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	began := time.Now()
	var senders sync.WaitGroup
	for n := range nodes {
		senders.Go(func() {
			for i := n; i < incidents; i += len(nodes) {
				key := fmt.Sprint("k", i)
				if err := nodes[n].Hear(ctx, "prom", []alert.Event{{Action: alert.Trigger, Key: key, Title: key}}, nil, nodes[n].Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	waitFor(t, nodes[1], time.Minute, 2*incidents)
	t.Logf("%d pages out in %s; node 0 holds %d", 2*incidents, time.Since(began).Round(time.Millisecond), first.stuck.Load())
	if first.stuck.Load() == 0 {
		t.Fatal("node 0 got no page to hold")
	}
	close(release) // node 0 comes back, and says what became of its pages
	cancel()
	running.Wait()
	account(t, nodes[1], l, 2*incidents)
}

// TestTimerBesideChange has a timer fire while somebody changes its subject, and sets
// another one. Neither waits for the other to let go of what it needs itself: PostgreSQL
// takes a second to see that, and here it never does.
func TestTimerBesideChange(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var name string
	if err := db.QueryRow(`SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`ALTER DATABASE "` + name + `" SET deadlock_timeout = '1h'`); err != nil {
		t.Fatal(err)
	}
	e := open(t, address, Options{Channels: []channel.Channel{&nodeProvider{ledger: &ledger{sent: map[string][]string{}}}}})
	furnish(t, e, three, func(org.PersonID) string { return "push" })
	now := e.Now()
	if err := e.Hear(t.Context(), "prom", []alert.Event{{Action: alert.Trigger, Key: "k", Title: "k"}}, nil, now); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Step(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	now = now.Add(5 * time.Minute)
	var claimed []store.Due
	err = e.store.Write(ctx, store.High, func(tx *store.Tx) (err error) {
		claimed, err = tx.ClaimDue(now, dueLease, store.LaneHigh, 9, false)
		return err
	})
	if err != nil || len(claimed) != 1 {
		t.Fatal(claimed, err)
	}
	fired := make(chan error, 1)
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if _, err := tx.Lock(incident.ID(claimed[0].Subject)); err != nil {
			return err
		}
		go func() { fired <- e.due(ctx, claimed[0], now) }()
		for waits := false; !waits; {
			err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock')`, name).Scan(&waits)
			if err != nil {
				return err
			}
		}
		later := claimed[0]
		later.At = now.Add(time.Hour)
		return tx.Arm(later)
	})
	if err := errors.Join(err, <-fired); err != nil {
		t.Fatal(err)
	}
	err = e.Read(ctx, func(tx *store.Tx) error {
		d, ok, err := tx.DueOf(tendKind, claimed[0].Subject)
		if !ok || !d.At.Equal(now.Add(time.Hour)) {
			t.Errorf("the timer that was set: %v %t", d, ok)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// waitFor waits until so many pages have gone out, and are noted.
func waitFor(t *testing.T, e *Engine, most time.Duration, want int) {
	t.Helper()
	for deadline := time.Now().Add(most); ; time.Sleep(200 * time.Millisecond) {
		n := 0
		eachPage(t, e, func(_ store.Row, p store.PageRow) {
			if p.State == escalate.Sent {
				n++
			}
		})
		if n == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d pages are out after %s, want %d", n, most, want)
		}
	}
}

func eachPage(t *testing.T, e *Engine, fn func(store.Row, store.PageRow)) {
	t.Helper()
	err := e.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 1 << 20})
		for _, r := range rows {
			pages, err := tx.PagesOf(r.ID)
			if err != nil {
				return err
			}
			for _, p := range pages {
				fn(r, p)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// account compares what went out with what is written.
func account(t *testing.T, e *Engine, l *ledger, want int) {
	share := map[string]int{}
	subjects := map[incident.ID]bool{}
	keys := map[string]bool{}
	eachPage(t, e, func(r store.Row, p store.PageRow) {
		subjects[r.ID] = true
		keys[p.Key()] = true
		by := l.sent[p.ID]
		for _, node := range by {
			share[node]++
		}
		switch {
		case p.State != escalate.Sent:
			t.Errorf("page %s is %s", p.ID, p.State)
		case len(by) == 0 || len(by) > 2 || len(by) == 2 && !l.held[p.ID]:
			t.Errorf("page %s went out by %v (stuck: %t)", p.ID, by, l.held[p.ID])
		case l.held[p.ID] && p.Provider == "n0":
			t.Errorf("page %s: a node whose lease had run out had the last word", p.ID)
		}
	})
	if len(keys) != want || len(subjects) != want/2 {
		t.Errorf("%d keys and %d subjects, want %d and %d", len(keys), len(subjects), want, want/2)
	}
	for _, node := range []string{"n1", "n2"} {
		if share[node] < want/10 {
			t.Errorf("node %s did only %d of %d", node, share[node], want)
		}
	}
	err := e.Read(t.Context(), func(tx *store.Tx) error {
		for id := range subjects {
			if err := tx.VerifyLog(id); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("share of the nodes: %v, stuck %d", share, len(l.held))
}

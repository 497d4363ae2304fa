package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// An outage is a provider of all nodes that takes nothing for a while.
type outage struct {
	mu    sync.Mutex
	over  bool
	tries map[string]int
	taken map[string]int
}

func (*outage) Name() string { return "push" }

func (o *outage) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries[m.ID]++
	if !o.over {
		return channel.Receipt{}, &channel.Error{Outcome: channel.Temporary, Err: errors.New("down")}
	}
	o.taken[m.ID]++
	return channel.Receipt{State: escalate.Sent, Provider: m.ID}, nil
}

// While a provider is down for a while, the nodes do not each try in turn: a page is
// tried as often as one node would, and when the provider is back it goes out once
// (entry 31 of the regression catalogue).
func TestNodesAndAnOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the second try")
	}
	t.Parallel()
	url := storetest.Postgres(t)
	o := &outage{tries: map[string]int{}, taken: map[string]int{}}
	policy := escalate.Policy{ID: "one", Name: "One", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "ana"}}, Wait: org.Duration(time.Hour)}}}
	ctx, cancel := context.WithCancel(t.Context())
	var nodes []*Engine
	var running sync.WaitGroup
	for i := range 3 {
		e := open(t, url, Options{Channels: []channel.Channel{o}, Async: true})
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
	const pages = 20
	var events []alert.Event
	for i := range pages {
		key := string(rune('a' + i))
		events = append(events, alert.Event{Action: alert.Trigger, Key: key, Title: key})
	}
	if err := nodes[0].Hear(ctx, "prom", events, nil, nodes[0].Now()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		o.mu.Lock()
		n := len(o.tries)
		o.over = n >= pages
		o.mu.Unlock()
		if n >= pages {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d pages were tried", n)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		waiting := 0
		eachPage(t, nodes[1], func(_ store.Row, p store.PageRow) {
			if p.State == escalate.Planned && p.Attempts > 0 || p.State == escalate.Claimed {
				waiting++
			}
		})
		if waiting == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d pages still wait", waiting)
		}
	}
	cancel()
	running.Wait()
	sent := 0
	eachPage(t, nodes[1], func(_ store.Row, p store.PageRow) {
		if p.State == escalate.Sent {
			sent++
		}
		if o.taken[p.ID] > 1 || p.State == escalate.Sent && o.taken[p.ID] != 1 || o.tries[p.ID] != p.Attempts {
			t.Errorf("page %s was taken %d times and tried %d times; %d are written down", p.ID, o.taken[p.ID], o.tries[p.ID], p.Attempts)
		}
	})
	if sent < pages {
		t.Errorf("%d pages went out", sent)
	}
}

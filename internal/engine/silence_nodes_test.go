package engine

import (
	"context"
	"fmt"
	"sync"
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

// Two nodes hear alerts while one of them is told of a silence, and again while it ends:
// whatever was under way at either moment, soon all that it matches is held, and soon
// after its end nothing is and everybody is called.
func TestSilenceAmongNodes(t *testing.T) {
	t.Parallel()
	const rounds, each = 2, 50
	url := storetest.Postgres(t)
	policy := escalate.Policy{ID: "one", Name: "One", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "ana"}}, Wait: org.Duration(time.Hour)}}}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	var nodes []*Engine
	for i := range 2 {
		l := &ledger{sent: map[string][]string{}, held: map[string]bool{}}
		e := open(t, url, Options{Channels: []channel.Channel{&nodeProvider{name: fmt.Sprint("n", i), ledger: l}}, Async: true})
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
	heard := 0
	// during has both nodes hear alerts, and does something when half of them are heard.
	during := func(do func()) {
		t.Helper()
		var senders sync.WaitGroup
		half := make(chan struct{})
		for n, e := range nodes {
			senders.Go(func() {
				for i := range each {
					if n == 0 && i == each/2 {
						close(half)
					}
					key := fmt.Sprint(heard, "/", n, "/", i)
					ev := alert.Event{Action: alert.Trigger, Key: key, Title: key, Labels: map[string]string{"quiet": fmt.Sprint(i%2 == 0)}}
					if err := e.Hear(ctx, "prom", []alert.Event{ev}, nil, e.Now()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		<-half
		do()
		senders.Wait()
		heard += len(nodes) * each
	}
	// soon waits until so many incidents are held, and all others have been called for.
	soon := func(held int) {
		t.Helper()
		var triggered, quiet, called int
		ok, err := nodes[1].Until(ctx, 20*time.Second, func(tx *store.Tx) (bool, error) {
			triggered, quiet, called = 0, 0, 0
			rows, err := tx.Subjects(store.Filter{Limit: 1 << 20})
			for _, r := range rows {
				s, err := tx.Subject(r.ID)
				if err != nil {
					return false, err
				}
				switch {
				case s.Status != incident.Triggered:
				case s.Held != "":
					quiet++
				case len(s.Called) > 0:
					called++
				}
				triggered++
			}
			return triggered == heard && quiet == held && called == heard-held, err
		})
		if err != nil || !ok {
			t.Fatalf("of %d incidents (%d heard) %d are held, want %d; of the others %d are called for: %v", triggered, heard, quiet, held, called, err)
		}
	}
	for range rounds {
		var s alert.Silence
		var err error
		during(func() {
			now := nodes[1].Now()
			s, err = nodes[1].Silence(ctx, alert.Silence{
				Matchers: []alert.Matcher{{Name: "quiet", Value: "true"}}, Start: now.Add(20 * time.Millisecond), End: now.Add(time.Hour),
			}, nil, now)
		})
		if err != nil {
			t.Fatal(err)
		}
		soon(heard / 2)
		during(func() { err = nodes[0].EndSilence(ctx, s.ID, "somebody", nil, nodes[0].Now()) })
		if err != nil {
			t.Fatal(err)
		}
		soon(0)
	}
}

package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// sifted is a house where service-0 to service-N depend on a host, by the label node.
func sifted(t *testing.T, url string, services int) *house {
	h := newHouse(t, url)
	in := sift.Sifting{Nodes: []sift.Node{{ID: "host", DependsOn: []string{"switch"}}}, About: []sift.NodeRule{{Match: []string{`node!=""`}, Node: "{node}"}}}
	for i := range services {
		in.Nodes = append(in.Nodes, sift.Node{ID: fmt.Sprint("service-", i), DependsOn: []string{"host"}})
	}
	h.configure("sifting", "sifting", in)
	return h
}

func about(node, key string, sev org.Severity) alert.Event {
	return alert.Event{Action: alert.Trigger, Key: key, Title: key + " is down", Severity: sev, Labels: map[string]string{"node": node}}
}

// A storm of 10,000 events that belong together, in any order within a minute, is one
// incident and a page; what has nothing to do with it pages in the middle of it within
// five seconds.
func TestStormOfOneCause(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		n := 10_000
		if testing.Short() {
			n = 1000
		}
		h := sifted(t, url, 500)
		h.configure("integration", "other", org.Integration{ID: "other", Name: "Other", Source: "generic", Service: "rest"})
		r := rand.New(rand.NewPCG(1, 2))
		var events []alert.Event
		for i := range n {
			events = append(events, about(fmt.Sprint("service-", i%500), fmt.Sprint("k", i), org.SEV2))
		}
		r.Shuffle(n, func(i, j int) { events[i], events[j] = events[j], events[i] })
		events[n/4] = about("switch", "switch-1", org.SEV1) // 15 s after the first
		ctx := context.Background()
		for s := range 60 {
			batch := events[s*n/60 : (s+1)*n/60]
			for len(batch) > 0 {
				some := batch[:min(100, len(batch))]
				batch = batch[len(some):]
				if err := h.Hear(ctx, "prom", some, nil, h.now); err != nil {
					t.Fatal(err)
				}
			}
			if s == 40 {
				if err := h.Hear(ctx, "other", []alert.Event{{Action: alert.Trigger, Key: "till", Title: "the tills are down", Severity: org.SEV1}}, nil, h.now); err != nil {
					t.Fatal(err)
				}
			}
			h.pass(time.Second)
			if s == 40 && !strings.Contains(h.heard(), "omar: the tills are down") {
				t.Fatal("what has nothing to do with the storm waits for it")
			}
		}
		h.expect("jane: switch-1 is down\nomar: the tills are down")
		if got := len(h.subjects()); got != 2 {
			t.Fatalf("%d incidents", got)
		}
		err := h.Read(ctx, func(tx *store.Tx) error {
			for _, id := range h.subjects() {
				sub, err := tx.Subject(id)
				if err != nil {
					return err
				}
				if sub.Seq > 500 {
					t.Errorf("%s has %d lines", sub.Title, sub.Seq)
				}
				beneath, err := Beneath(tx, id)
				if err != nil {
					return err
				}
				if sub.Title == "switch-1 is down" && len(beneath) != n-1 {
					t.Errorf("%d alerts stand beneath", len(beneath))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// heard is what was sent so far, without forgetting it.
func (h *house) heard() string {
	got := h.push.got
	said := h.said()
	h.push.got = got
	return said
}

// The forest is a cache: whoever triages next, after a crash or on another node, decides
// the same.
func TestForestIsACache(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := sifted(t, url, 3)
		h.hear(about("service-0", "web", org.SEV2))
		h.grove.Store(nil)
		h.pass(time.Second)
		h.hear(about("switch", "switch-1", org.SEV1))
		h.grove.Store(nil)
		h.hear(about("service-1", "shop", org.SEV2))
		h.expect("jane: switch-1 is down")
		h.grove.Store(nil)
		h.hear(alert.Event{Action: alert.Resolve, Key: "switch-1"})
		h.pass(time.Minute)
		h.expect("")
		h.grove.Store(nil)
		h.pass(time.Minute)
		if got := h.said(); !strings.Contains(got, "jane: web is down (was a symptom of switch-1 is down)") || !strings.Contains(got, "jane: shop is down (was a symptom of") || !strings.Contains(got, "resolved: switch-1") {
			t.Fatal(got)
		}
	})
}

// Another configuration is looked at with what fires: what depends on nothing any more
// pages after it had time to settle.
func TestGraphChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := sifted(t, url, 1)
		h.hear(about("switch", "switch-1", org.SEV1))
		h.hear(about("service-0", "web", org.SEV2))
		h.expect("jane: switch-1 is down")
		h.configure("sifting", "sifting", sift.Sifting{About: []sift.NodeRule{{Match: []string{`node!=""`}, Node: "{node}"}}, Nodes: []sift.Node{{ID: "a", DependsOn: []string{"b"}}}})
		h.hear(alert.Event{Action: alert.Resolve, Key: "nobody"})
		h.pass(time.Minute)
		h.expect("")
		h.pass(time.Minute)
		h.expect("jane: web is down (was a symptom of switch-1 is down)")
	})
}

// Somebody resolves the cause by hand: what it explained follows, or pages.
func TestCauseEndedByHand(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := sifted(t, url, 1)
		h.hear(about("service-0", "web", org.SEV2))
		h.pass(31 * time.Second)
		h.hear(about("switch", "switch-1", org.SEV1))
		h.expect("jane: web is down\njane: the cause: switch-1 is down")
		id := h.subjects()[0]
		if _, err := h.Do(context.Background(), id, "person:jane", h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return resolve.Resolve(in, "rebooted")
		}); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.said()
		h.pass(2 * time.Minute)
		h.expect("jane: web is down (was a symptom of switch-1 is down)")
	})
}

// What is well and back within one batch is open like everything that fires: its end is
// the incident's end.
func TestBackWithinABatch(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(on("db-1"))
		h.pass(time.Minute)
		if err := h.Hear(context.Background(), "prom", []alert.Event{well("db-1"), on("db-1")}, nil, h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.standing("db-1", "triggered")
		h.pass(time.Minute)
		h.hear(well("db-1"))
		h.standing("db-1", "resolved")
	})
}

// When the alert leaves that kept an incident from being silent, a silence over what is
// left of it holds.
func TestSilenceOverWhatIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := sifted(t, url, 2)
		here := func(ev alert.Event, host string) alert.Event { ev.Labels["host"] = host; return ev }
		h.hear(here(about("switch", "switch-1", org.SEV1), "a"))
		h.pass(time.Minute)
		h.hear(here(about("service-0", "web", org.SEV2), "b"))
		h.quiet("a", 0, time.Hour)
		h.step()
		h.standing("switch-1", "triggered")
		var id string
		h.write(func(tx *store.Tx) error {
			k := store.AlertKey{Integration: "prom", Key: "web"}
			open, err := tx.OpenAlerts([]store.AlertKey{k})
			id = open[k].ID
			return err
		})
		if err := h.Split(context.Background(), id, incident.ByPerson("jane"), h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.standing("switch-1", "triggered, held")
	})
}

package engine

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// timed is a provider that notes when it is asked, and hangs if it is told to.
type timed struct {
	id   string
	hang bool
	mu   sync.Mutex
	at   []time.Time
}

func (*timed) Name() string       { return "push" }
func (c *timed) Provider() string { return c.id }

func (c *timed) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	c.mu.Lock()
	c.at = append(c.at, time.Now())
	c.mu.Unlock()
	if c.hang {
		<-ctx.Done()
		return channel.Receipt{}, &channel.Error{Outcome: channel.Unknown, Err: ctx.Err()}
	}
	return channel.Receipt{Provider: c.id + m.ID, State: escalate.Sent}, nil
}

func (c *timed) asked() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Time(nil), c.at...)
}

// A provider that hangs costs less than five seconds, and an answer while it hangs ends
// everything: nothing starts more than two seconds after it.
func TestAnAnswerInMidSend(t *testing.T) {
	path := storetest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		a, b := &timed{id: "a", hang: true}, &timed{id: "b"}
		e := open(t, path, Options{Channels: []channel.Channel{a, b}, Async: true})
		furnish(t, e, three, func(org.PersonID) string { return "push" })
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- e.Run(ctx) }()
		time.Sleep(time.Second)

		began := time.Now()
		hear := func(key string) {
			t.Helper()
			if err := e.Hear(ctx, "prom", []alert.Event{{Action: alert.Trigger, Key: key, Title: key}}, nil, e.Now()); err != nil {
				t.Fatal(err)
			}
		}
		hear("one")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := b.asked(); len(a.asked()) != 1 || len(got) != 1 || got[0].Sub(began) > 5*time.Second {
			t.Fatalf("a was asked at %v, b at %v, began %v", a.asked(), got, began)
		}

		hear("two")
		time.Sleep(time.Second)
		var id incident.ID
		err := e.Read(ctx, func(tx *store.Tx) error {
			found, err := tx.OpenAlerts([]store.AlertKey{{Integration: "prom", Key: "two"}})
			id = found[store.AlertKey{Integration: "prom", Key: "two"}].Subject
			return err
		})
		if err != nil || id == "" || len(a.asked()) != 2 {
			t.Fatal(id, err, a.asked())
		}
		_, err = e.Do(ctx, id, incident.ByPerson("bo"), e.Now(), func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Acknowledge(in, w, "test", e.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		answered := time.Now()
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		pages := 0
		err = e.Read(ctx, func(tx *store.Tx) error {
			all, err := tx.PagesOf(id)
			for _, p := range all {
				if p.Purpose.Alarms() && p.SentAt.Sub(answered) > 2*time.Second {
					pages++
				}
			}
			return err
		})
		if err != nil || pages > 0 {
			t.Error(pages, "alarms went out after the answer", err)
		}
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// What comes in over a channel is the word of the person it belongs to: nobody else's,
// and no more than they may.
func TestWhoseWordItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		c := &told{name: "push"}
		e := open(t, url, Options{Channels: []channel.Channel{c}})
		furnish(t, e, three, func(org.PersonID) string { return "push" })
		put := func(kind, id string, v any) {
			t.Helper()
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			err = e.store.Write(t.Context(), store.People, func(tx *store.Tx) error {
				_, err := tx.PutConfig(night, store.Change{Kind: kind, ID: id, Body: b, By: incident.Engine})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		put("person", "ob", org.Person{ID: "ob", Name: "Ob", Role: org.Observer, Methods: []org.Method{{ID: "m", Channel: "push", Address: "ob", Verified: true}}})
		put("person", "un", org.Person{ID: "un", Name: "Un", Methods: []org.Method{{ID: "m", Channel: "push", Address: "un"}}})
		for _, twin := range []string{"tw", "in"} {
			put("person", twin, org.Person{ID: org.PersonID(twin), Name: twin, Methods: []org.Method{{ID: "m", Channel: "push", Address: "twin", Verified: true}}})
		}
		if err := e.Hear(t.Context(), "prom", []alert.Event{{Action: alert.Trigger, Key: "k", Title: "db is down"}}, nil, night); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Step(t.Context(), night); err != nil || len(c.got) != 1 {
			t.Fatal(err, c.got)
		}
		page := c.got[0].ID
		status := func() (in incident.Incident) {
			t.Helper()
			err := e.Read(t.Context(), func(tx *store.Tx) error {
				p, err := tx.Page(page)
				if err != nil {
					return err
				}
				sub, err := tx.Subject(p.Subject)
				in = sub.Incident
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return in
		}
		for from, says := range map[string]string{"nobody": "does not know you", "ob": "may not answer", "un": "does not know you", "twin": "does not know you"} {
			text, err := e.Heard(t.Context(), "push", channel.Said{Page: page, Verb: channel.Acknowledge, From: from}, night)
			if err != nil || !strings.Contains(text, says) {
				t.Errorf("%s hears %q, %v", from, text, err)
			}
			if in := status(); in.Status != incident.Triggered {
				t.Fatalf("%s acknowledged it", from)
			}
		}
		if text, err := e.Heard(t.Context(), "push", channel.Said{Page: page, Verb: channel.Acknowledge, From: "bo"}, night); err != nil || text != "You have it." {
			t.Error(text, err)
		}
		if in := status(); in.Owner != "bo" {
			t.Errorf("the owner is %q", in.Owner)
		}
		for _, said := range []channel.Said{{Page: "none", Verb: channel.Resolve}, {Page: page, State: escalate.Failed, Provider: "other"}, {Provider: "unknown", State: escalate.Delivered}} {
			if _, err := e.Heard(t.Context(), "push", said, night); err != nil {
				t.Errorf("%+v: %v", said, err)
			}
		}
	})
}

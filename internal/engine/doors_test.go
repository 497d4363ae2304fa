package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
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

// house is an engine with two people, a service and a catch-all, and what was sent.
type house struct {
	*Engine
	push *told
	now  time.Time
	t    *testing.T
}

func newHouse(t *testing.T, url string, more ...channel.Channel) *house {
	push := &told{name: "push"}
	h := &house{Engine: open(t, url, Options{Channels: append(more, push)}), push: push, now: night, t: t}
	person := func(id org.PersonID) org.Person {
		return org.Person{
			ID: id, Name: strings.ToUpper(string(id[:1])) + string(id[1:]),
			Methods: []org.Method{{ID: "p", Channel: "push", Address: string(id), Verified: true}},
			Rules:   []org.NotificationRule{{Method: "p"}},
		}
	}
	policy := func(id org.PolicyID, targets ...string) escalate.Policy {
		p := escalate.Policy{ID: id, Name: string(id)}
		for _, who := range targets {
			p.Levels = append(p.Levels, escalate.Level{Targets: []org.Target{{Kind: "person", ID: who}}, Wait: org.Duration(5 * time.Minute)})
		}
		return p
	}
	h.configure("person", "jane", person("jane"))
	h.configure("person", "omar", person("omar"))
	h.configure("policy", "db", policy("db", "jane", "omar"))
	h.configure("policy", "last", policy("last", "omar"))
	h.configure("service", "db", org.Service{ID: "db", Name: "Database", Policy: "db"})
	h.configure("service", "rest", org.Service{ID: "rest", Name: "The rest", Policy: "last"})
	h.configure("settings", "settings", org.Settings{CatchAll: "rest"})
	h.configure("integration", "prom", org.Integration{ID: "prom", Name: "Prometheus", Source: "generic", Service: "db"})
	return h
}

func (h *house) configure(kind, id string, v any) {
	h.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(func(tx *store.Tx) error {
		_, err := tx.PutConfig(h.now, store.Change{Kind: kind, ID: id, Body: body, By: "test"})
		return err
	})
}

func (h *house) write(fn func(*store.Tx) error) {
	h.t.Helper()
	if err := h.store.Write(context.Background(), store.People, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) hear(ev alert.Event) {
	h.t.Helper()
	if err := h.Hear(context.Background(), "prom", []alert.Event{ev}, nil, h.now); err != nil {
		h.t.Fatal(err)
	}
	h.step()
}

func (h *house) step() {
	h.t.Helper()
	if _, err := h.Step(context.Background(), h.now); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pass(d time.Duration) { h.now = h.now.Add(d); h.step() }

// said is what was sent since it was last asked: "jane: db-1 is down".
func (h *house) said() string {
	var lines []string
	for _, m := range h.push.got {
		lines = append(lines, m.To+": "+channel.Headline(m))
	}
	h.push.got = nil
	return strings.Join(lines, "\n")
}

func (h *house) subjects() (ids []incident.ID) {
	h.t.Helper()
	err := h.Read(context.Background(), func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 100})
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return ids
}

func (h *house) expect(want string) {
	h.t.Helper()
	if got := h.said(); got != want {
		h.t.Fatalf("sent\n%s\nwant\n%s", got, want)
	}
}

func down(key string) alert.Event {
	return alert.Event{Action: alert.Trigger, Key: key, Title: key + " is down", Severity: org.SEV2}
}

func TestReceiptsOnlyClimb(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.hear(down("db-1"))
		h.expect("jane: db-1 is down")
		page := func() (p store.PageRow) {
			t.Helper()
			err := h.Read(context.Background(), func(tx *store.Tx) error {
				all, err := tx.PagesOf(h.subjects()[0])
				if err == nil {
					p = all[0]
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		id := page().ID
		for _, s := range []struct{ say, is escalate.State }{
			{escalate.Read, escalate.Read}, {escalate.Delivered, escalate.Read}, {escalate.Read, escalate.Read}, {escalate.Sent, escalate.Read},
			{escalate.Answered, escalate.Answered}, {escalate.Delivered, escalate.Answered},
		} {
			if err := h.Report(context.Background(), id, s.say, h.now); err != nil {
				t.Fatal(err)
			}
			if got := page().State; got != s.is {
				t.Fatalf("after %s it is %s, want %s", s.say, got, s.is)
			}
		}
		if err := h.Report(context.Background(), "nobody", escalate.Read, h.now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a receipt for no page: %v", err)
		}
	})
}

func TestAcknowledgeWhileAPageIsInFlight(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.push.fail = func(m channel.Message) error { // answered while the provider still thinks, and then it fails
			if m.AckURL == "" {
				return nil
			}
			id := h.subjects()[0]
			_, err := h.Do(context.Background(), id, incident.ByPerson("omar"), h.now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
				return escalate.Acknowledge(in, w, "push", h.now)
			})
			if err != nil {
				t.Error(err)
			}
			return &channel.Error{Outcome: channel.Temporary, Err: errors.New("busy")}
		}
		h.hear(down("db-1"))
		h.expect("jane: db-1 is down\njane: Omar has it: db-1 is down") // her page may have arrived
		h.push.fail = nil
		for range 20 {
			h.pass(time.Minute)
		}
		h.expect("")
	})
}

func TestUnknownOutcomeIsSentAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		tries := 0
		h.push.fail = func(channel.Message) error {
			if tries++; tries == 1 {
				return errors.New("the line went dead after the text")
			}
			return nil
		}
		h.hear(down("db-1"))
		h.pass(time.Second)
		h.expect("jane: db-1 is down")
		h.pass(2 * time.Second)
		h.expect("jane: db-1 is down")
		h.pass(time.Minute)
		h.expect("")
	})
}

func TestPermanentFailureGoesOnAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.push.fail = func(m channel.Message) error {
			if m.To == "jane" {
				return &channel.Error{Outcome: channel.Permanent, Err: errors.New("no such number")}
			}
			return nil
		}
		h.hear(down("db-1"))
		h.expect("jane: db-1 is down\nomar: db-1 is down")
	})
}

// A due row that panics stops only itself, backs off, and after five failures the house
// says so on the catch-all.
func TestOneBadRowStopsOnlyItself(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.write(func(tx *store.Tx) error {
			return tx.Arm(store.Due{Kind: "tend", Subject: "nobody", Lane: store.LaneHigh, At: h.now})
		})
		h.hear(down("db-1"))
		h.expect("jane: db-1 is down")
		for range 70 {
			h.pass(time.Second)
		}
		if got := h.said(); !strings.Contains(got, "omar: Tocsin cannot go on with tend nobody") {
			t.Fatalf("the house did not tell: %q", got)
		}
		h.pass(4 * time.Minute)
		if got := h.said(); !strings.Contains(got, "omar: db-1 is down") {
			t.Errorf("the other climb stopped: %q", got)
		}
	})
}

// An event that breaks triage goes aside, alone, and opens an incident.
func TestPoisonEventGoesAside(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		poison := down("db-2")
		poison.Action = alert.Note // for an open alert that we then make point nowhere
		h.hear(down("db-2"))
		h.said()
		h.write(func(tx *store.Tx) error {
			k := store.AlertKey{Integration: "prom", Key: "db-2"}
			open, err := tx.OpenAlerts([]store.AlertKey{k})
			a := open[k]
			a.Subject = "gone"
			return errors.Join(err, tx.PutAlert(a))
		})
		if err := h.Hear(context.Background(), "prom", []alert.Event{down("db-3"), poison, down("db-4")}, nil, h.now); err != nil {
			t.Fatal(err)
		}
		h.step()
		h.pass(time.Second)
		if got := h.said(); got != "jane: db-3 is down\njane: db-4 is down" {
			t.Errorf("before it goes aside: %s", got)
		}
		h.pass(time.Second)
		got := h.said()
		if !strings.Contains(got, "set aside") {
			t.Errorf("the house did not tell: %q", got)
		}
		err := h.Read(context.Background(), func(tx *store.Tx) error {
			waiting, _, aside, err := tx.InboxStats()
			if waiting != 0 || aside != 1 {
				t.Errorf("%d wait, %d aside", waiting, aside)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAcknowledgeLinkIsForOnePage(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.hear(down("db-1"))
	url := h.push.got[0].AckURL
	token := url[strings.LastIndex(url, "/")+1:]
	page, in, err := h.AckPage(context.Background(), token)
	if err != nil || page.Person != "jane" || in.Title != "db-1 is down" {
		t.Fatalf("%+v %v", page, err)
	}
	for _, forged := range []string{"", ".", token[:len(token)-1], "x" + token, page.ID + ".", strings.Replace(token, ".", "..", 1)} {
		if _, _, err := h.AckPage(context.Background(), forged); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", forged, err)
		}
	}
	said, err := h.Answer(context.Background(), page, 0, h.now)
	if err != nil || said != "You have it." {
		t.Fatalf("%q %v", said, err)
	}
	if said, err = h.Answer(context.Background(), page, 0, h.now); err != nil || said != "You have it already." {
		t.Errorf("twice: %q %v", said, err)
	}
}

// A step with nothing due costs one look.
func BenchmarkIdleStep(b *testing.B) {
	e := open(b, b.TempDir()+"/house.db", Options{})
	for b.Loop() {
		if _, err := e.Step(context.Background(), night); err != nil {
			b.Fatal(err)
		}
	}
}

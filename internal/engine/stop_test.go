package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// configured is a service that pages Jane and Omar at once.
func configured(t *testing.T, e *Engine) {
	t.Helper()
	var changes []store.Change
	put := func(kind, id string, v any) {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, store.Change{Kind: kind, ID: id, Body: body, By: "test"})
	}
	var both []org.Target
	for _, id := range []string{"jane", "omar"} {
		put("person", id, org.Person{
			ID: org.PersonID(id), Name: id, Methods: []org.Method{{ID: "p", Channel: "push", Address: id, Verified: true}},
			Rules: []org.NotificationRule{{Method: "p"}},
		})
		both = append(both, org.Target{Kind: "person", ID: id})
	}
	put("policy", "db", escalate.Policy{ID: "db", Name: "db", Levels: []escalate.Level{{Targets: both, Wait: org.Duration(time.Hour)}}})
	put("service", "db", org.Service{ID: "db", Name: "Database", Policy: "db"})
	put("integration", "prom", org.Integration{ID: "prom", Source: "generic", Service: "db"})
	err := e.store.Write(context.Background(), store.People, func(tx *store.Tx) error {
		_, err := tx.PutConfig(night, changes...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func say(t *testing.T, e *Engine, action alert.Action, now time.Time) {
	t.Helper()
	err := e.Hear(context.Background(), "prom", []alert.Event{{Action: action, Key: "db-1", Title: "db-1 is down", Severity: org.SEV1}}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
}

// Jane answers while her page is still on its way as far as the house knows: the mail
// is there, and the relay has not said so, or never will. Omar's is on its way too.
// Both hear what those hear who were paged.
func TestAnswerBeforeReceipt(t *testing.T) {
	for name, outcome := range map[string]error{
		"accepted": nil, "unknown": &channel.Error{Outcome: channel.Unknown, Err: errors.New("no answer")},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, url string) { answerBefore(t, url, outcome) })
		})
	}
}

func answerBefore(t *testing.T, url string, outcome error) {
	push := &told{name: "push"}
	e := open(t, url, Options{Channels: []channel.Channel{push}})
	configured(t, e)
	push.fail = func(m channel.Message) error {
		if m.Purpose != escalate.Alarm {
			return nil
		}
		if m.To == "jane" {
			page, err := pageOf(e, m.ID)
			if err == nil {
				_, err = e.Answer(context.Background(), page, 0, night)
			}
			if err != nil {
				t.Error(err)
			}
		}
		return outcome
	}
	say(t, e, alert.Trigger, night)
	step(t, e, night)
	say(t, e, alert.Resolve, night.Add(time.Minute))
	step(t, e, night.Add(time.Minute))
	var got []string
	for _, m := range push.got {
		got = append(got, m.To+": "+channel.Headline(m))
	}
	if !slices.Contains(got, "jane: resolved: db-1 is down") {
		t.Errorf("Jane did not hear that it is over: %q", got)
	}
	if !slices.Contains(got, "omar: jane has it: db-1 is down") {
		t.Errorf("Omar did not hear that Jane has it: %q", got)
	}
}

func pageOf(e *Engine, id string) (p store.PageRow, err error) {
	err = e.Read(context.Background(), func(tx *store.Tx) (err error) { p, err = tx.Page(id); return err })
	return p, err
}

func step(t *testing.T, e *Engine, now time.Time) {
	t.Helper()
	if _, err := e.Step(context.Background(), now); err != nil {
		t.Fatal(err)
	}
}

// What a Step has begun when it is to stop is finished: the next start has no lease to
// wait for.
func TestStopLeavesNoLease(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		ctx, cancel := context.WithCancel(context.Background())
		e := open(t, url, Options{Channels: []channel.Channel{&told{name: "push"}}, Hit: func(point string) {
			if point == "after triage" {
				cancel()
			}
		}})
		configured(t, e)
		say(t, e, alert.Trigger, night)
		if _, err := e.Step(ctx, night); err != nil || ctx.Err() == nil {
			t.Fatalf("stopped by %v: %v", ctx.Err(), err)
		}
		say(t, e, alert.Resolve, night.Add(time.Second))
		step(t, e, night.Add(time.Second))
		err := e.Read(context.Background(), func(tx *store.Tx) error {
			if n, _, _, err := tx.InboxStats(); err != nil || n > 0 {
				t.Errorf("a second later %d events wait: %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Whoever is stopped before it has begun is stopped, and not in trouble.
func TestStoppedBeforeItBegan(t *testing.T) {
	e := open(t, storetest.SQLite(t), Options{})
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := e.Run(ctx); err != nil {
		t.Error(err)
	}
}

// Whoever may have been paged hears who has it, though nobody knows whether they were.
func TestUnsurePageIsToldWhoHasIt(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		push := &told{name: "push"}
		e := open(t, url, Options{Channels: []channel.Channel{push}})
		configured(t, e)
		var janes string
		push.fail = func(m channel.Message) error {
			if m.Purpose == escalate.Alarm && m.To == "omar" {
				return &channel.Error{Outcome: channel.Unknown, Err: errors.New("no answer")}
			}
			if m.To == "jane" {
				janes = m.ID
			}
			return nil
		}
		say(t, e, alert.Trigger, night)
		step(t, e, night)
		page, err := pageOf(e, janes)
		if err != nil {
			t.Fatal(err)
		}
		at := night.Add(time.Second) // before Omar's page is tried again
		if _, err := e.Answer(context.Background(), page, 0, at); err != nil {
			t.Fatal(err)
		}
		push.got = nil
		step(t, e, at)
		if len(push.got) != 1 || push.got[0].To != "omar" || channel.Headline(push.got[0]) != "jane has it: db-1 is down" {
			t.Errorf("Omar did not hear that Jane has it: %v", push.got)
		}
	})
}

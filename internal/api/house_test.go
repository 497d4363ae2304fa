package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/store"
	"tocsin/org"
)

// A house is a real one: engine, store and handler.
type house struct {
	t      testing.TB
	store  *store.Store
	engine *engine.Engine
	http   http.Handler
	ring   *secret.Ring
	fault  error // what the database says to commits
	sent   []channel.Message
	world  *mockworld.World // of configured providers
}

// The keys of its integrations.
const (
	pagerdutyKey    = "0123456789abcdef0123456789abcdef"
	alertmanagerKey = "amkey"
	genericKey      = "gnkey"
)

func (h *house) Name() string { return "fake" }

func (h *house) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	h.sent = append(h.sent, m)
	return channel.Receipt{State: escalate.Sent}, nil
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{t: t}
	ring, err := secret.Generate(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		t.Fatal(err)
	}
	h.ring = ring
	dir := t.TempDir()
	h.store, err = store.Open(t.Context(), store.Options{
		URL: filepath.Join(dir, "house.db"), Ring: ring, Sync: "OFF",
		Fault: func(point string) error {
			if point == "commit" {
				return h.fault
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	h.engine = engine.New(engine.Options{Store: h.store, Ring: ring, Channels: []channel.Channel{h}, PublicURL: "https://tocsin.example",
		Make: func(c org.Channel) (channel.Channel, error) {
			return channel.Make(c.Kind, channel.Setup{ID: string(c.ID), Settings: c.Settings, Client: h.world.Client(), Public: "https://tocsin.example"})
		}})
	integration := func(id, source, key string) org.Integration {
		return org.Integration{ID: org.IntegrationID(id), Name: id, Source: source, Service: "db", KeyHash: ring.Hash("integration key", key)}
	}
	h.configure(map[string]any{
		"person/jane":    org.Person{ID: "jane", Name: "Jane Doe", Zone: "Europe/Prague", Methods: []org.Method{{ID: "m", Channel: "fake", Address: "jane", Verified: true}}, Rules: []org.NotificationRule{{Method: "m"}}},
		"person/omar":    org.Person{ID: "omar", Name: "Omar <b>", Methods: []org.Method{{ID: "m", Channel: "fake", Address: "omar", Verified: true}}, Rules: []org.NotificationRule{{Method: "m"}}},
		"policy/p":       escalate.Policy{ID: "p", Name: "p", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "jane"}, {Kind: "person", ID: "omar"}}}}},
		"service/db":     org.Service{ID: "db", Name: "The <i>database</i>", Policy: "p"},
		"settings/":      org.Settings{CatchAll: "db"},
		"integration/pd": integration("pd", "pagerduty", pagerdutyKey), "integration/am": integration("am", "alertmanager", alertmanagerKey),
		"integration/gn": integration("gn", "generic", genericKey),
	})
	h.http = New(Options{Engine: h.engine, Store: h.store, DataDir: dir, Version: "test"})
	return h
}

func (h *house) configure(all map[string]any) {
	h.t.Helper()
	err := h.store.Write(context.Background(), store.People, func(tx *store.Tx) error {
		for name, v := range all {
			kind, id, _ := strings.Cut(name, "/")
			body, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if _, err := tx.PutConfig(h.engine.Now(), store.Change{Kind: kind, ID: id, Body: body, By: incident.Engine}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// do sends a request; head is name, value, name, value.
func (h *house) do(method, path, body string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://tocsin.example/", strings.NewReader(body))
	r.URL.Path, r.RequestURI = path, path
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, r)
	return w
}

// waiting are the events in the inbox.
func (h *house) waiting() (all []store.Heard) {
	h.t.Helper()
	err := h.store.Read(context.Background(), func(tx *store.Tx) (err error) { all, err = tx.Inbox(1000); return err })
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// step lets the engine do what is due.
func (h *house) step() {
	h.t.Helper()
	for range 5 {
		if _, err := h.engine.Step(context.Background(), h.engine.Now()); err != nil {
			h.t.Fatal(err)
		}
	}
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

const (
	event = `{"routing_key":"` + pagerdutyKey + `","event_action":"trigger","dedup_key":"k1","payload":{"summary":"db-1 is down","source":"db-1","severity":"critical"}}`
	group = `{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"A","severity":"critical"},"startsAt":"2026-11-23T02:13:00Z","fingerprint":"f1"},{"status":"firing","labels":{"alertname":"B"},"startsAt":"2026-11-23T02:13:00Z","fingerprint":"f2"}]}`
)

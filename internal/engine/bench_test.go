package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// A batch of new alerts, each of which opens an incident and plans a page: taken in and
// triaged.
func BenchmarkTriage(b *testing.B) {
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) {
			e := open(b, database.url(b), Options{})
			configure := func(kind, id string, v any) {
				body, err := json.Marshal(v)
				if err == nil {
					err = e.store.Write(context.Background(), store.People, func(tx *store.Tx) error {
						_, err := tx.PutConfig(night, store.Change{Kind: kind, ID: id, Body: body, By: "test"})
						return err
					})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			configure("person", "jane", org.Person{ID: "jane", Name: "Jane", Methods: []org.Method{{ID: "log", Channel: "log", Address: "jane", Verified: true}}, Rules: []org.NotificationRule{{Method: "log"}}})
			configure("policy", "web", escalate.Policy{ID: "web", Name: "Web", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "jane"}}, Wait: org.Duration(5 * time.Minute)}}})
			configure("service", "web", org.Service{ID: "web", Name: "Web", Policy: "web"})
			configure("integration", "prom", org.Integration{ID: "prom", Name: "Prometheus", Source: "generic", Service: "web"})
			b.ReportAllocs()
			n, at := 0, night
			for b.Loop() {
				events := make([]alert.Event, e.most)
				for i := range events {
					events[i] = alert.Event{
						Action: alert.Trigger, Key: fmt.Sprint("n-", n), Title: "disk full on db-1", Severity: "critical",
						Labels:  map[string]string{"source": "db-1", "component": "/dev/sda1", "group": "prod", "class": "disk", "client": "bench"},
						Details: map[string]string{"text": "it has been filling up since midnight"},
					}
					n++
				}
				at = at.Add(10 * time.Millisecond)
				if err := e.Hear(context.Background(), "prom", events, nil, at); err != nil {
					b.Fatal(err)
				}
				if _, _, err := e.triage(context.Background(), at); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/pgtest"
	"tocsin/org"
)

// benchBoth runs a benchmark on both databases as they are in production: every commit
// is synced.
func benchBoth(b *testing.B, fn func(b *testing.B, s *Store)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, openSQLite(b, Options{})) })
	b.Run("postgres", func(b *testing.B) {
		server, err := pgtest.Run(pgtest.Options{Fsync: true})
		if err != nil {
			b.Skip(err)
		}
		defer server.Stop()
		url, _, err := server.Database(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		s := open(b, Options{URL: url})
		fn(b, s)
		s.Close()
	})
}

func event(key string) alert.Event {
	return alert.Event{Action: alert.Trigger, Key: key, Title: "disk full on " + key, Severity: org.SEV2,
		Labels: map[string]string{"alertname": "DiskFull", "instance": key, "job": "node", "severity": "critical"}}
}

// openIncident is what triage and the first climb write for a new incident.
func openIncident(tx *Tx, n int, at time.Time) error {
	id := incident.ID(org.NewID(at, tx.s.rand))
	key := fmt.Sprintf("key-%d", n)
	x := tx.Create(id)
	err := tx.Append(x, incident.Log{
		{Seq: 1, At: at, By: "source:prom", Fact: incident.Opened{Title: "disk full on " + key, Service: "db", Team: "dba", Severity: org.SEV2, Priority: org.High, Alert: string(id)}},
		{Seq: 2, At: at, By: incident.Engine, Fact: incident.Asked{Run: 1, Why: "opened", Policy: "dba", Version: 1, Priority: org.High}},
		{Seq: 3, At: at, By: incident.Engine, Fact: incident.Called{Run: 1, Calls: []incident.Call{{Person: "jane", Via: org.Target{Kind: "schedule", ID: "dba"}, Why: "on call until 08:00"}}, Until: at.Add(5 * time.Minute), Base: at}},
	})
	if err != nil {
		return err
	}
	e := event(key)
	a := alert.Alert{ID: string(id), Integration: "prom", Key: key, Subject: id, Service: "db", Severity: org.SEV2, Title: e.Title, Digest: "d", Open: true, Count: 1, FirstAt: at, LastAt: at, Last: e}
	if err := tx.PutAlert(a); err != nil {
		return err
	}
	if err := tx.Arm(Due{Kind: "tend", Subject: string(id), Lane: LaneHigh, At: at.Add(5 * time.Minute)}); err != nil {
		return err
	}
	return tx.PlanPages([]PageRow{{Page: escalate.Page{Subject: id, Run: 1, Person: "jane", Method: "push", Channel: "ntfy", Purpose: escalate.Alarm, Priority: org.High, At: at, Zone: "Europe/Prague", Hour: 3}}})
}

func BenchmarkOpenIncident(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		for i := 0; i < b.N; i += 100 {
			write(b, s, func(tx *Tx) error {
				for n := i; n < min(i+100, b.N); n++ {
					if err := openIncident(tx, n, t0.Add(time.Duration(n)*time.Millisecond)); err != nil {
						return err
					}
				}
				return nil
			})
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "incidents/s")
	})
}

// BenchmarkAccept takes in single events from 64 senders, which batch themselves as
// the engine does: what came in while the batch before was written.
func BenchmarkAccept(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		const keys = 1000
		write(b, s, func(tx *Tx) error {
			for n := range keys {
				if err := openIncident(tx, n, t0.Add(time.Duration(n)*time.Millisecond)); err != nil {
					return err
				}
			}
			return nil
		})
		type sender struct {
			h    Heard
			done chan error
		}
		in := make(chan sender, 1024)
		var batcher sync.WaitGroup
		batcher.Go(func() {
			for first := range in {
				batch, waiting := []Heard{first.h}, []sender{first}
				for len(batch) < 512 {
					select {
					case next, ok := <-in:
						if ok {
							batch, waiting = append(batch, next.h), append(waiting, next)
							continue
						}
					default:
					}
					break
				}
				err := s.Write(context.Background(), Accept, func(tx *Tx) error {
					return tx.Accept(batch, new(int))
				})
				for _, w := range waiting {
					w.done <- err
				}
			}
		})
		var n atomic.Int64
		var senders sync.WaitGroup
		b.ResetTimer()
		for range 64 {
			senders.Go(func() {
				done := make(chan error, 1)
				for {
					i := int(n.Add(1))
					if i > b.N {
						return
					}
					key := fmt.Sprintf("key-%d", i%keys)
					if i%20 == 0 { // 5 % are new
						key = fmt.Sprintf("new-%d", i)
					}
					in <- sender{Heard{Integration: "prom", Event: event(key), Digest: "d", At: t0}, done}
					if err := <-done; err != nil {
						b.Error(err)
					}
				}
			})
		}
		senders.Wait()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		close(in)
		batcher.Wait()
	})
}

// waiting fills the due table with a million rows, one a second.
func waiting(b *testing.B, s *Store) {
	for i := 0; i < 1_000_000; i += 10_000 {
		write(b, s, func(tx *Tx) error {
			for n := i; n < i+10_000; n++ {
				if err := tx.Arm(Due{Kind: "tend", Subject: fmt.Sprintf("subject-%07d", n*7919%1_000_000), Lane: LaneHigh, At: t0.Add(time.Duration(n) * time.Second)}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func BenchmarkMillionDue(b *testing.B) {
	fill := func(b *testing.B, fn func(b *testing.B, s *Store)) {
		benchBoth(b, func(b *testing.B, s *Store) {
			waiting(b, s)
			b.Run("claim64", func(b *testing.B) { fn(b, s) })
			b.Run("next", func(b *testing.B) {
				for b.Loop() {
					read(b, s, func(tx *Tx) error {
						_, err := tx.Agenda()
						return err
					})
				}
			})
		})
	}
	fill(b, func(b *testing.B, s *Store) {
		now := t0.Add(time.Hour)
		for b.Loop() {
			write(b, s, func(tx *Tx) error {
				out, err := tx.ClaimDue(now, 15*time.Second, LaneHigh, 64, false)
				if err == nil && len(out) != 64 {
					b.Errorf("claimed %d", len(out))
				}
				return err
			})
			now = now.Add(time.Minute)
		}
	})
}

package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// PostgreSQL triages in one transaction what SQLite does in several, and has it written in
// pieces of the same size. Both come to the same, whatever of a key or of an incident is
// in which piece: what begins in one and ends in the next, is said again, joins or leaves.
func TestTriageInPieces(t *testing.T) {
	if testing.Short() {
		t.Skip("needs PostgreSQL")
	}
	if triageBatchPostgres <= 2*aheadOf {
		t.Fatalf("pieces of %d events, batches of %d: they cannot be compared", aheadOf, triageBatchPostgres)
	}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			whole, pieces := piecesOf(t, storetest.SQLite(t), seed), piecesOf(t, storetest.Postgres(t), seed)
			if strings.Count(whole, "\n") < 50 {
				t.Errorf("hardly anything happened:\n%s", whole)
			}
			if d := cmp.Diff(strings.Split(whole, "\n"), strings.Split(pieces, "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

// piecesOf tells what becomes of many events that are triaged at once, in words that know
// no ids.
func piecesOf(t *testing.T, url string, seed uint64) string {
	h := sifted(t, url, 6)
	if h.store.Dialect() == "sqlite" {
		h.most = aheadOf
	}
	r := rand.New(rand.NewPCG(seed, 1))
	nodes := []string{"service-0", "service-1", "service-2", "service-3", "service-4", "service-5", "host", "switch", "", ""}
	for range 2 {
		for range 4 {
			var events []alert.Event
			for range 60 {
				n := r.IntN(30)
				e := about(nodes[n%len(nodes)], fmt.Sprint("k", n), []org.Severity{org.SEV1, org.SEV2, org.SEV3}[r.IntN(3)])
				e.Action = []alert.Action{alert.Trigger, alert.Trigger, alert.Trigger, alert.Resolve, alert.Acknowledge, alert.Note}[r.IntN(6)]
				events = append(events, e)
			}
			if err := h.Hear(context.Background(), "prom", events, nil, h.now); err != nil {
				t.Fatal(err)
			}
		}
		h.pass(time.Second)
		h.pass(20 * time.Minute)
	}
	var b strings.Builder
	fmt.Fprintln(&b, h.said())
	err := h.Read(context.Background(), func(tx *store.Tx) error {
		ids := h.subjects()
		slices.Sort(ids)
		for _, id := range ids {
			sub, err := tx.Subject(id)
			if err != nil {
				return err
			}
			log, err := tx.Log(id)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s: %s %s %d alerts\n", sub.Title, sub.Status, sub.Severity, sub.Alerts)
			for _, e := range log {
				fmt.Fprintf(&b, "  %s %s %s\n", e.At.Format(time.TimeOnly), e.By, e.Fact.Kind())
			}
			alerts, err := tx.AlertsOf(id)
			if err != nil {
				return err
			}
			var lines []string
			for _, a := range alerts {
				lines = append(lines, fmt.Sprintf("  %s open %t, %d times, %s, last %s", a.Key, a.Open, a.Count, a.Severity, a.Last.Action))
			}
			slices.Sort(lines)
			fmt.Fprintln(&b, strings.Join(lines, "\n"))
			if err := tx.VerifyLog(id); err != nil {
				fmt.Fprintf(&b, "  %v\n", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

package sim

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/incident"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

var demoEnd = time.Date(2026, 11, 24, 10, 20, 30, 0, time.UTC)

func past(t testing.TB, seed uint64) *store.Store {
	t.Helper()
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := Past{URL: filepath.Join(t.TempDir(), "tocsin.db"), Ring: ring, Seed: seed, End: demoEnd}
	if _, err := p.Make(context.Background()); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(context.Background(), store.Options{URL: p.URL, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// A chronicle is the figures of a history.
type chronicle struct {
	Rows         []store.Row
	Days         map[string]int
	Severities   map[org.Severity]int
	Services     map[org.ServiceID]int
	Open         int
	Acknowledged int // ever
	Escalated    int // to a second level
	Facts        map[string]int
}

func tell(t testing.TB, st *store.Store) chronicle {
	c := chronicle{Days: map[string]int{}, Severities: map[org.Severity]int{}, Services: map[org.ServiceID]int{}, Facts: map[string]int{}}
	err := st.Read(context.Background(), func(tx *store.Tx) (err error) {
		if c.Rows, err = tx.Subjects(store.Filter{Limit: 10_000}); err != nil {
			return err
		}
		for _, r := range c.Rows {
			c.Days[r.OpenedAt.Format(time.DateOnly)]++
			c.Severities[r.Severity]++
			c.Services[r.Service]++
			if r.Status.Open() {
				c.Open++
			}
			log, err := tx.Log(r.ID)
			if err != nil {
				return err
			}
			if err := tx.VerifyLog(r.ID); err != nil {
				t.Error(err)
			}
			acknowledged, second := false, false
			for _, e := range log {
				c.Facts[e.Fact.Kind()]++
				_, a := e.Fact.(incident.AcknowledgedBy)
				f, called := e.Fact.(incident.Called)
				acknowledged, second = acknowledged || a, second || called && f.Level > 0
			}
			if acknowledged {
				c.Acknowledged++
			}
			if second {
				c.Escalated++
			}
		}
		return tx.VerifyConfig()
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestThePastOfTheDemo(t *testing.T) {
	began := time.Now()
	st := past(t, 1)
	t.Logf("made in %v", time.Since(began).Round(time.Millisecond))
	c := tell(t, st)
	n := len(c.Rows)
	t.Logf("%d incidents, %d acknowledged, %d escalated, %d open\n%v\n%v\n%v", n, c.Acknowledged, c.Escalated, c.Open, c.Severities, c.Services, c.Facts)
	within := func(what string, got, least, most int) {
		t.Helper()
		if got < least || got > most {
			t.Errorf("%s: %d, want %d to %d", what, got, least, most)
		}
	}
	within("incidents", n, 250, 600)
	within("days with incidents", len(c.Days), 57, 61)
	for day, of := range c.Days {
		within("incidents on "+day, of, 1, 25)
	}
	for severity, most := range map[org.Severity]int{org.SEV1: n / 15, org.SEV2: n / 3, org.SEV3: n / 2, org.SEV4: n / 2, org.SEV5: n / 4} {
		within(string(severity), c.Severities[severity], 3, most)
	}
	within("services", len(c.Services), 8, 8)
	within("per cent acknowledged", 100*c.Acknowledged/n, 60, 95)
	within("per cent escalated", 100*c.Escalated/n, 5, 35)
	within("open at the end", c.Open, 0, 0)
	for _, kind := range []string{"alert.reopened", "investigate.noted", "oncall.handed", "escalate.handed_over", "resolve.resolved"} {
		if c.Facts[kind] == 0 && kind != "oncall.handed" && kind != "escalate.handed_over" {
			t.Errorf("there is no %s", kind)
		}
	}
	err := st.Read(t.Context(), func(tx *store.Tx) error {
		stuck, err := tx.Stuck(demoEnd, "")
		if len(stuck.Limbo)+len(stuck.LatePages)+len(stuck.Untended) > 0 {
			t.Errorf("%+v", stuck)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The same seed is the same life; another is another.
func TestTheDemoReplays(t *testing.T) {
	a, b, other := tell(t, past(t, 7)), tell(t, past(t, 7)), tell(t, past(t, 8))
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
	if cmp.Equal(a, other) {
		t.Error("another seed makes no difference")
	}
}

func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		past(b, 1)
	}
}

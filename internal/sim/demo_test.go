package sim

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

// Whatever breaks by chance, and whenever the demo is begun, the story of its last hours is
// told whole.
func TestDemoAtAnyHour(t *testing.T) {
	for _, seed := range []uint64{0, 5} {
		st := pastUntil(t, seed, 7, demoEnd.Add(time.Duration(seed)*5*time.Hour+time.Duration(seed)*7*time.Minute))
		err := st.Read(context.Background(), func(tx *store.Tx) error {
			open, err := tx.OpenAlerts([]store.AlertKey{{Integration: "warehouse", Key: "compressor"}})
			if err != nil {
				return err
			}
			for _, a := range open {
				said, err := tx.MessagesAfter(string(a.Subject), 0, 100)
				if len(said) != len(demoRoom) {
					t.Errorf("seed %d: %d messages in the room, want %d", seed, len(said), len(demoRoom))
				}
				return err
			}
			t.Errorf("seed %d: the compressor is well", seed)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

var demoEnd = time.Date(2026, 11, 24, 10, 20, 30, 0, time.UTC)

func past(t testing.TB, seed uint64, days int) *store.Store {
	t.Helper()
	return pastUntil(t, seed, days, demoEnd)
}

func pastUntil(t testing.TB, seed uint64, days int, end time.Time) *store.Store {
	t.Helper()
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := Past{URL: filepath.Join(t.TempDir(), "tocsin.db"), Ring: ring, Seed: seed, Days: days, End: end}
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
	st := past(t, 1, 60)
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
	within("open at the end", c.Open, 3, 3) // two that somebody has, and the storm, in one
	for _, kind := range []string{"alert.reopened", "investigate.noted", "resolve.resolved"} {
		if c.Facts[kind] == 0 {
			t.Errorf("there is no %s", kind)
		}
	}
	err := st.Read(t.Context(), func(tx *store.Tx) error {
		stuck, err := tx.Stuck(demoEnd, "")
		if len(stuck.Limbo)+len(stuck.LatePages) > 0 || len(stuck.Untended) > 2 { // what somebody has needs no timer
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
	a, b, other := tell(t, past(t, 7, 6)), tell(t, past(t, 7, 6)), tell(t, past(t, 8, 6))
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
	if cmp.Equal(a, other) {
		t.Error("another seed makes no difference")
	}
}

// A watcher reads what the demo prints.
type watcher struct {
	mu   sync.Mutex
	said bytes.Buffer
	seen chan struct{} // something was said
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.seen <- struct{}{}:
	default:
	}
	return w.said.Write(b)
}

// until waits for something that is said.
func (w *watcher) until(t *testing.T, form string) []string {
	t.Helper()
	late := time.After(60 * time.Second)
	for {
		w.mu.Lock()
		found, all := regexp.MustCompile(form).FindStringSubmatch(w.said.String()), w.said.String()
		w.mu.Unlock()
		if found != nil {
			return found
		}
		select {
		case <-w.seen:
		case <-late:
			t.Fatalf("%s was not said in\n%s", form, all)
		}
	}
}

// show runs the demo at another pace; done ends it.
func show(t *testing.T, data string, pace time.Duration) (w *watcher, done func() error) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	w = &watcher{seen: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	d := Demo{Options: config.Server{Installation: config.Installation{Listen: free.Addr().String(), Data: data}}, Seed: 1, Days: 10, Version: "test", Out: w, Pace: pace}
	go func() { ended <- d.Run(ctx) }()
	return w, func() error { cancel(); return <-ended }
}

func TestTheDemoUnfolds(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	w, done := show(t, "", 100*time.Millisecond)
	w.until(t, `(?s)That was it`)
	for _, form := range []string{ // a page and the line of its level come in either order
		`(?s)Ready after .* 8 services, \d+ incidents.*level 1: calling .*level 2: calling ines.*ines +acknowledged.*note: .*resolved`,
		`(?s)page +(Chiara|Farid|Amara) .*: one card in three.*page +Inês Duarte: one card in three.*Inês Duarte has it`,
	} {
		w.until(t, form)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// Whoever watches may answer; and with --data the house stays.
func TestTheDemoIsAnswered(t *testing.T) {
	data := filepath.Join(t.TempDir(), "house")
	w, done := show(t, data, 500*time.Millisecond)
	link := w.until(t, `answer for them: (http://\S+)`)
	res, err := http.Post(link[1], "application/x-www-form-urlencoded", nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", res, err)
	}
	res.Body.Close()
	w.until(t, `(farid|chiara|amara) +acknowledged by log`)
	send := w.until(t, `curl -d '(.*)' (http://\S+)`)
	res, err = http.Post(send[2], "application/json", strings.NewReader(send[1]))
	if err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("%v %v", res, err)
	}
	res.Body.Close()
	w.until(t, `page +\S+ \S+: .*no routes are planned`)
	said := w.until(t, `(?s).*That was it`)
	if strings.Contains(said[0], "level 2: calling ines") {
		t.Errorf("escalated although it was answered:\n%s", said[0])
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(data, "tocsin.db")); err != nil {
		t.Error(err)
	}
	_, again := show(t, data, time.Second)
	if err := again(); err == nil || !strings.Contains(err.Error(), "database already") {
		t.Errorf("over what is there: %v", err)
	}
}

func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		past(b, 1, 60)
	}
}

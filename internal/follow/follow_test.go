package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/egress"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

const hookSecret = "a-secret-of-many-letters"

var night = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, storetest.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, storetest.Postgres(t)) })
}

// A house is an engine with webhooks.
type house struct {
	*testing.T
	url   string
	ring  *secret.Ring
	store *store.Store
	*engine.Engine
	hooks *Webhooks
	now   time.Time
}

func newHouse(t *testing.T, url string) *house {
	t.Helper()
	ring, err := secret.Generate(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, url: url, ring: ring, now: night}
	h.open()
	t.Cleanup(func() { h.store.Close() })
	h.configure("policy", "p", escalate.Policy{ID: "p", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "jane"}}, Wait: org.Duration(time.Hour)}}})
	h.configure("person", "jane", org.Person{ID: "jane", Name: "Jane"})
	h.configure("service", "db", org.Service{ID: "db", Name: "Database", Policy: "p", Team: "dba"})
	h.configure("service", "web", org.Service{ID: "web", Name: "Web", Policy: "p", Team: "web"})
	h.configure("settings", "settings", org.Settings{CatchAll: "web"})
	for _, id := range []org.ServiceID{"db", "web"} {
		h.configure("integration", string(id), org.Integration{ID: org.IntegrationID(id), Source: "generic", Service: id})
	}
	return h
}

// open opens the house, for the first time or after a crash.
func (h *house) open() {
	h.Helper()
	st, err := store.Open(h.Context(), store.Options{URL: h.url, Ring: h.ring, Sync: "OFF"})
	if err != nil {
		h.Fatal(err)
	}
	h.store = st
	h.Engine = engine.New(engine.Options{Store: st, Ring: h.ring})
	h.hooks = h.node("127.0.0.1")
}

// node is one more node of the house, which may connect to some private networks.
func (h *house) node(allow ...string) *Webhooks {
	h.Helper()
	networks, err := egress.ParseAllow(allow...)
	if err != nil {
		h.Fatal(err)
	}
	return New(Options{Store: h.store, Engine: h.Engine, Ring: h.ring, Egress: &egress.Dialer{Allow: networks}, PublicURL: "https://tocsin.example.org"})
}

func (h *house) configure(kind, id string, v any) {
	h.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		h.Fatal(err)
	}
	h.write(func(tx *store.Tx) error {
		_, err := tx.PutConfig(h.now, store.Change{Kind: kind, ID: id, Body: body, By: "test"})
		return err
	})
}

func (h *house) write(fn func(*store.Tx) error) {
	h.Helper()
	if err := h.store.Write(context.Background(), store.People, fn); err != nil {
		h.Fatal(err)
	}
}

// hook adds a webhook and lets it begin at the present.
func (h *house) hook(hook org.Webhook) {
	h.Helper()
	if hook.Secret == "" {
		hook.Secret = hookSecret
	}
	h.configure("webhook", string(hook.ID), hook)
	h.deliver()
}

// deliver does what the webhooks have to do now.
func (h *house) deliver() {
	h.Helper()
	if err := h.hooks.Step(h.Context(), h.now); err != nil {
		h.Fatal(err)
	}
}

func (h *house) pass(d time.Duration) { h.Helper(); h.now = h.now.Add(d); h.deliver() }

func (h *house) hear(from org.IntegrationID, ev alert.Event) {
	h.Helper()
	if err := h.Hear(h.Context(), from, []alert.Event{ev}, nil, h.now); err != nil {
		h.Fatal(err)
	}
	if _, err := h.Step(h.Context(), h.now); err != nil {
		h.Fatal(err)
	}
}

func (h *house) down(from org.IntegrationID, key string) {
	h.Helper()
	h.hear(from, alert.Event{Action: alert.Trigger, Key: key, Title: key + " is down", Severity: org.SEV2})
}

func (h *house) up(from org.IntegrationID, key string) {
	h.Helper()
	h.hear(from, alert.Event{Action: alert.Resolve, Key: key})
}

// log is the delivery log, oldest first: "alert.opened delivered 200 1".
func (h *house) log(hook org.WebhookID) (out []string) {
	h.Helper()
	for _, d := range h.deliveries(hook) {
		out = append(out, fmt.Sprintf("%s %s %d %d", d.Kind, d.State, d.Status, d.Tries))
	}
	return out
}

func (h *house) deliveries(hook org.WebhookID) (out []store.Delivery) {
	h.Helper()
	err := h.store.Read(h.Context(), func(tx *store.Tx) error {
		list, err := tx.Deliveries(hook, time.Time{}, 1000)
		for _, d := range list {
			out = append([]store.Delivery{d}, out...)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// A receiver is somebody else's program. It checks what it is sent.
type receiver struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex
	// answer may answer otherwise than with 204; n counts from 0. True: it did.
	answer func(n int, p Payload, w http.ResponseWriter, r *http.Request) bool
	n      int
	got    []Payload // that it said 2xx to
	seen   []Payload // all
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	id := req.Header.Get("X-Tocsin-Delivery")
	if e := Verify(hookSecret, req.Header.Get("X-Tocsin-Signature"), id, body, night, 48*time.Hour); err != nil || e != nil {
		r.t.Errorf("%v, %v: %s", err, e, body)
	}
	var p Payload
	if err := json.Unmarshal(body, &p); err != nil || p.ID != id || p.Type != req.Header.Get("X-Tocsin-Event") {
		r.t.Errorf("%v: %s, headers %v", err, body, req.Header)
	}
	r.mu.Lock()
	n := r.n
	r.n++
	r.seen = append(r.seen, p)
	answer := r.answer
	r.mu.Unlock()
	if answer != nil && answer(n, p, w, req) {
		return
	}
	r.mu.Lock()
	r.got = append(r.got, p)
	r.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) set(answer func(n int, p Payload, w http.ResponseWriter, r *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer, r.n, r.seen = answer, 0, nil
}

// kinds is what it took, and forgets it: "alert.opened escalate.asked".
func (r *receiver) kinds() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, p := range r.got {
		out = append(out, p.Type)
	}
	r.got = nil
	return strings.Join(out, " ")
}

func fails(status int) func(int, Payload, http.ResponseWriter, *http.Request) bool {
	return func(_ int, _ Payload, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return true
	}
}

func TestFactsAreTold(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.down("db", "before") // a new webhook begins at the present
		h.hook(org.Webhook{ID: "all", URL: r.URL + "/path?x=1"})
		h.down("db", "db-1")
		h.deliver()
		r.mu.Lock()
		got := r.got[0]
		r.mu.Unlock()
		if got.Type != "alert.opened" || !got.At.Equal(h.now) || got.By != "source:db" || got.Seq != 1 || !strings.Contains(string(got.Fact), `"db-1 is down"`) {
			t.Errorf("%+v", got)
		}
		want := Summary{ID: got.Incident.ID, Title: "db-1 is down", Status: incident.Triggered, Severity: org.SEV2, Priority: org.High, Service: "db", Team: "dba"}
		want.URL = "https://tocsin.example.org/incidents/" + string(want.ID)
		if d := cmp.Diff(want, got.Incident); d != "" {
			t.Error(d)
		}
		if got.Text != "opened: db-1 is down (db, SEV2, high)" {
			t.Errorf("text is %q", got.Text)
		}
		opened := r.kinds()
		h.up("db", "db-1")
		h.deliver()
		if all := opened + " " + r.kinds(); !strings.HasPrefix(all, "alert.opened escalate.asked escalate.") || !strings.HasSuffix(all, "alert.cleared resolve.resolved") {
			t.Error(all)
		}
		h.deliver()
		if again := r.kinds(); again != "" {
			t.Errorf("told again: %s", again)
		}
	})
}

func TestChosenFacts(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		for _, c := range []struct {
			hook org.Webhook
			want string
		}{
			{org.Webhook{ID: "kinds", Kinds: []string{"alert.opened", "resolve.*"}}, "alert.opened alert.opened resolve.resolved"},
			{org.Webhook{ID: "team", Team: "dba", Kinds: []string{"alert.*"}}, "alert.opened alert.cleared"},
			{org.Webhook{ID: "service", Service: "web", Kinds: []string{"alert.*"}}, "alert.opened"},
			{org.Webhook{ID: "none", Service: "web", Team: "dba"}, ""},
			{org.Webhook{ID: "off", Disabled: true}, ""},
		} {
			t.Run(string(c.hook.ID), func(t *testing.T) {
				r := newReceiver(t)
				c.hook.URL = r.URL
				h.hook(c.hook)
				h.down("db", "a "+t.Name())
				h.deliver()
				h.down("web", "b "+t.Name())
				h.deliver()
				h.up("db", "a "+t.Name())
				h.deliver()
				if got := r.kinds(); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
	})
}

func TestFailures(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.*"}})

		r.set(fails(500))
		h.down("db", "db-1")
		h.up("db", "db-1")
		h.deliver()
		h.pass(time.Second) // the next line waits for the first, the first for its time
		if got := h.log("x"); !cmp.Equal(got, []string{"alert.opened waiting 500 1", "alert.cleared waiting 0 0"}) {
			t.Error(got)
		}
		h.pass(15 * time.Second)
		r.set(nil)
		h.pass(2 * time.Minute)
		if got := r.kinds(); got != "alert.opened alert.cleared" {
			t.Errorf("in order after two failures: %s", got)
		}

		r.set(fails(400)) // dropped at once
		h.down("db", "db-2")
		h.deliver()
		r.set(fails(302))
		h.up("db", "db-2")
		h.deliver()
		got := h.deliveries("x")
		if l := len(got); got[l-2].State != store.DeliveryDropped || got[l-2].Status != 400 || got[l-1].State != store.DeliveryDropped || !strings.Contains(got[l-1].Err, "redirects") {
			t.Errorf("%+v", got)
		}

		r.set(fails(503)) // given up after five tries
		h.down("db", "db-3")
		for range 30 {
			h.pass(time.Minute)
		}
		if n := len(r.seen); n != 5 {
			t.Errorf("tried %d times", n)
		}
		ids := map[string]bool{}
		for _, p := range r.seen {
			ids[p.ID] = true
		}
		if last := h.deliveries("x"); len(ids) != 1 || last[len(last)-1].State != store.DeliveryDropped || last[len(last)-1].Digest == "" {
			t.Errorf("ids %v, %+v", ids, last)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.opened"}})
		r.set(func(n int, _ Payload, w http.ResponseWriter, _ *http.Request) bool {
			if n == 0 {
				w.Header().Set("Retry-After", "600")
				w.WriteHeader(http.StatusTooManyRequests)
			}
			return n == 0
		})
		h.down("db", "db-1")
		h.deliver()
		h.down("db", "db-2") // the other incidents leave it alone too
		h.pass(5 * time.Minute)
		if len(r.seen) != 1 {
			t.Errorf("asked %d times", len(r.seen))
		}
		h.pass(6 * time.Minute)
		if got := r.kinds(); got != "alert.opened alert.opened" {
			t.Error(got)
		}
	})
}

// One that hangs is given five seconds, and holds up nobody else.
func TestOneHangs(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "db"))
	hangs, well := newReceiver(t), newReceiver(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hangs.set(func(_ int, _ Payload, _ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return true
	})
	told := make(chan time.Time, 1)
	well.set(func(n int, _ Payload, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 0 {
			told <- time.Now()
		}
		return false
	})
	h.hook(org.Webhook{ID: "hangs", URL: hangs.URL, Kinds: []string{"alert.opened"}})
	h.hook(org.Webhook{ID: "well", URL: well.URL, Kinds: []string{"alert.opened"}})
	h.down("db", "db-1")
	began := time.Now()
	h.deliver()
	if took := (<-told).Sub(began); took > 2*time.Second {
		t.Errorf("the other waited %v", took)
	}
	got := h.deliveries("hangs")
	if took := time.Since(began); took < 4*time.Second || took > 8*time.Second || got[0].State != store.DeliveryWaiting || !strings.Contains(got[0].Err, "no answer within 5s") {
		t.Errorf("after %v: %+v", took, got)
	}
}

func TestPrivateAddresses(t *testing.T) {
	h, r := newHouse(t, filepath.Join(t.TempDir(), "db")), newReceiver(t)
	h.hooks = h.node() // nothing is allowed
	h.hook(org.Webhook{ID: "x", URL: strings.Replace(r.URL, "127.0.0.1", "localhost", 1) + "/secret-path", Kinds: []string{"alert.opened"}})
	h.down("db", "db-1")
	h.deliver()
	got := h.deliveries("x")
	if len(r.seen) != 0 || got[0].State != store.DeliveryDropped || !strings.Contains(got[0].Err, "not a public address") || strings.Contains(got[0].Err, "secret-path") {
		t.Errorf("%d, %+v", len(r.seen), got)
	}
}

// The house drops dead after a receiver has taken a delivery and before that is written
// down: everything is told all the same, and in order.
func TestCrashInMidDelivery(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.*"}})
		h.down("db", "db-1")
		h.up("db", "db-1")
		r.set(func(n int, _ Payload, _ http.ResponseWriter, _ *http.Request) bool {
			if n == 0 {
				h.store.Close()
			}
			return false
		})
		_ = h.hooks.Step(t.Context(), h.now)
		h.open()
		h.deliver() // the lease still holds
		if len(r.seen) != 1 {
			t.Errorf("sent %d times while the lease holds", len(r.seen))
		}
		h.pass(lease + time.Second)
		if got := r.kinds(); got != "alert.opened alert.opened alert.cleared" {
			t.Error(got)
		}
		if r.seen[0].ID != r.seen[1].ID {
			t.Errorf("twins have the ids %s and %s", r.seen[0].ID, r.seen[1].ID)
		}
	})
}

// Two nodes at once: each fact goes out once.
func TestTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.*"}})
		other := h.node("127.0.0.1")
		const n = 20
		for i := range n {
			h.down("db", fmt.Sprint(i))
			h.up("db", fmt.Sprint(i))
			var wg sync.WaitGroup
			for _, node := range []*Webhooks{h.hooks, other} {
				wg.Go(func() {
					if err := node.Step(t.Context(), h.now); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		h.deliver()
		times, last := map[string]int{}, map[incident.ID]int{}
		for _, p := range r.got {
			if times[p.ID]++; p.Seq <= last[p.Incident.ID] {
				t.Errorf("line %d of %s after line %d", p.Seq, p.Incident.ID, last[p.Incident.ID])
			}
			last[p.Incident.ID] = p.Seq
		}
		if len(times) != 2*n || len(r.got) != 2*n {
			t.Errorf("%d deliveries in %d sends", len(times), len(r.got))
		}
	})
}

func TestDeadForADay(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.opened"}})
		r.set(fails(500))
		for i := range 50 {
			h.down("db", fmt.Sprint(i))
			h.pass(30 * time.Minute)
		}
		if _, err := h.Step(t.Context(), h.now); err != nil {
			t.Fatal(err)
		}
		n := len(r.seen)
		h.pass(time.Hour)
		if len(r.seen) != n {
			t.Error("it is tried on")
		}
		err := h.store.Read(t.Context(), func(tx *store.Tx) error {
			rows, err := tx.Subjects(store.Filter{Limit: 200})
			found := 0
			for _, row := range rows {
				if row.Integration == engine.Own && row.Title == "the webhook x was switched off" {
					found++
				}
			}
			if found != 1 {
				t.Errorf("the house opened %d incidents about it", found)
			}
			hooks, e := tx.ConfigOf("webhook")
			if e != nil || len(hooks) != 1 || !strings.Contains(string(hooks[0].Body), `"disabled":true`) || hooks[0].By != incident.Engine {
				t.Errorf("%v %s", e, hooks[0].Body)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range h.log("x") {
			if strings.Contains(line, "waiting") {
				t.Errorf("still owed: %s", line)
			}
		}

		// Mended, and switched on again: from now on, and what it missed when asked for.
		r.set(nil)
		r.kinds()
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.opened"}, Service: "db"})
		h.down("db", "new")
		h.deliver()
		if got := r.kinds(); got != "alert.opened" {
			t.Errorf("after it was mended: %s", got)
		}
		h.write(func(tx *store.Tx) error { return Replay(tx, "x", night) })
		for range 10 {
			h.deliver()
		}
		if got := strings.Count(r.kinds(), "alert.opened"); got != 51 {
			t.Errorf("%d were replayed", got)
		}
	})
}

func TestRedeliver(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h, r := newHouse(t, url), newReceiver(t)
		h.hook(org.Webhook{ID: "x", URL: r.URL, Kinds: []string{"alert.*"}})
		h.down("db", "db-1")
		h.deliver()
		id := h.deliveries("x")[0].ID
		h.write(func(tx *store.Tx) error { return tx.Redeliver(id, h.now) })
		h.deliver()
		if len(r.got) != 2 || r.got[0].ID != r.got[1].ID || string(r.got[0].Fact) != string(r.got[1].Fact) || !cmp.Equal(r.got[0].Incident, r.got[1].Incident) {
			t.Errorf("%+v", r.got)
		}
	})
}

func TestOldDeliveriesGo(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		put := func(n int, at time.Time) {
			h.write(func(tx *store.Tx) error {
				for i := range n {
					d := store.Delivery{ID: fmt.Sprint(at.Unix(), ".", i), Hook: "x", Subject: "s", Seq: i, Kind: "k", At: at.Add(time.Duration(i) * time.Second)}
					if err := tx.PutDelivery(d); err != nil {
						return err
					}
					d.State = store.DeliveryDone
					if err := tx.SaveDelivery(d); err != nil {
						return err
					}
				}
				return nil
			})
		}
		put(10, night.Add(-31*24*time.Hour))
		put(1100, night.Add(-time.Hour))
		h.write(func(tx *store.Tx) error {
			n, err := tx.PruneDeliveries("x", night)
			if n < 109 || n > 110 {
				t.Errorf("dropped %d", n)
			}
			return err
		})
		if n := len(h.deliveries("x")); n != 1000 {
			t.Errorf("%d are left", n)
		}
	})
}

package follow

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// The program of an action is called once, signed, before anybody is; what it says stands
// on the timeline. What fails, refuses to be reached, or is called by two nodes ends once.
func TestActions(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		var calls []ActionCall
		status, said := 200, `{"text":"restarted\nit"}`
		fixer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if err := Verify(hookSecret, r.Header.Get("X-Tocsin-Signature"), r.Header.Get("X-Tocsin-Delivery"), body, h.now, time.Hour); err != nil {
				t.Error(err)
			}
			var c ActionCall
			if err := json.Unmarshal(body, &c); err != nil || c.Run != r.Header.Get("X-Tocsin-Delivery") {
				t.Error(err, string(body))
			}
			calls = append(calls, c)
			w.WriteHeader(status)
			fmt.Fprint(w, said)
		}))
		t.Cleanup(fixer.Close)
		h.configure("webhook", "fixer", org.Webhook{ID: "fixer", URL: fixer.URL, Secret: hookSecret, Actions: true})
		h.configure("sifting", "sifting", sift.Sifting{Actions: []sift.Action{{ID: "restart", Services: []org.ServiceID{"db"}, Webhook: "fixer", AtMost: 9}}})
		other := h.node("127.0.0.1")

		h.down("db", "db-1")
		if err := other.act(h.Context(), h.now); err != nil {
			t.Fatal(err)
		}
		other.turns.Wait()
		h.deliver()
		if len(calls) != 1 || calls[0].Alert.Key != "db-1" || calls[0].Incident.Title != "db-1 is down" || !calls[0].Until.Equal(h.now.Add(time.Minute)) {
			t.Errorf("%+v", calls)
		}
		h.lines("db-1", "restart began by itself; nobody is called before 02:14:00 UTC", "restart did its work: restarted it")
		if n := len(h.deliveries("fixer")); n != 0 {
			t.Errorf("the program of an action was told of %d facts", n)
		}

		status, said = 500, "no such host"
		h.down("db", "db-2")
		h.deliver()
		h.lines("db-2", "restart failed: answered 500 Internal Server Error: no such host", "level 1 skipped")

		h.hooks = h.node() // may connect to nothing here
		h.down("db", "db-3")
		h.deliver()
		h.lines("db-3", "not a public address", "level 1 skipped")

		// A crash after the claim: the run is called again when the lease is over, in vain.
		h.down("db", "db-4")
		h.write(func(tx *store.Tx) error {
			due, err := tx.DueActions(h.now, 10)
			if err == nil && len(due) == 1 {
				_, err = tx.ClaimAction(&due[0], h.now.Add(65*time.Second))
			}
			return err
		})
		h.pass(61 * time.Second)
		if _, err := h.Step(h.Context(), h.now); err != nil {
			t.Fatal(err)
		}
		h.lines("db-4", "and it still fires", "level 1 skipped")
		h.pass(time.Minute)
		h.lines("db-4", "restart failed: its time was over before it began")
		if len(calls) != 2 {
			t.Errorf("%d calls", len(calls))
		}
	})
}

// lines looks for lines in the log of the incident of an alert.
func (h *house) lines(key string, want ...string) {
	h.Helper()
	var text strings.Builder
	err := h.store.Read(h.Context(), func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 100})
		for _, r := range rows {
			if r.Title != key+" is down" {
				continue
			}
			var log incident.Log
			log, err = tx.Log(r.ID)
			for _, e := range log {
				fmt.Fprintln(&text, e.Fact)
			}
		}
		return err
	})
	for _, w := range want {
		if err != nil || !strings.Contains(text.String(), w) {
			h.Errorf("%s: %v, no line %q in:\n%s", key, err, w, &text)
		}
	}
}

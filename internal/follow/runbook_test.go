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
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

const aSecret = "hush-hush-1234"

// subject is the incident of an alert.
func (h *house) subject(key string) (id incident.ID, in incident.Incident) {
	h.Helper()
	err := h.store.Read(h.Context(), func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 100})
		for _, r := range rows {
			if r.Title == key+" is down" {
				id = r.ID
				sub, err := tx.Subject(r.ID)
				in = sub.Incident
				return err
			}
		}
		return err
	})
	if err != nil || id == "" {
		h.Fatalf("%s: %v", key, err)
	}
	return id, in
}

// does is what jane does in the incident of an alert.
func (h *house) does(key string, decide func(incident.Incident) ([]incident.Fact, error)) {
	h.Helper()
	id, _ := h.subject(key)
	if _, err := h.Do(h.Context(), id, "person:jane", h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return decide(in) }); err != nil {
		h.Fatal(err)
	}
}

// begins follows a runbook of one step, and lets the house do it.
func (h *house) begins(key string, c *runbook.Compiled) {
	h.Helper()
	h.does(key, func(in incident.Incident) ([]incident.Fact, error) { return runbook.Start(in, c, 1) })
	h.runs(key)
}

func (h *house) runs(key string) {
	h.Helper()
	h.does(key, func(in incident.Incident) ([]incident.Fact, error) { return runbook.Run(in, 1, 1, h.NewID(h.now)) })
}

func (h *house) book(text string, more func(*runbook.Runbook)) *runbook.Compiled {
	h.Helper()
	b := runbook.Runbook{ID: fmt.Sprint("book-", len(text)), Text: text}
	if more != nil {
		more(&b)
	}
	h.configure("runbook", b.ID, b)
	c, err := runbook.Compile(b)
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// A step is called once, with values and secrets in their place; what comes back is kept
// without secrets. What was at work when its holder died is done again only if that does
// no harm.
func TestRunbookSteps(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		var calls []string
		status := 200
		program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			calls = append(calls, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body))
			w.WriteHeader(status)
			fmt.Fprintf(w, "you sent %s %s", aSecret, strings.Repeat("y", maxOutput))
		}))
		t.Cleanup(program.Close)
		block := func(method, options string) string {
			return fmt.Sprintf("## Do it\n```http %s\n%s %s/x?k={{label.key}}\nAuthorization: Bearer {{secret.token}}\n\n{\"who\": \"{{person}}\"}\n```", options, method, program.URL)
		}
		secret := func(b *runbook.Runbook) { b.Secrets = map[string]string{"token": aSecret} }
		post := h.book(block("POST", "timeout=10s"), secret)

		h.down("db", "db-1")
		h.begins("db-1", post)
		h.deliver()
		if want := `POST /x?k=db-1 Bearer ` + aSecret + ` {"who": "jane"}`; len(calls) != 1 || calls[0] != want {
			t.Fatalf("%q, want %q", calls, want)
		}
		h.lines("db-1", "step 1 done: Do it", "answered 200: you sent •••", "finished")
		_, in := h.subject("db-1")
		err := h.store.Read(t.Context(), func(tx *store.Tx) error {
			s, err := tx.StepNamed(in.Room.Runbooks[0].Steps[0].Row)
			if strings.Contains(s.Output, aSecret) || len(s.Output) > maxOutput+200 || !strings.HasPrefix(s.Output, "200 OK\n") || !strings.HasSuffix(s.Output, "…") {
				t.Errorf("%d: %.200s", len(s.Output), s.Output)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		status = 503
		h.down("db", "db-2")
		h.begins("db-2", post)
		h.deliver()
		h.lines("db-2", "step 1 failed: Do it", "answered 503 Service Unavailable")
		status = 200
		h.runs("db-2")
		h.pass(time.Second)
		h.deliver()
		h.lines("db-2", "step 1 begun once more", "step 1 done")

		// Whoever held it does not come back.
		dies := func(key string, c *runbook.Compiled) {
			h.down("db", key)
			h.begins(key, c)
			h.write(func(tx *store.Tx) error {
				due, err := tx.DueSteps(h.now, 10)
				if err == nil && len(due) == 1 {
					_, err = tx.ClaimStep(&due[0], h.now.Add(15*time.Second))
				}
				return err
			})
			h.deliver()
			h.pass(16 * time.Second)
			h.deliver()
		}
		before := len(calls)
		dies("db-3", post)
		h.lines("db-3", "nobody knows of step 1: Do it: the server stopped while it was at work")
		dies("db-4", h.book(block("GET", "timeout=9s"), secret))
		h.lines("db-4", "step 1 done")
		dies("db-5", h.book(block("POST", "timeout=8s repeat"), secret))
		h.lines("db-5", "step 1 done")
		if len(calls) != before+2 {
			t.Errorf("%d calls more", len(calls)-before)
		}

		h.down("db", "db-6")
		h.begins("db-6", h.book(block("GET", "timeout=7s expect=204"), nil))
		h.deliver()
		h.lines("db-6", "step 1 failed: Do it", "the secret token is not there")
		h.hooks = h.node() // may connect to nothing here
		h.down("db", "db-7")
		h.begins("db-7", post)
		h.deliver()
		h.lines("db-7", "not a public address")
	})
}

// A webhook's step is told and signed like a delivery. A runbook of an action runs before
// anybody is called, step by step.
func TestRunbookByItself(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		var calls []StepCall
		status := 200
		program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if err := Verify(hookSecret, r.Header.Get("X-Tocsin-Signature"), r.Header.Get("X-Tocsin-Delivery"), body, h.now, time.Hour); err != nil {
				t.Error(err)
			}
			var c StepCall
			if err := json.Unmarshal(body, &c); err != nil {
				t.Error(err)
			}
			calls = append(calls, c)
			w.WriteHeader(status)
		}))
		t.Cleanup(program.Close)
		h.configure("webhook", "fixer", org.Webhook{ID: "fixer", URL: program.URL, Secret: hookSecret, Actions: true})
		h.book("# Fix\n## Drain\n```webhook fixer\ndrain {{label.key}}\n```\n## Restart\n```webhook fixer\nrestart\n```", func(b *runbook.Runbook) { b.ID = "fix" })
		h.configure("sifting", "sifting", sift.Sifting{Actions: []sift.Action{{ID: "auto", Services: []org.ServiceID{"db"}, Runbook: "fix", AtMost: 9}}})
		h.down("db", "db-1")
		h.deliver()
		h.pass(time.Second)
		h.deliver()
		if len(calls) != 2 || calls[0].Text != "drain db-1" || calls[0].Type != "runbook" || calls[1].Step != "Restart" || calls[0].Incident.Title != "db-1 is down" {
			t.Errorf("%+v", calls)
		}
		h.lines("db-1", "runbook Fix began by itself", "step 2 done: Restart", "auto did its work: 2 steps")
		status = 500
		h.down("db", "db-2")
		h.deliver()
		h.lines("db-2", "step 1 failed: Drain", "auto failed: step 1: answered 500 Internal Server Error", "level 1 skipped")
		h.pass(5 * time.Minute)
		if len(calls) != 3 {
			t.Errorf("%d calls", len(calls))
		}
	})
}

package apply

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

var (
	now = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	by  = incident.Actor("person:root")
)

// A place is an installation under test.
type place struct {
	*testing.T
	st   *store.Store
	ring *secret.Ring
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(p place)) {
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "db") },
		"postgres": func(t *testing.T) string { return storetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			ring, err := secret.Generate(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			st, err := store.Open(context.Background(), store.Options{URL: url(t), Ring: ring, Sync: "OFF"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { st.Close() })
			test(place{t, st, ring})
		})
	}
}

func (p place) wish(text string) Wish {
	p.Helper()
	s, err := config.Parse("x.yaml", []byte(text))
	if err != nil {
		p.Fatal(err)
	}
	return Wish{Setup: s, Ring: p.ring, Rand: rand.Reader}
}

func (p place) apply(w Wish) []Step {
	p.Helper()
	steps, err := Run(p.Context(), p.st, w, by, now)
	if err != nil {
		p.Fatal(err)
	}
	return steps
}

// done is the steps as verbs and names: "create person jane".
func done(steps []Step) (out []string) {
	for _, s := range steps {
		out = append(out, strings.Join(append([]string{string(s.Do), s.Kind, s.ID}, s.Changed...), " "))
	}
	return out
}

func (p place) expect(steps []Step, want ...string) {
	p.Helper()
	if diff := cmp.Diff(want, done(steps)); diff != "" {
		p.Errorf("steps (-want +got):\n%s", diff)
	}
}

func (p place) rows() (rows []store.ConfigRow, seq int64) {
	p.Helper()
	err := p.st.Read(p.Context(), func(tx *store.Tx) (err error) {
		if seq, err = tx.ConfigSeq(); err != nil {
			return err
		}
		if err = tx.VerifyConfig(); err != nil {
			return err
		}
		rows, err = tx.Config()
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return rows, seq
}

func TestExampleTwice(t *testing.T) {
	data, err := os.ReadFile("../../docs/examples/first.yaml")
	if err != nil {
		t.Fatal(err)
	}
	onBoth(t, func(p place) {
		w := p.wish(string(data))
		plan, err := Plan(p.Context(), p.st, w)
		if err != nil {
			p.Fatal(err)
		}
		if rows, seq := p.rows(); len(rows) != 0 || seq != 0 {
			p.Errorf("a plan wrote %d rows", len(rows))
		}
		first := p.apply(w)
		p.expect(plan, done(first)...)
		rows, seq := p.rows()
		if len(rows) != len(first) || seq != int64(len(first)) {
			p.Errorf("%d steps made %d rows by %d changes", len(first), len(rows), seq)
		}
		for _, s := range first {
			made := s.Kind == "integration"
			if s.Do != Create || s.Version != 1 || (s.Key != "") != made || (s.Integration != nil) != made {
				p.Errorf("first time: %+v", s)
			}
		}
		for _, s := range p.apply(w) {
			if s.Do != Unchanged || s.Version != 1 || s.Key != "" || s.Integration != nil {
				p.Errorf("second time: %+v", s)
			}
		}
		if again, after := p.rows(); after != seq || !cmp.Equal(rows, again) {
			p.Errorf("the second time wrote: %d changes, then %d", seq, after)
		}
	})
}

const small = `
people: [{id: jane}, {id: omar}]
teams: [{id: dba, members: [jane]}]
policies: [{id: p, levels: [{targets: [jane]}]}]
services: [{id: db, policy: p}]
integrations: [{id: prom, source: alertmanager}]
rules: [{name: all, service: db}]
settings: {catch_all: db}
`

func TestChanges(t *testing.T) {
	onBoth(t, func(p place) {
		key := p.apply(p.wish(small))[5].Key
		hash := config.KeyHash(p.ring, key)

		p.expect(p.apply(p.wish("people: [{id: omar, name: Omar, zone: Europe/Prague}]\nintegrations: [{id: prom, name: Prometheus, source: alertmanager, service: db}]")),
			"update person omar name zone", "update integration prom name service")
		// What the ledger is reckoned by is told by its name, and stays where a plan is made again.
		shared := "people: [{id: omar, name: Omar, zone: Europe/Prague, capacity: 0.5}]\nschedules: [{id: s, layers: [{id: l, people: [omar, jane], every: 1 week, from: \"2026-01-05\"}], fairness: {weights: {night: 0.3}, cover: auto}}]"
		p.expect(p.apply(p.wish(shared)), "update person omar capacity", "create schedule s")
		p.expect(p.apply(p.wish(strings.Replace(shared, "cover: auto", "digest: true", 1))), "unchanged person omar", "update schedule s fairness")
		for _, r := range first(p.rows()) {
			if r.Kind == "integration" && !strings.Contains(string(r.Body), hash) {
				p.Errorf("without a key in the file the key is lost: %s", r.Body)
			}
		}

		steps := p.apply(p.wish("integrations: [{id: prom, name: Prometheus, source: alertmanager, service: db, key: a-key-of-my-own-choice}]"))
		p.expect(steps, "update integration prom key_hash")
		if steps[0].Key != "a-key-of-my-own-choice" || steps[0].Version != 3 {
			p.Errorf("a key that was given: %+v", steps[0])
		}
	})
}

// Nobody's cover ends because a set-up is applied again; a file that says which overrides
// there are means it.
func TestOverridesStay(t *testing.T) {
	onBoth(t, func(p place) {
		const plan = `
people: [{id: jane}, {id: omar}]
schedules: [{id: s, layers: [{id: l, people: [jane, omar], every: 1 week, from: "2026-01-05"}]%s}]`
		const over = `, patches: [{id: x, op: set, start: "2026-01-06T08:00:00Z", end: "2026-01-07T08:00:00Z", users: [omar]}]`
		p.apply(p.wish(fmt.Sprintf(plan, over)))
		p.expect(p.apply(p.wish(fmt.Sprintf(plan, ""))), "unchanged person jane", "unchanged person omar", "unchanged schedule s")
		p.expect(p.apply(p.wish(fmt.Sprintf(plan, ", name: Week"))), "unchanged person jane", "unchanged person omar", "update schedule s name")
		p.expect(p.apply(p.wish(fmt.Sprintf(plan, ", name: Week, patches: []"))), "unchanged person jane", "unchanged person omar", "update schedule s patches")
	})
}

func TestPrune(t *testing.T) {
	onBoth(t, func(p place) {
		p.apply(p.wish(small))
		w := p.wish("people: [{id: omar}]\nteams: [{id: dba, members: [jane]}]")
		w.Prune = true
		if _, err := Run(p.Context(), p.st, w, by, now); err == nil || !strings.Contains(err.Error(), `x.yaml:2:29: teams[0].members[0]: there is no person "jane"`) {
			p.Errorf("refers to what is pruned: %v", err)
		}
		w = p.wish("people: [{id: omar}]")
		w.Prune = true
		p.expect(p.apply(w), "unchanged person omar", "retire integration prom", "retire person jane", "retire policy p",
			"update rules rules", "retire service db", "update settings settings catch_all", "retire team dba")
		p.expect(p.apply(w), "unchanged person omar", "unchanged rules rules", "unchanged settings settings")

		// What comes back has the key that it had, and counts on.
		steps := p.apply(p.wish("people: [{id: jane}]\nintegrations: [{id: prom, source: alertmanager}]"))
		p.expect(steps, "create person jane", "create integration prom")
		if steps[0].Version != 3 || steps[1].Key != "" {
			p.Errorf("come back as %+v", steps)
		}
	})
}

func TestRefusals(t *testing.T) {
	onBoth(t, func(p place) {
		p.apply(p.wish("integrations: [{id: a, source: generic, key: key-of-sixteen-or-more}]"))
		_, before := p.rows()
		_, err := Run(p.Context(), p.st, p.wish("people: [{id: jane}]\nintegrations: [{id: b, source: generic, key: key-of-sixteen-or-more}]"), by, now)
		if _, ok := errors.AsType[incident.Refusal](err); !ok || strings.Contains(err.Error(), "sixteen") {
			p.Errorf("a key that is taken: %v", err)
		}
		_, err = Run(p.Context(), p.st, p.wish("people: [{id: jane}]\nteams: [{id: t, members: [x]}]"), by, now)
		if _, ok := errors.AsType[*config.Problems](err); !ok {
			p.Errorf("a reference to nobody: %v", err)
		}
		if _, after := p.rows(); after != before {
			p.Error("a refused set-up was written in part")
		}
		w := p.wish("integrations: [{id: b, source: generic, key: key-of-sixteen-or-more}]")
		w.Prune = true
		p.expect(p.apply(w), "create integration b", "retire integration a")
	})
}

func TestPrint(t *testing.T) {
	onBoth(t, func(p place) {
		p.apply(p.wish("people: [{id: jane}, {id: omar}]\nteams: [{id: dba}]"))
		w := p.wish(`
people: [{id: jane, zone: Europe/Prague}, {id: omar}]
integrations:
  - {id: prom, source: alertmanager, key: alertmanager-key-1}
  - {id: pd, source: pagerduty, key: abcdefghijklmnopqrstuvwxyz012345}
  - {id: own, source: generic}
rules: []
`)
		w.Prune = true
		plan, err := Plan(p.Context(), p.st, w)
		if err != nil {
			p.Fatal(err)
		}
		head := "~ person jane (version 2): zone\n+ integration prom\n+ integration pd\n+ integration own\n+ rules\n- team dba\n= 1 unchanged\n" +
			"\nprom (alertmanager): shown once\n  URL  https://t.example.org/in/alertmanager/alertmanager-key-1\n  for Prometheus itself, amtool, Grafana  https://t.example.org/am/alertmanager-key-1\n" +
			"\npd (pagerduty): shown once\n  URL          https://t.example.org/v2/enqueue\n  routing_key  abcdefghijklmnopqrstuvwxyz012345\n"
		if diff := cmp.Diff(head+"\nown (generic): a key will be made and shown\n", printed(t, plan)); diff != "" {
			p.Errorf("plan (-want +got):\n%s", diff)
		}
		got := printed(t, p.apply(w))
		got = regexp.MustCompile(`/in/generic/[A-Za-z0-9]{32}\n`).ReplaceAllString(got, "/in/generic/KEY\n")
		if diff := cmp.Diff(head+"\nown (generic): shown once\n  URL  https://t.example.org/in/generic/KEY\n", got); diff != "" {
			p.Errorf("applied (-want +got):\n%s", diff)
		}
	})
}

func printed(t *testing.T, steps []Step) string {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, steps, "https://t.example.org"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNewKey(t *testing.T) {
	a, b := config.NewKey(rand.Reader), config.NewKey(rand.Reader)
	if !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString(a) || a == b {
		t.Errorf("keys are %s and %s", a, b)
	}
}

func first[A, B any](a A, _ B) A { return a }

func TestWebhooksOfASetUp(t *testing.T) {
	onBoth(t, func(p place) {
		const file = "webhooks: [{id: bot, url: 'https://example.org/hook', kinds: ['escalate.*']}]"
		plan, err := Plan(p.Context(), p.st, p.wish(file))
		if err != nil || plan[0].Secret == nil || *plan[0].Secret != "" {
			p.Errorf("%v: %+v", err, plan)
		}
		first := p.apply(p.wish(file))
		p.expect(first, "create webhook bot")
		secret := *first[0].Secret
		var said bytes.Buffer
		if err := Print(&said, first, ""); err != nil || len(secret) != 32 || !strings.Contains(said.String(), "shown once\n  secret  "+secret) {
			p.Errorf("%v: %s", err, said.String())
		}
		again := p.apply(p.wish(file))
		if p.expect(again, "unchanged webhook bot"); again[0].Secret != nil {
			p.Error("the secret is shown again")
		}
		other := p.apply(p.wish(strings.Replace(file, "kinds", "secret: another-secret-of-mine, kinds", 1)))
		if p.expect(other, "update webhook bot secret"); *other[0].Secret != "another-secret-of-mine" {
			p.Error(*other[0].Secret)
		}
		gone := p.wish("teams: [{id: dba}]")
		gone.Prune = true
		p.expect(p.apply(gone), "create team dba", "retire webhook bot")
	})
}

func TestPruneHeartbeats(t *testing.T) {
	onBoth(t, func(p place) {
		p.apply(p.wish("integrations: [{id: cron, source: generic}]\nheartbeats: [{id: backup, integration: cron, every: 1h}]"))
		w := p.wish("integrations: [{id: cron, source: generic}]")
		w.Prune = true
		p.expect(p.apply(w), "unchanged integration cron", "retire heartbeat backup")
	})
}

// TestPruneLeavesKeys: a file cannot name API keys, so that it does not end them.
func TestPruneLeavesKeys(t *testing.T) {
	rows := []store.ConfigRow{{Kind: "api_key", ID: "k", Version: 1}, {Kind: "credential", ID: "jane", Version: 1}, {Kind: "team", ID: "dba", Version: 1}}
	if steps := pruned(rows, nil); len(steps) != 1 || steps[0].Kind != "team" {
		t.Errorf("pruned %+v", steps)
	}
}

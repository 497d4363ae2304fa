package killtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/pgtest"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

// points are the engine's named points; the house dies at each of them.
var points = []string{
	"before accept", "after accept", "after triage", "after claim of due", "after claim, before send", "after send, before mark", "after do", "after say",
}

func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_KILL_ROUNDS")); err == nil {
		return n
	}
	if testing.Short() {
		return 3
	}
	return 20
}

func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); kill(t, filepath.Join(t.TempDir(), "house.db")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); kill(t, pgtest.Start(t)) })
}

// A killer keeps the books of one house.
type killer struct {
	t        *testing.T
	url      string
	sends    string // file
	seen     int64  // bytes of it that were read
	rng      *rand.Rand
	posted   int
	accepted map[string]bool
	order    []string // of their acceptance
	answered map[string]bool
	said     int             // messages that somebody wrote
	unsent   map[string]bool // nonces for which no answer came: they are sent again
	heard    map[string]bool // those of which the house says that it has them
	sent     map[string]int  // by page
	unknown  map[string]int  // times that a page had gone out and was not marked
}

func kill(t *testing.T, url string) {
	k := &killer{
		t: t, url: url, sends: filepath.Join(t.TempDir(), "sends"), rng: rand.New(rand.NewPCG(1, 2)),
		accepted: map[string]bool{}, answered: map[string]bool{}, unsent: map[string]bool{}, heard: map[string]bool{}, sent: map[string]int{}, unknown: map[string]int{},
	}
	if err := os.WriteFile(k.sends, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.settleIn()
	began := time.Now()
	n := rounds()
	for range n {
		k.round("")
	}
	for _, point := range points {
		k.round(point)
	}
	kills := n + len(points)
	rest := time.Now()
	k.last()
	k.compare()
	twice, unknown := 0, 0
	for page, n := range k.sent {
		twice += n - 1
		unknown += k.unknown[page]
	}
	t.Logf("%d kills in %s, at rest after %s more: %d events posted, %d accepted, %d answers, %d pages, %d sent twice where %d outcomes were unknown",
		kills, rest.Sub(began).Round(time.Millisecond), time.Since(rest).Round(time.Millisecond), k.posted, len(k.accepted), len(k.answered), len(k.sent), twice, unknown)
}

// settleIn writes the configuration: one person, one way, one page for each event.
func (k *killer) settleIn() {
	k.in(func(s *store.Store) error {
		var all []store.Change
		add := func(kind, id string, v any) {
			b, _ := json.Marshal(v)
			all = append(all, store.Change{Kind: kind, ID: id, Body: b, By: incident.Engine})
		}
		add("person", "ana", org.Person{ID: "ana", Name: "Ana", Methods: []org.Method{{ID: "m", Channel: "file", Address: "x", Verified: true}}})
		add("policy", "p", escalate.Policy{ID: "p", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "ana"}}, Wait: org.Duration(300 * time.Millisecond)}}})
		add("service", "shop", org.Service{ID: "shop", Name: "Shop", Policy: "p"})
		add("integration", "prom", org.Integration{ID: "prom", Name: "prom", Source: "generic", Service: "shop"})
		add("settings", "", org.Settings{CatchAll: "shop"})
		return s.Write(context.Background(), store.People, func(tx *store.Tx) error {
			if _, err := tx.PutConfig(time.Now(), all...); err != nil {
				return err
			}
			if _, err := tx.AddTalk(talk.Conversation{ID: conversation, Kind: talk.Group, MadeAt: time.Now(), MadeBy: incident.Engine}, ""); err != nil {
				return err
			}
			return tx.AddMember(conversation, "ana", 0, time.Now())
		})
	})
}

// in opens the store of a house that is not running.
func (k *killer) in(fn func(*store.Store) error) {
	k.t.Helper()
	s, _, err := openStore(k.url)
	if err == nil {
		err = fn(s)
		if e := s.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// A house is a running child.
type house struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // closed when it is gone
}

func (k *killer) start(point string) *house {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envURL+"="+k.url, envSends+"="+k.sends, envPoint+"="+point)
	if os.Getenv("TOCSIN_KILL_LOUD") != "" {
		cmd.Stderr = os.Stderr
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	h := &house{cmd, in, make(chan string, 1024)}
	go func() {
		defer close(h.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			h.lines <- s.Text()
		}
	}()
	return h
}

// round lets the house work until it is killed: after a random time, or by itself at a
// point.
func (k *killer) round(point string) {
	h := k.start(point)
	after := time.Duration(1+k.rng.IntN(500)) * time.Millisecond
	if k.rng.IntN(5) > 0 || point != "" { // else it may die while it starts
		if <-h.lines != "ready" {
			k.t.Fatal("the house does not start")
		}
	}
	if point != "" {
		after = 20 * time.Second // it should have killed itself long before
	}
	deadline := time.After(after)
	beat := time.NewTicker(4 * time.Millisecond)
	defer beat.Stop()
	for nonce := range k.unsent { // as whoever comes back does
		fmt.Fprintf(h.in, "say %s\n", nonce)
	}
	known := len(k.order) // accepted in earlier rounds: triage knows most of them by now
	for alive := true; alive; {
		select {
		case line, ok := <-h.lines:
			if alive = ok; ok {
				k.hears(line)
			}
		case <-beat.C:
			k.posted++
			fmt.Fprintf(h.in, "k%d\n", k.posted)
			k.said++
			k.unsent[fmt.Sprint("n", k.said)] = true
			fmt.Fprintf(h.in, "say n%d\n", k.said)
			if known > 0 && k.rng.IntN(4) == 0 {
				fmt.Fprintf(h.in, "ack %s\n", k.order[k.rng.IntN(known)])
			}
		case <-deadline:
			if point != "" {
				k.t.Errorf("the house never came to %q", point)
			}
			h.cmd.Process.Kill()
			deadline = nil
		}
	}
	h.cmd.Wait()
	k.reckon()
}

// hears notes what the house has promised.
func (k *killer) hears(line string) {
	said, ok := strings.CutPrefix(line, "ok ")
	key, ack := strings.CutPrefix(said, "ack ")
	nonce, talks := strings.CutPrefix(said, "say ")
	switch {
	case !ok || said == "idle":
	case talks:
		k.heard[nonce] = true
		delete(k.unsent, nonce)
	case ack:
		k.answered[key] = true
	default:
		k.accepted[key] = true
		k.order = append(k.order, key)
	}
}

// reckon reads what went out in this round, and which of it is not marked: those may
// go out once more.
func (k *killer) reckon() {
	b, err := os.ReadFile(k.sends)
	if err != nil {
		k.t.Fatal(err)
	}
	var pages []string
	for line := range strings.Lines(string(b[k.seen:])) {
		_, page, _ := strings.Cut(strings.TrimSpace(line), " ")
		k.sent[page]++
		pages = append(pages, page)
	}
	k.seen = int64(len(b))
	k.in(func(s *store.Store) error {
		return s.Read(context.Background(), func(tx *store.Tx) error {
			for _, id := range pages {
				p, err := tx.Page(id)
				if err != nil {
					return fmt.Errorf("page %s went out and is not written down: %w", id, err)
				}
				if p.State == escalate.Claimed {
					k.unknown[id]++
				}
			}
			return nil
		})
	})
}

// last starts the house once more, and lets it come to rest.
func (k *killer) last() {
	h := k.start("")
	deadline := time.After(2 * time.Minute)
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	for nonce := range k.unsent {
		fmt.Fprintf(h.in, "say %s\n", nonce)
	}
	for rest := false; !rest || len(k.unsent) > 0; {
		select {
		case line, ok := <-h.lines:
			if !ok {
				k.t.Fatal("the house died by itself")
			}
			k.hears(line)
			rest = line == "ok idle"
		case <-beat.C:
			fmt.Fprintln(h.in, "idle")
		case <-deadline:
			k.t.Fatal("the house does not come to rest")
		}
	}
	h.in.Close()
	for range h.lines {
	}
	if err := h.cmd.Wait(); err != nil {
		k.t.Errorf("the house ends with %v", err)
	}
	k.reckon()
}

// compare: what was accepted is an incident with its page, which went out, or was
// answered before it could; none went out twice without need.
func (k *killer) compare() {
	k.in(func(s *store.Store) error {
		return s.Read(context.Background(), func(tx *store.Tx) error {
			for key := range k.accepted {
				if err := k.one(tx, key); err != nil {
					k.t.Errorf("%s: %v", key, err)
				}
			}
			return nil
		})
	})
	k.messages()
	for page, n := range k.sent {
		if n-1 > k.unknown[page] {
			k.t.Errorf("page %s went out %d times, and only %d outcomes were unknown", page, n, k.unknown[page])
		}
	}
}

// messages: what somebody wrote is there once, however often it was sent, and the numbers
// have no gap.
func (k *killer) messages() {
	times, last := map[string]int{}, 0
	k.in(func(s *store.Store) error {
		return s.Read(context.Background(), func(tx *store.Tx) error {
			for {
				all, err := tx.MessagesAfter(conversation, last, 500)
				if err != nil || len(all) == 0 {
					return err
				}
				for _, m := range all {
					if times[m.Nonce]++; m.Seq != last+1 || m.Text != "this is "+m.Nonce {
						k.t.Errorf("message %d comes after %d and says %q", m.Seq, last, m.Text)
					}
					last = m.Seq
				}
			}
		})
	})
	for n := range k.said {
		if nonce := fmt.Sprint("n", n+1); times[nonce] != 1 {
			k.t.Errorf("message %s is there %d times; heard: %v", nonce, times[nonce], k.heard[nonce])
		}
	}
	k.t.Logf("%d messages, each once", last)
}

func (k *killer) one(tx *store.Tx, key string) error {
	ak := store.AlertKey{Integration: "prom", Key: key}
	found, err := tx.OpenAlerts([]store.AlertKey{ak})
	if err != nil {
		return err
	}
	a, ok := found[ak]
	if !ok {
		return fmt.Errorf("was accepted and is lost")
	}
	sub, err := tx.Subject(a.Subject)
	if err != nil {
		return err
	}
	if err := tx.VerifyLog(a.Subject); err != nil {
		return err
	}
	if k.answered[key] && sub.Status != incident.Acknowledged {
		return fmt.Errorf("was answered and is %s", sub.Status)
	}
	pages, err := tx.PagesOf(a.Subject)
	if err != nil {
		return err
	}
	if len(pages) != 1 {
		return fmt.Errorf("has %d pages", len(pages))
	}
	switch p := pages[0]; {
	case p.State == escalate.Sent && k.sent[p.ID] > 0:
	case p.State == escalate.Cancelled && sub.Status == incident.Acknowledged:
	default:
		return fmt.Errorf("its page %s is %s and went out %d times", p.ID, p.State, k.sent[p.ID])
	}
	return nil
}

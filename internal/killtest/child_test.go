// Package killtest kills the house, again and again, with a signal that no process can
// answer, and starts it again: on SQLite as it is in production, and on PostgreSQL.
//
// The test starts its own binary as the house (child_test.go), which speaks lines: it
// is given the keys of events, and says which are accepted once Hear has returned. Its
// one channel appends each page to a file with one write. The test (kill_test.go) keeps
// the books, and at the end compares: no accepted event is lost, every page went out,
// and one that went out twice did so because nobody could know.
//
// TOCSIN_KILL_ROUNDS says how often; a release wants 200.
package killtest

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
)

const (
	envURL   = "TOCSIN_KILL_URL" // of the database; set in the child alone
	envSends = "TOCSIN_KILL_SENDS"
	envPoint = "TOCSIN_KILL_POINT" // where the child kills itself

	conversation = "talk"
)

func TestMain(m *testing.M) {
	if os.Getenv(envURL) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

func openStore(url string) (*store.Store, *secret.Ring, error) {
	ring, err := secret.Generate(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		return nil, nil, err
	}
	s, err := store.Open(context.Background(), store.Options{URL: url, Ring: ring, Exclusive: true})
	return s, ring, err
}

// A file is a channel that appends the key and the page of each message, with one write.
type file struct{ *os.File }

func (file) Name() string { return "file" }

func (f file) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	_, err := f.WriteString(m.Title + " " + m.ID + "\n")
	return channel.Receipt{State: escalate.Sent}, err
}

// child is the house.
func child() error {
	sends, err := os.OpenFile(os.Getenv(envSends), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s, ring, err := openStore(os.Getenv(envURL))
	if err != nil {
		return err
	}
	e := engine.New(engine.Options{
		Store: s, Ring: ring, Channels: []channel.Channel{file{sends}}, PublicURL: "https://tocsin.example", Async: true,
		Hit: suicide(os.Getenv(envPoint)), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	say("ready")
	var asked sync.WaitGroup
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		line := in.Text()
		asked.Go(func() {
			if err := obey(ctx, e, line); err != nil {
				fmt.Fprintln(os.Stderr, "child:", line, err)
				return
			}
			say("ok " + line)
		})
	}
	asked.Wait()
	cancel()
	if err := <-ended; err != nil {
		return err
	}
	return s.Close()
}

var saying sync.Mutex

func say(line string) {
	saying.Lock()
	defer saying.Unlock()
	os.Stdout.WriteString(line + "\n")
}

// suicide kills this process at the third time it comes to a point.
func suicide(point string) func(string) {
	if point == "" {
		return nil
	}
	var times atomic.Int32
	return func(at string) {
		if at == point && times.Add(1) == 3 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// obey does what a line says: "key" is an event, "ack key" an answer, "say nonce" a
// message, "idle" asks whether everything is done.
func obey(ctx context.Context, e *engine.Engine, line string) error {
	key, ack := strings.CutPrefix(line, "ack ")
	nonce, talks := strings.CutPrefix(line, "say ")
	switch {
	case line == "idle":
		return idle(ctx, e)
	case talks:
		_, err := e.Say(ctx, engine.Saying{Conversation: conversation, By: incident.ByPerson("ana"), Nonce: nonce, Text: "this is " + nonce}, e.Now())
		return err
	case !ack:
		return e.Hear(ctx, "prom", []alert.Event{{Action: alert.Trigger, Key: key, Title: key}}, nil, e.Now())
	}
	id, err := subject(ctx, e, key)
	if err != nil {
		return err
	}
	_, err = e.Do(ctx, id, incident.ByPerson("ana"), e.Now(), func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		return escalate.Acknowledge(in, w, "web", e.Now())
	})
	return err
}

func subject(ctx context.Context, e *engine.Engine, key string) (id incident.ID, err error) {
	k := store.AlertKey{Integration: "prom", Key: key}
	err = e.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.OpenAlerts([]store.AlertKey{k})
		if a, ok := found[k]; ok {
			id = a.Subject
			return nil
		}
		if err == nil {
			err = store.ErrNotFound
		}
		return err
	})
	return id, err
}

// idle is an error while something waits.
func idle(ctx context.Context, e *engine.Engine) error {
	return e.Read(ctx, func(tx *store.Tx) error {
		a, err := tx.Agenda()
		if err != nil {
			return err
		}
		for lane := range a.Pages {
			if a.Waiting || !a.Pages[lane].IsZero() {
				return fmt.Errorf("pages wait")
			}
		}
		return nil
	})
}

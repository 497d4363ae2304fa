package app

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/channel/smtptest"
	"tocsin/internal/config"
)

// The goals of a start, on a quiet machine. Tests allow noise times as much.
const (
	firstStartGoal = time.Second
	laterStartGoal = 300 * time.Millisecond
	noise          = 5
)

// ready starts a server and measures how long it takes until it says that it is ready.
func ready(t *testing.T, o config.Server) (*child, time.Duration) {
	t.Helper()
	begun := time.Now()
	c := start(t, "serve", o)
	answers(t, c.URL+"/readyz")
	return c, time.Since(begun)
}

// refused starts a server that must not come up, and returns what it says.
func refused(t *testing.T, o config.Server) string {
	t.Helper()
	c := command(t, "serve", o)
	var said, out bytes.Buffer
	c.Stderr, c.Stdout = &said, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(30*time.Second, func() { c.Process.Kill() })
	defer late.Stop()
	err := c.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || out.Len() > 0 {
		t.Errorf("a start that must be refused: %v, %s%s", err, out.Bytes(), said.Bytes())
	}
	return said.String()
}

// says checks that a refusal says what is wrong, and once.
func says(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not said: %s", w, got)
		}
	}
	if n := strings.Count(got, "\n"); n > 1 {
		t.Errorf("it takes %d lines to say:\n%s", n, got)
	}
}

// ended waits for a child that was told to stop: it must, soon and with code 0.
func ended(t *testing.T, c *child) {
	t.Helper()
	begun := time.Now()
	late := time.AfterFunc(20*time.Second, func() { c.cmd.Process.Kill() })
	defer late.Stop()
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	t.Logf("stopped in %v", time.Since(begun).Round(time.Millisecond))
}

func terminate(t *testing.T, c *child) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

func TestStart(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		o := options(t, database)
		o.Data = filepath.Join(o.Data, "new")
		c, took := ready(t, o)
		t.Logf("first start: %v", took.Round(time.Millisecond))
		if took > noise*firstStartGoal {
			t.Errorf("the first start took %v", took)
		}
		for file, want := range map[string]os.FileMode{"": 0o700 | os.ModeDir, "keyring": 0o600} {
			if info, err := os.Stat(filepath.Join(o.Data, file)); err != nil || info.Mode() != want {
				t.Errorf("%s/%s has mode %v, %v", o.Data, file, info.Mode(), err)
			}
		}
		terminate(t, c)
		ended(t, c)

		best := time.Hour
		for range 3 {
			c, took := ready(t, o)
			best = min(best, took)
			c.stop()
		}
		t.Logf("later starts: %v at best", best.Round(time.Millisecond))
		if best > noise*laterStartGoal {
			t.Errorf("later starts took %v", best)
		}
	})
}

// A machine of few processors gives Go some threads more, unless somebody said how many.
func TestThreads(t *testing.T) {
	o := options(t, "")
	for said, want := range map[string]float64{"": max(threads, float64(runtime.NumCPU())), "1": 1} {
		t.Setenv("GOMAXPROCS", said)
		if said == "" && runtime.GOMAXPROCS(0) != runtime.NumCPU() {
			continue // this container may use less
		}
		c, _ := ready(t, o)
		if got, ok := figure(c.URL, "go_sched_gomaxprocs_threads"); !ok || got != want {
			t.Errorf("GOMAXPROCS=%s: %v threads, want %v", said, got, want)
		}
		c.stop()
	}
}

// One data directory is for one server; on PostgreSQL two nodes are welcome.
func TestSecondServer(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		o := options(t, database)
		first, _ := ready(t, o)
		if database == "" {
			says(t, refused(t, o), o.Data, "already in use by another process")
		} else {
			second, _ := ready(t, o)
			second.stop()
		}
		answers(t, first.URL+"/readyz")
	})
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options(t, "")
	o.Listen = l.Addr().String()
	says(t, refused(t, o), "--listen:", l.Addr().String(), "address already in use")
}

func TestNewerSchema(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		o := options(t, database)
		setUp(t, o, small)
		driver := "pgx"
		if database == "" {
			driver = "sqlite"
		}
		db, err := sql.Open(driver, o.StoreURL())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(`UPDATE goose_db_version SET version_id = 9000 WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
			t.Fatal(err)
		}
		says(t, refused(t, o), "schema 9000, which is newer than", "install the version that wrote it")
	})
}

// A server that cannot read its people does not pretend to watch over them.
func TestLostRing(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		o := options(t, database)
		setUp(t, o, small)
		ring, kept := filepath.Join(o.Data, "keyring"), filepath.Join(o.Data, "kept")
		if err := os.Rename(ring, kept); err != nil {
			t.Fatal(err)
		}
		if database == "" {
			says(t, refused(t, o), ring+" is gone", "restore it from a backup")
		} else {
			says(t, refused(t, o), "the key ring is not this database's") // a new one: how should a node know
		}
		if _, err := os.Stat(ring); err == nil {
			t.Error("a new ring was left behind for a database that it does not open")
		}

		other := options(t, "") // some other installation's
		if _, _, err := other.Ring(); err != nil {
			t.Fatal(err)
		}
		o.Keyring = filepath.Join(other.Data, "keyring")
		says(t, refused(t, o), "the key ring is not this database's", "from a backup or from another node")

		o.Keyring = kept
		ready(t, o)
	})
}

const stopSetup = `
people: [{id: jane, methods: [{id: mail, channel: email, address: jane@example.org}], rules: [{method: mail}]}]
policies: [{id: p, levels: [{targets: [jane], wait: 1h}]}]
services: [{id: db, policy: p}]
integrations: [{id: own, source: generic, service: db, key: key-of-the-one-who-stops}]
`

// A request that has begun when the server is stopped is answered, and what it brought
// is not lost.
func TestStopMidRequest(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		mails, err := smtptest.New(smtptest.Options{NoTLS: true})
		if err != nil {
			t.Fatal(err)
		}
		defer mails.Close()
		o := options(t, database)
		o.SMTPHost, o.SMTPFrom, o.SMTPTLS = mails.Addr, "tocsin@example.org", "never"
		setUp(t, o, stopSetup)
		c, _ := ready(t, o)

		const body = `{"title":"db-1 is down","key":"db-1"}`
		host := strings.TrimPrefix(c.URL, "http://")
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		fmt.Fprintf(conn, "POST /in/generic/key-of-the-one-who-stops HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
		r := bufio.NewReader(conn)
		if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
			t.Fatalf("%q, %v", line, err) // it is asked for when the handler reads
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		terminate(t, c)
		for err == nil { // until it takes nobody else in
			var other net.Conn
			if other, err = net.Dial("tcp", host); err == nil {
				other.Close()
				time.Sleep(5 * time.Millisecond)
			}
		}
		fmt.Fprint(conn, body)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusAccepted {
			t.Errorf("answered %s", res.Status)
		}
		ended(t, c)

		ready(t, o)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if _, err := mails.Wait(ctx, 1); err != nil {
			t.Errorf("what was accepted while the server stopped: %v", err)
		}
	})
}

// Applying beside a running server takes effect without telling it.
func TestApplyBesideServer(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		o := options(t, database)
		c, _ := ready(t, o)
		post := func() int {
			res, err := http.Post(c.URL+"/in/generic/key-of-what-is-new", "application/json", strings.NewReader(`{"title":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return res.StatusCode
		}
		if got := post(); got != http.StatusNotFound {
			t.Errorf("before: %d", got)
		}
		setUp(t, o, "integrations: [{id: new, source: generic, key: key-of-what-is-new}]")
		applied := time.Now()
		got := post()
		for ; got != http.StatusAccepted && time.Since(applied) < noise*2*time.Second; got = post() {
			time.Sleep(10 * time.Millisecond)
		}
		took := time.Since(applied)
		t.Logf("in effect after %v", took.Round(time.Millisecond))
		if got != http.StatusAccepted || took > 2*time.Second {
			t.Errorf("%v after applying: %d", took, got)
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

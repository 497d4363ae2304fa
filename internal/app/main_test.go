package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/alert/source"
	"tocsin/internal/apply"
	"tocsin/internal/config"
	"tocsin/internal/pgtest"
)

// The tests of the whole house run it as what it is, a process of its own: this test
// binary, started again with a role.
func TestMain(m *testing.M) {
	switch os.Getenv("TOCSIN_TEST_ROLE") {
	case "serve":
		os.Exit(childServe())
	case "empty":
		childEmpty()
	default:
		os.Exit(m.Run())
	}
}

// childServe is the server, with options from the environment. It prints its URL when
// it is ready, and returns its exit code.
func childServe() int {
	var o config.Server
	if err := json.Unmarshal([]byte(os.Getenv("TOCSIN_TEST_OPTIONS")), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if file := os.Getenv("TOCSIN_TEST_CPU"); file != "" { // a profile for go tool pprof
		f, err := os.Create(file)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		defer pprof.StopCPUProfile()
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	err := Serve(ctx, o, log, "test", func(s *Server) { fmt.Println(s.URL) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// childEmpty is the handler that measures are compared with: it reads and parses the
// same body and answers the same, and keeps nothing.
func childEmpty() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + l.Addr().String())
	http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = source.PagerDuty{}.Parse(nil, body)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"status":"success","message":"Event processed","dedup_key":"x"}`)
	}))
}

// A child is a process of ours.
type child struct {
	URL string
	cmd *exec.Cmd
}

// start runs a role and waits until it says where it listens.
func start(t testing.TB, role string, o config.Server) *child {
	t.Helper()
	c := command(t, role, o)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ch := &child{cmd: c}
	t.Cleanup(ch.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s did not start: %v", role, err)
	}
	ch.URL = strings.TrimSpace(line)
	return ch
}

// command is a role that is not started yet. It ends with this process.
func command(t testing.TB, role string, o config.Server) *exec.Cmd {
	t.Helper()
	options, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "TOCSIN_TEST_ROLE="+role, "TOCSIN_TEST_OPTIONS="+string(options))
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

func (c *child) stop() {
	if c.cmd.ProcessState == nil {
		c.cmd.Process.Signal(syscall.SIGTERM)
		c.cmd.Wait()
	}
}

// options are those of a server with its own data folder and port.
func options(t testing.TB, database string) config.Server {
	o := config.Server{SMTPTLS: "required", LogLevel: "warn", LogFormat: "text"}
	o.Data, o.Listen, o.Database = t.TempDir(), "127.0.0.1:0", database
	return o
}

// databases runs a test on both.
func databases(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "") })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.Start(t)) })
}

// setUp applies a set-up file to an installation.
func setUp(t testing.TB, o config.Server, text string) {
	t.Helper()
	setup, err := config.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	st, ring, err := OpenStore(context.Background(), o.Installation)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := apply.Run(context.Background(), st, apply.NewWish(setup, ring, false), "test", time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
}

// Package e2e runs other people's programs and libraries against Tocsin: the built
// binary, set up by a file, on a port of its own. What they think of it is what counts,
// so nothing of ours stands between them and the server.
//
// It is a module of its own, so that their dependencies are not ours.
package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the binary as a user has it.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tocsin-e2e")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		built = filepath.Join(dir, "tocsin")
		build := exec.Command("go", "build", "-o", built, ".")
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			os.Stderr.Write(out)
			return 1
		}
		return m.Run()
	}())
}

// A server is a running one; it ends with the test.
type server struct {
	URL  string // http://127.0.0.1:PORT
	Data string // its data directory
}

// start applies a set-up file to a new installation and starts a server on it. flags
// are further options of serve.
func start(t testing.TB, setup string, flags ...string) server {
	t.Helper()
	s := install(t, setup)
	s.serve(t, flags...)
	return s
}

// install applies a set-up file to a new installation. Nobody listens on its address yet.
func install(t testing.TB, setup string) server {
	t.Helper()
	dir := t.TempDir()
	s := server{URL: "http://" + freeAddress(t), Data: filepath.Join(dir, "data")}
	file := filepath.Join(dir, "setup.yaml")
	if err := os.WriteFile(file, []byte(setup), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t.Context(), "apply", "--data", s.Data, file).CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	return s
}

// serve runs the server of an installation until the test ends, or until it is stopped.
func (s server) serve(t testing.TB, flags ...string) (stop func()) {
	t.Helper()
	address := strings.TrimPrefix(s.URL, "http://")
	c := command(context.Background(), append([]string{"serve", "--data", s.Data, "--listen", address}, flags...)...)
	var said lines
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait(); close(ended) }()
	stop = func() {
		c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			c.Process.Kill()
			t.Error("the server did not stop")
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("the server said:\n%s", said.String())
		}
	})
	s.wait(t, ended, &said)
	return stop
}

// wait returns when the server says that it is ready.
func (s server) wait(t testing.TB, ended <-chan error, said *lines) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("the server ended: %v\n%s", err, said.String())
		default:
		}
		if status, _ := s.get(t, "/readyz"); status == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server is not ready\n%s", said.String())
}

// get reads a page of the server's; status 0 says that nobody answered.
func (s server) get(t testing.TB, path string) (status int, body string) {
	t.Helper()
	res, err := http.Get(s.URL + path)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// command is the binary with arguments, away from the options of whoever runs the
// tests. It ends with this process.
func command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, built, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TOCSIN_") {
			c.Env = append(c.Env, v)
		}
	}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// freeAddress is an address of this machine on which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// lines are what a program says.
type lines struct {
	sync.Mutex
	said strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.said.Write(p)
}

func (l *lines) String() string {
	l.Lock()
	defer l.Unlock()
	return l.said.String()
}

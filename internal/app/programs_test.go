package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// needs finds a program of Debian's. What is missing is installed once, by root; where
// that cannot be, the test is skipped and says what is missing.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p) // each is called as its package is
		}
	}
	if len(missing) == 0 {
		return
	}
	if os.Getuid() != 0 {
		t.Skipf("not installed, and only root may install it: %s", strings.Join(missing, ", "))
	}
	t.Logf("installing %s", strings.Join(missing, ", "))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	install := append([]string{"install", "-y", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"update"}, install} {
		c := exec.CommandContext(ctx, "apt-get", args...)
		c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := c.CombinedOutput(); err != nil {
			t.Skipf("not installed, and apt-get cannot install it: %s: %v\n%s", strings.Join(missing, ", "), err, out)
		}
	}
}

// program runs a program until the test ends. What it said is shown if the test fails.
func program(t *testing.T, name string, args ...string) *os.Process {
	t.Helper()
	var said bytes.Buffer
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = &said, &said
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(5*time.Second, func() { c.Process.Kill() })
		defer late.Stop()
		c.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.Bytes())
		}
	})
	return c.Process
}

// freeAddress is a port of the loopback interface that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answers waits until a URL answers 200.
func answers(t testing.TB, url string) {
	t.Helper()
	var last error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var res *http.Response
		if res, last = http.Get(url); last == nil {
			res.Body.Close()
			if last = fmt.Errorf("status %s", res.Status); res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("%s does not answer: %v", url, last)
}

// file writes a file into a directory and returns its path.
func file(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A wire stands between a sender and the server, and writes down what passes.
type wire struct {
	URL string

	mu    sync.Mutex
	calls []call
	more  chan struct{} // closed and replaced at each call
}

// A call is one request that passed.
type call struct {
	path   string
	body   []byte
	status int
	came   time.Time // in whole, from the sender
	took   time.Duration
}

func newWire(t *testing.T, to string) *wire {
	w := &wire{more: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		c := call{path: r.URL.Path, body: body, came: time.Now()}
		req, err := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.Path, bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header = r.Header.Clone()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		c.status, c.took = res.StatusCode, time.Since(c.came)
		w.mu.Lock()
		w.calls = append(w.calls, c)
		close(w.more)
		w.more = make(chan struct{})
		w.mu.Unlock()
		rw.WriteHeader(res.StatusCode)
		io.Copy(rw, res.Body)
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		if t.Failed() {
			for _, c := range w.calls {
				t.Logf("%s: %s was answered %d after %v: %s", c.came.Format("15:04:05.000"), c.path, c.status, c.took.Round(time.Millisecond), c.body)
			}
		}
	})
	w.URL = s.URL
	return w
}

// wait returns the calls to paths that begin like this, once there are n of them whose
// body holds a text.
func (w *wire) wait(t *testing.T, prefix, holds string, n int) []call {
	t.Helper()
	timeout := time.After(patience)
	for {
		w.mu.Lock()
		var found []call
		for _, c := range w.calls {
			if strings.HasPrefix(c.path, prefix) && bytes.Contains(c.body, []byte(holds)) {
				found = append(found, c)
			}
		}
		more, all := w.more, len(w.calls)
		w.mu.Unlock()
		if len(found) >= n {
			return found
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("%d of %d calls to %s with %q came, %d calls in all", len(found), n, prefix, holds, all)
		}
	}
}

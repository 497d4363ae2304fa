package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// installJS copies js to a directory of the tests' and installs the clients there, once
// for all tests, in the versions that the lock file names. Without npm, or without a
// registry, the test is skipped.
func installJS(t *testing.T) (dir string) {
	t.Helper()
	npm := program(t, "npm")
	program(t, "node")
	dir = filepath.Join(filepath.Dir(built), "js")
	jsOnce.Do(func() {
		if jsFault = os.CopyFS(dir, os.DirFS("js")); jsFault != nil {
			return
		}
		os.RemoveAll(filepath.Join(dir, "node_modules")) // somebody's own
		install := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			jsFault = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if jsFault != nil {
		t.Skipf("npm cannot install: %v", jsFault)
	}
	return dir
}

var (
	jsOnce  sync.Once
	jsFault error
)

// runJS runs a program of an installation's. It is to end with "all is well".
func runJS(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	node := exec.CommandContext(ctx, "node", args...)
	node.Dir, node.Env = dir, append(os.Environ(), env...)
	if out, err := node.CombinedOutput(); err != nil || !strings.Contains(string(out), "all is well") {
		t.Errorf("%s: %v\n%s", args[0], err, out)
	}
}

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"syscall"
	"time"

	"tocsin/internal/engine"
	"tocsin/internal/store"
)

const (
	writeFresh = 2 * time.Second  // how long a write of readiness counts, and how long it may take
	stepFresh  = 15 * time.Second // the engine looks every five
	minDisk    = 5                // per cent
)

// live says that the process serves. It asks nothing, so that a database that is away
// does not get the process killed.
func live(w http.ResponseWriter, r *http.Request) {
	write(w, http.StatusOK, []byte(`{"status":"live"}`))
}

// A readiness says whether this node can do its work: write, step, and go on writing.
type readiness struct {
	engine *engine.Engine
	store  *store.Store
	dir    string
	log    *slog.Logger

	mu    sync.Mutex
	wrote time.Time // when it was last tried
	err   error
}

// A check is one line of the reply.
type check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}

func (c *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := struct {
		Ready  bool    `json:"ready"`
		Checks []check `json:"checks"`
	}{Ready: true, Checks: []check{c.database(), c.steps()}}
	if c.dir != "" {
		body.Checks = append(body.Checks, disk(c.dir))
	}
	for _, one := range body.Checks {
		body.Ready = body.Ready && one.OK
	}
	text, _ := json.Marshal(body) // texts and flags
	w.Header().Set("Cache-Control", "no-store")
	status := http.StatusOK
	if !body.Ready {
		status = http.StatusServiceUnavailable
	}
	write(w, status, text)
}

// database writes, at most once in writeFresh however many ask. What is wrong is told
// to the log; the world hears only that something is.
func (c *readiness) database() check {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.wrote) > writeFresh {
		ctx, cancel := context.WithTimeout(context.Background(), writeFresh)
		defer cancel()
		c.err = c.store.Write(ctx, store.Background, func(tx *store.Tx) error {
			return tx.SetMeta("ready", now.UTC().Format(time.RFC3339))
		})
		c.wrote = time.Now()
		if c.err != nil {
			c.log.Error("not ready: the database cannot be written", "error", c.err)
		}
	}
	if c.err != nil {
		return check{Name: "database", Why: "it cannot be written"}
	}
	return check{Name: "database", OK: true}
}

// steps says whether the engine looks at what is due and at what was heard.
func (c *readiness) steps() check {
	last := c.engine.LastStep()
	if last.IsZero() {
		return check{Name: "engine", Why: "it has not begun"}
	}
	if ago := c.engine.Now().Sub(last); ago > stepFresh {
		return check{Name: "engine", Why: fmt.Sprintf("it has not looked at what is due or was heard for %s", ago.Round(time.Second))}
	}
	return check{Name: "engine", OK: true}
}

// disk says whether there is room left where the database lies.
func disk(dir string) check {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Blocks == 0 {
		return check{Name: "disk", Why: "its free space is unknown"}
	}
	if free := 100 * float64(s.Bavail) / float64(s.Blocks); free < minDisk {
		return check{Name: "disk", Why: fmt.Sprintf("%.1f %% is free, less than %d %%", free, minDisk)}
	}
	return check{Name: "disk", OK: true}
}

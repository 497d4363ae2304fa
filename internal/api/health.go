package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"tocsin/internal/store"
)

const (
	readyFor   = 2 * time.Second  // an answer is used again so long
	stepAtMost = 15 * time.Second // since the engine last looked
	diskAtMost = 95               // per cent used
)

// livez: the process serves.
func (a *API) livez(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, []byte(`{"status":"alive"}`+"\n"))
}

// A readiness is what the checks found.
type readiness struct {
	at     time.Time
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // "ok", or what is wrong
}

// readyz: events can be stored and pages go out.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	now := a.engine.Now()
	res := a.ready.Load()
	if res == nil || now.Sub(res.at) > readyFor {
		res = a.check(r.Context(), now)
		a.ready.Store(res)
	}
	status := http.StatusOK
	if !res.Ready {
		status = http.StatusServiceUnavailable
	}
	body, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		a.ours(w, r, err)
		return
	}
	answer(w, status, append(body, '\n'))
}

func (a *API) check(ctx context.Context, now time.Time) *readiness {
	res := &readiness{at: now, Ready: true, Checks: map[string]string{}}
	say := func(name, fault string) {
		if fault == "" {
			fault = "ok"
		} else {
			res.Ready = false
		}
		res.Checks[name] = fault
	}
	ctx, cancel := context.WithTimeout(ctx, readyFor)
	defer cancel()
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.SetMeta("ready", now.Format(time.RFC3339)) })
	if err != nil {
		a.log.Error("not ready: the database cannot be written", "error", err)
		say("database", "cannot be written")
	} else {
		say("database", "")
	}
	switch last := a.engine.LastStep(); {
	case last.IsZero():
		say("engine", "has not begun")
	case now.Sub(last) > stepAtMost:
		say("engine", fmt.Sprintf("last looked at what is due %s ago", now.Sub(last).Round(time.Second)))
	default:
		say("engine", "")
	}
	if a.data != "" {
		say("disk", fullDisk(a.data))
	}
	return res
}

func fullDisk(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Blocks == 0 {
		return ""
	}
	if used := 100 - 100*s.Bavail/s.Blocks; used > diskAtMost {
		return fmt.Sprintf("%d %% used", used)
	}
	return ""
}

package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"
)

func fields(s string) []string { return strings.Fields(s) }

// clean says whether a path is as ServeMux would clean it.
func clean(p string) bool {
	c := path.Clean(p)
	return p == c || p == c+"/"
}

// problem answers as RFC 9457 says.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header()["Content-Type"] = problemType
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
}

// answer writes a JSON body that is ready.
func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	w.Write(body)
}

// ours answers our own fault: the sender is to come back. What went wrong stands in
// our log, not in the answer.
func (a *API) ours(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, context.Canceled) || r.Context().Err() == nil {
		a.log.Error("a request could not be served", "path", pattern(r), "error", err)
	}
	w.Header().Set("Retry-After", "5")
	problem(w, http.StatusServiceUnavailable, "this could not be stored now; try again in a few seconds")
}

// pattern is the route of a request: its path may hold a key, and does not belong into
// a log.
func pattern(r *http.Request) string {
	if r.Pattern != "" {
		return r.Pattern
	}
	return "unknown route"
}

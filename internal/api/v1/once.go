package v1

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/store"
)

const (
	longestKey   = 255              // of an Idempotency-Key
	readWithin   = 10 * time.Second // for a body to come
	uploadWithin = 5 * time.Minute  // and for a file, over the line of a telephone
	writeWithin  = 10 * time.Second // for the answer to be kept, whoever has gone
)

// A recorder holds an answer back until it is whole: so it can get its ETag, and be
// kept for those who ask again.
type recorder struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.head }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// SetReadDeadline is asked for by huma; the body has been read, or is bounded.
func (r *recorder) SetReadDeadline(time.Time) error { return nil }

// once serves a request. A write with an Idempotency-Key that was served before gets
// the answer of then.
func (a *API) once(w http.ResponseWriter, r *http.Request, c *caller, serve http.HandlerFunc) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method == "GET" || r.Method == "HEAD" {
		a.send(w, r, a.record(r, c, serve))
		return
	}
	request, err := a.requestOf(r, c, key)
	if err != nil {
		a.answer(w, r, err)
		return
	}
	first, before, err := a.begin(r.Context(), request)
	switch {
	case err != nil:
	case first:
		a.send(w, r, a.firstTime(r, c, request, serve))
		return
	case !before.Same:
		err = wrong("header.Idempotency-Key", "was used for another request: take a new one")
	case before.Status == 0:
		err = huma.ErrorWithHeaders(huma.Error409Conflict("the same request is just being worked on"), http.Header{"Retry-After": {"1"}})
	default:
		a.again(w, r, before)
		return
	}
	a.answer(w, r, err)
}

// record lets a handler answer into a recorder.
func (a *API) record(r *http.Request, c *caller, serve http.HandlerFunc) *recorder {
	rec := &recorder{head: http.Header{}}
	serve(rec, r)
	rec.WriteHeader(http.StatusOK)
	if rec.status < 300 && !c.asked {
		// What nobody asked about is denied, even now; a test looks for it.
		rec = &recorder{head: http.Header{}}
		a.answer(rec, r, errors.New("v1: "+r.Method+" "+r.URL.Path+" asked for no permission"))
	}
	return rec
}

// requestOf reads a request whole. What was asked is all that could make a difference.
func (a *API) requestOf(r *http.Request, c *caller, key string) (store.Attempt, error) {
	if len(key) > longestKey {
		return store.Attempt{}, wrong("header.Idempotency-Key", fmt.Sprintf("is longer than %d", longestKey))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return store.Attempt{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	asked := strings.Join([]string{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("If-Match"), r.Header.Get("Content-Type"), hex.EncodeToString(sum[:])}, "\n")
	return store.Attempt{By: string(c.Actor()), Key: key, Digest: asked}, nil
}

// readWhole reads the body, for so long and no longer: whoever sends it byte by byte
// keeps nothing of ours.
func readWhole(w http.ResponseWriter, r *http.Request, to route) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	most, within := to.most()
	control := http.NewResponseController(w) // of a test, it has no deadlines
	_ = control.SetReadDeadline(time.Now().Add(within))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	_ = control.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return huma.NewError(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return huma.NewError(http.StatusRequestTimeout, fmt.Sprintf("the body did not come within %s", within))
	case err != nil:
		return huma.Error400BadRequest("the body could not be read to its end")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

func (a *API) begin(ctx context.Context, request store.Attempt) (first bool, before store.Answer, err error) {
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		first, before, err = tx.BeginAttempt(request, a.now())
		return err
	})
	return first, before, err
}

// A kept answer is what is sent again.
type keptAnswer struct {
	Head http.Header `json:"head"`
	Body string      `json:"body"`
}

// firstTime serves a request and keeps the answer. A fault of ours is not kept: it may
// go better the next time.
func (a *API) firstTime(r *http.Request, c *caller, request store.Attempt, serve http.HandlerFunc) *recorder {
	rec := a.record(r, c, serve)
	status := rec.status
	if status >= 500 {
		status = 0
	}
	text, _ := json.Marshal(keptAnswer{rec.head, rec.body.String()}) // texts
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), writeWithin)
	defer cancel()
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.EndAttempt(request, status, text) })
	if err != nil {
		a.log.Error("an answer could not be kept: whoever asks again within a minute is told to wait", "error", err)
	}
	return rec
}

// again sends a kept answer.
func (a *API) again(w http.ResponseWriter, r *http.Request, before store.Answer) {
	var kept keptAnswer
	if err := json.Unmarshal(before.Body, &kept); err != nil {
		a.answer(w, r, fmt.Errorf("v1: kept answer: %w", err))
		return
	}
	rec := &recorder{head: kept.Head, status: before.Status}
	rec.body.WriteString(kept.Body)
	w.Header().Set("Idempotency-Replayed", "true")
	a.send(w, r, rec)
}

// send sends an answer that is whole. What is read has an ETag, and is not sent to
// whoever has it, unless it says that nobody should keep it.
func (a *API) send(w http.ResponseWriter, r *http.Request, rec *recorder) {
	h := w.Header()
	for name, values := range rec.head {
		h[name] = values
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	h.Set("Vary", "Cookie, Authorization") // what one sees another may not
	stored := h.Get("Cache-Control") != "no-store"
	if (r.Method == "GET" || r.Method == "HEAD") && rec.status == http.StatusOK && stored {
		etag := h.Get("ETag")
		if etag == "" {
			sum := sha256.Sum256(rec.body.Bytes())
			etag = `W/"` + hex.EncodeToString(sum[:12]) + `"`
			h.Set("ETag", etag)
		}
		if known(r.Header.Get("If-None-Match"), etag) {
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(rec.status)
	if rec.status != http.StatusNoContent {
		w.Write(rec.body.Bytes()) // whoever has gone will ask again
	}
}

// known says whether a list of ETags has this one.
func known(list, etag string) bool {
	if list == "*" {
		return true
	}
	for one := range strings.SplitSeq(list, ",") {
		if strings.TrimPrefix(strings.TrimSpace(one), "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

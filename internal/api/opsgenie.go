package api

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/alert/source"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// An opsgenie speaks Opsgenie's Alert API v2 and its heartbeats, to whoever brings the
// key of an integration with the source "opsgenie", and about what that integration said:
// aliases and ids of others do not exist for it.
//
// What creates, closes, acknowledges and renames alerts is heard as events and triaged
// in the order in which it came; what is told of an alert beside that (tags, details,
// priority, snooze, responders) is done at once. Every write is answered 202 once it is
// on disk, with a request id that can be asked how it went for 24 hours, on any node.
type opsgenie struct {
	ingest *ingest
	engine *engine.Engine
	store  *store.Store
}

func newOpsgenie(g *ingest, st *store.Store) *opsgenie {
	return &opsgenie{ingest: g, engine: g.engine, store: st}
}

// seesItself is how long a client that asks for what it has just told us waits for
// triage.
const seesItself = time.Second

// An ogCall is one call of Opsgenie's API: who asks, and for what.
type ogCall struct {
	*opsgenie
	w     http.ResponseWriter
	r     *http.Request
	in    org.Integration
	at    time.Time
	id    string // of the request
	path  []string
	query url.Values
	buf   *buffer
}

// alerts serves /v2/alerts and what is below it.
func (o *opsgenie) alerts(w http.ResponseWriter, r *http.Request) {
	o.call(w, r, (*ogCall).alertCall)
}

// heartbeats serves /v2/heartbeats and what is below it.
func (o *opsgenie) heartbeats(w http.ResponseWriter, r *http.Request) {
	o.call(w, r, (*ogCall).heartbeatCall)
}

// call finds out who asks, and lets them.
func (o *opsgenie) call(w http.ResponseWriter, r *http.Request, do func(*ogCall) error) {
	began := time.Now()
	c := &ogCall{opsgenie: o, w: &timed{ResponseWriter: w, began: began}, r: r, at: o.engine.Now(), id: newRequestID(), query: r.URL.Query()}
	h := w.Header()
	h.Set("X-Request-Id", c.id)
	h.Set("X-RateLimit-State", "OK")
	key := r.Header.Get("Authorization")
	if len(key) > 9 && strings.EqualFold(key[:9], "GenieKey ") {
		key = strings.TrimSpace(key[9:])
	} else {
		key = ""
	}
	in, err := o.ingest.integration(r.Context(), c.w, "opsgenie", key)
	switch {
	case errors.Is(err, engine.ErrUnknownKey):
		o.ingest.results["opsgenie"][unknown].Inc()
		opsgenieFault(c.w, http.StatusUnauthorized, "Could not authenticate", nil)
		return
	case err != nil:
		return // it has been answered
	case in.Source != "opsgenie":
		o.ingest.results["opsgenie"][unknown].Inc()
		opsgenieFault(c.w, http.StatusForbidden, "To perform this action, use an API key from an API integration.", nil)
		return
	}
	c.in = in
	c.path = segments(r.URL.EscapedPath())[2:]
	defer func() {
		if c.buf != nil {
			c.buf.done()
		}
	}()
	if err := do(c); err != nil {
		c.fail(err)
	}
}

// segments are the parts of a path between its slashes, however many those are.
func segments(path string) (all []string) {
	for s := range strings.SplitSeq(path, "/") {
		if s == "" {
			continue
		}
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
		all = append(all, s)
	}
	return all
}

// body reads the body of a call about an alert.
func (c *ogCall) body() ([]byte, error) {
	b, body, err := c.ingest.memory.read(c.w, c.r, maxEvent)
	c.buf = b
	return body, err
}

// said is the body of a call about an alert, in our words, with what stands in the
// address of calls that have none.
func (c *ogCall) said() (source.OpsgenieBody, error) {
	body, err := c.body()
	if err != nil {
		return source.OpsgenieBody{}, err
	}
	b, err := source.ReadOpsgenie(body)
	if b.User == "" {
		b.User = c.query.Get("user")
	}
	if b.Note == "" {
		b.Note = c.query.Get("note")
	}
	return b, err
}

// An ogFault is an answer that Opsgenie's clients understand.
type ogFault struct {
	status  int
	message string
	fields  map[string]string
}

func (f *ogFault) Error() string { return f.message }

var errNoAlert = &ogFault{http.StatusNotFound, "Alert does not exist", nil}

// unprocessable is a fault in one field.
func unprocessable(field, format string, args ...any) error {
	return &source.Unprocessable{Fields: map[string]string{field: fmt.Sprintf(format, args...)}}
}

// fail answers an error in Opsgenie's words.
func (c *ogCall) fail(err error) {
	var fault *ogFault
	var bad *source.Unprocessable
	var refusal incident.Refusal
	counted := c.ingest.results["opsgenie"]
	switch {
	case errors.As(err, &fault):
		opsgenieFault(c.w, fault.status, fault.message, fault.fields)
	case errors.As(err, &bad):
		counted[invalid].Inc()
		opsgenieFault(c.w, http.StatusUnprocessableEntity, "Request body is not processable. Please check the errors.", bad.Fields)
	case errors.As(err, &refusal):
		counted[invalid].Inc()
		field, text, ok := strings.Cut(refusal.Text, ": ")
		if !ok {
			field, text = "request", refusal.Text
		}
		opsgenieFault(c.w, http.StatusUnprocessableEntity, "Request body is not processable. Please check the errors.", map[string]string{field: text})
	case isUnreadable(err):
		counted[invalid].Inc()
		opsgenieFault(c.w, http.StatusUnprocessableEntity, "Request body is not processable. Please check the errors.", map[string]string{"body": err.Error()})
	case slices.ContainsFunc([]error{errTooLarge, errNoRoom, errSlow, errCut}, func(e error) bool { return errors.Is(err, e) }):
		c.ingest.broken(c.w, "opsgenie", err)
	default:
		c.ingest.failed(c.r.Context(), c.w, "opsgenie", err)
	}
}

// answer is a reply with its fields between "took" and "requestId".
func (c *ogCall) answer(status int, fields map[string]any) error {
	fields["took"], fields["requestId"] = c.took(), c.id
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	write(c.w, status, body)
	return nil
}

// took is how long the call has taken so far, in seconds.
func (c *ogCall) took() float64 {
	return c.w.(*timed).took()
}

// opsgenieFault tells a fault as Opsgenie's clients know it.
func opsgenieFault(w http.ResponseWriter, status int, message string, fields map[string]string) {
	p := struct {
		Message string            `json:"message"`
		Code    int               `json:"code,omitempty"`
		Errors  map[string]string `json:"errors,omitempty"`
		Took    float64           `json:"took"`
		ID      string            `json:"requestId"`
	}{Message: message, Errors: fields, ID: w.Header().Get("X-Request-Id")}
	switch status {
	case http.StatusForbidden:
		p.Code = 40301
	case http.StatusServiceUnavailable:
		p.Message = "The request could not be stored; send it again"
	}
	if t, ok := w.(*timed); ok {
		p.Took = t.took()
	}
	body, _ := json.Marshal(p) // texts and numbers
	write(w, status, body)
}

// A timed writer says in a header how long the answer took.
type timed struct {
	http.ResponseWriter
	began time.Time
}

// took is how long the answer has taken so far, in seconds; never nothing, for which
// Opsgenie's Go client complains.
func (t *timed) took() float64 {
	return max(time.Since(t.began).Truncate(time.Millisecond), time.Millisecond).Seconds()
}

func (t *timed) WriteHeader(status int) {
	t.Header().Set("X-Response-Time", strconv.FormatFloat(t.took(), 'f', 3, 64))
	t.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController, which sets deadlines on the connection.
func (t *timed) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// newRequestID is a random UUID.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/alert/source"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/org"
)

// An alertmanager speaks Alertmanager's API v2, below /am/{key} or with the key as
// bearer token or password below /am, so that Prometheus, amtool and Grafana take us for
// an Alertmanager. What is posted is the word of the integration whose key it is; what is
// shown are its alerts and the silences over them, and a silence made here covers only
// them.
type alertmanager struct {
	ingest  *ingest
	engine  *engine.Engine
	ready   *readiness
	began   time.Time
	version string // ours
}

// amDialect is the API's; the webhook of the source "alertmanager" answers in another.
const amDialect = "alertmanager v2"

// An amCall is one call of that API.
type amCall struct {
	*alertmanager
	w     http.ResponseWriter
	r     *http.Request
	in    org.Integration
	at    time.Time
	query url.Values
	id    string // of the silence that the path names
}

// An amDoor is what stands at a path, by method, in the order in which Allow names them.
type amDoor struct {
	allow []string
	do    map[string]func(*amCall) error
}

var (
	amDoors = map[string]amDoor{
		"api/v2/alerts":        {[]string{"POST", "GET"}, map[string]func(*amCall) error{"POST": (*amCall).post, "GET": (*amCall).alerts}},
		"api/v2/alerts/groups": {[]string{"GET"}, map[string]func(*amCall) error{"GET": (*amCall).groups}},
		"api/v2/receivers":     {[]string{"GET"}, map[string]func(*amCall) error{"GET": (*amCall).receivers}},
		"api/v2/status":        {[]string{"GET"}, map[string]func(*amCall) error{"GET": (*amCall).status}},
		"api/v2/silences":      {[]string{"POST", "GET"}, map[string]func(*amCall) error{"POST": (*amCall).putSilence, "GET": (*amCall).silences}},
		"-/healthy":            {[]string{"GET", "HEAD"}, map[string]func(*amCall) error{"GET": (*amCall).fine, "HEAD": (*amCall).fine}},
		"-/ready":              {[]string{"GET", "HEAD"}, map[string]func(*amCall) error{"GET": (*amCall).isReady, "HEAD": (*amCall).isReady}},
		"-/reload":             {[]string{"POST"}, map[string]func(*amCall) error{"POST": (*amCall).nothing}},
	}
	amSilenceDoor = amDoor{[]string{"DELETE", "GET"}, map[string]func(*amCall) error{"DELETE": (*amCall).endSilence, "GET": (*amCall).silence}}
)

// An amFault is an answer that is none of what was asked for. A message without a code is
// told as a bare JSON string, and no message as an empty body.
type amFault struct {
	status, code int
	message      string
}

func (f *amFault) Error() string { return f.message }

// amWrong is a fault told as a bare string, as Alertmanager's own checks do.
func amWrong(format string, args ...any) error {
	return &amFault{http.StatusBadRequest, 0, fmt.Sprintf(format, args...)}
}

func (a *alertmanager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Origin")
	h.Set("Access-Control-Expose-Headers", "Date")
	key, path, inPath := amKey(r)
	in, err := a.ingest.integration(r.Context(), w, amDialect, key)
	if err == nil && in.Source != "alertmanager" {
		err = engine.ErrUnknownKey
	}
	if errors.Is(err, engine.ErrUnknownKey) {
		a.ingest.results[amDialect][unknown].Inc()
		status := http.StatusNotFound
		if !inPath {
			status = http.StatusUnauthorized
			h.Set("WWW-Authenticate", `Bearer realm="tocsin"`)
		}
		alertmanagerFault(w, &amFault{status, status, "no integration for alertmanager has this key"})
		return
	} else if err != nil {
		return // it has been answered
	}
	c := &amCall{alertmanager: a, w: w, r: r, in: in, at: a.engine.Now(), query: r.URL.Query()}
	if err := c.serve(path); err != nil {
		c.fail(err)
	}
}

// amKey splits a path below /am into the key that begins it and the rest. Where a path
// begins with the API instead, the key stands in a header: as a bearer token, or as the
// password of whatever user.
func amKey(r *http.Request) (key string, path []string, inPath bool) {
	path = segments(r.URL.EscapedPath())[1:]
	if len(path) > 0 && path[0] != "api" && path[0] != "-" {
		return path[0], path[1:], true
	}
	if _, password, ok := r.BasicAuth(); ok {
		return password, path, false
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		key = strings.TrimSpace(token)
	}
	return key, path, false
}

// serve finds the door.
func (c *amCall) serve(path []string) error {
	if c.r.Method == "OPTIONS" {
		c.w.WriteHeader(http.StatusOK)
		return nil
	}
	name := strings.Join(path, "/")
	door, ok := amDoors[name]
	if len(path) == 4 && strings.HasPrefix(name, "api/v2/silence/") {
		door, ok, c.id = amSilenceDoor, true, path[3]
	}
	if !ok {
		if len(path) > 1 && path[0] == "api" && path[1] == "v1" {
			return c.answer(http.StatusGone, map[string]string{"status": "deprecated", "error": "version 1 of Alertmanager's API is gone; use version 2"})
		}
		return &amFault{http.StatusNotFound, http.StatusNotFound, "path /" + name + " was not found"}
	}
	do, ok := door.do[c.r.Method]
	if !ok {
		allow := strings.Join(door.allow, ",")
		c.w.Header().Set("Allow", allow)
		return &amFault{http.StatusMethodNotAllowed, http.StatusMethodNotAllowed, fmt.Sprintf("method %s is not allowed, but [%s] are", c.r.Method, allow)}
	}
	if kind := c.r.Header.Get("Content-Type"); c.r.Method == "POST" && path[0] == "api" && kind != "" {
		if plain, _, _ := strings.Cut(kind, ";"); !strings.EqualFold(strings.TrimSpace(plain), "application/json") {
			return &amFault{http.StatusUnsupportedMediaType, http.StatusUnsupportedMediaType, fmt.Sprintf("unsupported media type %q, only [application/json] are allowed", kind)}
		}
	}
	return do(c)
}

// fail answers an error in Alertmanager's words.
func (c *amCall) fail(err error) {
	var fault *amFault
	var post *source.PostFault
	var refusal incident.Refusal
	counted := c.ingest.results[amDialect]
	switch {
	case errors.As(err, &fault):
		alertmanagerFault(c.w, fault)
	case errors.As(err, &post):
		alertmanagerFault(c.w, &amFault{post.Status, post.Code, post.Message})
	case errors.As(err, &refusal):
		counted[invalid].Inc()
		alertmanagerFault(c.w, &amFault{http.StatusBadRequest, 0, refusal.Text})
	case slices.ContainsFunc([]error{errTooLarge, errNoRoom, errSlow, errCut}, func(e error) bool { return errors.Is(err, e) }):
		c.ingest.broken(c.w, amDialect, err)
	default:
		c.ingest.failed(c.r.Context(), c.w, amDialect, err)
	}
}

// alertmanagerFault tells a fault as Alertmanager's clients know it.
func alertmanagerFault(w http.ResponseWriter, f *amFault) {
	switch {
	case f.message == "":
		w.WriteHeader(f.status)
	case f.code == 0:
		write(w, f.status, amJSON(f.message))
	default:
		write(w, f.status, amJSON(struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		}{f.code, f.message}))
	}
}

// amJSON is JSON as Alertmanager writes it: what a person can read is left readable.
func amJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // texts, numbers and lists of them
	return b.Bytes()
}

func (c *amCall) answer(status int, v any) error {
	write(c.w, status, amJSON(v))
	return nil
}

// nothing is the answer to what is done, or needs no doing: the configuration is read
// anew by itself.
func (c *amCall) nothing() error {
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (c *amCall) fine() error {
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = c.w.Write([]byte("OK"))
	return nil
}

func (c *amCall) isReady() error {
	if !c.ready.database().OK || !c.ready.steps().OK {
		return &amFault{http.StatusServiceUnavailable, http.StatusServiceUnavailable, "not ready"}
	}
	return c.fine()
}

// amTime is a time as Alertmanager writes it.
type amTime time.Time

func (t amTime) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// amMatchers reads matchers as they stand in queries, one in each.
func amMatchers(all []string) (list labels.Matchers, err error) {
	for _, text := range all {
		m, err := parseMatcher(text)
		if err != nil {
			return nil, amWrong("%v", err)
		}
		list = append(list, m)
	}
	return list, nil
}

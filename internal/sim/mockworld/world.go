package mockworld

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Mode is how a provider behaves.
type Mode string

const (
	OK      Mode = ""
	Slow    Mode = "slow"     // answers after Pause
	Hang    Mode = "hang"     // takes the request and never answers
	TooMany Mode = "too many" // 429 with Retry-After: 30
	Failing Mode = "failing"  // 503
	Refuses Mode = "refuses"  // as for a number that does not exist
	Locked  Mode = "locked"   // as for an account that is closed
	Drop    Mode = "drop"     // accepts, and nothing comes of it
	Twice   Mode = "twice"    // calls back twice
	Undone  Mode = "undone"   // accepts, and later says that it did not arrive
)

// A Call is one request that a provider was sent.
type Call struct {
	Provider string
	Host     string
	Method   string
	Path     string // below the provider's name
	Query    url.Values
	Header   http.Header
	Body     []byte
	Form     url.Values     // of a form
	JSON     map[string]any // of an object
	Names    map[string]string
	Mode     Mode
	Fault    string // what the contract has against it
	Status   int    // of the answer
}

// Text is a field of the JSON body or the form, by its path: "message.chat.id".
func (c *Call) Text(path string) string {
	if c.Form != nil {
		return c.Form.Get(path)
	}
	var v any = c.JSON
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%.0f", v), ".0")
	}
	return fmt.Sprint(v)
}

// A Reply is what a provider answers, and what it calls back about.
type Reply struct {
	Status int
	Header map[string]string
	Body   string
	Then   []Callback
}

// A Callback is a request that a provider makes to us.
type Callback struct {
	Provider string
	URL      string
	Method   string // "" is POST
	Header   http.Header
	Body     string
}

// A Fake is one provider.
type Fake struct {
	Name   string
	Routes []Route
	// Refusal is the answer to what is wrong: a fault of the contract (400), no right to
	// ask (401), a number that does not exist (404), too much (429), trouble (503).
	Refusal func(status int, why string) Reply
}

// A Route is one thing that a provider does. Check says what the contract has against
// a call; Answer is the reply to a good one.
type Route struct {
	Method, Path string // segments are words or {names}
	Check        func(*World, *Call) error
	Answer       func(*World, *Call) Reply
}

// A World is all providers together.
type World struct {
	Pause time.Duration // of Slow
	// By itself: callbacks are delivered at once, over this client.
	By *http.Client
	// Now is the time at the ticket systems; nil is this machine's.
	Now func() time.Time

	mu      sync.Mutex
	fakes   map[string]Fake
	modes   map[string]Mode
	calls   []*Call
	waiting []Callback
	n       int
	seen    int
	closed  chan struct{}
	socket  socket
	desks   map[string]*desk // of the ticket systems
}

// New is a world with some providers; without any, with all there are.
func New(fakes ...Fake) *World {
	if len(fakes) == 0 {
		fakes = All
	}
	w := &World{Pause: 2 * time.Second, fakes: map[string]Fake{}, modes: map[string]Mode{}, closed: make(chan struct{})}
	for _, f := range fakes {
		w.fakes[f.Name] = f
	}
	return w
}

// Close lets go whoever hangs.
func (w *World) Close() { close(w.closed) }

// Set changes how a provider behaves from now on.
func (w *World) Set(provider string, m Mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.fakes[provider]; !ok {
		panic("mockworld: there is no provider " + provider)
	}
	w.modes[provider] = m
}

// Modes are all there are, by their names.
var Modes = []Mode{OK, Slow, Hang, TooMany, Failing, Refuses, Locked, Drop, Twice, Undone}

// Control lets people of a demo change how a provider behaves, by POST /NAME/MODE ("ok" is
// the name of well), and look at what it was sent, by GET /NAME.
func (w *World) Control() http.Handler {
	mux := http.NewServeMux()
	w.people(mux)
	mux.HandleFunc("POST /{name}/{mode}", func(rw http.ResponseWriter, r *http.Request) {
		m := Mode(r.PathValue("mode"))
		if m == "ok" {
			m = OK
		}
		w.mu.Lock()
		_, known := w.fakes[r.PathValue("name")]
		w.mu.Unlock()
		if !known || !slices.Contains(Modes, m) {
			http.Error(rw, "want a provider and one of ok, slow, hang, too many, failing, refuses, locked, drop, twice, undone", http.StatusNotFound)
			return
		}
		w.Set(r.PathValue("name"), m)
		fmt.Fprintln(rw, r.PathValue("name"), "is", cmp.Or(string(m), "ok"))
	})
	mux.HandleFunc("GET /{name}", func(rw http.ResponseWriter, r *http.Request) {
		for _, c := range w.Calls(r.PathValue("name")) {
			fmt.Fprintf(rw, "%d %s %s %s", c.Status, c.Method, c.Path, c.Body)
			if c.Fault != "" {
				fmt.Fprintf(rw, " (%s)", c.Fault)
			}
			fmt.Fprintln(rw)
		}
	})
	return mux
}

// Calls are all so far, oldest first; of one provider, or with "" of all.
func (w *World) Calls(provider string) (calls []Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if provider == "" || c.Provider == provider {
			calls = append(calls, *c)
		}
	}
	return calls
}

// Next are the calls since Next was asked last.
func (w *World) Next() (calls []Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls[w.seen:] {
		calls = append(calls, *c)
	}
	w.seen = len(w.calls)
	return calls
}

// Faults is everything that a contract had against a call.
func (w *World) Faults() (faults []string) {
	for _, c := range w.Calls("") {
		if c.Fault != "" {
			faults = append(faults, fmt.Sprintf("%s: %s %s: %s", c.Provider, c.Method, c.Path, c.Fault))
		}
	}
	return faults
}

// Waiting takes the callbacks that nobody has delivered yet.
func (w *World) Waiting() []Callback {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.waiting
	w.waiting = nil
	return out
}

// Later puts a callback among those that wait.
func (w *World) Later(c Callback) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, c)
}

// Deliver makes the callbacks that wait, in their order, and says what was answered.
func (w *World) Deliver(client *http.Client) (answers []string, err error) {
	for _, c := range w.Waiting() {
		req, err := c.Request()
		if err != nil {
			return answers, err
		}
		res, err := client.Do(req)
		if err != nil {
			return answers, err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			return answers, err
		}
		answers = append(answers, fmt.Sprintf("%d %s", res.StatusCode, body))
	}
	return answers, nil
}

// Request is the callback as a request.
func (c Callback) Request() (*http.Request, error) {
	req, err := http.NewRequest(cmp.Or(c.Method, http.MethodPost), c.URL, strings.NewReader(c.Body))
	if err == nil && c.Header != nil {
		req.Header = c.Header.Clone()
	}
	return req, err
}

// number counts, so that every message has an id of its own.
func (w *World) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return w.n
}

// ServeHTTP is all providers: the first segment of the path is the one that is meant.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/slack/link/") {
		w.link(rw, r)
		return
	}
	name, path, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // whoever asked has gone
	}
	c := &Call{Provider: name, Host: r.Host, Method: r.Method, Path: "/" + path, Query: r.URL.Query(), Header: r.Header.Clone(), Body: body}
	w.mu.Lock()
	fake, ok := w.fakes[name]
	c.Mode = w.modes[name]
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	if !ok {
		c.Fault = "there is no such provider"
		http.Error(rw, c.Fault, http.StatusNotFound)
		return
	}
	switch c.Mode {
	case Slow:
		time.Sleep(w.Pause)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-w.closed:
		}
		return
	}
	reply := w.answer(fake, c)
	c.Status = reply.Status
	for k, v := range reply.Header {
		rw.Header().Set(k, v)
	}
	if rw.Header().Get("Content-Type") == "" {
		rw.Header().Set("Content-Type", "application/json")
	}
	rw.WriteHeader(reply.Status)
	io.WriteString(rw, reply.Body) // whoever has gone does not hear it
	w.callBack(c, reply.Then)
}

// answer finds the route of a call and what it says.
func (w *World) answer(f Fake, c *Call) Reply {
	refuse := func(status int, why string) Reply {
		if f.Refusal != nil {
			return f.Refusal(status, why)
		}
		return Reply{Status: status, Body: `{"error":"` + why + `"}`}
	}
	i := slices.IndexFunc(f.Routes, func(r Route) bool {
		names, ok := fits(r.Path, c.Path)
		if ok && r.Method == c.Method {
			c.Names = names
		}
		return ok && r.Method == c.Method
	})
	if i < 0 {
		c.Fault = "the contract has no such operation"
		return refuse(http.StatusNotFound, c.Fault)
	}
	c.read()
	if f.Routes[i].Check != nil {
		if err := f.Routes[i].Check(w, c); err != nil {
			c.Fault = err.Error()
			if errors.Is(err, errDenied) {
				return refuse(http.StatusUnauthorized, c.Fault)
			}
			return refuse(http.StatusBadRequest, c.Fault)
		}
	}
	switch c.Mode {
	case TooMany:
		r := refuse(http.StatusTooManyRequests, "too many requests")
		r.Header = map[string]string{"Retry-After": "30"}
		return r
	case Failing:
		return refuse(http.StatusServiceUnavailable, "trouble")
	case Locked:
		return refuse(http.StatusUnauthorized, "the account is closed")
	case Refuses:
		return refuse(http.StatusNotFound, "nobody is there")
	}
	return f.Routes[i].Answer(w, c)
}

// read takes the body apart by its form.
func (c *Call) read() {
	kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	switch kind {
	case "application/x-www-form-urlencoded":
		if form, err := url.ParseQuery(string(c.Body)); err == nil {
			c.Form = form
		}
	case "application/json":
		d := json.NewDecoder(bytes.NewReader(c.Body))
		if d.Decode(&c.JSON) != nil {
			c.JSON = nil
		}
	}
}

// fits compares a path with a pattern.
func fits(pattern, path string) (names map[string]string, ok bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	names = map[string]string{}
	for i, w := range want {
		head, rest, named := strings.Cut(w, "{")
		name, tail, _ := strings.Cut(rest, "}")
		switch {
		case !named && w != have[i]:
			return nil, false
		case named && (!strings.HasPrefix(have[i], head) || !strings.HasSuffix(have[i], tail) || len(have[i]) <= len(head)+len(tail)):
			return nil, false
		case named:
			value, err := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(have[i], head), tail))
			if err != nil {
				return nil, false
			}
			names[name] = value
		}
	}
	return names, true
}

// callBack keeps what a provider will call back about, as its mode wants it.
func (w *World) callBack(c *Call, then []Callback) {
	if c.Mode == Drop {
		return
	}
	w.mu.Lock()
	for _, one := range then {
		one.Provider = c.Provider
		w.waiting = append(w.waiting, one)
		if c.Mode == Twice {
			w.waiting = append(w.waiting, one)
		}
	}
	w.mu.Unlock()
	if w.By != nil {
		go w.Deliver(w.By) // the demo: whether anybody is there is seen in its own log
	}
}

// Client speaks to the world within the process, whatever host is asked. A call that
// hangs ends when whoever asks has enough of it.
func (w *World) Client() *http.Client { return &http.Client{Transport: inside{w}} }

type inside struct{ w *World }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	done := make(chan struct{})
	go func() { defer close(done); i.w.ServeHTTP(rec, r) }()
	select {
	case <-done:
	case <-r.Context().Done():
		<-done
		return nil, r.Context().Err()
	}
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	res := rec.Result()
	res.Request = r
	return res, nil
}

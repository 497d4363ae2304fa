package channel_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/egress"
	"tocsin/org"
)

// published is a message as ntfy documents it; a field that is not here is an error.
type published struct {
	Topic    string   `json:"topic"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"`
	Tags     []string `json:"tags"`
	Click    string   `json:"click"`
	Actions  []struct {
		Action string `json:"action"`
		Label  string `json:"label"`
		URL    string `json:"url"`
		Method string `json:"method"`
		Clear  bool   `json:"clear"`
	} `json:"actions"`
}

// ntfyServer stands for ntfy and is stricter than it: what a test did not expect fails.
type ntfyServer struct {
	*httptest.Server
	t      *testing.T
	answer http.HandlerFunc // nil: what ntfy answers

	mu    sync.Mutex
	got   []published
	heads []http.Header
}

func newNtfyServer(t *testing.T, answer http.HandlerFunc) *ntfyServer {
	n := &ntfyServer{t: t, answer: answer}
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *ntfyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var p published
	if err := n.read(r, &p); err != nil {
		n.t.Errorf("ntfy: %v", err)
		http.Error(w, `{"code":40001}`, http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	n.got, n.heads = append(n.got, p), append(n.heads, r.Header)
	n.mu.Unlock()
	if n.answer != nil {
		n.answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"sPs71M8A2T","time":1735689600,"event":"message","topic":%q}`, p.Topic)
}

// pages are those published so far; a client that gave up may leave us in mid-call.
func (n *ntfyServer) pages() []published {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got)
}

func (n *ntfyServer) read(r *http.Request, p *published) error {
	if r.Method != http.MethodPost || r.URL.String() != "/" || r.Header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("unexpected call: %s %s (%s)", r.Method, r.URL, r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return fmt.Errorf("%w in %s", err, body)
	}
	switch {
	case len(body) > 2*4096:
		return fmt.Errorf("the body has %d bytes", len(body))
	case p.Message == "" || len(p.Message) > 4096 || !utf8.ValidString(p.Message):
		return fmt.Errorf("the message has %d bytes", len(p.Message))
	case p.Title == "" || len(p.Title) > 250 || strings.ContainsAny(p.Title, "\r\n"):
		return fmt.Errorf("title %q", p.Title)
	case p.Priority < 1 || p.Priority > 5:
		return fmt.Errorf("priority %d", p.Priority)
	case len(p.Actions) > 3:
		return fmt.Errorf("%d actions", len(p.Actions))
	case !ntfyTopic(p.Topic):
		return fmt.Errorf("topic %q", p.Topic)
	}
	for _, a := range p.Actions {
		if u, err := url.ParseRequestURI(a.URL); a.Action != "http" || a.Label == "" || err != nil || u.Host == "" {
			return fmt.Errorf("action %+v", a)
		}
	}
	for _, tag := range p.Tags {
		if tag == "" || strings.ContainsAny(tag, ", ") {
			return fmt.Errorf("tag %q", tag)
		}
	}
	return nil
}

func ntfyTopic(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func ntfy(t *testing.T, server, token string) *channel.Ntfy {
	t.Helper()
	n, err := channel.NewNtfy(server, token, loopback.Client(channel.SendTimeout))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNtfy(t *testing.T) {
	s := newNtfyServer(t, nil)
	m := alarm(t)
	m.To = "jane-pages"
	got, err := ntfy(t, s.URL+"/", "tk_secret").Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if want := (channel.Receipt{Provider: "sPs71M8A2T", State: escalate.Sent}); got != want {
		t.Errorf("receipt %+v, want %+v", got, want)
	}
	want := published{
		Topic: "jane-pages", Title: "db-1 is down", Priority: 5,
		Message: `Severity: SEV1
Service: postgres
Team: dba
Began: Sun 29 Mar 2026 01:13:00 CET
Incident: 01incident

You are on call for primary.
connection refused

Dashboard: https://grafana.example.org/d/1?a=1&b=2`,
		Tags: []string{"rotating_light", "01incident"}, Click: m.URL,
	}
	want.Actions = append(want.Actions, struct {
		Action string `json:"action"`
		Label  string `json:"label"`
		URL    string `json:"url"`
		Method string `json:"method"`
		Clear  bool   `json:"clear"`
	}{"http", "Acknowledge", m.AckURL, "POST", true})
	if d := cmp.Diff([]published{want}, s.pages()); d != "" {
		t.Errorf("published (-want +got):\n%s", d)
	}
	if h := s.heads[0]; h.Get("Authorization") != "Bearer tk_secret" || h.Get("X-Tocsin-Page") != "01page" {
		t.Errorf("headers: %v", h)
	}
}

func TestNtfyPriorities(t *testing.T) {
	for _, c := range []struct {
		purpose  escalate.Purpose
		severity org.Severity
		priority org.Priority
		want     int
		tag      string
	}{
		{escalate.Alarm, org.SEV1, org.High, 5, "rotating_light"},
		{escalate.Alarm, org.SEV2, org.High, 5, "rotating_light"},
		{escalate.Alarm, org.SEV3, org.High, 4, "rotating_light"},
		{escalate.Alarm, "", "", 4, "rotating_light"},
		{escalate.Alarm, org.SEV1, org.Low, 3, "rotating_light"},
		{escalate.FailOver, org.SEV4, org.High, 5, "rotating_light"},
		{escalate.Told, org.SEV1, org.High, 2, "white_check_mark"},
		{escalate.AllClear, org.SEV1, org.High, 2, "white_check_mark"},
		{escalate.HandOver, org.SEV1, org.High, 2, "information_source"},
		{escalate.Report, org.SEV1, org.High, 2, "information_source"},
	} {
		s := newNtfyServer(t, nil)
		m := channel.Message{ID: "1", To: s.URL + "/topic", Title: "db-1 is down", Purpose: c.purpose, Severity: c.severity, Priority: c.priority}
		if _, err := ntfy(t, "", "").Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := s.pages()[0]; got.Priority != c.want || got.Tags[0] != c.tag || len(got.Actions) != 0 {
			t.Errorf("%s %s %s: %+v", c.purpose, c.severity, c.priority, got)
		}
	}
}

func TestNtfyAddresses(t *testing.T) {
	s := newNtfyServer(t, func(http.ResponseWriter, *http.Request) { t.Error("unexpected call") })
	withUser := strings.Replace(s.URL, "http://", "http://user:pw@", 1)
	for _, to := range []string{
		"", "with space", "a/b", strings.Repeat("a", 65), "топик", "?", s.URL, s.URL + "/", s.URL + "/a/b", s.URL + "/a?auth=x",
		s.URL + "/a#b", withUser + "/a", "file:///etc/passwd", "ftp://example.org/a", "http:///a", "javascript:alert(1)", "http://exa mple.org/a", "//example.org/a",
	} {
		m := alarm(t)
		m.To = to
		if _, err := ntfy(t, s.URL, "").Send(t.Context(), m); channel.Classify(err) != channel.Permanent {
			t.Errorf("%q: %v, want permanent", to, err)
		}
	}
	m := alarm(t)
	m.To = "topic"
	if _, err := ntfy(t, "", "").Send(t.Context(), m); channel.Classify(err) != channel.Permanent {
		t.Errorf("no default server: %v", err)
	}
	for _, server := range []string{"ntfy.example.org", "ftp://ntfy.example.org", "https://u:p@ntfy.example.org", "https://ntfy.example.org/base", "https://ntfy.example.org?x"} {
		if _, err := channel.NewNtfy(server, "", http.DefaultClient); err == nil {
			t.Errorf("the server %q is not refused", server)
		}
	}
}

// The token is the default server's; an address that somebody types must not get it.
func TestNtfyTokenStaysHome(t *testing.T) {
	home, away := newNtfyServer(t, nil), newNtfyServer(t, nil)
	n := ntfy(t, home.URL, "tk_secret")
	for _, to := range []string{"topic", home.URL + "/topic", away.URL + "/topic"} {
		m := alarm(t)
		m.To = to
		if _, err := n.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range home.heads {
		if h.Get("Authorization") != "Bearer tk_secret" {
			t.Errorf("page %d went home without the token", i)
		}
	}
	if a := away.heads[0].Get("Authorization"); a != "" {
		t.Errorf("the token went away: %s", a)
	}
}

// An address typed by a person does not reach this machine or its neighbours.
func TestNtfyGuarded(t *testing.T) {
	s := newNtfyServer(t, func(http.ResponseWriter, *http.Request) { t.Error("unexpected call") })
	n, err := channel.NewNtfy("", "", new(egress.Dialer).Client(channel.SendTimeout))
	if err != nil {
		t.Fatal(err)
	}
	m := alarm(t)
	m.To = s.URL + "/topic"
	if _, err := n.Send(t.Context(), m); channel.Classify(err) != channel.Permanent || !egress.Refused(err) {
		t.Errorf("%v, want a refusal", err)
	}
	if len(s.pages()) != 0 {
		t.Error("the server was reached")
	}
}

func TestNtfyOutcomes(t *testing.T) {
	status := func(code int, head ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(head); i += 2 {
				w.Header().Set(head[i], head[i+1])
			}
			w.WriteHeader(code)
			io.WriteString(w, `{"code":1,"error":"internal detail"}`)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   channel.Outcome
		after  time.Duration
	}{
		{"200 and no JSON", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }, channel.Accepted, 0},
		{"200 and an endless answer", func(w http.ResponseWriter, r *http.Request) {
			w.Write(make([]byte, 2<<20))
		}, channel.Accepted, 0},
		{"301", status(301, "Location", "http://169.254.169.254/"), channel.Permanent, 0},
		{"400", status(400), channel.Permanent, 0},
		{"401", status(401), channel.Permanent, 0},
		{"403", status(403), channel.Permanent, 0},
		{"404", status(404), channel.Permanent, 0},
		{"408", status(408), channel.Temporary, 0},
		{"413", status(413), channel.Permanent, 0},
		{"425", status(425), channel.Temporary, 0},
		{"429", status(429), channel.Temporary, 0},
		{"429 in seconds", status(429, "Retry-After", "7"), channel.Temporary, 7 * time.Second},
		{"429 long ago", status(429, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), channel.Temporary, 0},
		{"429 in far future", status(429, "Retry-After", "Fri, 31 Dec 2199 23:59:59 GMT"), channel.Temporary, time.Hour},
		{"429 nonsense", status(429, "Retry-After", "-5"), channel.Temporary, 0},
		{"500", status(500), channel.Temporary, 0},
		{"503", status(503, "Retry-After", "120"), channel.Temporary, 2 * time.Minute},
		{"507", status(507), channel.Temporary, 0},
		{"cut after the request", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, channel.Unknown, 0},
		{"hangs", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, channel.Unknown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newNtfyServer(t, c.answer)
			n, err := channel.NewNtfy(s.URL, "", loopback.Client(500*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			m := alarm(t)
			m.To = "topic"
			_, err = n.Send(t.Context(), m)
			if got := channel.Classify(err); got != c.want || channel.RetryAfter(err) != c.after {
				t.Errorf("%s after %s (%v), want %s after %s", got, channel.RetryAfter(err), err, c.want, c.after)
			}
			if len(s.pages()) != 1 {
				t.Errorf("it was called %d times", len(s.pages()))
			}
			if err != nil && strings.Contains(err.Error(), "internal detail") {
				t.Errorf("the error repeats the answer: %v", err)
			}
		})
	}
	s := newNtfyServer(t, nil)
	s.Close()
	m := alarm(t)
	m.To = "topic"
	if _, err := ntfy(t, s.URL, "").Send(t.Context(), m); channel.Classify(err) != channel.Temporary {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestNtfyOversize(t *testing.T) {
	s := newNtfyServer(t, nil) // it checks the limits
	m := alarm(t)
	m.To, m.Title, m.Service, m.Thread = "topic", strings.Repeat("ž\n", 10_000), strings.Repeat("\"", 10_000), strings.Repeat("x", 10_000)
	for range 100 {
		m.Body = append(m.Body, strings.Repeat("Ж", 10_000))
		m.Links = append(m.Links, alert.Link{Href: "https://example.org/" + strings.Repeat("a", 1000)})
	}
	if _, err := ntfy(t, s.URL, "").Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if len(s.pages()) != 1 || len(s.pages()[0].Actions) != 1 || !strings.HasSuffix(s.pages()[0].Message, "…") {
		t.Errorf("published %+v", s.pages())
	}
}

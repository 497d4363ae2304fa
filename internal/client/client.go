// Package client is a client of Tocsin's own API, in Go. The command line is made of
// it, and so are tests.
//
// api.go is generated from docs/openapi.json (gen, run by go generate): a struct for
// every schema and a method for every operation, called as the document calls them. This file is
// what they have in common: where the server is, who asks, and what can go wrong.
//
//   - *Fault is an answer that refuses, with its status and the server's own words.
//   - ErrNoAnswer is everything that came from no server of ours: no connection, a
//     time-out, a proxy's page, a redirect.
//
// Writes carry an Idempotency-Key, so that one whose connection broke is sent again and
// still done once. The token goes to the one server that it was given for: redirects
// are not followed. It is in no error.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:generate go run ./gen ../../docs/openapi.json api.go

const (
	patience = 30 * time.Second // for one answer
	longest  = 64 << 20         // bytes of an answer
)

// ErrNoAnswer says that nothing came back that a Tocsin server says.
var ErrNoAnswer = errors.New("no answer")

// A Fault is a refusal in the server's words (RFC 9457).
type Fault struct {
	Status int           `json:"status"`
	Title  string        `json:"title"`
	Detail string        `json:"detail"`
	Errors []ErrorDetail `json:"errors"`
}

func (f *Fault) Error() string {
	var parts []string
	for _, e := range f.Errors {
		where := strings.TrimPrefix(strings.TrimPrefix(e.Location, "body."), "query.")
		if where != "" {
			where += ": "
		}
		parts = append(parts, where+e.Message)
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "\n")
	case f.Detail != "":
		return f.Detail
	}
	return fmt.Sprintf("%d %s", f.Status, f.Title)
}

// A Client asks one server as one somebody. It may be used by many at once.
type Client struct {
	server, token string
	http          *http.Client
	// Agent is how the program calls itself to the server.
	Agent string
}

// New makes a client of the server at a URL, such as https://tocsin.example.org. The
// token is that of an API key.
func New(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the server must be a URL such as https://tocsin.example.org") // not shown: it may hold a password
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token holds what no token has: a space, a line's end, or no ASCII")
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{server: strings.TrimRight(server, "/"), token: token, http: &http.Client{Timeout: patience, CheckRedirect: stay}, Agent: "tocsin"}, nil
}

// Server is the URL that is asked, without a slash at its end.
func (c *Client) Server() string { return c.server }

// An Option of one call.
type Option func(*call)

type call struct {
	head http.Header
	raw  *json.RawMessage
}

// Keep keeps the answer as the server wrote it.
func Keep(answer *json.RawMessage) Option { return func(c *call) { c.raw = answer } }

// IfMatch refuses the change of another version than the one with this ETag.
func IfMatch(etag string) Option { return func(c *call) { c.head.Set("If-Match", etag) } }

// Once gives a write its Idempotency-Key: asked again with it within 24 hours, it is
// not done again. Without it, every call has one of its own.
func Once(key string) Option { return func(c *call) { c.head.Set("Idempotency-Key", key) } }

// do asks and reads the answer into out.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, out any, with []Option) error {
	asked := call{head: http.Header{"Accept": {"application/json"}}}
	res, err := c.ask(ctx, method, path, query, body, &asked, with)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, longest))
	if err != nil {
		return fmt.Errorf("%w from %s: it broke off: %w", ErrNoAnswer, c.server, because(err))
	}
	return c.read(res, text, out, asked.raw)
}

// ask sends a request. A body is sent as JSON, unless it is bytes.
func (c *Client) ask(ctx context.Context, method, path string, query url.Values, body any, asked *call, with []Option) (*http.Response, error) {
	asked.head.Set("User-Agent", c.Agent)
	if c.token != "" {
		asked.head.Set("Authorization", "Bearer "+c.token)
	}
	var content io.Reader
	if raw, ok := body.([]byte); ok {
		content = bytes.NewReader(raw)
		asked.head.Set("Content-Type", "application/octet-stream")
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
		content = bytes.NewReader(text)
		asked.head.Set("Content-Type", "application/json")
	}
	if method != "GET" {
		asked.head.Set("Idempotency-Key", rand.Text())
	}
	for _, o := range with {
		o(asked)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, c.server+path, content)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	r.Header = asked.head
	res, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w from %s: %w", ErrNoAnswer, c.server, because(err))
	}
	return res, nil
}

// because is why a request failed, without the URL that we say ourselves.
func because(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// read makes an answer a value or an error.
func (c *Client) read(res *http.Response, text []byte, out any, raw *json.RawMessage) error {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	ours := kind == "application/json" || kind == "application/problem+json"
	switch {
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return fmt.Errorf("%w from %s: it redirects; name the server that it leads to", ErrNoAnswer, c.server)
	case !ours:
		return fmt.Errorf("%w from %s: what is there says %s, and is no Tocsin server", ErrNoAnswer, c.server, res.Status)
	case res.StatusCode >= 400:
		f := &Fault{}
		if err := json.Unmarshal(text, f); err != nil {
			f.Detail = res.Status
		}
		f.Status = res.StatusCode
		return f
	}
	if raw != nil {
		*raw = text
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%w from %s that can be read: %w", ErrNoAnswer, c.server, err)
	}
	return nil
}

// put adds a parameter to a query, unless it is left out.
func put(v url.Values, name string, value any) {
	switch value := value.(type) {
	case string:
		if value != "" {
			v.Set(name, value)
		}
	case []string:
		if len(value) > 0 {
			v.Set(name, strings.Join(value, ","))
		}
	case int64:
		if value != 0 {
			v.Set(name, strconv.FormatInt(value, 10))
		}
	case bool:
		if value {
			v.Set(name, "true")
		}
	case time.Time:
		if !value.IsZero() {
			v.Set(name, value.UTC().Format(time.RFC3339Nano))
		}
	default:
		panic(fmt.Sprintf("client: a parameter of type %T", value))
	}
}

package tracker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/egress"
)

// ErrGone says that a ticket is not there any longer, or not for us.
var ErrGone = errors.New("the ticket is not there any longer")

// A line is how one system is spoken to.
type line struct {
	client *http.Client
	base   string
	sign   func(*http.Request) // credentials
	header map[string]string
	words  []string // the paths at which its errors say why
}

// ask sends an object, or nothing, and reads one.
func (l line) ask(ctx context.Context, method, path string, in, out any) error {
	_, err := l.asks(ctx, method, path, nil, in, out)
	return err
}

func (l line) asks(ctx context.Context, method, path string, header map[string]string, in, out any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return 0, failed(channel.Permanent, err)
		}
		body = bytes.NewReader(b)
	}
	var written atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			written.Store(true)
		}
	}})
	req, err := http.NewRequestWithContext(traced, method, l.base+path, body)
	if err != nil {
		return 0, failed(channel.Permanent, errors.New("its address cannot be used"))
	}
	req.Header.Set("User-Agent", "Tocsin-Tickets")
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, all := range []map[string]string{l.header, header} {
		for k, v := range all {
			req.Header.Set(k, v)
		}
	}
	if l.sign != nil {
		l.sign(req)
	}
	res, err := l.client.Do(req)
	if err != nil {
		return 0, lost(req, err, written.Load())
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err := l.answered(res, text); err != nil {
		return res.StatusCode, err
	}
	if err != nil {
		return res.StatusCode, failed(channel.Unknown, fmt.Errorf("%s: its answer broke off", req.URL.Host))
	}
	if out != nil && len(text) > 0 {
		if err := json.Unmarshal(text, out); err != nil {
			return res.StatusCode, failed(channel.Permanent, fmt.Errorf("%s answered %d with something that cannot be read", req.URL.Host, res.StatusCode))
		}
	}
	return res.StatusCode, nil
}

// lost is a call without an answer.
func lost(req *http.Request, err error, written bool) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the URL
	}
	switch {
	case egress.Refused(err):
		return failed(channel.Permanent, err)
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("no answer within 10 s")
	}
	if written {
		return failed(channel.Unknown, fmt.Errorf("%s: %w", req.URL.Host, err))
	}
	return failed(channel.Temporary, fmt.Errorf("%s: %w", req.URL.Host, err))
}

// answered is what the status of an answer means, in the vendor's own words.
func (l line) answered(res *http.Response, body []byte) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	said := fmt.Sprintf("%s answered %d %s", res.Request.URL.Host, code, http.StatusText(code))
	if why := l.why(body); why != "" {
		said += ": " + why
	}
	e := &channel.Error{Outcome: channel.Permanent, Err: errors.New(said)}
	switch {
	case code == http.StatusNotFound, code == http.StatusGone:
		e.Err = fmt.Errorf("%w (%s)", ErrGone, said)
	case code >= 300 && code < 400:
		e.Err = errors.New(said + "; redirects are not followed")
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusPaymentRequired:
		e.Outcome = channel.Temporary // somebody has to look at the account; nothing is lost meanwhile
		e.RetryAfter = limited(res)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		e.Outcome, e.RetryAfter = channel.Temporary, retryAfter(res.Header.Get("Retry-After"))
	}
	return e
}

// limited is how long a vendor wants to be left alone that says so with 403.
func limited(res *http.Response) time.Duration {
	if d := retryAfter(res.Header.Get("Retry-After")); d > 0 {
		return d
	}
	if res.Header.Get("X-RateLimit-Remaining") == "0" {
		if at, err := strconv.ParseInt(res.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			return min(max(time.Until(time.Unix(at, 0)), 0), time.Hour)
		}
	}
	return 0
}

func retryAfter(s string) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, time.Hour)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(time.Until(t), 0), time.Hour)
	}
	return 0
}

// why is what an error's body says, as one line.
func (l line) why(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	var parts []string
	for _, path := range l.words {
		collect(at(v, path), &parts)
	}
	return channel.OneLine(strings.Join(parts, "; "), 300)
}

// collect gathers every text beneath a value, with the names it stands under.
func collect(v any, parts *[]string) {
	switch v := v.(type) {
	case string:
		if v != "" && !slices.Contains(*parts, v) {
			*parts = append(*parts, v)
		}
	case []any:
		for _, one := range v {
			collect(one, parts)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if said, ok := v[name].(string); ok {
				*parts = append(*parts, name+": "+said)
			} else {
				collect(v[name], parts)
			}
		}
	}
}

// at is what stands at a path such as result.state or issues.0.key.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// textAt is at as text.
func textAt(v any, path string) string {
	switch v := at(v, path).(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func failed(o channel.Outcome, err error) error { return &channel.Error{Outcome: o, Err: err} }

func basicAuth(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

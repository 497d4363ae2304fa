package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/internal/egress"
)

// lost is what an HTTP request without an answer means.
func lost(err error, written bool) Outcome {
	switch {
	case egress.Refused(err):
		return Permanent
	case written:
		return Unknown
	}
	return Temporary
}

// answered is what the status of an HTTP answer means.
func answered(res *http.Response) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	e := &Error{Outcome: Permanent, Err: fmt.Errorf("http: %s answered %d %s", res.Request.URL.Host, code, http.StatusText(code))}
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		e.Outcome = Temporary
		e.RetryAfter = retryAfter(res.Header.Get("Retry-After"), time.Now())
	}
	return e
}

// retryAfter reads the header's seconds or date, up to one hour.
func retryAfter(s string, now time.Time) time.Duration {
	d := time.Duration(0)
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), time.Hour)
}

// exchange sends a request and reads the answer, whatever its status. Whether the
// request went out whole decides what a lost connection means.
func exchange(client *http.Client, req *http.Request) (*http.Response, []byte, error) {
	var written atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				written.Store(true)
			}
		},
	})
	req = req.WithContext(ctx)
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Tocsin")
	}
	res, err := client.Do(req)
	if err != nil {
		if u, ok := err.(*url.Error); ok { // its URL may hold a token
			err = u.Err
		}
		return nil, nil, failed(lost(err, written.Load()), fmt.Errorf("%s: %w", req.URL.Host, err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		body = nil // the status says what became of the page; only its id is lost
	}
	return res, body, nil
}

// vendorAnswered is answered for a vendor that we have an account at: that it does not
// take our money or word is no fault of the address, and another vendor may do better.
func vendorAnswered(res *http.Response) error {
	err := answered(res)
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		return failed(Temporary, fmt.Errorf("http: %s answered %d %s: check the account", res.Request.URL.Host, res.StatusCode, http.StatusText(res.StatusCode)))
	}
	return err
}

// sendJSON sends an object; the answer is told whatever its status is.
func sendJSON(ctx context.Context, client *http.Client, method, address string, header map[string]string, in any) (*http.Response, []byte, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, nil, failed(Permanent, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(string(body)))
	if err != nil {
		return nil, nil, failed(Permanent, err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	return exchange(client, req)
}

// postJSON posts an object and reads one.
func postJSON(ctx context.Context, client *http.Client, address string, header map[string]string, in, out any) (*http.Response, []byte, error) {
	res, text, err := sendJSON(ctx, client, http.MethodPost, address, header, in)
	if err == nil && out != nil && json.Unmarshal(text, out) != nil {
		return res, text, nil // an answer that cannot be read only means that we learn no id
	}
	return res, text, err
}

// baseURL reads the setting of a server's URL.
func baseURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err == nil {
		err = egress.CheckURL(u)
	}
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not the URL of a server such as https://chat.example.org", text)
	}
	return u.String(), nil
}

package channel

import (
	"fmt"
	"net/http"
	"strconv"
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

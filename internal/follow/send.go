package follow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tocsin/internal/egress"
	"tocsin/internal/store"
	"tocsin/org"
)

// sendTimeout is how long a webhook may take to answer.
const sendTimeout = 5 * time.Second

// waits are the times between one try and the next; after the last a delivery is given
// up. Together they are about 20 minutes.
var waits = []time.Duration{15 * time.Second, time.Minute, 4 * time.Minute, 15 * time.Minute}

// longestWait bounds what a webhook may ask for with Retry-After.
const longestWait = time.Hour

// A verdict is what a try means.
type verdict int

const (
	taken verdict = iota // 2xx
	later                // the trouble may pass
	never                // it will be refused again
)

// An answer is what came of a try.
type answer struct {
	verdict verdict
	status  int
	took    time.Duration
	wait    time.Duration // that the other side asks for
	err     string        // names no credential and repeats nothing of the answer's body
}

// send posts one body and says what came of it. A redirect is not followed: a signed
// body is for the address that was configured.
func (w *Webhooks) send(ctx context.Context, hook org.Webhook, d store.Delivery, body []byte, at time.Time) (a answer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout) // what was begun is finished
	defer cancel()
	began := time.Now()
	defer func() { a.took = time.Since(began) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return answer{verdict: never, err: "the URL cannot be used"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tocsin-Webhook")
	req.Header.Set("X-Tocsin-Delivery", d.ID)
	req.Header.Set("X-Tocsin-Event", d.Kind)
	req.Header.Set("X-Tocsin-Signature", Sign(hook.Secret, d.ID, body, at))
	res, err := w.client.Do(req)
	if err != nil {
		return lost(err)
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, 4096) // so that the connection can be used again
	return answered(res, at)
}

// lost is a try without an answer.
func lost(err error) answer {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL, whose path may be a secret
	}
	switch {
	case egress.Refused(err):
		return answer{verdict: never, err: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return answer{verdict: later, err: fmt.Sprintf("no answer within %v", sendTimeout)}
	}
	return answer{verdict: later, err: err.Error()}
}

func answered(res *http.Response, now time.Time) answer {
	a := answer{status: res.StatusCode, verdict: never, err: fmt.Sprintf("answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))}
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return answer{status: code}
	case code >= 300 && code < 400:
		a.err += "; redirects are not followed"
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		a.verdict, a.wait = later, retryAfter(res.Header.Get("Retry-After"), now)
	}
	return a
}

// retryAfter reads the header's seconds or date.
func retryAfter(s string, now time.Time) (d time.Duration) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), longestWait)
}

// after is a delivery after a try.
func after(d store.Delivery, a answer, body []byte, at time.Time) store.Delivery {
	sum := sha256.Sum256(body)
	d.Tries++
	d.TriedAt, d.WakeAt, d.Status, d.Took, d.Err, d.Digest = at, time.Time{}, a.status, a.took, a.err, hex.EncodeToString(sum[:])
	switch {
	case a.verdict == taken:
		d.State = store.DeliveryDone
	case a.verdict == later && d.Tries <= len(waits):
		d.WakeAt = at.Add(max(waits[d.Tries-1], a.wait))
	default:
		d.State = store.DeliveryDropped
	}
	return d
}

package egress

import (
	"errors"
	"io"
	"net/http"
	"net/url"
)

// MaxBody is how much of an answer is read.
const MaxBody = 1 << 20

// ErrTooLarge ends the reading of an answer that is longer than MaxBody.
var ErrTooLarge = errors.New("egress: the answer is longer than 1 MB")

// CheckURL refuses what no client of this package would fetch by its form. It looks
// up no name: what a name leads to is checked when it is connected to.
func CheckURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return &Refusal{u.Host, "only http and https go out"}
	case u.User != nil:
		return &Refusal{u.Host, "a URL with a user name or password"}
	case u.Hostname() == "" || u.Opaque != "":
		return &Refusal{u.Host, "a URL without a host"}
	}
	return nil
}

// guard checks each request before it goes out and bounds its answer.
type guard struct{ next *http.Transport }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := CheckURL(r.URL); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	res, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return res, nil // a connection: whoever asked for it reads and writes it, and bounds what comes
	}
	res.Body = &limited{ReadCloser: res.Body, left: MaxBody}
	return res, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (g guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// limited fails where the answer goes on after MaxBody, so that a part is never taken
// for the whole. It stands after decompression.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

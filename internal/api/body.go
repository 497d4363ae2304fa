package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	maxEvent = 512 << 10
	maxBatch = 8 << 20
	maxGrow  = 100 // how much larger a body may be than what came over the wire
)

var (
	errTooLarge = errors.New("the body is too large")
	errBroken   = errors.New("the body is not what its Content-Encoding says")
	errLost     = errors.New("the body did not arrive")
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// body reads a request's body of at most limit bytes. done gives the buffer back; the
// bytes must not be used after it.
func body(w http.ResponseWriter, r *http.Request, limit int64) (b []byte, done func(), err error) {
	if r.ContentLength > limit {
		return nil, func() {}, errTooLarge
	}
	if r.ContentLength < 0 || r.ContentLength > 4096 { // a small body came with its head
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	}
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	done = func() {
		if buf.Cap() <= maxEvent {
			buffers.Put(buf)
		}
	}
	from := io.LimitReader(r.Body, limit+1)
	if encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding == "gzip" || encoding == "x-gzip" {
		err = inflate(buf, from, limit)
	} else if encoding != "" && encoding != "identity" {
		err = errBroken
	} else if _, e := buf.ReadFrom(from); e != nil {
		err = errLost
	}
	if err == nil && int64(buf.Len()) > limit {
		err = errTooLarge
	}
	return buf.Bytes(), done, err
}

// inflate unpacks at most limit bytes, and no more than maxGrow times what was packed.
func inflate(buf *bytes.Buffer, from io.Reader, limit int64) error {
	counted := &counting{r: from}
	z, err := gzip.NewReader(counted)
	if err != nil {
		return errBroken
	}
	chunk := make([]byte, 32<<10)
	for {
		n, err := z.Read(chunk)
		buf.Write(chunk[:n])
		switch {
		case int64(buf.Len()) > limit, buf.Len() > 64<<10 && int64(buf.Len()) > maxGrow*counted.n:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return errBroken
		}
	}
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

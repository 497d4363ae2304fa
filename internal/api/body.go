package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/alert/source"
)

const (
	maxEvent   = 512 << 10 // bytes of one event
	maxBatch   = 8 << 20   // bytes of a list of events
	maxMemory  = 64 << 20  // bytes of all bodies that are being worked on
	maxIdle    = 64 << 10  // bytes a buffer may have and be kept for the next request
	firstRead  = 4 << 10
	readWithin = 10 * time.Second

	// A compressed body may swell a hundredfold, and always to plentyRoom: lists of
	// alerts repeat themselves, but not more than that.
	maxSwell   = 100
	plentyRoom = 256 << 10
)

// Why a body was not read.
var (
	errTooLarge = errors.New("the body is too large")
	errNoRoom   = errors.New("too many events at once")
	errSlow     = errors.New("the body did not arrive within 10 seconds")
	errCut      = errors.New("the body ended too early")
)

// A memory lends buffers to requests, no more than maxMemory at a time.
type memory struct {
	held atomic.Int64
	pool sync.Pool
}

// A buffer holds one body. It goes back with done; until then its bytes are counted.
type buffer struct {
	from  *memory
	bytes []byte
	unzip *buffer // what came out of bytes
}

func (m *memory) buffer() *buffer {
	b, _ := m.pool.Get().(*buffer)
	if b == nil {
		b = &buffer{from: m}
	}
	m.held.Add(int64(cap(b.bytes)))
	return b
}

func (b *buffer) done() {
	if b.unzip != nil {
		b.unzip.done()
		b.unzip = nil
	}
	b.from.held.Add(-int64(cap(b.bytes)))
	if b.bytes = b.bytes[:0]; cap(b.bytes) > maxIdle {
		b.bytes = nil
	}
	b.from.pool.Put(b)
}

// grow makes room for more, or says that there is none. It does not believe what a
// sender says of its length: room is made as bytes arrive.
func (b *buffer) grow() error {
	more := max(cap(b.bytes), firstRead)
	if b.from.held.Add(int64(more)) > maxMemory {
		b.from.held.Add(-int64(more))
		return errNoRoom
	}
	bytes := make([]byte, len(b.bytes), cap(b.bytes)+more)
	copy(bytes, b.bytes)
	b.bytes = bytes
	return nil
}

// fill reads to the end, or until there are more bytes than limit.
func (b *buffer) fill(r io.Reader, limit int) error {
	for {
		if len(b.bytes) == cap(b.bytes) {
			if err := b.grow(); err != nil {
				return err
			}
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case len(b.bytes) > limit:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// read reads the body of a request and takes it out of its compression. A
// *source.Unreadable error comes with the body as it was sent.
func (m *memory) read(w http.ResponseWriter, r *http.Request, limit int) (b *buffer, body []byte, err error) {
	b = m.buffer()
	if r.ContentLength > int64(limit) {
		return b, nil, errTooLarge
	}
	control := http.NewResponseController(w)
	// Where no deadline can be set there is no connection that could stall.
	_ = control.SetReadDeadline(time.Now().Add(readWithin))
	err = b.fill(r.Body, limit)
	switch {
	case err == nil:
		_ = control.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded):
		return b, nil, errSlow
	case errors.Is(err, errTooLarge), errors.Is(err, errNoRoom):
		return b, nil, err
	default:
		return b, nil, errCut
	}
	switch coding := r.Header.Get("Content-Encoding"); {
	case coding == "" || strings.EqualFold(coding, "identity"):
		return b, b.bytes, nil
	case strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip"):
		body, err = b.inflate(limit)
		return b, body, err
	default:
		return b, b.bytes, &source.Unreadable{Why: "its Content-Encoding is neither gzip nor identity"}
	}
}

var inflaters sync.Pool // of *gzip.Reader

// inflate is what a gzip body says.
func (b *buffer) inflate(limit int) ([]byte, error) {
	z, _ := inflaters.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer inflaters.Put(z)
	if err := z.Reset(bytes.NewReader(b.bytes)); err != nil {
		return b.bytes, &source.Unreadable{Why: "gzip: " + err.Error()}
	}
	b.unzip = b.from.buffer()
	limit = min(limit, max(plentyRoom, maxSwell*len(b.bytes)))
	err := b.unzip.fill(z, limit)
	if err == nil || errors.Is(err, errTooLarge) || errors.Is(err, errNoRoom) {
		return b.unzip.bytes, err
	}
	return b.bytes, &source.Unreadable{Why: "gzip: " + err.Error()}
}

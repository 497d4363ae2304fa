package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"tocsin/internal/secret"
)

// ErrNotFound is what reading one thing returns when it is not there.
var ErrNotFound = errors.New("not found")

// Options say which database, and how.
type Options struct {
	URL  string       // a file path is SQLite; postgres://, postgresql:// or key=value words are PostgreSQL
	Ring *secret.Ring // required
	// Sync is SQLite's synchronous. "" is FULL: what was acknowledged survives a power
	// cut. "OFF" is for seeders and simulations.
	Sync string
	Rand io.Reader // of ids; nil is crypto/rand
	// Exclusive refuses to open a SQLite database that another process holds like this.
	Exclusive bool
	// Fault is called at "begin", "commit" and "committed"; its error is taken as the
	// database's, and so is a panic. An error at "committed" is a reply that was lost
	// on the way.
	Fault func(point string) error
}

// A Lane is the queue in which a write waits.
type Lane int

const (
	People Lane = iota // a person waits for it
	Accept             // a sender waits for it
	Triage
	High
	Low
	Background
	laneCount
)

// The lanes of due rows and pages.
const (
	LanePeople     = 0
	LaneHigh       = 1
	LaneLow        = 2
	LaneBackground = 3
)

// A Store is one open database.
type Store struct {
	url    string
	d      dialect
	ring   *secret.Ring
	rand   io.Reader
	fault  func(string) error
	sql    texts
	bulks  [bulkCount]bulk
	accept string // see acceptText
	zip    *zstd.Encoder
	unzip  *zstd.Decoder
	lock   *os.File // held while open, when exclusive
	once   sync.Once

	recent  recent       // events in the inbox
	day     atomic.Value // of whose events the table is known to be there
	written atomic.Int64 // rows of bulks

	group *group // SQLite
	pool  *pool  // PostgreSQL
}

// Open opens the database and brings its schema up to date. It refuses a ring that is
// not the database's.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{url: o.URL, d: sqlite, ring: o.Ring, rand: secret.OneAtATime(o.Rand)}
	if o.Ring == nil {
		return nil, errors.New("store: a key ring is required")
	}
	if o.Rand == nil {
		s.rand = rand.Reader
	}
	if isPostgres(o.URL) {
		s.d = postgres
	}
	s.sql = s.d.texts()
	for i, b := range bulks {
		s.bulks[i] = b.numbered(s.d)
	}
	if s.d.arrays {
		s.accept = acceptText(s.d)
	}
	if err := s.zstd(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var err error
	if s.d.name == "postgres" {
		err = s.openPostgres(ctx, o)
	} else {
		err = s.openSQLite(ctx, o)
	}
	if err == nil {
		err = s.checkRing(ctx)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("store: open: %w", err)
	}
	s.fault = o.Fault // from here on: opening is no part of what the tests disturb
	return s, nil
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") ||
		strings.Contains(url, "host=") || strings.Contains(url, "dbname=")
}

func (s *Store) zstd() (err error) {
	if s.zip, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20)); err != nil {
		return err
	}
	s.unzip, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	return err
}

// Close finishes what is being written, refuses what waits, and closes the database.
func (s *Store) Close() (err error) {
	s.once.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() (err error) {
	if s.group != nil {
		err = s.group.close()
	}
	if s.pool != nil {
		err = s.pool.close()
	}
	if s.unzip != nil {
		s.unzip.Close()
	}
	if s.lock != nil {
		s.lock.Close()
	}
	return err
}

// Dialect is "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.d.name }

// Write runs fn in a transaction and returns when it is on disk, or not at all. fn may
// run more than once, does no I/O and never calls Write. When ctx ends before fn has
// begun, it never will.
func (s *Store) Write(ctx context.Context, lane Lane, fn func(*Tx) error) error {
	write := s.group.write
	if s.pool != nil {
		write = s.pool.write
	}
	day := ""
	err := write(ctx, lane, func(tx *Tx) error {
		err := fn(tx)
		day = tx.newDay
		return err
	})
	if err == nil && day != "" {
		s.day.Store(day)
	}
	return err
}

// Read runs fn on a snapshot that nobody changes meanwhile.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	if s.pool != nil {
		return s.pool.read(ctx, fn)
	}
	return s.group.read(ctx, fn)
}

// faultAt is what the tests want to go wrong at a point.
func (s *Store) faultAt(point string) (err error) {
	if s.fault == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = Panic{v, debug.Stack()}
		}
	}()
	return s.fault(point)
}

// Clock is what the database takes the time for. Nothing is decided by it: a node asks
// it to find out that its own clock is wrong.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var us int64
	err := s.Read(ctx, func(tx *Tx) error { return tx.row(s.d.clock)(&us) })
	return moment(us), err
}

// A Panic is what a function given to Write or Read panicked with.
type Panic struct {
	Value any
	Stack []byte
}

func (p Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

var errClosed = errors.New("store: closed")

// micros and moment turn times into what the database keeps, and back. Zero is never.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

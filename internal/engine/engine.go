// Package engine moves the house through time. It has four doors and keeps nothing in
// memory that a crash could lose:
//
//   - Hear: what a source said. Returns when it is on disk.
//   - Do: what a person did, from whatever channel: one path.
//   - Step: everything that is due by a moment; returns the next moment.
//   - Report: what a provider said became of a page.
//
// Everything it decides is decided by the steps at the root, which are pure; the
// engine reads, asks them, and writes. A subject is tended (tend.go): first what was
// just done to it, then what each step does by itself, until none adds a fact; the
// facts, the pages that follow, those that fall away and the next due time are written
// in one transaction. Events wait in the inbox until triage (triage.go), run by one node
// at a time, has opened, counted or resolved alerts with them.
//
// Silences hold what they match (silence.go), and alerts that their source no longer
// speaks of lapse (expire.go); each has due rows of its own.
//
// Pages are sent outside any transaction (send.go): claimed with a lease, handed to a
// channel, and settled in a transaction that the lease's generation fences. A crash in
// between lets the lease run out, and the page is sent again: one too many is better
// than none. A page's key never pages twice otherwise.
//
// Only run.go waits and asks what time it is. Step, one thing after another, drives tests,
// nights and the simulator; Run does the same with triage in a loop of its own and with
// timers and pages beside each other. Ids and "random" choices draw from Rand, so that a seed
// replays a whole life.
package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

// laneTriage holds only the right to triage, which no timer wakes.
const laneTriage = 9

const (
	// dueLease is how long a claimed due row is ours: its work is only in the database.
	dueLease = 5 * time.Second
	// pageLease outlives the longest send.
	pageLease = channel.SendTimeout + 5*time.Second
	// behind is how late a lane may be before its newest rows go first.
	behind = 60 * time.Second
)

// Options are what an engine is made of.
type Options struct {
	Store *store.Store
	Ring  *secret.Ring
	// Channels are those that are always there. Those that are configured are made by Make.
	Channels  []channel.Channel
	Make      func(org.Channel) (channel.Channel, error)
	PublicURL string // of the links in pages, without a slash at its end
	// MailDomain is the domain of the addresses at which replies by mail come in; "" when
	// none do.
	MailDomain string
	Rand       io.Reader
	Log        *slog.Logger
	// Async sends pages on workers, so that a slow provider holds up nobody else.
	// Without it Step sends them itself, one after another, in an order that replays.
	Async bool
	// AuditEvery is the time between two self-audits; 0 is a minute. Who simulates
	// years looks less often.
	AuditEvery time.Duration
	// DiskUsed is how much of the database's disk is used, in per cent; nil when that is
	// somebody else's. Above 80 old events go first.
	DiskUsed func() float64
	// Hit is called at named points; tests crash there.
	Hit func(point string)
}

// An Engine moves one house. Several may move the same one, on one PostgreSQL.
type Engine struct {
	store *store.Store
	ring  *secret.Ring
	fixed []channel.Channel
	make  func(org.Channel) (channel.Channel, error)
	built struct { // of the configuration, by id
		sync.Mutex
		by map[string]provider
	}
	health     health
	publicURL  string
	mailDomain string
	log        *slog.Logger
	async      bool
	audits     time.Duration
	diskUsed   func() float64
	hit        func(string)
	metrics    *Metrics

	randMu sync.Mutex
	rand   io.Reader
	made   struct { // by newID, last
		at   int64
		rest [10]byte
	}

	setup struct { // the configuration as last read
		sync.Mutex
		*setup
	}
	inbox     intake
	samples   sampling
	outcomes  [store.LaneBackground + 1]gatherer[*outcome] // of pages, by lane, that are not written down yet
	going     [store.LaneBackground + 1]atomic.Int64       // pages of a lane that are being sent
	grove     atomic.Pointer[grove]                        // what fires, and why (sift.go)
	ailing    map[string]ailing                            // events that failed triage alone, by id; only triage looks
	slots     map[slot]chan struct{}
	tends     chan struct{} // a place for each subject that is tended beside the looks
	workers   sync.WaitGroup
	triages   bool          // this node did when it last asked; only triage looks
	most      int           // events that a transaction triages
	indexes   int           // rows of the feed that a transaction looks at for titles
	rests     time.Duration // times as long as triage took: see triageRestsPostgres
	poked     chan struct{}
	heard     chan struct{} // events may wait for triage
	clock     *Clock
	lastStep  atomic.Int64 // microseconds since 1970, as is the next
	lastHeard atomic.Int64 // when Run last asked whether something was heard
	unindexed atomic.Bool  // titles may be waiting to be indexed (step.go)
	triaged   atomic.Int64 // microseconds since 1970: when something was last
	indexed   time.Time    // when titles were last; only Step looks
	indexing  atomic.Bool  // beside the looks
	skewed    atomic.Bool  // this node's clock cannot be trusted: claim nothing (run.go)
}

// New makes an engine. It does nothing until one of its doors is used.
func New(o Options) *Engine {
	e := &Engine{
		store: o.Store, ring: o.Ring, publicURL: o.PublicURL, mailDomain: o.MailDomain, log: o.Log, async: o.Async, hit: o.Hit, diskUsed: o.DiskUsed, rand: o.Rand,
		fixed: o.Channels, make: o.Make, poked: make(chan struct{}, 1), heard: make(chan struct{}, 1), slots: map[slot]chan struct{}{}, tends: make(chan struct{}, tendAtOnce),
		ailing: map[string]ailing{}, metrics: newMetrics(), clock: NewClock(),
	}
	e.most, e.rests, e.indexes = triageBatchSQLite, triageRestsSQLite, indexBatchSQLite
	if o.Store.Dialect() == "postgres" {
		e.most, e.rests, e.indexes = triageBatchPostgres, triageRestsPostgres, indexAtOnce
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.rand == nil {
		e.rand = rand.Reader
	}
	if e.audits = o.AuditEvery; e.audits == 0 {
		e.audits = auditEvery
	}
	if e.diskUsed == nil {
		e.diskUsed = func() float64 { return 0 }
	}
	if e.hit == nil {
		e.hit = func(string) {}
	}
	e.unindexed.Store(true) // whoever was here before may have stopped at any moment
	return e
}

// Now is the time by this engine's clock, as its doors want to be told it.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// PublicURL is how the house is reached from outside, without a slash at its end.
func (e *Engine) PublicURL() string { return e.publicURL }

// Metrics are the engine's own figures.
func (e *Engine) Metrics() *Metrics { return e.metrics }

// Poke makes Run look at once.
func (e *Engine) Poke() { wake(e.poked) }

// wake wakes who waits for it, now or as soon as they do.
func wake(who chan struct{}) {
	select {
	case who <- struct{}{}:
	default:
	}
}

// Read gives a consistent look at the store.
func (e *Engine) Read(ctx context.Context, fn func(*store.Tx) error) error {
	return e.store.Read(ctx, fn)
}

// newID makes an identifier. Those of one millisecond follow each other in the order in
// which they are made, so that pages go out in the order in which they were planned.
func (e *Engine) newID(now time.Time) string {
	e.randMu.Lock()
	defer e.randMu.Unlock()
	rest := e.made.rest[:]
	if at := now.UnixMilli(); at != e.made.at {
		e.made.at = at
		if _, err := io.ReadFull(e.rand, rest); err != nil {
			panic("engine: the source of randomness failed: " + err.Error())
		}
		rest[0] &= 0x7f // room to count
	} else {
		for i := len(rest) - 1; i >= 0; i-- {
			if rest[i]++; rest[i] != 0 {
				break
			}
		}
	}
	return org.NewID(now, bytes.NewReader(rest))
}

// drawing draws from the engine's source of randomness, one caller at a time.
type drawing struct{ e *Engine }

func (d drawing) Read(p []byte) (int, error) {
	d.e.randMu.Lock()
	defer d.e.randMu.Unlock()
	return io.ReadFull(d.e.rand, p)
}

// NewID makes an identifier for what somebody adds.
func (e *Engine) NewID(now time.Time) string { return e.newID(now) }

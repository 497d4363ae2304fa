package sim

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
)

// A Life is one house simulated for some days, from a seed: the whole engine on a real
// SQLite file, senders, people and providers that behave as badly as the seed lets
// them, and an oracle that keeps its own books and compares. No clock is read and no
// goroutine waits, so that a seed replays exactly.
type Life struct {
	Seed uint64
	Days int
	Dir  string // for the database
}

// A Record is what a life came to.
type Record struct {
	Hash      string // of everything that happened
	Trail     []string
	Incidents int
	Events    int // accepted
	Sends     int // calls of a provider
	Twice     int // pages that went out more than once
	Ambiguous int // outcomes that nobody could know
	Crashes   int
	Faults    int // of the database
	Jumps     int // of the clock
	Acks      int
	Steps     int
	Worst     time.Duration // the latest first try of a page, outages of ours left out
}

func (r Record) String() string {
	return fmt.Sprintf("%d incidents, %d events, %d sends, %d twice (%d ambiguous), %d answers, %d crashes, %d faults, %d jumps, %d steps, worst lateness %s",
		r.Incidents, r.Events, r.Sends, r.Twice, r.Ambiguous, r.Acks, r.Crashes, r.Faults, r.Jumps, r.Steps, r.Worst)
}

// errDead is what a crash panics with. Only the simulator catches it.
var errDead = errors.New("the process is gone")

// trailKept is how much of the story a violation shows.
const trailKept = 50

// A simulator lives one Life.
type simulator struct {
	Life
	ctx    context.Context
	rng    *rand.Rand
	ids    *rand.ChaCha8
	ring   *secret.Ring
	store  *store.Store
	engine *engine.Engine

	now    time.Time // as the house is told
	newest time.Time // the latest that it was ever told
	end    time.Time
	agenda agenda
	count  int // of agenda entries, to keep their order

	sifts     bool // things hang together in this house
	acts      bool // and a program puts some right
	sieve     *sift.Sieve
	menu      menu
	troubles  map[string]*outage // by channel
	crashIn   int                // hits until the crash; 0: none comes
	faultIn   int
	faultAt   string
	sheltered bool   // no crash and no fault now
	marking   string // the page that a provider has taken and nobody has noted yet

	houseParts
	oracle oracle
	Record
	sum   hash.Hash
	trail []string
	wrong error
}

// Run lives the life. Its error is a violation, with the seed and the last of the story.
func (l Life) Run(ctx context.Context) (Record, error) {
	var key [32]byte
	copy(key[:], fmt.Sprintf("%d", l.Seed))
	s := &simulator{
		Life: l, ctx: ctx, rng: rand.New(rand.NewChaCha8(key)), sum: sha256.New(), troubles: map[string]*outage{},
	}
	key[31] = 1
	s.ids = rand.NewChaCha8(key)
	s.oracle.begin(s)
	starts := []time.Time{ // around the changes of the clocks
		time.Date(2026, 10, 20, 5, 0, 0, 0, time.UTC), time.Date(2027, 3, 5, 22, 0, 0, 0, time.UTC), time.Date(2027, 3, 24, 11, 0, 0, 0, time.UTC),
	}
	s.now = starts[s.rng.IntN(len(starts))]
	s.newest, s.end = s.now, s.now.AddDate(0, 0, l.Days)
	s.menu = drawMenu(s.rng)
	var err error
	if s.ring, err = secret.Generate(s.ids); err != nil {
		return s.Record, err
	}
	if err := s.open(); err != nil {
		return s.Record, err
	}
	defer func() { s.store.Close() }()
	if err := s.settleIn(); err != nil {
		return s.Record, err
	}
	s.live()
	s.Trail, s.Hash = s.trail, hex.EncodeToString(s.sum.Sum(nil))
	if s.wrong != nil {
		day := int(s.now.Sub(s.end.AddDate(0, 0, -l.Days)).Hours() / 24)
		return s.Record, fmt.Errorf("seed %d, day %d: %w\n%s\n%s", l.Seed, day, s.wrong, strings.Join(s.trail, "\n"), s.concerned(s.wrong.Error()))
	}
	return s.Record, nil
}

func (s *simulator) open() (err error) {
	s.store, err = store.Open(s.ctx, store.Options{
		URL: filepath.Join(s.Dir, "house.db"), Ring: s.ring, Sync: "OFF", Rand: s.ids, Fault: s.fault,
	})
	if err != nil {
		return err
	}
	channels := make([]channel.Channel, len(simulatedChannels))
	for i, name := range simulatedChannels {
		channels[i] = carrier{s, name}
	}
	s.engine = engine.New(engine.Options{
		Store: s.store, Ring: s.ring, Channels: channels, PublicURL: "https://tocsin.example", Rand: s.ids,
		Log: slog.New(listening{s}), Hit: s.hit, AuditEvery: 30 * time.Minute,
	})
	return s.engine.Begin(s.ctx, s.now)
}

// live goes from one thing to the next until the days are over, and then for as long
// as the house needs to come to rest, with nothing going wrong any longer.
func (s *simulator) live() {
	s.invite()
	wake, checked := s.now, s.now
	rest := s.end.Add(36 * time.Hour)
	quiet := false
	for s.wrong == nil && s.now.Before(rest) {
		next := wake
		if len(s.agenda) > 0 && (next.IsZero() || s.agenda[0].at.Before(next)) {
			next = s.agenda[0].at
		}
		if next.After(s.now) {
			s.tell(next)
		}
		if !quiet && s.now.After(s.end) {
			quiet = true
			s.calm()
		}
		for len(s.agenda) > 0 && !s.agenda[0].at.After(s.now) && s.wrong == nil {
			e := heap.Pop(&s.agenda).(errand)
			s.survive(e.do)
		}
		wake = s.step()
		if s.now.Sub(checked) >= time.Hour || s.now.Before(checked) {
			checked = s.now
			s.oracle.hourly()
		}
	}
	if s.wrong == nil {
		s.oracle.last()
	}
}

// tell moves the time on.
func (s *simulator) tell(now time.Time) {
	s.now = now.Truncate(time.Microsecond)
	if s.now.After(s.newest) {
		s.newest = s.now
	}
}

// step lets the house do what is due, as its own loop would, and returns when it wants
// to be asked again.
func (s *simulator) step() (next time.Time) {
	for range 1000 {
		s.Steps++
		var err error
		alive := s.survive(func() { next, err = s.engine.Step(s.ctx, s.now) })
		s.marking = ""
		switch {
		case s.wrong != nil:
			return next
		case !alive:
			continue
		case err != nil:
			if !s.oracle.excused(s.now) {
				s.violation("progress", "a step failed and nothing was broken: %v", err)
			}
			s.say("step failed: %v", err)
			return s.now.Add(time.Second)
		case next.IsZero() || next.After(s.now):
			s.oracle.stepped()
			return next
		}
	}
	s.violation("I13", "the house does not come to rest: %s", s.oracle.unrest())
	return next
}

// survive does something that a crash may end, and then starts the house again.
func (s *simulator) survive(do func()) (alive bool) {
	defer func() {
		if p := recover(); p != nil {
			if p != errDead {
				panic(p)
			}
			s.crashed()
		}
	}()
	do()
	return true
}

// crashed: what was not committed is gone, time passes, and the clock may be another.
func (s *simulator) crashed() {
	s.Crashes++
	s.sheltered = true
	s.crashIn, s.faultIn = 0, 0
	s.unnoted()
	s.store.Close()
	from := s.now
	s.tell(s.now.Add(time.Duration(s.rng.Int64N(int64(30 * time.Second)))))
	if s.menu.jumps && s.rng.IntN(3) == 0 {
		jump := time.Duration(1+s.rng.IntN(3600)) * time.Second
		if s.rng.IntN(2) == 0 {
			jump = -jump
		}
		s.Jumps++
		s.tell(s.now.Add(jump))
		s.say("the clock jumps by %s", jump)
	}
	s.oracle.down(from, s.now.Add(70*time.Second))
	s.say("the house starts again")
	if err := s.open(); err != nil {
		s.violation("restart", "the house does not start again: %v", err)
	}
	s.sheltered = false
}

// hit is called at the engine's named points.
func (s *simulator) hit(point string) {
	if s.crashIn == 0 || s.sheltered {
		return
	}
	if s.crashIn--; s.crashIn == 0 {
		s.say("crash %s", point)
		panic(errDead)
	}
}

// fault is the database's: a transaction that cannot begin, one that cannot be
// committed, and one whose commit nobody hears of.
func (s *simulator) fault(point string) error {
	if s.faultIn == 0 || s.sheltered || point != s.faultAt {
		return nil
	}
	if s.faultIn--; s.faultIn > 0 {
		return nil
	}
	s.Faults++
	s.oracle.down(s.now, s.now.Add(70*time.Second))
	s.unnoted()
	s.say("the database fails at %s", point)
	return fmt.Errorf("simulated fault at %s", point)
}

// unnoted: if a provider has just taken a page, nobody will know.
func (s *simulator) unnoted() {
	if s.marking != "" {
		s.oracle.ambiguous(s.marking)
		s.marking = ""
	}
}

// say adds a line to the story.
func (s *simulator) say(format string, args ...any) {
	line := s.now.Format("2006-01-02 15:04:05.000 ") + fmt.Sprintf(format, args...)
	s.sum.Write([]byte(line + "\n"))
	s.trail = append(s.trail, line)
	if n := len(s.trail) - trailKept; n > 0 {
		s.trail = s.trail[n:]
	}
}

// violation ends the life.
func (s *simulator) violation(invariant, format string, args ...any) {
	if s.wrong == nil {
		s.wrong = fmt.Errorf("%s violated: %s", invariant, fmt.Sprintf(format, args...))
		s.say("VIOLATION %v", s.wrong)
	}
}

// concerned is the logs and pages of the subjects that a text names.
func (s *simulator) concerned(text string) string {
	var b strings.Builder
	for _, id := range anID.FindAllString(text, -1) {
		s.store.Read(s.ctx, func(tx *store.Tx) error {
			subject := incident.ID(id)
			if p, err := tx.Page(id); err == nil {
				subject = p.Subject
			}
			log, err := tx.Log(subject)
			for _, e := range log {
				fmt.Fprintln(&b, e.At.Format("2006-01-02 15:04:05.000000"), subject, e.Seq, e.By, e.Fact.Kind(), e.Fact)
			}
			pages, _ := tx.PagesOf(subject)
			for _, p := range pages {
				fmt.Fprintln(&b, p.At.Format("2006-01-02 15:04:05.000000"), p.ID, p.Key(), p.State, p.Attempts, "wakes", p.WakeAt, p.Err)
			}
			return err
		})
	}
	return b.String()
}

// listening hears what the house logs: what it does not understand itself is a finding.
type listening struct{ s *simulator }

func (listening) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (h listening) WithAttrs([]slog.Attr) slog.Handler         { return h }
func (h listening) WithGroup(string) slog.Handler              { return h }

func (h listening) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	h.s.say("log: %s", text)
	switch {
	case strings.Contains(text, poison), h.s.oracle.excused(h.s.now):
	case strings.HasPrefix(text, "self-audit"):
		h.s.violation("self-audit", "%s", text)
	default:
		h.s.violation("log", "the house complains and nothing was broken: %s", text)
	}
	return nil
}

// An errand is something that somebody does at a time.
type errand struct {
	at time.Time
	no int
	do func()
}

type agenda []errand

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].no < a[j].no
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(errand)) }
func (a *agenda) Pop() any {
	old := *a
	e := old[len(old)-1]
	*a = old[:len(old)-1]
	return e
}

// after puts something on the agenda.
func (s *simulator) after(d time.Duration, do func()) {
	s.count++
	heap.Push(&s.agenda, errand{s.now.Add(max(d, 0)).Truncate(time.Microsecond), s.count, do})
}

// often does something again and again, at random, so often a day, while the days last.
func (s *simulator) often(aDay float64, do func()) {
	if aDay <= 0 {
		return
	}
	s.after(s.within(24*time.Hour, aDay), func() {
		if s.now.Before(s.end) {
			do()
			s.often(aDay, do)
		}
	})
}

// within is a random wait, for something that happens n times in a span.
func (s *simulator) within(span time.Duration, n float64) time.Duration {
	return time.Duration(s.rng.ExpFloat64() * float64(span) / n)
}

// chance is true p of the time.
func (s *simulator) chance(p float64) bool { return s.rng.Float64() < p }

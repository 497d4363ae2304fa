package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/secret"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/org"
)

// Options say on what a night is played.
type Options struct {
	// URL is an empty database, as store.Options wants it. "" is a SQLite file that is
	// thrown away afterwards.
	URL string
}

// A player plays one night.
type player struct {
	url    string
	ring   *secret.Ring
	rand   *rand.ChaCha8
	store  *store.Store
	engine *engine.Engine
	phones []*phone
	world  *mockworld.World
	hangs  map[string]bool // providers that take everything and never answer
	delays map[string]bool // providers whose callbacks are late
	late   []mockworld.Callback
	site   *status.Site // what those outside are told; nil: nothing
	clerk  *follow.Tickets
	// ticketing says that the set-up has ticket systems, and dropped where the house did in
	// the middle of speaking to one.
	ticketing bool
	dropped   string
	called    map[string]string // keys of tickets, by system and reference
	report    string            // the last by a form
	notice    incident.ID       // the last on a status page
	reader    org.PersonID      // who reads a reply, in which codes stand

	script     script
	transcript transcript
	now        time.Time
	rested     bool // nothing is left to do now
	over       bool // "morning" was said

	people  map[org.PersonID]org.Person
	known   map[string]bool              // "kind id" of what is configured
	events  map[alarm]alert.Event        // what monitoring said last
	lasting map[alarm]time.Duration      // for how long it said so
	keys    map[incident.ID]string       // the script's names of incidents
	from    map[string]org.IntegrationID // who spoke of a key last
	hushes  map[string]string            // ids of silences, by their names in the script
	crashAt string
}

// An alarm is the name of an alert in a script.
type alarm struct {
	from org.IntegrationID
	key  string
}

const (
	restless = 2000           // steps at one moment after which a house will never come to rest
	longest  = 24 * time.Hour // that a night goes on after its last line
)

// Play plays a script through a house of its own and returns it with what the house
// did. An error is a script that cannot be read, or books that do not balance; the
// transcript up to there is returned all the same.
func Play(ctx context.Context, text string, o Options) (string, error) {
	s, err := parse(text)
	if err != nil {
		return "", err
	}
	p := &player{
		url: o.URL, rand: rand.NewChaCha8([32]byte{1}), script: s, now: s.scenes[0].at,
		world: mockworld.New(), hangs: map[string]bool{}, delays: map[string]bool{},
		events: map[alarm]alert.Event{}, lasting: map[alarm]time.Duration{}, hushes: map[string]string{}, keys: map[incident.ID]string{}, from: map[string]org.IntegrationID{}, called: map[string]string{},
	}
	if p.url == "" {
		dir, err := os.MkdirTemp("", "night")
		if err != nil {
			return "", err
		}
		defer os.RemoveAll(dir)
		p.url = filepath.Join(dir, "night.db")
	}
	if p.ring, err = secret.Generate(p.rand); err != nil {
		return "", err
	}
	real := worldly(s.setup)
	for _, name := range phoneNames {
		if slices.Contains(real, name) {
			continue
		}
		if strings.Contains(usual+text, name) { // the others cost time and do nothing
			p.phones = append(p.phones, &phone{p: p, name: name, moods: map[string]mood{}})
		}
	}
	p.world.Now = func() time.Time { return p.now }
	p.transcript.lines = append(p.transcript.lines, s.head...)
	err = p.open(ctx)
	if err == nil {
		err = p.setUp(ctx, usual, s.setup)
	}
	if err == nil {
		err = p.play(ctx)
	}
	return p.transcript.String(), errors.Join(err, p.close())
}

func (p *player) play(ctx context.Context) error {
	for _, sc := range p.script.scenes {
		if err := p.advance(ctx, sc.at); err != nil {
			return err
		}
		p.transcript.begin(sc)
		p.rested = false
		err := p.survive(ctx, func() error { return p.act(ctx, sc) })
		if refusal, ok := errors.AsType[incident.Refusal](err); ok {
			p.say(markRefusal, "%s", refusal.Text)
		} else if err != nil {
			return fmt.Errorf("line %d: %s: %w", sc.line, sc.text, err)
		}
		if err := p.advance(ctx, later(sc.at, p.now)); err != nil {
			return err
		}
	}
	if err := p.rest(ctx); err != nil {
		return err
	}
	if p.crashAt != "" {
		return fmt.Errorf("the house never came to the point %q, at which it was to crash", p.crashAt)
	}
	if err := p.contracts(); err != nil {
		return err
	}
	return p.check(ctx)
}

// advance moves the house to a moment, by way of everything that is due before.
func (p *player) advance(ctx context.Context, to time.Time) error {
	switch {
	case to.Before(p.now):
		return fmt.Errorf("at %s the house is still off", p.script.stamp(to))
	case p.rested && to.Equal(p.now):
		return nil
	}
	for steps := 0; ; steps++ {
		if steps > restless {
			return fmt.Errorf("at %s the house does not come to rest", p.script.stamp(p.now))
		}
		var next time.Time
		err := p.survive(ctx, func() (err error) {
			next, err = p.now, nil // again, should it crash
			next, err = p.engine.Step(ctx, p.now)
			return err
		})
		if err == nil {
			var said bool
			if said, err = p.callbacks(ctx); said {
				next = p.now // it may have work to do for it
			}
			if err == nil && (next.IsZero() || next.After(p.now)) {
				if err = p.letters(ctx); err == nil {
					said, err = p.tickets(ctx)
				}
				if said {
					next = p.now
				}
			}
		}
		if err != nil {
			return fmt.Errorf("at %s: %w", p.script.stamp(p.now), err)
		}
		if next.IsZero() || next.After(to) {
			break
		}
		if next.After(p.now) {
			p.now, steps = next, 0
		}
	}
	p.now, p.rested = to, true
	return nil
}

// rest lets the night go on after its last line, until nothing is due but the house's
// own affairs.
func (p *player) rest(ctx context.Context) error {
	end := p.now.Add(longest)
	for !p.over {
		var agenda store.Agenda
		if err := p.store.Read(ctx, func(tx *store.Tx) (err error) { agenda, err = tx.Agenda(); return err }); err != nil {
			return err
		}
		next := agenda.First(store.LanePeople, store.LaneHigh, store.LaneLow)
		if next.IsZero() || next.After(end) {
			return nil
		}
		if err := p.advance(ctx, later(next, p.now)); err != nil {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

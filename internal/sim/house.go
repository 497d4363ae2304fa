package sim

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// usual is the set-up of a night that brings none: who sleeps there, and how.
//
//go:embed usual.yaml
var usual string

// errCrashed is what the house panics with where the script wants it to crash.
var errCrashed = errors.New("the house crashed")

// open opens the house, for the first time or again. Whatever it did not write down is
// forgotten.
func (p *player) open(ctx context.Context) (err error) {
	if p.store, err = store.Open(ctx, store.Options{URL: p.url, Ring: p.ring, Sync: "OFF", Rand: p.rand}); err != nil {
		return err
	}
	channels := make([]channel.Channel, len(p.phones))
	for i, c := range p.phones {
		channels[i] = c
	}
	p.engine = engine.New(engine.Options{
		Store: p.store, Ring: p.ring, Channels: channels, PublicURL: publicURL,
		Make: func(c org.Channel) (channel.Channel, error) { return p.connect(c, p.ring) },
		Rand: p.rand, AuditEvery: p.script.audits(),
		Log: slog.New(&aloud{p: p}), Hit: p.hit,
	})
	return p.engine.Begin(ctx, p.now)
}

// close drops the house: what it was about to do is left as it stands.
func (p *player) close() error {
	if p.store == nil {
		return nil
	}
	err := p.store.Close()
	p.store, p.engine, p.site, p.clerk = nil, nil, nil, nil
	return err
}

// crash is a close and an open: leases that were held run out by themselves.
func (p *player) crash(ctx context.Context) error {
	if err := p.close(); err != nil {
		return err
	}
	return p.open(ctx)
}

// hit is called by the engine at its named points.
func (p *player) hit(point string) {
	if point == p.crashAt {
		p.crashAt = ""
		panic(errCrashed)
	}
}

// survive runs something that the house does. When the house crashes there, it is
// opened again, and the transcript says so.
func (p *player) survive(ctx context.Context, do func() error) (err error) {
	at := p.crashAt
	defer func() {
		switch v := recover(); v {
		case nil:
		case errCrashed:
			p.say(markAloud, "the house crashed %s, and starts again", at)
			err = p.crash(ctx)
		default:
			panic(v)
		}
	}()
	return do()
}

// setUp writes set-ups over what is configured, one on top of the other, as one change.
func (p *player) setUp(ctx context.Context, texts ...string) error {
	return p.store.Write(ctx, store.People, func(tx *store.Tx) error {
		rows, err := tx.Config()
		if err != nil {
			return err
		}
		var items []config.Item
		for _, r := range rows {
			if !r.Retired {
				items = append(items, config.Item{Kind: r.Kind, ID: r.ID, Body: r.Body})
			}
		}
		had := len(items)
		for _, text := range texts {
			setup, err := config.Parse("set-up", []byte(text))
			if err == nil {
				err = p.sensible(setup.Validate(config.Read(items)))
			}
			if err != nil {
				return err
			}
			for _, one := range setup.Items(p.ring) {
				items = slices.DeleteFunc(items, func(i config.Item) bool { return i.Kind == one.Kind && i.ID == one.ID })
				items = append(items, one)
			}
		}
		var changes []store.Change
		for _, i := range items {
			changes = append(changes, store.Change{Kind: i.Kind, ID: i.ID, Body: i.Body, By: "night"})
		}
		if had == 0 && len(rows) > 0 {
			return incident.Refuse("a night wants a database of its own")
		}
		_, err = tx.PutConfig(p.now, changes...)
		p.know(items)
		return err
	})
}

// sensible leaves out what is wrong only outside a night: the channels are our own.
func (p *player) sensible(err error) error {
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		return err
	}
	problems.List = slices.DeleteFunc(problems.List, func(one config.Problem) bool {
		return strings.HasSuffix(one.Path, ".channel") || strings.HasSuffix(one.Path, ".address")
	})
	if len(problems.List) == 0 {
		return nil
	}
	return problems
}

// know remembers who and what is configured, so that a misspelt name is found out.
func (p *player) know(items []config.Item) {
	p.people, p.known = map[org.PersonID]org.Person{}, map[string]bool{}
	setup := config.Read(items)
	p.tellDoors(setup)
	for _, one := range setup.People {
		p.people[one.ID] = one
	}
	for _, i := range items {
		p.known[i.Kind+" "+i.ID] = true
	}
}

// aloud is the log of the house: what it warns of stands in the transcript.
type aloud struct{ p *player }

func (*aloud) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (a *aloud) WithAttrs([]slog.Attr) slog.Handler         { return a }
func (a *aloud) WithGroup(string) slog.Handler              { return a }

func (a *aloud) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(attr slog.Attr) bool {
		if attr.Key == "found" || attr.Key == "error" {
			text += ": " + attr.Value.String()
		}
		return true
	})
	a.p.say(markAloud, "%s", text)
	return nil
}

// anID is an identifier that the house made.
var anID = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`)

// named writes the names of the script instead of ids, which change from night to night.
func (p *player) named(text string) string {
	for name, id := range p.hushes {
		text = strings.ReplaceAll(text, id, name)
	}
	return anID.ReplaceAllStringFunc(text, func(id string) string {
		if key := p.key(incident.ID(id)); key != "" {
			return key
		}
		return "(id)"
	})
}

// key is the script's name of an incident: the key of its first alert.
func (p *player) key(id incident.ID) string {
	if _, known := p.keys[id]; !known && p.store != nil {
		_ = p.store.Read(context.Background(), func(tx *store.Tx) error { // without an answer it stays an id
			alerts, err := tx.AlertsOf(id)
			if len(alerts) > 0 {
				p.keys[id] = alerts[0].Key
			}
			return err
		})
	}
	return p.keys[id]
}

// say writes what the house did.
func (p *player) say(mark, format string, args ...any) {
	p.sayAt(p.now, mark, format, args...)
}

func (p *player) sayAt(at time.Time, mark, format string, args ...any) {
	text := strings.Join(strings.Split(p.named(fmt.Sprintf(format, args...)), "\n"), "; ")
	p.transcript.output(p.script.stamp(at) + "  " + mark + " " + text)
}

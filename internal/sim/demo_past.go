package sim

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"tocsin/incident"
	"tocsin/internal/apply"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

//go:embed demo_company.yaml
var company string

const demoDays = 60

// A Past is a company with a history.
type Past struct {
	URL  string // of an empty SQLite file
	Ring *secret.Ring
	Seed uint64
	Days int       // how long the company has had the house; 0 is 60
	End  time.Time // when the history ends
	Log  *slog.Logger
}

// Make plays the history. It returns the keys of the integrations, by their ids.
func (p Past) Make(ctx context.Context) (keys map[string]string, err error) {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], p.Seed)
	random := rand.NewChaCha8(seed)
	st, err := store.Open(ctx, store.Options{URL: p.URL, Ring: p.Ring.WithRand(random), Sync: "OFF", Rand: random})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close(), kept(p.URL)) }()
	l := &life{store: st, rng: rand.New(random), active: map[alarm]bool{}, booked: map[org.ServiceID]int{}}
	end := p.End.Truncate(time.Second).UTC()
	l.now = end.AddDate(0, 0, -cmp.Or(p.Days, demoDays))
	l.engine = engine.New(engine.Options{
		Store: st, Ring: p.Ring, Channels: []channel.Channel{telephone{l}}, PublicURL: "http://localhost", Rand: random, Log: p.Log,
		AuditEvery: 10 * 24 * time.Hour, // who looks over years of somebody else's life looks less often
	})
	setup, err := config.Parse("demo", []byte(company))
	if err != nil {
		return nil, err
	}
	steps, err := apply.Run(ctx, st, apply.Wish{Setup: setup, Ring: p.Ring, Rand: random}, incident.ByPerson("jonas"), l.now)
	if err != nil {
		return nil, err
	}
	keys = map[string]string{}
	for _, s := range steps {
		if s.Key != "" {
			keys[s.ID] = s.Key
		}
	}
	if err := l.engine.Begin(ctx, l.now); err != nil {
		return nil, err
	}
	l.trouble(l.now, end)
	l.lasting(end)
	l.speaks(end)
	l.looksBack(end)
	l.storm(end)
	l.changes(end)
	l.practised(end)
	if err := l.outside(ctx, end); err != nil {
		return nil, err
	}
	if err := l.live(ctx, end); err != nil {
		return nil, err
	}
	if err := l.verified(ctx, end); err != nil {
		return keys, err
	}
	return keys, l.arrange(ctx, end)
}

// kept puts a database that was written without waiting for the disk on it. Closing has
// moved everything into the one file.
func kept(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// A provider is one way to carry the pages of a channel. Several of one channel stand in
// for each other, the first that is well before the others.
type provider struct {
	id      string // as it is configured; of what the server's options set up, the channel's name
	order   int
	version int // of its configuration
	channel.Channel
}

const (
	// ailingAfter failures in a row a provider comes last, for ailingFor: then one page
	// tries it again.
	ailingAfter = 2
	ailingFor   = time.Minute
	losingFor   = 10 * time.Minute // of one that takes pages and loses them
	// impatience is how long a provider may take when there is another.
	impatience = 4 * time.Second
)

// A health is how providers did of late, as this node saw it. Nothing is lost with it.
type health struct {
	mu   sync.Mutex
	last map[string]fits
}

// fits are failures in a row: to take pages, of which the last was at a moment; and to
// bring what was taken to anybody.
type fits struct {
	refused, lost     int
	refusedAt, lostAt time.Time
	why               string // of the last
}

// tried notes what became of a try.
func (h *health) tried(id string, err error, now time.Time) {
	h.change(id, func(f *fits) {
		switch channel.Classify(err) {
		case channel.Accepted:
			f.refused = 0
		case channel.Temporary, channel.Unknown:
			f.refused, f.refusedAt, f.why = f.refused+1, now, channel.Words(err)
		}
	})
}

// arrived notes that a page did, or why it did not.
func (h *health) arrived(id, lost string, now time.Time) {
	h.change(id, func(f *fits) {
		if lost == "" {
			f.lost = 0
			return
		}
		f.lost, f.lostAt, f.why = f.lost+1, now, lost
	})
}

func (h *health) change(id string, how func(*fits)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		h.last = map[string]fits{}
	}
	f := h.last[id]
	how(&f)
	h.last[id] = f
}

func (h *health) of(id string) fits {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[id]
}

// ailing says whether a provider failed so often, and so lately, that others go first.
func (h *health) ailing(id string, now time.Time) bool {
	f := h.of(id)
	return f.refused >= ailingAfter && now.Sub(f.refusedAt) < ailingFor || f.lost >= ailingAfter && now.Sub(f.lostAt) < losingFor
}

// providers are those of a channel, in their configured order.
func (s *setup) providersOf(name string) []provider { return s.providers[name] }

// provider finds one by its id.
func (s *setup) provider(id string) (provider, bool) {
	for _, all := range s.providers {
		for _, p := range all {
			if p.id == id {
				return p, true
			}
		}
	}
	return provider{}, false
}

// choose is the provider that a page goes by now, and how many there are. It is the
// first that is well; one that just failed this page is passed over while there is
// another.
func (e *Engine) choose(s *setup, p store.PageRow, now time.Time) (chosen provider, n int) {
	all := slices.Clone(s.providersOf(p.Channel))
	if len(all) == 0 {
		return provider{}, 0
	}
	last := func(q provider) int {
		switch {
		case q.id == p.Via && p.Attempts > 0:
			return 2
		case e.health.ailing(q.id, now):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b provider) int { return cmp.Compare(last(a), last(b)) })
	return all[0], len(all)
}

// failing says whether no provider of a channel is well: then another channel is worth
// more than waiting.
func (e *Engine) failing(s *setup, name string, now time.Time) bool {
	return !slices.ContainsFunc(s.providersOf(name), func(p provider) bool { return !e.health.ailing(p.id, now) })
}

// losing says whether every provider of a channel loses what it takes: then being taken
// means little.
func (e *Engine) losing(s *setup, name string, now time.Time) bool {
	all := s.providersOf(name)
	return len(all) > 0 && !slices.ContainsFunc(all, func(p provider) bool {
		f := e.health.of(p.id)
		return f.lost < ailingAfter || now.Sub(f.lostAt) >= losingFor
	})
}

// equip joins the providers that the server's options set up with those that are
// configured. One that cannot be made is told, and left out.
func (e *Engine) equip(s *setup, rows []store.ConfigRow) {
	s.providers = map[string][]provider{}
	add := func(p provider) { s.providers[p.Name()] = append(s.providers[p.Name()], p) }
	for i, c := range e.fixed {
		add(provider{id: idOf(c), order: -len(e.fixed) + i, Channel: c})
	}
	for _, r := range rows {
		if r.Kind != "channel" || r.Retired {
			continue
		}
		c, err := read[org.Channel](r)
		if err != nil || !c.Usable() || e.make == nil {
			continue // what cannot be read was told before
		}
		made, ok := e.fromSetup(r, c)
		if ok {
			add(provider{id: string(c.ID), order: c.Order, version: r.Version, Channel: made})
		}
	}
	for name := range s.providers {
		slices.SortStableFunc(s.providers[name], func(a, b provider) int {
			return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id))
		})
	}
}

// fromSetup is the provider of a version, which is made once.
func (e *Engine) fromSetup(r store.ConfigRow, c org.Channel) (channel.Channel, bool) {
	e.built.Lock()
	defer e.built.Unlock()
	if had, ok := e.built.by[r.ID]; ok && had.version == r.Version {
		return had.Channel, had.Channel != nil
	}
	made, err := e.make(c)
	if err != nil {
		e.log.Error("a channel cannot be set up", "channel", r.ID, "error", err)
	}
	if e.built.by == nil {
		e.built.by = map[string]provider{}
	}
	e.built.by[r.ID] = provider{id: r.ID, version: r.Version, Channel: made}
	return made, made != nil
}

// idOf is the name of a provider that no configuration names.
func idOf(c channel.Channel) string {
	if named, ok := c.(interface{ Provider() string }); ok {
		return named.Provider()
	}
	return c.Name()
}

// first is the first provider of a channel; nil when it has none.
func (e *Engine) first(name string) channel.Channel {
	e.setup.Lock()
	defer e.setup.Unlock()
	if e.setup.setup != nil && len(e.setup.providers[name]) > 0 {
		return e.setup.providers[name][0].Channel
	}
	for _, c := range e.fixed {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// listeners are the providers that ask their vendors for what people say, by id.
func (e *Engine) listeners(ctx context.Context) map[string]provider {
	out := map[string]provider{}
	err := e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		for _, all := range s.providers {
			for _, p := range all {
				if _, ok := p.Channel.(channel.Listener); ok {
					out[p.id] = p
				}
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		e.log.Error("the channels cannot be read", "error", err)
	}
	return out
}

// threaded says whether the messages of a channel may follow each other.
func (s *setup) threaded(name string) bool {
	return slices.ContainsFunc(s.providers[name], func(p provider) bool {
		_, ok := p.Channel.(interface{ Threaded() })
		return ok
	})
}

// before is the first message about the subject of a page at its address.
func before(tx *store.Tx, p store.PageRow) (string, error) {
	all, err := tx.PagesOf(p.Subject)
	for _, q := range all {
		if q.Person == p.Person && q.Method == p.Method && q.Channel == p.Channel && q.Address == p.Address && q.Provider != "" && q.ID != p.ID {
			return q.Provider, err
		}
	}
	return "", err
}

// Settlers are the channels of which a provider can change what it has sent.
func (e *Engine) Settlers(ctx context.Context) (names map[string]bool, err error) {
	names = map[string]bool{}
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		for name, all := range s.providers {
			if slices.ContainsFunc(all, func(p provider) bool { _, ok := p.Channel.(channel.Settler); return ok }) {
				names[name] = true
			}
		}
		return nil
	})
	return names, err
}

// Roomy is the first well provider of a channel that keeps threads in rooms, with its id;
// nil: there is none.
func (e *Engine) Roomy(ctx context.Context, name string) (id string, c channel.Roomy, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		p, n := e.choose(s, store.PageRow{Page: escalate.Page{Channel: name}}, e.clock.Now())
		if n > 0 {
			id = p.id
			c, _ = p.Channel.(channel.Roomy)
		}
		return nil
	})
	return id, c, err
}

// Package status tells those outside how things are: status pages, and the letters that
// those get who follow a page, a service or their own report.
//
// A page is made anew when something changes that it shows (site.go): what the updates of
// incidents say (investigate.Publish), what is open on the services of a component that
// shows by itself, planned work, the page's own set-up. What was made is kept in memory and
// in the data folder, one directory for each page (index.html, feed.atom, status.json),
// written whole or not at all. Pages are served from there and never from the database, so
// that they are there when it is not, however many look.
//
// model.go computes what a page says: pure, told the time. A component is as bad as the
// worst that is said of it now. Its history of 90 days is that of the same intervals;
// planned work counts as no outage.
//
// Who wants the updates sent says so by a form and proves the address by a link that is
// sent there (follow.go): nobody gets what they did not ask for twice. Every letter has a
// link that ends it at once, and in mails the headers for it (RFC 8058). Opening a link
// never acts: mail scanners open them all.
//
// Letters (letters.go) go on from a cursor in the feed, one node at a time: first what is
// owed is written down, then it is sent. Each has an id made from whom and what, so that
// nobody gets the same twice, by whichever of two ways they follow it.
//
// The pages are plain HTML without script; one style sheet inside, allowed by its hash.
package status

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"tocsin/internal/egress"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/org"
)

// Options are what the site is made of.
type Options struct {
	Engine *engine.Engine
	Store  *store.Store
	Ring   *secret.Ring
	Egress *egress.Dialer // of webhooks; nil: none are sent
	// Dir is where the copies lie; "" keeps them in memory alone.
	Dir       string
	PublicURL string // without a slash at its end
	// Inside says whether somebody may see internal pages.
	Inside func(*http.Request) bool
	Log    *slog.Logger
}

// A Site is all status pages of an installation.
type Site struct {
	engine *engine.Engine
	store  *store.Store
	ring   *secret.Ring
	client *http.Client
	dir    string
	public string
	inside func(*http.Request) bool
	log    *slog.Logger
	tries  *throttle.Throttle

	mu    sync.RWMutex
	pages map[org.StatusPageID]*copied

	cursor store.Cursor // of the feed, as far as the pages show it
	seq    int64        // of the configuration
	again  time.Time    // when a page changes by itself; zero: not known
	pruned time.Time
}

// New makes a site with what lies in its folder.
func New(o Options) *Site {
	s := &Site{
		engine: o.Engine, store: o.Store, ring: o.Ring, dir: o.Dir, public: o.PublicURL, inside: o.Inside, log: o.Log,
		pages: map[org.StatusPageID]*copied{}, seq: -1, tries: throttle.New(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.inside == nil {
		s.inside = func(*http.Request) bool { return false }
	}
	if o.Egress != nil {
		s.client = o.Egress.Client(sendTimeout)
	}
	s.reopen()
	return s
}

const (
	poll       = 500 * time.Millisecond
	pruneEvery = time.Hour
)

// Run keeps the pages and sends the letters until ctx ends.
func (s *Site) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := s.Step(ctx, s.engine.Now()); err != nil && ctx.Err() == nil {
			s.log.Error("status pages: something is done again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step does what there is to do by now.
func (s *Site) Step(ctx context.Context, now time.Time) error {
	err := s.refresh(ctx, now)
	if e := s.post(ctx, now); err == nil {
		err = e
	}
	return err
}

// refresh makes the pages anew if something changed that they show. How far it has read it
// remembers once they are made: what fails is done again.
func (s *Site) refresh(ctx context.Context, now time.Time) error {
	stale := s.again.IsZero() || !now.Before(s.again)
	var pages []org.StatusPage
	cursor, seq := s.cursor, int64(0)
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if seq, err = tx.ConfigSeq(); err != nil {
			return err
		}
		stale = stale || seq != s.seq
		for !stale {
			rows, err := tx.Feed(cursor, 200)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, r := range rows {
				stale = stale || r.Topic == "incident" || r.Topic == "status" || r.Topic == "config/sifting"
				cursor = r.Cursor
			}
		}
		if cursor, err = tx.FeedEnd(); err != nil {
			return err
		}
		pages, err = configured(tx)
		return err
	})
	if err != nil {
		return err
	}
	if stale {
		again := now.Add(time.Minute)
		for _, p := range pages {
			next, err := s.make(ctx, p, now)
			if err != nil {
				return err
			}
			if next.Before(again) {
				again = next
			}
		}
		s.forget(pages)
		s.again, s.seq = again, seq
	}
	s.cursor = cursor
	return nil
}

// configured are the pages that there are.
func configured(tx *store.Tx) (all []org.StatusPage, err error) {
	rows, err := tx.ConfigOf("status_page")
	for _, r := range rows {
		var p org.StatusPage
		if !r.Retired && json.Unmarshal(r.Body, &p) == nil {
			p.ID = org.StatusPageID(r.ID)
			all = append(all, p)
		}
	}
	return all, err
}

// services are those that are configured.
func services(tx *store.Tx) (map[org.ServiceID]org.Service, error) {
	rows, err := tx.ConfigOf("service")
	all := map[org.ServiceID]org.Service{}
	for _, r := range rows {
		var v org.Service
		if json.Unmarshal(r.Body, &v) == nil {
			v.Retired = r.Retired
			all[org.ServiceID(r.ID)] = v
		}
	}
	return all, err
}

// beneath are services and all that they depend on.
func beneath(all map[org.ServiceID]org.Service, ids []org.ServiceID) (out []org.ServiceID) {
	todo := slices.Clone(ids)
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		if !slices.Contains(out, id) {
			out = append(out, id)
			todo = append(todo, all[id].DependsOn...)
		}
	}
	return out
}

// above are a service and all that depend on it.
func above(all map[org.ServiceID]org.Service, id org.ServiceID) (out []org.ServiceID) {
	for one := range all {
		if slices.Contains(beneath(all, []org.ServiceID{one}), id) {
			out = append(out, one)
		}
	}
	if !slices.Contains(out, id) {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

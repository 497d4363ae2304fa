// Package app puts the house together: it joins the rooms under internal in straight
// lines and is what the commands of the binary call.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tocsin/incident"
	"tocsin/internal/api"
	"tocsin/internal/auth"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/report"
	"tocsin/internal/secret"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/org"
)

// drain is how long requests in flight may take when the server stops.
const drain = 10 * time.Second

// A Server is the whole house, running.
type Server struct {
	URL string // where it listens
	// PlainURL is where it redirects to https:, if it does.
	PlainURL string
	Engine   *engine.Engine
	Store    *store.Store
	// SetUp is the link that makes the first admin; "" when somebody can sign in.
	SetUp string
	// MailAddr is where replies to pages come in; "" when none do.
	MailAddr string

	cleanups []cleanup
	failed   chan error
}

// A cleanup undoes one step of the start; they run last-in first-out.
type cleanup struct {
	name string
	do   func() error
}

// ballast is counted as memory in use and takes none. Garbage is collected when there is as
// much of it as memory in use: that is little here, and collecting often costs more than
// the few megabytes it saves.
const ballast = 24 << 20

// threads is how many run Go at least. Where there are fewer processors another program,
// such as the database, takes one for milliseconds at a time, and with as many threads as
// processors all that waited for that one thread would wait as long.
const threads = 4

// Serve runs the house until ctx ends, and stops it in order: requests in flight are
// answered, pages in flight are sent, then the database is closed. ready is told when
// the first request can come.
func Serve(ctx context.Context, o config.Server, log *slog.Logger, version string, ready func(*Server)) (err error) {
	if os.Getenv("GOGC") == "" {
		defer runtime.KeepAlive(make([]byte, ballast))
	}
	if n := runtime.GOMAXPROCS(0); os.Getenv("GOMAXPROCS") == "" && n < threads && n == runtime.NumCPU() { // not if a container may use less
		runtime.GOMAXPROCS(threads)
	}
	s := &Server{failed: make(chan error, 4)}
	defer func() { err = errors.Join(err, s.stop(log)) }()
	if err := s.start(ctx, o, log, version); err != nil {
		return err
	}
	if ready != nil {
		ready(s)
	}
	select {
	case <-ctx.Done():
		log.Info("stopping")
		return nil
	case err := <-s.failed:
		return err
	}
}

func (s *Server) start(ctx context.Context, o config.Server, log *slog.Logger, version string) error {
	st, ring, err := openStore(ctx, o.Installation, true)
	if err != nil {
		return err
	}
	s.Store = st
	s.cleanup("store", s.Store.Close)
	listener, err := s.listen(&o)
	if err != nil {
		return err
	}
	channels, err := o.Channels(log)
	if err != nil {
		return err
	}
	push, err := pushChannel(ctx, s.Store, o)
	if err != nil {
		return err
	}
	channels = append(channels, push)
	takesMail, err := o.Inbox()
	if err != nil {
		return err
	}
	s.Engine = engine.New(engine.Options{
		Store: s.Store, Ring: ring, Channels: channels, PublicURL: o.Public(), MailDomain: o.MailDomain,
		Make: func(c org.Channel) (channel.Channel, error) { return o.Provider(c, ring) },
		Log:  log, Async: true, DiskUsed: diskUsed(o),
	})
	if err := firstStart(ctx, s.Store, s.Engine.Now()); err != nil {
		return err
	}

	egress, err := o.Egress()
	if err != nil {
		return err
	}
	followers := follow.Options{Store: s.Store, Engine: s.Engine, Ring: ring, Egress: egress, PublicURL: o.Public(), Log: log}
	hooks, rooms, calendars := follow.New(followers), follow.NewRooms(followers), follow.NewCalendars(followers)
	figures := follow.NewFigures(followers)
	tickets := follow.NewTickets(followers, nil)

	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), waiting{s.Store}, hooks)
	dir := o.Data
	if o.Database != "" {
		dir = ""
	}
	door := auth.New(auth.Options{Engine: s.Engine, Store: s.Store, Ring: ring, PublicURL: o.Public(), Log: log})
	if s.SetUp, err = door.FirstLink(ctx); err != nil {
		return err
	}
	attachments, err := cabinet(o, s.Store, log)
	if err != nil {
		return err
	}
	site := status.New(status.Options{
		Engine: s.Engine, Store: s.Store, Ring: ring, Egress: egress, Dir: filepath.Join(o.Data, "status"), PublicURL: o.Public(), Log: log,
		Inside: func(r *http.Request) bool { _, err := door.Identify(r); return err == nil },
	})
	desk := report.New(report.Options{Engine: s.Engine, Store: s.Store, Ring: ring, Site: site, Cabinet: attachments, PublicURL: o.Public(), Log: log})
	stopping := make(chan struct{})
	handler := api.New(api.Options{
		Engine: s.Engine, Store: s.Store, Log: log, Registry: registry, DataDir: dir, Version: version, Auth: door, Ring: ring, Stopping: stopping,
		Base: base(o.Public()), UIDev: o.UIDev, Status: site, Reports: desk, Cabinet: attachments, Tickets: tickets,
	})

	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Engine.Run(run); err != nil {
			s.failed <- fmt.Errorf("engine: %w", err)
		}
	}()
	s.cleanup("engine", func() error { stop(); <-ended; return nil })
	following, stopFollowing := context.WithCancel(run)
	var readers sync.WaitGroup
	sweep := func(ctx context.Context) { attachments.Run(ctx, s.Engine.Now) }
	for _, run := range []func(context.Context){hooks.Run, rooms.Run, calendars.Run, figures.Run, tickets.Run, site.Run, sweep} {
		readers.Go(func() { run(following) })
	}
	s.cleanup("followers", func() error { stopFollowing(); readers.Wait(); return nil })

	if takesMail {
		if err := s.takeMail(o, log); err != nil {
			return err
		}
	}

	if err := s.open(listener, handler, o, stopping, log); err != nil {
		return err
	}
	log.Info("ready", "url", s.URL, "public", o.Public(), "database", s.Store.Dialect(), "version", version)
	return nil
}

// listen takes the address before anything is told it: a port that the system chooses
// stands in links like any other.
func (s *Server) listen(o *config.Server) (net.Listener, error) {
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	s.cleanup("listener", func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil // the server closed it
	})
	if host, port, err := net.SplitHostPort(o.Listen); err == nil && port == "0" {
		_, port, _ = net.SplitHostPort(listener.Addr().String())
		o.Listen = net.JoinHostPort(host, port)
	}
	s.URL = "http://" + listener.Addr().String()
	if o.TLS() {
		s.URL = "https://" + listener.Addr().String()
	}
	return listener, nil
}

// base is the path of a URL.
func base(public string) string {
	u, err := url.Parse(public)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

// diskUsed looks at the disk of a SQLite database; PostgreSQL's is not ours to see.
func diskUsed(o config.Server) func() float64 {
	if o.Database != "" {
		return nil
	}
	return func() float64 {
		var s syscall.Statfs_t
		if err := syscall.Statfs(o.Data, &s); err != nil || s.Blocks == 0 {
			return 0
		}
		return 100 - 100*float64(s.Bavail)/float64(s.Blocks)
	}
}

func (s *Server) cleanup(name string, do func() error) {
	s.cleanups = append(s.cleanups, cleanup{name, do})
}

func (s *Server) stop(log *slog.Logger) (err error) {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		c := s.cleanups[i]
		if e := c.do(); e != nil {
			err = errors.Join(err, fmt.Errorf("stop %s: %w", c.name, e))
		}
		log.Debug("stopped", "what", c.name)
	}
	return err
}

// CatchAll is the service that a new installation has, so that no event is homeless.
const CatchAll = "catch-all"

// firstStart gives a new installation its catch-all service.
func firstStart(ctx context.Context, st *store.Store, now time.Time) error {
	return st.Write(ctx, store.People, func(tx *store.Tx) error {
		seq, err := tx.ConfigSeq()
		if err != nil || seq > 0 {
			return err
		}
		_, err = tx.PutConfig(now,
			store.Change{Kind: "service", ID: CatchAll, Body: []byte(`{"id":"catch-all","name":"Catch-all"}`), By: incident.Engine},
			store.Change{Kind: "settings", ID: "settings", Body: []byte(`{"catch_all":"catch-all"}`), By: incident.Engine})
		return err
	})
}

// OpenStore opens the store of an installation for a command, beside a server that may
// be running.
func OpenStore(ctx context.Context, o config.Installation) (*store.Store, *secret.Ring, error) {
	return openStore(ctx, o, false)
}

func openStore(ctx context.Context, o config.Installation, exclusive bool) (*store.Store, *secret.Ring, error) {
	ring, undo, err := o.Ring()
	if err != nil {
		return nil, nil, err
	}
	st, err := store.Open(ctx, store.Options{URL: o.StoreURL(), Ring: ring, Exclusive: exclusive})
	if errors.Is(err, store.ErrRing) {
		err = errors.Join(err, undo())
	}
	if err != nil {
		return nil, nil, err
	}
	if err := opens(ctx, st); err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return st, ring, nil
}

// opens refuses a ring that opens nothing of what is sealed in the configuration, as one
// does that has lost its older keys. A single row that cannot be opened stops nobody:
// what it says is left out, and told.
func opens(ctx context.Context, st *store.Store) error {
	return st.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		if err != nil {
			return err
		}
		var unreadable error
		for _, r := range rows {
			switch {
			case r.Unreadable != nil:
				unreadable = fmt.Errorf("the configuration cannot be read; if the key ring is not the one of this database, put that one back: %s %s: %w", r.Kind, r.ID, r.Unreadable)
			case r.Sealed():
				return nil
			}
		}
		return unreadable
	})
}

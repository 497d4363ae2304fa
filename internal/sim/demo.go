package sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/app"
	"tocsin/internal/apply"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Demo is a house with a history in which something happens while one watches: a
// company is made (Past), the real server is started on it, and one incident unfolds.
type Demo struct {
	Options config.Server // without Data the demo leaves nothing behind
	Seed    uint64
	Days    int // of history; 0 is 60
	Version string
	Out     io.Writer
	// Pace is the beat of the live incident; four of them pass before the second level is
	// called. 0 is five seconds.
	Pace time.Duration

	mu   sync.Mutex
	link func(page string) string

	password string // of everybody in the company; another one each time
}

// signers are those who can sign in: on call for the shop, a manager, the admin.
var signers = []org.PersonID{"chiara", "farid", "amara", "ines", "jonas"}

// Run makes the history, serves it and lets the incident unfold, until ctx ends.
func (d *Demo) Run(ctx context.Context) (err error) {
	if d.Pace == 0 {
		d.Pace = 5 * time.Second
	}
	o := d.Options
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "tocsin-demo"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Data)) }()
	} else if _, err := os.Stat(o.StoreURL()); err == nil {
		return incident.Refuse("--data: %s has a database already; the demo wants a directory of its own", o.Data)
	}
	if err := o.Installation.Validate(); err != nil {
		return err
	}
	d.say("A company of ten people gets a history of %d days ...", cmp.Or(d.Days, demoDays))
	began := time.Now()
	keys, err := d.prepare(ctx, o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx) // a server that fails ends the incident too
	var unfolding sync.WaitGroup
	defer unfolding.Wait() // before the directory goes
	defer cancel()
	err = app.Serve(ctx, o, slog.New(pagesAloud{d}), d.Version, func(s *app.Server) {
		d.mu.Lock()
		d.link = s.Engine.AckURL
		d.mu.Unlock()
		d.welcome(ctx, o, s, keys, time.Since(began))
		unfolding.Go(func() {
			if err := d.unfold(ctx, s); err != nil && ctx.Err() == nil {
				d.say("The live incident ended early: %v", err)
			}
		})
	})
	return err
}

// prepare makes the database, and the policy of the live incident, which is in a hurry.
func (d *Demo) prepare(ctx context.Context, o config.Server) (keys map[string]string, err error) {
	ring, _, err := o.Ring()
	if err != nil {
		return nil, err
	}
	p := Past{URL: o.StoreURL(), Ring: ring, Seed: d.Seed, Days: d.Days, End: time.Now()}
	if keys, err = p.Make(ctx); err != nil {
		return nil, err
	}
	setup, err := config.Parse("live", fmt.Appendf(nil, live, 4*d.Pace, 60*d.Pace))
	if err != nil {
		return nil, err
	}
	st, _, err := app.OpenStore(ctx, o.Installation)
	if err != nil {
		return nil, err
	}
	_, err = apply.Run(ctx, st, apply.NewWish(setup, ring, false), incident.ByPerson("jonas"), time.Now().UTC().Truncate(time.Microsecond))
	door := auth.New(auth.Options{Store: st, Ring: ring})
	d.password = "rye-" + strings.ToLower(rand.Text()[:10])
	for _, p := range signers {
		if err == nil {
			err = door.SetPassword(ctx, p, d.password)
		}
	}
	return keys, errors.Join(err, st.Close())
}

const live = `
policies:
  - id: live
    name: The live incident, in a hurry
    levels:
      - {id: first, targets: ["schedule:shop"], wait: %v}
      - {id: second, targets: ["person:ines"], wait: %v}
services:
  - {id: payments, name: Payments, team: shop, policy: live}
`

// say prints a line for whoever watches.
func (d *Demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.Out, format+"\n", args...)
}

// tell prints what happened at a time.
func (d *Demo) tell(at time.Time, who, what string) {
	d.say("%s  %-12s  %s", at.Local().Format(time.TimeOnly), who, what)
}

func (d *Demo) welcome(ctx context.Context, o config.Server, s *app.Server, keys map[string]string, took time.Duration) {
	var all, worst int
	err := s.Store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 10_000})
		for _, r := range rows {
			all++
			if r.Severity == org.SEV1 {
				worst++
			}
		}
		return err
	})
	if err != nil {
		return // the server says what is wrong
	}
	d.say("Ready after %.1f s: 10 people, 3 schedules, 8 services, %d incidents, %d of them SEV1.", took.Seconds(), all, worst)
	d.say("Open %s and sign in as ines (manager), jonas (admin), or chiara, farid or amara (on call in turns), with the password\n\n    %s\n", o.Public(), d.password)
	d.say("Send an alert of your own:")
	d.say("\n    curl -d '{\"title\":\"no routes are planned\",\"key\":\"no-routes\",\"severity\":\"critical\"}' %s/in/generic/%s\n", o.Public(), keys["delivery"])
	d.say("Something is about to break. Ctrl-C ends the demo.\n")
}

// unfold lets one incident happen: the first level sleeps through it, the second answers
// after a while unless whoever watches does, and it is mended.
func (d *Demo) unfold(ctx context.Context, s *app.Server) error {
	now := s.Engine.Now()
	say := alert.Event{Action: alert.Trigger, Key: "live", Title: "one card in three is declined", Text: "31 % since five minutes; the provider answers 503.", Severity: org.SEV1}
	if err := s.Engine.Hear(ctx, "payments", []alert.Event{say}, nil, now); err != nil {
		return err
	}
	tick := time.NewTicker(min(d.Pace/10, 200*time.Millisecond))
	defer tick.Stop()
	live := performance{d: d, s: s}
	for {
		over, err := live.look(ctx)
		if over && err == nil {
			d.say("\nThat was it: paged, escalated, answered, mended. The house goes on; Ctrl-C ends the demo.")
		}
		if over || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// A performance is the live incident so far.
type performance struct {
	d      *Demo
	s      *app.Server
	told   int       // lines of the log
	second time.Time // when the second level was called
	noted  bool
	mended bool
}

// look tells what is new, and does what it is time for.
func (p *performance) look(ctx context.Context) (over bool, err error) {
	in, page, err := p.read(ctx)
	if err != nil || in.ID == "" {
		return false, err
	}
	now := p.s.Engine.Now()
	switch {
	case !in.Status.Open():
		return true, nil
	case in.Status == incident.Triggered && page.ID != "":
		if p.second.IsZero() {
			p.second = now
		}
		if now.Sub(p.second) >= 8*p.d.Pace {
			_, err = p.s.Engine.Answer(ctx, page, 0, now)
		}
	case in.Status == incident.Acknowledged && !p.noted && now.Sub(in.OwnedAt) >= 2*p.d.Pace:
		p.noted = true
		_, err = p.s.Engine.Do(ctx, in.ID, incident.ByPerson(in.Owner), now, func(incident.Incident, escalate.World) ([]incident.Fact, error) {
			return []incident.Fact{incident.Noted{Text: "Half of the payments go to the second provider now."}}, nil
		})
	case in.Status == incident.Acknowledged && p.noted && !p.mended && now.Sub(in.OwnedAt) >= 4*p.d.Pace:
		p.mended = true
		err = p.s.Engine.Hear(ctx, "payments", []alert.Event{{Action: alert.Resolve, Key: "live"}}, nil, now)
	}
	return false, err
}

// read is the live incident, and the page of the second level once it was sent. What is
// new in the log is told.
func (p *performance) read(ctx context.Context) (in incident.Incident, page store.PageRow, err error) {
	err = p.s.Store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Service: "payments", Limit: 1})
		if err != nil || len(rows) == 0 || rows[0].Title != "one card in three is declined" {
			return err // it is not opened yet
		}
		sub, err := tx.Subject(rows[0].ID)
		if err != nil {
			return err
		}
		in = sub.Incident
		log, err := tx.Log(in.ID)
		if err != nil {
			return err
		}
		for _, e := range log[p.told:] {
			p.d.tell(e.At, e.By.Name(), e.Fact.String())
		}
		p.told = len(log)
		pages, err := tx.PagesOf(in.ID)
		for _, one := range pages {
			if one.Person == "ines" && one.Purpose.Alarms() && !one.SentAt.IsZero() {
				page = one
			}
		}
		return err
	})
	return in, page, err
}

// pagesAloud is the server's log for whoever watches: the pages, and what is wrong.
type pagesAloud struct{ d *Demo }

func (pagesAloud) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (h pagesAloud) WithAttrs([]slog.Attr) slog.Handler         { return h }
func (h pagesAloud) WithGroup(string) slog.Handler              { return h }

func (h pagesAloud) Handle(_ context.Context, r slog.Record) error {
	said := map[string]string{}
	r.Attrs(func(a slog.Attr) bool {
		said[a.Key] = a.Value.String()
		return true
	})
	switch {
	case r.Message == "page":
		h.d.tell(r.Time, "page", said["person"]+": "+said["headline"])
		h.d.mu.Lock()
		link := h.d.link
		h.d.mu.Unlock()
		if escalate.Purpose(said["purpose"]).Alarms() && link != nil {
			h.d.say("%24sanswer for them: %s", "", link(said["page"]))
		}
	case r.Level >= slog.LevelWarn:
		h.d.tell(r.Time, "house", r.Message+" "+said["error"])
	}
	return nil
}

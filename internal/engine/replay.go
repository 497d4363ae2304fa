package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	replayMost  = 1_000_000 // events that are played again
	replayShown = 200       // pages that are told one by one
	nightFrom   = 22        // in the hours of the person
	nightTo     = 7
)

// A Replayed compares what pages by the configuration of now with what would page by
// another, over the events that were kept. Repetitions that were only counted are not
// among them, and nobody answers in it.
type Replayed struct {
	From, To      time.Time // of the events that were played
	Whole         bool      // they are all that were asked for
	Events        int
	Before, After Played
	Gone, Come    []ReplayedPage // pages of one that the other does not have, at most 200
	most          int            // events that are played
}

// Played is one side of it.
type Played struct {
	Pages  int
	People []PersonNight // by person and date
}

// A PersonNight is how often somebody is paged on a date of theirs.
type PersonNight struct {
	Person org.PersonID
	Date   string
	Pages  int
	Night  int // of those, between 22:00 and 07:00 in their zone; they count for the date on which the night began
}

// A ReplayedPage is one of them.
type ReplayedPage struct {
	At      time.Time
	Title   string
	Service org.ServiceID
	People  []org.PersonID
	Why     string
}

// Replay plays the events of some days again, by the configuration of now and with some
// changes. Nothing is written.
func (e *Engine) Replay(ctx context.Context, changes []store.Change, since, until time.Time) (r Replayed, err error) {
	r.From, r.To, r.Whole, r.most = since, until, true, replayMost
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		if err != nil {
			return err
		}
		before, err := e.replaying(tx, rows)
		if err != nil {
			return err
		}
		after, err := e.replaying(tx, overlaid(rows, changes))
		if err != nil {
			return err
		}
		if err := e.play(ctx, tx, &r, before, after); err != nil {
			return err
		}
		r.Before, r.After = before.played(), after.played()
		r.Gone, r.Come = apart(before.pages, after.pages), apart(after.pages, before.pages)
		return nil
	})
	return r, err
}

// overlaid is a configuration with changes.
func overlaid(rows []store.ConfigRow, changes []store.Change) []store.ConfigRow {
	rows = slices.Clone(rows)
	for _, c := range changes {
		i := slices.IndexFunc(rows, func(r store.ConfigRow) bool { return r.Kind == c.Kind && r.ID == c.ID })
		if i < 0 {
			rows = append(rows, store.ConfigRow{Kind: c.Kind, ID: c.ID})
			i = len(rows) - 1
		}
		rows[i].Body, rows[i].Retired = c.Body, c.Body == nil
	}
	return rows
}

// A replay is one house that hears everything again.
type replay struct {
	s     *setup
	house *sift.House
	pages []ReplayedPage
	heard func(store.KeptEvent) // is asked before each
}

func (e *Engine) replaying(tx *store.Tx, rows []store.ConfigRow, more ...alert.Silence) (*replay, error) {
	s, err := e.compile(rows)
	if err != nil {
		return nil, err
	}
	r := &replay{s: s}
	w := sift.World{Sieve: s.sieve, Rules: s.rules, Services: s.services, Integrations: s.integrations, Settings: s.settings}
	if w.Silences, err = tx.Silences(); err != nil {
		return nil, err
	}
	w.Silences = append(w.Silences, more...)
	if w.Pairs, err = tx.Pairs(); err != nil {
		return nil, err
	}
	r.house = sift.NewHouse(w, func(p sift.Page) {
		r.pages = append(r.pages, ReplayedPage{At: p.At, Title: p.Alert.Title, Service: p.Service, People: r.first(p), Why: p.Why})
	})
	return r, nil
}

// first are those whom the first level of the service's policy would call.
func (r *replay) first(p sift.Page) (people []org.PersonID) {
	policy, ok := r.s.policies[r.s.policyOf(r.s.services[p.Service], r.s.settings.Matrix.Asks(p.Severity))]
	if !ok || len(policy.Levels) == 0 {
		return nil
	}
	for _, t := range policy.Levels[0].Targets {
		if t.Kind == "person" {
			people = append(people, org.PersonID(t.ID))
		} else {
			people = append(people, r.s.who(t, p.At).People...)
		}
	}
	return people
}

func (e *Engine) play(ctx context.Context, tx *store.Tx, r *Replayed, houses ...*replay) error {
	kept, err := tx.EventsSince()
	if err != nil {
		return err
	}
	short := kept.After(r.From) // it begins with the first event there is
	for day := r.From.UTC().Truncate(24 * time.Hour); !day.After(r.To); day = day.AddDate(0, 0, 1) {
		events, err := tx.Events(day)
		if err != nil {
			return err
		}
		for _, k := range events {
			switch {
			case k.At.Before(r.From) || k.At.After(r.To):
				continue
			case r.Events >= r.most || ctx.Err() != nil:
				r.Whole, r.To = false, k.At
				return ctx.Err()
			}
			if r.Events++; short && r.Events == 1 {
				r.From, r.Whole = k.At, false
			}
			for _, h := range houses {
				if h.heard != nil {
					h.heard(k)
				}
				if err := h.house.Hear(k.Integration, k.Event, k.At); err != nil {
					return err
				}
			}
		}
	}
	for _, h := range houses {
		if err := h.house.Until(r.To); err != nil {
			return err
		}
	}
	return nil
}

// played counts by person and date.
func (r *replay) played() (p Played) {
	p.Pages = len(r.pages)
	type key struct {
		person org.PersonID
		date   string
	}
	by := map[key]*PersonNight{}
	zones := map[org.PersonID]*time.Location{}
	for _, page := range r.pages {
		for _, who := range page.People {
			zone, ok := zones[who]
			if !ok {
				var err error
				if zone, err = org.Zone(r.s.people[who].Zone); err != nil {
					zone = time.UTC
				}
				zones[who] = zone
			}
			at := page.At.In(zone)
			night := at.Hour() >= nightFrom || at.Hour() < nightTo
			if at.Hour() < nightTo {
				at = at.AddDate(0, 0, -1)
			}
			k := key{who, at.Format(time.DateOnly)}
			if by[k] == nil {
				by[k] = &PersonNight{Person: who, Date: k.date}
			}
			by[k].Pages++
			if night {
				by[k].Night++
			}
		}
	}
	for _, n := range by {
		p.People = append(p.People, *n)
	}
	slices.SortFunc(p.People, func(a, b PersonNight) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.Person, b.Person))
	})
	return p
}

// apart are the pages of one list that the other has not at the same time.
func apart(list, other []ReplayedPage) (out []ReplayedPage) {
	type key struct {
		at      int64
		title   string
		service org.ServiceID
	}
	of := func(p ReplayedPage) key { return key{p.At.UnixMicro(), p.Title, p.Service} }
	has := map[key]int{}
	for _, p := range other {
		has[of(p)]++
	}
	for _, p := range list {
		if has[of(p)]--; has[of(p)] < 0 {
			if out = append(out, p); len(out) == replayShown {
				break
			}
		}
	}
	return out
}

package v1

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/ical"
	"tocsin/org"
)

// calendarTokens is the domain in which the tokens of calendars are hashed.
const calendarTokens = "calendar/token"

// A CalendarLink is a calendar that other programs read by a private address.
type CalendarLink struct {
	ID     string       `json:"id"`
	Kind   string       `json:"kind" enum:"person,team,schedule"`
	Of     string       `json:"of"`
	Owner  org.PersonID `json:"owner"`
	MadeAt time.Time    `json:"made_at"`
	UsedAt *time.Time   `json:"used_at,omitempty" doc:"To the hour"`
	URL    string       `json:"url,omitempty" doc:"Shown this once"`
}

type (
	addingCalendar struct {
		Body struct {
			Kind string `json:"kind" enum:"person,team,schedule"`
			Of   string `json:"of,omitempty" maxLength:"64" doc:"Which; of a person, yourself when it is left out"`
		}
	}
	calendarID struct {
		ID string `path:"id" maxLength:"64"`
	}
)

func (a *API) listCalendars(ctx context.Context, _ *only) (*pageOf[CalendarLink], error) {
	out := &pageOf[CalendarLink]{Body: page[CalendarLink]{Items: []CalendarLink{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.CalendarFeedsOf(asking(ctx).self())
		for _, f := range all {
			out.Body.Items = append(out.Body.Items, CalendarLink{ID: f.ID, Kind: f.Kind, Of: f.Subject, Owner: f.Owner, MadeAt: f.MadeAt, UsedAt: shown(f.UsedAt)})
		}
		return err
	})
}

// addCalendar makes a private address. It is good until it is revoked, or its owner may
// no longer see schedules.
func (a *API) addCalendar(ctx context.Context, in *addingCalendar) (*pageless[CalendarLink], error) {
	c := asking(ctx)
	me := c.self()
	if me == "" {
		return nil, wrong("body", "a calendar belongs to a person, and this key acts for nobody")
	}
	of := in.Body.Of
	if of == "" && in.Body.Kind == "person" {
		of = string(me)
	}
	if r, ok := c.setup.rows[thing{in.Body.Kind, of}]; !ok || r.Retired {
		return nil, wrong("body.of", fmt.Sprintf("there is no %s %q", in.Body.Kind, of))
	}
	now := a.now()
	token := strings.ToLower(rand.Text())
	f := store.CalendarFeed{ID: a.engine.NewID(now), Kind: in.Body.Kind, Subject: of, Owner: me, MadeAt: now}
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		mine, err := tx.CalendarFeedsOf(me)
		if err == nil && len(mine) >= 50 {
			return wrong("body", "you have 50 calendars: revoke some first")
		}
		if err != nil {
			return err
		}
		return tx.AddCalendarFeed(f, a.ring.Hash(calendarTokens, token))
	})
	return &pageless[CalendarLink]{Body: CalendarLink{ID: f.ID, Kind: f.Kind, Of: of, Owner: me, MadeAt: now, URL: a.engine.PublicURL() + "/ical/" + token + ".ics"}}, err
}

func (a *API) revokeCalendar(ctx context.Context, in *calendarID) (*struct{}, error) {
	c := asking(ctx)
	return &struct{}{}, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		f, err := tx.CalendarFeed(in.ID)
		if err != nil {
			return err
		}
		if f.Owner != c.self() && !c.May(org.Administer, "") {
			return store.ErrNotFound
		}
		return tx.RevokeCalendarFeed(in.ID)
	})
}

// Calendar serves a calendar to whoever knows its address.
func (a *API) Calendar(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutSuffix(r.PathValue("token"), ".ics")
	var f store.CalendarFeed
	err := error(store.ErrNotFound)
	if ok && len(token) <= 64 {
		err = a.store.Read(r.Context(), func(tx *store.Tx) (err error) {
			f, err = tx.CalendarFeedOf(a.ring.Hash(calendarTokens, token))
			return err
		})
	}
	var s *setup
	if err == nil {
		s, err = a.setups.now(r.Context(), a.store)
	}
	if err == nil && !s.mayRead(f.Owner) {
		err = store.ErrNotFound
	}
	var body []byte
	if err == nil {
		body, err = a.calendar(r.Context(), s, f)
	}
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			a.log.Error("a calendar could not be made", "calendar", f.ID, "error", err)
		}
		a.answer(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", "private, max-age=900")
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Write(body)
	if err := a.store.Write(r.Context(), store.Background, func(tx *store.Tx) error { return tx.CalendarFeedUsed(f.ID, a.now()) }); err != nil {
		a.log.Warn("the use of a calendar was not noted", "calendar", f.ID, "error", err)
	}
}

// mayRead says whether somebody may still see schedules.
func (s *setup) mayRead(p org.PersonID) bool {
	person, known := s.personOf(p)
	if !known {
		return false
	}
	return org.AccessOf(person, nil).May(org.ReadSetup, "")
}

// calendar is what a feed shows: shifts from the beginning of last month, for half a
// year. It begins and ends with months, so that what is cut there keeps its name.
func (a *API) calendar(ctx context.Context, s *setup, f store.CalendarFeed) ([]byte, error) {
	now := a.now()
	from := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 8, 0)
	out := ical.Calendar{Name: "On call: " + s.names[thing{f.Kind, f.Subject}], Now: now.Truncate(24 * time.Hour)}
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired || f.Kind == "schedule" && r.ID != f.Subject {
			continue
		}
		c, err := s.schedule(r.ID)
		if err != nil || f.Kind == "team" && string(c.Schedule.Team) != f.Subject {
			continue
		}
		shifts, err := a.was(ctx, s, c, r.ID, from, to)
		if err != nil {
			return nil, err
		}
		name := s.names[thing{r.Kind, r.ID}]
		if name == "" {
			name = r.ID
		}
		for _, st := range oncall.Stints(shifts) {
			if f.Kind == "person" && string(st.Person) != f.Subject {
				continue
			}
			e := ical.Event{
				UID:  fmt.Sprintf("%s-%s-%s-%d@tocsin", r.ID, st.Role, st.Person, st.From.Unix()),
				From: st.From, Until: st.Until, Changed: r.At, Sequence: r.Version, Summary: s.person(st.Person) + ": " + name,
			}
			if st.Role != oncall.Primary {
				e.Summary += " (" + st.Role + ")"
			}
			out.Events = append(out.Events, e)
		}
	}
	slices.SortStableFunc(out.Events, func(a, b ical.Event) int { return a.From.Compare(b.From) })
	return ical.Write(out), nil
}

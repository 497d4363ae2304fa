package v1

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"tocsin/internal/store"
	"tocsin/org"
)

const (
	mostCalendars = 20 // of one schedule
	calendarEvery = 15 * time.Minute
	calendarLeast = 5 * time.Minute
)

// A FollowedCalendar is one of others that is read by its address, again and again.
type FollowedCalendar struct {
	ID       string                  `json:"id"`
	Host     string                  `json:"host" doc:"Of its address: the whole is often a secret, and is not shown again"`
	As       string                  `json:"as" enum:"layers,overrides,time_off"`
	People   map[string]org.PersonID `json:"people,omitempty"`
	Zone     string                  `json:"zone,omitempty"`
	Every    org.Duration            `json:"every" doc:"How often it is read"`
	By       string                  `json:"by"`
	MadeAt   time.Time               `json:"made_at"`
	TriedAt  *time.Time              `json:"tried_at,omitempty"`
	GoodAt   *time.Time              `json:"good_at,omitempty" doc:"When it could be read last; what it said then stands"`
	NextAt   time.Time               `json:"next_at"`
	Taken    int                     `json:"taken" doc:"How many layers, overrides or absences came of it"`
	Failures int                     `json:"failures,omitempty" doc:"In a row; the pause doubles with each"`
	Error    string                  `json:"error,omitempty"`
	Troubles []string                `json:"troubles" nullable:"false" doc:"What was not understood, event by event"`
}

type (
	followingCalendar struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			URL    string                  `json:"url" maxLength:"2000" doc:"http or https; it is fetched by the rules of egress"`
			As     string                  `json:"as" enum:"layers,overrides,time_off"`
			People map[string]org.PersonID `json:"people,omitempty" doc:"Who is meant by a summary or an address; otherwise ids, names and mail addresses are tried"`
			Zone   string                  `json:"zone,omitempty" maxLength:"64" doc:"Of readings without a zone"`
			Every  org.Duration            `json:"every,omitempty" doc:"15m, when it is left out; at least 5m"`
		}
	}
	followedID struct {
		ID       string `path:"id" maxLength:"64"`
		Calendar string `path:"calendar" maxLength:"64"`
	}
)

func followed(c store.Calendar) FollowedCalendar {
	host := ""
	if u, err := url.Parse(c.URL); err == nil {
		host = u.Host
	}
	return FollowedCalendar{
		ID: c.ID, Host: host, As: c.As, People: c.People, Zone: c.Zone, Every: c.Every, By: c.By, MadeAt: c.MadeAt, TriedAt: shown(c.TriedAt), GoodAt: shown(c.GoodAt),
		NextAt: c.NextAt, Taken: c.Taken, Failures: c.Failures, Error: c.Error, Troubles: append([]string{}, c.Troubles...),
	}
}

func (a *API) listFollowed(ctx context.Context, in *overridesOf) (*pageOf[FollowedCalendar], error) {
	if _, err := asking(ctx).setup.schedule(in.ID); err != nil {
		return nil, err
	}
	out := &pageOf[FollowedCalendar]{Body: page[FollowedCalendar]{Items: []FollowedCalendar{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Calendars(org.ScheduleID(in.ID))
		for _, c := range all {
			out.Body.Items = append(out.Body.Items, followed(c))
		}
		return err
	})
}

// followCalendar takes a calendar in from now on: it is read at once, and then every so
// often.
func (a *API) followCalendar(ctx context.Context, in *followingCalendar) (*pageless[FollowedCalendar], error) {
	c := asking(ctx)
	if _, err := c.setup.schedule(in.ID); err != nil {
		return nil, err
	}
	u, err := url.Parse(in.Body.URL)
	if err == nil && u.Scheme == "webcal" {
		u.Scheme = "https"
	}
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, wrong("body.url", "is no http or https address")
	case u.User != nil:
		return nil, wrong("body.url", "has a user name or password in it: take a private address without")
	case in.Body.Every != 0 && in.Body.Every.D() < calendarLeast:
		return nil, wrong("body.every", "must be at least 5m")
	}
	if _, err := org.Zone(in.Body.Zone); err != nil {
		return nil, wrong("body.zone", err.Error())
	}
	for word, p := range in.Body.People {
		if _, known := c.setup.personOf(p); !known {
			return nil, wrong("body.people", fmt.Sprintf("%s: there is no person %q", word, p))
		}
	}
	now := a.now()
	one := store.Calendar{
		ID: a.engine.NewID(now), Schedule: org.ScheduleID(in.ID), URL: u.String(), NextAt: now, As: in.Body.As, People: in.Body.People, Zone: in.Body.Zone,
		Every: org.Duration(cmp.Or(in.Body.Every.D(), calendarEvery)), By: string(c.Actor()), MadeAt: now,
	}
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		all, err := tx.Calendars(one.Schedule)
		if err != nil {
			return err
		}
		if len(all) >= mostCalendars {
			return wrong("body", "a schedule takes at most 20 calendars in")
		}
		return tx.PutCalendar(one)
	})
	return &pageless[FollowedCalendar]{Body: followed(one)}, err
}

// pollCalendar reads it soon, whenever it would be read next.
func (a *API) pollCalendar(ctx context.Context, in *followedID) (*pageless[FollowedCalendar], error) {
	out := &pageless[FollowedCalendar]{}
	return out, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		c, err := followedOf(tx, in)
		if err != nil {
			return err
		}
		c.NextAt = a.now()
		out.Body = followed(c)
		return tx.PutCalendar(c)
	})
}

// unfollowCalendar ends it, and takes out what came of it.
func (a *API) unfollowCalendar(ctx context.Context, in *followedID) (*struct{}, error) {
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		c, err := followedOf(tx, in)
		if err != nil {
			return err
		}
		if err := a.engine.ForgetCalendar(tx, c, a.now()); err != nil {
			return err
		}
		return tx.DropCalendar(c.ID)
	})
	if err == nil {
		a.engine.Poke()
	}
	return &struct{}{}, err
}

func followedOf(tx *store.Tx, in *followedID) (store.Calendar, error) {
	c, err := tx.Calendar(in.Calendar)
	if err == nil && string(c.Schedule) != in.ID {
		err = store.ErrNotFound
	}
	return c, err
}

package v1

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/store"
	"tocsin/org"
)

// A scope says how the team is found that a route's thing belongs to. Without find the
// thing belongs to the house.
type scope struct {
	name string
	// read is the deed of seeing such a thing. Who may not, learns nothing about it.
	read org.Deed
	find func(*API, *http.Request, *setup, auth.Identity) (org.TeamID, error)
	// asks says that the route asks itself, because the team stands in the body.
	asks bool
}

var (
	house      = scope{name: "house"}
	inBody     = scope{name: "body", asks: true}
	ofIncident = scope{name: "incident", read: org.ReadIncidents, find: teamOfIncident}
	ofThing    = scope{name: "thing", read: org.ReadSetup, find: teamOfThing}
)

func teamOfIncident(a *API, r *http.Request, s *setup, who auth.Identity) (team org.TeamID, err error) {
	err = a.store.Read(r.Context(), func(tx *store.Tx) error {
		in, err := visible(tx, s, who, incident.ID(r.PathValue("id")))
		if err == nil {
			team = in.Team
		}
		return err
	})
	return team, err
}

// visible reads an incident that somebody may see. One that they may not is not read at
// all, so that it takes no longer than one that never was.
func visible(tx *store.Tx, s *setup, who auth.Identity, id incident.ID) (*store.Subject, error) {
	service, err := tx.ServiceOf(id)
	if err == nil && s.hides(who, service) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	sub, err := tx.Subject(id)
	if err == nil && (sub.Change != nil || sub.Notice != nil) { // it has a page of its own
		return nil, store.ErrNotFound
	}
	return sub, err
}

func teamOfThing(_ *API, r *http.Request, s *setup, _ auth.Identity) (org.TeamID, error) {
	k := kindAt(r.URL.Path)
	row, ok := s.rows[thing{k.name, r.PathValue("id")}]
	if !ok {
		return "", store.ErrNotFound
	}
	return s.teamOf(row.Kind, row.Body), nil
}

// A caller is who asks, with what they ask.
type caller struct {
	auth.Identity
	setup *setup // as it was when they asked
	deed  org.Deed
	asked bool // the deed was asked about, and allowed
}

type callerKey struct{}

// asking is who asks.
func asking(ctx context.Context) *caller { return ctx.Value(callerKey{}).(*caller) }

// may asks whether the caller may do what the route does to something of a team.
func (c *caller) may(team org.TeamID) error {
	if !c.May(c.deed, team) {
		return c.denied(team)
	}
	c.asked = true
	return nil
}

// A denial is a deed that somebody may not do.
type denial struct{ text string }

func (d denial) Error() string { return d.text }

// denied says who can.
func (c *caller) denied(team org.TeamID) error {
	least, inTeam := c.deed.Needs()
	if c.Deeds != nil && (org.Access{Everywhere: c.Everywhere, Teams: c.Teams}).May(c.deed, team) {
		return denial{fmt.Sprintf("this API key may not %s: it was not given that", c.deed)}
	}
	switch {
	case inTeam && team != "":
		return denial{fmt.Sprintf("to %s here is for a %s of team %s, or an admin", c.deed, least, team)}
	case least == org.Admin:
		return denial{fmt.Sprintf("to %s is for an admin", c.deed)}
	}
	return denial{fmt.Sprintf("to %s is for a %s", c.deed, least)}
}

// guard lets through who may, and answers everybody else.
func (a *API) guard(to route, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := a.identify(r)
		if err != nil {
			a.answer(w, r, a.stranger(w, err))
			return
		}
		c := &caller{Identity: who, deed: to.deed}
		if c.setup, err = a.setups.now(r.Context(), a.store); err == nil {
			err = a.allow(to, c, r)
		}
		if err == nil {
			err = readWhole(w, r, to)
		}
		if err != nil {
			a.answer(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
		if to.streams() {
			serve(w, r)
			return
		}
		a.once(w, r, c, serve)
	}
}

// stranger is the answer to somebody who is not known.
func (a *API) stranger(w http.ResponseWriter, err error) error {
	switch {
	case errors.Is(err, auth.ErrNoCredentials), errors.Is(err, auth.ErrBadCredentials):
		w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin"`)
		return unknownCaller
	}
	return err
}

// allow says whether the caller may do what the route does.
func (a *API) allow(to route, c *caller, r *http.Request) error {
	switch {
	case to.of.asks:
		if !c.MaySomewhere(to.deed) {
			return c.denied("")
		}
		return nil
	case to.of.find == nil:
		return c.may("")
	}
	if !c.May(to.of.read, "") && !c.MaySomewhere(to.deed) {
		return c.denied("")
	}
	team, err := to.of.find(a, r, c.setup, c.Identity)
	if err == nil && !c.May(to.of.read, "") && !c.May(to.deed, team) {
		err = store.ErrNotFound // that it is there is not for them to know
	}
	if err != nil {
		return err
	}
	return c.may(team)
}

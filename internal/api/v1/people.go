package v1

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A WayIn is a link that works once and lets somebody in: who gets it must be who it is for.
type WayIn struct {
	Link    string    `json:"link" doc:"To be given to them; it works once"`
	Expires time.Time `json:"expires_at"`
}

// A Need is a place of the configuration that names a person.
type Need struct {
	Where  string   `json:"where" doc:"policy db, level 2"`
	Others []string `json:"others,omitempty" doc:"Who else stands there"`
}

// Needs are what somebody is needed for.
type Needs struct {
	Setup     []Need     `json:"setup" nullable:"false"`
	Incidents []Incident `json:"incidents" nullable:"false" doc:"Open ones that they answer for"`
}

type (
	linkOut   struct{ Body WayIn }
	resetting struct {
		ThingID
		Body *struct {
			Factors bool `json:"factors,omitempty" doc:"Take TOTP, recovery codes and passkeys away too: the telephone is lost"`
		} `required:"false"`
	}
	needsOut  struct{ Body Needs }
	lettingGo struct {
		ThingID
		Body *struct {
			Replacement org.PersonID `json:"replacement,omitempty" maxLength:"64" doc:"Who stands wherever they stood, and answers for their incidents; without one, who is still needed stays"`
		} `required:"false"`
	}
	gone struct {
		Body struct {
			Needs    `doc:"What they were needed for, before"`
			Replaced org.PersonID `json:"replacement,omitempty"`
			Left     []string     `json:"left,omitempty" doc:"Incidents that could not be handed over, and why"`
		}
	}
	sessionsOut  struct{ Body page[auth.SessionLine] }
	endedSession struct {
		ThingID
		Session string `path:"session" maxLength:"64"`
	}
)

// user is a person who is not retired, with how they sign in.
func (a *API) user(ctx context.Context, id string) (auth.User, error) {
	all, err := a.auth.Users(ctx)
	for _, u := range all {
		if string(u.ID) == id && !u.Retired {
			return u, nil
		}
	}
	if err == nil {
		err = store.ErrNotFound
	}
	return auth.User{}, err
}

// lets asks whether the caller may make links that let people in: whoever comes in by
// one may do all that the person may, which an API key must not be able to get at when
// it was not given everything.
func (c *caller) lets() error {
	if c.Key == "" || c.Deeds == nil {
		return nil
	}
	for _, d := range org.Deeds() {
		if !slices.Contains(c.Deeds, d) {
			return denial{fmt.Sprintf("this API key may not make links that let people in: it was not given everything, such as %q", d)}
		}
	}
	return nil
}

// A SignIn is how somebody can sign in; who cannot at all was not invited, or has not come.
type SignIn struct {
	Person   org.PersonID `json:"person"`
	Password bool         `json:"password"`
	TOTP     bool         `json:"totp"`
	Passkeys int          `json:"passkeys"`
}

// signIns lists everybody who is not retired, at once: there are few.
func (a *API) signIns(ctx context.Context, _ *only) (*pageOf[SignIn], error) {
	all, err := a.auth.Users(ctx)
	out := &pageOf[SignIn]{Body: page[SignIn]{Items: []SignIn{}}}
	for _, u := range all {
		if !u.Retired {
			out.Body.Items = append(out.Body.Items, SignIn{u.ID, u.Password, u.TOTP, u.Passkeys})
		}
	}
	return out, err
}

func (a *API) link(ctx context.Context, id string, factors bool) (*linkOut, error) {
	c := asking(ctx)
	url, err := a.auth.ResetLink(ctx, c.Actor(), org.PersonID(id), factors)
	return &linkOut{WayIn{url, a.now().Add(auth.LinkFor)}}, err
}

func (a *API) invite(ctx context.Context, in *ThingID) (*linkOut, error) {
	if err := asking(ctx).lets(); err != nil {
		return nil, err
	}
	u, err := a.user(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if u.Password || u.Passkeys > 0 {
		return nil, incident.Refuse("%s can sign in already: a new password is a reset", in.ID)
	}
	return a.link(ctx, in.ID, false)
}

func (a *API) reset(ctx context.Context, in *resetting) (*linkOut, error) {
	if err := asking(ctx).lets(); err != nil {
		return nil, err
	}
	if _, err := a.user(ctx, in.ID); err != nil {
		return nil, err
	}
	return a.link(ctx, in.ID, in.Body != nil && in.Body.Factors)
}

// needs are what a person is needed for, as far as the caller may see.
func (a *API) needs(tx *store.Tx, s *setup, c *caller, p org.PersonID) (n Needs, err error) {
	row, ok := s.rows[thing{config.Person, string(p)}]
	if !ok || row.Retired {
		return n, store.ErrNotFound
	}
	n = Needs{Setup: []Need{}, Incidents: []Incident{}}
	for _, cover := range config.Read(s.items(thing{})).Covers(p) {
		n.Setup = append(n.Setup, Need{cover.Where, cover.Others})
	}
	rows, err := tx.Subjects(store.Filter{Open: true, Owner: p, Hidden: s.hidden(c.Identity), Limit: 1000})
	if err != nil {
		return n, err
	}
	n.Incidents, err = a.listed(tx, c, rows, nil)
	return n, err
}

func (a *API) covers(ctx context.Context, in *ThingID) (*needsOut, error) {
	out := &needsOut{}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		s, err := a.setups.in(tx)
		if err == nil {
			out.Body, err = a.needs(tx, s, asking(ctx), org.PersonID(in.ID))
		}
		return err
	})
	return out, err
}

// deactivate lets a person go, all or nothing as far as the configuration goes; then
// their open incidents are handed over, one by one.
func (a *API) deactivate(ctx context.Context, in *lettingGo) (*gone, error) {
	c, out := asking(ctx), &gone{}
	p := org.PersonID(in.ID)
	if in.Body != nil {
		out.Body.Replaced = in.Body.Replacement
	}
	by := out.Body.Replaced
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		s, err := a.freeze(tx)
		if err != nil {
			return err
		}
		if out.Body.Needs, err = a.needs(tx, s, c, p); err != nil {
			return err
		}
		if by == "" {
			if err := out.Body.Needs.refuse(p); err != nil {
				return err
			}
		} else if row, ok := s.rows[thing{config.Person, string(by)}]; !ok || row.Retired || by == p {
			return wrong("body.replacement", fmt.Sprintf("there is no person %q who could", by))
		} else if err := a.replaced(tx, s, c, p, by); err != nil {
			return err
		}
		if err := a.auth.Retire(tx, c.Actor(), p); err != nil {
			return err
		}
		return tx.Touch("config/"+config.Person, in.ID)
	})
	if err != nil || by == "" {
		return out, err
	}
	for _, one := range out.Body.Incidents {
		_, err := a.engine.Do(ctx, one.ID, c.Actor(), a.now(), func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Reassign(in, w, org.Target{Kind: config.Person, ID: string(by)}, "in place of "+string(p), a.now())
		})
		if refused, ok := errors.AsType[incident.Refusal](err); ok {
			out.Body.Left = append(out.Body.Left, fmt.Sprintf("%s: %s", one.ID, refused.Text))
		} else if err != nil {
			out.Body.Left = append(out.Body.Left, fmt.Sprintf("%s: %v", one.ID, a.fault(ctx, err)))
		}
	}
	return out, nil
}

// refuse says no while a person is needed, and for what.
func (n Needs) refuse(p org.PersonID) error {
	var all []string
	for _, one := range n.Setup {
		beside := "nobody else"
		if len(one.Others) > 0 {
			beside = "beside " + strings.Join(one.Others, ", ")
		}
		all = append(all, one.Where+" ("+beside+")")
	}
	for _, in := range n.Incidents {
		all = append(all, "incident "+string(in.ID)+" ("+in.Title+")")
	}
	if len(all) == 0 {
		return nil
	}
	return incident.Refuse("%s is still needed: say who takes their place. %s", p, strings.Join(all, "; "))
}

// replaced puts somebody wherever a person stands.
func (a *API) replaced(tx *store.Tx, s *setup, c *caller, p, by org.PersonID) error {
	all := config.Read(s.items(thing{}))
	changed := all.Replace(p, by)
	if err := changed.Validate(all); err != nil {
		return err
	}
	return a.putAll(tx, c, changed.Items(a.ring))
}

// putAll writes things that were checked.
func (a *API) putAll(tx *store.Tx, c *caller, items []config.Item) error {
	var changes []store.Change
	for _, i := range items {
		changes = append(changes, store.Change{Kind: i.Kind, ID: i.ID, Body: i.Body, By: c.Actor()})
		if err := tx.Touch("config/"+i.Kind, i.ID); err != nil {
			return err
		}
	}
	_, err := tx.PutConfig(a.now(), changes...)
	return err
}

func (a *API) sessions(ctx context.Context, in *ThingID) (*sessionsOut, error) {
	if _, err := a.user(ctx, in.ID); err != nil {
		return nil, err
	}
	all, err := a.auth.Sessions(ctx, org.PersonID(in.ID))
	return &sessionsOut{page[auth.SessionLine]{Items: all}}, err
}

func (a *API) endSessions(ctx context.Context, in *ThingID) (*done, error) {
	if _, err := a.user(ctx, in.ID); err != nil {
		return nil, err
	}
	return &done{}, a.auth.EndSessions(ctx, asking(ctx).Actor(), org.PersonID(in.ID), "")
}

func (a *API) endSession(ctx context.Context, in *endedSession) (*done, error) {
	return &done{}, a.auth.EndSessions(ctx, asking(ctx).Actor(), org.PersonID(in.ID), in.Session)
}

package v1

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A SilenceBody is what somebody wishes of a silence.
type SilenceBody struct {
	Matchers    []string          `json:"matchers" minItems:"1" maxItems:"50" nullable:"false" doc:"On the labels of alerts, as Alertmanager writes them: host=~\"db.*\". All of them must hold"`
	Service     org.ServiceID     `json:"service,omitempty" maxLength:"64" doc:"Only alerts about it. It stays as it was made"`
	Integration org.IntegrationID `json:"integration,omitempty" maxLength:"64" doc:"Only its alerts. It stays as it was made"`
	Start       time.Time         `json:"start,omitzero" doc:"Now, when it is left out or has passed"`
	End         time.Time         `json:"end"`
	Comment     string            `json:"comment" minLength:"1" maxLength:"2000" doc:"Why"`
}

// A Silence keeps alerts from calling people for a while. They are recorded as ever.
type Silence struct {
	ID          string             `json:"id"`
	State       alert.SilenceState `json:"state" enum:"pending,active,expired"`
	Matchers    []string           `json:"matchers" nullable:"false"`
	Service     org.ServiceID      `json:"service,omitempty"`
	Integration org.IntegrationID  `json:"integration,omitempty" doc:"Neither: it covers the whole house"`
	Start       time.Time          `json:"start"`
	End         time.Time          `json:"end"`
	Author      string             `json:"author" doc:"A person or an API key, or in their own words somebody who came as an Alertmanager's client"`
	Comment     string             `json:"comment"`
	ChangedAt   time.Time          `json:"changed_at"`
	EndedBy     string             `json:"ended_by,omitempty" doc:"Who ended it before its time"`
}

type (
	silencesAsked struct {
		State       alert.SilenceState `query:"state" enum:"pending,active,expired"`
		Service     org.ServiceID      `query:"service" maxLength:"64" doc:"Made for this service alone"`
		Integration org.IntegrationID  `query:"integration" maxLength:"64" doc:"Made for this integration alone"`
	}
	silencing struct {
		Body SilenceBody
	}
	revising struct {
		ThingID
		Match
		Body SilenceBody
	}
	silenceOut struct {
		ETag     string `header:"ETag"`
		Location string `header:"Location" doc:"Where it is, if it is a new one"`
		Body     Silence
	}
)

func (a *API) showSilence(s alert.Silence) *silenceOut {
	out := &silenceOut{ETag: silenceTag(s), Body: Silence{
		ID: s.ID, State: s.State(a.now()), Matchers: make([]string, len(s.Matchers)), Service: s.Service, Integration: s.Integration,
		Start: s.Start, End: s.End, Author: s.By, Comment: s.Comment, ChangedAt: s.Updated, EndedBy: s.EndedBy,
	}}
	for i, m := range s.Matchers {
		out.Body.Matchers[i] = m.String()
	}
	return out
}

// silenceTag is the moment of the last change: there are no two in one microsecond.
func silenceTag(s alert.Silence) string { return tag(int(s.Updated.UnixMicro())) }

// ofSilence finds the team that a silence is kept by: of its service, or of that of its
// integration. One over the whole house is every team's, and so an admin's.
var ofSilence = scope{name: "silence", read: org.ReadIncidents, find: func(a *API, r *http.Request, s *setup, who auth.Identity) (org.TeamID, error) {
	one, err := a.silence(r.Context(), s, who, r.PathValue("id"))
	return s.teamOf(config.Service, s.rows[thing{config.Service, string(s.silenced(one))}].Body), err
}}

// silenced is the service whose silence it is; "": it is the house's.
func (s *setup) silenced(one alert.Silence) org.ServiceID {
	if one.Service == "" && one.Integration != "" {
		return s.integration(one.Integration).Service
	}
	return one.Service
}

// silence is one that somebody may see.
func (a *API) silence(ctx context.Context, s *setup, who auth.Identity, id string) (one alert.Silence, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		one, err = tx.Silence(id)
		return err
	})
	if err == nil && s.hides(who, s.silenced(one)) {
		return alert.Silence{}, store.ErrNotFound
	}
	return one, err
}

// listSilences lists them all at once: there are few, and those that are over are kept
// for five days.
func (a *API) listSilences(ctx context.Context, in *silencesAsked) (*pageOf[Silence], error) {
	c := asking(ctx)
	var all []alert.Silence
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Silences()
		return err
	})
	out := &pageOf[Silence]{Body: page[Silence]{Items: []Silence{}}}
	alert.SortSilences(all, a.now())
	for _, s := range all {
		shown := a.showSilence(s).Body
		if c.setup.hides(c.Identity, c.setup.silenced(s)) || in.State != "" && shown.State != in.State ||
			in.Service != "" && s.Service != in.Service || in.Integration != "" && s.Integration != in.Integration {
			continue
		}
		out.Body.Items = append(out.Body.Items, shown)
	}
	return out, err
}

func (a *API) readSilence(ctx context.Context, in *ThingID) (*silenceOut, error) {
	c := asking(ctx)
	one, err := a.silence(ctx, c.setup, c.Identity, in.ID)
	return a.showSilence(one), err
}

// addSilence makes a silence.
func (a *API) addSilence(ctx context.Context, in *silencing) (*silenceOut, error) {
	c, b := asking(ctx), in.Body
	service := b.Service
	if service != "" {
		if s := c.setup.services[service]; s.ID == "" || s.Retired || c.setup.hides(c.Identity, service) {
			return nil, wrong("body.service", fmt.Sprintf("there is no service %q", service))
		}
	}
	if b.Integration != "" {
		i := c.setup.integration(b.Integration)
		if i.ID == "" || i.Retired || c.setup.hides(c.Identity, i.Service) {
			return nil, wrong("body.integration", fmt.Sprintf("there is no integration %q", b.Integration))
		}
		if service == "" {
			service = i.Service
		}
	}
	if err := c.maySilence(service); err != nil {
		return nil, err
	}
	wish, err := b.wish(c, a.now())
	if err != nil {
		return nil, err
	}
	made, err := a.engine.Silence(ctx, wish, nil, a.now())
	out := a.showSilence(made)
	out.Location = Prefix + "/silences/" + made.ID
	return out, err
}

// maySilence asks whether the caller may keep a service quiet, or the house ("").
func (c *caller) maySilence(service org.ServiceID) error {
	if service == "" && !c.May(org.Administer, "") {
		return denial{"a silence over the whole house is for an admin; give it a service or an integration"}
	}
	return c.may(c.setup.services[service].Team)
}

// wish reads what somebody wishes.
func (b SilenceBody) wish(c *caller, now time.Time) (alert.Silence, error) {
	s := alert.Silence{
		Integration: b.Integration, Service: b.Service, Start: b.Start, End: b.End, By: c.signed(), Comment: b.Comment,
	}
	for i, text := range b.Matchers {
		list, err := alert.ParseMatchers(text)
		if err != nil {
			return s, wrong(fmt.Sprintf("body.matchers[%d]", i), err.Error())
		}
		s.Matchers = append(s.Matchers, list...)
	}
	if err := s.CheckMatchers(); err != nil {
		return s, wrong("body.matchers", err.Error())
	}
	if err := s.CheckTimes(now); err != nil {
		return s, wrong("body.end", err.Error())
	}
	return s, nil
}

// signed is how the caller stands under what they write.
func (c *caller) signed() string { return strings.TrimPrefix(string(c.Actor()), "person:") }

// changeSilence changes a silence. One whose history would change ends now, and a new
// one goes on: the answer has its id.
func (a *API) changeSilence(ctx context.Context, in *revising) (*silenceOut, error) {
	c, now := asking(ctx), a.now()
	had, err := a.silence(ctx, c.setup, c.Identity, in.ID)
	if err != nil {
		return nil, err
	}
	wish, err := in.Body.wish(c, now)
	if err != nil {
		return nil, err
	}
	wish.ID = in.ID
	if wish.Start.IsZero() {
		wish.Start = had.Start
	}
	made, err := a.engine.Silence(ctx, wish, func(was alert.Silence) error {
		switch {
		case wish.Service != "" && wish.Service != was.Service:
			return wrong("body.service", "stays as it was made: end this silence, and make another")
		case wish.Integration != "" && wish.Integration != was.Integration:
			return wrong("body.integration", "stays as it was made: end this silence, and make another")
		}
		return c.touches(was, in.Match)
	}, now)
	out := a.showSilence(made)
	if made.ID != in.ID {
		out.Location = Prefix + "/silences/" + made.ID
	}
	return out, err
}

// touches asks whether the caller may change a silence as it is now.
func (c *caller) touches(was alert.Silence, m Match) error {
	if err := c.maySilence(c.setup.silenced(was)); err != nil {
		return err
	}
	return m.met(silenceTag(was))
}

// endSilence ends a silence now.
func (a *API) endSilence(ctx context.Context, in *retiring) (*done, error) {
	c, now := asking(ctx), a.now()
	return &done{}, a.engine.EndSilence(ctx, in.ID, c.signed(), func(was alert.Silence) error {
		if was.State(now) == alert.SilenceExpired {
			return incident.Refuse("it is over already")
		}
		return c.touches(was, in.Match)
	}, now)
}

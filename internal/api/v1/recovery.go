package v1

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
	"tocsin/resolve"
)

// RecoveryOf is how far the way back is, and what it was.
type RecoveryOf struct {
	Stage     incident.Stage   `json:"stage,omitempty" enum:"contain,fix,recover,watch" doc:"None has begun, or it is over, when it is left out"`
	Since     *time.Time       `json:"since,omitempty"`
	By        incident.Actor   `json:"by,omitempty" doc:"Who said so"`
	Until     *time.Time       `json:"until,omitempty" doc:"Of a watch: then it is over by itself"`
	Confirmed []ConfirmationOf `json:"confirmed" nullable:"false"`
	Back      int              `json:"back,omitempty" doc:"How often it came back while it was watched"`
	Cause     string           `json:"cause,omitempty"`
	Category  string           `json:"category,omitempty" doc:"Of the cause"`
	Fixed     string           `json:"fixed,omitempty" doc:"What ended it, as whoever ended it said"`
}

// ConfirmationOf is somebody's word that a stage has done what it should.
type ConfirmationOf struct {
	Stage  incident.Stage `json:"stage" enum:"contain,fix,recover,watch"`
	Person PersonRef      `json:"person"`
	At     time.Time      `json:"at"`
	Text   string         `json:"text,omitempty"`
}

// HeirOf is to whom an incident is handed over, until they answer.
type HeirOf struct {
	Person PersonRef `json:"person"`
	From   PersonRef `json:"from"`
	Note   string    `json:"note,omitempty"`
	At     time.Time `json:"at"`
}

func (s *setup) recovery(in incident.Incident) *RecoveryOf {
	r := in.Recovery
	if r == nil {
		return nil
	}
	out := &RecoveryOf{
		Stage: r.Stage, Since: shown(r.Since), By: r.By, Until: shown(r.Until), Back: r.Back, Cause: r.Cause, Category: r.Category, Fixed: r.Fixed, Confirmed: []ConfirmationOf{},
	}
	for _, c := range r.Confirmed {
		out.Confirmed = append(out.Confirmed, ConfirmationOf{c.Stage, PersonRef{c.Person, s.person(c.Person)}, c.At, c.Text})
	}
	return out
}

func (s *setup) heir(in incident.Incident) *HeirOf {
	if in.Heir == nil {
		return nil
	}
	return &HeirOf{PersonRef{in.Heir.Person, s.person(in.Heir.Person)}, PersonRef{in.Heir.From, s.person(in.Heir.From)}, in.Heir.Note, in.Heir.At}
}

// What the verbs of recovery take.
type (
	resolving struct {
		IncidentID
		Body *struct {
			Why      string `json:"why,omitempty" maxLength:"2000" doc:"What ended it"`
			Cause    string `json:"cause,omitempty" maxLength:"2000" doc:"What it was"`
			Category string `json:"category,omitempty" maxLength:"40" pattern:"^[a-z][a-z0-9-]*$" doc:"Of the cause: change, capacity, configuration, hardware, software, network, power, supplier, security, people, unknown, or one of your own"`
		} `required:"false"`
	}
	staging struct {
		IncidentID
		Body struct {
			Stage incident.Stage `json:"stage" enum:"contain,fix,recover,watch"`
			Watch string         `json:"watch,omitempty" maxLength:"20" doc:"How long it is watched, such as 30m; what its service has, or 30 minutes, when it is left out"`
			Why   string         `json:"why,omitempty" maxLength:"2000"`
		}
	}
	confirming struct {
		IncidentID
		Body *struct {
			Stage incident.Stage `json:"stage,omitempty" enum:"contain,fix,recover,watch" doc:"The one that it is in, when it is left out"`
			Text  string         `json:"text,omitempty" maxLength:"2000" doc:"By what you know"`
		} `required:"false"`
	}
	explaining struct {
		IncidentID
		Body struct {
			Cause    string `json:"cause,omitempty" maxLength:"2000"`
			Category string `json:"category,omitempty" maxLength:"40" pattern:"^[a-z][a-z0-9-]*$"`
		}
	}
	addingList struct {
		IncidentID
		Body struct {
			Checklist string `json:"checklist" minLength:"1" maxLength:"64"`
		}
	}
)

func (a *API) resolve(ctx context.Context, in *resolving) (*said, error) {
	f := incident.Ended{}
	if b := in.Body; b != nil {
		f = incident.Ended{Why: b.Why, Cause: b.Cause, Category: b.Category}
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return resolve.End(i, f) }))
}

func (a *API) stage(ctx context.Context, in *staging) (*said, error) {
	s, now := asking(ctx).setup, a.now()
	watch := org.Duration(0)
	if in.Body.Watch != "" {
		if err := watch.UnmarshalText([]byte(in.Body.Watch)); err != nil {
			return nil, wrong("body.watch", err.Error())
		}
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		long := watch.D()
		if in.Body.Watch == "" {
			if long = s.services[i.Service].Watch.D(); long == 0 {
				long = resolve.UsualWatch
			}
		}
		return resolve.Advance(i, in.Body.Stage, long, in.Body.Why, now)
	}))
}

func (a *API) confirm(ctx context.Context, in *confirming) (*said, error) {
	by := asking(ctx).self()
	var stage incident.Stage
	text := ""
	if in.Body != nil {
		stage, text = in.Body.Stage, in.Body.Text
	}
	return a.doAs(ctx, in.ID, incident.ByPerson(by), decided(func(i incident.Incident) ([]incident.Fact, error) {
		return resolve.Confirm(i, stage, by, text)
	}))
}

func (a *API) explain(ctx context.Context, in *explaining) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return resolve.Explain(i, in.Body.Cause, in.Body.Category)
	}))
}

// checklists are those of the settings.
func (s *setup) checklists() []org.Checklist {
	var settings org.Settings
	if json.Unmarshal(s.rows[thing{config.Settings, config.Settings}].Body, &settings) != nil {
		return nil
	}
	return settings.Checklists
}

// ChecklistOf is a checklist, in short.
type ChecklistOf struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Tasks int    `json:"tasks"`
}

func (a *API) listChecklists(ctx context.Context, _ *only) (*pageOf[ChecklistOf], error) {
	out := &pageOf[ChecklistOf]{Body: page[ChecklistOf]{Items: []ChecklistOf{}}}
	for _, c := range asking(ctx).setup.checklists() {
		out.Body.Items = append(out.Body.Items, ChecklistOf{c.ID, c.Name, len(c.Tasks)})
	}
	return out, nil
}

func (a *API) addChecklist(ctx context.Context, in *addingList) (*said, error) {
	all, now := asking(ctx).setup.checklists(), a.now()
	i := slices.IndexFunc(all, func(c org.Checklist) bool { return c.ID == in.Body.Checklist })
	if i < 0 {
		return nil, wrong("body.checklist", fmt.Sprintf("there is no checklist %q", in.Body.Checklist))
	}
	return a.do(ctx, in.ID, decided(func(in incident.Incident) ([]incident.Fact, error) { return investigate.AddList(in, all[i], now) }))
}

// other is a second incident that a verb is about: who asks must see it, and may act on it.
func (a *API) other(ctx context.Context, location string, id incident.ID) error {
	c := asking(ctx)
	return a.store.Read(ctx, func(tx *store.Tx) error {
		in, err := visible(tx, c.setup, c.Identity, id)
		if err == store.ErrNotFound {
			return wrong(location, fmt.Sprintf("there is no incident %q", id))
		}
		if err != nil {
			return err
		}
		return c.may(in.Team)
	})
}

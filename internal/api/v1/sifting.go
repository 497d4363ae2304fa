package v1

import (
	"context"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
)

// HeldBack is why nobody is paged for an alert.
type HeldBack struct {
	Stage    string      `json:"stage" enum:"transient,threshold,flapping,symptom,hold,settle,group,storm,silence,held" doc:"What holds it back"`
	Why      string      `json:"why" doc:"In words"`
	Rule     string      `json:"rule,omitempty" doc:"The edge, rule, key, silence or window that says so"`
	Cause    string      `json:"cause,omitempty" doc:"The alert that explains it"`
	Incident incident.ID `json:"incident,omitempty" doc:"The incident that answers for it"`
	Since    *time.Time  `json:"since,omitempty"`
	Until    *time.Time  `json:"until,omitempty" doc:"When it is decided anew by itself"`
	Events   int         `json:"events" doc:"That called nobody"`
}

// explained is an alert with why nobody is paged for it.
func explained(tx *store.Tx, a alert.Alert) (Alert, error) {
	out := showAlert(a)
	r, err := engine.WhyNoPage(tx, a)
	if err == nil && r.Stage != "" {
		out.WhyNoPage = &HeldBack{
			Stage: r.Stage, Why: r.Why, Rule: r.Rule, Cause: r.Cause, Incident: r.Incident, Since: shown(r.Since), Until: shown(r.Until), Events: r.Events,
		}
	}
	return out, err
}

// explainAll explains a page of alerts.
func explainAll(tx *store.Tx, rows []alert.Alert) ([]Alert, error) {
	subjects := make([]incident.ID, 0, len(rows))
	for _, r := range rows {
		if r.Open && r.Subject != "" {
			subjects = append(subjects, r.Subject)
		}
	}
	if err := tx.Preload(subjects); err != nil {
		return nil, err
	}
	out := make([]Alert, len(rows))
	for i, r := range rows {
		one, err := explained(tx, r)
		if err != nil {
			return nil, err
		}
		out[i] = one
	}
	return out, nil
}

// symptoms are the alerts beneath an incident.
func (a *API) symptoms(ctx context.Context, in *IncidentID) (*pageOf[Alert], error) {
	c := asking(ctx)
	out := &pageOf[Alert]{Body: page[Alert]{Items: []Alert{}}}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		all, err := engine.Beneath(tx, in.ID)
		if err != nil {
			return err
		}
		for _, one := range all {
			if c.setup.hides(c.Identity, one.Service) {
				continue
			}
			shown, err := explained(tx, one)
			if err != nil {
				return err
			}
			out.Body.Items = append(out.Body.Items, shown)
		}
		return nil
	})
	return out, err
}

type (
	splitting struct {
		IncidentID
		Body struct {
			Alert string `json:"alert,omitempty" maxLength:"64" doc:"An alert of the incident; without it the one that the incident was opened for"`
		}
	}
	folding struct {
		IncidentID
		Body struct {
			Under incident.ID `json:"under" maxLength:"64" doc:"The incident of the cause"`
			Alert string      `json:"alert,omitempty" maxLength:"64"`
		}
	}
)

// lead is an alert of an incident: the one that is named, or the one it was opened for.
func (a *API) lead(ctx context.Context, id incident.ID, named string) (alert.Alert, error) {
	c := asking(ctx)
	var found alert.Alert
	return found, a.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := visible(tx, c.setup, c.Identity, id); err != nil {
			return err
		}
		all, err := tx.AlertsOf(id)
		if err != nil {
			return err
		}
		for _, one := range all {
			if one.ID == named || named == "" && one.Open && (one.Sifted.Place == alert.Lead || one.Sifted.Place == "") {
				found = one
				return nil
			}
		}
		if named != "" {
			return wrong("body.alert", fmt.Sprintf("there is no alert %q in this incident", named))
		}
		return incident.Refuse("nothing that it was opened for fires")
	})
}

func (a *API) split(ctx context.Context, in *splitting) (*said, error) {
	one, err := a.lead(ctx, in.ID, in.Body.Alert)
	if err != nil {
		return nil, err
	}
	if err := a.engine.Split(ctx, one.ID, asking(ctx).Actor(), a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, in.ID, one.Title+" goes its own way")
}

func (a *API) foldUnder(ctx context.Context, in *folding) (*said, error) {
	one, err := a.lead(ctx, in.ID, in.Body.Alert)
	if err != nil {
		return nil, err
	}
	cause, err := a.lead(ctx, in.Body.Under, "")
	if err != nil {
		return nil, err
	}
	if err := a.engine.Put(ctx, one.ID, cause.ID, asking(ctx).Actor(), a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, in.ID, one.Title+" is a symptom of "+cause.Title)
}

package v1

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

type (
	changeBecause struct {
		ChangeID
		Body *Why `required:"false"`
	}
	changeWord struct {
		ChangeID
		Body *struct {
			Why
			Version int `json:"version,omitempty" minimum:"1" doc:"The version that was read: a word on another one is refused (409). Left out: whichever it is"`
		} `required:"false"`
	}
	changeEnding struct {
		ChangeID
		Body struct {
			Outcome incident.Outcome `json:"outcome" enum:"worked,backed_out,failed"`
			Text    string           `json:"text,omitempty" maxLength:"10000" doc:"How it went; what went wrong, when it did not work"`
		}
	}
)

func (in *changeBecause) why() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Why
}

// decide is the caller's word on a change that they may see.
func (a *API) decide(ctx context.Context, in *changeWord, approve bool) (*oneChange, error) {
	c := asking(ctx)
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		_, err := seenChange(tx, c.setup, c.Identity, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	version, why := 0, ""
	if in.Body != nil {
		version, why = in.Body.Version, in.Body.Why.Why
	}
	if err := a.engine.Decide(ctx, in.ID, c.self(), approve, version, why, a.now()); err != nil {
		return nil, err
	}
	return a.readChange(ctx, &in.ChangeID)
}

func (a *API) approveChange(ctx context.Context, in *changeWord) (*oneChange, error) {
	return a.decide(ctx, in, true)
}

func (a *API) denyChange(ctx context.Context, in *changeWord) (*oneChange, error) {
	return a.decide(ctx, in, false)
}

func (a *API) startChange(ctx context.Context, in *changeBecause) (*oneChange, error) {
	if err := a.engine.BeginChange(ctx, in.ID, asking(ctx).Actor(), a.now()); err != nil {
		return nil, err
	}
	return a.readChange(ctx, &in.ChangeID)
}

func (a *API) finishChange(ctx context.Context, in *changeEnding) (*oneChange, error) {
	return a.doChange(ctx, in.ID, func(i incident.Incident) ([]incident.Fact, error) {
		return resolve.Finish(i, in.Body.Outcome, in.Body.Text)
	})
}

func (a *API) cancelChange(ctx context.Context, in *changeBecause) (*oneChange, error) {
	return a.doChange(ctx, in.ID, func(i incident.Incident) ([]incident.Fact, error) { return resolve.Cancel(i, in.why()) })
}

func (a *API) doChange(ctx context.Context, id incident.ID, verb func(incident.Incident) ([]incident.Fact, error)) (*oneChange, error) {
	if _, err := a.engine.Do(ctx, id, asking(ctx).Actor(), a.now(), decided(verb)); err != nil {
		return nil, err
	}
	return a.readChange(ctx, &ChangeID{id})
}

// OverrideOf is an emergency in which somebody went before the rules of changes.
type OverrideOf struct {
	Incident   incident.ID    `json:"incident"`
	Title      string         `json:"title" doc:"Of the incident"`
	ID         int            `json:"id" doc:"Within its incident, from 1"`
	Person     PersonRef      `json:"person"`
	At         time.Time      `json:"at"`
	Until      time.Time      `json:"until"`
	On         bool           `json:"on" doc:"It holds now"`
	Reason     string         `json:"reason"`
	Services   []ServiceRef   `json:"services" nullable:"false"`
	Call       incident.ID    `json:"call,omitempty" doc:"The page to the board"`
	EndedAt    *time.Time     `json:"ended_at,omitempty" doc:"Before its time"`
	EndedBy    incident.Actor `json:"ended_by,omitempty"`
	ReviewedBy *PersonRef     `json:"reviewed_by,omitempty" doc:"Nobody: its incident cannot be closed"`
	ReviewedAt *time.Time     `json:"reviewed_at,omitempty"`
	Right      bool           `json:"right,omitempty" doc:"The review found that it was"`
	Review     string         `json:"review,omitempty"`
}

func (s *setup) override(in incident.Incident, o incident.Override, now time.Time) OverrideOf {
	out := OverrideOf{
		Incident: in.ID, Title: in.Title, ID: o.ID, Person: PersonRef{o.By, s.person(o.By)}, At: o.At, Until: o.Until, On: o.On(now) && in.Status.Open(), Reason: o.Reason,
		Services: s.serviceRefs(o.Services), Call: o.Call, EndedAt: shown(o.EndedAt), EndedBy: o.EndedBy,
	}
	if r := o.Review; r != nil {
		out.ReviewedBy, out.ReviewedAt, out.Right, out.Review = &PersonRef{r.By, s.person(r.By)}, shown(r.At), r.Right, r.Text
	}
	return out
}

type (
	goingBefore struct {
		IncidentID
		Body struct {
			Reason   string          `json:"reason" minLength:"10" maxLength:"2000" doc:"Others will read it"`
			For      string          `json:"for,omitempty" maxLength:"20" doc:"How long it holds, such as 1h; as long as it may, when it is left out"`
			Services []org.ServiceID `json:"services,omitempty" maxItems:"20" nullable:"false" doc:"What may be changed; the service of the incident, when it is left out"`
		}
	}
	// OverridePath is the path of an override.
	OverridePath struct {
		IncidentID
		Override int `path:"override" minimum:"1" maximum:"1000" doc:"Its number"`
	}
	overrideBecause struct {
		OverridePath
		Body *Why `required:"false"`
	}
	reviewing struct {
		OverridePath
		Body struct {
			Right bool   `json:"right" doc:"It was right to do so"`
			Text  string `json:"text" minLength:"1" maxLength:"10000" doc:"What you found"`
		}
	}
	overridesAsked struct {
		Unreviewed bool `query:"unreviewed" doc:"Only those that somebody has to look at, the oldest first"`
	}
)

// incidentOverrides are those of one incident.
func (a *API) incidentOverrides(ctx context.Context, in *IncidentID) (*pageOf[OverrideOf], error) {
	c, now := asking(ctx), a.now()
	out := &pageOf[OverrideOf]{Body: page[OverrideOf]{Items: []OverrideOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		for _, o := range sub.Overrides {
			out.Body.Items = append(out.Body.Items, c.setup.override(sub.Incident, o, now))
		}
		return nil
	})
}

const mostOverrides = 200

// allOverrides are those of all incidents that the caller may see.
func (a *API) allOverrides(ctx context.Context, in *overridesAsked) (*pageOf[OverrideOf], error) {
	c, now := asking(ctx), a.now()
	out := &pageOf[OverrideOf]{Body: page[OverrideOf]{Items: []OverrideOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Overrides(in.Unreviewed, now.Add(-366*24*time.Hour), mostOverrides)
		if err != nil {
			return err
		}
		for _, r := range rows {
			sub, err := tx.Subject(r.Subject)
			if err != nil {
				return err
			}
			if o, ok := sub.Incident.Override(r.Override); ok && !c.setup.hides(c.Identity, sub.Service) {
				out.Body.Items = append(out.Body.Items, c.setup.override(sub.Incident, o, now))
			}
		}
		return nil
	})
}

func (a *API) overrideRules(ctx context.Context, in *goingBefore) (*pageOf[OverrideOf], error) {
	c, now := asking(ctx), a.now()
	f := incident.Overridden{Reason: in.Body.Reason, Services: in.Body.Services, Until: now.Add(c.setup.changeRules().Override.Most())}
	if in.Body.For != "" {
		var d org.Duration
		if err := d.UnmarshalText([]byte(in.Body.For)); err != nil {
			return nil, wrong("body.for", err.Error())
		}
		f.Until = now.Add(d.D())
	}
	if err := c.knows("body.services", f.Services); err != nil {
		return nil, err
	}
	if err := a.engine.Override(ctx, in.ID, c.self(), f, now); err != nil {
		return nil, err
	}
	return a.incidentOverrides(ctx, &in.IncidentID)
}

func (a *API) endOverride(ctx context.Context, in *overrideBecause) (*pageOf[OverrideOf], error) {
	why, now := "", a.now()
	if in.Body != nil {
		why = in.Body.Why
	}
	return a.doOverride(ctx, in.OverridePath, asking(ctx).Actor(), func(i incident.Incident) ([]incident.Fact, error) {
		return resolve.EndOverride(i, in.Override, why, now)
	})
}

func (a *API) reviewOverride(ctx context.Context, in *reviewing) (*pageOf[OverrideOf], error) {
	self, now := asking(ctx).self(), a.now()
	return a.doOverride(ctx, in.OverridePath, incident.ByPerson(self), func(i incident.Incident) ([]incident.Fact, error) {
		return resolve.Review(i, in.Override, self, in.Body.Right, in.Body.Text, now)
	})
}

func (a *API) doOverride(ctx context.Context, in OverridePath, by incident.Actor, verb func(incident.Incident) ([]incident.Fact, error)) (*pageOf[OverrideOf], error) {
	if _, err := a.incidentOverrides(ctx, &in.IncidentID); err != nil { // who may not see it learns nothing
		return nil, err
	}
	if _, err := a.engine.Do(ctx, in.ID, by, a.now(), decided(verb)); err != nil {
		return nil, err
	}
	return a.incidentOverrides(ctx, &in.IncidentID)
}

// history is a log with what became of its pages, line by line.
func history(s *setup, log incident.Log, pages []store.PageRow) []Line {
	lines := []Line{}
	for _, e := range log {
		lines = append(lines, lineOf(e))
	}
	for _, p := range pages {
		lines = append(lines, linesOf(s, p)...)
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return lines
}

package v1

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// What a preview looks at, and how much of it is told one by one.
const (
	quietDays  = 7
	quietShown = 50
)

// A KeptQuiet is what a silence or a window keeps from calling people: now, and how the last
// week would have been with it.
type KeptQuiet struct {
	Now    []Alert     `json:"now" nullable:"false" doc:"What fires at this moment and is covered, at most 50"`
	Firing int         `json:"firing" doc:"How many those are in all"`
	Week   KeptHistory `json:"week"`
}

// KeptHistory is the last week, played over the events that were kept.
type KeptHistory struct {
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to" doc:"The window that was really played"`
	Whole  bool       `json:"whole" doc:"All of it"`
	Events int        `json:"events" doc:"That it covers; repetitions that were only counted are not kept"`
	Alerts int        `json:"alerts" doc:"Of which these are"`
	Before int        `json:"before" doc:"Pages without it"`
	After  int        `json:"after" doc:"Pages with it"`
	Gone   []PagedFor `json:"gone" nullable:"false" doc:"Pages that it would have eaten, at most 50"`
	Come   []PagedFor `json:"come" nullable:"false" doc:"Pages that would have come later instead, at most 50"`
}

type (
	quietAsked struct {
		Body SilenceDraft
	}
	windowAsked struct {
		Body struct {
			Window windowDraft `json:"window" doc:"As it would be written"`
		}
	}
	quietOut struct{ Body KeptQuiet }
)

// A SilenceDraft is what a silence would cover.
type SilenceDraft struct {
	Matchers    []string          `json:"matchers" minItems:"1" maxItems:"50" nullable:"false"`
	Service     org.ServiceID     `json:"service,omitempty" maxLength:"64"`
	Integration org.IntegrationID `json:"integration,omitempty" maxLength:"64"`
}

// A windowDraft is a window in a body beside other things.
type windowDraft struct{ json.RawMessage }

func (windowDraft) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Maintenance"}
}

// previewSilence says what a silence would keep quiet.
func (a *API) previewSilence(ctx context.Context, in *quietAsked) (*quietOut, error) {
	c, now := asking(ctx), a.now()
	wish, err := SilenceBody{Matchers: in.Body.Matchers, Service: in.Body.Service, Integration: in.Body.Integration, Start: now, End: now.Add(time.Hour), Comment: "?"}.wish(c, now)
	if err != nil {
		return nil, err
	}
	eaten, err := a.engine.Ate(ctx, wish, now.AddDate(0, 0, -quietDays), now)
	if err != nil {
		return nil, err
	}
	return a.quiet(ctx, wish, eaten)
}

// A WindowState is a maintenance window, and when it is on.
type WindowState struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Covers []org.ServiceID `json:"covers" nullable:"false" doc:"Services, with their dependents if it says so"`
	Begin  time.Time       `json:"begin"`
	End    time.Time       `json:"end" doc:"Of the time that is on, or is next; or was last"`
	State  string          `json:"state" enum:"on,next,over"`
}

// windows are the maintenance windows, those that are on first, then by when they begin.
func (a *API) windows(ctx context.Context, _ *only) (*pageOf[WindowState], error) {
	out := &pageOf[WindowState]{Body: page[WindowState]{Items: []WindowState{}}}
	var all []sift.Occurrence
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = a.engine.Windows(tx, a.now())
		return err
	})
	for _, o := range all {
		w := WindowState{ID: o.ID, Name: o.Title(), Covers: append([]org.ServiceID{}, o.Covers...), Begin: o.Begin, End: o.End, State: "next"}
		if o.On {
			w.State = "on"
		} else if o.Over {
			w.State = "over"
		}
		out.Body.Items = append(out.Body.Items, w)
	}
	rank := map[string]int{"on": 0, "next": 1, "over": 2}
	slices.SortStableFunc(out.Body.Items, func(a, b WindowState) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), a.Begin.Compare(b.Begin), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

// previewWindow says what a maintenance window would keep quiet.
func (a *API) previewWindow(ctx context.Context, in *windowAsked) (*quietOut, error) {
	c, now := asking(ctx), a.now()
	var m sift.Maintenance
	if err := json.Unmarshal(in.Body.Window.RawMessage, &m); err != nil {
		return nil, wrong("body.window", err.Error())
	}
	if m.ID == "" {
		m.ID = "preview"
	}
	draft := config.Setup{Sifting: &sift.Sifting{Windows: []sift.Maintenance{m}}}
	if err := draft.Validate(config.Read(c.setup.items(thing{config.Sifting, config.Sifting}))); err != nil {
		return nil, inWindow(err)
	}
	covered, err := a.engine.Covers(ctx, m, now)
	if err != nil {
		return nil, err
	}
	eaten, err := a.engine.AteWindow(ctx, m, now.AddDate(0, 0, -quietDays), now)
	if err != nil {
		return nil, err
	}
	return a.quiet(ctx, covered, eaten)
}

// quiet shows what is covered now and would have been, but for what the caller may not see.
func (a *API) quiet(ctx context.Context, s alert.Silence, e engine.Eaten) (*quietOut, error) {
	c, now := asking(ctx), a.now()
	out := &quietOut{Body: KeptQuiet{Now: []Alert{}, Week: KeptHistory{
		From: e.From, To: e.To, Whole: e.Whole, Events: e.Matched, Alerts: e.Alerts, Before: e.Before.Pages, After: e.After.Pages,
		Gone: a.pagesShown(c, e.Gone), Come: a.pagesShown(c, e.Come),
	}}}
	s.Start, s.End = now, now.Add(time.Hour)
	one := alert.CompileSilences([]alert.Silence{s})
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		for after := (store.AlertKey{}); ; {
			some, err := tx.FiringAfter(after, 1000)
			if err != nil {
				return err
			}
			for _, f := range some {
				after = store.AlertKey{Integration: f.Integration, Key: f.Key}
				if c.setup.hides(c.Identity, f.Service) || len(one.Over(f, now)) == 0 {
					continue
				}
				if out.Body.Firing++; len(out.Body.Now) < quietShown {
					shown, err := explained(tx, f)
					if err != nil {
						return err
					}
					out.Body.Now = append(out.Body.Now, shown)
				}
			}
			if len(some) < 1000 {
				return nil
			}
		}
	})
}

// pagesShown are pages of services that the caller may see.
func (a *API) pagesShown(c *caller, list []engine.ReplayedPage) []PagedFor {
	var seen []engine.ReplayedPage
	for _, p := range list {
		if !c.setup.hides(c.Identity, p.Service) && len(seen) < quietShown {
			seen = append(seen, p)
		}
	}
	return showPaged(seen)
}

// inWindow names a field of a window in a body.
func inWindow(err error) error {
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		return err
	}
	first := problems.List[0]
	at := "body.window" + strings.TrimPrefix(first.Path, "sifting.windows[0]")
	if field, text, ok := strings.Cut(first.Text, ": "); ok && at == "body.window" && !strings.Contains(field, " ") {
		return wrong(at+"."+field, text)
	}
	return wrong(at, first.Text)
}

package v1

import (
	"context"
	"time"

	"tocsin/alert/noise"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/resolve"
)

const noiseLongest = 92 * 24 * time.Hour

// A NoiseSpan is the while that a report is about.
type NoiseSpan struct {
	From time.Time `query:"from" doc:"A week ago, when it is left out; at most 92 days"`
	To   time.Time `query:"to" doc:"Now, when it is left out"`
}

func (s NoiseSpan) bounds(now time.Time) (from, to time.Time, err error) {
	from, to = s.From.UTC(), s.To.UTC()
	if s.To.IsZero() {
		to = now
	}
	if s.From.IsZero() {
		from = to.AddDate(0, 0, -7)
	}
	if !from.Before(to) || to.Sub(from) > noiseLongest {
		return from, to, wrong("query.from", "must be before to, by at most 92 days")
	}
	return from, to, nil
}

type (
	noiseAsked struct {
		NoiseSpan
		By noise.By `query:"by" enum:"rule,integration,service" default:"rule"`
	}
	noiseOut  struct{ Body NoiseReport }
	digestOut struct{ Body NoiseDigest }
)

// A NoiseReport is what alerts cost people.
type NoiseReport struct {
	From  time.Time   `json:"from"`
	To    time.Time   `json:"to"`
	Whole bool        `json:"whole" doc:"Everything was counted; else the first 50,000 alerts and incidents"`
	By    noise.By    `json:"by" enum:"rule,integration,service"`
	Total NoiseLine   `json:"total"`
	Lines []NoiseLine `json:"lines" nullable:"false" doc:"The noisiest first"`
}

// A NoiseLine is what one rule, integration or service came to.
type NoiseLine struct {
	ID        string `json:"id" doc:"Of the integration or service, or the rule as people call it; empty where no rule decided"`
	Name      string `json:"name"`
	Alerts    int    `json:"alerts"`
	Incidents int    `json:"incidents"`
	Pages     int    `json:"pages" doc:"Alarms that went out"`
	Night     int    `json:"night" doc:"Of those, between 22:00 and 07:00 for the person"`
	Idle      int    `json:"idle" doc:"Incidents that paged, were answered, and ended by themselves without anybody doing anything"`
	Brief     int    `json:"brief" doc:"Incidents that paged and were over by themselves within five minutes"`
	Worth     int    `json:"worth" doc:"How often somebody said that it was worth a page"`
	NotWorth  int    `json:"not_worth" doc:"And that it was not"`
}

// A NoiseDigest is what the rules got wrong, and what they are not needed for.
type NoiseDigest struct {
	From      time.Time   `json:"from"`
	To        time.Time   `json:"to"`
	Real      []ProvedOne `json:"real" nullable:"false" doc:"What was held back and proved real, the newest first"`
	Unmatched []Unmatched `json:"unmatched" nullable:"false" doc:"Rules and other parts of the set-up that nothing matched"`
	Events    int         `json:"events" doc:"That were looked at for those"`
	Whole     bool        `json:"whole" doc:"All that were kept"`
}

// ProvedOne is an incident that had been held back, and that somebody had to act on.
type ProvedOne struct {
	Incident incident.ID `json:"incident"`
	Title    string      `json:"title"`
	At       time.Time   `json:"at"`
	Why      string      `json:"why"`
}

// Unmatched is a part of the set-up that nothing matched.
type Unmatched struct {
	Kind string `json:"kind" enum:"rule,node rule,action,silence"`
	Name string `json:"name"`
}

// noisy gathers what somebody may see of a while.
func (a *API) noisy(ctx context.Context, from, to time.Time) (n engine.Noisy, err error) {
	c := asking(ctx)
	return n, a.store.Read(ctx, func(tx *store.Tx) (err error) {
		n, err = engine.Noise(tx, a.engine, from, to, c.setup.hidden(c.Identity))
		return err
	})
}

func (a *API) noise(ctx context.Context, in *noiseAsked) (*noiseOut, error) {
	s := asking(ctx).setup
	from, to, err := in.bounds(a.now())
	if err != nil {
		return nil, err
	}
	n, err := a.noisy(ctx, from, to)
	if err != nil {
		return nil, err
	}
	out := &noiseOut{NoiseReport{From: n.From, To: n.To, Whole: n.Whole, By: in.By, Total: noiseLine(s, "", noise.Sum(n.Alerts, n.Troubles)), Lines: []NoiseLine{}}}
	for _, l := range noise.Report(in.By, n.Alerts, n.Troubles) {
		out.Body.Lines = append(out.Body.Lines, noiseLine(s, in.By, l))
	}
	return out, nil
}

func noiseLine(s *setup, by noise.By, l noise.Line) NoiseLine {
	name := l.Name
	switch by {
	case noise.ByIntegration:
		name = s.name("integration", name)
	case noise.ByService:
		name = s.name("service", name)
	}
	return NoiseLine{l.Name, name, l.Alerts, l.Incidents, l.Pages, l.Night, l.Idle, l.Brief, l.Worth, l.NotWorth}
}

// name is what people call a thing.
func (s *setup) name(kind, id string) string {
	if n := s.names[thing{kind, id}]; n != "" {
		return n
	}
	return id
}

func (a *API) noiseDigest(ctx context.Context, in *NoiseSpan) (*digestOut, error) {
	from, to, err := in.bounds(a.now())
	if err != nil {
		return nil, err
	}
	n, err := a.noisy(ctx, from, to)
	if err != nil {
		return nil, err
	}
	out := &digestOut{NoiseDigest{From: from, To: to, Real: []ProvedOne{}, Unmatched: []Unmatched{}}}
	for _, r := range noise.Proved(n.Troubles) {
		out.Body.Real = append(out.Body.Real, ProvedOne{r.ID, r.Title, r.At, r.Why})
	}
	unmatched, events, whole, err := a.engine.Unmatched(ctx, from, to)
	for _, u := range unmatched {
		out.Body.Unmatched = append(out.Body.Unmatched, Unmatched(u))
	}
	out.Body.Events, out.Body.Whole = events, whole && n.Whole
	return out, err
}

type judging struct {
	IncidentID
	Body struct {
		Worth bool   `json:"worth" doc:"It was worth a page"`
		Why   string `json:"why,omitempty" maxLength:"2000"`
	}
}

// judge is somebody's word on whether it was worth a page.
func (a *API) judge(ctx context.Context, in *judging) (*said, error) {
	return a.do(ctx, in.ID, judged(in.Body.Worth, in.Body.Why))
}

func judged(worth bool, why string) engine.Decision {
	return func(i incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Judge(i, worth, why)
	}
}

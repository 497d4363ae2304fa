package v1

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	replayMost  = 20_000 // events that are looked at
	replayShown = 200    // differences that are shown
)

// A Replay says what draft rules would have made of events that were kept.
type Replay struct {
	Events      int         `json:"events" doc:"That were looked at, the newest first"`
	Since       *time.Time  `json:"since,omitempty" doc:"When the oldest of them came"`
	More        bool        `json:"more,omitempty" doc:"There are older ones within the days"`
	Changed     int         `json:"changed"`
	Differences []Different `json:"differences" nullable:"false" doc:"At most 200; the same of one integration and title stand together"`
}

// Different is what would be different for events of one sort.
type Different struct {
	Integration org.IntegrationID `json:"integration"`
	Title       string            `json:"title"`
	Last        time.Time         `json:"last_at"`
	Count       int               `json:"count"`
	Was         Categorized       `json:"was" doc:"By the rules of now"`
	Would       Categorized       `json:"would" doc:"By the draft"`
}

// Categorized is where an event belongs, and why.
type Categorized struct {
	Service  org.ServiceID `json:"service"`
	Severity org.Severity  `json:"severity"`
	Priority org.Priority  `json:"priority"`
	Record   bool          `json:"record,omitempty" doc:"It is kept, and nothing is opened"`
	Why      string        `json:"why"`
}

func categorized(c alert.Category) Categorized {
	return Categorized{Service: c.Service, Severity: c.Severity, Priority: c.Priority, Record: c.Record, Why: c.Why}
}

// differs compares what follows, and not the reasons.
func (c Categorized) differs(d Categorized) bool {
	c.Why, d.Why = "", ""
	return c != d
}

type replayingRules struct {
	Body struct {
		Rules       []alert.Rule      `json:"rules" nullable:"false" maxItems:"1000"`
		Days        int               `json:"days,omitempty" minimum:"1" maximum:"30" default:"7" doc:"Back from now, in UTC"`
		Integration org.IntegrationID `json:"integration,omitempty" maxLength:"64" doc:"Only what it sent"`
	}
}

// A categorizer decides as triage does, from a configuration.
type categorizer struct {
	s            *setup
	integrations map[org.IntegrationID]org.Integration
	settings     org.Settings
	rules        alert.Rules
}

func (s *setup) categorizer() (c *categorizer, err error) {
	c = &categorizer{s: s, integrations: map[org.IntegrationID]org.Integration{}}
	for _, r := range s.all {
		switch r.Kind {
		case config.Integrating:
			if in, err := decoded[org.Integration](r); err == nil {
				in.Retired = r.Retired
				c.integrations[in.ID] = in
			}
		case config.Settings:
			c.settings, _ = decoded[org.Settings](r)
		case config.Rules:
			list, e := decoded[[]alert.Rule](r)
			if e == nil {
				c.rules, e = alert.CompileRules(list)
			}
			err = e
		}
	}
	return c, err
}

func (c *categorizer) of(ev alert.Event, from org.IntegrationID, rules alert.Rules) Categorized {
	in, ok := c.integrations[from]
	if !ok {
		in = org.Integration{ID: from, Name: string(from)}
	}
	return categorized(alert.Categorize(ev, in, rules, c.s.services, c.settings))
}

// errEnough ends a look at events.
var errEnough = errors.New("enough")

func (a *API) replayRules(ctx context.Context, in *replayingRules) (*struct{ Body Replay }, error) {
	s, now := asking(ctx).setup, a.now()
	one := config.Setup{Rules: &in.Body.Rules}
	if err := one.Validate(config.Read(s.items(thing{config.Rules, config.Rules}))); err != nil {
		return nil, err
	}
	draft, err := alert.CompileRules(in.Body.Rules)
	if err != nil {
		return nil, err
	}
	by, err := s.categorizer()
	if err != nil {
		return nil, err
	}
	out := &struct{ Body Replay }{Replay{Differences: []Different{}}}
	found := map[string]int{} // place in Differences
	look := func(e store.KeptEvent) error {
		if in.Body.Integration != "" && e.Integration != in.Body.Integration || e.Event.Action != alert.Trigger {
			return nil
		}
		if out.Body.Events == replayMost {
			out.Body.More = true
			return errEnough
		}
		out.Body.Events++
		out.Body.Since = shown(e.At)
		was, would := by.of(e.Event, e.Integration, by.rules), by.of(e.Event, e.Integration, draft)
		if !was.differs(would) {
			return nil
		}
		out.Body.Changed++
		sort := fmt.Sprintf("%s\n%s\n%v\n%v", e.Integration, e.Event.Title, was, would)
		if n, ok := found[sort]; ok {
			out.Body.Differences[n].Count++
		} else if len(out.Body.Differences) < replayShown {
			found[sort] = len(out.Body.Differences)
			out.Body.Differences = append(out.Body.Differences, Different{e.Integration, e.Event.Title, e.At, 1, was, would})
		}
		return nil
	}
	days := max(in.Body.Days, 1)
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		for n := range days {
			if err := tx.EventsBack(now.AddDate(0, 0, -n), look); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return out, err
}

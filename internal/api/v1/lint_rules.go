package v1

import (
	"context"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/config"
	"tocsin/org"
)

// Odd is something about how severities come about that people would not expect.
type Odd struct {
	Text string `json:"text"`
}

// lintRules says what is odd about the rules, the matrix and what severities ask for.
func (a *API) lintRules(ctx context.Context, _ *only) (*pageOf[Odd], error) {
	s := asking(ctx).setup
	var rules []alert.Rule
	var settings org.Settings
	policies := map[org.PolicyID]alert.Loudness{}
	for _, r := range s.all {
		switch {
		case r.Retired:
		case r.Kind == config.Rules:
			rules, _ = decoded[[]alert.Rule](r)
		case r.Kind == config.Settings:
			settings, _ = decoded[org.Settings](r)
		case r.Kind == config.Policy:
			if p, err := decoded[escalate.Policy](r); err == nil {
				policies[org.PolicyID(r.ID)] = loudness(p)
			}
		}
	}
	out := &pageOf[Odd]{Body: page[Odd]{Items: []Odd{}}}
	for _, text := range alert.Lint(rules, settings.Matrix, policies) {
		out.Body.Items = append(out.Body.Items, Odd{text})
	}
	return out, nil
}

func loudness(p escalate.Policy) (l alert.Loudness) {
	l.Rounds = p.Repeat.Count
	if len(p.Levels) > 0 {
		l.Targets, l.Next = len(p.Levels[0].Targets), p.Levels[0].Wait.D()
	}
	if p.Offset && len(p.Levels) > 1 {
		l.Next = p.Levels[1].At.D()
	}
	return l
}

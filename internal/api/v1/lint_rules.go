package v1

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/config"
	"tocsin/org"
)

// Odd is something about how severities come about that people would not expect.
type Odd struct {
	Text string `json:"text"`
}

// lintingDraft are rules and a matrix that are not written yet.
type lintingDraft struct {
	Body struct {
		Rules  []alert.Rule `json:"rules,omitempty" maxItems:"1000" doc:"Those of now, when they are left out"`
		Matrix *matrixDraft `json:"matrix,omitempty" doc:"That of now, when it is left out"`
	}
}

// A matrixDraft is a matrix in a body beside other things. Its schema is that of settings.
type matrixDraft struct{ json.RawMessage }

func (matrixDraft) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Matrix"}
}

// severities is how severities come about, and who is called for them.
func (s *setup) severities() (rules []alert.Rule, settings org.Settings, policies map[org.PolicyID]alert.Loudness) {
	policies = map[org.PolicyID]alert.Loudness{}
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
	return rules, settings, policies
}

// lintRules says what is odd about the rules, the matrix and what severities ask for.
func (a *API) lintRules(ctx context.Context, _ *only) (*pageOf[Odd], error) {
	rules, settings, policies := asking(ctx).setup.severities()
	return odd(alert.Lint(rules, settings.Matrix, policies)), nil
}

// lintDraft says it of what is not written yet.
func (a *API) lintDraft(ctx context.Context, in *lintingDraft) (*pageOf[Odd], error) {
	s := asking(ctx).setup
	rules, settings, policies := s.severities()
	var draft config.Setup
	if in.Body.Rules != nil {
		rules, draft.Rules = in.Body.Rules, &in.Body.Rules
	}
	if in.Body.Matrix != nil {
		m := &org.Matrix{}
		if err := json.Unmarshal(in.Body.Matrix.RawMessage, m); err != nil {
			return nil, wrong("body.matrix", err.Error())
		}
		settings.Matrix, draft.Settings = m, &settings
	}
	if err := drafted(draft.Validate(config.Read(s.items(thing{config.Rules, config.Rules})))); err != nil {
		return nil, err
	}
	return odd(alert.Lint(rules, settings.Matrix, policies)), nil
}

// drafted is what is wrong with the rules or the matrix themselves: the other settings are
// not what was asked about.
func drafted(err error) error {
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		return err
	}
	own := slices.DeleteFunc(slices.Clone(problems.List), func(p config.Problem) bool {
		return !strings.HasPrefix(p.Path, "rules") && !strings.HasPrefix(p.Path, "settings.matrix")
	})
	if len(own) == 0 {
		return nil
	}
	return &config.Problems{List: own}
}

func odd(texts []string) *pageOf[Odd] {
	out := &pageOf[Odd]{Body: page[Odd]{Items: []Odd{}}}
	for _, text := range texts {
		out.Body.Items = append(out.Body.Items, Odd{text})
	}
	return out
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

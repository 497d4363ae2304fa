package v1

import (
	"context"
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/apply"
	"tocsin/internal/config"
)

// applying is a set-up file that somebody applies.
type applying struct {
	Body struct {
		YAML  string `json:"yaml" doc:"The set-up file"`
		Plan  bool   `json:"plan,omitempty" doc:"Only say what would change"`
		Prune bool   `json:"prune,omitempty" doc:"Retire what the file does not name"`
	}
}

// Applied is what applying a set-up file did, or would do.
type Applied struct {
	Steps []Step `json:"steps" nullable:"false"`
}

// A Step is what applying did with one thing.
type Step struct {
	Do      apply.Do `json:"do" enum:"create,update,unchanged,retire"`
	Kind    string   `json:"kind"`
	ID      string   `json:"id"`
	Version int      `json:"version" doc:"That it has afterwards"`
	Changed []string `json:"changed,omitempty" doc:"Of an update: the fields that differ"`
	Source  string   `json:"source,omitempty" doc:"Of an integration whose key is new"`
	Secret  string   `json:"secret,omitempty" doc:"The new key of an integration or secret of a webhook. Shown this once"`
	// Pending is for those who plan: what is made is shown when it is made.
	Pending bool `json:"pending,omitempty" doc:"A key or secret will be made and shown"`
}

func (a *API) apply(ctx context.Context, in *applying) (*struct{ Body Applied }, error) {
	setup, err := config.Parse("", []byte(in.Body.YAML))
	if err != nil {
		return nil, inFile(err)
	}
	wish := apply.NewWish(setup, a.ring, in.Body.Prune)
	var steps []apply.Step
	if in.Body.Plan {
		steps, err = apply.Plan(ctx, a.store, wish)
	} else {
		steps, err = apply.Run(ctx, a.store, wish, asking(ctx).Actor(), a.now())
	}
	if err != nil {
		return nil, inFile(err)
	}
	out := Applied{Steps: []Step{}}
	for _, s := range steps {
		out.Steps = append(out.Steps, showStep(s))
	}
	return &struct{ Body Applied }{out}, nil
}

func showStep(s apply.Step) Step {
	step := Step{Do: s.Do, Kind: s.Kind, ID: s.ID, Version: s.Version, Changed: s.Changed}
	if s.Integration != nil {
		step.Source, step.Secret = s.Integration.Source, s.Key
		step.Pending = s.Key == ""
	}
	if s.Secret != nil {
		step.Secret = *s.Secret
		step.Pending = *s.Secret == ""
	}
	return step
}

// inFile tells what is wrong with a file as compilers do: line, column, field.
func inFile(err error) error {
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		return err
	}
	var all []error
	for _, p := range problems.List {
		text := p.Text
		if p.Path != "" {
			text = p.Path + ": " + text
		}
		if p.Line > 0 {
			text = fmt.Sprintf("%d:%d: %s", p.Line, p.Column, text)
		}
		all = append(all, &huma.ErrorDetail{Location: "body.yaml", Message: text})
	}
	return huma.Error422UnprocessableEntity("the set-up file is wrong", all...)
}

// Exported is the configuration as a set-up file.
type Exported struct {
	YAML string `json:"yaml" doc:"What POST /apply takes. Keys and secrets are not in it"`
}

func (a *API) export(ctx context.Context, _ *only) (*struct{ Body Exported }, error) {
	text, err := apply.Export(ctx, a.store)
	return &struct{ Body Exported }{Exported{YAML: string(text)}}, err
}

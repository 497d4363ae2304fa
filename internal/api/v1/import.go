package v1

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/config"
	"tocsin/internal/store"
)

type (
	importing struct {
		Body struct {
			CSV  string `json:"csv" maxLength:"1000000" doc:"A line of names above: id, and any of name, email, ntfy, zone, role, teams"`
			Plan bool   `json:"plan,omitempty" doc:"Only say what would change"`
		}
	}
	imported struct {
		Body struct {
			Planned bool        `json:"planned" doc:"Nothing was written"`
			Changes []StepTaken `json:"changes" nullable:"false"`
		}
	}
)

// A StepTaken is what an import does with one person or team.
type StepTaken struct {
	Do   string `json:"do" enum:"create,update,unchanged"`
	Kind string `json:"kind" enum:"person,team"`
	ID   string `json:"id"`
}

// importPeople brings people in, or changes them, all or nothing.
func (a *API) importPeople(ctx context.Context, in *importing) (*imported, error) {
	people, err := config.ParsePeople("csv", []byte(in.Body.CSV))
	if err != nil {
		return nil, inCSV(err)
	}
	out := &imported{}
	out.Body.Planned = in.Body.Plan
	work := func(tx *store.Tx) error {
		s, err := a.setups.in(tx)
		if err != nil {
			return err
		}
		items, steps, err := a.stepsOf(s, people)
		out.Body.Changes = steps
		if err != nil || in.Body.Plan {
			return inCSV(err)
		}
		return a.putAll(tx, asking(ctx), items)
	}
	if in.Body.Plan {
		return out, a.store.Read(ctx, work)
	}
	return out, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if _, err := a.freeze(tx); err != nil {
			return err
		}
		return work(tx)
	})
}

// stepsOf compares what a file of people says with what is configured. Only what differs
// is among the items.
func (a *API) stepsOf(s *setup, people config.People) (items []config.Item, steps []StepTaken, err error) {
	existing := config.Read(s.items(thing{}))
	wish, err := people.Setup(existing)
	if err == nil {
		err = wish.Validate(existing)
	}
	if err != nil {
		return nil, nil, err
	}
	steps = []StepTaken{}
	for _, i := range wish.Items(a.ring) {
		row, there := s.rows[thing{i.Kind, i.ID}]
		step := StepTaken{"update", i.Kind, i.ID}
		switch {
		case !there || row.Retired:
			step.Do = "create"
		case string(row.Body) == string(i.Body):
			step.Do = "unchanged"
		}
		if steps = append(steps, step); step.Do != "unchanged" {
			items = append(items, i)
		}
	}
	return items, steps, nil
}

// inCSV names the lines that are wrong.
func inCSV(err error) error {
	p, ok := err.(*config.Problems)
	if !ok {
		return err
	}
	var all []error
	for _, one := range p.List {
		all = append(all, &huma.ErrorDetail{Location: "body.csv", Message: fmt.Sprintf("line %d: %s: %s", one.Line, one.Path, one.Text)})
	}
	return huma.Error422UnprocessableEntity("validation failed", all...)
}

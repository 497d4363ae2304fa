package main

import (
	"context"
	"fmt"
	"strings"

	"tocsin/internal/client"
)

// The way back from an incident, and what it has to do with others.
type (
	incidentStage struct {
		one
		Stage string `arg:"" enum:"contain,fix,recover,watch" help:"contain, fix, recover or watch."`
		For   string `placeholder:"SPAN" help:"How long it is watched, such as 30m; otherwise as its service has it."`
		Why   string `placeholder:"TEXT" help:"Reason, for the log."`
	}
	incidentConfirm struct {
		one
		Stage string `arg:"" optional:"" help:"The stage that has done what it should; without, the one that it is in."`
		Text  string `placeholder:"TEXT" help:"By what you know."`
	}
	incidentCause struct {
		one
		Cause    []string `arg:"" optional:"" help:"What it was."`
		Category string   `placeholder:"NAME" help:"change, capacity, configuration, hardware, software, network, power, supplier, security, people, unknown, or one of your own."`
	}
	incidentHandover struct {
		one
		To   string   `arg:"" help:"Somebody, or next: whoever has the shift now or soon."`
		Note []string `arg:"" optional:"" help:"How it stands, and what is next."`
	}
	incidentMerge struct {
		one
		Into string `arg:"" help:"The incident that goes on."`
	}
	incidentPart struct {
		one
		Alerts []string `arg:"" help:"Alerts that are another trouble, by their ids."`
	}
	incidentChecklist struct {
		one
		Checklist string `arg:"" optional:"" help:"Which; without, those that there are are listed."`
	}
	incidentRelated struct{ one }
)

func (c *incidentStage) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDStage(ctx, c.ID, client.StagingBody{Stage: c.Stage, Watch: c.For, Why: c.Why}, keep)
	})
}

func (c *incidentConfirm) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDConfirm(ctx, c.ID, client.ConfirmingBody{Stage: c.Stage, Text: c.Text}, keep)
	})
}

func (c *incidentCause) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDCause(ctx, c.ID, client.ExplainingBody{Cause: strings.Join(c.Cause, " "), Category: c.Category}, keep)
	})
}

func (c *incidentHandover) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDHandover(ctx, c.ID, client.HandingOverBody{To: c.To, Note: strings.Join(c.Note, " ")}, keep)
	})
}

func (c *incidentMerge) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDMerge(ctx, c.ID, client.MergingBody{Into: c.Into}, keep)
	})
}

func (c *incidentPart) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDPart(ctx, c.ID, client.PartingBody{Alerts: c.Alerts}, keep)
	})
}

func (c *incidentChecklist) Run(ctx context.Context) error {
	if c.Checklist != "" {
		return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
			return a.PostIncidentsIDChecklists(ctx, c.ID, client.AddingListBody{Checklist: c.Checklist}, keep)
		})
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageChecklistOf, error) {
		return a.GetChecklists(ctx, keep)
	}, func(p client.PageChecklistOf, _ screen) error {
		return table("CHECKLIST\tTASKS\tNAME", func(row func(...any)) {
			for _, l := range p.Items {
				row(l.ID, l.Tasks, line(l.Name))
			}
		})
	})
}

func (c *incidentRelated) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Related, error) {
		return a.GetIncidentsIDRelated(ctx, c.ID, keep)
	}, func(r client.Related, s screen) error {
		all := append(r.Open, r.Past...)
		if len(all) == 0 {
			_, err := fmt.Println("There is none like it.")
			return err
		}
		return table("ID\tSTATUS\tOPENED\tTITLE\tWHY\tENDED BY\tCAUSE", func(row func(...any)) {
			for _, i := range all {
				row(i.ID, i.Status, s.at(&i.OpenedAt), line(i.Title), line(strings.Join(i.Why, "; ")), orDash(line(i.Fixed)), orDash(line(i.Cause)))
			}
		})
	})
}

// back are the lines of `incidents show` about the recovery.
func back(i client.WholeIncident, s screen, say func(what, text string)) {
	if h := i.Heir; h != nil {
		say("handed to", h.Person.ID+", who has not answered yet")
	}
	say("merged", i.Merged)
	r := i.Recovery
	if r == nil {
		return
	}
	if r.Stage != "" {
		stage := r.Stage
		if r.Until != nil {
			stage += " until " + s.at(r.Until)
		}
		say("stage", stage)
	}
	for _, c := range r.Confirmed {
		say("confirmed", c.Stage+" by "+c.Person.ID)
	}
	say("cause", line(strings.TrimSpace(r.Cause+" "+paren(r.Category))))
	say("ended by", line(r.Fixed))
}

func paren(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

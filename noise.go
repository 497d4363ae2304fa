package main

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/client"
)

type noiseCommand struct {
	remote
	By     string        `enum:"rule,integration,service" default:"rule" help:"One line for each rule, integration or service."`
	Since  time.Duration `default:"168h" help:"How far back."`
	Digest bool          `help:"Show what was held back and proved real, and which rules matched nothing."`
}

// Run says what alerts cost people.
func (c *noiseCommand) Run(ctx context.Context) error {
	from := time.Now().Add(-c.Since)
	if c.Digest {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (client.NoiseDigest, error) {
			return a.GetNoiseDigest(ctx, client.GetNoiseDigestQuery{From: from}, keep)
		}, c.digest)
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.NoiseReport, error) {
		return a.GetNoise(ctx, client.GetNoiseQuery{By: c.By, From: from}, keep)
	}, c.show)
}

func (c *noiseCommand) show(r client.NoiseReport, s screen) error {
	fmt.Printf("%s to %s\n", s.at(&r.From), s.at(&r.To))
	return table("NAME\tALERTS\tINCIDENTS\tPAGES\tNIGHT\tIDLE\tBRIEF\tWORTH\tNOT WORTH", func(row func(...any)) {
		for _, l := range append(r.Lines, r.Total) {
			name := l.Name
			if name == "" {
				name = "-"
			}
			row(name, l.Alerts, l.Incidents, l.Pages, l.Night, l.Idle, l.Brief, l.Worth, l.NotWorth)
		}
	})
}

func (c *noiseCommand) digest(d client.NoiseDigest, s screen) error {
	for _, r := range d.Real {
		fmt.Printf("%s  %s  %s: %s\n", s.at(&r.At), r.Incident, line(r.Title), line(r.Why))
	}
	for _, u := range d.Unmatched {
		fmt.Printf("matched nothing: %s %s\n", u.Kind, line(u.Name))
	}
	fmt.Printf("%d events looked at\n", d.Events)
	return nil
}

type lintCommand struct{ remote }

// Run says what is odd about how severities come about.
func (c *lintCommand) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageOdd, error) {
		return a.GetRulesLint(ctx, keep)
	}, func(p client.PageOdd, _ screen) error {
		for _, o := range p.Items {
			fmt.Println(line(o.Text))
		}
		return nil
	})
}

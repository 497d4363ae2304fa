package main

import (
	"context"
	"fmt"

	"tocsin/internal/apply"
	"tocsin/internal/client"
	"tocsin/org"
)

type integrationCommands struct {
	List   integrationList   `cmd:"" help:"List the senders that are connected."`
	Add    integrationAdd    `cmd:"" help:"Connect a sender, and print its key once."`
	Rotate integrationRotate `cmd:"" help:"Give a sender a new key, which is printed once; the old one is good no longer."`
	Retire integrationRetire `cmd:"" help:"Disconnect a sender."`
}

type integrationList struct {
	remote
	Retired bool   `help:"Also those that are retired."`
	Limit   int64  `default:"200" help:"How many at most, to 200 (${default})."`
	Cursor  string `placeholder:"TEXT" help:"Go on where a list ended."`
}

func (c *integrationList) Run(ctx context.Context) error {
	query := client.GetIntegrationsQuery{Retired: c.Retired, Limit: c.Limit, Cursor: c.Cursor}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageIntegration, error) {
		return a.GetIntegrations(ctx, query, keep)
	}, func(p client.PageIntegration, _ screen) error {
		err := table("ID\tNAME\tSOURCE\tSERVICE", func(row func(...any)) {
			for _, i := range p.Items {
				name := line(i.Name)
				if i.Retired {
					name += " (retired)"
				}
				row(i.ID, name, i.Source, orDash(i.Service))
			}
		})
		if err == nil && p.Next != "" {
			_, err = fmt.Printf("\nThere are more: --cursor %s\n", p.Next)
		}
		return err
	})
}

type integrationAdd struct {
	remote
	ID      string `arg:"" help:"Id, such as prometheus."`
	Source  string `required:"" help:"What it sends: alertmanager, pagerduty, opsgenie, grafana, generic, ..."`
	Service string `required:"" placeholder:"ID" help:"Service that its alerts are about, unless a rule says otherwise."`
	Name    string `help:"Name; without it, the id."`
}

func (c *integrationAdd) Run(ctx context.Context) error {
	body := client.Integration{ID: c.ID, Name: c.Name, Source: c.Source, Service: c.Service}
	return c.keyed(func(a *client.Client, keep client.Option) (client.IntegrationWithKey, error) {
		return a.PostIntegrations(ctx, body, keep)
	})
}

// keyed asks for a key, and prints what goes into the sender's own configuration.
func (r *remote) keyed(do func(*client.Client, client.Option) (client.IntegrationWithKey, error)) error {
	server := ""
	return ask(r, func(a *client.Client, keep client.Option) (client.IntegrationWithKey, error) {
		server = a.Server()
		return do(a, keep)
	}, func(i client.IntegrationWithKey, _ screen) error {
		_, err := fmt.Print(apply.Paste(org.Integration{ID: org.IntegrationID(i.ID), Source: i.Source}, i.Key, server)[1:])
		return err
	})
}

type integrationRotate struct {
	remote
	ID string `arg:"" help:"Integration."`
}

func (c *integrationRotate) Run(ctx context.Context) error {
	return c.keyed(func(a *client.Client, keep client.Option) (client.IntegrationWithKey, error) {
		return a.PostIntegrationsIDRotate(ctx, c.ID, keep)
	})
}

type integrationRetire struct {
	remote
	ID string `arg:"" help:"Integration."`
}

func (c *integrationRetire) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.DeleteIntegrationsID(ctx, c.ID)
}

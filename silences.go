package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/client"
)

type silenceCommands struct {
	List   silenceList   `cmd:"" help:"List silences that are not over, what is active first."`
	Show   silenceShow   `cmd:"" help:"Show a silence."`
	Add    silenceAdd    `cmd:"" help:"Keep alerts from calling people for a while, and print the silence's id."`
	Change silenceChange `cmd:"" help:"Change a silence, and print its id: another one, when what it covers changes."`
	End    silenceEnd    `cmd:"" help:"End silences now."`
}

type silenceList struct {
	remote
	All         bool   `help:"Also those that are over, for five days."`
	Service     string `placeholder:"ID" help:"Made for a service."`
	Integration string `placeholder:"ID" help:"Made for an integration."`
}

func (c *silenceList) Run(ctx context.Context) error {
	query := client.GetSilencesQuery{Service: c.Service, Integration: c.Integration}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageSilence, error) {
		return a.GetSilences(ctx, query, keep)
	}, func(p client.PageSilence, s screen) error {
		return table("ID\tSTATE\tCOVERS\tUNTIL\tAUTHOR\tMATCHERS\tCOMMENT", func(row func(...any)) {
			for _, one := range p.Items {
				if one.State == "expired" && !c.All {
					continue
				}
				row(one.ID, one.State, covers(one), s.clock(one.End), orDash(line(one.Author)), line(strings.Join(one.Matchers, ", ")), line(one.Comment))
			}
		})
	})
}

// covers is which alerts a silence is asked about at all.
func covers(s client.Silence) string {
	switch {
	case s.Service != "" && s.Integration != "":
		return s.Service + " by " + s.Integration
	case s.Service != "":
		return s.Service
	case s.Integration != "":
		return "what " + s.Integration + " says"
	}
	return "everything"
}

type silenceShow struct {
	remote
	ID string `arg:"" help:"Silence."`
}

func (c *silenceShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Silence, error) {
		return a.GetSilencesID(ctx, c.ID, keep)
	}, func(one client.Silence, s screen) error {
		for _, l := range [][2]string{
			{"id", one.ID}, {"state", one.State}, {"covers", covers(one)}, {"matchers", line(strings.Join(one.Matchers, ", "))}, {"from", s.clock(one.Start)},
			{"until", s.clock(one.End)}, {"author", line(one.Author)}, {"comment", line(one.Comment)}, {"ended by", line(one.EndedBy)},
		} {
			if l[1] != "" {
				fmt.Printf("%-10s %s\n", l[0], l[1])
			}
		}
		return nil
	})
}

type silenceAdd struct {
	remote
	Matchers    []string      `arg:"" name:"matcher" help:"On labels, as Alertmanager writes them: host=db-1, 'host=~\"db.*\"', env!=test. All of them must hold."`
	Service     string        `placeholder:"ID" help:"Only alerts about a service."`
	Integration string        `placeholder:"ID" help:"Only what an integration says. With neither, it covers everything, which is for an admin."`
	For         time.Duration `xor:"end" required:"" placeholder:"SPAN" help:"How long, such as 1h30m."`
	Until       string        `xor:"end" required:"" placeholder:"WHEN" help:"Until when, such as 2026-11-25T08:00."`
	Start       string        `placeholder:"WHEN" help:"From when; without it, from now."`
	Comment     string        `required:"" placeholder:"TEXT" help:"Why."`
}

func (c *silenceAdd) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	body := client.SilenceBody{Matchers: c.Matchers, Service: c.Service, Integration: c.Integration, Comment: c.Comment}
	start, err := s.moment("--start", c.Start, 1)
	if err != nil {
		return err
	}
	if start.IsZero() {
		start = s.now
	} else {
		body.Start = &start
	}
	if body.End, err = s.moment("--until", c.Until, 1); err != nil {
		return err
	}
	if c.Until == "" {
		body.End = start.Add(c.For)
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Silence, error) {
		return a.PostSilences(ctx, body, keep)
	}, silenceID)
}

func silenceID(s client.Silence, _ screen) error {
	_, err := fmt.Println(s.ID)
	return err
}

type silenceChange struct {
	remote
	ID       string        `arg:"" help:"Silence."`
	Matchers []string      `arg:"" optional:"" name:"matcher" help:"What it matches from now on; without any, as before."`
	For      time.Duration `xor:"end" placeholder:"SPAN" help:"How long from now, such as 1h30m."`
	Until    string        `xor:"end" placeholder:"WHEN" help:"Until when, such as 2026-11-25T08:00."`
	Comment  string        `placeholder:"TEXT" help:"Why."`
}

func (c *silenceChange) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	until, err := s.moment("--until", c.Until, 1)
	if err != nil {
		return err
	}
	if c.For != 0 {
		until = s.now.Add(c.For)
	}
	if len(c.Matchers) == 0 && until.IsZero() && c.Comment == "" {
		return wrongUse("say what is to change: matchers, --for, --until or --comment")
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Silence, error) {
		was, err := a.GetSilencesID(ctx, c.ID)
		if err != nil {
			return was, err
		}
		body := client.SilenceBody{Matchers: was.Matchers, Comment: was.Comment, End: was.End}
		if len(c.Matchers) > 0 {
			body.Matchers = c.Matchers
		}
		if !until.IsZero() {
			body.End = until
		}
		if c.Comment != "" {
			body.Comment = c.Comment
		}
		return a.PutSilencesID(ctx, c.ID, body, keep)
	}, silenceID)
}

type silenceEnd struct {
	remote
	IDs []string `arg:"" name:"id" help:"Silences."`
}

func (c *silenceEnd) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	for _, id := range c.IDs {
		if err := a.DeleteSilencesID(ctx, id); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

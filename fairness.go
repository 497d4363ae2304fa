package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"tocsin/internal/client"
)

// past is from when and until when a command looks back.
func (r *remote) past(from, to string) (a, b time.Time, err error) {
	s, err := r.screen()
	if err != nil {
		return a, b, err
	}
	if a, err = s.moment("--from", from, -1); err == nil {
		b, err = s.moment("--to", to, -1)
	}
	return a, b, err
}

type oncallLoad struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	From     string `placeholder:"WHEN" help:"From when; without it, four weeks ago. A span such as 720h is back from now."`
	To       string `placeholder:"WHEN" help:"Until when; without it, now."`
	Person   string `placeholder:"ID" help:"All lines that make up the load of one."`
}

func (c *oncallLoad) Run(ctx context.Context) error {
	from, to, err := c.past(c.From, c.To)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageBurden, error) {
		return a.GetSchedulesIDLoad(ctx, c.Schedule, client.GetSchedulesIDLoadQuery{From: from, To: to}, keep)
	}, func(p client.PageBurden, s screen) error {
		if c.Person == "" {
			return listed("WHO\tHOURS\tPAGES\tAT NIGHT\tBURDEN\tYEAR", "nobody was on call", p.Items, func(b client.Burden) []any {
				return []any{b.Person, fmt.Sprintf("%.1f", b.Hours), b.Pages, b.Nights, fmt.Sprintf("%.1f", b.Pain), fmt.Sprintf("%.1f", b.Debt)}
			})
		}
		var lines []client.LedgerLine
		for _, b := range p.Items {
			if b.Person == c.Person {
				lines = b.Lines
			}
		}
		return listed("AT\tBURDEN\tWHAT\tHOW\tLINE", "there is no line of "+line(c.Person), lines, func(x client.LedgerLine) []any {
			how := x.How
			switch {
			case x.Struck != "":
				how += "; struck: " + x.Struck
			case x.Disputed != "":
				how += "; disputed: " + x.Disputed
			}
			return []any{s.clock(x.At), fmt.Sprintf("%.2f", x.Pain), line(x.What), line(how), line(x.ID)}
		})
	})
}

type disputeCommands struct {
	List   disputeList   `cmd:"" default:"withargs" help:"List the lines that somebody says are wrong."`
	Add    disputeAdd    `cmd:"" help:"Say that a line of the ledger is wrong."`
	Strike disputeStrike `cmd:"" help:"It is wrong, and weighs nothing from here on: for managers of the team."`
	Keep   disputeKeep   `cmd:"" help:"It is right, and stays: for managers of the team."`
}

type disputeList struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	All      bool   `help:"Also the lines that were struck."`
}

// A disputed line is one of the ledger and whose it is.
type disputed struct {
	client.LedgerLine
	person string
}

func (c *disputeList) Run(ctx context.Context) error {
	from, _, err := c.past("8760h", "")
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageBurden, error) {
		return a.GetSchedulesIDLoad(ctx, c.Schedule, client.GetSchedulesIDLoadQuery{From: from}, keep)
	}, func(p client.PageBurden, s screen) error {
		var lines []disputed
		for _, b := range p.Items {
			for _, x := range b.Lines {
				if x.Disputed != "" || c.All && x.Struck != "" {
					lines = append(lines, disputed{x, b.Person})
				}
			}
		}
		return listed("WHO\tAT\tBURDEN\tWHAT\tWHY\tSTATE\tLINE", "nothing is disputed", lines, func(x disputed) []any {
			why, state := x.Disputed, "open"
			if x.Struck != "" {
				why, state = x.Struck, "struck"
			}
			return []any{x.person, s.clock(x.At), fmt.Sprintf("%.2f", x.Pain), line(x.What), line(why), state, line(x.ID)}
		})
	})
}

// A lining command is about one line of the ledger.
type lining struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	Line     string `arg:"" help:"The line, as \"tocsin oncall load SCHEDULE --person ID\" ends with it."`
	Person   string `placeholder:"ID" help:"Whose line it is: for managers of the team; your own without it."`
}

func (c *lining) tell(ctx context.Context, why, decide string) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.PostSchedulesIDDisputes(ctx, c.Schedule, client.DisputingBody{Line: c.Line, Person: c.Person, Why: why, Decide: decide})
}

type disputeAdd struct {
	lining
	Why string `required:"" placeholder:"TEXT" help:"What is wrong with it."`
}

type (
	disputeStrike struct{ lining }
	disputeKeep   struct{ lining }
)

func (c *disputeAdd) Run(ctx context.Context) error    { return c.tell(ctx, c.Why, "") }
func (c *disputeStrike) Run(ctx context.Context) error { return c.tell(ctx, "", "struck") }
func (c *disputeKeep) Run(ctx context.Context) error   { return c.tell(ctx, "", "kept") }

type oncallPropose struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	Accept   int    `placeholder:"N" help:"Accept the one with that number: it becomes an override."`
}

func (c *oncallPropose) Run(ctx context.Context) error {
	if c.Accept < 0 {
		return wrongUse("--accept: is the number of a proposal")
	}
	list := func(a *client.Client, with ...client.Option) (client.PageProposal, error) {
		return a.GetSchedulesIDProposals(ctx, c.Schedule, client.GetSchedulesIDProposalsQuery{}, with...)
	}
	if c.Accept > 0 {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (p client.Patch, err error) {
			all, err := list(a)
			if err != nil {
				return p, err
			}
			if c.Accept > len(all.Items) {
				return p, wrongUse("--accept: there are %d proposals", len(all.Items))
			}
			return a.PostSchedulesIDOverrides(ctx, c.Schedule, client.PostSchedulesIDOverridesQuery{}, all.Items[c.Accept-1].Override, keep)
		}, func(p client.Patch, _ screen) error {
			_, err := fmt.Printf("%s for %s, as override %s\n", names(p.Users), names(p.Old), p.ID)
			return err
		})
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageProposal, error) {
		return list(a, keep)
	}, func(p client.PageProposal, s screen) error {
		n := 0
		return listed("N\tKIND\tWHO\tINSTEAD OF\tFROM\tUNTIL\tWHY", "nothing is proposed", p.Items, func(x client.Proposal) []any {
			n++
			return []any{n, x.Kind, x.Person, x.Instead, s.clock(x.From), s.clock(x.Until), line(x.Why)}
		})
	})
}

type oncallHours struct {
	remote
	From string `placeholder:"WHEN" help:"From when; without it, the beginning of last month."`
	To   string `placeholder:"WHEN" help:"Until when; without it, now."`
}

func (c *oncallHours) Run(ctx context.Context) error {
	from, to, err := c.past(c.From, c.To)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.HoursFile, error) {
		return a.GetOncallHours(ctx, client.GetOncallHoursQuery{From: from, To: to}, keep)
	}, func(f client.HoursFile, _ screen) error {
		_, err := io.WriteString(os.Stdout, f.Csv)
		return err
	})
}

package main

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/client"
)

// moments reads two flags as the API takes them.
func (s screen) moments(from, until string) (a, b string, err error) {
	for _, one := range []struct {
		flag, text string
		to         *string
	}{{"--from", from, &a}, {"--until", until, &b}} {
		at, err := s.moment(one.flag, one.text, 1)
		if err != nil {
			return a, b, err
		}
		if !at.IsZero() {
			*one.to = at.Format(time.RFC3339)
		}
	}
	return a, b, nil
}

type oncallTake struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	Until    string `placeholder:"WHEN" help:"Until when; without it, to the end of the shift that is running."`
	Role     string `placeholder:"ROLE" help:"In another role than primary."`
	Person   string `placeholder:"ID" help:"Somebody else: for managers of the team."`
}

func (c *oncallTake) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	body := client.TakingBody{Person: c.Person, Role: c.Role}
	until, err := s.moment("--until", c.Until, 1)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		body.Until = &until
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Patch, error) {
		return a.PostSchedulesIDTake(ctx, c.Schedule, body, keep)
	}, func(p client.Patch, s screen) error {
		end, err := time.Parse(time.RFC3339, p.End)
		if err == nil {
			_, err = fmt.Printf("%s is on call until %s\n", names(p.Users), s.clock(end))
		}
		return err
	})
}

type swapCommands struct {
	List    swapList    `cmd:"" help:"List requests for cover, and swaps."`
	Ask     swapAsk     `cmd:"" help:"Ask for somebody to take a shift or a part of it, and print the request's id."`
	Accept  swapAccept  `cmd:"" help:"Take it: the first to accept has it."`
	Decline swapDecline `cmd:"" help:"Say no."`
	Cancel  swapCancel  `cmd:"" help:"Take it back."`
}

type swapList struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	All      bool   `help:"Also those that wait for nobody any more, of two months."`
}

func (c *swapList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageSwap, error) {
		return a.GetSchedulesIDSwaps(ctx, c.Schedule, client.GetSchedulesIDSwapsQuery{Open: !c.All}, keep)
	}, func(p client.PageSwap, s screen) error {
		return listed("ID\tSTATE\tWHOSE\tFROM\tUNTIL\tASKED\tFOR IT\tNOTE", "nobody asks for cover", p.Items, func(x client.Swap) []any {
			asked, give := "everybody", "-"
			if len(x.To) > 0 {
				asked = names(x.To)
			}
			if x.Give != nil {
				give = s.clock(x.Give.From) + " - " + s.clock(x.Give.Until)
			}
			return []any{x.ID, x.State, x.Owner, s.clock(x.From), s.clock(x.Until), asked, give, orDash(line(x.Note))}
		})
	})
}

type swapAsk struct {
	remote
	Schedule  string   `arg:"" help:"Id of the schedule."`
	From      string   `required:"" placeholder:"WHEN" help:"From when."`
	Until     string   `required:"" placeholder:"WHEN" help:"Until when."`
	To        []string `placeholder:"ID" help:"Who is asked; again for more. Without, the whole team."`
	GiveFrom  string   `placeholder:"WHEN" help:"What whoever takes it gives for it, from when."`
	GiveUntil string   `placeholder:"WHEN" help:"And until when."`
	Role      string   `placeholder:"ROLE" help:"In another role than primary."`
	Owner     string   `placeholder:"ID" help:"Somebody else's shift: for managers of the team."`
	Note      string   `placeholder:"TEXT" help:"Why."`
}

func (c *swapAsk) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	body := client.SwappingBody{To: c.To, Role: c.Role, Owner: c.Owner, Note: c.Note}
	if body.From, body.Until, err = s.moments(c.From, c.Until); err != nil {
		return err
	}
	if (c.GiveFrom == "") != (c.GiveUntil == "") {
		return wrongUse("--give-from and --give-until: say both")
	}
	if c.GiveFrom != "" {
		body.Give = &client.Given{}
		if body.Give.From, body.Give.Until, err = s.moments(c.GiveFrom, c.GiveUntil); err != nil {
			return err
		}
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Swap, error) {
		return a.PostSchedulesIDSwaps(ctx, c.Schedule, client.PostSchedulesIDSwapsQuery{}, body, keep)
	}, func(x client.Swap, _ screen) error {
		_, err := fmt.Println(x.ID)
		return err
	})
}

// An answering command says something to one request.
type answering struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	ID       string `arg:"" help:"Id of the request."`
	Person   string `placeholder:"ID" help:"For somebody else: for managers of the team."`
}

type (
	swapAccept  struct{ answering }
	swapDecline struct{ answering }
	swapCancel  struct{ answering }
)

func (c *answering) answer(ctx context.Context, how func(*client.Client) func(context.Context, string, string, client.AnsweringBody, ...client.Option) (client.Swap, error)) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Swap, error) {
		return how(a)(ctx, c.Schedule, c.ID, client.AnsweringBody{Person: c.Person}, keep)
	}, func(x client.Swap, _ screen) error {
		said := x.State
		if x.Taker != "" {
			said += " by " + x.Taker
		}
		_, err := fmt.Println(said)
		return err
	})
}

func (c *swapAccept) Run(ctx context.Context) error {
	return c.answer(ctx, func(a *client.Client) func(context.Context, string, string, client.AnsweringBody, ...client.Option) (client.Swap, error) {
		return a.PostSchedulesIDSwapsSwapAccept
	})
}

func (c *swapDecline) Run(ctx context.Context) error {
	return c.answer(ctx, func(a *client.Client) func(context.Context, string, string, client.AnsweringBody, ...client.Option) (client.Swap, error) {
		return a.PostSchedulesIDSwapsSwapDecline
	})
}

func (c *swapCancel) Run(ctx context.Context) error {
	return c.answer(ctx, func(a *client.Client) func(context.Context, string, string, client.AnsweringBody, ...client.Option) (client.Swap, error) {
		return a.PostSchedulesIDSwapsSwapCancel
	})
}

type offCommands struct {
	List offList `cmd:"" help:"List who is away when."`
	Add  offAdd  `cmd:"" help:"Be away, and print who stands in."`
	End  offEnd  `cmd:"" help:"Be there after all: the substitutes go."`
}

type offList struct {
	remote
	From string `placeholder:"WHEN" help:"From when; without it, from now."`
}

func (c *offList) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, err := s.moment("--from", c.From, 1)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageTimeOff, error) {
		return a.GetTimeOff(ctx, client.GetTimeOffQuery{From: from}, keep)
	}, func(p client.PageTimeOff, s screen) error {
		return listed("ID\tWHO\tFROM\tUNTIL\tWHY", "nobody is away", p.Items, func(o client.TimeOff) []any {
			return []any{o.ID, o.Person, s.clock(o.From), s.clock(o.Until), orDash(line(o.Why))}
		})
	})
}

type offAdd struct {
	remote
	From    string `required:"" placeholder:"WHEN" help:"From when."`
	Until   string `required:"" placeholder:"WHEN" help:"Until when: of a day, the one after the last."`
	Person  string `placeholder:"ID" help:"Somebody else: for managers of a team of theirs."`
	Soft    bool   `help:"Only a wish: nobody stands in."`
	Why     string `placeholder:"TEXT" help:"Seen by themselves and by managers."`
	Plan    bool   `xor:"do" help:"Only say who would stand in."`
	Publish bool   `xor:"do" help:"Put the substitutes on call at once."`
}

func (c *offAdd) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	body := client.AddingTimeOffBody{Person: c.Person, Soft: c.Soft, Why: c.Why, Plan: c.Plan, Publish: c.Publish}
	if body.From, body.Until, err = s.moments(c.From, c.Until); err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.TimeOffMade, error) {
		return a.PostTimeOff(ctx, client.PostTimeOffQuery{}, body, keep)
	}, func(made client.TimeOffMade, s screen) error {
		if !c.Plan {
			fmt.Println(made.TimeOff.ID)
		}
		if c.Soft {
			return nil
		}
		return listed("SCHEDULE\tFROM\tUNTIL\tSTANDS IN\tWHY", "no shift falls into that time", made.Substitutions, func(x client.Substitution) []any {
			return []any{x.Schedule, s.clock(x.From), s.clock(x.Until), orDash(x.Person), line(x.Why)}
		})
	})
}

type offEnd struct {
	remote
	ID string `arg:"" help:"Id of the time off."`
}

func (c *offEnd) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.DeleteTimeOffID(ctx, c.ID)
}

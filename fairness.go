package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/internal/client"
)

type oncallLoad struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	From     string `placeholder:"WHEN" help:"From when; without it, four weeks ago. A span such as 720h is back from now."`
	To       string `placeholder:"WHEN" help:"Until when; without it, now."`
	Person   string `placeholder:"ID" help:"All lines that make up the load of one."`
}

func (c *oncallLoad) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, err := s.moment("--from", c.From, -1)
	if err != nil {
		return err
	}
	to, err := s.moment("--to", c.To, -1)
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
		return listed("AT\tBURDEN\tWHAT\tHOW", "there is no line of "+line(c.Person), lines, func(x client.LedgerLine) []any {
			how := x.How
			switch {
			case x.Struck != "":
				how += "; struck: " + x.Struck
			case x.Disputed != "":
				how += "; disputed: " + x.Disputed
			}
			return []any{s.clock(x.At), fmt.Sprintf("%.2f", x.Pain), line(x.What), line(how)}
		})
	})
}

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
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, err := s.moment("--from", c.From, -1)
	if err != nil {
		return err
	}
	to, err := s.moment("--to", c.To, -1)
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

type calendarCommands struct {
	List   calendarList   `cmd:"" help:"List one's own private addresses."`
	Add    calendarAdd    `cmd:"" help:"Make a private address, and print it once."`
	End    calendarEnd    `cmd:"" help:"Withdraw an address."`
	Import calendarImport `cmd:"" help:"Take a calendar's file in."`

	Follow   calendarFollow   `cmd:"" help:"Take a calendar in by its address, from now on, and print its id."`
	Followed calendarFollowed `cmd:"" help:"List the calendars that a schedule takes in, and how they are."`
	Unfollow calendarUnfollow `cmd:"" help:"End one, and take out what came of it."`
}

type calendarList struct{ remote }

func (c *calendarList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageCalendarLink, error) {
		return a.GetCalendars(ctx, keep)
	}, func(p client.PageCalendarLink, s screen) error {
		return listed("ID\tKIND\tOF\tMADE\tREAD", "there are none", p.Items, func(x client.CalendarLink) []any {
			return []any{x.ID, x.Kind, x.Of, s.clock(x.MadeAt), s.at(x.UsedAt)}
		})
	})
}

type calendarAdd struct {
	remote
	Kind string `arg:"" enum:"person,team,schedule" help:"person, team or schedule."`
	Of   string `arg:"" optional:"" help:"Which; of a person, yourself without it."`
}

func (c *calendarAdd) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.CalendarLink, error) {
		return a.PostCalendars(ctx, client.AddingCalendarBody{Kind: c.Kind, Of: c.Of}, keep)
	}, func(x client.CalendarLink, _ screen) error {
		_, err := fmt.Println(x.URL)
		return err
	})
}

type calendarEnd struct {
	remote
	ID string `arg:"" help:"Id of the address."`
}

func (c *calendarEnd) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.DeleteCalendarsID(ctx, c.ID)
}

type calendarImport struct {
	remote
	Schedule string            `arg:"" help:"Id of the schedule."`
	File     string            `arg:"" type:"existingfile" help:"The calendar."`
	As       string            `required:"" enum:"layers,overrides,time_off" help:"layers, overrides or time_off."`
	Who      map[string]string `placeholder:"WORD=ID" help:"Who is meant by a summary or an address; again for more."`
	Plan     bool              `help:"Only say what would come of it."`
}

func (c *calendarImport) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	body := client.ImportingCalendarBody{Ics: string(text), As: c.As, People: c.Who, Plan: c.Plan}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Imported, error) {
		return a.PostSchedulesIDImport(ctx, c.Schedule, body, keep)
	}, func(x client.Imported, s screen) error {
		fmt.Printf("%d layers, %d overrides, %d times off\n", x.Layers, x.Overrides, x.TimeOff)
		for _, t := range x.Troubles {
			fmt.Println("not understood:", line(t))
		}
		if x.Preview != nil {
			for _, d := range x.Preview.Changes {
				fmt.Printf("%s - %s  %s: %s, not %s\n", s.clock(d.From), s.clock(d.Until), d.Role, names(d.On), names(d.Off))
			}
		}
		return nil
	})
}

type calendarFollow struct {
	remote
	Schedule string            `arg:"" help:"Id of the schedule."`
	URL      string            `arg:"" help:"Its address; - reads it from standard input, where nobody else sees it."`
	As       string            `required:"" enum:"layers,overrides,time_off" help:"layers, overrides or time_off."`
	Who      map[string]string `placeholder:"WORD=ID" help:"Who is meant by a summary or an address; again for more."`
	Every    string            `placeholder:"SPAN" help:"How often it is read: 15m, when it is left out."`
}

func (c *calendarFollow) Run(ctx context.Context) error {
	address := c.URL
	if address == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, 4096))
		if err != nil {
			return err
		}
		address = strings.TrimSpace(string(text))
	}
	body := client.FollowingCalendarBody{URL: address, As: c.As, People: c.Who, Every: c.Every}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.FollowedCalendar, error) {
		return a.PostSchedulesIDCalendars(ctx, c.Schedule, body, keep)
	}, func(x client.FollowedCalendar, _ screen) error {
		_, err := fmt.Println(x.ID)
		return err
	})
}

type calendarFollowed struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
}

func (c *calendarFollowed) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageFollowedCalendar, error) {
		return a.GetSchedulesIDCalendars(ctx, c.Schedule, keep)
	}, func(p client.PageFollowedCalendar, s screen) error {
		return listed("ID\tHOST\tAS\tTAKEN\tREAD\tNEXT\tERROR", "it takes none in", p.Items, func(x client.FollowedCalendar) []any {
			return []any{x.ID, line(x.Host), x.As, x.Taken, s.ago(x.GoodAt), s.clock(x.NextAt), orDash(line(x.Error))}
		})
	})
}

type calendarUnfollow struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	ID       string `arg:"" help:"Id of the calendar."`
}

func (c *calendarUnfollow) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.DeleteSchedulesIDCalendarsCalendar(ctx, c.Schedule, c.ID)
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/internal/client"
)

// Calendars that others read, and those of others that schedules take in.
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

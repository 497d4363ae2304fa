package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tocsin/internal/client"
)

// What others have of incidents, and of the actions that these leave, in their ticket systems.
type (
	ticketCommands struct {
		List   ticketList   `cmd:"" help:"List the ticket systems, and what waits for each."`
		Kinds  ticketKinds  `cmd:"" help:"List which kinds of ticket system there are, and what each must be told."`
		Test   ticketTest   `cmd:"" help:"Ask a ticket system who we are there."`
		Queue  ticketQueue  `cmd:"" help:"List what was brought to a ticket system and what waits."`
		Retry  ticketRetry  `cmd:"" help:"Try now what waits for a ticket system."`
		Rotate ticketRotate `cmd:"" help:"Give the door of a ticket system a new secret, which is printed once."`
		Of     ticketOf     `cmd:"" help:"List the tickets of an incident, or of an action."`
		Open   ticketOpen   `cmd:"" help:"Have a ticket made of an incident or an action, or link one that is there."`
		Unlink ticketUnlink `cmd:"" help:"Say that a ticket does not belong to an incident or an action."`
	}
	ticketList  struct{ remote }
	ticketKinds struct{ remote }
	aSystem     struct {
		remote
		System string `arg:"" help:"Ticket system."`
	}
	ticketTest  struct{ aSystem }
	ticketQueue struct {
		aSystem
		State string `enum:",waiting,delivered,dropped" default:"" placeholder:"STATE" help:"Only waiting, delivered or dropped."`
		Limit int64  `default:"50" help:"How many at most, to 200 (${default})."`
	}
	ticketRetry  struct{ aSystem }
	ticketRotate struct{ aSystem }
	// ofMatter is what has tickets: an incident, or one of its actions.
	ofMatter struct {
		one
		Action int `placeholder:"NUMBER" help:"An action of the incident, in its place."`
	}
	ticketOf   struct{ ofMatter }
	ticketOpen struct {
		ofMatter
		System string `arg:"" help:"Ticket system."`
		Key    string `placeholder:"KEY" help:"A ticket that is there, such as OPS-12; without it one is made."`
	}
	ticketUnlink struct {
		ofMatter
		System string `arg:"" help:"Ticket system."`
		Why    string `placeholder:"TEXT" help:"Why."`
	}
)

func (c *ticketList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageTicketState, error) {
		return a.GetTicketStates(ctx, keep)
	}, func(p client.PageTicketState, s screen) error {
		return listed("SYSTEM\tKIND\tSTATE\tWAITING\tSINCE\tSAYS", "there is no ticket system", p.Items, func(t client.TicketState) []any {
			state := "well"
			switch {
			case t.Off:
				state = "off"
			case t.Failing != nil:
				state = "failing since " + s.at(t.Failing)
			}
			return []any{t.ID, t.Kind, state, t.Waiting, orDash(s.at(t.Oldest)), orDash(line(t.Error))}
		})
	})
}

func (c *ticketKinds) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageTicketKind, error) {
		return a.GetTicketKinds(ctx, keep)
	}, func(p client.PageTicketKind, _ screen) error {
		for _, k := range p.Items {
			if _, err := fmt.Printf("%s: %s (%s)\n", k.Kind, line(k.Title), line(k.Proved)); err != nil {
				return err
			}
			for _, set := range k.Settings {
				needed := ""
				if set.Needed {
					needed = ", needed"
				}
				fmt.Printf("  %-12s %s%s\n", set.Name, line(set.Help), needed)
			}
		}
		return nil
	})
}

func (c *ticketTest) Run(ctx context.Context) error {
	failed := ""
	err := ask(&c.remote, func(a *client.Client, keep client.Option) (client.TicketTest, error) {
		t, err := a.PostTicketSystemsIDTest(ctx, c.System, keep)
		if err == nil && !t.Ok {
			failed = line(t.Error)
		}
		return t, err
	}, func(t client.TicketTest, _ screen) error {
		if t.Ok {
			fmt.Printf("%s (%v)\n", line(t.Said), time.Duration(t.TookMs)*time.Millisecond)
		}
		return nil
	})
	if err == nil && failed != "" {
		return failure{codeFailed, failed}
	}
	return err
}

func (c *ticketQueue) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageDelivery, error) {
		return a.GetTicketSystemsIDQueue(ctx, c.System, client.GetTicketSystemsIDQueueQuery{State: c.State, Limit: c.Limit}, keep)
	}, func(p client.PageDelivery, s screen) error {
		return listed("INCIDENT\tACTION\tLINE\tWHAT\tAT\tSTATE\tTRIES\tNEXT\tSAYS", "nothing was brought there yet", p.Items, func(d client.Delivery) []any {
			at, action := d.At, "-"
			if d.Action > 0 {
				action = strconv.FormatInt(int64(d.Action), 10)
			}
			return []any{d.Incident, action, d.Line, d.Kind, s.at(&at), d.State, d.Tries, orDash(s.at(d.Next)), orDash(line(d.Error))}
		})
	})
}

func (c *ticketRetry) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.PostTicketSystemsIDRetry(ctx, c.System)
}

func (c *ticketRotate) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.TicketSystemWithSecret, error) {
		return a.PostTicketSystemsIDRotate(ctx, c.System, keep)
	}, func(t client.TicketSystemWithSecret, _ screen) error {
		_, err := fmt.Printf("secret  %s\n", t.Secret)
		return err
	})
}

func (c *ticketOf) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.TicketsOf, error) {
		if c.Action > 0 {
			return a.GetIncidentsIDActionsActionTickets(ctx, c.ID, strconv.Itoa(c.Action), keep)
		}
		return a.GetIncidentsIDTickets(ctx, c.ID, keep)
	}, func(p client.TicketsOf, _ screen) error {
		return listed("SYSTEM\tTICKET\tSTATE\tWAITING\tURL\tSAYS", "it has no ticket", p.Tickets, func(t client.TicketWork) []any {
			key := t.Key
			if key == "" {
				key = "not made yet"
			}
			state := t.Word
			if state == "" {
				state = t.State
			}
			return []any{t.System, line(key), orDash(line(state)), t.Waiting, orDash(line(t.URL)), orDash(line(t.Error))}
		})
	})
}

func (c *ticketOpen) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		wish := client.TicketWish{System: c.System, Key: c.Key}
		if c.Action > 0 {
			return a.PostIncidentsIDActionsActionTickets(ctx, c.ID, strconv.Itoa(c.Action), wish, keep)
		}
		return a.PostIncidentsIDTickets(ctx, c.ID, wish, keep)
	})
}

func (c *ticketUnlink) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		if c.Action > 0 {
			return a.DeleteIncidentsIDActionsActionTicketsSystem(ctx, c.ID, strconv.Itoa(c.Action), c.System, client.DeleteIncidentsIDActionsActionTicketsSystemQuery{Why: c.Why}, keep)
		}
		return a.DeleteIncidentsIDTicketsSystem(ctx, c.ID, c.System, client.DeleteIncidentsIDTicketsSystemQuery{Why: c.Why}, keep)
	})
}

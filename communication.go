package main

import (
	"context"
	"fmt"
	"strings"

	"tocsin/internal/client"
)

// What those outside are told, and what they report.
type (
	incidentUpdates struct{ one }
	incidentDraft   struct{ one }
	incidentTell    struct {
		one
		Phase     string   `enum:"investigating,identified,monitoring,resolved" default:"investigating" placeholder:"PHASE" help:"investigating, identified, monitoring or resolved (${default})."`
		Condition string   `required:"" placeholder:"TEXT" help:"How it is."`
		Actions   string   `placeholder:"TEXT" help:"What is done about it."`
		Needs     string   `placeholder:"TEXT" help:"What is needed, and from whom."`
		Title     string   `placeholder:"TEXT" help:"What it is called outside; as before without."`
		To        []string `placeholder:"WHERE" help:"followers, reporters, or status:ID; as the guideline says without. May be given several times."`
		Part      []string `placeholder:"PAGE/PART=STATE" help:"How a component of a status page is: operational, maintenance, degraded, partial, major."`
		Next      string   `placeholder:"WHEN" help:"When the next update comes, such as 20m."`
	}
	incidentReports struct{ one }
	incidentReply   struct {
		one
		Report string   `arg:"" help:"Report, as reports lists it."`
		Text   []string `arg:"" help:"Answer."`
	}

	followCommands struct {
		Mine   followMine   `cmd:"" help:"List the services that you follow."`
		List   followList   `cmd:"" help:"List who follows a service."`
		Add    followAdd    `cmd:"" help:"Follow a service yourself, or let an address follow it."`
		Remove followRemove `cmd:"" help:"End that an address, or you, follow a service."`
		Feed   feedCommands `cmd:"" help:"What you follow, as Atom for a feed reader."`
	}
	feedCommands struct {
		List  feedList  `cmd:"" help:"List your feeds."`
		New   feedNew   `cmd:"" help:"Make a feed and print its private address, this once."`
		Renew feedRenew `cmd:"" help:"Give a feed another address, and print it; the one before ends."`
		End   feedEnd   `cmd:"" help:"End a feed at once."`
	}
	feedList struct{ remote }
	feedNew  struct {
		remote
		Service  string `arg:"" optional:"" help:"Only of this service; all that you follow without."`
		Language string `enum:"en,de" default:"en" placeholder:"LANGUAGE" help:"Of the words around what was written: en or de (${default})."`
	}
	feedRenew  struct{ one }
	feedEnd    struct{ one }
	followMine struct{ remote }
	followList struct {
		remote
		Service string `arg:"" help:"Service."`
	}
	followAdd struct {
		remote
		Service string `arg:"" help:"Service."`
		Channel string `arg:"" optional:"" help:"email, sms, webhook, slack, ...; without, you yourself."`
		Address string `arg:"" optional:"" help:"A mail address, a number, a URL, the id of a room."`
		Method  string `placeholder:"ID" help:"Over which of your contact methods."`
	}
	followRemove struct {
		remote
		ID      string `arg:"" help:"As list says; of your own as mine does."`
		Service string `placeholder:"ID" help:"Service of an address; without, it is your own."`
	}
)

func (c *incidentUpdates) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Updates, error) {
		return a.GetIncidentsIDUpdates(ctx, c.ID, keep)
	}, func(u client.Updates, s screen) error {
		if u.Guidance != nil {
			fmt.Println("guideline ", orDash(line(u.Guidance.Name)))
		}
		if u.Due != nil {
			due := s.at(u.Due)
			if u.Overdue {
				due += ", overdue"
			}
			fmt.Println("next       ", due)
		}
		for _, one := range u.Items {
			at := one.At
			fmt.Printf("\n%d  %s  %s  %s\n", one.N, s.at(&at), one.Phase, orDash(strings.Join(one.To, ", ")))
			for _, l := range [][2]string{{"condition", one.Condition}, {"actions", one.Actions}, {"needs", one.Needs}} {
				if l[1] != "" {
					fmt.Printf("   %-10s %s\n", l[0], line(l[1]))
				}
			}
		}
		return nil
	})
}

func (c *incidentDraft) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.UpdateFields, error) {
		return a.GetIncidentsIDUpdatesDraft(ctx, c.ID, keep)
	}, func(u client.UpdateFields, _ screen) error {
		for _, l := range [][2]string{{"phase", u.Phase}, {"title", u.Title}, {"condition", u.Condition}, {"actions", u.Actions}, {"needs", u.Needs}, {"to", strings.Join(u.To, ", ")}} {
			if l[1] != "" {
				fmt.Printf("%-10s %s\n", l[0], strings.ReplaceAll(l[1], "\n", "\n           "))
			}
		}
		return nil
	})
}

func (c *incidentTell) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	next, err := s.moment("--next", c.Next, 1)
	if err != nil {
		return err
	}
	body := client.UpdatingBody{Phase: c.Phase, Condition: c.Condition, Actions: c.Actions, Needs: c.Needs, Title: c.Title, To: c.To, Affected: []client.PartState{}}
	if !next.IsZero() {
		body.Next = &next
	}
	for _, text := range c.Part {
		name, state, ok := strings.Cut(text, "=")
		page, part, both := strings.Cut(name, "/")
		if !ok || !both {
			return fmt.Errorf("--part: %q is not PAGE/PART=STATE", text)
		}
		body.Affected = append(body.Affected, client.PartState{Page: page, Component: part, State: state})
	}
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		if body.To == nil {
			u, err := a.GetIncidentsIDUpdates(ctx, c.ID)
			if err != nil {
				return client.Said{}, err
			}
			body.To = []string{}
			if u.Guidance != nil {
				body.To = u.Guidance.Channels
			}
		}
		return a.PostIncidentsIDUpdates(ctx, c.ID, body, keep)
	})
}

func (c *incidentReports) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.ReportsOutBody, error) {
		return a.GetIncidentsIDReports(ctx, c.ID, keep)
	}, reports)
}

func reports(all client.ReportsOutBody, s screen) error {
	if len(all.Items) == 0 {
		_, err := fmt.Println("Nobody reported it by a form.")
		return err
	}
	for _, r := range all.Items {
		at := r.At
		fmt.Printf("%s  %s  %s  %s\n", r.ID, s.at(&at), line(r.FormName), line(strings.TrimSpace(r.Name+" "+r.Contact)))
		for _, x := range r.Answers {
			fmt.Printf("   %s %s\n", line(x.Ask), line(x.Answer))
		}
		for _, m := range r.Messages {
			who := "reporter"
			if m.Person != nil {
				who = m.Person.ID
			}
			fmt.Printf("   %s: %s\n", who, line(m.Text))
		}
	}
	return nil
}

func (c *incidentReply) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.ReportsOutBody, error) {
		return a.PostIncidentsIDReportsReportReplies(ctx, c.ID, c.Report, client.ReplyingBody{Text: strings.Join(c.Text, " ")}, keep)
	}, reports)
}

func follows(p client.PageFollow, s screen) error {
	return table("ID\tSERVICE\tCHANNEL\tWHO\tSINCE", func(row func(...any)) {
		for _, f := range p.Items {
			who := f.Person
			if who == "" {
				who = f.Address
			}
			row(f.ID, orDash(f.Service), f.Channel, orDash(line(who)), s.clock(f.Since))
		}
	})
}

func (c *followMine) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageFollow, error) {
		return a.GetMeFollows(ctx, keep)
	}, follows)
}

func (c *followList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageFollow, error) {
		return a.GetServicesIDFollowers(ctx, c.Service, client.GetServicesIDFollowersQuery{Limit: 200}, keep)
	}, follows)
}

func (c *followAdd) Run(ctx context.Context) error {
	if c.Channel != "" && c.Address == "" {
		return fmt.Errorf("ADDRESS is missing: where on %s?", c.Channel)
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Follow, error) {
		if c.Channel == "" {
			return a.PostMeFollows(ctx, client.FollowingServiceBody{Service: c.Service, Method: c.Method}, keep)
		}
		return a.PostServicesIDFollowers(ctx, c.Service, client.AddingFollowerBody{Channel: c.Channel, Address: c.Address}, keep)
	}, func(f client.Follow, _ screen) error {
		_, err := fmt.Println(f.ID)
		return err
	})
}

func (c *followRemove) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	if c.Service == "" {
		return a.DeleteMeFollowsID(ctx, c.ID)
	}
	return a.DeleteServicesIDFollowersFollower(ctx, c.Service, c.ID)
}

func (c *feedList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageUpdateFeed, error) {
		return a.GetMeFeeds(ctx, keep)
	}, func(p client.PageUpdateFeed, s screen) error {
		return table("ID\tOF\tMADE\tREAD", func(row func(...any)) {
			for _, f := range p.Items {
				of, used := f.Service, "never"
				if of == "" {
					of = "all that you follow"
				}
				if f.UsedAt != nil {
					used = s.clock(*f.UsedAt)
				}
				row(f.ID, of, s.clock(f.MadeAt), used)
			}
		})
	})
}

func feedAddress(f client.UpdateFeed, _ screen) error {
	_, err := fmt.Println(f.URL)
	return err
}

func (c *feedNew) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.UpdateFeed, error) {
		return a.PostMeFeeds(ctx, client.AddingUpdateFeedBody{Service: c.Service, Language: c.Language}, keep)
	}, feedAddress)
}

func (c *feedRenew) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.UpdateFeed, error) {
		return a.PostMeFeedsIDRenew(ctx, c.ID, keep)
	}, feedAddress)
}

func (c *feedEnd) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.DeleteMeFeedsID(ctx, c.ID)
}

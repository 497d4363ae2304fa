package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/client"
)

// What a status page says without an incident.
type (
	noticeCommands struct {
		List     noticeList     `cmd:"" help:"List the notices of a status page."`
		Show     noticeShow     `cmd:"" help:"Print a notice, with all that it said."`
		Post     noticePost     `cmd:"" help:"Post a notice on a status page, and print its id."`
		Say      noticeSay      `cmd:"" help:"Say more of a notice, or that it is over."`
		Move     noticeMove     `cmd:"" help:"Give a notice other times."`
		End      noticeEnd      `cmd:"" help:"End a notice; one that nobody has seen yet is never shown."`
		Withdraw noticeWithdraw `cmd:"" help:"Take back what a notice said: its text is gone for good."`
	}
	noticeList struct {
		remote
		Page string `arg:"" help:"Status page."`
		Open bool   `help:"Only those that are not over."`
	}
	noticeShow struct{ one }
	noticePost struct {
		remote
		Page   string   `arg:"" help:"Status page."`
		Form   string   `arg:"" enum:"notice,disruption,work" help:"notice (something to know), disruption (something does not work), work (planned)."`
		Title  string   `arg:"" help:"What it is called."`
		Text   []string `arg:"" help:"What is to be known."`
		Part   []string `placeholder:"PART=STATE" help:"How a component is: operational, maintenance, degraded, partial, major. May be given several times."`
		Begins string   `placeholder:"WHEN" help:"When it is shown, or when work begins, such as 2h or 2026-11-25T22:00; now without."`
		Ends   string   `placeholder:"WHEN" help:"When it is over by itself; work needs it."`
	}
	noticeSay struct {
		one
		Text  []string `arg:"" optional:"" help:"What is to be known."`
		Phase string   `enum:",notice,planned,working,investigating,identified,monitoring,resolved,off" default:"" placeholder:"PHASE" help:"notice, planned, working, investigating, identified, monitoring; resolved and off end it; as before without."`
		Part  []string `placeholder:"PART=STATE" help:"How a component is; what is left out stays as it was."`
	}
	noticeMove struct {
		one
		Begins string `placeholder:"WHEN" help:"As it was, when it has begun."`
		Ends   string `placeholder:"WHEN" help:"When it is over by itself; without, when somebody says so."`
	}
	noticeEnd struct {
		one
		Why string `placeholder:"TEXT" help:"For those who read its log."`
	}
	noticeWithdraw struct {
		one
		Update int    `arg:"" help:"Its number, as show lists it."`
		Why    string `placeholder:"TEXT" help:"Why; it is kept."`
	}
	incidentWithdraw struct {
		one
		Update int    `arg:"" help:"Its number, as updates lists it."`
		Why    string `placeholder:"TEXT" help:"Why; it is kept."`
	}
)

func (c *noticeList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageNotice, error) {
		return a.GetStatusPagesIDNotices(ctx, c.Page, client.GetStatusPagesIDNoticesQuery{Open: c.Open, Limit: 200}, keep)
	}, func(p client.PageNotice, s screen) error {
		return table("ID\tFORM\tSTATE\tBEGINS\tENDS\tTITLE", func(row func(...any)) {
			for _, n := range p.Items {
				begins := n.Begins
				if begins == nil {
					begins = &n.At
				}
				ends := n.Ends
				if n.EndedAt != nil {
					ends = n.EndedAt
				}
				row(n.ID, n.Form, n.State, s.at(begins), s.at(ends), line(n.Title))
			}
		})
	})
}

func showNotice(n client.Notice, s screen) error {
	fmt.Printf("%s  %s, %s\n", line(n.Title), n.Form, n.State)
	for _, x := range []struct {
		name string
		at   string
	}{{"begins", s.at(n.Begins)}, {"ends", s.at(n.Ends)}, {"ended", s.at(n.EndedAt)}} {
		if x.at != "-" {
			fmt.Printf("%-7s %s\n", x.name, x.at)
		}
	}
	if n.Draft != nil {
		fmt.Printf("\nwill say: %s\n", line(n.Draft.Text))
	}
	for _, one := range n.Items {
		at := one.At
		fmt.Printf("\n%d  %s  %s\n", one.N, s.at(&at), orDash(one.Phase))
		if w := one.Withdrawn; w != nil {
			fmt.Printf("   taken back %s %s\n", s.at(&w.At), line(w.Why))
		}
		if one.Text != "" {
			fmt.Printf("   %s\n", line(one.Text))
		}
		for _, x := range one.Affected {
			fmt.Printf("   %s: %s\n", x.Component, x.State)
		}
	}
	return nil
}

func (c *noticeShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Notice, error) {
		return a.GetNoticesID(ctx, c.ID, keep)
	}, showNotice)
}

// moment is a flag's, for the body of a request; nil when it is not there.
func moment(s screen, flag, text string) (*time.Time, error) {
	at, err := s.moment(flag, text, 1)
	if err != nil || at.IsZero() {
		return nil, err
	}
	return &at, nil
}

// partsIn reads --part.
func partsIn(all []string) ([]client.PartIs, error) {
	out := []client.PartIs{}
	for _, text := range all {
		part, state, ok := strings.Cut(text, "=")
		if !ok {
			return nil, wrongUse("--part: %q is not PART=STATE", text)
		}
		out = append(out, client.PartIs{Component: part, State: state})
	}
	return out, nil
}

func (c *noticePost) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	body := client.PostingNoticeBody{Form: c.Form, Title: c.Title, Text: strings.Join(c.Text, " ")}
	if body.Affected, err = partsIn(c.Part); err != nil {
		return err
	}
	if body.Begins, err = moment(s, "--begins", c.Begins); err != nil {
		return err
	}
	if body.Ends, err = moment(s, "--ends", c.Ends); err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Notice, error) {
		return a.PostStatusPagesIDNotices(ctx, c.Page, body, keep)
	}, func(n client.Notice, _ screen) error {
		_, err := fmt.Println(n.ID)
		return err
	})
}

func (c *noticeSay) Run(ctx context.Context) error {
	parts, err := partsIn(c.Part)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Notice, error) {
		return a.PostNoticesIDUpdates(ctx, c.ID, client.FollowingUpBody{Phase: c.Phase, Text: strings.Join(c.Text, " "), Affected: parts}, keep)
	}, showNotice)
}

func (c *noticeMove) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	var body client.MovingNoticeBody
	if body.Begins, err = moment(s, "--begins", c.Begins); err != nil {
		return err
	}
	if body.Ends, err = moment(s, "--ends", c.Ends); err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Notice, error) {
		return a.PostNoticesIDTimes(ctx, c.ID, body, keep)
	}, showNotice)
}

func (c *noticeEnd) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Notice, error) {
		return a.PostNoticesIDEnd(ctx, c.ID, client.Why{Why: c.Why}, keep)
	}, showNotice)
}

func (c *noticeWithdraw) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Notice, error) {
		return a.PostNoticesIDUpdatesUpdateWithdraw(ctx, c.ID, fmt.Sprint(c.Update), client.WithdrawingNoticeBody{Why: c.Why}, keep)
	}, showNotice)
}

func (c *incidentWithdraw) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Updates, error) {
		return a.PostIncidentsIDUpdatesUpdateWithdraw(ctx, c.ID, fmt.Sprint(c.Update), client.WithdrawingUpdateBody{Why: c.Why}, keep)
	}, func(client.Updates, screen) error {
		_, err := fmt.Printf("Update %d is taken back.\n", c.Update)
		return err
	})
}

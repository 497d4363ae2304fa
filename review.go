package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"tocsin/internal/client"
)

// What is written about incidents that are over, and their end.
type (
	reviewCommands struct {
		Show    reviewShow    `cmd:"" help:"Show how far the closure of an incident is, and what is missing."`
		Draft   reviewDraft   `cmd:"" help:"Draft the retrospective from the log."`
		Read    reviewRead    `cmd:"" help:"Print a section as it is now."`
		Write   reviewWrite   `cmd:"" help:"Save a section: from a file, or from the standard input."`
		Comment reviewComment `cmd:"" help:"Say something of a section."`
		Submit  reviewSubmit  `cmd:"" help:"Ask people to read it and to sign."`
		Sign    reviewSign    `cmd:"" help:"Sign it: it is right."`
		Return  reviewReturn  `cmd:"" help:"Take it up again: what was signed does not hold."`
		Publish reviewPublish `cmd:"" help:"Give a version to those whom it is for."`
		Export  reviewExport  `cmd:"" help:"Write a version as PDF or Markdown."`
		Close   reviewClose   `cmd:"" help:"Close the incident, if all is complete that its severity asks for."`
	}
	reviewShow  struct{ one }
	reviewDraft struct{ one }
	reviewRead  struct {
		one
		Section string `arg:"" help:"Section, such as summary."`
	}
	reviewWrite struct {
		one
		Section string `arg:"" help:"Section, such as summary."`
		File    string `arg:"" optional:"" help:"File with its Markdown; without, the standard input."`
		Version int64  `default:"-1" placeholder:"N" help:"The version that the text was made from; without, the newest."`
	}
	reviewComment struct {
		one
		Section string   `arg:"" help:"Section, such as summary."`
		Text    []string `arg:"" help:"What you have to say."`
	}
	reviewSubmit struct {
		one
		To   []string `arg:"" help:"Who is to sign."`
		Note string   `placeholder:"TEXT" help:"What they should know."`
	}
	reviewSign struct {
		one
		Note string `placeholder:"TEXT" help:"What is to stand beside your name."`
	}
	reviewReturn struct {
		one
		Why []string `arg:"" help:"What is to be different."`
	}
	reviewPublish struct {
		one
		For  string   `arg:"" enum:"administration,board,customers" help:"administration, board or customers."`
		Page []string `placeholder:"ID" help:"Status page on which the version for customers stands. May be given several times."`
	}
	reviewExport struct {
		one
		For    string `enum:"administration,board,customers" default:"administration" placeholder:"WHO" help:"administration, board or customers (${default})."`
		Format string `enum:"pdf,markdown" default:"pdf" placeholder:"FORMAT" help:"pdf or markdown (${default})."`
		Out    string `placeholder:"FILE" help:"Where it is written to."`
	}
	reviewClose struct {
		one
		Why string `placeholder:"TEXT" help:"Reason, for the log."`
	}
)

func (c *reviewShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Review, error) {
		return a.GetIncidentsIDReview(ctx, c.ID, keep)
	}, closure)
}

func (c *reviewDraft) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Review, error) {
		return a.PostIncidentsIDReview(ctx, c.ID, keep)
	}, closure)
}

// closure shows how far the closure of an incident is.
func closure(r client.Review, s screen) error {
	say := func(what, text string) {
		if text != "" {
			fmt.Printf("%-14s %s\n", what, text)
		}
	}
	say("retrospective", cmp.Or(r.State, "not begun"))
	people := func(all []client.PersonRef) string {
		var ids []string
		for _, p := range all {
			ids = append(ids, p.ID)
		}
		return line(strings.Join(ids, ", "))
	}
	say("authors", people(r.Authors))
	say("to be signed by", people(r.Reviewers))
	for _, g := range r.Signed {
		say("signed", g.Person.ID+" "+s.at(&g.At))
	}
	for _, p := range r.Published {
		say("published", strings.TrimSpace(p.For+" "+s.at(&p.At)+" "+strings.Join(p.Pages, ", ")))
	}
	for _, x := range r.Sections {
		say("section", fmt.Sprintf("%s (version %d): %s", x.ID, x.Version, line(x.Title)))
	}
	for _, x := range r.Comments {
		if x.OverAt == nil {
			say("comment", x.Section+": "+line(x.Text))
		}
	}
	for _, x := range r.Actions {
		owner, due := "-", "-"
		if x.Owner != nil {
			owner = x.Owner.ID
		}
		if x.Due != nil {
			due = s.clock(*x.Due)
		}
		say("action", fmt.Sprintf("%d %s, %s, %s: %s", x.ID, actionState(x.State, x.Overdue), owner, due, line(x.Title)))
	}
	for _, l := range r.Lessons {
		if !l.Withdrawn {
			say("lesson", fmt.Sprintf("%d %s", l.ID, line(l.Text)))
		}
	}
	for _, x := range r.Recalled {
		if !x.Hidden {
			say("not done", fmt.Sprintf("action %d of %s (%s): %s; %s", x.Action, x.Incident, line(x.Name), line(x.Title), line(strings.Join(x.Why, "; "))))
		}
	}
	for _, n := range r.Gate {
		if !n.Met {
			say("missing", line(n.Text))
		}
	}
	return nil
}

func actionState(state string, overdue bool) string {
	if overdue {
		return "overdue"
	}
	return state
}

func (c *reviewRead) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Review, error) {
		return a.GetIncidentsIDReview(ctx, c.ID, keep)
	}, func(r client.Review, _ screen) error {
		for _, x := range r.Sections {
			if x.ID == c.Section {
				for text := range strings.SplitSeq(x.Text, "\n") {
					fmt.Println(printable(text))
				}
				return nil
			}
		}
		return failure{codeNotFound, fmt.Sprintf("there is no section %q", c.Section)}
	})
}

// printable is a line as it was written, but for what a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

func (c *reviewWrite) Run(ctx context.Context) error {
	var text []byte
	var err error
	if c.File == "" {
		text, err = io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
	} else {
		text, err = os.ReadFile(c.File)
	}
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.SectionOf, error) {
		seen := c.Version
		if seen < 0 {
			r, err := a.GetIncidentsIDReview(ctx, c.ID)
			if err != nil {
				return client.SectionOf{}, err
			}
			seen = 0
			for _, x := range r.Sections {
				if x.ID == c.Section {
					seen = x.Version
				}
			}
		}
		return a.PutIncidentsIDReviewSectionsSection(ctx, c.ID, c.Section, client.WritingSectionBody{Version: seen, Text: string(text)}, keep)
	}, func(x client.SectionOf, _ screen) error {
		_, err := fmt.Printf("Saved as version %d.\n", x.Version)
		return err
	})
}

func (c *reviewComment) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.CommentOf, error) {
		return a.PostIncidentsIDReviewComments(ctx, c.ID, client.CommentingBody{Section: c.Section, Text: strings.Join(c.Text, " ")}, keep)
	}, func(x client.CommentOf, _ screen) error {
		_, err := fmt.Println(x.ID)
		return err
	})
}

func (c *reviewSubmit) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDReviewSubmit(ctx, c.ID, client.SubmittingBody{To: c.To, Note: c.Note}, keep)
	})
}

func (c *reviewSign) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDReviewSign(ctx, c.ID, client.SigningBody{Note: c.Note}, keep)
	})
}

func (c *reviewReturn) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDReviewReturn(ctx, c.ID, client.Why{Why: strings.Join(c.Why, " ")}, keep)
	})
}

func (c *reviewPublish) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDReviewPublish(ctx, c.ID, client.PublishingBody{For: c.For, Pages: c.Page}, keep)
	})
}

func (c *reviewExport) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	query := url.Values{"for": {c.For}, "format": {c.Format}}
	if c.Zone != "" {
		query.Set("zone", c.Zone)
	}
	name := c.Out
	if name == "" {
		name = "retrospective-" + c.ID + "-" + c.For + map[string]string{"pdf": ".pdf", "markdown": ".md"}[c.Format]
	}
	return save(ctx, a, "/api/v1/incidents/"+url.PathEscape(c.ID)+"/review/export", query, name)
}

func (c *reviewClose) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDClose(ctx, c.ID, client.Why{Why: c.Why}, keep)
	})
}

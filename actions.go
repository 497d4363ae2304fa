package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tocsin/internal/client"
)

// What is done so that incidents do not come again, and what was learned of them.
type (
	actionCommands struct {
		List   actionList   `cmd:"" help:"List actions, what is due first at first."`
		Add    actionAdd    `cmd:"" help:"Add an action to an incident."`
		Change actionChange `cmd:"" help:"Change whose an action is, its time or its title."`
		Done   actionDone   `cmd:"" help:"Say that an action is done."`
		Drop   actionDrop   `cmd:"" help:"Say that an action need not be done."`
		Reopen actionReopen `cmd:"" help:"Say that an action is not done."`
		Note   actionNote   `cmd:"" help:"Say something of an action; its tickets hear it."`
	}
	actionList struct {
		remote
		All     bool   `help:"Also those that are done or dropped."`
		Overdue bool   `help:"Only those whose time has passed."`
		Again   bool   `help:"Only those whose trouble came again."`
		Owner   string `placeholder:"ID" help:"Of somebody (me: you)."`
		Team    string `placeholder:"ID" help:"Of a team."`
		Service string `placeholder:"ID" help:"Of a service."`
		Limit   int64  `default:"50" help:"How many at most, to 200 (${default})."`
		Cursor  string `placeholder:"TEXT" help:"Go on where a list ended."`
	}
	actionAdd struct {
		one
		Title    []string `arg:"" help:"What is to be done."`
		Owner    string   `placeholder:"ID" help:"Who is to do it (me: you)."`
		Due      string   `placeholder:"WHEN" help:"By when, such as 2026-12-24 or 336h."`
		Priority string   `enum:"high,normal,low" default:"normal" placeholder:"WEIGHT" help:"high, normal or low (${default})."`
	}
	actionChange struct {
		anAction
		Title    string `placeholder:"TEXT" help:"What is to be done."`
		Owner    string `placeholder:"ID" help:"Who is to do it (me: you)."`
		Due      string `placeholder:"WHEN" help:"By when."`
		Priority string `enum:",high,normal,low" default:"" placeholder:"WEIGHT" help:"high, normal or low."`
	}
	actionDone struct {
		anAction
		Outcome string `placeholder:"TEXT" help:"What came of it."`
	}
	actionDrop struct {
		anAction
		Why []string `arg:"" help:"Why it need not be done."`
	}
	actionReopen struct {
		anAction
		Why string `placeholder:"TEXT" help:"Reason, for the log."`
	}
	actionNote struct {
		anAction
		Text []string `arg:"" help:"What you have to say."`
	}
	anAction struct {
		one
		Action int `arg:"" help:"Number of the action."`
	}

	lessonCommands struct {
		Find     lessonFind     `cmd:"" help:"Look for what was learned."`
		Add      lessonAdd      `cmd:"" help:"Write down what others should know."`
		Withdraw lessonWithdraw `cmd:"" help:"Say that a lesson does not hold."`
	}
	lessonFind struct {
		remote
		Words   []string `arg:"" optional:"" help:"Words that must begin words of it."`
		Team    string   `placeholder:"ID" help:"Of a team."`
		Service string   `placeholder:"ID" help:"Of a service."`
		Limit   int64    `default:"50" help:"How many at most, to 200 (${default})."`
	}
	lessonAdd struct {
		one
		Text []string `arg:"" help:"The lesson."`
		Tag  []string `placeholder:"WORD" help:"Word by which it is found. May be given several times."`
	}
	lessonWithdraw struct {
		one
		Lesson int    `arg:"" help:"Number of the lesson."`
		Why    string `placeholder:"TEXT" help:"Reason, for the log."`
	}
)

func (c *actionList) Run(ctx context.Context) error {
	query := client.GetActionsQuery{State: "open", Overdue: c.Overdue, Again: c.Again, Owner: c.Owner, Team: c.Team, Service: c.Service, Limit: c.Limit, Cursor: c.Cursor}
	if c.All {
		query.State = ""
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageListedAction, error) {
		return a.GetActions(ctx, query, keep)
	}, func(p client.PageListedAction, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("There is none.")
			return err
		}
		err := table("INCIDENT\tACTION\tSTATE\tOWNER\tDUE\tAGAIN\tTITLE", func(row func(...any)) {
			for _, x := range p.Items {
				owner, due := "-", "-"
				if x.Owner != nil {
					owner = x.Owner.ID
				}
				if x.Due != nil {
					due = s.clock(*x.Due)
				}
				row(x.Incident, x.ID, actionState(x.State, x.Overdue), owner, due, x.Again, line(x.Title))
			}
		})
		if err == nil && p.Next != "" {
			_, err = fmt.Printf("\nThere are more: --cursor %s\n", p.Next)
		}
		return err
	})
}

func (c *actionAdd) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	due, err := s.moment("--due", c.Due, 1)
	if err != nil {
		return err
	}
	body := client.AddingActionBody{Title: strings.Join(c.Title, " "), Owner: c.Owner, Priority: c.Priority}
	if !due.IsZero() {
		body.Due = &due
	}
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDActions(ctx, c.ID, body, keep)
	})
}

func (c *actionChange) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	due, err := s.moment("--due", c.Due, 1)
	if err != nil {
		return err
	}
	body := client.ChangingActionBody{Title: c.Title, Owner: c.Owner, Priority: c.Priority}
	if !due.IsZero() {
		body.Due = due.Format("2006-01-02T15:04:05Z07:00")
	}
	if body == (client.ChangingActionBody{}) {
		return errors.New("say what is to be different: --title, --owner, --due or --priority")
	}
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDActionsAction(ctx, c.ID, strconv.Itoa(c.Action), body, keep)
	})
}

func (c *actionDone) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDActionsActionDone(ctx, c.ID, strconv.Itoa(c.Action), client.EndingActionBody{Outcome: c.Outcome}, keep)
	})
}

func (c *actionDrop) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDActionsActionDrop(ctx, c.ID, strconv.Itoa(c.Action), client.Why{Why: strings.Join(c.Why, " ")}, keep)
	})
}

func (c *actionReopen) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDActionsActionReopen(ctx, c.ID, strconv.Itoa(c.Action), client.Why{Why: c.Why}, keep)
	})
}

func (c *actionNote) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDActionsActionNotes(ctx, c.ID, strconv.Itoa(c.Action), client.NotingActionBody{Text: strings.Join(c.Text, " ")}, keep)
	})
}

func (c *lessonFind) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageListedLesson, error) {
		return a.GetLessons(ctx, client.GetLessonsQuery{Q: strings.Join(c.Words, " "), Team: c.Team, Service: c.Service, Limit: c.Limit}, keep)
	}, func(p client.PageListedLesson, _ screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("There is none.")
			return err
		}
		return table("INCIDENT\tLESSON\tSERVICE\tTAGS\tTEXT", func(row func(...any)) {
			for _, l := range p.Items {
				row(l.Incident, l.ID, orDash(l.Service), orDash(line(strings.Join(l.Tags, ", "))), line(l.Text))
			}
		})
	})
}

func (c *lessonAdd) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDLessons(ctx, c.ID, client.AddingLessonBody{Text: strings.Join(c.Text, " "), Tags: c.Tag}, keep)
	})
}

func (c *lessonWithdraw) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDLessonsLessonWithdraw(ctx, c.ID, strconv.Itoa(c.Lesson), client.Why{Why: c.Why}, keep)
	})
}

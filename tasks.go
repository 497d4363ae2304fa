package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tocsin/internal/client"
)

// What people do about an incident together: roles, tasks, links, who takes part.
type (
	incidentRole struct {
		one
		Role   string `arg:"" help:"commander, scribe, communications, liaison, or one of your own."`
		Person string `arg:"" optional:"" help:"Who has it from here on (me: you); without, nobody does."`
	}
	incidentJoin  struct{ one }
	incidentLeave struct{ one }
	incidentLink  struct {
		one
		URL   string `arg:"" name:"url" help:"Where the work goes on: a conference, a graph, a document."`
		Title string `placeholder:"TEXT" help:"What it is; otherwise its host."`
	}
	incidentTasks struct{ one }
	incidentTask  struct {
		one
		Title []string `arg:"" help:"What is to be done."`
		Owner string   `placeholder:"ID" help:"Who is to do it (me: you)."`
		Due   string   `placeholder:"WHEN" help:"By when, such as 30m; who owns it is asked then, and later the commander too."`
	}
	incidentDone struct {
		aTask
		Outcome string `placeholder:"TEXT" help:"What came of it."`
	}
	incidentDrop struct {
		aTask
		Why string `placeholder:"TEXT" help:"Reason, for the log."`
	}

	// one is what commands about a single incident take.
	one struct {
		remote
		ID string `arg:"" help:"Incident."`
	}
	aTask struct {
		one
		Task int `arg:"" help:"Number of the task."`
	}
)

// verb does one thing to one incident, and says what came of it.
func (c *one) verb(do func(*client.Client, client.Option) (client.Said, error)) error {
	return ask(&c.remote, do, said)
}

func (c *incidentRole) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDRoles(ctx, c.ID, client.GivingRoleBody{Role: c.Role, Person: c.Person}, keep)
	})
}

func (c *incidentJoin) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDJoin(ctx, c.ID, client.Why{}, keep)
	})
}

func (c *incidentLeave) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDLeave(ctx, c.ID, client.Why{}, keep)
	})
}

func (c *incidentLink) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDLinks(ctx, c.ID, client.LinkingBody{URL: c.URL, Title: c.Title}, keep)
	})
}

func (c *incidentTask) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	due, err := s.moment("--due", c.Due, 1)
	if err != nil {
		return err
	}
	body := client.AddingTaskBody{Title: strings.Join(c.Title, " "), Owner: c.Owner}
	if !due.IsZero() {
		body.Due = &due
	}
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDTasks(ctx, c.ID, body, keep)
	})
}

func (c *incidentDone) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDTasksTaskDone(ctx, c.ID, strconv.Itoa(c.Task), client.EndingTaskBody{Outcome: c.Outcome}, keep)
	})
}

func (c *incidentDrop) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDTasksTaskDrop(ctx, c.ID, strconv.Itoa(c.Task), client.Why{Why: c.Why}, keep)
	})
}

func (c *incidentTasks) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeIncident, error) {
		return a.GetIncidentsID(ctx, c.ID, keep)
	}, func(i client.WholeIncident, s screen) error {
		if len(i.Work.Tasks) == 0 {
			_, err := fmt.Println("There is no task.")
			return err
		}
		return table("TASK\tSTATE\tOWNER\tDUE\tTITLE", func(row func(...any)) {
			for _, t := range i.Work.Tasks {
				state, owner := t.State, "-"
				if t.Overdue {
					state = "overdue"
				}
				if t.Owner != nil {
					owner = t.Owner.ID
				}
				row(t.ID, state, owner, s.at(t.Due), line(t.Title))
			}
		})
	})
}

// atWork are the lines of `incidents show` about who does what.
func atWork(w client.Work, say func(what, text string)) {
	for _, r := range w.Roles {
		say(r.Role, r.Person.ID)
	}
	var present []string
	for _, p := range w.Present {
		present = append(present, p.ID)
	}
	say("present", strings.Join(present, ", "))
	open := 0
	for _, t := range w.Tasks {
		if t.State == "open" {
			open++
		}
	}
	if len(w.Tasks) > 0 {
		say("tasks", fmt.Sprintf("%d, of which %d to be done", len(w.Tasks), open))
	}
	for _, l := range w.Links {
		say("link", line(l.Title+": "+l.URL))
	}
}

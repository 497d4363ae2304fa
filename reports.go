package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"tocsin/internal/client"
)

type reportCommands struct {
	Show    reportShow    `cmd:"" default:"withargs" help:"What the incidents of a period came to, beside the period before."`
	People  reportPeople  `cmd:"" help:"What being called came to for people and teams, by level."`
	Burden  reportBurden  `cmd:"" help:"What people bear by the ledgers, and which stale runbooks and overdue actions are theirs."`
	Counted reportCounted `cmd:"" help:"The incidents that a number is made of."`
	Define  reportDefine  `cmd:"" help:"What each figure is."`
	Recount reportRecount `cmd:"" help:"Have everything counted anew: for an admin."`
}

// A chosen report is what it is about.
type chosen struct {
	From     string `placeholder:"WHEN" help:"When incidents were opened; without it, 28 days back. A span such as 168h is back from now."`
	To       string `placeholder:"WHEN" help:"Until when; without it, now."`
	Team     string `placeholder:"ID" help:"Only incidents of a team."`
	Service  string `placeholder:"ID" help:"Only those of a service."`
	Severity string `placeholder:"SEV1" help:"Only those of a severity."`
	Source   string `placeholder:"ID" help:"Only those that came by an integration."`
	Category string `placeholder:"WORD" help:"Only those of a category."`
	Cause    string `placeholder:"WORD" help:"Only those with a cause of a category."`
}

type reportShow struct {
	remote
	chosen
	By   string `enum:",severity,service,team,source,category,cause" default:"" help:"One line for each severity, service, team, source, category or cause."`
	Part string `enum:",hour,day,week,month" default:"" help:"Cut the period by hour, day, week or month, for --csv and --json."`
	CSV  bool   `name:"csv" help:"Print a file for a spreadsheet."`
	PDF  string `name:"pdf" placeholder:"FILE" help:"Write it into a new file, as PDF."`
}

func (c *reportShow) Run(ctx context.Context) error {
	from, to, err := c.past(c.From, c.To)
	if err != nil {
		return err
	}
	if c.PDF != "" {
		return c.print(ctx, from, to)
	}
	q := client.GetReportsQuery{
		From: from, To: to, Zone: c.Zone, Team: c.Team, Service: c.Service, Severity: c.Severity, Source: c.Source, Category: c.Category, Cause: c.Cause, By: c.By, Part: c.Part,
	}
	if c.CSV {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (client.FigureFile, error) {
			return a.GetReportsFile(ctx, client.GetReportsFileQuery(q), keep)
		}, sheet)
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.FigureReport, error) {
		return a.GetReports(ctx, q, keep)
	}, func(r client.FigureReport, s screen) error {
		a, err := c.client()
		if err != nil {
			return err
		}
		all, err := a.GetReportsDefinitions(ctx)
		if err != nil {
			return err
		}
		return c.show(r, all.Items, s)
	})
}

// print writes the report into a file.
func (c *reportShow) print(ctx context.Context, from, to time.Time) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	q := url.Values{}
	for name, v := range map[string]string{
		"zone": c.Zone, "team": c.Team, "service": c.Service, "severity": c.Severity, "source": c.Source, "category": c.Category, "cause": c.Cause, "by": c.By,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	for name, at := range map[string]time.Time{"from": from, "to": to} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339))
		}
	}
	return save(ctx, a, "/api/v1/reports/paper", q, c.PDF)
}

func sheet(f client.FigureFile, _ screen) error {
	_, err := io.WriteString(os.Stdout, f.Csv)
	return err
}

func (c *reportShow) show(r client.FigureReport, all []client.FigureDefinition, s screen) error {
	fmt.Printf("%s to %s\n", s.at(&r.From), s.at(&r.To))
	if !r.Counted.Whole {
		fmt.Println("not everything is counted yet")
	}
	if c.By == "" {
		return table("FIGURE\tNUMBER\tMEDIAN\t9 OF 10\tBEFORE", func(row func(...any)) {
			for i, n := range r.Total {
				d := all[i]
				of, before := madeOf(d, n), int64(1)
				if n.Before == 0 {
					before = 0
				}
				median, most := "", ""
				if d.Kind == "span" && of > 0 {
					median, most = figure(d, n.Median, of, ""), figure(d, n.P90, of, "")
				}
				row(d.Name, figure(d, n.Value, of, r.Currency), median, most, figure(d, n.Before, before, r.Currency))
			}
		})
	}
	lines := append(r.Lines, client.FigureLine{Name: "all", Figures: r.Total})
	shown := []string{"incidents", "open", "unanswered", "escalated", "acknowledge", "resolve", "acknowledged_in_time", "resolved_in_time", "alarms", "night", "downtime"}
	return table(strings.ToUpper(c.By)+"\tINCIDENTS\tOPEN\tUNANSWERED\tESCALATED\tACKNOWLEDGE\tRESOLVE\tACK IN TIME\tIN TIME\tALARMS\tNIGHT\tOPEN FOR", func(row func(...any)) {
		for _, l := range lines {
			cells := []any{line(l.Name)}
			if l.Name == "" {
				cells[0] = "-"
			}
			for _, key := range shown {
				for i, n := range l.Figures {
					if n.Key == key {
						cells = append(cells, figure(all[i], n.Value, madeOf(all[i], n), r.Currency))
					}
				}
			}
			row(cells...)
		}
	})
}

// figure is a number in the unit of its figure. Of is how many it is made of: a time and a
// share say nothing of none.
func figure(d client.FigureDefinition, v float64, of int64, currency string) string {
	switch {
	case of == 0 && (d.Kind == "share" || d.Kind == "span"):
		return "-"
	case d.Kind == "share":
		return fmt.Sprintf("%.0f %%", v*100)
	case d.Unit == "s":
		return span(time.Duration(v * float64(time.Second)))
	case d.Unit == "money":
		return strings.TrimSpace(fmt.Sprintf("%.2f %s", v, line(currency)))
	}
	return fmt.Sprintf("%.0f", v)
}

// madeOf is how many incidents a number is made of.
func madeOf(d client.FigureDefinition, n client.FigureNumber) int64 {
	if d.Kind == "share" {
		return n.Of
	}
	return n.N
}

type reportPeople struct {
	remote
	chosen
	Members string `placeholder:"ID" help:"Only the members of a team."`
	Levels  bool   `help:"Also one line for each level."`
	CSV     bool   `name:"csv" help:"Print a file for a spreadsheet."`
}

type reportBurden struct {
	remote
	From    string `placeholder:"WHEN" help:"Since when; without it, 28 days back. A span such as 168h is back from now."`
	To      string `placeholder:"WHEN" help:"Until when; without it, now."`
	Members string `placeholder:"ID" help:"Only the members of a team."`
}

func (c *reportBurden) Run(ctx context.Context) error {
	from, to, err := c.past(c.From, c.To)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.BurdenReport, error) {
		return a.GetReportsPeopleBurden(ctx, client.GetReportsPeopleBurdenQuery{From: from, To: to, Members: c.Members}, keep)
	}, func(r client.BurdenReport, s screen) error {
		fmt.Printf("%s to %s\n", s.at(&r.From), s.at(&r.To))
		err := table("WHO\tBURDEN\tINTERRUPTIONS\tNIGHTS\tSTALE RUNBOOKS\tOVERDUE ACTIONS", func(row func(...any)) {
			for _, l := range r.People {
				row(line(l.Name), fmt.Sprintf("%.1f", l.Pain), l.Interruptions, l.Nights, l.Stale, l.Overdue)
			}
		})
		if err == nil && r.Kept > 0 {
			fmt.Printf("%d more, whose own are theirs and their managers'\n", r.Kept)
		}
		return err
	})
}

func (c *reportPeople) Run(ctx context.Context) error {
	from, to, err := c.past(c.From, c.To)
	if err != nil {
		return err
	}
	q := client.GetReportsPeopleQuery{
		From: from, To: to, Zone: c.Zone, Team: c.Team, Service: c.Service, Severity: c.Severity, Source: c.Source, Category: c.Category, Cause: c.Cause, Members: c.Members,
	}
	if c.CSV {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (client.FigureFile, error) {
			return a.GetReportsPeopleFile(ctx, client.GetReportsPeopleFileQuery(q), keep)
		}, sheet)
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.LoadReport, error) {
		return a.GetReportsPeople(ctx, q, keep)
	}, c.show)
}

func (c *reportPeople) show(r client.LoadReport, s screen) error {
	fmt.Printf("%s to %s\n", s.at(&r.From), s.at(&r.To))
	err := table("WHO\tLEVEL\tCALLED\tBEFORE\tANSWERED\tMISSED\tPAST\tWORKING\tEVENING\tWEEKEND\tSLEEP\tTO ANSWER\tON CALL", func(row func(...any)) {
		one := func(name string, l client.LoadLine) {
			answer, hours := "-", "-"
			if l.Answered > 0 {
				answer = span(time.Duration(l.Answer * float64(time.Second)))
			}
			if l.Hours > 0 {
				hours = fmt.Sprintf("%.1fh", l.Hours)
			}
			row(line(name), "", l.Called, l.Before, l.Answered, l.Missed, l.Past, l.Working, l.Evening, l.Weekend, l.Sleep, answer, hours)
			for _, x := range l.Levels {
				if !c.Levels {
					break
				}
				level := any(x.Level)
				if x.Level == 0 {
					level = "by name"
				}
				row(line(name), level, x.Called, "", x.Answered, x.Missed, x.Past, "", "", "", "", "", "")
			}
		}
		for _, l := range r.People {
			one(l.Name, l)
		}
		for _, l := range r.Teams {
			one("team "+l.Name, l)
		}
		one("all", r.All)
	})
	if err == nil && r.Kept > 0 {
		fmt.Printf("%d more, whose own figures are theirs and their managers'\n", r.Kept)
	}
	return err
}

type reportCounted struct {
	remote
	chosen
	Figure  string `arg:"" help:"Key of a figure, as tocsin report define lists them."`
	Not     bool   `help:"Of a share: those that do not have what it asks for."`
	Person  string `placeholder:"ID" help:"Of a figure of people: whose calls."`
	Members string `placeholder:"ID" help:"Of a figure of people: calls of the members of a team."`
	Level   int    `default:"-1" help:"Of a figure of people: calls of this level; 0 is by name."`
	Largest bool   `help:"The largest first, and not the newest."`
}

func (c *reportCounted) Run(ctx context.Context) error {
	from, to, err := c.past(c.From, c.To)
	if err != nil {
		return err
	}
	q := client.GetReportsCountedQuery{
		From: from, To: to, Zone: c.Zone, Team: c.Team, Service: c.Service, Severity: c.Severity, Source: c.Source, Category: c.Category, Cause: c.Cause,
		Figure: c.Figure, Not: c.Not, Person: c.Person, Members: c.Members, Level: int64(c.Level), Limit: 200,
	}
	if c.Largest {
		q.Order = "largest"
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.CountedReport, error) {
		return a.GetReportsCounted(ctx, q, keep)
	}, func(r client.CountedReport, s screen) error {
		fmt.Println(line(r.Figure.Sentence))
		err := listed("OPENED\tSEVERITY\tSTATUS\tVALUE\tTITLE\tID", "there are none", r.Items, func(x client.CountedIncident) []any {
			return []any{s.clock(x.Opened), x.Severity, x.Status, figure(client.FigureDefinition{Unit: r.Figure.Unit}, x.Value, 1, ""), line(x.Title), x.ID}
		})
		if err == nil && r.N > int64(len(r.Items)) {
			fmt.Printf("%d of %d\n", len(r.Items), r.N)
		}
		return err
	})
}

type reportDefine struct{ remote }

func (c *reportDefine) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageFigureDefinition, error) {
		return a.GetReportsDefinitions(ctx, keep)
	}, func(p client.PageFigureDefinition, _ screen) error {
		return listed("KEY\tNAME\tUNIT\tWHAT IT IS", "there are none", p.Items, func(d client.FigureDefinition) []any {
			return []any{d.Key, d.Name, d.Unit, d.Sentence}
		})
	})
}

type reportRecount struct{ remote }

func (c *reportRecount) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return a.PostReportsRecount(ctx)
}

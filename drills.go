package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/client"
)

// Practice: made-up incidents that count in no statistic, and how they went.
type drillCommands struct {
	List      drillList      `cmd:"" help:"List drills and how each went, newest first."`
	Start     drillStart     `cmd:"" help:"Start a drill; without --yes only say whom it would call."`
	Show      drillShow      `cmd:"" help:"Show a drill: what was expected, and how it came."`
	Score     drillScore     `cmd:"" help:"Show the numbers of a drill, by the definitions of the reports."`
	Stop      drillStop      `cmd:"" help:"End a drill before its people are done."`
	Scenarios drillScenarios `cmd:"" help:"List what can be practised."`
	People    drillPeople    `cmd:"" help:"Say when people had their last drill, and who never had one."`
}

type (
	drillList struct {
		remote
		Open    bool   `help:"Only those that go on."`
		Team    string `placeholder:"ID" help:"Of a team."`
		Service string `placeholder:"ID" help:"Of a service."`
		Person  string `placeholder:"ID" help:"Who was called in it (me: you)."`
		Limit   int64  `default:"50" help:"How many at most, to 200 (${default})."`
		Cursor  string `placeholder:"TEXT" help:"Go on where a list ended."`
	}
	drillStart struct {
		remote
		Scenario string   `arg:"" optional:"" help:"What is practised (tocsin drill scenarios)."`
		Past     string   `placeholder:"ID" help:"An incident that was, in the place of a scenario: it is played again."`
		Service  string   `placeholder:"ID" help:"What it is about, if the scenario does not say it."`
		With     []string `placeholder:"ID" help:"Who is called, all at once (me: you); may be repeated."`
		Policy   bool     `help:"Whoever the policy of the service calls, level by level."`
		First    bool     `help:"Your own first drill: you alone are called."`
		AsReal   bool     `help:"It may wake people. Otherwise whoever sleeps, rests or is away is left alone."`
		Severity string   `enum:",SEV1,SEV2,SEV3,SEV4,SEV5" default:"" placeholder:"SEV" help:"SEV1 to SEV5, in the place of the scenario's."`
		Title    string   `placeholder:"TEXT" help:"What is wrong, in the place of the scenario's."`
		Minutes  int64    `placeholder:"N" help:"When it ends by itself, from 5 to 480."`
		Language string   `enum:"en,de" default:"en" help:"Of the scenarios that come with the house: en or de (${default})."`
		Yes      bool     `help:"Start it."`
	}
	drillShow  struct{ aDrill }
	drillScore struct{ aDrill }
	drillStop  struct {
		aDrill
		Why []string `arg:"" optional:"" help:"Reason, for the log."`
	}
	drillScenarios struct {
		remote
		Language string `enum:"en,de" default:"en" help:"Of those that come with the house: en or de (${default})."`
	}
	drillPeople struct {
		remote
		Team string `placeholder:"ID" help:"The members of a team."`
	}

	// aDrill is what commands about a single drill take.
	aDrill struct {
		remote
		ID string `arg:"" help:"Drill."`
	}
)

// drillEnd is how a drill ended, in words.
func drillEnd(ended string) string {
	switch ended {
	case "":
		return "goes on"
	case "time":
		return "time over"
	}
	return ended
}

func (c *drillList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageDrillOf, error) {
		return a.GetDrills(ctx, client.GetDrillsQuery{Open: c.Open, Team: c.Team, Service: c.Service, Person: c.Person, Limit: c.Limit, Cursor: c.Cursor}, keep)
	}, func(p client.PageDrillOf, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("There is none.")
			return err
		}
		err := table("ID\tSTARTED\tHOW\tMET\tSEVERITY\tPEOPLE\tTITLE", func(row func(...any)) {
			for _, d := range p.Items {
				row(d.ID, s.clock(d.StartedAt), drillEnd(d.Ended), fmt.Sprintf("%d of %d", d.Met, d.Of), d.Severity, orDash(peopleOf(d.People)), line(d.Title))
			}
		})
		if err == nil && p.Next != "" {
			_, err = fmt.Printf("\nThere are more: --cursor %s\n", p.Next)
		}
		return err
	})
}

func peopleOf(all []client.PersonRef) string {
	ids := make([]string, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	return strings.Join(ids, ",")
}

func (c *drillStart) Run(ctx context.Context) error {
	wish := client.DrillWish{
		Scenario: c.Scenario, Past: c.Past, Service: c.Service, People: c.With, Policy: c.Policy, AsReal: c.AsReal, Severity: c.Severity, Title: c.Title,
		Minutes: c.Minutes, Language: c.Language,
	}
	if c.First {
		wish.Guide = "first"
	} else if c.Scenario == "" && c.Past == "" {
		return errors.New("say what is practised: a scenario, --past or --first")
	}
	if !c.Yes {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (client.DrillForeseen, error) {
			return a.PostDrillsPreview(ctx, wish, keep)
		}, func(f client.DrillForeseen, s screen) error {
			fmt.Printf("DRILL: %s (%s)\n\nIt would call, if nobody answered:\n", line(f.Title), f.Severity)
			for _, x := range f.Calls {
				when := "at once"
				if x.AfterS > 0 {
					when = "after " + span(time.Duration(x.AfterS)*time.Second)
				}
				if x.Rests != nil {
					when = "not before " + s.clock(*x.Rests) + ": they rest until then (--as-real calls them)"
				}
				fmt.Printf("  %s, %s\n", line(x.Person.Name), when)
			}
			_, err := fmt.Println("Nobody was called: --yes starts it.")
			return err
		})
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeDrill, error) {
		return a.PostDrills(ctx, wish, keep)
	}, func(d client.WholeDrill, s screen) error {
		_, err := fmt.Printf("%s DRILL: %s, until %s at most\n", d.ID, line(d.Title), s.clock(d.Until))
		return err
	})
}

func (c *drillShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeDrill, error) {
		return a.GetDrillsID(ctx, c.ID, keep)
	}, func(d client.WholeDrill, s screen) error {
		fmt.Printf("DRILL: %s\n\n", line(d.Title))
		say := func(what, text string) {
			if text != "" {
				fmt.Printf("%-10s %s\n", what, text)
			}
		}
		say("id", d.ID)
		say("practised", line(d.Name))
		say("severity", d.Severity)
		say("service", d.ServiceName)
		say("people", peopleOf(d.People))
		say("started", s.clock(d.StartedAt))
		say("state", drillEnd(d.Ended)+" after "+span(time.Duration(d.LastedS)*time.Second))
		fmt.Printf("\n%d of %d things were as expected.\n", d.Met, d.Of)
		if len(d.Checks) > 0 {
			fmt.Println()
			err := table("", func(row func(...any)) {
				for _, x := range d.Checks {
					row(checkMark(x.State), line(strings.Trim(x.Name+": "+x.Of, ": ")), checkTimes(x))
				}
			})
			if err != nil {
				return err
			}
		}
		for _, p := range d.Took {
			var did []string
			if p.Answered {
				did = append(did, "answered after "+span(time.Duration(p.AnsweredS)*time.Second))
			} else if !p.Joined && p.Wrote == 0 && len(p.Roles) == 0 {
				did = append(did, "did not answer")
			}
			if p.Joined {
				did = append(did, "took part")
			}
			if len(p.Roles) > 0 {
				did = append(did, "was "+strings.Join(p.Roles, ", "))
			}
			if p.Wrote > 0 {
				did = append(did, "wrote "+times(p.Wrote))
			}
			if p.Updates > 0 {
				did = append(did, "told those concerned "+times(p.Updates))
			}
			fmt.Printf("\n%s: %s", line(p.Person.Name), line(strings.Join(did, ", ")))
		}
		_, err := fmt.Println()
		return err
	})
}

func checkMark(state string) string {
	return map[string]string{"met": "met", "late": "LATE", "missed": "MISSED", "pending": "waits"}[state]
}

// times is how often something was done.
func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// checkTimes is how long it took, and how long it might.
func checkTimes(x client.DrillCheck) string {
	var parts []string
	if x.State == "met" || x.State == "late" {
		parts = append(parts, "after "+span(time.Duration(x.WasS)*time.Second))
	}
	if x.WantS > 0 {
		parts = append(parts, "expected within "+span(time.Duration(x.WantS)*time.Second))
	}
	return strings.Join(parts, ", ")
}

func (c *drillScore) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeDrill, error) {
		return a.GetDrillsID(ctx, c.ID, keep)
	}, func(d client.WholeDrill, _ screen) error {
		return table("FIGURE\tVALUE\tWHAT IT IS", func(row func(...any)) {
			for _, m := range d.Measures {
				value := "-"
				switch {
				case m.Known && m.Unit == "s":
					value = span(time.Duration(m.Value) * time.Second)
				case m.Known:
					value = fmt.Sprint(m.Value)
				}
				row(m.Name, value, m.Sentence)
			}
		})
	})
}

func (c *drillStop) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeDrill, error) {
		return a.PostDrillsIDStop(ctx, c.ID, client.Why{Why: strings.Join(c.Why, " ")}, keep)
	}, func(d client.WholeDrill, _ screen) error {
		_, err := fmt.Printf("%s: %d of %d things were as expected\n", drillEnd(d.Ended), d.Met, d.Of)
		return err
	})
}

func (c *drillScenarios) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageScenarioOf, error) {
		return a.GetDrillsScenarios(ctx, client.GetDrillsScenariosQuery{Language: c.Language}, keep)
	}, func(p client.PageScenarioOf, _ screen) error {
		return table("ID\tWHOSE\tSEVERITY\tMINUTES\tSERVICE\tNAME", func(row func(...any)) {
			for _, x := range p.Items {
				whose := "house"
				if x.Own {
					whose = orDash(x.Team)
				}
				row(x.ID, whose, x.Severity, x.Minutes, orDash(x.Service), line(x.Name))
			}
		})
	})
}

func (c *drillPeople) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageDrilledPerson, error) {
		return a.GetDrillsPeople(ctx, client.GetDrillsPeopleQuery{Team: c.Team}, keep)
	}, func(p client.PageDrilledPerson, s screen) error {
		return table("PERSON\tDRILLS\tLAST\tANSWERED", func(row func(...any)) {
			for _, x := range p.Items {
				if x.Last == nil {
					row(line(x.Person.Name), 0, "never", "-")
					continue
				}
				answered := "no"
				if x.Last.Answered {
					answered = "yes"
				}
				row(line(x.Person.Name), x.Drills, s.clock(x.Last.At), answered)
			}
		})
	})
}

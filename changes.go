package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/client"
)

// What people want to change: they ask for it, others approve it, and it is made.
type changeCommands struct {
	List     changeList     `cmd:"" help:"List changes that are not over, newest first."`
	Show     changeShow     `cmd:"" help:"Show a change and all that happened to it."`
	Request  changeRequest  `cmd:"" help:"Ask for a change; without --yes only say what it would meet."`
	Edit     changeEdit     `cmd:"" help:"Change what you asked for, until it is begun: what others said of it does not hold any longer."`
	Approve  changeApprove  `cmd:"" help:"Say that a change may be made: for those who were asked."`
	Deny     changeDeny     `cmd:"" help:"Say that it may not: one is enough."`
	Start    changeStart    `cmd:"" help:"Say that you make it now."`
	Done     changeDone     `cmd:"" help:"Say how it went."`
	Cancel   changeCancel   `cmd:"" help:"Say that it will not be made."`
	Calendar changeCalendar `cmd:"" help:"Print what is changed when, and when nothing is."`
	Events   changeEvents   `cmd:"" help:"Print what pipelines said that they changed."`
}

type (
	changeList struct {
		remote
		All     bool   `help:"Also those that are over."`
		State   string `enum:",requested,approved,denied,started,done,cancelled" default:"" placeholder:"STATE" help:"requested, approved, denied, started, done or cancelled."`
		Service string `placeholder:"ID" help:"Of a service."`
		Limit   int64  `default:"50" help:"How many at most, to 200 (${default})."`
		Cursor  string `placeholder:"TEXT" help:"Go on where a list ended."`
	}
	changeShow    struct{ aChange }
	changeRequest struct {
		remote
		Title    []string `arg:"" help:"What is changed."`
		Class    string   `enum:"standard,normal,emergency" default:"normal" help:"standard, normal or emergency (${default})."`
		Service  []string `required:"" placeholder:"ID" help:"What is changed; may be repeated."`
		Starts   string   `placeholder:"WHEN" help:"When it begins, such as 2h or \"2026-12-01 02:00\"; otherwise now."`
		For      string   `default:"1h" placeholder:"SPAN" help:"How long it takes (${default})."`
		Risk     string   `enum:",low,medium,high" default:"" placeholder:"HOW" help:"low, medium or high."`
		Plan     string   `placeholder:"TEXT" help:"What is done, in which order; a normal change needs it."`
		BackOut  string   `placeholder:"TEXT" help:"How it is undone; a normal change needs it."`
		Owner    string   `placeholder:"ID" help:"Who makes it, if not you."`
		Ask      []string `placeholder:"WHO" help:"Who decides, such as person:omar or team:dba, in the place of the board; may be repeated."`
		Incident string   `placeholder:"ID" help:"The incident that it is made for."`
		Override int64    `placeholder:"NUMBER" help:"The emergency override of that incident by which it goes before approval."`
		Yes      bool     `help:"Ask for it."`
	}
	changeEdit struct {
		aChange
		Title   string   `placeholder:"TEXT" help:"What is changed."`
		Class   string   `enum:",standard,normal,emergency" default:"" placeholder:"CLASS" help:"standard, normal or emergency."`
		Service []string `placeholder:"ID" help:"What is changed, all of it; may be repeated."`
		Starts  string   `placeholder:"WHEN" help:"When it begins, such as 2h or \"2026-12-01 02:00\"; it takes as long as before without --for."`
		For     string   `placeholder:"SPAN" help:"How long it takes."`
		Risk    string   `enum:",low,medium,high" default:"" placeholder:"HOW" help:"low, medium or high."`
		Plan    string   `placeholder:"TEXT" help:"What is done, in which order."`
		BackOut string   `placeholder:"TEXT" help:"How it is undone."`
		Owner   string   `placeholder:"ID" help:"Who makes it: only who asked for it may say this."`
		Ask     []string `placeholder:"WHO" help:"Who decides; may be repeated."`
		Board   bool     `help:"The board decides, not those who were named."`
		asRead
	}
	changeApprove struct{ changeWord }
	changeDeny    struct{ changeWord }
	changeStart   struct{ aChange }
	changeDone    struct {
		aChange
		Outcome string   `arg:"" enum:"worked,backed_out,failed" help:"worked, backed_out or failed."`
		Text    []string `arg:"" optional:"" help:"How it went; what went wrong, when it did not work."`
	}
	changeCancel   struct{ changeWhy }
	changeCalendar struct {
		remote
		From    string `placeholder:"WHEN" help:"From when on; otherwise now."`
		To      string `placeholder:"WHEN" help:"Until when; otherwise two weeks later."`
		Service string `placeholder:"ID" help:"Of a service."`
	}
	changeEvents struct {
		remote
		Since   string `placeholder:"WHEN" help:"Since when, or within a span such as 24h; otherwise a week."`
		Service string `placeholder:"ID" help:"Of a service."`
		Limit   int64  `default:"50" help:"How many at most, to 200 (${default})."`
	}

	// aChange is what commands about a single change take.
	aChange struct {
		remote
		ID string `arg:"" help:"Change."`
	}
	changeWhy struct {
		aChange
		Why []string `arg:"" optional:"" help:"Reason, for the log."`
	}
	changeWord struct {
		changeWhy
		asRead
	}
	// asRead holds a word to what was read.
	asRead struct {
		Version int64 `placeholder:"N" help:"Only if it is still that version, as change show says it."`
	}
)

func (c *changeWhy) why() client.Why { return client.Why{Why: strings.Join(c.Why, " ")} }

func (c *changeWord) word() client.ChangeWordBody {
	return client.ChangeWordBody{Why: c.why().Why, Version: c.Version}
}

// verb does one thing to one change, and says how it stands then.
func (c *aChange) verb(do func(*client.Client, client.Option) (client.WholeChange, error)) error {
	return ask(&c.remote, do, func(w client.WholeChange, _ screen) error {
		_, err := fmt.Printf("%s: %s\n", w.State, line(w.Title))
		return err
	})
}

func (c *changeList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageChangeOf, error) {
		return a.GetChanges(ctx, client.GetChangesQuery{State: c.State, Service: c.Service, Open: !c.All && c.State == "", Limit: c.Limit, Cursor: c.Cursor}, keep)
	}, func(p client.PageChangeOf, s screen) error {
		err := table("ID\tSTATE\tCLASS\tSTARTS\tSERVICES\tOWNER\tTITLE", func(row func(...any)) {
			for _, x := range p.Items {
				row(x.ID, stateOf(x.State, x.Outcome), x.Class, s.clock(x.Starts), servicesOf(x.Services), x.Owner.ID, line(x.Title))
			}
		})
		if err == nil && p.Next != "" {
			_, err = fmt.Printf("\nThere are more: --cursor %s\n", p.Next)
		}
		return err
	})
}

func stateOf(state, outcome string) string {
	if outcome != "" {
		return state + ": " + outcome
	}
	return state
}

func servicesOf(all []client.ServiceRef) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.ID
	}
	return strings.Join(names, ",")
}

func (c *changeShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.GetChangesID(ctx, c.ID, keep)
	}, func(w client.WholeChange, s screen) error {
		say := func(what, text string) {
			if text != "" && text != "-" {
				fmt.Printf("%-10s %s\n", what, text)
			}
		}
		fmt.Printf("%s\n\n", line(w.Title))
		say("id", w.ID)
		say("state", stateOf(w.State, w.Outcome))
		say("version", strconv.FormatInt(w.Version, 10))
		say("class", w.Class)
		say("risk", w.Risk)
		say("services", servicesOf(w.Services))
		say("starts", s.clock(w.Starts))
		say("ends", s.clock(w.Ends))
		say("asked by", w.Person.ID)
		say("owner", w.Owner.ID)
		say("incident", w.Incident)
		say("plan", w.Plan)
		say("back out", w.BackOut)
		for _, x := range w.Approvals {
			who := x.How
			if x.Person != nil {
				who = x.Person.ID
			}
			say("approved", strings.TrimSuffix(who+": "+x.Why, ": "))
		}
		met(w.Conflicts, s)
		fmt.Println()
		for _, l := range w.History {
			fmt.Printf("%s  %-12s %s\n", s.at(&l.At), who(l.By), line(l.Text))
		}
		return nil
	})
}

// who is an actor without its sort.
func who(actor string) string {
	_, name, ok := strings.Cut(actor, ":")
	if !ok {
		return actor
	}
	return name
}

// met is what a change meets.
func met(all []client.Conflict, s screen) {
	for _, x := range all {
		what := "meets"
		if x.Stops {
			what = "refused"
		}
		fmt.Printf("%-10s %s %s, from %s: %s\n", what, x.Kind, line(x.Title), s.clock(x.From), x.Why)
	}
}

func (c *changeRequest) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	starts, err := s.moment("--starts", c.Starts, 1)
	if err != nil {
		return err
	}
	if starts.IsZero() {
		starts = s.now
	}
	length, err := time.ParseDuration(c.For)
	if err != nil {
		return fmt.Errorf("--for: %q is no span such as 90m", c.For)
	}
	ends := starts.Add(length)
	if !c.Yes {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (client.ChangePreview, error) {
			return a.PostChangesPreview(ctx, client.WantingChangeBody{Class: c.Class, Services: c.Service, Starts: starts, Ends: ends, Incident: c.Incident}, keep)
		}, func(p client.ChangePreview, s screen) error {
			met(p.Conflicts, s)
			switch {
			case p.Refused != "":
				fmt.Println("It would be refused.")
			case p.Granted != "" && len(c.Ask) == 0:
				fmt.Printf("You need not ask: %s.\n", p.Granted)
			case len(c.Ask) > 0:
				fmt.Printf("It would be asked of %s.\n", strings.Join(c.Ask, ", "))
			case p.Board != "":
				fmt.Printf("It would be asked of the board, policy %s.\n", p.Board)
			default:
				fmt.Println("No board is set up: name those who decide, with --ask.")
			}
			_, err := fmt.Println("Nothing was asked for: --yes does.")
			return err
		})
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChanges(ctx, client.ChangeBody{
			Title: strings.Join(c.Title, " "), Class: c.Class, Risk: c.Risk, Plan: c.Plan, BackOut: c.BackOut, Services: c.Service, Starts: starts, Ends: ends,
			Owner: c.Owner, Approvers: c.Ask, Incident: c.Incident, Override: c.Override,
		}, keep)
	}, func(w client.WholeChange, s screen) error {
		met(w.Conflicts, s)
		_, err := fmt.Printf("%s %s\n", w.ID, w.State)
		return err
	})
}

func (c *changeEdit) Run(ctx context.Context) error {
	body := client.AmendingChangeBody{
		Title: c.Title, Class: c.Class, Risk: c.Risk, Plan: c.Plan, BackOut: c.BackOut, Owner: c.Owner, Services: c.Service, Approvers: c.Ask, Board: c.Board,
	}
	if c.Starts != "" || c.For != "" {
		s, err := c.screen()
		if err != nil {
			return err
		}
		a, err := c.client()
		if err != nil {
			return err
		}
		is, err := a.GetChangesID(ctx, c.ID)
		if err != nil {
			return err
		}
		length := is.Ends.Sub(is.Starts)
		if c.Starts != "" {
			if is.Starts, err = s.moment("--starts", c.Starts, 1); err != nil {
				return err
			}
		}
		if c.For != "" {
			if length, err = time.ParseDuration(c.For); err != nil {
				return fmt.Errorf("--for: %q is no span such as 90m", c.For)
			}
		}
		ends := is.Starts.Add(length)
		body.Starts, body.Ends = &is.Starts, &ends
	}
	if reflect.DeepEqual(body, client.AmendingChangeBody{}) {
		return errors.New("say what is to be different, such as --plan or --starts")
	}
	body.Version = c.Version
	return c.verb(func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChangesID(ctx, c.ID, body, keep)
	})
}

func (c *changeApprove) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChangesIDApprove(ctx, c.ID, c.word(), keep)
	})
}

func (c *changeDeny) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChangesIDDeny(ctx, c.ID, c.word(), keep)
	})
}

func (c *changeStart) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChangesIDStart(ctx, c.ID, client.Why{}, keep)
	})
}

func (c *changeDone) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChangesIDDone(ctx, c.ID, client.ChangeEndingBody{Outcome: c.Outcome, Text: strings.Join(c.Text, " ")}, keep)
	})
}

func (c *changeCancel) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.WholeChange, error) {
		return a.PostChangesIDCancel(ctx, c.ID, c.why(), keep)
	})
}

func (c *changeCalendar) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, err := s.moment("--from", c.From, 1)
	if err != nil {
		return err
	}
	to, err := s.moment("--to", c.To, 1)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.ChangeCalendar, error) {
		return a.GetChangesCalendar(ctx, client.GetChangesCalendarQuery{From: from, To: to, Service: c.Service}, keep)
	}, func(p client.ChangeCalendar, s screen) error {
		return table("FROM\tTO\tWHAT\tSERVICES\tTITLE", func(row func(...any)) {
			for _, f := range p.Freezes {
				row(s.clock(f.From), s.clock(f.To), "freeze", orDash(strings.Join(f.Services, ",")), line(f.Name))
			}
			for _, w := range p.Windows {
				row(s.clock(w.From), s.clock(w.To), "maintenance", orDash(strings.Join(w.Services, ",")), line(w.Name))
			}
			for _, x := range p.Changes {
				row(s.clock(x.Starts), s.clock(x.Ends), x.Class+", "+stateOf(x.State, x.Outcome), servicesOf(x.Services), line(x.Title))
			}
		})
	})
}

func (c *changeEvents) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	since, err := s.moment("--since", c.Since, -1)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageChangeEventOf, error) {
		return a.GetChangeEvents(ctx, client.GetChangeEventsQuery{From: since, Service: c.Service, Limit: c.Limit}, keep)
	}, func(p client.PageChangeEventOf, s screen) error {
		return table("AT\tSERVICE\tKIND\tBY\tTITLE", func(row func(...any)) {
			for _, e := range p.Items {
				row(s.at(&e.At), e.Service, e.Kind, orDash(e.By), line(e.Title))
			}
		})
	})
}

// Changes and an incident: which may have caused it, and how to go before the rules.
type (
	incidentSuspects struct{ one }
	incidentOverride struct {
		one
		Reason  []string `arg:"" help:"Why it cannot wait; others will read it."`
		For     string   `placeholder:"SPAN" help:"How long, such as 1h; otherwise as long as it may."`
		Service []string `placeholder:"ID" help:"What may be changed; otherwise the service of the incident; may be repeated."`
	}
	incidentOverrides struct{ one }
	incidentReview    struct {
		one
		Override int      `arg:"" help:"Number of the override."`
		Text     []string `arg:"" help:"What you found."`
		Wrong    bool     `help:"It was not right."`
	}
)

func (c *incidentSuspects) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageSuspectOf, error) {
		return a.GetIncidentsIDSuspects(ctx, c.ID, keep)
	}, func(p client.PageSuspectOf, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("Nothing near it was changed in the day before.")
			return err
		}
		return table("SCORE\tAT\tKIND\tTITLE\tWHY", func(row func(...any)) {
			for _, x := range p.Items {
				row(x.Score, s.at(&x.At), x.Kind, line(x.Title), strings.Join(x.Why, ", "))
			}
		})
	})
}

func overridden(p client.PageOverrideOf, s screen) error {
	if len(p.Items) == 0 {
		_, err := fmt.Println("There is no override.")
		return err
	}
	return table("OVERRIDE\tBY\tUNTIL\tREVIEWED\tREASON", func(row func(...any)) {
		for _, o := range p.Items {
			reviewed := "-"
			if o.ReviewedBy != nil {
				reviewed = o.ReviewedBy.ID
			}
			row(o.ID, o.Person.ID, s.clock(o.Until), reviewed, line(o.Reason))
		}
	})
}

func (c *incidentOverride) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageOverrideOf, error) {
		return a.PostIncidentsIDOverrides(ctx, c.ID, client.GoingBeforeBody{Reason: strings.Join(c.Reason, " "), For: c.For, Services: c.Service}, keep)
	}, overridden)
}

func (c *incidentOverrides) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageOverrideOf, error) {
		return a.GetIncidentsIDOverrides(ctx, c.ID, keep)
	}, overridden)
}

func (c *incidentReview) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageOverrideOf, error) {
		return a.PostIncidentsIDOverridesOverrideReview(ctx, c.ID, strconv.Itoa(c.Override), client.ReviewingBody{Right: !c.Wrong, Text: strings.Join(c.Text, " ")}, keep)
	}, overridden)
}

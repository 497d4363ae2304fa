package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tocsin/internal/client"
)

type incidentCommands struct {
	List     incidentList     `cmd:"" help:"List incidents that are open, newest first."`
	Show     incidentShow     `cmd:"" help:"Show an incident and all that happened."`
	Timeline incidentTimeline `cmd:"" help:"Print all that happened, oldest first."`
	Open     incidentOpen     `cmd:"" help:"Open an incident by hand."`
	Ack      incidentAck      `cmd:"" help:"Say that you have them."`
	Unack    incidentUnack    `cmd:"" help:"Give them back: the climb starts over."`
	Resolve  incidentResolve  `cmd:"" help:"Say that they are over."`
	Reopen   incidentReopen   `cmd:"" help:"Say that they were not over."`
	Snooze   incidentSnooze   `cmd:"" help:"Keep them quiet until a moment."`
	Note     incidentNote     `cmd:"" help:"Write a note."`
	Escalate incidentEscalate `cmd:"" help:"Call the next level now."`
	Reassign incidentReassign `cmd:"" help:"Give them to somebody else."`
	Add      incidentAdd      `cmd:"" help:"Call more people."`
	Severity incidentSeverity `cmd:"" help:"Change severity or priority."`
	Role     incidentRole     `cmd:"" help:"Give a role to somebody, or to nobody."`
	Join     incidentJoin     `cmd:"" help:"Say that you take part."`
	Leave    incidentLeave    `cmd:"" help:"Say that you do not any longer."`
	Tasks    incidentTasks    `cmd:"" help:"List the tasks of an incident."`
	Task     incidentTask     `cmd:"" help:"Add something to be done."`
	Done     incidentDone     `cmd:"" help:"Say that a task is done."`
	Drop     incidentDrop     `cmd:"" help:"Say that a task need not be done."`
	Link     incidentLink     `cmd:"" help:"Add a place where the work goes on."`
	Updates  incidentUpdates  `cmd:"" help:"Show what those concerned were told, and when the next update is due."`
	Draft    incidentDraft    `cmd:"" help:"Print an update as the log would have it."`
	Tell     incidentTell     `cmd:"" help:"Tell those concerned how it stands."`
	Withdraw incidentWithdraw `cmd:"" help:"Take back an update: its text is gone for good."`
	Reports  incidentReports  `cmd:"" help:"Show what people reported by a form."`
	Reply    incidentReply    `cmd:"" help:"Answer who reported it."`

	Checklist incidentChecklist `cmd:"" help:"Add a checklist, or list those that there are."`
	Stage     incidentStage     `cmd:"" help:"Say which stage the recovery is in."`
	Confirm   incidentConfirm   `cmd:"" help:"Confirm that a stage has done what it should."`
	Cause     incidentCause     `cmd:"" help:"Say what it was."`
	Handover  incidentHandover  `cmd:"" help:"Hand it over: they have it once they answer."`
	Merge     incidentMerge     `cmd:"" help:"Make it one with another incident, which goes on."`
	Part      incidentPart      `cmd:"" help:"Make another incident of some of its alerts."`
	Related   incidentRelated   `cmd:"" help:"List incidents like it, with what ended them."`

	Suspects  incidentSuspects  `cmd:"" help:"List changes that may have caused it."`
	Override  incidentOverride  `cmd:"" help:"Go before approval and freezes in an emergency: the board is called."`
	Overrides incidentOverrides `cmd:"" help:"List its emergency overrides."`
	Review    incidentReview    `cmd:"" help:"Say what you think of another's emergency override."`
}

type incidentList struct {
	remote
	Words    []string `arg:"" optional:"" help:"Words that must begin words of the title."`
	All      bool     `help:"Also those that are over."`
	Status   []string `placeholder:"STATUS" help:"Any of these: triggered, acknowledged, snoozed, resolved, closed."`
	Service  string   `placeholder:"ID" help:"Of a service."`
	Team     string   `placeholder:"ID" help:"Of a team."`
	Person   string   `placeholder:"ID" help:"That somebody has, or had at the end."`
	Severity string   `enum:",SEV1,SEV2,SEV3,SEV4,SEV5" default:"" placeholder:"SEVn" help:"SEV1 to SEV5."`
	Priority string   `enum:",high,low" default:"" placeholder:"LANE" help:"high or low."`
	Since    string   `placeholder:"WHEN" help:"Opened at or after a moment, or within a span such as 24h."`
	Limit    int64    `default:"50" help:"How many at most, to 200 (${default})."`
	Cursor   string   `placeholder:"TEXT" help:"Go on where a list ended."`
}

func (c *incidentList) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	since, err := s.moment("--since", c.Since, -1)
	if err != nil {
		return err
	}
	query := client.GetIncidentsQuery{
		Status: c.Status, Open: !c.All && len(c.Status) == 0, Service: c.Service, Team: c.Team, Person: c.Person, Severity: c.Severity, Priority: c.Priority,
		Q: strings.Join(c.Words, " "), OpenedAfter: since, Limit: c.Limit, Cursor: c.Cursor,
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageIncident, error) {
		p, err := a.GetIncidents(ctx, query, keep)
		for err == nil && !c.JSON && p.Next != "" && int64(len(p.Items)) < c.Limit { // a page may be short, and not the end
			had := p.Items
			query.Cursor, query.Limit = p.Next, c.Limit-int64(len(had))
			p, err = a.GetIncidents(ctx, query)
			p.Items = append(had, p.Items...)
		}
		return p, err
	}, func(p client.PageIncident, s screen) error {
		err := table("ID\tSEVERITY\tSTATUS\tAGE\tOWNER\tSERVICE\tTITLE", func(row func(...any)) {
			for _, i := range p.Items {
				row(i.ID, orDash(i.Severity), i.Status, s.age(i.OpenedAt), orDash(i.Owner), orDash(i.Service), line(i.Title))
			}
		})
		if err == nil && p.Next != "" {
			_, err = fmt.Printf("\nThere are more: --cursor %s\n", p.Next)
		}
		return err
	})
}

type incidentShow struct {
	remote
	ID string `arg:"" help:"Incident."`
}

func (c *incidentShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeIncident, error) {
		return a.GetIncidentsID(ctx, c.ID, keep)
	}, func(i client.WholeIncident, s screen) error {
		a, err := c.client()
		if err != nil {
			return err
		}
		lines, err := a.GetIncidentsIDTimeline(ctx, c.ID)
		if err != nil {
			return err
		}
		fmt.Print(described(i, s))
		return timeline(lines, s)
	})
}

// described is an incident for a person.
func described(i client.WholeIncident, s screen) string {
	var b strings.Builder
	say := func(what, text string) {
		if text != "" && text != "-" {
			fmt.Fprintf(&b, "%-*s %s\n", max(10, len(what)), what, text)
		}
	}
	fmt.Fprintf(&b, "%s\n\n", line(i.Title))
	say("id", i.ID)
	say("status", strings.TrimSpace(i.Status+" "+held(i.Held)))
	say("severity", i.Severity)
	say("priority", i.Priority)
	say("service", i.Service)
	say("team", i.Team)
	say("opened", s.ago(i.OpenedAt))
	say("owner", i.Owner)
	say("answered", s.ago(i.OwnedAt))
	say("expires", s.ago(i.AckUntil))
	say("snoozed", s.ago(i.SnoozeUntil))
	say("resolved", s.ago(i.ResolvedAt))
	say("called", line(strings.Join(i.Called, ", ")))
	say("alerts", fmt.Sprint(i.Alerts))
	say("nobody is", strings.Join(slices.DeleteFunc(i.Roles, func(r string) bool {
		return slices.ContainsFunc(i.Work.Roles, func(had client.RoleOf) bool { return had.Role == r })
	}), ", "))
	for _, climb := range i.Climbs {
		if i.ResolvedAt != nil {
			climb.Next = nil // what was planned is not done any more
		}
		say("climb", climbed(climb, s))
	}
	atWork(i.Work, say)
	back(i, s, say)
	b.WriteByte('\n')
	return b.String()
}

func held(why string) string {
	if why == "" {
		return ""
	}
	return "(held: " + line(why) + ")"
}

// climbed is how a climb stands.
func climbed(c client.Climb, s screen) string {
	text := cmp.Or(c.Policy, strings.Join(c.Targets, ", "))
	if c.Level > 0 {
		text += fmt.Sprintf(", round %d, level %d", c.Round, c.Level)
	}
	switch {
	case c.Settled != "":
		return text + ": " + c.Settled
	case c.Next != nil:
		return text + "; goes on " + s.ago(c.Next)
	}
	return text
}

type incidentTimeline struct {
	remote
	ID string `arg:"" help:"Incident."`
}

func (c *incidentTimeline) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageLine, error) {
		return a.GetIncidentsIDTimeline(ctx, c.ID, keep)
	}, timeline)
}

func timeline(p client.PageLine, s screen) error {
	return table("", func(row func(...any)) {
		for _, l := range p.Items {
			row(s.at(&l.At), orDash(strings.TrimPrefix(l.By, "person:")), line(l.Text))
		}
	})
}

type incidentOpen struct {
	remote
	Service  string   `arg:"" help:"Id of the service."`
	Title    []string `arg:"" help:"What is wrong."`
	Text     string   `placeholder:"TEXT" help:"More about it: its first note."`
	Severity string   `enum:"SEV1,SEV2,SEV3,SEV4,SEV5" default:"SEV3" placeholder:"SEVn" help:"SEV1 to SEV5 (${default})."`
	Priority string   `enum:",high,low" default:"" placeholder:"LANE" help:"high or low; without it, it follows from the severity."`
}

func (c *incidentOpen) Run(ctx context.Context) error {
	body := client.OpeningBody{Service: c.Service, Title: strings.Join(c.Title, " "), Text: c.Text, Severity: c.Severity, Priority: c.Priority}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.WholeIncident, error) {
		return a.PostIncidents(ctx, body, keep)
	}, func(i client.WholeIncident, _ screen) error {
		_, err := fmt.Println(i.ID)
		return err
	})
}

// some is which incidents a verb is about.
type some struct {
	remote
	IDs []string `arg:"" name:"id" help:"Incidents."`
}

type reasoned struct {
	some
	Why string `placeholder:"TEXT" help:"Reason, for the log."`
}

type (
	incidentAck      struct{ some }
	incidentUnack    struct{ reasoned }
	incidentResolve  struct{ reasoned }
	incidentReopen   struct{ reasoned }
	incidentEscalate struct{ reasoned }
	incidentSnooze   struct {
		some
		For   time.Duration `xor:"until" required:"" placeholder:"SPAN" help:"How long, such as 1h30m."`
		Until string        `xor:"until" required:"" placeholder:"WHEN" help:"Until when, such as 2026-11-25T08:00."`
	}
	incidentReassign struct {
		reasoned
		To string `required:"" placeholder:"TARGET" help:"person:jane, schedule:primary, team:dba or policy:managers."`
	}
	incidentSeverity struct {
		some
		Severity string `enum:",SEV1,SEV2,SEV3,SEV4,SEV5" default:"" placeholder:"SEVn" help:"SEV1 to SEV5."`
		Priority string `enum:",high,low" default:"" placeholder:"LANE" help:"high or low."`
		Why      string `required:"" placeholder:"TEXT" help:"Reason, for the log."`
	}
	incidentNote struct {
		remote
		ID   string   `arg:"" help:"Incident."`
		Text []string `arg:"" help:"Text; - reads it from standard input."`
	}
	incidentAdd struct {
		remote
		ID      string   `arg:"" help:"Incident."`
		Targets []string `arg:"" name:"target" help:"person:jane, schedule:primary, team:dba or email:reports@example.org."`
		Why     string   `placeholder:"TEXT" help:"Reason, for the log."`
	}
)

func (c *incidentAck) Run(ctx context.Context) error {
	return c.do(ctx, client.Bulk{Verb: "acknowledge"})
}

func (c *incidentUnack) Run(ctx context.Context) error {
	return c.do(ctx, client.Bulk{Verb: "unacknowledge", Why: c.Why})
}

func (c *incidentResolve) Run(ctx context.Context) error {
	return c.do(ctx, client.Bulk{Verb: "resolve", Why: c.Why})
}

func (c *incidentReopen) Run(ctx context.Context) error {
	return c.do(ctx, client.Bulk{Verb: "reopen", Why: c.Why})
}

func (c *incidentEscalate) Run(ctx context.Context) error {
	return c.do(ctx, client.Bulk{Verb: "escalate", Why: c.Why})
}

func (c *incidentSnooze) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	until, err := s.moment("--until", c.Until, 1)
	if err != nil {
		return err
	}
	if c.Until == "" {
		until = s.now.Add(c.For)
	}
	return c.do(ctx, client.Bulk{Verb: "snooze", Until: &until})
}

func (c *incidentReassign) Run(ctx context.Context) error {
	return c.do(ctx, client.Bulk{Verb: "reassign", To: c.To, Why: c.Why})
}

func (c *incidentSeverity) Run(ctx context.Context) error {
	if c.Severity == "" && c.Priority == "" {
		return wrongUse("say --severity, --priority or both")
	}
	return c.do(ctx, client.Bulk{Verb: "severity", Severity: c.Severity, Priority: c.Priority, Why: c.Why})
}

const atOnce = 200 // incidents that the API takes in one bulk

// do does one thing to all of them. What was done is told on standard output, and what
// was refused is the error, whose code is that of the first refusal.
func (c *some) do(ctx context.Context, b client.Bulk) error {
	var refused []client.BulkResult
	for first := 0; first < len(c.IDs); first += atOnce {
		b.IDs = c.IDs[first:min(first+atOnce, len(c.IDs))]
		err := ask(&c.remote, func(a *client.Client, keep client.Option) (client.BulkDoneBody, error) {
			done, err := a.PostIncidentsBulk(ctx, b, keep)
			for _, r := range done.Results {
				if r.Status != 200 {
					refused = append(refused, r)
				}
			}
			return done, err
		}, c.tell)
		if err != nil {
			return err
		}
	}
	if len(refused) == 0 {
		return nil
	}
	lines := make([]string, len(refused))
	for n, r := range refused {
		lines[n] = line(r.ID) + ": " + line(r.Said)
	}
	return failure{codeOf(int(refused[0].Status)), strings.Join(lines, "\n")}
}

func (c *some) tell(done client.BulkDoneBody, _ screen) error {
	for _, r := range done.Results {
		if r.Status != 200 {
			continue
		}
		text := line(r.Said)
		if len(c.IDs) > 1 {
			text = r.ID + ": " + text
		}
		if _, err := fmt.Println(text); err != nil {
			return err
		}
	}
	return nil
}

func (c *incidentNote) Run(ctx context.Context) error {
	text := strings.Join(c.Text, " ")
	if text == "-" {
		all, err := read(os.Stdin, "standard input")
		if err != nil {
			return err
		}
		text = string(all)
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDNotes(ctx, c.ID, client.NotingBody{Text: text}, keep)
	}, said)
}

func (c *incidentAdd) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDResponders(ctx, c.ID, client.AddingBody{Targets: c.Targets, Why: c.Why}, keep)
	}, said)
}

func said(s client.Said, _ screen) error {
	_, err := fmt.Println(line(s.Said))
	return err
}

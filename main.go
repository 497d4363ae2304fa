// Command tocsin is the whole product in one binary: the server, and the commands that
// set it up and look into it. README.md says how to begin.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"tocsin/internal/app"
	"tocsin/internal/config"
	"tocsin/internal/sim"
	"tocsin/org"
)

// version is set at release with -ldflags "-X main.version=1.2.3".
var version = "dev"

type commands struct {
	Serve       serve               `cmd:"" help:"Run the server."`
	Demo        demo                `cmd:"" help:"Show a company with a history, and an incident that unfolds."`
	Login       login               `cmd:"" help:"Keep the address of a server, and the token of an API key."`
	Incidents   incidentCommands    `cmd:"" help:"Incidents, and what people do about them."`
	Change      changeCommands      `cmd:"" help:"Changes: asked for, approved, made."`
	Silence     silenceCommands     `cmd:"" help:"Silences: what is not to call people for a while."`
	Oncall      oncallCommands      `cmd:"" help:"Who is on call."`
	Follow      followCommands      `cmd:"" help:"Who hears of a service's updates."`
	Notice      noticeCommands      `cmd:"" help:"What a status page says without an incident."`
	Runbook     runbookCommands     `cmd:"" help:"Runbooks: what to do at night, worked out by day."`
	Review      reviewCommands      `cmd:"" help:"Retrospectives, and the end of incidents."`
	Action      actionCommands      `cmd:"" help:"What is done so that incidents do not come again."`
	Lesson      lessonCommands      `cmd:"" help:"What was learned of incidents."`
	Drill       drillCommands       `cmd:"" help:"Practice: made-up incidents that count in no statistic."`
	Call        callCommands        `cmd:"" help:"Pages to people by hand."`
	Messages    messageCommands     `cmd:"" help:"What people say to each other: in the rooms of incidents, directly, in groups."`
	Channel     channelCommands     `cmd:"" help:"Providers through which people are reached."`
	Integration integrationCommands `cmd:"" help:"Senders, and their keys."`
	Apply       applyFile           `cmd:"" help:"Bring the configuration to what a set-up file says."`
	Plan        planFile            `cmd:"" help:"Say what apply would change."`
	Export      exportFile          `cmd:"" help:"Print the configuration as a set-up file."`
	Report      reportCommands      `cmd:"" help:"What incidents came to, and what being called came to for people."`
	Noise       noiseCommand        `cmd:"" help:"Say what alerts cost people, and what was for nothing."`
	Lint        lintCommand         `cmd:"" help:"Say where a milder severity is noisier than a worse one."`
	Replay      replayFile          `cmd:"" help:"Say what would have paged by a set-up file, over the events that are kept."`
	Import      importCommands      `cmd:"" help:"Take over the configuration of another product."`
	User        userCommands        `cmd:"" help:"People and how they sign in."`
	Key         keyCommands         `cmd:"" help:"API keys."`
	Ticket      ticketCommands      `cmd:"" help:"Tickets that others have of incidents, in their systems."`
	Webhook     webhook             `cmd:"" help:"Look into what webhooks were told, and tell them again."`
	Verify      verify              `cmd:"" help:"Follow the hash chains of the configuration and of every log."`
	Night       night               `cmd:"" help:"Play a night: a script in, a transcript out."`
	Mockworld   mock                `cmd:"" help:"Stand in for the providers, to try channels out."`
	Migrate     migrate             `cmd:"" help:"Bring the database's schema up to date, and exit."`
	Completion  completion          `cmd:"" help:"Print what makes a shell complete commands."`
	Version     about               `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	var c commands
	k := kong.Must(&c, kong.Name("tocsin"),
		kong.Description("Incident alerting, on-call and escalation, self-hosted."),
		kong.UsageOnError(), kong.Exit(leave), kong.Configuration(config.File), kong.BindTo(ctx, (*context.Context)(nil)))
	run, err := k.Parse(os.Args[1:])
	k.FatalIfErrorf(err)
	if err := run.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "tocsin:", err)
		os.Exit(exitCode(err))
	}
}

// leave ends the process for the parser, which has a code of its own for wrong use.
func leave(code int) {
	if code == 80 {
		code = codeMisuse
	}
	os.Exit(code)
}

type serve struct{ config.Server }

func (c *serve) Run(ctx context.Context) error {
	return app.Serve(ctx, c.Server, c.Logger(os.Stderr), version, func(s *app.Server) {
		if s.SetUp != "" { // not logged: who has it becomes admin
			fmt.Printf("Nobody can sign in yet. Make the first admin here, once, within a day:\n\n  %s\n\n", s.SetUp)
		}
	})
}

type demo struct {
	Listen string        `default:"127.0.0.1:8080" env:"TOCSIN_LISTEN" placeholder:"HOST:PORT" help:"Address to serve HTTP on (${default})."`
	Data   string        `placeholder:"DIR" help:"Keep everything in this directory; without it, nothing is left behind."`
	Seed   uint64        `default:"1" help:"Another history for another number (${default})."`
	Pace   time.Duration `default:"5s" help:"Beat of the incident that unfolds; after four of them the second level is called (${default})."`
}

func (c *demo) Run(ctx context.Context) error {
	if c.Pace < 100*time.Millisecond || c.Pace > time.Hour {
		return fmt.Errorf("--pace: %v is not between 100ms and 1h", c.Pace)
	}
	o := config.Server{Installation: config.Installation{Listen: c.Listen, Data: c.Data}}
	return (&sim.Demo{Options: o, Seed: c.Seed, Pace: c.Pace, Version: version, Out: os.Stdout}).Run(ctx)
}

type night struct {
	File     string `arg:"" type:"existingfile" help:"Script of the night (docs/nights.md)."`
	Update   bool   `help:"Write what happened into the file; read the difference before you keep it."`
	Database string `placeholder:"URL" help:"PostgreSQL to play it on; without it, a SQLite file that is thrown away."`
}

func (c *night) Run(ctx context.Context) error {
	script, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	got, err := sim.Play(ctx, string(script), sim.Options{URL: c.Database})
	if err != nil {
		return err
	}
	if got == string(script) {
		fmt.Print(got)
		return nil
	}
	fmt.Print(sim.Diff(string(script), got))
	if c.Update {
		return errors.Join(os.WriteFile(c.File, []byte(got), 0o644), errors.New("the night went otherwise; the file now says how"))
	}
	return errors.New("the night went otherwise")
}

type webhook struct {
	Log    webhookLog    `cmd:"" help:"Print the last deliveries of a webhook, newest first."`
	Replay webhookReplay `cmd:"" help:"Send deliveries again."`
}

type webhookLog struct {
	config.Installation
	Webhook org.WebhookID `arg:"" help:"Id of the webhook."`
	Limit   int           `default:"50" help:"How many (${default})."`
}

func (c *webhookLog) Run(ctx context.Context) error {
	st, _, err := app.OpenStore(ctx, c.Installation)
	if err != nil {
		return err
	}
	defer st.Close()
	return app.WebhookLog(ctx, st, c.Webhook, c.Limit, os.Stdout)
}

type webhookReplay struct {
	config.Installation
	Webhook  org.WebhookID `arg:"" help:"Id of the webhook."`
	Since    time.Time     `xor:"which" required:"" placeholder:"TIME" help:"Everything that it wants since then, such as 2026-11-25T00:00:00Z."`
	Delivery string        `xor:"which" required:"" placeholder:"ID" help:"One delivery."`
}

func (c *webhookReplay) Run(ctx context.Context) error {
	st, _, err := app.OpenStore(ctx, c.Installation)
	if err != nil {
		return err
	}
	defer st.Close()
	return app.Replay(ctx, st, c.Webhook, c.Delivery, c.Since, time.Now().UTC().Truncate(time.Microsecond))
}

type migrate struct{ config.Installation }

func (c *migrate) Run(ctx context.Context) error {
	st, _, err := app.OpenStore(ctx, c.Installation) // opening migrates
	if err != nil {
		return err
	}
	fmt.Println("the schema is up to date:", st.Dialect())
	return st.Close()
}

type about struct{}

func (about) Run() error {
	fmt.Println("tocsin", version, revision(), "zones", org.ZoneVersion)
	return nil
}

// revision is the commit the binary was built from, where Go recorded it.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(len(s.Value), 12)]
			}
		}
	}
	return "unknown revision"
}

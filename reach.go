package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"tocsin/internal/client"
	"tocsin/internal/sim/mockworld"
)

type callCommands struct {
	Send callSend `cmd:"" help:"Send a message to people by hand, with answers to choose from."`
	List callList `cmd:"" help:"List messages that were sent by hand, newest first."`
	Show callShow `cmd:"" help:"Show who received, read and answered one."`
	End  callEnd  `cmd:"" help:"End one: nobody is called for it any longer."`
}

type callSend struct {
	remote
	Title    []string `arg:"" optional:"" help:"What it says."`
	To       []string `placeholder:"TARGET" help:"Whom: person:jane, team:dba, schedule:primary, or service:db for whoever is on call for it."`
	Everyone bool     `help:"Everybody."`
	Text     string   `placeholder:"TEXT" help:"More to say."`
	Message  string   `placeholder:"ID" help:"A predefined message of the settings."`
	Choice   []string `placeholder:"TEXT" sep:"none" help:"An answer to choose; with a + before it, a positive one."`
	Low      bool     `help:"At low priority."`
	Expires  string   `placeholder:"SPAN" help:"How long it waits for answers, such as 30m."`
	Enough   int64    `placeholder:"N" help:"It ends after so many positive answers."`
}

func (c *callSend) Run(ctx context.Context) error {
	body := client.CallSendingBody{
		Title: strings.Join(c.Title, " "), Targets: c.To, Everyone: c.Everyone, Text: c.Text, Message: c.Message, Expires: c.Expires, Enough: c.Enough, Priority: "high",
	}
	if c.Low {
		body.Priority = "low"
	}
	for _, text := range c.Choice {
		plain, positive := strings.CutPrefix(text, "+")
		body.Choices = append(body.Choices, client.Choice{Text: plain, Positive: positive})
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Call, error) {
		return a.PostCalls(ctx, body, keep)
	}, func(v client.Call, _ screen) error {
		_, err := fmt.Println(v.ID)
		return err
	})
}

type callList struct {
	remote
	Limit  int64  `default:"50" help:"How many at most, to 200 (${default})."`
	Cursor string `placeholder:"TEXT" help:"Go on where a list ended."`
}

func (c *callList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageCall, error) {
		return a.GetCalls(ctx, client.GetCallsQuery{Limit: c.Limit, Cursor: c.Cursor}, keep)
	}, func(p client.PageCall, s screen) error {
		err := table("ID\tPRIORITY\tOPEN\tAGE\tTITLE", func(row func(...any)) {
			for _, v := range p.Items {
				row(v.ID, v.Priority, yes(v.Open), s.age(&v.At), line(v.Title))
			}
		})
		if err == nil && p.Next != "" {
			_, err = fmt.Printf("\nThere are more: --cursor %s\n", p.Next)
		}
		return err
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type callShow struct {
	remote
	ID string `arg:"" help:"Call."`
}

func (c *callShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Call, error) {
		return a.GetCallsID(ctx, c.ID, keep)
	}, showCall)
}

func showCall(v client.Call, s screen) error {
	fmt.Printf("%s\n\n", line(v.Title))
	state := "open"
	if !v.Open {
		state = cmp.Or("over: "+v.Why, "over")
	}
	fmt.Printf("%-10s %s\n%-10s %d", "state", line(state), "positive", v.Positive)
	if v.Enough > 0 {
		fmt.Printf(" of %d", v.Enough)
	}
	fmt.Print("\n\n")
	return table("PERSON\tSTATE\tSINCE\tANSWER", func(row func(...any)) {
		for _, r := range v.Receivers {
			at := "-"
			if r.At != nil {
				at = s.age(r.At)
			}
			row(r.Person, r.State, at, orDash(line(r.Answer)))
		}
	})
}

type callEnd struct {
	remote
	ID string `arg:"" help:"Call."`
}

func (c *callEnd) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Call, error) {
		return a.PostCallsIDEnd(ctx, c.ID, keep)
	}, showCall)
}

type channelCommands struct {
	List  channelList  `cmd:"" help:"List providers and how they do."`
	Kinds channelKinds `cmd:"" help:"List the kinds of channel there are, and what each must be told."`
	Test  channelTest  `cmd:"" help:"Send a test through a provider, and show what it says."`
	Card  channelCard  `cmd:"" help:"Print a vCard of the numbers from which pages come."`
	Ready channelReady `cmd:"" help:"Say of each member of a team whether they can be reached now."`
}

type channelList struct{ remote }

func (c *channelList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageChannelHealth, error) {
		return a.GetChannelHealth(ctx, keep)
	}, func(p client.PageChannelHealth, s screen) error {
		return table("CHANNEL\tPROVIDER\tSTATE\tLAST TROUBLE\tDOOR", func(row func(...any)) {
			for _, h := range p.Items {
				state, trouble := "well", "-"
				if h.Ailing {
					state = "ailing"
				}
				if h.At != nil {
					trouble = s.age(h.At) + " ago: " + line(h.Why)
				}
				row(h.Channel, h.ID, state, trouble, orDash(cmp.Or(h.Replies, h.Door)))
			}
		})
	})
}

type channelKinds struct{ remote }

func (c *channelKinds) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageChannelKind, error) {
		return a.GetChannelKinds(ctx, keep)
	}, func(p client.PageChannelKind, _ screen) error {
		for _, k := range p.Items {
			fmt.Printf("%s (%s): %s\n", k.Kind, k.Channel, k.Title)
			for _, v := range k.Settings {
				needed := ""
				if v.Needed {
					needed = " (needed)"
				}
				fmt.Printf("    %-12s %s%s\n", v.Name, v.Help, needed)
			}
		}
		return nil
	})
}

type channelTest struct {
	remote
	ID string `arg:"" help:"Provider."`
	To string `required:"" placeholder:"ADDRESS" help:"Where to: your own address on the channel."`
}

func (c *channelTest) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.ChannelTest, error) {
		return a.PostChannelsIDTest(ctx, c.ID, client.ChannelTestingBody{To: c.To}, keep)
	}, func(t client.ChannelTest, _ screen) error {
		if !t.Ok {
			return failure{codeFailed, t.Error}
		}
		_, err := fmt.Printf("It was taken within %d ms. Look whether it arrives.\n", t.TookMs)
		return err
	})
}

type channelCard struct{ remote }

func (c *channelCard) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	card, err := a.GetSenderCard(ctx)
	if err == nil {
		_, err = fmt.Print(card.Vcard)
	}
	return err
}

type channelReady struct {
	remote
	Team string `arg:"" help:"Team."`
}

// tested is what came of a test page before a shift.
func tested(t *client.MemberTest) string {
	if t == nil {
		return "-"
	}
	return t.State + " " + t.At.Local().Format("2 Jan 15:04")
}

func (c *channelReady) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageMemberReadiness, error) {
		return a.GetTeamsIDReadiness(ctx, c.Team, keep)
	}, func(p client.PageMemberReadiness, _ screen) error {
		return table("PERSON\tREADY\tCHANNELS\tTEST PAGE\tTO REPAIR", func(row func(...any)) {
			for _, m := range p.Items {
				row(m.Person, yes(m.Ready), orDash(strings.Join(m.Channels, ", ")), tested(m.Test), orDash(line(strings.Join(m.Problems, "; "))))
			}
		})
	})
}

// mock stands in for the providers, so that channels can be tried out without accounts.
type mock struct {
	Listen string `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where it listens (${default})."`
}

func (m *mock) Run(ctx context.Context) error {
	world := mockworld.New()
	world.By = &http.Client{Timeout: 10 * time.Second}
	defer world.Close()
	mux := http.NewServeMux()
	mux.Handle("/", world)
	mux.Handle("/control/", http.StripPrefix("/control", world.Control()))
	server := &http.Server{Addr: m.Listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	fmt.Fprintf(os.Stderr, "Providers stand at http://%s/twilio, /vonage, /slack, ...\nPOST /control/twilio/failing lets one fail, /control/twilio/ok be well; GET /control/twilio shows what it was sent.\n", m.Listen)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

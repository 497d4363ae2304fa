package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/internal/client"
)

// What people say to each other: in the room of an incident, by its id, or in a
// conversation of its own, by that one's.
type messageCommands struct {
	List   messageList   `cmd:"" help:"List your conversations, and the rooms that you follow."`
	Show   messageShow   `cmd:"" help:"Print the last messages of a conversation."`
	Send   messageSend   `cmd:"" help:"Say something in a conversation, with files if you like."`
	Start  messageStart  `cmd:"" help:"Begin a conversation with somebody, or a group."`
	Search messageSearch `cmd:"" help:"Look for words in all that you may read."`
	Redact messageRedact `cmd:"" help:"Take away what a message says, for good."`
	Export messageExport `cmd:"" help:"Write a conversation with its files into a zip."`
	File   messageFile   `cmd:"" help:"Save an attached file."`
}

type (
	messageList struct {
		remote
		Unread bool `help:"Only those in which you have not read all."`
	}
	messageShow struct {
		talk
		Last int `default:"30" help:"How many (${default})."`
	}
	messageSend struct {
		talk
		Text  []string `arg:"" optional:"" help:"What to say, in Markdown; @omar is told of it."`
		File  []string `type:"existingfile" placeholder:"FILE" help:"Attach a file of at most 25 MB; may be repeated."`
		Reply int      `placeholder:"NUMBER" help:"The message that it answers."`
	}
	messageStart struct {
		remote
		People []string `arg:"" help:"Ids of people, beside yourself."`
		Title  string   `placeholder:"TEXT" help:"Title of a group."`
	}
	messageSearch struct {
		remote
		Words []string `arg:"" help:"Words that must all be there."`
		In    string   `placeholder:"ID" help:"Only in this conversation, or the room of this incident."`
		Kind  string   `enum:",room,direct,group" default:"" placeholder:"KIND" help:"Only in rooms, in conversations of two, or in groups: room, direct, group."`
		By    string   `placeholder:"PERSON" help:"Only what this person wrote."`
		Since string   `placeholder:"WHEN" help:"Only what was written then or later, such as 2h or 2026-03-01."`
		Until string   `placeholder:"WHEN" help:"Only what was written before."`
		Limit int      `default:"50" help:"How many at most (${default})."`
	}
	messageRedact struct {
		talk
		Message int    `arg:"" help:"Its number."`
		Why     string `placeholder:"TEXT" help:"For those who find it gone."`
	}
	messageExport struct {
		talk
		Out string `placeholder:"FILE" help:"Where to write it (conversation-ID.zip)."`
	}
	messageFile struct {
		remote
		ID  string `arg:"" help:"Of the file."`
		Out string `required:"" placeholder:"FILE" help:"Where to save it."`
	}

	// talk is what commands about one conversation take.
	talk struct {
		remote
		ID string `arg:"" help:"Conversation, or the incident of a room."`
	}
)

// path is where a conversation is: the room of an incident, unless it is one of its own.
func (c *talk) room(ctx context.Context, a *client.Client) (bool, error) {
	_, err := a.GetConversationsID(ctx, c.ID)
	var fault *client.Fault
	if errors.As(err, &fault) && (fault.Status == 404 || fault.Status == 403) {
		return true, nil
	}
	return false, err
}

func (c *messageList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageConversation, error) {
		return a.GetConversations(ctx, client.GetConversationsQuery{Unread: c.Unread}, keep)
	}, func(p client.PageConversation, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("There is no conversation.")
			return err
		}
		return table("ID\tKIND\tUNREAD\tLAST\tTITLE", func(row func(...any)) {
			for _, t := range p.Items {
				row(t.ID, t.Kind, t.Unread, s.at(t.LastAt), line(t.Title))
			}
		})
	})
}

func (c *messageShow) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageTalkMessage, error) {
		room, err := c.room(ctx, a)
		if err != nil {
			return client.PageTalkMessage{}, err
		}
		if room {
			return a.GetIncidentsIDMessages(ctx, c.ID, client.GetIncidentsIDMessagesQuery{Limit: int64(c.Last)}, keep)
		}
		return a.GetConversationsIDMessages(ctx, c.ID, client.GetConversationsIDMessagesQuery{Limit: int64(c.Last)}, keep)
	}, func(p client.PageTalkMessage, s screen) error {
		for _, m := range p.Items {
			showMessage(m, s)
		}
		return nil
	})
}

func showMessage(m client.TalkMessage, s screen) {
	at := m.At
	fmt.Printf("%d  %s  %s", m.Number, s.at(&at), line(m.ByName))
	if m.RedactedAt != nil {
		fmt.Printf(": redacted by %s %s\n", line(m.Redactor), line(m.Why))
		return
	}
	if m.Changed > 0 {
		fmt.Print(" (changed)")
	}
	fmt.Println()
	for text := range strings.SplitSeq(m.Text, "\n") {
		fmt.Println("    " + line(text))
	}
	for _, f := range m.Files {
		fmt.Printf("    [%s] %s, %d bytes\n", f.ID, line(f.Name), f.Size)
	}
}

func (c *messageSend) Run(ctx context.Context) error {
	text := strings.Join(c.Text, " ")
	if strings.TrimSpace(text) == "" && len(c.File) == 0 {
		return wrongUse("say something, or attach a file with --file")
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (m client.TalkMessage, err error) {
		room, err := c.room(ctx, a)
		if err != nil {
			return m, err
		}
		body := client.SayingBody{Text: text, Reply: int64(c.Reply)}
		for _, name := range c.File {
			raw, err := os.ReadFile(name)
			if err != nil {
				return m, err
			}
			f, err := a.Upload(ctx, filepath.Base(name), raw)
			if err != nil {
				return m, err
			}
			body.Files = append(body.Files, f.ID)
		}
		if room {
			return a.PostIncidentsIDMessages(ctx, c.ID, body, keep)
		}
		return a.PostConversationsIDMessages(ctx, c.ID, body, keep)
	}, func(m client.TalkMessage, _ screen) error {
		_, err := fmt.Printf("Message %d.\n", m.Number)
		return err
	})
}

func (c *messageStart) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Conversation, error) {
		return a.PostConversations(ctx, client.BeginningBody{People: c.People, Title: c.Title}, keep)
	}, func(t client.Conversation, _ screen) error {
		_, err := fmt.Printf("%s: %s\n", t.ID, line(t.Title))
		return err
	})
}

func (c *messageSearch) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	q := client.GetMessagesQuery{Q: strings.Join(c.Words, " "), Conversation: c.In, Kind: c.Kind, By: c.By, Limit: int64(c.Limit)}
	if q.Since, err = s.moment("--since", c.Since, -1); err != nil {
		return err
	}
	if q.Until, err = s.moment("--until", c.Until, -1); err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageFound, error) {
		return a.GetMessages(ctx, q, keep)
	}, func(p client.PageFound, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("Nothing was found.")
			return err
		}
		for _, f := range p.Items {
			fmt.Printf("%s  %s\n", f.Conversation.ID, line(f.Conversation.Title))
			showMessage(f.Message, s)
		}
		if p.Next != "" {
			last := p.Items[len(p.Items)-1].Message.At
			fmt.Printf("There is more: --until %s\n", last.UTC().Format(time.RFC3339Nano))
		}
		return nil
	})
}

func (c *messageRedact) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.TalkMessage, error) {
		room, err := c.room(ctx, a)
		if err != nil {
			return client.TalkMessage{}, err
		}
		number, body := fmt.Sprint(c.Message), client.RedactingBody{Why: c.Why}
		if room {
			return a.PostIncidentsIDMessagesMessageRedact(ctx, c.ID, number, body, keep)
		}
		return a.PostConversationsIDMessagesMessageRedact(ctx, c.ID, number, body, keep)
	}, func(m client.TalkMessage, _ screen) error {
		_, err := fmt.Printf("Message %d is redacted.\n", m.Number)
		return err
	})
}

func (c *messageExport) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	room, err := c.room(ctx, a)
	if err != nil {
		return err
	}
	at := "/api/v1/conversations/"
	if room {
		at = "/api/v1/incidents/"
	}
	query := url.Values{}
	if c.Zone != "" {
		query.Set("zone", c.Zone)
	}
	name := c.Out
	if name == "" {
		name = "conversation-" + c.ID + ".zip"
	}
	return save(ctx, a, at+url.PathEscape(c.ID)+"/export", query, name)
}

func (c *messageFile) Run(ctx context.Context) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	return save(ctx, a, "/api/v1/attachments/"+url.PathEscape(c.ID), url.Values{"download": {"true"}}, c.Out)
}

// save writes what is at a path into a file that was not there.
func save(ctx context.Context, a *client.Client, path string, query url.Values, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(a.Download(ctx, path, query, f), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	_, err = fmt.Println("Written to " + name + ".")
	return err
}

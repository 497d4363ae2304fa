package tracker

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/channel"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

var zendeskKind = Kind{
	Name: "zendesk", Title: "Zendesk Support",
	Settings: []Setting{
		{Name: "server", Help: "where it is, such as https://acme.zendesk.com", Needed: true},
		{Name: "user", Help: "the mail address of the agent; leave it out with an OAuth token"},
		{Name: "token", Help: "an API token, or an OAuth token", Secret: true, Needed: true},
		{Name: "public", Help: `"yes": requesters read our comments; without, only agents do`},
		{Name: "tags", Help: "tags of its tickets, with spaces between", Default: "tocsin"},
	},
	Door: `A webhook that a trigger calls when a ticket changes, with the body {"ticket":{"id":"{{ticket.id}}"}}. The URL has the secret in its path; a bearer token is as good.`,
	Make: newZendesk,
}

type zendesk struct {
	line
	Setup
}

func newZendesk(s Setup) (Tracker, error) {
	base, err := s.server()
	if err != nil {
		return nil, err
	}
	sign := bearer(s.Settings["token"])
	if s.Settings["user"] != "" {
		sign = basicAuth(s.Settings["user"]+"/token", s.Settings["token"])
	}
	return &zendesk{Setup: s, line: line{client: s.Client, base: base, sign: sign, words: []string{"error", "description", "details", "errors"}}}, nil
}

func (z *zendesk) Hidden() bool { return false }
func (z *zendesk) Reads() bool  { return true }

func (z *zendesk) Check(ctx context.Context) (string, error) {
	var me struct {
		User struct {
			ID   *int64
			Name string
			Role string
		}
	}
	if err := z.ask(ctx, "GET", "/api/v2/users/me.json", nil, &me); err != nil {
		return "", err
	}
	if me.User.ID == nil || me.User.Role == "end-user" { // it answers 200 to anybody
		return "", failed(channel.Temporary, errors.New("the account does not take us for an agent: check the address and the token"))
	}
	return fmt.Sprintf("signed in as %s, %s", me.User.Name, me.User.Role), nil
}

type zendeskTicket struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
}

func (z *zendesk) ticket(t zendeskTicket) Ticket {
	ref := strconv.FormatInt(t.ID, 10)
	return Ticket{Ref: ref, Key: "#" + ref, URL: z.base + "/agent/tickets/" + ref, Word: t.Status, Is: doneIf(t.Status == "solved" || t.Status == "closed")}
}

// Find asks by the external id, which needs no index that is behind.
func (z *zendesk) Find(ctx context.Context, mark string, _ time.Time) (Ticket, bool, error) {
	var found struct{ Tickets []zendeskTicket }
	err := z.ask(ctx, "GET", "/api/v2/tickets.json?external_id="+url.QueryEscape(mark), nil, &found)
	if err != nil || len(found.Tickets) == 0 {
		return Ticket{}, false, err
	}
	return z.ticket(found.Tickets[0]), true, nil
}

func (z *zendesk) Create(ctx context.Context, d ticket.Draft) (Ticket, error) {
	t := map[string]any{"type": "incident", "priority": "normal"}
	if d.Priority == org.High {
		t["priority"] = "urgent"
	}
	tags := strings.Fields(z.Settings["tags"])
	for name, v := range d.Fields {
		if name == "tags" {
			if said, ok := v.(string); ok {
				v = listed(said)
			}
			collect(v, &tags)
			continue
		}
		t[name] = v
	}
	t["subject"], t["comment"], t["external_id"], t["tags"] = d.Title, z.body(d.Text+"\n\n"+d.Foot), d.Mark, tags
	var made struct{ Ticket zendeskTicket }
	_, err := z.asks(ctx, "POST", "/api/v2/tickets.json", map[string]string{"Idempotency-Key": d.Mark}, map[string]any{"ticket": t}, &made)
	return z.ticket(made.Ticket), err
}

func (z *zendesk) body(text string) map[string]any {
	return map[string]any{"body": text, "public": z.Settings["public"] == "yes"}
}

func (z *zendesk) at(ref string) string { return "/api/v2/tickets/" + url.PathEscape(ref) }

func (z *zendesk) Read(ctx context.Context, ref string) (Ticket, error) {
	var got struct{ Ticket zendeskTicket }
	err := z.ask(ctx, "GET", z.at(ref)+".json", nil, &got)
	return z.ticket(got.Ticket), err
}

func (z *zendesk) Move(ctx context.Context, ref string, to ticket.State, _ string) (Ticket, error) {
	t, err := z.Read(ctx, ref)
	if err != nil || t.Is == to {
		return t, err
	}
	if t.Word == "closed" { // for good
		return t, failed(channel.Permanent, fmt.Errorf("ticket %s is closed, which Zendesk does not undo", ref))
	}
	status := "open"
	if to == ticket.Done {
		status = "solved"
	}
	var got struct{ Ticket zendeskTicket }
	err = z.ask(ctx, "PUT", z.at(ref)+".json", map[string]any{"ticket": map[string]any{"status": status}}, &got)
	return z.ticket(got.Ticket), err
}

func (z *zendesk) Comments(ctx context.Context, ref string, since time.Time) (out []ticket.Said, err error) {
	var all struct {
		Comments []struct {
			ID     int64
			Author int64     `json:"author_id"`
			Body   string    `json:"body"`
			At     time.Time `json:"created_at"`
		}
		Users []struct {
			ID   int64
			Name string
		}
	}
	if err := z.ask(ctx, "GET", z.at(ref)+"/comments.json?include=users&sort_order=desc&per_page=100", nil, &all); err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, u := range all.Users {
		names[u.ID] = u.Name
	}
	for _, c := range slices.Backward(all.Comments) {
		if !c.At.Before(since) {
			out = append(out, ticket.Said{ID: strconv.FormatInt(c.ID, 10), Author: names[c.Author], Text: c.Body})
		}
	}
	return out, nil
}

func (z *zendesk) Comment(ctx context.Context, ref, text string) (string, error) {
	var got struct {
		Audit struct {
			Events []struct {
				ID   int64
				Type string
			}
		}
	}
	err := z.ask(ctx, "PUT", z.at(ref)+".json", map[string]any{"ticket": map[string]any{"comment": z.body(text)}}, &got)
	for _, e := range got.Audit.Events {
		if e.Type == "Comment" {
			return strconv.FormatInt(e.ID, 10), err
		}
	}
	return "", err
}

func (z *zendesk) Hear(r Request) ([]Heard, error) {
	if err := z.believed(r); err != nil {
		return nil, err
	}
	said, err := readHeard(r.Body, nil)
	if err != nil || said.Ref == "" {
		return nil, err
	}
	return []Heard{{Ref: strings.TrimPrefix(said.Ref, "#")}}, nil
}

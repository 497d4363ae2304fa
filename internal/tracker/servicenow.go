package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/resolve/ticket"
)

var serviceNowKind = Kind{
	Name: "servicenow", Title: "ServiceNow",
	Settings: []Setting{
		{Name: "server", Help: "the instance, such as https://acme.service-now.com", Needed: true},
		{Name: "user", Help: "the account; leave it out with an OAuth token"},
		{Name: "password", Help: "its password, or an OAuth token", Secret: true, Needed: true},
		{Name: "table", Help: "the table of its tickets", Default: "incident"},
		{Name: "notes", Help: "where comments go: work_notes, or comments, which the caller reads", Default: "work_notes"},
		{Name: "done", Help: "the state of a ticket that is resolved", Default: "6"},
		{Name: "open", Help: "the state of one that is opened again", Default: "2"},
		{Name: "done_states", Help: "all states in which a ticket is done, with commas between", Default: "6,7,8"},
		{Name: "close_code", Help: "how it was resolved, as the instance calls it", Default: "Solution provided"},
	},
	Door: `A business rule or flow that posts {"ticket":{"id":"<sys_id or number>"}} when a ticket changes. The URL has the secret in its path; the header X-Tocsin-Token is as good.`,
	Make: newServiceNow,
}

type serviceNow struct {
	line
	Setup
	table string
}

func newServiceNow(s Setup) (Tracker, error) {
	base, err := s.server()
	if err != nil {
		return nil, err
	}
	if n := s.Settings["notes"]; n != "work_notes" && n != "comments" {
		return nil, fmt.Errorf("settings.notes: is neither work_notes nor comments")
	}
	sign := bearer(s.Settings["password"])
	if s.Settings["user"] != "" {
		sign = basicAuth(s.Settings["user"], s.Settings["password"])
	}
	return &serviceNow{Setup: s, table: "/api/now/table/" + url.PathEscape(s.Settings["table"]), line: line{
		client: s.Client, base: base, sign: sign, words: []string{"error.message", "error.detail"},
	}}, nil
}

func (n *serviceNow) Hidden() bool { return false }
func (n *serviceNow) Reads() bool  { return true }

const serviceNowFields = "sysparm_fields=sys_id,number,state&sysparm_display_value=all"

func (n *serviceNow) Check(ctx context.Context) (string, error) {
	if err := n.ask(ctx, "GET", n.table+"?sysparm_limit=1&"+serviceNowFields, nil, nil); err != nil {
		return "", err
	}
	if err := n.ask(ctx, "GET", "/api/now/table/sys_journal_field?sysparm_limit=1&sysparm_fields=sys_id", nil, nil); err != nil {
		return "", fmt.Errorf("the table %s can be read, and the comments (sys_journal_field) cannot: %w", n.Settings["table"], err)
	}
	return fmt.Sprintf("the table %s and its comments can be read", n.Settings["table"]), nil
}

// A cell is a value as people see it and as it is kept.
type cell struct {
	Shown string `json:"display_value"`
	Value string `json:"value"`
}

type serviceNowRow struct {
	ID     cell `json:"sys_id"`
	Number cell `json:"number"`
	State  cell `json:"state"`
}

func (n *serviceNow) ticket(r serviceNowRow) Ticket {
	done := slices.Contains(strings.Split(strings.ReplaceAll(n.Settings["done_states"], " ", ""), ","), r.State.Value)
	uri := url.QueryEscape(fmt.Sprintf("/%s.do?sys_id=%s", n.Settings["table"], r.ID.Value))
	return Ticket{Ref: r.ID.Value, Key: r.Number.Value, URL: n.base + "/nav_to.do?uri=" + uri, Word: r.State.Shown, Is: doneIf(done)}
}

func (n *serviceNow) Find(ctx context.Context, mark string, _ time.Time) (Ticket, bool, error) {
	var found struct{ Result []serviceNowRow }
	err := n.ask(ctx, "GET", n.table+"?sysparm_query="+url.QueryEscape("correlation_id="+mark)+"&sysparm_limit=1&"+serviceNowFields, nil, &found)
	if err != nil || len(found.Result) == 0 {
		return Ticket{}, false, err
	}
	return n.ticket(found.Result[0]), true, nil
}

func (n *serviceNow) Create(ctx context.Context, d ticket.Draft) (Ticket, error) {
	row := map[string]any{}
	for name, v := range d.Fields {
		row[name] = v
	}
	row["short_description"], row["description"], row["correlation_id"], row["correlation_display"] = d.Title, d.Text, d.Mark, "Tocsin"
	var made struct{ Result serviceNowRow }
	err := n.ask(ctx, "POST", n.table+"?"+serviceNowFields, row, &made)
	return n.ticket(made.Result), err
}

func (n *serviceNow) at(ref string) string { return n.table + "/" + url.PathEscape(ref) }

func (n *serviceNow) Read(ctx context.Context, ref string) (Ticket, error) {
	var got struct{ Result serviceNowRow }
	err := n.ask(ctx, "GET", n.at(ref)+"?"+serviceNowFields, nil, &got)
	return n.ticket(got.Result), err
}

func (n *serviceNow) Move(ctx context.Context, ref string, to ticket.State, why string) (Ticket, error) {
	t, err := n.Read(ctx, ref)
	if err != nil || t.Is == to {
		return t, err
	}
	change := map[string]string{"state": n.Settings[string(to)]}
	if to == ticket.Done {
		change["close_code"], change["close_notes"] = n.Settings["close_code"], why
	}
	var got struct{ Result serviceNowRow }
	err = n.ask(ctx, "PATCH", n.at(ref)+"?"+serviceNowFields, change, &got)
	return n.ticket(got.Result), err
}

func (n *serviceNow) Comments(ctx context.Context, ref string, since time.Time) (out []ticket.Said, err error) {
	query := "element_id=" + ref + "^elementINcomments,work_notes^ORDERBYDESCsys_created_on"
	var all struct {
		Result []struct {
			ID    string `json:"sys_id"`
			Value string `json:"value"`
			By    string `json:"sys_created_by"`
			At    string `json:"sys_created_on"`
		}
	}
	err = n.ask(ctx, "GET", "/api/now/table/sys_journal_field?sysparm_query="+url.QueryEscape(query)+"&sysparm_fields=sys_id,value,sys_created_by,sys_created_on&sysparm_limit=100", nil, &all)
	if err != nil {
		return nil, err
	}
	for _, c := range slices.Backward(all.Result) {
		if at, err := time.Parse(time.DateTime, c.At); err != nil || !at.Before(since) { // its times are UTC
			out = append(out, ticket.Said{ID: c.ID, Author: c.By, Text: c.Value})
		}
	}
	return out, nil
}

// Comment returns no id: what was written is known again by its mark.
func (n *serviceNow) Comment(ctx context.Context, ref, text string) (string, error) {
	return "", n.ask(ctx, "PATCH", n.at(ref)+"?sysparm_fields=sys_id", map[string]string{n.Settings["notes"]: text}, nil)
}

func (n *serviceNow) Hear(r Request) ([]Heard, error) {
	if err := n.believed(r); err != nil {
		return nil, err
	}
	said, err := readHeard(r.Body, nil)
	if err != nil || said.Ref == "" {
		return nil, err
	}
	return []Heard{{Ref: said.Ref}}, nil
}

// readHeard reads {"ticket":{"id","status"},"comment":{"id","text","author"}}, which systems
// are asked to say that have a form of one's own. done are the words of a ticket that is.
func readHeard(body []byte, done []string) (h Heard, err error) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return h, errUnread
	}
	h.Ref, h.Word = textAt(v, "ticket.id"), textAt(v, "ticket.status")
	if h.Word != "" {
		h.Is = doneIf(slices.ContainsFunc(done, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), h.Word) }))
	}
	if text := textAt(v, "comment.text"); text != "" {
		h.Said = []ticket.Said{{ID: textAt(v, "comment.id"), Author: textAt(v, "comment.author"), Text: text}}
	}
	return h, nil
}

package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/resolve/ticket"
)

var gitLabKind = Kind{
	Name: "gitlab", Title: "GitLab issues",
	Settings: []Setting{
		{Name: "server", Help: "where GitLab is", Default: "https://gitlab.com"},
		{Name: "token", Help: "an access token with the scope api, of a project or a person", Secret: true, Needed: true},
		{Name: "project", Help: "group/name, or its number", Needed: true},
		{Name: "label", Help: "the label by which ours are found again", Default: "tocsin"},
	},
	Door: "A webhook of the project with the triggers issues events and comments; the secret is its secret token.",
	Make: newGitLab,
}

type gitLab struct {
	line
	Setup
	project string
}

func newGitLab(s Setup) (Tracker, error) {
	base, err := s.server()
	if err != nil {
		return nil, err
	}
	token := s.Settings["token"]
	g := &gitLab{Setup: s, project: "/api/v4/projects/" + url.PathEscape(s.Settings["project"])}
	g.line = line{client: s.Client, base: base, words: []string{"message", "error", "error_description"}, sign: func(r *http.Request) { r.Header.Set("PRIVATE-TOKEN", token) }}
	return g, nil
}

func (g *gitLab) Hidden() bool { return true }
func (g *gitLab) Reads() bool  { return true }

func (g *gitLab) Check(ctx context.Context) (string, error) {
	var me struct{ Username string }
	if err := g.ask(ctx, "GET", "/api/v4/user", nil, &me); err != nil {
		return "", err
	}
	var project struct {
		Name string `json:"path_with_namespace"`
	}
	if err := g.ask(ctx, "GET", g.project, nil, &project); err != nil {
		return "", err
	}
	return fmt.Sprintf("signed in as %s; project %s", me.Username, project.Name), nil
}

type gitLabIssue struct {
	IID   int    `json:"iid"`
	State string `json:"state"`
	URL   string `json:"web_url"`
	Text  string `json:"description"`
}

func (g *gitLab) ticket(i gitLabIssue) Ticket {
	ref := strconv.Itoa(i.IID)
	return Ticket{Ref: ref, Key: g.Settings["project"] + "#" + ref, URL: i.URL, Word: i.State, Is: doneIf(i.State == "closed")}
}

func (g *gitLab) Find(ctx context.Context, mark string, since time.Time) (Ticket, bool, error) {
	var all []gitLabIssue
	query := url.Values{
		"labels": {g.Settings["label"]}, "search": {mark}, "in": {"description"}, "scope": {"all"}, "updated_after": {since.UTC().Format(time.RFC3339)}, "per_page": {"20"},
	}
	if err := g.ask(ctx, "GET", g.project+"/issues?"+query.Encode(), nil, &all); err != nil {
		return Ticket{}, false, err
	}
	for _, i := range all {
		if strings.Contains(i.Text, mark) {
			return g.ticket(i), true, nil
		}
	}
	return Ticket{}, false, nil
}

func (g *gitLab) Create(ctx context.Context, d ticket.Draft) (Ticket, error) {
	issue := map[string]any{}
	labels := []string{g.Settings["label"]}
	for name, v := range d.Fields {
		if name == "labels" {
			if said, ok := v.(string); ok {
				v = listed(said)
			}
			collect(v, &labels)
			continue
		}
		issue[name] = v
	}
	issue["title"], issue["description"], issue["labels"] = d.Title, d.Text+"\n\n<!-- "+d.Mark+" -->", strings.Join(labels, ",")
	var made gitLabIssue
	err := g.ask(ctx, "POST", g.project+"/issues", issue, &made)
	return g.ticket(made), err
}

func (g *gitLab) at(ref string) string { return g.project + "/issues/" + url.PathEscape(ref) }

func (g *gitLab) Read(ctx context.Context, ref string) (Ticket, error) {
	var i gitLabIssue
	err := g.ask(ctx, "GET", g.at(ref), nil, &i)
	return g.ticket(i), err
}

func (g *gitLab) Move(ctx context.Context, ref string, to ticket.State, _ string) (Ticket, error) {
	t, err := g.Read(ctx, ref)
	if err != nil || t.Is == to {
		return t, err
	}
	event := "reopen"
	if to == ticket.Done {
		event = "close"
	}
	var i gitLabIssue
	err = g.ask(ctx, "PUT", g.at(ref), map[string]string{"state_event": event}, &i)
	return g.ticket(i), err
}

func (g *gitLab) Comments(ctx context.Context, ref string, since time.Time) (out []ticket.Said, err error) {
	var all []struct {
		ID     int64
		Body   string
		System bool
		At     time.Time `json:"created_at"`
		Author struct{ Name string }
	}
	if err := g.ask(ctx, "GET", g.at(ref)+"/notes?sort=desc&order_by=created_at&per_page=100", nil, &all); err != nil {
		return nil, err
	}
	for _, c := range slices.Backward(all) {
		if !c.System && !c.At.Before(since) {
			out = append(out, ticket.Said{ID: strconv.FormatInt(c.ID, 10), Author: c.Author.Name, Text: c.Body})
		}
	}
	return out, nil
}

func (g *gitLab) Comment(ctx context.Context, ref, text string) (string, error) {
	var made struct{ ID int64 }
	err := g.ask(ctx, "POST", g.at(ref)+"/notes", map[string]string{"body": text}, &made)
	return strconv.FormatInt(made.ID, 10), err
}

func (g *gitLab) Hear(r Request) ([]Heard, error) {
	if err := g.believed(r, "X-Gitlab-Token"); err != nil {
		return nil, err
	}
	var said struct {
		Kind  string `json:"object_kind"`
		About struct {
			IID  int
			Type string `json:"noteable_type"`
		} `json:"object_attributes"`
		Issue   struct{ IID int }
		Project struct {
			ID   int64
			Name string `json:"path_with_namespace"`
		}
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return nil, errUnread
	}
	if p := g.Settings["project"]; !strings.EqualFold(p, said.Project.Name) && p != strconv.FormatInt(said.Project.ID, 10) {
		return nil, nil
	}
	switch {
	case said.Kind == "issue" && said.About.IID > 0:
		return []Heard{{Ref: strconv.Itoa(said.About.IID)}}, nil
	case said.Kind == "note" && said.About.Type == "Issue" && said.Issue.IID > 0:
		return []Heard{{Ref: strconv.Itoa(said.Issue.IID)}}, nil
	}
	return nil, nil
}

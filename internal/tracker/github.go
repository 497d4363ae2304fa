package tracker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/channel"
	"tocsin/resolve/ticket"
)

var gitHubKind = Kind{
	Name: "github", Title: "GitHub issues",
	Settings: []Setting{
		{Name: "server", Help: "its API; another one for GitHub Enterprise Server, such as https://github.example.org/api/v3", Default: "https://api.github.com"},
		{Name: "token", Help: "a token that may read and write issues of the repository", Secret: true, Needed: true},
		{Name: "repository", Help: "owner/name", Needed: true},
		{Name: "label", Help: "the label by which ours are found again", Default: "tocsin"},
	},
	Door: "A webhook of the repository with the events issues and issue comments, content type application/json, and this secret: GitHub signs with it.",
	Make: newGitHub,
}

type gitHub struct {
	line
	Setup
	repo string
}

func newGitHub(s Setup) (Tracker, error) {
	base, err := s.server()
	if err != nil {
		return nil, err
	}
	owner, name, ok := strings.Cut(s.Settings["repository"], "/")
	if !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return nil, errors.New("settings.repository: want owner/name")
	}
	g := &gitHub{Setup: s, repo: "/repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name)}
	g.line = line{client: s.Client, base: base, sign: bearer(s.Settings["token"]), words: []string{"message", "errors"}, header: map[string]string{
		"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
	}}
	return g, nil
}

func (g *gitHub) Hidden() bool { return true }
func (g *gitHub) Reads() bool  { return true }

func (g *gitHub) Check(ctx context.Context) (string, error) {
	var repo struct {
		Name   string `json:"full_name"`
		Issues bool   `json:"has_issues"`
	}
	if err := g.ask(ctx, "GET", g.repo, nil, &repo); err != nil {
		return "", err
	}
	if !repo.Issues {
		return "", failed(channel.Permanent, fmt.Errorf("%s has its issues switched off", repo.Name))
	}
	var me struct{ Login string }
	if err := g.ask(ctx, "GET", "/user", nil, &me); err != nil {
		return "", err
	}
	return fmt.Sprintf("signed in as %s; repository %s", me.Login, repo.Name), nil
}

type gitHubIssue struct {
	Number int       `json:"number"`
	State  string    `json:"state"`
	URL    string    `json:"html_url"`
	Body   string    `json:"body"`
	Pull   *struct{} `json:"pull_request"`
}

func (g *gitHub) ticket(i gitHubIssue) Ticket {
	ref := strconv.Itoa(i.Number)
	return Ticket{Ref: ref, Key: g.Settings["repository"] + "#" + ref, URL: i.URL, Word: i.State, Is: doneIf(i.State == "closed")}
}

const gitHubPages = 5

// Find goes through the issues of our label that changed since: unlike the search of
// GitHub, that list has what was made a moment ago.
func (g *gitHub) Find(ctx context.Context, mark string, since time.Time) (Ticket, bool, error) {
	for page := 1; page <= gitHubPages; page++ {
		var all []gitHubIssue
		query := url.Values{
			"labels": {g.Settings["label"]}, "state": {"all"}, "since": {since.UTC().Format(time.RFC3339)}, "per_page": {"100"}, "page": {strconv.Itoa(page)},
		}
		if err := g.ask(ctx, "GET", g.repo+"/issues?"+query.Encode(), nil, &all); err != nil {
			return Ticket{}, false, err
		}
		for _, i := range all {
			if i.Pull == nil && strings.Contains(i.Body, mark) {
				return g.ticket(i), true, nil
			}
		}
		if len(all) < 100 {
			break
		}
	}
	return Ticket{}, false, nil
}

func (g *gitHub) Create(ctx context.Context, d ticket.Draft) (Ticket, error) {
	issue := map[string]any{}
	labels := []string{g.Settings["label"]}
	for name, v := range d.Fields {
		if said, ok := v.(string); ok && (name == "labels" || name == "assignees") {
			v = listed(said)
		}
		if name == "labels" {
			collect(v, &labels)
			continue
		}
		issue[name] = v
	}
	issue["title"], issue["body"], issue["labels"] = d.Title, d.Text+"\n\n<!-- "+d.Mark+" -->", labels
	var made gitHubIssue
	err := g.ask(ctx, "POST", g.repo+"/issues", issue, &made)
	return g.ticket(made), err
}

// listed reads a list with commas or spaces between.
func listed(said string) (out []any) {
	for one := range strings.FieldsFuncSeq(said, func(r rune) bool { return r == ',' || r == ' ' }) {
		out = append(out, one)
	}
	return out
}

func (g *gitHub) at(ref string) string { return g.repo + "/issues/" + url.PathEscape(ref) }

func (g *gitHub) Read(ctx context.Context, ref string) (Ticket, error) {
	var i gitHubIssue
	err := g.ask(ctx, "GET", g.at(ref), nil, &i)
	return g.ticket(i), err
}

func (g *gitHub) Move(ctx context.Context, ref string, to ticket.State, _ string) (Ticket, error) {
	change := map[string]string{"state": "open", "state_reason": "reopened"}
	if to == ticket.Done {
		change = map[string]string{"state": "closed", "state_reason": "completed"}
	}
	var i gitHubIssue
	err := g.ask(ctx, "PATCH", g.at(ref), change, &i)
	return g.ticket(i), err
}

func (g *gitHub) Comments(ctx context.Context, ref string, since time.Time) ([]ticket.Said, error) {
	var all []struct {
		ID   int64
		Body string
		User struct{ Login string }
	}
	query := url.Values{"since": {since.UTC().Format(time.RFC3339)}, "per_page": {"100"}}
	if err := g.ask(ctx, "GET", g.at(ref)+"/comments?"+query.Encode(), nil, &all); err != nil {
		return nil, err
	}
	out := make([]ticket.Said, len(all))
	for i, c := range all {
		out[i] = ticket.Said{ID: strconv.FormatInt(c.ID, 10), Author: c.User.Login, Text: c.Body}
	}
	return out, nil
}

func (g *gitHub) Comment(ctx context.Context, ref, text string) (string, error) {
	var made struct{ ID int64 }
	err := g.ask(ctx, "POST", g.at(ref)+"/comments", map[string]string{"body": text}, &made)
	return strconv.FormatInt(made.ID, 10), err
}

func (g *gitHub) Hear(r Request) ([]Heard, error) {
	if g.Secret == "" || !channel.Same(r.Header.Get("X-Hub-Signature-256"), "sha256="+mac(g.Secret, r.Body)) {
		return nil, channel.ErrSignature
	}
	var said struct {
		Issue struct {
			Number int
			Pull   *struct{} `json:"pull_request"`
		}
		Repository struct {
			Name string `json:"full_name"`
		}
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return nil, errUnread
	}
	if said.Issue.Number == 0 || said.Issue.Pull != nil || !strings.EqualFold(said.Repository.Name, g.Settings["repository"]) {
		return nil, nil // a ping, or of something else
	}
	return []Heard{{Ref: strconv.Itoa(said.Issue.Number)}}, nil
}

// mac is the signature of a body as many vendors make it.
func mac(secret string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

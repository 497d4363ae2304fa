package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/internal/channel"
	"tocsin/resolve/ticket"
)

var jiraKind = Kind{
	Name: "jira", Title: "Jira",
	Settings: []Setting{
		{Name: "server", Help: "where Jira is, such as https://acme.atlassian.net", Needed: true},
		{Name: "user", Help: "the mail address of the account; leave it out with a personal access token of Data Center"},
		{Name: "token", Help: "an API token of the account, or a personal access token", Secret: true, Needed: true},
		{Name: "project", Help: "the key of the project, such as OPS", Needed: true},
		{Name: "type", Help: "the type of its issues", Default: "Task"},
		{Name: "labels", Help: "further labels, with spaces between"},
		{Name: "done", Help: "the transition that ends an issue; without it the first that leads to done"},
		{Name: "open", Help: "the transition that opens it again; without it the first that leads elsewhere"},
		{Name: "api", Help: "cloud or server; without it cloud where the host is atlassian.net's"},
	},
	Door: "A webhook of the project with the events issue updated, deleted, and comment created. Its URL has the secret in its path; a signature (X-Hub-Signature) with the same secret is as good.",
	Make: newJira,
}

type jira struct {
	line
	Setup
	search string
}

func newJira(s Setup) (Tracker, error) {
	base, err := s.server()
	if err != nil {
		return nil, err
	}
	j := &jira{Setup: s, search: "/rest/api/2/search"}
	u, _ := url.Parse(base)
	switch api := s.Settings["api"]; {
	case api != "" && api != "cloud" && api != "server":
		return nil, errors.New("settings.api: is neither cloud nor server")
	case api == "cloud", api == "" && strings.HasSuffix(u.Hostname(), ".atlassian.net"):
		j.search = "/rest/api/3/search/jql"
	}
	sign := bearer(s.Settings["token"])
	if s.Settings["user"] != "" {
		sign = basicAuth(s.Settings["user"], s.Settings["token"])
	}
	j.line = line{client: s.Client, base: base, sign: sign, words: []string{"errorMessages", "errors", "message"}}
	return j, nil
}

func (j *jira) Hidden() bool { return false }
func (j *jira) Reads() bool  { return true }

func (j *jira) Check(ctx context.Context) (string, error) {
	var me struct{ DisplayName string }
	if err := j.ask(ctx, "GET", "/rest/api/2/myself", nil, &me); err != nil {
		return "", err
	}
	var project struct{ Name string }
	if err := j.ask(ctx, "GET", "/rest/api/2/project/"+url.PathEscape(j.Settings["project"]), nil, &project); err != nil {
		return "", err
	}
	return fmt.Sprintf("signed in as %s; project %s (%s)", me.DisplayName, j.Settings["project"], project.Name), nil
}

// A jiraIssue is as much of an issue as is looked at.
type jiraIssue struct {
	Key    string `json:"key"`
	Fields struct {
		Status struct {
			Name     string `json:"name"`
			Category struct {
				Key string `json:"key"`
			} `json:"statusCategory"`
		} `json:"status"`
	} `json:"fields"`
}

func (j *jira) ticket(i jiraIssue) Ticket {
	return Ticket{Ref: i.Key, Key: i.Key, URL: j.base + "/browse/" + i.Key, Word: i.Fields.Status.Name, Is: doneIf(i.Fields.Status.Category.Key == "done")}
}

func doneIf(done bool) ticket.State {
	if done {
		return ticket.Done
	}
	return ticket.Open
}

func (j *jira) Find(ctx context.Context, mark string, _ time.Time) (Ticket, bool, error) {
	var found struct{ Issues []jiraIssue }
	err := j.ask(ctx, "POST", j.search, map[string]any{
		"jql": fmt.Sprintf("project = %q AND labels = %q ORDER BY created ASC", j.Settings["project"], mark), "maxResults": 2, "fields": []string{"status"},
	}, &found)
	if err != nil || len(found.Issues) == 0 {
		return Ticket{}, false, err
	}
	return j.ticket(found.Issues[0]), true, nil
}

func (j *jira) Create(ctx context.Context, d ticket.Draft) (Ticket, error) {
	fields := map[string]any{
		"project": map[string]string{"key": j.Settings["project"]}, "issuetype": map[string]string{"name": j.Settings["type"]},
		"summary": d.Title, "description": d.Text,
	}
	labels := append(strings.Fields(j.Settings["labels"]), d.Mark)
	for name, v := range d.Fields {
		switch named, isText := v.(string); {
		case name == "labels" && isText:
			labels = append(labels, strings.Fields(named)...)
		case name == "labels":
			if list, ok := v.([]any); ok {
				collect(list, &labels)
			}
		case isText && slices.Contains([]string{"priority", "issuetype", "assignee", "reporter"}, name): // they are known by their names
			fields[name] = map[string]string{"name": named}
		default:
			fields[name] = v
		}
	}
	fields["labels"] = labels
	var made jiraIssue
	if err := j.ask(ctx, "POST", "/rest/api/2/issue", map[string]any{"fields": fields}, &made); err != nil {
		return Ticket{}, err
	}
	if is, err := j.Read(ctx, made.Key); err == nil { // the answer does not say how it stands
		return is, nil
	}
	t := j.ticket(made)
	t.Is = ticket.Open
	return t, nil
}

func (j *jira) at(ref string) string { return "/rest/api/2/issue/" + url.PathEscape(ref) }

func (j *jira) Read(ctx context.Context, ref string) (Ticket, error) {
	var i jiraIssue
	err := j.ask(ctx, "GET", j.at(ref)+"?fields=status", nil, &i)
	return j.ticket(i), err
}

func (j *jira) Move(ctx context.Context, ref string, to ticket.State, _ string) (Ticket, error) {
	t, err := j.Read(ctx, ref)
	if err != nil || t.Is == to {
		return t, err
	}
	var ways struct {
		Transitions []struct {
			ID, Name string
			To       struct {
				Name     string
				Category struct{ Key string } `json:"statusCategory"`
			}
		}
	}
	if err := j.ask(ctx, "GET", j.at(ref)+"/transitions", nil, &ways); err != nil {
		return t, err
	}
	wanted := j.Settings[string(to)]
	for _, w := range ways.Transitions {
		if wanted != "" && !strings.EqualFold(w.Name, wanted) || wanted == "" && (w.To.Category.Key == "done") != (to == ticket.Done) {
			continue
		}
		if err := j.ask(ctx, "POST", j.at(ref)+"/transitions", map[string]any{"transition": map[string]string{"id": w.ID}}, nil); err != nil {
			return t, err
		}
		t.Word, t.Is = w.To.Name, doneIf(w.To.Category.Key == "done")
		return t, nil
	}
	if wanted == "" {
		wanted = "that leads to " + string(to)
	}
	return t, failed(channel.Permanent, fmt.Errorf("%s has no transition %s from %s", t.Key, wanted, t.Word))
}

const jiraTime = "2006-01-02T15:04:05.000-0700"

func (j *jira) Comments(ctx context.Context, ref string, since time.Time) ([]ticket.Said, error) {
	var all struct {
		Comments []struct {
			ID, Created string
			Body        json.RawMessage
			Author      struct{ DisplayName string }
		}
	}
	if err := j.ask(ctx, "GET", j.at(ref)+"/comment?orderBy=-created&maxResults=100", nil, &all); err != nil {
		return nil, err
	}
	var out []ticket.Said
	for _, c := range slices.Backward(all.Comments) {
		at, err := time.Parse(jiraTime, c.Created)
		var text string
		if json.Unmarshal(c.Body, &text) == nil && (err != nil || !at.Before(since)) {
			out = append(out, ticket.Said{ID: c.ID, Author: c.Author.DisplayName, Text: text})
		}
	}
	return out, nil
}

func (j *jira) Comment(ctx context.Context, ref, text string) (string, error) {
	var made struct{ ID string }
	err := j.ask(ctx, "POST", j.at(ref)+"/comment", map[string]string{"body": text}, &made)
	return made.ID, err
}

func (j *jira) Hear(r Request) ([]Heard, error) {
	if err := signedOr(r, "X-Hub-Signature", j.Setup); err != nil {
		return nil, err
	}
	var said struct {
		Event string `json:"webhookEvent"`
		Issue struct{ Key string }
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return nil, errUnread
	}
	if said.Issue.Key == "" {
		return nil, nil // of something else
	}
	return []Heard{{Ref: said.Issue.Key}}, nil
}

// errUnread is a body that says nothing.
var errUnread = errors.New("this cannot be read: want the JSON of the system's webhook")

// ErrUnread says whether a request was the system's and could not be read.
func ErrUnread(err error) bool { return errors.Is(err, errUnread) }

// signedOr takes a signature over the body, or the secret itself.
func signedOr(r Request, header string, s Setup) error {
	if got := r.Header.Get(header); got != "" {
		if s.Secret == "" || !channel.Same(got, "sha256="+mac(s.Secret, r.Body)) {
			return channel.ErrSignature
		}
		return nil
	}
	return s.believed(r)
}

package tracker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	tmpl "text/template"
	"time"

	"github.com/goccy/go-yaml"

	"tocsin/internal/egress"
	"tocsin/resolve/ticket"
)

var templateKind = Kind{
	Name: "template", Title: "Any other, by a template", Free: true,
	Settings: []Setting{{Name: "template", Help: "the requests that it is asked with, in YAML (docs/tickets.md)", Needed: true}},
	Door:     `Whatever it has that posts {"ticket":{"id":"7","status":"closed"},"comment":{"id":"1","text":"...","author":"..."}} when a ticket changes. The URL has the secret in its path; the header X-Tocsin-Token is as good.`,
	Make:     newTemplate,
}

// A form is a ticket system in YAML. What is left out cannot be asked for.
type form struct {
	Create  call  `yaml:"create"`
	Find    *call `yaml:"find"`
	Read    *call `yaml:"read"`
	Done    *call `yaml:"done"`
	Open    *call `yaml:"open"`
	Comment *call `yaml:"comment"`
	// Where a ticket stands in an answer to create, find or read, and which of its states
	// are done.
	ID     string   `yaml:"id"`
	Key    string   `yaml:"key"`
	State  string   `yaml:"state"`
	DoneIs []string `yaml:"done_is"`
	Link   string   `yaml:"link"`       // a template of its address for people
	Why    []string `yaml:"why"`        // the paths at which an error says why
	Said   string   `yaml:"comment_id"` // the path of a comment's id
}

// A call is one request; its texts are templates.
type call struct {
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url"`
	Headers map[string]string `yaml:"headers"`
	JSON    any               `yaml:"json"`
}

// A templated system is asked as its template says.
type templated struct {
	form
	Setup
	line
}

func newTemplate(s Setup) (Tracker, error) {
	var f form
	if err := yaml.UnmarshalWithOptions([]byte(s.Settings["template"]), &f, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("settings.template: %s", strings.SplitN(yaml.FormatError(err, false, false), "\n", 2)[0])
	}
	switch {
	case f.Create.URL == "":
		return nil, errors.New("settings.template: create.url: is missing")
	case f.ID == "":
		return nil, errors.New("settings.template: id: is missing: where the answer says which ticket it is")
	}
	if len(f.Why) == 0 {
		f.Why = []string{"error", "message", "errors"}
	}
	t := &templated{form: f, Setup: s, line: line{client: s.Client, words: f.Why}}
	for name, c := range map[string]*call{"create": &f.Create, "find": f.Find, "read": f.Read, "done": f.Done, "open": f.Open, "comment": f.Comment} {
		if c == nil {
			continue
		}
		_, address, _, _, err := t.made(*c, map[string]any{"ref": "1"})
		if err == nil {
			var u *url.URL
			if u, err = url.Parse(address); err == nil {
				err = egress.CheckURL(u)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("settings.template: %s: %w", name, err)
		}
	}
	return t, nil
}

var fillFuncs = tmpl.FuncMap{"path": url.PathEscape, "query": url.QueryEscape, "upper": strings.ToUpper, "lower": strings.ToLower}

// made is a request filled in. Values of JSON are filled at the leaves, so that no text can
// become part of the form.
func (t *templated) made(c call, more map[string]any) (method, address string, header map[string]string, body any, err error) {
	values := map[string]any{"ref": "", "mark": "", "title": "", "text": "", "comment": "", "why": "", "severity": "", "priority": "", "fields": map[string]any{}}
	for name, v := range t.Settings {
		values[name] = v
	}
	maps.Copy(values, more)
	fill := func(text string) string {
		if err != nil {
			return ""
		}
		one, e := tmpl.New("").Option("missingkey=zero").Funcs(fillFuncs).Parse(text)
		var b strings.Builder
		if e == nil {
			e = one.Execute(&b, values)
		}
		if e != nil {
			err = errors.New(strings.TrimPrefix(e.Error(), "template: :"))
		}
		return strings.ReplaceAll(b.String(), "<no value>", "")
	}
	method, address, header = strings.ToUpper(c.Method), fill(c.URL), map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		header[name] = fill(c.Headers[name])
	}
	body = leaves(c.JSON, fill)
	if method == "" {
		method = http.MethodPost
		if body == nil {
			method = http.MethodGet
		}
	}
	return method, address, header, body, err
}

func leaves(v any, fill func(string) string) any {
	switch v := v.(type) {
	case string:
		return fill(v)
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			out[k] = leaves(one, fill)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = leaves(one, fill)
		}
		return out
	}
	return v
}

// sends makes a call and reads what comes back.
func (t *templated) sends(ctx context.Context, c call, more map[string]any) (answer any, err error) {
	method, address, header, body, err := t.made(c, more)
	if err != nil {
		return nil, err
	}
	_, err = t.asks(ctx, method, address, header, body, &answer)
	return answer, err
}

func (t *templated) read(answer any, ref string) Ticket {
	got := Ticket{Ref: ref, Word: textAt(answer, t.State), Is: ticket.Open}
	if id := textAt(answer, t.ID); id != "" {
		got.Ref = id
	}
	if got.Key = textAt(answer, t.form.Key); got.Key == "" {
		got.Key = got.Ref
	}
	if t.State == "" {
		got.Word = ""
	}
	got.Is = doneIf(got.Word != "" && slices.ContainsFunc(t.DoneIs, func(w string) bool { return strings.EqualFold(w, got.Word) }))
	if t.Link != "" {
		_, got.URL, _, _, _ = t.made(call{URL: t.Link}, map[string]any{"ref": got.Ref, "key": got.Key}) // it was tried when it was made
	}
	return got
}

func (t *templated) Hidden() bool { return false }
func (t *templated) Reads() bool  { return t.form.Read != nil && t.State != "" }

// Check asks for what changes nothing, if there is such a request.
func (t *templated) Check(ctx context.Context) (string, error) {
	if t.form.Find == nil {
		return "the template can be filled in; it has no find, so nothing was asked", nil
	}
	_, _, err := t.Find(ctx, "tocsin-test", time.Time{})
	return "find was answered", err
}

func (t *templated) Find(ctx context.Context, mark string, _ time.Time) (Ticket, bool, error) {
	if t.form.Find == nil {
		return Ticket{}, false, nil
	}
	answer, err := t.sends(ctx, *t.form.Find, map[string]any{"mark": mark})
	if err != nil || textAt(answer, t.ID) == "" {
		if errors.Is(err, ErrGone) {
			err = nil
		}
		return Ticket{}, false, err
	}
	return t.read(answer, ""), true, nil
}

func (t *templated) Create(ctx context.Context, d ticket.Draft) (Ticket, error) {
	answer, err := t.sends(ctx, t.form.Create, map[string]any{
		"title": d.Title, "text": d.Text, "mark": d.Mark, "severity": string(d.Severity), "priority": string(d.Priority), "fields": d.Fields,
	})
	return t.read(answer, ""), err
}

func (t *templated) Read(ctx context.Context, ref string) (Ticket, error) {
	if t.form.Read == nil {
		return Ticket{Ref: ref, Key: ref}, nil
	}
	answer, err := t.sends(ctx, *t.form.Read, map[string]any{"ref": ref})
	return t.read(answer, ref), err
}

func (t *templated) Move(ctx context.Context, ref string, to ticket.State, why string) (Ticket, error) {
	c := t.form.Open
	if to == ticket.Done {
		c = t.form.Done
	}
	got := Ticket{Ref: ref, Is: to}
	if c == nil {
		return got, nil
	}
	answer, err := t.sends(ctx, *c, map[string]any{"ref": ref, "why": why})
	got.Word = textAt(answer, t.State)
	return got, err
}

// Comments are those that were heard: a template reads none.
func (t *templated) Comments(context.Context, string, time.Time) ([]ticket.Said, error) {
	return nil, nil
}

func (t *templated) Comment(ctx context.Context, ref, text string) (string, error) {
	if t.form.Comment == nil {
		return "", nil
	}
	answer, err := t.sends(ctx, *t.form.Comment, map[string]any{"ref": ref, "comment": text})
	if t.Said == "" {
		return "", err
	}
	return textAt(answer, t.Said), err
}

// Hear believes what it is told, as far as the secret goes. A comment without an id has
// none by which it could come twice.
func (t *templated) Hear(r Request) ([]Heard, error) {
	if err := t.believed(r); err != nil {
		return nil, err
	}
	said, err := readHeard(r.Body, t.DoneIs)
	if err != nil || said.Ref == "" {
		return nil, err
	}
	return []Heard{said}, nil
}

package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"tocsin/incident"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// runbooks checks each by itself, and what it names.
func (c *checker) runbooks() {
	at := within("runbooks")
	c.ids(Runbook, len(c.Runbooks), at, func(i int) string { return c.Runbooks[i].ID })
	for i, b := range c.Runbooks {
		c.refers(at(i)+".team", Team, string(b.Team))
		c.refers(at(i)+".owner", Person, string(b.Owner))
		compiled, err := runbook.Compile(b)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				field, text, _ := strings.Cut(line, ": ")
				c.bad(at(i)+"."+field, "%s", text)
			}
			continue
		}
		for n, s := range compiled.Steps {
			if s.Action == nil || s.Action.Webhook == "" {
				continue
			}
			team, known := c.hooks[s.Action.Webhook]
			c.check(known, at(i)+".text", "step %d: there is no webhook %q", n+1, s.Action.Webhook)
			c.check(!known || b.Team == "" || team == b.Team, at(i)+".text", "step %d: the webhook %q is not of team %s", n+1, s.Action.Webhook, b.Team)
		}
	}
}

// titled calls a runbook by the heading of its text, when nobody named it.
func titled(b *runbook.Runbook) {
	if b.Name == "" {
		d, _ := runbook.Parse(b.Text)
		b.Name = cmp.Or(d.Title, b.ID)
	}
}

// A heading is what may stand above the text of a runbook's file, between two lines of
// three hyphens: all of a runbook but its text and its secrets.
type heading struct {
	ID      string       `yaml:"id"`
	Name    string       `yaml:"name"`
	Team    org.TeamID   `yaml:"team"`
	Owner   org.PersonID `yaml:"owner"`
	Match   []string     `yaml:"match"`
	Verify  org.Duration `yaml:"verify"`
	Expires string       `yaml:"expires"`
}

var notInID = regexp.MustCompile(`[^a-z0-9._-]+`)

// RunbookFile reads a runbook from a file of Markdown. Without an id in its heading it is
// called as its file is.
func RunbookFile(name string, data []byte) (b runbook.Runbook, err error) {
	text := strings.TrimPrefix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\ufeff")
	var h heading
	above := 0
	if rest, ok := strings.CutPrefix(text, "---\n"); ok {
		head, body, ok := strings.Cut("\n"+rest, "\n---\n")
		if !ok {
			return b, &Problems{name, []Problem{{Line: 1, Column: 1, Text: "the heading does not end: a line of --- stands after it"}}}
		}
		// Its first line is empty here where --- stands in the file: lines are counted alike.
		node, err := document(name, []byte(head+"\n"))
		if err != nil {
			return b, err
		}
		r := &reader{at: places{}, found: Problems{File: name}}
		if node != nil {
			r.value("", node, reflect.ValueOf(&h).Elem())
		}
		if err := r.found.err(); err != nil {
			return b, err
		}
		text, above = body, strings.Count(head, "\n")+1
	}
	base := strings.ToLower(strings.TrimSuffix(path.Base(name), path.Ext(name)))
	b = runbook.Runbook{
		ID: cmp.Or(h.ID, strings.Trim(notInID.ReplaceAllString(base, "-"), "-._")), Name: h.Name, Team: h.Team, Owner: h.Owner,
		Match: h.Match, Verify: h.Verify, Expires: h.Expires, Text: strings.TrimSpace(text) + "\n",
	}
	above += strings.Count(text[:len(text)-len(strings.TrimLeft(text, " \t\n"))], "\n")
	titled(&b)
	if _, err := runbook.Compile(b); err != nil {
		return b, inRunbook(name, err, above)
	}
	return b, nil
}

var textLine = regexp.MustCompile(`^text: line (\d+): `)

// inRunbook says what is wrong with a file, by the file's own lines.
func inRunbook(name string, err error, above int) error {
	p := &Problems{File: name}
	no, ok := errors.AsType[incident.Refusal](err)
	if !ok {
		return err
	}
	for line := range strings.SplitSeq(no.Text, "\n") {
		problem := Problem{Text: line}
		if m := textLine.FindStringSubmatch(line); m != nil {
			fmt.Sscan(m[1], &problem.Line)
			problem.Line += above
			problem.Column, problem.Text = 1, strings.TrimPrefix(line, m[0])
		}
		p.List = append(p.List, problem)
	}
	return p
}

// WithRunbooks is the text of a set-up with runbooks added to it; of nothing, a set-up
// that holds them alone.
func WithRunbooks(setup []byte, all []runbook.Runbook) ([]byte, error) {
	list, err := json.Marshal(all) // JSON is YAML
	if err != nil {
		return nil, err
	}
	out := slices.Clone(setup)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(append(append(out, "runbooks: "...), list...), '\n'), nil
}

package ticket

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"time"

	tmpl "text/template"

	"tocsin/incident"
	"tocsin/org"
)

// Values are what templates may name.
type Values struct {
	ID, Title, Service, ServiceName, Team, Severity, Priority, Status string
	Category, Impact, Urgency, Owner, Cause, URL, OpenedAt            string
	// Of an action, whose Owner and URL are then those above.
	Action, Number, Weight, Due string
}

// ValuesOf are those of an incident, or of one of its actions. service and owner are how
// people call these.
func ValuesOf(in incident.Incident, action int, service, owner, url string) Values {
	v := Values{
		ID: string(in.ID), Title: in.Title, Service: string(in.Service), ServiceName: service, Team: string(in.Team), Severity: string(in.Severity),
		Priority: string(in.Priority), Status: string(in.Status), Category: in.Category, Impact: in.Impact, Urgency: in.Urgency, Owner: owner,
		URL: url, OpenedAt: in.OpenedAt.UTC().Format(time.RFC3339),
	}
	if in.Recovery != nil {
		v.Cause = in.Recovery.Cause
	}
	if a, ok := in.Action(action); ok {
		v.Action, v.Number, v.Weight = a.Title, strconv.Itoa(action), string(a.Priority)
		if !a.Due.IsZero() {
			v.Due = a.Due.UTC().Format(time.DateOnly)
		}
	}
	return v
}

const (
	usualTitle = `{{.Severity}} {{.Title}}`
	usualText  = `{{.Title}}

Service: {{.ServiceName}}
Severity: {{.Severity}}, priority {{.Priority}}
Status: {{.Status}}{{if .Owner}}, {{.Owner}} has it{{end}}
Since: {{.OpenedAt}}
{{.URL}}`

	usualActionTitle = `{{.Action}}`
	usualActionText  = `{{.Action}}

So that this does not come again: {{.Title}} ({{.Severity}}, {{.ServiceName}})
Who does it: {{if .Owner}}{{.Owner}}{{else}}nobody yet{{end}}{{if .Due}}
By: {{.Due}}{{end}}
{{.URL}}`

	mostText  = 30000 // bytes of a text that a template makes
	mostField = 4000
)

// A Draft is a ticket before it is one.
type Draft struct {
	Title, Text string
	Fields      map[string]any // texts, or what a template of JSON makes
	Mark        string         // by which it is found again
	Foot        string         // a mark as comments have it, where the text is one
	Severity    org.Severity
	Priority    org.Priority
}

// A text is a template that was read.
type text struct {
	*tmpl.Template
	json bool // what it makes is JSON
}

var funcs = tmpl.FuncMap{
	"upper": strings.ToUpper, "lower": strings.ToLower, "trim": strings.TrimSpace,
	"json": func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
	// of picks: {{of .Severity "SEV1" "Highest" "SEV2" "High" "Medium"}}
	"of": pick,
}

// pick is the value that follows what is; a last one without a pair is for all else.
func pick(is string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == is {
			return pairs[i+1]
		}
	}
	if len(pairs)%2 == 1 {
		return pairs[len(pairs)-1]
	}
	return ""
}

func template(path, said, usual string) (*text, error) {
	if strings.TrimSpace(said) == "" {
		said = usual
	}
	t, err := tmpl.New("").Option("missingkey=error").Funcs(funcs).Parse(said)
	if err != nil {
		return nil, Fault{path, strings.TrimPrefix(err.Error(), "template: :")}
	}
	if loops(t.Root) {
		return nil, Fault{path, "a template does not go round in circles: take range out"}
	}
	head := strings.TrimSpace(said)
	one := &text{t, strings.HasPrefix(head, "[") || strings.HasPrefix(head, "{") && !strings.HasPrefix(head, "{{")}
	if _, err := one.fill(Values{Title: "title", Severity: "SEV1", Priority: "high"}, mostText); err != nil {
		return nil, Fault{path, err.Error()}
	}
	return one, nil
}

// loops says whether a template goes round: nobody needs that for a line.
func loops(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.RangeNode, *parse.TemplateNode:
		return true
	case *parse.IfNode:
		return loops(n.List) || loops(n.ElseList)
	case *parse.WithNode:
		return loops(n.List) || loops(n.ElseList)
	case *parse.ListNode:
		return n != nil && slices.ContainsFunc(n.Nodes, loops)
	}
	return false
}

func texts(path string, all map[string]string) (map[string]*text, error) {
	out := map[string]*text{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t, err := template(path+"."+name, all[name], "")
		if err != nil {
			return nil, err
		}
		out[name] = t
	}
	return out, nil
}

// fill makes a text, cut where it is too long.
func (t *text) fill(v Values, most int) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, v); err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "template: :"))
	}
	return cut(b.String(), most), nil
}

// cut shortens a text to so many bytes, between characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-3], "") + "…"
}

// Draft is what a ticket of an incident, or of one of its actions, says at first.
// rule is the name of the one that wanted it.
func (c *Compiled) Draft(rule string, in incident.Incident, action int, v Values, mark string) (d Draft, err error) {
	d = Draft{Mark: mark, Severity: in.Severity, Priority: in.Priority, Fields: map[string]any{}}
	title, text, of := c.title, c.text, ""
	if action > 0 {
		title, text, of, d.Priority = c.actionTitle, c.actionText, "action_", org.Low
		if a, _ := in.Action(action); a.Priority == incident.Heavy {
			d.Priority = org.High
		}
	}
	if d.Title, err = title.fill(v, 250); err != nil {
		return d, Fault{of + "title", err.Error()}
	}
	d.Title = strings.Join(strings.Fields(d.Title), " ")
	if d.Text, err = text.fill(v, mostText); err != nil {
		return d, Fault{of + "text", err.Error()}
	}
	fields := maps.Clone(c.fields)
	for _, one := range c.rules {
		if rule != "" && one.Name == rule {
			maps.Copy(fields, one.fields)
			break
		}
	}
	for name, t := range fields {
		said, err := t.fill(v, mostField)
		if err != nil {
			return d, Fault{"fields." + name, err.Error()}
		}
		if !t.json {
			d.Fields[name] = said
			continue
		}
		var value any
		if err := json.Unmarshal([]byte(said), &value); err != nil {
			return d, Fault{"fields." + name, fmt.Sprintf("makes no JSON: %v", err)}
		}
		d.Fields[name] = value
	}
	return d, nil
}

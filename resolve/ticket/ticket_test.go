package ticket

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func opened() incident.Incident {
	return incident.Fold(incident.Log{{Seq: 1, At: night, By: "source:prom", Fact: incident.Opened{
		Title: "db-1 is down", Service: "db", Team: "dba", Severity: org.SEV1, Priority: org.High, Category: "network",
	}}})
}

func compiled(t *testing.T, s org.TicketSystem) *Compiled {
	t.Helper()
	c, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRules(t *testing.T) {
	for name, x := range map[string]struct {
		rule      org.TicketRule
		sensitive bool
		want      bool
	}{
		"all":               {org.TicketRule{}, false, true},
		"off":               {org.TicketRule{Off: true}, false, false},
		"severity":          {org.TicketRule{Severities: []org.Severity{org.SEV1, org.SEV2}}, false, true},
		"other severity":    {org.TicketRule{Severities: []org.Severity{org.SEV3}}, false, false},
		"service":           {org.TicketRule{Services: []org.ServiceID{"db"}}, false, true},
		"other service":     {org.TicketRule{Services: []org.ServiceID{"web"}}, false, false},
		"other team":        {org.TicketRule{Teams: []org.TeamID{"web"}}, false, false},
		"matchers":          {org.TicketRule{Match: []string{`title=~".*down", category="network"`, `team!="web"`}}, false, true},
		"matchers, not":     {org.TicketRule{Match: []string{`title=~".*down"`, `category="power"`}}, false, false},
		"sensitive":         {org.TicketRule{}, true, false},
		"sensitive as well": {org.TicketRule{Sensitive: true}, true, true},
	} {
		c := compiled(t, org.TicketSystem{ID: "jira", Rules: []org.TicketRule{x.rule}})
		if _, ok := c.Wants(opened(), 0, x.sensitive); ok != x.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	c := compiled(t, org.TicketSystem{ID: "jira", Rules: []org.TicketRule{{Off: true}, {}, {Name: "last"}}})
	if name, _ := c.Wants(opened(), 0, false); name != "rule 2" {
		t.Error("the first that fits is", name)
	}
	for name, change := range map[string]func(*incident.Incident){
		"over": func(in *incident.Incident) { in.Status = incident.Resolved }, "held": func(in *incident.Incident) { in.Held = "silence" },
		"by hand": func(in *incident.Incident) { in.Sort = incident.KindCall },
	} {
		in := opened()
		if change(&in); in.ID != "" {
			t.Fatal()
		}
		if _, ok := c.Wants(in, 0, false); ok {
			t.Error("a ticket of one that is", name)
		}
	}
}

// left is an incident that is closed, with an action that is to be done and one that is.
func left() incident.Incident {
	in := opened()
	for _, f := range []incident.Fact{
		incident.Ended{},
		incident.ActionAdded{Action: 1, Title: "Watch the disk", Owner: "omar", Due: night.AddDate(0, 0, 7), Priority: incident.Heavy},
		incident.ActionAdded{Action: 2, Title: "Buy a disk"},
		incident.ActionDone{Action: 2, Title: "Buy a disk"},
		incident.Filed{},
	} {
		in = in.After(incident.Entry{Seq: in.Seq + 1, At: night, By: "person:jane", Fact: f})
	}
	return in
}

// An action gets a ticket by rules of actions alone, though its incident is closed, and is
// moved by that ticket alone.
func TestActions(t *testing.T) {
	in := left()
	for name, x := range map[string]struct {
		rule      org.TicketRule
		action    int
		sensitive bool
		want      bool
	}{
		"a rule of incidents":       {org.TicketRule{}, 1, false, false},
		"a rule of actions":         {org.TicketRule{Of: "actions"}, 1, false, true},
		"for an incident":           {org.TicketRule{Of: "actions"}, 0, false, false},
		"one that is done":          {org.TicketRule{Of: "actions"}, 2, false, false},
		"one that there is not":     {org.TicketRule{Of: "actions"}, 3, false, false},
		"of a sensitive service":    {org.TicketRule{Of: "actions"}, 1, true, false},
		"matchers of both":          {org.TicketRule{Of: "actions", Match: []string{`weight="high", severity="SEV1"`, `owner!="jane"`, `action=~".*disk"`}}, 1, false, true},
		"matchers that do not hold": {org.TicketRule{Of: "actions", Match: []string{`weight="low"`}}, 1, false, false},
	} {
		if _, ok := compiled(t, org.TicketSystem{ID: "jira", Rules: []org.TicketRule{x.rule}}).Wants(in, x.action, x.sensitive); ok != x.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	c := compiled(t, org.TicketSystem{ID: "jira"})
	d, err := c.Draft("", in, 1, ValuesOf(in, 1, "Databases", "Omar", "https://t.example.org/incidents/1/review"), "m")
	if err != nil || d.Title != "Watch the disk" || d.Priority != org.High || !strings.Contains(d.Text, "db-1 is down (SEV1, Databases)\nWho does it: Omar\nBy: 2026-11-30\nhttps://") {
		t.Errorf("%+v %v", d, err)
	}
	at := func(f incident.Fact, by incident.Actor) incident.Entry {
		return incident.Entry{At: night, By: by, Fact: f}
	}
	in = in.After(at(incident.TicketOpened{System: "jira", Key: "OPS-1"}, "engine")).After(at(incident.TicketOpened{System: "jira", Key: "OPS-2", Action: 1}, "engine"))
	kinds := func(facts []incident.Fact) (all []string) {
		for _, f := range facts {
			all = append(all, f.Kind())
		}
		return all
	}
	closed := c.Moved(in, 1, "OPS-2", "Done", Done)
	if got := strings.Join(kinds(closed), " "); got != "resolve.ticket_moved review.action_done" {
		t.Error("the ticket of an action is done: ", got)
	}
	for _, f := range closed {
		in = in.After(at(f, "ticket:jira"))
	}
	if a, _ := in.Action(1); a.State != incident.Done || StateOf(in, 1) != Done || len(c.Moved(in, 1, "OPS-2", "Done", Done)) != 0 {
		t.Errorf("%+v", a)
	}
	if one, _ := in.Ticket(0, "jira"); one.Done {
		t.Error("the ticket of the incident is done as well")
	}
	if got := strings.Join(kinds(c.Moved(in, 1, "OPS-2", "To Do", Open)), " "); got != "resolve.ticket_moved review.action_reopened" {
		t.Error("it is opened again: ", got)
	}
	if got := c.Hears(in, 1, "OPS-2", []Said{{ID: "1", Author: "ann", Text: "bought"}}); len(got) != 1 || got[0].String() != "of action 1, Watch the disk: ann: bought" {
		t.Errorf("%v", got)
	}
	said := at(incident.ActionNoted{Action: 1, Title: "Watch the disk", Text: "how big?"}, "person:jane")
	for action, want := range []string{"", "Jane: how big?", ""} {
		if got := c.Says(said, action, "Jane"); got != want {
			t.Errorf("of %d: %q, want %q", action, got, want)
		}
	}
	said.Fact, said.By = incident.ActionNoted{Action: 1, Text: "x", In: "ticket:jira/OPS-2"}, "ticket:jira"
	if got := c.Says(said, 1, "jira"); got != "" {
		t.Errorf("an echo: %q", got)
	}
	if got := MatterOf(Matter{Incident: "01ABC", Action: 12}.String()); got != (Matter{"01ABC", 12}) || got.Sort() != "action" || MatterOf("01ABC").Action != 0 {
		t.Errorf("%+v", got)
	}
}

func TestFaults(t *testing.T) {
	for want, s := range map[string]org.TicketSystem{
		`rules[0].of: "people" is none of`:               {Rules: []org.TicketRule{{Of: "people"}}},
		`rules[0].match[0]: an incident has no "weight"`: {Rules: []org.TicketRule{{Match: []string{`weight="high"`}}}},
		`rules[0].match[0]: an action has no "host"`:     {Rules: []org.TicketRule{{Of: "actions", Match: []string{`host="x"`}}}},
		`action_title: `: {ActionTitle: "{{.Host}}"},
		`state: "sideways" is none of both, out, in, none`: {State: "sideways"},
		`rules[1].match[0]: an incident has no "host"`:     {Rules: []org.TicketRule{{}, {Match: []string{`host="x"`}}}},
		`rules[0].match[0]: "=": `:                         {Rules: []org.TicketRule{{Match: []string{`=`}}}},
		`rules[0].severities[0]: "SEV9"`:                   {Rules: []org.TicketRule{{Severities: []org.Severity{"SEV9"}}}},
		`rules[0].fields.x: `:                              {Rules: []org.TicketRule{{Fields: map[string]string{"x": "{{"}}}},
		`title: `:                                          {Title: "{{.Host}}"},
		`text: a template does not go round`:               {Text: "{{if .Title}}{{range .Title}}x{{end}}{{end}}"},
	} {
		_, err := Compile(s)
		if f, ok := errors.AsType[Fault](err); !ok || !strings.HasPrefix(f.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestDraft(t *testing.T) {
	c := compiled(t, org.TicketSystem{
		ID: "jira", Fields: map[string]string{"priority": `{{of .Severity "SEV1" "Highest" "High"}}`, "components": `[{"name": {{json .Service}}}]`, "labels": "a"},
		Rules: []org.TicketRule{{Name: "db", Fields: map[string]string{"labels": "b {{lower .Team}}"}}},
	})
	in := opened()
	in.Title = "db-1 is\n\"down\""
	d, err := c.Draft("db", in, 0, ValuesOf(in, 0, "Databases", "Jane", "https://t.example.org/incidents/1"), "tocsin-1")
	if err != nil {
		t.Fatal(err)
	}
	if d.Title != `SEV1 db-1 is "down"` || !strings.Contains(d.Text, "Service: Databases") || !strings.Contains(d.Text, "Jane has it") || !strings.HasSuffix(d.Text, "/incidents/1") || d.Mark != "tocsin-1" {
		t.Errorf("%+v", d)
	}
	fields, err := json.Marshal(d.Fields)
	if err != nil || string(fields) != `{"components":[{"name":"db"}],"labels":"b dba","priority":"Highest"}` {
		t.Errorf("%s %v", fields, err)
	}
	if d, err = c.Draft("", in, 0, Values{Severity: "SEV4"}, "m"); err != nil || d.Fields["labels"] != "a" || d.Fields["priority"] != "High" {
		t.Errorf("by hand: %+v %v", d.Fields, err)
	}
	c = compiled(t, org.TicketSystem{Fields: map[string]string{"x": `{"a": "{{.Title}}"}`}})
	if _, err := c.Draft("", in, 0, ValuesOf(in, 0, "", "", ""), "m"); err == nil || !strings.HasPrefix(err.Error(), "fields.x: makes no JSON") {
		t.Error("a quotation breaks out of JSON: ", err)
	}
}

func TestMarks(t *testing.T) {
	for _, hidden := range []bool{true, false} {
		text := "Jane has it\n\n" + Sign(12, "abc0", hidden)
		if seq, mac, ok := Signed(text + " \n"); !ok || seq != 12 || mac != "abc0" {
			t.Errorf("%q: %d %q %v", text, seq, mac, ok)
		}
		quoted := "> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n\nI do not think so"
		if _, _, ok := Signed(quoted); ok {
			t.Errorf("%q is ours", quoted)
		}
	}
	for _, text := range []string{"", "tocsin-", "tocsin-x-abc", "tocsin-0-abc", "tocsin-4-", "hello"} {
		if _, _, ok := Signed(text); ok {
			t.Errorf("%q is ours", text)
		}
	}
}

// What a ticket says of itself changes the incident once, and only where it is to.
func TestMoved(t *testing.T) {
	said := func(facts []incident.Fact) string {
		var all []string
		for _, f := range facts {
			all = append(all, f.String())
		}
		return strings.Join(all, "; ")
	}
	with := func(in incident.Incident, facts ...incident.Fact) incident.Incident {
		for _, f := range facts {
			in = in.After(incident.Entry{Seq: in.Seq + 1, At: night, By: incident.Engine, Fact: f})
		}
		return in
	}
	c := compiled(t, org.TicketSystem{ID: "jira"})
	in := with(opened(), incident.TicketOpened{System: "jira", Key: "OPS-1"})
	if got := said(c.Moved(in, 0, "OPS-1", "In Progress", Open)); got != "ticket OPS-1 is In Progress" {
		t.Error(got)
	}
	facts := c.Moved(in, 0, "OPS-1", "Done", Done)
	if got := said(facts); got != "ticket OPS-1 is Done; resolved: ticket OPS-1 is Done" {
		t.Error(got)
	}
	over := with(in, facts...)
	if got := said(c.Moved(over, 0, "OPS-1", "Done", Done)); got != "" {
		t.Error("twice is once: ", got)
	}
	if got := said(c.Moved(over, 0, "OPS-1", "To Do", Open)); got != "ticket OPS-1 is To Do" {
		t.Error("it calls people though nobody wanted that: ", got)
	}
	c.Reopens = true
	if got := said(c.Moved(over, 0, "OPS-1", "To Do", Open)); got != "ticket OPS-1 is To Do; reopened: ticket OPS-1 was opened again" {
		t.Error(got)
	}
	c.State = org.WayOut
	if got := said(c.Moved(in, 0, "OPS-1", "Done", Done)); got != "ticket OPS-1 is Done" {
		t.Error("it ends the incident though nobody wanted that: ", got)
	}
	if got := said(c.Moved(in, 0, "OPS-2", "Done", Done)); got != "" {
		t.Error("another ticket: ", got)
	}
}

func TestSays(t *testing.T) {
	c := compiled(t, org.TicketSystem{ID: "jira"})
	for want, e := range map[string]incident.Entry{
		"Jane: It is the disk":     {By: "person:jane", Fact: incident.Noted{Text: "It is the disk "}},
		"Jane has it":              {By: "person:jane", Fact: incident.AcknowledgedBy{}},
		"Jane: resolved: new disk": {By: "person:jane", Fact: incident.Ended{Why: "new disk"}},
	} {
		if got := c.Says(e, 0, "Jane"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, e := range []incident.Entry{
		{By: "engine", Fact: incident.Called{}}, {By: "ticket:jira", Fact: incident.Ended{}}, {By: "ticket:jira", Fact: incident.Noted{Text: "x"}},
		{By: "person:jane", Fact: incident.Noted{Text: "x", In: "ticket:jira/OPS-1"}}, {By: "engine", Fact: incident.TicketMoved{}},
	} {
		if got := c.Says(e, 0, "x"); got != "" {
			t.Errorf("%+v says %q", e, got)
		}
	}
	if got := c.Says(incident.Entry{By: "ticket:github", Fact: incident.Noted{Text: "ann: x", In: "ticket:github/a#1"}}, 0, "github"); got != "github: ann: x" {
		t.Errorf("of the other system: %q", got)
	}
	c = compiled(t, org.TicketSystem{ID: "jira", Tell: []string{"*"}, Comments: org.WayIn})
	if got := c.Says(incident.Entry{By: "person:jane", Fact: incident.Noted{Text: "x"}}, 0, "Jane"); got != "" {
		t.Error("it says ", got)
	}
}

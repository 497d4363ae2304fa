package config

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/internal/secret"
	"tocsin/org"
)

const example = "../../docs/examples/first.yaml"

func ring(t testing.TB) *secret.Ring {
	t.Helper()
	r, err := secret.Generate(bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parsed(t testing.TB, text string) Setup {
	t.Helper()
	s, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestExample(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	s := parsed(t, string(data))
	if err := s.Validate(Setup{}); err != nil {
		t.Fatal(err)
	}
	jane := s.People[0]
	if !jane.Reachable() || len(jane.Rules) != 3 || jane.Rules[1].After.D() != 2*time.Minute || jane.Rules[1].Priority != org.High {
		t.Errorf("jane is %+v", jane)
	}
	if got := s.Policies[0].Levels[1].Targets; len(got) != 2 || got[0] != (org.Target{Kind: "team", ID: "dba"}) {
		t.Errorf("targets of the second level are %v", got)
	}
	if got := s.Policies[1].Levels[0].Targets[1]; got != (org.Target{Kind: "person", ID: "omar"}) {
		t.Errorf("a bare word is %v", got)
	}
	if s.Settings.CatchAll != "unclaimed" || len(*s.Rules) != 3 {
		t.Errorf("settings %v, rules %v", s.Settings, s.Rules)
	}

	back := Read(s.Items(ring(t)))
	if diff := cmp.Diff(s, back, cmpopts.IgnoreUnexported(Setup{}), cmpopts.IgnoreFields(Setup{}, "File")); diff != "" {
		t.Errorf("what is stored reads back otherwise (-file +stored):\n%s", diff)
	}
}

func TestItemsHashKeys(t *testing.T) {
	s := parsed(t, "integrations: [{id: a, source: generic, key: sixteen-or-more-1}]")
	items := s.Items(ring(t))
	if len(items) != 1 || items[0].Kind != "integration" || items[0].ID != "a" {
		t.Fatalf("items are %v", items)
	}
	if body := string(items[0].Body); strings.Contains(body, "sixteen") ||
		!strings.Contains(body, ring(t).Hash("integration key", "sixteen-or-more-1")) {
		t.Errorf("body is %s", body)
	}
}

func TestScalarsAreTextAsWritten(t *testing.T) {
	s := parsed(t, "people: [{id: 007, name: true, methods: [{id: sms, channel: log, address: +420123456}]}]")
	p := s.People[0]
	if p.ID != "007" || p.Name != "true" || p.Methods[0].Address != "+420123456" {
		t.Errorf("read %+v", p)
	}
}

func TestNameless(t *testing.T) {
	s := parsed(t, "people: [{id: jane}]\nteams: [{id: dba}]\nservices: [{id: db}]\npolicies: [{id: p}]\nschedules: [{id: s}]\nintegrations: [{id: i}]")
	for _, name := range []string{s.People[0].Name, s.Teams[0].Name, s.Services[0].Name, s.Policies[0].Name, s.Schedules[0].Name, s.Integrations[0].Name} {
		if name == "" {
			t.Errorf("a thing has no name: %+v", s)
		}
	}
}

// Each text is wrong in the ways that are listed, and in no other.
func TestWrong(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"only a comment", "# nothing\n", ""},
		{"syntax", "people:\n  - id: jane\n   name: x\n", "x.yaml:3:4: value is not allowed in this context"},
		{"two documents", "people: []\n---\nteams: []\n", "x.yaml:3:1: a second document: write one document a file"},
		{"a list", "- people\n", "x.yaml:1:1: want fields, not a list"},
		{"duplicate key", "people: []\npeople: []\n", `x.yaml:2:1: mapping key "people" already defined at [1:1]`},
		{"unknown fields, all at once", "peple: []\nteams:\n  - id: a\n    membres: [x]\n", `
			x.yaml:1:1: unknown field "peple": want one of people, teams, services, policies, schedules, integrations, heartbeats, webhooks, channels, status_pages, forms, runbooks, ticket_systems, scenarios, rules, sifting, settings
			x.yaml:4:5: teams[0]: unknown field "membres": want one of id, name, members, roles, room, replies`},
		{"hidden fields", "people: [{id: a, verified: true, retired: true}]", `
			x.yaml:1:18: people[0]: unknown field "verified": want one of id, name, zone, country, role, methods, rules, hours, quiet, away, low, digest, caps, capacity
			x.yaml:1:34: people[0]: unknown field "retired": want one of id, name, zone, country, role, methods, rules, hours, quiet, away, low, digest, caps, capacity`},
		{"wrong shapes", "people: jane\nteams:\n  - dba\nservices:\n  - id: [x]\nsettings: 5\n", `
			x.yaml:1:9: people: want a list, not "jane"
			x.yaml:3:5: teams[0]: want fields, not "dba"
			x.yaml:5:9: services[0].id: want a text, not a list
			x.yaml:6:11: settings: want fields, not "5"`},
		{"durations and targets", "policies:\n  - id: p\n    levels:\n      - wait: 5\n        targets: [nurse:jane, \"team:\"]\n", `
			x.yaml:4:15: policies[0].levels[0].wait: "5" is not a duration such as 30s, 5m or 1h30m
			x.yaml:5:19: policies[0].levels[0].targets[0]: target "nurse:jane": want person:x, schedule:x, team:x, policy:x or email:x
			x.yaml:5:31: policies[0].levels[0].targets[1]: target "team:" names nobody`},
		{"anchors", "people: &p []\nteams: *p\n", `
			x.yaml:1:9: people: anchors, aliases and tags are not read here: write it out
			x.yaml:2:8: teams: anchors, aliases and tags are not read here: write it out`},
		{"ids", "teams:\n  - id: DBA\n  - name: x\n  - id: a\n  - id: a\n", `
			x.yaml:2:9: teams[0].id: "DBA" is no id: write a-z, 0-9, dot, dash and underscore, a letter or digit first, at most 64
			x.yaml:3:5: teams[1].id: is missing
			x.yaml:5:9: teams[3].id: team "a" stands here twice, first in teams[2]`},
		{"people", `
people:
  - id: jane
    zone: Europe/Atlantis
    methods:
      - {id: m, channel: emial, address: x}
      - {id: n, channel: email, address: nobody}
      - {id: n, channel: log}
    rules:
      - method: x
        priority: urgent
        for: 5m
`, `
			x.yaml:4:11: people[0].zone: unknown time zone "Europe/Atlantis": write an IANA name such as Europe/Prague
			x.yaml:6:26: people[0].methods[0].channel: "emial" is no channel: want one of CHANNELS
			x.yaml:7:42: people[0].methods[1].address: "nobody" is not a mail address
			x.yaml:8:9: people[0].methods[2].address: is missing
			x.yaml:8:14: people[0].methods[2].id: method "n" stands here twice, first in people[0].methods[1]
			x.yaml:10:17: people[0].rules[0].method: jane has no method "x"
			x.yaml:11:19: people[0].rules[0].priority: "urgent" is neither high nor low
			x.yaml:12:14: people[0].rules[0].for: goes with every: how often to try again for so long`},
		{"references", `
teams: [{id: t, members: [x]}]
services:
  - {id: a, team: x, policy: x, depends_on: [x]}
policies:
  - id: p
    levels: [{targets: [x, "schedule:x", "team:x", "email:x"]}]
    fail_over: [x]
    report: ["team:x"]
integrations:
  - {id: i, source: x, service: x}
rules:
  - {service: x, integration: x}
settings: {catch_all: x}
`, `
			x.yaml:2:27: teams[0].members[0]: there is no person "x"
			x.yaml:4:19: services[0].team: there is no team "x"
			x.yaml:4:30: services[0].policy: there is no policy "x"
			x.yaml:4:46: services[0].depends_on[0]: there is no service "x"
			x.yaml:7:25: policies[0].levels[0].targets[0]: there is no person "x"
			x.yaml:7:28: policies[0].levels[0].targets[1]: there is no schedule "x"
			x.yaml:7:42: policies[0].levels[0].targets[2]: there is no team "x"
			x.yaml:7:52: policies[0].levels[0].targets[3]: "x" is not a mail address
			x.yaml:8:17: policies[0].fail_over[0]: there is no person "x"
			x.yaml:9:14: policies[0].report[0]: there is no team "x"
			x.yaml:11:21: integrations[0].source: "x" is no source: want one of alertmanager, generic, github, gitlab, grafana, grafana-legacy, opsgenie, pagerduty
			x.yaml:11:33: integrations[0].service: there is no service "x"
			x.yaml:13:15: rules[0].service: there is no service "x"
			x.yaml:13:31: rules[0].integration: there is no integration "x"
			x.yaml:14:23: settings.catch_all: there is no service "x"`},
		{"circle", "services:\n  - {id: a, depends_on: [b]}\n  - {id: b, depends_on: [c, a]}\n  - {id: c}\n  - {id: d, depends_on: [d]}\n", `
			x.yaml:2:25: services[0].depends_on: goes in a circle: a -> b -> a
			x.yaml:3:25: services[1].depends_on: goes in a circle: b -> a -> b
			x.yaml:5:25: services[3].depends_on: goes in a circle: d -> d`},
		{"policy", "policies:\n  - id: p\n    stops: never\n    levels:\n      - wait: 5m\n        at: 5m\n  - id: q\n", `
			x.yaml:3:12: policies[0].stops: "never" is none of acknowledged, read, delivered
			x.yaml:6:13: policies[0].levels[0].at: counts only in a policy with offset: true; write wait on the level before
			x.yaml:7:5: policies[1].levels: a policy needs at least one`},
		{"schedule", `
schedules:
  - id: s
    tz: Nowhere
    layers:
      - id: l
        slots: [[jane]]
        edge_from: x
    patches:
      - {op: add, start: "2026-01-05T09:00", end: "2026-01-06T09:00", users: omar}
`, `
			x.yaml:4:9: schedules[0].tz: unknown time zone "Nowhere": write an IANA name such as Europe/Prague
			x.yaml:7:18: schedules[0].layers[0].slots[0][0]: there is no person "jane"
			x.yaml:8:20: schedules[0].layers[0].edge_from: "x" is unknown: write one of clip, drop
			x.yaml:10:78: schedules[0].patches[0].users[0]: there is no person "omar"`},
		{"keys", `
integrations:
  - {id: a, source: generic, key: tooshort}
  - {id: b, source: pagerduty, key: sixteen-or-more-1}
  - {id: c, source: generic, key: sixteen-or-more-1}
`, `
			x.yaml:3:35: integrations[0].key: a key is 16 to 128 letters, digits, dashes and underscores
			x.yaml:4:37: integrations[1].key: a routing key is 32 letters and digits
			x.yaml:5:35: integrations[2].key: is the key of integration b too`},
		{"rules", "rules:\n  - name: ok\n  - match: ['a']\n  - match: ['a=~\"(\"']\n    severity: bad\n", `
			x.yaml:3:5: rules[1]: match 1: "a": end of input: expected an operator such as '=', '!=', '=~' or '!~'
			x.yaml:4:5: rules[2]: match 1: "a=~\"(\"": failed to create matcher: error parsing regexp: missing closing ): ` + "`^(?:()$`" + `
			x.yaml:4:5: rules[2]: severity: "bad" is not one of SEV1 to SEV5`},
		{"sifting", `services: [{id: a, depends_on: [b]}, {id: b, sift: {transient: 20m}}]
settings: {sift: {group: {key: "{"}}}
sifting:
  nodes: [{id: b, depends_on: [rack]}, {id: rack, depends_on: [a, nowhere]}]
  any_of: [{id: g, child: a, members: [b, none]}]
  about: [{match: ['x="1"'], node: moon}, {class: dead}]
  inhibit: [{source: ['a="b"'], target: ["("]}]
  windows: [{id: w, services: [c], start: 2026-12-01T02:00, for: 1h}]
  enrich: [{label: x}]
`, `
			x.yaml:1:52: services[1].sift: transient: at most 15m
			x.yaml:2:18: settings.sift: group.key: "{": a brace is not closed
			x.yaml:4:10: sifting.nodes: a circle of dependencies: a -> b -> rack -> a
			x.yaml:4:67: sifting.nodes[1].depends_on[1]: there is no node and no service "nowhere"
			x.yaml:5:43: sifting.any_of[0].members[1]: there is no node, service or group "none"
			x.yaml:6:36: sifting.about[0].node: there is no node and no service "moon"
			x.yaml:6:43: sifting.about[1]: class: "dead" is none of down, degraded, warning
			x.yaml:7:13: sifting.inhibit[0]: target: "(": end of input: expected an operator such as '=', '!=', '=~' or '!~'
			x.yaml:8:32: sifting.windows[0].services[0]: there is no service "c"
			x.yaml:9:12: sifting.enrich[0]: it has one of table, match and link`},
		{"channels", `
channels:
  - {id: a, kind: pigeon}
  - {id: b, kind: twilio, settings: {account: AC1, from: x, coop: y}}
  - {id: email, kind: twilio, settings: {account: XX, token: t, from: "+15005550006"}}
  - {id: d, kind: gateway, settings: {template: "request: {url: 'ftp://x'}"}}
`, `
			x.yaml:3:19: channels[0].kind: "pigeon" is no kind of channel: want one of KINDS
			x.yaml:4:37: channels[1].settings.coop: twilio has no such setting; want some of account, token, from, region, server
			x.yaml:4:37: channels[1].settings.token: is missing: the auth token; it signs what Twilio tells us, too
			x.yaml:5:10: channels[2].id: "email" is the name of a channel that the server's own options set up
			x.yaml:5:41: channels[2].settings.account: is no account SID such as AC followed by 32 digits and letters
			x.yaml:6:38: channels[3].settings: egress: x: only http and https go out`},
		{"pages, forms and guidelines", `
services: [{id: a}]
status_pages:
  - {id: p, language: fr, zone: Mars, help: "javascript:x", subscribe: [fax], components: [{id: c, auto: true}, {id: c, services: [x]}]}
forms:
  - {id: f, contact: maybe, emergency: {call: ["policy:p"]}}
  - id: g
    service: a
    categories:
      - id: d
        impact: huge
        questions: [{id: q, choices: [{text: " ", service: y}]}]
settings:
  matrix: {impacts: [low, high]}
  guidelines:
    - {id: s, severities: [SEV9], require: [hope], channels: [radio, "status:q"], escalate: ["policy:p"]}
`, `
			x.yaml:4:23: status_pages[0].language: "fr" is neither en nor de
			x.yaml:4:33: status_pages[0].zone: unknown time zone "Mars": write an IANA name such as Europe/Prague
			x.yaml:4:45: status_pages[0].help: "javascript:x" is no address that begins with https:, mailto: or tel:
			x.yaml:4:73: status_pages[0].subscribe[0]: "fax" is none of email, sms, webhook
			x.yaml:4:106: status_pages[0].components[0].auto: needs services
			x.yaml:4:118: status_pages[0].components[1].id: component "c" stands here twice, first in status_pages[0].components[0]
			x.yaml:4:132: status_pages[0].components[1].services[0]: there is no service "x"
			x.yaml:6:5: forms[0].service: is missing: the service of reports that lead to no other
			x.yaml:6:5: forms[0].categories: is missing: what people may report
			x.yaml:6:22: forms[0].contact: "maybe" is neither required nor none
			x.yaml:6:40: forms[0].emergency.ask: is missing: such as "Is somebody in danger?"
			x.yaml:6:48: forms[0].emergency.call[0]: is people, schedules, teams or addresses
			x.yaml:10:9: forms[1].categories[0].name: is missing
			x.yaml:11:17: forms[1].categories[0].impact: "huge" is none of low, high
			x.yaml:12:21: forms[1].categories[0].questions[0].ask: is missing
			x.yaml:12:46: forms[1].categories[0].questions[0].choices[0].text: is missing
			x.yaml:12:60: forms[1].categories[0].questions[0].choices[0].service: there is no service "y"
			x.yaml:16:28: settings.guidelines[0].severities[0]: "SEV9" is none of SEV1 to SEV5
			x.yaml:16:45: settings.guidelines[0].require[0]: "hope" is none of condition, actions, needs
			x.yaml:16:63: settings.guidelines[0].channels[0]: "radio" is none of followers, reporters, status:ID
			x.yaml:16:70: settings.guidelines[0].channels[1]: there is no status_page "q"
			x.yaml:16:93: settings.guidelines[0].escalate: goes with first or every: when an update is due
			x.yaml:16:94: settings.guidelines[0].escalate[0]: is people, schedules, teams or addresses`},
		{"catch-all", "services: [{id: a}]\nsettings: {catch_all: a}\n",
			"x.yaml:2:23: settings.catch_all: service a has no policy: nobody would be called"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse("x.yaml", []byte(c.text))
			if err == nil {
				err = s.Validate(Setup{})
			}
			got := ""
			if err != nil {
				got = err.Error()
				if _, ok := errors.AsType[*Problems](err); !ok {
					t.Errorf("the error is a %T", err)
				}
			}
			want := strings.ReplaceAll(strings.TrimSpace(c.want), "\n\t\t\t", "\n")
			want = strings.ReplaceAll(want, "CHANNELS", strings.Join(channelNames, ", "))
			want = strings.ReplaceAll(want, "KINDS", strings.Join(kindNames(), ", "))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReferencesToWhatIsConfigured(t *testing.T) {
	existing := parsed(t, "people: [{id: jane}]\nservices: [{id: a, depends_on: [b]}, {id: b}]")
	s := parsed(t, "teams: [{id: t, members: [jane]}]\nservices: [{id: c, depends_on: [a]}]")
	if err := s.Validate(existing); err != nil {
		t.Error(err)
	}
	s = parsed(t, "services: [{id: b, depends_on: [a]}]")
	if err := s.Validate(existing); err == nil || !strings.Contains(err.Error(), "b -> a -> b") {
		t.Errorf("a circle through what is configured: %v", err)
	}
	s = parsed(t, "services: [{id: a}, {id: b, depends_on: [a]}]")
	if err := s.Validate(existing); err != nil {
		t.Errorf("the circle is taken apart: %v", err)
	}
}

func TestTooMuch(t *testing.T) {
	for name, text := range map[string]string{
		"large":    strings.Repeat("#", maxFile+1),
		"brackets": strings.Repeat("[", 1<<20),
		"braces":   strings.Repeat("{a: ", 1<<18),
		"dashes":   strings.Repeat("- ", 1<<20),
	} {
		if _, err := Parse("x.yaml", []byte(text)); err == nil || len(err.Error()) > 200 {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, text := range []string{
		"people: [{id: a, methods: [{id: m, channel: log, address: x}]}]",
		"schedules: [{id: s, layers: [{id: l, cover: {kind: fixed, spans: [[a, b]]}, slots: [[x]]}]}]",
		"schedules: [{id: s, layers: [{id: l, hours: Mon-Fri 09:00-17:00, people: [x]}], patches: [{op: set, users: x}]}]",
		"rules: [{match: ['a=b']}]\nsettings: {catch_all: x}", "a: &a [*a]", "<<: {}", "? [a]\n: b", "people: |\n  x", "a: !!str b",
	} {
		f.Add([]byte(text))
	}
	r := ring(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("f", data)
		if err != nil {
			return
		}
		items := s.Items(r)
		if s.Validate(Setup{}) != nil {
			return
		}
		for i, item := range Read(items).Items(r) {
			if !bytes.Equal(item.Body, items[i].Body) {
				t.Errorf("%s %s is stored as %s, then as %s", item.Kind, item.ID, items[i].Body, item.Body)
			}
		}
	})
}

// Teams, schedules and policies may stand in a schedule, where they exist.
func TestMembersOfSchedules(t *testing.T) {
	const start = "people: [{id: jane, country: CZ}]\nteams: [{id: t, members: [jane]}]\npolicies: [{id: p, levels: [{targets: ['schedule:s/secondary']}]}]\n"
	good := parsed(t, start+"schedules: [{id: s, layers: [{id: a, slots: [[jane, 'team:t'], ['policy:p']]}]}, {id: u, layers: [{id: a, slots: [['schedule:s']]}]}]")
	if err := good.Validate(Setup{}); err != nil {
		t.Error(err)
	}
	bad := parsed(t, "people: [{id: jo, country: QQ}]\n"+"policies: [{id: p, levels: [{targets: ['schedule:x/secondary', 'schedule:s/shadow']}]}]\nschedules: [{id: s, layers: [{id: a, slots: [['team:no', jane]]}]}]")
	err := bad.Validate(Setup{})
	for _, want := range []string{`people[0].country: "QQ"`, `there is no schedule "x"`, "who shadows only listens", `slots[0][0]: there is no team "no"`, `slots[0][1]: there is no person "jane"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s in\n%v", want, err)
		}
	}
}

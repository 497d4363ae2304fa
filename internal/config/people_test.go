package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/org"
)

func TestPeople(t *testing.T) {
	existing := parsed(t, "people: [{id: jane, name: Jane, zone: Europe/Prague, methods: [{id: a, channel: log, address: x}], rules: [{method: a}]}]\nteams: [{id: dba, members: [jane]}, {id: web}]")
	p, err := ParsePeople("people.csv", []byte("\ufeffid,Name,email,role,teams\njane,,jane@example.org,manager,dba\nomar,\"Omar, the\nsecond\",,,dba; web\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Setup(existing)
	if err != nil {
		t.Fatal(err)
	}
	want := []org.Person{
		{ID: "jane", Name: "Jane", Zone: "Europe/Prague", Role: org.Manager, Rules: []org.NotificationRule{{Method: "a"}},
			Methods: []org.Method{{ID: "a", Channel: "log", Address: "x", Verified: true}, {ID: "email", Channel: "email", Address: "jane@example.org", Verified: true}}},
		{ID: "omar", Name: "Omar, the\nsecond"},
	}
	if d := cmp.Diff(want, s.People); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]org.Team{{ID: "dba", Name: "dba", Members: []org.PersonID{"jane", "omar"}}, {ID: "web", Name: "web", Members: []org.PersonID{"omar"}}}, s.Teams); d != "" {
		t.Error(d)
	}
	if err := s.Validate(existing); err != nil {
		t.Error(err)
	}
}

func TestPeopleWrong(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "p.csv:1:1: is empty"},
		{"no such column", "id,nmae\n", `p.csv:1:4: there is no column "nmae"`},
		{"twice", "id,name,Name\n", "p.csv:1:9: name: stands here twice"},
		{"without id", "name\nJane\n", "p.csv:1:1: id: the column is missing"},
		{"too many cells", "id\njane,x\n", "p.csv:2:6: 2 cells under 1 names"},
		{"quotes", "id,name\njane,a\"b\n", "p.csv:2:7: bare"},
		{"not UTF-8", "id\n\xff\n", "p.csv: this is not UTF-8"},
		{"missing id", "id;name\n;Jane\n", "p.csv:2:1: people[0].id: is missing"},
		{"id", "id\njane smith\n", `p.csv:2:1: people[0].id: "jane smith" is no id`},
		{"twice the same", "id\njane\njane\n", `p.csv:3:1: people[1].id: person "jane" stands here twice`},
		{"mail address", "name,id,email\nJane,jane,nowhere\n", `p.csv:2:11: people[0].methods[0].address: "nowhere" is not a mail address`},
		{"role", "id,role\njane,boss\n", `p.csv:2:6: people[0].role: "boss" is no role`},
		{"zone", "id,zone\njane,Mars/Olympus\n", "p.csv:2:6: people[0].zone: unknown time zone"},
		{"team", "id,teams\njane,dba\n", `p.csv:2:6: teams: there is no team "dba"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParsePeople("p.csv", []byte(c.text))
			if err == nil {
				var s Setup
				if s, err = p.Setup(Setup{}); err == nil {
					err = s.Validate(Setup{})
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzPeople(f *testing.F) {
	f.Add([]byte("id,name,email,role,teams\njane,Jane,j@x.y,admin,a;b\n"))
	f.Add([]byte("id;name\n\"jane\";\"a\"\"b\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePeople("p.csv", data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		s, err := p.Setup(Setup{})
		if err != nil {
			return
		}
		if len(s.People) != len(p.rows) {
			t.Errorf("%d people of %d lines", len(s.People), len(p.rows))
		}
		_ = s.Validate(Setup{}) // must not panic
	})
}

func TestRoles(t *testing.T) {
	s := parsed(t, "people: [{id: jane, role: admin}, {id: omar, role: boss}]\nteams: [{id: dba, members: [jane], roles: {jane: manager, eve: observer, omar: admin}}, {id: web, roles: {omar: king}}]")
	if s.Teams[0].Roles["jane"] != org.Manager {
		t.Errorf("roles %v", s.Teams[0].Roles)
	}
	err := s.Validate(Setup{})
	for _, want := range []string{`people[1].role: "boss" is no role`, `there is no person "eve"`, "admin is a role everywhere", `teams[1].roles: "king" is no role`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestCovers(t *testing.T) {
	s := parsed(t, `
people: [{id: jane}, {id: omar}]
teams: [{id: dba, members: [jane, omar]}]
policies: [{id: p, levels: [{targets: [jane]}, {targets: ["team:dba"]}, {targets: [jane, omar]}]}]
schedules: [{id: s, layers: [{id: eu, people: [jane]}]}]`)
	var got []string
	for _, c := range s.Covers("jane") {
		got = append(got, c.String())
	}
	want := []string{"team dba: covered by omar", "policy p, level 1: nobody else", "policy p, level 3: covered by person:omar", "schedule s, layer eu: nobody else"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := s.Covers("eve"); got != nil {
		t.Errorf("eve stands in %v", got)
	}
}

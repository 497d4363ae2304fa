package config

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/investigate/runbook"
)

func TestRunbookFile(t *testing.T) {
	b, err := RunbookFile("db/Restart a node.md", []byte("---\nowner: jane\nmatch: ['service=\"db\"']\nverify: 720h\n---\n\n# Restart\n\nWhen it hangs.\n## Look\n"))
	if err != nil || b.ID != "restart-a-node" || b.Name != "Restart" || b.Owner != "jane" || len(b.Match) != 1 || b.Verify.D().Hours() != 720 || !strings.HasPrefix(b.Text, "# Restart") {
		t.Errorf("%+v %v", b, err)
	}
	if b, err := RunbookFile("x.md", []byte("\ufeff## Look\r\n")); err != nil || b.ID != "x" || b.Name != "x" {
		t.Errorf("%+v %v", b, err)
	}
	for text, want := range map[string]string{
		"---\nowner: jane\n# T":                        "x.md:1:1: the heading does not end",
		"---\nonwer: jane\n---\n## s":                  `x.md:2:1: onwer: unknown field`,
		"---\nid: a\n---\n\n\n# T\n## s\n{{secret.a}}": "x.md:7:1: a secret stands in an action alone",
		"# T":                             "x.md: text: there is no step",
		"---\nsecrets: {a: b}\n---\n## s": "unknown field",
	} {
		_, err := RunbookFile("x.md", []byte(text))
		if err == nil || !strings.Contains(err.Error(), strings.Split(want, ": ")[0]) || !strings.Contains(err.Error(), want[strings.LastIndex(want, ": ")+2:]) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What a folder brings is added to a set-up, and read with it.
func TestWithRunbooks(t *testing.T) {
	all := []runbook.Runbook{{ID: "a", Text: "## One: \"quoted\"\n- [ ] a\n\ttabs, and ünïcode\n"}, {ID: "b", Text: "## s", Match: []string{`a=~"b.*"`}}}
	for _, before := range []string{"", "people: [{id: jane}]", "people: [{id: jane}]\n"} {
		text, err := WithRunbooks([]byte(before), all)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse("x", text)
		if err != nil || len(s.Runbooks) != 2 || s.Runbooks[0].Text != all[0].Text || fmt.Sprint(s.Runbooks[1].Match) != fmt.Sprint(all[1].Match) {
			t.Errorf("%q: %+v %v", before, s.Runbooks, err)
		}
		if err := s.Validate(Setup{}); err != nil {
			t.Error(err)
		}
	}
}

// What a runbook names is there, and its own team's.
func TestRunbooksOfASetUp(t *testing.T) {
	s, err := Parse("x", []byte(`
teams: [{id: dba}, {id: web}]
webhooks: [{id: bot, url: "https://example.org/", team: web}]
runbooks:
  - {id: a, owner: nobody, text: "## s"}
  - {id: b, team: dba, text: "## s\n`+"```webhook bot\\n```"+`"}
  - {id: c, text: "## s\n`+"```webhook none\\n```"+`"}
  - {id: d, text: "nothing", match: ["("]}
sifting: {actions: [{id: x, match: ['a="b"'], runbook: none}, {id: y, match: ['a="b"'], runbook: a, webhook: bot}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Validate(Setup{})
	for _, want := range []string{
		`runbooks[0].owner: there is no person "nobody"`, `runbooks[1].text: step 1: the webhook "bot" is not of team dba`, `runbooks[2].text: step 1: there is no webhook "none"`,
		"runbooks[3].text: there is no step", "runbooks[3].match[0]:", `there is no runbook "none"`, "not both",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

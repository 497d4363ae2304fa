package report

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/internal/secret"
	"tocsin/org"
)

var desk = org.Form{
	ID: "desk", Name: "Report", Service: "help",
	Categories: []org.FormCategory{{
		ID: "door", Name: "A door", Leads: org.Leads{Service: "doors", Category: "building"},
		Questions: []org.Question{
			{ID: "where", Ask: "Which?", Required: true},
			{ID: "who", Ask: "Who?", Required: true, Choices: []org.FormChoice{
				{Text: "Me", Leads: org.Leads{Impact: "low"}}, {Text: "All", Leads: org.Leads{Impact: "high", Service: "security"}},
			}},
			{ID: "more", Ask: "More?", Long: true},
		},
	}},
}

func word(name string, _ ...any) string { return name }

// Answers lead on, one after the other; what is missing is said beside its question, and
// what was written stays.
func TestRead(t *testing.T) {
	c := desk.Categories[0]
	r := Read(desk, c, url.Values{"q.where": {"  West \t entrance "}, "q.who": {"1"}, "q.more": {"a\r\nb"}}, word)
	if r.Wrong || r.Title != "A door: West entrance" || r.Leads != (org.Leads{Service: "security", Category: "building", Impact: "high"}) {
		t.Errorf("%+v", r)
	}
	if len(r.Answers) != 3 || r.Answers[1].Answer != "All" || r.Answers[2].Answer != "a\nb" {
		t.Errorf("%+v", r.Answers)
	}
	r = Read(desk, c, url.Values{"q.who": {"7"}, "q.more": {strings.Repeat("x", maxLong+1)}}, word)
	if !r.Wrong || r.Inputs[0].Wrong != "missing" || r.Inputs[1].Wrong != "choose" || r.Inputs[2].Wrong != "long" || r.Inputs[2].Value == "" {
		t.Errorf("%+v", r.Inputs)
	}
}

// FuzzRead: whatever a form says, reading it ends; what is kept is text in one line, or
// in several where that was asked for, and a title is never too long.
func FuzzRead(f *testing.F) {
	f.Add("West", "0", "more\nlines")
	f.Add("\x00\xff\u202e", "-1", strings.Repeat("é", 5000))
	f.Fuzz(func(t *testing.T, where, who, more string) {
		r := Read(desk, desk.Categories[0], url.Values{"q.where": {where}, "q.who": {who}, "q.more": {more}}, word)
		if len(r.Title) > maxTitle || !utf8.ValidString(r.Title) || strings.ContainsAny(r.Title, "\r\n\x00") {
			t.Errorf("the title is %q", r.Title)
		}
		for _, a := range r.Answers {
			if !utf8.ValidString(a.Answer) || strings.ContainsAny(a.Answer, "\r\x00\x1b") || a.Ask != "More?" && strings.Contains(a.Answer, "\n") {
				t.Errorf("%s %q", a.Ask, a.Answer)
			}
		}
		if who == "0" && r.Leads.Impact != "low" {
			t.Errorf("%q leads to %+v", who, r.Leads)
		}
	})
}

// A QR code is a square of dark on white with a quiet border.
func TestDrawn(t *testing.T) {
	picture, err := drawn("https://tocsin.example.org/report/desk")
	if err != nil || !strings.HasPrefix(picture, "<svg ") || !strings.Contains(picture, `fill="#fff"`) || strings.Count(picture, "M") < 100 {
		t.Errorf("%v: %.200s", err, picture)
	}
	if _, err := drawn(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that fits no code is drawn")
	}
}

// FuzzMarked: nobody makes a mark but we, whatever they write.
func FuzzMarked(f *testing.F) {
	ring, err := secret.Generate(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		f.Fatal(err)
	}
	d := &Desk{ring: ring}
	f.Add("a.b.c")
	f.Add("..")
	f.Add("id.zzzzzzzzzzzzzzzz." + ring.Token("report form", "id.zzzzzzzzzzzzzzzz"))
	f.Fuzz(func(t *testing.T, text string) {
		if id, _, ok := d.marked(text, time.Unix(1_800_000_000, 0), practice{}); ok {
			t.Errorf("%q is taken for the mark of %q", text, id)
		}
	})
}

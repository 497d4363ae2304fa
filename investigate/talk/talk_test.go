package talk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

const jane, omar = incident.Actor("person:jane"), incident.Actor("person:omar")

// here knows three people, a team and everybody.
func here(name string) ([]org.PersonID, bool) {
	all := map[string][]org.PersonID{"jane": {"jane"}, "omar": {"omar"}, "mia.k": {"mia.k"}, "dba": {"omar", "jane"}, All: {"jane", "omar", "mia.k"}}
	return all[name], all[name] != nil
}

func say(t *testing.T, by incident.Actor, text string) Message {
	t.Helper()
	m, err := Compose("c", by, Said{Text: text}, here, night)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMentions(t *testing.T) {
	for text, want := range map[string]string{
		"@omar look":                        "omar",
		"omar look":                         "",
		"mail omar@jane.org, not @jane":     "",
		"(@omar), @mia.k. @omar":            "omar mia.k",
		"@dba":                              "omar", // jane writes herself
		"@all come":                         "omar mia.k",
		"@nobody @ @@ @-":                   "",
		"@" + strings.Repeat("x", 70):       "",
		strings.Repeat("@a ", 60) + "@omar": "omar",
	} {
		if got := strings.Trim(fmt.Sprint(say(t, jane, text).Mentions), "[]"); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}

func TestCompose(t *testing.T) {
	files := make([]File, MostFiles+1)
	for text, s := range map[string]Said{
		"text: it says nothing":             {Text: " \n "},
		"text: at most 20000 characters":    {Text: strings.Repeat("é", MaxText+1)},
		"files: at most 10 to a message":    {Files: files},
		"reply: is the number of a message": {Text: "x", Reply: -1},
	} {
		if _, err := Compose("c", jane, s, here, night); err == nil || err.Error() != text {
			t.Errorf("%v, want %s", err, text)
		}
	}
	m, err := Compose("c", jane, Said{Files: files[:1], Text: "  "}, here, night)
	if err != nil || m.Text != "" || m.At != night {
		t.Errorf("a photo without a word: %v, %+v", err, m)
	}
	if m := say(t, jane, "a\r\nb "); m.Text != "a\nb" {
		t.Errorf("%q", m.Text)
	}
}

func TestEditsLeaveATrace(t *testing.T) {
	m := say(t, jane, "restart db-1")
	later := night.Add(time.Minute)
	after, before, fresh, err := Edit(m, jane, "restart db-2, @omar", here, later)
	if err != nil || before.Text != "restart db-1" || before.At != night || after.Version != 1 || after.EditedAt != later || !slices.Equal(fresh, []org.PersonID{"omar"}) {
		t.Errorf("%v: %+v, before %+v, fresh %v", err, after, before, fresh)
	}
	if again, _, fresh, err := Edit(after, jane, "restart db-2 @omar now", here, later); err != nil || again.Version != 2 || len(fresh) > 0 {
		t.Errorf("%v: %+v hears it twice: %v", err, again, fresh)
	}
	if same, _, _, err := Edit(m, jane, "restart db-1 ", here, later); err != nil || same.Version != 0 {
		t.Errorf("nothing changed: %v, %+v", err, same)
	}
	if _, _, _, err := Edit(m, omar, "x", here, later); err == nil {
		t.Error("omar changed what jane said")
	}
	gone, err := Redact(after, omar, " a name ", later)
	if err != nil || !gone.Redacted() || gone.Text != "" || gone.Mentions != nil || gone.RedactedBy != omar || gone.Why != "a name" || gone.By != jane {
		t.Errorf("%v: %+v", err, gone)
	}
	if again, err := Redact(gone, jane, "", later.Add(time.Hour)); err != nil || again.RedactedBy != omar {
		t.Errorf("redacted twice: %v, %+v", err, again)
	}
	if _, _, _, err := Edit(gone, jane, "x", here, later); err == nil {
		t.Error("what is redacted was changed")
	}
	m.Version = MostEdits
	if _, _, _, err := Edit(m, jane, "x", here, later); err == nil {
		t.Error("it can be changed for ever")
	}
}

func TestWhoIsTold(t *testing.T) {
	two := []Member{{Person: "jane", Read: 5}, {Person: "omar", Read: 5}}
	direct := Conversation{Kind: Direct, Last: 6}
	m := say(t, jane, "hello")
	told := func(c Conversation, m Message, all ...Member) string {
		return strings.Trim(fmt.Sprint(Tells(c, m, all)), "[]")
	}
	if got := told(direct, m, two...); got != "omar" {
		t.Errorf("the first: %q", got)
	}
	two[1].Told = 6
	if got := told(direct, m, two...); got != "" {
		t.Errorf("another that is not read: %q", got)
	}
	two[1].Read = 7
	if got := told(direct, m, two...); got != "omar" {
		t.Errorf("after omar has read: %q", got)
	}
	two[1].Muted = true
	if got := told(direct, say(t, jane, "@omar"), two...); got != "" {
		t.Errorf("muted: %q", got)
	}
	if got := told(Conversation{Kind: Group}, m, two...); got != "" {
		t.Errorf("in a group nobody is who is not named: %q", got)
	}
	if got := told(Conversation{Kind: Room}, say(t, jane, "@omar @mia.k")); got != "omar mia.k" {
		t.Errorf("in a room: %q", got)
	}
}

func TestBegin(t *testing.T) {
	c, all, err := Begin("c", jane, "", []org.PersonID{"omar", "omar", "jane"}, night)
	if err != nil || c.Kind != Direct || len(all) != 2 {
		t.Errorf("%v: %+v, %v", err, c, all)
	}
	if c, _, err := Begin("c", jane, " The  night ", []org.PersonID{"omar"}, night); err != nil || c.Kind != Group || c.Title != "The night" {
		t.Errorf("%v: %+v", err, c)
	}
	for _, bad := range []func() error{
		func() error { _, _, err := Begin("c", "key:k", "", []org.PersonID{"omar"}, night); return err },
		func() error { _, _, err := Begin("c", jane, "", []org.PersonID{"jane"}, night); return err },
		func() error {
			_, _, err := Begin("c", jane, strings.Repeat("x", 101), []org.PersonID{"omar"}, night)
			return err
		},
		func() error {
			many := make([]org.PersonID, MostPeople)
			for i := range many {
				many[i] = org.PersonID(fmt.Sprint("p", i))
			}
			_, _, err := Begin("c", jane, "", many, night)
			return err
		},
	} {
		if bad() == nil {
			t.Error("taken")
		}
	}
}

func TestQuestions(t *testing.T) {
	text := Said{Text: "Restarted the DB-1, see Übersicht", Files: []File{{Name: "serial-4711.jpg"}}}.Searchable()
	for q, want := range map[string]bool{
		"restart": true, "rest": true, "RESTARTED db": true, "übers": true, "4711": true, "db 1": true,
		"star": false, "restarts": false, "d": false, "serial 4712": false, "": false, "...": false,
	} {
		if got := Ask(q).Finds(text); got != want {
			t.Errorf("%q is found: %v", q, got)
		}
		if !slices.Contains(Stems(text), Ask(q).Stem()) && want {
			t.Errorf("%q would not be looked up: %q of %q", q, Ask(q).Stem(), Stems(text))
		}
	}
}

// Whatever is asked and said: what a question finds, it also looks up.
func FuzzQuestions(f *testing.F) {
	f.Add("restart", "Restarted the DB-1")
	f.Add("ǅ İ", "ǆ i̇ ß")
	f.Fuzz(func(t *testing.T, q, text string) {
		if len(text) > 4000 || !utf8.ValidString(text) || !utf8.ValidString(q) {
			return
		}
		ask := Ask(q)
		if stems := Stems(text); ask.Finds(text) && len(stems) < mostStems && !slices.Contains(stems, ask.Stem()) {
			t.Fatalf("%q is in %q, and is looked up under %q", q, text, ask.Stem())
		}
		for _, name := range Names(text) {
			if name == "" || len(name) > longestName || !strings.Contains(text, "@"+name) {
				t.Fatalf("%q of %q", name, text)
			}
		}
	})
}

func TestWritten(t *testing.T) {
	m := say(t, jane, "# not a heading\nrestart")
	m.Seq, m.Files = 1, []File{{ID: "01abcdefgh", Name: "a b.jpg", Image: true}}
	edited := say(t, omar, "now")
	edited.Seq, edited.Version, edited.Reply, edited.At = 2, 1, 1, night.Add(24*time.Hour)
	gone, _ := Redact(Message{Seq: 3, By: jane, At: night.Add(25 * time.Hour)}, omar, "a name", night.Add(26*time.Hour))
	zone, _ := org.Zone("Europe/Prague")
	got := Written{
		Title: "db-1\nis down", Kind: Room, People: []string{"Jane", "Omar"}, Messages: []Message{m, edited, gone}, Versions: map[int][]Version{2: {{At: night, Text: "later"}}},
		At: night.Add(48 * time.Hour), Zone: zone, Name: func(by string) string { return strings.TrimPrefix(by, "person:") },
	}.Markdown()
	const want = `# db-1 is down

Jane, Omar

Written out at 2026-11-25 03:00:00 CET; times are of Europe/Prague.

## 2026-11-23

**jane** 03:00:00 · 1

> # not a heading
> restart

![a b.jpg](files/0001-cdefgh-a%20b.jpg)

## 2026-11-24

**omar** 03:00:00 (answers 1) · 2

> now

before it was changed, at 2026-11-23 03:00:00:

> later

**jane** 04:00:00 · 3

*redacted by omar at 2026-11-24 05:00:00*: a name
`
	if got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
}

func TestKeep(t *testing.T) {
	for _, c := range []struct {
		k     org.KeepDays
		class Class
		want  int
	}{{org.KeepDays{}, Rooms, 0}, {org.KeepDays{Rooms: 30}, Sensitive, 30}, {org.KeepDays{Rooms: 30, Sensitive: 7}, Sensitive, 7}, {org.KeepDays{Direct: 5, Groups: 6}, Directs, 5}, {org.KeepDays{Direct: 5, Groups: 6}, Groups, 6}} {
		if got := Days(c.k, c.class); got != c.want {
			t.Errorf("%+v of %s: %d days", c.k, c.class, got)
		}
		if before := Before(c.k, c.class, night); c.want == 0 && !before.IsZero() || c.want > 0 && !before.Equal(night.AddDate(0, 0, -c.want)) {
			t.Errorf("%+v of %s: until %s", c.k, c.class, before)
		}
	}
}

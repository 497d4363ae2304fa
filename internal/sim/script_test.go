package sim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBadScripts: what cannot be read is refused with its line, and nothing is guessed.
func TestBadScripts(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"nothing":          {"# only a comment\n", "nothing happens"},
		"no time":          {"02:00:00  down db-1\nup db-1\n", "line 2: want a time"},
		"going back":       {"02:00:00  down db-1\n01:00:00  up db-1\n", "line 2: 01:00:00 is before"},
		"an output first":  {"02:00:00  > push  jane  db-1 is down\n", "line 1: the house did something before"},
		"no such time":     {"25:00:00  down db-1\n", "line 1"},
		"a date later on":  {"02:00:00  down db-1\n2026-12-01 02:00:00  up db-1\n", "line 2: a date stands on the first line only"},
		"no such verb":     {"02:00:00  explode db-1\n", "line 1: explode db-1: no verb reads like this"},
		"no such person":   {"02:00:00  down db-1\n02:01:00  jame acknowledges\n", `nobody is called "jame"`},
		"no such channel":  {"02:00:00  pigeon fails\n", `there is no provider "pigeon"`},
		"no such point":    {"02:00:00  crash somewhere\n", `"somewhere" is no point to crash at`},
		"no such duration": {"02:00:00  down db-1\n02:01:00  jane snoozes long\n", `"long" is no duration`},
		"no such incident": {"02:00:00  down db-1\n02:01:00  jane acknowledges db-2\n", `no incident was opened for "db-2"`},
		"an outage":        {"02:00:00  crash for 1h\n02:30:00  down db-1\n", "at 02:30:00 the house is still off"},
		"open quotation":   {"02:00:00  down db-1 saying \"it\n", "a quotation does not end"},
		"no crash":         {"02:00:00  crash after do\n", "never came to the point"},
		"bad set-up":       {"people: [{id: jane, nme: Jane}]\n---\n02:00:00  down db-1\n", `unknown field "nme"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Play(context.Background(), c.script, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// TestUnexpected: a page that is not in the script is a difference, and so is one that
// stays away.
func TestUnexpected(t *testing.T) {
	script := "# A comment.\n02:00:00  down db-1 low\n02:00:00  > sms   jane  db-1 is down\n# Then:\n02:01:00  up db-1\n"
	got, err := Play(context.Background(), script, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `  # A comment.
  02:00:00  down db-1 low
- 02:00:00  > sms   jane  db-1 is down
+ 02:00:00  > push  jane  db-1 is down
  # Then:
  02:01:00  up db-1
+ 02:01:00  > push  jane  resolved: db-1 is down
`
	if d := cmp.Diff(want, Diff(script, got)); d != "" {
		t.Error(d)
	}
}

// TestNightsSayTheirRule: the first line of every night is the rule that it shows.
func TestNightsSayTheirRule(t *testing.T) {
	files, err := filepath.Glob("nights/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(string(script), "\n"); !strings.HasPrefix(first, "# ") || !strings.HasSuffix(first, ".") {
			t.Errorf("%s begins with %q", file, first)
		}
	}
}

// TestDocs: docs/nights.md lists the verbs as the player knows them.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/nights.md")
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, v := range Verbs() {
		list.WriteString("- `" + v[0] + "`  \n  " + v[1] + "\n")
	}
	_, after, _ := strings.Cut(string(page), "<!-- verbs -->\n")
	got, _, _ := strings.Cut(after, "<!-- end -->\n")
	if d := cmp.Diff(list.String(), got); d != "" {
		t.Errorf("docs/nights.md does not list what verbs.go knows; it should read:\n%s", list.String())
	}
}

// FuzzParse: whatever is written, reading it ends, and what was read is written again
// as it was, without the lines of the house.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("nights/*.txt")
	for _, file := range files {
		if script, err := os.ReadFile(file); err == nil {
			f.Add(string(script))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(text)
		if err != nil {
			return
		}
		out := transcript{lines: s.head}
		for _, sc := range s.scenes {
			out.begin(sc)
			if said, err := split(sc.text); err == nil {
				for _, v := range verbs {
					fit(strings.Fields(v.form), said)
				}
			}
		}
		var want []string
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			if m := timed.FindStringSubmatch(line); m == nil || !isOutput(m[4]) {
				want = append(want, line)
			}
		}
		if d := cmp.Diff(strings.Join(want, "\n")+"\n", out.String()); d != "" {
			t.Error(d)
		}
	})
}

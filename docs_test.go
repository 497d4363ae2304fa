package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocsin/org"
)

// example is a line of docs/api.md that can be run, and the status that it says it gets.
var example = regexp.MustCompile(`^    (curl .*?)\s+# (\d{3})\b.*$`)

// TestExamplesOfTheAPI runs docs/api.md, line by line, against a server: what a reader
// copies works.
func TestExamplesOfTheAPI(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	page, err := os.ReadFile("docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	s := serveHouse(t)
	dir := t.TempDir()
	script := "set -u\ncd " + dir + "\nTOCSIN=" + s.url + "\nTOKEN=$(cat " + s.admin + ")\n"
	var want []string
	for line := range strings.Lines(string(page)) {
		line = strings.TrimRight(line, "\n")
		if m := example.FindStringSubmatch(line); m != nil {
			want = append(want, m[2]+" "+m[1])
			script += strings.Replace(m[1], "curl ", "curl -sS -o body -w '%{http_code}\\n' ", 1) + "\n"
		} else if word := strings.TrimSpace(line); strings.HasPrefix(line, "    ") && regexp.MustCompile(`^[A-Z]+=`).MatchString(word) && !strings.HasPrefix(word, "TO") {
			script += word + "\n"
		} else if strings.HasPrefix(word, "curl ") {
			t.Errorf("what status does this get? %s", line)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	file := filepath.Join(dir, "api.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.CommandContext(ctx, "bash", file).Output() // curl that hangs up by itself says so
	got := strings.Fields(string(out))
	if len(got) != len(want) || len(want) < 35 {
		t.Fatalf("%d examples, %d answers:\n%s", len(want), len(got), out)
	}
	for n, line := range want {
		if !strings.HasPrefix(line, got[n]) {
			t.Errorf("got %s, says %s", got[n], line)
		}
	}
}

// What docs/regressions.md names exists.
func TestRegressionsAreMapped(t *testing.T) {
	text, err := os.ReadFile("docs/regressions.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		code, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`).FindAllStringSubmatch(string(code), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !regexp.MustCompile(`^ \d+ $`).MatchString(cells[1]) {
			continue
		}
		rows++
		named := regexp.MustCompile("(night )?`([^`]+)`").FindAllStringSubmatch(cells[4], -1)
		if len(named) == 0 {
			t.Errorf("%s: nothing keeps it from us", cells[1])
		}
		for _, m := range named {
			if m[1] == "" && !tests[m[2]] {
				t.Errorf("%s: there is no test %s", cells[1], m[2])
			} else if _, err := os.Stat("internal/sim/nights/" + m[2] + ".txt"); m[1] != "" && err != nil {
				t.Errorf("%s: there is no night %s", cells[1], m[2])
			}
		}
	}
	if rows < 17 {
		t.Errorf("%d rows can be read", rows)
	}
}

// TestScopesAreNamed: who makes a key reads of every scope, in the help and in the docs.
func TestScopesAreNamed(t *testing.T) {
	field, _ := reflect.TypeFor[keyAdd]().FieldByName("Scope")
	page, err := os.ReadFile("docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.ReplaceAll(scopes(org.Deeds()), ",", ", ")
	for where, text := range map[string]string{"the help": field.Tag.Get("help"), "docs/access.md": string(page)} {
		if !strings.Contains(text, all) {
			t.Errorf("%s does not name %s", where, all)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// built is the binary as a user has it.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tocsin")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		built = filepath.Join(dir, "tocsin")
		if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
			os.Stderr.Write(out)
			return 1
		}
		return m.Run()
	}())
}

// says runs a command as a user would, and returns its exit code and what it says.
func says(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	return saysWith(t, nil, "", args...)
}

// saysWith is says with something in the environment and on standard input.
func saysWith(t *testing.T, env []string, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := command(ctx, args...)
	c.Env = append(c.Env, env...)
	c.Stdin = strings.NewReader(in)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), o.String(), e.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, o.String(), e.String()
}

// command is the binary, without the options and the login of whoever runs the tests.
func command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, built, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TOCSIN_") && !strings.HasPrefix(v, "XDG_CONFIG_HOME=") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "XDG_CONFIG_HOME="+filepath.Join(filepath.Dir(built), "config"), "TZ=UTC")
	return c
}

// write makes a file that a user wrote.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The codes with which a command ends.
const (
	done   = 0
	failed = codeFailed
	misuse = codeMisuse
)

func TestCommands(t *testing.T) {
	const jane = "internal/sim/nights/jane-sleeps.txt"
	script, err := os.ReadFile(jane)
	if err != nil {
		t.Fatal(err)
	}
	otherwise := write(t, "night.txt", strings.Replace(string(script), "omar acknowledges", "jane acknowledges", 1))
	broken := write(t, "broken.yaml", "people:\n  - id: jane\n    nam: Jane\nteams:\n  - id: dba\n    members: jane\n")
	nobody := write(t, "nobody.yaml", "people: [{id: jane}]\nteams:\n  - id: dba\n    members: [jane, omar]\n")
	tabs := write(t, "tabs.yaml", "people:\n\t- id: jane\n")
	for _, c := range []struct {
		args string
		code int
		out  []string // on standard output
		errs []string // on standard error
	}{
		{"--help", done, []string{"serve [flags]", "apply <file>", "incidents list", "demo [flags]", "night <file>", "webhook log <webhook>", "webhook replay", "migrate", "version"}, nil},
		{"serve --help", done, []string{"--data=DIR", "--listen=HOST:PORT", "--database=URL", "--public-url=URL", "$TOCSIN_SMTP_HOST"}, nil},
		{"version", done, []string{"tocsin dev ", " zones 20"}, nil},
		{"", misuse, []string{"Usage: tocsin"}, []string{`expected one of "serve"`}},
		{"sevre", misuse, nil, []string{"unexpected argument sevre"}},
		{"serve --listen bad", misuse, nil, []string{`--listen: "bad" is not host:port`}},
		{"serve --database mysql://me:secret@db/x", misuse, nil, []string{"--database: want a URL such as postgres://"}},
		{"serve --smtp-host mail.example.org:25", misuse, nil, []string{"--smtp-from: is missing"}},
		{"serve --data DATA-other --listen 127.0.0.1:99999", failed, nil, []string{"--listen: ", "99999"}},

		{"apply DATA/none.yaml", misuse, nil, []string{"no such file"}},
		{"apply --data DATA " + broken, failed, nil, []string{broken + ":3:5: people[0]: unknown field \"nam\"", broken + ":6:14: teams[0].members: "}},
		{"apply --data DATA " + nobody, failed, nil, []string{nobody + ":4:21: teams[0].members[1]: there is no person \"omar\""}},
		{"apply --data DATA " + tabs, failed, nil, []string{tabs + ":2:"}},
		{"apply --plan --data DATA docs/examples/first.yaml", done, []string{"+ person jane", "a key will be made and shown"}, nil},
		{"apply --data DATA docs/examples/first.yaml", done, []string{"+ person jane", "+ settings", "/in/alertmanager/", "routing_key"}, nil},
		{"apply --data DATA docs/examples/first.yaml", done, []string{"= 14 unchanged\n"}, nil},
		{"apply --plan --prune --data DATA " + write(t, "one.yaml", "people: [{id: jane, zone: Europe/Prague}]"), done, []string{"~ person jane (version 2): ", "- person omar"}, nil},
		{"user add --data DATA Eve", failed, nil, []string{`"Eve" is no id`}},
		{"user add --data DATA eve --email eve@example.org --role admin", done, []string{"http://127.0.0.1:8080/password/"}, nil},
		{"user list --data DATA", done, []string{"ID ", "eve ", "admin", "nothing yet"}, nil},
		{"user reset --data DATA nobody", failed, nil, []string{`there is no person "nobody"`}},
		{"user reset --data DATA eve --factors", done, []string{"/password/"}, nil},
		{"user role --data DATA eve observer", failed, nil, []string{"that is the last admin"}},
		{"user deactivate --data DATA eve", failed, nil, []string{"that is the last admin"}},
		{"user role --data DATA jane admin", done, nil, nil},
		{"key add --data DATA script --owner eve --scope dance", failed, nil, []string{`--scope: there is no "dance"; there are read-incidents,`, "talk"}},
		{"key add --data DATA script --owner eve --scope read-incidents,respond --for 24h", done, []string{"toc_", "shown once"}, nil},
		{"key list --data DATA", done, []string{"script", "read-incidents,respond", "never"}, nil},
		{"key revoke --data DATA none", failed, nil, []string{"not found"}},
		{"user import --data DATA --plan " + write(t, "bad.csv", "id,role\nada,boss\n"), failed, nil, []string{`:2:5: people[0].role: "boss" is no role`}},
		{"user import --data DATA " + write(t, "good.csv", "id,email,role\nada,ada@example.org,manager\n"), done, []string{"+ person ada"}, nil},
		{"user deactivate --data DATA eve", done, nil, nil},
		{"verify --data DATA", done, []string{"whole: "}, nil},
		{"webhook log --data DATA bot", failed, nil, []string{`there is no webhook "bot"`}},
		{"webhook replay --data DATA bot", misuse, nil, []string{"--since", "--delivery"}},
		{"demo --pace 1ms", failed, nil, []string{"--pace: 1ms is not between"}},
		{"demo --data DATA", failed, nil, []string{"has a database already"}},
		{"demo --data DATA-demo --listen bad", failed, nil, []string{`--listen: "bad" is not host:port`}},
		{"migrate --data DATA", done, []string{"the schema is up to date: sqlite"}, nil},

		{"night " + jane, done, []string{string(script)}, nil},
		{"night " + otherwise, failed, []string{"- 02:20:30  > push  jane  Omar has it", "+ 02:20:30  > push  omar  Jane has it"}, []string{"the night went otherwise"}},
	} {
		data := filepath.Join(filepath.Dir(built), "data")
		code, out, errs := says(t, strings.Fields(strings.ReplaceAll(c.args, "DATA", data))...)
		if code != c.code {
			t.Errorf("tocsin %s: ended with %d, want %d\n%s%s", c.args, code, c.code, out, errs)
		}
		for _, want := range c.out {
			if !strings.Contains(out, want) {
				t.Errorf("tocsin %s: does not print %q:\n%s", c.args, want, out)
			}
		}
		for _, want := range c.errs {
			if !strings.Contains(errs, want) {
				t.Errorf("tocsin %s: does not say %q:\n%s", c.args, want, errs)
			}
		}
		if c.code == done && errs != "" {
			t.Errorf("tocsin %s: goes well and says\n%s", c.args, errs)
		}
		if strings.Contains(out+errs, "secret@") || strings.Contains(errs, "goroutine ") {
			t.Errorf("tocsin %s: says too much:\n%s", c.args, errs)
		}
	}
}

// A set-up that is refused leaves nothing behind, and what is shown once is a key that
// the sender can use.
func TestApplyLeavesNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	broken := write(t, "broken.yaml", "people: [{id: jane, zone: Nowhere/Else}]\n")
	if code, _, errs := says(t, "apply", "--data", data, broken); code != failed || !strings.Contains(errs, "Nowhere/Else") {
		t.Errorf("ended with %d: %s", code, errs)
	}
	_, out, _ := says(t, "apply", "--data", data, "--listen", "127.0.0.1:9999", "docs/examples/first.yaml")
	for _, want := range []string{
		`(?m)^  URL  http://127\.0\.0\.1:9999/in/alertmanager/[A-Za-z0-9]{32}$`,
		`(?m)^  routing_key  [A-Za-z0-9]{32}$`,
		`(?m)^  URL  http://127\.0\.0\.1:9999/in/generic/[A-Za-z0-9]{32}$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "unchanged") {
		t.Errorf("the broken file was applied in part:\n%s", out)
	}
}

// A night that went otherwise is written down with -update, and still said to differ.
func TestNightUpdate(t *testing.T) {
	script, err := os.ReadFile("internal/sim/nights/jane-sleeps.txt")
	if err != nil {
		t.Fatal(err)
	}
	night := write(t, "night.txt", strings.Replace(string(script), "omar acknowledges", "jane acknowledges", 1))
	if code, _, errs := says(t, "night", "--update", night); code != failed || !strings.Contains(errs, "the file now says how") {
		t.Errorf("ended with %d: %s", code, errs)
	}
	if code, _, errs := says(t, "night", night); code != done {
		t.Errorf("after the update: %d: %s", code, errs)
	}
}

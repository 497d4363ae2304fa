package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

const cliSetup = `
people:
  - {id: jane, zone: Europe/Prague, role: admin, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}
  - {id: omar, methods: [{id: log, channel: log, address: omar}], rules: [{method: log}]}
teams: [{id: dba, members: [jane, omar]}]
policies: [{id: p, team: dba, levels: [{targets: ["schedule:primary"], wait: 5m}, {targets: [omar], wait: 5m}]}]
schedules: [{id: primary, team: dba, tz: Europe/Prague, layers: [{id: l, people: [jane, omar], every: 1 week, from: "2026-01-05T08:00"}]}]
services: [{id: db, name: Database, team: dba, policy: p}]
integrations:
  - {id: prom, source: alertmanager, service: db}
`

// A served is a server of its own process, with a key of an admin and one of somebody
// who may only read incidents.
type served struct {
	*testing.T
	url, data       string
	admin, onlooker string // files of tokens
	tokens          []string
	more            map[string]string // what stands for something in arguments
}

// serveHouse sets a house up as an administrator does, and starts it.
func serveHouse(t *testing.T) *served {
	t.Helper()
	s := &served{T: t, data: filepath.Join(t.TempDir(), "data"), more: map[string]string{}}
	if code, _, errs := says(t, "apply", "--data", s.data, write(t, "first.yaml", cliSetup)); code != done {
		t.Fatal(errs)
	}
	s.admin = s.key("all", "read-incidents,read-setup,read-sensitive-incidents,respond,keep-profile,configure,administer,talk")
	s.onlooker = s.key("look", "read-incidents")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ctx, stop := context.WithCancel(context.Background())
	c := command(ctx, "serve", "--data", s.data, "--listen", address, "--log-level", "info")
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); c.Wait() })
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "msg=ready") {
			s.url = "http://" + address
			go func() {
				for lines.Scan() { // so that the server never waits for a reader
				}
			}()
			return s
		}
	}
	t.Fatal("the server did not start")
	return nil
}

var tokenForm = regexp.MustCompile(`toc_\S+`)

// key makes an API key of jane's, and returns the file that holds its token.
func (s *served) key(name, scopes string) string {
	s.Helper()
	code, out, errs := says(s.T, "key", "add", "--data", s.data, name, "--owner", "jane", "--scope", scopes)
	token := tokenForm.FindString(out)
	if code != done || token == "" {
		s.Fatal(out, errs)
	}
	s.tokens = append(s.tokens, token)
	return write(s.T, "token", token+"\n")
}

// A try is a command and what must come of it.
type try struct {
	args string // ADMIN and LOOK name the server with a key; other words as in more
	in   string
	code int
	out  []string
	errs []string
	json string // a field that the JSON on standard output has: "items.0.id"
	keep string // what standard output stands for in later arguments
}

func (s *served) try(tries ...try) {
	s.Helper()
	for _, c := range tries {
		text := s.said(c.args)
		text = strings.ReplaceAll(text, "ADMIN", "--server "+s.url+" --token-file "+s.admin)
		text = strings.ReplaceAll(text, "LOOK", "--server "+s.url+" --token-file "+s.onlooker)
		code, out, errs := saysWith(s.T, nil, c.in, strings.Fields(text)...)
		if code != c.code {
			s.Errorf("%s: ended with %d, want %d\n%s%s", c.args, code, c.code, out, errs)
		}
		for _, want := range c.out {
			if !strings.Contains(out, s.said(want)) {
				s.Errorf("%s: does not print %q:\n%s", c.args, want, out)
			}
		}
		for _, want := range c.errs {
			if !strings.Contains(errs, s.said(want)) {
				s.Errorf("%s: does not say %q:\n%s", c.args, want, errs)
			}
		}
		if c.json != "" && !hasField(out, c.json) {
			s.Errorf("%s: prints no JSON with %s:\n%s", c.args, c.json, out)
		}
		if c.code == done && errs != "" {
			s.Errorf("%s: goes well and says\n%s", c.args, errs)
		}
		for _, token := range s.tokens {
			if strings.Contains(out+errs, token) {
				s.Errorf("%s: the token is in what it says:\n%s%s", c.args, out, errs)
			}
		}
		if c.keep != "" {
			s.more[c.keep] = strings.TrimSpace(out)
		}
	}
}

// said is a text with what its words stand for.
func (s *served) said(text string) string {
	for word, means := range s.more {
		text = strings.ReplaceAll(text, word, means)
	}
	return text
}

// hasField says whether a text is JSON and has something at a path.
func hasField(text, path string) bool {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return false
	}
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			if len(at) == 0 {
				return false
			}
			v = at[0]
		}
	}
	return v != nil
}

// TestCommandsOnAServer is an evening with the command line: every command on a real
// server, every code that one can end with.
func TestCommandsOnAServer(t *testing.T) {
	s := serveHouse(t)
	broken := write(t, "broken.yaml", "people:\n  - id: jane\n    nam: Jane\n")
	more := write(t, "more.yaml", cliSetup+"  - {id: hooks, source: generic, service: db}\nwebhooks: [{id: bot, url: 'https://example.org/hook'}]\n")
	s.try(
		try{args: "incidents list ADMIN", out: []string{"ID  SEVERITY  STATUS"}},
		try{args: "incidents open db Disk is full --severity SEV2 --text since_noon ADMIN", keep: "ONE"},
		try{args: "incidents open db Disk is slow ADMIN", keep: "TWO"},
		try{args: "incidents open nothing Disk ADMIN", code: failed, errs: []string{`tocsin: service: there is no service "nothing"`}},
		try{args: "incidents list ADMIN", out: []string{"ONE", "SEV2", "triggered", "Disk is full", "TWO", "SEV3"}},
		try{args: "incidents list full ADMIN --json", json: "items.0.id"},
		try{args: "incidents list --limit 1 ADMIN", out: []string{"There are more: --cursor "}},
		try{args: "incidents list --since 1h --status triggered,snoozed --team dba ADMIN", out: []string{"Disk is full"}},
		try{args: "incidents list --status gone ADMIN", code: failed, errs: []string{"status"}},
		try{args: "incidents list --severity SEV9 ADMIN", code: misuse, errs: []string{"--severity"}},
		try{args: "incidents list --since yesterday ADMIN", code: misuse, errs: []string{`--since: "yesterday" is no moment`}},
		try{args: "incidents list --zone Nowhere ADMIN", code: misuse, errs: []string{"--zone: unknown time zone"}},
		try{args: "incidents ack ONE TWO ADMIN", out: []string{"ONE: You have it.", "TWO: You have it."}},
		try{args: "incidents ack ONE LOOK", code: codeForbidden, errs: []string{"may not respond"}},
		try{args: "incidents ack none ADMIN", code: codeNotFound, errs: []string{"none: there is nothing here"}},
		try{args: "incidents ack ONE none ADMIN --json", code: codeNotFound, json: "results.0.said"},
		try{args: "silence add host=~db-.* env!=test --service db --for 1h --comment disks ADMIN", keep: "HUSH"},
		try{args: "silence add host=db-1 --for 1h --comment all ADMIN --json", json: "state"},
		try{args: "silence list ADMIN --zone Europe/Prague", out: []string{"HUSH  active", "everything", `host=~"db-.*", env!="test"`, " CE"}},
		try{args: "silence list --service db ADMIN --json", json: "items.0.id"},
		try{args: "silence show HUSH LOOK", out: []string{"covers     db", "comment    disks"}},
		try{args: "silence change HUSH --for 3h ADMIN", out: []string{"HUSH"}},
		try{args: "silence change HUSH ADMIN", code: misuse, errs: []string{"say what is to change"}},
		try{args: "silence end HUSH LOOK", code: codeForbidden, errs: []string{"HUSH: ", "may not respond"}},
		try{args: "silence end HUSH ADMIN"},
		try{args: "silence end HUSH ADMIN", code: failed, errs: []string{"over already"}},
		try{args: "silence end none ADMIN", code: codeNotFound, errs: []string{"none: there is nothing here"}},
		try{args: "silence list --all ADMIN", out: []string{"HUSH  expired"}},
		try{args: "silence add host=~.* --for 1h --comment hm ADMIN", code: failed, errs: []string{"must not match the empty string"}},
		try{args: "silence add host=a --comment hm ADMIN", code: misuse, errs: []string{"--for"}},
		try{args: "incidents show ONE ADMIN --zone Europe/Prague", out: []string{"Disk is full", "status     acknowledged", "called     jane", " CE", "note: since_noon", "climb      p, round 1, level"}},
		try{args: "incidents show ONE ADMIN --json", json: "climbs.0.policy"},
		try{args: "incidents show none ADMIN", code: codeNotFound, errs: []string{"there is nothing here"}},
		try{args: "incidents timeline ONE LOOK", out: []string{"opened: Disk is full (db, SEV2, high)", "note: since_noon"}},
		try{args: "incidents timeline ONE LOOK --json", json: "items.0.fact"},
		try{args: "incidents unack ONE --why asleep ADMIN", out: []string{"gave it back: asleep"}},
		try{args: "incidents snooze ONE TWO --for 1h ADMIN", out: []string{"ONE: snoozed until"}},
		try{args: "incidents snooze ONE --until 2020-01-01 ADMIN", code: failed, errs: []string{"ONE: "}},
		try{args: "incidents snooze ONE ADMIN", code: misuse, errs: []string{"--for", "--until"}},
		try{args: "incidents note ONE - ADMIN", in: "two\nlines\n", out: []string{"note: two lines"}},
		try{args: "incidents note ONE bought a disk ADMIN --json", json: "incident.id"},
		try{args: "incidents escalate ONE ADMIN", out: []string{"escalated"}},
		try{args: "incidents reassign ONE --to person:omar ADMIN", out: []string{"reassigned to person:omar"}},
		try{args: "incidents reassign ONE --to person:nobody ADMIN", code: failed, errs: []string{`to: there is no person "nobody"`}},
		try{args: "incidents add ONE person:jane schedule:primary --why know_it ADMIN", out: []string{"asked for person:jane"}},
		try{args: "incidents role ONE commander omar ADMIN", out: []string{"omar is commander"}},
		try{args: "incidents role ONE commander nobody ADMIN", code: failed, errs: []string{`person: there is no person "nobody"`}},
		try{args: "incidents role ONE Boss omar ADMIN", code: failed, errs: []string{"role"}},
		try{args: "incidents join ONE ADMIN", out: []string{"takes part"}},
		try{args: "incidents task ONE Ring the ward --owner omar --due 30m ADMIN", out: []string{"task 1: Ring the ward, omar, by "}},
		try{args: "incidents task ONE Late --due 2020-01-01 ADMIN", code: failed, errs: []string{"due"}},
		try{args: "incidents link ONE https://meet.example.org/x --title Bridge ADMIN", out: []string{"Bridge: https://meet.example.org/x"}},
		try{args: "incidents tasks ONE LOOK", out: []string{"TASK", "1     open   omar"}},
		try{args: "incidents show ONE LOOK", out: []string{"commander  omar", "present    jane", "tasks      1, of which 1 to be done", "link       Bridge: https://"}},
		try{args: "incidents done ONE 1 --outcome told ADMIN", out: []string{"done: Ring the ward: told"}},
		try{args: "incidents done ONE 1 ADMIN", out: []string{"It is so already."}},
		try{args: "incidents drop ONE 1 ADMIN", code: failed, errs: []string{"done already"}},
		try{args: "incidents done ONE 9 ADMIN", code: failed, errs: []string{"there is no task 9"}},
		try{args: "incidents role ONE commander ADMIN", out: []string{"omar is not commander any longer"}},
		try{args: "incidents leave ONE ADMIN", out: []string{"takes part no longer"}},
		try{args: "incidents tasks TWO LOOK", out: []string{"There is no task."}},
		try{args: "change list LOOK", out: []string{"STATE"}},
		try{args: "change request More ADMIN", code: misuse, errs: []string{"--service"}},
		try{args: "change request More --service none ADMIN", code: failed, errs: []string{`there is no service "none"`}},
		try{args: "change request More --service db ADMIN", out: []string{"meets", "No board is set up", "Nothing was asked for: --yes does."}},
		try{args: "change request More --service db --ask person:omar ADMIN", out: []string{"It would be asked of person:omar."}},
		try{args: "change request More --service db --ask person:omar --yes ADMIN", code: failed, errs: []string{"plan: "}},
		try{args: "change request More --service db --plan a --back-out b --ask person:omar --yes ADMIN", out: []string{" requested"}},
		try{args: "change request More --service db --plan a --back-out b --ask person:omar --yes LOOK", code: codeForbidden},
		try{args: "change list ADMIN", out: []string{"requested", "normal", "db", "More"}},
		try{args: "change show none ADMIN", code: codeNotFound},
		try{args: "change approve none ADMIN", code: codeNotFound},
		try{args: "change calendar --service db LOOK", out: []string{"normal, requested", "More"}},
		try{args: "change events LOOK", out: []string{"KIND"}},
		try{args: "incidents suspects ONE LOOK", out: []string{"Nothing near it was changed"}},
		try{args: "incidents overrides ONE LOOK", out: []string{"There is no override."}},
		try{args: "incidents review ONE 1 seen ADMIN", code: failed, errs: []string{"there is no override 1"}},
		try{args: "runbook list LOOK", code: codeForbidden},
		try{args: "runbook list ADMIN", out: []string{"there are none"}},
		try{args: "runbook fit ONE LOOK", out: []string{"no runbook fits"}},
		try{args: "runbook follow ONE none ADMIN", code: failed, errs: []string{"there is no runbook of that id"}},
		try{args: "runbook show none ADMIN", code: codeNotFound},
		try{args: "runbook step ONE 1 1 done ADMIN", code: failed, errs: []string{"there is no run 1"}},
		try{args: "runbook step ONE 1 1 dance ADMIN", code: misuse},
		try{args: "runbook import docs/examples/runbooks --plan ADMIN", out: []string{"full-disk: it has no owner", "restart-checkout, step 2: the secret deploy is not there", "+ runbook full-disk"}},
		try{args: "runbook list ADMIN", out: []string{"there are none"}},
		try{args: "runbook import docs/examples/runbooks ADMIN", out: []string{"+ runbook full-disk", "+ runbook restart-checkout"}},
		try{args: "runbook import docs/examples/runbooks ADMIN", out: []string{"= 2 unchanged"}},
		try{args: "runbook list --stale ADMIN", out: []string{"full-disk", "never verified, not used yet"}},
		try{args: "runbook verify full-disk --note tried ADMIN", out: []string{"verified just now, not used yet"}},
		try{args: "runbook show full-disk ADMIN", out: []string{"A disk is full: verified just now", "## Make room"}},
		try{args: "runbook check docs/examples/runbooks/full-disk.md", out: []string{"it has no owner"}},
		try{args: "runbook follow ONE full-disk ADMIN", out: []string{"runbook A disk is full is followed"}},
		try{args: "runbook step ONE 1 1 done --text logs ADMIN", out: []string{"step 1 done: Look what grew: logs"}},
		try{args: "runbook step ONE 1 2 run ADMIN", code: failed, errs: []string{"by hand"}},
		try{args: "runbook fit ONE LOOK", out: []string{"run 1: A disk is full", "1     done   Look what grew"}},
		try{args: "runbook output ONE 1 1 LOOK", code: codeNotFound},
		try{args: "runbook end ONE 1 --why enough ADMIN", out: []string{"runbook A disk is full stopped: enough"}},
		try{args: "runbook feedback ONE 1 wrong --step 2 --text no_such_path ADMIN", out: []string{"step 2 is wrong: no_such_path"}},
		try{args: "runbook fit ONE LOOK --json", json: "runs.0.verdicts.0.verdict"},
		try{args: "incidents severity ONE --severity SEV1 --why spreads ADMIN", out: []string{"now SEV1"}},
		try{args: "incidents severity ONE --why spreads ADMIN", code: misuse, errs: []string{"--severity, --priority or both"}},
		try{args: "incidents resolve ONE TWO --why done ADMIN", out: []string{"ONE: resolved: done"}},
		try{args: "incidents resolve ONE ADMIN", code: failed, errs: []string{"ONE: "}},
		try{args: "incidents reopen ONE ADMIN", out: []string{"reopened"}},
		try{args: "incidents list --all ADMIN", out: []string{"resolved", "triggered"}},
	)
	s.talks()
	s.notices()
	s.tickets(mockTickets(t))
	s.try(
		try{args: "oncall who --at 2026-01-06T00:00 --zone Europe/Prague ADMIN", out: []string{"primary", "jane", "Mon 2026-01-12 08:00 CET"}},
		try{args: "oncall who ADMIN --json", json: "items.0.schedule"},
		try{args: "oncall who LOOK", code: codeForbidden, errs: []string{"may not read setup"}},
		try{args: "oncall show primary --at 2026-01-06 --days 14 --zone Europe/Prague ADMIN", out: []string{"Mon 2026-01-12 08:00 CET  Mon 2026-01-19 08:00 CET  omar"}},
		try{args: "oncall show primary ADMIN --json", json: "items.0.people"},
		try{args: "oncall show primary --from 2026-01-06 --to 2026-01-13 --zone Europe/Prague ADMIN", out: []string{"Mon 2026-01-12 08:00 CET  Tue 2026-01-13 00:00 CET  omar"}},
		try{args: "oncall show primary --from 2026-01-06 --to 2026-01-05 ADMIN", code: misuse},
		try{args: "oncall show primary --from 2026-01-06 --at 2026-01-05 ADMIN", code: misuse},
		try{args: "oncall gaps primary --from 2026-01-01 --to 2026-01-06 --zone Europe/Prague ADMIN", out: []string{"Thu 2026-01-01 00:00 CET  Mon 2026-01-05 08:00 CET"}},
		try{args: "oncall gaps primary --from 2026-01-06 ADMIN", out: []string{"somebody is on call all the time"}},
		try{args: "oncall gaps primary --json ADMIN --at 2026-01-01", json: "items.0.until"},
		try{args: "oncall lint primary --from 2026-01-06 --days 28 ADMIN", out: []string{"share", "at most 25 %"}},
		try{args: "oncall lint primary ADMIN --json --at 2026-01-06 --days 56", json: "items.0.kind"},
		try{args: "oncall lint none ADMIN", code: codeNotFound},
		try{args: "oncall show none ADMIN", code: codeNotFound},
		try{args: "oncall swap list primary ADMIN", out: []string{"nobody asks for cover"}},
		try{args: "oncall swap ask primary --from 2036-01-08T10:00 --until 2036-01-08T12:00 --zone Europe/Prague --owner jane --note dentist ADMIN", keep: "SWAP"},
		try{args: "oncall swap ask primary --from 2036-01-08T10:00 --until 2036-01-08T12:00 --give-from 1h ADMIN", code: misuse, errs: []string{"say both"}},
		try{args: "oncall swap list primary --zone Europe/Prague LOOK", code: codeForbidden},
		try{args: "oncall swap list primary --zone Europe/Prague ADMIN", out: []string{"SWAP  open", "Tue 2036-01-08 10:00 CET", "everybody", "dentist"}},
		try{args: "oncall swap decline primary SWAP --person omar ADMIN", out: []string{"open"}},
		try{args: "oncall swap accept primary SWAP --person omar ADMIN", out: []string{"taken by omar"}},
		try{args: "oncall swap cancel primary SWAP ADMIN", code: failed, errs: []string{"took it already"}},
		try{args: "oncall swap list primary --all --json ADMIN", json: "items.0.taker"},
		try{args: "oncall show primary --at 2036-01-08T10:30 --to 2036-01-08T11:00 --zone Europe/Prague ADMIN", out: []string{"omar"}},
		try{args: "oncall off add --from 2036-02-01 --until 2036-02-03 --person omar --why skiing --plan ADMIN", out: []string{"SCHEDULE"}},
		try{args: "oncall off add --from 2036-02-01 --until 2036-02-03 --person omar --soft ADMIN", keep: "AWAY"},
		try{args: "oncall off list --from 2036-01-31 ADMIN", out: []string{"omar"}},
		try{args: "oncall off end AWAY ADMIN"},
		try{args: "oncall off end AWAY ADMIN", code: codeNotFound},
		try{args: "oncall load primary ADMIN --json", json: "items"},
		try{args: "oncall load primary --person nobody ADMIN", out: []string{"there is no line of nobody"}},
		try{args: "oncall dispute list primary ADMIN", out: []string{"nothing is disputed"}},
		try{args: "oncall dispute add primary no-line --why wrong ADMIN", code: codeNotFound},
		try{args: "oncall dispute add primary no-line ADMIN", code: misuse},
		try{args: "oncall dispute strike primary no-line --person jane LOOK", code: codeForbidden},
		try{args: "oncall propose primary ADMIN", out: []string{"nothing is proposed"}},
		try{args: "oncall propose primary --accept 3 ADMIN", code: misuse, errs: []string{"there are 0 proposals"}},
		try{args: "oncall hours ADMIN", out: []string{"month,person,name"}},
		try{args: "oncall take primary --until 2h --person omar ADMIN", out: []string{"omar is on call until"}},
		try{args: "oncall calendar add schedule primary ADMIN", out: []string{"/ical/"}},
		try{args: "oncall calendar list ADMIN", out: []string{"schedule", "primary"}},
		try{args: "oncall calendar end none ADMIN", code: codeNotFound},
		try{args: "oncall calendar followed primary ADMIN", out: []string{"takes none in"}},
		try{args: "oncall calendar follow primary - --as time_off ADMIN", in: "http://127.0.0.1:1/secret.ics\n", keep: "CAL"},
		try{args: "oncall calendar followed primary ADMIN", out: []string{"CAL", "127.0.0.1:1", "time_off"}},
		try{args: "oncall calendar unfollow primary CAL ADMIN"},
		try{args: "oncall calendar unfollow primary CAL ADMIN", code: codeNotFound},
		try{args: "oncall show primary --days 400 ADMIN", code: misuse},

		try{args: "integration list ADMIN", out: []string{"prom", "alertmanager", "db"}},
		try{args: "integration list ADMIN --json", json: "items.0.source"},
		try{args: "integration add grafana --source grafana --service db ADMIN", out: []string{"grafana (grafana): shown once", s.url + "/in/grafana/"}},
		try{args: "integration add grafana --source grafana --service db ADMIN", code: failed, errs: []string{"is there already"}},
		try{args: "integration rotate grafana ADMIN --json", json: "key"},
		try{args: "integration retire grafana ADMIN"},
		try{args: "integration retire grafana LOOK", code: codeForbidden},
		try{args: "integration rotate none ADMIN", code: codeNotFound},

		try{args: "plan " + more + " ADMIN", out: []string{"+ integration hooks", "hooks (generic): a key will be made and shown", "bot (webhook): a secret will be made"}},
		try{args: "apply " + more + " ADMIN", out: []string{"+ integration hooks", "URL  " + s.url + "/in/generic/", "bot (webhook): shown once", "unchanged"}},
		try{args: "apply --plan " + more + " ADMIN --json", json: "steps.0.do"},
		try{args: "plan --prune " + write(t, "first.yaml", cliSetup) + " ADMIN", out: []string{"- integration hooks"}},
		try{args: "apply " + broken + " ADMIN", code: failed, errs: []string{broken + `:3:5: people[0]: unknown field "nam"`}},
		try{args: "apply " + more + " LOOK", code: codeForbidden},
		try{args: "export ADMIN", out: []string{"people:", "id: hooks"}},
		try{args: "export ADMIN --json", json: "yaml"},
		try{args: "export --data " + s.data, out: []string{"people:", "id: hooks"}},
		try{args: "export --data " + s.data + " --json", code: misuse, errs: []string{"--server"}},
		try{args: "plan --data " + s.data + " " + more, out: []string{"unchanged"}},
		try{args: "plan --data " + s.data + " " + more + " ADMIN", code: misuse, errs: []string{"which of them?"}},
	)
	// What is typed beats the environment, which leads to a server that is not there.
	nowhere := []string{"TOCSIN_SERVER=http://127.0.0.1:1", "TOCSIN_TOKEN=toc_x"}
	if code, out, errs := saysWith(t, nowhere, "", "plan", "--data", s.data, more); code != done || !strings.Contains(out, "unchanged") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
	if code, _, errs := saysWith(t, append(nowhere, "TOCSIN_DATA="+s.data), "", "plan", more); code != codeNoAnswer {
		t.Errorf("ended with %d: %s", code, errs)
	}
}

// Where the server is and with which token: flags, environment, login.
func TestLogin(t *testing.T) {
	s := serveHouse(t)
	home := t.TempDir()
	file := filepath.Join(home, "tocsin", "cli.yaml")
	run := func(want int, says string, env []string, in string, args ...string) {
		t.Helper()
		code, out, errs := saysWith(t, append(env, "XDG_CONFIG_HOME="+home), in, args...)
		if code != want || !strings.Contains(out+errs, says) {
			t.Errorf("%v: ended with %d, want %d and %q:\n%s%s", args, code, want, says, out, errs)
		}
		for _, token := range append(s.tokens, "toc_wrong") {
			if strings.Contains(out+errs, token) {
				t.Errorf("%v: the token is in what it says:\n%s%s", args, out, errs)
			}
		}
	}
	list := []string{"incidents", "list"}
	token := s.tokens[0]
	run(misuse, "no server is known", nil, "", list...)
	run(codeForbidden, "there is no token", []string{"TOCSIN_SERVER=" + s.url}, "", list...)
	run(codeForbidden, "sign in", []string{"TOCSIN_SERVER=" + s.url, "TOCSIN_TOKEN=toc_wrong"}, "", list...)
	run(misuse, "no token has", []string{"TOCSIN_SERVER=" + s.url, "TOCSIN_TOKEN=toc_wrong\ntoc_wrong"}, "", list...)
	run(done, "TITLE", []string{"TOCSIN_SERVER=" + s.url, "TOCSIN_TOKEN=" + token}, "", list...)
	run(misuse, "only - is taken", nil, "", "login", "--server", s.url, "--token", "toc_wrong")
	run(misuse, "is empty", nil, "\n", "login", "--server", s.url, "--token", "-")
	run(codeForbidden, "sign in", nil, "toc_wrong", "login", "--server", s.url, "--token", "-")
	run(misuse, "must be a URL", nil, "toc_wrong", "login", "--server", "user:toc_wrong@"+s.url, "--token", "-")
	if _, err := os.Stat(file); err == nil {
		t.Error("a login that failed was kept")
	}
	run(done, "signed in to "+s.url, nil, token+"\n", "login", "--server", s.url+"/", "--token", "-")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	run(done, "TITLE", nil, "", list...)

	// The token of a login is told to no other server.
	heard := ""
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard += r.Header.Get("Authorization")
		http.Redirect(w, r, "http://localhost:1/", http.StatusFound)
	}))
	defer other.Close()
	run(codeForbidden, "there is no token", nil, "", append(list, "--server", other.URL)...)
	if heard != "" {
		t.Error("another server heard the token")
	}
	run(codeNoAnswer, "it redirects", []string{"TOCSIN_TOKEN=" + token}, "", append(list, "--server", other.URL)...)
	run(codeNoAnswer, "connection refused", []string{"TOCSIN_TOKEN=" + token}, "", append(list, "--server", "http://127.0.0.1:1")...)

	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	run(failed, "can be read by others", nil, "", list...)
	if err := os.WriteFile(file, []byte("server: x\ntoken: "+token+"\nmore: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Chmod(file, 0o600)
	run(failed, "is not as tocsin login writes it", nil, "", list...)
}

// What is printed for a shell is loaded by that shell, where it is installed, and
// completes commands, flags and values.
func TestCompletion(t *testing.T) {
	for shell, script := range map[string]string{
		"bash": `source FILE
			try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tocsin; echo "${COMPREPLY[@]}"; }
			try tocsin inc; try tocsin incidents s; try tocsin incidents list --sev; try tocsin incidents list --severity SEV1; try tocsin incidents --zone x sh`,
		"zsh": `compdef() { :; }; source FILE
			compadd() { print -r -- ${(M)@:#${words[CURRENT]}*}; }
			try() { words=("$@"); CURRENT=$#; _tocsin; }
			try tocsin inc; try tocsin incidents s; try tocsin incidents list --sev; try tocsin incidents list --severity SEV1; try tocsin incidents --zone x sh`,
		"fish": `source FILE
			for line in "inc" "incidents s" "incidents list --sev" "incidents list --severity SEV1" "incidents --zone x sh"
				echo (complete -C "tocsin $line" | string split -f1 \t | sort)
			end`,
	} {
		t.Run(shell, func(t *testing.T) {
			code, out, errs := says(t, "completion", shell)
			if code != done || errs != "" {
				t.Fatal(errs)
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("there is no %s here", shell)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			said, err := exec.CommandContext(ctx, path, "-c", strings.ReplaceAll(script, "FILE", write(t, "completion", out))).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			lines := strings.Split(strings.TrimSpace(string(said)), "\n")
			for i := range lines {
				words := strings.Fields(lines[i])
				slices.Sort(words)
				lines[i] = strings.Join(words, " ")
			}
			if want := []string{"incidents", "severity show snooze stage suspects", "--severity", "SEV1", "show"}; !slices.Equal(lines, want) {
				t.Errorf("%q, want %q", lines, want)
			}
		})
	}
}

// Every command stands in docs/cli.md, and so does every option of those on a server.
func TestEveryCommandIsWrittenDown(t *testing.T) {
	text, err := os.ReadFile("docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, p := range placesOf(kong.Must(&commands{}).Model.Node) {
		names := strings.Split(strings.TrimPrefix(p.path, "/"), "/")
		parent, name := strings.Join(names[:len(names)-1], " "), names[len(names)-1]
		row := regexp.MustCompile("(?m)^.*tocsin " + strings.TrimSpace(parent+" ") + ".*\\b" + name + "\\b.*$").FindString(page)
		if row == "" {
			t.Errorf("tocsin %s %s is not in docs/cli.md", parent, name)
		}
		if !slices.Contains([]string{"incidents", "oncall", "integration", "login", "plan", "apply", "export"}, names[0]) {
			continue
		}
		for _, f := range p.flags {
			if !strings.Contains(page, "--"+f.Name) && !slices.Contains([]string{"help", "config", "listen", "public-url", "keyring"}, f.Name) {
				t.Errorf("tocsin %s %s --%s is not in docs/cli.md", parent, name, f.Name)
			}
		}
	}
}

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const calendarSetup = `
people:
  - {id: jane, name: "Jane; the first, \"boss\"", role: admin, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}
  - {id: omar, name: Omár, methods: [{id: log, channel: log, address: omar}], rules: [{method: log}]}
schedules:
  - {id: rota, name: Rota, zone: Europe/Prague, layers: [{id: l, people: [jane, omar], every: 1 week, from: "2026-01-05T09:00"}]}
`

// calendarOf is a calendar in a file, and its events as our own API says them.
func calendarOf(t *testing.T, s server) (file string, want string) {
	t.Helper()
	out, err := command(t.Context(), "key", "add", "--data", s.Data, "reader", "--owner", "jane", "--scope", "read-setup,keep-profile").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	key := regexp.MustCompile(`toc_\S+`).FindString(string(out))
	ask := func(method, path, body string, into any) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), method, s.URL+"/api/v1"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode > 299 {
			t.Fatalf("%s %s: %d %v %v", method, path, res.StatusCode, err, into)
		}
	}
	var made struct{ URL string }
	ask("POST", "/calendars", `{"kind":"schedule","of":"rota"}`, &made)
	now := time.Now().UTC()
	from := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	var shifts struct {
		Items []struct {
			From, Until time.Time
			People      []string
		}
	}
	ask("GET", fmt.Sprintf("/schedules/rota/shifts?from=%s&to=%s", from.Format(time.RFC3339), from.AddDate(0, 8, 0).Format(time.RFC3339)), "", &shifts)
	names := map[string]string{"jane": `Jane; the first, "boss"`, "omar": "Omár"}
	for _, x := range shifts.Items {
		want += fmt.Sprintf("%s %s %s: Rota\n", x.From.UTC().Format("2006-01-02T15:04:05"), x.Until.UTC().Format("2006-01-02T15:04:05"), names[x.People[0]])
	}
	path := made.URL[strings.Index(made.URL, "/ical/"):]
	status, body := s.get(t, path)
	if status != http.StatusOK || len(shifts.Items) < 30 {
		t.Fatalf("%d, %d shifts\n%s", status, len(shifts.Items), body)
	}
	file = filepath.Join(t.TempDir(), "rota.ics")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, want
}

// python3-icalendar reads the shifts that we mean.
func TestCalendarPython(t *testing.T) {
	python := program(t, "python3")
	if debian := "/usr/bin/python3"; exec.Command(debian, "-c", "import icalendar").Run() == nil { // its packages are there alone
		python = debian
	}
	if err := exec.Command(python, "-c", "import icalendar").Run(); err != nil {
		t.Skip("python3-icalendar is missing")
	}
	file, want := calendarOf(t, start(t, calendarSetup))
	out, err := exec.CommandContext(t.Context(), python, "-c", `
import sys, icalendar
cal = icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read())
for e in cal.walk("VEVENT"):
    print(e["DTSTART"].dt.strftime("%Y-%m-%dT%H:%M:%S"), e["DTEND"].dt.strftime("%Y-%m-%dT%H:%M:%S"), e["SUMMARY"])
`, file).CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("%v\n got\n%s\nwant\n%s", err, out, want)
	}
}

// ical.js does too.
func TestCalendarJS(t *testing.T) {
	dir := installJS(t)
	file, want := calendarOf(t, start(t, calendarSetup))
	node := exec.CommandContext(t.Context(), "node", "calendar.js", file)
	node.Dir = dir
	out, err := node.CombinedOutput()
	if err != nil || string(out) != want+"all is well\n" {
		t.Errorf("%v\n got\n%s\nwant\n%s", err, out, want)
	}
}

const khalConf = `[calendars]
[[rota]]
path = %[1]s/rota
type = calendar
[locale]
timeformat = %%H:%%M:%%S
dateformat = %%Y-%%m-%%d
longdateformat = %%Y-%%m-%%d
datetimeformat = %%Y-%%m-%%dT%%H:%%M:%%S
longdatetimeformat = %%Y-%%m-%%dT%%H:%%M:%%S
local_timezone = UTC
default_timezone = UTC
[sqlite]
path = %[1]s/khal.db
`

// khal, which people have in their terminals, takes the file in and lists the same.
func TestCalendarKhal(t *testing.T) {
	if _, err := exec.LookPath("khal"); err != nil {
		t.Skip("khal is missing: apt-get install khal")
	}
	file, want := calendarOf(t, start(t, calendarSetup))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "conf"), fmt.Appendf(nil, khalConf, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	khal := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "khal", append([]string{"-c", filepath.Join(dir, "conf")}, args...)...)
		c.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C.UTF-8")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if err := os.Mkdir(filepath.Join(dir, "rota"), 0o700); err != nil {
		t.Fatal(err)
	}
	khal("import", "--batch", "-a", "rota", file)
	now := time.Now().UTC()
	from := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	got := khal("list", "--once", "--day-format", "", "--format", "{start-long-full} {end-long-full} {title}", from.Format("2006-01-02T15:04:05"), "260d")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const amKey = "fedcba9876543210fedcba9876543210"

// withoutAlertmanager is a house to which Prometheus and amtool speak as if it were an
// Alertmanager.
func withoutAlertmanager(t *testing.T) (server, *phone) {
	p := newPhone(t)
	s := start(t, fmt.Sprintf(`
people:
  - {id: jane, name: Jane, methods: [{id: ntfy, channel: ntfy, address: %q}], rules: [{method: ntfy}]}
policies:
  - {id: p, levels: [{targets: ["person:jane"], wait: 10m}]}
services:
  - {id: db, policy: p}
integrations:
  - {id: prom, source: alertmanager, service: db, key: %s}
settings: {catch_all: db}
`, p.address, amKey), "--allow-network", p.host)
	return s, p
}

// program finds a program of somebody else's, or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("there is no " + name)
	}
	return path
}

// alerts are the alertnames that the server shows, with their states.
func (s server) alerts(t *testing.T) string {
	t.Helper()
	_, body := s.get(t, "/am/"+amKey+"/api/v2/alerts")
	var all []struct {
		Labels map[string]string
		Status struct{ State string }
	}
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var names []string
	for _, a := range all {
		names = append(names, a.Labels["alertname"]+" "+a.Status.State)
	}
	return strings.Join(names, ", ")
}

// Debian's Prometheus with Tocsin where its Alertmanager would be: it fires, it resolves,
// and when it is killed what it watched is over once it would have said so again.
func TestPrometheus(t *testing.T) {
	prometheus := program(t, "prometheus")
	s, p := withoutAlertmanager(t)
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	put("rules.yml", fmt.Sprintf(`
groups:
  - name: e2e
    rules:
      - alert: Passing
        expr: vector(time()) < %d
        labels: {severity: critical, host: db-1}
        annotations: {summary: "db-1 is passing"}
      - alert: Staying
        expr: vector(time()) > %d
        labels: {severity: warning, host: db-2}
        annotations: {summary: "db-2 is staying"}
`, time.Now().Add(10*time.Second).Unix(), time.Now().Add(13*time.Second).Unix()))
	run := func(how string) *exec.Cmd {
		t.Helper()
		file := put("prometheus.yml", `
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{targets: ["`+strings.TrimPrefix(s.URL, "http://")+`"]}]
`+how)
		c := exec.CommandContext(t.Context(), prometheus, "--config.file="+file, "--storage.tsdb.path="+t.TempDir(),
			"--web.listen-address="+freeAddress(t), "--rules.alert.resend-delay=1s", "--log.level=warn")
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		c.Stdout, c.Stderr = testLog{t}, testLog{t}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Process.Kill(); c.Wait() })
		return c
	}
	c := run("      path_prefix: /am/" + amKey + "\n")
	p.hears(t, "db-1 is passing")
	if got := s.alerts(t); got != "Passing active" {
		t.Errorf("the server shows %q", got)
	}
	p.hears(t, "resolved: db-1 is passing")
	p.hears(t, "db-2 is staying")
	c.Process.Kill()
	p.hears(t, "resolved: db-2 is staying") // nobody said so
	if got := s.alerts(t); got != "" {
		t.Errorf("the server shows %q", got)
	}
	run("      path_prefix: /am\n      authorization: {credentials: " + amKey + "}\n")
	p.hears(t, "db-2 is staying")
}

// Debian's amtool: alerts, silences and the configuration.
func TestAmtool(t *testing.T) {
	amtool := program(t, "amtool")
	s, p := withoutAlertmanager(t)
	run := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), amtool, append([]string{"--alertmanager.url=" + s.URL + "/am/" + amKey, "--no-version-check", "--date.format=2006-01-02"}, args...)...)
		c.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("amtool %s: %v", strings.Join(args, " "), err)
		}
		return string(out)
	}
	says := func(out string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("amtool does not say %q:\n%s", w, out)
			}
		}
	}
	silence := strings.TrimSpace(run("silence", "add", "--author=jane", "--comment=the switch", "--duration=1h", "host=~db.*"))
	says(run("silence", "query"), silence[:8], `host=~"db.*"`, "jane", "the switch")
	run("alert", "add", "alertname=Disk", "host=db-1", "--annotation=summary=disk full")
	run("alert", "add", "alertname=Slow", "host=web-1", "--annotation=summary=web-1 is slow")
	p.hears(t, "web-1 is slow")
	if out := run("alert", "query"); strings.Contains(out, "Disk") || !strings.Contains(out, "Slow") {
		t.Errorf("active alerts:\n%s", out)
	}
	if out := run("alert", "query", "--silenced", "alertname=Disk"); strings.Contains(out, "Slow") || !strings.Contains(out, "Disk") {
		t.Errorf("silenced alerts:\n%s", out)
	}
	says(run("-o", "json", "silence", "query", "host=~db.*"), silence, `"state":"active"`)
	run("silence", "update", "--duration=2h", "--comment=it takes longer", silence)
	says(run("silence", "query"), silence[:8], "it takes longer")
	run("silence", "expire", silence)
	p.hears(t, "disk full")
	says(run("alert", "query"), "Disk", "Slow")
	if out := run("silence", "query", "-q"); strings.Contains(out, silence) {
		t.Errorf("silences that hold:\n%s", out)
	}
	says(run("silence", "query", "--expired"), silence[:8])
	says(run("config", "show"), `receiver: "db"`)
	says(run("config", "routes", "show"), "receiver: db")
	says(run("cluster", "show"), "ready")
	out := run("alert", "add", "alertname=Slow", "host=web-1", "--end="+time.Now().UTC().Format(time.RFC3339))
	p.hears(t, "resolved: web-1 is slow")
	if t.Failed() {
		t.Log(out)
	}
	wrong := exec.CommandContext(context.WithoutCancel(t.Context()), amtool, "--alertmanager.url="+s.URL+"/am/nobody", "alert", "query")
	if out, err := wrong.CombinedOutput(); err == nil {
		t.Errorf("with a key of nobody's: %s", out)
	}
}

// Grafana, and every other proxy of an Alertmanager, looks whether it is well first.
func TestAlertmanagerHealth(t *testing.T) {
	s, _ := withoutAlertmanager(t)
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/am"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("grafana", amKey)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 || string(body) != "OK" {
			t.Errorf("%s: %d %s %v", path, res.StatusCode, body, err)
		}
	}
}

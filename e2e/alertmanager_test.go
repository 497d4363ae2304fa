package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An alertmanager is a running one, Debian's or whichever is on the path; it ends with
// the test.
type alertmanager struct {
	url   string
	begun time.Time // when its alerts began
}

func startAlertmanager(t *testing.T, config string) alertmanager {
	t.Helper()
	path, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		path = program(t, "alertmanager")
	}
	dir, address := t.TempDir(), freeAddress(t)
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, "--config.file="+file, "--storage.path="+dir, "--web.listen-address="+address, "--cluster.listen-address=")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said lines
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("Alertmanager said:\n%s", said.String())
		}
	})
	am := alertmanager{url: "http://" + address, begun: time.Now().Add(-time.Minute)}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get(am.url + "/-/ready"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return am
			}
		}
		if time.Now().After(end) {
			t.Fatalf("Alertmanager is not ready\n%s", said.String())
		}
	}
}

// fires tells it of alerts, one for each host, as Prometheus would.
func (am alertmanager) fires(t *testing.T, name string, hosts ...string) {
	t.Helper()
	am.post(t, name, hosts, time.Time{})
}

// resolves tells it that they are over.
func (am alertmanager) resolves(t *testing.T, name string, hosts ...string) {
	t.Helper()
	am.post(t, name, hosts, time.Now().Add(-time.Second))
}

func (am alertmanager) post(t *testing.T, name string, hosts []string, over time.Time) {
	t.Helper()
	type posted struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    time.Time         `json:"startsAt"`
		EndsAt      time.Time         `json:"endsAt,omitzero"`
	}
	var all []posted
	for _, h := range hosts {
		all = append(all, posted{map[string]string{"alertname": name, "host": h}, map[string]string{"summary": name + " on " + h}, am.begun, over})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(am.url+"/api/v2/alerts", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(res.Body)
		t.Fatalf("Alertmanager does not take alerts: %s\n%s", res.Status, said)
	}
}

// tried waits until it has tried a receiver in vain, more often than it had.
func (am alertmanager) tried(t *testing.T, receiver string, had int) (times int) {
	t.Helper()
	failed := regexp.MustCompile(`(?m)^alertmanager_notification_requests_failed_total\{.*integration="` + receiver + `".*\} (\d+)$`)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		res, err := http.Get(am.url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if m := failed.FindSubmatch(body); m != nil {
			if times, _ = strconv.Atoi(string(m[1])); times > had {
				return times
			}
		}
	}
	t.Fatalf("Alertmanager never tries %s", receiver)
	return 0
}

// Its receivers that speak to us: jane hears what pagerduty_configs sends, omar what
// webhook_configs sends.
const (
	amPeople = `
people:
  - {id: jane, methods: [{id: phone, channel: ntfy, address: "%s"}], rules: [{method: phone}]}
  - {id: omar, methods: [{id: phone, channel: ntfy, address: "%s"}], rules: [{method: phone}]}
policies:
  - {id: jane, levels: [{targets: [jane], wait: 1h}]}
  - {id: omar, levels: [{targets: [omar], wait: 1h}]}
services: [{id: db, policy: jane}, {id: web, policy: omar}]
integrations:
  - {id: pd, source: pagerduty, service: db, key: ` + routingKey + `}
  - {id: hook, source: alertmanager, service: web, key: ` + amKey + `}
settings: {catch_all: db}
`
	amReceivers = `
route: {receiver: tocsin, group_by: [alertname], group_wait: 1s, group_interval: 1s}
receivers:
  - name: tocsin
    pagerduty_configs:
      - {url: "%[2]s/v2/enqueue", routing_key: ` + routingKey + `, description: '{{ .CommonLabels.alertname }} on {{ .Alerts | len }} hosts'}
    webhook_configs:
      - {url: "%[1]s/in/alertmanager/` + amKey + `"}
`
)

// What fires is a page, what is over is an all-clear, and no repetition is heard.
func TestAlertmanagerReceivers(t *testing.T) {
	jane, omar := newPhone(t), newPhone(t)
	s := start(t, fmt.Sprintf(amPeople, jane.address, omar.address), "--allow-network", jane.host, "--allow-network", omar.host)
	proxy := front(t, s)
	proxy.Start()
	am := startAlertmanager(t, fmt.Sprintf(amReceivers, s.URL, proxy.URL))
	am.fires(t, "DiskFull", "db-1")
	jane.hears(t, "DiskFull on 1 hosts")
	omar.hears(t, "DiskFull on db-1")
	am.resolves(t, "DiskFull", "db-1")
	jane.hears(t, "resolved: DiskFull on 1 hosts")
	omar.hears(t, "resolved: DiskFull on db-1")
	jane.isQuiet(t)
	omar.isQuiet(t)
}

// The server is not there when Alertmanager says that something fires, and not when it
// says that it is over. Both are heard once it is back, and only once.
func TestAlertmanagerWhileDown(t *testing.T) {
	jane, omar := newPhone(t), newPhone(t)
	s := install(t, fmt.Sprintf(amPeople, jane.address, omar.address))
	serve := func() (stop func()) {
		return s.serve(t, "--allow-network", jane.host, "--allow-network", omar.host)
	}
	am := startAlertmanager(t, fmt.Sprintf(amReceivers, s.URL, s.URL))
	am.fires(t, "DiskFull", "db-1")
	pd, hook := am.tried(t, "pagerduty", 0), am.tried(t, "webhook", 0)
	stop := serve()
	jane.hears(t, "DiskFull on 1 hosts")
	omar.hears(t, "DiskFull on db-1")
	stop()
	am.resolves(t, "DiskFull", "db-1")
	am.tried(t, "pagerduty", pd)
	am.tried(t, "webhook", hook)
	serve()
	jane.hears(t, "resolved: DiskFull on 1 hosts")
	omar.hears(t, "resolved: DiskFull on db-1")
	jane.isQuiet(t)
	omar.isQuiet(t)
}

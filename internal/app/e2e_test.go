package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/channel/smtptest"
)

// patience is how long the night waits for what must come.
const patience = 30 * time.Second

// nightSetup pages Jane and Omar for the database, and Pia for the shop; the second
// level of both is Noor, who is to sleep through the one and not through the other.
const nightSetup = `
people:
  - {id: jane, name: Jane Doe, zone: Europe/Prague, methods: [{id: mail, channel: email, address: jane@example.org}], rules: [{method: mail}]}
  - {id: omar, name: Omar Haddad, methods: [{id: mail, channel: email, address: omar@example.org}], rules: [{method: mail}]}
  - {id: pia, name: Pia Novak, methods: [{id: mail, channel: email, address: pia@example.org}], rules: [{method: mail}]}
  - {id: noor, name: Noor Aziz, methods: [{id: mail, channel: email, address: noor@example.org}], rules: [{method: mail}]}
policies:
  - {id: db, levels: [{targets: [jane, omar], wait: 4s}, {targets: [noor], wait: 10m}]}
  - {id: shop, levels: [{targets: [pia], wait: 4s}, {targets: [noor], wait: 10m}]}
services:
  - {id: postgres, name: PostgreSQL, policy: db}
  - {id: shop, name: Web shop, policy: shop}
integrations:
  - {id: prometheus, source: alertmanager, service: postgres, key: alertmanager-key-of-the-night}
  - {id: cloud, source: pagerduty, service: shop, key: abcdefghijklmnopqrstuvwxyz012345}
`

// nightRules are Prometheus' rules; an alert fires where its expression has a value.
const nightRules = `
groups:
  - name: night
    interval: 1s
    rules:
      - alert: DatabaseDown
        expr: vector(1) > %d
        for: 0s
        labels: {severity: critical, via: webhook}
        annotations: {summary: db-1 is down, description: It does not answer.}
      - alert: ShopSlow
        expr: vector(1) > %d
        for: 0s
        labels: {severity: warning, via: pagerduty}
        annotations: {summary: the shop is slow}
`

const firing, quiet = 0, 1

const nightPrometheus = `
global: {evaluation_interval: 1s}
rule_files: [%q]
alerting:
  alertmanagers: [{static_configs: [{targets: [%q]}]}]
`

// nightAlertmanager repeats itself to PagerDuty's API each second, which must be heard
// as one alert.
const nightAlertmanager = `
route:
  receiver: webhook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes: [{matchers: ['via="pagerduty"'], receiver: pagerduty, repeat_interval: 1s}]
receivers:
  - name: webhook
    webhook_configs: [{url: %q, send_resolved: true}]
  - name: pagerduty
    pagerduty_configs: [{url: %q, routing_key: abcdefghijklmnopqrstuvwxyz012345, send_resolved: true, description: '{{ .CommonAnnotations.summary }}', severity: '{{ .CommonLabels.severity }}'}]
`

// A firstNight is everything that runs in it.
type firstNight struct {
	*testing.T
	mails      *smtptest.Server
	wire       *wire
	rules      string
	prometheus *os.Process
}

// TestFirstNight is what a new user tries: Prometheus and Alertmanager as Debian has
// them send a real alert, a real mail server takes the page, the link in it
// acknowledges, the climb stops, and the all-clear comes.
func TestFirstNight(t *testing.T) {
	if testing.Short() {
		t.Skip("a night takes half a minute")
	}
	needs(t, "prometheus", "prometheus-alertmanager")
	databases(t, func(t *testing.T, database string) {
		n := newNight(t, database)

		n.rule(firing, quiet)
		jane, omar := n.mail("jane", 1), n.mail("omar", 1)
		mailed := time.Now()
		heard := n.wire.wait(t, "/in/alertmanager/", `"status":"firing"`, 1)[0]
		n.quick("from Alertmanager's webhook to the mails", mailed.Sub(heard.came), heard)
		n.answer(link(t, jane), link(t, omar))

		n.rule(firing, firing)
		pia := n.mail("pia", 1)
		mailed = time.Now()
		heard = n.wire.wait(t, "/v2/enqueue", `"event_action":"trigger"`, 1)[0]
		n.quick("from Alertmanager's PagerDuty event to the mail", mailed.Sub(heard.came), heard)
		n.oneAlert(n.wire.wait(t, "/v2/enqueue", `"event_action":"trigger"`, 3))
		// Nobody answers for the shop: Noor is called. The climb of the database began
		// earlier and waits as long, so that she would have been called for it by now.
		n.mail("noor", 1)
		n.shows(link(t, pia), "Nobody has answered yet.")

		n.rule(quiet, quiet)
		n.mail("jane", 2)
		n.mail("pia", 2)
		n.mail("noor", 2)
		n.wire.wait(t, "/v2/enqueue", `"event_action":"resolve"`, 1)
		n.shows(link(t, jane), "It is over, since")

		n.expect(map[string][]string{
			"jane": {"[SEV1] db-1 is down", "resolved: db-1 is down"},
			"omar": {"[SEV1] db-1 is down", "Jane Doe has it: db-1 is down"},
			"pia":  {"[SEV3] the shop is slow", "resolved: the shop is slow"},
			"noor": {"[SEV3] the shop is slow", "resolved: the shop is slow"},
		})
		for _, c := range n.wire.wait(t, "/", "", 1) {
			if c.status != http.StatusAccepted {
				t.Errorf("%s was answered %d: %s", c.path, c.status, c.body)
			}
		}
	})
}

// newNight starts everything, from the mail server to Prometheus. Mail goes as it does
// by default: over STARTTLS under a certificate that verifies, after a login.
func newNight(t *testing.T, database string) *firstNight {
	n := &firstNight{T: t}
	var err error
	if n.mails, err = smtptest.New(smtptest.Options{Username: "tocsin", Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.mails.Close() })
	dir := t.TempDir()
	t.Setenv("SSL_CERT_FILE", file(t, dir, "relay.pem", string(n.mails.PEM)))

	o := options(t, database)
	o.Listen = freeAddress(t)
	o.SMTPHost, o.SMTPFrom, o.SMTPUser, o.SMTPPassword = n.mails.Addr, "tocsin@example.org", "tocsin", "secret"
	setUp(t, o, nightSetup)
	house := start(t, "serve", o)
	n.wire = newWire(t, house.URL)

	n.rules = file(t, dir, "rules.yml", fmt.Sprintf(nightRules, quiet, quiet))
	manager, prometheus := freeAddress(t), freeAddress(t)
	program(t, "prometheus-alertmanager", "--web.listen-address="+manager, "--cluster.listen-address=", "--storage.path="+t.TempDir(),
		"--config.file="+file(t, dir, "alertmanager.yml", fmt.Sprintf(nightAlertmanager, n.wire.URL+"/in/alertmanager/alertmanager-key-of-the-night", n.wire.URL+"/v2/enqueue")))
	answers(t, "http://"+manager+"/-/ready")
	n.prometheus = program(t, "prometheus", "--web.listen-address="+prometheus, "--storage.tsdb.path="+t.TempDir(), "--rules.alert.resend-delay=1s",
		"--config.file="+file(t, dir, "prometheus.yml", fmt.Sprintf(nightPrometheus, n.rules, manager)))
	answers(t, "http://"+prometheus+"/-/ready")
	return n
}

// rule makes the two alerts fire or not, as an administrator does: a file and a signal.
func (n *firstNight) rule(database, shop int) {
	n.Helper()
	if err := os.WriteFile(n.rules, fmt.Appendf(nil, nightRules, database, shop), 0o600); err != nil {
		n.Fatal(err)
	}
	if err := n.prometheus.Signal(syscall.SIGHUP); err != nil {
		n.Fatal(err)
	}
}

// mail waits for the nth mail to a person.
func (n *firstNight) mail(person string, nth int) smtptest.Text {
	n.Helper()
	ctx, cancel := context.WithTimeout(n.Context(), patience)
	defer cancel()
	for seen := 0; ; {
		all, err := n.mails.Wait(ctx, seen)
		if err != nil {
			n.Fatalf("mail %d to %s did not come: %v; came: %v", nth, person, err, n.subjects())
		}
		of := slices.DeleteFunc(slices.Clone(all), func(m smtptest.Mail) bool { return m.To != person+"@example.org" })
		if len(of) >= nth {
			if !of[nth-1].TLS || of[nth-1].Login == "" {
				n.Error("the mail came without TLS or without a login")
			}
			text, err := of[nth-1].Parse()
			if err != nil {
				n.Fatal(err)
			}
			return text
		}
		seen = len(all) + 1
	}
}

// subjects are the mails that came, by person.
func (n *firstNight) subjects() map[string][]string {
	out := map[string][]string{}
	for _, m := range n.mails.Mails() {
		text, err := m.Parse()
		if err != nil {
			n.Error(err)
		}
		person, _, _ := strings.Cut(m.To, "@")
		out[person] = append(out[person], text.Subject)
	}
	return out
}

// expect fails the night for any mail that should not have come.
func (n *firstNight) expect(want map[string][]string) {
	n.Helper()
	if diff := cmp.Diff(want, n.subjects()); diff != "" {
		n.Errorf("mails (-want +got):\n%s", diff)
	}
}

// quick holds a delay against its goal of a second, with room for a busy machine.
func (n *firstNight) quick(what string, took time.Duration, c call) {
	n.Helper()
	n.Logf("%s: %v, of which %v until it was accepted", what, took.Round(time.Millisecond), c.took.Round(time.Millisecond))
	if took > 5*time.Second {
		n.Errorf("%s: %v", what, took)
	}
}

var linkLine = regexp.MustCompile(`(?m)^Acknowledge: (\S+)$`)

// link is the acknowledge link of a mail.
func link(t *testing.T, mail smtptest.Text) string {
	t.Helper()
	found := linkLine.FindStringSubmatch(mail.Plain)
	if found == nil || !strings.Contains(mail.HTML, found[1]) {
		t.Fatalf("no acknowledge link in\n%s\n%s", mail.Plain, mail.HTML)
	}
	return found[1]
}

// answer opens both links, which acts in neither name, and presses Jane's button.
func (n *firstNight) answer(jane, omar string) {
	n.Helper()
	for range 2 { // a mail scanner was there before
		n.shows(jane, "Nobody has answered yet.", "db-1 is down", "PostgreSQL", "for Jane Doe alone", `<button type="submit">Acknowledge</button>`)
		n.shows(omar, "Nobody has answered yet.", "for Omar Haddad alone")
	}
	n.has(n.browse(http.MethodPost, jane), "You have it")
	n.shows(jane, "You have it, since")
	n.shows(omar, "Jane Doe has it, since")
	n.mail("omar", 2)
}

// shows opens a link and looks for texts.
func (n *firstNight) shows(url string, want ...string) {
	n.Helper()
	n.has(n.browse(http.MethodGet, url), want...)
}

func (n *firstNight) has(page string, want ...string) {
	n.Helper()
	for _, text := range want {
		if !strings.Contains(page, text) {
			n.Errorf("the page lacks %q:\n%s", text, page)
		}
	}
}

// browse does what a browser does.
func (n *firstNight) browse(method, url string) string {
	n.Helper()
	req, err := http.NewRequestWithContext(n.Context(), method, url, nil)
	if err != nil {
		n.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		n.Errorf("%s %s: %s, %v", method, url, res.Status, err)
	}
	return string(body)
}

// oneAlert checks that the repeated events are of one key: that they were one page is
// seen at the end.
func (n *firstNight) oneAlert(calls []call) {
	n.Helper()
	keys := map[string]bool{}
	for _, c := range calls {
		var e struct {
			Key string `json:"dedup_key"`
		}
		if err := json.Unmarshal(c.body, &e); err != nil {
			n.Error(err)
		}
		keys[e.Key] = true
	}
	if len(keys) != 1 || keys[""] {
		n.Errorf("%d events had the keys %v", len(calls), keys)
	}
}

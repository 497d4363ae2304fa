package apply

import (
	"os"
	"strings"
	"testing"
)

// every holds something of every kind, in every form that a file has.
const every = `
people: [{id: jane, role: manager, methods: [{id: n, channel: ntfy, address: "https://ntfy.sh/x"}], rules: [{method: n, priority: high, after: 1m, every: 30s, for: 1h}]}, {id: omar, capacity: 0.5}]
teams: [{id: dba, members: [jane, omar], roles: {omar: observer}}]
services: [{id: db, team: dba, policy: p, reopen: 0s, sensitive: true}, {id: site, policy: p, depends_on: [db]}]
policies:
  - {id: p, team: dba, zone: Europe/Prague, ack_timeout: 30m, fail_over: [omar], repeat: {count: 2, wait: 5m},
     levels: [{targets: ["schedule:s", "team:dba", "email:a@example.org"], wait: 5m, when: {window: {from: 8h, to: 17h, days: [mon]}, severities: [SEV1]}}]}
schedules:
  - {id: s, team: dba, tz: Europe/Prague, layers: [{id: l, people: [jane, omar], every: 1 week, from: "2026-01-05T08:00", hours: ["Mon-Fri 09:00-17:00"]}], fairness: {weights: {night: 0.3, SEV1: 2}, cover: auto, digest: true}, limits: {rest: 12h, share: 0.3, want: {primary: 1}}, fall_back: p, notices: {before: [24h], on: true}}
integrations: [{id: prom, source: alertmanager, service: db}, {id: pd, source: pagerduty, service: site, key: abcdefghijklmnopqrstuvwxyz012345}]
heartbeats: [{id: backup, every: 24h, integration: prom}]
webhooks: [{id: bot, url: "https://example.org/hook", secret: secret-of-the-hook, kinds: ["escalate.*"]}]
rules: [{name: "yes: a colon, and # a hash", match: ['a=~"b.*"'], severity: SEV1}]
settings: {catch_all: site}
`

// What is exported changes nothing where it comes from, and holds no secret.
func TestExport(t *testing.T) {
	files := map[string]string{"every": every, "nothing": "{}"}
	for name, path := range map[string]string{"first": "../../docs/examples/first.yaml", "company": "../sim/demo_company.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(p place) {
				p.apply(p.wish(text))
				out, err := Export(p.Context(), p.st)
				if err != nil {
					p.Fatal(err)
				}
				for _, s := range p.apply(p.wish(string(out))) {
					if s.Do != Unchanged {
						p.Errorf("%s %s %s: %v\n%s", s.Do, s.Kind, s.ID, s.Changed, out)
					}
				}
				for _, secret := range []string{"abcdefghijklmnopqrstuvwxyz012345", "secret-of-the-hook", "hash"} {
					if strings.Contains(strings.ReplaceAll(string(out), "# a hash", ""), secret) {
						p.Errorf("%s is in\n%s", secret, out)
					}
				}
			})
		})
	}
}

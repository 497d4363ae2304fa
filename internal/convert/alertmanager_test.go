package convert

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/internal/config"
	"tocsin/org"
)

const amExample = `
route:
  receiver: default
  group_by: [cluster, alertname]
  group_interval: 3m
  routes:
    - matchers: ['team="dba"']
      receiver: DBA on call
      group_by: ['...']
      group_wait: 10s
      mute_time_intervals: [weekends]
      continue: true
      routes:
        - match: {severity: critical}
          match_re: {host: "db.*"}
          receiver: DBA critical
    - match: {team: shop}
      receiver: shop
      active_time_intervals: [office]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity=~"warning|info"]
    equal: [alertname, cluster]
  - source_match: {alertname: Gone}
    target_match_re: {alertname: ".*"}
  - source_matchers: ["("]
    target_matchers: ["a=b"]
time_intervals:
  - name: weekends
    time_intervals:
      - weekdays: ['saturday:sunday', '0']
      - weekdays: [saturday, sunday]
        times: [{start_time: "08:00", end_time: "10:30"}]
        location: Europe/Prague
      - days_of_month: ['-3:-1', '1']
        months: [december, '1:2']
      - years: ['2026']
  - name: office
    time_intervals:
      - weekdays: ['monday:friday']
        times: [{start_time: "09:00", end_time: "17:00"}]
        location: Europe/Prague
receivers:
  - name: default
    webhook_configs: [{url: http://example.org}]
`

func TestAlertmanager(t *testing.T) {
	r, err := Alertmanager([]byte(amExample), "prom", "p", time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Setup.YAML()
	if err != nil {
		t.Fatal(err)
	}
	got := string(out) + "---\n" + strings.Join(r.Left, "\n") + "\n"
	want, err := os.ReadFile("testdata/alertmanager.txt")
	if os.Getenv("UPDATE") != "" {
		err = os.WriteFile("testdata/alertmanager.txt", []byte(got), 0o644)
		want = []byte(got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
	// What comes out can be applied.
	if err := r.Setup.Validate(config.Setup{Policies: nil}); err == nil || strings.Contains(err.Error(), "sifting") || strings.Contains(err.Error(), "sift:") {
		t.Errorf("but for the policy and the integration all is known: %v", err)
	}
}

// The first route that matches decides, those beneath a route before it.
func TestRoutesAsRules(t *testing.T) {
	r, err := Alertmanager([]byte(amExample), "", "p", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	rules, err := alert.CompileRules(*r.Setup.Rules)
	if err != nil {
		t.Fatal(err)
	}
	services := map[org.ServiceID]org.Service{}
	for _, s := range r.Setup.Services {
		services[s.ID] = s
	}
	for labels, want := range map[string]org.ServiceID{
		"team=dba,severity=critical,host=db-1": "dba-critical", "team=dba,severity=critical,host=web": "dba-on-call", "team=shop": "shop", "": "default",
	} {
		ev := alert.Event{Action: alert.Trigger, Labels: map[string]string{}}
		for pair := range strings.SplitSeq(labels, ",") {
			k, v, _ := strings.Cut(pair, "=")
			ev.Labels[k] = v
		}
		if c := alert.Categorize(ev, org.Integration{}, rules, services, org.Settings{}); c.Service != want {
			t.Errorf("%s goes to %s, want %s", labels, c.Service, want)
		}
	}
	// On a Saturday the shop is mute, on a Monday at ten it is not.
	s, faults := sift.Compile(*r.Setup.Sifting, services, org.Settings{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for at, want := range map[string]bool{"2036-11-29T12:00:00Z": true, "2036-12-01T09:00:00Z": false, "2036-12-01T17:00:00Z": true} {
		now, _ := time.Parse(time.RFC3339, at)
		on, _ := s.Windows(now)
		mute := false
		for _, w := range on {
			mute = mute || w.Services[0] == "shop"
		}
		if mute != want {
			t.Errorf("at %s (%s) the shop is mute: %v", at, now.Weekday(), mute)
		}
	}
}

func FuzzAlertmanager(f *testing.F) {
	f.Add(amExample)
	f.Add("route: {receiver: a, group_by: []}")
	f.Add("inhibit_rules: [{}]")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Alertmanager([]byte(text), "", "p", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return
		}
		if r.Setup.Rules != nil {
			if _, err := alert.CompileRules(*r.Setup.Rules); err != nil {
				t.Errorf("its rules are refused: %v", err)
			}
		}
	})
}

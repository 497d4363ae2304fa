package alert

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/incident"
	"tocsin/org"
)

var (
	prom     = org.Integration{ID: "prom-eu", Name: "Prometheus EU", Source: "alertmanager", Service: "web"}
	settings = org.Settings{CatchAll: "desk"}
	services = map[org.ServiceID]org.Service{
		"web":  {ID: "web"},
		"db":   {ID: "db"},
		"old":  {ID: "old", Retired: true},
		"desk": {ID: "desk"},
	}
)

func mustCompile(t testing.TB, rules ...Rule) Rules {
	t.Helper()
	rs, err := CompileRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestCategorize(t *testing.T) {
	dba := Event{Action: Trigger, Key: "k", Title: "disk full", Severity: org.SEV2, Labels: map[string]string{"team": "dba", "host": "db-1"},
		Details: map[string]string{"owner": "ann"}}
	for _, c := range []struct {
		name  string
		ev    Event
		in    org.Integration
		rules []Rule
		want  Category
	}{
		{"integration and source decide", dba, prom, nil,
			Category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"a rule decides", dba, prom, []Rule{{Name: "db", Match: []string{`team="dba"`}, Service: "db"}},
			Category{"db", org.SEV2, org.High, false, `rule "db" matched team="dba"`}},
		{"the first rule wins", dba, prom, []Rule{
			{Name: "a", Match: []string{`host=~"db-.*"`}, Service: "db"},
			{Name: "b", Match: []string{`team="dba"`}, Service: "web", Severity: org.SEV5}},
			Category{"db", org.SEV2, org.High, false, `rule "a" matched host=~"db-.*"`}},
		{"continue leaves the open fields to the next", dba, prom, []Rule{
			{Name: "a", Match: []string{`team="dba"`}, Service: "db", Continue: true},
			{Name: "b", Service: "web", Severity: org.SEV5}},
			Category{"db", org.SEV5, org.Low, false, `rule "a" matched team="dba"; rule "b" matches everything`}},
		{"a rule's priority beats the severity's", dba, prom, []Rule{{Name: "quiet", Priority: org.Low}},
			Category{"web", org.SEV2, org.Low, false, `rule "quiet" matches everything; service of the integration`}},
		{"all matchers must hold", dba, prom, []Rule{{Name: "a", Match: []string{`team="dba"`, `host="db-2"`}, Service: "db"}},
			Category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"a missing label is empty", dba, prom, []Rule{{ID: "r1", Match: []string{`env=""`}, Service: "db"}},
			Category{"db", org.SEV2, org.High, false, `rule "r1" matched env=""`}},
		{"regular expressions are anchored", dba, prom, []Rule{{Name: "a", Match: []string{`host=~"db"`}, Service: "db"}},
			Category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"pseudo labels and details", dba, prom, []Rule{{Name: "a",
			Match: []string{`{title=~"disk.*", integration="prom-eu", dialect="alertmanager", sev="SEV2"}`, `owner="ann"`}, Service: "db"}},
			Category{"db", org.SEV2, org.High, false, `rule "a" matched title=~"disk.*", integration="prom-eu", dialect="alertmanager", sev="SEV2", owner="ann"`}},
		{"a rule of another integration", dba, prom, []Rule{{Name: "a", Integration: "other", Service: "db"}},
			Category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"record only", dba, prom, []Rule{{Name: "noise", Match: []string{`team="dba"`}, Record: true}},
			Category{"web", org.SEV2, org.High, true, `rule "noise" matched team="dba"; service of the integration`}},
		{"a retired service gives way", dba, prom, []Rule{{Name: "a", Service: "old"}},
			Category{"desk", org.SEV2, org.High, false, `rule "a" matches everything; service "old" is retired: catch-all`}},
		{"an unknown service gives way", dba, org.Integration{ID: "x", Service: "gone"}, nil,
			Category{"desk", org.SEV2, org.High, false, `service of the integration; service "gone" is unknown: catch-all`}},
		{"nobody claims it", Event{Action: Trigger, Severity: org.SEV4}, org.Integration{ID: "x"}, nil,
			Category{"desk", org.SEV4, org.Low, false, "nobody claims it: catch-all"}},
		{"no severity", Event{Action: Trigger}, prom, nil,
			Category{"web", org.SEV3, org.High, false, "service of the integration; SEV3 because the source gives no severity"}},
		{"unreadable asks no rule", UnreadableFrom(prom, "not JSON"), prom, []Rule{{Name: "a", Severity: org.SEV1, Record: true}},
			Category{"web", org.SEV4, org.Low, false, "service of the integration"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Categorize(c.ev, c.in, mustCompile(t, c.rules...), services, settings)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestCompileRulesNamesRuleAndField(t *testing.T) {
	_, err := CompileRules([]Rule{
		{Name: "fine", Match: []string{`a="b"`}, Service: "db"},
		{Name: "db", Match: []string{`a="b"`, `team=~"("`}, Severity: "SEV9", Priority: "urgent"},
		{ID: "r3", Match: []string{""}},
		{Continue: true},
	})
	var refused incident.Refusal
	if !errors.As(err, &refused) {
		t.Fatalf("not a refusal: %v", err)
	}
	for _, want := range []string{`rule "db", match 2: `, `rule "db", severity: "SEV9"`, `rule "db", priority: "urgent"`,
		`rule "r3", match 1: `, `rule 4, continue: `} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "fine") {
		t.Errorf("%q names a rule without fault", err)
	}
}

func BenchmarkCategorize(b *testing.B) {
	ev := Event{Action: Trigger, Key: "k", Title: "disk full", Severity: org.SEV2, Labels: map[string]string{"team": "dba", "host": "db-1"}}
	var rules []Rule
	for _, team := range []string{"web", "net", "mail", "pay", "shop", "search", "ml", "ops", "sec", "dba"} {
		rules = append(rules, Rule{Name: team, Match: []string{`team="` + team + `"`, `host=~"[a-z]+-\\d+"`}, Service: "db"})
	}
	rs := mustCompile(b, rules...)
	b.ReportAllocs()
	for b.Loop() {
		if c := Categorize(ev, prom, rs, services, settings); c.Service != "db" {
			b.Fatal(c)
		}
	}
}

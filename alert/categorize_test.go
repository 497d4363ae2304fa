package alert

import (
	"errors"
	"strings"
	"testing"
	"time"

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

// category is what is compared of one.
type category struct {
	service  org.ServiceID
	severity org.Severity
	priority org.Priority
	record   bool
	why      string
}

func TestCategorize(t *testing.T) {
	dba := Event{Action: Trigger, Key: "k", Title: "disk full", Severity: org.SEV2, Labels: map[string]string{"team": "dba", "host": "db-1"},
		Details: map[string]string{"owner": "ann"}}
	for _, c := range []struct {
		name  string
		ev    Event
		in    org.Integration
		rules []Rule
		want  category
	}{
		{"integration and source decide", dba, prom, nil,
			category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"a rule decides", dba, prom, []Rule{{Name: "db", Match: []string{`team="dba"`}, Service: "db"}},
			category{"db", org.SEV2, org.High, false, `rule "db" matched team="dba"`}},
		{"the first rule wins", dba, prom, []Rule{
			{Name: "a", Match: []string{`host=~"db-.*"`}, Service: "db"},
			{Name: "b", Match: []string{`team="dba"`}, Service: "web", Severity: org.SEV5}},
			category{"db", org.SEV2, org.High, false, `rule "a" matched host=~"db-.*"`}},
		{"continue leaves the open fields to the next", dba, prom, []Rule{
			{Name: "a", Match: []string{`team="dba"`}, Service: "db", Continue: true},
			{Name: "b", Service: "web", Severity: org.SEV5}},
			category{"db", org.SEV5, org.Low, false, `rule "a" matched team="dba"; rule "b" matches everything`}},
		{"a rule's priority beats the severity's", dba, prom, []Rule{{Name: "quiet", Priority: org.Low}},
			category{"web", org.SEV2, org.Low, false, `rule "quiet" matches everything; service of the integration`}},
		{"all matchers must hold", dba, prom, []Rule{{Name: "a", Match: []string{`team="dba"`, `host="db-2"`}, Service: "db"}},
			category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"a missing label is empty", dba, prom, []Rule{{ID: "r1", Match: []string{`env=""`}, Service: "db"}},
			category{"db", org.SEV2, org.High, false, `rule "r1" matched env=""`}},
		{"regular expressions are anchored", dba, prom, []Rule{{Name: "a", Match: []string{`host=~"db"`}, Service: "db"}},
			category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"pseudo labels and details", dba, prom, []Rule{{Name: "a",
			Match: []string{`{title=~"disk.*", integration="prom-eu", dialect="alertmanager", sev="SEV2"}`, `owner="ann"`}, Service: "db"}},
			category{"db", org.SEV2, org.High, false, `rule "a" matched title=~"disk.*", integration="prom-eu", dialect="alertmanager", sev="SEV2", owner="ann"`}},
		{"a rule of another integration", dba, prom, []Rule{{Name: "a", Integration: "other", Service: "db"}},
			category{"web", org.SEV2, org.High, false, "service of the integration"}},
		{"record only", dba, prom, []Rule{{Name: "noise", Match: []string{`team="dba"`}, Record: true}},
			category{"web", org.SEV2, org.High, true, `rule "noise" matched team="dba"; service of the integration`}},
		{"a retired service gives way", dba, prom, []Rule{{Name: "a", Service: "old"}},
			category{"desk", org.SEV2, org.High, false, `rule "a" matches everything; service "old" is retired: catch-all`}},
		{"an unknown service gives way", dba, org.Integration{ID: "x", Service: "gone"}, nil,
			category{"desk", org.SEV2, org.High, false, `service of the integration; service "gone" is unknown: catch-all`}},
		{"nobody claims it", Event{Action: Trigger, Severity: org.SEV4}, org.Integration{ID: "x"}, nil,
			category{"desk", org.SEV4, org.Low, false, "nobody claims it: catch-all"}},
		{"no severity", Event{Action: Trigger}, prom, nil,
			category{"web", org.SEV3, org.High, false, "service of the integration; SEV3 because the source gives no severity"}},
		{"unreadable asks no rule", UnreadableFrom(prom, "not JSON"), prom, []Rule{{Name: "a", Severity: org.SEV1, Record: true}},
			category{"web", org.SEV4, org.Low, false, "service of the integration"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Categorize(c.ev, c.in, mustCompile(t, c.rules...), services, settings)
			if is := (category{got.Service, got.Severity, got.Priority, got.Record, got.Why}); is != c.want {
				t.Errorf("(-want +got)\n%s", cmp.Diff(c.want, is, cmp.AllowUnexported(category{})))
			}
		})
	}
}

// The matrix decides what rules leave open, before the source's own rating does.
func TestMatrix(t *testing.T) {
	house := settings
	house.Matrix = &org.Matrix{
		Rows: []org.MatrixRow{
			{Category: "security", Severity: org.SEV1},
			{Impact: "high", Urgency: "high", Severity: org.SEV2},
			{Urgency: "low", Severity: org.SEV4},
		},
		Severities: map[org.Severity]org.Response{
			org.SEV1: {Policy: "major", UpdateEvery: org.Duration(30 * time.Minute), Roles: []string{"commander", "scribe"}},
			org.SEV4: {Priority: org.High},
		},
	}
	said := func(labels map[string]string, rules ...Rule) string {
		c := Categorize(Event{Action: Trigger, Severity: org.SEV3, Labels: labels}, prom, mustCompile(t, rules...), services, house)
		return strings.Join([]string{string(c.Severity), string(c.Priority), string(c.Asks.Policy), c.Asks.UpdateEvery.String(), strings.Join(c.Asks.Roles, "+"), c.Why}, " | ")
	}
	for _, c := range []struct {
		labels map[string]string
		rules  []Rule
		want   string
	}{
		{nil, nil, "SEV3 | high |  | 0s |  | service of the integration"},
		{map[string]string{"category": "Security"}, nil, "SEV1 | high | major | 30m | commander+scribe | service of the integration; SEV1 by the matrix: category security"},
		{map[string]string{"impact": "high"}, []Rule{{Name: "now", Urgency: "high"}}, `SEV2 | high |  | 0s |  | rule "now" matches everything; service of the integration; SEV2 by the matrix: impact high, urgency high`},
		{map[string]string{"urgency": "low"}, nil, "SEV4 | high |  | 0s |  | service of the integration; SEV4 by the matrix: urgency low"},
		{map[string]string{"category": "security"}, []Rule{{Name: "drill", Severity: org.SEV5}}, `SEV5 | low |  | 0s |  | rule "drill" matches everything; service of the integration`},
	} {
		if got := said(c.labels, c.rules...); got != c.want {
			t.Errorf("%v %v\n got %s\nwant %s", c.labels, c.rules, got, c.want)
		}
	}
}

func TestLint(t *testing.T) {
	m := &org.Matrix{
		Impacts: []string{"low", "high"}, Urgencies: []string{"low", "high"},
		Rows: []org.MatrixRow{{Impact: "high", Urgency: "high", Severity: org.SEV3}, {Urgency: "high", Severity: org.SEV2}, {Severity: org.SEV4, Impact: "low"}},
		Severities: map[org.Severity]org.Response{
			org.SEV1: {Policy: "calm", UpdateEvery: org.Duration(time.Hour)}, org.SEV2: {Policy: "loud", UpdateEvery: org.Duration(30 * time.Minute)},
			org.SEV3: {Priority: org.Low}, org.SEV4: {Priority: org.High},
		},
	}
	rules := []Rule{{Name: "quiet", Severity: org.SEV1, Priority: org.Low}, {Name: "fine", Severity: org.SEV1, Priority: org.High}}
	policies := map[org.PolicyID]Loudness{"calm": {Targets: 1, Next: 10 * time.Minute}, "loud": {Targets: 1, Next: time.Minute}}
	got := strings.Join(Lint(rules, m, policies), "\n")
	want := `SEV2 asks for an update every 30m, and SEV1, which is worse, for fewer
SEV2 is noisier than SEV1, which is worse: its policy loud calls the next sooner than calm
SEV4 is of high priority, and SEV3, which is worse, of low
rule "quiet" makes SEV1 of low priority, while SEV2 is of high
a higher impact makes any category, impact high, urgency high milder: SEV3 instead of SEV2`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if odd := Lint(nil, nil, nil); odd != nil {
		t.Errorf("nothing is set: %v", odd)
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

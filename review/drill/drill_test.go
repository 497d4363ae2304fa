package drill

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
	"tocsin/review/figures"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// a writes a log by hand: minutes after noon, who, what.
type a struct {
	after time.Duration
	by    incident.Actor
	fact  incident.Fact
}

func logOf(t *testing.T, plan Plan, all ...a) incident.Log {
	t.Helper()
	opened, begun, err := Begin(plan, noon)
	if err != nil {
		t.Fatal(err)
	}
	all = append([]a{{0, "person:omar", opened}, {0, "person:omar", begun}}, all...)
	var l incident.Log
	for i, x := range all {
		l = append(l, incident.Entry{Seq: i + 1, At: noon.Add(x.after), By: x.by, Fact: x.fact})
	}
	return l
}

// TestBuiltIn holds every scenario of the house to the rules for those of teams, in both
// languages: the same ones, with texts of their own.
func TestBuiltIn(t *testing.T) {
	en, de := BuiltIn("en"), BuiltIn("de")
	if len(en) < 5 || len(en) != len(de) || en[0].ID != First {
		t.Fatalf("%d scenarios in English, %d in German, the first is %s", len(en), len(de), en[0].ID)
	}
	for i := range en {
		for _, s := range []Scenario{en[i], de[i]} {
			if faults := Faults(s); len(faults) > 0 {
				t.Errorf("%s: %v", s.ID, faults)
			}
		}
		if en[i].ID != de[i].ID || en[i].Title == de[i].Title || len(en[i].Script) != len(de[i].Script) {
			t.Errorf("%s and %s: not the same scenario in two languages", en[i].ID, de[i].ID)
		}
	}
}

func TestFaultsNameTheField(t *testing.T) {
	good := Scenario{ID: "x", Title: "it is down", Severity: org.SEV2}
	for path, spoil := range map[string]func(*Scenario){
		"title":              func(s *Scenario) { s.Title = " " },
		"severity":           func(s *Scenario) { s.Severity = "SEV9" },
		"limit":              func(s *Scenario) { s.Limit = org.Duration(9 * time.Hour) },
		"expect.acknowledge": func(s *Scenario) { s.Expect.Acknowledge = org.Duration(2 * time.Hour) },
		"expect.roles[0]":    func(s *Scenario) { s.Expect.Roles = []string{""} },
		"expect.join[0]":     func(s *Scenario) { s.Expect.Join = []org.Target{{Kind: "email", ID: "a@example.org"}} },
		"script[0].do":       func(s *Scenario) { s.Script = []incident.Inject{{Do: "explode", Title: "x"}} },
		"script[0].title":    func(s *Scenario) { s.Script = []incident.Inject{{Do: incident.InjectAlert}} },
		"script[0].text":     func(s *Scenario) { s.Script = []incident.Inject{{Do: incident.InjectMessage}} },
		"script[0].severity": func(s *Scenario) { s.Script = []incident.Inject{{Do: incident.InjectWorse}} },
		"script[0].after": func(s *Scenario) {
			s.Script = []incident.Inject{{Do: incident.InjectMessage, Text: "x", After: org.Duration(time.Hour)}}
		},
		"script[1].after": func(s *Scenario) {
			s.Script = []incident.Inject{{Do: incident.InjectMessage, Text: "x", After: org.Duration(time.Minute)}, {Do: incident.InjectMessage, Text: "x"}}
		},
	} {
		s := good
		spoil(&s)
		if faults := Faults(s); len(faults) != 1 || faults[0].Path != path {
			t.Errorf("%s: %v", path, faults)
		}
	}
	if faults := Faults(good); len(faults) > 0 {
		t.Errorf("a good one: %v", faults)
	}
}

// TestScore is counted by hand: of five things that were expected two were met.
func TestScore(t *testing.T) {
	m := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	s := Scenario{ID: "x", Title: "it is down", Severity: org.SEV2, Expect: incident.Expectation{
		Acknowledge: org.Duration(m(5)), Come: true, Roles: []string{"scribe"}, Update: org.Duration(m(10)), Resolve: org.Duration(m(30)),
	}}
	log := logOf(t, Plan{Scenario: s, Service: "db", People: []org.PersonID{"jane"}},
		a{m(1), incident.Engine, incident.Asked{Run: 1, Targets: []org.Target{{Kind: "person", ID: "jane"}}, Priority: org.High}},
		a{m(1), incident.Engine, incident.Called{Run: 1, Calls: []incident.Call{{Person: "jane"}}}},
		a{m(4), "person:jane", incident.AcknowledgedBy{}},
		a{m(5), "person:jane", incident.Came{}},
		a{m(12), "person:jane", incident.Updated{N: 1, Phase: incident.PhaseInvestigating, Condition: "down"}},
		a{m(40), "person:jane", incident.Ended{}},
	)
	o := Observed{Alarms: []figures.Page{{Run: 1, Person: "jane", At: noon.Add(m(2))}}, Said: []Said{{noon.Add(m(6)), "jane"}}}
	got := ScoreOf("d", log, o, noon.Add(m(60)))
	var lines []string
	for _, c := range got.Checks {
		lines = append(lines, c.Key+" "+c.State)
	}
	want := "acknowledge met, come met, role missed, update late, resolve late"
	if text := strings.Join(lines, ", "); text != want {
		t.Errorf("checks: %s, want %s", text, want)
	}
	if got.Met != 2 || got.Of != 5 || got.Ended != "resolved" || got.Lasted != m(40) {
		t.Errorf("met %d of %d, ended %s after %s", got.Met, got.Of, got.Ended, got.Lasted)
	}
	measure := func(key string) (int64, bool) {
		i := slices.IndexFunc(got.Measures, func(x Measure) bool { return x.Key == key })
		return got.Measures[i].Value, got.Measures[i].Known
	}
	for key, want := range map[string]time.Duration{"page": m(2), "acknowledge": m(4), "tell": m(12), "resolve": m(40)} {
		if v, known := measure(key); !known || v != want.Microseconds() {
			t.Errorf("%s: %d %v, want %d", key, v, known, want.Microseconds())
		}
	}
	if v, known := measure("fix"); known {
		t.Errorf("nobody was fixing it: %d", v)
	}
	if p := got.People; len(p) != 1 || p[0].Answered != m(2) || !p[0].Joined || p[0].Wrote != 1 || p[0].Updates != 1 {
		t.Errorf("people: %+v", p)
	}
	// While it goes on, what still has time is pending, and what has none is missed.
	early := ScoreOf("d", log[:4], o, noon.Add(m(6)))
	if s := early.Checks; early.Ended != "" || s[0].State != Missed || s[1].State != Pending || s[3].State != Pending {
		t.Errorf("after six minutes: %+v", s)
	}
}

// TestStepsAreTickedByWhatWasDone: by the person whose drill it is, and by nobody else.
func TestStepsAreTickedByWhatWasDone(t *testing.T) {
	first, _ := BuiltInNamed(First, "en")
	log := logOf(t, Plan{Scenario: first, Team: "dba", People: []org.PersonID{"jane"}, Guide: incident.GuideFirst},
		a{time.Minute, "person:omar", incident.AcknowledgedBy{}},
		a{2 * time.Minute, "person:jane", incident.AcknowledgedBy{}},
		a{3 * time.Minute, "person:jane", incident.RoleGiven{Role: "commander", To: "jane"}},
		a{4 * time.Minute, "person:omar", incident.Ended{}},
	)
	done := map[string]time.Duration{}
	for _, s := range Steps(log, Observed{Said: []Said{{noon.Add(time.Minute), "omar"}}}, "jane") {
		if s.Done() {
			done[s.Key] = s.At.Sub(noon)
		}
	}
	if len(done) != 2 || done[StepAcknowledge] != 2*time.Minute || done[StepRole] != 3*time.Minute {
		t.Errorf("done: %v", done)
	}
}

// TestPastLeavesPeopleOut: an incident that was is played with what its alerts were called,
// faster when it took long, and without whoever is named or reached in it.
func TestPastLeavesPeopleOut(t *testing.T) {
	in := incident.Incident{ID: "i", Title: "db of pat@example.org is down", Service: "db", OpenedAt: noon, Severity: org.SEV3}
	entry := func(seq int, after time.Duration, by incident.Actor, f incident.Fact) incident.Entry {
		return incident.Entry{Seq: seq, At: noon.Add(after), By: by, Fact: f}
	}
	log := incident.Log{
		entry(1, 0, "source:prom", incident.Opened{Title: in.Title, Severity: org.SEV2}),
		entry(2, 2*time.Minute, "person:jane", incident.AcknowledgedBy{}),
		entry(3, 3*time.Minute, "person:jane", incident.Noted{Text: "Pat Doe called"}),
		entry(4, 40*time.Minute, "source:prom", incident.Joined{Title: "call +49 151 1234567"}),
		entry(5, 80*time.Minute, "source:prom", incident.Cleared{Title: "db"}),
		entry(6, 81*time.Minute, "person:jane", incident.Ended{}),
	}
	s := OfPast(in, log, "ask 0151 12345678 or pat@example.org")
	if s.Title != "db of … is down" || s.Text != "ask … or …" || s.Severity != org.SEV2 || s.Expect.Acknowledge.D() != 2*time.Minute {
		t.Errorf("%+v", s)
	}
	if len(s.Script) != 2 || s.Script[0].Title != "call …" || s.Script[0].After.D() != 20*time.Minute || s.Script[1].After.D() != 40*time.Minute {
		t.Errorf("script: %+v", s.Script)
	}
	if faults := Faults(s); len(faults) > 0 {
		t.Error(faults)
	}
	log[0].By = "form:desk"
	if s := OfPast(in, log, "my name is Pat"); s.Title != "A report by the form desk" || s.Text != "" {
		t.Errorf("of a report: %q %q", s.Title, s.Text)
	}
}

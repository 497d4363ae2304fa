package load

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/oncall"
	"tocsin/oncall/roster"
	"tocsin/org"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

var prague = HomeOf(org.Person{Zone: "Europe/Prague"}, at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"))

// A stint is weighed by the person's own clock and calendar, also over a change of it.
func TestHours(t *testing.T) {
	w := Usual()
	for _, c := range []struct {
		name, role, from, until string
		home                    Home
		pain                    float64
		lines                   int
	}{
		{"a working day", "primary", "2026-03-10T08:00:00Z", "2026-03-10T16:00:00Z", prague, 8 * 0.1, 1},
		{"a night", "primary", "2026-03-10T21:00:00Z", "2026-03-11T07:00:00Z", prague, 10 * 0.2, 1},
		{"day and night", "primary", "2026-03-10T08:00:00Z", "2026-03-11T08:00:00Z", prague, 14*0.1 + 10*0.2, 2},
		{"a secondary's", "secondary", "2026-03-10T08:00:00Z", "2026-03-10T16:00:00Z", prague, 8 * 0.1 * 0.4, 1},
		{"who only listens", oncall.Shadow, "2026-03-10T08:00:00Z", "2026-03-10T16:00:00Z", prague, 0, 0},
		{"the short Sunday", "primary", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", prague, 1.5 * (14*0.1 + 9*0.2), 2},
		{"Good Friday", "primary", "2026-04-03T08:00:00Z", "2026-04-03T10:00:00Z", prague, 2 * 2 * 0.1, 1},
		{"the same hours elsewhere", "primary", "2026-03-10T21:00:00Z", "2026-03-11T07:00:00Z", HomeOf(org.Person{Zone: "Australia/Lord_Howe"}, at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z")), 10 * 0.1, 1},
	} {
		lines := w.Hours("s", oncall.Stint{Person: "a", Role: c.role, From: at(c.from), Until: at(c.until)}, c.home)
		sum := 0.0
		for _, l := range lines {
			sum += l.Weighs()
		}
		if !near(sum, c.pain) || len(lines) != c.lines {
			t.Errorf("%s: %v, want %v: %+v", c.name, sum, c.pain, lines)
		}
	}
}

func TestPages(t *testing.T) {
	page := func(when string, sev org.Severity, minutes int) Interruption {
		return Interruption{Person: "a", At: at(when), Subject: "db", Severity: sev, Handled: time.Duration(minutes) * time.Minute}
	}
	lines := Usual().Pages("s", []Interruption{
		page("2026-03-11T02:20:00Z", org.SEV1, 30),  // 03:20: night, 3 × 1.5 × 1.5
		page("2026-03-11T02:20:40Z", org.SEV1, 30),  // by another channel
		page("2026-03-11T02:50:00Z", org.SEV2, 0),   // the same clock hour: 3 × 0.3
		page("2026-03-11T10:00:00Z", org.SEV3, 600), // work: 0.5 × 4
		page("2026-03-11T18:00:00Z", org.SEV2, 0),   // 19:00: 1.5
		page("2026-03-14T10:00:00Z", org.SEV2, 0),   // Saturday: 1.5
	}, prague)
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%.4g", l.Pain))
	}
	if s := strings.Join(got, " "); s != "6.75 0.9 2 1.5 1.5" {
		t.Errorf("%s\n%+v", s, lines)
	}
	if !lines[0].Night || lines[2].Night || !strings.Contains(lines[1].How, "again within the hour") {
		t.Errorf("%+v", lines)
	}
}

// Debt halves in half a year; who joins starts at the mean; what is struck weighs nothing.
func TestDebts(t *testing.T) {
	w := Usual()
	start := at("2026-01-01T00:00:00Z")
	later := start.Add(180 * 24 * time.Hour)
	lines := []Line{{Person: "a", At: start, Pain: 8}, {Person: "b", At: start, Pain: 4}, {Person: "b", At: start, Pain: 100, Struck: "it was a test"}, {Person: "c", At: later, Pain: 1}}
	joined := map[org.PersonID]time.Time{"a": start.Add(-time.Hour), "b": start.Add(-time.Hour), "c": later.Add(-time.Microsecond), "d": later.Add(time.Hour)}
	got := w.Debts(lines, joined, later)
	if !near(got["a"], 4) || !near(got["b"], 2) || math.Abs(got["c"]-4) > 1e-6 || len(got) != 3 {
		t.Errorf("%v", got)
	}
}

func TestRelieve(t *testing.T) {
	end := at("2026-03-11T08:00:00Z")
	night := Line{Person: "a", Page: true, Night: true, Pain: 3}
	if r, ok := Relieve("a", []Line{night, night}, 100, end); !ok || !strings.Contains(r.Why, "2 interruptions") || r.Until.Sub(end) != 24*time.Hour || r.Barred.Sub(end) != 48*time.Hour {
		t.Errorf("%+v %v", r, ok)
	}
	if r, ok := Relieve("a", []Line{night}, 1.5, end); !ok || !strings.Contains(r.Why, "to be expected") {
		t.Errorf("%+v %v", r, ok)
	}
	struck := night
	struck.Struck = "disputed"
	for _, lines := range [][]Line{{night}, {night, struck}, {{Person: "b", Page: true, Night: true, Pain: 99}}} {
		if r, ok := Relieve("a", lines, 2, end); ok {
			t.Errorf("%+v", r)
		}
	}
}

func week(t *testing.T, people ...org.PersonID) *oncall.Compiled {
	t.Helper()
	c, err := oncall.Compile(oncall.Schedule{Layers: []oncall.Layer{{ID: "l", People: people, Every: "1 day", From: "2026-01-01"}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Cover goes to whoever is there, rested, and bears least.
func TestCover(t *testing.T) {
	c := week(t, "a", "b", "c", "d")
	shifts := c.Render(at("2026-01-01T00:00:00Z"), at("2026-01-12T00:00:00Z")) // a: 1, 5, 9
	p := Pool{People: []org.PersonID{"a", "b", "c", "d"}, Rest: 12 * time.Hour, Chain: 24 * time.Hour, Debts: map[org.PersonID]float64{"b": 1, "c": 5, "d": 1}}
	got := p.Cover(shifts, "a", at("2026-01-05T06:00:00Z"), at("2026-01-06T00:00:00Z"), "two bad nights")
	if len(got) != 1 || got[0].Person != "c" || !got[0].From.Equal(at("2026-01-05T06:00:00Z")) { // b stands on the 6th, d on the 4th
		t.Errorf("%+v", got)
	}
	p.Away = map[org.PersonID][]roster.Span{"c": {{From: at("2026-01-05T00:00:00Z").Unix(), To: at("2026-01-05T07:00:00Z").Unix()}}}
	if got := p.Cover(shifts, "a", at("2026-01-05T06:00:00Z"), at("2026-01-06T00:00:00Z"), "x"); got != nil {
		t.Errorf("nobody is free: %+v", got)
	}
	p.Away, p.Rest, p.Chain = nil, 0, 0
	got = p.Cover(shifts, "a", at("2026-01-01T00:00:00Z"), at("2026-01-12T00:00:00Z"), "away")
	if len(got) != 3 || got[0].Person != "b" && got[0].Person != "d" {
		t.Errorf("%+v", got)
	}
	patch := got[0].Patch("x")
	s := c.Schedule
	s.Patches = append(s.Patches, patch)
	again, err := oncall.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	if who := again.At(at("2026-01-01T12:00:00Z")).People; who[0] != got[0].Person {
		t.Errorf("the patch puts %v there", who)
	}
}

// A debt moves what is not yet near; what people were told stays unless it pays.
func TestReplan(t *testing.T) {
	c := week(t, "a", "b", "c", "d")
	from, freeze, to := at("2026-01-01T00:00:00Z"), at("2026-01-15T00:00:00Z"), at("2026-02-20T00:00:00Z")
	shifts := c.Render(from, to)
	weigh := func(s oncall.Stint) float64 { return 4 }
	p := Pool{People: []org.PersonID{"a", "b", "c", "d"}, Rest: 12 * time.Hour, Debts: map[org.PersonID]float64{"a": 20}}
	moves, err := p.Replan(shifts, oncall.Primary, freeze, weigh, 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(moves) < 2 || len(moves) > 12 {
		t.Errorf("%d moves", len(moves))
	}
	away := 0
	for _, m := range moves {
		if m.From.Before(freeze) {
			t.Errorf("it moves what is near: %+v", m)
		}
		if m.Instead == "a" {
			away++
		}
	}
	if away < 2 {
		t.Errorf("a bears most and gives %d away: %+v", away, moves)
	}
	if moves, err = p.Replan(shifts, oncall.Primary, freeze, weigh, 1e6); err != nil || len(moves) != 0 {
		t.Errorf("no gain is worth it: %+v %v", moves, err)
	}
}

// What was moved stays moved: as long as all goes as it was to be expected, no later plan
// takes it back, or moves more.
func TestReplanHolds(t *testing.T) {
	c := week(t, "a", "b", "c", "d")
	debts := map[org.PersonID]float64{"a": 20, "b": 3}
	now := at("2026-01-01T00:00:00Z")
	for round := range 5 {
		p := Pool{People: []org.PersonID{"a", "b", "c", "d"}, Rest: 12 * time.Hour, Debts: debts}
		moves, err := p.Replan(c.Render(now, now.AddDate(0, 0, 70)), oncall.Primary, now.AddDate(0, 0, 14), func(oncall.Stint) float64 { return 4 }, 20)
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 && len(moves) == 0 || round > 0 && len(moves) > 0 {
			t.Errorf("plan %d: %+v", round+1, moves)
		}
		s := c.Schedule
		for i, m := range moves {
			patch := m.Patch(fmt.Sprint(round, "-", i))
			patch.Seq = int64(len(s.Patches) + 1)
			s.Patches = append(s.Patches, patch)
		}
		if c, err = oncall.Compile(s); err != nil {
			t.Fatal(err)
		}
		until := now.AddDate(0, 0, 14)
		for _, st := range oncall.Stints(c.Render(now, until)) {
			debts[st.Person] += 4 * st.Until.Sub(st.From).Hours() / 24
		}
		now = until
	}
}

// Who would rather not is asked last for cover, and gets no shift moved there; a shift of
// theirs is exchanged when nobody bears more by it.
func TestRatherNot(t *testing.T) {
	c := week(t, "a", "b", "c", "d")
	p := Pool{
		People: []org.PersonID{"a", "b", "c", "d"}, Rest: 6 * time.Hour, Debts: map[org.PersonID]float64{"b": 9, "c": 5, "d": 9},
		Rather: map[org.PersonID][]roster.Span{"c": {{From: at("2026-01-05T00:00:00Z").Unix(), To: at("2026-01-06T00:00:00Z").Unix()}}},
	}
	shifts := c.Render(at("2026-01-01T00:00:00Z"), at("2026-02-20T00:00:00Z"))
	cover := func() Proposal {
		t.Helper()
		got := p.Cover(shifts, "a", at("2026-01-05T06:00:00Z"), at("2026-01-05T18:00:00Z"), "two bad nights")
		if len(got) != 1 {
			t.Fatalf("%+v", got)
		}
		return got[0]
	}
	if got := cover(); got.Person != "b" {
		t.Errorf("%+v", got)
	}
	p.Away = map[org.PersonID][]roster.Span{"b": {{From: 0, To: 1 << 40}}, "d": {{From: 0, To: 1 << 40}}}
	if got := cover(); got.Person != "c" || !strings.Contains(got.Why, "c would rather not") {
		t.Errorf("%+v", got)
	}

	p.Away, p.Debts = nil, nil
	p.Rather["c"] = []roster.Span{{From: at("2026-02-04T06:00:00Z").Unix(), To: at("2026-02-04T07:00:00Z").Unix()}} // of c's shift
	moves, err := p.Replan(shifts, oncall.Primary, at("2026-01-15T00:00:00Z"), func(oncall.Stint) float64 { return 4 }, 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(moves) != 2 || moves[0].Instead != "c" && moves[1].Instead != "c" {
		t.Fatalf("%+v", moves)
	}
	for _, m := range moves {
		if m.Instead == "c" && (!m.From.Equal(at("2026-02-04T00:00:00Z")) || !strings.Contains(m.Why, "c would rather not")) {
			t.Errorf("%+v", m)
		}
	}
}

// Whoever cannot be reached gets nothing and keeps theirs; nobody gets what they stand
// beside in another role.
func TestReplanOut(t *testing.T) {
	c, err := oncall.Compile(oncall.Schedule{Layers: []oncall.Layer{
		{ID: "l", People: []org.PersonID{"a", "b"}, Every: "1 day", From: "2026-01-01"},
		{ID: "m", Role: "secondary", People: []org.PersonID{"c"}}, {ID: "n", Role: oncall.Shadow, People: []org.PersonID{"e"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Answering(); !slices.Equal(got, []org.PersonID{"a", "b", "c"}) {
		t.Errorf("who only looks on stands in for nobody: %v", got)
	}
	p := Pool{People: []org.PersonID{"a", "b", "c", "d"}, Debts: map[org.PersonID]float64{"a": 50}, Reached: func(q org.PersonID) bool { return q != "d" && q != "b" }}
	moves, err := p.Replan(c.Render(at("2026-01-01T00:00:00Z"), at("2026-02-10T00:00:00Z")), oncall.Primary, at("2026-01-15T00:00:00Z"), func(oncall.Stint) float64 { return 4 }, 0.1)
	if err != nil || len(moves) != 0 {
		t.Errorf("%+v %v", moves, err)
	}
}

func TestMonths(t *testing.T) {
	stints := []oncall.Stint{{Person: "a", Role: "primary", From: at("2026-03-30T22:00:00Z"), Until: at("2026-04-03T22:00:00Z")}}
	months := Months("s", stints, func(org.PersonID) Home { return prague })
	var b strings.Builder
	if err := WriteCSV(&b, months, func(org.PersonID) string { return "=Ada" }); err != nil {
		t.Fatal(err)
	}
	want := "month,person,name,schedule,role,weekday_hours,night_hours,weekend_hours,holiday_hours,total_hours\r\n" +
		"2026-03,a,'=Ada,s,primary,14.00,10.00,0.00,0.00,24.00\r\n2026-04,a,'=Ada,s,primary,28.00,20.00,0.00,24.00,72.00\r\n"
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}

// Ordered lines of one person's year sum to what each says.
func TestLinesSayTheirSum(t *testing.T) {
	w := Usual()
	for _, l := range w.Hours("s", oncall.Stint{Person: "a", Role: "primary", From: at("2026-03-27T10:00:00Z"), Until: at("2026-04-07T10:00:00Z")}, prague) {
		var n, each float64
		if _, err := fmt.Sscanf(l.How, "%f × %f", &n, &each); err != nil || math.Abs(n*each-l.Pain) > 0.01*l.Pain {
			t.Errorf("%q is not %v (%v)", l.How, l.Pain, err)
		}
	}
}

// Every weight that a schedule may name is one that the ledger knows.
func TestWith(t *testing.T) {
	for _, name := range oncall.Weighable {
		w := Usual().With(map[string]float64{name: 7})
		was, is := fmt.Sprintf("%+v", Usual()), fmt.Sprintf("%+v", w)
		if was == is {
			t.Errorf("%s changes nothing", name)
		}
		if len(w.Severity) != len(Usual().Severity) {
			t.Errorf("%s is taken for a severity", name)
		}
	}
	if Usual().With(map[string]float64{"SEV1": 9}); Usual().Severity[org.SEV1] != 1.5 {
		t.Error("the usual weights were changed")
	}
	for _, wrong := range []oncall.Fairness{{Weights: map[string]float64{"nights": 1}}, {Weights: map[string]float64{"day": -1}}, {Cover: "always"}} {
		if _, err := oncall.Compile(oncall.Schedule{Fairness: wrong}); err == nil || !strings.Contains(err.Error(), "fairness") {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

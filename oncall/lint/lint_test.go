package lint

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tocsin/oncall"
	"tocsin/org"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func person(id org.PersonID) (org.Person, bool) {
	p := org.Person{ID: id, Methods: []org.Method{{ID: "m", Channel: "log", Address: "x", Verified: id != "mute"}}, Retired: id == "gone"}
	return p, id != "stranger"
}

// Each schedule has one thing that is wrong, or nothing.
func TestCheck(t *testing.T) {
	const round = "layers: [{id: l, people: [a, b, c, d], every: 1 week, from: '2026-01-05T08:00'}]"
	for _, c := range []struct{ name, schedule, from, to, want string }{
		{"nothing", round, "2026-01-05T08:00", "2026-04-27T08:00", ""},
		{"a gap", "layers: [{id: l, people: [a], hours: ['Mon-Fri 09:00-17:00']}]\nlimits: {share: 1}", "2026-01-05T09:00", "2026-01-06T09:00", "gap: nobody is on call for 16 h: no layer covers this time"},
		{"an empty slot", "layers: [{id: l, slots: [[a], []], turn: {kind: clock, unit: day, anchor: '2026-01-05'}}]", "2026-01-05T00:00", "2026-01-07T00:00", "empty: nobody is on call for 24 h: the slot of this turn is empty"},
		{"who cannot be reached", strings.ReplaceAll(round, "c", "mute"), "2026-01-05T08:00", "2026-03-27T08:00", "unreachable mute: mute has no contact method that works"},
		{"who has left", strings.ReplaceAll(round, "c", "gone"), "2026-01-05T08:00", "2026-03-27T08:00", "unreachable gone: gone has left"},
		{"who is not known", strings.ReplaceAll(round, "c", "stranger"), "2026-01-05T08:00", "2026-03-27T08:00", "unreachable stranger: stranger is not known here"},
		{"too few", round + "\nlimits: {want: {primary: 1, secondary: 1}}", "2026-01-05T08:00", "2026-01-26T08:00", "under: 0 as secondary, 1 are wanted"},
		{"too many", strings.Replace(round, "layers: [", "layers: [{id: m, people: [e], hours: ['Mon 10:00-11:00']},", 1) + "\nlimits: {want: {primary: 1}}", "2026-01-05T08:00", "2026-01-06T08:00", "over: 2 as primary, 1 are wanted"},
		{"two roles", strings.Replace(round, "layers: [", "layers: [{id: m, role: secondary, people: [a, b, c, d], every: 1 week, from: '2026-01-05T08:00', start_index: 0},", 1), "2026-01-05T08:00", "2026-01-12T08:00", "two_roles a: a is primary and secondary at once"},
		{"the secondary is the next", strings.Replace(round, "layers: [", "layers: [{id: m, role: secondary, people: [a, b, c, d], every: 1 week, from: '2026-01-05T08:00', start_index: 2},", 1) + "\nlimits: {share: 0.5}", "2026-01-05T08:00", "2026-02-12T08:00", ""},
		{"who shadows holds no role", strings.Replace(round, "layers: [", "layers: [{id: m, role: shadow, people: [a]},", 1), "2026-01-05T08:00", "2026-02-12T08:00", ""},
		{"no rest", "layers: [{id: l, people: [a, b], every: 12 hours, from: '2026-01-05T08:00', hours: ['08:00-07:00']}, {id: m, people: [c], band: -1}]\nlimits: {share: 1, rest: 13h}", "2026-01-05T08:00", "2026-01-06T09:00", "rest a: a has 12 h of rest between two stints, 13 h are due"},
		{"no break", "layers: [{id: l, people: [a]}]\nlimits: {share: 1, chain: 72h}", "2026-01-05T00:00", "2026-01-10T00:00", "chain a: a is on call for 5 days without a break, at most 3 days"},
		{"a week in which the clock goes back", strings.Replace(round, "from: '2026-01-05T08:00'", "tz: Europe/Prague, from: '2026-10-19T08:00'", 1), "2026-10-19T06:00", "2026-11-02T07:00", ""},
		{"more than a quarter", "layers: [{id: l, people: [a, b, c], every: 1 week, from: '2026-01-05T08:00'}]", "2026-01-05T08:00", "2026-02-02T08:00", "share a: a is on call for 50 % of four weeks, at most 25 %"},
		{"clocks", "layers: [{id: eu, tz: Europe/Berlin, people: [a]}, {id: us, tz: America/New_York, people: [b]}]\nlimits: {share: 1, chain: 9999h}", "2026-03-01T00:00", "2026-04-05T00:00", "clocks: Europe/Berlin and America/New_York are 5 h apart, and 6 h in most of the year"},
	} {
		var s oncall.Schedule
		if err := yaml.Unmarshal([]byte(c.schedule), &s); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		compiled, err := oncall.Compile(s)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for _, f := range Check(compiled, compiled.Render(at(c.from), at(c.to)), World{Person: person}) {
			got = append(got, strings.TrimSpace(f.Kind+" "+string(f.Person))+": "+f.Text)
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, s, c.want)
		}
	}
}

// The clocks of Berlin and New York differ otherwise for three weeks in March and one in
// the autumn.
func TestClocks(t *testing.T) {
	s := oncall.Schedule{Layers: []oncall.Layer{{ID: "eu", TZ: "Europe/Berlin", People: []org.PersonID{"a"}}, {ID: "us", TZ: "America/New_York", People: []org.PersonID{"b"}}}}
	c, err := oncall.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range Check(c, c.Render(at("2024-01-01T00:00"), at("2025-01-01T00:00")), World{}) {
		if f.Kind == Clocks {
			got = append(got, f.From.Format("01-02T15:04")+".."+f.Until.Format("01-02T15:04"))
		}
	}
	if s := strings.Join(got, " "); s != "03-10T07:00..03-31T01:00 10-27T01:00..11-03T06:00" {
		t.Error(s)
	}
}

func TestAwayAndElsewhere(t *testing.T) {
	c, err := oncall.Compile(oncall.Schedule{Layers: []oncall.Layer{{ID: "l", People: []org.PersonID{"a", "b", "c", "d"}, Every: "1 week", From: "2026-01-05T08:00"}}})
	if err != nil {
		t.Fatal(err)
	}
	found := Check(c, c.Render(at("2026-01-05T08:00"), at("2026-01-19T08:00")), World{
		Away:   []Absence{{"b", at("2026-01-10T00:00"), at("2026-01-14T00:00")}, {"a", at("2026-01-14T00:00"), at("2026-01-15T00:00")}},
		Others: []oncall.Stint{{Person: "a", Role: "primary", From: at("2026-01-11T00:00"), Until: at("2026-01-13T00:00")}},
	})
	if len(found) != 2 || found[0].Kind != Absent || !found[0].From.Equal(at("2026-01-12T08:00")) || !found[0].Until.Equal(at("2026-01-14T00:00")) || !found[0].Serious {
		t.Errorf("%+v", found)
	}
	if found[1].Kind != Elsewhere || !found[1].From.Equal(at("2026-01-11T00:00")) || !found[1].Until.Equal(at("2026-01-12T08:00")) {
		t.Errorf("%+v", found)
	}
}

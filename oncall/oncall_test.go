package oncall

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/org"
)

func utc(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func line(s Shift) string {
	return fmt.Sprintf("%s..%s %v: %s", s.From.Format("01-02T15:04"), s.Until.Format("01-02T15:04"), s.People, s.Why)
}

// The form that people write, in YAML, compiles to the same model.
func TestShortForm(t *testing.T) {
	const text = `
id: primary
name: Primary
zone: Europe/Prague
layers:
  - id: week
    people: [jane, omar]
    every: 1 week
    from: "2026-01-05T09:00"
  - id: nights
    band: 1
    people: [lena]
    hours: ["Mon-Fri 22:00-06:00"]
patches:
  - {op: replace, old: jane, users: omar, start: "2026-01-06T12:00", end: "2026-01-06T18:00"}
`
	var s Schedule
	if err := yaml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	c := compiled(t, s)
	var got []string
	for _, shift := range c.Render(utc("2026-01-06T00:00:00Z"), utc("2026-01-07T06:00:00Z")) {
		got = append(got, line(shift))
	}
	want := []string{
		"01-06T00:00..01-06T05:00 [lena]: layer nights",
		"01-06T05:00..01-06T11:00 [jane]: layer week",
		"01-06T11:00..01-06T17:00 [omar]: layer week; changed by patch 1",
		"01-06T17:00..01-06T21:00 [jane]: layer week",
		"01-06T21:00..01-07T05:00 [lena]: layer nights",
		"01-07T05:00..01-07T06:00 [jane]: layer week",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if at := c.At(utc("2026-01-01T12:00:00Z")); at.People != nil || at.Why != "no layer covers this time" || !at.Until.Equal(utc("2026-01-01T21:00:00Z")) {
		t.Errorf("before the first handoff: %+v", at)
	}
	again, err := yaml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Schedule
	if err := yaml.Unmarshal(again, &back); err != nil {
		t.Fatalf("%v in\n%s", err, again)
	}
	if d := cmp.Diff(s, back); d != "" {
		t.Errorf("YAML round trip:\n%s", d)
	}
}

func TestHoursAndEvery(t *testing.T) {
	for text, want := range map[string][]Span{
		"Mon 09:00-17:00":     {{Offset: 32400, Seconds: 28800}},
		"Sat,Sun 00:00-24:00": {{Offset: 5 * day, Seconds: day}, {Offset: 6 * day, Seconds: day}},
		"sun-mon 22:00-06:00": {{Offset: 79200, Seconds: 28800}, {Offset: 6*day + 79200, Seconds: 28800}},
	} {
		got, err := parseHours([]string{text})
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, d)
		}
	}
	for _, text := range []string{"", "09:00", "Mon", "Foo 09:00-17:00", "Mon- 09:00-17:00", "Mon 9-17", "Mon 24:00-01:00"} {
		if _, err := parseHours([]string{text}); err == nil {
			t.Errorf("hours %q were taken", text)
		}
	}
	for _, text := range []string{"", "0 days", "-1 day", "two weeks", "1 year", "1 week long"} {
		if _, _, err := parseEvery(text); err == nil {
			t.Errorf("every %q was taken", text)
		}
	}
}

// What is wrong is refused with the name of the layer and the field.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ layer, want string }{
		{`"id":"a","slots":[]`, `layer "a": slots: is empty`},
		{`"slots":[["x"]]`, `layer 1: id: is missing`},
		{`"id":"a","slots":[["person:x"]]`, `layer "a": slots[0]: "person:x"`},
		{`"id":"a","slots":[["team:"]]`, `layer "a": slots[0]: "team:" names nobody`},
		{`"id":"a","slots":[["x"]],"tz":"Mars/Base"`, `layer "a": tz: unknown time zone "Mars/Base"`},
		{`"id":"a","slots":[["x"]],"from":"2024-03-31T02:30"`, `layer "a": from: the clock in Europe/Berlin skips`},
		{`"id":"a","slots":[["x"]],"from":"2024-10-27T02:30"`, `twice: write 2024-10-27T02:30:00+02:00 or 2024-10-27T02:30:00+01:00`},
		{`"id":"a","slots":[["x"]],"from":"2024-01-02T00:00:00Z","until":"2024-01-01T00:00:00Z"`, `layer "a": until: 2024-01-01`},
		{`"id":"a","slots":[["x"]],"turn":{"kind":"clock","n":1,"anchor":"2024-01-01"}`, `layer "a": turn.unit: is missing`},
		{`"id":"a","slots":[["x"]],"turn":{"kind":"clock","unit":"day"}`, `layer "a": turn.anchor`},
		{`"id":"a","slots":[["x"]],"turn":{"kind":"clock","unit":"elapsed","n":1,"anchor":"2024-01-01"}`, `too short`},
		{`"id":"a","slots":[["x"]],"turn":{"kind":"occurrence"}`, `layer "a": turn.kind: occurrence counts`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"plus"}`, `layer "a": cover.kind: "plus" is unknown`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"minus"}`, `layer "a": cover.of: minus wants two covers or more`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"always","of":[{"kind":"always"}]}`, `cover.of: does not go with always`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"holidays","country":"XX"}`, `cover.country: "XX" is no country`},
		{`"id":"a","slots":[["x"]],"tz":"Asia/Kolkata","cover":{"kind":"holidays"}`, `cover.country: is missing`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"holidays","dates":["2026-01-01T10:00"]}`, `is not a day`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"cycle","anchor":"2024-01-01"}`, `layer "a": cover.period_days`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"recur","start":"2024-01-01","dur_s":3600,"freq":"yearly"}`, `layer "a": cover.freq: "yearly"`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"recur","start":"2024-01-01","dur_s":999999,"freq":"hourly"}`, `would overlap`},
		{`"id":"a","slots":[["x"]],"cover":{"kind":"recur","start":"2024-01-01","dur_s":60,"freq":"monthly","by_day":["1MO"]}`, `layer "a": cover.by_day: "1MO"`},
		{`"id":"a","people":["x","y"]`, `several people take turns`},
		{`"id":"a","people":["x","y"],"every":"1 week"`, `first handoff is missing`},
	} {
		var s Schedule
		if err := json.Unmarshal([]byte(`{"tz":"Europe/Berlin","layers":[{`+c.layer+`}]}`), &s); err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.layer, err, c.want)
		}
	}
	p := Patch{ID: "p", Op: "set", Scope: []string{"nowhere"}, Start: "2024-01-01T00:00:00Z", End: "2024-01-02T00:00:00Z"}
	if _, err := Compile(Schedule{Patches: []Patch{p}}); err == nil || !strings.Contains(err.Error(), `patch "p": scope: there is no layer "nowhere"`) {
		t.Error(err)
	}
}

// Patches, one table line each: who is on call while they hold. a and b stand in the
// primary layer, c in a lower band, s in the role secondary.
func TestPatches(t *testing.T) {
	layers := []Layer{
		{ID: "top", Band: 1, Slots: [][]org.PersonID{{"a", "b"}}},
		{ID: "low", Slots: [][]org.PersonID{{"c"}}},
		{ID: "second", Role: "secondary", Slots: [][]org.PersonID{{"s"}}},
	}
	for _, c := range []struct{ name, patches, want string }{
		{"none", ``, "a b / s"},
		{"set", `{"op":"set","users":"x"}`, "x / s"},
		{"set nobody", `{"op":"set","users":[]}`, " / s"},
		{"set in scope", `{"op":"set","users":"x","scope":["second"]}`, "a b / x"},
		{"last set wins", `{"op":"set","users":"x","seq":2},{"op":"set","users":"y","seq":1}`, "x / s"},
		{"higher rank wins", `{"op":"set","users":"x","rank":101},{"op":"set","users":"y","seq":9}`, "x / s"},
		{"no chains", `{"op":"replace","old":"a","users":"b"},{"op":"replace","old":"b","users":"x"}`, "b x / s"},
		{"chain of ranks", `{"op":"replace","old":"a","users":"x","rank":1},{"op":"replace","old":"x","users":"y","rank":2}`, "b y / s"},
		{"replace keeps the role", `{"op":"replace","old":"s","users":"x"}`, "a b / x"},
		{"remove in every role", `{"op":"remove","old":["a","s"]}`, "b / "},
		{"remove before add", `{"op":"add","users":"a"},{"op":"remove","old":"a"}`, "a b / s"},
		{"replace who is absent", `{"op":"replace","old":"nobody","users":"x"}`, "a b / s"},
		{"layer: the next band steps in", `{"op":"remove","phase":"layer","old":["a","b"]}`, "c / s"},
		{"final: it does not", `{"op":"remove","old":["a","b"]}`, " / s"},
		{"layer swap", `{"op":"replace","phase":"layer","scope":["top"],"old":"a","users":"x"}`, "b x / s"},
		{"temporary schedule", `{"op":"set","shifts":[{"start":"2024-01-01T11:00:00Z","end":"2024-01-01T13:00:00Z","users":"x"}]},{"op":"set","users":"y"}`, "x / s"},
		{"its gaps are real", `{"op":"set","shifts":[{"start":"2024-01-01T13:00:00Z","end":"2024-01-01T14:00:00Z","users":"x"}]},{"op":"set","users":"y"}`, " / s"},
	} {
		s := Schedule{Layers: layers}
		if err := json.Unmarshal([]byte(`[`+c.patches+`]`), &s.Patches); err != nil {
			t.Fatal(err)
		}
		for i := range s.Patches {
			s.Patches[i].Start, s.Patches[i].End = "2024-01-01T10:00:00Z", "2024-01-01T16:00:00Z"
		}
		got := compiled(t, s).At(utc("2024-01-01T12:00:00Z"))
		names := func(role string) string { return strings.Trim(fmt.Sprint(got.Roles[role]), "[]") }
		if who := names("primary") + " / " + names("secondary"); who != c.want {
			t.Errorf("%s: got %q, want %q (%s)", c.name, who, c.want, got.Why)
		}
		for _, edge := range []string{"2024-01-01T09:59:59Z", "2024-01-01T16:00:00Z"} {
			if got := compiled(t, s).At(utc(edge)); fmt.Sprint(got.People) != "[a b]" {
				t.Errorf("%s at %s: got %v", c.name, edge, got.People)
			}
		}
	}
}

// TestRenderIsAt: a sweep says at every instant what At says, whatever it passed before.
func TestRenderIsAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		middle := utc("2024-03-31T01:00:00Z")
		s := Schedule{TZ: "Europe/Berlin"}
		for i := range rapid.IntRange(1, 4).Draw(t, "layers") {
			l := drawLayer(t, string(rune('a'+i)), middle.Unix())
			l.Role = rapid.SampledFrom([]string{"", "secondary"}).Draw(t, "role")
			l.EdgeFrom = rapid.SampledFrom([]string{"clip", "drop"}).Draw(t, "edge_from")
			l.EdgeUntil = rapid.SampledFrom([]string{"clip", "keep"}).Draw(t, "edge_until")
			if rapid.Bool().Draw(t, "bounded") {
				l.From = Instant(middle.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "from")) * time.Hour))
				l.Until = Instant(middle.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "until")) * time.Hour))
			}
			s.Layers = append(s.Layers, l)
		}
		for range rapid.IntRange(0, 5).Draw(t, "patches") {
			start := middle.Add(time.Duration(rapid.IntRange(-4000, 4000).Draw(t, "start")) * time.Minute)
			p := Patch{Op: rapid.SampledFrom([]string{"set", "add", "remove", "replace"}).Draw(t, "op"), Start: Instant(start),
				End:   Instant(start.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "length")) * time.Minute)),
				Phase: rapid.SampledFrom([]string{"layer", "final"}).Draw(t, "phase"), Old: Names{"a0", "b1"}, Users: Names{"x"}}
			if rapid.Bool().Draw(t, "scoped") {
				p.Scope = []string{"a"}
			}
			s.Patches = append(s.Patches, p)
		}
		c, err := Compile(s)
		if err != nil {
			t.Fatal(err)
		}
		from, to := middle.Add(-72*time.Hour), middle.Add(72*time.Hour)
		shifts := c.Render(from, to)
		for i, shift := range shifts {
			if i > 0 && (!shift.From.Equal(shifts[i-1].Until) || cmp.Equal(shift.Roles, shifts[i-1].Roles) && shift.Empty == shifts[i-1].Empty) {
				t.Fatalf("pieces %d and %d: %s and %s", i-1, i, line(shifts[i-1]), line(shift))
			}
			span := shift.Until.Sub(shift.From)
			for _, at := range []time.Time{shift.From, shift.From.Add(span / 3), shift.Until.Add(-time.Microsecond)} {
				got, one := c.At(at), c.Render(at, at.Add(time.Microsecond))
				if !cmp.Equal(got.Roles, shift.Roles) || got.Empty != shift.Empty || len(one) != 1 || !cmp.Equal(one[0].Roles, got.Roles) {
					t.Fatalf("at %s: At %s, Render %s", at, line(got), line(shift))
				}
			}
		}
		if last := shifts[len(shifts)-1]; !shifts[0].From.Equal(from) || !last.Until.Equal(to) {
			t.Fatalf("from %s to %s", shifts[0].From, last.Until)
		}
	})
}

// FuzzCompile: whatever a schedule says, it is refused or answers, soon and in order.
func FuzzCompile(f *testing.F) {
	files, _ := filepath.Glob("testdata/schedules/*.json")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var cases []struct{ Model json.RawMessage }
		if err := json.Unmarshal(data, &cases); err != nil {
			f.Fatal(err)
		}
		for i, c := range cases {
			if i%4 == 0 {
				f.Add([]byte(c.Model), int64(1_710_000_000))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, at int64) {
		var s Schedule
		if json.Unmarshal(data, &s) != nil {
			return
		}
		began := time.Now()
		c, err := Compile(s)
		if err != nil {
			return
		}
		when := time.Unix(at, 0)
		for range 20 {
			shift := c.At(when)
			if shift.Until.IsZero() {
				break
			}
			if !shift.Until.After(when) && when.Year() > 0 && when.Year() < 9999 {
				t.Fatalf("until %s is not after %s", shift.Until, when)
			}
			if !slices.IsSorted(shift.People) {
				t.Fatalf("not sorted: %v", shift.People)
			}
			when = shift.Until
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}

// busy is a schedule of 10 layers and 100 patches, as a large team has.
func busy(tb testing.TB) *Compiled {
	s := Schedule{TZ: "Europe/Berlin"}
	for i := range 10 {
		l := Layer{ID: fmt.Sprint("l", i), Band: i % 3, Slots: [][]org.PersonID{{"a"}, {"b"}, {"c"}, {"d"}}, StartIndex: i,
			Turn:  Turn{Kind: "clock", Unit: "week", N: 1, Anchor: "2024-01-01T09:00"},
			Cover: Cover{Kind: "cycle", Anchor: "2018-01-01", PeriodDays: 7}}
		for d := range int64(5) {
			l.Cover.Spans = append(l.Cover.Spans, Span{Offset: d*day + int64(8+i%3)*3600, Seconds: 8 * 3600})
		}
		switch i % 3 {
		case 0:
			l.Cover = Cover{Kind: "always"}
		case 1:
			l.Cover = Cover{Kind: "recur", Start: "2024-01-01T18:00", Seconds: 14 * 3600, Freq: "weekly", ByDay: []string{"MO", "WE", "FR"}}
			l.Turn = Turn{Kind: "occurrence", N: 2}
		}
		s.Layers = append(s.Layers, l)
	}
	for i := range 100 {
		start := utc("2026-01-01T00:00:00Z").Add(time.Duration(i) * 21 * time.Hour)
		s.Patches = append(s.Patches, Patch{Op: []string{"set", "replace", "add", "remove"}[i%4], Old: Names{"a"}, Users: Names{"x"}, Start: Instant(start), End: Instant(start.Add(8 * time.Hour))})
	}
	c, err := Compile(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func BenchmarkAt(b *testing.B) {
	c, at := busy(b), utc("2026-02-11T10:30:00Z")
	b.ReportAllocs()
	for b.Loop() {
		c.At(at)
	}
}

func BenchmarkRender90Days(b *testing.B) {
	c, from := busy(b), utc("2026-01-01T00:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		c.Render(from, from.AddDate(0, 0, 90))
	}
}

func BenchmarkCompile(b *testing.B) {
	s := busy(b).Schedule
	for b.Loop() {
		if _, err := Compile(s); err != nil {
			b.Fatal(err)
		}
	}
}

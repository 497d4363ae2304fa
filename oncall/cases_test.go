package oncall

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/org"
)

// A schedCase is one case of testdata/schedules: a model, a question, and the answer
// that another product's tests, or a derivation from the rules, expect.
type schedCase struct {
	ID, Kind string
	Model    struct {
		Schedule
		Turn *Turn `json:"turn"`
	}
	Query, Expect json.RawMessage
	Quirk         any
}

// kinds say how each kind of case is put to the evaluator. A check returns what it
// got and what was wanted, in forms that cmp compares.
var kinds = map[string]func(*testing.T, schedCase) (got, want any){
	"render": checkRender, "ical": checkRender, "final": checkFinal, "probe": checkProbe,
	"handoffs": checkHandoffs, "shift_bounds": checkShiftBounds, "resolve_clock": checkResolve,
	"current_or_next": checkWindow, "window_next": checkWindow, "window_union": checkUnion,
	"occurrence_starts": checkStarts, "shift_at": checkShiftAt, "gap_flags": checkGapFlags,
	"quality": checkQuality,
}

// TestCases reads testdata/schedules, or the folder that TOCSIN_CASES names.
func TestCases(t *testing.T) {
	folder := os.Getenv("TOCSIN_CASES")
	if folder == "" {
		folder = "testdata/schedules"
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s (%v)", folder, err)
	}
	cases, passed, skipped := 0, 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []schedCase
		if json.Unmarshal(data, &all) != nil {
			t.Logf("%s holds no schedule cases", filepath.Base(file))
			continue
		}
		before := [3]int{cases, passed, skipped}
		for _, c := range all {
			cases++
			check := kinds[c.Kind]
			if check == nil {
				skipped++
				t.Logf("skipped: %s (kind %s)", c.ID, c.Kind)
				continue
			}
			if t.Run(c.ID, func(t *testing.T) {
				got, want := check(t, c)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("-want +got\n%s", d)
				}
			}) {
				passed++
			}
		}
		t.Logf("%s: cases: %d passed: %d skipped: %d", filepath.Base(file), cases-before[0], passed-before[1], skipped-before[2])
	}
	fmt.Printf("cases: %d passed: %d skipped: %d\n", cases, passed, skipped)
}

func read[T any](t *testing.T, raw json.RawMessage) (v T) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

func compiled(t *testing.T, s Schedule) *Compiled {
	t.Helper()
	c, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type window struct{ From, To time.Time }

// A stint is one person's unbroken time on call, in whatever role.
type stint struct {
	User       org.PersonID
	Start, End time.Time
}

func everybody(s Shift) []org.PersonID {
	var all []org.PersonID
	for _, users := range s.Roles {
		all = append(all, users...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func stints(shifts []Shift) []stint {
	var out []stint
	open := map[org.PersonID]int{}
	for _, s := range shifts {
		for _, u := range everybody(s) {
			if i, ok := open[u]; ok && out[i].End.Equal(s.From) {
				out[i].End = s.Until
				continue
			}
			open[u] = len(out)
			out = append(out, stint{u, s.From, s.Until})
		}
	}
	return sorted(out)
}

func sorted(s []stint) []stint {
	slices.SortFunc(s, func(a, b stint) int {
		if d := a.Start.Compare(b.Start); d != 0 {
			return d
		}
		return strings.Compare(string(a.User), string(b.User))
	})
	return s
}

func checkRender(t *testing.T, c schedCase) (got, want any) {
	q := read[window](t, c.Query)
	return stints(compiled(t, c.Model.Schedule).Render(q.From, q.To)), sorted(read[[]stint](t, c.Expect))
}

func checkFinal(t *testing.T, c schedCase) (got, want any) {
	type final struct {
		Shifts []stint
		Gaps   [][2]time.Time
	}
	q, w := read[window](t, c.Query), read[final](t, c.Expect)
	shifts := compiled(t, c.Model.Schedule).Render(q.From, q.To)
	g := final{Shifts: stints(shifts)}
	sorted(w.Shifts)
	if bytes.Contains(c.Expect, []byte(`"gaps"`)) {
		g.Gaps = merged(shifts, false)
	}
	return g, w
}

// merged are the stretches in which somebody, or nobody, is on call.
func merged(shifts []Shift, somebody bool) [][2]time.Time {
	var out [][2]time.Time
	for _, s := range shifts {
		if (len(everybody(s)) > 0) != somebody {
			continue
		}
		if n := len(out); n > 0 && out[n-1][1].Equal(s.From) {
			out[n-1][1] = s.Until
			continue
		}
		out = append(out, [2]time.Time{s.From, s.Until})
	}
	return out
}

func checkProbe(t *testing.T, c schedCase) (got, want any) {
	s := compiled(t, c.Model.Schedule)
	var g [][]org.PersonID
	for _, at := range read[[]time.Time](t, c.Query) {
		g = append(g, append([]org.PersonID{}, everybody(s.At(at))...))
	}
	return g, read[[][]org.PersonID](t, c.Expect)
}

// turnClock is the clock of a case that has a turn and no layers.
func turnClock(t *testing.T, c schedCase) *clock {
	t.Helper()
	l := Layer{ID: "l", Turn: *c.Model.Turn, Slots: [][]org.PersonID{{"a"}, {"b"}}}
	return compiled(t, Schedule{TZ: c.Model.TZ, Layers: []Layer{l}}).layers[0].turn.clock
}

func localTime(t *testing.T, z *zone, s string, last bool) int64 {
	t.Helper()
	reading, err := parseCivil(s)
	if err != nil {
		t.Fatal(err)
	}
	return z.resolve(reading, last)
}

func checkHandoffs(t *testing.T, c schedCase) (got, want any) {
	q := read[struct {
		From string `json:"from_local"`
		To   string `json:"to_local"`
	}](t, c.Query)
	ck := turnClock(t, c)
	var g []string
	show := func(sec int64) { g = append(g, time.Unix(sec, 0).In(ck.z.loc).Format("2006-01-02T15:04-07:00")) }
	to := localTime(t, ck.z, q.To, false)
	_, start, end := ck.at(localTime(t, ck.z, q.From, false))
	show(start)
	for show(end); end <= to; show(end) {
		_, _, end = ck.at(end)
	}
	return g, read[[]string](t, c.Expect)
}

func checkShiftBounds(t *testing.T, c schedCase) (got, want any) {
	type bounds struct {
		Start string  `json:"start_local"`
		End   string  `json:"end_local"`
		Hours float64 `json:"hours"`
	}
	q := read[struct {
		At string `json:"at_local"`
	}](t, c.Query)
	w, ck := read[bounds](t, c.Expect), turnClock(t, c)
	_, start, end := ck.at(localTime(t, ck.z, q.At, false))
	show := func(sec int64) string { return time.Unix(sec, 0).In(ck.z.loc).Format("2006-01-02T15:04") }
	g := bounds{show(start), show(end), float64(end-start) / 3600}
	if w.Start == "" {
		g.Start = ""
	}
	if w.Hours == 0 {
		g.Hours = 0
	}
	return g, w
}

func checkResolve(t *testing.T, c schedCase) (got, want any) {
	z, err := newZone(c.Model.TZ)
	if err != nil {
		t.Fatal(err)
	}
	var g []string
	for _, q := range read[[]struct{ Local, Fold string }](t, c.Query) {
		sec := localTime(t, z, q.Local, q.Fold == "last")
		g = append(g, time.Unix(sec, 0).In(z.loc).Format("2006-01-02T15:04-07:00"))
	}
	return g, read[[]string](t, c.Expect)
}

// asList reads one question and answer, or several.
func asList(t *testing.T, raw json.RawMessage) []json.RawMessage {
	var many []json.RawMessage
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	return []json.RawMessage{raw}
}

func instantQuery(t *testing.T, raw json.RawMessage) time.Time {
	var at time.Time
	if json.Unmarshal(raw, &at) == nil {
		return at
	}
	return read[struct{ At time.Time }](t, raw).At
}

func pairOf(t *testing.T, raw json.RawMessage) [2]time.Time {
	var pair [2]time.Time
	if json.Unmarshal(raw, &pair) == nil {
		return pair
	}
	s := read[stint](t, raw)
	return [2]time.Time{s.Start, s.End}
}

func checkWindow(t *testing.T, c schedCase) (got, want any) {
	s := compiled(t, c.Model.Schedule)
	queries, expects := asList(t, c.Query), asList(t, c.Expect)
	if len(queries) == 1 && len(expects) == 2 {
		expects = []json.RawMessage{c.Expect}
	}
	var g, w [][2]time.Time
	for i, q := range queries {
		at := instantQuery(t, q)
		w = append(w, pairOf(t, expects[i]))
		for _, span := range merged(s.Render(at.AddDate(0, 0, -60), at.AddDate(0, 0, 60)), true) {
			if c.Kind == "current_or_next" && span[1].After(at) || !span[0].Before(at) {
				g = append(g, span)
				break
			}
		}
	}
	return g, w
}

func checkUnion(t *testing.T, c schedCase) (got, want any) {
	q := read[window](t, c.Query)
	return merged(compiled(t, c.Model.Schedule).Render(q.From, q.To), true), read[[][2]time.Time](t, c.Expect)
}

// checkStarts looks at the occurrences themselves, before neighbours are merged.
func checkStarts(t *testing.T, c schedCase) (got, want any) {
	q, s := read[window](t, c.Query), compiled(t, c.Model.Schedule)
	g := map[string]string{}
	for i := range s.layers {
		l := &s.layers[i]
		end := instantOf(q.To)
		sw := s.sweep()
		for at := instantOf(q.From); at < end; {
			pieces, horizon := l.cover.near(at, nil)
			for _, p := range pieces {
				if h := sw.layer(l, p.start); p.start == at && h.covered {
					date := timeOf(at).In(l.cover.(*civilCover).z.loc).Format("2006-01-02")
					for _, u := range h.users {
						g[date] += string(u)
					}
				}
			}
			at = horizon
		}
	}
	return g, read[map[string]string](t, c.Expect)
}

func compiledZone(t *testing.T, s Schedule) *zone {
	t.Helper()
	z, err := newZone(s.TZ)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func checkShiftAt(t *testing.T, c schedCase) (got, want any) {
	q := read[struct {
		At      time.Time `json:"at"`
		AtLocal string    `json:"at_local"`
		Layer   string    `json:"layer"`
	}](t, c.Query)
	model := c.Model.Schedule
	if c.Model.Turn != nil {
		model.Layers = []Layer{{ID: "l", Turn: *c.Model.Turn, Slots: [][]org.PersonID{{"a"}, {"b"}}}}
	}
	s := compiled(t, model)
	if q.AtLocal != "" {
		q.At = time.Unix(localTime(t, compiledZone(t, model), q.AtLocal, false), 0)
	}
	for _, l := range s.layers {
		if q.Layer != "" && q.Layer != l.id {
			continue
		}
		if start, end, ok := s.Bounds(l.id, q.At); ok {
			return [2]time.Time{start, end}, pairOf(t, c.Expect)
		}
	}
	return nil, pairOf(t, c.Expect)
}

func checkGapFlags(t *testing.T, c schedCase) (got, want any) {
	type flags struct {
		Gaps  bool `json:"has_gaps"`
		Empty bool `json:"has_empty"`
	}
	q, g := read[window](t, c.Query), flags{}
	for _, s := range compiled(t, c.Model.Schedule).Render(q.From, q.To) {
		g.Gaps = g.Gaps || len(s.Roles) == 0 && !s.Empty
		g.Empty = g.Empty || s.Empty
	}
	return g, read[flags](t, c.Expect)
}

func checkQuality(t *testing.T, c schedCase) (got, want any) {
	type quality struct {
		Total    float64
		GapPct   float64 `json:"gap_pct"`
		Balanced bool
		Over     map[org.PersonID]float64 `json:"overloaded"`
	}
	q := read[struct {
		From time.Time
		Days int
	}](t, c.Query)
	to := q.From.AddDate(0, 0, q.Days)
	var covered, sum float64
	hours := map[org.PersonID]float64{}
	for _, l := range c.Model.Layers { // the peer counts each rotation by itself: overlaps count twice
		shifts := compiled(t, Schedule{TZ: c.Model.TZ, Layers: []Layer{l}}).Render(q.From, to)
		for _, span := range merged(shifts, true) {
			covered += span[1].Sub(span[0]).Hours()
		}
		for _, s := range stints(shifts) {
			hours[s.User] += s.End.Sub(s.Start).Hours()
			sum += s.End.Sub(s.Start).Hours()
		}
	}
	pairs, balance := 0.0, 0.0
	for a, x := range hours {
		for b, y := range hours {
			if a < b {
				pairs++
				balance += min(x, y) / max(x, y)
			}
		}
	}
	score := 100.0
	if pairs > 0 {
		score = math.Round(100 * balance / pairs)
	}
	g := quality{Balanced: score >= 95, Over: map[org.PersonID]float64{}}
	if g.Balanced {
		score = 100
	}
	part := min(100*covered/to.Sub(q.From).Hours(), 100)
	g.GapPct = math.Round(100 - part)
	g.Total = math.Round((math.Round(part) + score) / 2)
	for u, h := range hours {
		if over := math.Round(100*h*float64(len(hours))/sum - 100); over > 0 && !g.Balanced {
			g.Over[u] = over
		}
	}
	return g, read[quality](t, c.Expect)
}

package figures

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// night is a Monday, 02:00 in Prague.
var night = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

const prague = "Europe/Prague"

// A history is a log with its alarms, written line by line.
type history struct {
	log   incident.Log
	pages []Page
}

func (h *history) at(after time.Duration, by incident.Actor, f incident.Fact) {
	h.log = append(h.log, incident.Entry{Seq: len(h.log) + 1, At: night.Add(after), By: by, Fact: f})
}

// calls says that a level calls somebody, and that so many alarms go out, the first after
// so long.
func (h *history) calls(at time.Duration, epoch, round, level int, first time.Duration, alarms int, people ...org.PersonID) {
	f := incident.Called{Run: 1, Epoch: epoch, Round: round, Level: level}
	for _, p := range people {
		f.Calls = append(f.Calls, incident.Call{Person: p})
		for n := range alarms {
			h.pages = append(h.pages, Page{Run: 1, Epoch: epoch, Round: round, Level: level, Person: p, Zone: prague, At: night.Add(at + first + time.Duration(n)*time.Minute)})
		}
	}
	h.at(at, incident.Engine, f)
}

func opened(service org.ServiceID, s org.Severity) *history {
	h := &history{}
	h.at(0, incident.BySource("prom"), incident.Opened{Title: "t", Service: service, Team: "dba", Severity: s, Priority: org.High, Integration: "prom", Category: "disk"})
	h.at(0, incident.Engine, incident.Asked{Run: 1, Policy: "p", Version: 1, Priority: org.High})
	return h
}

const m = time.Minute

var jane, omar = incident.ByPerson("jane"), incident.ByPerson("omar")

// sleeps: jane is called twice and sleeps; omar is called after five minutes and answers
// at seven; it is contained at ten, told of at twelve, over at thirty. It comes back after
// an hour and is over at once.
func sleeps() *history {
	h := opened("db", org.SEV1)
	h.calls(0, 0, 0, 0, 10*time.Second, 2, "jane")
	h.calls(5*m, 0, 0, 1, 0, 1, "omar")
	h.at(7*m, omar, incident.AcknowledgedBy{})
	h.at(10*m, omar, incident.Staged{Stage: incident.Contain})
	h.at(11*m, omar, incident.UpdateOverdue{Nth: 1})
	h.at(11*m+1, omar, incident.UpdateOverdue{Nth: 2})
	h.at(12*m, omar, incident.Updated{N: 1})
	h.at(30*m, omar, incident.Ended{Why: "done", Category: "capacity"})
	h.at(90*m, incident.BySource("prom"), incident.Reopened{Why: "back"})
	h.at(94*m, incident.BySource("prom"), incident.Ended{})
	h.at(95*m, jane, incident.Judged{Worth: false})
	return h
}

// brief ended by itself after four minutes, before anybody had answered.
func quick() *history {
	h := opened("web", org.SEV3)
	h.calls(0, 0, 0, 0, 0, 1, "jane")
	h.at(4*m, incident.BySource("prom"), incident.Ended{})
	return h
}

// nobody answers, and it is still open.
func nobody() *history {
	h := opened("db", org.SEV1)
	h.calls(0, 0, 0, 0, 0, 1, "jane", "omar")
	h.at(5*m, incident.Engine, incident.Rested{Run: 1, Round: 0})
	h.calls(6*m, 0, 1, 0, 0, 1, "jane")
	h.at(11*m, incident.Engine, incident.Settled{Run: 1, How: "exhausted"})
	return h
}

// forced: omar asks for the next level himself; jane, called before, was not asleep.
func forced() *history {
	h := opened("db", org.SEV2)
	h.calls(0, 0, 0, 0, 0, 1, "jane")
	h.at(1*m, omar, incident.Escalated{Run: 1})
	h.calls(1*m, 0, 0, 1, 0, 1, "omar")
	h.at(2*m, jane, incident.AcknowledgedBy{})
	h.at(2*m+30*time.Second, omar, incident.AcknowledgedBy{})
	h.at(8*m, jane, incident.Ended{Why: "x"})
	return h
}

// merged is the same trouble as another one.
func merged() *history {
	h := opened("db", org.SEV1)
	h.calls(0, 0, 0, 0, 0, 1, "jane")
	h.at(1*m, omar, incident.MergedInto{Incident: "a"})
	h.at(1*m, omar, incident.Ended{Why: "merged"})
	return h
}

// byHand is a page by hand, in the afternoon.
func byHand() *history {
	h := &history{}
	h.at(12*time.Hour, omar, incident.Opened{Sort: incident.KindCall, Title: "lunch?", Priority: org.Low})
	h.at(12*time.Hour, omar, incident.Composed{Choices: []incident.Choice{{Text: "yes", Positive: true}}})
	h.at(12*time.Hour, omar, incident.Asked{Run: 1, Targets: []org.Target{{Kind: "person", ID: "jane"}}})
	h.calls(12*time.Hour, 0, 0, 0, 0, 1, "jane")
	h.at(12*time.Hour+3*m, jane, incident.Chosen{Choice: 1})
	return h
}

// all are the records of those, by ids that sort as they are written here.
func all() (out []Incident) {
	for i, h := range []*history{sleeps(), quick(), nobody(), forced(), merged(), byHand()} {
		out = append(out, Of(incident.ID(string(rune('a'+i))), h.log, h.pages))
	}
	return out
}

var house = &House{
	Now:     night.Add(2 * time.Hour),
	Targets: map[org.Severity]Target{org.SEV1: {Acknowledge: 5 * m, Resolve: time.Hour}, org.SEV3: {Acknowledge: 10 * m}},
	Cost:    map[org.ServiceID]float64{"web": 90},
}

func reported(in []Incident, by func(*Incident) string) *Report {
	zone, _ := org.Zone(prague)
	q := &Query{From: night, To: night.Add(24 * time.Hour), By: by, Zone: zone, Cuts: Cut(night, night.Add(24*time.Hour), Hourly, zone)}
	r := NewReport(q, house)
	for i := range in {
		r.Add(&in[i])
	}
	return r
}

// TestByHand holds every figure against what was counted by hand.
func TestByHand(t *testing.T) {
	r := reported(all(), func(in *Incident) string { return string(in.Service) })
	s := func(minutes, seconds int64) int64 { return (minutes*60 + seconds) * 1e6 }
	for key, want := range map[string][3]int64{ // n, of, sum
		"incidents":   {4, 0, 4}, // the merged one and the page by hand are none
		"open":        {1, 0, 1},
		"paged":       {4, 0, 4},
		"unanswered":  {2, 0, 2},
		"escalated":   {2, 0, 2},
		"returned":    {1, 0, 1},
		"page":        {4, 0, s(0, 10)},
		"acknowledge": {2, 0, s(7+2, 0)},
		"tell":        {1, 0, s(12, 0)},
		"contain":     {1, 0, s(10, 0)},
		"fix":         {0, 0, 0},
		"resolve":     {3, 0, s(30+4+4+8, 0)},
		// SEV1: answered at seven of five, and never in two hours; SEV3 was over in time.
		"acknowledged_in_time": {0, 2, 0},
		// 34 minutes of an hour; open for two hours.
		"resolved_in_time": {1, 2, 1},
		"alarms":           {4, 0, 3 + 1 + 3 + 2},
		"night":            {4, 0, 9},
		"actionable":       {2, 3, 2}, // the first and the last; the open one is not over
		"brief":            {1, 0, 1},
		"not_worth":        {1, 0, 1},
		"late_updates":     {1, 0, 1},
		"downtime":         {4, 0, s(34+4+120+8, 0)},
		"cost":             {1, 0, 600}, // 4 minutes at 90 an hour
	} {
		if got := r.Total.Of(key); got.N != int(want[0]) || got.Of != int(want[1]) || got.Sum != want[2] {
			t.Errorf("%s: %d of %d, %d; want %v", key, got.N, got.Of, got.Sum, want)
		}
	}
	if got := r.Lines["db"].Of("incidents").N; got != 3 || len(r.Lines) != 2 {
		t.Errorf("db has %d incidents, in %d lines", got, len(r.Lines))
	}
	if got := r.Parts[0].Of("incidents").N; got != 4 || len(r.Parts) != 24 {
		t.Errorf("the first hour has %d, of %d", got, len(r.Parts))
	}
	if r.Heat[time.Monday][2] != 4 {
		t.Errorf("Monday at two: %v", r.Heat)
	}
	resolve := r.Total.Of("resolve")
	if got := time.Duration(resolve.Quantile(0.5)) * time.Microsecond; got != 8*m {
		t.Errorf("half are over within %s", got)
	}
	if got := time.Duration(resolve.Quantile(0.9)) * time.Microsecond; got != 34*m {
		t.Errorf("nine of ten are over within %s", got)
	}
}

// TestWhoBears is the same for people.
func TestWhoBears(t *testing.T) {
	r := reported(all(), nil)
	show := func(l *Load) string {
		var levels []string
		for n := range 3 {
			if c := l.Levels[n]; c != nil {
				levels = append(levels, fmt.Sprint(n, *c))
			}
		}
		return fmt.Sprint(l.Climb, l.Hours, l.Alarms, l.Answers, l.Apart, " ", strings.Join(levels, " "))
	}
	// paged answered missed past; working evening weekend sleep; alarms, answers, apart
	for who, want := range map[org.PersonID]string{
		// Missed: while she slept, and two rounds. Past: while she slept, and when omar asked for more.
		"jane": "{7 2 3 2} [1 0 0 6] 8 5m0s 1 0 {1 1 0 0} 1 {6 1 3 2}",
		"omar": "{3 2 1 0} [0 0 0 3] 3 3m30s 0 1 {1 0 1 0} 2 {2 2 0 0}",
	} {
		if got := show(r.Loads.People[who]); got != want {
			t.Errorf("%s: %s, want %s", who, got, want)
		}
	}
	if got := show(&r.Loads.All); got != "{10 4 4 2} [1 0 0 9] 11 8m30s 1 0 {1 1 0 0} 1 {7 1 4 2} 2 {2 2 0 0}" {
		t.Errorf("all: %s", got)
	}
}

// TestWhatANumberIsMadeOf: those that a figure counts are as many as its number says, and
// bring what it adds up to.
func TestWhatANumberIsMadeOf(t *testing.T) {
	in := all()
	r := reported(in, nil)
	for _, d := range Definitions {
		n, missed, total := 0, 0, int64(0)
		for i := range in {
			if v, ok := d.Counted(&in[i], house); ok {
				n++
				total += v
			}
			if d.Missed(&in[i], house) {
				missed++
			}
		}
		tally := r.Total.Of(d.Key)
		if n != tally.N || total != tally.Sum || d.Kind == Share && missed != tally.Of-tally.N {
			t.Errorf("%s: %d count, %d do not, they make %d; the report says %d of %d, %d", d.Key, n, missed, total, tally.N, tally.Of, tally.Sum)
		}
		if !strings.HasSuffix(d.Sentence, ".") || d.Name == "" || d.Since < 1 || d.Since > Version {
			t.Errorf("%s is not defined: %+v", d.Key, d)
		}
	}
	anybody := func(org.PersonID) bool { return true }
	for _, b := range Bearings {
		n := 0
		for i := range in {
			n += b.Counted(&in[i], anybody, -1)
		}
		l := r.Loads.All
		want := map[string]int{
			"called": l.Paged, "answered": l.Answered, "missed": l.Missed, "past": l.Past,
			"working": l.Hours[Working], "evening": l.Hours[Evening], "weekend": l.Hours[Weekend], "sleep": l.Hours[Sleep],
		}[b.Key]
		if n != want {
			t.Errorf("%s: %d calls, and the report says %d", b.Key, n, want)
		}
	}
}

// TestTheAppSaysTheSame: what stands beside a number in the app is the definition of here,
// and each has a translation.
func TestTheAppSaysTheSame(t *testing.T) {
	texts := func(lang string) (all map[string]any) {
		b, err := os.ReadFile("../../web/i18n/" + lang + "/reports.json")
		if err == nil {
			err = json.Unmarshal(b, &all)
		}
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	en, de := texts("en"), texts("de")
	check := func(key, name, sentence string) {
		if at := "figure." + key; en[at] != name || en[at+".is"] != sentence || de[at] == nil || de[at+".is"] == nil {
			t.Errorf("%s is %q in the app, %v; here it is %q, %s", key, en[at], en[at+".is"], name, sentence)
		}
	}
	for _, d := range Definitions {
		check(d.Key, d.Name, d.Sentence)
	}
	for _, b := range Bearings {
		check(b.Key, b.Name, b.Sentence)
	}
}

func TestPack(t *testing.T) {
	in := all()
	var back []Incident
	if err := Unpack(Pack(in), func(i *Incident) { back = append(back, i.Clone()) }); err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if len(back[i].Calls) == 0 && len(in[i].Calls) == 0 {
			back[i].Calls, in[i].Calls = nil, nil
		}
	}
	if !reflect.DeepEqual(in, back) {
		t.Errorf("went in:\n%+v\ncame out:\n%+v", in, back)
	}
	changed := in[1].Clone()
	changed.Worth = 7
	merged, err := Merge(Pack(in), []Incident{changed})
	if err != nil {
		t.Fatal(err)
	}
	worth, n := 0, 0
	if err := Unpack(merged, func(i *Incident) { worth, n = worth+i.Worth, n+1 }); err != nil || worth != 7 || n != len(in) {
		t.Errorf("merged: %d records with %d, %v", n, worth, err)
	}
	whole := Pack(in)
	for n := range whole { // cut short anywhere, it is none
		if err := Unpack(whole[:n], func(*Incident) {}); err == nil {
			t.Fatalf("%d of %d bytes are a pack", n, len(whole))
		}
	}
	if err := Unpack([]byte{Version + 1}, nil); err == nil {
		t.Error("a pack of another version was read")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(Pack(all()))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Unpack(b, func(in *Incident) { _ = in.Clone() })
	})
}

func TestQuantile(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 60; n++ {
		v := make([]int64, n)
		for i := range v {
			v[i] = draw.Int64N(20)
		}
		sorted := slices.Sorted(slices.Values(v))
		for k := range v {
			if got := nth(slices.Clone(v), k); got != sorted[k] {
				t.Fatalf("the %d-th of %v is %d", k, sorted, got)
			}
		}
		tally := Tally{values: v}
		half, most := tally.Quantile(0.5), tally.Quantile(0.9)
		within := func(limit int64) (c int) {
			for _, x := range sorted {
				if x <= limit {
					c++
				}
			}
			return c
		}
		if within(half)*2 < n || within(most)*10 < n*9 || within(half-1)*2 >= n && n > 1 {
			t.Fatalf("%v: half are within %d, nine of ten within %d", sorted, half, most)
		}
	}
}

func TestCut(t *testing.T) {
	zone, _ := org.Zone(prague)
	show := func(from, to string, part Part) (out string) {
		a, _ := time.ParseInLocation("2006-01-02 15:04", from, zone)
		b, _ := time.ParseInLocation("2006-01-02 15:04", to, zone)
		for _, at := range Cut(a.UTC(), b.UTC(), part, zone) {
			out += at.In(zone).Format("Mon 2 Jan 15:04, ")
		}
		return out
	}
	for _, c := range []struct {
		from, to, want string
		part           Part
	}{
		{"2026-10-24 12:00", "2026-10-26 00:00", "Sat 24 Oct 12:00, Sun 25 Oct 00:00, ", Daily}, // one day has 25 hours
		{"2026-11-18 00:00", "2026-12-01 00:00", "Wed 18 Nov 00:00, Mon 23 Nov 00:00, Mon 30 Nov 00:00, ", Weekly},
		{"2026-11-30 10:00", "2027-01-02 00:00", "Mon 30 Nov 10:00, Tue 1 Dec 00:00, Fri 1 Jan 00:00, ", Monthly},
		{"2026-11-23 10:30", "2026-11-23 12:00", "Mon 23 Nov 10:30, Mon 23 Nov 11:00, ", Hourly},
	} {
		if got := show(c.from, c.to, c.part); got != c.want {
			t.Errorf("%s to %s by %s: %s", c.from, c.to, c.part, got)
		}
	}
}

func TestHours(t *testing.T) {
	zone, _ := org.Zone(prague)
	for at, want := range map[string]Hours{
		"2026-11-23 07:59": Evening, "2026-11-23 08:00": Working, "2026-11-23 17:59": Working, "2026-11-23 18:00": Evening, "2026-11-23 22:00": Sleep,
		"2026-11-23 06:59": Sleep, "2026-11-22 12:00": Weekend, "2026-11-22 23:00": Sleep, "2026-11-22 07:00": Weekend,
	} {
		when, _ := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if got := HoursOf(when, zone); got != want {
			t.Errorf("%s: %s, want %s", at, AllHours[got], AllHours[want])
		}
	}
}

func BenchmarkReport(b *testing.B) {
	some := all()
	var packs [][]byte
	for day := range 365 {
		var in []Incident
		for n := range 548 {
			one := some[n%4].Clone()
			one.ID = incident.ID(fmt.Sprintf("01k%023d", day*1000+n))
			one.Opened = night.AddDate(0, 0, day).Add(time.Duration(n) * 150 * time.Second)
			in = append(in, one)
		}
		packs = append(packs, Pack(in))
	}
	zone, _ := org.Zone(prague)
	to := night.AddDate(0, 0, 366)
	for b.Loop() {
		r := NewReport(&Query{From: night, To: to, By: func(in *Incident) string { return string(in.Service) }, Zone: zone, Cuts: Cut(night, to, Daily, zone)}, house)
		for _, p := range packs {
			if err := Unpack(p, r.Add); err != nil {
				b.Fatal(err)
			}
		}
		for i, d := range Definitions {
			if d.Kind == Span {
				r.Total[i].Quantile(0.5)
				r.Total[i].Quantile(0.9)
			}
		}
	}
}

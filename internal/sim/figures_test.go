package sim

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

var figureDays = flag.Int("figures", 2, "days of the company's history over which figures are counted twice; make sim counts a year")

// TestFigures holds the figures of the reports against a slow recount of a company's
// history, to the microsecond: as they are made of what was there before them, and as they
// are made of what the feed tells, packed and not.
func TestFigures(t *testing.T) {
	end := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	ring, err := secret.Generate(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		t.Fatal(err)
	}
	url := filepath.Join(t.TempDir(), "house.db")
	if _, err := (Past{URL: url, Ring: ring, Seed: 5, Days: *figureDays, End: end}).Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Ring: ring, Sync: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	e := engine.New(engine.Options{Store: st, Ring: ring})
	keeper := follow.NewFigures(follow.Options{Store: st, Engine: e})
	from := end.AddDate(0, 0, -*figureDays-1)
	want := recount(t, st, from, end)
	if len(want) < 30 {
		t.Fatalf("nothing happened: %v", want)
	}
	compare := func(how string, now time.Time) {
		t.Helper()
		for done := false; !done; {
			if err := keeper.Step(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			err := st.Read(t.Context(), func(tx *store.Tx) error {
				s, err := engine.FigureStateOf(tx)
				done = s.Whole()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		got := counted(t, st, e, from, end)
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if got[key] != want[key] {
				t.Errorf("%s: %s is %s, and %s by a recount", how, key, got[key], want[key])
			}
		}
		for key := range got {
			if _, known := want[key]; !known {
				t.Errorf("%s: %s is %s, and nothing by a recount", how, key, got[key])
			}
		}
	}
	compare("made of what was there", end)
	err = st.Write(t.Context(), store.Background, func(tx *store.Tx) error {
		_, err := tx.Rewind("figures", time.Unix(0, 0))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	compare("made of the feed", end.Add(time.Minute))
	compare("packed", end.Add(3*time.Hour))
}

// counted is a report as text, by what it is of.
func counted(t *testing.T, st *store.Store, e *engine.Engine, from, to time.Time) map[string]string {
	out := map[string]string{}
	err := st.Read(t.Context(), func(tx *store.Tx) error {
		r, err := e.Figures(tx, &figures.Query{From: from, To: to, By: func(in *figures.Incident) string { return string(in.Service) }}, to)
		if err != nil {
			return err
		}
		put := func(of string, s figures.Sums) {
			for i, d := range figures.Definitions {
				if d.Kind != figures.Share && (s[i].N > 0 || s[i].Sum > 0) {
					out[of+d.Key] = fmt.Sprintf("%d: %d", s[i].N, s[i].Sum)
				}
			}
		}
		put("", r.Total)
		for service, s := range r.Lines {
			put(service+" ", s)
		}
		for p, l := range r.Loads.People {
			for level, c := range l.Levels {
				out[fmt.Sprint(p, " ", level)] = fmt.Sprint(*c)
			}
			out[fmt.Sprint(p, " hours")] = fmt.Sprint(l.Hours)
			out[fmt.Sprint(p, " answers")] = fmt.Sprint(l.Answers)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A recounting goes through every log and every page, and asks of each line what it means
// for each figure. It shares nothing with the package that it is held against.
type recounting struct {
	end     time.Time
	n, sum  map[string]int64
	climbs  map[string][4]int
	hours   map[org.PersonID][4]int
	answers map[org.PersonID]time.Duration
}

func recount(t *testing.T, st *store.Store, from, end time.Time) map[string]string {
	c := recounting{end: end, n: map[string]int64{}, sum: map[string]int64{}, climbs: map[string][4]int{}, hours: map[org.PersonID][4]int{}, answers: map[org.PersonID]time.Duration{}}
	drills := 0
	err := st.Read(context.Background(), func(tx *store.Tx) error {
		ids, err := tx.SubjectsAfter("", 1<<30) // incidents, pages by hand, changes
		if err != nil {
			return err
		}
		for _, id := range ids {
			log, err := tx.Log(id)
			if err != nil {
				return err
			}
			pages, err := tx.PagesOf(id)
			if err != nil {
				return err
			}
			in := incident.Fold(log)
			if in.IsDrill() {
				drills++ // which count in nothing
			} else if !log[0].At.Before(from) && log[0].At.Before(end) {
				c.one(in.Service, log, pages)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if drills == 0 {
		t.Error("nobody practised")
	}
	out := map[string]string{}
	for key, n := range c.n {
		if n > 0 || c.sum[key] > 0 {
			out[key] = fmt.Sprintf("%d: %d", n, c.sum[key])
		}
	}
	for key, climb := range c.climbs {
		out[key] = strings.NewReplacer("[", "{", "]", "}").Replace(fmt.Sprint(climb))
	}
	for p, h := range c.hours {
		out[fmt.Sprint(p, " hours")] = fmt.Sprint(h)
		out[fmt.Sprint(p, " answers")] = fmt.Sprint(c.answers[p])
	}
	return out
}

// first is when the first line of a kind was written that is so.
func first(log incident.Log, so func(incident.Entry) bool) (time.Time, bool) {
	for _, e := range log {
		if so(e) {
			return e.At, true
		}
	}
	return time.Time{}, false
}

// companyCosts are those of an hour, as demo_company.yaml has them.
var companyCosts = map[org.ServiceID]float64{"checkout": 1800, "payments": 2400}

func (c *recounting) one(service org.ServiceID, log incident.Log, pages []store.PageRow) {
	var alarms []store.PageRow
	for _, p := range pages {
		if p.Purpose.Alarms() && !p.SentAt.IsZero() {
			alarms = append(alarms, p)
		}
	}
	c.bears(log, alarms)
	begun := log[0].Fact.(incident.Opened)
	if _, merged := first(log, func(e incident.Entry) bool { return e.Fact.Kind() == "investigate.merged_into" }); merged || begun.Sort != "" {
		return
	}
	add := func(key string, n int) {
		for _, of := range []string{"", string(service) + " "} {
			if n > 0 {
				c.n[of+key]++
				c.sum[of+key] += int64(n)
			}
		}
	}
	since := func(key string, at time.Time, ok bool) {
		for _, of := range []string{"", string(service) + " "} {
			if ok {
				c.n[of+key]++
				c.sum[of+key] += at.Sub(log[0].At).Microseconds()
			}
		}
	}
	add("incidents", 1)
	fact := func(so func(incident.Fact) bool) func(incident.Entry) bool {
		return func(e incident.Entry) bool { return so(e.Fact) }
	}
	acked, ack := first(log, fact(func(f incident.Fact) bool { a, ok := f.(incident.AcknowledgedBy); return ok && !a.Late }))
	since("acknowledge", acked, ack)
	told, tell := first(log, fact(func(f incident.Fact) bool { return f.Kind() == "investigate.updated" }))
	since("tell", told, tell)
	for _, s := range incident.Stages {
		at, ok := first(log, fact(func(f incident.Fact) bool { x, ok := f.(incident.Staged); return ok && x.Stage == s }))
		since(string(s), at, ok)
	}
	// Every second of it is open or not.
	open, over, lasted, back, ends := log[0].At, false, time.Duration(0), 0, incident.Actor("")
	second := false
	late := map[string]int{}
	for _, e := range log {
		switch f := e.Fact.(type) {
		case incident.Ended:
			if !over {
				lasted, over, ends = lasted+e.At.Sub(open), true, e.By
			}
		case incident.Reopened:
			if over {
				open, over, back = e.At, false, back+1
			}
		case incident.Recurred:
			if !over {
				back++
			}
		case incident.Called:
			named := false
			for _, a := range log {
				if asked, ok := a.Fact.(incident.Asked); ok && asked.Run == f.Run {
					named = asked.Policy == ""
				}
			}
			second = second || f.Level > 0 && !named && !f.FailOver
		case incident.UpdateOverdue:
			if f.Nth == 1 {
				late["late_updates"]++
			}
		case incident.TaskOverdue:
			if f.Nth == 1 {
				late["late_tasks"]++
			}
		}
	}
	if over {
		since("resolve", log[0].At.Add(lasted), true)
	} else {
		add("open", 1)
		lasted += c.end.Sub(open)
	}
	since("downtime", log[0].At.Add(lasted), true)
	add("cost", int(math.Round(lasted.Hours()*companyCosts[service]*100)))
	add("returned", min(back, 1))
	add("late_updates", late["late_updates"])
	add("late_tasks", late["late_tasks"])
	if second {
		add("escalated", 1)
	}
	worth := map[incident.Actor]bool{}
	for _, e := range log {
		if j, ok := e.Fact.(incident.Judged); ok {
			worth[e.By] = j.Worth
		}
	}
	bad := 0
	for _, w := range worth {
		if !w {
			bad++
		}
	}
	add("not_worth", bad)
	add("alarms", len(alarms))
	night := 0
	earliest := time.Time{}
	for _, p := range alarms {
		if p.Hour >= 22 || p.Hour < 7 {
			night++
		}
		if earliest.IsZero() || p.SentAt.Before(earliest) {
			earliest = p.SentAt
		}
	}
	add("night", night)
	if len(alarms) > 0 {
		add("paged", 1)
		since("page", earliest, true)
		if !ack {
			add("unanswered", 1)
		}
		if over && ends.Source() && lasted <= 5*time.Minute {
			add("brief", 1)
		}
	}
}

// alarmOf is when the first alarm of a call went out, and in which zone.
func alarmOf(f incident.Called, who org.PersonID, alarms []store.PageRow) (at time.Time, zone string) {
	for _, p := range alarms {
		if p.Person == who && p.Run == f.Run && p.Epoch == f.Epoch && p.Round == f.Round && p.Level == f.Level && (at.IsZero() || p.SentAt.Before(at)) {
			at, zone = p.SentAt, p.Zone
		}
	}
	return at, zone
}

// bears counts calls: each line that calls somebody to whom an alarm went out.
func (c *recounting) bears(log incident.Log, alarms []store.PageRow) {
	had := map[string]bool{}
	for i, e := range log {
		f, ok := e.Fact.(incident.Called)
		if !ok {
			continue
		}
		for _, call := range f.Calls {
			key := fmt.Sprint(f.Run, f.Epoch, f.Round, f.Level, call.Person)
			if at, zone := alarmOf(f, call.Person, alarms); call.Person != "" && !at.IsZero() && !had[key] {
				had[key] = true
				c.call(log[i:], log, call.Person, alarms, at, zone)
			}
		}
	}
}

// call follows one to where it ends: log begins with it.
func (c *recounting) call(log, whole incident.Log, who org.PersonID, alarms []store.PageRow, sent time.Time, zone string) {
	f := log[0].Fact.(incident.Called)
	named := slices.ContainsFunc(whole, func(e incident.Entry) bool {
		a, ok := e.Fact.(incident.Asked)
		return ok && a.Run == f.Run && a.Policy == ""
	})
	level := f.Level + 1
	if named || f.FailOver {
		level = 0
	}
	var climb [4]int
	climb[0] = 1
	forced, again, epoch := false, false, f.Epoch
	for _, e := range log[1:] {
		chosen, chose := e.Fact.(incident.Chosen)
		acked, ack := e.Fact.(incident.AcknowledgedBy)
		if (ack && !acked.Late || chose && !chosen.Late) && e.By.Person() == who && !again {
			climb[1], climb[2] = 1, 0
			c.answers[who] += max(e.At.Sub(sent), 0)
			break
		}
		switch g := e.Fact.(type) {
		case incident.Escalated:
			forced = forced || g.Run == f.Run
		case incident.Called:
			if g.Run == f.Run && !g.Extra {
				epoch = g.Epoch
				if on := g.Round > f.Round || g.Level > f.Level || g.FailOver; on && epoch == f.Epoch {
					if !forced {
						climb[2] = 1
					}
					if g.Round == f.Round {
						climb[3] = 1
					}
				}
				forced = false
			}
			for _, one := range g.Calls {
				if at, _ := alarmOf(g, who, alarms); one.Person == who && !at.IsZero() {
					again = true
				}
			}
		case incident.Rested:
			if g.Run == f.Run && epoch == f.Epoch && g.Round >= f.Round {
				climb[2] = 1
			}
		case incident.Settled:
			if g.Run == f.Run && epoch == f.Epoch && g.How == "exhausted" {
				climb[2] = 1
			}
		}
	}
	key := fmt.Sprint(who, " ", level)
	sum := c.climbs[key]
	for i, n := range climb {
		sum[i] += n
	}
	c.climbs[key] = sum
	loc, err := org.Zone(zone)
	if err != nil {
		loc = time.UTC
	}
	local := sent.In(loc)
	part := 1 // evening
	switch hour := local.Hour(); {
	case hour < 7 || hour > 21:
		part = 3
	case local.Weekday()%6 == 0:
		part = 2
	case hour > 7 && hour < 18:
		part = 0
	}
	h := c.hours[who]
	h[part]++
	c.hours[who] = h
}

package sift

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/org"
)

var began = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

func at(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }

func dur(d time.Duration) *org.Duration { o := org.Duration(d); return &o }

// script plays lines such as "5 + db-1 sev=SEV2 cluster=eu" (fire) and "9 - db-1", and
// says which pages went out: "5 db-1".
type script struct {
	t     *testing.T
	house *House
	pages []string
	end   float64
}

func world(t testing.TB, in Sifting, services map[org.ServiceID]org.Service, settings org.Settings) World {
	t.Helper()
	settings.CatchAll = "x"
	if services == nil {
		services = map[org.ServiceID]org.Service{}
	}
	if _, ok := services["x"]; !ok {
		services["x"] = org.Service{ID: "x", Team: "t"}
	}
	s, faults := Compile(in, services, settings)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return World{Sieve: s, Services: services, Settings: settings}
}

func play(t *testing.T, w World, lines string) []string {
	t.Helper()
	s := &script{t: t, end: 24 * 3600}
	s.house = NewHouse(w, func(p Page) {
		text := fmt.Sprintf("%v %s", p.At.Sub(began).Seconds(), p.Alert.Key)
		if p.Why != "it began" {
			text += ": " + p.Why
		}
		s.pages = append(s.pages, text)
	})
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var sec float64
		fmt.Sscan(words[0], &sec)
		ev := alert.Event{Action: alert.Trigger, Key: words[2], Title: words[2], Severity: org.SEV3, Labels: map[string]string{}}
		if words[1] == "-" {
			ev.Action = alert.Resolve
		}
		for _, w := range words[3:] {
			k, v, _ := strings.Cut(w, "=")
			if k == "sev" {
				ev.Severity = org.Severity(v)
			} else {
				ev.Labels[k] = v
			}
		}
		if err := s.house.Hear("mon", ev, at(sec)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.house.Until(at(s.end)); err != nil {
		t.Fatal(err)
	}
	return s.pages
}

func TestStages(t *testing.T) {
	bySift := func(s org.Sift) World { return world(t, Sifting{}, nil, org.Settings{Sift: s}) }
	host := Sifting{Nodes: []Node{{ID: "web", DependsOn: []string{"db"}}, {ID: "mail", DependsOn: []string{"db"}}}, About: []NodeRule{{Match: []string{`node!=""`}, Node: "{node}"}}}
	silenced := world(t, host, nil, org.Settings{})
	silenced.Silences = []alert.Silence{{ID: "s", Matchers: []alert.Matcher{{Name: "node", Value: "db"}}, Start: at(-10), End: at(1000)}}
	flapping := ""
	for i := range 6 {
		flapping += fmt.Sprintf("%d + a\n%d - a\n", i*1000, i*1000+100)
	}
	for _, c := range []struct {
		name  string
		w     World
		lines string
		want  []string
	}{
		{"nothing is set", bySift(org.Sift{}), "0 + a\n1 + b", []string{"0 a", "1 b"}},
		{"transient: it goes by itself", bySift(org.Sift{Transient: dur(time.Minute)}), "0 + a\n59 - a\n100 + b", []string{"160 b"}},
		{"threshold", bySift(org.Sift{Threshold: &org.Threshold{Count: 3, Within: org.Duration(time.Minute)}}),
			"0 + a\n50 + a n=1\n70 + a n=2\n100 + a n=3\n0 + b", []string{"100 a"}},
		{"flapping: quiet after the third time", bySift(org.Sift{Flapping: &org.Flapping{}}), flapping,
			[]string{"0 a", "1000 a", "2000 a", "3000 a: it comes and goes: from now on it is quiet until it is calm"}},
		{"flapping: not a SEV1", bySift(org.Sift{Flapping: &org.Flapping{}}), strings.ReplaceAll(flapping, "+ a", "+ a sev=SEV1"),
			[]string{"0 a", "1000 a", "2000 a", "3000 a", "4000 a", "5000 a"}},
		{"a late root", world(t, host, nil, org.Settings{}), "0 + web node=web\n40 + db node=db\n50 - web node=web",
			[]string{"30 web", "40 db"}},
		{"an outliving symptom", world(t, host, nil, org.Settings{}), "0 + web node=web\n10 + db node=db\n100 - db\n150 - web\n",
			[]string{"10 db"}},
		{"an outliving symptom pages when it has not followed", world(t, host, nil, org.Settings{}), "0 + web node=web\n10 + db node=db\n100 - db\n",
			[]string{"10 db", "220 web: was a symptom of db"}},
		{"a folded incident goes on", world(t, host, nil, org.Settings{}), "0 + web node=web\n60 + db node=db\n100 - db\n",
			[]string{"30 web", "60 db", "220 web: was a symptom of db"}},
		{"the root comes back while they settle", world(t, host, nil, org.Settings{}), "0 + web node=web\n10 + db node=db\n100 - db\n150 + db node=db\n",
			[]string{"10 db", "150 db: it is back"}},
		{"a silenced root still explains", silenced, "0 + db node=db\n5 + web node=web\n2000 + db node=db", []string{"1000 db"}},
		{"grouping", bySift(org.Sift{Group: &org.Grouping{Key: "{cluster}"}}), "0 + a cluster=eu\n100 + b cluster=eu\n200 + c cluster=us\n390 + d cluster=eu\n800 + e cluster=eu\n900 + f",
			[]string{"0 a", "200 c", "800 e", "900 f"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := diff.Diff(c.want, play(t, c.w, c.lines), cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestStorm(t *testing.T) {
	w := world(t, Sifting{}, nil, org.Settings{Sift: org.Sift{Storm: &org.StormGuard{}}})
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "%v + a%03d\n", float64(i)/2, i)
		if i == 50 {
			fmt.Fprintf(&b, "25.2 + worst sev=SEV1\n")
		}
	}
	pages := play(t, w, b.String())
	if len(pages) != 12 || pages[10] != "5 a010: more than 10 incidents within 5m" || pages[11] != "25.2 worst" {
		t.Errorf("%d pages: %v", len(pages), pages)
	}
	guard, weather := org.StormGuard{}, Weather{}
	for i := range 12 {
		weather, _ = weather.Blow(guard, at(float64(i)))
	}
	var over bool
	again := at(60)
	for n := 0; !over; n++ {
		if n > 100 {
			t.Fatal("it does not end")
		}
		weather, over, again = weather.Look(guard, again)
	}
	if want := at(60 + 300 + 600 - 60); again.Before(want.Add(-2*time.Minute)) || again.After(want.Add(2*time.Minute)) {
		t.Errorf("over after %s", again.Sub(began))
	}
}

func TestWindows(t *testing.T) {
	services := map[org.ServiceID]org.Service{"db": {ID: "db"}, "web": {ID: "web", DependsOn: []org.ServiceID{"db"}}}
	s, faults := Compile(Sifting{Windows: []Maintenance{
		{ID: "sunday", Services: []org.ServiceID{"db"}, Dependents: true, Start: "2026-03-22T02:30", Zone: "Europe/Prague", For: org.Duration(time.Hour), Repeat: "FREQ=WEEKLY;BYDAY=SU;COUNT=3", By: "ann", Why: "patches"},
	}}, services, org.Settings{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, c := range []struct{ now, start, end string }{
		{"2026-03-22T01:29:00Z", "", "2026-03-22T01:30:00Z"},
		{"2026-03-22T01:30:00Z", "2026-03-22T01:30:00Z", "2026-03-22T02:30:00Z"},
		{"2026-03-22T02:30:00Z", "", "2026-03-29T01:30:00Z"}, // 02:30 is missing on that day: 03:30 CEST
		{"2026-03-29T01:45:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"},
		{"2026-04-05T01:00:00Z", "2026-04-05T00:30:00Z", "2026-04-05T01:30:00Z"},
		{"2026-04-05T02:00:00Z", "", ""},
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		on, next := s.Windows(now)
		start, end := "", ""
		if len(on) > 0 {
			start = on[0].Start.Format(time.RFC3339)
			if diff.Diff(on[0].Services, []org.ServiceID{"db", "web"}) != "" {
				t.Errorf("it covers %v", on[0].Services)
			}
		}
		if !next.IsZero() {
			end = next.Format(time.RFC3339)
		}
		if start != c.start || end != c.end {
			t.Errorf("%s: on since %q, next change %q; want %q, %q", c.now, start, end, c.start, c.end)
		}
	}
	good := Maintenance{ID: "w", Services: []org.ServiceID{"db"}, Start: "2026-03-22T02:30", For: org.Duration(time.Hour)}
	for field, change := range map[string]func(*Maintenance){
		"zone":               func(w *Maintenance) { w.Zone = "Mars" },
		"start":              func(w *Maintenance) { w.Start = "tomorrow" },
		"for":                func(w *Maintenance) { w.For = 0 },
		"services":           func(w *Maintenance) { w.Services = nil },
		"repeat":             func(w *Maintenance) { w.Repeat = "FREQ=HOURLY" },
		"match":              func(w *Maintenance) { w.Match = []string{"("} },
		"id":                 func(w *Maintenance) { w.ID = "" },
		"for: it lasts into": func(w *Maintenance) { w.Repeat = "FREQ=DAILY"; w.For = org.Duration(25 * time.Hour) },
		"never comes":        func(w *Maintenance) { w.Repeat = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" },
	} {
		w := good
		change(&w)
		if _, faults := Compile(Sifting{Windows: []Maintenance{w}}, services, org.Settings{}); len(faults) != 1 || faults[0].Field != "windows[0]" || !strings.Contains(faults[0].Err.Error(), field) {
			t.Errorf("%s: %v", field, faults)
		}
	}
}

func TestEnrich(t *testing.T) {
	w := world(t, Sifting{Enrich: []Enrichment{
		{Label: "instance", Match: `([^:]+):\d+`, To: "host", With: "$1"},
		{Label: "host", Table: map[string]map[string]string{"db-1": {"team": "dba", "room": "4"}}},
		{Link: "https://wiki.example.org/{team}/{alertname}", Text: "runbook"},
		{Link: "https://maps.example.org/{city}", Text: "map"},
	}}, nil, org.Settings{})
	ev := alert.Event{Action: alert.Trigger, Key: "k", Title: "t", Labels: map[string]string{"instance": "db-1:9100", "alertname": "Disk"}}
	got := w.Sieve.Enrich(ev, org.Integration{})
	want := map[string]string{"instance": "db-1:9100", "alertname": "Disk", "host": "db-1", "team": "dba", "room": "4"}
	if d := diff.Diff(want, got.Labels); d != "" {
		t.Error(d)
	}
	if d := diff.Diff([]alert.Link{{Href: "https://wiki.example.org/dba/Disk", Text: "runbook"}}, got.Links); d != "" {
		t.Error(d)
	}
	if len(ev.Labels) != 2 || alert.Digest(ev) != alert.Digest(got) {
		t.Error("the event itself was changed, or is another one to whoever counts it")
	}
	for _, bad := range []Enrichment{{}, {Table: map[string]map[string]string{"a": {}}}, {Label: "a", Match: "("}, {Label: "a", Match: "b"}, {Link: "{"}, {Label: "a", Match: "b", To: "c", Link: "x"}} {
		if _, faults := Compile(Sifting{Enrich: []Enrichment{bad}}, nil, org.Settings{}); len(faults) != 1 {
			t.Errorf("%+v: %v", bad, faults)
		}
	}
}

func TestTemplate(t *testing.T) {
	values := map[string]string{"a": "1", "b": ""}
	for text, want := range map[string]string{"": "true ", "x": "true x", "{a}": "true 1", "{b}": "false ", "{{{a}}}-{b}": "true {1}-", "{a}{b}{a}": "true 11"} {
		tpl, err := parseTemplate(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got, found := tpl.fill(func(n string) string { return values[n] })
		if got := fmt.Sprint(found, " ", got); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, bad := range []string{"{", "}", "{}", "{a", "a}", "{a{b}}"} {
		if _, err := parseTemplate(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "{a}/{b}", "{{x}}", "{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tpl, err := parseTemplate(s); err == nil {
			tpl.fill(func(string) string { return "v" })
		}
	})
}

func FuzzWindow(f *testing.F) {
	f.Add("2026-03-22T02:30", "Europe/Prague", "FREQ=WEEKLY;BYDAY=SU", int64(time.Hour))
	f.Add("2026-03-22T02:30", "", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", int64(1))
	f.Fuzz(func(t *testing.T, start, zone, repeat string, length int64) {
		w, err := compileWindow(Maintenance{ID: "w", Services: []org.ServiceID{"x"}, Start: start, Zone: zone, Repeat: repeat, For: org.Duration(length)})
		if err != nil {
			return
		}
		now := w.when.Start.Add(time.Hour)
		if s, e, ok := w.when.At(now); ok && !(s.Before(e) && e.After(now)) {
			t.Fatalf("%s to %s at %s", s, e, now)
		}
	})
}

// life is a random burst over a small graph, all of which is over at once or never.
func life(r *rand.Rand) (in Sifting, events []alert.Event) {
	for i := 1; i < 8; i++ {
		n := Node{ID: fmt.Sprint("n", i)}
		for range r.IntN(3) {
			n.DependsOn = append(n.DependsOn, fmt.Sprint("n", r.IntN(i)))
		}
		in.Nodes = append(in.Nodes, n)
	}
	in.About = []NodeRule{{Node: "{node}"}}
	since := at(0)
	for i := range 3 + r.IntN(10) {
		events = append(events, alert.Event{
			Action: alert.Trigger, Key: fmt.Sprintf("k%02d", i), Title: fmt.Sprintf("k%02d", i), Since: since, Severity: org.Severity(fmt.Sprint("SEV", 1+r.IntN(5))),
			Labels: map[string]string{"node": fmt.Sprint("n", r.IntN(8)), "class": []string{"down", "degraded", "warning"}[r.IntN(3)]},
		})
	}
	return in, events
}

// The order of a burst does not change what is whose symptom, nor which incidents there
// are; nothing is dropped; and no page goes out for what is a symptom by then.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(7, seed))
		in, events := life(r)
		w := world(t, in, nil, org.Settings{})
		burst := func(events []alert.Event) (roots map[string]string, rooms map[string]string) {
			var h *House
			h = NewHouse(w, func(p Page) {
				if root := h.forest.Root(p.Alert.ID); root != p.Alert.ID {
					t.Fatalf("seed %d: %s pages, a symptom of %s", seed, p.Alert.Key, h.alerts[root].Key)
				}
			})
			for _, ev := range events {
				if err := h.Hear("mon", ev, at(1)); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.Until(at(3600)); err != nil {
				t.Fatal(err)
			}
			if len(h.open) != len(events) {
				t.Fatalf("seed %d: %d of %d alerts fire", seed, len(h.open), len(events))
			}
			rooms = map[string]string{}
			for _, a := range h.open {
				if a.Subject == "" {
					t.Fatalf("seed %d: no incident answers for %s: %+v", seed, a.Key, a.Sifted)
				}
				room := h.rooms[a.Subject]
				for room.under != "" {
					room = h.rooms[h.alerts[room.under].Subject]
				}
				rooms[a.Key] = h.alerts[room.lead].Key
			}
			n := 0
			for _, c := range h.Verdicts {
				n += c
			}
			if n != len(events) {
				t.Fatalf("seed %d: %d verdicts on %d events", seed, n, len(events))
			}
			return h.Roots(), rooms
		}
		roots, rooms := burst(events)
		if !maps.Equal(roots, rooms) {
			t.Fatalf("seed %d: causes %v, incidents %v", seed, roots, rooms)
		}
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		roots2, rooms2 := burst(events)
		if !maps.Equal(roots, roots2) || !maps.Equal(rooms, rooms2) {
			t.Fatalf("seed %d: another order, another partition: %v, %v", seed, rooms, rooms2)
		}
	}
}

func TestClasses(t *testing.T) {
	w := world(t, Sifting{About: []NodeRule{
		{Match: []string{`alertname="Slow"`}, Class: "warning"},
		{Match: []string{`instance=~".+"`}, Node: "host-{instance}"},
		{Match: []string{`alertname="Gone"`}, Class: "down", Node: "elsewhere"},
	}}, nil, org.Settings{})
	for _, c := range []struct {
		labels map[string]string
		sev    org.Severity
		node   string
		class  cause.Class
	}{
		{nil, org.SEV1, "x", cause.Down},
		{nil, org.SEV3, "x", cause.Degraded},
		{nil, org.SEV5, "x", cause.Warning},
		{map[string]string{"class": "down"}, org.SEV5, "x", cause.Down},
		{map[string]string{"alertname": "Slow", "instance": "a"}, org.SEV1, "host-a", cause.Warning},
		{map[string]string{"alertname": "Gone", "instance": "a"}, org.SEV5, "host-a", cause.Down},
		{map[string]string{"alertname": "Gone"}, org.SEV5, "elsewhere", cause.Down},
	} {
		a := alert.Alert{ID: "a", Service: "x", Severity: c.sev, FirstAt: at(0), Last: alert.Event{Labels: c.labels}}
		if got := w.Sieve.Tree(&a, org.Integration{}); got.Node != c.node || got.Class != c.class {
			t.Errorf("%v %s: %s %s, want %s %s", c.labels, c.sev, got.Node, got.Class, c.node, c.class)
		}
	}
}

// All stages on one core: the graph of a company, rules, grouping, windows, a storm guard.
func BenchmarkHouse(b *testing.B) {
	var in Sifting
	for i := range 1750 {
		in.Nodes = append(in.Nodes, Node{ID: fmt.Sprint("host", i), DependsOn: []string{fmt.Sprint("rack", i%250)}})
	}
	for i := range 12000 {
		in.Nodes = append(in.Nodes, Node{ID: fmt.Sprint("svc", i), DependsOn: []string{fmt.Sprint("host", i%1750)}})
	}
	in.About = []NodeRule{{Match: []string{`node!=""`}, Node: "{node}"}}
	in.Inhibit = []cause.Inhibition{{Source: []string{`severity="critical"`}, Target: []string{`severity="warning"`}, Equal: []string{"cluster", "alertname"}}}
	in.Enrich = []Enrichment{{Label: "cluster", Table: map[string]map[string]string{"c1": {"city": "Brno"}}}}
	in.Windows = []Maintenance{{ID: "w", Match: []string{`cluster="c99"`}, Start: "2026-01-04T02:00", For: org.Duration(time.Hour), Repeat: "FREQ=WEEKLY"}}
	w := world(b, in, nil, org.Settings{Sift: org.Sift{
		Group: &org.Grouping{Key: "{cluster}/{alertname}"}, Flapping: &org.Flapping{}, Storm: &org.StormGuard{}, Transient: dur(5 * time.Second),
		Threshold: &org.Threshold{Count: 1, Within: org.Duration(time.Minute)},
	}})
	r := rand.New(rand.NewPCG(3, 4))
	pages := 0
	h := NewHouse(w, func(Page) { pages++ })
	events := make([]alert.Event, 100_000)
	for i := range events {
		node := fmt.Sprint("svc", r.IntN(12000))
		if i%40 == 0 {
			node = fmt.Sprint("host", r.IntN(1750))
		}
		events[i] = alert.Event{
			Action: alert.Trigger, Key: node, Title: node + " is ill", Severity: org.Severity(fmt.Sprint("SEV", 1+r.IntN(5))),
			Labels: map[string]string{"node": node, "cluster": fmt.Sprint("c", r.IntN(200)), "alertname": fmt.Sprint("A", r.IntN(30)), "severity": []string{"critical", "warning", "info"}[r.IntN(3)]},
		}
		if r.IntN(3) == 0 {
			events[i].Action = alert.Resolve
		}
	}
	b.ResetTimer()
	for i := range b.N {
		if err := h.Hear("mon", events[i%len(events)], at(float64(i)/1000)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(pages), "pages")
}

func TestWorstFirst(t *testing.T) {
	list := []alert.Alert{{ID: "c", Severity: org.SEV3}, {ID: "b", Severity: org.SEV1}, {ID: "a", Severity: org.SEV3}}
	WorstFirst(list)
	if list[0].ID != "b" || list[1].ID != "a" {
		t.Error(list)
	}
}

// What depends only on what no alert can be about waits for no cause.
func TestUnwatched(t *testing.T) {
	in := Sifting{
		Nodes: []Node{{ID: "web", DependsOn: []string{"rack"}}, {ID: "app", DependsOn: []string{"host-1"}}, {ID: "host-1", DependsOn: []string{"rack"}}},
		About: []NodeRule{{Match: []string{`instance!=""`}, Node: "host-{instance}"}, {Match: []string{`n!=""`}, Node: "web"}, {Match: []string{`m!=""`}, Node: "app"}},
	}
	lines := "0 + a n=1\n0 + b m=1\n"
	w := world(t, in, nil, org.Settings{})
	if got := strings.Join(play(t, w, lines), ", "); got != "30 a, 30 b" {
		t.Errorf("without knowing what is watched: %s", got)
	}
	w.Sieve.Monitor(w.Rules, nil, nil, w.Settings)
	if got := strings.Join(play(t, w, lines), ", "); got != "0 a, 30 b" {
		t.Errorf("nothing watches the rack: %s", got)
	}
}

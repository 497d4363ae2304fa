package cause

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

func at(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }

func mustGraph(t testing.TB, depends map[string][]string, anyOf ...AnyOf) *Graph {
	t.Helper()
	g, err := NewGraph(depends, anyOf)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// scratch is the forest of some alerts made from nothing, in the plainest way: who
// explains whom is asked of every pair. It shares the definition of a graph with the
// Forest and nothing else.
type scratch struct {
	g       *Graph
	o       Options
	alerts  []Alert
	parent  map[string]string
	folded  map[string]string // after circles and sizes
	virtual map[string]bool
}

func fromScratch(g *Graph, o Options, alerts []Alert) *scratch {
	s := &scratch{g: g, o: o, alerts: slices.Clone(alerts), parent: map[string]string{}, folded: map[string]string{}, virtual: map[string]bool{}}
	members := map[string][]Alert{}
	for range g.groups { // groups of groups need more than one look
		for _, gr := range g.groups {
			name := g.names[gr.node]
			if s.virtual[name] {
				continue
			}
			var start time.Time
			var down []Alert
			all := true
			for _, m := range gr.members {
				var since time.Time
				for _, a := range s.alerts {
					if a.Node == g.names[m] && a.Class == Down {
						down = append(down, a)
						if since.IsZero() || a.Start.Before(since) {
							since = a.Start
						}
					}
				}
				all = all && !since.IsZero()
				if since.After(start) {
					start = since
				}
			}
			if all {
				s.virtual[name], members[name] = true, down
				s.alerts = append(s.alerts, Alert{ID: name, Name: name, Node: name, Class: Down, Start: start})
			}
		}
	}
	for _, a := range s.alerts {
		var best string
		var of Alert
		bestDist := 0
		for _, b := range s.alerts {
			if a.ID == b.ID {
				continue
			}
			d, ok := s.explains(b, a)
			if s.virtual[a.ID] {
				d, ok = 0, slices.ContainsFunc(members[a.ID], func(m Alert) bool { return m.ID == b.ID })
			}
			if ok && (best == "" || cmp.Or(cmp.Compare(d, bestDist), merit(b, of)) < 0) {
				best, of, bestDist = b.ID, b, d
			}
		}
		s.parent[a.ID] = best
	}
	s.fold()
	return s
}

func merit(a, b Alert) int {
	return cmp.Or(cmp.Compare(b.Class, a.Class), cmp.Compare(b.Severity, a.Severity), a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
}

func (s *scratch) distance(from, to string) int {
	n, ok := s.g.index[from]
	if !ok {
		return 0
	}
	for _, u := range s.g.up[n] {
		if s.g.names[u.node] == to {
			return int(u.dist)
		}
	}
	return 0
}

func (s *scratch) explains(b, a Alert) (dist int, ok bool) {
	if !s.virtual[b.ID] {
		for _, p := range s.o.Pairs {
			if p.Symptom == a.Name && p.Cause == b.Name {
				return -1, p.Together
			}
		}
	}
	if a.Pinned {
		return 0, false
	}
	if b.Class >= Degraded && b.Start.Sub(a.Start) <= s.o.Late {
		if a.Node == b.Node && b.Class > a.Class {
			return 0, true
		}
		if d := s.distance(a.Node, b.Node); d > 0 {
			return d, true
		}
	}
	if s.distance(a.Node, b.Node) > 0 || s.distance(b.Node, a.Node) > 0 || s.o.Rules == nil {
		return 0, false
	}
	for i := range s.o.Rules.list {
		r := &s.o.Rules.list[i]
		aSource, aTarget := r.side(a.Labels)
		bSource, bTarget := r.side(b.Labels)
		if aTarget && bSource && !(aSource && bTarget) && r.key(a.Labels) == r.key(b.Labels) {
			return 1, true
		}
	}
	return 0, false
}

// fold opens circles at their worst alert, and cuts off trees that are too large.
func (s *scratch) fold() {
	byID := map[string]Alert{}
	for _, a := range s.alerts {
		byID[a.ID] = a
	}
	maps.Copy(s.folded, s.parent)
	for _, a := range s.alerts {
		circle := []Alert{a}
		for p := s.parent[a.ID]; p != "" && len(circle) <= len(s.alerts); p = s.parent[p] {
			if p == a.ID {
				worst := slices.MinFunc(circle, func(a, b Alert) int {
					return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
				})
				s.folded[worst.ID] = ""
				break
			}
			circle = append(circle, byID[p])
		}
	}
	if s.o.Limit == 0 {
		return
	}
	kids := map[string][]string{}
	for id, p := range s.folded {
		kids[p] = append(kids[p], id)
	}
	var size func(id string) int
	size = func(id string) int {
		n := 1
		for _, k := range kids[id] {
			if m := size(k); m < s.o.Limit {
				n += m
			} else {
				s.folded[k] = ""
			}
		}
		return n
	}
	for _, k := range kids[""] {
		size(k)
	}
}

func (s *scratch) root(id string) string {
	root := id
	for p := s.folded[id]; p != ""; p = s.folded[p] {
		if !s.virtual[p] {
			root = p
		}
	}
	return root
}

// history is one random life of a small world.
type history struct {
	g   *Graph
	o   Options
	ops []op
}

type op struct {
	alert Alert
	clear bool
}

func randomHistory(t testing.TB, r *rand.Rand) history {
	nodes := 3 + r.IntN(9)
	depends := map[string][]string{}
	name := func(i int) string { return fmt.Sprintf("n%02d", i) }
	for i := 1; i < nodes; i++ {
		for range r.IntN(3) {
			depends[name(i)] = append(depends[name(i)], name(r.IntN(i)))
		}
	}
	var anyOf []AnyOf
	for i := range r.IntN(3) {
		g := AnyOf{ID: fmt.Sprintf("g%d", i), Child: name(nodes - 1 - r.IntN(2))}
		for range 1 + r.IntN(3) {
			g.Members = append(g.Members, name(r.IntN(nodes-2)))
		}
		if i > 0 && r.IntN(3) == 0 {
			g.Members = append(g.Members, "g0")
		}
		anyOf = append(anyOf, g)
	}
	g, err := NewGraph(depends, anyOf)
	if err != nil { // a circle by a group of groups
		g = mustGraph(t, depends)
	}
	h := history{g: g, o: Options{Late: 60 * time.Second, Limit: []int{Limit, 4}[r.IntN(2)]}}
	if r.IntN(2) == 0 {
		h.o.Rules, err = CompileRules([]Rule{
			{Source: []string{`x="1"`}, Target: []string{`y="1"`}, Equal: []string{"z"}},
			{Source: []string{`y="1"`}, Target: []string{`x=~"1|2"`}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	id := func(i int) string { return fmt.Sprintf("a%02d", i) }
	if r.IntN(3) == 0 {
		for range 1 + r.IntN(3) {
			p := Pair{id(r.IntN(8)), id(r.IntN(8)), r.IntN(2) == 0}
			if p.Symptom != p.Cause && !slices.ContainsFunc(h.o.Pairs, func(q Pair) bool { return q.Symptom == p.Symptom && q.Cause == p.Cause }) {
				h.o.Pairs = append(h.o.Pairs, p)
			}
		}
	}
	live := map[string]bool{}
	for range 5 + r.IntN(25) {
		k := id(r.IntN(12))
		if live[k] && r.IntN(2) == 0 {
			delete(live, k)
			h.ops = append(h.ops, op{Alert{ID: k}, true})
			continue
		}
		live[k] = true
		h.ops = append(h.ops, op{alert: Alert{
			ID: k, Name: k, Node: name(r.IntN(nodes)), Class: Class(1 + r.IntN(3)), Severity: 1 + r.IntN(5), Start: at(r.IntN(200)), Pinned: r.IntN(15) == 0,
			Labels: map[string]string{"x": fmt.Sprint(r.IntN(4)), "y": fmt.Sprint(r.IntN(4)), "z": fmt.Sprint(r.IntN(2))},
		}})
	}
	return h
}

// What the Forest says after each change is what one made from nothing says, what it
// says was changed is exactly what changed, and another order of the same alerts makes
// the same forest.
func TestForestFromScratch(t *testing.T) {
	histories := 5000
	if testing.Short() {
		histories = 500
	}
	folds, groups, circles := 0, 0, 0
	for seed := range uint64(histories) {
		r := rand.New(rand.NewPCG(6, seed))
		h := randomHistory(t, r)
		f := NewForest(h.g, h.o)
		live := map[string]Alert{}
		parents := map[string]string{}
		for i, o := range h.ops {
			var changed []string
			if o.clear {
				delete(live, o.alert.ID)
				changed = f.Resolve(o.alert.ID)
			} else {
				live[o.alert.ID] = o.alert
				changed = f.Fire(o.alert)
			}
			alerts := slices.SortedFunc(maps.Values(live), func(a, b Alert) int { return cmp.Compare(a.ID, b.ID) })
			want := fromScratch(h.g, h.o, alerts)
			groups += len(want.virtual)
			now := map[string]string{}
			for _, a := range alerts {
				if got, want := f.Root(a.ID), want.root(a.ID); got != want {
					t.Fatalf("history %d, step %d: the root of %s is %s, want %s", seed, i, a.ID, got, want)
				}
				if f.Root(a.ID) != a.ID {
					folds++
				}
				if want.parent[a.ID] != "" && want.folded[a.ID] == "" {
					circles++
				}
				now[a.ID] = nameOf(f.above(f.byID[a.ID]))
				if was, ok := parents[a.ID]; (!ok || was != now[a.ID]) && !slices.Contains(changed, a.ID) {
					t.Fatalf("history %d, step %d: %s has another cause and was not told", seed, i, a.ID)
				}
			}
			parents = now
		}
		other := NewForest(h.g, h.o)
		alerts := slices.Collect(maps.Values(live))
		r.Shuffle(len(alerts), func(i, j int) { alerts[i], alerts[j] = alerts[j], alerts[i] })
		for _, a := range alerts {
			other.Fire(a)
		}
		for id := range live {
			if f.Root(id) != other.Root(id) {
				t.Fatalf("history %d: in another order the root of %s is %s, not %s", seed, id, other.Root(id), f.Root(id))
			}
		}
	}
	if folds < histories || groups < histories/10 || circles < histories/50 {
		t.Fatalf("too little happened: %d folds, %d groups down, %d cut", folds, groups, circles)
	}
}

// The synthetic alert of a group begins when its last member fails, and must be made
// anew when that moves: what it explained before, it may explain no longer.
func TestGroupStartMoves(t *testing.T) {
	g := mustGraph(t, nil, AnyOf{ID: "pair", Child: "app", Members: []string{"db1", "db2"}})
	f := NewForest(g, Options{})
	down := func(id, node string, s int) Alert {
		return Alert{ID: id, Node: node, Class: Down, Severity: 3, Start: at(s)}
	}
	f.Fire(down("a-app", "app", 0))
	f.Fire(down("a-db1", "db1", 0))
	f.Fire(down("a-db2", "db2", 100))
	if r := f.Root("a-app"); r != "a-db1" {
		t.Fatalf("the root is %s", r)
	}
	if changed := f.Fire(down("a-db2", "db2", 400)); !slices.Contains(changed, "a-app") { // its start moves beyond LATE
		t.Fatalf("changed: %v", changed)
	}
	if r := f.Root("a-app"); r != "a-app" {
		t.Fatalf("the root is %s, though the group failed 400 s later", r)
	}
	f.Fire(down("b-db2", "db2", 200)) // an older failure of the same member
	if r := f.Root("a-app"); r != "a-db1" {
		t.Fatalf("the root is %s", r)
	}
	f.Resolve("b-db2")
	if r := f.Root("a-app"); r != "a-app" {
		t.Fatalf("the root is %s after the older failure is over", r)
	}
}

func TestGraphRefuses(t *testing.T) {
	deep := map[string][]string{}
	for i := range MaxDepth + 1 {
		deep[fmt.Sprint("n", i)] = []string{fmt.Sprint("n", i+1)}
	}
	for _, c := range []struct {
		depends map[string][]string
		anyOf   []AnyOf
		want    string
	}{
		{map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}}, nil, "a circle of dependencies: a -> b -> c -> a"},
		{map[string][]string{"a": {"a"}}, nil, "a circle of dependencies: a -> a"},
		{map[string][]string{"db1": {"app"}}, []AnyOf{{"pair", "app", []string{"db1", "db2"}}}, "a circle of dependencies: db1 -> app -> any of pair -> db1"},
		{deep, nil, "more than 32 dependencies"},
		{nil, []AnyOf{{"x", "app", nil}}, `any_of "x": it has no members`},
		{nil, []AnyOf{{"", "app", []string{"a"}}}, "needs an id"},
		{nil, []AnyOf{{"x", "app", []string{"a"}}, {"x", "app", []string{"b"}}}, "two of this id"},
	} {
		if _, err := NewGraph(c.depends, c.anyOf); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: want %q", err, c.want)
		}
	}
}

func TestHands(t *testing.T) {
	g := mustGraph(t, map[string][]string{"web": {"db"}, "mail": {"db"}})
	fire := func(f *Forest) {
		for _, n := range []string{"db", "web", "mail", "cron"} {
			f.Fire(Alert{ID: "a-" + n, Name: n, Node: n, Class: Down, Severity: 3, Start: at(0)})
		}
	}
	f := NewForest(g, Options{Pairs: []Pair{{"web", "db", false}, {"cron", "mail", true}}})
	fire(f)
	for id, want := range map[string]string{"a-web": "a-web", "a-mail": "a-db", "a-cron": "a-db"} {
		if got := f.Root(id); got != want {
			t.Errorf("the root of %s is %s, want %s", id, got, want)
		}
	}
	if w := f.Why("a-mail"); w != "mail depends on db, which is down" {
		t.Error(w)
	}
	if w := f.Why("a-cron"); w != "somebody put it under this cause" {
		t.Error(w)
	}
	if tree := f.Tree("a-db"); strings.Join(tree, " ") != "a-mail a-cron" {
		t.Error(tree)
	}
}

func TestInhibit(t *testing.T) {
	rules, err := CompileRules([]Rule{{Name: "worse first", Source: []string{`severity="critical"`}, Target: []string{`severity=~"warning|info"`}, Equal: []string{"alertname", "cluster"}}})
	if err != nil {
		t.Fatal(err)
	}
	f := NewForest(nil, Options{Rules: rules})
	fire := func(id, severity, cluster string, s int) {
		f.Fire(Alert{ID: id, Name: id, Node: "web", Class: Warning, Severity: 2, Start: at(s), Labels: map[string]string{"severity": severity, "alertname": "Disk", "cluster": cluster}})
	}
	fire("w1", "warning", "eu", 0)
	fire("w2", "warning", "us", 0)
	fire("c1", "critical", "eu", 9000) // however late
	if f.Root("w1") != "c1" || f.Root("w2") != "w2" || f.Why("w1") != "inhibited by the rule worse first" {
		t.Error(f.Root("w1"), f.Root("w2"), f.Why("w1"))
	}
	f.Resolve("c1")
	if f.Root("w1") != "w1" {
		t.Error("it is inhibited by nothing")
	}
	for _, bad := range []Rule{{Source: []string{"("}, Target: []string{`a="b"`}}, {Source: []string{`a="b"`}}, {Source: []string{`a="b"`}, Target: []string{`a="b"`}, Equal: []string{""}}} {
		if _, err := CompileRules([]Rule{bad}); err == nil || !strings.HasPrefix(err.Error(), "inhibit 1, ") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// world is 14,250 nodes: 250 racks in 10 rooms, 1,750 hosts, 12,240 services.
func world(tb testing.TB) (*Graph, []string) {
	depends := map[string][]string{}
	var services []string
	for i := range 250 {
		depends[fmt.Sprint("rack", i)] = []string{fmt.Sprint("room", i%10)}
	}
	for i := range 1750 {
		depends[fmt.Sprint("host", i)] = []string{fmt.Sprint("rack", i%250)}
	}
	for i := range 12240 {
		s := fmt.Sprint("svc", i)
		services = append(services, s)
		depends[s] = []string{fmt.Sprint("host", i%1750)}
	}
	return mustGraph(tb, depends), services
}

// 100,000 alerts fire over 14,250 nodes; each round one more comes and one goes.
func BenchmarkForest(b *testing.B) {
	g, services := world(b)
	f := NewForest(g, Options{})
	r := rand.New(rand.NewPCG(1, 2))
	make1 := func(i int) Alert {
		node := services[r.IntN(len(services))]
		if i%50 == 0 {
			node = fmt.Sprint("host", r.IntN(1750))
		}
		return Alert{ID: fmt.Sprintf("a%07d", i), Name: fmt.Sprint("k", i), Node: node, Class: Class(1 + r.IntN(3)), Severity: 1 + r.IntN(5), Start: at(i / 1000)}
	}
	const active = 100_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range active {
		f.Fire(make1(i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ResetTimer()
	defer func() { b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB") }()
	for i := range b.N {
		f.Fire(make1(active + i))
		f.Resolve(fmt.Sprintf("a%07d", i))
	}
}

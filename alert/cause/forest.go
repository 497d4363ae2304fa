package cause

import (
	"slices"
	"time"
)

// A Class is how far gone the thing is that an alert is about. Only what is at least
// degraded explains anything.
type Class int

const (
	Warning  Class = 1
	Degraded Class = 2
	Down     Class = 3
)

// ClassOf reads a class by its name.
func ClassOf(name string) (Class, bool) {
	i := slices.Index([]string{"warning", "degraded", "down"}, name)
	return Class(i + 1), i >= 0
}

func (c Class) String() string {
	if c < Warning || c > Down {
		return "unknown"
	}
	return []string{"warning", "degraded", "down"}[c-1]
}

// An Alert is what a forest knows of one that fires.
type Alert struct {
	ID       string
	Node     string
	Class    Class
	Severity int // greater is worse
	Start    time.Time
	Labels   map[string]string // what inhibition rules see
	Name     string            // what hands name it by; it stays when the alert comes back
	Pinned   bool              // by hand: it is nobody's symptom
}

// A Pair is a correction by hand, and remembered: Symptom is one of Cause (Together) or
// is not (apart), by their names.
type Pair struct {
	Symptom  string `json:"symptom"`
	Cause    string `json:"cause"`
	Together bool   `json:"together,omitempty"`
}

// Options are what a forest goes by.
type Options struct {
	Late  time.Duration // how much later a cause may begin than its symptom
	Limit int           // a tree of so many alerts is folded under nothing
	Rules *Rules
	Pairs []Pair
}

// The house's own measures.
const (
	Late  = 5 * time.Minute
	Limit = 10_000
)

// A Forest is the alerts that fire and who explains whom.
type Forest struct {
	g       *Graph
	o       Options
	nodes   map[string]int32 // those that the graph does not know
	byID    map[string]*leaf
	byName  map[string][]*leaf
	active  map[int32][]*leaf // the alerts of a node, the best explanation first
	below   map[int32][]slot  // the alerts of all nodes that depend on a node
	sources map[meeting][]*leaf
	targets map[meeting][]slot
	groups  []*leaf             // the synthetic alert of each group, nil while it has none
	pairs   map[[2]string]bool  // symptom and cause -> together
	hands   map[string][]string // the names that hands put a name together with
	touched map[*leaf]string    // whose alert stood above before this change
}

// A leaf is one alert in the forest.
type leaf struct {
	Alert
	node   int32
	group  int32 // of a synthetic alert, from 1
	ups    []above
	upAt   []int32 // its place in the lists of those nodes
	seats  []seat
	seatAt []int32
	parent *leaf // who explains it best
	dist   int32
	cut    bool // the circle it closes is open here: it is a root
	size   int  // of its tree
	kids   []*leaf
	at     int // its place among its parent's kids
}

// A slot is a leaf in a list, and which of its lists that is.
type slot struct {
	l *leaf
	i int32
}

// NewForest makes an empty forest.
func NewForest(g *Graph, o Options) *Forest {
	if g == nil {
		g = &Graph{}
	}
	if o.Late == 0 {
		o.Late = Late
	}
	if o.Limit == 0 {
		o.Limit = Limit
	}
	f := &Forest{
		g: g, o: o, nodes: map[string]int32{}, byID: map[string]*leaf{}, byName: map[string][]*leaf{}, active: map[int32][]*leaf{},
		below: map[int32][]slot{}, sources: map[meeting][]*leaf{}, targets: map[meeting][]slot{}, groups: make([]*leaf, len(g.groups)),
		pairs: map[[2]string]bool{}, hands: map[string][]string{}, touched: map[*leaf]string{},
	}
	for _, p := range o.Pairs {
		f.pairs[[2]string{p.Symptom, p.Cause}] = p.Together
	}
	for pair, together := range f.pairs {
		if together {
			f.hands[pair[0]] = append(f.hands[pair[0]], pair[1])
			f.hands[pair[1]] = append(f.hands[pair[1]], pair[0])
		}
	}
	return f
}

// Fire takes an alert in, or what is new of it, and returns the ids of those that have
// another cause now, its own among them when it is new.
func (f *Forest) Fire(a Alert) []string {
	if l := f.byID[a.ID]; l != nil {
		if l.same(a) {
			l.Labels = a.Labels
			return nil
		}
		f.take(l)
		if l.Node != a.Node {
			f.regroup(l.node)
		}
	}
	l := &leaf{Alert: a, node: f.nodeOf(a.Node), size: 1, seats: f.o.Rules.seats(a.Labels)}
	f.put(l)
	f.regroup(l.node)
	ids := f.changes()
	if !slices.Contains(ids, a.ID) {
		ids = append(ids, a.ID)
	}
	return ids
}

// same says whether an alert says nothing that its place depends on.
func (l *leaf) same(a Alert) bool {
	return l.Node == a.Node && l.Class == a.Class && l.Severity == a.Severity && l.Start.Equal(a.Start) &&
		l.Name == a.Name && l.Pinned == a.Pinned && sameLabels(l.Labels, a.Labels)
}

func sameLabels(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

// Resolve lets an alert go, and returns the ids of those that have another cause now.
func (f *Forest) Resolve(id string) []string {
	l := f.byID[id]
	if l == nil {
		return nil
	}
	f.take(l)
	f.regroup(l.node)
	return f.changes()
}

func (f *Forest) nodeOf(name string) int32 {
	if n, ok := f.g.index[name]; ok {
		return n
	}
	n, ok := f.nodes[name]
	if !ok {
		n = int32(len(f.g.names) + len(f.nodes))
		f.nodes[name] = n
	}
	return n
}

// put hangs a leaf in where it belongs, and what it explains beneath it.
func (f *Forest) put(l *leaf) {
	if int(l.node) < len(f.g.up) {
		l.ups = f.g.up[l.node]
	}
	if l.group == 0 {
		f.byID[l.ID] = l
		f.byName[l.Name] = append(f.byName[l.Name], l)
	}
	f.active[l.node] = insert(f.active[l.node], l)
	l.upAt = make([]int32, len(l.ups))
	for i, u := range l.ups {
		l.upAt[i] = int32(len(f.below[u.node]))
		f.below[u.node] = append(f.below[u.node], slot{l, int32(i)})
	}
	l.seatAt = make([]int32, len(l.seats))
	for i, s := range l.seats {
		if s.source {
			f.sources[s.meeting] = insert(f.sources[s.meeting], l)
		}
		if s.target {
			l.seatAt[i] = int32(len(f.targets[s.meeting]))
			f.targets[s.meeting] = append(f.targets[s.meeting], slot{l, int32(i)})
		}
	}
	f.choose(l)
	for a := range f.near(l) {
		if b, ok := f.explains(l, a); ok && (a.parent == nil || b.better(bond{a.parent, a.dist})) {
			f.hang(a, b)
		}
	}
}

// insert puts a leaf into a list that has the best explanation first.
func insert(list []*leaf, l *leaf) []*leaf {
	i, _ := slices.BinarySearchFunc(list, l, byMerit)
	return slices.Insert(list, i, l)
}

func remove[K comparable](lists map[K][]*leaf, k K, l *leaf) {
	list := lists[k]
	if len(list) == 1 {
		delete(lists, k)
		return
	}
	i, _ := slices.BinarySearchFunc(list, l, byMerit)
	lists[k] = slices.Delete(list, i, i+1)
}

// near are the leaves that a new one might explain; some may come twice.
func (f *Forest) near(l *leaf) func(func(*leaf) bool) {
	return func(yield func(*leaf) bool) {
		if l.Class >= Degraded {
			for _, s := range f.below[l.node] {
				if s.l.group == 0 && !yield(s.l) {
					return
				}
			}
			for _, a := range slices.Backward(f.active[l.node]) {
				if a.Class >= l.Class {
					break
				}
				if a.group == 0 && !yield(a) {
					return
				}
			}
		}
		for _, at := range l.seats {
			if !at.source {
				continue
			}
			for _, s := range f.targets[at.meeting] {
				if s.l != l && !yield(s.l) {
					return
				}
			}
		}
		if l.group > 0 {
			return
		}
		for _, name := range f.hands[l.Name] {
			for _, a := range f.byName[name] {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// take takes a leaf out; its kids look for another cause.
func (f *Forest) take(l *leaf) {
	if l.group == 0 {
		delete(f.byID, l.ID)
		rest := slices.DeleteFunc(f.byName[l.Name], func(m *leaf) bool { return m == l })
		if f.byName[l.Name] = rest; len(rest) == 0 {
			delete(f.byName, l.Name)
		}
	}
	remove(f.active, l.node, l)
	for i, u := range l.ups {
		list := f.below[u.node]
		last := list[len(list)-1]
		list[l.upAt[i]], last.l.upAt[last.i] = last, l.upAt[i]
		f.below[u.node] = list[:len(list)-1]
	}
	for i, s := range l.seats {
		if s.source {
			remove(f.sources, s.meeting, l)
		}
		if s.target {
			list := f.targets[s.meeting]
			last := list[len(list)-1]
			list[l.seatAt[i]], last.l.seatAt[last.i] = last, l.seatAt[i]
			if f.targets[s.meeting] = list[:len(list)-1]; len(list) == 1 {
				delete(f.targets, s.meeting)
			}
		}
	}
	f.hang(l, bond{})
	for _, kid := range slices.Clone(l.kids) {
		f.choose(kid)
	}
	delete(f.touched, l)
}

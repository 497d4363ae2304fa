// Package cause finds the cause among alerts: which of those that fire are only the
// symptoms of another, so that one page goes out for thirty of them.
//
// Things depend on each other: a service on its database, that on its host, that on a
// switch. The dependencies are a Graph of nodes, without circles; an any-of group is a
// node that is down only while all of its members are. Each alert is about one node. A
// Forest keeps the alerts that fire and knows for each which other explains it best:
// roots are causes, and everything beneath them are symptoms.
//
// An alert b explains a if both fire, b's node stands above a's (or is the same, and b
// is of a worse class), b is at least degraded, and b did not begin much later than a.
// The best is the nearest, then the worst, then the oldest. Rules in Alertmanager's terms
// and corrections by hand explain as well. So the forest is a pure function of the alerts
// that fire: the order in which they came cannot matter. Where rules and hands make a
// circle, the worst alert in it is the root.
//
// The Forest is kept up to date alert by alert; a test compares it with one that is made
// from nothing, over thousands of random histories.
package cause

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MaxDepth is how many dependencies may stand on top of each other.
const MaxDepth = 32

// An AnyOf is a child that needs any one of some members: it is not explained before
// the last of them fails. A member may be a group itself, by its id.
type AnyOf struct {
	ID      string   `json:"id" yaml:"id"`
	Child   string   `json:"child" yaml:"child"`
	Members []string `json:"members" yaml:"members"`
}

// A Graph is who depends on whom. It does not change once it is made. The nil Graph has
// no dependencies.
type Graph struct {
	names    []string
	index    map[string]int32
	up       [][]above // of each node, nearest first
	groups   []group
	memberOf [][]int32 // of each node: the groups it is a member of
}

// above is one node that another depends on, however far away.
type above struct {
	node int32
	dist int32
}

type group struct {
	node    int32
	members []int32
}

// NewGraph makes a graph of what depends on what (child -> parents) and of any-of
// groups. It refuses circles, by their nodes, and more than MaxDepth levels.
func NewGraph(depends map[string][]string, anyOf []AnyOf) (*Graph, error) {
	g := &Graph{index: map[string]int32{}}
	parents := map[int32][]int32{} // that explain
	needs := map[int32][]int32{}   // parents, and what a group is made of
	edge := func(child, parent int32, explains bool) {
		needs[child] = append(needs[child], parent)
		if explains && !slices.Contains(parents[child], parent) {
			parents[child] = append(parents[child], parent)
		}
	}
	for _, child := range slices.Sorted(maps.Keys(depends)) {
		c := g.node(child)
		for _, p := range depends[child] {
			edge(c, g.node(p), true)
		}
	}
	seen := map[string]bool{}
	for _, a := range anyOf {
		switch {
		case a.ID == "" || a.Child == "":
			return nil, fmt.Errorf("any_of %q: it needs an id and a child", a.ID)
		case len(a.Members) == 0:
			return nil, fmt.Errorf("any_of %q: it has no members", a.ID)
		case seen[a.ID]:
			return nil, fmt.Errorf("any_of %q: there are two of this id", a.ID)
		}
		seen[a.ID] = true
	}
	for _, a := range anyOf {
		gr := group{node: g.node(groupName(a.ID))}
		edge(g.node(a.Child), gr.node, true)
		for _, m := range a.Members {
			if seen[m] {
				m = groupName(m)
			}
			n := g.node(m)
			if !slices.Contains(gr.members, n) {
				gr.members = append(gr.members, n)
			}
			edge(gr.node, n, false)
		}
		g.groups = append(g.groups, gr)
	}
	if err := g.sound(needs); err != nil {
		return nil, err
	}
	g.up = make([][]above, len(g.names))
	for n := range g.names {
		g.up[n] = ancestors(int32(n), parents)
	}
	g.memberOf = make([][]int32, len(g.names))
	for i, gr := range g.groups {
		for _, m := range gr.members {
			g.memberOf[m] = append(g.memberOf[m], int32(i))
		}
	}
	return g, nil
}

// groupName is a group's node: no configured thing has such a name.
func groupName(id string) string { return "any of " + id }

func (g *Graph) node(name string) int32 {
	n, ok := g.index[name]
	if !ok {
		n = int32(len(g.names))
		g.names, g.index[name] = append(g.names, name), n
	}
	return n
}

// sound refuses circles and too deep a pile.
func (g *Graph) sound(needs map[int32][]int32) error {
	const open, done = 1, 2
	state, depth := make([]int8, len(g.names)), make([]int, len(g.names))
	var path []int32
	var visit func(n int32) error
	visit = func(n int32) error {
		switch state[n] {
		case done:
			return nil
		case open:
			var words []string
			for _, p := range append(path[slices.Index(path, n):], n) {
				words = append(words, g.names[p])
			}
			return fmt.Errorf("a circle of dependencies: %s", strings.Join(words, " -> "))
		}
		state[n], path = open, append(path, n)
		for _, p := range needs[n] {
			if err := visit(p); err != nil {
				return err
			}
			depth[n] = max(depth[n], depth[p]+1)
		}
		if depth[n] > MaxDepth {
			return fmt.Errorf("%s: more than %d dependencies on top of each other", g.names[n], MaxDepth)
		}
		state[n], path = done, path[:len(path)-1]
		return nil
	}
	for n := range g.names {
		if err := visit(int32(n)); err != nil {
			return err
		}
	}
	return nil
}

// ancestors are all nodes above one, nearest first.
func ancestors(n int32, parents map[int32][]int32) []above {
	var out []above
	seen := map[int32]bool{n: true}
	level := parents[n]
	for dist := int32(1); len(level) > 0; dist++ {
		var next []int32
		for _, p := range level {
			if !seen[p] {
				seen[p] = true
				out = append(out, above{p, dist})
				next = append(next, parents[p]...)
			}
		}
		level = next
	}
	slices.SortFunc(out, func(a, b above) int { return cmp.Or(cmp.Compare(a.dist, b.dist), cmp.Compare(a.node, b.node)) })
	return out
}

// Depends says whether a node depends on anything.
func (g *Graph) Depends(node string) bool {
	if g == nil {
		return false
	}
	n, ok := g.index[node]
	return ok && len(g.up[n]) > 0
}

// Above are the nodes that one depends on, nearest first; of a group, its members.
func (g *Graph) Above(node string) (out []string) {
	if g == nil {
		return nil
	}
	n, ok := g.index[node]
	if !ok {
		return nil
	}
	add := func(m int32) {
		if name := g.names[m]; !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	var walk func(n int32)
	walk = func(n int32) {
		for _, u := range g.up[n] {
			if i := slices.IndexFunc(g.groups, func(gr group) bool { return gr.node == u.node }); i >= 0 {
				for _, m := range g.groups[i].members {
					add(m)
					walk(m)
				}
				continue
			}
			add(u.node)
		}
	}
	walk(n)
	return out
}

// Nodes are all of them, by name.
func (g *Graph) Nodes() []string {
	if g == nil {
		return nil
	}
	return g.names
}

// Empty says whether nothing depends on anything.
func (g *Graph) Empty() bool { return g == nil || len(g.names) == 0 }

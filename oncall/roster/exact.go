package roster

import (
	"cmp"
	"slices"
)

const (
	wholly     = 12        // slots that are solved exactly as a whole
	exactNodes = 4_000_000 // steps after which an exact search gives up
)

// A branching is an exact search over a few slots and people; all others stay.
type branching struct {
	st     *state
	slots  []int
	people []int
	pain   []float64 // of the slots from here on
	best   float64
	who    []int // the best so far, by place in slots
	now    []int
	nodes  int
	sorted []int // people by burden, for the bound
}

// exact finds the best plan for some slots among some people, and says whether it looked
// at everything. It never makes a plan worse.
func (st *state) exact(slots, people []int, nodes int) (proved bool) {
	b := &branching{st: st, slots: slices.Clone(slots), people: people, nodes: nodes, sorted: slices.Clone(people)}
	// The heaviest first, as they decide most; what is open before all.
	slices.SortStableFunc(b.slots, func(x, y int) int {
		return cmp.Or(cmp.Compare(st.slots[y].Pain, st.slots[x].Pain), cmp.Compare(x, y))
	})
	b.best = st.total()
	b.who, b.now = make([]int, len(slots)), make([]int, len(slots))
	b.pain = make([]float64, len(slots)+1)
	for i := len(b.slots) - 1; i >= 0; i-- {
		b.pain[i] = b.pain[i+1] + st.slots[b.slots[i]].Pain
	}
	for i, s := range b.slots {
		b.who[i] = st.take(s)
	}
	empty := st.cost
	b.branch(0)
	st.cost = empty
	for i, s := range b.slots {
		st.give(s, b.who[i])
	}
	return b.nodes > 0
}

// branch tries everybody for slot i. Those who make it cheapest are tried first, so that
// a good plan is found early and cuts off the rest.
func (b *branching) branch(i int) {
	if b.nodes--; b.nodes <= 0 {
		return
	}
	st := b.st
	if i == len(b.slots) {
		if now := st.total(); now < b.best-1e-9 {
			b.best = now
			copy(b.who, b.now)
		}
		return
	}
	if st.total()-st.dear*float64(len(b.slots)-i)+b.water(b.pain[i])+b.least(i) >= b.best-1e-9 {
		return
	}
	s := b.slots[i]
	type way struct {
		person int
		cost   float64
	}
	var room [16]way
	ways := room[:0]
	for _, p := range b.people {
		if st.fits(s, p) {
			ways = append(ways, way{p, st.dearer(s, p)})
		}
	}
	slices.SortFunc(ways, func(x, y way) int { return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(x.person, y.person)) })
	before := st.cost
	for _, w := range ways {
		st.add(s, w.person)
		b.now[i] = w.person
		b.branch(i + 1)
		st.take(s)
		st.cost = before
	}
	b.now[i] = -1
	b.branch(i + 1)
}

// least is what wishes take off the slots from i on at most: a bound has to allow it.
func (b *branching) least(i int) (sum float64) {
	if b.st.p.Rules.Wish == 0 {
		return 0
	}
	for _, s := range b.slots[i:] {
		low := 0.0
		for _, p := range b.people {
			low = min(low, b.st.wish[p][s])
		}
		sum += low
	}
	return sum
}

// water is what it costs at least to share out so much pain: as if it could be split, to
// whoever bears least. No slot, rest or absence makes it cheaper.
func (b *branching) water(pain float64) float64 {
	st := b.st
	burden := func(p int) float64 { return st.load[p] / st.p.People[p].Capacity }
	for i := 1; i < len(b.sorted); i++ { // nearly sorted from the last time
		for j := i; j > 0 && burden(b.sorted[j]) < burden(b.sorted[j-1]); j-- {
			b.sorted[j], b.sorted[j-1] = b.sorted[j-1], b.sorted[j]
		}
	}
	var capacity, filled, squares float64
	for i, p := range b.sorted {
		c, u := st.p.People[p].Capacity, burden(p)
		capacity += c
		filled += c * u
		squares += c * u * u
		level := (filled + pain) / capacity
		if i+1 == len(b.sorted) || level <= burden(b.sorted[i+1]) {
			return capacity*level*level - squares
		}
	}
	return 0
}

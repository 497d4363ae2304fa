package roster

import (
	"cmp"
	"slices"
	"sort"
)

// A slot of the state knows its place in the problem; slots of a state stand by start.
type slot struct {
	Slot
	number int
}

// A state is a plan that changes. Its cost is kept with each change.
type state struct {
	p         Problem
	slots     []slot
	free      []int // slots that a plan may give to anybody
	everybody []int

	who  []int     // by slot: a person, or -1
	list [][]int   // by person: their slots, by start
	load []float64 // by person: debt and pain
	open int       // slots that nobody has
	cost float64   // without what is open
	dear float64   // what an open slot costs: more than any plan saves by it

	out    [][]bool    // by person and slot: absent, or without the skill
	wish   [][]float64 // by person and slot
	spaced []float64   // by person: the span between two slots that is wide enough
	window int64
	share  int64 // seconds of a window
}

func newState(p Problem) *state {
	st := &state{p: p, window: cmp.Or(p.Rules.Window, fourWeeks)}
	st.share = int64(p.Rules.Share * float64(st.window))
	for i, s := range p.Slots {
		st.slots = append(st.slots, slot{s, i})
	}
	slices.SortStableFunc(st.slots, func(a, b slot) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	n := len(st.slots)
	st.who = make([]int, n)
	st.list, st.load = make([][]int, len(p.People)), make([]float64, len(p.People))
	st.out, st.wish = make([][]bool, len(p.People)), make([][]float64, len(p.People))
	var pain, debt, capacity float64
	least := 1.0
	for i, x := range p.People {
		st.everybody = append(st.everybody, i)
		st.load[i] = x.Debt
		st.cost += x.Debt * x.Debt / x.Capacity
		st.out[i], st.wish[i] = st.limits(x)
		debt, capacity, least = debt+max(x.Debt, -x.Debt), capacity+x.Capacity, min(least, x.Capacity)
	}
	for _, s := range st.slots {
		pain += s.Pain
	}
	extra := p.Rules.Change + p.Rules.Spacing*2
	for _, x := range p.People {
		for _, w := range x.Wishes {
			extra += p.Rules.Wish * max(w.Cost, -w.Cost)
		}
	}
	st.dear = 4*(pain+debt+1)*(pain+debt+1)/least + extra*float64(n+1)
	st.open = n
	if n > 0 {
		horizon := float64(st.slots[n-1].To - st.slots[0].From)
		for _, x := range p.People {
			st.spaced = append(st.spaced, horizon/float64(n)*capacity/x.Capacity)
		}
	}
	for i := range st.who {
		st.who[i] = -1
	}
	for i, s := range st.slots {
		if s.Fixed > 0 {
			st.add(i, s.Fixed-1)
		} else {
			st.free = append(st.free, i)
		}
	}
	return st
}

// limits are the slots that a person cannot take whatever else they have, and what their
// wishes make of the others.
func (st *state) limits(x Person) (out []bool, wish []float64) {
	out, wish = make([]bool, len(st.slots)), make([]float64, len(st.slots))
	for i, s := range st.slots {
		out[i] = s.Skill != "" && !slices.Contains(x.Skills, s.Skill)
		for _, off := range x.Off {
			out[i] = out[i] || off.From < s.To && s.From < off.To
		}
		for _, w := range x.Wishes {
			if w.From < s.To && s.From < w.To {
				wish[i] += w.Cost * st.p.Rules.Wish
			}
		}
	}
	return out, wish
}

// place is where a slot stands, or would stand, among those of a person.
func (st *state) place(p, s int) int { return sort.SearchInts(st.list[p], s) }

// fits says whether a person who does not have the slot may take it.
func (st *state) fits(s, p int) bool {
	if st.out[p][s] {
		return false
	}
	at, l := &st.slots[s], st.list[p]
	i := st.place(p, s)
	if i > 0 && st.slots[l[i-1]].To+st.p.Rules.Rest > at.From || i < len(l) && at.To+st.p.Rules.Rest > st.slots[l[i]].From {
		return false
	}
	return st.chained(l, i, at) && st.shared(l, i, at)
}

// chained says whether the slots that touch each other with this one at place i are not
// too long together.
func (st *state) chained(l []int, i int, at *slot) bool {
	if st.p.Rules.Chain == 0 {
		return true
	}
	from, to := at.From, at.To
	for j := i - 1; j >= 0 && st.slots[l[j]].To == from; j-- {
		from = st.slots[l[j]].From
	}
	for j := i; j < len(l) && st.slots[l[j]].From == to; j++ {
		to = st.slots[l[j]].To
	}
	return to-from <= st.p.Rules.Chain
}

// shared says whether no window holds more than the share with this slot at place i. The
// fullest windows begin where a slot begins, or end where one ends.
func (st *state) shared(l []int, i int, at *slot) bool {
	if st.share == 0 {
		return true
	}
	lo, hi := i, i
	for lo > 0 && st.slots[l[lo-1]].To > at.From-st.window {
		lo--
	}
	for hi < len(l) && st.slots[l[hi]].From < at.To+st.window {
		hi++
	}
	within := func(from, to int64) bool {
		if to <= at.From || from >= at.To {
			return true
		}
		sum := min(at.To, to) - max(at.From, from)
		for _, n := range l[lo:hi] {
			sum += max(0, min(st.slots[n].To, to)-max(st.slots[n].From, from))
		}
		return sum <= st.share
	}
	for _, n := range l[lo:hi] {
		if o := &st.slots[n]; !within(o.From, o.From+st.window) || !within(o.To-st.window, o.To) {
			return false
		}
	}
	return within(at.From, at.From+st.window) && within(at.To-st.window, at.To)
}

// near is what two slots of a person cost that follow each other too closely.
func (st *state) near(p, a, b int) float64 {
	gap, wide := float64(st.slots[b].From-st.slots[a].To), st.spaced[p]
	if gap >= wide {
		return 0
	}
	miss := 1 - gap/wide
	return st.p.Rules.Spacing * miss * miss
}

// dearer is what the cost grows by when a person who does not have a slot that nobody
// has takes it.
func (st *state) dearer(s, p int) float64 {
	pain := st.slots[s].Pain
	d := pain*(2*st.load[p]+pain)/st.p.People[p].Capacity + st.wish[p][s]
	if was := st.slots[s].Published; was > 0 && was != p+1 {
		d += st.p.Rules.Change
	}
	if st.p.Rules.Spacing > 0 {
		l, i := st.list[p], st.place(p, s)
		if i > 0 {
			d += st.near(p, l[i-1], s)
		}
		if i < len(l) {
			d += st.near(p, s, l[i])
		}
		if i > 0 && i < len(l) {
			d -= st.near(p, l[i-1], l[i])
		}
	}
	return d
}

// total is the cost with what is open.
func (st *state) total() float64 { return st.cost + st.dear*float64(st.open) }

// add gives a slot that nobody has to a person.
func (st *state) add(s, p int) {
	st.cost += st.dearer(s, p)
	st.open--
	st.who[s] = p
	st.load[p] += st.slots[s].Pain
	st.list[p] = slices.Insert(st.list[p], st.place(p, s), s)
}

// take makes a slot nobody's, and says whose it was.
func (st *state) take(s int) (p int) {
	p = st.who[s]
	if p < 0 {
		return p
	}
	i := st.place(p, s)
	st.list[p] = slices.Delete(st.list[p], i, i+1)
	st.load[p] -= st.slots[s].Pain
	st.who[s] = -1
	st.open++
	st.cost -= st.dearer(s, p)
	return p
}

// give is add, for -1 too.
func (st *state) give(s, p int) {
	if p >= 0 {
		st.add(s, p)
	}
}

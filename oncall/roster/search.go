package roster

import (
	"math"
	"math/rand/v2"
	"slices"
)

// greedy fills what is open in the order of time: the least burdened takes it, and of
// those the longest idle.
func (st *state) greedy() {
	for _, s := range st.free {
		best, least, idle := -1, math.Inf(1), int64(0)
		for _, p := range st.everybody {
			if !st.fits(s, p) {
				continue
			}
			burden := (st.load[p] + st.wish[p][s]) / st.p.People[p].Capacity
			since := int64(math.MaxInt64)
			if i := st.place(p, s); i > 0 {
				since = st.slots[s].From - st.slots[st.list[p][i-1]].To
			}
			if burden < least || burden == least && since > idle {
				best, least, idle = p, burden, since
			}
		}
		st.give(s, best)
	}
}

// anneal makes so many moves, at first also bad ones.
func (st *state) anneal(seed uint64, moves int) {
	if len(st.free) == 0 || len(st.everybody) < 2 {
		return
	}
	r := rand.New(rand.NewPCG(seed, 1))
	hot := st.heat()
	cool := math.Pow(1e-4, 1/float64(max(moves, 1)))
	best, kept := st.total(), slices.Clone(st.who)
	for t := hot; moves > 0; moves, t = moves-1, t*cool {
		s := st.free[r.IntN(len(st.free))]
		accept := func(d float64) bool { return d <= 0 || r.Float64() < math.Exp(-d/t) }
		if st.who[s] < 0 || r.IntN(2) == 0 {
			st.reassign(s, r.IntN(len(st.everybody)), accept)
		} else {
			st.exchange(s, st.free[r.IntN(len(st.free))], accept)
		}
		if now := st.total(); now < best-1e-9 {
			best = now
			copy(kept, st.who)
		}
	}
	st.restore(kept)
}

// heat is the cost at which a bad move is still likely in the beginning: what one slot
// of the middling pain costs, moved by one person.
func (st *state) heat() float64 {
	var pain, capacity float64
	for _, s := range st.slots {
		pain += s.Pain
	}
	for _, p := range st.p.People {
		capacity += p.Capacity
	}
	mean := pain / float64(len(st.slots))
	return max(mean*mean*float64(len(st.everybody))/capacity, 1e-6)
}

// reassign gives a slot to another, if that is accepted.
func (st *state) reassign(s, to int, accept func(float64) bool) {
	from := st.who[s]
	if from == to || st.out[to][s] || !st.fits(s, to) {
		return
	}
	before, filled := st.cost, 0.0
	if from < 0 {
		filled = st.dear
	}
	st.take(s)
	if accept(st.cost + st.dearer(s, to) - before - filled) {
		st.add(s, to)
		return
	}
	st.give(s, from)
	st.cost = before
}

// exchange lets two people change their slots, if that is accepted.
func (st *state) exchange(s, t int, accept func(float64) bool) {
	p, q := st.who[s], st.who[t]
	if p == q || p < 0 || q < 0 || st.out[p][t] || st.out[q][s] {
		return
	}
	before := st.cost
	st.take(s)
	st.take(t)
	if st.fits(s, q) && st.fits(t, p) {
		st.add(s, q)
		st.add(t, p)
		if accept(st.cost - before) {
			return
		}
		st.take(s)
		st.take(t)
	}
	st.add(s, p)
	st.add(t, q)
	st.cost = before
}

// restore goes back to a plan that was noted.
func (st *state) restore(who []int) {
	for _, s := range st.free {
		if st.who[s] != who[s] {
			st.take(s)
		}
	}
	for _, s := range st.free {
		if st.who[s] != who[s] {
			st.add(s, who[s])
		}
	}
}

// neighbourhoods solves five to eight slots anew, again and again: slots near each other
// in time, those of who bears most and least, or any; for those who have them and a few
// who bear little.
func (st *state) neighbourhoods(seed uint64, rounds int) {
	r := rand.New(rand.NewPCG(seed, 2))
	for range rounds {
		slots := st.some(r)
		var people []int
		for _, s := range slots {
			if p := st.who[s]; p >= 0 && !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
		for len(people) < min(6, len(st.everybody)) {
			if p := st.everybody[r.IntN(len(st.everybody))]; !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
		if st.open > 0 { // what is open needs everybody
			people = st.everybody
		}
		st.exact(slots, people, 4000)
	}
}

func (st *state) some(r *rand.Rand) (slots []int) {
	n := min(5+r.IntN(4), len(st.free))
	add := func(s int) {
		if len(slots) < n && st.slots[s].Fixed == 0 && !slices.Contains(slots, s) {
			slots = append(slots, s)
		}
	}
	if st.open > 0 {
		for _, s := range st.free {
			if st.who[s] < 0 {
				add(s)
				break
			}
		}
	}
	switch r.IntN(3) {
	case 0: // near each other
		at := r.IntN(len(st.free))
		if len(slots) > 0 {
			at, _ = slices.BinarySearch(st.free, slots[0])
		}
		for i := range st.free {
			if len(slots) == n {
				break
			}
			add(st.free[(at+len(st.free)-n/2+i)%len(st.free)])
		}
	case 1: // of who bears most and who bears least
		most, least := st.extremes()
		for range 4 * n {
			for _, p := range []int{most, least} {
				if l := st.list[p]; len(l) > 0 {
					add(l[r.IntN(len(l))])
				}
			}
		}
	}
	for len(slots) < n {
		add(st.free[r.IntN(len(st.free))])
	}
	return slots
}

func (st *state) extremes() (most, least int) {
	burden := func(p int) float64 { return st.load[p] / st.p.People[p].Capacity }
	for _, p := range st.everybody {
		if burden(p) > burden(most) {
			most = p
		}
		if burden(p) < burden(least) {
			least = p
		}
	}
	return most, least
}

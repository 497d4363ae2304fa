package roster

import (
	"cmp"
	"math"
	"slices"
)

// Bound is what no plan can be cheaper than: the cost if every slot could be split among
// those who may take it at all, without rest, chain and share, changes and spacing. It
// is certified by the method of Frank and Wolfe: at any split, the cost less the gap of
// the linear problem there is a bound, however far the method got.
func Bound(p Problem) (float64, error) {
	if err := p.Check(); err != nil {
		return 0, err
	}
	st := newState(p)
	var may [][]int // by free slot
	for _, s := range st.free {
		var all []int
		for _, q := range st.everybody {
			if !st.out[q][s] {
				all = append(all, q)
			}
		}
		may = append(may, all)
	}
	load := slices.Clone(st.load)
	split := make([][]float64, len(st.free)) // of each slot, among those who may take it
	for i := range st.free {
		split[i] = make([]float64, len(may[i]))
	}
	best := math.Inf(-1)
	for range 100 {
		for i, s := range st.free {
			pour(p, may[i], split[i], load, st.slots[s].Pain)
		}
		cost, gap := st.gap(may, load)
		best = max(best, cost-gap)
		if gap <= cost*1e-7 {
			break
		}
	}
	return best + st.wishful(), nil
}

// pour splits the pain of a slot anew among those who may take it, so that what they
// bear with it is as even as it gets.
func pour(p Problem, people []int, split, load []float64, pain float64) {
	order := make([]int, len(people))
	for i, q := range people {
		load[q] -= split[i]
		order[i], split[i] = i, 0
	}
	burden := func(i int) float64 { return load[people[i]] / p.People[people[i]].Capacity }
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(burden(a), burden(b)) })
	var capacity, filled float64
	for n, i := range order {
		capacity += p.People[people[i]].Capacity
		filled += load[people[i]]
		level := (filled + pain) / capacity
		if n+1 < len(order) && level > burden(order[n+1]) {
			continue
		}
		for _, j := range order[:n+1] {
			q := people[j]
			split[j] = level*p.People[q].Capacity - load[q]
			load[q] += split[j]
		}
		return
	}
}

// gap is the cost of what people bear, and by how much the linear problem there says
// that it could be less at most.
func (st *state) gap(may [][]int, load []float64) (cost, gap float64) {
	to := slices.Clone(st.load) // of fixed slots and debts
	for i, s := range st.free {
		if q := cheapest(may[i], load, st.p); q >= 0 {
			to[q] += st.slots[s].Pain
		}
	}
	for q, x := range st.p.People {
		cost += load[q] * load[q] / x.Capacity
		gap -= 2 * load[q] * (to[q] - load[q]) / x.Capacity
	}
	return cost, gap
}

// cheapest is who bears least of some people.
func cheapest(people []int, load []float64, p Problem) int {
	best, least := -1, math.Inf(1)
	for _, q := range people {
		if b := load[q] / p.People[q].Capacity; b < least {
			best, least = q, b
		}
	}
	return best
}

// wishful is what wishes may take off at most.
func (st *state) wishful() (sum float64) {
	for _, s := range st.free {
		low := 0.0
		for _, q := range st.everybody {
			low = min(low, st.wish[q][s])
		}
		sum += low
	}
	return sum
}

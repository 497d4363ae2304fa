package roster

import (
	"fmt"
	"slices"
	"time"
)

// widest is how many slots around an open one are looked at together.
const widest = 14

// blocked finds the smallest set of slots around one that stayed open that cannot all be
// filled: first alone, then with more and more of those beside it; what is not needed
// for that is taken out again.
func (st *state) blocked() *Blocked {
	var left []int
	for _, s := range st.free {
		if st.who[s] < 0 {
			left = append(left, s)
		}
	}
	for width := 1; width <= min(widest, len(st.free)); width++ {
		for _, s := range left {
			at, _ := slices.BinarySearch(st.free, s)
			for from := max(0, at-width+1); from <= at && from+width <= len(st.free); from++ {
				set := st.free[from : from+width]
				if st.fillable(set) == no {
					return st.told(st.shrunk(slices.Clone(set)), true)
				}
			}
		}
	}
	return st.told(left, false)
}

// shrunk takes out what the others are blocked without.
func (st *state) shrunk(set []int) []int {
	for i := 0; i < len(set); {
		without := slices.Delete(slices.Clone(set), i, i+1)
		if len(without) > 0 && st.fillable(without) == no {
			set = without
			continue
		}
		i++
	}
	return set
}

type answer int

const (
	no answer = iota
	yes
	unknown
)

// fillable says whether some slots could all be filled if nothing else but what is fixed
// were there.
func (st *state) fillable(set []int) answer {
	alone := st.fixedOnly()
	steps := 200_000
	var fill func(i int) answer
	fill = func(i int) answer {
		if i == len(set) {
			return yes
		}
		if steps--; steps <= 0 {
			return unknown
		}
		said := no
		for _, p := range st.everybody {
			if !alone.fits(set[i], p) {
				continue
			}
			alone.add(set[i], p)
			got := fill(i + 1)
			alone.take(set[i])
			if got == yes {
				return yes
			}
			if got == unknown {
				said = unknown
			}
		}
		return said
	}
	return fill(0)
}

// fixedOnly is the state with nothing given out but what is fixed.
func (st *state) fixedOnly() *state {
	alone := *st
	alone.who = slices.Clone(st.who)
	alone.load = slices.Clone(st.load)
	alone.list = make([][]int, len(st.list))
	for p, l := range st.list {
		alone.list[p] = slices.Clone(l)
	}
	for _, s := range st.free {
		alone.take(s)
	}
	return &alone
}

// told says why each person is out of each slot of a set: for good, or because they have
// what stands beside it.
func (st *state) told(set []int, smallest bool) *Blocked {
	b := &Blocked{Smallest: smallest}
	alone := st.fixedOnly()
	for _, s := range set {
		b.Slots = append(b.Slots, st.slots[s].number)
		for _, p := range st.everybody {
			if why := alone.why(s, p, set); why != "" {
				b.Out = append(b.Out, Out{st.slots[s].number, p, why})
			}
		}
	}
	return b
}

// why says what keeps a person from a slot.
func (st *state) why(s, p int, set []int) string {
	at := &st.slots[s]
	if at.Skill != "" && !slices.Contains(st.p.People[p].Skills, at.Skill) {
		return "lacks the skill " + at.Skill
	}
	for _, off := range st.p.People[p].Off {
		if off.From < at.To && at.From < off.To {
			return "is away"
		}
	}
	if !st.fits(s, p) {
		return st.limit(s, p)
	}
	for _, other := range set {
		if other == s || st.out[p][other] || !st.fits(other, p) {
			continue
		}
		st.add(other, p)
		ok := st.fits(s, p)
		why := ""
		if !ok {
			why = fmt.Sprintf("may take only one of this and slot %d: %s", st.slots[other].number, st.limit(s, p))
		}
		st.take(other)
		if !ok {
			return why
		}
	}
	return ""
}

// limit names the limit that a person's slots and this one would break.
func (st *state) limit(s, p int) string {
	at, l, i := &st.slots[s], st.list[p], st.place(p, s)
	rest := st.p.Rules.Rest
	switch {
	case i > 0 && st.slots[l[i-1]].To > at.From, i < len(l) && at.To > st.slots[l[i]].From:
		return "has another slot at that time"
	case i > 0 && st.slots[l[i-1]].To+rest > at.From, i < len(l) && at.To+rest > st.slots[l[i]].From:
		return fmt.Sprintf("would have less than %s of rest", time.Duration(rest)*time.Second)
	case !st.chained(l, i, at):
		return fmt.Sprintf("would have more than %s without a break", time.Duration(st.p.Rules.Chain)*time.Second)
	}
	return fmt.Sprintf("would have more than %.0f %% of %d days", st.p.Rules.Share*100, st.window/86_400)
}

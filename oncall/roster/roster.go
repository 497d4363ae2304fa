// Package roster shares out slots fairly: who takes which shift, so that the burden that
// each person bears, with what they carry from before, is as even as their capacity
// allows.
//
// What is made small is the sum over people of (debt + load)² / capacity. A square is
// what makes an uneven plan dear: one more bad night costs whoever had nine of them more
// than whoever had one. Three terms stand beside it, each in the same unit (burden
// squared): Change for every published slot that moves, wishes, and Spacing for stints
// of one person that follow each other closer than they need to.
//
// Hard limits are never broken: one person per slot, absence, skills, rest between two
// slots, the longest chain of slots without a break, and the share of any 28 days. A
// slot that nobody may take stays open, and Solve names the smallest set of slots that
// cannot all be filled, and why each person is out.
//
// The method: a greedy plan in the order of time, to the least burdened, and of these
// the longest idle; simulated annealing, whose moves give a slot to another or exchange
// two; then a search of large neighbourhoods, in which five to eight slots at a time are
// solved anew exactly, by branch and bound. Twelve slots or fewer are solved exactly as
// a whole. The bound is what the rest would cost if it could be split like water. Bound
// is the same for a whole plan, certified by Frank-Wolfe, so that anybody can see how
// far from the best a plan can be at most.
//
// The same problem and seed give the same plan, on every machine: nothing here asks the
// time or draws from anywhere else.
package roster

import (
	"fmt"
	"math"
	"slices"
)

// A Problem is who shares which slots, under which rules.
type Problem struct {
	People []Person
	Slots  []Slot
	Rules  Rules
}

// A Person may take slots. Capacity is their share: 1 is full, 0.5 half. Debt is the
// burden that they bear already.
type Person struct {
	Capacity float64
	Debt     float64
	Off      []Span
	Skills   []string
	Wishes   []Wish
}

// A Span is [From, To) in seconds.
type Span struct{ From, To int64 }

// A Wish makes slots that touch a span dearer (above 0) for a person; preferences for a
// slot are wishes of others.
type Wish struct {
	Span
	Cost float64
}

// A Slot is taken by exactly one person. Published is who was told that it is theirs,
// and Fixed who has it whatever a plan says: people are numbers from 1, 0 is nobody.
type Slot struct {
	Span
	Pain      float64
	Skill     string // "" is none
	Published int
	Fixed     int
}

// Rules are the limits, in seconds, and the weights. Zero is no limit and no weight.
type Rules struct {
	Rest    int64   // between two slots of one person
	Chain   int64   // slots of one person without a break between them
	Share   float64 // of any Window: 0.25 is a quarter
	Window  int64   // 0 is 28 days
	Change  float64 // for each published slot that moves
	Wish    float64
	Spacing float64
}

const fourWeeks = 28 * 86_400

// A Plan says who takes what.
type Plan struct {
	Who  []int   // by slot: a person from 0, or -1
	Cost float64 // without what open slots would cost
	Load []float64
	// Proved says that no plan is better: every one was looked at or ruled out.
	Proved bool
	Open   []int // slots that nobody takes
	// Blocked says why, when Open is not empty.
	Blocked *Blocked
}

// Blocked is a set of slots that cannot all be filled. Smallest says that no smaller set
// among them is so; otherwise the search gave up and these are the slots that it left.
type Blocked struct {
	Slots    []int
	Smallest bool
	Out      []Out // why who is out, slot by slot
}

// An Out is one reason.
type Out struct {
	Slot, Person int
	Why          string
}

// Check says what is wrong with a problem.
func (p Problem) Check() error {
	if len(p.People) == 0 && len(p.Slots) > 0 {
		return fmt.Errorf("roster: nobody is there to share %d slots", len(p.Slots))
	}
	for i, x := range p.People {
		if !(x.Capacity > 0) || math.IsInf(x.Capacity, 0) || math.IsNaN(x.Debt) || math.IsInf(x.Debt, 0) {
			return fmt.Errorf("roster: person %d: capacity %v, debt %v", i, x.Capacity, x.Debt)
		}
	}
	for i, s := range p.Slots {
		if s.To <= s.From {
			return fmt.Errorf("roster: slot %d does not end after it starts", i)
		}
		if !(s.Pain >= 0) || math.IsInf(s.Pain, 0) {
			return fmt.Errorf("roster: slot %d: pain %v", i, s.Pain)
		}
		for _, n := range []int{s.Published, s.Fixed} {
			if n < 0 || n > len(p.People) {
				return fmt.Errorf("roster: slot %d: there is no person %d", i, n)
			}
		}
	}
	r := p.Rules
	for _, v := range []float64{r.Share, r.Change, r.Wish, r.Spacing} {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fmt.Errorf("roster: rules: %v", v)
		}
	}
	if r.Rest < 0 || r.Chain < 0 || r.Window < 0 {
		return fmt.Errorf("roster: rules: a limit is below zero")
	}
	return nil
}

// Solve makes a plan. The error says what is wrong with the problem; that slots stay
// open is none.
func Solve(p Problem, seed uint64) (Plan, error) {
	if err := p.Check(); err != nil {
		return Plan{}, err
	}
	st := newState(p)
	st.greedy()
	proved := false
	if len(st.free) <= wholly {
		st.anneal(seed, 20*len(st.free)*len(p.People))
		proved = st.exact(st.free, st.everybody, exactNodes)
	}
	if !proved && len(st.free) > 0 {
		st.anneal(seed, min(max(4000*len(st.free), 100_000), 1_200_000))
		st.neighbourhoods(seed, min(50+2*len(st.free), 600))
	}
	plan := st.plan()
	plan.Proved = proved
	if len(plan.Open) > 0 {
		plan.Blocked = st.blocked()
	}
	return plan, nil
}

func (st *state) plan() Plan {
	out := Plan{Who: make([]int, len(st.slots)), Load: slices.Clone(st.load), Cost: st.cost}
	for i, s := range st.slots {
		out.Who[s.number] = st.who[i]
		if st.who[i] < 0 {
			out.Open = append(out.Open, s.number)
		}
	}
	slices.Sort(out.Open)
	return out
}

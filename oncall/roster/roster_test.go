package roster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	hour  = int64(3600)
	daily = 24 * hour
	week  = 7 * daily
)

// random is a problem of 12-hour slots that is hard in every way that a real one is.
func random(r *rand.Rand, people, slots int) Problem {
	p := Problem{Rules: Rules{Rest: 11 * hour * int64(r.IntN(2)), Change: 20 * float64(r.IntN(2)), Wish: float64(r.IntN(2)), Spacing: 50 * float64(r.IntN(2)), Chain: 3 * daily * int64(r.IntN(2))}}
	for range people {
		x := Person{Capacity: []float64{1, 1, 0.5, 0.75}[r.IntN(4)], Debt: float64(r.IntN(30))}
		if r.IntN(2) == 0 {
			from := int64(r.IntN(slots)) * daily / 2
			x.Off = []Span{{from, from + daily*int64(1+r.IntN(3))}}
		}
		if r.IntN(3) == 0 {
			from := int64(r.IntN(slots)) * daily / 2
			x.Wishes = []Wish{{Span{from, from + 2*daily}, float64(r.IntN(100) - 50)}}
		}
		if r.IntN(3) > 0 {
			x.Skills = []string{"dba"}
		}
		p.People = append(p.People, x)
	}
	for i := range slots {
		from := int64(i) * daily / 2
		s := Slot{Span: Span{from, from + daily/2}, Pain: float64(5 + r.IntN(25)), Published: r.IntN(people + 1)}
		if r.IntN(8) == 0 {
			s.Skill = "dba"
		}
		if r.IntN(10) == 0 {
			s.Fixed = 1 + r.IntN(people)
		}
		p.Slots = append(p.Slots, s)
	}
	return p
}

// judge checks a plan against the rules in their plainest form, and adds up its cost.
// Fixed slots may break rules: they are not the plan's.
func judge(p Problem, who []int) (cost float64, open int, err error) {
	load := make([]float64, len(p.People))
	var total float64
	for i, x := range p.People {
		load[i] = x.Debt
		total += x.Capacity
	}
	n := len(p.Slots)
	for i, q := range who {
		s := p.Slots[i]
		if s.Fixed > 0 && q != s.Fixed-1 {
			return 0, 0, fmt.Errorf("slot %d is fixed for %d, and given to %d", i, s.Fixed-1, q)
		}
		if q < 0 {
			open++
			continue
		}
		load[q] += s.Pain
		if s.Published > 0 && s.Published-1 != q {
			cost += p.Rules.Change
		}
		for _, w := range p.People[q].Wishes {
			if w.From < s.To && s.From < w.To {
				cost += p.Rules.Wish * w.Cost
			}
		}
		if s.Fixed > 0 {
			continue
		}
		for _, off := range p.People[q].Off {
			if off.From < s.To && s.From < off.To {
				return 0, 0, fmt.Errorf("slot %d is given to %d, who is away", i, q)
			}
		}
		if s.Skill != "" && !slices.Contains(p.People[q].Skills, s.Skill) {
			return 0, 0, fmt.Errorf("slot %d wants a skill that %d has not", i, q)
		}
		for j, o := range p.Slots {
			if j != i && who[j] == q && o.From < s.To+p.Rules.Rest && s.From < o.To+p.Rules.Rest {
				return 0, 0, fmt.Errorf("slots %d and %d of %d are too near", i, j, q)
			}
		}
		if p.Rules.Share > 0 { // every hour is the beginning of a window
			for from := s.From - fourWeeks; from <= s.To; from += 4 * hour {
				var sum int64
				for j, o := range p.Slots {
					if who[j] == q {
						sum += max(0, min(o.To, from+fourWeeks)-max(o.From, from))
					}
				}
				if float64(sum) > p.Rules.Share*fourWeeks+1 {
					return 0, 0, fmt.Errorf("%d has %d hours in the 28 days from %d", q, sum/hour, from/hour)
				}
			}
		}
	}
	for q, x := range p.People {
		cost += load[q] * load[q] / x.Capacity
		var mine []Slot
		for i, s := range p.Slots {
			if who[i] == q {
				mine = append(mine, s)
			}
		}
		slices.SortFunc(mine, func(a, b Slot) int { return int((a.From - b.From) / 60) })
		wide := float64(p.Slots[n-1].To-p.Slots[0].From) / float64(n) * total / x.Capacity
		run := int64(0)
		for i, s := range mine {
			if i > 0 && mine[i-1].To == s.From {
				run += s.To - s.From
			} else {
				run = s.To - s.From
			}
			fixed := slices.ContainsFunc(mine, func(s Slot) bool { return s.Fixed > 0 })
			if p.Rules.Chain > 0 && run > p.Rules.Chain && !fixed {
				return 0, 0, fmt.Errorf("%d has %d hours without a break", q, run/hour)
			}
			if i > 0 {
				cost += p.Rules.Spacing * math.Pow(max(0, 1-float64(s.From-mine[i-1].To)/wide), 2)
			}
		}
	}
	return cost, open, nil
}

// every looks at each plan there is.
func every(p Problem) (least float64, open int) {
	who := make([]int, len(p.Slots))
	least, open = math.Inf(1), len(p.Slots)+1
	var try func(i int)
	try = func(i int) {
		if i == len(who) {
			if cost, n, err := judge(p, who); err == nil && (n < open || n == open && cost < least) {
				least, open = cost, n
			}
			return
		}
		if f := p.Slots[i].Fixed; f > 0 {
			who[i] = f - 1
			try(i + 1)
			return
		}
		for q := -1; q < len(p.People); q++ {
			who[i] = q
			try(i + 1)
		}
	}
	try(0)
	return least, open
}

// TestSmall: of small problems, the plan is the best of all that there are.
func TestSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for n := range 150 {
		p := random(r, 2+r.IntN(2), 3+r.IntN(4))
		plan, err := Solve(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		cost, open, err := judge(p, plan.Who)
		if err != nil {
			t.Fatalf("problem %d: %v", n, err)
		}
		least, left := every(p)
		if open != left || math.Abs(cost-least) > 1e-6 || math.Abs(plan.Cost-cost) > 1e-6 || !plan.Proved {
			t.Errorf("problem %d: cost %v (it says %v, proved %v) with %d open; the least is %v with %d open", n, cost, plan.Cost, plan.Proved, open, least, left)
		}
		if open > 0 != (plan.Blocked != nil) {
			t.Errorf("problem %d: %d open, blocked: %+v", n, open, plan.Blocked)
		}
		if bound, err := Bound(p); err != nil || bound > least+1e-6 && left == 0 {
			t.Errorf("problem %d: bound %v is above the least, %v (%v)", n, bound, least, err)
		}
	}
}

// TestSearchAlone: where it does not solve the whole exactly, the search finds what the
// exact search finds.
func TestSearchAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	best := 0
	for n := range 60 {
		p := random(r, 3+r.IntN(2), 7+r.IntN(5))
		plan, err := Solve(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		st := newState(p)
		st.greedy()
		st.anneal(3, 20_000)
		st.neighbourhoods(3, 80)
		got := st.plan()
		if _, _, err := judge(p, got.Who); err != nil {
			t.Fatalf("problem %d: %v", n, err)
		}
		switch {
		case len(got.Open) != len(plan.Open) || got.Cost > plan.Cost*1.005+1e-6:
			t.Errorf("problem %d: %v with %d open, the best is %v with %d", n, got.Cost, len(got.Open), plan.Cost, len(plan.Open))
		case got.Cost < plan.Cost+1e-6:
			best++
		}
	}
	if best < 57 {
		t.Errorf("%d of 60 are the best", best)
	}
}

// uniform is a year of weekly slots that weigh the same, with absences, a week of rest
// and the quarter.
func uniform(r *rand.Rand, people int) Problem {
	p := Problem{Rules: Rules{Rest: week, Share: 0.25}}
	for range people {
		x := Person{Capacity: 1}
		for range 3 {
			from := int64(r.IntN(52)) * week
			x.Off = append(x.Off, Span{from, from + week})
		}
		p.People = append(p.People, x)
	}
	for i := range int64(52) {
		p.Slots = append(p.Slots, Slot{Span: Span{i * week, (i + 1) * week}, Pain: 1})
	}
	return p
}

// semiMatching is the least sum of squares when slots of weight 1 go to who may take
// them, after Harvey, Ladner, Lovasz and Tamir: each slot goes to the least loaded whom a
// path of exchanges reaches.
func semiMatching(p Problem) float64 {
	has := make([][]int, len(p.People))
	may := func(s, q int) bool {
		for _, off := range p.People[q].Off {
			if off.From < p.Slots[s].To && p.Slots[s].From < off.To {
				return false
			}
		}
		return true
	}
	for s := range p.Slots {
		from := map[int][2]int{} // person: who gives them which slot
		var queue []int
		for q := range p.People {
			if may(s, q) {
				from[q] = [2]int{-1, s}
				queue = append(queue, q)
			}
		}
		for i := 0; i < len(queue); i++ {
			for _, o := range has[queue[i]] {
				for q := range p.People {
					if _, seen := from[q]; !seen && may(o, q) {
						from[q] = [2]int{queue[i], o}
						queue = append(queue, q)
					}
				}
			}
		}
		least := queue[0]
		for _, q := range queue {
			if len(has[q]) < len(has[least]) {
				least = q
			}
		}
		for q := least; q >= 0; q = from[q][0] {
			giver, o := from[q][0], from[q][1]
			has[q] = append(has[q], o)
			if giver >= 0 {
				has[giver] = slices.DeleteFunc(has[giver], func(x int) bool { return x == o })
			}
		}
	}
	sum := 0.0
	for _, l := range has {
		sum += float64(len(l) * len(l))
	}
	return sum
}

// TestEqualWeights: where every slot weighs the same, the plan is as good as the flow
// bound, which no plan beats.
func TestEqualWeights(t *testing.T) {
	for _, people := range []int{8, 12, 20, 50} {
		p := uniform(rand.New(rand.NewPCG(uint64(people), 1)), people)
		plan, err := Solve(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		cost, open, err := judge(p, plan.Who)
		if err != nil || open > 0 {
			t.Fatalf("%d people: %v, %d open, %+v", people, err, open, plan.Blocked)
		}
		if bound := semiMatching(p); cost != bound {
			t.Errorf("%d people: %v, the bound is %v", people, cost, bound)
		}
	}
}

// large is 50 people and 52 weeks of two 12-hour slots a day in two roles: 1,456 slots.
func large() Problem {
	r := rand.New(rand.NewPCG(50, 52))
	p := Problem{Rules: Rules{Rest: 12 * hour, Share: 0.25, Chain: 72 * hour}}
	for i := range 50 {
		x := Person{Capacity: []float64{1, 1, 1, 0.5}[i%4], Debt: float64(r.IntN(20))}
		for range 4 {
			from := int64(r.IntN(364)) * daily
			x.Off = append(x.Off, Span{from, from + int64(3+r.IntN(12))*daily})
		}
		p.People = append(p.People, x)
	}
	for d := range int64(364) {
		for half := range int64(2) {
			from := d*daily + half*daily/2
			pain := []float64{1.2, 2.4}[half]
			if d%7 >= 5 {
				pain *= 1.5
			}
			for role := range 2 {
				p.Slots = append(p.Slots, Slot{Span: Span{from, from + daily/2}, Pain: pain * []float64{1, 0.4}[role]})
			}
		}
	}
	return p
}

// TestLarge: a year of fifty people is within half a per cent of a bound that is
// certified.
func TestLarge(t *testing.T) {
	p := large()
	plan, err := Solve(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	bound, err := Bound(p)
	if err != nil {
		t.Fatal(err)
	}
	cost, open, err := judge(Problem{p.People, p.Slots, Rules{Rest: p.Rules.Rest, Chain: p.Rules.Chain}}, plan.Who) // the share below
	if err != nil || open > 0 {
		t.Fatalf("%v, %d open", err, open)
	}
	for q := range p.People {
		for from := int64(0); from < 364*daily; from += daily / 2 {
			var sum int64
			for i, s := range p.Slots {
				if plan.Who[i] == q {
					sum += max(0, min(s.To, from+fourWeeks)-max(s.From, from))
				}
			}
			if sum > fourWeeks/4 {
				t.Fatalf("%d has %d hours in 28 days", q, sum/hour)
			}
		}
	}
	if cost > bound*1.005 {
		t.Errorf("cost %v is %.2f %% above the bound %v", cost, 100*(cost/bound-1), bound)
	}
	t.Logf("cost %.1f, at most %.3f %% above the best", cost, 100*(cost/bound-1))
}

func BenchmarkLarge(b *testing.B) {
	p := large()
	for b.Loop() {
		if _, err := Solve(p, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// worst is the heaviest 28 days of anybody.
func worst(p Problem, who []int) (most float64) {
	for q := range p.People {
		for from := int64(0); from < p.Slots[len(p.Slots)-1].To; from += daily {
			sum := 0.0
			for i, s := range p.Slots {
				if who[i] == q && s.From >= from && s.From < from+fourWeeks {
					sum += s.Pain
				}
			}
			most = max(most, sum/p.People[q].Capacity)
		}
	}
	return most
}

// nearest is the shortest time between two slots of anybody.
func nearest(p Problem, who []int) (least int64) {
	least = math.MaxInt64
	last := map[int]int64{}
	for i, s := range p.Slots {
		if to, ok := last[who[i]]; ok {
			least = min(least, s.From-to)
		}
		last[who[i]] = s.To
	}
	return least
}

// TestSpacing: without it a year may be fair and its weeks are not; with it the slots of
// a person stand apart, and the year is as fair as before.
func TestSpacing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	p := Problem{Rules: Rules{Rest: 12 * hour}}
	for range 8 {
		p.People = append(p.People, Person{Capacity: 1})
	}
	for i := range int64(364) {
		p.Slots = append(p.Slots, Slot{Span: Span{i * daily, (i + 1) * daily}, Pain: 3 + 2*r.Float64()})
	}
	solve := func(spacing float64) Plan {
		p.Rules.Spacing = spacing
		plan, err := Solve(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	without, with := solve(0), solve(50)
	mean := 4.0 * 28 / 8
	if a, b := worst(p, without.Who)/mean, worst(p, with.Who)/mean; b > 1.55 || b > a*0.8 {
		t.Errorf("the heaviest four weeks are %.2f of the mean without spacing, %.2f with", a, b)
	}
	if a, b := nearest(p, without.Who), nearest(p, with.Who); b < 3*daily || a >= b {
		t.Errorf("the nearest slots are %d hours apart without spacing, %d with", a/hour, b/hour)
	}
	spread := func(plan Plan) float64 { return slices.Max(plan.Load)/slices.Min(plan.Load) - 1 }
	if spread(with) > 0.03 {
		t.Errorf("the year's burdens differ by %.1f %%", 100*spread(with))
	}
}

// TestBlocked: what cannot be is told with the fewest slots, and with why.
func TestBlocked(t *testing.T) {
	slots := func(n int) (all []Slot) {
		for i := range int64(n) {
			all = append(all, Slot{Span: Span{i * daily, (i + 1) * daily}, Pain: 1})
		}
		return all
	}
	away := Person{Capacity: 1, Off: []Span{{2 * daily, 3 * daily}}}
	p := Problem{People: []Person{away, away, {Capacity: 1}}, Slots: slots(6), Rules: Rules{Rest: 12 * hour}}
	p.Slots[2].Skill = "dba"
	plan, err := Solve(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := &Blocked{Slots: []int{2}, Smallest: true, Out: []Out{{2, 0, "lacks the skill dba"}, {2, 1, "lacks the skill dba"}, {2, 2, "lacks the skill dba"}}}
	if d := cmp.Diff(want, plan.Blocked); d != "" || len(plan.Open) != 1 {
		t.Errorf("open %v\n%s", plan.Open, d)
	}
	p.Slots[2].Skill = ""
	p.People[1].Off = []Span{{2 * daily, 4 * daily}}
	p.People[0].Off = []Span{{2 * daily, 4 * daily}}
	if plan, err = Solve(p, 1); err != nil {
		t.Fatal(err)
	}
	if b := plan.Blocked; b == nil || !b.Smallest || !slices.Equal(b.Slots, []int{2, 3}) || !strings.Contains(fmt.Sprint(b.Out), "is away") || !strings.Contains(fmt.Sprint(b.Out), "less than 12h0m0s of rest") {
		t.Errorf("open %v, blocked %+v", plan.Open, b)
	}
	fixed := Problem{People: []Person{{Capacity: 1}}, Slots: slots(3), Rules: Rules{Rest: 12 * hour}}
	fixed.Slots[1].Fixed = 1
	if plan, err = Solve(fixed, 1); err != nil || plan.Blocked == nil || len(plan.Blocked.Slots) != 1 {
		t.Errorf("%+v %v", plan.Blocked, err)
	}
}

// The same problem and seed give the same plan.
func TestSeed(t *testing.T) {
	p := random(rand.New(rand.NewPCG(9, 9)), 9, 90)
	a, err := Solve(p, 5)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Solve(p, 5)
	if !cmp.Equal(a, b) {
		t.Error("two plans of one seed differ")
	}
	if _, _, err := judge(p, a.Who); err != nil {
		t.Error(err)
	}
}

// What is no problem is refused by name.
func TestCheck(t *testing.T) {
	ok := Slot{Span: Span{0, 1}}
	for want, p := range map[string]Problem{
		"nobody is there":  {Slots: []Slot{ok}},
		"capacity 0":       {People: []Person{{}}},
		"does not end":     {People: []Person{{Capacity: 1}}, Slots: []Slot{{}}},
		"pain -1":          {People: []Person{{Capacity: 1}}, Slots: []Slot{{Span: ok.Span, Pain: -1}}},
		"no person 2":      {People: []Person{{Capacity: 1}}, Slots: []Slot{{Span: ok.Span, Fixed: 2}}},
		"rules: -1":        {Rules: Rules{Spacing: -1}},
		"limit is below 0": {Rules: Rules{Rest: -1}},
	} {
		if _, err := Solve(p, 1); err == nil || !strings.Contains(strings.Replace(err.Error(), "zero", "0", 1), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if plan, err := Solve(Problem{}, 1); err != nil || len(plan.Who) != 0 {
		t.Errorf("nothing to share: %+v %v", plan, err)
	}
}

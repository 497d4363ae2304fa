package oncall_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"tocsin/oncall/roster"
)

// A fairCase is one instance of fairness_small.json: hours, and the least sum over
// people of (debt + pain)² / capacity, found by looking at every assignment.
type fairCase struct {
	People []struct {
		Cap, Debt float64
		Off       [][2]int64
	}
	Slots []struct {
		Start int64 `json:"start_h"`
		End   int64 `json:"end_h"`
		Pain  float64
	}
	MinRest int64 `json:"min_rest_h"`
	Optimum float64
}

func (c fairCase) problem() (p roster.Problem) {
	const hour = 3600
	p.Rules.Rest = c.MinRest * hour
	for _, x := range c.People {
		q := roster.Person{Capacity: x.Cap, Debt: x.Debt}
		for _, off := range x.Off {
			q.Off = append(q.Off, roster.Span{From: off[0] * hour, To: off[1] * hour})
		}
		p.People = append(p.People, q)
	}
	for _, s := range c.Slots {
		p.Slots = append(p.Slots, roster.Slot{Span: roster.Span{From: s.Start * hour, To: s.End * hour}, Pain: s.Pain})
	}
	return p
}

// cost checks a plan against the rules, apart from the solver's own words, and adds up
// what it costs.
func (c fairCase) cost(who []int) (float64, error) {
	load := make([]float64, len(c.People))
	for i, x := range c.People {
		load[i] = x.Debt
	}
	for i, p := range who {
		if p < 0 || p >= len(c.People) {
			return 0, fmt.Errorf("slot %d is given to %d", i, p)
		}
		s := c.Slots[i]
		load[p] += s.Pain
		for _, off := range c.People[p].Off {
			if off[0] < s.End && s.Start < off[1] {
				return 0, fmt.Errorf("slot %d is given to %d, who is away", i, p)
			}
		}
		for j, q := range who[:i] {
			if o := c.Slots[j]; q == p && o.End+c.MinRest > s.Start && s.End+c.MinRest > o.Start {
				return 0, fmt.Errorf("slots %d and %d of %d have no rest between them", j, i, p)
			}
		}
	}
	sum := 0.0
	for i, x := range c.People {
		sum += load[i] * load[i] / x.Cap
	}
	return sum, nil
}

// TestFairness reads testdata/fairness/fairness_small.json, or the file of that name in
// the folder that TOCSIN_CASES names, if there is one: a folder of schedules alone has none.
func TestFairness(t *testing.T) {
	folder := os.Getenv("TOCSIN_CASES")
	if folder == "" {
		folder = "testdata/fairness"
	}
	data, err := os.ReadFile(filepath.Join(folder, "fairness_small.json"))
	if os.Getenv("TOCSIN_CASES") != "" && errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s holds no fairness_small.json", folder)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Instances []fairCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	cases, passed := 0, 0
	for n, c := range file.Instances {
		cases++
		if t.Run(fmt.Sprint(n), func(t *testing.T) {
			plan, err := roster.Solve(c.problem(), 1)
			if err != nil {
				t.Fatal(err)
			}
			cost, err := c.cost(plan.Who)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(cost-c.Optimum) > 1e-6*max(1, c.Optimum) {
				t.Errorf("cost %v, the least is %v", cost, c.Optimum)
			}
		}) {
			passed++
		}
	}
	fmt.Printf("cases: %d passed: %d\n", cases, passed)
	if cases == 0 {
		t.Error("no instances")
	}
}

package config

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/escalate"
	"tocsin/oncall"
	"tocsin/org"
)

// A Cover is a place that names a person who is to leave, and who stands there beside
// them.
type Cover struct {
	Where  string // "policy db, level 2"
	Others []string
}

func (c Cover) String() string {
	if len(c.Others) == 0 {
		return c.Where + ": nobody else"
	}
	return fmt.Sprintf("%s: covered by %s", c.Where, strings.Join(c.Others, ", "))
}

// Covers are all places of the configuration that name a person: what has to be filled
// when the person leaves.
func (s Setup) Covers(p org.PersonID) (all []Cover) {
	for _, t := range s.Teams {
		if slices.Contains(t.Members, p) {
			all = append(all, Cover{"team " + string(t.ID), others(t.Members, p)})
		}
	}
	for _, y := range s.Policies {
		all = append(all, inPolicy(y, p)...)
	}
	for _, v := range s.Schedules {
		all = append(all, inSchedule(v, p)...)
	}
	return all
}

func inPolicy(y escalate.Policy, p org.PersonID) (all []Cover) {
	look := func(where string, targets []org.Target) {
		var beside []string
		named := false
		for _, t := range targets {
			if t == (org.Target{Kind: Person, ID: string(p)}) {
				named = true
			} else {
				beside = append(beside, t.String())
			}
		}
		if named {
			all = append(all, Cover{fmt.Sprintf("policy %s, %s", y.ID, where), beside})
		}
	}
	for n, l := range y.Levels {
		look(fmt.Sprintf("level %d", n+1), l.Targets)
	}
	look("fail-over", y.FailOver)
	look("report", y.Report)
	return all
}

func inSchedule(v oncall.Schedule, p org.PersonID) (all []Cover) {
	look := func(where string, people []org.PersonID) {
		if slices.Contains(people, p) {
			all = append(all, Cover{fmt.Sprintf("schedule %s, %s", v.ID, where), others(people, p)})
		}
	}
	for n, l := range v.Layers {
		people := slices.Concat(append([][]org.PersonID{l.People}, l.Slots...)...)
		look(fmt.Sprintf("layer %s", orNumber(l.ID, n)), people)
	}
	for n, patch := range v.Patches {
		people := slices.Clone(patch.Users)
		for _, sh := range patch.Shifts {
			people = append(people, sh.Users...)
		}
		look(fmt.Sprintf("override %s", orNumber(patch.ID, n)), people)
	}
	return all
}

func orNumber(id string, n int) string {
	if id != "" {
		return id
	}
	return fmt.Sprint(n + 1)
}

func others(people []org.PersonID, p org.PersonID) (out []string) {
	for _, o := range people {
		if o != p && !slices.Contains(out, string(o)) {
			out = append(out, string(o))
		}
	}
	return out
}

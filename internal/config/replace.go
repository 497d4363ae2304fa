package config

import (
	"maps"
	"slices"

	"tocsin/escalate"
	"tocsin/oncall"
	"tocsin/org"
)

// Replace is what of the configuration names a person, with somebody else in their
// place: teams, policies and schedules, whole. The turns of a schedule keep their order,
// so that nobody else's shift moves; where both stood at once, one stays. A role that
// the person had in a team is not inherited: it was theirs.
func (s Setup) Replace(p, by org.PersonID) Setup {
	out := Setup{File: s.File}
	for _, t := range s.Teams {
		_, ruled := t.Roles[p]
		if !ruled && !slices.Contains(t.Members, p) {
			continue
		}
		t.Members = instead(t.Members, p, by)
		if t.Roles = maps.Clone(t.Roles); ruled {
			delete(t.Roles, p)
		}
		out.Teams = append(out.Teams, t)
	}
	for _, y := range s.Policies {
		if len(inPolicy(y, p)) > 0 {
			out.Policies = append(out.Policies, policyWith(y, p, by))
		}
	}
	for _, v := range s.Schedules {
		if len(inSchedule(v, p)) > 0 {
			out.Schedules = append(out.Schedules, scheduleWith(v, p, by))
		}
	}
	return out
}

func policyWith(y escalate.Policy, p, by org.PersonID) escalate.Policy {
	was, is := org.Target{Kind: Person, ID: string(p)}, org.Target{Kind: Person, ID: string(by)}
	y.Levels = slices.Clone(y.Levels)
	for i := range y.Levels {
		y.Levels[i].Targets = instead(y.Levels[i].Targets, was, is)
	}
	y.FailOver, y.Report = instead(y.FailOver, was, is), instead(y.Report, was, is)
	return y
}

func scheduleWith(v oncall.Schedule, p, by org.PersonID) oncall.Schedule {
	v.Layers, v.Patches = slices.Clone(v.Layers), slices.Clone(v.Patches)
	for i := range v.Layers {
		l := &v.Layers[i]
		l.People, l.Slots = slices.Clone(l.People), slices.Clone(l.Slots)
		for n, who := range l.People {
			if who == p {
				l.People[n] = by
			}
		}
		for n := range l.Slots {
			l.Slots[n] = instead(l.Slots[n], p, by)
		}
	}
	for i := range v.Patches {
		x := &v.Patches[i]
		x.Users, x.Old, x.Shifts = instead(x.Users, p, by), instead(x.Old, p, by), slices.Clone(x.Shifts)
		for n := range x.Shifts {
			x.Shifts[n].Users = instead(x.Shifts[n].Users, p, by)
		}
	}
	return v
}

// instead puts one where another stands; one who is there already stands there once.
func instead[S ~[]T, T comparable](list S, was, is T) S {
	n := slices.Index(list, was)
	if n < 0 {
		return list
	}
	list = slices.Clone(list)
	if slices.Contains(list, is) {
		return slices.DeleteFunc(list, func(t T) bool { return t == was })
	}
	list[n] = is
	return list
}

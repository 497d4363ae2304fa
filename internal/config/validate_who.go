package config

import (
	"fmt"
	"strings"

	"tocsin/oncall"
	"tocsin/org"
)

// policies checks who is called, and lets each policy check itself.
func (c *checker) policies() {
	at := within("policies")
	c.ids(Policy, len(c.Policies), at, func(i int) string { return string(c.Policies[i].ID) })
	for i, p := range c.Policies {
		c.refers(at(i)+".team", Team, string(p.Team))
		for n, l := range p.Levels {
			c.targets(fmt.Sprintf("%s.levels[%d].targets", at(i), n), l.Targets)
		}
		c.targets(at(i)+".fail_over", p.FailOver)
		c.targets(at(i)+".report", p.Report)
		if p.ID == "" {
			p.ID = "x" // said already
		}
		for _, err := range each(p.Validate()) {
			path, text := cut(err)
			c.bad(at(i)+"."+path, "%s", text)
		}
	}
}

func (c *checker) targets(path string, targets []org.Target) {
	for n, t := range targets {
		at := fmt.Sprintf("%s[%d]", path, n)
		switch t.Kind {
		case Person, Team:
			c.refers(at, t.Kind, t.ID)
		case Schedule:
			id, place := t.Place()
			c.refers(at, Schedule, id)
			c.check(place != oncall.Shadow, at, "who shadows only listens: no alarm calls them")
		case "email":
			c.address(at, t.ID)
		case "": // an empty line of the list; what cannot be read was said before
			c.bad(at, "names nobody")
		}
	}
}

// schedules checks who stands in them, and compiles each.
func (c *checker) schedules() {
	at := within("schedules")
	c.ids(Schedule, len(c.Schedules), at, func(i int) string { return string(c.Schedules[i].ID) })
	for i, s := range c.Schedules {
		c.refers(at(i)+".team", Team, string(s.Team))
		c.refers(at(i)+".fall_back", Policy, string(s.FallBack))
		for n, l := range s.Layers {
			layer := fmt.Sprintf("%s.layers[%d]", at(i), n)
			c.standing(layer+".people", l.People)
			for k, slot := range l.Slots {
				c.standing(fmt.Sprintf("%s.slots[%d]", layer, k), slot)
			}
		}
		for n, p := range s.Patches {
			patch := fmt.Sprintf("%s.patches[%d]", at(i), n)
			c.standing(patch+".users", p.Users)
			c.standing(patch+".old", p.Old)
			for k, sh := range p.Shifts {
				c.standing(fmt.Sprintf("%s.shifts[%d].users", patch, k), sh.Users)
			}
		}
		_, err := oncall.Compile(s)
		for _, err := range each(err) {
			path, text := placed(s, err)
			c.bad(at(i)+path, "%s", text)
		}
	}
}

// standing checks who stands in a schedule: people, teams, schedules and policies.
func (c *checker) standing(path string, members []org.PersonID) {
	for n, m := range members {
		at := fmt.Sprintf("%s[%d]", path, n)
		switch kind, id, _ := strings.Cut(string(m), ":"); kind {
		case Team, Schedule, Policy:
			c.refers(at, kind, id)
		default:
			c.member(at, m)
		}
	}
}

// placed turns the words of a schedule's compiler ("layer "eu": until: ...") into the
// path within the schedule.
func placed(s oncall.Schedule, err error) (path, text string) {
	where, rest, _ := strings.Cut(err.Error(), ": ")
	field, text, ok := strings.Cut(rest, ": ")
	if !ok {
		return "", err.Error()
	}
	if where == "schedule" {
		return "." + field, text
	}
	for n, l := range s.Layers {
		if where == fmt.Sprintf("layer %q", l.ID) || l.ID == "" && where == fmt.Sprintf("layer %d", n+1) {
			return fmt.Sprintf(".layers[%d].%s", n, field), text
		}
	}
	for n, p := range s.Patches {
		if where == fmt.Sprintf("patch %q", p.ID) || p.ID == "" && where == fmt.Sprintf("patch %d", n+1) {
			return fmt.Sprintf(".patches[%d].%s", n, field), text
		}
	}
	return "", err.Error()
}

// each is the errors that were joined to one.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// cut parts "path: text".
func cut(err error) (path, text string) {
	path, text, _ = strings.Cut(err.Error(), ": ")
	return path, text
}

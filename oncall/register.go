package oncall

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/org"
)

// Shadow is the role of who only listens: no alarm calls them.
const Shadow = "shadow"

// A Register knows who stands behind the members of a schedule that are no people:
// "team:dba", "schedule:eu" (its primary), "policy:managers" (whom its first level
// calls). A nil function knows nobody.
type Register struct {
	Team     func(org.TeamID) []org.PersonID
	Schedule func(org.ScheduleID) *Compiled
	Policy   func(org.PolicyID) []org.Target
}

// deepest bounds how many members stand behind each other: a schedule that names itself
// by some detour names nobody there.
const deepest = 6

// At is the schedule's own At, with people for members.
func (r Register) At(c *Compiled, t time.Time) Shift { return r.open(c.At(t), c, t, deepest) }

// Render is the schedule's own Render, with people for members.
func (r Register) Render(c *Compiled, from, to time.Time) []Shift {
	shifts := c.Render(from, to)
	if !c.behind {
		return shifts
	}
	var out []Shift
	for _, s := range shifts {
		for at := s.From; at.Before(s.Until); {
			piece := s
			piece.From = at
			piece = r.open(piece, c, at, deepest)
			if n := len(out); n > 0 && sameRoles(out[n-1], piece) {
				out[n-1].Until = piece.Until
			} else {
				out = append(out, piece)
			}
			at = piece.Until
		}
	}
	return out
}

func sameRoles(a, b Shift) bool {
	return a.Empty == b.Empty && maps.EqualFunc(a.Roles, b.Roles, slices.Equal[[]org.PersonID])
}

// Place is who stands at a place of a schedule: "" are those whom an alarm calls, next
// and previous those of the turn after and before theirs, and any other word is a role.
func (r Register) Place(c *Compiled, place string, t time.Time) Shift {
	return r.place(c, place, t, deepest)
}

func (r Register) place(c *Compiled, place string, t time.Time, depth int) Shift {
	by := 0
	switch place {
	case "":
	case "next":
		by = 1
	case "previous":
		by = -1
	default:
		s := r.open(c.At(t), c, t, depth)
		s.People = s.Roles[place]
		s.Why += "; role " + place
		return s
	}
	if by == 0 {
		return r.open(c.At(t), c, t, depth)
	}
	s := c.At(t)
	s.Roles, s.Why = nil, ""
	var people []org.PersonID
	for _, l := range c.won(t) {
		if found, ok := c.Neighbour(l, t, by); ok {
			people = append(people, found...)
			s.Why += place + " turn of layer " + l
		}
	}
	slices.Sort(people)
	if people = slices.Compact(people); len(people) > 0 {
		s.Roles = map[string][]org.PersonID{Primary: people}
	}
	s.People = s.Roles[Primary]
	return r.open(s, c, t, depth)
}

// won are the layers that decide who is primary at a moment.
func (c *Compiled) won(t time.Time) (ids []string) {
	for _, n := range c.sweep().at(instantOf(t)).won {
		if c.layers[n].role == 0 {
			ids = append(ids, c.layers[n].id)
		}
	}
	return ids
}

// open puts people in the place of members, and ends the shift where those change.
func (r Register) open(s Shift, c *Compiled, at time.Time, depth int) Shift {
	if !c.behind {
		return s
	}
	was := s.Roles
	s.Roles = nil
	for role, members := range was {
		var people []org.PersonID
		for _, m := range members {
			found, until := r.behind(m, at, depth)
			people = append(people, found...)
			if !until.IsZero() && (s.Until.IsZero() || until.Before(s.Until)) {
				s.Until = until
			}
		}
		slices.Sort(people)
		if people = slices.Compact(people); len(people) > 0 {
			if s.Roles == nil {
				s.Roles = map[string][]org.PersonID{}
			}
			s.Roles[role] = people
		}
	}
	s.People = s.Roles[Primary]
	if len(was) > 0 && len(s.Roles) == 0 {
		s.Empty = true
		s.Why += "; nobody stands behind them"
	}
	return s
}

func (r Register) behind(m org.PersonID, at time.Time, depth int) ([]org.PersonID, time.Time) {
	kind, id, found := strings.Cut(string(m), ":")
	switch {
	case !found, kind != "team" && kind != "schedule" && kind != "policy":
		return []org.PersonID{m}, time.Time{}
	case depth == 0:
		return nil, time.Time{}
	}
	return r.target(org.Target{Kind: kind, ID: id}, at, depth)
}

func (r Register) target(t org.Target, at time.Time, depth int) (people []org.PersonID, until time.Time) {
	id, place := t.Place()
	switch t.Kind {
	case "person":
		return []org.PersonID{org.PersonID(t.ID)}, until
	case "team":
		if r.Team != nil {
			return r.Team(org.TeamID(t.ID)), until
		}
	case "schedule":
		if r.Schedule == nil {
			break
		}
		if c := r.Schedule(org.ScheduleID(id)); c != nil {
			s := r.place(c, place, at, depth-1)
			return s.People, s.Until
		}
	case "policy":
		if r.Policy == nil || depth == 0 {
			break
		}
		for _, one := range r.Policy(org.PolicyID(t.ID)) {
			found, end := r.target(one, at, depth-1)
			people = append(people, found...)
			if !end.IsZero() && (until.IsZero() || end.Before(until)) {
				until = end
			}
		}
	}
	return people, until
}

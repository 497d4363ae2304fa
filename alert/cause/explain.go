package cause

import (
	"cmp"
	"slices"
)

// A bond is one leaf that explains another, and how far away it stands.
type bond struct {
	to   *leaf
	dist int32
}

// better says whether a bond is a better explanation than another: nearer, then of a
// worse class, a worse severity, older, and then by id.
func (b bond) better(c bond) bool {
	return cmp.Or(cmp.Compare(b.dist, c.dist), byMerit(b.to, c.to)) < 0
}

// byMerit orders explanations of one distance.
func byMerit(a, b *leaf) int {
	return cmp.Or(cmp.Compare(b.Class, a.Class), cmp.Compare(b.Severity, a.Severity), a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// distances that are not counted in dependencies.
const (
	byHand = -1
	onNode = 0
	byRule = 1
)

// explains says whether b explains a, and at which distance.
func (f *Forest) explains(b, a *leaf) (bond, bool) {
	if together, said := f.said(b, a); said {
		return bond{b, byHand}, together
	}
	if dist, ok := f.stands(b, a); ok {
		return bond{b, dist}, true
	}
	return bond{b, byRule}, f.inhibits(b, a)
}

// said is what hands have said of the pair.
func (f *Forest) said(b, a *leaf) (together, said bool) {
	switch {
	case a == b || a.group > 0: // a group's alert has its worst member above it: see choose
		return false, true
	case len(f.pairs) > 0 && b.group == 0:
		if together, said = f.pairs[[2]string{a.Name, b.Name}]; said {
			return together, true
		}
	}
	return false, a.Pinned
}

// stands says whether b explains a by where it stands: on the same thing and worse, or
// on one that a's depends on.
func (f *Forest) stands(b, a *leaf) (dist int32, ok bool) {
	switch {
	case b.Class < Degraded || b.Start.Sub(a.Start) > f.o.Late:
		return 0, false
	case b.node == a.node:
		return onNode, b.Class > a.Class
	}
	for _, u := range a.ups {
		if u.node == b.node {
			return u.dist, true
		}
	}
	return 0, false
}

// inhibits says whether a rule makes a the symptom of b; only between alerts that do
// not stand above each other.
func (f *Forest) inhibits(b, a *leaf) bool {
	if f.related(a, b) {
		return false
	}
	for _, sa := range a.seats {
		if !sa.target {
			continue
		}
		for _, sb := range b.seats {
			if sb.meeting == sa.meeting && sb.source && !(sa.source && sb.target) {
				return true
			}
		}
	}
	return false
}

func (f *Forest) related(a, b *leaf) bool {
	return slices.ContainsFunc(a.ups, func(u above) bool { return u.node == b.node }) ||
		slices.ContainsFunc(b.ups, func(u above) bool { return u.node == a.node })
}

// choose looks for the best explanation of a leaf among all that fire.
func (f *Forest) choose(l *leaf) {
	if l.group > 0 {
		f.hang(l, bond{to: f.worstMember(l.group - 1)})
		return
	}
	var best bond
	try := func(b *leaf, dist int32, ok bool) bool {
		if ok {
			if c := (bond{b, dist}); best.to == nil || c.better(best) {
				best = c
			}
		}
		return ok
	}
	for _, name := range f.hands[l.Name] {
		for _, b := range f.byName[name] {
			together, _ := f.said(b, l)
			try(b, byHand, together)
		}
	}
	stand := func(node int32) { // the first of a node that explains is its best
		for _, b := range f.active[node] {
			if _, said := f.said(b, l); said {
				continue
			}
			if dist, ok := f.stands(b, l); try(b, dist, ok) {
				return
			}
		}
	}
	stand(l.node)
	for _, u := range l.ups {
		if best.to != nil && best.dist < u.dist {
			break
		}
		stand(u.node)
	}
	for _, s := range l.seats {
		if !s.target || best.to != nil && best.dist < byRule {
			continue
		}
		for _, b := range f.sources[s.meeting] {
			if _, said := f.said(b, l); !said && try(b, byRule, f.inhibits(b, l)) {
				break
			}
		}
	}
	f.hang(l, best)
}

package cause

import (
	"cmp"
	"slices"
	"time"
)

// above is the leaf that a leaf is folded under, if any.
func (f *Forest) above(l *leaf) *leaf {
	if l.cut || l.size >= f.o.Limit {
		return nil
	}
	return l.parent
}

// nameOf is the id of a leaf, or of none.
func nameOf(l *leaf) string {
	if l == nil {
		return ""
	}
	return l.ID
}

// touch remembers who stood above a leaf before the change.
func (f *Forest) touch(l *leaf) {
	if _, ok := f.touched[l]; !ok {
		f.touched[l] = nameOf(f.above(l))
	}
}

// changes are the alerts that have another cause than before.
func (f *Forest) changes() (ids []string) {
	for l, was := range f.touched {
		if l.group == 0 && f.byID[l.ID] == l && nameOf(f.above(l)) != was {
			ids = append(ids, l.ID)
		}
	}
	clear(f.touched)
	slices.Sort(ids)
	return ids
}

// weight is what a leaf's tree adds to the one above it.
func (f *Forest) weight(l *leaf) int {
	if l.size >= f.o.Limit {
		return 0
	}
	return l.size
}

// grow adds to the tree of a leaf and to those above it.
func (f *Forest) grow(l *leaf, by int) {
	for l != nil && by != 0 {
		before := f.weight(l)
		if (l.size+by >= f.o.Limit) != (l.size >= f.o.Limit) {
			f.touch(l)
		}
		l.size += by
		by = f.weight(l) - before
		if l.cut {
			return
		}
		l = l.parent
	}
}

// hang puts a leaf beneath the one that explains it best, or makes it a root. Sizes are
// kept right on the way up, and a circle is opened at its worst alert.
func (f *Forest) hang(l *leaf, b bond) {
	l.dist = b.dist
	if l.parent == b.to {
		return
	}
	f.touch(l)
	if old := l.parent; old != nil {
		circle := f.circle(l)
		if !l.cut {
			f.grow(old, -f.weight(l))
		}
		last := old.kids[len(old.kids)-1]
		old.kids[l.at], last.at = last, l.at
		old.kids = old.kids[:len(old.kids)-1]
		l.parent, l.cut = nil, false
		if i := slices.IndexFunc(circle, func(k *leaf) bool { return k.cut }); i >= 0 {
			k := circle[i]
			f.touch(k)
			k.cut = false
			f.grow(k.parent, f.weight(k))
		}
	}
	if b.to == nil {
		return
	}
	l.parent = b.to // for circle to see
	circle := f.circle(l)
	l.parent = nil
	if len(circle) > 0 {
		k := slices.MinFunc(circle, worstFirst)
		f.touch(k)
		if k != l {
			f.grow(k.parent, -f.weight(k))
		}
		k.cut = true
	}
	l.parent, l.at = b.to, len(b.to.kids)
	b.to.kids = append(b.to.kids, l)
	if !l.cut {
		f.grow(b.to, f.weight(l))
	}
}

// worstFirst orders alerts by how good a root of a circle they are.
func worstFirst(a, b *leaf) int {
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// circle are the leaves of the circle that a leaf is part of, if it is. Another circle
// that the way up leads into is known by the leaf where it is open.
func (f *Forest) circle(l *leaf) []*leaf {
	path := []*leaf{l}
	var open *leaf
	for p := l.parent; p != nil; p = p.parent {
		switch {
		case p == l:
			return path
		case p.cut && p == open:
			return nil
		case p.cut:
			open = p
		}
		path = append(path, p)
	}
	return nil
}

// regroup brings the alerts of the groups that a node is a member of up to date, and of
// the groups that those are members of.
func (f *Forest) regroup(node int32) {
	if int(node) >= len(f.g.memberOf) {
		return
	}
	for _, i := range f.g.memberOf[node] {
		start, all := f.failed(i)
		old := f.groups[i]
		switch {
		case !all && old == nil:
			continue
		case all && old != nil && old.Start.Equal(start):
			f.choose(old) // another member may be the worst now
		default:
			if old != nil {
				f.groups[i] = nil
				f.take(old)
			}
			if all {
				// A start that moved is another alert: what it explained, and does not
				// any more, must look anew.
				name := f.g.names[f.g.groups[i].node]
				l := &leaf{Alert: Alert{ID: name, Name: name, Node: name, Class: Down, Start: start}, node: f.g.groups[i].node, size: 1, group: i + 1}
				f.groups[i] = l
				f.put(l)
			}
		}
		f.regroup(f.g.groups[i].node)
	}
}

// failed says whether every member of a group is down, and since when the last one is.
func (f *Forest) failed(i int32) (start time.Time, all bool) {
	for _, m := range f.g.groups[i].members {
		var since time.Time
		for _, l := range f.active[m] {
			if l.Class == Down && (since.IsZero() || l.Start.Before(since)) {
				since = l.Start
			}
		}
		if since.IsZero() {
			return time.Time{}, false
		}
		if since.After(start) {
			start = since
		}
	}
	return start, true
}

// worstMember is the alert that stands for a group whose members are all down.
func (f *Forest) worstMember(i int32) *leaf {
	var worst bond
	for _, m := range f.g.groups[i].members {
		for _, l := range f.active[m] {
			if l.Class == Down && (worst.to == nil || bond{l, 0}.better(worst)) {
				worst = bond{l, 0}
			}
		}
	}
	return worst.to
}

// Has says whether an alert is in the forest.
func (f *Forest) Has(id string) bool { return f.byID[id] != nil }

// Len is how many alerts fire.
func (f *Forest) Len() int { return len(f.byID) }

// Alert is one that fires, by its id.
func (f *Forest) Alert(id string) (Alert, bool) {
	l := f.byID[id]
	if l == nil {
		return Alert{}, false
	}
	return l.Alert, true
}

// Parent is the alert that explains another best: "" when it is a cause itself. A group
// is spoken of by its worst member.
func (f *Forest) Parent(id string) string {
	l := f.byID[id]
	if l == nil {
		return ""
	}
	for l = f.above(l); l != nil; l = f.above(l) {
		if l.group == 0 {
			return l.ID
		}
	}
	return ""
}

// Root is the cause at the end of the way up from an alert: itself when it is one.
func (f *Forest) Root(id string) string {
	l := f.byID[id]
	if l == nil {
		return ""
	}
	last := l
	for l != nil {
		if l.group == 0 {
			last = l
		}
		l = f.above(l)
	}
	return last.ID
}

// Tree are all symptoms beneath an alert, nearest first.
func (f *Forest) Tree(id string) (ids []string) {
	l := f.byID[id]
	if l == nil {
		return nil
	}
	level := []*leaf{l}
	for len(level) > 0 {
		var next []*leaf
		for _, p := range level {
			for _, kid := range p.kids {
				if f.above(kid) == p {
					next = append(next, kid)
				}
			}
		}
		slices.SortFunc(next, func(a, b *leaf) int { return cmp.Compare(a.ID, b.ID) })
		for _, k := range next {
			if k.group == 0 {
				ids = append(ids, k.ID)
			}
		}
		level = next
	}
	return ids
}

// Why says in words why an alert is a symptom: by which edge or rule, and of what node.
func (f *Forest) Why(id string) string {
	l := f.byID[id]
	if l == nil {
		return ""
	}
	p := f.above(l)
	switch {
	case p == nil:
		return ""
	case l.dist == byHand:
		return "somebody put it under this cause"
	case l.dist == onNode && p.node == l.node:
		return l.Node + " itself is " + p.Class.String()
	case f.related(l, p) || p.group > 0:
		if p.group > 0 {
			return l.Node + " depends on " + p.Node + ", and all of them are down"
		}
		return l.Node + " depends on " + p.Node + ", which is " + p.Class.String()
	}
	for _, s := range l.seats {
		for _, t := range p.seats {
			if s.meeting == t.meeting && s.target && t.source {
				return "inhibited by the rule " + f.o.Rules.list[s.rule].name
			}
		}
	}
	return ""
}

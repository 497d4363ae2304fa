package oncall

import (
	"slices"
	"strings"
	"time"

	"tocsin/org"
)

// A Compiled schedule answers who is on call. It never changes.
type Compiled struct {
	Schedule Schedule // as it was given

	roles  []string // every role of the layers, and primary
	layers []layer
	phases [2][]patch // layer, final; each by rank, then seq, then as written
	behind bool       // some member is a team, a schedule or a policy
}

type layer struct {
	id          string
	role, band  int
	from, until int64
	drop, keep  bool
	cover       cover
	turn        turn
	slots       [][]org.PersonID
	startIndex  int64
}

// A turn numbers the slot of a piece.
type turn struct {
	kind         string
	n            int64
	clock        *clock // of kind clock
	byOccurrence bool
}

type patch struct {
	name       string
	number     int // in the schedule
	op         string
	rank       int
	seq        int64
	start, end int64
	users, old []org.PersonID
	layers     []bool // those in scope
	roles      []bool // those that a final patch reaches
	shifts     []shift
	temporary  bool
}

type shift struct {
	start, end int64
	users      []org.PersonID
}

// At says who is on call at an instant, why, and until when nothing changes.
func (c *Compiled) At(t time.Time) Shift {
	at := instantOf(t)
	return c.sweep().at(at).shift(c, at)
}

// Render says who is on call in [from, to): pieces that follow each other without a
// break, each with another answer than the one before. Pieces with nobody are the
// gaps. The last piece ends at to, as the first begins at from, wherever they would
// begin and end of themselves. The work is proportional to the number of handoffs in
// the span: bound what a stranger may ask for.
func (c *Compiled) Render(from, to time.Time) []Shift {
	var shifts []Shift
	end := instantOf(to)
	s := c.sweep()
	var shown answer
	for at := instantOf(from); at < end; {
		a := s.at(at)
		next := min(a.until, end)
		if n := len(shifts); n > 0 && a.sameAs(&shown) {
			shifts[n-1].Until = timeOf(next)
		} else {
			shown.copy(a)
			shift := a.shift(c, at)
			shift.Until = timeOf(next)
			shifts = append(shifts, shift)
		}
		at = next
	}
	return shifts
}

// An answer is what a sweep found at one instant. It is overwritten by the next.
type answer struct {
	roles   [][]org.PersonID // by the number of the role; sorted
	covered bool             // some layer covers the instant
	until   int64
	won     []int // layers that decided
	changed []*patch
}

func (a *answer) copy(b *answer) {
	a.covered = b.covered
	a.roles = make([][]org.PersonID, len(b.roles))
	for i, users := range b.roles {
		a.roles[i] = slices.Clone(users)
	}
}

func (a *answer) nobody() bool {
	for _, users := range a.roles {
		if len(users) > 0 {
			return false
		}
	}
	return true
}

func (a *answer) sameAs(b *answer) bool {
	for i, users := range a.roles {
		if !slices.Equal(users, b.roles[i]) {
			return false
		}
	}
	return a.covered == b.covered || !a.nobody()
}

func (a *answer) shift(c *Compiled, at int64) Shift {
	s := Shift{From: timeOf(at), Until: timeOf(a.until), Why: a.why(c), Empty: a.covered && a.nobody()}
	for i, users := range a.roles {
		if len(users) == 0 {
			continue
		}
		if s.Roles == nil {
			s.Roles = make(map[string][]org.PersonID, 1)
		}
		s.Roles[c.roles[i]] = slices.Clone(users)
	}
	s.People = s.Roles[Primary]
	return s
}

func (a *answer) why(c *Compiled) string {
	var b strings.Builder
	join := func(word, name string, first bool) {
		if !first {
			word = ", "
		}
		b.WriteString(word)
		b.WriteString(name)
	}
	for i, n := range a.won {
		join("layer ", c.layers[n].id, i == 0)
	}
	if len(a.won) == 0 {
		b.WriteString("no layer covers this time")
		if a.covered {
			b.Reset()
			b.WriteString("the slot of this turn is empty")
		}
	}
	for i, p := range a.changed {
		join("; changed by ", p.name, i == 0)
	}
	return b.String()
}

// A sweep walks forward through time and keeps what each layer said for as long as it
// holds.
type sweep struct {
	c      *Compiled
	layers []held
	answer answer
	active []*patch
	pieces []piece
}

type held struct {
	users   []org.PersonID // never written to: it may be a slot
	covered bool
	until   int64
}

func (c *Compiled) sweep() *sweep {
	s := &sweep{c: c, layers: make([]held, len(c.layers))}
	for i := range s.layers {
		s.layers[i].until = always
	}
	s.answer.roles = make([][]org.PersonID, len(c.roles))
	return s
}

// at evaluates the schedule at an instant, not before the one asked last.
func (s *sweep) at(at int64) *answer {
	a := &s.answer
	a.until, a.covered, a.won, a.changed = never, false, a.won[:0], a.changed[:0]
	for i := range s.layers {
		h := &s.layers[i]
		if h.until <= at {
			*h = s.layer(&s.c.layers[i], at)
		}
		a.covered = a.covered || h.covered
		a.until = min(a.until, h.until)
	}
	says := func(i int) []org.PersonID { return s.layers[i].users }
	if active := s.activate(s.c.phases[0], at); len(active) > 0 {
		patched := make([][]org.PersonID, len(s.layers))
		for i := range s.layers {
			inScope := func(p *patch) bool { return p.layers[i] }
			patched[i] = a.apply(active, at, s.layers[i].users, inScope)
		}
		says = func(i int) []org.PersonID { return patched[i] }
	}
	s.bands(says)
	active := s.activate(s.c.phases[1], at)
	for r := range a.roles {
		if len(active) > 0 {
			a.roles[r] = a.apply(active, at, a.roles[r], func(p *patch) bool { return p.roles[r] })
		}
		if len(a.roles[r]) > 1 {
			slices.Sort(a.roles[r])
			a.roles[r] = slices.Compact(a.roles[r])
		}
	}
	return a
}

// bands keeps, for each role, those of the highest band that has somebody.
func (s *sweep) bands(says func(int) []org.PersonID) {
	a := &s.answer
	for r := range a.roles {
		a.roles[r] = a.roles[r][:0]
		won, band := len(a.won), 0
		for i := range s.c.layers {
			l := &s.c.layers[i]
			users := says(i)
			if l.role != r || len(users) == 0 || len(a.won) > won && l.band < band {
				continue
			}
			if l.band > band || len(a.won) == won {
				a.roles[r], a.won, band = a.roles[r][:0], a.won[:won], l.band
			}
			a.roles[r] = append(a.roles[r], users...)
			a.won = append(a.won, i)
		}
	}
}

// layer evaluates one layer: who stands there, and for how long that is certain.
func (s *sweep) layer(l *layer, at int64) held {
	if at < l.from {
		return held{until: l.from}
	}
	h := held{}
	s.pieces, h.until = l.cover.near(at, s.pieces[:0])
	for _, p := range s.pieces {
		start, end := p.start, p.end
		if start >= l.until || start < l.from && l.drop && start != always {
			continue
		}
		if !l.keep || start == always {
			end = min(end, l.until)
		}
		if end <= at {
			continue
		}
		h.until = min(h.until, end)
		k, until := l.turn.number(at, p, len(l.slots))
		h.until = min(h.until, until)
		slot := l.slots[floorMod(k+l.startIndex, int64(len(l.slots)))]
		if !h.covered {
			h.users, h.covered = slot, true
		} else {
			h.users = append(slices.Clip(h.users), slot...)
		}
	}
	if !h.covered && at >= l.until {
		h.until = never // whatever begins from here on is left out
	}
	return h
}

// number is the turn of a piece at an instant inside it, and until when.
func (t *turn) number(at int64, p piece, slots int) (k, until int64) {
	switch {
	case t.kind == "none" || slots == 1:
		return 0, never
	case t.kind == "occurrence":
		return floorDiv(p.ordinal, t.n), never
	case t.kind == "cycle":
		return floorDiv(p.cycle, t.n), never
	case t.byOccurrence && p.start != always:
		k, _, _ = t.clock.at(floorDiv(p.start, second))
		return k, never
	}
	k, _, end := t.clock.at(floorDiv(at, second))
	return k, end * second
}

// activate finds the patches in force and notes when that changes.
func (s *sweep) activate(patches []patch, at int64) []*patch {
	s.active = s.active[:0]
	a := &s.answer
	for i := range patches {
		p := &patches[i]
		switch {
		case at < p.start:
			a.until = min(a.until, p.start)
		case at < p.end:
			a.until = min(a.until, p.end)
			for _, sh := range p.shifts {
				if at < sh.start {
					a.until = min(a.until, sh.start)
				} else if at < sh.end {
					a.until = min(a.until, sh.end)
				}
			}
			s.active = append(s.active, p)
		}
	}
	return s.active
}

// apply lets the patches in scope act on users, rank by rank.
func (a *answer) apply(active []*patch, at int64, users []org.PersonID, inScope func(*patch) bool) []org.PersonID {
	for len(active) > 0 {
		same := 1
		for same < len(active) && active[same].rank == active[0].rank {
			same++
		}
		users = a.applyRank(active[:same], at, users, inScope)
		active = active[same:]
	}
	return users
}

func (a *answer) applyRank(active []*patch, at int64, came []org.PersonID, inScope func(*patch) bool) []org.PersonID {
	users, touched := came, false
	edit := func(p *patch) {
		if !touched {
			users, touched = slices.Clone(users), true
		}
		if !slices.Contains(a.changed, p) {
			a.changed = append(a.changed, p)
		}
	}
	var added []org.PersonID
	for _, p := range active {
		if p.op != "remove" && p.op != "replace" || !inScope(p) || !meets(came, p.old) {
			continue
		}
		edit(p)
		users = slices.DeleteFunc(users, func(u org.PersonID) bool { return slices.Contains(p.old, u) })
		added = append(added, p.users...)
	}
	for _, p := range active {
		if p.op == "add" && inScope(p) {
			edit(p)
			added = append(added, p.users...)
		}
	}
	if touched {
		users = append(users, added...)
	}
	for _, p := range slices.Backward(active) {
		if p.op == "set" && inScope(p) {
			edit(p)
			return p.standing(at)
		}
	}
	return users
}

// standing is whom a set puts on call at an instant.
func (p *patch) standing(at int64) []org.PersonID {
	if !p.temporary {
		return slices.Clone(p.users)
	}
	var users []org.PersonID
	for _, sh := range p.shifts {
		if sh.start <= at && at < sh.end {
			users = append(users, sh.users...)
		}
	}
	return users
}

func meets(a, b []org.PersonID) bool {
	return slices.ContainsFunc(a, func(u org.PersonID) bool { return slices.Contains(b, u) })
}

// Bounds are those of the turn, or of the occurrence where that is shorter, which a
// layer holds at an instant: neither merged with its neighbours nor cut by the layer's
// own beginning and end. ok is false when the layer does not hold.
func (c *Compiled) Bounds(layer string, t time.Time) (from, until time.Time, ok bool) {
	at := instantOf(t)
	for i := range c.layers {
		l := &c.layers[i]
		if l.id != layer {
			continue
		}
		pieces, _ := l.cover.near(at, nil)
		if len(pieces) == 0 {
			break
		}
		p := pieces[0]
		if l.turn.kind == "clock" && (!l.turn.byOccurrence || p.start == always) {
			_, start, end := l.turn.clock.at(floorDiv(at, second))
			p.start, p.end = max(p.start, start*second), min(p.end, end*second)
		}
		if p.start == always {
			return time.Time{}, timeOf(p.end), true
		}
		return timeOf(p.start), timeOf(p.end), true
	}
	return time.Time{}, time.Time{}, false
}

package load

import (
	"fmt"
	"math"
	"slices"
	"time"

	"tocsin/oncall"
	"tocsin/oncall/roster"
	"tocsin/org"
)

// A Relief is what is proposed after a heavy shift.
type Relief struct {
	Person org.PersonID
	Why    string
	// From and Until are the day for which somebody else should cover; Barred is until
	// when no shift of theirs should begin.
	From, Until, Barred time.Time
}

// Relieve says whether a shift that ended was so heavy that the person needs a rest:
// at least two interruptions at night, or twice the pain that was expected of it.
func Relieve(p org.PersonID, lines []Line, expected float64, end time.Time) (Relief, bool) {
	nights, pain := 0, 0.0
	for _, l := range lines {
		if l.Person != p || l.Struck != "" {
			continue
		}
		pain += l.Pain
		if l.Night && l.Page {
			nights++
		}
	}
	r := Relief{Person: p, From: end, Until: end.Add(24 * time.Hour), Barred: end.Add(48 * time.Hour)}
	switch {
	case nights >= 2:
		r.Why = fmt.Sprintf("%d interruptions at night", nights)
	case expected > 0 && pain >= 2*expected:
		r.Why = fmt.Sprintf("the shift weighed %.1f, and %.1f was to be expected", pain, expected)
	default:
		return Relief{}, false
	}
	return r, true
}

// A Proposal is a change of a schedule that Tocsin proposes: somebody takes a stretch
// instead of somebody else.
type Proposal struct {
	Person, Instead org.PersonID // who takes it, and who has it now
	From, Until     time.Time
	Why             string
}

// Patch is the proposal as an override.
func (p Proposal) Patch(id string) oncall.Patch {
	return oncall.Patch{ID: id, Op: "replace", Users: oncall.Names{p.Person}, Old: oncall.Names{p.Instead}, Start: oncall.Instant(p.From), End: oncall.Instant(p.Until), Why: p.Why}
}

// A Pool is who could stand in a schedule.
type Pool struct {
	People   []org.PersonID
	Debts    map[org.PersonID]float64
	Capacity map[org.PersonID]float64 // 1 where it is missing
	Away     map[org.PersonID][]roster.Span
	Rather   map[org.PersonID][]roster.Span // when they would rather not, and may
	Reached  func(org.PersonID) bool        // nil: everybody can be
	Name     func(org.PersonID) string
	Rest     time.Duration // between two shifts
	Chain    time.Duration // of shifts that touch; 0 is a week
}

func (p Pool) name(who org.PersonID) string {
	if p.Name == nil {
		return string(who)
	}
	return p.Name(who)
}

func (p Pool) away(who org.PersonID, from, until time.Time) bool {
	return touches(p.Away[who], from, until) || !p.reached(who)
}

func (p Pool) reached(who org.PersonID) bool { return p.Reached == nil || p.Reached(who) }

func (p Pool) rather(who org.PersonID, from, until time.Time) bool {
	return touches(p.Rather[who], from, until)
}

func touches(spans []roster.Span, from, until time.Time) bool {
	return slices.ContainsFunc(spans, func(s roster.Span) bool { return s.From < until.Unix() && from.Unix() < s.To })
}

// Cover finds, for each stint of somebody in [from, until), who could take it: whoever is
// there, is rested before and after, and bears least; those who would rather not only
// when there is nobody else. What nobody can take stays.
func (p Pool) Cover(shifts []oncall.Shift, who org.PersonID, from, until time.Time, why string) (all []Proposal) {
	stints := oncall.Stints(shifts)
	debts := map[org.PersonID]float64{}
	for k, v := range p.Debts {
		debts[k] = v
	}
	for _, s := range stints {
		a, b := later(s.From, from), sooner(s.Until, until)
		if s.Person != who || s.Role == oncall.Shadow || !a.Before(b) {
			continue
		}
		var best org.PersonID
		for _, q := range p.People {
			if q == who || p.away(q, a, b) || p.busy(stints, q, a, b) || p.promised(all, q, a, b) {
				continue
			}
			loath, was := p.rather(q, a, b), best != "" && p.rather(best, a, b)
			if best == "" || was && !loath || was == loath && debts[q]/p.share(q) < debts[best]/p.share(best) {
				best = q
			}
		}
		if best == "" {
			continue
		}
		debts[best] += b.Sub(a).Hours() * 0.15
		least := "%s; %s is free, rested, and bears least"
		if p.rather(best, a, b) {
			least = "%s; %s would rather not, and nobody else is free and rested"
		}
		all = append(all, Proposal{Person: best, Instead: who, From: a, Until: b, Why: fmt.Sprintf(least, why, p.name(best))})
	}
	return all
}

// busy says whether somebody stands too near a stretch already: at the same time, with
// too little rest between, or without a break for too long.
func (p Pool) busy(stints []oncall.Stint, q org.PersonID, from, until time.Time) bool {
	a, b := from, until // with what touches it
	for range stints {
		for _, s := range stints {
			if s.Person == q && s.Role != oncall.Shadow && (s.Until.Equal(a) || s.From.Equal(b)) {
				a, b = sooner(a, s.From), later(b, s.Until)
			}
		}
	}
	chain := p.Chain
	if chain == 0 {
		chain = 7 * 24 * time.Hour
	}
	if b.Sub(a) > chain && b.Sub(a) > until.Sub(from) {
		return true
	}
	return slices.ContainsFunc(stints, func(s oncall.Stint) bool {
		overlaps := s.From.Before(until) && from.Before(s.Until)
		tired := s.From.After(until) && s.From.Before(until.Add(p.Rest)) || from.After(s.Until) && from.Before(s.Until.Add(p.Rest))
		return s.Person == q && s.Role != oncall.Shadow && (overlaps || tired)
	})
}

// promised is busy with what was proposed just now; stretches that touch are one.
func (p Pool) promised(all []Proposal, q org.PersonID, from, until time.Time) bool {
	return slices.ContainsFunc(all, func(o Proposal) bool {
		return o.Person == q && !o.Until.Equal(from) && !o.From.Equal(until) && o.From.Before(until.Add(p.Rest)) && from.Before(o.Until.Add(p.Rest))
	})
}

func (p Pool) share(q org.PersonID) float64 {
	if c := p.Capacity[q]; c > 0 {
		return c
	}
	return 1
}

// wished is how many published stints may move for the sake of one wish: two, so that
// an exchange among people who bear alike is worth it.
const wished = 3

// Replan shares out anew the stints of one role that begin in [freeze, to), by debts and
// by what those before the freeze will add to them. A stint moves only if what that makes
// fairer is worth lambda, in pain squared; of those that cannot be filled nothing is
// said: they stay as they are, and so do those of whoever cannot be reached.
func (p Pool) Replan(shifts []oncall.Shift, role string, freeze time.Time, weigh func(oncall.Stint) float64, lambda float64) ([]Proposal, error) {
	all := oncall.Stints(shifts)
	pr := roster.Problem{Rules: roster.Rules{Rest: int64(p.Rest.Seconds()), Change: lambda, Wish: wished * lambda, Spacing: 1}}
	number := map[org.PersonID]int{}
	for _, q := range p.People {
		pr.People = append(pr.People, p.person(q, role, all))
		number[q] = len(pr.People)
	}
	bears := map[org.PersonID]float64{}
	for _, q := range p.People {
		bears[q] = p.Debts[q]
	}
	var stints []oncall.Stint
	for _, s := range all {
		n := number[s.Person]
		if s.Role != role || n == 0 {
			continue
		}
		slot := roster.Slot{Span: roster.Span{From: s.From.Unix(), To: s.Until.Unix()}, Pain: weigh(s), Published: n}
		if s.From.Before(freeze) || !p.reached(s.Person) {
			slot.Fixed = n
			bears[s.Person] += slot.Pain
		}
		pr.Slots, stints = append(pr.Slots, slot), append(stints, s)
	}
	if len(stints) == 0 {
		return nil, nil
	}
	plan, err := roster.Solve(pr, 1)
	if err != nil {
		return nil, err
	}
	var moves []Proposal
	for i, s := range stints {
		q := plan.Who[i]
		if q < 0 || p.People[q] == s.Person {
			continue
		}
		to := p.People[q]
		why := fmt.Sprintf("with the shifts that stay, %s bears %.1f and %s %.1f", p.name(s.Person), bears[s.Person]/p.share(s.Person), p.name(to), bears[to]/p.share(to))
		if p.rather(s.Person, s.From, s.Until) {
			why = p.name(s.Person) + " would rather not; " + why
		}
		moves = append(moves, Proposal{Person: to, Instead: s.Person, From: s.From, Until: s.Until, Why: why})
	}
	return moves, nil
}

// person is somebody as the roster knows them: out when they are away, cannot be reached
// at all, or stand in another role.
func (p Pool) person(q org.PersonID, role string, stints []oncall.Stint) roster.Person {
	x := roster.Person{Capacity: p.share(q), Debt: p.Debts[q], Off: slices.Clone(p.Away[q])}
	for _, s := range p.Rather[q] {
		x.Wishes = append(x.Wishes, roster.Wish{Span: s, Cost: 1})
	}
	for _, s := range stints {
		if s.Person == q && s.Role != role && s.Role != oncall.Shadow {
			x.Off = append(x.Off, roster.Span{From: s.From.Unix(), To: s.Until.Unix()})
		}
	}
	if !p.reached(q) {
		x.Off = []roster.Span{{From: math.MinInt64, To: math.MaxInt64}}
	}
	return x
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

package load

import (
	"fmt"
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
	Reached  func(org.PersonID) bool // nil: everybody can be
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
	for _, s := range p.Away[who] {
		if s.From < until.Unix() && from.Unix() < s.To {
			return true
		}
	}
	return p.Reached != nil && !p.Reached(who)
}

// Cover finds, for each stint of somebody in [from, until), who could take it: whoever is
// there, is rested before and after, and bears least. What nobody can take stays.
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
			if best == "" || debts[q]/p.share(q) < debts[best]/p.share(best) {
				best = q
			}
		}
		if best == "" {
			continue
		}
		debts[best] += b.Sub(a).Hours() * 0.15
		all = append(all, Proposal{Person: best, Instead: who, From: a, Until: b, Why: fmt.Sprintf("%s; %s is free, rested, and bears least", why, p.name(best))})
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

// Replan shares out anew the stints of one role that begin in [freeze, to), by debts. A
// stint moves only if what that makes fairer is worth lambda, in pain squared; of those
// that cannot be filled nothing is said: they stay as they are.
func (p Pool) Replan(shifts []oncall.Shift, role string, freeze time.Time, weigh func(oncall.Stint) float64, lambda float64) ([]Proposal, error) {
	var pr roster.Problem
	number := map[org.PersonID]int{}
	pr.Rules = roster.Rules{Rest: int64(p.Rest.Seconds()), Change: lambda, Spacing: 1}
	for _, q := range p.People {
		pr.People = append(pr.People, roster.Person{Capacity: p.share(q), Debt: p.Debts[q], Off: p.Away[q]})
		number[q] = len(pr.People)
	}
	var stints []oncall.Stint
	for _, s := range oncall.Stints(shifts) {
		n := number[s.Person]
		if s.Role != role || n == 0 {
			continue
		}
		slot := roster.Slot{Span: roster.Span{From: s.From.Unix(), To: s.Until.Unix()}, Pain: weigh(s), Published: n}
		if s.From.Before(freeze) {
			slot.Fixed, slot.Pain = n, 0
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
	var all []Proposal
	for i, s := range stints {
		q := plan.Who[i]
		if q < 0 || p.People[q] == s.Person {
			continue
		}
		to := p.People[q]
		all = append(all, Proposal{Person: to, Instead: s.Person, From: s.From, Until: s.Until, Why: fmt.Sprintf("%s bears %.1f and %s %.1f", p.name(s.Person), p.Debts[s.Person]/p.share(s.Person), p.name(to), p.Debts[to]/p.share(to))})
	}
	return all, nil
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

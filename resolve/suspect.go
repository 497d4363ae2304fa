package resolve

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Changed is something that was changed: a change that people asked for, or what a
// pipeline said that it did.
type Changed struct {
	ID       string
	Kind     string // change, deployment, push, release, ...
	Title    string
	Services []org.ServiceID
	At       time.Time // when it began
	Until    time.Time // when it was done; zero: at once, or it is being made
	Outcome  incident.Outcome
	By       string
	Link     string
}

// A Suspect is a change that may have caused an incident.
type Suspect struct {
	Changed
	Service org.ServiceID // by which it is near
	Away    int           // how many steps below the incident's services
	Score   int           // in per cent: how near it is in place and time
	Why     []string
}

const (
	// SuspectWithin is how long before an incident a change is looked at.
	SuspectWithin = 24 * time.Hour
	// SuspectAfter is how long after it began: what reports a change is slower at times than
	// what watches its effect.
	SuspectAfter = 10 * time.Minute
	halfScore    = time.Hour // before it began a change counts half
	perStep      = 0.6       // what a step away leaves of it
	leastScore   = 3
	mostSuspects = 10
)

// Suspects ranks changes by how near they are to an incident that began at a moment: near
// says how many steps away services are, 0 for its own and more for those that they need.
func Suspects(begun time.Time, near map[org.ServiceID]int, all []Changed) []Suspect {
	var out []Suspect
	for _, c := range all {
		s := Suspect{Changed: c, Away: -1}
		for _, id := range c.Services {
			if n, ok := near[id]; ok && (s.Away < 0 || n < s.Away) {
				s.Service, s.Away = id, n
			}
		}
		before := begun.Sub(c.At)
		if s.Away < 0 || before > SuspectWithin && !begun.Before(c.Until) || before < -SuspectAfter {
			continue
		}
		score := math.Pow(perStep, float64(s.Away))
		switch s.Away {
		case 0:
			s.Why = append(s.Why, fmt.Sprintf("of %s itself", s.Service))
		case 1:
			s.Why = append(s.Why, fmt.Sprintf("of %s, which it needs", s.Service))
		default:
			s.Why = append(s.Why, fmt.Sprintf("of %s, which it needs %d steps below", s.Service, s.Away))
		}
		switch {
		case before < 0:
			score *= 0.5
			s.Why = append(s.Why, fmt.Sprintf("reported %s after it began", org.Duration((-before).Round(time.Minute))))
		case c.Until.After(begun) || c.Until.IsZero() && c.Kind == incident.KindChange:
			s.Why = append(s.Why, "was being made when it began")
		default:
			since := begun.Sub(later(c.At, c.Until))
			score *= float64(halfScore) / float64(halfScore+since)
			s.Why = append(s.Why, span(since)+" before it began")
		}
		if c.Outcome == incident.ChangeFailed || c.Outcome == incident.ChangeBackedOut {
			score = min(1, score*1.25)
			s.Why = append(s.Why, c.Outcome.Words())
		}
		if s.Score = int(math.Round(100 * score)); s.Score >= leastScore {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.At.Compare(a.At), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), mostSuspects)]
}

func span(d time.Duration) string {
	if d < time.Minute {
		return "less than a minute"
	}
	return org.Duration(d.Round(time.Minute)).String()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Near is how many steps below some services those are that they need, for a few steps.
func Near(own []org.ServiceID, services map[org.ServiceID]org.Service) map[org.ServiceID]int {
	near := map[org.ServiceID]int{}
	at := own
	for n := 0; n <= furthest && len(at) > 0; n++ {
		var below []org.ServiceID
		for _, id := range at {
			if _, known := near[id]; known || id == "" {
				continue
			}
			near[id] = n
			below = append(below, services[id].DependsOn...)
		}
		at = below
	}
	return near
}

const furthest = 5 // steps

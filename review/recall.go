package review

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/incident"
	"tocsin/org"
)

// A Likeness is what is compared of an incident. Words are those of its title that say
// what is wrong.
type Likeness struct {
	Service  org.ServiceID
	Category string
	Roots    []org.ServiceID // what its service stands on in the end
	Words    []string
}

// fewestWords are as many as the longer of two titles must have for half of them to say
// anything.
const fewestWords = 2

// Like says by what a new incident is like a past one; nothing, when it is not: the same
// service and category, a service that both stand on, or at least half the words of the
// title that has fewer.
func Like(fresh, past Likeness) (why []string) {
	if fresh.Service != "" && fresh.Service == past.Service && fresh.Category == past.Category {
		if fresh.Category == "" { // nobody says more of either
			why = append(why, "the same service: "+string(fresh.Service))
		} else {
			why = append(why, fmt.Sprintf("the same service and category: %s, %s", fresh.Service, fresh.Category))
		}
	}
	if fresh.Service != past.Service {
		var shared []string
		for _, r := range fresh.Roots {
			if slices.Contains(past.Roots, r) {
				shared = append(shared, string(r))
			}
		}
		if len(shared) > 0 {
			why = append(why, "both stand on "+strings.Join(shared, ", "))
		}
	}
	var shared []string
	for _, w := range fresh.Words {
		if slices.Contains(past.Words, w) {
			shared = append(shared, w)
		}
	}
	if all := max(len(fresh.Words), len(past.Words)); all >= fewestWords && 2*len(shared) >= all {
		why = append(why, "in both titles: "+strings.Join(shared, ", "))
	}
	return why
}

// mostRecalled is how many actions a new incident names: more nobody reads at night.
const mostRecalled = 5

// Recall says in a new incident that an action of a past one is not done.
func Recall(in incident.Incident, past incident.ID, name string, a incident.ReviewAction, why []string) []incident.Fact {
	if in.Review != nil && (len(in.Review.Recalled) >= mostRecalled ||
		slices.ContainsFunc(in.Review.Recalled, func(r incident.Recalled) bool { return r.Incident == past && r.Action == a.ID })) {
		return nil
	}
	return []incident.Fact{incident.Recalled{Incident: past, Name: name, Action: a.ID, Title: a.Title, Owner: a.Owner, Why: why}}
}

// mostAgain is how often it is written down that it came again; each is counted once.
const mostAgain = 100

// Recur says in the past incident that it came again, and its action is not done.
func Recur(in incident.Incident, action int, fresh incident.ID, name string, why []string) []incident.Fact {
	a, ok := in.Action(action)
	if !ok || a.State != incident.ToDo || slices.Contains(a.Again, fresh) || len(a.Again) >= mostAgain || in.Seq >= incident.Crowded {
		return nil
	}
	return []incident.Fact{incident.ActionRecurred{Action: action, Title: a.Title, Incident: fresh, Name: name, Why: why}}
}

package review

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// A Need is one thing that must be complete before an incident is closed.
type Need struct {
	Code string // for who has words of their own for it: "retrospective.signed"
	Text string // what is to be done
	Met  bool
	N    int // how many are left, where they are counted
}

// Gate is what must be complete before an incident is closed, by the set-up, and whether
// it is. others are what the other steps want to be complete, whatever the set-up says.
func Gate(in incident.Incident, c org.Closure, others ...Need) []Need {
	var all []Need
	need := func(code, text string, met bool, n int) {
		all = append(all, Need{Code: code, Text: text, Met: met, N: n})
	}
	if in.Merged != "" { // what the set-up asks of it, the incident has that goes on with it
		return others
	}
	var r incident.Review
	if in.Review != nil {
		r = *in.Review
	}
	signed := r.State == incident.RetroSignedOff || r.State == incident.RetroPublic
	switch c.Retrospective {
	case "written":
		need("retrospective.written", "write the retrospective: somebody has said more than the log does", r.State != "" && len(r.Authors) > 0, 0)
	case "signed":
		left := max(c.Signatures, 1) - len(r.Signed)
		need("retrospective.signed", fmt.Sprintf("have the retrospective signed off: %s", count(max(left, 1), "signature", "signatures")), signed, max(left, 1))
	case "published":
		out := r.State == incident.RetroPublic && slices.ContainsFunc(r.Published, func(p incident.Publishing) bool { return p.For == org.Customers })
		need("retrospective.published", "publish the retrospective for customers", out, 0)
	}
	open, unowned := 0, 0
	for _, a := range r.Actions {
		if a.State == incident.ToDo {
			open++
			if a.Owner == "" || a.Due.IsZero() {
				unowned++
			}
		}
	}
	switch c.Actions {
	case "owned":
		need("actions.owned", fmt.Sprintf("give each action somebody and a time: %s", count(unowned, "action has none", "actions have none")), unowned == 0, unowned)
	case "done":
		need("actions.done", fmt.Sprintf("finish the actions, or say that they need not be done: %s", count(open, "is open", "are open")), open == 0, open)
	}
	if c.Lessons > 0 {
		n := 0
		for _, l := range r.Lessons {
			if !l.Withdrawn {
				n++
			}
		}
		need("lessons", fmt.Sprintf("write down what was learned: %s", count(max(c.Lessons-n, 0), "lesson", "lessons")), n >= c.Lessons, max(c.Lessons-n, 0))
	}
	if c.Cause {
		need("cause", "say what it was, and of which category", in.Recovery != nil && in.Recovery.Cause != "" && in.Recovery.Category != "", 0)
	}
	if c.Updates {
		u, told := in.LastUpdate()
		need("updates", "tell those concerned that it is over", told && u.Phase == incident.PhaseResolved, 0)
	}
	if c.Tasks {
		n := 0
		if in.Room != nil {
			for _, t := range in.Room.Tasks {
				if t.State == incident.ToDo {
					n++
				}
			}
		}
		need("tasks", fmt.Sprintf("finish the tasks, or drop them: %s", count(n, "is open", "are open")), n == 0, n)
	}
	return append(all, others...)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Left are those of some needs that are not met.
func Left(all []Need) (left []Need) {
	for _, n := range all {
		if !n.Met {
			left = append(left, n)
		}
	}
	return left
}

// Close closes an incident that is over, if its gate lets it through. A refusal says all
// that is missing.
func Close(in incident.Incident, gate []Need, why string) ([]incident.Fact, error) {
	switch {
	case in.Apart() != "":
		return nil, incident.Refuse("it was sent by hand")
	case in.IsDrill():
		return nil, incident.Refuse(drilled)
	case in.Status == incident.Closed:
		return nil, nil
	case in.Status != incident.Resolved:
		return nil, incident.Refuse("it is not over yet: %s", in.Status)
	case utf8.RuneCountInString(why) > maxNote:
		return nil, incident.Refuse("why: at most %d characters", maxNote)
	}
	if left := Left(gate); len(left) > 0 {
		texts := make([]string, len(left))
		for i, n := range left {
			texts[i] = n.Text
		}
		return nil, incident.Refuse("it cannot be closed yet. Missing: %s", strings.Join(texts, "; "))
	}
	f := incident.Filed{Why: why}
	for _, n := range gate {
		f.Passed = append(f.Passed, n.Code)
	}
	return []incident.Fact{f}, nil
}

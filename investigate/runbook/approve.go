package runbook

import (
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A step that waits for a second person's word keeps somebody waiting in the middle of the
// night. Who may give it is told when it is asked for, reminded once, and then the policy
// of the incident is climbed for it, past whoever asked.
const (
	remindAfter = 5 * time.Minute
	climbAfter  = 5 * time.Minute // after the reminder
	climbAgain  = time.Hour
	mostReminds = 6
)

// Approvers are those who are told that somebody asks for their word: who has the
// incident, works on it or has answered; when nobody else does, all who were called. The
// one who asks is not among them.
func Approvers(in incident.Incident, asks org.PersonID) (all []org.PersonID) {
	for _, some := range [][]org.PersonID{append([]org.PersonID{in.Owner}, append(in.Working(), in.Responders...)...), in.Called} {
		for _, p := range some {
			if p != "" && p != asks && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
		if len(all) > 0 {
			break
		}
	}
	return all
}

// unapproved is what happens by itself while a step waits for somebody's word, and lets go
// of whoever was called for one that waits no longer.
func unapproved(in incident.Incident, now time.Time) (facts []incident.Fact, due time.Time) {
	run := 1
	open := map[int]bool{}
	for _, r := range in.Runs {
		run = max(run, r.ID+1)
		open[r.ID] = r.Open()
	}
	quiet := !in.Status.Open() || in.Status == incident.Snoozed || in.Held != ""
	for _, r := range in.Room.Runbooks {
		for i, s := range r.Steps {
			waits := r.Open() && in.Status.Open() && s.State == incident.StepWaits
			if open[s.Climb] && !waits {
				facts = append(facts, incident.Settled{Run: s.Climb, How: "decided"})
			}
			if !waits || quiet {
				continue
			}
			to := Approvers(in, s.Asked.Person())
			at, ok := nextReminder(s, len(to) == 0)
			switch {
			case !ok:
				continue
			case at.After(now):
				if due.IsZero() || at.Before(due) {
					due = at
				}
				continue
			}
			f := incident.ApprovalOverdue{Run: r.ID, Step: i + 1, Title: s.Title, Nth: s.Nags + 1, To: to}
			if ask, ok := climb(in, r, i, run); ok && !open[s.Climb] && (f.Nth > 1 || len(to) == 0) {
				f.Climb, f.To = run, nil
				facts = append(facts, f, ask)
				run++
				continue
			}
			facts = append(facts, f)
		}
	}
	return facts, due
}

// nextReminder is when somebody hears of it again, if they do. When there is nobody to
// remind, others are called at once.
func nextReminder(s incident.RunbookStep, nobody bool) (time.Time, bool) {
	switch {
	case s.Nags >= mostReminds:
		return time.Time{}, false
	case s.Nags == 0 && nobody:
		return s.At, true
	case s.Nags == 0:
		return s.At.Add(remindAfter), true
	case s.Nags == 1:
		return s.NagAt.Add(climbAfter), true
	}
	return s.NagAt.Add(climbAgain), true
}

// climb is the call for somebody's word, by the way on which the incident itself was
// called.
func climb(in incident.Incident, r incident.RunbookRun, step, run int) (incident.Asked, bool) {
	ask := incident.Asked{Run: run, Why: fmt.Sprintf("nobody has approved step %d of %s", step+1, r.Name), Priority: in.Priority, Aside: true}
	for _, one := range in.Runs {
		switch {
		case one.Aside:
			continue
		case one.Policy != "":
			ask.Policy, ask.Version, ask.Targets = one.Policy, one.Version, nil
			return ask, true
		case len(ask.Targets) == 0:
			ask.Targets = one.Targets
		}
	}
	return ask, len(ask.Targets) > 0
}

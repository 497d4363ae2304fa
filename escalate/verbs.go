package escalate

import (
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Acknowledge says that somebody has it. A second answer is recorded and welcome (see
// Welcome); one that comes after the end is recorded and changes nothing.
func Acknowledge(in incident.Incident, w World, via string, now time.Time) ([]incident.Fact, error) {
	switch {
	case in.Change != nil:
		return nil, incident.Refuse("it waits for a yes or a no: 1 approves it, 2 denies it")
	case in.Call != nil:
		return Choose(in, 0, via)
	}
	if !in.Status.Open() {
		return []incident.Fact{incident.AcknowledgedBy{Via: via, Late: true}}, nil
	}
	f := incident.AcknowledgedBy{Via: via}
	var timeout time.Duration
	for _, r := range in.Runs {
		if p, ok := w.Policy(r.Policy, r.Version); ok && p.AckTimeout > 0 && (timeout == 0 || p.AckTimeout.D() < timeout) {
			timeout = p.AckTimeout.D()
		}
	}
	if timeout > 0 {
		f.Until = now.Add(timeout)
	}
	return []incident.Fact{f}, nil
}

// Welcome is what somebody who answers hears.
func Welcome(in incident.Incident, w World, p org.PersonID, now time.Time) string {
	switch {
	case in.Call != nil && in.Status.Open():
		return "Thank you."
	case in.Status == incident.Resolved || in.Status == incident.Closed:
		return "It is already over. Thank you for answering."
	case in.Heir != nil && in.Heir.Person == p && in.Status == incident.Acknowledged:
		return fmt.Sprintf("You have it now, from %s.", w.name(incident.ByPerson(in.Heir.From)))
	case in.Status == incident.Acknowledged && in.Owner != p:
		who := "Somebody"
		if in.Owner != "" {
			who = w.name(incident.ByPerson(in.Owner))
		}
		return fmt.Sprintf("%s answered %s before you. Thank you for being there.", who, org.Duration(now.Sub(in.OwnedAt).Round(time.Second)))
	case in.Status == incident.Acknowledged:
		return "You have it already."
	}
	return "You have it."
}

// Unacknowledge gives it back: the climb starts over.
func Unacknowledge(in incident.Incident, why string) ([]incident.Fact, error) {
	if in.Status != incident.Acknowledged {
		return nil, incident.Refuse("nobody has acknowledged it: it is %s", in.Status)
	}
	return []incident.Fact{incident.Unacknowledged{Why: why}}, nil
}

// Snooze keeps it quiet until a moment; then the climb starts over.
func Snooze(in incident.Incident, until, now time.Time) ([]incident.Fact, error) {
	switch {
	case in.Change != nil:
		return nil, incident.Refuse("it is a change, and waits for a decision")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s", in.Status)
	case !until.After(now):
		return nil, incident.Refuse("until: %s is not in the future", until.UTC().Format(time.RFC3339))
	case until.Sub(now) > 30*24*time.Hour:
		return nil, incident.Refuse("until: at most 30 days from now")
	}
	return []incident.Fact{incident.SnoozedUntil{Until: until}}, nil
}

// Reassign gives it to a person, a schedule, a team or another policy: what climbed
// before has ended.
func Reassign(in incident.Incident, w World, to org.Target, why string, now time.Time) ([]incident.Fact, error) {
	switch {
	case in.Change != nil:
		return nil, incident.Refuse("it is a change, and waits for those who were asked")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s", in.Status)
	}
	ask := incident.Asked{Run: nextRun(in), Why: "reassigned", Priority: in.Priority, Targets: []org.Target{to}}
	switch to.Kind {
	case "policy":
		p, ok := w.Policy(org.PolicyID(to.ID), 0)
		if !ok || p.Retired {
			return nil, incident.Refuse("to: there is no policy %q", to.ID)
		}
		ask.Targets, ask.Policy, ask.Version = nil, p.ID, p.Version
	case "person":
		p, ok := w.Person(org.PersonID(to.ID))
		if !ok || p.Retired {
			return nil, incident.Refuse("to: there is no person %q", to.ID)
		}
		if !p.Reachable() {
			return nil, incident.Refuse("to: %s has no contact method that works", p.Name)
		}
		if why, off := p.OffCall(in.Priority, now); off {
			return nil, incident.Refuse("to: %s and would not be called; name somebody else", why)
		}
	case "email":
		return nil, incident.Refuse("to: an address cannot answer; name a person, schedule, team or policy")
	}
	facts := []incident.Fact{incident.Reassigned{To: to, Why: why}}
	for _, r := range in.Runs {
		if !r.Aside && r.Settled != "replaced" && r.Settled != "reassigned" {
			facts = append(facts, incident.Settled{Run: r.ID, How: "reassigned"})
		}
	}
	return append(facts, ask), nil
}

// EscalateNow calls the next level at once, whoever has it.
func EscalateNow(in incident.Incident, why string) ([]incident.Fact, error) {
	if !in.Status.Open() {
		return nil, incident.Refuse("it is %s", in.Status)
	}
	for i := len(in.Runs) - 1; i >= 0; i-- {
		if r := in.Runs[i]; r.Open() && !r.Aside && r.Policy != "" {
			return []incident.Fact{incident.Escalated{Run: r.ID, Why: why}}, nil
		}
	}
	return nil, incident.Refuse("there is no further level to escalate to")
}

// AddResponders calls more people, whether somebody has it or not.
func AddResponders(in incident.Incident, targets []org.Target, why string) ([]incident.Fact, error) {
	if !in.Status.Open() {
		return nil, incident.Refuse("it is %s", in.Status)
	}
	if len(targets) == 0 {
		return nil, incident.Refuse("targets: name at least one")
	}
	for _, t := range targets {
		if t.Kind == "policy" {
			return nil, incident.Refuse("targets: reassign to a policy instead of adding it")
		}
	}
	return []incident.Fact{incident.Asked{Run: nextRun(in), Why: why, Targets: targets, Priority: in.Priority, Aside: true}}, nil
}

// Begin asks for the first run of a subject: that of a policy, or, when there is none,
// that of the catch-all.
func Begin(in incident.Incident, w World, policy org.PolicyID) []incident.Fact {
	p, ok := w.Policy(policy, 0)
	why := "opened"
	if !ok || p.Retired {
		why = "opened; its service has no policy"
		if p, ok = w.CatchAll(); !ok {
			return nil
		}
	}
	return []incident.Fact{incident.Asked{Run: nextRun(in), Why: why, Policy: p.ID, Version: p.Version, Priority: in.Priority}}
}

// Pin moves an open run to another version of its policy. It goes on at the level of
// the same id, else of the same position, else at the first, and pages again.
func Pin(in incident.Incident, run int, from, to Policy) ([]incident.Fact, error) {
	for _, r := range in.Runs {
		if r.ID != run || !r.Open() || r.Policy != to.ID {
			continue
		}
		if r.Version == to.Version {
			return nil, incident.Refuse("the run follows version %d already", to.Version)
		}
		level := r.Level
		if level >= len(to.Levels) {
			level = 0
		}
		if r.Level >= 0 && r.Level < len(from.Levels) && from.Levels[r.Level].ID != "" {
			for i, l := range to.Levels {
				if l.ID == from.Levels[r.Level].ID {
					level = i
				}
			}
		}
		return []incident.Fact{incident.Pinned{Run: run, Version: to.Version, Level: max(level, 0) - 1}}, nil
	}
	return nil, incident.Refuse("there is no open run %d of policy %q", run, to.ID)
}

// Receipt is what a receipt means for the climb: with a policy that asks for no more
// than a delivered or read page, it ends.
func Receipt(in incident.Incident, w World, page Page, state State) []incident.Fact {
	if in.Change != nil {
		return nil // who has read it has not decided
	}
	for _, r := range in.Runs {
		if r.ID != page.Run || r.Epoch != page.Epoch || !r.Open() || !page.Purpose.Alarms() {
			continue
		}
		p, _ := w.Policy(r.Policy, r.Version)
		if p.Stops == "delivered" && state.Rank() >= Delivered.Rank() || p.Stops == "read" && state.Rank() >= Read.Rank() {
			how := p.Stops
			return []incident.Fact{incident.Reached{Run: r.ID, Person: page.Person, How: how}, incident.Settled{Run: r.ID, How: how}}
		}
	}
	return nil
}

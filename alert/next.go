package alert

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Next is what this step does by itself with an incident, and when to look again (zero:
// not before something happens): an action that is at work by itself has its time, and
// what came outside of support hours becomes high when they begin.
func Next(in incident.Incident, now time.Time) (facts []incident.Fact, due time.Time) {
	if !in.Status.Open() {
		return nil, due
	}
	if in.Auto != "" {
		if !in.AutoUntil.After(now) {
			return []incident.Fact{incident.Released{Why: in.Held + ", and it still fires"}}, due
		}
		due = in.AutoUntil
	}
	if !in.Support.IsZero() && in.Priority == org.Low {
		if !in.Support.After(now) {
			return append(facts, incident.Raised{Priority: org.High, Why: "support hours begin"}), due
		}
		if due.IsZero() || in.Support.Before(due) {
			due = in.Support
		}
	}
	return facts, due
}

// InHours is a priority as the support hours of a service let it be, and when they begin
// if it is to be raised then. Outside of them everything is low.
func InHours(p org.Priority, s org.Service, now time.Time) (_ org.Priority, begins time.Time) {
	if s.Support == nil || p == org.Low {
		return p, begins
	}
	zone, err := org.Zone(s.Support.Zone)
	if err != nil {
		return p, begins
	}
	in, until := s.Support.Within(now.In(zone))
	if in {
		return p, begins
	}
	if s.Support.Raise {
		begins = until.UTC()
	}
	return org.Low, begins
}

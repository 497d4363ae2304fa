package escalate

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Foreseen is what would happen at a moment, and why: a fact of the climb.
type Foreseen struct {
	At   time.Time
	Fact incident.Fact
}

// horizon and foresight bound a preview.
const (
	horizon   = 7 * 24 * time.Hour
	foresight = 500
)

// Preview says who would be paged when and why, if something of this severity and
// priority opened at a moment and nobody answered. It is the engine's own Next; the
// world it is given must not let Turn move the real pointers.
func Preview(p Policy, severity org.Severity, priority org.Priority, w World, moment time.Time) (seen []Foreseen) {
	pinned := w.Policy
	w.Policy = func(id org.PolicyID, version int) (Policy, bool) {
		if id == p.ID && version == p.Version {
			return p, true
		}
		return pinned(id, version)
	}
	now := moment
	in := incident.Incident{ID: "preview"}
	add := func(f incident.Fact) {
		in = in.After(incident.Entry{Seq: in.Seq + 1, At: now, By: incident.Engine, Fact: f})
	}
	add(incident.Opened{Title: "preview", Severity: severity, Priority: priority})
	add(incident.Asked{Run: 1, Policy: p.ID, Version: p.Version, Priority: priority})
	for len(seen) < foresight {
		facts, due := Next(in, w, now)
		for _, f := range facts {
			add(f)
			seen = append(seen, Foreseen{now, f})
		}
		if due.IsZero() || due.Sub(moment) > horizon {
			break
		}
		now = due
	}
	return seen
}

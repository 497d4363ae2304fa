package drill

import (
	"slices"
	"time"

	"tocsin/incident"
)

// Next is what a drill does by itself by now: the next of its script, and its end when its
// time is over. due is when to look again; zero: not by itself.
func Next(in incident.Incident, now time.Time) (facts []incident.Fact, due time.Time) {
	d := in.Drill
	if d == nil || !in.Status.Open() {
		return nil, due
	}
	if !d.Until.After(now) {
		f := incident.DrillStopped{Late: true}
		return []incident.Fact{f, incident.Ended{Why: f.String()}}, due
	}
	due = d.Until
	for i := d.Played; i < len(d.Script) && in.Seq+len(facts) < incident.Crowded; i++ {
		x := d.Script[i]
		if at := in.OpenedAt.Add(x.After.D()); at.After(now) {
			if at.Before(due) {
				due = at
			}
			break
		}
		facts = append(facts, incident.Injected{Inject: i + 1, Do: x.Do, Title: x.Title, From: x.From, Text: x.Text, Severity: x.Severity})
	}
	return facts, due
}

// Tell says who hears of what the script did: whoever works on it; while nobody does, those
// who were called.
func Tell(before incident.Incident, e incident.Entry) (all []incident.Told) {
	f, ok := e.Fact.(incident.Injected)
	if !ok || before.Drill == nil || !before.Status.Open() {
		return nil
	}
	to := slices.Clone(before.Working())
	if before.Owner != "" && !slices.Contains(to, before.Owner) {
		to = append(to, before.Owner)
	}
	if len(to) == 0 {
		to = before.Called
	}
	for _, p := range to {
		all = append(all, incident.Told{Person: p, Text: f.String()})
	}
	return all
}

package resolve

import (
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

const (
	// UsualWatch is how long something is watched when nobody says otherwise.
	UsualWatch   = 30 * time.Minute
	leastWatch   = time.Minute
	longestWatch = 7 * 24 * time.Hour
)

// Advance says which stage the recovery is in: the next, one further on, or one before
// when it turns out not to be done. A watch takes so long.
func Advance(in incident.Incident, to incident.Stage, watch time.Duration, why string, now time.Time) ([]incident.Fact, error) {
	f := incident.Staged{Stage: to, Why: why}
	switch {
	case in.Apart() != "":
		return nil, incident.Refuse("%s", in.Apart())
	case !slices.Contains(incident.Stages, to):
		return nil, incident.Refuse("stage: want contain, fix, recover or watch")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s", in.Status)
	case to != incident.Watch && in.Stage() == to:
		return nil, nil // twice is once
	case to != incident.Watch:
		return []incident.Fact{f}, nil
	case in.Status != incident.Acknowledged:
		return nil, incident.Refuse("nobody has it, and somebody must watch it: acknowledge it first")
	case watch < leastWatch || watch > longestWatch:
		return nil, incident.Refuse("watch: between 1 minute and 7 days")
	}
	f.Until = now.Add(watch)
	return []incident.Fact{f}, nil
}

// Confirm is somebody's word that a stage has done what it should; "" is the one that it
// is in.
func Confirm(in incident.Incident, stage incident.Stage, by org.PersonID, text string) ([]incident.Fact, error) {
	if stage == "" {
		stage = in.Stage()
	}
	switch {
	case by == "":
		return nil, incident.Refuse("only a person confirms")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s", in.Status)
	case in.Stage() == "":
		return nil, incident.Refuse("no stage has begun")
	case !slices.Contains(incident.Stages, stage):
		return nil, incident.Refuse("stage: want contain, fix, recover or watch")
	case in.Stage().Before(stage):
		return nil, incident.Refuse("stage: %s has not begun", stage)
	case slices.ContainsFunc(in.Recovery.Confirmed, func(c incident.Confirmation) bool {
		return c.Stage == stage && c.Person == by && (text == "" || c.Text == text)
	}):
		return nil, nil
	}
	return []incident.Fact{incident.Confirmed{Stage: stage, Text: text}}, nil
}

// Well is what happens when the last of an incident's alerts has cleared, as why has it:
// it is over; unless somebody brings it through stages, or its service is always watched
// (watch): then whoever has it watches whether it lasts.
func Well(in incident.Incident, watch time.Duration, why string, now time.Time) []incident.Fact {
	switch {
	case in.Stage() == incident.Watch:
		return nil // it ends with its watch
	case in.Status != incident.Acknowledged || watch == 0 && in.Stage() == "":
		return []incident.Fact{incident.Ended{Why: why}}
	case watch == 0:
		watch = UsualWatch
	}
	return []incident.Fact{incident.Staged{Stage: incident.Watch, Until: now.Add(watch), Why: why}}
}

// Back is what happens when something fires that belongs to an incident: while it is
// watched the trouble has come back.
func Back(in incident.Incident, what string) []incident.Fact {
	if in.Stage() != incident.Watch || !in.Status.Open() {
		return nil
	}
	return []incident.Fact{incident.Recurred{Why: what}}
}

// Next is what happens by itself: a watch that is over ends the incident, unless
// something still fires. What is held waits.
func Next(in incident.Incident, firing func() (int, error), now time.Time) (facts []incident.Fact, due time.Time, err error) {
	if in.Stage() != incident.Watch || in.Status != incident.Acknowledged || in.Held != "" {
		return nil, time.Time{}, nil
	}
	if in.Recovery.Until.After(now) {
		return nil, in.Recovery.Until, nil
	}
	n, err := firing()
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case n == 1:
		return []incident.Fact{incident.Staged{Stage: incident.Recover, Why: "its watch is over, and an alert still fires"}}, time.Time{}, nil
	case n > 1:
		return []incident.Fact{incident.Staged{Stage: incident.Recover, Why: fmt.Sprintf("its watch is over, and %d alerts still fire", n)}}, time.Time{}, nil
	}
	watched := in.Recovery.Until.Sub(in.Recovery.Since)
	return []incident.Fact{incident.Ended{Why: fmt.Sprintf("watched for %s, and it did not come back", org.Duration(watched.Round(time.Second)))}}, time.Time{}, nil
}

// Tell says who hears what of a fact: whoever has an incident whose watch did not end it, and
// those who owe the review of an override.
func Tell(before incident.Incident, e incident.Entry) (notices []incident.Told) {
	if f, ok := e.Fact.(incident.OverrideOwed); ok {
		for _, p := range f.To {
			notices = append(notices, incident.Told{Person: p, Text: fmt.Sprintf("emergency override %d waits to be reviewed", f.Override)})
		}
		return notices
	}
	f, ok := e.Fact.(incident.Staged)
	if !ok || e.By != incident.Engine || before.Stage() != incident.Watch || before.Owner == "" {
		return nil
	}
	return []incident.Told{{Person: before.Owner, Text: f.Why}}
}

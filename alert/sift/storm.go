package sift

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Weather is how many incidents a team would get lately, and the storm it is in, if it
// is in one.
type Weather struct {
	Opened  []time.Time `json:"opened,omitempty"` // the last ones that were, or would have been, opened
	Subject incident.ID `json:"subject,omitempty"`
	Since   time.Time   `json:"since,omitzero"`
	Calm    time.Time   `json:"calm,omitzero"` // since when little comes
}

// A storm is more than so many new incidents within so long. It is over when there were
// fewer than calmBelow within as long for calmFor.
const (
	stormOver   = 10
	stormWithin = 5 * time.Minute
	calmBelow   = 3
	calmFor     = 10 * time.Minute
	// LeftoverEvery is how far apart those page that a storm leaves behind.
	LeftoverEvery = time.Minute
)

func stormLimits(g org.StormGuard) (over int, within time.Duration) {
	over, within = g.Incidents, g.Within.D()
	if over == 0 {
		over = stormOver
	}
	if within == 0 {
		within = stormWithin
	}
	return over, within
}

// Blow counts one more incident that is opened, or would be, and says whether it is too
// much.
func (w Weather) Blow(g org.StormGuard, now time.Time) (Weather, bool) {
	over, within := stormLimits(g)
	w.Opened = note(w.Opened, now, over+1)
	return w, w.lately(within, now) > over
}

func (w Weather) lately(within time.Duration, now time.Time) (n int) {
	for _, at := range w.Opened {
		if now.Sub(at) < within {
			n++
		}
	}
	return n
}

// Look says at a check whether the storm is over, and when to look again.
func (w Weather) Look(g org.StormGuard, now time.Time) (after Weather, over bool, again time.Time) {
	_, within := stormLimits(g)
	if w.lately(within, now) >= calmBelow {
		w.Calm = time.Time{}
		return w, false, now.Add(time.Minute)
	}
	if w.Calm.IsZero() {
		w.Calm = now
	}
	if at := w.Calm.Add(calmFor); at.After(now) {
		return w, false, sooner(at, now.Add(time.Minute))
	}
	return w, true, now
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

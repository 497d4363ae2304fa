package sift

import (
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// A Gathering is a group of alerts that say the same.
type Gathering struct {
	Key         string
	Subject     incident.ID
	First, Last time.Time
	Alerts      int
}

// takes says whether one more alert may join at a moment.
func (g Gathering) takes(window time.Duration, now time.Time) bool {
	return g.Subject != "" && now.Sub(g.Last) <= window && now.Sub(g.First) < groupCap && g.Alerts < groupMost
}

// GroupKey is what an alert has in common with those it belongs to: "" when it is grouped
// with none.
func (s *Sieve) GroupKey(a *alert.Alert, in org.Integration) string {
	t, ok := s.keys[a.Service]
	if !ok {
		return ""
	}
	key, found := t.fill(valuesOf(&a.Last, &in))
	if !found {
		return ""
	}
	return string(a.Service) + "/" + key
}

// window is how long a group waits for its next alert.
func (s *Sieve) window(id org.ServiceID) time.Duration {
	if g := s.of(id).Group; g != nil && g.Window > 0 {
		return g.Window.D()
	}
	return groupFor
}

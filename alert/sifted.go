package alert

import "time"

// A Stage is a part of sifting that may hold an alert back. They are asked in this
// order.
type Stage string

const (
	Transient Stage = "transient" // it may go by itself
	Threshold Stage = "threshold" // it was not heard often enough yet
	Flapping  Stage = "flapping"  // it comes and goes
	Symptom   Stage = "symptom"   // another explains it
	Holding   Stage = "hold"      // its cause may still come
	Settling  Stage = "settle"    // its cause is over; it may follow
	Grouped   Stage = "group"     // others say the same
	Storm     Stage = "storm"     // too many at once
)

// A Place is what an alert is to its incident.
type Place string

const (
	Lead    Place = "lead"    // the incident was opened for it
	Beneath Place = "beneath" // it is a symptom of the lead
	Beside  Place = "beside"  // grouped with it, or in the same storm
)

// Sifted is what sifting has made of an alert: which stage holds it back or has put it
// where it is, why, since when, until when, and how much it ate. The zero Sifted is an
// alert that nothing stood in the way of.
type Sifted struct {
	Stage Stage     `json:"stage,omitempty"`
	Why   string    `json:"why,omitempty"`
	Cause string    `json:"cause,omitempty"` // the alert that explains it
	Rule  string    `json:"rule,omitempty"`  // the edge, rule, key or window that says so
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"` // when it is looked at anew; zero: not by itself
	Place Place     `json:"place,omitempty"`
	Was   string    `json:"was,omitempty"` // the title of what it was a symptom of
	Ate   int       `json:"ate,omitempty"` // events that called nobody while it was held back

	Changes  []time.Time `json:"changes,omitempty"` // the last times it came or went
	Flapping time.Time   `json:"flapping,omitzero"` // since when it flaps
	Heard    []time.Time `json:"heard,omitempty"`   // the last times it was heard, for a threshold
	Pinned   bool        `json:"pinned,omitempty"`  // by hand: it is nobody's symptom
}

// Zero says whether there is nothing to keep.
func (s Sifted) Zero() bool {
	return s.Stage == "" && s.Why == "" && s.Cause == "" && s.Rule == "" && s.Place == "" && s.Was == "" && s.Ate == 0 && !s.Pinned &&
		s.Since.IsZero() && s.Until.IsZero() && s.Flapping.IsZero() && len(s.Changes) == 0 && len(s.Heard) == 0
}

// Carried is what the next alert of the same key inherits.
func (s Sifted) Carried() Sifted {
	return Sifted{Changes: s.Changes, Flapping: s.Flapping, Heard: s.Heard, Pinned: s.Pinned}
}

// Waits says whether the alert fires and no incident answers for it yet.
func (a Alert) Waits() bool { return a.Open && a.Subject == "" }

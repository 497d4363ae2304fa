package org

// Sift says how alerts are sifted before they page. Each part that is not set is as the
// settings say, or off.
type Sift struct {
	// Transient is how long an alert must fire before it counts: at most 15 minutes. One
	// that resolves earlier is recorded and pages nobody.
	Transient *Duration `json:"transient,omitempty" yaml:"transient,omitempty"`
	// Threshold wants an alert to be heard a number of times within a while.
	Threshold *Threshold `json:"threshold,omitempty" yaml:"threshold,omitempty"`
	// Flapping keeps what comes and goes from paging each time.
	Flapping *Flapping `json:"flapping,omitempty" yaml:"flapping,omitempty"`
	// Hold is how long an alert on something that depends on others waits for its cause:
	// 30 seconds when it is not set.
	Hold *Duration `json:"hold,omitempty" yaml:"hold,omitempty"`
	// Sev1AtOnce lets a SEV1 page without that wait.
	Sev1AtOnce *bool `json:"sev1_at_once,omitempty" yaml:"sev1_at_once,omitempty"`
	// Settle is how long symptoms that outlive their cause may take to follow it: 2 minutes
	// when it is not set.
	Settle *Duration `json:"settle,omitempty" yaml:"settle,omitempty"`
	// Late is how much later than its symptom a cause may begin: 5 minutes when it is not
	// set. The settings alone say.
	Late *Duration `json:"late,omitempty" yaml:"late,omitempty"`
	// Group puts alerts that say the same into one incident.
	Group *Grouping `json:"group,omitempty" yaml:"group,omitempty"`
	// Storm puts what is too much at once into one incident.
	Storm *StormGuard `json:"storm,omitempty" yaml:"storm,omitempty"`
}

// A Threshold is how often an alert must be heard.
type Threshold struct {
	Count  int      `json:"count" yaml:"count"`
	Within Duration `json:"within" yaml:"within"`
}

// Flapping is when an alert is said to flap, in per cent of its last twenty changes as
// Icinga weighs them. Zero is Icinga's: it begins above 30 and ends below 25.
type Flapping struct {
	High float64 `json:"high,omitempty" yaml:"high,omitempty"`
	Low  float64 `json:"low,omitempty" yaml:"low,omitempty"`
	Sev1 bool    `json:"sev1,omitempty" yaml:"sev1,omitempty"` // even a SEV1 may flap
	Off  bool    `json:"off,omitempty" yaml:"off,omitempty"`
}

// Grouping is what alerts must have in common, as a template such as
// "{cluster}/{alertname}", and how long a group waits for the next: 5 minutes when
// Window is not set.
type Grouping struct {
	Key    string   `json:"key" yaml:"key"`
	Window Duration `json:"window,omitempty" yaml:"window,omitempty"`
}

// A StormGuard says how many new incidents of a team are too many. Zero is more than 10
// within 5 minutes.
type StormGuard struct {
	Incidents int      `json:"incidents,omitempty" yaml:"incidents,omitempty"`
	Within    Duration `json:"within,omitempty" yaml:"within,omitempty"`
	Off       bool     `json:"off,omitempty" yaml:"off,omitempty"`
}

// Or fills what a service leaves out.
func (s Sift) Or(d Sift) Sift {
	fill(&s.Transient, d.Transient)
	fill(&s.Threshold, d.Threshold)
	fill(&s.Flapping, d.Flapping)
	fill(&s.Hold, d.Hold)
	fill(&s.Sev1AtOnce, d.Sev1AtOnce)
	fill(&s.Settle, d.Settle)
	fill(&s.Group, d.Group)
	fill(&s.Storm, d.Storm)
	return s
}

func fill[T any](p **T, d *T) {
	if *p == nil {
		*p = d
	}
}

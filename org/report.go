package org

import "time"

// A ScheduledReport is what a period came to, told to some people when it is over.
type ScheduledReport struct {
	ID    string   `json:"id" yaml:"id"`
	Name  string   `json:"name" yaml:"name"`
	Every string   `json:"every,omitempty" yaml:"every,omitempty"` // day, week or month; "week" without
	Day   string   `json:"day,omitempty" yaml:"day,omitempty"`     // of a week; "mon" without
	At    Duration `json:"at,omitempty" yaml:"at,omitempty"`       // since midnight; 9h without
	Zone  string   `json:"zone,omitempty" yaml:"zone,omitempty"`
	Tell  []Target `json:"tell" yaml:"tell"`
	// What it is narrowed to; what is left out is all.
	Team     TeamID    `json:"team,omitempty" yaml:"team,omitempty"`
	Service  ServiceID `json:"service,omitempty" yaml:"service,omitempty"`
	Severity Severity  `json:"severity,omitempty" yaml:"severity,omitempty"`
}

// Next is when it is told after a moment.
func (r ScheduledReport) Next(after time.Time) time.Time {
	zone, err := Zone(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	at := r.At
	if at == 0 {
		at = usualDigest
	}
	local := after.In(zone)
	switch r.Every {
	case "day":
		for n := range 3 {
			if t := midnight(local, n, at); t.After(after) {
				return t.UTC()
			}
		}
	case "month":
		for n := range 3 {
			first := time.Date(local.Year(), local.Month()+time.Month(n), 1, 0, 0, 0, 0, zone)
			if t := midnight(first, 0, at); t.After(after) {
				return t.UTC()
			}
		}
	}
	return WeeklyDigest{Day: r.Day, At: r.At, Zone: r.Zone}.Next(after)
}

// Period is what it tells of at a moment: the last whole days, week or month, until the
// midnight before.
func (r ScheduledReport) Period(told time.Time) (from, to time.Time) {
	zone, err := Zone(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	end := midnight(told.In(zone), 0, 0)
	switch r.Every {
	case "day":
		from = end.AddDate(0, 0, -1)
	case "month":
		from = end.AddDate(0, -1, 0)
	default:
		from = end.AddDate(0, 0, -7)
	}
	return from.UTC(), end.UTC()
}

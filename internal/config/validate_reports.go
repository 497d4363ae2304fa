package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/org"
)

const (
	longestTarget = org.Duration(365 * 24 * time.Hour)
	mostReports   = 50
	dearest       = 1e9 // of an hour
)

// reports checks those that people are told of by themselves.
func (c *checker) reports(all []org.ScheduledReport) {
	c.check(len(all) <= mostReports, "settings.reports", "at most %d", mostReports)
	seen := map[string]bool{}
	for i, r := range all {
		at := fmt.Sprintf("settings.reports[%d]", i)
		c.check(idForm.MatchString(r.ID), at+".id", "%q is no id", r.ID)
		c.check(!seen[r.ID], at+".id", "%q is there twice", r.ID)
		seen[r.ID] = true
		c.check(strings.TrimSpace(r.Name) != "", at+".name", "is missing")
		c.check(slices.Contains([]string{"", "day", "week", "month"}, r.Every), at+".every", "%q: want day, week or month", r.Every)
		c.check(r.Day == "" || slices.Contains(org.Days, r.Day), at+".day", "%q is no day: want one of %s", r.Day, strings.Join(org.Days, ", "))
		c.check(r.At >= 0 && r.At < org.Duration(24*time.Hour), at+".at", "is a time since midnight, such as 9h")
		if _, err := org.Zone(r.Zone); err != nil {
			c.bad(at+".zone", "%v", err)
		}
		c.check(len(r.Tell) > 0, at+".tell", "is missing: whom it is told")
		c.targets(at+".tell", r.Tell)
		for k, t := range r.Tell {
			c.check(t.Kind != "email" && t.Kind != Policy, fmt.Sprintf("%s.tell[%d]", at, k), "is told to people, schedules and teams")
		}
		c.refers(at+".team", Team, string(r.Team))
		c.refers(at+".service", Service, string(r.Service))
		c.check(r.Severity == "" || r.Severity.Valid(), at+".severity", "%q is none of SEV1 to SEV5", r.Severity)
	}
}

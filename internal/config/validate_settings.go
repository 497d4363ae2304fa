package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// settings checks what is there once for the whole house.
func (c *checker) settings(existing Setup) {
	if c.Settings == nil {
		return
	}
	for i, m := range c.Settings.Messages {
		at := fmt.Sprintf("settings.messages[%d]", i)
		c.check(idForm.MatchString(m.ID), at+".id", "%q is no id", m.ID)
		c.check(m.Title != "", at+".title", "is missing")
		c.check(len(m.Choices) <= 9, at+".choices", "at most 9")
	}
	k := c.Settings.Keep
	for name, days := range map[string]int{"rooms": k.Rooms, "sensitive": k.Sensitive, "direct": k.Direct, "groups": k.Groups} {
		c.check(days >= 0 && days <= 36_500, "settings.keep."+name, "is a number of days; 0 is for ever")
	}
	c.checklists(c.Settings.Checklists)
	c.matrix(c.Settings.Matrix)
	c.changes(c.Settings.Changes)
	c.guidelines(c.Settings.Guidelines)
	c.review(c.Settings)
	if d := c.Settings.Digest; d != nil {
		c.targets("settings.digest.tell", d.Tell)
		for i, t := range d.Tell {
			c.check(t.Kind != "email" && t.Kind != Policy, fmt.Sprintf("settings.digest.tell[%d]", i), "is told to people, schedules and teams")
		}
		c.check(d.Day == "" || slices.Contains(org.Days, d.Day), "settings.digest.day", "%q is no day: want one of %s", d.Day, strings.Join(org.Days, ", "))
		c.check(d.At >= 0 && d.At < org.Duration(24*time.Hour), "settings.digest.at", "is a time since midnight, such as 9h")
		if _, err := org.Zone(d.Zone); err != nil {
			c.bad("settings.digest.zone", "%v", err)
		}
	}
	c.reports(c.Settings.Reports)
	c.check(len(c.Settings.Currency) <= 8, "settings.currency", "at most 8 characters, such as EUR")
	id := c.Settings.CatchAll
	c.refers("settings.catch_all", Service, string(id))
	// One that calls nobody already, as in a new house, keeps nobody from changing something else.
	same := existing.Settings != nil && existing.Settings.CatchAll == id
	c.check(same || !c.known[reference{Service, string(id)}] || c.calls[id], "settings.catch_all",
		"service %s has no policy: nobody would be called", id)
}

// checklists checks what incidents begin with.
func (c *checker) checklists(all []org.Checklist) {
	stage := func(path, s string) {
		c.check(s == "" || slices.Contains(incident.Stages, incident.Stage(s)), path, "%q is no stage: want contain, fix, recover or watch", s)
	}
	seen := map[string]bool{}
	for i, l := range all {
		at := fmt.Sprintf("settings.checklists[%d]", i)
		c.check(idForm.MatchString(l.ID), at+".id", "%q is no id", l.ID)
		c.check(!seen[l.ID], at+".id", "%q is there twice", l.ID)
		seen[l.ID] = true
		c.check(l.Name != "", at+".name", "is missing")
		c.check(len(l.Tasks) > 0 && len(l.Tasks) <= mostListed, at+".tasks", "want 1 to %d", mostListed)
		stage(at+".stage", l.Stage)
		for k, s := range l.Severities {
			c.check(s.Valid(), fmt.Sprintf("%s.severities[%d]", at, k), "%q is no severity: want SEV1 to SEV5", s)
		}
		for k, s := range l.Services {
			c.refers(fmt.Sprintf("%s.services[%d]", at, k), Service, string(s))
		}
		for k, t := range l.Tasks {
			at := fmt.Sprintf("%s.tasks[%d]", at, k)
			c.check(strings.TrimSpace(t.Title) != "" && utf8.RuneCountInString(t.Title) <= 200, at+".title", "want 1 to 200 characters")
			c.check(t.Role == "" || org.RoleName(t.Role), at+".role", "%q is no role: lower-case letters, digits and hyphens", t.Role)
			c.check(t.Due >= 0 && t.Due <= org.Duration(366*24*time.Hour), at+".due", "at most a year")
			stage(at+".stage", t.Stage)
		}
	}
}

// mostListed is how many tasks a checklist may have: what is longer nobody reads at night.
const mostListed = 30

// matrix checks how severities come about.
func (c *checker) matrix(m *org.Matrix) {
	if m == nil {
		return
	}
	word := func(path, is string, all []string) {
		known := is == "" || len(all) == 0 || slices.ContainsFunc(all, func(w string) bool { return strings.EqualFold(w, is) })
		c.check(known, path, "%q is none of %s", is, strings.Join(all, ", "))
	}
	for i, r := range m.Rows {
		at := fmt.Sprintf("settings.matrix.rows[%d]", i)
		c.check(r.Category+r.Impact+r.Urgency != "", at, "fits everything: say a category, an impact or an urgency")
		c.check(r.Severity.Valid(), at+".severity", "%q is none of SEV1 to SEV5", r.Severity)
		word(at+".impact", r.Impact, m.Impacts)
		word(at+".urgency", r.Urgency, m.Urgencies)
	}
	for _, s := range slices.Sorted(maps.Keys(m.Severities)) {
		r, at := m.Severities[s], "settings.matrix.severities."+string(s)
		c.check(s.Valid(), at, "%q is none of SEV1 to SEV5", s)
		c.priority(at+".priority", r.Priority)
		c.refers(at+".policy", Policy, string(r.Policy))
		c.check(r.UpdateEvery == 0 || r.UpdateEvery >= org.Duration(time.Minute) && r.UpdateEvery <= org.Duration(7*24*time.Hour), at+".update_every", "from 1m to 168h")
		c.check(len(r.Roles) <= 10, at+".roles", "at most 10")
		c.check(r.Acknowledge <= longestTarget, at+".acknowledge", "at most 8760h")
		c.check(r.Resolve <= longestTarget, at+".resolve", "at most 8760h")
		c.check(r.Acknowledge == 0 || r.Resolve == 0 || r.Acknowledge <= r.Resolve, at+".acknowledge", "is later than it is to be resolved")
		for i, role := range r.Roles {
			c.check(org.RoleName(role), fmt.Sprintf("%s.roles[%d]", at, i), "%q is not a role: lower-case letters, digits and hyphens, at most 40", role)
		}
	}
}

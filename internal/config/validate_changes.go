package config

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// changes checks how changes are made.
func (c *checker) changes(r *org.ChangeRules) {
	if r == nil {
		return
	}
	c.refers("settings.changes.board", Policy, string(r.Board))
	c.check(r.Wait >= 0 && r.Wait <= org.Duration(7*24*time.Hour), "settings.changes.wait", "at most a week")
	c.check(r.Approvals >= 0 && r.Approvals <= 9, "settings.changes.approvals", "from 1 to 9")
	services := func(at string, all []org.ServiceID) {
		for i, id := range all {
			c.refers(fmt.Sprintf("%s.services[%d]", at, i), Service, string(id))
		}
	}
	for i, g := range r.Grants {
		at := fmt.Sprintf("settings.changes.grants[%d]", i)
		c.check(g.Class.Valid(), at+".class", "%q is none of standard, normal, emergency", g.Class)
		c.check(g.To.Kind == Person || g.To.Kind == Team, at+".to", "is a person or a team")
		c.targets(at+".to", []org.Target{g.To})
		services(at, g.Services)
	}
	at := within("settings.changes.freezes")
	c.ids("freeze", len(r.Freezes), at, func(i int) string { return r.Freezes[i].ID })
	for i, f := range r.Freezes {
		services(at(i), f.Services)
		if _, err := f.Recurrence(); err != nil {
			field, text, ok := strings.Cut(err.Error(), ": ")
			if !ok || strings.Contains(field, " ") {
				field, text = "repeat", err.Error()
			}
			c.bad(at(i)+"."+field, "%s", text)
		}
	}
	o := r.Override
	c.check(o.Severity == "" || o.Severity.Valid(), "settings.changes.override.severity", "%q is none of SEV1 to SEV5", o.Severity)
	c.check(o.Longest >= 0 && o.Longest <= org.Duration(7*24*time.Hour), "settings.changes.override.longest", "at most a week")
	for i, t := range o.To {
		c.check(t.Kind == Person || t.Kind == Team, fmt.Sprintf("settings.changes.override.to[%d]", i), "is a person or a team")
	}
	c.targets("settings.changes.override.to", o.To)
}

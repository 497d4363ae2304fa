package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/org"
)

// The bounds of a template: what is longer nobody fills in.
const (
	mostSections = 30
	maxAsk       = 500 // runes
)

// review checks what must be complete before incidents are closed, and what is written
// about them.
func (c *checker) review(s *org.Settings) {
	for i, one := range s.Closures {
		at := fmt.Sprintf("settings.closures[%d]", i)
		c.fits(at, one.Severities, one.Services)
		for n, id := range one.Teams {
			c.refers(fmt.Sprintf("%s.teams[%d]", at, n), Team, string(id))
		}
		c.check(slices.Contains(org.RetroGates, one.Retrospective), at+".retrospective", "%q is none of written, signed, published", one.Retrospective)
		c.check(slices.Contains(org.ActionGates, one.Actions), at+".actions", "%q is neither owned nor done", one.Actions)
		c.check(one.Signatures >= 0 && one.Signatures <= 5, at+".signatures", "at most 5")
		c.check(one.Signatures == 0 || one.Retrospective == "signed" || one.Retrospective == "published", at+".signatures", "goes with retrospective: signed or published")
		c.check(one.Lessons >= 0 && one.Lessons <= 10, at+".lessons", "at most 10")
		c.check(one.Asks(), at, "asks for nothing: leave it out")
	}
	at := within("settings.retrospectives")
	c.ids("retrospective", len(s.Retrospectives), at, func(i int) string { return s.Retrospectives[i].ID })
	for i, one := range s.Retrospectives {
		c.fits(at(i), one.Severities, one.Services)
		c.check(len(one.Sections) > 0 && len(one.Sections) <= mostSections, at(i)+".sections", "want 1 to %d", mostSections)
		part := within(at(i) + ".sections")
		c.ids("section", len(one.Sections), part, func(n int) string { return one.Sections[n].ID })
		for n, p := range one.Sections {
			c.check(strings.TrimSpace(p.Title) != "" && utf8.RuneCountInString(p.Title) <= 100, part(n)+".title", "want 1 to 100 characters")
			c.check(utf8.RuneCountInString(p.Ask) <= maxAsk, part(n)+".ask", "at most %d characters", maxAsk)
			for k, a := range p.For {
				c.check(a.Valid(), fmt.Sprintf("%s.for[%d]", part(n), k), "%q is none of administration, board, customers", a)
			}
			c.check(slices.Contains(org.RetroDrafts, p.Draft), part(n)+".draft", "%q is none of %s", p.Draft, strings.Join(org.RetroDrafts[1:], ", "))
		}
	}
}

// fits checks what a part of the settings is for.
func (c *checker) fits(at string, severities []org.Severity, services []org.ServiceID) {
	for n, s := range severities {
		c.check(s.Valid(), fmt.Sprintf("%s.severities[%d]", at, n), "%q is none of SEV1 to SEV5", s)
	}
	for n, id := range services {
		c.refers(fmt.Sprintf("%s.services[%d]", at, n), Service, string(id))
	}
}

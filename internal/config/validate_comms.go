package config

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"tocsin/internal/channel"
	"tocsin/org"
)

// Languages are those of the pages for people outside.
var Languages = []string{"", "en", "de"}

// SubscribeBy are the ways in which a status page may be followed.
var SubscribeBy = []string{"email", "sms", "webhook"}

// guidelines checks how those concerned are told.
func (c *checker) guidelines(list []org.Guideline) {
	at := within("settings.guidelines")
	c.ids("guideline", len(list), at, func(i int) string { return list[i].ID })
	for i, g := range list {
		for n, s := range g.Severities {
			c.check(s.Valid(), fmt.Sprintf("%s.severities[%d]", at(i), n), "%q is none of SEV1 to SEV5", s)
		}
		for n, id := range g.Services {
			c.refers(fmt.Sprintf("%s.services[%d]", at(i), n), Service, string(id))
		}
		for n, id := range g.Teams {
			c.refers(fmt.Sprintf("%s.teams[%d]", at(i), n), Team, string(id))
		}
		for n, f := range g.Require {
			c.check(slices.Contains(org.UpdateFields, f), fmt.Sprintf("%s.require[%d]", at(i), n), "%q is none of %s", f, strings.Join(org.UpdateFields, ", "))
		}
		for n, to := range g.Channels {
			path := fmt.Sprintf("%s.channels[%d]", at(i), n)
			if page, ok := org.StatusOf(to); ok {
				c.refers(path, StatusPage, string(page))
				continue
			}
			c.check(to == org.ToFollowers || to == org.ToReporters, path, "%q is none of followers, reporters, status:ID", to)
		}
		c.targets(at(i)+".escalate", g.Escalate)
		for n, t := range g.Escalate {
			c.check(t.Kind != Policy, fmt.Sprintf("%s.escalate[%d]", at(i), n), "is people, schedules, teams or addresses")
		}
		c.check(g.Every > 0 || g.First > 0 || len(g.Escalate) == 0, at(i)+".escalate", "goes with first or every: when an update is due")
	}
}

func (c *checker) statusPages() {
	at := within("status_pages")
	c.ids(StatusPage, len(c.StatusPages), at, func(i int) string { return string(c.StatusPages[i].ID) })
	for i, p := range c.StatusPages {
		c.refers(at(i)+".team", Team, string(p.Team))
		c.language(at(i)+".language", p.Language)
		c.zone(at(i)+".zone", p.Zone)
		c.check(p.Help == "" || helpful(p.Help), at(i)+".help", "%q is no address that begins with https:, mailto: or tel:", p.Help)
		for n, by := range p.Subscribe {
			c.check(slices.Contains(SubscribeBy, by), fmt.Sprintf("%s.subscribe[%d]", at(i), n), "%q is none of %s", by, strings.Join(SubscribeBy, ", "))
		}
		part := within(at(i) + ".components")
		c.ids("component", len(p.Components), part, func(n int) string { return p.Components[n].ID })
		for n, one := range p.Components {
			for m, id := range one.Services {
				c.refers(fmt.Sprintf("%s.services[%d]", part(n), m), Service, string(id))
			}
			c.check(!one.Auto || len(one.Services) > 0, part(n)+".auto", "needs services")
		}
	}
}

// helpful says whether an address may stand as a link for help.
func helpful(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "https", "http":
		return u.Host != ""
	case "mailto":
		_, err := mail.ParseAddress(u.Opaque)
		return err == nil
	case "tel":
		return u.Opaque != "" && strings.Trim(u.Opaque, "+0123456789-() ") == ""
	}
	return false
}

func (c *checker) language(path, l string) {
	c.check(slices.Contains(Languages, l), path, "%q is neither en nor de", l)
}

func (c *checker) zone(path, zone string) {
	if _, err := org.Zone(zone); err != nil {
		c.bad(path, "%v", err)
	}
}

func (c *checker) forms(existing Setup) {
	var m *org.Matrix
	if c.Settings != nil {
		m = c.Settings.Matrix
	} else if existing.Settings != nil {
		m = existing.Settings.Matrix
	}
	at := within("forms")
	c.ids(Form, len(c.Forms), at, func(i int) string { return string(c.Forms[i].ID) })
	for i, f := range c.Forms {
		c.refers(at(i)+".team", Team, string(f.Team))
		c.language(at(i)+".language", f.Language)
		c.zone(at(i)+".zone", f.Zone)
		c.check(f.Service != "", at(i)+".service", "is missing: the service of reports that lead to no other")
		c.refers(at(i)+".service", Service, string(f.Service))
		c.check(f.Contact == "" || f.Contact == "required" || f.Contact == "none", at(i)+".contact", "%q is neither required nor none", f.Contact)
		c.check(len(f.Categories) > 0, at(i)+".categories", "is missing: what people may report")
		c.categories(at(i)+".categories", f.Categories, m)
		if e := f.Emergency; e != nil {
			path := at(i) + ".emergency"
			c.check(e.Ask != "", path+".ask", "is missing: such as \"Is somebody in danger?\"")
			c.refers(path+".service", Service, string(e.Service))
			c.check(e.Severity == "" || e.Severity.Valid(), path+".severity", "%q is none of SEV1 to SEV5", e.Severity)
			c.targets(path+".call", e.Call)
			for n, t := range e.Call {
				c.check(t.Kind != Policy, fmt.Sprintf("%s.call[%d]", path, n), "is people, schedules, teams or addresses")
			}
		}
	}
}

const mostQuestions = 30

func (c *checker) categories(list string, all []org.FormCategory, m *org.Matrix) {
	at := within(list)
	c.ids("category", len(all), at, func(i int) string { return all[i].ID })
	for i, one := range all {
		c.check(one.Name != "", at(i)+".name", "is missing")
		c.leads(at(i), one.Leads, m)
		ask := within(at(i) + ".questions")
		c.check(len(one.Questions) <= mostQuestions, at(i)+".questions", "at most %d", mostQuestions)
		c.ids("question", len(one.Questions), ask, func(n int) string { return one.Questions[n].ID })
		for n, q := range one.Questions {
			c.check(strings.TrimSpace(q.Ask) != "", ask(n)+".ask", "is missing")
			for k, choice := range q.Choices {
				path := fmt.Sprintf("%s.choices[%d]", ask(n), k)
				c.check(strings.TrimSpace(choice.Text) != "", path+".text", "is missing")
				c.leads(path, choice.Leads, m)
			}
		}
	}
}

// leads checks where an answer leads, by the words of the matrix.
func (c *checker) leads(path string, l org.Leads, m *org.Matrix) {
	c.refers(path+".service", Service, string(l.Service))
	if m == nil {
		return
	}
	word := func(path, is string, all []string) {
		known := is == "" || len(all) == 0 || slices.ContainsFunc(all, func(w string) bool { return strings.EqualFold(w, is) })
		c.check(known, path, "%q is none of %s", is, strings.Join(all, ", "))
	}
	word(path+".impact", l.Impact, m.Impacts)
	word(path+".urgency", l.Urgency, m.Urgencies)
}

// Address checks an address that somebody outside wants something sent to, and says it as
// it is kept.
func Address(by, address string) (string, error) {
	address = strings.TrimSpace(address)
	switch by {
	case "email":
		a, err := mail.ParseAddress(address)
		if err != nil || len(address) > 254 || strings.ContainsAny(address, "\r\n") {
			return "", fmt.Errorf("is no mail address")
		}
		return a.Address, nil
	case "sms":
		return channel.Number(address, "")
	case "webhook":
		c := checker{}
		c.hookURL("url", address)
		if len(c.found.List) > 0 {
			return "", fmt.Errorf("%s", c.found.List[0].Text)
		}
		return address, nil
	}
	if address == "" || len(address) > 500 {
		return "", fmt.Errorf("is missing, or too long")
	}
	return address, nil
}

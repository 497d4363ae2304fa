package config

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/internal/channel"
	"tocsin/org"
)

// Validate says whether the set-up makes sense together with what is already
// configured and stays. Its error is *Problems.
func (s Setup) Validate(existing Setup) error {
	c := checker{Setup: s, known: map[reference]bool{}, depends: map[org.ServiceID][]org.ServiceID{}, calls: map[org.ServiceID]bool{}, beats: map[[2]string]string{}, hooks: map[string]org.TeamID{}}
	c.found.File = s.File
	c.know(existing)
	for name, id := range c.beats { // one that is written anew may have another name
		if slices.ContainsFunc(s.Heartbeats, func(b org.Heartbeat) bool { return string(b.ID) == id }) {
			delete(c.beats, name)
		}
	}
	c.know(s)
	c.people()
	c.teams()
	c.services()
	c.policies()
	c.schedules()
	c.integrations()
	c.heartbeats()
	c.webhooks()
	c.channels()
	c.statusPages()
	c.forms(existing)
	c.runbooks()
	c.ticketSystems()
	c.scenarios()
	c.rules()
	c.sifting(existing)
	c.settings(existing)
	return c.found.err()
}

// Faults is what is wrong with everything that is configured, taken together.
func Faults(all Setup) []Problem {
	var p *Problems
	if errors.As(all.Validate(Setup{}), &p) {
		return p.List
	}
	return nil
}

// Where says to whom a path leads: "service db (policy)" for "services[3].policy".
func (s Setup) Where(path string) string {
	list, rest, _ := strings.Cut(path, "[")
	number, field, _ := strings.Cut(rest, "]")
	field = strings.TrimPrefix(field, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return path
	}
	name := ""
	switch {
	case list == "people" && n < len(s.People):
		name = "person " + string(s.People[n].ID)
	case list == "teams" && n < len(s.Teams):
		name = "team " + string(s.Teams[n].ID)
	case list == "services" && n < len(s.Services):
		name = "service " + string(s.Services[n].ID)
	case list == "policies" && n < len(s.Policies):
		name = "policy " + string(s.Policies[n].ID)
	case list == "schedules" && n < len(s.Schedules):
		name = "schedule " + string(s.Schedules[n].ID)
	case list == "integrations" && n < len(s.Integrations):
		name = "integration " + string(s.Integrations[n].ID)
	case list == "heartbeats" && n < len(s.Heartbeats):
		name = "heartbeat " + string(s.Heartbeats[n].ID)
	case list == "webhooks" && n < len(s.Webhooks):
		name = "webhook " + string(s.Webhooks[n].ID)
	case list == "channels" && n < len(s.Channels):
		name = "channel " + string(s.Channels[n].ID)
	case list == "status_pages" && n < len(s.StatusPages):
		name = "status page " + string(s.StatusPages[n].ID)
	case list == "forms" && n < len(s.Forms):
		name = "form " + string(s.Forms[n].ID)
	case list == "runbooks" && n < len(s.Runbooks):
		name = "runbook " + s.Runbooks[n].ID
	case list == "ticket_systems" && n < len(s.TicketSystems):
		name = "ticket system " + string(s.TicketSystems[n].ID)
	case list == "scenarios" && n < len(s.Scenarios):
		name = "scenario " + s.Scenarios[n].ID
	default:
		return path
	}
	return name + " (" + field + ")"
}

// A reference is how one thing names another.
type reference struct{ kind, id string }

// A checker gathers what is wrong.
type checker struct {
	Setup
	known   map[reference]bool
	depends map[org.ServiceID][]org.ServiceID
	calls   map[org.ServiceID]bool // services with a policy
	beats   map[[2]string]string   // heartbeats, by integration and name
	hooks   map[string]org.TeamID  // webhooks, by id
	found   Problems
}

func (c *checker) know(s Setup) {
	for _, p := range s.People {
		c.known[reference{Person, string(p.ID)}] = true
	}
	for _, t := range s.Teams {
		c.known[reference{Team, string(t.ID)}] = true
	}
	for _, v := range s.Services {
		c.known[reference{Service, string(v.ID)}] = true
		c.depends[v.ID], c.calls[v.ID] = v.DependsOn, v.Policy != ""
	}
	for _, p := range s.Policies {
		c.known[reference{Policy, string(p.ID)}] = true
	}
	for _, v := range s.Schedules {
		c.known[reference{Schedule, string(v.ID)}] = true
	}
	for _, i := range s.Integrations {
		c.known[reference{Integrating, string(i.ID)}] = true
	}
	for _, h := range s.Webhooks {
		c.known[reference{Webhook, string(h.ID)}] = true
		c.hooks[string(h.ID)] = h.Team
	}
	for _, b := range s.Runbooks {
		c.known[reference{Runbook, b.ID}] = true
	}
	for _, p := range s.StatusPages {
		c.known[reference{StatusPage, string(p.ID)}] = true
	}
	for _, b := range s.Heartbeats {
		name := [2]string{string(b.Integration), b.Name}
		if c.beats[name] == "" {
			c.beats[name] = string(b.ID)
		}
	}
}

func (c *checker) bad(path, format string, args ...any) {
	at := c.at.of(path)
	c.found.List = append(c.found.List, Problem{at.line, at.column, path, fmt.Sprintf(format, args...)})
}

func (c *checker) check(ok bool, path, format string, args ...any) {
	if !ok {
		c.bad(path, format, args...)
	}
}

// refers checks that something of a kind exists. No reference is none that is wrong.
func (c *checker) refers(path, kind, id string) {
	c.check(id == "" || c.known[reference{kind, id}], path, "there is no %s %q", kind, id)
}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// ids checks the form of identifiers, and that each stands there once.
func (c *checker) ids(kind string, n int, path func(int) string, id func(int) string) {
	first := map[string]string{}
	for i := range n {
		at, id := path(i)+".id", id(i)
		switch before, twice := first[id]; {
		case id == "":
			c.bad(at, "is missing")
		case !idForm.MatchString(id):
			c.bad(at, "%q is no id: write a-z, 0-9, dot, dash and underscore, a letter or digit first, at most 64", id)
		case twice:
			c.bad(at, "%s %q stands here twice, first in %s", kind, id, before)
		default:
			first[id] = path(i)
		}
	}
}

// within writes the path of an element: "people[0]".
func within(list string) func(int) string {
	return func(i int) string { return fmt.Sprintf("%s[%d]", list, i) }
}

func (c *checker) people() {
	at := within("people")
	c.ids(Person, len(c.People), at, func(i int) string { return string(c.People[i].ID) })
	for i, p := range c.People {
		if _, err := org.Zone(p.Zone); err != nil {
			c.bad(at(i)+".zone", "%v", err)
		}
		_, known := org.Holidays(p.Country, 2026, 2026)
		c.check(known || p.Country == "", at(i)+".country", "%q is no country whose holidays we know, such as CZ", p.Country)
		c.role(at(i)+".role", p.Role)
		c.check(p.Capacity >= 0 && p.Capacity <= 1, at(i)+".capacity", "%v is not between 0 and 1: half a share is 0.5", p.Capacity)
		c.methods(at(i)+".methods", p)
		c.reach(at(i), p)
		for n, r := range p.Rules {
			path := fmt.Sprintf("%s.rules[%d]", at(i), n)
			_, has := p.Method(r.Method)
			c.check(has, path+".method", "%s has no method %q", p.ID, r.Method)
			c.priority(path+".priority", r.Priority)
			c.check(r.Unless == "" || r.Unless == "read" || r.Unless == "delivered", path+".unless", "%q is neither read nor delivered", r.Unless)
			c.check(r.For == 0 || r.Every > 0, path+".for", "goes with every: how often to try again for so long")
		}
	}
}

// hours checks a time of day.
func (c *checker) hours(path string, h org.Hours) {
	const day = org.Duration(24 * time.Hour)
	c.check(h.From >= 0 && h.From < day && h.To >= 0 && h.To <= day, path, "from and to are times since midnight, such as 22h and 7h30m")
	for _, d := range h.Days {
		c.check(slices.Contains(org.Days, d), path+".days", "%q is no day: want some of %s", d, strings.Join(org.Days, ", "))
	}
}

// reach checks how a person limits what reaches them.
func (c *checker) reach(at string, p org.Person) {
	hours := c.hours
	if p.Hours != nil {
		hours(at+".hours", *p.Hours)
	}
	if p.Quiet != nil {
		hours(at+".quiet", p.Quiet.Hours)
	}
	for i, s := range p.Away {
		c.check(s.Until.After(s.From), fmt.Sprintf("%s.away[%d]", at, i), "ends before it begins")
	}
	switch p.Low {
	case org.AtOnce, org.InHours, org.Digest:
	default:
		c.bad(at+".low", "%q is neither hours nor digest", p.Low)
	}
	c.check(p.Low != org.InHours || p.Hours != nil, at+".low", "needs hours: the working hours")
	c.check(p.Reach.Digest < org.Duration(24*time.Hour), at+".digest", "is a time since midnight, such as 9h")
	for _, name := range slices.Sorted(maps.Keys(p.Caps)) {
		c.check(slices.Contains(channelNames, name), at+".caps", "%q is no channel", name)
		c.check(p.Caps[name] <= org.Duration(time.Hour), at+".caps", "%s: at most 1h", name)
	}
}

func (c *checker) role(path string, r org.Role) {
	c.check(r == "" || r.Valid(), path, "%q is no role: want one of admin, manager, responder, observer, stakeholder", r)
}

func (c *checker) methods(list string, p org.Person) {
	at := within(list)
	c.ids("method", len(p.Methods), at, func(i int) string { return string(p.Methods[i].ID) })
	for i, m := range p.Methods {
		c.check(slices.Contains(channelNames, m.Channel) || m.Channel == Push, at(i)+".channel",
			"%q is no channel: want one of %s", m.Channel, strings.Join(channelNames, ", "))
		switch {
		case m.Address == "":
			c.bad(at(i)+".address", "is missing")
		case m.Channel == "email":
			c.address(at(i)+".address", m.Address)
		case m.Channel == "sms", m.Channel == "voice":
			_, err := channel.Number(m.Address, "")
			c.check(err == nil, at(i)+".address", "%v", err)
		}
	}
}

func (c *checker) address(path, address string) {
	_, err := mail.ParseAddress(address)
	c.check(err == nil, path, "%q is not a mail address", address)
}

func (c *checker) priority(path string, p org.Priority) {
	c.check(p == "" || p == org.High || p == org.Low, path, "%q is neither high nor low", p)
}

func (c *checker) members(path string, people []org.PersonID) {
	for n, id := range people {
		c.member(fmt.Sprintf("%s[%d]", path, n), id)
	}
}

func (c *checker) member(at string, id org.PersonID) {
	c.check(id != "", at, "names nobody")
	c.refers(at, Person, string(id))
}

func (c *checker) teams() {
	at := within("teams")
	c.ids(Team, len(c.Teams), at, func(i int) string { return string(c.Teams[i].ID) })
	for i, t := range c.Teams {
		c.members(at(i)+".members", t.Members)
		if name, room, _ := strings.Cut(t.Room, ":"); t.Room != "" {
			c.check(channel.HasRooms(name), at(i)+".room", "%q: want a channel that keeps threads and the id of a room, such as slack:C012AB3CD", t.Room)
			c.check(room != "" && len(room) <= 200 && !strings.ContainsAny(room, " \t\n"), at(i)+".room", "%q names no room, such as slack:C012AB3CD", t.Room)
		}
		c.check(len(t.Replies) <= 20, at(i)+".replies", "at most 20")
		for j, text := range t.Replies {
			c.check(strings.TrimSpace(text) != "" && utf8.RuneCountInString(text) <= 300, fmt.Sprintf("%s.replies[%d]", at(i), j), "want a text of at most 300 characters")
		}
		for _, p := range slices.Sorted(maps.Keys(t.Roles)) {
			path := at(i) + ".roles"
			c.refers(path, Person, string(p))
			c.role(path, t.Roles[p])
			c.check(t.Roles[p] != "", path, "%s has no role", p)
			c.check(t.Roles[p] != org.Admin, path, "admin is a role everywhere, not in a team: give it to the person")
		}
	}
}

func (c *checker) services() {
	at := within("services")
	c.ids(Service, len(c.Services), at, func(i int) string { return string(c.Services[i].ID) })
	for i, v := range c.Services {
		c.refers(at(i)+".team", Team, string(v.Team))
		c.refers(at(i)+".policy", Policy, string(v.Policy))
		c.check(v.CostPerHour >= 0 && v.CostPerHour <= dearest, at(i)+".cost_per_hour", "from 0 to 1,000,000,000")
		if v.Support != nil {
			c.hours(at(i)+".support", v.Support.Hours)
			if _, err := org.Zone(v.Support.Zone); err != nil {
				c.bad(at(i)+".support.zone", "%v", err)
			}
		}
		for n, d := range v.DependsOn {
			c.refers(fmt.Sprintf("%s.depends_on[%d]", at(i), n), Service, string(d))
		}
		if circle := c.circle(v.ID); circle != nil {
			c.bad(at(i)+".depends_on", "goes in a circle: %s", strings.Join(circle, " -> "))
		}
	}
}

// circle is the way from a service through what it depends on back to itself.
func (c *checker) circle(start org.ServiceID) []string {
	seen := map[org.ServiceID]bool{}
	var walk func(id org.ServiceID) []string
	walk = func(id org.ServiceID) []string {
		for _, d := range c.depends[id] {
			if d == start {
				return []string{string(id), string(d)}
			}
			if seen[d] {
				continue
			}
			seen[d] = true
			if way := walk(d); way != nil {
				return append([]string{string(id)}, way...)
			}
		}
		return nil
	}
	return walk(start)
}

var (
	keyForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)
	routingForm = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)
)

func (c *checker) integrations() {
	at := within("integrations")
	c.ids(Integrating, len(c.Integrations), at, func(i int) string { return string(c.Integrations[i].ID) })
	keys := map[string]string{}
	for i, v := range c.Integrations {
		_, ok := source.Named(v.Source)
		c.check(ok, at(i)+".source", "%q is no source: want one of %s", v.Source, strings.Join(sourceNames(), ", "))
		c.refers(at(i)+".service", Service, string(v.Service))
		c.mapping(at(i)+".mapping", v)
		if v.Key == "" {
			continue
		}
		path := at(i) + ".key" // its text stays out of what is printed
		if v.Source == "pagerduty" {
			c.check(routingForm.MatchString(v.Key), path, "a routing key is 32 letters and digits")
		} else {
			c.check(keyForm.MatchString(v.Key), path, "a key is 16 to 128 letters, digits, dashes and underscores")
		}
		c.check(keys[v.Key] == "", path, "is the key of integration %s too", keys[v.Key])
		keys[v.Key] = string(v.ID)
	}
}

// mapping checks the words of a mapping; where its paths lead only a body can say.
func (c *checker) mapping(path string, v Integration) {
	if v.Mapping == nil {
		return
	}
	c.check(v.Source == "generic", path, "goes with the source generic: others know where things stand")
	for word, severity := range v.Mapping.Severities {
		c.check(severity.Valid(), path+".severities."+word, "%q is no severity: want SEV1 to SEV5", severity)
	}
	for _, text := range []string{v.Mapping.Key, v.Mapping.Title, v.Mapping.Text, v.Mapping.State, v.Mapping.Severity} {
		c.check(strings.Count(text, "{") == strings.Count(text, "}") && len(text) <= 500, path, "%q has a brace without its other, or is too long", text)
	}
}

func sourceNames() (names []string) {
	for _, s := range source.All {
		names = append(names, s.Name())
	}
	return names
}

func (c *checker) rules() {
	if c.Rules == nil {
		return
	}
	at := within("rules")
	for i, r := range *c.Rules {
		c.refers(at(i)+".integration", Integrating, string(r.Integration))
		c.refers(at(i)+".service", Service, string(r.Service))
		r.Name = "x" // alone and under this name, so that its refusal needs no taking apart
		if _, err := alert.CompileRules([]alert.Rule{r}); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				c.bad(at(i), "%s", strings.TrimPrefix(line, `rule "x", `))
			}
		}
	}
}

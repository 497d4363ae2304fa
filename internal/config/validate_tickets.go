package config

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// leastPoll is how often tickets may be looked at.
const leastPoll = org.Duration(time.Minute)

// ticketSystems checks systems by their kinds, their rules and templates, and that each can
// be made.
func (c *checker) ticketSystems() {
	at := within("ticket_systems")
	c.ids("ticket system", len(c.TicketSystems), at, func(i int) string { return string(c.TicketSystems[i].ID) })
	for i, t := range c.TicketSystems {
		c.check(t.Secret == "" || secretForm.MatchString(t.Secret), at(i)+".secret", "a secret is 16 to 128 characters without spaces")
		c.check(t.Poll == 0 || t.Poll >= leastPoll, at(i)+".poll", "at most once a minute")
		for n, kind := range t.Tell {
			_, err := path.Match(kind, "")
			c.check(err == nil && kind != "", fmt.Sprintf("%s.tell[%d]", at(i), n), "%q is no kind of fact such as investigate.noted or resolve.*", kind)
		}
		for n, r := range t.Rules {
			rule := fmt.Sprintf("%s.rules[%d]", at(i), n)
			for m, id := range r.Services {
				c.refers(fmt.Sprintf("%s.services[%d]", rule, m), Service, string(id))
			}
			for m, id := range r.Teams {
				c.refers(fmt.Sprintf("%s.teams[%d]", rule, m), Team, string(id))
			}
		}
		if _, err := ticket.Compile(t); err != nil {
			where, text := at(i), err.Error()
			if f, ok := errors.AsType[ticket.Fault](err); ok {
				where, text = where+"."+f.Path, f.Text
			}
			c.bad(where, "%s", text)
		}
		c.madeTickets(at(i), t)
	}
}

// madeTickets checks what only the kind knows.
func (c *checker) madeTickets(at string, t org.TicketSystem) {
	k, ok := tracker.KindNamed(t.Kind)
	if !ok {
		c.bad(at+".kind", "%q is no kind of ticket system: want one of %s", t.Kind, strings.Join(tracker.Names(), ", "))
		return
	}
	wrong := k.Check(t.Settings)
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		c.bad(at+".settings."+name, "%s", wrong[name])
	}
	if len(wrong) > 0 {
		return
	}
	if _, err := tracker.Make(t.Kind, tracker.Setup{Settings: t.Settings}); err != nil {
		where, text, ok := strings.Cut(err.Error(), ": ")
		if !ok || !strings.HasPrefix(where, "settings.") {
			where, text = "settings", err.Error()
		}
		c.bad(at+"."+where, "%s", text)
	}
}

// ShownTickets is a ticket system without the secrets of its settings.
func ShownTickets(t org.TicketSystem) org.TicketSystem {
	k, _ := tracker.KindNamed(t.Kind)
	t.Settings = without(t.Settings, k.Secrets(t.Settings))
	return t
}

// KeepTicketSecrets is a ticket system with the secrets it had, where it names no others.
func KeepTicketSecrets(t, had org.TicketSystem) org.TicketSystem {
	if k, _ := tracker.KindNamed(t.Kind); had.Kind == t.Kind {
		t.Settings = keeping(t.Settings, had.Settings, k.Secrets(had.Settings))
	}
	return t
}

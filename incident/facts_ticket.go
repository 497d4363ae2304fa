package incident

import (
	"fmt"
	"slices"

	"tocsin/org"
)

// Step 4: the tickets that others have of it, or (with Action) of one of its actions.
type (
	// TicketOpened says that a ticket of it stands in a system of others.
	TicketOpened struct {
		System org.TicketSystemID `json:"system"`
		Key    string             `json:"key"`
		URL    string             `json:"url,omitempty"`
		Word   string             `json:"word,omitempty"`   // how it stands there
		Rule   string             `json:"rule,omitempty"`   // that wanted it; "" was a person
		Linked bool               `json:"linked,omitempty"` // it was there before
		Action int                `json:"action,omitempty"`
	}
	// TicketMoved says that the ticket stands otherwise there: in the system's own word, and
	// whether it is done.
	TicketMoved struct {
		System org.TicketSystemID `json:"system"`
		Key    string             `json:"key"`
		Word   string             `json:"word,omitempty"`
		Done   bool               `json:"done,omitempty"`
		Action int                `json:"action,omitempty"`
	}
	// TicketUnlinked says that the ticket has nothing to do with it any longer.
	TicketUnlinked struct {
		System org.TicketSystemID `json:"system"`
		Key    string             `json:"key"`
		Why    string             `json:"why,omitempty"`
		Action int                `json:"action,omitempty"`
	}
)

func (TicketOpened) Kind() string   { return "resolve.ticket_opened" }
func (TicketMoved) Kind() string    { return "resolve.ticket_moved" }
func (TicketUnlinked) Kind() string { return "resolve.ticket_unlinked" }

func (f TicketOpened) String() string {
	if f.Linked {
		return "ticket " + f.Key + " in " + string(f.System) + " belongs to " + itOr(f.Action)
	}
	s := "ticket " + f.Key + " opened in " + string(f.System)
	if f.Action > 0 {
		s += " for " + itOr(f.Action)
	}
	return because(s, f.Rule)
}

func (f TicketMoved) String() string {
	word := f.Word
	if word == "" {
		word = "open"
		if f.Done {
			word = "done"
		}
	}
	return "ticket " + f.Key + " is " + word
}

func (f TicketUnlinked) String() string {
	return because("ticket "+f.Key+" does not belong to "+itOr(f.Action), f.Why)
}

// itOr names an action, or the incident itself.
func itOr(action int) string {
	if action > 0 {
		return fmt.Sprintf("action %d", action)
	}
	return "it"
}

// ByTicket is the actor that a ticket system is.
func ByTicket(id org.TicketSystemID) Actor { return Actor("ticket:" + string(id)) }

// A Ticket is one that others have of it, as it stood when anybody looked last.
type Ticket struct {
	System org.TicketSystemID `json:"system"`
	Key    string             `json:"key"`
	URL    string             `json:"url,omitempty"`
	Word   string             `json:"word,omitempty"`
	Done   bool               `json:"done,omitempty"`
}

// Ticket is the one in a system of it, or of one of its actions; ok is false when there is
// none.
func (in Incident) Ticket(action int, id org.TicketSystemID) (Ticket, bool) {
	all := in.Tickets
	if action > 0 {
		a, _ := in.Action(action)
		all = a.Tickets
	}
	if i := ticketAt(all, id); i >= 0 {
		return all[i], true
	}
	return Ticket{}, false
}

func ticketAt(all []Ticket, id org.TicketSystemID) int {
	return slices.IndexFunc(all, func(t Ticket) bool { return t.System == id })
}

// ticketed is After for tickets.
func (in Incident) ticketed(e Entry) Incident {
	action := 0
	switch f := e.Fact.(type) {
	case TicketOpened:
		action = f.Action
	case TicketMoved:
		action = f.Action
	case TicketUnlinked:
		action = f.Action
	}
	if action == 0 {
		in.Tickets = ticketsAfter(in.Tickets, e.Fact)
		return in
	}
	if _, ok := in.Action(action); ok {
		r := *in.Review
		r.Actions = slices.Clone(r.Actions)
		a := &r.Actions[action-1]
		a.Tickets = ticketsAfter(a.Tickets, e.Fact)
		in.Review = &r
	}
	return in
}

// ticketsAfter are the tickets of something one fact later.
func ticketsAfter(had []Ticket, fact Fact) []Ticket {
	all := slices.Clone(had)
	switch f := fact.(type) {
	case TicketOpened:
		t := Ticket{System: f.System, Key: f.Key, URL: f.URL, Word: f.Word}
		if i := ticketAt(all, f.System); i >= 0 {
			all[i] = t
		} else {
			all = append(all, t)
		}
	case TicketMoved:
		if i := ticketAt(all, f.System); i >= 0 {
			all[i].Word, all[i].Done = f.Word, f.Done
		}
	case TicketUnlinked:
		if i := ticketAt(all, f.System); i >= 0 {
			all = slices.Delete(all, i, i+1)
		}
	}
	return all
}

package incident

import (
	"slices"

	"tocsin/org"
)

// Step 4: the tickets that others have of it.
type (
	// TicketOpened says that a ticket of it stands in a system of others.
	TicketOpened struct {
		System org.TicketSystemID `json:"system"`
		Key    string             `json:"key"`
		URL    string             `json:"url,omitempty"`
		Word   string             `json:"word,omitempty"`   // how it stands there
		Rule   string             `json:"rule,omitempty"`   // that wanted it; "" was a person
		Linked bool               `json:"linked,omitempty"` // it was there before
	}
	// TicketMoved says that the ticket stands otherwise there: in the system's own word, and
	// whether it is done.
	TicketMoved struct {
		System org.TicketSystemID `json:"system"`
		Key    string             `json:"key"`
		Word   string             `json:"word,omitempty"`
		Done   bool               `json:"done,omitempty"`
	}
	// TicketUnlinked says that the ticket has nothing to do with it any longer.
	TicketUnlinked struct {
		System org.TicketSystemID `json:"system"`
		Key    string             `json:"key"`
		Why    string             `json:"why,omitempty"`
	}
)

func (TicketOpened) Kind() string   { return "resolve.ticket_opened" }
func (TicketMoved) Kind() string    { return "resolve.ticket_moved" }
func (TicketUnlinked) Kind() string { return "resolve.ticket_unlinked" }

func (f TicketOpened) String() string {
	if f.Linked {
		return "ticket " + f.Key + " in " + string(f.System) + " belongs to it"
	}
	return because("ticket "+f.Key+" opened in "+string(f.System), f.Rule)
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
	return because("ticket "+f.Key+" does not belong to it", f.Why)
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

// Ticket is the one in a system; ok is false when there is none.
func (in Incident) Ticket(id org.TicketSystemID) (Ticket, bool) {
	for _, t := range in.Tickets {
		if t.System == id {
			return t, true
		}
	}
	return Ticket{}, false
}

// ticketed is After for tickets.
func (in Incident) ticketed(e Entry) Incident {
	in.Tickets = slices.Clone(in.Tickets)
	at := func(id org.TicketSystemID) int {
		return slices.IndexFunc(in.Tickets, func(t Ticket) bool { return t.System == id })
	}
	switch f := e.Fact.(type) {
	case TicketOpened:
		t := Ticket{System: f.System, Key: f.Key, URL: f.URL, Word: f.Word}
		if i := at(f.System); i >= 0 {
			in.Tickets[i] = t
		} else {
			in.Tickets = append(in.Tickets, t)
		}
	case TicketMoved:
		if i := at(f.System); i >= 0 {
			in.Tickets[i].Word, in.Tickets[i].Done = f.Word, f.Done
		}
	case TicketUnlinked:
		if i := at(f.System); i >= 0 {
			in.Tickets = slices.Delete(in.Tickets, i, i+1)
		}
	}
	return in
}

package ticket

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// Opened states that an incident has a ticket. Twice is once.
func Opened(in incident.Incident, f incident.TicketOpened) []incident.Fact {
	if had, ok := in.Ticket(f.System); ok && had.Key == f.Key {
		return nil
	}
	return []incident.Fact{f}
}

// Unlink says that a ticket has nothing to do with an incident.
func Unlink(in incident.Incident, system org.TicketSystemID, why string) ([]incident.Fact, error) {
	had, ok := in.Ticket(system)
	if !ok {
		return nil, incident.Refuse("it has no ticket in %s", system)
	}
	return []incident.Fact{incident.TicketUnlinked{System: system, Key: had.Key, Why: why}}, nil
}

const mostNote = 10000 // runes of a comment that is taken in

// Hears is what an incident is told of that was said in its ticket.
func (c *Compiled) Hears(in incident.Incident, key string, said []Said) (facts []incident.Fact) {
	if !c.Comments.In() {
		return nil
	}
	for _, s := range said {
		text := strings.TrimSpace(strings.ToValidUTF8(s.Text, "\uFFFD"))
		if text == "" {
			continue
		}
		if utf8.RuneCountInString(text) > mostNote {
			text = string([]rune(text)[:mostNote-1]) + "…"
		}
		if s.Author != "" {
			text = s.Author + ": " + text
		}
		facts = append(facts, incident.Noted{Text: text, In: In(c.ID, key)})
	}
	return facts
}

// Moved is what it means that a ticket stands otherwise than anybody knew.
func (c *Compiled) Moved(in incident.Incident, key, word string, is State) (facts []incident.Fact) {
	had, ok := in.Ticket(c.ID)
	if !ok || had.Key != key || had.Done == (is == Done) && had.Word == word {
		return nil
	}
	turned := had.Done != (is == Done)
	facts = append(facts, incident.TicketMoved{System: c.ID, Key: key, Word: word, Done: is == Done})
	if !turned || !c.State.In() {
		return facts
	}
	switch {
	case is == Done && in.Status.Open():
		facts = append(facts, incident.Ended{Why: fmt.Sprintf("ticket %s is %s", key, orDone(word))})
	case is == Open && in.Status == incident.Resolved && c.Reopens:
		facts = append(facts, incident.Reopened{Why: fmt.Sprintf("ticket %s was opened again", key)})
	}
	return facts
}

func orDone(word string) string {
	if word == "" {
		return "done"
	}
	return word
}

// Says is the comment by which a ticket is told of a fact; "" is none.
func (c *Compiled) Says(e incident.Entry, name string) string {
	if Echo(e, c.ID) || !c.Tells(e.Fact.Kind()) {
		return ""
	}
	switch f := e.Fact.(type) {
	case incident.Noted:
		return name + ": " + strings.TrimSpace(f.Text)
	case incident.Updated:
		if f.N == 0 { // it was taken back
			return ""
		}
		return name + ", to those concerned: " + f.String()
	case incident.AcknowledgedBy:
		return name + " has it"
	}
	return name + ": " + e.Fact.String()
}

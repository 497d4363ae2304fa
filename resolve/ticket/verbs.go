package ticket

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// Opened states that an incident, or an action of it, has a ticket. Twice is once.
func Opened(in incident.Incident, f incident.TicketOpened) []incident.Fact {
	if had, ok := in.Ticket(f.Action, f.System); ok && had.Key == f.Key {
		return nil
	}
	return []incident.Fact{f}
}

// Unlink says that a ticket has nothing to do with an incident, or with an action of it.
func Unlink(in incident.Incident, action int, system org.TicketSystemID, why string) ([]incident.Fact, error) {
	had, ok := in.Ticket(action, system)
	if !ok {
		return nil, incident.Refuse("it has no ticket in %s", system)
	}
	return []incident.Fact{incident.TicketUnlinked{System: system, Key: had.Key, Why: why, Action: action}}, nil
}

const mostNote = 10000 // runes of a comment that is taken in

// Hears is what an incident is told of that was said in its ticket, or in that of one of
// its actions.
func (c *Compiled) Hears(in incident.Incident, action int, key string, said []Said) (facts []incident.Fact) {
	if !c.Comments.In() {
		return nil
	}
	a, _ := in.Action(action)
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
		if action > 0 {
			facts = append(facts, incident.ActionNoted{Action: action, Title: a.Title, Text: text, In: In(c.ID, key)})
			continue
		}
		facts = append(facts, incident.Noted{Text: text, In: In(c.ID, key)})
	}
	return facts
}

// Moved is what it means that a ticket stands otherwise than anybody knew.
func (c *Compiled) Moved(in incident.Incident, action int, key, word string, is State) (facts []incident.Fact) {
	had, ok := in.Ticket(action, c.ID)
	if !ok || had.Key != key || had.Done == (is == Done) && had.Word == word {
		return nil
	}
	turned := had.Done != (is == Done)
	facts = append(facts, incident.TicketMoved{System: c.ID, Key: key, Word: word, Done: is == Done, Action: action})
	if !turned || !c.State.In() {
		return facts
	}
	ended, again := fmt.Sprintf("ticket %s is %s", key, orDone(word)), fmt.Sprintf("ticket %s was opened again", key)
	switch a, _ := in.Action(action); {
	case action > 0 && is == Done && a.State == incident.ToDo:
		facts = append(facts, incident.ActionDone{Action: action, Title: a.Title, Outcome: ended})
	case action > 0 && is == Open && a.State != incident.ToDo: // that calls nobody
		facts = append(facts, incident.ActionReopened{Action: action, Title: a.Title, Why: again})
	case action > 0:
	case is == Done && in.Status.Open():
		facts = append(facts, incident.Ended{Why: ended})
	case is == Open && in.Status == incident.Resolved && c.Reopens:
		facts = append(facts, incident.Reopened{Why: again})
	}
	return facts
}

func orDone(word string) string {
	if word == "" {
		return "done"
	}
	return word
}

// Tells says whether the ticket of an incident, or of one of its actions, is told of a fact.
// Of an action it hears what is about that action alone.
func (c *Compiled) Tells(f incident.Fact, action int) bool {
	return (action == 0 || ActionOf(f) == action) && c.TicketSystem.Tells(f.Kind(), action > 0)
}

// Says is the comment by which a ticket is told of a fact; "" is none.
func (c *Compiled) Says(e incident.Entry, action int, name string) string {
	if Echo(e, c.ID) || !c.Tells(e.Fact, action) {
		return ""
	}
	switch f := e.Fact.(type) {
	case incident.ActionNoted:
		if action > 0 {
			return name + ": " + strings.TrimSpace(f.Text)
		}
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

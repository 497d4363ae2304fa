// Package ticket decides about the tickets that others have of incidents and of the actions
// that these leave: which of them gets one by itself (rule.go), what a ticket says at first
// (draft.go), which facts it is told of and how, and what it means for the incident or the
// action when somebody works there (verbs.go). It speaks to nobody: internal/tracker does, and internal/follow brings the
// two together.
//
// Two systems that tell each other everything must not answer their own echo. Three things
// keep them from it. What came from a ticket is not told to it (Echo). What we write there
// ends with a mark that only we can make (Sign, Signed), so that it is known again however
// it comes back. And of the state only what is so counts, never that it was said: a ticket
// that is done ends an open incident or action, one that is over ends an open ticket, and
// where both are over nothing is done.
package ticket

import (
	"strconv"
	"strings"

	"tocsin/incident"
	"tocsin/org"
)

// A Matter is what a ticket is of: an incident, or one of its actions.
type Matter struct {
	Incident incident.ID
	Action   int // 0: the incident itself
}

// Sort is the sort of a matter, for rows.
func (m Matter) Sort() string {
	if m.Action > 0 {
		return "action"
	}
	return "incident"
}

// String names a matter, for rows: the incident, and behind a slash the action.
func (m Matter) String() string {
	if m.Action > 0 {
		return string(m.Incident) + "/" + strconv.Itoa(m.Action)
	}
	return string(m.Incident)
}

// MatterOf reads what String wrote.
func MatterOf(said string) Matter {
	id, number, _ := strings.Cut(said, "/")
	n, _ := strconv.Atoi(number)
	return Matter{incident.ID(id), n}
}

// A State is how a ticket stands, whatever its system calls that.
type State string

const (
	Open State = "open"
	Done State = "done"
)

// StateOf is how a ticket should stand that is of an incident, or of one of its actions.
func StateOf(in incident.Incident, action int) State {
	open := in.Status.Open()
	if action > 0 {
		a, ok := in.Action(action)
		open = ok && a.State == incident.ToDo
	}
	if open {
		return Open
	}
	return Done
}

// Turns says whether a fact opens an incident or an action again or ends it, so that its
// ticket has to follow.
func Turns(f incident.Fact, action int) bool {
	switch f.Kind() {
	case "resolve.resolved", "alert.reopened":
		return action == 0
	case "review.action_done", "review.action_dropped", "review.action_reopened":
		return action > 0 && ActionOf(f) == action
	}
	return false
}

// ActionOf is the action that a fact is about; 0: it is about none, or about its ticket.
func ActionOf(f incident.Fact) int {
	switch f := f.(type) {
	case incident.ActionAdded:
		return f.Action
	case incident.ActionChanged:
		return f.Action
	case incident.ActionDone:
		return f.Action
	case incident.ActionDropped:
		return f.Action
	case incident.ActionReopened:
		return f.Action
	case incident.ActionNoted:
		return f.Action
	case incident.ActionReminded:
		return f.Action
	case incident.ActionOverdue:
		return f.Action
	case incident.ActionRecurred:
		return f.Action
	}
	return 0
}

// In names a ticket as notes do that were written there.
func In(system org.TicketSystemID, key string) string { return "ticket:" + string(system) + "/" + key }

// Echo says whether an entry came from the system: it knows already.
func Echo(e incident.Entry, system org.TicketSystemID) bool {
	if e.By == incident.ByTicket(system) {
		return true
	}
	in := ""
	switch f := e.Fact.(type) {
	case incident.Noted:
		in = f.In
	case incident.ActionNoted:
		in = f.In
	}
	return strings.HasPrefix(in, In(system, ""))
}

// A Said is one comment of a ticket.
type Said struct {
	ID     string // the system's own
	Author string
	Text   string
}

// markWord begins what is written below a comment of ours: the number of the line that it
// tells follows, and what only we can make of it.
const markWord = "tocsin-"

// Sign is the last line of a comment of ours. hidden wraps it so that readers of Markdown
// do not see it.
func Sign(seq int, mac string, hidden bool) string {
	mark := markWord + strconv.Itoa(seq) + "-" + mac
	if hidden {
		return "<!-- " + mark + " -->"
	}
	return mark // no brackets: some read them as a link
}

// Signed reads the mark below a comment. Whoever quotes a comment of ours and writes more
// has no mark at the end.
func Signed(text string) (seq int, mac string, ok bool) {
	text = strings.TrimSpace(text)
	last := text[strings.LastIndexByte(text, '\n')+1:]
	last = strings.TrimSpace(strings.Trim(strings.NewReplacer("<!--", "", "-->", "", `\`, "").Replace(last), "[] \t"))
	rest, ok := strings.CutPrefix(last, markWord)
	if !ok {
		return 0, "", false
	}
	number, mac, ok := strings.Cut(rest, "-")
	seq, err := strconv.Atoi(number)
	return seq, mac, ok && err == nil && seq > 0 && mac != ""
}

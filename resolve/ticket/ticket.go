// Package ticket decides about the tickets that others have of incidents: which incident
// gets one by itself (rule.go), what a ticket says at first (draft.go), which facts it is
// told of and how, and what it means for the incident when somebody works there
// (verbs.go). It speaks to nobody: internal/tracker does, and internal/follow brings the
// two together.
//
// Two systems that tell each other everything must not answer their own echo. Three things
// keep them from it. What came from a ticket is not told to it (Echo). What we write there
// ends with a mark that only we can make (Sign, Signed), so that it is known again however
// it comes back. And of the state only what is so counts, never that it was said: a ticket
// that is done ends an open incident, an incident that is over ends an open ticket, and
// where both are over nothing is done.
package ticket

import (
	"strconv"
	"strings"

	"tocsin/incident"
	"tocsin/org"
)

// A Matter is what a ticket is of. So far that is an incident.
type Matter string

// OfIncident is the sort of tickets that are of incidents.
const OfIncident Matter = "incident"

// A State is how a ticket stands, whatever its system calls that.
type State string

const (
	Open State = "open"
	Done State = "done"
)

// StateOf is how a ticket of an incident should stand.
func StateOf(in incident.Incident) State {
	if in.Status.Open() {
		return Open
	}
	return Done
}

// Turns says whether a fact opens an incident again or ends it, so that a ticket has to
// follow.
func Turns(kind string) bool {
	return kind == "resolve.resolved" || kind == "alert.reopened"
}

// In names a ticket as notes do that were written there.
func In(system org.TicketSystemID, key string) string { return "ticket:" + string(system) + "/" + key }

// Echo says whether an entry came from the system: it knows already.
func Echo(e incident.Entry, system org.TicketSystemID) bool {
	if e.By == incident.ByTicket(system) {
		return true
	}
	n, ok := e.Fact.(incident.Noted)
	return ok && strings.HasPrefix(n.In, In(system, ""))
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

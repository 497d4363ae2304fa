package escalate

import (
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Page is one message to one person over one contact method. It is written down
// before it is sent, and every state it goes through stays with it.
type Page struct {
	Subject  incident.ID
	Run      int
	Epoch    int
	Round    int
	Level    int
	Person   org.PersonID // "" for an email: target
	Method   org.MethodID
	Channel  string
	Address  string // only of an email: target; a person's address is read at send
	Rule     int    // position of the person's notification rule; -1: they have none for this
	Repeat   int    // number of the persistent repetition, from 0
	Purpose  Purpose
	Text     string // of a notice; an alarm's text is read at send
	Priority org.Priority
	At       time.Time
	// Each keeps the page going when somebody else answers.
	Each bool
	// Every and Until repeat the page until it is read or answered.
	Every time.Duration
	Until time.Time
	// Unless is the receipt (delivered or read) of any other page of the subject to the
	// person that makes this one needless; "" is none.
	Unless State
	// Kept for ever: when it was for the person, in their own zone.
	Zone string
	Hour int
}

// A Purpose is what a page is for. Only an alarm may make a noise and wants an answer.
type Purpose string

const (
	Alarm    Purpose = "alarm"
	FailOver Purpose = "fail_over" // an alarm to the target of last resort
	Told     Purpose = "told"      // somebody has it
	AllClear Purpose = "all_clear" // it is over
	HandOver Purpose = "hand_over" // the shift changed while it was open
	Report   Purpose = "report"    // everyone failed
	Code     Purpose = "code"      // proves whose an address is; no page of any subject has it
	Update   Purpose = "update"    // the cause of what they were paged for is known
	Copy     Purpose = "copy"      // an alarm went to another; who stands in its shadow looks on
	Work     Purpose = "work"      // a role or a task is theirs, or is overdue
	News     Purpose = "news"      // what those who follow it are told; no page of any subject has it
	Shift    Purpose = "shift"     // what begins or ends for somebody; its subject is a schedule
	Mention  Purpose = "mention"   // somebody wrote to them; its subject is a conversation
)

// Alarms says whether the page wants an answer.
func (p Purpose) Alarms() bool { return p == Alarm || p == FailOver }

// Apart says whether the page is about something that has no log.
func (p Purpose) Apart() bool { return p == Shift || p == Mention }

// Key names the page for ever: a restart is a new epoch and pages again, one key never
// pages twice.
func (p Page) Key() string {
	who := string(p.Person) + "/" + string(p.Method)
	if p.Person == "" {
		who = "email/" + p.Address
	}
	return fmt.Sprintf("%s/%d.%d.%d.%d/%s/%s/%d.%d", p.Subject, p.Run, p.Epoch, p.Round, p.Level, p.Purpose, who, p.Rule, p.Repeat)
}

// A State is how far a page has come.
type State string

const (
	Planned   State = "planned"
	Claimed   State = "claimed" // a node is sending it; its lease says until when
	Sent      State = "sent"
	Delivered State = "delivered"
	Read      State = "read"
	Answered  State = "answered"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Rank orders the receipts of a page: they only climb.
func (s State) Rank() int {
	switch s {
	case Sent:
		return 1
	case Delivered:
		return 2
	case Read:
		return 3
	case Answered:
		return 4
	}
	return 0
}

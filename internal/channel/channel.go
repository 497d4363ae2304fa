// Package channel carries pages out of the house: one file per way to reach a person.
//
// A Message is one page with everything that a channel needs to carry it. The engine
// makes it at the moment of sending, from what is true then, and hands it to a
// Channel. A channel is told nothing else and remembers nothing: it neither knows
// incidents nor retries. It answers with a Receipt, or with an error that says what
// became of the page:
//
//   - Permanent: it will never go out like this (no such address, refused for good).
//     The engine marks the page failed and looks for another way.
//   - Temporary: it did not go out; later it may, after RetryAfter if that is set.
//   - Unknown: everything was handed over and then no answer came. It may have
//     arrived. It is sent again, because a page too many is better than none; the
//     message's ID goes along so that whoever can tell twins apart shows one.
//
// The words are the same on every channel (text.go): Headline is the page in one
// line, Plain is all of it. They bound and clean whatever came from outside, so that
// an oversize or malicious alert shortens the page and never stops it.
//
// A channel's network goes through internal/egress. Every Send is over within ten
// seconds, or sooner when its context ends.
package channel

import (
	"context"
	"errors"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/org"
)

// SendTimeout is how long one Send may take; the engine's lease outlives it.
const SendTimeout = 10 * time.Second

// A File goes with a message.
type File struct {
	Name string
	Type string // such as application/pdf
	Body []byte
}

// A Message is one page, ready to be carried to one address.
type Message struct {
	// ID is the page's: the provider gets it as idempotency key, Message-ID or
	// header, the same each time the page is tried.
	ID         string
	To         string // the address, as the person typed it
	PersonName string

	// Drill says that nothing is wrong and people practise: every message begins with it.
	Drill    bool
	Subject  string // the id of the incident, change or call
	Title    string
	Service  string
	Team     string
	Severity org.Severity
	Priority org.Priority
	Purpose  escalate.Purpose
	// Text is what a notice says: who has it ("Omar has it"), how it ended, or the
	// whole line of a hand-over or report. An alarm needs none.
	Text string

	Body  []string     // further lines: why you, which level, what the alert said
	Links []alert.Link // where to look; only http and https are shown
	// AckURL answers the page: GET shows a form, POST acts. "" when there is nothing
	// to answer.
	AckURL string
	URL    string // of the incident; may be ""
	// For notifications that can act by themselves: a POST to one of these does what its
	// name says, once, and asks for no session. "" where there is nothing to do.
	PushAckURL, ResolveURL string
	ReceiptURL, ReadURL    string        // that it was shown, and looked at
	Again                  time.Duration // when the same is sent again, if nobody answers; 0 is never
	// ReplyTo is where a reply by mail is heard; "" where none is.
	ReplyTo string
	// LeaveURL ends what somebody follows: GET shows a form, POST ends it at once. "" where
	// there is nothing to end.
	LeaveURL string
	// Code names the incident among those that the person was paged about: four digits
	// with which they reply. "" when they cannot.
	Code string
	// More says what else this page stands for: "6 more alerts for checkout".
	More string
	// Resolvable says that whoever has it may still end it here.
	Resolvable bool
	// Choices are the answers to a page by hand; without any it is acknowledged.
	Choices []string

	// Files go with it where the channel has files: by mail.
	Files []File

	At   time.Time      // when it began; zero for none
	Zone *time.Location // the person's; nil is UTC
	// Thread is the same for all pages of one subject, so that mails form a thread.
	Thread string
	// Before is the provider's id of the first message about the subject at the address,
	// where the channel has threads.
	Before string
}

// A Receipt says how far a page has come.
type Receipt struct {
	Provider string         // the provider's own id for it; "" when it has none
	State    escalate.State // escalate.Sent, or escalate.Delivered where that is known at once
}

// A Channel is one way to reach people.
type Channel interface {
	// Name is what contact methods call it: "email", "ntfy", "log".
	Name() string
	// Send carries one message. A nil error means that the next hop has accepted
	// it; otherwise Classify says what became of it.
	Send(ctx context.Context, m Message) (Receipt, error)
}

// A Settler changes what it has sent once the question is answered: the message says how
// things stand, and keeps the buttons that still mean something. sent is the provider's id
// of the message. One that says so already is no error.
type Settler interface {
	Settle(ctx context.Context, m Message, sent string) error
}

// A Roomy channel keeps a thread of each incident in a room: what is sent with Before goes
// into the thread that began with that message.
type Roomy interface {
	Channel
	Settler
	Threaded()
}

// An Outcome is what became of a page.
type Outcome string

const (
	Accepted  Outcome = "accepted"
	Permanent Outcome = "permanent"
	Temporary Outcome = "temporary"
	Unknown   Outcome = "unknown"
)

// An Error is a Send that did not end well. Its text is for the timeline: it names no
// credential and repeats nothing that the other side wrote in a body.
type Error struct {
	Outcome    Outcome
	RetryAfter time.Duration // as the provider asks; 0 leaves it to the engine
	Err        error
}

func (e *Error) Error() string { return string(e.Outcome) + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Words is what a provider said, without what we make of it.
func Words(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		err = e.Err
	}
	return err.Error()
}

// Classify says what became of a page by the error of its Send. An error that nobody
// classified is Unknown: the page is sent again.
func Classify(err error) Outcome {
	if err == nil {
		return Accepted
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return Unknown
}

// IsError says whether an error is what became of a page.
func IsError(err error) bool { _, ok := errors.AsType[*Error](err); return ok }

// RetryAfter is how long the provider asked to be left alone; 0 when it did not.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

func failed(o Outcome, err error) error { return &Error{Outcome: o, Err: err} }

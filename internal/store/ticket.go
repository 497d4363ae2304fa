package store

import (
	"time"

	"tocsin/org"
)

// A Ticket is one that others have of something here, or are to have.
type Ticket struct {
	System  org.TicketSystemID
	Sort    string // of the subject: "incident"
	Subject string
	Mark    string // by which it is found again
	Rule    string // that wanted it; "": a person
	Ref     string // by which it is spoken to; "": it is not there yet
	Key     string // as people call it
	URL     string
	State   string // open or done, as it stood when anybody looked last
	Word    string // how the system calls that
	At      time.Time
	MadeAt  time.Time
	SeenAt  time.Time
}

// TicketUnlinked is the state of a row that is kept so that no rule wants it again.
const TicketUnlinked = "unlinked"

// TicketHook is the name under which what is owed to a ticket system stands among the
// deliveries. No webhook can be called so.
func TicketHook(id org.TicketSystemID) org.WebhookID { return org.WebhookID("ticket/" + string(id)) }

// PutTicket writes one by its system and subject.
func (tx *Tx) PutTicket(t Ticket) error {
	_, err := tx.exec(tx.s.sql.TicketPut, string(t.System), t.Sort, t.Subject, t.Mark, t.Rule, t.Ref, t.Key, t.URL, t.State, t.Word, micros(t.At), micros(t.MadeAt), micros(t.SeenAt))
	return err
}

// Ticket is the one that a system has of something; ErrNotFound when it is to have none.
func (tx *Tx) Ticket(id org.TicketSystemID, sort, subject string) (Ticket, error) {
	return tx.oneTicket(tx.s.sql.Ticket, string(id), sort, subject)
}

// TicketAt is the one that a system speaks of by its reference or its key.
func (tx *Tx) TicketAt(id org.TicketSystemID, ref string) (Ticket, error) {
	return tx.oneTicket(tx.s.sql.TicketByRef, string(id), ref)
}

// TicketsOf are all that others have of something.
func (tx *Tx) TicketsOf(sort, subject string) ([]Ticket, error) {
	return tx.tickets(tx.s.sql.TicketsOf, sort, subject)
}

// TicketsUnseen are open ones of a system that nobody looked at since a time.
func (tx *Tx) TicketsUnseen(id org.TicketSystemID, since time.Time, limit int) ([]Ticket, error) {
	return tx.tickets(tx.s.sql.TicketsUnseen, string(id), micros(since), limit)
}

func (tx *Tx) oneTicket(text string, args ...any) (Ticket, error) {
	all, err := tx.tickets(text, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Ticket{}, err
	}
	return all[0], nil
}

func (tx *Tx) tickets(text string, args ...any) (out []Ticket, err error) {
	err = tx.each(text, args, func(r row) error {
		var t Ticket
		var at, made, seen int64
		err := r.Scan(&t.System, &t.Sort, &t.Subject, &t.Mark, &t.Rule, &t.Ref, &t.Key, &t.URL, &t.State, &t.Word, &at, &made, &seen)
		t.At, t.MadeAt, t.SeenAt = moment(at), moment(made), moment(seen)
		out = append(out, t)
		return err
	})
	return out, err
}

// KnowComment remembers a comment of a ticket, so that it is neither told nor taken in
// again.
func (tx *Tx) KnowComment(id org.TicketSystemID, ref, comment string, ours bool, at time.Time) error {
	_, err := tx.exec(tx.s.sql.TicketCommentAdd, string(id), ref, comment, ours, micros(at))
	return err
}

// KnownComments are the ids of those that are known.
func (tx *Tx) KnownComments(id org.TicketSystemID, ref string) (map[string]bool, error) {
	known := map[string]bool{}
	err := tx.each(tx.s.sql.TicketComments, []any{string(id), ref}, func(r row) error {
		var one string
		err := r.Scan(&one)
		known[one] = true
		return err
	})
	return known, err
}

// WaitingDeliveries are those of a subject that one reader is still to have, in their order.
func (tx *Tx) WaitingDeliveries(hook org.WebhookID, subject string) ([]Delivery, error) {
	return tx.deliveries(tx.s.sql.DeliveriesWaiting, string(hook), subject)
}

// WakeDeliveries has all that waits for a reader tried now.
func (tx *Tx) WakeDeliveries(hook org.WebhookID, now time.Time) error {
	_, err := tx.exec(tx.s.sql.DeliveriesWake, string(hook), micros(now))
	return err
}

// A Queue is what waits for one reader, and since when.
type Queue struct {
	Waiting int
	Since   time.Time // the oldest fact of it
}

// TicketQueues are those of the ticket systems for which anything waits.
func (tx *Tx) TicketQueues() (map[org.TicketSystemID]Queue, error) {
	out := map[org.TicketSystemID]Queue{}
	err := tx.each(tx.s.sql.DeliveryCounts, []any{"ticket/%"}, func(r row) error {
		var hook string
		var q Queue
		var since int64
		err := r.Scan(&hook, &q.Waiting, &since)
		q.Since = moment(since)
		out[org.TicketSystemID(hook[len("ticket/"):])] = q
		return err
	})
	return out, err
}

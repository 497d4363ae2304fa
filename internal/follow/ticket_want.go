package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// mark is that by which a ticket is found again: nobody else can make it, and one that is
// wanted again has another.
func (t *Tickets) mark(row store.Ticket) string {
	return "tocsin-" + t.ring.Hash("ticket", fmt.Sprintf("%s/%s/%s/%d", row.System, row.Sort, row.Subject, row.At.UnixMicro()))[:24]
}

// row is one of a ticket that is wanted.
func (t *Tickets) row(id org.TicketSystemID, m ticket.Matter, now time.Time) store.Ticket {
	row := store.Ticket{System: id, Sort: m.Sort(), Subject: m.String(), At: now}
	row.Mark = t.mark(row)
	return row
}

// Want has a ticket made of an incident or an action, or (with there) takes one that is
// there for it.
func (t *Tickets) Want(ctx context.Context, id org.TicketSystemID, m ticket.Matter, by incident.Actor, there *tracker.Ticket, now time.Time) error {
	row := t.row(id, m, now)
	kind := openKind
	if there != nil {
		kind = linkKind
		row.Ref, row.Key, row.URL, row.State, row.Word, row.MadeAt, row.SeenAt = there.Ref, there.Key, there.URL, string(there.Is), there.Word, now, now
	}
	err := t.store.Write(ctx, store.People, func(tx *store.Tx) error {
		sub, err := tx.Lock(m.Incident)
		if err != nil {
			return err
		}
		if sub.IsDrill() {
			return incident.Refuse("it is a drill: no ticket is made of it")
		}
		if had, err := tx.Ticket(id, row.Sort, row.Subject); err == nil && had.State != store.TicketUnlinked {
			return incident.Refuse("it has a ticket there already, or will soon: %s", had.Key)
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if there != nil {
			other, err := tx.TicketAt(id, there.Ref)
			if err == nil {
				return incident.Refuse("ticket %s belongs to another %s: %s", other.Key, other.Sort, other.Subject)
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		if err := tx.PutTicket(row); err != nil {
			return err
		}
		if err := tx.Follow(ticketFollower(id)); err != nil {
			return err
		}
		return tx.PutDelivery(t.delivery(id, m, sub.Seq, kind, now))
	})
	if err != nil || there == nil {
		return err
	}
	return t.engine.TicketOpened(ctx, row, by, true, now)
}

// Retry has all that waits for a system tried now.
func (t *Tickets) Retry(ctx context.Context, id org.TicketSystemID, now time.Time) error {
	return t.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.WakeDeliveries(store.TicketHook(id), now); err != nil {
			return err
		}
		return tx.Calm(ticketFollower(id))
	})
}

// What is to be done for a ticket that is no line of its incident's log.
const (
	openKind = "ticket.open" // make it
	linkKind = "ticket.link" // say there that we follow it
	readKind = "ticket.read" // look how it stands
)

func (t *Tickets) delivery(id org.TicketSystemID, m ticket.Matter, seq int, kind string, now time.Time) store.Delivery {
	return store.Delivery{
		ID:   t.ring.Hash("ticket work", fmt.Sprintf("%s/%s/%d/%s", id, m, seq, kind))[:32],
		Hook: store.TicketHook(id), Subject: incident.ID(m.String()), Seq: seq, Kind: kind, At: now, WakeAt: now,
	}
}

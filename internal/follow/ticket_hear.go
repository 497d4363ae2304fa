package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// Heard takes what came to the door of a system. It is on disk when it returns. Whoever is
// no system, or has not its secret, gets channel.ErrSignature.
func (t *Tickets) Heard(ctx context.Context, id org.TicketSystemID, r tracker.Request, now time.Time) error {
	d, err := t.one(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !d.Usable() {
		return channel.ErrSignature
	}
	if err != nil {
		return err
	}
	all, err := d.Hear(r)
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := t.heard(ctx, d, h, now); err != nil {
			return err
		}
	}
	return nil
}

// heard has the ticket read that something was said of, or believes what was said.
func (t *Tickets) heard(ctx context.Context, d desk, h tracker.Heard, now time.Time) error {
	var row store.Ticket
	err := t.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		if row, err = tx.TicketAt(d.ID, h.Ref); err != nil || !d.Reads() {
			return err
		}
		return t.wantRead(tx, row, now)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // it is of something else
	}
	if err != nil || d.Reads() {
		return err
	}
	said, ours := t.sift(row, h.Said)
	_, err = t.engine.HearTicket(ctx, d.Compiled, row, engine.TicketNews{Word: h.Word, Is: h.Is, Said: said, Ours: ours}, now)
	return err
}

// wantRead has a ticket read behind what is still to be brought to it.
func (t *Tickets) wantRead(tx *store.Tx, row store.Ticket, now time.Time) error {
	seq, m := 0, ticket.MatterOf(row.Subject)
	waiting, err := tx.WaitingDeliveries(store.TicketHook(row.System), row.Subject)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if seq = w.Seq; w.Kind == readKind && w.Tries == 0 {
			return nil // it will be
		}
	}
	if seq == 0 {
		sub, err := tx.Subject(m.Incident)
		if err != nil {
			return err
		}
		seq = sub.Seq
	}
	return tx.PutDelivery(t.delivery(row.System, m, seq, readKind, now))
}

// sift takes our own comments out of what was said.
func (t *Tickets) sift(row store.Ticket, said []ticket.Said) (others []ticket.Said, ours []string) {
	for _, s := range said {
		if seq, mac, ok := ticket.Signed(s.Text); ok && channel.Same(mac, t.mac(row, seq)) {
			if s.ID != "" {
				ours = append(ours, s.ID)
			}
			continue
		}
		others = append(others, s)
	}
	return others, ours
}

// mac is what only we can write below a comment.
func (t *Tickets) mac(row store.Ticket, seq int) string {
	return t.ring.Hash("ticket comment", fmt.Sprintf("%s/%s/%s/%d", row.System, row.Sort, row.Subject, seq))[:16]
}

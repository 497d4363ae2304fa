package engine

import (
	"context"
	"errors"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// A TicketNews is how a ticket stands, and what was said there since. A comment without an
// id is taken in each time that it is heard.
type TicketNews struct {
	Word string
	Is   ticket.State // "": nothing was said of it
	Said []ticket.Said
	// Ours are comments of our own among those that are there.
	Ours []string
}

// HearTicket takes in what was read in a ticket, or what its system said: comments become
// notes, and a ticket that is done ends its incident, or the action that it is of. What is known already changes
// nothing. It returns the ticket as it is kept now.
func (e *Engine) HearTicket(ctx context.Context, c *ticket.Compiled, row store.Ticket, n TicketNews, now time.Time) (store.Ticket, error) {
	changed, m := false, ticket.MatterOf(row.Subject)
	err := e.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		defer guard(&err)
		changed = false
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(m.Incident)
		if err != nil {
			return err
		}
		is, err := tx.Ticket(row.System, row.Sort, row.Subject)
		if err != nil || is.Ref != row.Ref {
			return errors.Join(err, store.ErrNotFound) // it was unlinked meanwhile
		}
		row = is
		known, err := tx.KnownComments(row.System, row.Ref)
		if err != nil {
			return err
		}
		var fresh []ticket.Said
		for _, said := range n.Said {
			if said.ID == "" || !known[said.ID] {
				fresh = append(fresh, said)
			}
			if said.ID == "" || known[said.ID] {
				continue
			}
			known[said.ID] = true
			if err := tx.KnowComment(row.System, row.Ref, said.ID, false, now); err != nil {
				return err
			}
		}
		for _, id := range n.Ours {
			if !known[id] {
				if err := tx.KnowComment(row.System, row.Ref, id, true, now); err != nil {
					return err
				}
			}
		}
		t := e.tend(tx, s, sub, now)
		facts := c.Hears(t.in, m.Action, row.Key, fresh)
		if n.Is != "" {
			facts = append(facts, c.Moved(t.in, m.Action, row.Key, n.Word, n.Is)...)
			row.State, row.Word = string(n.Is), n.Word
		}
		row.SeenAt = now
		if err := tx.PutTicket(row); err != nil {
			return err
		}
		if changed = len(facts) > 0; !changed {
			return nil
		}
		t.add(incident.ByTicket(c.ID), facts...)
		return t.settle()
	})
	if errors.Is(err, store.ErrNotFound) {
		return row, nil
	}
	if err == nil && changed {
		e.Poke()
	}
	return row, err
}

// TicketOpened states that an incident, or an action of it, has a ticket.
func (e *Engine) TicketOpened(ctx context.Context, row store.Ticket, by incident.Actor, linked bool, now time.Time) error {
	m := ticket.MatterOf(row.Subject)
	_, err := e.Do(ctx, m.Incident, by, now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return ticket.Opened(in, incident.TicketOpened{System: row.System, Key: row.Key, URL: row.URL, Word: row.Word, Rule: row.Rule, Linked: linked, Action: m.Action}), nil
	})
	return err
}

// TicketMoved states that we brought a ticket to another state.
func (e *Engine) TicketMoved(ctx context.Context, subject incident.ID, f incident.TicketMoved, now time.Time) error {
	_, err := e.Do(ctx, subject, incident.Engine, now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		if had, ok := in.Ticket(f.Action, f.System); !ok || had.Key != f.Key || had.Done == f.Done && had.Word == f.Word {
			return nil, nil
		}
		return []incident.Fact{f}, nil
	})
	return err
}

// Unlink says that a ticket has nothing to do with an incident or an action: it is not told
// of it any longer, and not heard.
func (e *Engine) Unlink(ctx context.Context, m ticket.Matter, id org.TicketSystemID, by incident.Actor, why string, now time.Time) error {
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(m.Incident)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		facts, err := ticket.Unlink(t.in, m.Action, id, why)
		if err != nil {
			if row, e := tx.Ticket(id, m.Sort(), m.String()); e != nil || row.Ref != "" || row.State == store.TicketUnlinked {
				return err
			}
			facts = nil // it was wanted and is not there yet
		}
		if err := tx.PutTicket(store.Ticket{
			System: id, Sort: m.Sort(), Subject: m.String(), State: store.TicketUnlinked, At: now,
		}); err != nil {
			return err
		}
		t.add(by, facts...)
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return err
}

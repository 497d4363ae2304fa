package sim

import (
	"context"
	"fmt"
	"strconv"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// What people say to each other in the room of an incident.

func (p *player) speaks(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	said := engine.Saying{Conversation: string(id), By: incident.ByPerson(org.PersonID(w["PERSON"])), Nonce: w["NONCE"], Text: w["TEXT"]}
	m, err := p.engine.Say(ctx, said, p.now)
	if err == nil && said.Nonce != "" {
		p.say(markShown, "message %d", m.Seq)
	}
	return err
}

func (p *player) redacts(ctx context.Context, w words) error {
	id, n, err := p.message(ctx, w)
	if err != nil {
		return err
	}
	_, err = p.engine.RedactMessage(ctx, id, n, incident.ByPerson(org.PersonID(w["PERSON"])), w["TEXT"], p.now)
	return err
}

func (p *player) readsRoom(ctx context.Context, w words) error {
	id, n, err := p.message(ctx, w)
	if err != nil {
		return err
	}
	return p.engine.ReadUpTo(ctx, id, org.PersonID(w["PERSON"]), n, p.now)
}

// message is a message of a room, by its number.
func (p *player) message(ctx context.Context, w words) (room string, n int, err error) {
	id, err := p.subject(ctx, w)
	if err != nil {
		return "", 0, err
	}
	n, err = strconv.Atoi(w["NUMBER"])
	return string(id), n, err
}

func (p *player) showRoom(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.MessagesAfter(string(id), 0, 1000)
		if err != nil {
			return err
		}
		for _, m := range all {
			text := m.Text
			if m.Redacted() {
				text = fmt.Sprintf("(redacted by %s: %s)", m.RedactedBy.Name(), m.Why)
			}
			p.sayAt(m.At, markShown, "%d %s: %s", m.Seq, m.By.Name(), text)
		}
		return nil
	})
}

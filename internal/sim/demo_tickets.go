package sim

import (
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// ticketed: those who repair the cold rooms have a ticket of what is wrong, and write in it.
func (l *life) ticketed(from alarm, at time.Time) {
	const system, key = org.TicketSystemID("jira"), "OPS-214"
	url := "https://fennel.atlassian.net/browse/" + key
	say := func(after time.Duration, by incident.Actor, facts ...incident.Fact) {
		l.later(at.Add(after), func(ctx context.Context) error {
			in, err := l.incident(ctx, from)
			if err != nil || in.ID == "" {
				return err
			}
			if after == 0 {
				err = l.store.Write(ctx, store.Background, func(tx *store.Tx) error {
					return tx.PutTicket(store.Ticket{
						System: system, Sort: ticket.Matter{}.Sort(), Subject: string(in.ID), Rule: "cold rooms", Ref: key, Key: key, URL: url,
						State: string(ticket.Open), Word: "In Progress", At: l.now, MadeAt: l.now, SeenAt: l.now,
					})
				})
			}
			if err != nil {
				return err
			}
			_, err = l.engine.Do(ctx, in.ID, by, l.now, func(incident.Incident, escalate.World) ([]incident.Fact, error) { return facts, nil })
			return err
		})
	}
	say(0, incident.Engine, incident.TicketOpened{System: system, Key: key, URL: url, Word: "To Do", Rule: "cold rooms"})
	say(9*time.Minute, incident.ByTicket(system),
		incident.TicketMoved{System: system, Key: key, Word: "In Progress"},
		incident.Noted{Text: "Piotr: The compressor overheats. I bring a new fan, about 40 minutes.", In: ticket.In(system, key)})
}

package sim

import (
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// Which runbook the people of the company follow for what, now and then; a step of one of
// them fails, as long as nobody mends it.
var (
	demoBooks  = map[org.ServiceID]string{"payments": "cards-declined", "checkout": "slow-shop", "website": "slow-shop", "database": "database"}
	demoFailed = map[string]int{"cards-declined": 3}
)

const followEach = 4 // of as many incidents of a service one is mended by the book

// follows is that somebody takes the runbook and does one step after the other.
func (l *life) follows(ctx context.Context, service org.ServiceID, id incident.ID, who org.PersonID) error {
	name, ok := demoBooks[service]
	if !ok {
		return nil
	}
	if l.booked[service]++; l.booked[service]%followEach != 1 {
		return nil
	}
	var c *runbook.Compiled
	var row store.ConfigRow
	err := l.store.Read(ctx, func(tx *store.Tx) (err error) {
		c, row, err = book(tx, name)
		return err
	})
	if err != nil {
		return err
	}
	when := func(after time.Duration, decide func(in incident.Incident) ([]incident.Fact, error)) {
		l.later(l.now.Add(after), func(ctx context.Context) error {
			return l.do(ctx, id, who, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				if !in.Status.Open() {
					return nil, nil
				}
				return decide(in)
			})
		})
	}
	when(40*time.Second, func(in incident.Incident) ([]incident.Fact, error) { return runbook.Start(in, c, row.Version) })
	for n := range c.Steps {
		when(time.Duration(n+2)*time.Minute, func(in incident.Incident) ([]incident.Fact, error) {
			if r, ok := in.Followed(1); !ok || !r.Open() {
				return nil, nil
			}
			switch {
			case demoFailed[name] == n+1:
				return runbook.Found(in, 1, n+1, incident.StepFailed, "the number is not theirs any longer")
			case c.Steps[n].Approval:
				return runbook.Found(in, 1, n+1, incident.StepSkipped, "it was not needed")
			}
			return runbook.Found(in, 1, n+1, incident.StepDone, "")
		})
	}
	return nil
}

// verified is who looked at which runbook, and when.
func (l *life) verified(ctx context.Context, end time.Time) error {
	return l.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		for id, m := range map[string]runbook.Mark{
			"cards-declined": {At: end.AddDate(0, 0, -12), By: "farid", Note: "tried the second step by day"},
			"slow-shop":      {At: end.AddDate(0, 0, -33), By: "chiara"},
			"database":       {At: end.AddDate(0, 0, -120), By: "jonas"},
		} {
			if err := tx.MarkRunbook(id, m); err != nil {
				return err
			}
		}
		return nil
	})
}

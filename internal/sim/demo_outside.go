package sim

import (
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

// told is what customers are told of trouble in the shop, by the service.
var told = map[org.ServiceID]struct {
	title, condition, actions, better string
	part                              string
	state                             org.ComponentState
}{
	"checkout": {"Ordering fails for some", "Some orders cannot be completed. Baskets are kept.", "We look for the cause; paying again later works.", "Orders go through again, more slowly than usual.", "checkout", org.PartOut},
	"payments": {"Cards are refused", "Some cards are refused although they are good.", "We talk to our provider. Paying by transfer works.", "Cards are accepted again; we watch it.", "checkout", org.Degraded},
	"website":  {"The shop is slow", "Pages open slowly or not at all.", "We have more servers started.", "Pages open as usual again; we watch it.", "website", org.Degraded},
}

// informs: whoever has severe trouble in the shop tells customers, and once more when it
// is better.
func (l *life) informs(page store.PageRow, in incident.Incident) {
	t, ok := told[in.Service]
	if !ok || in.Severity > org.SEV2 {
		return
	}
	tell := func(after time.Duration, phase incident.Phase, condition, actions string, state org.ComponentState) {
		l.later(l.now.Add(after), func(ctx context.Context) error {
			return l.do(ctx, page.Subject, page.Person, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				last, _ := in.LastUpdate()
				if !in.Status.Open() {
					return nil, nil
				}
				return []incident.Fact{incident.Updated{
					N: last.N + 1, Title: t.title, Phase: phase, Condition: condition, Actions: actions, Next: l.now.Add(time.Hour).Truncate(time.Minute),
					To: []string{org.ToFollowers, "status:shop"}, Affected: []incident.Affected{{Page: "shop", Component: t.part, State: state}},
				}}, nil
			})
		})
	}
	tell(4*time.Minute, incident.PhaseInvestigating, t.condition, t.actions, t.state)
	tell(17*time.Minute, incident.PhaseMonitoring, t.better, "Nothing to do for you.", org.Degraded)
}

// outside is what people of the warehouse reported and customers were told of what is not
// over when the history ends.
func (l *life) outside(ctx context.Context, end time.Time) error {
	for _, s := range []store.Subscriber{
		{Scope: store.ServiceScope("warehouse"), Person: "ines", Channel: "log", Method: "phone"},
		{Scope: store.ServiceScope("checkout"), Person: "jonas", Channel: "log", Method: "phone"},
	} {
		s.ID, s.Active, s.At = l.engine.NewID(end), true, end
		if err := l.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.PutSubscriber(s) }); err != nil {
			return err
		}
	}
	from := alarm{"warehouse", "compressor"}
	l.later(end.Add(-70*time.Minute), func(ctx context.Context) error {
		in, err := l.incident(ctx, from)
		if err != nil || in.ID == "" {
			return err
		}
		return l.do(ctx, in.ID, "elif", func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return []incident.Fact{incident.Updated{
				N: 1, Title: "Cold room 3 gets warmer", Phase: incident.PhaseIdentified, Condition: "Cold room 3 is at 6 °C. Orders with fresh food are packed from room 1.", Actions: "A technician is on the way.",
				Needs: "Somebody to move the cheese.", Next: l.now.Add(2 * time.Hour).Truncate(time.Minute), To: []string{org.ToFollowers, org.ToReporters, "status:shop"},
				Affected: []incident.Affected{{Page: "shop", Component: "delivery", State: org.Degraded}},
			}}, nil
		})
	})
	l.ticketed(from, end.Add(-65*time.Minute))
	l.notices(end)
	l.later(end.Add(-50*time.Minute), func(ctx context.Context) error {
		in, err := l.incident(ctx, from)
		if err != nil || in.ID == "" {
			return err
		}
		r, err := l.engine.Complain(ctx, engine.Complaint{Joins: in.ID, Report: store.Report{
			ID: l.engine.NewID(l.now), Form: "warehouse", Category: "cold", Name: "Marta, packing", Contact: "marta@fennel.example", Zone: "Europe/Rome",
			Answers: []store.Answered{{Ask: "Where is it?", Answer: "Cold room 3"}, {Ask: "What is in there?", Answer: "Food"}, {Ask: "What do you see?", Answer: "Water on the floor, and the display says 7."}},
		}}, l.now)
		if err != nil {
			return err
		}
		return l.engine.WriteReport(ctx, r.ID, "elif", "Thank you. Please leave the door shut; a technician comes by half past.", l.now)
	})
	return nil
}

// notices are what the shop's page says without an incident.
func (l *life) notices(end time.Time) {
	for _, one := range []struct {
		before time.Duration
		by     org.PersonID
		n      investigate.Posting
	}{
		{50 * time.Hour, "elif", investigate.Posting{
			Form: incident.PlannedWork, Title: "New racks in the warehouse", Text: "Parcels may leave an hour later.", Begins: end.Add(20 * time.Hour).Truncate(time.Hour), Ends: end.Add(23 * time.Hour).Truncate(time.Hour),
			Parts: []incident.Affected{{Page: "shop", Component: "delivery", State: org.Maintained}},
		}},
		{27 * time.Hour, "jonas", investigate.Posting{
			Form: incident.ForInformation, Title: "Orders before the holidays", Text: "What is ordered by the 20th arrives in time.", Ends: end.Add(20 * 24 * time.Hour).Truncate(time.Hour),
		}},
	} {
		one.n.Page, one.n.Team = "shop", "shop"
		l.later(end.Add(-one.before), func(ctx context.Context) error {
			_, err := l.engine.Post(ctx, incident.ByPerson(one.by), one.n, l.now)
			return err
		})
	}
}

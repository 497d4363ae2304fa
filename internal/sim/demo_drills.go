package sim

import (
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/investigate"
	"tocsin/org"
	"tocsin/resolve"
	"tocsin/review/drill"
)

// practised: the shop had a drill yesterday, of two people, which went well but for one
// thing.
func (l *life) practised(end time.Time) {
	const who, other = org.PersonID("amara"), org.PersonID("farid")
	begins := end.Add(-27 * time.Hour)
	if begins.Before(l.now) {
		return
	}
	l.later(begins, func(ctx context.Context) error {
		s, _ := drill.BuiltInNamed("web-shop", "en")
		id, err := l.engine.StartDrill(ctx, incident.ByPerson("ines"), engine.Rehearsal{Plan: drill.Plan{
			Scenario: s, Service: "checkout", People: []org.PersonID{who, other}, AsReal: true,
		}}, l.now)
		if err != nil {
			return err
		}
		does := func(after time.Duration, p org.PersonID, decide engine.Decision) {
			l.later(begins.Add(after), func(ctx context.Context) error { return l.do(ctx, id, p, decide) })
		}
		says := func(after time.Duration, p org.PersonID, text string) {
			does(after, p, func(incident.Incident, escalate.World) ([]incident.Fact, error) {
				return []incident.Fact{incident.Noted{Text: text}}, nil
			})
		}
		does(100*time.Second, who, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Acknowledge(in, w, "", l.now)
		})
		does(3*time.Minute, who, plainly(func(in incident.Incident) ([]incident.Fact, error) { return investigate.Give(in, "commander", who) }))
		does(4*time.Minute, other, plainly(func(in incident.Incident) ([]incident.Fact, error) { return investigate.Come(in, other) }))
		says(6*time.Minute, other, "Orders stand still since the last release: I would roll it back.")
		does(13*time.Minute, who, plainly(func(in incident.Incident) ([]incident.Fact, error) {
			return investigate.Publish(in, org.Guideline{}, investigate.Update{Phase: incident.PhaseIdentified, Condition: "Checkout fails since the last release.", Actions: "We roll it back.", To: []string{org.ToFollowers}}, l.now)
		}))
		says(26*time.Minute, who, "Rolled back; orders come in again.")
		does(34*time.Minute, who, plainly(func(in incident.Incident) ([]incident.Fact, error) { return resolve.Resolve(in, "rolled back") }))
		return nil
	})
}

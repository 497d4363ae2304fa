package sim

import (
	"context"
	"maps"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
	"tocsin/review"
)

// looksBack lets people look back on two troubles: one of the shop, of which all is
// written, signed and published, and of whose actions one is overdue; and one of the
// vans, whose retrospective is begun.
func (l *life) looksBack(end time.Time) {
	at := end.AddDate(0, 0, -6)
	l.later(at, func(ctx context.Context) error {
		id, err := l.past(ctx, "payments", "checkout", "website")
		if err != nil || id == "" {
			return err
		}
		return l.shopLooksBack(ctx, id, end)
	})
	l.later(at.Add(90*time.Minute), func(ctx context.Context) error {
		id, err := l.past(ctx, "delivery")
		if err != nil || id == "" {
			return err
		}
		if err := l.engine.DraftRetro(ctx, id, incident.ByPerson("elif"), time.UTC, l.now); err != nil {
			return err
		}
		return l.do(ctx, id, "elif", func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return review.Add(in, review.Wish{Title: "Keep two spare SIM cards in each van", Owner: "dmitri", Due: end.AddDate(0, 0, 12)}, l.now)
		})
	})
}

// past is the gravest of the newest incidents of some services that is over.
func (l *life) past(ctx context.Context, services ...org.ServiceID) (id incident.ID, err error) {
	var worst org.Severity
	err = l.store.Read(ctx, func(tx *store.Tx) error {
		for _, s := range services {
			rows, err := tx.Subjects(store.Filter{Service: s, Status: []incident.Status{incident.Resolved}, Limit: 40})
			if err != nil {
				return err
			}
			for _, r := range rows {
				sub, err := tx.Subject(r.ID)
				if err != nil {
					return err
				}
				if sub.Owner != "" && sub.Merged == "" && (worst == "" || r.Severity < worst) {
					id, worst = r.ID, r.Severity
				}
			}
		}
		return nil
	})
	return id, err
}

// shopLooksBack is a retrospective from its draft to its publication, within two days.
func (l *life) shopLooksBack(ctx context.Context, id incident.ID, end time.Time) error {
	by := incident.ByPerson("chiara")
	if err := l.engine.DraftRetro(ctx, id, by, time.UTC, l.now); err != nil {
		return err
	}
	for _, section := range slices.Sorted(maps.Keys(demoRetro)) {
		if err := l.write(ctx, id, section, demoRetro[section], by); err != nil {
			return err
		}
	}
	then := func(after time.Duration, who org.PersonID, decide func(in incident.Incident) ([]incident.Fact, error)) {
		l.later(l.now.Add(after), func(ctx context.Context) error {
			return l.do(ctx, id, who, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return decide(in) })
		})
	}
	wish := func(after time.Duration, w review.Wish) {
		then(after, "chiara", func(in incident.Incident) ([]incident.Fact, error) { return review.Add(in, w, l.now) })
	}
	then(2*time.Minute, "chiara", func(in incident.Incident) ([]incident.Fact, error) {
		return resolve.Explain(in, "The payment provider changed a certificate, and ours was pinned to the old one", "supplier")
	})
	wish(10*time.Minute, review.Wish{Title: "Warn two weeks before a pinned certificate ends", Owner: "farid", Due: end.AddDate(0, 0, -2), Priority: incident.Heavy})
	wish(11*time.Minute, review.Wish{Title: "Ask the provider to announce such changes by mail", Owner: "amara", Due: end.AddDate(0, 0, -1)})
	wish(12*time.Minute, review.Wish{Title: "Let customers pay on invoice while cards fail", Owner: "chiara", Due: end.AddDate(0, 0, 21)})
	then(20*time.Minute, "chiara", func(in incident.Incident) ([]incident.Fact, error) {
		return review.Learn(in, "A certificate that is pinned ends without a word: whoever pins one writes down when it ends, and who looks.", []string{"certificates", "supplier"})
	})
	then(21*time.Minute, "amara", func(in incident.Incident) ([]incident.Fact, error) {
		return review.Learn(in, "The provider's status page was green for forty minutes while cards failed: believe our own checkout first.", []string{"supplier", "monitoring"})
	})
	then(30*time.Minute, "chiara", func(in incident.Incident) ([]incident.Fact, error) {
		return review.Submit(in, []org.PersonID{"ines"}, "", "chiara")
	})
	l.later(l.now.Add(3*time.Hour), func(ctx context.Context) error {
		_, err := l.engine.CommentRetro(ctx, id, "lucky", "Good point. I would say that to the board as well.", incident.ByPerson("ines"), l.now)
		return err
	})
	l.later(l.now.Add(26*time.Hour), func(ctx context.Context) error {
		if err := l.engine.SignRetro(ctx, id, "ines", "Thank you for the open words.", l.now); err != nil {
			return err
		}
		return l.engine.PublishRetro(ctx, id, incident.ByPerson("ines"), org.Customers, []org.StatusPageID{"shop"}, time.UTC, l.now)
	})
	then(50*time.Hour, "amara", func(in incident.Incident) ([]incident.Fact, error) {
		return review.Finish(in, 2, "They send a mail 30 days before, to payments@")
	})
	return nil
}

func (l *life) write(ctx context.Context, id incident.ID, section, text string, by incident.Actor) error {
	var was store.RetroText
	if err := l.store.Read(ctx, func(tx *store.Tx) (err error) { was, err = tx.RetroSection(id, section); return err }); err != nil {
		return err
	}
	_, err := l.engine.WriteRetro(ctx, id, section, was.Version, text, by, l.now)
	return err
}

// What people add to the draft.
var demoRetro = map[string]string{
	"factors": "- The provider replaced a certificate in the afternoon; ours was **pinned** to the old one.\n- Our probe asks for the front page, which was well all the time.\n- Who knew how to change the pin was on leave, and the runbook did not say it.\n\n:::internal\nThe pin stands in the configuration of the checkout twice. Farid found the second one after twenty minutes.\n:::",
	"well":    "- The first page reached somebody within a minute.\n- Customers were told what they could do meanwhile.\n- The runbook for declined cards sent us to the provider at once.",
	"hard":    "- The provider's own status page said that all was well.\n- We looked for a change of ours for a quarter of an hour; there was none.",
	"lucky":   "- It was not the Friday before Christmas.\n- Somebody remembered the same trouble with another supplier.",
	"customers": "For a while payments by card failed at our checkout. The cause was a certificate of our payment provider, which was replaced and which our shop did not yet trust.\n\n" +
		"No payment was taken twice, and no card data was at risk. We now look at such certificates before they end, and are working on a way to pay on invoice while cards fail.",
}

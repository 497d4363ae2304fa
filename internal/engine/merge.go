package engine

import (
	"context"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/investigate"
)

// Merge makes one trouble of two incidents: what fires of the one belongs to the other
// from here on, with what is left to do, and the one is over.
func (e *Engine) Merge(ctx context.Context, from, into incident.ID, by incident.Actor, now time.Time) error {
	return e.correct(ctx, by, now, func(t *triaging) error {
		a, b, err := t.pair(from, into)
		if err != nil {
			return err
		}
		switch {
		case from == into:
			return incident.Refuse("into: it is the same incident")
		case a.in.Sort+b.in.Sort != "":
			return incident.Refuse("only incidents are merged")
		case !a.in.Status.Open():
			return incident.Refuse("it is %s", a.in.Status)
		case !b.in.Status.Open():
			return incident.Refuse("into: %s is %s", b.in.Title, b.in.Status)
		}
		moved, err := t.moveAll(a, b)
		if err != nil {
			return err
		}
		was := a.in
		b.add(by, incident.TookIn{Incident: from, Title: was.Title, Alerts: moved, Answered: was.Answered, Present: was.Working()})
		b.add(by, investigate.Carry(was, b.in)...)
		t.worsen(b, by, was.Severity, "so is "+was.Title)
		a.add(by, incident.MergedInto{Incident: into, Title: b.in.Title}, incident.Ended{Why: "the same trouble as " + b.in.Title})
		return nil
	})
}

// pair locks two subjects, in their order.
func (t *triaging) pair(a, b incident.ID) (x, y *tending, err error) {
	for _, id := range []incident.ID{min(a, b), max(a, b)} {
		if _, err = t.subject(id); err != nil {
			return nil, nil, err
		}
	}
	return t.tended[a], t.tended[b], nil
}

// moveAll gives the alerts of one incident to another. Those that are over go along, so
// that one that comes back finds its incident.
func (t *triaging) moveAll(a, b *tending) (fired int, err error) {
	alerts, err := t.tx.AlertsOf(a.in.ID)
	if err != nil {
		return 0, err
	}
	for _, one := range alerts {
		if one, err = t.Alert(one.ID); err != nil {
			return 0, err
		}
		one.Sifted = beside(one.Sifted, "merged by hand", t.now)
		if !one.Open {
			one.Subject = b.in.ID
			t.put(one)
			continue
		}
		fired++
		if err := t.Join(&one, sift.Verdict{Do: sift.Join, Stage: alert.Grouped, Why: "merged by hand", Subject: b.in.ID, Place: alert.Beside}); err != nil {
			return 0, err
		}
	}
	return fired, nil
}

// beside is what sifting says of an alert that hands put beside others.
func beside(was alert.Sifted, why string, now time.Time) alert.Sifted {
	after := was.Carried()
	after.Stage, after.Why, after.Place, after.Since = alert.Grouped, why, alert.Beside, now
	return after
}

// Part makes another incident of some alerts of one: they are another trouble. It returns
// the new one, whose climb begins.
func (e *Engine) Part(ctx context.Context, id incident.ID, alerts []string, by incident.Actor, now time.Time) (part incident.ID, err error) {
	err = e.correct(ctx, by, now, func(t *triaging) error {
		w, err := t.subject(id)
		if err != nil {
			return err
		}
		if w.in.Sort != "" || !w.in.Status.Open() {
			return incident.Refuse("it is %s", w.in.Status)
		}
		fires, err := t.fire(id)
		if err != nil {
			return err
		}
		left := len(fires)
		for i, one := range alerts {
			switch {
			case !fires[one]:
				return incident.Refuse("alerts: %s does not fire here", one)
			case slices.Contains(alerts[:i], one):
				return incident.Refuse("alerts: %s is there twice", one)
			}
			left--
		}
		switch {
		case len(alerts) == 0:
			return incident.Refuse("alerts: name at least one")
		case left == 0:
			return incident.Refuse("alerts: one must stay, or there is nothing to split")
		}
		part, err = t.part(w, alerts)
		return err
	})
	return part, err
}

func (t *triaging) part(w *tending, alerts []string) (part incident.ID, err error) {
	for i, id := range alerts {
		a, err := t.Alert(id)
		if err != nil {
			return "", err
		}
		if a.Sifted.Stage == alert.Symptom && a.Sifted.Place == alert.Beneath {
			return "", incident.Refuse("alerts: %s is a symptom of its cause: say that it is not", a.Title)
		}
		a.Sifted = beside(a.Sifted, "split by hand", t.now)
		a.Sifted.Pinned = true
		if err := t.Leave(&a, sift.Verdict{Do: sift.Leave, Why: "another trouble"}); err != nil {
			return "", err
		}
		if i > 0 {
			err = t.Join(&a, sift.Verdict{Do: sift.Join, Stage: alert.Grouped, Why: "split by hand", Subject: part, Place: alert.Beside})
		} else {
			a.Sifted.Stage, a.Sifted.Place = "", alert.Lead
			err = t.Open(&a, sift.Verdict{Do: sift.Open, Why: "split from " + w.in.Title, Place: alert.Lead})
			part = a.Subject
		}
		if err != nil {
			return "", err
		}
	}
	fresh, err := t.subject(part)
	if err != nil {
		return "", err
	}
	fresh.add(t.actor(), incident.Parted{From: w.in.ID, Title: w.in.Title, Alerts: len(alerts)})
	w.add(t.actor(), incident.Parted{To: part, Title: fresh.in.Title, Alerts: len(alerts)})
	return part, nil
}

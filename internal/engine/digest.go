package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/alert/noise"
	"tocsin/internal/store"
	"tocsin/org"
)

// digestKind is the due row of the weekly digest.
const digestKind = "digest"

var digestRow = store.Due{Kind: digestKind, Subject: "noise", Lane: store.LaneBackground}

// armDigest sets when the next digest is told, or that none is.
func armDigest(tx *store.Tx, s *setup, now time.Time) error {
	d := digestRow
	if s.settings.Digest == nil || len(s.settings.Digest.Tell) == 0 {
		return nil
	}
	d.At = s.settings.Digest.Next(now)
	return tx.ArmBy(d)
}

// digestDue tells the digest of the week that is over.
func (e *Engine) digestDue(ctx context.Context, d store.Due, now time.Time) error {
	from := now.AddDate(0, 0, -7)
	unmatched, _, _, err := e.Unmatched(ctx, from, now)
	if err != nil {
		return err
	}
	return e.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if err := tx.Disarm(d.Kind, d.Subject); err != nil || s.settings.Digest == nil {
			return err
		}
		if s.settings.Digest.Next(now.Add(-time.Hour)).After(now) { // it was another day's before
			return armDigest(tx, s, now)
		}
		n, err := Noise(tx, e, from, now, s.sensitive())
		if err != nil {
			return err
		}
		text := e.digest(n, unmatched)
		for _, p := range s.behind(s.settings.Digest.Tell, now) {
			if err := e.notice(tx, s, p, "digest noise", 0, d.At, text, now); err != nil {
				return err
			}
		}
		return armDigest(tx, s, now)
	})
}

// behind are the people behind some targets.
func (s *setup) behind(targets []org.Target, at time.Time) (people []org.PersonID) {
	for _, t := range targets {
		switch t.Kind {
		case "person":
			people = append(people, org.PersonID(t.ID))
		case "schedule", "team":
			people = append(people, s.who(t, at).People...)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

const digestShown = 5

// digest is a week in a few lines.
func (e *Engine) digest(n Noisy, unmatched []Unmatched) string {
	sum := noise.Sum(n.Alerts, n.Troubles)
	lines := []string{
		fmt.Sprintf("Your week of alerts: %d alerts, %d incidents, %d pages, %d of them at night", sum.Alerts, sum.Incidents, sum.Pages, sum.Night),
		fmt.Sprintf("%d answered without anything to do, %d over by themselves within 5 minutes, %d not worth a page", sum.Idle, sum.Brief, sum.NotWorth),
	}
	real := noise.Proved(n.Troubles)
	if len(real) > 0 {
		lines = append(lines, "Held back, and proved real:")
	}
	for i, r := range real {
		if i == digestShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(real)-i))
			break
		}
		lines = append(lines, r.Title+": "+r.Why)
	}
	if len(unmatched) > 0 {
		lines = append(lines, "Matched nothing this week:")
	}
	for i, u := range unmatched {
		if i == digestShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(unmatched)-i))
			break
		}
		lines = append(lines, strings.TrimPrefix(u.Kind+" "+u.Name, "rule rule"))
	}
	return strings.Join(append(lines, e.publicURL+"/noise"), "\n")
}

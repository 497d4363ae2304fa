package engine

import (
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// Fold has an incident stand still beneath its cause's. Who was paged for it lately hears
// of the cause as news.
func (t *triaging) Fold(a *alert.Alert, v sift.Verdict) error {
	w, err := t.subject(a.Subject)
	if err != nil {
		return err
	}
	t.put(*a)
	if !w.in.Status.Open() || w.in.Cause == v.Cause && w.in.Under == v.Subject {
		return nil
	}
	was := w.in
	w.add(t.actor(), incident.Held{Why: v.Why, Cause: v.Cause, Under: v.Subject})
	if v.Subject == "" || was.Under == v.Subject {
		return nil
	}
	r, err := t.subject(v.Subject)
	if err != nil {
		return err
	}
	r.add(incident.Engine, incident.Gathered{Incident: w.in.ID, Alert: a.ID, Title: w.in.Title, Why: v.Rule, Answered: w.in.Answered})
	t.worsen(r, incident.Engine, w.in.Severity, "so is "+w.in.Title)
	pages, err := t.tx.PagesOf(w.in.ID)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if p.Person != "" && p.Purpose.Alarms() && !p.SentAt.IsZero() && t.now.Sub(p.SentAt) < sift.UpdateWithin {
			r.knows(p.Person)
		}
	}
	return nil
}

// Unfold lets an incident go on by itself.
func (t *triaging) Unfold(a *alert.Alert, v sift.Verdict) error {
	w, err := t.subject(a.Subject)
	if err != nil {
		return err
	}
	t.put(*a)
	if w.in.Status.Open() && w.in.Cause != "" {
		w.add(t.actor(), incident.Released{Why: v.Why, Was: a.Sifted.Was})
		t.stir(a.Subject, false)
	}
	return nil
}

// knows notes who was paged for a symptom lately.
func (t *tending) knows(p org.PersonID) {
	if !slices.Contains(t.known, p) {
		t.known = append(t.known, p)
	}
}

// asNews turns the first alarm of whoever was paged for a symptom into news of its cause.
// Their later rules, and the repetitions of this one, stay alarms, should they not answer.
func (t *tending) asNews(pages []escalate.Page) []escalate.Page {
	var later []escalate.Page
	for i, p := range pages {
		if p.Purpose == escalate.Alarm && slices.Contains(t.known, p.Person) && !p.At.After(t.now) {
			if next, ok := p.Again(t.now); ok {
				later = append(later, next)
			}
			pages[i].Purpose, pages[i].Text, pages[i].Every, pages[i].Until = escalate.Update, "the cause", 0, time.Time{}
		}
	}
	return append(pages, later...)
}

package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
	"tocsin/review"
)

// recallKind is the due row of a new incident that is still to be held against what past
// ones left undone. It is done beside the incident's climb, so that nobody is called later
// for it.
const recallKind = "recall"

// mostCompared is how many actions that are not done a new incident is held against, those
// of the newest incidents first.
const mostCompared = 1000

// remember has a new incident held against what is not done, if anything is not.
func (t *tending) remember() error {
	any, err := t.tx.AnyReviewAction()
	if err != nil || !any {
		return err
	}
	return t.tx.Arm(store.Due{Kind: recallKind, Subject: string(t.in.ID), Lane: store.LaneBackground, At: t.now})
}

// roots are what a service stands on in the end; what stands on nothing is its own.
func (s *setup) roots(id org.ServiceID) (roots []org.ServiceID) {
	if id == "" {
		return nil
	}
	seen := map[org.ServiceID]bool{id: true}
	for todo := []org.ServiceID{id}; len(todo) > 0; todo = todo[1:] {
		on := s.services[todo[0]].DependsOn
		if len(on) == 0 {
			roots = append(roots, todo[0])
		}
		for _, next := range on {
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	slices.Sort(roots)
	return roots
}

func (s *setup) likeness(service org.ServiceID, category, title string) review.Likeness {
	return review.Likeness{Service: service, Category: category, Roots: s.roots(service), Words: investigate.Words(title)}
}

// recall says in a new incident, and in those like it, that their actions are not done.
func (e *Engine) recall(tx *store.Tx, s *setup, d store.Due, now time.Time) error {
	id := incident.ID(d.Subject)
	fresh, err := tx.Subject(id)
	if errors.Is(err, store.ErrNotFound) {
		return tx.Disarm(recallKind, d.Subject)
	}
	if err != nil {
		return err
	}
	actions, err := tx.OpenReviewActions(id, mostCompared)
	if err != nil {
		return err
	}
	mine := s.likeness(fresh.Service, fresh.Category, fresh.Title)
	why := map[incident.ID][]string{}
	var found []store.ReviewAction
	for _, a := range actions {
		if apart := fresh.Service != a.Service && (s.services[fresh.Service].Sensitive || s.services[a.Service].Sensitive); apart {
			continue // who reads the one may not read the other
		}
		reasons, asked := why[a.Subject]
		if !asked {
			reasons = review.Like(mine, s.likeness(a.Service, a.Category, a.Name))
			why[a.Subject] = reasons
		}
		if len(reasons) > 0 {
			found = append(found, a)
		}
	}
	// Logs are locked in the order of their ids; the new one is the last.
	slices.SortFunc(found, func(a, b store.ReviewAction) int {
		if n := strings.Compare(string(a.Subject), string(b.Subject)); n != 0 {
			return n
		}
		return a.ID - b.ID
	})
	if err := e.recur(tx, s, id, fresh.Title, found, why, now); err != nil {
		return err
	}
	if len(found) > 0 {
		sub, err := tx.Lock(id)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		for i := len(found) - 1; i >= 0; i-- { // the newest first
			a := found[i]
			t.add(incident.Engine, review.Recall(t.in, a.Subject, a.Name, a.ReviewAction, why[a.Subject])...)
		}
		if err := t.settle(); err != nil {
			return err
		}
	}
	return tx.Disarm(recallKind, d.Subject)
}

// recur says in past incidents that they came again.
func (e *Engine) recur(tx *store.Tx, s *setup, fresh incident.ID, name string, found []store.ReviewAction, why map[incident.ID][]string, now time.Time) error {
	for len(found) > 0 {
		past := found[0].Subject
		sub, err := tx.Lock(past)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		for len(found) > 0 && found[0].Subject == past {
			t.add(incident.Engine, review.Recur(t.in, found[0].ID, fresh, name, why[past])...)
			found = found[1:]
		}
		if err := t.settle(); err != nil {
			return err
		}
	}
	return nil
}

// CommentRetro says something of a section of a retrospective.
func (e *Engine) CommentRetro(ctx context.Context, id incident.ID, section, text string, by incident.Actor, now time.Time) (c store.RetroComment, err error) {
	err = e.on(ctx, id, now, func(t *tending) error {
		if _, err := review.Section(t.in, section); err != nil {
			return err
		}
		if text = strings.TrimSpace(text); text == "" || utf8.RuneCountInString(text) > review.MaxComment {
			return incident.Refuse("text: 1 to %d characters", review.MaxComment)
		}
		c = store.RetroComment{ID: e.newID(t.now), Subject: id, Section: section, At: t.now, By: by, Text: text}
		return t.tx.AddComment(c)
	})
	return c, err
}

// EndRetroComment says that a comment was dealt with, or that it was not.
func (e *Engine) EndRetroComment(ctx context.Context, id incident.ID, comment string, over bool, by incident.Actor, now time.Time) error {
	return e.on(ctx, id, now, func(t *tending) error {
		if !over {
			return t.tx.EndComment(id, comment, "", time.Time{})
		}
		return t.tx.EndComment(id, comment, by, t.now)
	})
}

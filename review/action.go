package review

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

const (
	mostActions = 100
	maxTitle    = 200 // runes
	longestDue  = 3 * 366 * 24 * time.Hour
	maxWords    = 10_000
)

// A Wish is an action as somebody wants it.
type Wish struct {
	Title    string
	Owner    org.PersonID
	Due      time.Time
	Priority incident.Weight
}

// A Change is what of an action is to be otherwise; nil is as it was.
type Change struct {
	Title    *string
	Owner    *org.PersonID
	Due      *time.Time // zero: no time
	Priority *incident.Weight
}

// Add adds an action. It may be said while the incident goes on, and after it is closed.
func Add(in incident.Incident, w Wish, now time.Time) ([]incident.Fact, error) {
	n := 0
	if in.Review != nil {
		n = len(in.Review.Actions)
	}
	title, err := check(w, now)
	switch {
	case err != nil:
		return nil, err
	case in.Apart() != "":
		return nil, incident.Refuse("it was sent by hand")
	case in.IsDrill():
		return nil, incident.Refuse(drilled)
	case n >= mostActions:
		return nil, incident.Refuse("there are %d actions already", mostActions)
	}
	if w.Priority == "" {
		w.Priority = incident.Usual
	}
	return []incident.Fact{incident.ActionAdded{Action: n + 1, Title: title, Owner: w.Owner, Due: w.Due, Priority: w.Priority}}, nil
}

// check is the title as it is kept.
func check(w Wish, now time.Time) (string, error) {
	title := strings.Join(strings.Fields(w.Title), " ")
	switch {
	case title == "":
		return "", incident.Refuse("title: what is to be done?")
	case utf8.RuneCountInString(title) > maxTitle:
		return "", incident.Refuse("title: at most %d characters", maxTitle)
	case !w.Due.IsZero() && !w.Due.After(now):
		return "", incident.Refuse("due: %s is not in the future", w.Due.UTC().Format(time.RFC3339))
	case w.Due.Sub(now) > longestDue:
		return "", incident.Refuse("due: at most three years from now")
	case w.Priority != "" && !slices.Contains(incident.Weights, w.Priority):
		return "", incident.Refuse("priority: want high, normal or low")
	}
	return title, nil
}

// Alter says how an action is from here on.
func Alter(in incident.Incident, id int, c Change, now time.Time) ([]incident.Fact, error) {
	a, err := toDo(in, id)
	if err != nil {
		return nil, err
	}
	w := Wish{Title: a.Title, Owner: a.Owner, Priority: a.Priority} // a time that has passed may stay as it is
	f := incident.ActionChanged{Action: id, Due: a.Due}
	if c.Title != nil {
		w.Title = *c.Title
	}
	if c.Owner != nil {
		w.Owner = *c.Owner
	}
	if c.Priority != nil {
		w.Priority = *c.Priority
	}
	if c.Due != nil {
		f.Due, w.Due = *c.Due, *c.Due
	}
	if f.Title, err = check(w, now); err != nil {
		return nil, err
	}
	f.Owner, f.Priority = w.Owner, w.Priority
	if f.Title == a.Title && f.Owner == a.Owner && f.Due.Equal(a.Due) && f.Priority == a.Priority {
		return nil, nil
	}
	return []incident.Fact{f}, nil
}

// Finish says that an action is done, and what came of it.
func Finish(in incident.Incident, id int, outcome string) ([]incident.Fact, error) {
	if a, ok := in.Action(id); ok && a.State == incident.Done {
		return nil, nil // twice is once
	}
	a, err := toDo(in, id)
	switch {
	case err != nil:
		return nil, err
	case utf8.RuneCountInString(outcome) > maxNote:
		return nil, incident.Refuse("outcome: at most %d characters", maxNote)
	}
	return []incident.Fact{incident.ActionDone{Action: id, Title: a.Title, Outcome: outcome}}, nil
}

// Drop says that an action need not be done, and why: somebody will ask.
func Drop(in incident.Incident, id int, why string) ([]incident.Fact, error) {
	a, err := toDo(in, id)
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(why) == "":
		return nil, incident.Refuse("why: say why it need not be done")
	case utf8.RuneCountInString(why) > maxNote:
		return nil, incident.Refuse("why: at most %d characters", maxNote)
	}
	return []incident.Fact{incident.ActionDropped{Action: id, Title: a.Title, Why: why}}, nil
}

// Reopen says that an action is not done.
func Reopen(in incident.Incident, id int, why string) ([]incident.Fact, error) {
	a, ok := in.Action(id)
	switch {
	case !ok:
		return nil, noAction(id)
	case a.State == incident.ToDo:
		return nil, incident.Refuse("action %d is open", id)
	}
	return []incident.Fact{incident.ActionReopened{Action: id, Title: a.Title, Why: why}}, nil
}

// Note says something of an action, also of one that is done.
func Note(in incident.Incident, id int, text string) ([]incident.Fact, error) {
	a, ok := in.Action(id)
	text = strings.TrimSpace(text)
	switch {
	case !ok:
		return nil, noAction(id)
	case text == "":
		return nil, incident.Refuse("text: what is there to say?")
	case utf8.RuneCountInString(text) > maxWords:
		return nil, incident.Refuse("text: at most %d characters", maxWords)
	}
	return []incident.Fact{incident.ActionNoted{Action: id, Title: a.Title, Text: text}}, nil
}

// toDo is an action that is still to be done.
func toDo(in incident.Incident, id int) (incident.ReviewAction, error) {
	a, ok := in.Action(id)
	switch {
	case !ok:
		return a, noAction(id)
	case a.State != incident.ToDo:
		return a, incident.Refuse("action %d is %s already", id, a.State)
	}
	return a, nil
}

func noAction(id int) error { return incident.Refuse("there is no action %d", id) }

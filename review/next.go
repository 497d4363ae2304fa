package review

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

const (
	day = 24 * time.Hour
	// remindBefore is how long before its time who has an action hears of it; one that was
	// promised for sooner than that, and a day more, needs no reminder.
	remindBefore = 2 * day
)

// nag is how an action is asked after that is overdue: by the last time somebody has a
// reason, and the list of actions says so anyway.
var nag = incident.Nag{After: []time.Duration{0, day, 3 * day, 7 * day}, Most: 12}

// Next is what happens by itself: who has an action is reminded of it, and one whose time
// has come is said to be overdue, whether the incident is open, over or closed. leads are
// those of its team; they are asked for only when somebody must hear it.
func Next(in incident.Incident, leads func() []org.PersonID, now time.Time) (facts []incident.Fact, due time.Time) {
	if in.Review == nil || in.Seq >= incident.Crowded {
		return nil, due
	}
	for _, a := range in.Review.Actions {
		if at, ok := remindAt(a); ok {
			if !at.After(now) && a.Due.After(now) {
				facts = append(facts, incident.ActionReminded{Action: a.ID, Title: a.Title, Due: a.Due, To: []org.PersonID{a.Owner}})
			} else if at.After(now) {
				due = incident.Sooner(due, at)
			}
		}
		at, ok := nagAt(a)
		if !ok {
			continue
		}
		if at.After(now) {
			due = incident.Sooner(due, at)
			continue
		}
		facts = append(facts, incident.ActionOverdue{Action: a.ID, Title: a.Title, Nth: a.Nags + 1, To: nagged(a, leads)})
	}
	return facts, due
}

func remindAt(a incident.ReviewAction) (time.Time, bool) {
	at := a.Due.Add(-remindBefore)
	return at, a.State == incident.ToDo && a.Owner != "" && !a.Due.IsZero() && !a.Reminded && a.Promised.Before(at.Add(-day))
}

// nagAt is when an action is next said to be overdue.
func nagAt(a incident.ReviewAction) (time.Time, bool) {
	if a.State != incident.ToDo {
		return time.Time{}, false
	}
	return nag.Next(a.Due, a.Nags, a.NagAt)
}

// nagged are those who hear that an action is overdue: whose it is; from the second time
// on, and when it is nobody's, the leads of the team as well.
func nagged(a incident.ReviewAction, leads func() []org.PersonID) (to []org.PersonID) {
	if a.Owner != "" {
		to = append(to, a.Owner)
		if a.Nags == 0 {
			return to
		}
	}
	for _, p := range leads() {
		if !slices.Contains(to, p) {
			to = append(to, p)
		}
	}
	return to
}

// Overdue says whether the time of an action has passed and it is not done.
func Overdue(a incident.ReviewAction, now time.Time) bool {
	return a.State == incident.ToDo && !a.Due.IsZero() && !a.Due.After(now)
}

// Tell says who hears what of a fact: whoever was given an action by another, or is to
// read or to work on a retrospective, and those whom an action waits for. before is the
// state without the fact.
func Tell(before incident.Incident, e incident.Entry) (notices []incident.Told) {
	by := e.By.Person()
	tell := func(p org.PersonID, text string) {
		if p != "" && p != by {
			notices = append(notices, incident.Told{Person: p, Text: text})
		}
	}
	switch f := e.Fact.(type) {
	case incident.ActionAdded:
		tell(f.Owner, "an action for you: "+f.Title)
	case incident.ActionChanged:
		if a, ok := before.Action(f.Action); ok && a.Owner != f.Owner {
			tell(f.Owner, "an action for you: "+f.Title)
			tell(a.Owner, "no longer yours: "+f.Title)
		}
	case incident.ActionNoted:
		if a, ok := before.Action(f.Action); ok && by != "" { // a ticket tells those who follow it
			tell(a.Owner, "said of your action "+f.Title+": "+f.Text)
		}
	case incident.ActionReminded:
		for _, p := range f.To {
			tell(p, "your action is due "+f.Due.UTC().Format("2006-01-02")+": "+f.Title)
		}
	case incident.ActionOverdue:
		for _, p := range f.To {
			tell(p, "action overdue: "+f.Title)
		}
	case incident.ActionRecurred:
		// The first time, the second, the fourth: who knows it needs no page for each.
		if a, ok := before.Action(f.Action); ok && len(a.Again)&(len(a.Again)+1) == 0 {
			tell(a.Owner, "it came again ("+f.Name+"), and your action is not done: "+f.Title)
		}
	case incident.RetroSubmitted:
		for _, p := range f.To {
			tell(p, "a retrospective for you to read and to sign")
		}
	case incident.RetroReturned:
		if before.Review != nil && before.Review.State != incident.RetroDraft {
			for _, p := range before.Review.Authors {
				tell(p, "the retrospective is to be worked on: "+f.Why)
			}
		}
	case incident.RetroSigned:
		if f.Last && before.Review != nil {
			for _, p := range before.Review.Authors {
				tell(p, "the retrospective is signed off")
			}
		}
	}
	return notices
}

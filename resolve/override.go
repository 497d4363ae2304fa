package resolve

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

const (
	leastOverride = time.Minute
	leastReason   = 10 // runes: it is read by others
	reviewWithin  = 72 * time.Hour
)

// Override lets somebody go before the rules of changes: only in an open incident that is
// bad enough, for a while, with a reason. It leaves a fact, a page to the board, and a task
// that ends with another's review alone. call is that page.
func Override(in incident.Incident, r Rules, by org.PersonID, teams []org.TeamID, f incident.Overridden, now time.Time) ([]incident.Fact, error) {
	f.Reason = strings.TrimSpace(f.Reason)
	least, most := r.Override.Least(), r.Override.Most()
	switch {
	case in.Apart() != "":
		return nil, incident.Refuse("%s", in.Apart())
	case in.IsDrill():
		return nil, incident.Refuse("it is a drill: say in the room that you would override, and why")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s: an override is for an open incident", in.Status)
	case by == "":
		return nil, incident.Refuse("only a person overrides")
	case in.Severity == "" || in.Severity > least:
		return nil, incident.Refuse("an override is for incidents of %s or worse; this is %s", least, orNone(in.Severity))
	case !r.MayOverride(by, teams):
		return nil, incident.Refuse("you are not among those who may override")
	case utf8.RuneCountInString(f.Reason) < leastReason || utf8.RuneCountInString(f.Reason) > maxCause:
		return nil, incident.Refuse("reason: want %d to %d characters: others will read it", leastReason, maxCause)
	case f.Until.Sub(now) < leastOverride || f.Until.Sub(now) > most:
		return nil, incident.Refuse("until: from 1 minute to %s from now", org.Duration(most))
	case len(f.Services) > mostServices:
		return nil, incident.Refuse("services: at most %d", mostServices)
	}
	if len(f.Services) == 0 {
		if in.Service == "" {
			return nil, incident.Refuse("services: what is to be changed?")
		}
		f.Services = []org.ServiceID{in.Service}
	}
	f.Override = len(in.Overrides) + 1
	tasks := 0
	if in.Room != nil {
		tasks = len(in.Room.Tasks)
	}
	return []incident.Fact{f, incident.TaskAdded{
		Task: tasks + 1, Title: fmt.Sprintf("Review emergency override %d", f.Override), Due: f.Until.Add(reviewWithin), Override: f.Override,
	}}, nil
}

func orNone(s org.Severity) string {
	if s == "" {
		return "of none"
	}
	return string(s)
}

// EndOverride gives it back before its time.
func EndOverride(in incident.Incident, id int, why string, now time.Time) ([]incident.Fact, error) {
	o, ok := in.Override(id)
	switch {
	case !ok:
		return nil, incident.Refuse("there is no override %d", id)
	case !o.EndedAt.IsZero():
		return nil, nil
	case !o.On(now):
		return nil, incident.Refuse("it is over already")
	}
	return []incident.Fact{incident.OverrideEnded{Override: id, Why: why}}, nil
}

// Review is what another person thinks of an override, once it is over or its incident is:
// it ends the task that the override left.
func Review(in incident.Incident, id int, by org.PersonID, right bool, text string, now time.Time) ([]incident.Fact, error) {
	text = strings.TrimSpace(text)
	o, ok := in.Override(id)
	switch {
	case !ok:
		return nil, incident.Refuse("there is no override %d", id)
	case by == "":
		return nil, incident.Refuse("only a person reviews an override")
	case by == o.By:
		return nil, incident.Refuse("it is your own: somebody else reviews it")
	case o.Review != nil:
		return nil, incident.Refuse("%s has reviewed it already", o.Review.By)
	case o.On(now) && in.Status.Open():
		return nil, incident.Refuse("it is still used: end it first")
	case text == "" || utf8.RuneCountInString(text) > maxChangeText:
		return nil, incident.Refuse("text: what did you find?")
	}
	facts := []incident.Fact{incident.OverrideReviewed{Override: id, Right: right, Text: text}}
	if in.Room != nil {
		for _, t := range in.Room.Tasks {
			if t.Override == id && t.State == incident.ToDo {
				facts = append(facts, incident.TaskDone{Task: t.ID, Title: t.Title, Outcome: text})
			}
		}
	}
	return facts, nil
}

// OverridesUnreviewed are the overrides of an incident that nobody else has looked at yet.
// While there is one the incident cannot be closed.
func OverridesUnreviewed(in incident.Incident) []incident.Override {
	return slices.DeleteFunc(slices.Clone(in.Overrides), func(o incident.Override) bool { return o.Review != nil })
}

// owing is how whoever owes the review of an override that is over is reminded of it; after
// the last time the list of overrides says it, and the gate.
var owing = incident.Nag{After: []time.Duration{24 * time.Hour, 24 * time.Hour, 72 * time.Hour, 7 * 24 * time.Hour}, Most: 12}

// OverrideNext is what happens by itself to overrides that are over: who owes their review is
// reminded of it, whether the incident is open or over. owe are those, for the nth time.
func OverrideNext(in incident.Incident, owe func(o incident.Override, nth int) ([]org.PersonID, error), now time.Time) (facts []incident.Fact, due time.Time, err error) {
	if in.Seq >= incident.Crowded || in.Status == incident.Closed {
		return nil, due, nil
	}
	for _, o := range OverridesUnreviewed(in) {
		at, ok := owing.Next(overAt(in, o), o.Nags, o.NagAt)
		if !ok {
			continue
		}
		if at.After(now) {
			due = incident.Sooner(due, at)
			continue
		}
		to, err := owe(o, o.Nags+1)
		if err != nil {
			return nil, due, err
		}
		facts = append(facts, incident.OverrideOwed{Override: o.ID, Nth: o.Nags + 1, To: to})
	}
	return facts, due, nil
}

// overAt is when an override could be reviewed: it was given back, its time or its incident
// was over.
func overAt(in incident.Incident, o incident.Override) time.Time {
	at := o.Until
	for _, end := range []time.Time{o.EndedAt, in.ResolvedAt} {
		if !end.IsZero() && end.After(o.At) && end.Before(at) {
			at = end
		}
	}
	return at
}

package investigate

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

const (
	maxSaid     = 2000 // runes of a field of an update
	mostTo      = 20
	mostParts   = 100
	escalateNag = 3 // the time at which others are called for an update that is overdue
)

// UpdateDue is when those concerned are to be told: as they were promised, or by the
// guideline; zero: they are not. Before somebody has it, people are called; while it is
// snoozed, it is quiet.
func UpdateDue(in incident.Incident, g org.Guideline) time.Time {
	every := cmp.Or(g.Every, g.First)
	last, told := in.LastUpdate()
	switch {
	case in.Status != incident.Acknowledged || every == 0:
		return time.Time{}
	case !told && g.First > 0:
		return later(in.OpenedAt.Add(g.First.D()), in.OwnedAt)
	case !told:
		return in.OwnedAt.Add(every.D())
	case !last.Next.IsZero():
		return last.Next
	case last.Phase == incident.PhaseResolved: // and it came back
		return later(in.OwnedAt, in.News.At).Add(every.D())
	case g.Every == 0:
		return time.Time{}
	}
	return in.News.At.Add(every.D())
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// An Update is what somebody wants those concerned told.
type Update struct {
	Title                     string // what it is called outside; "" is as before
	Phase                     incident.Phase
	Condition, Actions, Needs string
	Next                      time.Time // zero: as the guideline says
	To                        []string
	Affected                  []incident.Affected
}

// Publish tells those concerned how it stands.
func Publish(in incident.Incident, g org.Guideline, u Update, now time.Time) ([]incident.Fact, error) {
	u.Title = strings.Join(strings.Fields(org.Clean(u.Title)), " ")
	u.Condition, u.Actions, u.Needs = org.Clean(u.Condition), org.Clean(u.Actions), org.Clean(u.Needs)
	switch {
	case in.Apart() != "":
		return nil, incident.Refuse("%s, and has no updates", in.Apart())
	case in.Status == incident.Closed:
		return nil, over(in)
	case utf8.RuneCountInString(u.Title) > maxTitle:
		return nil, incident.Refuse("title: at most %d characters", maxTitle)
	case !slices.Contains(incident.Phases, u.Phase):
		return nil, incident.Refuse("phase: %q is none of investigating, identified, monitoring, resolved", u.Phase)
	case !in.Status.Open() && u.Phase != incident.PhaseResolved:
		return nil, incident.Refuse("phase: it is %s: only that it is resolved can be told", in.Status)
	}
	if err := said(g, u); err != nil {
		return nil, err
	}
	if err := reaches(g, u); err != nil {
		return nil, err
	}
	next, err := promised(g, u, now)
	if err != nil {
		return nil, err
	}
	last, _ := in.LastUpdate()
	return []incident.Fact{incident.Updated{
		N: in.NextUpdate(), Title: cmp.Or(u.Title, last.Title), Phase: u.Phase, Condition: u.Condition, Actions: u.Actions, Needs: u.Needs,
		Next: next, To: u.To, Affected: u.Affected,
	}}, nil
}

// said refuses an update that does not say what the guideline asks for.
func said(g org.Guideline, u Update) error {
	for _, f := range []struct{ name, text string }{{org.Condition, u.Condition}, {org.Actions, u.Actions}, {org.Needs, u.Needs}} {
		switch {
		case utf8.RuneCountInString(f.text) > maxSaid:
			return incident.Refuse("%s: at most %d characters", f.name, maxSaid)
		case f.text != "":
		case f.name == org.Condition:
			return incident.Refuse("condition: how is it?")
		case slices.Contains(g.Require, f.name) && u.Phase != incident.PhaseResolved:
			return incident.Refuse("%s: the guideline %s asks for it", f.name, g.Title())
		}
	}
	return nil
}

// reaches refuses an update that leaves out whom the guideline wants told.
func reaches(g org.Guideline, u Update) error {
	if len(u.To) > mostTo || len(u.Affected) > mostParts {
		return incident.Refuse("to: at most %d, and %d components", mostTo, mostParts)
	}
	for _, c := range g.Channels {
		if !slices.Contains(u.To, c) {
			return incident.Refuse("to: the guideline %s wants %s told", g.Title(), c)
		}
	}
	for i, c := range u.To {
		if _, page := org.StatusOf(c); !page && c != org.ToFollowers && c != org.ToReporters {
			return incident.Refuse("to: %q is none of followers, reporters, status:ID", c)
		}
		if slices.Contains(u.To[:i], c) {
			return incident.Refuse("to: %s stands there twice", c)
		}
	}
	for _, a := range u.Affected {
		if !a.State.Valid() || !slices.Contains(u.To, org.ToStatus+string(a.Page)) {
			return incident.Refuse("affected: %s of %s: name a state, and the page among those it goes to", a.Component, a.Page)
		}
	}
	return nil
}

// longestPromise is how long those concerned may be left without news where no guideline
// says how often.
const longestPromise = 7 * 24 * time.Hour

// promised is when the next one comes. It may come sooner than the guideline wants, and
// not later.
func promised(g org.Guideline, u Update, now time.Time) (time.Time, error) {
	latest := now.Add(cmp.Or(g.Every.D(), longestPromise))
	switch {
	case u.Phase == incident.PhaseResolved:
		return time.Time{}, nil
	case u.Next.IsZero() && g.Every > 0:
		return latest, nil
	case u.Next.IsZero():
		return u.Next, nil
	case !u.Next.After(now):
		return u.Next, incident.Refuse("next: %s is not in the future", u.Next.UTC().Format(time.RFC3339))
	case u.Next.After(latest) && g.Every > 0:
		return u.Next, incident.Refuse("next: the guideline %s wants one every %s", g.Title(), g.Every)
	case u.Next.After(latest):
		return u.Next, incident.Refuse("next: at most 7 days from now")
	}
	return u.Next, nil
}

// wantUpdate is what happens by itself about updates: somebody is asked for one that is
// due, and then others are called.
func wantUpdate(in incident.Incident, g org.Guideline, now time.Time) (facts []incident.Fact, due time.Time) {
	at, nags := UpdateDue(in, g), 0
	if at.IsZero() || in.Apart() != "" {
		return nil, due
	}
	due = at
	if in.News != nil && in.News.Nags > 0 {
		nags = in.News.Nags
		due = later(at, in.News.NagAt.Add(nag.After[min(nags, len(nag.After)-1)]))
	}
	switch {
	case nags >= nag.Most:
		return nil, time.Time{}
	case due.After(now):
		return nil, due
	}
	facts = append(facts, incident.UpdateOverdue{Nth: nags + 1, Due: at, To: speakers(in, nags)})
	if nags+1 == escalateNag && len(g.Escalate) > 0 && !in.IsDrill() { // who is not part of a drill is left alone
		run := 1
		for _, r := range in.Runs {
			run = max(run, r.ID+1)
		}
		facts = append(facts, incident.Asked{Run: run, Why: "an update is overdue", Targets: g.Escalate, Priority: in.Priority, Aside: true})
	}
	return facts, time.Time{}
}

// speakers are those who are asked for an update: who speaks to those outside, or
// commands, or has it; from the second time on all of them.
func speakers(in incident.Incident, nags int) (to []org.PersonID) {
	for _, p := range []org.PersonID{in.Has(Communications), in.Has(Commander), in.Owner} {
		if p != "" && !slices.Contains(to, p) && (nags > 0 || len(to) == 0) {
			to = append(to, p)
		}
	}
	if len(to) == 0 {
		to = slices.Clone(in.Called)
	}
	return to
}

// tellEnd tells those who were told anything that it is over.
func tellEnd(in incident.Incident) []incident.Fact {
	last, told := in.LastUpdate()
	if in.Status != incident.Resolved || !told || last.Phase.Over() {
		return nil
	}
	return []incident.Fact{incident.Updated{N: in.NextUpdate(), Title: last.Title, Phase: incident.PhaseResolved, To: last.To}}
}

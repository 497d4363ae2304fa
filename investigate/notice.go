package investigate

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// A Posting is a notice that somebody wants on a status page, without an incident (incident.Notice).
type Posting struct {
	Page   org.StatusPageID
	Team   org.TeamID // of the page
	Form   incident.NoticeForm
	Title  string
	Text   string
	Begins time.Time // zero: now
	Ends   time.Time // zero: when somebody says so
	Parts  []incident.Affected
}

const (
	furthestNotice = 366 * 24 * time.Hour
	longestWork    = 31 * 24 * time.Hour
)

// Post puts a notice onto a status page; one that begins later is kept until then. Work is
// told of at once, so that people can plan.
func Post(n Posting, now time.Time) ([]incident.Fact, error) {
	n.Title, n.Text = strings.Join(strings.Fields(org.Clean(n.Title)), " "), org.Clean(n.Text)
	if !n.Begins.After(now) {
		n.Begins = time.Time{}
	}
	if err := n.check(now); err != nil {
		return nil, err
	}
	first := incident.Updated{N: 1, Title: n.Title, Phase: n.Form.Phases()[0], Condition: n.Text, To: []string{org.ToStatus + string(n.Page)}, Affected: n.Parts}
	posted := incident.NoticePosted{Page: n.Page, Form: n.Form, Begins: n.Begins, Ends: n.Ends}
	facts := []incident.Fact{incident.Opened{Sort: incident.KindNotice, Title: n.Title, Team: n.Team, Priority: org.Low}}
	switch {
	case n.Form == incident.PlannedWork && n.Begins.IsZero():
		first.Phase = incident.PhaseWorking
	case n.Form != incident.PlannedWork && !n.Begins.IsZero():
		return append(facts, posted, incident.NoticeDrafted{First: first}), nil
	}
	return append(facts, posted, first), nil
}

func (n Posting) check(now time.Time) error {
	switch {
	case !slices.Contains(incident.NoticeForms, n.Form):
		return incident.Refuse("form: %q is none of notice, disruption, work", n.Form)
	case n.Title == "" || utf8.RuneCountInString(n.Title) > maxTitle:
		return incident.Refuse("title: want 1 to %d characters", maxTitle)
	case n.Text == "":
		return incident.Refuse("text: what is to be known?")
	case utf8.RuneCountInString(n.Text) > maxSaid:
		return incident.Refuse("text: at most %d characters", maxSaid)
	case n.Form == incident.ForInformation && len(n.Parts) > 0:
		return incident.Refuse("affected: nothing is wrong: post a disruption, or work")
	case n.Form != incident.ForInformation && len(n.Parts) == 0:
		return incident.Refuse("affected: which components, and how are they?")
	}
	if err := n.checkTimes(now); err != nil {
		return err
	}
	return checkParts(n.Page, n.Parts)
}

func (n Posting) checkTimes(now time.Time) error {
	begins := later(n.Begins, now)
	switch {
	case begins.Sub(now) > furthestNotice:
		return incident.Refuse("begins: at most a year from now")
	case n.Form == incident.PlannedWork && n.Ends.IsZero():
		return incident.Refuse("ends: when is the work to be over?")
	case !n.Ends.IsZero() && !n.Ends.After(begins):
		return incident.Refuse("ends: after it begins")
	case n.Form == incident.PlannedWork && n.Ends.Sub(begins) > longestWork:
		return incident.Refuse("ends: work takes at most 31 days")
	case !n.Ends.IsZero() && n.Ends.Sub(now) > 2*furthestNotice:
		return incident.Refuse("ends: at most two years from now")
	}
	return nil
}

func checkParts(page org.StatusPageID, parts []incident.Affected) error {
	if len(parts) > mostParts {
		return incident.Refuse("affected: at most %d components", mostParts)
	}
	for i, a := range parts {
		switch {
		case !a.State.Valid() || a.Page != page:
			return incident.Refuse("affected: %s: name a state, and a component of the page %s", a.Component, page)
		case slices.ContainsFunc(parts[:i], func(b incident.Affected) bool { return b.Component == a.Component }):
			return incident.Refuse("affected: %s stands there twice", a.Component)
		}
	}
	return nil
}

// A Word is what is said of a notice later.
type Word struct {
	Phase incident.Phase // "": as before; resolved ends it
	Text  string
	Parts []incident.Affected // what is left out stays as it was
}

// FollowUp says more of a notice, or that it is over.
func FollowUp(in incident.Incident, w Word) ([]incident.Fact, error) {
	n := in.Notice
	last, told := in.LastUpdate()
	w.Text = org.Clean(w.Text)
	switch {
	case n == nil:
		return nil, incident.Refuse("it is no notice")
	case !in.Status.Open():
		return nil, incident.Refuse("it is over")
	case n.First != nil:
		return nil, incident.Refuse("nobody has seen it yet: end it, and post it anew")
	case w.Phase == "" && told:
		w.Phase = last.Phase
	case w.Phase == "":
		w.Phase = n.Form.Phases()[0]
	}
	switch {
	case !slices.Contains(n.Form.Phases(), w.Phase):
		return nil, incident.Refuse("phase: %q is none of those of a %s", w.Phase, n.Form)
	case w.Text == "" && !w.Phase.Over():
		return nil, incident.Refuse("text: what is to be known?")
	case utf8.RuneCountInString(w.Text) > maxSaid:
		return nil, incident.Refuse("text: at most %d characters", maxSaid)
	case n.Form == incident.ForInformation && len(w.Parts) > 0:
		return nil, incident.Refuse("affected: nothing is wrong: post a disruption, or work")
	}
	if err := checkParts(n.Page, w.Parts); err != nil {
		return nil, err
	}
	facts := []incident.Fact{incident.Updated{
		N: in.NextUpdate(), Title: in.Title, Phase: w.Phase, Condition: w.Text, To: []string{org.ToStatus + string(n.Page)}, Affected: w.Parts,
	}}
	if w.Phase.Over() {
		facts = append(facts, incident.Ended{})
	}
	return facts, nil
}

// EndNotice says that a notice is over. One that nobody has seen yet is never shown; work
// that has not begun does not take place.
func EndNotice(in incident.Incident, why string) ([]incident.Fact, error) {
	switch {
	case in.Notice == nil:
		return nil, incident.Refuse("it is no notice")
	case !in.Status.Open():
		return nil, nil // twice is once
	case utf8.RuneCountInString(why) > maxSaid:
		return nil, incident.Refuse("why: at most %d characters", maxSaid)
	}
	ended := incident.Ended{Why: strings.TrimSpace(why)}
	if last, told := in.LastUpdate(); told && last.Phase == incident.PhasePlanned {
		return []incident.Fact{incident.Updated{N: in.NextUpdate(), Title: in.Title, Phase: incident.PhaseOff, To: last.To}, ended}, nil
	}
	return []incident.Fact{ended}, nil
}

// MoveNotice gives a notice other times.
func MoveNotice(in incident.Incident, begins, ends, now time.Time) ([]incident.Fact, error) {
	n := in.Notice
	switch {
	case n == nil:
		return nil, incident.Refuse("it is no notice")
	case !in.Status.Open():
		return nil, incident.Refuse("it is over")
	}
	begun := !n.Begins.After(now)
	if begun && !begins.IsZero() && !begins.Equal(n.Begins) {
		return nil, incident.Refuse("begins: it has begun already")
	}
	if begun {
		begins = n.Begins
	}
	if !ends.IsZero() && !ends.After(now) {
		return nil, incident.Refuse("ends: is not in the future")
	}
	if err := (Posting{Form: n.Form, Begins: begins, Ends: ends}).checkTimes(now); err != nil {
		return nil, err
	}
	if begins.Equal(n.Begins) && ends.Equal(n.Ends) {
		return nil, nil
	}
	return []incident.Fact{incident.NoticeMoved{Begins: begins, Ends: ends}}, nil
}

// NoticeNext is what happens by itself: what waits is shown, work begins, and what has an
// end ends. That it is over is told like the end of an incident (tellEnd).
func NoticeNext(in incident.Incident, now time.Time) (facts []incident.Fact, due time.Time) {
	n := in.Notice
	if n == nil || !in.Status.Open() || in.Seq >= incident.Crowded {
		return nil, due
	}
	last, told := in.LastUpdate()
	if n.Begins.After(now) {
		due = n.Begins
	} else {
		switch {
		case n.First != nil:
			return []incident.Fact{*n.First}, time.Time{}
		case told && last.Phase == incident.PhasePlanned:
			return []incident.Fact{incident.Updated{N: in.NextUpdate(), Title: in.Title, Phase: incident.PhaseWorking, To: last.To, Affected: last.Affected}}, time.Time{}
		}
	}
	switch {
	case n.Ends.IsZero():
	case n.Ends.After(now):
		due = incident.Sooner(due, n.Ends)
	default:
		return []incident.Fact{incident.Ended{Why: "its time is over"}}, time.Time{}
	}
	return nil, due
}

package engine

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// silentFor is how long nothing has to have come of what somebody was sent until they
// are asked to try it out before a shift.
const silentFor = 30 * 24 * time.Hour

// Whether somebody can be reached, as far as anybody knows.
const (
	reachable   = iota
	silent      // nothing of late says so
	unreachable // no page would get to them at all
)

// ready is what somebody should see to before a shift that begins at a moment, in lines
// below the notice; none when nothing is in the way.
func (w *shiftWork) ready(p org.Person, from time.Time) (lines []string, how int, err error) {
	if why, off := p.OffCall(org.High, from); off {
		lines = append(lines, why+": you would not be called.")
	}
	worked, err := w.tx.Worked(p.ID, w.now.Add(-silentFor))
	if err != nil {
		return nil, reachable, err
	}
	ways, heard, failing := 0, false, []string(nil)
	for _, m := range p.Methods {
		if !m.Usable() || len(w.s.providersOf(m.Channel)) == 0 {
			continue
		}
		ways++
		was := worked[m.ID]
		heard = heard || !was.DeliveredAt.IsZero() || !was.Read.IsZero()
		if w.e.failing(w.s, m.Channel, w.now) {
			failing = append(failing, m.Channel)
		}
	}
	switch {
	case ways == 0:
		return append(lines, "No page would reach you: add a contact method at "+w.e.publicURL+"/profile"), unreachable, nil
	case len(failing) > 0:
		lines = append(lines, fmt.Sprintf("What fails now: %s.", strings.Join(failing, ", ")))
	}
	if !heard {
		return lines, silent, nil
	}
	if ways == 1 {
		lines = append(lines, "There is only one way to reach you: add another at "+w.e.publicURL+"/profile")
	}
	return lines, reachable, nil
}

// tellBefore tells somebody, at the moment about, that their shift begins, and what they
// should see to. If nothing reaches them, those behind the schedule hear of that instead;
// if nobody knows whether anything does, it is tried out.
func (w *shiftWork) tellBefore(who org.PersonID, sort int, about, from time.Time, text string) error {
	p := w.s.people[who]
	lines, how, err := w.ready(p, from)
	if err != nil {
		return err
	}
	if how == unreachable {
		return w.tellBehind(who, sort, from, fmt.Sprintf("%s is on call for %s from %%s and no page would reach them", p.Name, w.title()))
	}
	if how == silent {
		line, err := w.try(p, about, from)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	return w.notice(who, sort, from, strings.Join(append([]string{text}, lines...), "\n"))
}

// tellBehind tells those behind the schedule about somebody else's shift; %s in the text is
// when it begins, as each reads it.
func (w *shiftWork) tellBehind(who org.PersonID, sort int, from time.Time, text string) error {
	for _, other := range w.fallBack() {
		if other == who {
			continue
		}
		if err := w.notice(other, sort, from, fmt.Sprintf(text, w.s.clock(other, from))); err != nil {
			return err
		}
	}
	return nil
}

const (
	testWaits = 30 * time.Minute // for its answer
	testRest  = 12 * time.Hour   // between two tests of one person
)

// try sends somebody a page that says it is a test, by their own rules of high priority,
// once for the notice of the moment about; unless they were sent one of late, or it would
// come in their quiet hours: a test wakes nobody. It returns what the notice says of it.
func (w *shiftWork) try(p org.Person, about, from time.Time) (line string, err error) {
	const nothing = "Nothing that you were sent was confirmed in the last 30 days"
	last, err := w.tx.SelfTest(p.ID)
	if err != nil {
		return "", err
	}
	if !last.About.Before(about) || w.now.Sub(last.At) < testRest {
		return nothing + ". You were sent a test page: confirm it.", nil
	}
	_, off := p.OffCall(org.High, w.now)
	if p.Quiet != nil && !off {
		zone, err := org.Zone(p.Zone)
		if err != nil {
			zone = time.UTC
		}
		off, _ = p.Quiet.Within(w.now.In(zone))
	}
	if off {
		return nothing + ". Send yourself a test page: " + w.e.publicURL + "/profile", nil
	}
	expires := w.now.Add(testWaits)
	if from.Before(expires) {
		expires = from
	}
	id, err := w.e.call(w.tx, w.s, incident.Engine, escalate.Call{
		Title:   "This is a test: confirm it",
		Text:    fmt.Sprintf("Nothing is wrong. You are on call for %s from %s: confirm, so that it is known that pages reach you.", w.title(), w.s.clock(p.ID, from)),
		Targets: []org.Target{{Kind: "person", ID: string(p.ID)}}, Priority: org.High,
		Choices: []incident.Choice{{Text: "I got it", Positive: true}}, Expires: expires,
	}, w.now)
	if err != nil {
		return "", err
	}
	return nothing + ": a test page follows. Confirm it.", w.tx.PutSelfTest(store.SelfTest{Person: p.ID, Subject: id, About: about, Shift: from, At: w.now})
}

// untested tells those behind the schedule if somebody has let the test page before their
// shift wait in vain. It returns when to look again; zero is never.
func (w *shiftWork) untested(who org.PersonID, from time.Time) (time.Time, error) {
	last, err := w.tx.SelfTest(who)
	if err != nil || !last.Shift.Equal(from) {
		return time.Time{}, err
	}
	sub, err := w.tx.Subject(last.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && sub.Call == nil {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	if _, confirmed := sub.Call.Of(who); confirmed {
		return time.Time{}, nil
	}
	if sub.Status.Open() && sub.Call.Expires.After(w.now) {
		return sub.Call.Expires, nil
	}
	return time.Time{}, w.tellBehind(who, noticeTest, from, fmt.Sprintf("%s has not confirmed a test page, and is on call for %s from %%s", w.s.name(who), w.title()))
}

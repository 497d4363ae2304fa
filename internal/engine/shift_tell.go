package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// What a notice about a shift is for stands in its key, beside the moment that it is
// about: none is sent twice.
const (
	noticeBefore = iota
	noticeOn
	noticeOff
	noticeGap
	noticeSwap
	noticeChange
	noticeDigest
	noticeZones
	noticeTest
)

// notice plans one message to one person, over the first of their methods that works.
func (w *shiftWork) notice(who org.PersonID, sort int, about time.Time, text string) error {
	return w.e.notice(w.tx, w.s, who, "schedule:"+string(w.id), sort, about, text, w.now)
}

// notice writes a message about a shift down. Its key is the person, the sort and the
// moment that it is about.
func (e *Engine) notice(tx *store.Tx, s *setup, who org.PersonID, subject string, sort int, about time.Time, text string, now time.Time) error {
	person, ok := s.people[who]
	if !ok || person.Retired {
		return nil
	}
	for _, m := range person.Methods {
		if !m.Usable() {
			continue
		}
		page := escalate.Page{
			Subject: incident.ID(subject), Epoch: int(about.Unix()), Round: sort, Purpose: escalate.Shift, Text: text, Priority: org.Low,
			Person: who, Method: m.ID, Channel: m.Channel, Rule: -1, At: now, Zone: "UTC", Hour: now.UTC().Hour(),
		}
		if zone, err := org.Zone(person.Zone); err == nil {
			page.Zone, page.Hour = zone.String(), now.In(zone).Hour()
		}
		return tx.PlanPages([]store.PageRow{{Page: page, ID: e.newID(now), State: escalate.Planned}})
	}
	return nil
}

// clock is a moment as somebody reads it.
func (s *setup) clock(who org.PersonID, t time.Time) string {
	zone, err := org.Zone(s.people[who].Zone)
	if err != nil || t.IsZero() {
		zone = time.UTC
	}
	if t.IsZero() {
		return "further notice"
	}
	return t.In(zone).Format("Mon 2 Jan 15:04 MST")
}

func (w *shiftWork) title() string { return cmp.Or(w.c.Schedule.Name, string(w.id)) }

// turn tells those who come on and those who go off at a change, with what is left to
// them: open incidents and notes. What is long past is not told any more.
func (w *shiftWork) turn(was, is store.ShiftRow) error {
	n := w.c.Schedule.Notices
	if w.now.Sub(is.At) > shiftRest || !n.On && !n.Off {
		return nil
	}
	left, err := w.left(was, is)
	if err != nil {
		return err
	}
	for _, role := range w.c.Roles() {
		if role == oncall.Shadow {
			continue
		}
		for _, p := range is.Roles[role] {
			if n.On && !slices.Contains(was.Roles[role], p) {
				s := w.s.register().At(w.c, is.At)
				text := fmt.Sprintf("You are on call for %s (%s) until %s%s", w.title(), role, w.s.clock(p, w.ends(p, role, s)), left)
				if err := w.notice(p, noticeOn, is.At, text); err != nil {
					return err
				}
			}
		}
		for _, p := range was.Roles[role] {
			if n.Off && !slices.Contains(is.Roles[role], p) {
				text := fmt.Sprintf("Your shift for %s is over: %s took it%s", w.title(), w.s.names(is.Roles[role]), left)
				if err := w.notice(p, noticeOff, is.At, text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ends is when somebody's stint ends.
func (w *shiftWork) ends(p org.PersonID, role string, s oncall.Shift) time.Time {
	if s.Until.IsZero() {
		return s.Until
	}
	for _, one := range w.s.register().Render(w.c, s.From, s.From.Add(21*24*time.Hour)) {
		if !slices.Contains(one.Roles[role], p) {
			return one.From
		}
	}
	return time.Time{}
}

// left is what a shift leaves to the next, in lines below the notice.
func (w *shiftWork) left(was, is store.ShiftRow) (string, error) {
	var b strings.Builder
	var open []store.Row
	var err error
	if team := w.c.Schedule.Team; team != "" { // a schedule of no team speaks of nobody's incidents
		if open, err = w.tx.Subjects(store.Filter{Open: true, Team: team, Hidden: w.s.sensitive(), Limit: 6}); err != nil {
			return "", err
		}
	}
	for i, r := range open {
		if i == 5 {
			b.WriteString("\nand more that are open")
			break
		}
		fmt.Fprintf(&b, "\nopen: %s (%s, %s)", r.Title, r.Severity, r.Status)
	}
	notes, err := w.tx.ShiftNotes(w.id, was.At, is.At.Add(time.Microsecond))
	if err != nil {
		return "", err
	}
	for i, n := range notes {
		if i == 10 {
			break
		}
		fmt.Fprintf(&b, "\nnote of %s: %s", w.s.name(n.By), n.Text)
	}
	return b.String(), nil
}

// sensitive are the services whose incidents are kept from who does not answer for them.
func (s *setup) sensitive() (ids []org.ServiceID) {
	for id, v := range s.services {
		if v.Sensitive {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// tell tells what is to come: a shift before it begins, a gap a day before. It returns
// when to look again.
func (w *shiftWork) tell() (next time.Time, err error) {
	next = w.now.Add(shiftRest)
	soon := func(at time.Time) bool {
		if at.After(w.now) && at.Before(next) {
			next = at
		}
		return !at.After(w.now)
	}
	n := w.c.Schedule.Notices
	ahead := shiftLook
	for _, before := range n.Before {
		ahead = max(ahead, before.D()+shiftRest)
	}
	shifts := w.s.register().Render(w.c, w.now, w.now.Add(ahead))
	for i, s := range shifts {
		if i > 0 && s.From.Before(next) {
			next = s.From
		}
	}
	for _, st := range oncall.Stints(shifts) {
		if !st.From.After(w.now) || st.Role == oncall.Shadow {
			continue
		}
		for k, before := range n.Before {
			if soon(st.From.Add(-before.D())) {
				text := fmt.Sprintf("You are on call for %s (%s) from %s", w.title(), st.Role, w.s.clock(st.Person, st.From))
				if err := w.tellBefore(st.Person, noticeBefore+100*(k+1), st.From.Add(-before.D()), st.From, text); err != nil {
					return next, err
				}
			}
		}
		until, err := w.untested(st.Person, st.From)
		if err != nil {
			return next, err
		}
		soon(until)
	}
	for _, g := range oncall.Gaps(shifts) {
		if w.c.Schedule.FallBack == "" || !g.From.After(w.now) || !soon(g.From.Add(-gapAhead)) {
			continue
		}
		for _, p := range w.fallBack() {
			text := fmt.Sprintf("Nobody is on call for %s from %s (%s)", w.title(), w.s.clock(p, g.From), g.Why)
			if err := w.notice(p, noticeGap, g.From, text); err != nil {
				return next, err
			}
		}
	}
	return next, nil
}

// fallBack are those whom the first level of the fall-back calls.
func (w *shiftWork) fallBack() (people []org.PersonID) {
	policy := w.s.policies[w.c.Schedule.FallBack]
	if len(policy.Levels) == 0 {
		return nil
	}
	for _, t := range policy.Levels[0].Targets {
		if t.Kind == "person" {
			people = append(people, org.PersonID(t.ID))
			continue
		}
		people = append(people, w.s.who(t, w.now).People...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// swaps ends those whose time has come or whose schedule changed, and reminds of those
// that are near: a day before, and two hours before.
func (w *shiftWork) swaps() error {
	all, err := w.tx.SwapsOf(w.id, w.now.Add(-31*24*time.Hour))
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.State != oncall.SwapOpen {
			continue
		}
		was := x
		x.State = x.Lapse(w.s.register(), w.c, w.now)
		switch left := x.Begins().Sub(w.now); {
		case x.State == oncall.SwapPastDue:
			err = w.notice(x.Owner, noticeSwap, x.Begins(), fmt.Sprintf("Nobody took your shift for %s: you are on call from %s", w.title(), w.s.clock(x.Owner, x.From)))
		case x.State == oncall.SwapStale:
			err = w.notice(x.Owner, noticeSwap, x.Begins(), fmt.Sprintf("The schedule %s changed: your request for %s is void", w.title(), w.s.clock(x.Owner, x.From)))
		case left <= 2*time.Hour && x.Reminded < 2:
			x.Reminded = 2
		case left <= 24*time.Hour && x.Reminded < 1:
			x.Reminded = 1
		}
		if err != nil {
			return err
		}
		if x.Reminded != was.Reminded {
			for _, p := range w.s.asked(x, w.c) {
				text := fmt.Sprintf("%s still looks for somebody for %s, %s to %s", w.s.name(x.Owner), w.title(), w.s.clock(p, x.From), w.s.clock(p, x.Until))
				if err := w.notice(p, noticeSwap+10*x.Reminded, x.At, text); err != nil {
					return err
				}
			}
		}
		if x.State != was.State || x.Reminded != was.Reminded {
			x.Decided = w.now
			if x.State == oncall.SwapOpen {
				x.Decided = time.Time{}
			}
			if err := w.tx.PutSwap(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// asked are those whom a swap asks: those it names, or the team of the schedule, or
// whoever stands in it; not the owner, and not who said no.
func (s *setup) asked(x oncall.Swap, c *oncall.Compiled) (people []org.PersonID) {
	all := x.To
	if len(all) == 0 {
		if all = s.teams[c.Schedule.Team].Members; len(all) == 0 {
			all = c.People()
		}
	}
	for _, p := range all {
		if p != x.Owner && !slices.Contains(x.Declined, p) && !slices.Contains(people, p) {
			people = append(people, p)
		}
	}
	return people
}

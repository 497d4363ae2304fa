package escalate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

const (
	persistFor   = 8 * time.Hour    // how long a persistent rule goes on, unless it says so
	persistLeast = 30 * time.Second // between two repetitions
)

// Plan spreads the calls of a level over the people's own notification rules, counted
// from now. Somebody who has no rule for the priority is paged at once over everything
// that works: a forgotten setting must not be silence.
func Plan(in incident.Incident, f incident.Called, w World, now time.Time) (pages []Page) {
	for _, call := range f.Calls {
		page := Page{
			Subject: in.ID, Run: f.Run, Epoch: f.Epoch, Round: f.Round, Level: f.Level,
			Person: call.Person, Purpose: Alarm, Priority: in.Priority, At: now, Each: f.Each, Zone: "UTC", Hour: now.UTC().Hour(),
		}
		if f.FailOver {
			page.Purpose = FailOver
		}
		if call.Email != "" {
			page.Channel, page.Address, page.Rule = "email", call.Email, -1
			pages = append(pages, page)
			continue
		}
		person, ok := w.Person(call.Person)
		if !ok {
			continue
		}
		if until, rests := person.Rests(now); rests && in.LeavesAlone(call.Person) { // a drill wakes nobody
			if q, ok := page.Beside(person, until); ok {
				pages = append(pages, q)
			}
			continue
		}
		pages = append(pages, page.spread(person, now)...)
	}
	return pages
}

// spread is one call to one person over their rules.
func (p Page) spread(person org.Person, now time.Time) (pages []Page) {
	for i, r := range person.Rules {
		m, ok := person.Method(r.Method)
		if !ok || !m.Usable() || r.Priority != "" && r.Priority != p.Priority {
			continue
		}
		q := p.over(m, person, now.Add(r.After.D()))
		q.Rule, q.Unless = i, State(r.Unless)
		if r.Every > 0 {
			q.Every = max(r.Every.D(), persistLeast)
			q.Until = q.At.Add(persistFor)
			if r.For > 0 {
				q.Until = q.At.Add(r.For.D())
			}
		}
		pages = append(pages, q)
	}
	if len(pages) > 0 {
		return pages
	}
	for _, m := range person.Methods {
		if m.Usable() {
			q := p.over(m, person, now)
			q.Rule = -1
			pages = append(pages, q)
		}
	}
	return pages
}

// Beside is a page of low priority to one person, about nothing that they must answer: it
// goes once, over the first of their own rules for such that works, or over the first
// method that does, when they want to hear of such things.
func (p Page) Beside(person org.Person, now time.Time) (first Page, ok bool) {
	p.Person, p.Priority, p.Zone, p.Hour = person.ID, org.Low, "UTC", now.UTC().Hour()
	for i, q := range p.spread(person, now) {
		if i == 0 || q.At.Before(first.At) {
			first, ok = q, true
		}
	}
	first.Every, first.Until, first.Unless = 0, time.Time{}, ""
	return first, ok
}

// over is the page over one method, with the hour it is for the person. One of low
// priority waits for when the person wants to hear of such.
func (p Page) over(m org.Method, person org.Person, at time.Time) Page {
	if p.Priority == org.Low {
		at = person.LowAt(at)
	}
	p.Method, p.Channel, p.At = m.ID, m.Channel, at
	if zone, err := org.Zone(person.Zone); err == nil {
		p.Zone, p.Hour = zone.String(), at.In(zone).Hour()
	}
	return p
}

// Again is the next repetition of a persistent page, if there is one. It counts from
// when the page was due, or from now when that is long ago: no burst after an outage.
func (p Page) Again(now time.Time) (Page, bool) {
	next := p.At.Add(p.Every)
	if next.Before(now) {
		next = now.Add(p.Every)
	}
	if p.Every <= 0 || next.After(p.Until) {
		return Page{}, false
	}
	p.Repeat++
	p.At = next
	if zone, err := org.Zone(p.Zone); err == nil {
		p.Hour = next.In(zone).Hour()
	}
	return p, true
}

// A Notice is something a person should hear without being alarmed. The engine sends
// it over the method that paged them.
type Notice struct {
	Person  org.PersonID // or
	Target  org.Target   // whoever stands there
	Purpose Purpose
	Text    string
}

// Tell says who hears what of a fact: that somebody has it, that it is over, that the
// shift changed, that everyone failed. before is the state without the fact.
func Tell(before incident.Incident, e incident.Entry, w World) (notices []Notice) {
	by := e.By.Person()
	switch f := e.Fact.(type) {
	case incident.AcknowledgedBy:
		after := before.After(e)
		if before.Status == incident.Acknowledged || after.Status != incident.Acknowledged {
			return nil
		}
		for _, p := range after.Told {
			notices = append(notices, Notice{Person: p, Purpose: Told, Text: w.name(e.By) + " has it"})
		}
	case incident.Ended:
		if before.Call != nil { // who has not answered need not any longer
			for _, p := range before.Called {
				if _, answered := before.Call.Of(p); !answered && p != by {
					notices = append(notices, Notice{Person: p, Purpose: AllClear, Text: f.Why})
				}
			}
			return notices
		}
		// Whoever heard that somebody else has it went back to sleep, and is let be.
		for _, p := range before.Called {
			if !slices.Contains(before.Told, p) && p != by {
				notices = append(notices, Notice{Person: p, Purpose: AllClear, Text: f.Why})
			}
		}
		for _, p := range before.Responders {
			if p != by && !slices.Contains(before.Called, p) && !slices.Contains(before.Answered, p) {
				notices = append(notices, Notice{Person: p, Purpose: AllClear, Text: f.Why})
			}
		}
		for _, p := range before.Answered {
			if p != by && (!slices.Contains(before.Called, p) || slices.Contains(before.Told, p)) {
				notices = append(notices, Notice{Person: p, Purpose: AllClear, Text: f.Why})
			}
		}
		for _, p := range before.Working() {
			if p != by && !slices.ContainsFunc(notices, func(n Notice) bool { return n.Person == p }) {
				notices = append(notices, Notice{Person: p, Purpose: AllClear, Text: f.Why})
			}
		}
	case incident.Gathered:
		for _, p := range before.After(e).Responders {
			if !slices.Contains(before.Responders, p) && before.Status.Open() {
				notices = append(notices, Notice{Person: p, Purpose: Update, Text: "the cause"})
			}
		}
	case incident.HandedOver:
		for _, p := range f.From {
			if f.Called {
				notices = append(notices, Notice{Person: p, Purpose: HandOver, Text: "handed over to " + w.names(f.To) + ": " + before.Title})
			}
		}
		if !f.Called && before.Owner != "" {
			for _, p := range both(f.From, f.To) {
				notices = append(notices, Notice{Person: p, Purpose: HandOver, Text: "the shift changed, " + w.name(incident.ByPerson(before.Owner)) + " keeps it: " + before.Title})
			}
		}
	case incident.Called:
		return copies(f, e, before, w)
	case incident.Reported:
		text := fmt.Sprintf("%s: %s (tried %s)", f.Why, before.Title, w.names(before.Called))
		for _, t := range f.To {
			notices = append(notices, Notice{Target: t, Purpose: Report, Text: text})
		}
	}
	return notices
}

// copies go to whoever stands in the shadow of a schedule by which others were called. A
// copy wants no answer: nobody's climb waits for one who learns.
func copies(f incident.Called, e incident.Entry, before incident.Incident, w World) (notices []Notice) {
	var asked []org.Target
	for _, c := range f.Calls {
		if c.Via.Kind != "schedule" || slices.Contains(asked, c.Via) {
			continue
		}
		asked = append(asked, c.Via)
		id, place := c.Via.Place()
		if place != "" {
			continue
		}
		in := before.After(e)
		for _, p := range w.Who(org.Target{Kind: "schedule", ID: id + "/shadow"}, e.At).People {
			known := slices.Contains(in.Called, p) || slices.ContainsFunc(notices, func(n Notice) bool { return n.Person == p })
			if !known {
				notices = append(notices, Notice{Person: p, Purpose: Copy, Text: "copy for you, " + w.name(incident.ByPerson(c.Person)) + " was called: " + in.Title})
			}
		}
	}
	return notices
}

func both(a, b []org.PersonID) []org.PersonID {
	out := slices.Clone(a)
	for _, p := range b {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// name is how people call an actor.
func (w World) name(a incident.Actor) string {
	if p, ok := w.Person(a.Person()); ok && p.Name != "" {
		return p.Name
	}
	return a.Name()
}

func (w World) names(ids []org.PersonID) string {
	if len(ids) == 0 {
		return "nobody"
	}
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = w.name(incident.ByPerson(id))
	}
	return strings.Join(s, ", ")
}

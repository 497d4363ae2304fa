package engine

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// silentFor is how long nothing has to have come of what somebody was sent until they
// are asked to try it out before a shift.
const silentFor = 30 * 24 * time.Hour

// ready is what somebody should see to before a shift that begins at a moment, in lines
// below the notice; none when they can be reached, as far as anybody knows. unreachable
// says that no page would get to them at all.
func (w *shiftWork) ready(p org.Person, from time.Time) (lines []string, unreachable bool, err error) {
	if why, off := p.OffCall(org.High, from); off {
		lines = append(lines, why+": you would not be called.")
	}
	worked, err := w.tx.Worked(p.ID, w.now.Add(-silentFor))
	if err != nil {
		return nil, false, err
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
		return append(lines, "No page would reach you: add a contact method at "+w.e.publicURL+"/profile"), true, nil
	case len(failing) > 0:
		lines = append(lines, fmt.Sprintf("What fails now: %s.", strings.Join(failing, ", ")))
	}
	if !heard {
		lines = append(lines, "Nothing that you were sent was confirmed in the last 30 days. Send yourself a test page: "+w.e.publicURL+"/profile")
	} else if ways == 1 {
		lines = append(lines, "There is only one way to reach you: add another at "+w.e.publicURL+"/profile")
	}
	return lines, false, nil
}

// tellBefore tells somebody that their shift begins, and what they should see to. If
// nothing reaches them, those behind the schedule hear of that instead.
func (w *shiftWork) tellBefore(who org.PersonID, sort int, from time.Time, text string) error {
	p := w.s.people[who]
	lines, unreachable, err := w.ready(p, from)
	if err != nil {
		return err
	}
	if !unreachable {
		return w.notice(who, sort, from, strings.Join(append([]string{text}, lines...), "\n"))
	}
	for _, other := range w.fallBack() {
		if other == who {
			continue
		}
		text := fmt.Sprintf("%s is on call for %s from %s and no page would reach them", p.Name, w.title(), w.s.clock(other, from))
		if err := w.notice(other, sort, from, text); err != nil {
			return err
		}
	}
	return nil
}

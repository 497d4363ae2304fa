package engine

import (
	"fmt"
	"slices"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// byAnother is the position of a page that stands in for one whose channel fails: no
// rule of the person asked for it.
const byAnother = -2

// another finds another way to a person whose page does not go out: their next rule
// now instead of later, one over another channel first when the whole channel fails.
// Where the rules have none, a page of high priority takes a contact method that no
// rule names; and when there is none left, the climb goes on without the person, if there
// was a cause: a page that is only in doubt is out.
func (t *tending) another(p store.PageRow, cause error) error {
	if !p.Purpose.Alarms() {
		return nil
	}
	all, err := t.tx.PagesOf(p.Subject)
	if err != nil {
		return err
	}
	same := slices.DeleteFunc(all, func(q store.PageRow) bool {
		return q.ID == p.ID || q.Run != p.Run || q.Epoch != p.Epoch || q.Round != p.Round || q.Level != p.Level || q.Person != p.Person || q.Address != p.Address || !q.Purpose.Alarms()
	})
	failing := t.e.failing(t.s, p.Channel, t.now)
	stuck := func(q store.PageRow) bool { return failing && q.Channel == p.Channel }
	var next *store.PageRow
	for i, q := range same {
		switch {
		case q.State == escalate.Claimed, q.State.Rank() > 0:
			return nil // another page of theirs is out, or on its way
		case q.State != escalate.Planned || q.Attempts >= troubled || q.Repeat != 0 || q.Unless != "" && q.Attempts > 0:
		case next == nil || stuck(*next) && !stuck(q) || stuck(*next) == stuck(q) && q.WakeAt.Before(next.WakeAt):
			next = &same[i]
		}
	}
	if next == nil || stuck(*next) {
		if stand, ok := t.standIn(p, same); ok {
			return t.plan([]escalate.Page{stand})
		}
	}
	if next != nil {
		if next.WakeAt.After(t.now) {
			next.WakeAt = t.now
			_, err = t.tx.SavePage(*next, next.Gen)
		}
		return err
	}
	if p.Person == "" || cause == nil {
		return nil
	}
	for _, r := range t.in.Runs {
		if r.ID == p.Run && r.Epoch == p.Epoch && r.Round == p.Round && r.Level == p.Level && slices.Contains(r.Out, p.Person) {
			return nil
		}
	}
	t.add(incident.Engine, incident.Unreached{
		Run: p.Run, Epoch: p.Epoch, Round: p.Round, Level: p.Level, Person: p.Person, Why: fmt.Sprintf("%s: %v", p.Channel, cause),
	})
	return nil
}

// standIn is a page over a channel of the person that none of their pages goes by.
func (t *tending) standIn(p store.PageRow, same []store.PageRow) (escalate.Page, bool) {
	person, ok := t.s.people[p.Person]
	if !ok || p.Priority != org.High {
		return escalate.Page{}, false
	}
	for _, m := range person.Methods {
		taken := m.Channel == p.Channel || slices.ContainsFunc(same, func(q store.PageRow) bool { return q.Channel == m.Channel })
		if !m.Usable() || taken || t.e.failing(t.s, m.Channel, t.now) {
			continue
		}
		stand := p.Page
		stand.Method, stand.Channel, stand.Rule, stand.Repeat, stand.Every, stand.At, stand.Unless = m.ID, m.Channel, byAnother, 0, 0, t.now, ""
		return stand, true
	}
	return escalate.Page{}, false
}

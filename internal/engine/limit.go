package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/internal/store"
	"tocsin/org"
)

// A person may have capped a channel: after a page, the next about something else waits.
// The first that waits leads, and the others go along with it: "6 more alerts". So do
// those of a digest, which are all due at one moment. The first page of all is never
// held up, and none is lost: one whose lead did not go out goes by itself.

// A line is where a cap counts: one person over one channel.
type line struct {
	person  org.PersonID
	channel string
}

// limits is what a batch of pages does to each line.
type limits struct {
	going map[line]*parcel // sent now
	waits map[line]string  // the page that leads those that wait
}

// A hold is a page that is not sent now: it waits, or has gone along with another.
type hold struct {
	until time.Time
	why   string        // for the timeline; "" leaves what stands there
	lead  string        // the page that it goes along with; "": it leads
	gone  store.PageRow // that one, once it went; its ID is "" until then
}

// along is to go along with a page that went.
func along(lead store.PageRow, why string) *hold { return &hold{gone: lead, lead: lead.ID, why: why} }

func (h *hold) Error() string { return "held" }

// sent says whether a page was tried, by what became of it.
func sent(err error) bool {
	_, held := errors.AsType[*hold](err)
	return !held && !errors.Is(err, errMoot)
}

// write puts the page where the hold wants it.
func (h *hold) write(tx *store.Tx, p store.PageRow, now time.Time) error {
	p.State, p.WakeAt = escalate.Planned, h.until
	if h.why != "" {
		p.Held = h.why
	}
	p.Bundle = h.lead
	if h.gone.ID != "" { // it comes as far as the message did
		p.State, p.WakeAt, p.SentAt, p.FirstAt, p.Via = escalate.Sent, time.Time{}, h.gone.SentAt, h.gone.SentAt, h.gone.Via
		if p.DeliveredAt = h.gone.DeliveredAt; !p.DeliveredAt.IsZero() {
			p.State = escalate.Delivered
		}
		if p.ReadAt = h.gone.ReadAt; !p.ReadAt.IsZero() {
			p.State = escalate.Read
		}
	}
	_, err := tx.SavePage(p, p.Gen)
	return err
}

// behindLead is how long after its lead a page looks whether that has gone.
const behindLead = 2 * time.Second

// limit says whether a page waits, by the caps and wishes of its person.
func (e *Engine) limit(tx *store.Tx, s *setup, one *parcel, l *limits, now time.Time) error {
	p := one.page
	person, ok := s.people[p.Person]
	least := person.Caps[p.Channel].D()
	digest := p.Priority == org.Low && person.Low == org.Digest
	if !ok || !p.Purpose.Alarms() || least == 0 && !digest {
		return nil
	}
	at := line{p.Person, p.Channel}
	if p.Bundle != "" {
		lead, err := tx.Page(p.Bundle)
		switch {
		case err != nil:
			return err
		case !lead.SentAt.IsZero():
			return along(lead, "")
		case lead.State == escalate.Planned || lead.State == escalate.Claimed:
			return &hold{until: now.Add(behindLead), lead: lead.ID}
		}
		return e.orphan(tx, l, one, now)
	}
	if lead := l.going[at]; lead != nil && lead.page.Subject != p.Subject {
		if digest || lead.page.Held != "" { // it can still say it
			lead.riders = append(lead.riders, p)
			return &hold{until: now.Add(behindLead), why: p.Held, lead: lead.page.ID}
		}
		return e.wait(tx, l, p, now.Add(least), now)
	}
	since := now.Add(-least)
	if digest {
		since = p.At.Add(-time.Microsecond)
	}
	last, err := tx.SentTo(p.Person, p.Channel, since, 20)
	if err != nil {
		return err
	}
	var failed error
	last = slices.DeleteFunc(last, func(q store.PageRow) bool {
		if q.Subject == p.Subject || !q.Purpose.Alarms() || q.Bundle != "" {
			return true
		}
		sub, err := tx.Subject(q.Subject)
		failed = errors.Join(failed, err)
		return err != nil || sub.IsDrill() // nothing real waits for what is practised
	})
	if failed != nil {
		return failed
	}
	switch {
	case digest && slices.ContainsFunc(last, func(q store.PageRow) bool { return q.Priority == org.Low && q.At.Equal(p.At) }):
		return along(last[0], "in the digest")
	case digest || len(last) == 0:
		l.going[at] = one
		return nil
	}
	return e.wait(tx, l, p, last[0].SentAt.Add(least), now)
}

// orphan is what becomes of a page whose lead did not go: the first of those who waited
// with it leads them now.
func (e *Engine) orphan(tx *store.Tx, l *limits, one *parcel, now time.Time) error {
	p := one.page
	siblings, err := tx.BundledWith(p.Bundle)
	if err != nil {
		return err
	}
	for _, q := range siblings { // by id
		switch {
		case q.ID == p.ID:
			l.going[line{p.Person, p.Channel}] = one
			return nil
		case !q.SentAt.IsZero():
			return along(q, "")
		case q.State == escalate.Planned, q.State == escalate.Claimed:
			return &hold{until: now.Add(behindLead), lead: p.Bundle}
		}
	}
	return nil
}

// wait holds a page until the cap allows it, behind the one that leads already, if any.
func (e *Engine) wait(tx *store.Tx, l *limits, p store.PageRow, until, now time.Time) error {
	at := line{p.Person, p.Channel}
	h := &hold{until: until, lead: l.waits[at], why: fmt.Sprintf("held %s by the %s cap", org.Duration(until.Sub(now).Round(time.Second)), p.Channel)}
	if h.lead == "" {
		planned, err := tx.Pages(store.PageFilter{Person: p.Person, State: escalate.Planned, Limit: codesAmong})
		if err != nil {
			return err
		}
		for _, q := range planned {
			if q.Channel == p.Channel && q.Held != "" && q.Bundle == "" && q.ID != p.ID && q.WakeAt.After(now) {
				h.lead, h.until = q.ID, q.WakeAt
			}
		}
	}
	if l.waits[at] = h.lead; h.lead == "" {
		l.waits[at] = p.ID
		return h
	}
	h.until = h.until.Add(behindLead)
	return h
}

// speakFor says on a page that is going what else it stands for.
func (e *Engine) speakFor(tx *store.Tx, s *setup, lead *parcel) error {
	if lead.err != nil {
		return nil
	}
	waiting, err := tx.BundledWith(lead.page.ID)
	if err != nil {
		return err
	}
	if person := s.people[lead.page.Person]; lead.page.Priority == org.Low && person.Low == org.Digest {
		for _, state := range []escalate.State{escalate.Planned, escalate.Claimed} {
			more, err := tx.Pages(store.PageFilter{Person: lead.page.Person, State: state, Limit: codesAmong})
			if err != nil {
				return err
			}
			waiting = append(waiting, more...)
		}
	}
	if lead.page.Bundle != "" {
		orphans, err := tx.BundledWith(lead.page.Bundle)
		if err != nil {
			return err
		}
		waiting = append(waiting, orphans...)
	}
	riders := lead.riders
	for _, q := range waiting {
		same := q.Channel == lead.page.Channel && q.Purpose.Alarms() && q.Subject != lead.page.Subject
		bundled := q.Bundle == lead.page.ID || q.Bundle != "" && q.Bundle == lead.page.Bundle || q.Priority == org.Low && q.At.Equal(lead.page.At)
		if (q.State == escalate.Planned || q.State == escalate.Claimed) && same && bundled && !slices.ContainsFunc(riders, func(r store.PageRow) bool { return r.ID == q.ID }) {
			riders = append(riders, q)
		}
	}
	count, service := 0, ""
	for i, q := range riders {
		sub, err := tx.Subject(q.Subject)
		if err != nil {
			return err
		}
		if !sub.Status.Open() || sub.IsDrill() {
			continue
		}
		count++
		name, title := s.serviceName(sub.Service), sub.Title
		if s.services[sub.Service].Secure {
			name, title = "", Secure
		}
		if i > 0 && name != service {
			service = ""
		} else {
			service = name
		}
		lead.message.Body = append(lead.message.Body, "Also "+e.Code(q.Person, q.Subject)+": "+title)
	}
	if count == 0 {
		return nil
	}
	lead.message.More = fmt.Sprintf("%d more alerts", count)
	if count == 1 {
		lead.message.More = "1 more alert"
	}
	if service != "" {
		lead.message.More += " for " + service
	}
	return nil
}

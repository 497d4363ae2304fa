package v1

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A PagedPerson is somebody who was called for an incident, and how far that came.
type PagedPerson struct {
	Person     org.PersonID  `json:"person,omitempty" doc:"Absent for a bare address"`
	Name       string        `json:"name"`
	Level      int           `json:"level,omitempty" doc:"That called them last, from 1; absent for the fail-over and for notices"`
	Via        string        `json:"via,omitempty" doc:"What stood for them in the policy, such as schedule:primary"`
	Why        string        `json:"why,omitempty"`
	CalledAt   *time.Time    `json:"called_at,omitempty"`
	Answered   *time.Time    `json:"answered_at,omitempty" doc:"When they said that they have it"`
	Unreached  string        `json:"unreached,omitempty" doc:"Why no method of theirs works"`
	State      string        `json:"state" enum:"planned,sent,delivered,read,answered,failed,cancelled,none" doc:"The best that any method came to; none: nothing was to be sent"`
	Methods    []PagedMethod `json:"methods" nullable:"false"`
	AlarmsSent int           `json:"alarms_sent"`
}

// A PagedMethod is a contact method over which somebody was paged.
type PagedMethod struct {
	Method      org.MethodID     `json:"method,omitempty"`
	Channel     string           `json:"channel"`
	Purpose     escalate.Purpose `json:"purpose" enum:"alarm,fail_over,told,all_clear,hand_over,report,update,work,copy,shift,mention" doc:"Of the last page that went out, or is to"`
	State       escalate.State   `json:"state" enum:"planned,claimed,sent,delivered,read,answered,failed,cancelled" doc:"Of the last page"`
	Pages       int              `json:"pages" doc:"That went out over it"`
	PlannedAt   *time.Time       `json:"planned_at,omitempty" doc:"When the last page is, or was, due"`
	NextAt      *time.Time       `json:"next_at,omitempty" doc:"When another is due, unless somebody answers"`
	SentAt      *time.Time       `json:"sent_at,omitempty" doc:"When the last that went out did"`
	DeliveredAt *time.Time       `json:"delivered_at,omitempty" doc:"The first time"`
	ReadAt      *time.Time       `json:"read_at,omitempty"`
	AnsweredAt  *time.Time       `json:"answered_at,omitempty"`
	Attempts    int              `json:"attempts" doc:"Of the last page"`
	Error       string           `json:"error,omitempty" doc:"Why the last page failed, or was cancelled"`
}

// calling is everybody who was called or told, by who they are.
type callings struct {
	s     *setup
	by    map[string]*PagedPerson
	order []*PagedPerson
}

func (c *callings) of(p org.PersonID, address string) *PagedPerson {
	who := cmp.Or(string(p), "email:"+address)
	one := c.by[who]
	if one == nil {
		one = &PagedPerson{Person: p, Name: address, State: "none", Methods: []PagedMethod{}}
		if p != "" {
			one.Name = c.s.person(p)
		}
		c.by[who] = one
		c.order = append(c.order, one)
	}
	return one
}

func (a *API) peopleOf(ctx context.Context, in *IncidentID) (*pageOf[PagedPerson], error) {
	c := asking(ctx)
	var log incident.Log
	var pages []store.PageRow
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if _, err = visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		if log, err = tx.Log(in.ID); err != nil {
			return err
		}
		pages, err = tx.PagesOf(in.ID)
		return err
	})
	out := &pageOf[PagedPerson]{Body: page[PagedPerson]{Items: []PagedPerson{}}}
	for _, one := range paging(c.setup, log, pages) {
		out.Body.Items = append(out.Body.Items, *one)
	}
	return out, err
}

// paging is who was called by a log, and what became of the pages.
func paging(s *setup, log incident.Log, pages []store.PageRow) []*PagedPerson {
	all := &callings{s: s, by: map[string]*PagedPerson{}}
	for _, e := range log {
		switch f := e.Fact.(type) {
		case incident.Called:
			for _, call := range f.Calls {
				one := all.of(call.Person, call.Email)
				one.CalledAt, one.Level, one.Via, one.Why, one.Unreached = shown(e.At), f.Level+1, call.Via.String(), call.Why, ""
				if f.FailOver {
					one.Level = 0
				}
			}
		case incident.Unreached:
			all.of(f.Person, "").Unreached = f.Why
		case incident.AcknowledgedBy:
			if p := e.By.Person(); p != "" {
				if one := all.of(p, ""); one.Answered == nil {
					one.Answered = shown(e.At)
				}
			}
		}
	}
	for _, p := range pages {
		all.of(p.Person, p.Address).add(p)
	}
	for _, one := range all.order {
		one.State = one.best()
	}
	return all.order
}

// add takes in a page; they come in the order they were due.
func (one *PagedPerson) add(p store.PageRow) {
	n := slices.IndexFunc(one.Methods, func(m PagedMethod) bool { return m.Method == p.Method && m.Channel == p.Channel })
	if n < 0 {
		n = len(one.Methods)
		one.Methods = append(one.Methods, PagedMethod{Method: p.Method, Channel: p.Channel})
	}
	m := &one.Methods[n]
	waits := p.State == escalate.Planned || p.State == escalate.Claimed
	if waits {
		m.NextAt = shown(p.At)
	}
	if m.Pages > 0 && (waits || p.State == escalate.Cancelled) { // a repetition: what went out says more
		return
	}
	m.Purpose, m.State, m.PlannedAt, m.Attempts, m.Error = p.Purpose, p.State, shown(p.At), p.Attempts, p.Err
	if !p.SentAt.IsZero() {
		m.Pages++
		m.SentAt = shown(p.SentAt)
		if p.Purpose.Alarms() || p.Purpose == escalate.Update {
			one.AlarmsSent++
		}
	}
	for at, when := range map[**time.Time]time.Time{&m.DeliveredAt: p.DeliveredAt, &m.ReadAt: p.ReadAt, &m.AnsweredAt: p.AnsweredAt} {
		if *at == nil {
			*at = shown(when)
		}
	}
}

// best is the most that any of the methods came to.
func (one *PagedPerson) best() string {
	has := func(at func(PagedMethod) bool) bool { return slices.ContainsFunc(one.Methods, at) }
	state := func(s escalate.State) func(PagedMethod) bool {
		return func(m PagedMethod) bool { return m.State == s }
	}
	switch {
	case one.Answered != nil || has(func(m PagedMethod) bool { return m.AnsweredAt != nil }):
		return "answered"
	case has(func(m PagedMethod) bool { return m.ReadAt != nil }):
		return "read"
	case has(func(m PagedMethod) bool { return m.DeliveredAt != nil }):
		return "delivered"
	case has(func(m PagedMethod) bool { return m.SentAt != nil }):
		return "sent"
	case has(state(escalate.Planned)), has(state(escalate.Claimed)):
		return "planned"
	case has(state(escalate.Failed)):
		return "failed"
	case has(state(escalate.Cancelled)):
		return "cancelled"
	}
	return "none"
}

// mayReach says why no page could go out to somebody; "" when one could.
func (s *setup) mayReach(p org.PersonID) string {
	row, ok := s.rows[thing{config.Person, string(p)}]
	person, err := decoded[org.Person](row)
	switch {
	case !ok:
		return "there is no such person"
	case err != nil:
		return "their configuration cannot be read"
	case row.Retired:
		return "they are not here any longer"
	case len(person.Methods) == 0:
		return "they have no contact method"
	case !person.Reachable():
		return "none of their contact methods is verified and switched on"
	}
	return ""
}

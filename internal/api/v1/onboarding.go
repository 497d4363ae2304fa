package v1

import (
	"context"
	"time"

	"tocsin/escalate"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// gapsAhead is how far ahead a schedule must have somebody on call.
const gapsAhead = 28 * 24 * time.Hour

// Progress is what is done of setting up, as it stands: nobody ticks anything.
type Progress struct {
	MethodVerified bool `json:"method_verified" doc:"You have a contact method that works"`
	TestAnswered   bool `json:"test_page_answered" doc:"You answered a test page or a page"`
	Integration    bool `json:"integration" doc:"There is one"`
	FirstEvent     bool `json:"first_event" doc:"It was heard"`
	Policy         bool `json:"policy" doc:"A service has one"`
	CatchAll       bool `json:"catch_all" doc:"What no service claims calls somebody: the catch-all service has a policy"`
	PolicyTested   bool `json:"policy_tested" doc:"Somebody was paged by one, and answered"`
	Schedule       bool `json:"schedule" doc:"There is one"`
	ScheduleNoGaps bool `json:"schedule_without_gaps" doc:"And all of them have somebody for four weeks"`
	Invited        bool `json:"invited" doc:"There is somebody else"`
	Team           bool `json:"team"`
}

func (a *API) progress(ctx context.Context, _ *only) (*struct{ Body Progress }, error) {
	c, now := asking(ctx), a.now()
	out := &struct{ Body Progress }{}
	p := &out.Body
	people, whole := 0, true
	for _, r := range c.setup.all {
		if r.Retired {
			continue
		}
		switch r.Kind {
		case config.Person:
			people++
			if one, err := decoded[org.Person](r); err == nil && one.ID == c.self() {
				p.MethodVerified = one.Reachable()
			}
		case config.Team:
			p.Team = true
		case config.Integrating:
			p.Integration = true
		case config.Service:
			p.Policy = p.Policy || c.setup.services[org.ServiceID(r.ID)].Policy != ""
		case config.Settings:
			if house, err := decoded[org.Settings](r); err == nil {
				p.CatchAll = c.setup.services[house.CatchAll].Policy != ""
			}
		case config.Schedule:
			p.Schedule = true
			if s, err := c.setup.schedule(r.ID); err != nil || gaps(s, now) {
				whole = false
			}
		}
	}
	p.Invited, p.ScheduleNoGaps = people > 1, p.Schedule && whole
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		heard, err := tx.Alerts(store.AlertFilter{Limit: 1})
		if err != nil {
			return err
		}
		answered, err := tx.Pages(store.PageFilter{State: escalate.Answered, Limit: 20})
		if err != nil {
			return err
		}
		for _, one := range answered {
			if one.Purpose.Apart() {
				continue
			}
			sub, err := tx.Subject(one.Subject)
			if err != nil {
				return err
			}
			p.PolicyTested = p.PolicyTested || !sub.IsDrill() // in earnest
		}
		mine, err := tx.Pages(store.PageFilter{State: escalate.Answered, Person: c.self(), Limit: 1})
		if err != nil {
			return err
		}
		tests, err := tx.Trials(c.self(), now.Add(-testsWithin), 200)
		if err != nil {
			return err
		}
		p.FirstEvent, p.TestAnswered = len(heard) > 0, len(mine) > 0 && c.self() != ""
		for _, t := range tests {
			p.TestAnswered = p.TestAnswered || !t.AnsweredAt.IsZero()
		}
		return nil
	})
}

// gaps says whether a schedule has nobody at some time.
func gaps(s *oncall.Compiled, now time.Time) bool {
	at := now
	for _, shift := range s.Render(now, now.Add(gapsAhead)) {
		if shift.From.After(at) || len(shift.People) == 0 {
			return true
		}
		at = shift.Until
	}
	return at.Before(now.Add(gapsAhead))
}

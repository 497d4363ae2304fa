package v1

import (
	"context"
	"time"

	"tocsin/internal/config"
	"tocsin/oncall"
	"tocsin/org"
)

const longestShow = 366 * 24 * time.Hour // of shifts at once

// A Watch is who is on call for a schedule.
type Watch struct {
	Schedule org.ScheduleID            `json:"schedule"`
	Name     string                    `json:"name"`
	Team     org.TeamID                `json:"team,omitempty"`
	People   []org.PersonID            `json:"people" nullable:"false" doc:"Whom an alarm calls"`
	Roles    map[string][]org.PersonID `json:"roles,omitempty" doc:"Everybody, by role"`
	Until    *time.Time                `json:"until,omitempty" doc:"Nothing changes before it"`
	Next     *Shift                    `json:"next,omitempty" doc:"The next shift that other people have, when it begins within 35 days"`
	Why      string                    `json:"why,omitempty"`
}

type Moment struct {
	At time.Time `query:"at" doc:"Now, when it is left out"`
}

// or is the moment, or now.
func (m Moment) or(now time.Time) (time.Time, error) {
	if m.At.IsZero() {
		return now, nil
	}
	return m.At.UTC(), within("query.at", m.At)
}

// within refuses moments that no schedule knows.
func within(location string, at time.Time) error {
	if at.Year() < 1990 || at.Year() > 2200 {
		return wrong(location, "must be between 1990 and 2200")
	}
	return nil
}

func (a *API) oncall(ctx context.Context, in *Moment) (*pageOf[Watch], error) {
	s := asking(ctx).setup
	at, err := in.or(a.now())
	if err != nil {
		return nil, err
	}
	out := &pageOf[Watch]{Body: page[Watch]{Items: []Watch{}}}
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired {
			continue
		}
		var shift oncall.Shift
		var next *Shift
		if c, err := s.schedule(r.ID); err != nil { // one that cannot be read hides no other
			shift.Why = "the schedule cannot be read: " + err.Error()
		} else {
			shift = s.register().At(c, at)
			next = s.after(c, at, shift)
		}
		out.Body.Items = append(out.Body.Items, Watch{
			Schedule: org.ScheduleID(r.ID), Name: s.names[thing{r.Kind, r.ID}], Team: s.teamOf(r.Kind, r.Body),
			People: people(shift.People), Roles: shift.Roles, Until: shown(shift.Until), Next: next, Why: shift.Why,
		})
	}
	return out, nil
}

func people(list []org.PersonID) []org.PersonID {
	if list == nil {
		return []org.PersonID{}
	}
	return list
}

// A Shift is who is on call from a moment until another.
type Shift struct {
	From   time.Time                 `json:"from"`
	Until  time.Time                 `json:"until"`
	People []org.PersonID            `json:"people" nullable:"false"`
	Roles  map[string][]org.PersonID `json:"roles,omitempty"`
	Empty  bool                      `json:"empty,omitempty" doc:"Nobody, although a layer covers the time"`
	Why    string                    `json:"why,omitempty"`
}

type Stretch struct {
	ID   string    `path:"id" maxLength:"64"`
	From time.Time `query:"from" doc:"Now, when it is left out"`
	To   time.Time `query:"to" doc:"Two weeks later, when it is left out; at most 366 days"`
}

func (a *API) shifts(ctx context.Context, in *Stretch) (*pageOf[Shift], error) {
	c, err := asking(ctx).setup.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	from, to, err := in.bounds(a.now())
	if err != nil {
		return nil, err
	}
	out := &pageOf[Shift]{Body: page[Shift]{Items: []Shift{}}}
	shifts, err := a.was(ctx, asking(ctx).setup, c, in.ID, from, to)
	for _, s := range shifts {
		out.Body.Items = append(out.Body.Items, Shift{From: s.From, Until: s.Until, People: people(s.People), Roles: s.Roles, Empty: s.Empty, Why: s.Why})
	}
	return out, err
}

// A Foreseen is what would happen at a moment.
type Foreseen struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Text string    `json:"text"`
	Fact any       `json:"fact,omitempty"`
}

type previewing struct {
	ID string `path:"id" maxLength:"64"`
	Moment
	Severity org.Severity `query:"severity" enum:"SEV1,SEV2,SEV3,SEV4,SEV5" default:"SEV1"`
	Priority org.Priority `query:"priority" enum:"high,low" default:"high"`
}

// preview is what a policy would do at a moment.
func (a *API) preview(ctx context.Context, in *previewing) (*pageOf[Foreseen], error) {
	p, err := asking(ctx).setup.policy(in.ID)
	if err != nil {
		return nil, err
	}
	at, err := in.or(a.now())
	if err != nil {
		return nil, err
	}
	return a.foreseen(ctx, p, in.Severity, in.Priority, at)
}

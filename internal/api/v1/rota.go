package v1

import (
	"bytes"
	"context"
	"slices"
	"time"

	"tocsin/internal/config"
	"tocsin/oncall"
	"tocsin/org"
)

// myShiftsAhead is how far one's own shifts are looked for, when nothing else is asked.
const myShiftsAhead = 60 * 24 * time.Hour

type (
	mineAsked struct {
		From time.Time `query:"from" doc:"Now, when it is left out"`
		To   time.Time `query:"to" doc:"60 days later, when it is left out; at most 366 days"`
	}
	drawingDraft struct {
		From time.Time `query:"from" doc:"Now, when it is left out"`
		To   time.Time `query:"to" doc:"Two weeks later, when it is left out; at most 366 days"`
		Zone string    `query:"zone" maxLength:"64" doc:"An IANA name; that of the schedule, when it is left out"`
		Body ScheduleDraft
	}
)

// A ScheduleDraft is a schedule that is not written yet.
type ScheduleDraft oncall.Schedule

// myShifts are the shifts of whoever asks, in all schedules, by when they begin. One that
// runs already begins with the span.
func (a *API) myShifts(ctx context.Context, in *mineAsked) (*pageOf[Duty], error) {
	c, now := asking(ctx), a.now()
	span := Stretch{From: in.From, To: in.To}
	if in.To.IsZero() {
		span.To = now.Add(myShiftsAhead)
		if !in.From.IsZero() {
			span.To = in.From.Add(myShiftsAhead)
		}
	}
	from, to, err := span.bounds(now)
	if err != nil {
		return nil, err
	}
	out := &pageOf[Duty]{Body: page[Duty]{Items: []Duty{}}}
	self, quoted := c.self(), []byte(`"`+string(c.self())+`"`)
	for _, r := range c.setup.all {
		if r.Kind != config.Schedule || r.Retired || self == "" {
			continue
		}
		s, err := c.setup.schedule(r.ID)
		if err != nil || !bytes.Contains(r.Body, quoted) && !bytes.Contains(r.Body, []byte(`"team:`)) && !bytes.Contains(r.Body, []byte(`"schedule:`)) {
			continue // one that cannot be read calls nobody; one that names neither them nor others calls not them
		}
		duty := Duty{Schedule: org.ScheduleID(r.ID), Name: c.setup.names[thing{r.Kind, r.ID}], Team: c.setup.teamOf(r.Kind, r.Body), Services: c.setup.calls(org.Target{Kind: "schedule", ID: r.ID})}
		for _, stint := range oncall.Stints(c.setup.register().Render(s, from, to)) {
			if stint.Person != self {
				continue
			}
			d := duty
			d.Role, d.From, d.Until = stint.Role, shown(stint.From), shown(stint.Until)
			out.Body.Items = append(out.Body.Items, d)
		}
	}
	slices.SortStableFunc(out.Body.Items, func(a, b Duty) int { return a.From.Compare(*b.From) })
	return out, nil
}

// after is the first shift that other people have, within the days that are looked
// ahead; none, when it stays as it is.
func (s *setup) after(c *oncall.Compiled, at time.Time, now oncall.Shift) *Shift {
	if now.Until.IsZero() {
		return nil
	}
	for _, next := range s.register().Render(c, now.Until, at.Add(shiftsAhead)) {
		if !slices.Equal(next.People, now.People) {
			return &Shift{From: next.From, Until: next.Until, People: people(next.People), Roles: next.Roles, Empty: next.Empty, Why: next.Why}
		}
	}
	return nil
}

// drawDraft is a view of a schedule that is not written yet: what is changed is seen
// before it holds.
func (a *API) drawDraft(ctx context.Context, in *drawingDraft) (*pageless[View], error) {
	v := oncall.Schedule(in.Body)
	if v.ID == "" {
		v.ID = "draft"
	}
	s := asking(ctx).setup
	one := config.Setup{Schedules: []oncall.Schedule{v}}
	one.Complete()
	if err := one.Validate(config.Read(s.items(thing{config.Schedule, string(v.ID)}))); err != nil {
		return nil, err
	}
	c, err := oncall.Compile(v)
	if err != nil {
		return nil, err
	}
	return a.draw(ctx, c, v.Name, 0, Stretch{ID: string(v.ID), From: in.From, To: in.To}, in.Zone)
}

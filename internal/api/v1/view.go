package v1

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// A View is a schedule as a timeline draws it. Every moment in it carries the offset of
// the zone it is seen from, so that its digits are what a clock there shows: whoever
// draws it places moments by how long they are after from, and computes no zone.
type View struct {
	Schedule  org.ScheduleID    `json:"schedule"`
	Name      string            `json:"name"`
	Version   int               `json:"version" doc:"Of the schedule; its ETag"`
	Zone      string            `json:"zone" doc:"From which it is seen"`
	Home      string            `json:"home" doc:"The zone of the schedule itself"`
	From      time.Time         `json:"from"`
	Until     time.Time         `json:"until"`
	Now       time.Time         `json:"now"`
	Days      []ViewDay         `json:"days" nullable:"false" doc:"The civil days of the zone, whole; the first and last may stick out"`
	Final     []ViewSegment     `json:"final" nullable:"false" doc:"Who is on call, role by role"`
	Overrides []ViewOverride    `json:"overrides" nullable:"false"`
	Layers    []ViewLayer       `json:"layers" nullable:"false"`
	Gaps      []ViewGap         `json:"gaps" nullable:"false"`
	Swaps     []oncall.Swap     `json:"swaps" nullable:"false" doc:"Those that wait for somebody, also outside of the span"`
	Names     map[string]string `json:"names" doc:"What those who stand in it are called"`
}

type ViewDay struct {
	Date    string    `json:"date" format:"date"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Weekday int       `json:"weekday" doc:"1 is Monday, 7 Sunday"`
	Hours   float64   `json:"hours" doc:"How long it is: not always 24"`
	Holiday string    `json:"holiday,omitempty"`
	Today   bool      `json:"today,omitempty"`
}

type ViewSegment struct {
	From     time.Time      `json:"from"`
	Until    time.Time      `json:"until"`
	Role     string         `json:"role,omitempty"`
	People   []org.PersonID `json:"people" nullable:"false" doc:"None: the slot is empty on purpose"`
	CutFrom  bool           `json:"cut_from,omitempty" doc:"It begins before the view"`
	CutUntil bool           `json:"cut_until,omitempty" doc:"It goes on after the view"`
	Why      string         `json:"why,omitempty"`
}

type ViewOverride struct {
	Override oncall.Patch  `json:"override"`
	Segments []ViewSegment `json:"segments" nullable:"false"`
}

type ViewLayer struct {
	Layer    string        `json:"layer"`
	Role     string        `json:"role"`
	Band     int           `json:"band"`
	Segments []ViewSegment `json:"segments" nullable:"false"`
}

type ViewGap struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Empty bool      `json:"empty,omitempty" doc:"A layer covers it, with nobody in it"`
	Why   string    `json:"why"`
}

type viewing struct {
	Stretch
	Zone string `query:"zone" maxLength:"64" doc:"An IANA name; that of the schedule, when it is left out"`
}

// bounds are the span that is asked for, or the next two weeks.
func (in *Stretch) bounds(now time.Time) (from, to time.Time, err error) {
	from, to = in.From.UTC(), in.To.UTC()
	if in.From.IsZero() {
		from = now
	}
	if in.To.IsZero() {
		to = from.Add(14 * 24 * time.Hour)
	}
	if err := within("query.from", from); err != nil {
		return from, to, err
	}
	if !to.After(from) || to.Sub(from) > longestShow {
		return from, to, wrong("query.to", "must be after from, by at most 366 days")
	}
	return from, to, nil
}

func (a *API) view(ctx context.Context, in *viewing) (*pageless[View], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	row := thing{config.Schedule, in.ID}
	return a.draw(ctx, c, s.names[row], s.rows[row].Version, in.Stretch, in.Zone)
}

// draw is how a schedule looks in a stretch, from a zone.
func (a *API) draw(ctx context.Context, c *oncall.Compiled, name string, version int, in Stretch, zone string) (*pageless[View], error) {
	s, now := asking(ctx).setup, a.now()
	from, to, err := in.bounds(now)
	if err != nil {
		return nil, err
	}
	home := cmp.Or(c.Schedule.TZ, c.Schedule.Zone, "UTC")
	zone = cmp.Or(zone, home)
	loc, err := org.Zone(zone)
	if err != nil {
		return nil, wrong("query.zone", err.Error())
	}
	days, err := oncall.Days(zone, org.CountryOf(zone), from, to)
	if err != nil {
		return nil, err
	}
	d := drawing{s: s, loc: loc, names: map[string]string{}}
	shifts, err := a.was(ctx, s, c, in.ID, from, to)
	if err != nil {
		return nil, err
	}
	v := View{
		Schedule: org.ScheduleID(in.ID), Name: name, Version: version, Zone: zone, Home: home,
		From: from.In(loc), Until: to.In(loc), Now: now.In(loc),
		Days: d.days(days, now), Final: d.final(c, shifts, from, to), Gaps: d.gaps(oncall.Gaps(shifts)),
		Overrides: []ViewOverride{}, Layers: []ViewLayer{}, Swaps: []oncall.Swap{}, Names: d.names,
	}
	for _, p := range c.Patches(from, to) {
		v.Overrides = append(v.Overrides, ViewOverride{p.Patch, d.pieces(p.Pieces, "")})
	}
	swaps, err := a.listSwaps(ctx, &listingSwaps{ID: in.ID, Open: true})
	if errors.Is(err, store.ErrNotFound) { // a draft: nobody can have asked for anything
		swaps, err = &pageOf[oncall.Swap]{}, nil
	}
	if err != nil {
		return nil, err
	}
	for _, x := range swaps.Body.Items {
		x.From, x.Until = x.From.In(loc), x.Until.In(loc)
		if x.Give != nil {
			x.Give = &oncall.Stretch{From: x.Give.From.In(loc), Until: x.Give.Until.In(loc)}
		}
		v.Swaps = append(v.Swaps, x)
	}
	for _, l := range c.Layers(from, to) {
		v.Layers = append(v.Layers, ViewLayer{l.ID, l.Role, l.Band, d.pieces(l.Pieces, l.Role)})
	}
	return &pageless[View]{Body: v}, nil
}

// pageless is an answer that is no page of a list.
type pageless[T any] struct {
	Body T
}

// A drawing turns what the schedule says into what is seen from a zone.
type drawing struct {
	s     *setup
	loc   *time.Location
	names map[string]string
}

// known notes what people and members are called.
func (d drawing) known(people []org.PersonID) []org.PersonID {
	for _, p := range people {
		if kind, id, found := strings.Cut(string(p), ":"); found {
			d.names[string(p)] = cmp.Or(d.s.names[thing{kind, id}], id)
			continue
		}
		d.names[string(p)] = d.s.person(p)
	}
	return append([]org.PersonID{}, people...)
}

func (d drawing) days(days []oncall.Day, now time.Time) []ViewDay {
	out := []ViewDay{}
	for _, day := range days {
		out = append(out, ViewDay{
			Date: day.Date, From: day.From.In(d.loc), Until: day.Until.In(d.loc), Weekday: (int(day.Weekday)+6)%7 + 1,
			Hours: day.Until.Sub(day.From).Hours(), Holiday: day.Holiday, Today: !now.Before(day.From) && now.Before(day.Until),
		})
	}
	return out
}

// final are the shifts of each role, joined where other roles change only.
func (d drawing) final(c *oncall.Compiled, shifts []oncall.Shift, from, to time.Time) []ViewSegment {
	out := []ViewSegment{}
	open := map[string]int{} // by role, the segment that ends where the shift begins
	for _, s := range shifts {
		next := map[string]int{}
		for _, role := range c.Roles() {
			people := s.Roles[role]
			if len(people) == 0 {
				continue
			}
			i, goesOn := open[role]
			if goesOn && slices.Equal(out[i].People, people) {
				out[i].Until = s.Until.In(d.loc)
			} else {
				i = len(out)
				out = append(out, ViewSegment{From: s.From.In(d.loc), Until: s.Until.In(d.loc), Role: role, People: d.known(people), Why: s.Why})
			}
			next[role] = i
		}
		open = next
	}
	r := d.s.register()
	before, after := r.At(c, from.Add(-time.Microsecond)), r.At(c, to)
	for i := range out {
		out[i].CutFrom = out[i].From.Equal(from) && slices.Equal(before.Roles[out[i].Role], out[i].People)
		out[i].CutUntil = out[i].Until.Equal(to) && slices.Equal(after.Roles[out[i].Role], out[i].People)
	}
	return out
}

func (d drawing) pieces(pieces []oncall.Piece, role string) []ViewSegment {
	out := []ViewSegment{}
	for _, p := range pieces {
		out = append(out, ViewSegment{From: p.From.In(d.loc), Until: p.Until.In(d.loc), Role: role, People: d.known(p.People), CutFrom: p.CutFrom, CutUntil: p.CutUntil})
	}
	return out
}

func (d drawing) gaps(gaps []oncall.Gap) []ViewGap {
	out := []ViewGap{}
	for _, g := range gaps {
		out = append(out, ViewGap{g.From.In(d.loc), g.Until.In(d.loc), g.Empty, g.Why})
	}
	return out
}

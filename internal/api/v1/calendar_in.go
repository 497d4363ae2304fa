package v1

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/ical"
	"tocsin/org"
)

const importAhead = 366 * 24 * time.Hour // how far overrides and time off are written out

type importingCalendar struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		ICS    string                  `json:"ics" maxLength:"1000000" doc:"The calendar, as text/calendar"`
		As     string                  `json:"as" enum:"layers,overrides,time_off" doc:"layers: a layer for each event; overrides: each occurrence of the next year puts its people on call; time_off: each occurrence is when its person is away"`
		People map[string]org.PersonID `json:"people,omitempty" doc:"Who is meant by a summary or an address; otherwise ids, names and mail addresses are tried"`
		Zone   string                  `json:"zone,omitempty" maxLength:"64" doc:"Of readings without a zone; that of the calendar, or of the schedule, when it is left out"`
		Plan   bool                    `json:"plan,omitempty" doc:"Only say what would come of it"`
	}
}

// An Imported says what came of a calendar.
type Imported struct {
	Layers    int      `json:"layers"`
	Overrides int      `json:"overrides"`
	TimeOff   int      `json:"time_off"`
	Troubles  []string `json:"troubles" nullable:"false" doc:"What was not understood, event by event"`
	Preview   *Preview `json:"preview,omitempty" doc:"What it does to the next eight weeks"`
}

// importCalendar takes a calendar in. What came from one before is replaced by it.
func (a *API) importCalendar(ctx context.Context, in *importingCalendar) (*pageless[Imported], error) {
	c := asking(ctx)
	schedule, err := c.setup.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	events, zone, troubles, err := ical.Parse([]byte(in.Body.ICS))
	if err != nil {
		return nil, wrong("body.ics", err.Error())
	}
	for _, z := range []string{schedule.Schedule.TZ, schedule.Schedule.Zone, "UTC"} {
		if zone == "" {
			zone = z
		}
	}
	if in.Body.Zone != "" {
		zone = in.Body.Zone
	}
	if _, err := org.Zone(zone); err != nil {
		return nil, wrong("body.zone", err.Error())
	}
	now := a.now().Truncate(time.Second)
	taken := ical.Take(events, in.Body.As, zone, "ical-", ical.Meant(c.setup.people(), in.Body.People), now, now.Add(importAhead))
	said := Imported{Layers: len(taken.Layers), Overrides: len(taken.Patches), TimeOff: len(taken.Away), Troubles: append([]string{}, troubles...)}
	for _, x := range taken.Troubles {
		if !slices.Contains(said.Troubles, x) {
			said.Troubles = append(said.Troubles, x)
		}
	}
	next := schedule.Schedule
	taken.Put(&next)
	if in.Body.As != "time_off" {
		p, err := a.previewOf(ctx, c.setup, schedule, next, in.ID, now, now.Add(56*24*time.Hour))
		if err != nil {
			return nil, err
		}
		said.Preview = &p
	}
	out := &pageless[Imported]{Body: said}
	if in.Body.Plan {
		return out, nil
	}
	return out, a.takeIn(ctx, in.ID, in.Body.As, taken, now)
}

// takeIn writes what was made of a calendar, as one change.
func (a *API) takeIn(ctx context.Context, id, as string, taken ical.Taken, now time.Time) error {
	c := asking(ctx)
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if as == "time_off" {
			source := "ical:" + id
			for _, o := range taken.Away {
				if err := c.leads(o.Person); err != nil {
					return err
				}
				if err := tx.DropTimeOffOf(o.Person, source); err != nil {
					return err
				}
			}
			for _, o := range taken.Away {
				if err := tx.PutTimeOff(store.TimeOff{ID: a.engine.NewID(now), Person: o.Person, From: o.From, Until: o.Until, Source: source, By: string(c.Actor())}); err != nil {
					return err
				}
			}
			return nil
		}
		k := *kindNamed("schedules")
		k.api = a
		_, err := k.changeIn(ctx, tx, id, func(was store.ConfigRow, there bool) (json.RawMessage, error) {
			var v oncall.Schedule
			if !there || was.Retired {
				return nil, store.ErrNotFound
			}
			if err := json.Unmarshal(was.Body, &v); err != nil {
				return nil, err
			}
			taken.Put(&v)
			return json.Marshal(v)
		}, "")
		return err
	})
	if err == nil {
		a.engine.Poke()
	}
	return err
}

// people are all who are not retired.
func (s *setup) people() (all []org.Person) {
	for _, r := range s.all {
		if r.Kind == config.Person && !r.Retired {
			p, _ := s.personOf(org.PersonID(r.ID))
			all = append(all, p)
		}
	}
	return all
}

package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/ical"
	"tocsin/org"
)

// calendarAhead is how far occurrences of a calendar are written out.
const calendarAhead = 366 * 24 * time.Hour

// ErrCalendar is what is wrong with a calendar, for its owner to read.
type ErrCalendar struct{ Text string }

func (e ErrCalendar) Error() string { return e.Text }

// TakeCalendar puts what a calendar says into its schedule, where what it said before
// stood, and tells whom that touches. It returns the calendar with how that went.
func (e *Engine) TakeCalendar(tx *store.Tx, c store.Calendar, now time.Time) (store.Calendar, error) {
	if _, err := tx.PutConfig(now); err != nil { // nobody else writes until this is done
		return c, err
	}
	s, err := e.current(tx)
	if err != nil {
		return c, err
	}
	row, err := tx.ConfigOne("schedule", string(c.Schedule))
	if errors.Is(err, store.ErrNotFound) || err == nil && row.Retired {
		return c, ErrCalendar{"its schedule is there no longer"}
	}
	if err != nil {
		return c, err
	}
	events, zone, troubles, err := ical.Parse(c.Content)
	if err != nil {
		return c, ErrCalendar{err.Error()}
	}
	var v oncall.Schedule
	if err := json.Unmarshal(row.Body, &v); err != nil {
		return c, err
	}
	var people []org.Person
	for _, p := range s.people {
		if !p.Retired {
			people = append(people, p)
		}
	}
	day := now.Truncate(24 * time.Hour) // what comes within a day is the same
	taken := ical.Take(events, c.As, cmp.Or(c.Zone, zone, v.TZ, v.Zone, "UTC"), c.Prefix(), ical.Meant(people, c.People), day, day.Add(calendarAhead))
	if c.As == ical.AsTimeOff { // a schedule's calendar speaks of nobody else
		mine := s.schedules[c.Schedule].People()
		for i, a := range taken.Away {
			if !slices.Contains(mine, a.Person) && !slices.ContainsFunc(taken.Away[:i], func(b ical.Absence) bool { return b.Person == a.Person }) {
				taken.Troubles = append(taken.Troubles, s.name(a.Person)+" does not stand in this schedule")
			}
		}
		taken.Away = slices.DeleteFunc(taken.Away, func(a ical.Absence) bool { return !slices.Contains(mine, a.Person) })
	}
	c.Troubles = append(slices.Clone(troubles), taken.Troubles...)
	c.Troubles = c.Troubles[:min(len(c.Troubles), 50)]
	c.Taken, c.TakenAt = len(taken.Layers)+len(taken.Patches)+len(taken.Away), now
	if c.As == ical.AsTimeOff {
		return c, tx.PutAbsences(c, taken.Away)
	}
	taken.Put(&v)
	return c, e.rewrite(tx, row, v, now)
}

// ForgetCalendar takes what came from a calendar out again.
func (e *Engine) ForgetCalendar(tx *store.Tx, c store.Calendar, now time.Time) error {
	c.Content = []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	_, err := e.TakeCalendar(tx, c, now)
	if _, bad := errors.AsType[ErrCalendar](err); bad { // with its schedule it is gone anyway
		err = nil
	}
	return err
}

// rewrite makes a new version of a schedule by the engine's own hand. The transaction
// holds the configuration already.
func (e *Engine) rewrite(tx *store.Tx, row store.ConfigRow, v oncall.Schedule, now time.Time) error {
	if _, err := oncall.Compile(v); err != nil {
		return ErrCalendar{err.Error()}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	versions, err := tx.PutConfig(now, store.Change{Kind: "schedule", ID: row.ID, Body: body, By: incident.Engine})
	if err != nil || versions[0] == row.Version {
		return err
	}
	if err := tx.Touch("config/schedule", row.ID); err != nil {
		return err
	}
	return e.ScheduleChanged(tx, org.ScheduleID(row.ID), row.Body, body, versions[0], incident.Engine, now)
}

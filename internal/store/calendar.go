package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/oncall/ical"
	"tocsin/org"
)

// A Calendar is somebody else's, taken into a schedule by its address.
type Calendar struct {
	ID       string                  `json:"-"`
	Schedule org.ScheduleID          `json:"-"`
	URL      string                  `json:"-"`
	Content  []byte                  `json:"-"` // the last that could be read
	NextAt   time.Time               `json:"-"`
	As       string                  `json:"as"`
	People   map[string]org.PersonID `json:"people,omitempty"`
	Zone     string                  `json:"zone,omitempty"`
	Every    org.Duration            `json:"every"`
	By       string                  `json:"by"`
	MadeAt   time.Time               `json:"made_at"`

	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	TriedAt  time.Time `json:"tried_at,omitzero"`
	GoodAt   time.Time `json:"good_at,omitzero"` // when the content was last confirmed
	TakenAt  time.Time `json:"taken_at,omitzero"`
	Taken    int       `json:"taken"` // layers, overrides or absences
	Failures int       `json:"failures,omitempty"`
	Error    string    `json:"error,omitempty"`
	Troubles []string  `json:"troubles,omitempty"`
}

// Prefix is how all that came from the calendar is named.
func (c Calendar) Prefix() string { return "cal-" + c.ID + "-" }

// Source is what time off that came from it names as its own.
func (c Calendar) Source() string { return "calendar:" + c.ID }

// PutCalendar writes one by its id.
func (tx *Tx) PutCalendar(c Calendar) error {
	body, err := json.Marshal(c)
	if err != nil {
		return tx.fail(fmt.Errorf("store: calendar %s: %w", c.ID, err))
	}
	content := ""
	if len(c.Content) > 0 {
		content = tx.s.ring.Seal("calendars/content/"+c.ID, c.Content)
	}
	if _, err := tx.exec(tx.s.sql.CalendarPut, c.ID, string(c.Schedule), string(body), tx.s.ring.Seal("calendars/url/"+c.ID, []byte(c.URL)), content, micros(c.NextAt)); err != nil {
		return err
	}
	return tx.Touch("config/schedule", string(c.Schedule))
}

// DropCalendar forgets one.
func (tx *Tx) DropCalendar(id string) error {
	n, err := tx.exec(tx.s.sql.CalendarDrop, id)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// ClaimCalendar puts the next look at one off until a time, if nobody did so meanwhile: of
// several nodes one reads it.
func (tx *Tx) ClaimCalendar(c Calendar, until time.Time) (bool, error) {
	n, err := tx.exec(tx.s.sql.CalendarClaim, c.ID, micros(c.NextAt), micros(until))
	return n > 0, err
}

// Calendars are those of a schedule.
func (tx *Tx) Calendars(id org.ScheduleID) ([]Calendar, error) {
	return tx.calendars(tx.s.sql.CalendarsOf, string(id))
}

// CalendarsDue are those that are to be read by now.
func (tx *Tx) CalendarsDue(now time.Time) ([]Calendar, error) {
	return tx.calendars(tx.s.sql.CalendarsDue, micros(now))
}

// Calendar reads one.
func (tx *Tx) Calendar(id string) (Calendar, error) {
	all, err := tx.calendars(tx.s.sql.CalendarOne, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Calendar{}, err
	}
	return all[0], nil
}

func (tx *Tx) calendars(text string, args ...any) (out []Calendar, err error) {
	err = tx.each(text, args, func(r row) error {
		var c Calendar
		var id, schedule, body, url, content string
		var next int64
		if err := r.Scan(&id, &schedule, &body, &url, &content, &next); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return fmt.Errorf("store: calendar %s: %w", id, err)
		}
		c.ID, c.Schedule, c.NextAt = id, org.ScheduleID(schedule), moment(next)
		address, err := tx.s.ring.Open("calendars/url/"+id, url)
		if err != nil {
			return err
		}
		if c.URL = string(address); content != "" {
			if c.Content, err = tx.s.ring.Open("calendars/content/"+id, content); err != nil {
				return err
			}
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// PutAbsences puts what a calendar says of who is away where it said otherwise before.
func (tx *Tx) PutAbsences(c Calendar, all []ical.Absence) error {
	if _, err := tx.exec(tx.s.sql.TimeOffOfSource, c.Source()); err != nil {
		return err
	}
	for i, a := range all {
		o := TimeOff{ID: fmt.Sprintf("%s%d", c.Prefix(), i), Person: a.Person, From: a.From, Until: a.Until, Source: c.Source(), By: c.By}
		if err := tx.PutTimeOff(o); err != nil {
			return err
		}
	}
	return tx.Touch("time-off", c.ID)
}

package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// changeMark stands for the sender of a change, which has none.
const changeMark = "change:"

// PutChange writes down how a change stands, beside its log.
func (tx *Tx) PutChange(in incident.Incident) error {
	c := in.Change
	if c == nil {
		return nil
	}
	starts, ends := c.Starts, c.Ends
	if !c.StartedAt.IsZero() {
		starts = c.StartedAt
	}
	if !c.EndedAt.IsZero() {
		ends = c.EndedAt
	}
	if _, err := tx.exec(tx.s.sql.ChangePut, string(in.ID), string(c.State), c.Over(), micros(starts), micros(ends)); err != nil {
		return err
	}
	if err := tx.freeServices(in); err != nil {
		return err
	}
	for _, s := range c.Services {
		if _, err := tx.exec(tx.s.sql.ChangeServicePut, string(s), string(in.ID)); err != nil {
			return err
		}
	}
	return tx.Touch("changes", string(in.ID))
}

// freeServices forgets that a change is of services that it was of before it was changed.
func (tx *Tx) freeServices(in incident.Incident) error {
	if in.Change.Before == 0 {
		return nil
	}
	_, err := tx.exec(tx.s.sql.ChangeServicesDrop, string(in.ID))
	return err
}

// A ChangesWanted chooses changes for a list; what is zero does not matter.
type ChangesWanted struct {
	Service org.ServiceID
	State   incident.ChangeState
	Open    bool // nothing is decided against it, and it is not done
	Before  incident.ID
	Limit   int
}

// ChangeIDs lists changes, newest first.
func (tx *Tx) ChangeIDs(f ChangesWanted) ([]incident.ID, error) {
	before := string(f.Before)
	if before == "" {
		before = "~" // behind every id
	}
	args, text := []any{before, f.Limit}, tx.s.sql.ChangesLast
	switch {
	case f.Service != "" && f.State != "":
		text, args = tx.s.sql.ChangesOfIn, append(args, string(f.Service), string(f.State))
	case f.Service != "" && f.Open:
		text, args = tx.s.sql.ChangesOfOpen, append(args, string(f.Service))
	case f.Service != "":
		text, args = tx.s.sql.ChangesOf, append(args, string(f.Service))
	case f.State != "":
		text, args = tx.s.sql.ChangesIn, append(args, string(f.State))
	case f.Open:
		text = tx.s.sql.ChangesOpen
	}
	return tx.ids(text, args...)
}

// longestChange is how long a change may take at most, with some days to spare.
const longestChange = 40 * 24 * time.Hour

// ChangesBetween are the changes that touch a span of time.
func (tx *Tx) ChangesBetween(from, to time.Time, limit int) ([]incident.ID, error) {
	return tx.ids(tx.s.sql.ChangesSpan, micros(from), micros(to), micros(to.Add(longestChange)), limit)
}

func (tx *Tx) ids(text string, args ...any) (all []incident.ID, err error) {
	err = tx.each(text, args, func(r row) error {
		var id incident.ID
		err := r.Scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}

// A ServiceChange is the last time that a service was changed.
type ServiceChange struct {
	At   time.Time
	What string
}

// NoteServiceChange says that a service was changed, if that is news.
func (tx *Tx) NoteServiceChange(service org.ServiceID, c ServiceChange) error {
	_, err := tx.exec(tx.s.sql.ServiceChanged, string(service), micros(c.At), cleanText(c.What))
	return err
}

// ServiceChanges say when services were changed last.
func (tx *Tx) ServiceChanges() (map[org.ServiceID]ServiceChange, error) {
	all := map[org.ServiceID]ServiceChange{}
	err := tx.each(tx.s.sql.ServicesChanged, nil, func(r row) error {
		var id org.ServiceID
		var at int64
		var c ServiceChange
		err := r.Scan(&id, &at, &c.What)
		c.At = moment(at)
		all[id] = c
		return err
	})
	return all, err
}

// A ChangeEvent is something that a pipeline said it did to a service.
type ChangeEvent struct {
	ID          string            `json:"-"`
	Service     org.ServiceID     `json:"-"`
	Integration org.IntegrationID `json:"-"`
	At          time.Time         `json:"-"`
	Key         string            `json:"-"`
	Kind        string            `json:"kind"` // deployment, push, release, ... or change
	Title       string            `json:"title"`
	Text        string            `json:"text,omitempty"`
	By          string            `json:"by,omitempty"`
	State       string            `json:"state,omitempty"` // as its sender says it: success, failure, ...
	Links       []alert.Link      `json:"links,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
}

// PutChangeEvent keeps one; a second one of its key takes the place of the first.
func (tx *Tx) PutChangeEvent(e ChangeEvent) error {
	body, err := json.Marshal(e)
	if err != nil {
		return tx.fail(fmt.Errorf("store: change event %s: %w", e.ID, err))
	}
	key := e.Key
	if key == "" {
		key = e.ID
	}
	if _, err := tx.exec(tx.s.sql.ChangeEventPut, e.ID, string(e.Service), string(e.Integration), key, micros(e.At), cleanText(string(body))); err != nil {
		return err
	}
	return tx.Touch("change-events", string(e.Service))
}

// ChangeEvents are those of a span, newest first; of one service, or of all.
func (tx *Tx) ChangeEvents(service org.ServiceID, from, to time.Time, limit int) ([]ChangeEvent, error) {
	if service == "" {
		return tx.changeEvents(tx.s.sql.ChangeEvents, micros(from), micros(to), limit)
	}
	return tx.changeEvents(tx.s.sql.ChangeEventsOf, micros(from), micros(to), limit, string(service))
}

func (tx *Tx) changeEvents(text string, args ...any) (all []ChangeEvent, err error) {
	err = tx.each(text, args, func(r row) error {
		var e ChangeEvent
		var at int64
		var body string
		if err := r.Scan(&e.ID, &e.Service, &e.Integration, &at, &body); err != nil {
			return err
		}
		e.At = moment(at)
		err := json.Unmarshal([]byte(body), &e)
		all = append(all, e)
		return err
	})
	return all, err
}

// DropChangeEvents forgets those that happened before a moment.
func (tx *Tx) DropChangeEvents(before time.Time) error {
	_, err := tx.exec(tx.s.sql.ChangeEventsDrop, micros(before))
	return err
}

// An OverrideRow names an override of an incident.
type OverrideRow struct {
	Subject  incident.ID
	Override int
}

// PutOverride writes down that there is an override, and whether another has looked at it.
func (tx *Tx) PutOverride(subject incident.ID, o incident.Override) error {
	if _, err := tx.exec(tx.s.sql.OverridePut, string(subject), o.ID, micros(o.At), o.Review != nil); err != nil {
		return err
	}
	return tx.Touch("overrides", string(subject))
}

// Overrides are those since a moment, newest first; or those that nobody has looked at,
// the oldest first.
func (tx *Tx) Overrides(unreviewed bool, since time.Time, limit int) (all []OverrideRow, err error) {
	text, args := tx.s.sql.OverridesLast, []any{micros(since), limit}
	if unreviewed {
		text, args = tx.s.sql.OverridesOpen, []any{limit}
	}
	err = tx.each(text, args, func(r row) error {
		var o OverrideRow
		err := r.Scan(&o.Subject, &o.Override)
		all = append(all, o)
		return err
	})
	return all, err
}

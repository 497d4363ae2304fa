package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// PutSwap writes a swap by its id.
func (tx *Tx) PutSwap(s oncall.Swap) error {
	body, err := json.Marshal(s)
	if err != nil {
		return tx.fail(fmt.Errorf("store: swap %s: %w", s.ID, err))
	}
	if _, err := tx.exec(tx.s.sql.SwapPut, s.ID, string(s.Schedule), string(s.State), micros(s.Begins()), string(body)); err != nil {
		return err
	}
	return tx.Touch("swaps", s.ID)
}

// Swap reads one; in a transaction that writes, nobody else changes it until it ends: of
// two who accept it, one is the first.
func (tx *Tx) Swap(id string) (s oncall.Swap, err error) {
	text := tx.s.sql.SwapLock
	if tx.readOnly {
		text = tx.s.sql.Swap
	}
	var body string
	if err := tx.row(text, id)(&body); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(body), &s)
}

// SwapsOf are those of a schedule that begin at a time or later, in order.
func (tx *Tx) SwapsOf(id org.ScheduleID, from time.Time) ([]oncall.Swap, error) {
	return tx.swaps(tx.s.sql.SwapsOf, string(id), micros(from))
}

// OpenSwaps are those that are open and begin before a time.
func (tx *Tx) OpenSwaps(before time.Time) ([]oncall.Swap, error) {
	return tx.swaps(tx.s.sql.SwapsOpen, micros(before))
}

func (tx *Tx) swaps(text string, args ...any) (out []oncall.Swap, err error) {
	err = tx.each(text, args, func(r row) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		out = append(out, oncall.Swap{})
		return json.Unmarshal([]byte(body), &out[len(out)-1])
	})
	return out, err
}

// A TimeOff is when somebody is away, or (Soft) would rather not be on call.
type TimeOff struct {
	ID          string
	Person      org.PersonID
	From, Until time.Time
	Soft        bool
	Source      string // "" by hand; otherwise the calendar that it came from
	By          string
	Why         string
}

// PutTimeOff writes one by its id. Why is kept sealed.
func (tx *Tx) PutTimeOff(o TimeOff) error {
	if _, err := tx.exec(tx.s.sql.TimeOffPut, o.ID, string(o.Person), micros(o.From), micros(o.Until), o.Soft, o.Source, o.By, tx.s.ring.Seal("time_off/why/"+o.ID, []byte(o.Why))); err != nil {
		return err
	}
	return tx.Touch("time-off", o.ID)
}

// DropTimeOff forgets one.
func (tx *Tx) DropTimeOff(id string) error {
	n, err := tx.exec(tx.s.sql.TimeOffDrop, id)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	return tx.Touch("time-off", id)
}

// DropTimeOffOf forgets what came from a calendar of somebody.
func (tx *Tx) DropTimeOffOf(p org.PersonID, source string) error {
	if _, err := tx.exec(tx.s.sql.TimeOffOfFeed, string(p), source); err != nil {
		return err
	}
	return tx.Touch("time-off", string(p))
}

// TimeOffs are all that touch [from, to), by start.
func (tx *Tx) TimeOffs(from, to time.Time) ([]TimeOff, error) {
	return tx.timeOffs(tx.s.sql.TimeOff, micros(from), micros(to))
}

// TimeOff reads one.
func (tx *Tx) TimeOff(id string) (TimeOff, error) {
	all, err := tx.timeOffs(tx.s.sql.TimeOffOne, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return TimeOff{}, err
	}
	return all[0], nil
}

func (tx *Tx) timeOffs(text string, args ...any) (out []TimeOff, err error) {
	err = tx.each(text, args, func(r row) error {
		var o TimeOff
		var from, until int64
		var why string
		if err := r.Scan(&o.ID, &o.Person, &from, &until, &o.Soft, &o.Source, &o.By, &why); err != nil {
			return err
		}
		text, err := tx.s.ring.Open("time_off/why/"+o.ID, why)
		o.From, o.Until, o.Why = moment(from), moment(until), string(text)
		out = append(out, o)
		return err
	})
	return out, err
}

// A Dispute is that somebody says a line of the ledger is wrong, and what became of it.
type Dispute struct {
	Line    string
	Person  org.PersonID
	At      time.Time
	Why     string
	Decided string // "" not yet, "struck" or "kept"
	By      string // who decided
}

// PutDispute writes one by its line; deciding keeps the reason.
func (tx *Tx) PutDispute(d Dispute) error {
	if _, err := tx.exec(tx.s.sql.DisputePut, d.Line, string(d.Person), micros(d.At), tx.s.ring.Seal("disputes/why/"+d.Line, []byte(d.Why)), d.Decided, d.By); err != nil {
		return err
	}
	return tx.Touch("disputes", string(d.Person))
}

// Disputes are somebody's.
func (tx *Tx) Disputes(p org.PersonID) (out []Dispute, err error) {
	err = tx.each(tx.s.sql.Disputes, []any{string(p)}, func(r row) error {
		var d Dispute
		var at int64
		var why string
		if err := r.Scan(&d.Line, &d.Person, &at, &why, &d.Decided, &d.By); err != nil {
			return err
		}
		text, err := tx.s.ring.Open("disputes/why/"+d.Line, why)
		d.At, d.Why = moment(at), string(text)
		out = append(out, d)
		return err
	})
	return out, err
}

// A CalendarFeed is a calendar that is read by a private address.
type CalendarFeed struct {
	ID             string
	Kind, Subject  string // "person", "team" or "schedule", and which
	Owner          org.PersonID
	MadeAt, UsedAt time.Time
}

// AddCalendarFeed writes one, with the keyed hash of its token.
func (tx *Tx) AddCalendarFeed(f CalendarFeed, hash string) error {
	_, err := tx.exec(tx.s.sql.FeedPut, f.ID, hash, f.Kind, f.Subject, string(f.Owner), micros(f.MadeAt))
	return err
}

// CalendarFeedOf finds the one with a token's keyed hash.
func (tx *Tx) CalendarFeedOf(hash string) (CalendarFeed, error) {
	return tx.calendarFeed(tx.s.sql.FeedByHash, hash)
}

// CalendarFeed reads one.
func (tx *Tx) CalendarFeed(id string) (CalendarFeed, error) {
	return tx.calendarFeed(tx.s.sql.FeedOne, id)
}

func (tx *Tx) calendarFeed(text string, arg string) (CalendarFeed, error) {
	all, err := tx.calendarFeeds(text, arg)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return CalendarFeed{}, err
	}
	return all[0], nil
}

// CalendarFeedsOf are somebody's.
func (tx *Tx) CalendarFeedsOf(p org.PersonID) ([]CalendarFeed, error) {
	return tx.calendarFeeds(tx.s.sql.FeedsOf, string(p))
}

func (tx *Tx) calendarFeeds(text string, args ...any) (out []CalendarFeed, err error) {
	err = tx.each(text, args, func(r row) error {
		var f CalendarFeed
		var made, used int64
		err := r.Scan(&f.ID, &f.Kind, &f.Subject, &f.Owner, &made, &used)
		f.MadeAt, f.UsedAt = moment(made), moment(used)
		out = append(out, f)
		return err
	})
	return out, err
}

// RevokeCalendarFeed ends one at once.
func (tx *Tx) RevokeCalendarFeed(id string) error {
	_, err := tx.exec(tx.s.sql.FeedRevoke, id)
	return err
}

// CalendarFeedUsed notes that one was read, once an hour.
func (tx *Tx) CalendarFeedUsed(id string, at time.Time) error {
	_, err := tx.exec(tx.s.sql.FeedUsed, id, micros(at), micros(at.Add(-time.Hour)))
	return err
}

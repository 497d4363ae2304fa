package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tocsin/incident"
)

// A KeptEvent is an event after triage: what was heard, and what became of it.
type KeptEvent struct {
	Heard
	Alert   string
	Subject incident.ID
	Verdict string
	Why     string
}

const dayLayout = "20060102"

// eventNumber is how many digits of an event's id are its transaction's number.
const eventNumber = 16

// The statements about one day's table; %s is its day. CREATE cannot be prepared
// before it is run, so these stand apart from the table of statements.
const (
	createEvents = `CREATE TABLE IF NOT EXISTS events_%s (id TEXT PRIMARY KEY, body BYTEA NOT NULL)`
	insertEvents = `INSERT INTO events_%s (id, body) VALUES ($1, $2)`
	selectEvents = `SELECT body FROM events_%s ORDER BY id`
	eventsBack   = `SELECT body FROM events_%s ORDER BY id DESC`
	lastEvents   = `SELECT id FROM events_%s ORDER BY id DESC LIMIT 1`
	dropEvents   = `DROP TABLE IF EXISTS events_%s`
)

// KeepEvents keeps a batch as one compressed row in the table of its day (in UTC).
func (tx *Tx) KeepEvents(now time.Time, batch []KeptEvent) error {
	if len(batch) == 0 {
		return nil
	}
	text := append(tx.text[:0], '[')
	for i, k := range batch {
		if i > 0 {
			text = append(text, ',')
		}
		var err error
		if text, err = appendKept(text, k); err != nil {
			return tx.fail(fmt.Errorf("store: events: %w", err))
		}
	}
	tx.text = append(text, ']')
	no, n, err := tx.position()
	if err != nil {
		return err
	}
	body := tx.s.zip.EncodeAll(tx.text, nil)
	day := now.UTC().Format(dayLayout)
	if tx.s.day.Load() != any(day) && tx.newDay != day {
		if _, err := tx.exec(fmt.Sprintf(createEvents, day)); err != nil {
			return err
		}
		tx.newDay = day
	}
	tx.later(fmt.Sprintf(insertEvents, day), fmt.Sprintf("%0*x%s", eventNumber, no, feedID(n)), body)
	tx.later(tx.s.sql.EventDay, day, len(batch), len(body))
	return nil
}

// Events are all events that were kept on a day (in UTC), in order.
func (tx *Tx) Events(day time.Time) ([]KeptEvent, error) {
	days, err := tx.eventDays()
	if err != nil {
		return nil, err
	}
	name := day.UTC().Format(dayLayout)
	if !slices.ContainsFunc(days, func(d eventDay) bool { return d.day == name }) {
		return nil, nil
	}
	var out []KeptEvent
	err = tx.each(fmt.Sprintf(selectEvents, name), nil, func(r row) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		text, err := tx.s.unzip.DecodeAll(body, nil)
		if err != nil {
			return err
		}
		var batch []KeptEvent
		err = json.Unmarshal(text, &batch)
		out = append(out, batch...)
		return err
	})
	return out, err
}

// EventsBack shows all events that were kept on a day (in UTC), the newest first, until
// look fails.
func (tx *Tx) EventsBack(day time.Time, look func(KeptEvent) error) error {
	days, err := tx.eventDays()
	if err != nil {
		return err
	}
	name := day.UTC().Format(dayLayout)
	if !slices.ContainsFunc(days, func(d eventDay) bool { return d.day == name }) {
		return nil
	}
	return tx.each(fmt.Sprintf(eventsBack, name), nil, func(r row) error {
		var body []byte
		if err := r.Scan(&body); err != nil {
			return err
		}
		text, err := tx.s.unzip.DecodeAll(body, nil)
		if err != nil {
			return err
		}
		var batch []KeptEvent
		if err := json.Unmarshal(text, &batch); err != nil {
			return err
		}
		for _, e := range slices.Backward(batch) {
			if err := look(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// EventsSince is the first day (in UTC) of which events are kept; zero: none are.
func (tx *Tx) EventsSince() (time.Time, error) {
	days, err := tx.eventDays()
	if err != nil || len(days) == 0 {
		return time.Time{}, err
	}
	return time.Parse(dayLayout, days[0].day)
}

type eventDay struct {
	day   string
	bytes int64
}

func (tx *Tx) eventDays() (days []eventDay, err error) {
	if err := tx.flush(theRest); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.EventDays, nil, func(r row) error {
		var d eventDay
		err := r.Scan(&d.day, &d.bytes)
		days = append(days, d)
		return err
	})
	return days, err
}

// Prune drops whole days of events that are older than keep or beyond maxBytes (0 is
// no limit), oldest first but never today's, and returns the days it dropped. Rows of
// the feed that are older than keep go too, a few thousand at a time.
func (tx *Tx) Prune(now time.Time, keep time.Duration, maxBytes int64) (dropped []string, err error) {
	days, err := tx.eventDays()
	if err != nil {
		return nil, err
	}
	today, oldest := now.UTC().Format(dayLayout), now.Add(-keep).UTC().Format(dayLayout)
	var total int64
	for _, d := range slices.Backward(days) {
		total += d.bytes
		if d.day >= today || d.day >= oldest && (maxBytes <= 0 || total <= maxBytes) {
			continue
		}
		if _, err := tx.exec(fmt.Sprintf(dropEvents, d.day)); err != nil {
			return dropped, err
		}
		if _, err := tx.exec(tx.s.sql.EventDayDrop, d.day); err != nil {
			return dropped, err
		}
		dropped = append(dropped, d.day)
	}
	slices.SortFunc(dropped, cmp.Compare[string])
	return dropped, tx.pruneFeed(now.Add(-keep))
}

// feedChunk is how many rows of the feed are looked at in one pruning.
const feedChunk = 5000

// pruneFeed drops the oldest rows of the feed, if all of a chunk is older than before.
// Topics have no time; they go with the lines around them.
// The newest rows always stay: they say where the counting goes on.
func (tx *Tx) pruneFeed(before time.Time) error {
	if err := tx.flush(putFeed); err != nil {
		return err
	}
	var no, at int64
	err := tx.row(tx.s.sql.FeedOldest, feedChunk)(&no, &at)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || at >= micros(before) {
		return err
	}
	if err := tx.SetMeta(feedFrom, strconv.FormatInt(no, 10)); err != nil {
		return err
	}
	_, err = tx.exec(tx.s.sql.FeedDrop, no)
	return err
}

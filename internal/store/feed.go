package store

import (
	"errors"
	"strconv"
	"time"
)

// A Cursor is a place in the feed. It orders all that was written the same way for
// every reader; the zero Cursor is before everything.
type Cursor struct {
	Tx int64
	ID string
}

// A FeedRow says that something changed: lines First to Seq of a subject's log, or (with
// Seq 0) a topic.
type FeedRow struct {
	Cursor
	At      time.Time
	Topic   string
	Subject string
	First   int
	Seq     int
}

func (tx *Tx) feed(at time.Time, topic, subject string, first, seq int) error {
	no, n, err := tx.position()
	if err != nil {
		return err
	}
	tx.add(putFeed, no, feedID(n), micros(at), topic, subject, first, seq)
	return nil
}

// feedID is a count that sorts as text.
func feedID(n int64) string {
	s := strconv.FormatInt(n, 36)
	return "000000000000"[:12-len(s)] + s
}

// Touch tells the readers of the feed that a topic changed, once however often it is
// said in one transaction.
func (tx *Tx) Touch(topic string, ids ...string) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	if tx.touched == nil {
		tx.touched = map[[2]string]bool{}
	}
	for _, id := range ids {
		if k := [2]string{topic, id}; !tx.touched[k] {
			tx.touched[k] = true
			if err := tx.feed(time.Time{}, topic, id, 0, 0); err != nil {
				return err
			}
		}
	}
	return tx.failed
}

// Feed reads on from a cursor. It stops before whatever a transaction still running
// may add to, so that a reader who goes on from the last row misses nothing.
func (tx *Tx) Feed(after Cursor, limit int) ([]FeedRow, error) {
	if err := tx.flush(putFeed); err != nil {
		return nil, err
	}
	var out []FeedRow
	err := tx.each(tx.s.sql.Feed, []any{after.Tx, after.ID, limit}, func(r row) error {
		var f FeedRow
		var at int64
		err := r.Scan(&f.Tx, &f.ID, &at, &f.Topic, &f.Subject, &f.First, &f.Seq)
		f.At = moment(at)
		out = append(out, f)
		return err
	})
	return out, err
}

// FeedEnd is the last place of the feed that readers may see; zero: it is empty.
func (tx *Tx) FeedEnd() (c Cursor, err error) {
	err = tx.row(tx.s.sql.FeedEnd)(&c.Tx, &c.ID)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return c, err
}

// FeedSettled says whether readers may see all that there is. On PostgreSQL whatever is
// being written, in other databases too, can hide what was written after it began.
func (tx *Tx) FeedSettled() (bool, error) {
	end, err := tx.FeedEnd()
	if err != nil {
		return false, err
	}
	var last Cursor
	err = tx.row(tx.s.sql.FeedLast)(&last.Tx, &last.ID)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return last == end, err
}

// feedFrom is where the number of the first transaction stands whose rows are kept.
const feedFrom = "feed/from"

// FeedKeeps says whether everything after a place is still there.
func (tx *Tx) FeedKeeps(after Cursor) (bool, error) {
	text, err := tx.Meta(feedFrom)
	if err != nil || text == "" {
		return err == nil, err
	}
	from, err := strconv.ParseInt(text, 10, 64)
	return err == nil && after.Tx >= from, err
}

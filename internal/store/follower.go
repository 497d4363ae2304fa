package store

import (
	"errors"
	"fmt"
	"time"
)

// A Follower is a reader of the feed that goes on where it stopped, whichever node does
// its work. Gen counts who held its lease.
type Follower struct {
	ID     string
	Cursor Cursor
	Lease  time.Time // until when somebody works for it; zero: nobody does
	Gen    int64
	// Failing is since when nothing but failures came of its work, and Failures how many.
	Failing  time.Time
	Failures int
	Quiet    time.Time // until when the other side asked to be left alone
}

// Follow makes a follower that begins at the end of the feed; one that is there stays.
func (tx *Tx) Follow(id string) error {
	if err := tx.flush(putFeed); err != nil {
		return err
	}
	end, err := tx.FeedEnd()
	if err != nil {
		return err
	}
	_, err = tx.exec(tx.s.sql.Follow, id, end.Tx, end.ID)
	return err
}

// Calm ends the quiet that the other side asked for.
func (tx *Tx) Calm(id string) error {
	_, err := tx.exec(tx.s.sql.Calm, id)
	return err
}

// Unfollow forgets a follower.
func (tx *Tx) Unfollow(id string) error {
	_, err := tx.exec(tx.s.sql.Unfollow, id)
	return err
}

// Followers are all followers, by id.
func (tx *Tx) Followers() ([]Follower, error) {
	var out []Follower
	err := tx.each(tx.s.sql.Followers, nil, func(r row) error {
		f, err := scanFollower(r)
		out = append(out, f)
		return err
	})
	return out, err
}

func scanFollower(r row) (f Follower, err error) {
	var lease, failing, quiet int64
	err = r.Scan(&f.ID, &f.Cursor.Tx, &f.Cursor.ID, &lease, &f.Gen, &failing, &f.Failures, &quiet)
	f.Lease, f.Failing, f.Quiet = moment(lease), moment(failing), moment(quiet)
	return f, err
}

// ClaimFollower takes the lease of a follower, unless somebody has it. One that ends
// later than any lease could was taken by a clock that was ahead.
func (tx *Tx) ClaimFollower(id string, now time.Time, lease time.Duration) (f Follower, ok bool, err error) {
	if tx.readOnly {
		return f, false, tx.fail(errReadOnly)
	}
	args := []any{id, micros(now), micros(now.Add(lease)), micros(now.Add(2 * lease))}
	err = tx.each(tx.s.sql.ClaimFollower, args, func(r row) error {
		ok = true
		f, err = scanFollower(r)
		return err
	})
	return f, ok, err
}

// HoldFollower says whether a lease still counts, and if so keeps others from the
// follower until the transaction ends. It returns the follower as it is now.
func (tx *Tx) HoldFollower(f Follower) (now Follower, ok bool, err error) {
	err = tx.each(tx.s.sql.LockFollower, []any{f.ID}, func(r row) error {
		now, err = scanFollower(r)
		return err
	})
	return now, err == nil && now.Gen == f.Gen && f.Gen > 0, err
}

// SaveFollower writes down how far a follower that is held has come, and its lease.
func (tx *Tx) SaveFollower(f Follower) error {
	n, err := tx.exec(tx.s.sql.SaveFollower, f.ID, f.Cursor.Tx, f.Cursor.ID, micros(f.Lease), micros(f.Failing), f.Failures, micros(f.Quiet), f.Gen)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("store: follower %s is held by somebody else", f.ID))
	}
	return err
}

// Rewind lets a follower read all of the feed again since a time, and ends the quiet that
// the other side asked for. It says whether there was anything.
func (tx *Tx) Rewind(id string, since time.Time) (bool, error) {
	if err := tx.flush(putFeed); err != nil {
		return false, err
	}
	var first int64
	err := tx.row(tx.s.sql.FeedSince, micros(since))(&first)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := tx.exec(tx.s.sql.Rewind, id, first)
	return n > 0, err
}

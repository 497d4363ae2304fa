package store

import (
	"time"
)

// A Beat is what is known of a heartbeat that was heard at least once.
type Beat struct {
	ID       string
	State    BeatState
	Every    time.Duration // as its timer was set
	PingedAt time.Time
	// Since is the moment from which silence counts, where that is later than the last
	// ping: before it nobody listened.
	Since time.Time
}

// A BeatState is where a heartbeat stands.
type BeatState string

const (
	BeatWaiting BeatState = "waiting" // for its next ping, with a timer
	BeatMissed  BeatState = "missed"  // it was silent for too long, and that was told
	BeatResting BeatState = "resting" // nobody waits; the next ping begins anew
)

// Deadline is when the heartbeat has been silent for too long.
func (b Beat) Deadline() time.Time {
	if b.Since.After(b.PingedAt) {
		return b.Since.Add(b.Every)
	}
	return b.PingedAt.Add(b.Every)
}

// Ping notes a sign of life that was waited for, at the cost of one row. It says no
// where more is to be done: the heartbeat has no timer, or one of another length.
func (tx *Tx) Ping(id string, every time.Duration, at time.Time) (bool, error) {
	n, err := tx.exec(tx.s.sql.BeatPing, id, every.Microseconds(), micros(at))
	return n > 0, err
}

// LockBeat reads a heartbeat and keeps others from it until the transaction ends.
func (tx *Tx) LockBeat(id string) (b Beat, found bool, err error) {
	err = tx.each(tx.s.sql.BeatLock, []any{id}, func(r row) (err error) {
		found = true
		b, err = scanBeat(r)
		return err
	})
	return b, found, err
}

// Beats are all heartbeats that were heard at least once, by their ids.
func (tx *Tx) Beats() (map[string]Beat, error) {
	all := map[string]Beat{}
	err := tx.each(tx.s.sql.Beats, nil, func(r row) error {
		b, err := scanBeat(r)
		all[b.ID] = b
		return err
	})
	return all, err
}

func scanBeat(r row) (Beat, error) {
	var b Beat
	var every, pinged, since int64
	err := r.Scan(&b.ID, &b.State, &every, &pinged, &since)
	b.Every, b.PingedAt, b.Since = time.Duration(every)*time.Microsecond, moment(pinged), moment(since)
	return b, err
}

// PutBeat writes a heartbeat by its id.
func (tx *Tx) PutBeat(b Beat) error {
	_, err := tx.exec(tx.s.sql.BeatPut, b.ID, string(b.State), b.Every.Microseconds(), micros(b.PingedAt), micros(b.Since))
	return err
}

// ListenedSince lets the silence of every heartbeat count from a moment.
func (tx *Tx) ListenedSince(at time.Time) error {
	_, err := tx.exec(tx.s.sql.BeatsSince, micros(at))
	return err
}

// LostBeats are the heartbeats that wait and have no timer.
func (tx *Tx) LostBeats() (lost []Beat, err error) {
	if err := tx.flush(putDue); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.BeatsLost, nil, func(r row) error {
		b, err := scanBeat(r)
		lost = append(lost, b)
		return err
	})
	return lost, err
}

package engine

import (
	"errors"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/org"
)

// respite is how long senders have after a start to say what still fires: while the
// house was off it heard nobody.
const respite = 2 * time.Minute

const expireAtOnce = 500

// expire ends alerts that their source has not spoken of again in time. Their ends go
// the way of every event, through the inbox.
func (e *Engine) expire(tx *store.Tx, d store.Due, now time.Time) error {
	in := org.IntegrationID(d.Subject)
	over, err := tx.Expired(in, now, expireAtOnce)
	if err != nil {
		return err
	}
	heard := make([]store.Heard, len(over))
	for i, x := range over {
		ev := alert.Event{Action: alert.Resolve, Key: x.Key, Until: x.Until}
		heard[i] = store.Heard{Integration: in, Event: ev, Digest: alert.Digest(ev), At: now, ID: e.newID(now)}
	}
	if err := tx.Accept(heard, new(int)); err != nil {
		return err
	}
	if d.At, err = tx.NextExpiry(in); err != nil {
		return err
	}
	if d.At.IsZero() {
		return tx.Disarm(d.Kind, d.Subject)
	}
	d.Failures = 0
	return tx.Arm(d)
}

// findTimers arms what silences and alerts that may lapse wait for, and lost.
func findTimers(tx *store.Tx) (found []string, err error) {
	lost, err := tx.LostTimers()
	for _, d := range lost {
		found = append(found, fmt.Sprintf("%s %s had no timer", d.Kind, d.Subject))
		err = errors.Join(err, tx.Arm(d))
	}
	return found, err
}

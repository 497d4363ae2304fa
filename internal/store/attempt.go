package store

import (
	"errors"
	"time"
)

const (
	// AttemptsKept is how long the answer to a request that may come twice is kept.
	AttemptsKept = 24 * time.Hour
	// attemptWorked is how long one may be worked on; what is older was cut off by a
	// crash, and is done again.
	attemptWorked = time.Minute
)

// An Attempt is one that may come twice: by whom, under which key, and what it asked.
type Attempt struct {
	By, Key string
	Digest  string // of what is asked
}

// An Answer is what was said to it; Status 0: it is still being worked on.
type Answer struct {
	Same   bool // it asked the same
	Status int
	Body   []byte
}

func (tx *Tx) attemptKey(r Attempt) string {
	return tx.s.ring.Hash("attempts/key", r.By+"\n"+r.Key)
}

// BeginAttempt says whether a request is the first of its key. If not, the answer is
// what the first one got, if it has.
func (tx *Tx) BeginAttempt(r Attempt, now time.Time) (first bool, a Answer, err error) {
	if tx.readOnly {
		return false, a, tx.fail(errReadOnly)
	}
	key, digest := tx.attemptKey(r), tx.s.ring.Hash("attempts/digest", r.Digest)
	if _, err := tx.exec(tx.s.sql.AttemptsDrop, micros(now.Add(-AttemptsKept)), micros(now.Add(-attemptWorked))); err != nil {
		return false, a, err
	}
	n, err := tx.exec(tx.s.sql.AttemptBegin, key, digest, micros(now))
	if err != nil || n > 0 {
		return n > 0, a, err
	}
	var was, sealed string
	if err := tx.row(tx.s.sql.Attempt, key)(&was, &a.Status, &sealed); err != nil {
		return false, a, err
	}
	a.Same = was == digest
	if a.Status != 0 {
		a.Body, err = tx.s.ring.Open("attempts/answer/"+key, sealed)
	}
	return false, a, err
}

// EndAttempt keeps the answer for those who ask again. Status 0 forgets the request.
func (tx *Tx) EndAttempt(r Attempt, status int, body []byte) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	key := tx.attemptKey(r)
	if status == 0 {
		_, err := tx.exec(tx.s.sql.AttemptForget, key)
		return err
	}
	n, err := tx.exec(tx.s.sql.AttemptEnd, key, status, tx.s.ring.Seal("attempts/answer/"+key, body))
	if err == nil && n == 0 {
		err = errors.New("store: the request is not known")
	}
	return err
}

package store

import (
	"errors"
	"time"
)

const (
	// RequestsKept is how long the answer to a request that may come twice is kept.
	RequestsKept = 24 * time.Hour
	// requestWorked is how long one may be worked on; what is older was cut off by a
	// crash, and is done again.
	requestWorked = time.Minute
)

// A Request is one that may come twice: by whom, under which key, and what it asked.
type Request struct {
	By, Key string
	Digest  string // of what is asked
}

// An Answer is what was said to it; Status 0: it is still being worked on.
type Answer struct {
	Same   bool // it asked the same
	Status int
	Body   []byte
}

func (tx *Tx) requestKey(r Request) string {
	return tx.s.ring.Hash("requests/key", r.By+"\n"+r.Key)
}

// BeginRequest says whether a request is the first of its key. If not, the answer is
// what the first one got, if it has.
func (tx *Tx) BeginRequest(r Request, now time.Time) (first bool, a Answer, err error) {
	if tx.readOnly {
		return false, a, tx.fail(errReadOnly)
	}
	key, digest := tx.requestKey(r), tx.s.ring.Hash("requests/digest", r.Digest)
	if _, err := tx.exec(tx.s.sql.RequestsDrop, micros(now.Add(-RequestsKept)), micros(now.Add(-requestWorked))); err != nil {
		return false, a, err
	}
	n, err := tx.exec(tx.s.sql.RequestBegin, key, digest, micros(now))
	if err != nil || n > 0 {
		return n > 0, a, err
	}
	var was, sealed string
	if err := tx.row(tx.s.sql.Request, key)(&was, &a.Status, &sealed); err != nil {
		return false, a, err
	}
	a.Same = was == digest
	if a.Status != 0 {
		a.Body, err = tx.s.ring.Open("requests/answer/"+key, sealed)
	}
	return false, a, err
}

// EndRequest keeps the answer for those who ask again. Status 0 forgets the request.
func (tx *Tx) EndRequest(r Request, status int, body []byte) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	key := tx.requestKey(r)
	if status == 0 {
		_, err := tx.exec(tx.s.sql.RequestForget, key)
		return err
	}
	n, err := tx.exec(tx.s.sql.RequestEnd, key, status, tx.s.ring.Seal("requests/answer/"+key, body))
	if err == nil && n == 0 {
		err = errors.New("store: the request is not known")
	}
	return err
}

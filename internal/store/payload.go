package store

import (
	"time"

	"tocsin/org"
)

// A Payload is what a sender sent, word by word.
type Payload struct {
	ID          string
	Integration org.IntegrationID
	At          time.Time
	Type        string // Content-Type
	Body        []byte
}

const (
	// PayloadsKept is how many payloads of an integration are kept, and payloadsFor how
	// long.
	PayloadsKept = 200
	payloadsFor  = 7 * 24 * time.Hour
)

// KeepPayloads keeps payloads, and forgets those before the last of their integration.
func (tx *Tx) KeepPayloads(all []Payload) error {
	of := map[org.IntegrationID]bool{}
	for _, p := range all {
		if _, err := tx.exec(tx.s.sql.PayloadAdd, p.ID, string(p.Integration), micros(p.At), cleanText(p.Type), tx.s.zip.EncodeAll(p.Body, nil)); err != nil {
			return err
		}
		of[p.Integration] = true
	}
	for id := range of {
		if _, err := tx.exec(tx.s.sql.PayloadsDrop, string(id), PayloadsKept-1); err != nil {
			return err
		}
	}
	return tx.failed
}

// Payload is one, if it is still there.
func (tx *Tx) Payload(id string) (Payload, error) {
	all, err := tx.payloads(tx.s.sql.Payload, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Payload{}, err
	}
	return all[0], nil
}

// Payloads are the last of an integration, newest first.
func (tx *Tx) Payloads(of org.IntegrationID, limit int) ([]Payload, error) {
	return tx.payloads(tx.s.sql.Payloads, string(of), limit)
}

// DropPayloads forgets payloads that nobody looks at any more.
func (tx *Tx) DropPayloads(now time.Time) error {
	_, err := tx.exec(tx.s.sql.PayloadsOld, idFrom(now.Add(-payloadsFor)))
	return err
}

func (tx *Tx) payloads(text string, args ...any) (all []Payload, err error) {
	err = tx.each(text, args, func(r row) error {
		var p Payload
		var at int64
		var body []byte
		if err := r.Scan(&p.ID, &p.Integration, &at, &p.Type, &body); err != nil {
			return err
		}
		p.At = moment(at)
		var err error
		p.Body, err = tx.s.unzip.DecodeAll(body, nil)
		all = append(all, p)
		return err
	})
	return all, err
}

package store

import (
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Delivery is one line of a log that a webhook is to hear of, and what became of it.
// Status, Took, Err and Digest are of the last try.
type Delivery struct {
	ID      string // the same at every try
	Hook    org.WebhookID
	Subject incident.ID
	Seq     int
	Kind    string
	At      time.Time // of the fact
	State   DeliveryState
	WakeAt  time.Time // of the next try, while it waits
	Tries   int
	TriedAt time.Time
	Status  int // of the answer; 0: there was none
	Took    time.Duration
	Err     string
	Digest  string // SHA-256 of the body, in hex
}

// A DeliveryState says what became of a delivery.
type DeliveryState string

const (
	DeliveryWaiting DeliveryState = "waiting"   // to be tried, or tried again
	DeliveryDone    DeliveryState = "delivered" // answered with 2xx
	DeliveryDropped DeliveryState = "dropped"   // never tried again
)

// The delivery log holds so much of each webhook.
const (
	keepDeliveries     = 1000
	keepDeliveriesDays = 30 * 24 * time.Hour
)

// PutDelivery writes down what a webhook is to hear. One that is there is sent anew.
func (tx *Tx) PutDelivery(d Delivery) error {
	_, err := tx.exec(tx.s.sql.PutDelivery, d.ID, string(d.Hook), string(d.Subject), d.Seq, d.Kind, micros(d.At), micros(d.WakeAt))
	return err
}

// NextDeliveries are the first that waits of each subject, for one webhook, those to be
// tried earliest first: the next line of a log waits for the one before it.
func (tx *Tx) NextDeliveries(hook org.WebhookID, limit int) ([]Delivery, error) {
	return tx.deliveries(tx.s.sql.NextDeliveries, string(hook), limit)
}

// Delivery is one by its id.
func (tx *Tx) Delivery(id string) (Delivery, error) {
	out, err := tx.deliveries(tx.s.sql.Delivery, id)
	if err == nil && len(out) == 0 {
		return Delivery{}, fmt.Errorf("delivery %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return Delivery{}, err
	}
	return out[0], nil
}

// Deliveries is the delivery log of a webhook, newest first, of facts before a time; the
// zero time is no bound.
func (tx *Tx) Deliveries(hook org.WebhookID, before time.Time, limit int) ([]Delivery, error) {
	bound := micros(before)
	if before.IsZero() {
		bound = 1<<63 - 1
	}
	return tx.deliveries(tx.s.sql.Deliveries, string(hook), bound, limit)
}

func (tx *Tx) deliveries(text string, args ...any) ([]Delivery, error) {
	var out []Delivery
	err := tx.each(text, args, func(r row) error {
		var d Delivery
		var at, wake, tried, ms int64
		err := r.Scan(&d.ID, &d.Hook, &d.Subject, &d.Seq, &d.Kind, &at, &d.State, &wake, &d.Tries, &tried, &d.Status, &ms, &d.Err, &d.Digest)
		d.At, d.WakeAt, d.TriedAt, d.Took = moment(at), moment(wake), moment(tried), time.Duration(ms)*time.Millisecond
		out = append(out, d)
		return err
	})
	return out, err
}

// SaveDelivery writes down what became of a try.
func (tx *Tx) SaveDelivery(d Delivery) error {
	_, err := tx.exec(tx.s.sql.SaveDelivery, d.ID, string(d.State), micros(d.WakeAt), d.Tries, micros(d.TriedAt), d.Status, d.Took.Milliseconds(), d.Err, d.Digest)
	return err
}

// Redeliver sends a delivery again, whatever became of it.
func (tx *Tx) Redeliver(id string, now time.Time) error {
	d, err := tx.Delivery(id)
	if err != nil {
		return err
	}
	d.State, d.WakeAt, d.Tries = DeliveryWaiting, now, 0
	return tx.SaveDelivery(d)
}

// DropDeliveries gives up what a webhook was still to hear, with the reason.
func (tx *Tx) DropDeliveries(hook org.WebhookID, why string, now time.Time) error {
	_, err := tx.exec(tx.s.sql.DeliveriesDrop, string(hook), micros(now), why)
	return err
}

// PruneDeliveries drops what the log of a webhook need not hold any longer.
func (tx *Tx) PruneDeliveries(hook org.WebhookID, now time.Time) (int, error) {
	old, err := tx.exec(tx.s.sql.DeliveriesOld, string(hook), micros(now.Add(-keepDeliveriesDays)))
	if err != nil {
		return old, err
	}
	many, err := tx.exec(tx.s.sql.DeliveriesMany, string(hook), keepDeliveries)
	return old + many, err
}

// A LogLine is what a line of a log is, without what it says.
type LogLine struct {
	Seq  int
	At   time.Time
	Kind string
}

// LogLines are some lines of a subject's log.
func (tx *Tx) LogLines(id incident.ID, first, last int) ([]LogLine, error) {
	if err := tx.flush(putLog); err != nil {
		return nil, err
	}
	var out []LogLine
	err := tx.each(tx.s.sql.LogLines, []any{string(id), first, last}, func(r row) error {
		var l LogLine
		var at int64
		err := r.Scan(&l.Seq, &at, &l.Kind)
		l.At = moment(at)
		out = append(out, l)
		return err
	})
	return out, err
}

// Updated are the subjects among some rows of the feed in whose new lines an update to
// people outside stands. It is one question for all rows, as most of them have none.
func (tx *Tx) Updated(rows []FeedRow) (map[string]bool, error) {
	if err := tx.flush(putLog); err != nil || len(rows) == 0 {
		return nil, err
	}
	spans := map[string][]FeedRow{}
	since := rows[0].At
	for _, r := range rows {
		if r.Topic == "incident" && r.Seq > 0 {
			spans[r.Subject] = append(spans[r.Subject], r)
		}
		if r.At.Before(since) {
			since = r.At
		}
	}
	found := map[string]bool{}
	err := tx.each(tx.s.sql.LogUpdates, []any{micros(since.Add(-time.Hour))}, func(r row) error {
		var id string
		var seq int
		err := r.Scan(&id, &seq)
		found[id] = found[id] || slices.ContainsFunc(spans[id], func(f FeedRow) bool { return f.First <= seq && seq <= f.Seq })
		return err
	})
	return found, err
}

package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// Heard is one event as it came in. Its ID is its place in the inbox, and empty before
// it has one.
type Heard struct {
	Integration org.IntegrationID
	Event       alert.Event
	Digest      string
	Raw         []byte
	At          time.Time
	ID          string
}

// Accept takes in events, oldest first. A trigger that says nothing new about an open
// alert that no threshold counts is counted there; everything else waits in the inbox
// for triage. The order within a key is kept: once an event of it waits, those after
// it wait too. Once all is written waiting is how many were put into the inbox.
func (tx *Tx) Accept(batch []Heard, waiting *int) error {
	*waiting = 0
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	if err := tx.flush(putAlerts, putInbox, dropInbox); err != nil {
		return err
	}
	for i := range batch {
		batch[i].Event.Key = cleanText(batch[i].Event.Key)
	}
	if err := tx.expect(batch); err != nil {
		return err
	}
	repeats, order := repeated(batch)
	if tx.s.d.arrays {
		return tx.acceptAtOnce(batch, repeats, order, waiting)
	}
	counted, err := tx.bump(repeats, order)
	if err != nil {
		return err
	}
	for i, h := range batch {
		k := AlertKey{h.Integration, h.Event.Key}
		if counted[k] && i <= repeats[k].last {
			continue
		}
		no, n, err := tx.position()
		if err != nil {
			return err
		}
		size := 0
		if tx.pending[putInbox], size, err = tx.appendInbox(append(tx.waiting(putInbox), no), n, h); err != nil {
			return err
		}
		tx.s.recent.put(no, n, h.Event, size)
		*waiting++
	}
	return nil
}

// acceptAtOnce is the same for a database that takes a round trip to answer: it is given
// all events, and counts some and puts the others into the inbox, with what is written
// last.
func (tx *Tx) acceptAtOnce(batch []Heard, repeats map[AlertKey]*repeat, order []AlertKey, waiting *int) error {
	first := *tx.n + 1
	rows, sizes := make([]any, 0, len(acceptKinds)*len(batch)), make([]int, len(batch))
	for i, h := range batch {
		*tx.n++
		var err error
		if rows, sizes[i], err = tx.appendInbox(rows, *tx.n, h); err != nil {
			return err
		}
		rows = append(rows, i <= repeats[AlertKey{h.Integration, h.Event.Key}].last)
	}
	known := repeatArgs(repeats, order)
	clean(known)
	clean(rows)
	tx.accepts = append(tx.accepts, statement{
		text: tx.s.accept,
		args: append(columns(bulks[bump].kinds, known), columns(acceptKinds, rows)...),
		scan: func(r row) error {
			var n int64
			if err := r.Scan(&n); err != nil {
				return err
			}
			no, err := tx.c.number(tx.ctx)
			tx.s.recent.put(no, n, batch[n-first].Event, sizes[n-first])
			tx.s.written.Add(1)
			*waiting++
			return err
		},
	})
	return nil
}

// acceptKinds are the kinds of what acceptText is given of each event, after what bump is:
// its row without the number of the transaction, and whether it is a repeat if its key has
// an open alert.
const acceptKinds = "iitttty" + "b"

// acceptText counts what bump counts, puts the other events into the inbox, and answers
// which of them.
func acceptText(d dialect) string {
	b := bulks[bump]
	var arrays []string
	for i := range len(acceptKinds) {
		arrays = append(arrays, "(SELECT "+arrayAt(len(b.kinds)+1+i, acceptKinds[i])+")")
	}
	b.tail = findRepeats + `, b AS (` + countRepeats + `), p AS (INSERT INTO inbox (tx, n, at, integration, key, digest, event, raw, aside)
 SELECT (` + d.tx + `), e.n, e.at, e.integration, e.key, e.digest, e.event, e.raw, ''
 FROM unnest(` + strings.Join(arrays, ", ") + `) AS e (n, at, integration, key, digest, event, raw, repeats)
 WHERE NOT e.repeats OR NOT EXISTS (SELECT 1 FROM b WHERE b.integration = e.integration AND b.key = e.key) RETURNING n)
 SELECT n FROM p`
	return d.fill(b.fromArrays())
}

// A repeat is the run of equal triggers with which a key begins in a batch.
type repeat struct {
	digest string
	n      int
	at     time.Time
	last   int // index of the last of them
	ended  bool
}

func repeated(batch []Heard) (map[AlertKey]*repeat, []AlertKey) {
	m := make(map[AlertKey]*repeat, len(batch))
	var order []AlertKey
	for i, h := range batch {
		k := AlertKey{h.Integration, h.Event.Key}
		r := m[k]
		if r == nil {
			r = &repeat{digest: h.Digest, last: -1}
			m[k] = r
			order = append(order, k)
		}
		if r.ended || h.Event.Action != alert.Trigger || h.Digest != r.digest {
			r.ended = true
			continue
		}
		r.n, r.last = r.n+1, i
		if h.At.After(r.at) {
			r.at = h.At
		}
	}
	return m, order
}

// bump counts the repeats that belong to an open alert and says which keys they were.
func (tx *Tx) bump(repeats map[AlertKey]*repeat, order []AlertKey) (map[AlertKey]bool, error) {
	counted := make(map[AlertKey]bool, len(order))
	nobodys := []any{"", "", "", 0, int64(0)} // the key of no alert
	err := tx.eachFilled(bump, repeatArgs(repeats, order), nobodys, func(r row) error {
		var k AlertKey
		err := r.Scan(&k.Integration, &k.Key)
		counted[k] = true
		return err
	})
	return counted, err
}

// repeatArgs are what bump is given.
func repeatArgs(repeats map[AlertKey]*repeat, order []AlertKey) []any {
	args := make([]any, 0, 5*len(order))
	for _, k := range order {
		if r := repeats[k]; r.n > 0 {
			args = append(args, string(k.Integration), k.Key, r.digest, r.n, micros(r.at))
		}
	}
	return args
}

// appendInbox appends the row of an event, without the number of the transaction, and says
// how long the event's text is.
func (tx *Tx) appendInbox(to []any, n int64, h Heard) (_ []any, size int, err error) {
	event, err := appendEvent(tx.text[:0], h.Event)
	if tx.text = event; err != nil {
		return nil, 0, tx.fail(fmt.Errorf("store: inbox: %w", err))
	}
	var raw any
	if len(h.Raw) > 0 {
		raw = h.Raw
	}
	return append(to, n, micros(h.At), string(h.Integration), h.Event.Key, h.Digest, string(event), raw), len(event), nil
}

// inboxRoom is for how many events there is room from the start.
const inboxRoom = 32

// Inbox is what waits for triage, in the order it was accepted.
func (tx *Tx) Inbox(limit int) ([]Heard, error) {
	if err := tx.flush(putInbox, dropInbox); err != nil {
		return nil, err
	}
	out := make([]Heard, 0, min(limit, inboxRoom))
	err := tx.each(tx.s.sql.Inbox, []any{limit}, func(r row) error {
		out = append(out, Heard{})
		h := &out[len(out)-1]
		var no, n, at int64
		var event sql.RawBytes
		if err := r.Scan(&no, &n, &at, &h.Integration, &h.Digest, &event, &h.Raw); err != nil {
			return err
		}
		h.ID, h.At = fmt.Sprintf("%d.%d", no, n), moment(at)
		known := false
		if h.Event, known = tx.s.recent.take(no, n); !known {
			if err := json.Unmarshal(event, &h.Event); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// place is the place in the inbox that an id names.
func place(id string) (no, n int64, err error) {
	a, b, _ := strings.Cut(id, ".")
	no, err1 := strconv.ParseInt(a, 10, 64)
	n, err2 := strconv.ParseInt(b, 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("store: %q is no place in the inbox", id)
	}
	return no, n, nil
}

// InInbox says whether an event still waits for triage.
func (tx *Tx) InInbox(id string) (bool, error) {
	if err := tx.flush(putInbox, dropInbox); err != nil {
		return false, err
	}
	no, n, err := place(id)
	if err != nil {
		return false, tx.fail(err)
	}
	found := 0
	err = tx.row(tx.s.sql.InInbox, no, n)(&found)
	return found > 0, err
}

// Done takes events out of the inbox that triage has dealt with.
func (tx *Tx) Done(ids []string) error {
	if err := tx.flush(putInbox, dropInbox); err != nil {
		return err
	}
	for _, id := range ids {
		no, n, err := place(id)
		if err != nil {
			return tx.fail(err)
		}
		tx.add(dropInbox, no, n)
	}
	return tx.failed
}

// SetAside keeps an event that failed alone out of the way of the others.
func (tx *Tx) SetAside(id, why string) error {
	if err := tx.flush(putInbox, dropInbox); err != nil {
		return err
	}
	no, n, err := place(id)
	if err != nil {
		return tx.fail(err)
	}
	changed, err := tx.exec(tx.s.sql.SetAside, no, n, why+" ") // never empty: that means waiting
	if err == nil && changed == 0 {
		err = ErrNotFound
	}
	return err
}

// InboxStats says how many events wait, since when the oldest does, and how many were
// set aside.
func (tx *Tx) InboxStats() (waiting int, oldest time.Time, aside int, err error) {
	if err := tx.flush(putInbox, dropInbox); err != nil {
		return 0, time.Time{}, 0, err
	}
	var at int64
	err = tx.row(tx.s.sql.InboxStats)(&waiting, &at, &aside)
	return waiting, moment(at), aside, err
}

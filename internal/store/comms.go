package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Publication is an update that stands on a status page: a line of a subject's log.
type Publication struct {
	Page    org.StatusPageID
	Subject incident.ID
	Seq     int
	At      time.Time
}

// Publish puts an update onto a status page.
func (tx *Tx) Publish(p Publication) error {
	if _, err := tx.exec(tx.s.sql.PublicationAdd, string(p.Page), string(p.Subject), p.Seq, micros(p.At)); err != nil {
		return err
	}
	return tx.Touch("status", string(p.Page))
}

// mostPublications bounds what a status page shows of a quarter.
const mostPublications = 5000

// Publications are those of a page since a time, oldest first.
func (tx *Tx) Publications(page org.StatusPageID, since time.Time) ([]Publication, error) {
	var out []Publication
	err := tx.each(tx.s.sql.Publications, []any{string(page), micros(since), mostPublications}, func(r row) error {
		p := Publication{Page: page}
		var at int64
		err := r.Scan(&p.Subject, &p.Seq, &at)
		p.At = moment(at)
		out = append(out, p)
		return err
	})
	return out, err
}

// A Subscriber follows a status page, a service, or what became of their report.
type Subscriber struct {
	ID      string       `json:"-"`
	Scope   string       `json:"-"` // StatusScope, ServiceScope, ...
	Person  org.PersonID `json:"-"` // "": somebody outside
	Channel string       `json:"-"`
	Active  bool         `json:"-"` // the address said that it wants this
	At      time.Time    `json:"-"` // since when it is so
	Address string       `json:"address,omitempty"`
	Method  org.MethodID `json:"method,omitempty"` // of the person
	By      string       `json:"by,omitempty"`     // who had it follow
	// Report is the report that it is about, and Language that of its form.
	Report   string `json:"report,omitempty"`
	Language string `json:"language,omitempty"`
	// Sent is when it was last asked whether it wants this, and Asked how often.
	Sent  time.Time `json:"sent,omitzero"`
	Asked int       `json:"asked,omitempty"`
}

// What somebody may follow.
func StatusScope(id org.StatusPageID) string { return "status:" + string(id) }
func ServiceScope(id org.ServiceID) string   { return "service:" + string(id) }
func ReportScope(id string) string           { return "report:" + id }

// subscriberHash finds who follows the same by the same address.
func (tx *Tx) subscriberHash(scope, channel, address string, p org.PersonID, m org.MethodID) string {
	return tx.s.ring.Hash("subscriber", scope+"\n"+channel+"\n"+address+"\n"+string(p)+"\n"+string(m))
}

// PutSubscriber writes one by its id.
func (tx *Tx) PutSubscriber(s Subscriber) error {
	body, err := json.Marshal(s)
	if err != nil {
		return tx.fail(fmt.Errorf("store: subscriber %s: %w", s.ID, err))
	}
	hash := tx.subscriberHash(s.Scope, s.Channel, s.Address, s.Person, s.Method)
	if _, err := tx.exec(tx.s.sql.SubscriberPut, s.ID, s.Scope, string(s.Person), s.Channel, hash, s.Active, micros(s.At),
		tx.s.ring.Seal("subscribers/body/"+s.ID, body)); err != nil {
		return err
	}
	return tx.Touch("subscribers", s.Scope)
}

// Subscriber reads one.
func (tx *Tx) Subscriber(id string) (Subscriber, error) {
	return tx.oneSubscriber(tx.s.sql.Subscriber, id)
}

// SubscriberAt finds who follows something by an address, or by a method of a person.
func (tx *Tx) SubscriberAt(s Subscriber) (Subscriber, error) {
	return tx.oneSubscriber(tx.s.sql.SubscriberByHash, tx.subscriberHash(s.Scope, s.Channel, s.Address, s.Person, s.Method))
}

func (tx *Tx) oneSubscriber(text string, arg any) (Subscriber, error) {
	all, err := tx.subscribers(text, arg)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Subscriber{}, err
	}
	return all[0], nil
}

// Subscribers are those of a scope after an id, by id.
func (tx *Tx) Subscribers(scope, after string, limit int) ([]Subscriber, error) {
	return tx.subscribers(tx.s.sql.SubscribersOf, scope, after, limit)
}

// SubscribersBy is what a person follows.
func (tx *Tx) SubscribersBy(p org.PersonID) ([]Subscriber, error) {
	return tx.subscribers(tx.s.sql.SubscribersBy, string(p))
}

// SubscriberCount is how many follow something.
func (tx *Tx) SubscriberCount(scope string) (n int, err error) {
	err = tx.row(tx.s.sql.SubscriberCount, scope)(&n)
	return n, err
}

func (tx *Tx) subscribers(text string, args ...any) (out []Subscriber, err error) {
	err = tx.each(text, args, func(r row) error {
		var s Subscriber
		var at int64
		var body string
		if err := r.Scan(&s.ID, &s.Scope, &s.Person, &s.Channel, &s.Active, &at, &body); err != nil {
			return err
		}
		s.At = moment(at)
		plain, err := tx.s.ring.Open("subscribers/body/"+s.ID, body)
		if err == nil {
			err = json.Unmarshal(plain, &s)
		}
		out = append(out, s)
		return err
	})
	return out, err
}

// DropSubscriber forgets one, with what was to be sent.
func (tx *Tx) DropSubscriber(id string) error {
	s, err := tx.Subscriber(id)
	if err != nil {
		return err
	}
	if _, err := tx.exec(tx.s.sql.SubscriberDrop, id); err != nil {
		return err
	}
	if _, err := tx.exec(tx.s.sql.LettersDrop, id); err != nil {
		return err
	}
	return tx.Touch("subscribers", s.Scope)
}

// A Letter is what is sent to a subscriber.
type Letter struct {
	ID         string
	Subscriber string
	Kind       string // LetterUpdate, ...
	Subject    incident.ID
	Seq        int
	At         time.Time
	State      LetterState
	WakeAt     time.Time // zero: it is over
	Tries      int
	EndedAt    time.Time
	Via        string // the provider that it went by
	Err        string
}

// What letters say.
const (
	LetterUpdate  = "update"  // a line of a log
	LetterConfirm = "confirm" // does this address want it?
	LetterReply   = "reply"   // an answer to a report
)

// A LetterState says what became of a letter.
type LetterState string

const (
	LetterWaiting LetterState = "waiting"
	LetterSent    LetterState = "sent"
	LetterFailed  LetterState = "failed"
	LetterDropped LetterState = "dropped" // nobody wants it any longer
)

// AddLetter writes down what is to be sent. One that is there stays as it is.
func (tx *Tx) AddLetter(l Letter) error {
	_, err := tx.exec(tx.s.sql.LetterAdd, l.ID, l.Subscriber, l.Kind, string(l.Subject), l.Seq, micros(l.At), micros(l.WakeAt))
	return err
}

// LettersDue are those to be sent by now, earliest first.
func (tx *Tx) LettersDue(now time.Time, limit int) ([]Letter, error) {
	return tx.letters(tx.s.sql.LettersDue, micros(now), limit)
}

// LettersOf are those of a subscriber since a time, newest first.
func (tx *Tx) LettersOf(subscriber string, since time.Time) ([]Letter, error) {
	return tx.letters(tx.s.sql.LettersOf, subscriber, micros(since))
}

func (tx *Tx) letters(text string, args ...any) (out []Letter, err error) {
	err = tx.each(text, args, func(r row) error {
		var l Letter
		var at, wake, ended int64
		err := r.Scan(&l.ID, &l.Subscriber, &l.Kind, &l.Subject, &l.Seq, &at, &l.State, &wake, &l.Tries, &ended, &l.Via, &l.Err)
		l.At, l.WakeAt, l.EndedAt = moment(at), moment(wake), moment(ended)
		out = append(out, l)
		return err
	})
	return out, err
}

// SaveLetter writes down what became of a try.
func (tx *Tx) SaveLetter(l Letter) error {
	var wake any
	if !l.WakeAt.IsZero() {
		wake = micros(l.WakeAt)
	}
	_, err := tx.exec(tx.s.sql.LetterSave, l.ID, string(l.State), wake, l.Tries, micros(l.EndedAt), l.Via, l.Err)
	return err
}

// LetterCounts is how far what was sent of one line has come.
func (tx *Tx) LetterCounts(id incident.ID, seq int) (map[LetterState]int, error) {
	out := map[LetterState]int{}
	err := tx.each(tx.s.sql.LetterCount, []any{string(id), seq}, func(r row) error {
		var s LetterState
		var n int
		err := r.Scan(&s, &n)
		out[s] = n
		return err
	})
	return out, err
}

// How long letters are kept, and addresses that never said that they want any.
const (
	keepLetters  = 30 * 24 * time.Hour
	keepUnproved = 48 * time.Hour
)

// PruneComms drops old letters, and addresses that did not answer.
func (tx *Tx) PruneComms(now time.Time) error {
	_, err := tx.exec(tx.s.sql.LettersOld, micros(now.Add(-keepLetters)))
	_, err2 := tx.exec(tx.s.sql.SubscribersStale, micros(now.Add(-keepUnproved)))
	return errors.Join(err, err2)
}

package store

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"tocsin/incident"
	"tocsin/internal/secret"
	"tocsin/investigate/talk"
)

func messagePlace(column string, m talk.Message) string {
	return "messages/" + column + "/" + m.Conversation + "/" + strconv.Itoa(m.Seq)
}

// MessagePart is what the attachments of a message are part of.
func MessagePart(conversation string, seq int) string {
	return "message/" + conversation + "/" + strconv.Itoa(seq)
}

// NextMessage takes the next number of a conversation, which nobody else changes until
// the transaction ends.
func (tx *Tx) NextMessage(id string, at time.Time) (seq int, err error) {
	return seq, tx.row(tx.s.sql.TalkNext, id, micros(at))(&seq)
}

// AddMessage writes a message under its number.
func (tx *Tx) AddMessage(m talk.Message) error {
	key, err := secret.NewKey(tx.s.rand)
	if err != nil {
		return tx.fail(err)
	}
	body, err := tx.sealSaid(key, m)
	if err != nil {
		return err
	}
	if _, err := tx.exec(tx.s.sql.MessageAdd, m.Conversation, m.Seq, micros(m.At), string(m.By), m.Nonce, tx.s.ring.WrapKey(messagePlace("key", m), key), body); err != nil {
		return err
	}
	if err := tx.putStems(m); err != nil {
		return err
	}
	return tx.feed(time.Time{}, "messages", m.Conversation, m.Seq, m.Seq)
}

func (tx *Tx) sealSaid(key secret.Key, m talk.Message) ([]byte, error) {
	plain, err := json.Marshal(m.Said)
	if err != nil {
		return nil, tx.fail(err)
	}
	return key.Seal(tx.s.rand, messagePlace("body", m), plain), nil
}

func (tx *Tx) putStems(m talk.Message) error {
	for _, s := range talk.Stems(m.Searchable()) {
		tx.add(putStems, tx.stem(s), micros(m.At), m.Conversation, m.Seq)
	}
	return tx.flush(putStems)
}

// stem is the beginning of a word as it is kept: 32 bits of its keyed hash, so that words
// share one and how often one stands there says little.
func (tx *Tx) stem(word string) int64 {
	n, _ := strconv.ParseInt(tx.s.ring.Hash("message_words/word", word)[:8], 16, 64) // hex digits
	return n
}

// MessageByNonce is the message that somebody sent before under the same nonce.
func (tx *Tx) MessageByNonce(id string, by incident.Actor, nonce string) (talk.Message, error) {
	return tx.oneMessage(tx.s.sql.MessageByNonce, id, string(by), nonce)
}

// Message reads one. In a transaction that writes, nobody else changes it until it ends.
func (tx *Tx) Message(id string, seq int) (talk.Message, error) {
	if tx.readOnly {
		return tx.oneMessage(tx.s.sql.Message, id, seq)
	}
	return tx.oneMessage(tx.s.sql.MessageLock, id, seq)
}

func (tx *Tx) oneMessage(text string, args ...any) (talk.Message, error) {
	all, err := tx.messages(text, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return talk.Message{}, err
	}
	return all[0], nil
}

// Messages are those before a number, the last ones, in their order; MessagesAfter those
// behind one.
func (tx *Tx) Messages(id string, before, limit int) ([]talk.Message, error) {
	all, err := tx.messages(tx.s.sql.Messages, id, before, limit)
	slices.Reverse(all)
	return all, err
}

func (tx *Tx) MessagesAfter(id string, after, limit int) ([]talk.Message, error) {
	return tx.messages(tx.s.sql.MessagesAfter, id, after, limit)
}

func (tx *Tx) messages(text string, args ...any) (all []talk.Message, err error) {
	err = tx.each(text, args, func(r row) error {
		m, _, err := tx.scanMessage(r)
		all = append(all, m)
		return err
	})
	return all, err
}

func (tx *Tx) scanMessage(r row) (m talk.Message, key secret.Key, err error) {
	var at, edited, redacted int64
	var wrapped, why string
	var body []byte
	if err := r.Scan(&m.Conversation, &m.Seq, &at, &m.By, &m.Nonce, &wrapped, &body, &m.Version, &edited, &redacted, &m.RedactedBy, &why); err != nil {
		return m, key, err
	}
	m.At, m.EditedAt, m.RedactedAt = moment(at), moment(edited), moment(redacted)
	if why != "" {
		plain, err := tx.s.ring.Open(messagePlace("why", m), why)
		if err != nil {
			return m, key, err
		}
		m.Why = string(plain)
	}
	if wrapped == "" {
		return m, key, nil
	}
	if key, err = tx.s.ring.UnwrapKey(messagePlace("key", m), wrapped); err != nil {
		return m, key, err
	}
	plain, err := key.Open(messagePlace("body", m), body)
	if err != nil {
		return m, key, err
	}
	return m, key, json.Unmarshal(plain, &m.Said)
}

// EditMessage writes another text of a message, and what it said before.
func (tx *Tx) EditMessage(m talk.Message, before talk.Version) error {
	key, wrapped, err := tx.keyOf(m)
	if err != nil {
		return err
	}
	body, err := tx.sealSaid(key, m)
	if err != nil {
		return err
	}
	was := key.Seal(tx.s.rand, versionPlace(m, before.Version), []byte(before.Text))
	if _, err := tx.exec(tx.s.sql.VersionAdd, m.Conversation, m.Seq, before.Version, micros(before.At), was); err != nil {
		return err
	}
	if _, err := tx.exec(tx.s.sql.MessageSave, m.Conversation, m.Seq, wrapped, body, m.Version, micros(m.EditedAt), 0, "", ""); err != nil {
		return err
	}
	if _, err := tx.exec(tx.s.sql.StemsDrop, m.Conversation, m.Seq); err != nil {
		return err
	}
	if err := tx.putStems(m); err != nil {
		return err
	}
	return tx.feed(time.Time{}, "messages", m.Conversation, m.Seq, m.Seq)
}

func versionPlace(m talk.Message, version int) string {
	return "message_versions/body/" + m.Conversation + "/" + strconv.Itoa(m.Seq) + "/" + strconv.Itoa(version)
}

// keyOf is the key of a message, open and as it is kept.
func (tx *Tx) keyOf(m talk.Message) (key secret.Key, wrapped string, err error) {
	found := false
	err = tx.each(tx.s.sql.Message, []any{m.Conversation, m.Seq}, func(r row) (err error) {
		found = true
		_, key, err = tx.scanMessage(r)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return key, tx.s.ring.WrapKey(messagePlace("key", m), key), err
}

// RedactMessage drops the key of a message, and with it all that it ever said; its
// attachments are doomed.
func (tx *Tx) RedactMessage(m talk.Message) error {
	why := ""
	if m.Why != "" {
		why = tx.s.ring.Seal(messagePlace("why", m), []byte(m.Why))
	}
	if _, err := tx.exec(tx.s.sql.MessageSave, m.Conversation, m.Seq, "", []byte{}, m.Version, 0, micros(m.RedactedAt), string(m.RedactedBy), why); err != nil {
		return err
	}
	for _, text := range []string{tx.s.sql.VersionsDrop, tx.s.sql.StemsDrop} {
		if _, err := tx.exec(text, m.Conversation, m.Seq); err != nil {
			return err
		}
	}
	if err := tx.DoomAttachments(MessagePart(m.Conversation, m.Seq)); err != nil {
		return err
	}
	return tx.feed(time.Time{}, "messages", m.Conversation, m.Seq, m.Seq)
}

// Versions are what a message said before, the first first.
func (tx *Tx) Versions(m talk.Message) (all []talk.Version, err error) {
	if m.Version == 0 || m.Redacted() {
		return nil, nil
	}
	key, _, err := tx.keyOf(m)
	if err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.Versions, []any{m.Conversation, m.Seq}, func(r row) error {
		var v talk.Version
		var at int64
		var body []byte
		if err := r.Scan(&v.Version, &at, &body); err != nil {
			return err
		}
		plain, err := key.Open(versionPlace(m, v.Version), body)
		v.At, v.Text = moment(at), string(plain)
		all = append(all, v)
		return err
	})
	return all, err
}

// A Hit is where a word may stand.
type Hit struct {
	At           time.Time
	Conversation string
	Seq          int
}

// Hits are messages that may have a word that begins with a stem, before one of them, the
// newest first, of all conversations or of one. The zero Hit is behind all.
func (tx *Tx) Hits(stem string, before Hit, since time.Time, in string, limit int) (all []Hit, err error) {
	at := int64(1) << 62
	if !before.At.IsZero() {
		at = micros(before.At)
	}
	text, args := tx.s.sql.StemsOf, []any{tx.stem(stem), at, before.Conversation, before.Seq, micros(since), limit}
	if in != "" {
		text, args = tx.s.sql.StemsIn, append(args, in)
	}
	err = tx.each(text, args, func(r row) error {
		var h Hit
		var at int64
		err := r.Scan(&at, &h.Conversation, &h.Seq)
		h.At = moment(at)
		all = append(all, h)
		return err
	})
	return all, err
}

// A Span is the messages of a conversation that are kept: behind Floor, up to Last.
type Span struct {
	ID          string
	Floor, Last int
}

// Spans are those of the conversations of a kind behind an id.
func (tx *Tx) Spans(kind talk.Kind, after string, limit int) (all []Span, err error) {
	err = tx.each(tx.s.sql.TalksAfter, []any{string(kind), after, limit}, func(r row) error {
		var s Span
		err := r.Scan(&s.ID, &s.Floor, &s.Last)
		all = append(all, s)
		return err
	})
	return all, err
}

// ForgetMessages deletes the messages of a span that were written before a moment, at
// most so many of them, with everything that belongs to them.
func (tx *Tx) ForgetMessages(s Span, before time.Time, limit int) (n int, err error) {
	upTo := 0
	var doomed []int
	err = tx.each(tx.s.sql.MessagesOlder, []any{s.ID, s.Floor, limit}, func(r row) error {
		var seq int
		var at int64
		err := r.Scan(&seq, &at)
		if upTo == seq-1 || upTo == 0 {
			if moment(at).Before(before) {
				upTo = seq
				doomed = append(doomed, seq)
			}
		}
		return err
	})
	if err != nil || upTo == 0 {
		return 0, err
	}
	for _, seq := range doomed {
		if err := tx.DoomAttachments(MessagePart(s.ID, seq)); err != nil {
			return 0, err
		}
	}
	for _, text := range []string{tx.s.sql.MessagesForget, tx.s.sql.VersionsForget, tx.s.sql.StemsForget, tx.s.sql.TalkFloor} {
		if _, err := tx.exec(text, s.ID, upTo); err != nil {
			return 0, err
		}
	}
	return len(doomed), tx.Touch("conversations", s.ID)
}

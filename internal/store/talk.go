package store

import (
	"cmp"
	"slices"
	"time"

	"tocsin/investigate/talk"
	"tocsin/org"
)

// PairOf is the name of the conversation of two people, whoever asks.
func (tx *Tx) PairOf(a, b org.PersonID) string {
	both := []string{string(a), string(b)}
	slices.Sort(both)
	return tx.s.ring.Hash("conversations/pair", both[0]+"\n"+both[1])
}

// AddTalk writes a conversation that begins. It says whether there was none of its id,
// or of its two people.
func (tx *Tx) AddTalk(c talk.Conversation, pair string) (bool, error) {
	n, err := tx.exec(tx.s.sql.TalkPut, c.ID, string(c.Kind), pair, micros(c.MadeAt), string(c.MadeBy), tx.sealTitle(c.ID, c.Title))
	return n > 0, err
}

func (tx *Tx) sealTitle(id, title string) string {
	if title == "" {
		return ""
	}
	return tx.s.ring.Seal("conversations/title/"+id, []byte(title))
}

// NameTalk gives it another title.
func (tx *Tx) NameTalk(id, title string) error {
	if _, err := tx.exec(tx.s.sql.TalkTitle, id, tx.sealTitle(id, title)); err != nil {
		return err
	}
	return tx.Touch("conversations", id)
}

// Talk reads a conversation, and TalkOfPair the one of two people.
func (tx *Tx) Talk(id string) (talk.Conversation, error) { return tx.oneTalk(tx.s.sql.Talk, id) }
func (tx *Tx) TalkOfPair(pair string) (talk.Conversation, error) {
	return tx.oneTalk(tx.s.sql.TalkPair, pair)
}

func (tx *Tx) oneTalk(text, arg string) (c talk.Conversation, err error) {
	found := false
	err = tx.each(text, []any{arg}, func(r row) (err error) {
		found = true
		c, err = tx.scanTalk(r)
		return err
	})
	if err == nil && !found {
		err = ErrNotFound
	}
	return c, err
}

// scanTalk reads a conversation, and what stands behind it in the row.
func (tx *Tx) scanTalk(r row, more ...any) (c talk.Conversation, err error) {
	var title string
	var made, last int64
	if err := r.Scan(append([]any{&c.ID, &c.Kind, &title, &made, &c.MadeBy, &c.Last, &last}, more...)...); err != nil {
		return c, err
	}
	c.MadeAt, c.LastAt = moment(made), moment(last)
	if title != "" {
		plain, err := tx.s.ring.Open("conversations/title/"+c.ID, title)
		if err != nil {
			return c, err
		}
		c.Title = string(plain)
	}
	return c, nil
}

// A TalkOf is a conversation of somebody, with their place in it.
type TalkOf struct {
	talk.Conversation
	talk.Member
}

// TalksOf are somebody's, the one in which something was said last first.
func (tx *Tx) TalksOf(p org.PersonID, limit int) (all []TalkOf, err error) {
	err = tx.each(tx.s.sql.TalksOf, []any{string(p), limit}, func(r row) error {
		var t TalkOf
		var m memberScan
		c, err := tx.scanTalk(r, m.into()...)
		t.Conversation, t.Member = c, m.member()
		all = append(all, t)
		return err
	})
	return all, err
}

type memberScan struct {
	m                             talk.Member
	joined, left, delivered, read int64
}

func (s *memberScan) into() []any {
	return []any{&s.m.Conversation, &s.m.Person, &s.joined, &s.left, &s.m.Muted, &s.m.Delivered, &s.delivered, &s.m.Read, &s.read, &s.m.Told}
}

func (s *memberScan) member() talk.Member {
	s.m.JoinedAt, s.m.LeftAt, s.m.DeliveredAt, s.m.ReadAt = moment(s.joined), moment(s.left), moment(s.delivered), moment(s.read)
	return s.m
}

// Members are those of a conversation, also those who left.
func (tx *Tx) Members(id string) ([]talk.Member, error) { return tx.members(tx.s.sql.Members, id) }

// Member is somebody's place in a conversation.
func (tx *Tx) Member(id string, p org.PersonID) (talk.Member, error) {
	all, err := tx.members(tx.s.sql.Member, id, string(p))
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return talk.Member{}, err
	}
	return all[0], nil
}

func (tx *Tx) members(text string, args ...any) (all []talk.Member, err error) {
	err = tx.each(text, args, func(r row) error {
		var m memberScan
		err := r.Scan(m.into()...)
		all = append(all, m.member())
		return err
	})
	return all, err
}

// AddMember lets somebody in; what was said before, up to a number, counts as read.
func (tx *Tx) AddMember(id string, p org.PersonID, read int, now time.Time) error {
	if _, err := tx.exec(tx.s.sql.MemberPut, id, string(p), micros(now), read); err != nil {
		return err
	}
	return tx.Touch("conversations", id)
}

// Leave lets somebody out.
func (tx *Tx) Leave(id string, p org.PersonID, now time.Time) error {
	if _, err := tx.exec(tx.s.sql.MemberLeft, id, string(p), micros(now)); err != nil {
		return err
	}
	return tx.Touch("conversations", id)
}

// Mute keeps pages about a conversation from somebody.
func (tx *Tx) Mute(id string, p org.PersonID, muted bool) error {
	_, err := tx.exec(tx.s.sql.MemberMute, id, string(p), muted)
	return err
}

// Mark says how far somebody is: up to which number messages were delivered, and read.
func (tx *Tx) Mark(id string, p org.PersonID, delivered, read int, now time.Time) error {
	n, err := tx.exec(tx.s.sql.MemberMark, id, string(p), delivered, read, micros(now))
	if err != nil || n == 0 {
		return err
	}
	return tx.Touch("marks", id)
}

// A TalkDelivery is that messages up to a number reached a device of somebody.
type TalkDelivery struct {
	Conversation string
	Person       org.PersonID
	Seq          int
	At           time.Time
}

func (d TalkDelivery) compare(e TalkDelivery) int {
	return cmp.Or(cmp.Compare(d.Conversation, e.Conversation), cmp.Compare(d.Person, e.Person))
}

// MarkDelivered says it of many at once.
func (tx *Tx) MarkDelivered(all []TalkDelivery) error {
	slices.SortFunc(all, TalkDelivery.compare) // so that two of these never wait for each other
	var args []any
	for _, d := range all {
		args = append(args, d.Conversation, string(d.Person), d.Seq, micros(d.At))
	}
	changed := map[string]bool{}
	err := tx.eachOf(putMarks, args, func(r row) error {
		var id string
		err := r.Scan(&id)
		changed[id] = true
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range all {
		if changed[d.Conversation] {
			if err := tx.Touch("marks", d.Conversation); err != nil {
				return err
			}
		}
	}
	return nil
}

// Told says about which message somebody was paged last.
func (tx *Tx) Told(id string, p org.PersonID, seq int) error {
	_, err := tx.exec(tx.s.sql.MemberTold, id, string(p), seq)
	return err
}

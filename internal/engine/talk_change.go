package engine

import (
	"context"
	"errors"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

// change does something to a message, as one who writes.
func (e *Engine) change(ctx context.Context, do func(tx *store.Tx, s *setup) error) error {
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		return do(tx, s)
	})
	if err == nil {
		e.Poke()
	}
	return err
}

// EditMessage gives a message of somebody another text. Whoever is named in it for the
// first time hears of it.
func (e *Engine) EditMessage(ctx context.Context, conversation string, seq int, by incident.Actor, text string, now time.Time) (m talk.Message, err error) {
	now = now.UTC().Truncate(time.Microsecond)
	err = e.change(ctx, func(tx *store.Tx, s *setup) error {
		c, in, err := e.talkOf(tx, conversation, by, now)
		if err != nil {
			return err
		}
		was, err := tx.Message(conversation, seq)
		if err != nil {
			return err
		}
		members, err := tx.Members(conversation)
		if err != nil {
			return err
		}
		after, before, fresh, err := talk.Edit(was, by, text, s.circle(c, in, members), now)
		m = after
		if err != nil || after.Version == was.Version {
			return err
		}
		if err := tx.EditMessage(after, before); err != nil {
			return err
		}
		fresh = talk.Tells(talk.Conversation{Kind: talk.Room}, talk.Message{Said: talk.Said{Mentions: fresh}}, members)
		return e.tellMention(tx, s, c, after, members, fresh, now)
	})
	return m, err
}

// RedactMessage takes away what a message says, for good. In the room of an incident that
// is a fact of its log.
func (e *Engine) RedactMessage(ctx context.Context, conversation string, seq int, by incident.Actor, why string, now time.Time) (m talk.Message, err error) {
	now = now.UTC().Truncate(time.Microsecond)
	err = e.change(ctx, func(tx *store.Tx, s *setup) error {
		c, err := tx.Talk(conversation)
		if err != nil {
			return err
		}
		var sub *store.Subject // the subject first: one order for everybody
		if c.Kind == talk.Room {
			if sub, err = tx.Lock(incident.ID(conversation)); err != nil {
				return err
			}
		}
		was, err := tx.Message(conversation, seq)
		if err != nil {
			return err
		}
		m, err = talk.Redact(was, by, why, now)
		if err != nil || was.Redacted() {
			return err
		}
		if err := tx.RedactMessage(m); err != nil {
			return err
		}
		if sub == nil {
			return nil
		}
		t := e.tend(tx, s, sub, now)
		t.add(by, incident.MessageRedacted{Message: seq, Of: was.By})
		return t.settle()
	})
	return m, err
}

// Converse begins a conversation of some people. Two have one for themselves: who begins
// it again gets the one that there is.
func (e *Engine) Converse(ctx context.Context, by incident.Actor, title string, people []org.PersonID, now time.Time) (c talk.Conversation, err error) {
	now = now.UTC().Truncate(time.Microsecond)
	err = e.change(ctx, func(tx *store.Tx, s *setup) error {
		fresh, members, err := talk.Begin(e.newID(now), by, title, people, now)
		if err != nil {
			return err
		}
		for _, m := range members {
			if p, ok := s.people[m.Person]; !ok || p.Retired {
				return incident.Refuse("people: there is no person %q", m.Person)
			}
		}
		pair := ""
		if c = fresh; c.Kind == talk.Direct {
			pair = tx.PairOf(members[0].Person, members[1].Person)
			if c, err = tx.TalkOfPair(pair); !errors.Is(err, store.ErrNotFound) {
				return err
			}
			c = fresh
		}
		added, err := tx.AddTalk(c, pair)
		if err == nil && !added { // the other one began it at the same moment
			c, err = tx.TalkOfPair(pair)
			return err
		}
		for _, m := range members {
			if err == nil {
				err = tx.AddMember(c.ID, m.Person, 0, now)
			}
		}
		return err
	})
	return c, err
}

// Invite lets people into a group.
func (e *Engine) Invite(ctx context.Context, conversation string, people []org.PersonID, now time.Time) error {
	return e.change(ctx, func(tx *store.Tx, s *setup) error {
		c, err := tx.Talk(conversation)
		if err != nil {
			return err
		}
		if c.Kind != talk.Group {
			return incident.Refuse("this is for two: begin a group")
		}
		members, err := tx.Members(conversation)
		if err != nil {
			return err
		}
		if len(members)+len(people) > talk.MostPeople {
			return incident.Refuse("people: at most %d", talk.MostPeople)
		}
		for _, p := range people {
			if one, ok := s.people[p]; !ok || one.Retired {
				return incident.Refuse("people: there is no person %q", p)
			}
			if err := tx.AddMember(conversation, p, 0, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// ReadUpTo says that somebody has read up to a message. In a room that makes them one of
// those who follow it.
func (e *Engine) ReadUpTo(ctx context.Context, conversation string, by org.PersonID, seq int, now time.Time) error {
	return e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		c, err := tx.Talk(conversation)
		if err != nil {
			return err
		}
		seq = min(seq, c.Last)
		if _, err = tx.Member(conversation, by); errors.Is(err, store.ErrNotFound) && c.Kind == talk.Room {
			err = tx.AddMember(conversation, by, 0, now)
		}
		if err != nil {
			return err
		}
		return tx.Mark(conversation, by, seq, seq, now)
	})
}

package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Reply is what somebody wrote in answer to a page by mail.
type Reply struct {
	From string // the address of whoever wrote it
	ID   string // of the mail: twice is once
	Text string // above what it answers
}

const (
	replyPrefix = "reply+"
	replyMark   = 20 // letters of the token
	repliesFor  = 7 * 24 * time.Hour
)

// replyAddress is where a reply to a page by mail goes; "" when no mail comes in here.
func (e *Engine) replyAddress(page string) string {
	if e.mailDomain == "" {
		return ""
	}
	return replyPrefix + page + "." + e.replyToken(page) + "@" + e.mailDomain
}

// replyToken proves that an address is ours. It is of letters that survive whoever writes
// addresses small.
func (e *Engine) replyToken(page string) string { return e.ring.Hash("mail reply", page)[:replyMark] }

// replied is the page that a local part belongs to.
func (e *Engine) replied(local string) (page string, ok bool) {
	name, ours := strings.CutPrefix(local, replyPrefix)
	page, token, whole := strings.Cut(name, ".")
	return page, ours && whole && channel.Same(token, e.replyToken(page))
}

// RepliesTo says whether mail to a local part is a reply to a page of ours.
func (e *Engine) RepliesTo(local string) bool { _, ok := e.replied(local); return ok }

// Mailed does what a person's reply to a page says: "ack", "e", "r it was the fuse", the
// number of an answer, or else a note. The person is told what came of it at the address
// that was paged. A refusal says why nothing was done.
func (e *Engine) Mailed(ctx context.Context, local string, r Reply, now time.Time) error {
	id, ok := e.replied(local)
	if !ok {
		return store.ErrNotFound
	}
	var p store.PageRow
	mine, seen := false, false
	once := e.ring.Hash("mail", id+" "+r.ID)
	err := e.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Page(id); err != nil {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if p.Person == "" {
			mine = channel.Canonical("email", r.From) == channel.Canonical("email", p.Address)
		} else {
			who, known := s.personAt("email", r.From)
			mine = known && who.ID == p.Person
		}
		_, err = tx.Token(store.SpentToken, once, now)
		if seen = err == nil; errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !mine:
		return incident.Refuse("reply from the address that was paged: %s may not answer this page", channel.OneLine(r.From, 100))
	case now.Sub(p.At) > repliesFor:
		return incident.Refuse("the page is older than seven days")
	case seen:
		return nil
	}
	text, err := e.mailed(ctx, p, r, now)
	if err != nil {
		return err
	}
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		_, err := tx.AddToken(store.SpentToken, once, p.Person, now.Add(repliesFor))
		return err
	})
	if err == nil && text != "" {
		e.answerMail(p, r, text, now)
	}
	return err
}

// mailed is the verb of a reply, done.
func (e *Engine) mailed(ctx context.Context, p store.PageRow, r Reply, now time.Time) (string, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(r.Text), "\n")
	said := channel.Said{Page: p.ID, From: r.From}
	said.Code, said.Verb, said.Text = channel.ParseReply(first)
	said.Code = "" // the address says which
	switch {
	case said.Verb == channel.Acknowledge && said.Text != "", said.Verb == channel.Note, said.Verb == channel.Unclear && chosen(said) < 0:
		ack := said.Verb == channel.Acknowledge
		said.Verb, said.Text = channel.Note, channel.Bounded(r.Text, 4000)
		if said.Text == "" {
			return "Your reply was empty: begin it with ack, e or r.", nil
		}
		if ack && p.Person != "" { // "ack, I am on my way" is both
			if _, err := e.spoke(ctx, "email", said, p, true, now); err != nil {
				return "", err
			}
			said.Verb, said.Text = channel.Acknowledge, ""
		}
	}
	if p.Person == "" {
		if said.Verb != channel.Acknowledge {
			return "", incident.Refuse("an address can acknowledge, and nothing else")
		}
		return e.Answer(ctx, p, 0, now)
	}
	return e.spoke(ctx, "email", said, p, true, now)
}

// answerMail tells a person what came of their reply. That it cannot be told is nobody's
// loss.
func (e *Engine) answerMail(p store.PageRow, r Reply, text string, now time.Time) {
	if e.async {
		e.workers.Go(func() { e.sendAnswer(p, r, text, now) })
		return
	}
	e.sendAnswer(p, r, text, now)
}

func (e *Engine) sendAnswer(p store.PageRow, r Reply, text string, now time.Time) {
	c := e.first("email")
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), channel.SendTimeout)
	defer cancel()
	_, err := c.Send(ctx, channel.Message{
		ID: e.newID(now), To: r.From, Subject: string(p.Subject), Thread: string(p.Subject), Title: text, Text: text,
		Purpose: escalate.HandOver, Priority: org.Low, URL: e.publicURL + "/incidents/" + string(p.Subject),
	})
	if err != nil {
		e.log.Warn("somebody was not told what came of their reply", "page", p.ID, "error", err)
	}
}

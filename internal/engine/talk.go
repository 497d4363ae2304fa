package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

const (
	talkSubject = "conversation:" // before the id of one, as what a page is about
	// talkGrace is how long somebody who is named may read it in the app before they are
	// paged about it.
	talkGrace    = 20 * time.Second
	talkExcerpt  = 300 // bytes of a message that go out in a page about it
	longestNonce = 64
)

// A Saying is what somebody says in a conversation. Whether they may is for who asks.
type Saying struct {
	Conversation string
	By           incident.Actor
	Nonce        string // whoever sends the same again gets the message that it became
	Text         string
	Reply        int
	Files        []string       // ids of attachments
	Brought      incident.Actor // who brought them; "" is who says it
	In           string         // the thread of a chat in which it was written
}

// Say takes a message, and has those paged who are to hear of it. A room has its
// conversation from the first message on.
func (e *Engine) Say(ctx context.Context, said Saying, now time.Time) (m talk.Message, err error) {
	if len(said.Nonce) > longestNonce {
		return m, incident.Refuse("nonce: at most %d characters", longestNonce)
	}
	now = now.UTC().Truncate(time.Microsecond)
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		m, err = e.speak(tx, said, now)
		return err
	})
	if errors.Is(err, errSaid) {
		return m, nil
	}
	if err == nil {
		e.hit("after say")
		e.Poke()
	}
	return m, err
}

func (e *Engine) speak(tx *store.Tx, said Saying, now time.Time) (m talk.Message, err error) {
	s, err := e.current(tx)
	if err != nil {
		return m, err
	}
	c, in, err := e.talkOf(tx, said.Conversation, said.By, now)
	if err != nil {
		return m, err
	}
	seq, err := tx.NextMessage(c.ID, now)
	if err != nil {
		return m, err
	}
	// Nobody else speaks here until this is over: what was sent twice is seen now.
	if said.Nonce != "" {
		if m, err = tx.MessageByNonce(c.ID, said.By, said.Nonce); err == nil {
			return m, errSaid
		}
		if !errors.Is(err, store.ErrNotFound) {
			return m, err
		}
	}
	members, err := tx.Members(c.ID)
	if err != nil {
		return m, err
	}
	what := talk.Said{Text: said.Text, Reply: said.Reply, In: said.In}
	if what.Reply >= seq {
		return m, incident.Refuse("reply: there is no message %d", what.Reply)
	}
	files, err := tx.Attach(cmp.Or(said.Brought, said.By), store.MessagePart(c.ID, seq), said.Files...)
	if errors.Is(err, store.ErrNotFound) {
		return m, incident.Refuse("files: one is not there, or not yours, or sent already")
	}
	if err != nil {
		return m, err
	}
	for _, f := range files {
		what.Files = append(what.Files, f.File())
	}
	if m, err = talk.Compose(c.ID, said.By, what, s.circle(c, in, members), now); err != nil {
		return m, err
	}
	m.Seq, m.Nonce, c.Last, c.LastAt = seq, said.Nonce, seq, now
	if err := tx.AddMessage(m); err != nil {
		return m, err
	}
	if author := said.By.Person(); author != "" {
		if err := e.follows(tx, c, members, author, seq, now); err != nil {
			return m, err
		}
		if err := tx.Mark(c.ID, author, seq, seq, now); err != nil {
			return m, err
		}
	}
	return m, e.tellMention(tx, s, c, m, members, talk.Tells(c, m, members), now)
}

// errSaid says that the message was there already: nothing is written.
var errSaid = errors.New("said already")

// talkOf is the conversation of an id, and of a room its incident. That of a room is
// begun when there is none yet.
func (e *Engine) talkOf(tx *store.Tx, id string, by incident.Actor, now time.Time) (c talk.Conversation, in *incident.Incident, err error) {
	c, err = tx.Talk(id)
	if err == nil && c.Kind != talk.Room {
		return c, nil, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c, nil, err
	}
	sub, lost := tx.Subject(incident.ID(id))
	if lost != nil {
		return c, nil, lost
	}
	if err != nil {
		c = talk.Conversation{ID: id, Kind: talk.Room, MadeAt: now, MadeBy: by}
		if _, err := tx.AddTalk(c, ""); err != nil {
			return c, nil, err
		}
	}
	return c, &sub.Incident, nil
}

// follows makes somebody who speaks in a room, or is named there, one of those who follow
// it: what came before counts as read.
func (e *Engine) follows(tx *store.Tx, c talk.Conversation, members []talk.Member, p org.PersonID, seq int, now time.Time) error {
	if c.Kind != talk.Room || slices.ContainsFunc(members, func(m talk.Member) bool { return m.Person == p && m.LeftAt.IsZero() }) {
		return nil
	}
	return tx.AddMember(c.ID, p, seq-1, now)
}

// circle is whom a name means in a conversation: in a room anybody who may see it, in
// others those who are in it.
func (s *setup) circle(c talk.Conversation, in *incident.Incident, members []talk.Member) talk.Circle {
	var here []org.PersonID
	for _, m := range members {
		if m.LeftAt.IsZero() {
			here = append(here, m.Person)
		}
	}
	may := func(p org.PersonID) bool { return slices.Contains(here, p) }
	if in != nil {
		may = func(p org.PersonID) bool { return s.sees(p, in.Service) }
		here = slices.Concat(here, in.Working(), in.Called, in.Responders)
	}
	return func(name string) ([]org.PersonID, bool) {
		all := []org.PersonID{org.PersonID(name)}
		if name == talk.All {
			all = here
		} else if team, ok := s.teams[org.TeamID(name)]; ok && s.people[all[0]].ID == "" {
			all = team.Members
		}
		var people []org.PersonID
		for _, p := range all {
			if may(p) && !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
		return people, len(people) > 0
	}
}

// sees says whether somebody may read of the incidents of a service.
func (s *setup) sees(p org.PersonID, service org.ServiceID) bool {
	person, ok := s.people[p]
	if !ok || person.Retired {
		return false
	}
	v := s.services[service]
	return s.access(person).May(org.ReadIncidents, "") && (!v.Sensitive || s.access(person).May(org.ReadSensitive, v.Team))
}

func (s *setup) access(p org.Person) org.Access {
	teams := make([]org.Team, 0, len(s.teams))
	for _, t := range s.teams {
		teams = append(teams, t)
	}
	return org.AccessOf(p, teams)
}

// tellMention plans the pages about a message.
func (e *Engine) tellMention(tx *store.Tx, s *setup, c talk.Conversation, m talk.Message, members []talk.Member, people []org.PersonID, now time.Time) error {
	var rows []store.PageRow
	for _, p := range people {
		person, ok := s.people[p]
		if !ok || person.Retired {
			continue
		}
		if err := e.follows(tx, c, members, p, m.Seq, now); err != nil {
			return err
		}
		if err := tx.Told(c.ID, p, m.Seq); err != nil {
			return err
		}
		page := escalate.Page{Subject: incident.ID(talkSubject + c.ID), Epoch: m.Seq, Round: m.Version, Purpose: escalate.Mention}
		if page, ok = page.Beside(person, now.Add(talkGrace)); ok {
			rows = append(rows, store.PageRow{Page: page, ID: e.newID(now), State: escalate.Planned})
		}
	}
	return tx.PlanPages(rows)
}

// composeMention makes a page about a message, unless it is read or gone by now.
func (e *Engine) composeMention(tx *store.Tx, s *setup, p store.PageRow) (m channel.Message, err error) {
	id := strings.TrimPrefix(string(p.Subject), talkSubject)
	c, err := tx.Talk(id)
	var said talk.Message
	var member talk.Member
	if err == nil {
		said, err = tx.Message(id, p.Epoch)
	}
	if err == nil {
		member, err = tx.Member(id, p.Person)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (said.Redacted() || member.Read >= said.Seq || !member.LeftAt.IsZero() || member.Muted) {
		return m, errMoot
	}
	if err != nil {
		return m, err
	}
	if m, err = e.compose(s, incident.Incident{}, nil, p); err != nil {
		return m, err
	}
	by := s.actor(said.By)
	m.At, m.Subject, m.Thread, m.URL = said.At, "", string(p.Subject), e.publicURL+"/messages/"+id
	m.Title, m.Text = "a message", by+" wrote to you"
	if c.Kind == talk.Direct {
		return m, nil
	}
	m.Text = by + " mentioned you"
	if c.Kind == talk.Group {
		return m, nil
	}
	sub, err := tx.Subject(incident.ID(id))
	if err != nil {
		return m, err
	}
	m.Drill = sub.IsDrill()
	service := s.services[sub.Service]
	if !s.sees(p.Person, sub.Service) {
		return m, errMoot
	}
	m.Subject, m.Thread, m.URL = id, id, e.publicURL+"/incidents/"+id+"?part=messages"
	if service.Secure || service.Sensitive {
		return m, nil
	}
	m.Service, m.Severity, m.Title = s.serviceName(sub.Service), sub.Severity, sub.Title
	m.Text = fmt.Sprintf("%s mentioned you: %s", by, sub.Title)
	m.Body = []string{channel.OneLine(said.Text, talkExcerpt)}
	return m, nil
}

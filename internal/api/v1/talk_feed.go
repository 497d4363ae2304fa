package v1

import (
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

const (
	mostMessages = 50 // in one event
	// mostMarks is how many may follow a conversation for all to be told of each other's
	// marks: beyond, what that costs grows with the square, and whoever wants to know asks.
	mostMarks = 20
)

// A talkTold is what a told event of a conversation knows of those who may hear it.
type talkTold struct {
	id   string
	room bool
	last int // number of the last message in it
	in   map[org.PersonID]bool
}

// visible: a room is for all who may read of its incident, others for those who are in.
func (t *talkTold) visible(c *caller, s *setup, service org.ServiceID) bool {
	if t.room {
		return c.May(org.ReadIncidents, "") && !s.hides(c.Identity, service)
	}
	return c.May(org.Talk, "") && t.in[c.self()]
}

// A reachedUp is up to which message of a conversation a device was told.
type reachedUp struct {
	conversation string
	seq          int
}

// reaches is what an event brings somebody who is in the conversation, or follows it.
func (e told) reaches(c *caller) []reachedUp {
	if e.talk == nil || e.topic != "messages" || !e.talk.in[c.self()] {
		return nil
	}
	return []reachedUp{{e.talk.id, e.talk.last}}
}

// reached notes what was sent to a client.
func (a *API) reached(c *caller, out *line) {
	for _, r := range out.told {
		a.delivered.note(r.conversation, c.self(), r.seq)
	}
	out.told = out.told[:0]
}

// talkEvent tells what changed in a conversation.
func (a *API) talkEvent(tx *store.Tx, s *setup, r store.FeedRow) (told, error) {
	c, err := tx.Talk(r.Subject)
	if err != nil {
		return told{}, err
	}
	members, err := tx.Members(c.ID)
	if err != nil {
		return told{}, err
	}
	e := Event{Topic: r.Topic, ID: c.ID, Last: c.Last}
	about := &talkTold{id: c.ID, room: c.Kind == talk.Room, last: r.Seq, in: map[org.PersonID]bool{}}
	for _, m := range members {
		about.in[m.Person] = m.LeftAt.IsZero()
	}
	var service org.ServiceID
	if about.room {
		if service, err = tx.ServiceOf(incident.ID(c.ID)); err != nil {
			return told{}, err
		}
	}
	switch {
	case r.Topic == "messages" && r.Seq-r.First < mostMessages:
		all, err := tx.MessagesAfter(c.ID, r.First-1, r.Seq-r.First+1)
		if err != nil {
			return told{}, err
		}
		for _, m := range all {
			e.Messages = append(e.Messages, s.message(m))
		}
	case r.Topic == "marks" && len(members) <= mostMarks:
		e.Marks = s.marks(members)
	case r.Topic == "marks":
		return told{}, store.ErrNotFound
	}
	one := write(e, service, r.Cursor)
	one.talk = about
	return one, nil
}

package v1

import (
	"context"
	"errors"
	"net/http"

	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

// The rooms of incidents and all other conversations have the same routes. What differs
// is who may come in: to a room who may see its incident, to the others who is in them.
// Whoever is not learns nothing, not even that there is one.

// talking are the routes of conversations below a path.
func talking(at, tag string, read, write org.Deed, reads, writes scope) []route {
	return []route{
		{"GET", at + "/messages", read, reads, tag, "List messages, the last ones, oldest first", serve((*API).listMessages)},
		{"POST", at + "/messages", write, writes, tag, "Say something", creates((*API).say)},
		{"PATCH", at + "/messages/{message}", write, writes, tag, "Change what you said; what it said before can still be read", serve((*API).editMessage)},
		{"POST", at + "/messages/{message}/redact", write, writes, tag, "Take away what a message says, for good", serve((*API).redactMessage)},
		{"GET", at + "/messages/{message}/versions", read, reads, tag, "What a message said before it was changed", serve((*API).listVersions)},
		{"GET", at + "/marks", read, reads, tag, "How far each has received and read", serve((*API).listMarks)},
		{"POST", at + "/read", read, reads, tag, "Say that you have read up to a message", serve((*API).readUpTo)},
		{"POST", at + "/mute", read, reads, tag, "Hear of nothing said here by page, or hear of it again", serve((*API).mute)},
		{"GET", at + "/export", read, reads, tag, "Write a conversation out: JSON, Markdown and files in a zip", serve((*API).exportTalk)},
	}
}

var (
	inRoom   = scope{name: "room", read: org.ReadIncidents, find: teamOfRoom}
	amongUs  = scope{name: "conversation", read: org.Talk, find: memberOf}
	attached = scope{name: "attachment", read: org.ReadIncidents, find: seesAttachment}
)

// teamOfRoom is the team of an incident for who may write in its room. Whoever was called
// in or works there is asked for their own role only, of whatever team they are.
func teamOfRoom(a *API, r *http.Request, s *setup, who auth.Identity) (team org.TeamID, err error) {
	err = a.store.Read(r.Context(), func(tx *store.Tx) error {
		in, err := visible(tx, s, who, incident.ID(r.PathValue("id")))
		if err == nil && !involved(in.Incident, who.Person) {
			team = in.Team
		}
		return err
	})
	return team, err
}

// involved says whether somebody was called to an incident, or works on it.
func involved(in incident.Incident, p org.PersonID) bool {
	for _, some := range [][]org.PersonID{in.Called, in.Responders, in.Working()} {
		for _, one := range some {
			if one == p && p != "" {
				return true
			}
		}
	}
	return false
}

// memberOf finds nothing for whoever is not in a conversation.
func memberOf(a *API, r *http.Request, _ *setup, who auth.Identity) (org.TeamID, error) {
	return "", a.store.Read(r.Context(), func(tx *store.Tx) error { return isMember(tx, who, r.PathValue("id")) })
}

func isMember(tx *store.Tx, who auth.Identity, id string) error {
	self := who.Person
	if who.Key != "" {
		self = who.Owner
	}
	m, err := tx.Member(id, self)
	if err == nil && !m.LeftAt.IsZero() {
		return store.ErrNotFound
	}
	if err != nil {
		return err
	}
	c, err := tx.Talk(id)
	if err == nil && c.Kind == talk.Room { // it has routes of its own
		return store.ErrNotFound
	}
	return err
}

// entered is a conversation that somebody may read, whichever sort it is.
func entered(tx *store.Tx, s *setup, who auth.Identity, id string) (c talk.Conversation, in *incident.Incident, err error) {
	c, err = tx.Talk(id)
	if err == nil && c.Kind != talk.Room {
		if !who.May(org.Talk, "") {
			return c, nil, store.ErrNotFound
		}
		return c, nil, isMember(tx, who, id)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c, nil, err
	}
	sub, lost := visible(tx, s, who, incident.ID(id))
	if lost != nil || !who.May(org.ReadIncidents, "") {
		return c, nil, errors.Join(lost, store.ErrNotFound)
	}
	if err != nil {
		c = talk.Conversation{ID: id, Kind: talk.Room}
	}
	return c, &sub.Incident, nil
}

// TalkID is the path of a conversation: an incident, or one by itself.
type TalkID struct {
	ID string `path:"id" maxLength:"64"`
}

// MessageID is the path of a message.
type MessageID struct {
	TalkID
	Message int `path:"message" minimum:"1" doc:"Its number"`
}

// speaks is who says something in a conversation. An API key is itself in a room, as in
// the log; in conversations that only people have it speaks for its owner.
func (c *caller) speaks(room bool) incident.Actor {
	if room {
		return c.Actor()
	}
	return incident.ByPerson(c.self())
}

// isRoom says whether a conversation is that of an incident.
func (a *API) isRoom(ctx context.Context, id string) (room bool, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.Talk(id)
		room = errors.Is(err, store.ErrNotFound) || c.Kind == talk.Room
		if room {
			err = nil
		}
		return err
	})
	return room, err
}

type (
	listingMessages struct {
		TalkID
		Before int `query:"before" minimum:"0" doc:"Only those before this number"`
		After  int `query:"after" minimum:"0" doc:"Only those behind this number, the next ones"`
		Limit  int `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	saying struct {
		TalkID
		Body struct {
			Text  string   `json:"text,omitempty" maxLength:"20000" doc:"Markdown. @omar, @team-dba and @all are told of it"`
			Files []string `json:"files,omitempty" maxItems:"10" nullable:"false" doc:"Ids of attachments"`
			Reply int      `json:"reply,omitempty" minimum:"0" doc:"The number of the message that it answers"`
			Nonce string   `json:"nonce,omitempty" maxLength:"64" doc:"Made up by who sends it: whoever sends the same again gets the message that it became, whenever that is"`
		}
	}
	oneMessage struct{ Body TalkMessage }
	editing    struct {
		MessageID
		Body struct {
			Text string `json:"text" maxLength:"20000"`
		}
	}
	redacting struct {
		MessageID
		Body *struct {
			Why string `json:"why,omitempty" maxLength:"500" doc:"For those who find it gone; it is kept"`
		} `required:"false"`
	}
	readingUpTo struct {
		TalkID
		Body struct {
			Message int `json:"message" minimum:"0" doc:"Its number; marks only climb"`
		}
	}
	muting struct {
		TalkID
		Body struct {
			Muted bool `json:"muted"`
		}
	}
)

func (a *API) listMessages(ctx context.Context, in *listingMessages) (*pageOf[TalkMessage], error) {
	c := asking(ctx)
	out := &pageOf[TalkMessage]{Body: page[TalkMessage]{Items: []TalkMessage{}}}
	last := 0
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		conversation, _, err := entered(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		var all []talk.Message
		if in.After > 0 {
			all, err = tx.MessagesAfter(in.ID, in.After, in.Limit)
		} else {
			before := in.Before
			if before == 0 {
				before = conversation.Last + 1
			}
			all, err = tx.Messages(in.ID, before, in.Limit)
		}
		for _, m := range all {
			out.Body.Items = append(out.Body.Items, c.setup.message(m))
			last = m.Seq
		}
		return err
	})
	if err == nil && last > 0 {
		a.delivered.note(in.ID, c.self(), last)
	}
	return out, err
}

func (a *API) say(ctx context.Context, in *saying) (*oneMessage, error) {
	c := asking(ctx)
	room, err := a.isRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	m, err := a.engine.Say(ctx, engine.Saying{Conversation: in.ID, By: c.speaks(room), Nonce: b.Nonce, Text: b.Text, Reply: b.Reply, Files: b.Files, Brought: incident.ByPerson(c.self())}, a.now())
	return &oneMessage{c.setup.message(m)}, err
}

func (a *API) editMessage(ctx context.Context, in *editing) (*oneMessage, error) {
	c := asking(ctx)
	room, err := a.isRoom(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := a.engine.EditMessage(ctx, in.ID, in.Message, c.speaks(room), in.Body.Text, a.now())
	return &oneMessage{c.setup.message(m)}, err
}

// redactMessage is for who wrote it; in a room also for a manager of the team.
func (a *API) redactMessage(ctx context.Context, in *redacting) (*oneMessage, error) {
	c := asking(ctx)
	by := c.Actor()
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		conversation, i, err := entered(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		by = c.speaks(conversation.Kind == talk.Room)
		m, err := tx.Message(in.ID, in.Message)
		switch {
		case err != nil:
			return err
		case m.By == by || i != nil && c.May(org.Configure, i.Team):
			return nil
		case i != nil && i.Team != "":
			return denial{"to redact what somebody else wrote here is for a manager of team " + string(i.Team) + ", or an admin"}
		case i != nil:
			return denial{"to redact what somebody else wrote is for a manager"}
		}
		return denial{"to redact a message here is for a person who wrote it"}
	})
	if err != nil {
		return nil, err
	}
	why := ""
	if in.Body != nil {
		why = in.Body.Why
	}
	m, err := a.engine.RedactMessage(ctx, in.ID, in.Message, by, why, a.now())
	return &oneMessage{c.setup.message(m)}, err
}

func (a *API) listVersions(ctx context.Context, in *MessageID) (*pageOf[MessageVersion], error) {
	out := &pageOf[MessageVersion]{Body: page[MessageVersion]{Items: []MessageVersion{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(in.ID, in.Message)
		if err != nil {
			return err
		}
		all, err := tx.Versions(m)
		for _, v := range all {
			out.Body.Items = append(out.Body.Items, MessageVersion{Version: v.Version, At: v.At, Text: v.Text})
		}
		return err
	})
}

func (a *API) listMarks(ctx context.Context, in *TalkID) (*pageOf[MarkOf], error) {
	c := asking(ctx)
	out := &pageOf[MarkOf]{Body: page[MarkOf]{Items: []MarkOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		members, err := tx.Members(in.ID)
		out.Body.Items = c.setup.marks(members)
		return err
	})
}

func (a *API) readUpTo(ctx context.Context, in *readingUpTo) (*struct{}, error) {
	self := asking(ctx).self()
	if self == "" {
		return nil, wrong("body.message", "you are no person")
	}
	err := a.engine.ReadUpTo(ctx, in.ID, self, in.Body.Message, a.now())
	if errors.Is(err, store.ErrNotFound) { // a room in which nobody has said anything yet
		err = nil
	}
	return nil, err
}

func (a *API) mute(ctx context.Context, in *muting) (*struct{}, error) {
	self := asking(ctx).self()
	return nil, a.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.Mute(in.ID, self, in.Body.Muted) })
}

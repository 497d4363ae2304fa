// Package talk is what people say to each other: in the room of an incident, to one
// person, or in a group.
//
// A conversation is a row of messages, numbered from 1 in the order in which they were
// taken. A message is not a fact: nobody reads each of them in the retrospective, so they
// are rows beside the log, sealed, each under a key of its own.
//
// What was said stays said. Whoever wrote a message may change it, and what it said
// before can still be read. A redacted message is another matter: its text, its earlier
// texts and its files are gone for good, for everybody; that there was one, whose, and who
// took it away, stays, and in the room of an incident it is a fact as well.
//
// How far a message has come is known per person by two marks in each conversation: up to
// which number it was delivered to one of their devices, and up to which they have read.
// Marks only climb.
//
// Whoever is named (@omar, @team-dba, @all) hears of it as of any low page: over their own
// channels, when they want to hear of such things, and not when they have read it by then.
package talk

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// A Kind is a sort of conversation.
type Kind string

const (
	Room   Kind = "room"   // of an incident, whose id it has: for all who see that
	Direct Kind = "direct" // of two people
	Group  Kind = "group"  // of those who were asked in
)

// The bounds of what is said.
const (
	MaxText     = 20_000 // runes
	MostFiles   = 10     // of one message
	MaxTitle    = 100    // runes, of a group
	MostPeople  = 200    // in a group
	MostEdits   = 50     // of one message
	mostNames   = 50     // that one message calls out
	longestName = 64
)

// A Conversation is one, without what is said in it.
type Conversation struct {
	ID     string
	Kind   Kind
	Title  string // of a group; "" when it has none
	MadeAt time.Time
	MadeBy incident.Actor
	Last   int // number of the last message; 0: there is none
	LastAt time.Time
}

// A Member takes part in a conversation, or follows that of a room.
type Member struct {
	Conversation string
	Person       org.PersonID
	JoinedAt     time.Time
	LeftAt       time.Time // zero: they are in it
	Muted        bool      // they hear of nothing said here by page
	Delivered    int       // number of the last message that reached a device of theirs
	DeliveredAt  time.Time
	Read         int
	ReadAt       time.Time
	Told         int // number of the last message that they were paged about
}

// Unread is how many messages a member has not read.
func (m Member) Unread(c Conversation) int { return max(0, c.Last-m.Read) }

// A Message is one thing that was said.
type Message struct {
	Conversation string
	Seq          int
	At           time.Time
	By           incident.Actor
	Nonce        string // by which whoever sends it twice is known
	Said
	Version    int       // how often it was changed
	EditedAt   time.Time // last
	RedactedAt time.Time
	RedactedBy incident.Actor
	Why        string // it was redacted
}

// Redacted says whether nothing of it can be read any longer.
func (m Message) Redacted() bool { return !m.RedactedAt.IsZero() }

// Said is what a message says: the part of it that is sealed.
type Said struct {
	Text     string         `json:"text,omitempty"`
	Mentions []org.PersonID `json:"mentions,omitempty"`
	Reply    int            `json:"reply,omitempty"` // number of the message that it answers
	Files    []File         `json:"files,omitempty"`
	In       string         `json:"in,omitempty"` // the thread of a chat where it was written: "slack:1700.1"
}

// A File is one that is attached.
type File struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"` // as it was sniffed
	Size   int    `json:"size"`
	Image  bool   `json:"image,omitempty"` // it may be shown
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Small  bool   `json:"small,omitempty"` // there is a small picture of it
}

// A Version is what a message said before it was changed.
type Version struct {
	Version int
	At      time.Time // when it was said so
	Text    string
}

// A Circle knows whom a name means: a person, everybody in a team, everybody here.
type Circle func(name string) (people []org.PersonID, known bool)

// Compose makes a message of what somebody writes, without its number.
func Compose(conversation string, by incident.Actor, s Said, c Circle, now time.Time) (Message, error) {
	var err error
	if s.Text, err = text(s.Text, len(s.Files) > 0); err != nil {
		return Message{}, err
	}
	switch {
	case len(s.Files) > MostFiles:
		return Message{}, incident.Refuse("files: at most %d to a message", MostFiles)
	case s.Reply < 0:
		return Message{}, incident.Refuse("reply: is the number of a message")
	}
	s.Mentions = Mentioned(s.Text, by.Person(), c)
	return Message{Conversation: conversation, At: now, By: by, Said: s}, nil
}

// text is a text as it is kept.
func text(s string, mayBeEmpty bool) (string, error) {
	s = org.Clean(s)
	switch {
	case s == "" && !mayBeEmpty:
		return "", incident.Refuse("text: it says nothing")
	case utf8.RuneCountInString(s) > MaxText:
		return "", incident.Refuse("text: at most %d characters", MaxText)
	}
	return s, nil
}

// Edit is a message with another text, and what it said before. Whoever is named in it
// now and was not, is in fresh.
func Edit(m Message, by incident.Actor, to string, c Circle, now time.Time) (after Message, before Version, fresh []org.PersonID, err error) {
	to, err = text(to, len(m.Files) > 0)
	switch {
	case m.Redacted():
		err = incident.Refuse("it was redacted")
	case m.By != by:
		err = incident.Refuse("only who wrote it changes it")
	case err == nil && m.Version >= MostEdits:
		err = incident.Refuse("it was changed %d times already", MostEdits)
	}
	if err != nil || to == m.Text {
		return m, before, nil, err
	}
	before = Version{Version: m.Version, At: m.At, Text: m.Text}
	if !m.EditedAt.IsZero() {
		before.At = m.EditedAt
	}
	after = m
	after.Text, after.Version, after.EditedAt = to, m.Version+1, now
	after.Mentions = Mentioned(to, by.Person(), c)
	for _, p := range after.Mentions {
		if !slices.Contains(m.Mentions, p) {
			fresh = append(fresh, p)
		}
	}
	return after, before, fresh, nil
}

// Redact is a message without anything that it said. Whoever wrote it may take it away;
// for that of others see who asks.
func Redact(m Message, by incident.Actor, why string, now time.Time) (Message, error) {
	if m.Redacted() {
		return m, nil // twice is once
	}
	if utf8.RuneCountInString(why) > 500 {
		return m, incident.Refuse("why: at most 500 characters")
	}
	m.Said, m.EditedAt, m.RedactedAt, m.RedactedBy, m.Why = Said{}, time.Time{}, now, by, strings.TrimSpace(why)
	return m, nil
}

// Everybody here is named like this.
const All = "all"

// Mentioned are those whom a text names with an @, each once; never the one who writes.
func Mentioned(text string, by org.PersonID, c Circle) (all []org.PersonID) {
	for i, name := range Names(text) {
		if i >= mostNames {
			break
		}
		people, known := c(name)
		for _, p := range people {
			if known && p != by && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// Names are what stands behind an @ in a text, as it is written there. An @ within a
// word is an address of mail.
func Names(text string) (names []string) {
	for i := 0; i < len(text); i++ {
		if text[i] != '@' || i > 0 && named(text[i-1]) {
			continue
		}
		end := i + 1
		for end < len(text) && named(text[end]) {
			end++
		}
		name := strings.TrimRight(text[i+1:end], ".-_")
		if name != "" && len(name) <= longestName && !slices.Contains(names, name) {
			names = append(names, name)
		}
		i = end - 1
	}
	return names
}

// named says whether a byte may stand in an id.
func named(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '.' || b >= 0x80
}

// Tells are those who are paged about a message: whom it names, and in a direct
// conversation the other one, unless they have something unread already, of which they
// were told. Whoever wants to hear nothing from here does not.
func Tells(c Conversation, m Message, members []Member) (people []org.PersonID) {
	muted := func(p org.PersonID) bool {
		return slices.ContainsFunc(members, func(x Member) bool { return x.Person == p && x.Muted })
	}
	for _, p := range m.Mentions {
		if !muted(p) {
			people = append(people, p)
		}
	}
	for _, x := range members {
		other := c.Kind == Direct && x.LeftAt.IsZero() && x.Person != m.By.Person()
		if other && !x.Muted && x.Told <= x.Read && !slices.Contains(people, x.Person) {
			people = append(people, x.Person)
		}
	}
	return people
}

// Begin is a new group, or a conversation of two.
func Begin(id string, by incident.Actor, title string, people []org.PersonID, now time.Time) (Conversation, []Member, error) {
	title, err := Title(title)
	if err != nil {
		return Conversation{}, nil, err
	}
	c := Conversation{ID: id, Kind: Group, Title: title, MadeAt: now, MadeBy: by}
	members := []Member{{Conversation: id, Person: by.Person(), JoinedAt: now}}
	for _, p := range people {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.Person == p }) {
			members = append(members, Member{Conversation: id, Person: p, JoinedAt: now})
		}
	}
	switch {
	case by.Person() == "":
		return c, nil, incident.Refuse("only a person begins a conversation")
	case len(members) < 2:
		return c, nil, incident.Refuse("people: name somebody else")
	case len(members) > MostPeople:
		return c, nil, incident.Refuse("people: at most %d", MostPeople)
	case len(members) == 2 && title == "":
		c.Kind = Direct
	}
	return c, members, nil
}

// Title is a group's as it is kept.
func Title(s string) (string, error) {
	s = strings.Join(strings.Fields(org.Clean(s)), " ")
	if utf8.RuneCountInString(s) > MaxTitle {
		return "", incident.Refuse("title: at most %d characters", MaxTitle)
	}
	return s, nil
}

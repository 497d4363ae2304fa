package v1

import (
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/prose"
	"tocsin/investigate/talk"
	"tocsin/org"
)

// A TalkMessage is one thing that somebody said.
type TalkMessage struct {
	Number   int            `json:"number" doc:"Within its conversation, from 1, without a gap"`
	At       time.Time      `json:"at"`
	By       incident.Actor `json:"by"`
	ByName   string         `json:"by_name"`
	Text     string         `json:"text,omitempty"`
	HTML     string         `json:"html,omitempty" doc:"What its Markdown is, made safe"`
	Mentions []org.PersonID `json:"mentions,omitempty" doc:"Who was told of it"`
	Reply    int            `json:"reply,omitempty" doc:"The number of the message that it answers"`
	Files    []FileOf       `json:"files,omitempty"`
	In       string         `json:"in,omitempty" doc:"The chat in which it was written"`
	Nonce    string         `json:"nonce,omitempty" doc:"As who sent it made it up"`
	Changed  int            `json:"changed,omitempty" doc:"How often"`
	EditedAt *time.Time     `json:"edited_at,omitempty"`
	// Of one whose text is gone.
	RedactedAt *time.Time     `json:"redacted_at,omitempty"`
	RedactedBy incident.Actor `json:"redacted_by,omitempty"`
	Redactor   string         `json:"redactor,omitempty" doc:"The name of who redacted it"`
	Why        string         `json:"why,omitempty" doc:"It was redacted"`
}

// A FileOf is one that is attached.
type FileOf struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type" doc:"As it was sniffed, whatever its name says"`
	Size   int    `json:"size" doc:"In bytes"`
	Image  bool   `json:"image,omitempty" doc:"It may be shown; all else is a download"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Small  bool   `json:"small,omitempty" doc:"There is a small picture of it"`
}

// A MessageVersion is what a message said before it was changed.
type MessageVersion struct {
	Version int       `json:"version"`
	At      time.Time `json:"at" doc:"When it was said so"`
	Text    string    `json:"text"`
}

// A MarkOf is how far somebody is in a conversation.
type MarkOf struct {
	Person      org.PersonID `json:"person"`
	Name        string       `json:"name"`
	Delivered   int          `json:"delivered" doc:"The number of the last message that reached a device of theirs"`
	DeliveredAt *time.Time   `json:"delivered_at,omitempty"`
	Read        int          `json:"read" doc:"The number of the last message that they read"`
	ReadAt      *time.Time   `json:"read_at,omitempty"`
	Left        bool         `json:"left,omitempty" doc:"They are not in it any longer"`
}

// A Conversation is one of those who ask.
type Conversation struct {
	ID       string      `json:"id" doc:"Of a room: the incident's"`
	Kind     talk.Kind   `json:"kind" enum:"room,direct,group"`
	Title    string      `json:"title" doc:"Of two: the other one's name; of a room: what the incident is about"`
	People   []PersonRef `json:"people" nullable:"false" doc:"Who is in it, or follows the room"`
	Last     int         `json:"last" doc:"The number of the last message"`
	LastAt   *time.Time  `json:"last_at,omitempty"`
	LastBy   string      `json:"last_by,omitempty" doc:"The name of who said it"`
	LastText string      `json:"last_text,omitempty" doc:"The beginning of it"`
	Read     int         `json:"read" doc:"The number of the last message that you read"`
	Unread   int         `json:"unread"`
	Muted    bool        `json:"muted,omitempty"`
	Open     bool        `json:"open,omitempty" doc:"Of a room: the incident is open"`
}

const excerptRunes = 120

// message shows a message.
func (s *setup) message(m talk.Message) TalkMessage {
	out := TalkMessage{
		Number: m.Seq, At: m.At, By: m.By, ByName: s.actor(m.By), Text: m.Text, Mentions: m.Mentions, Reply: m.Reply, In: m.In, Nonce: m.Nonce,
		Changed: m.Version, EditedAt: shown(m.EditedAt), RedactedAt: shown(m.RedactedAt), RedactedBy: m.RedactedBy, Why: m.Why,
	}
	if m.Redacted() {
		out.Redactor = s.actor(m.RedactedBy)
	}
	if m.Text != "" {
		out.HTML = prose.HTML(m.Text)
	}
	for _, f := range m.Files {
		out.Files = append(out.Files, FileOf(f))
	}
	return out
}

// actor is what people call whoever did something.
func (s *setup) actor(a incident.Actor) string {
	if p := a.Person(); p != "" {
		return s.person(p)
	}
	if id, ok := strings.CutPrefix(string(a), "key:"); ok {
		if name := s.names[thing{"api_key", id}]; name != "" {
			return name
		}
	}
	return a.Name()
}

func (s *setup) marks(members []talk.Member) []MarkOf {
	out := []MarkOf{}
	for _, m := range members {
		out = append(out, MarkOf{
			Person: m.Person, Name: s.person(m.Person), Delivered: m.Delivered, DeliveredAt: shown(m.DeliveredAt), Read: m.Read, ReadAt: shown(m.ReadAt), Left: !m.LeftAt.IsZero(),
		})
	}
	slices.SortStableFunc(out, func(a, b MarkOf) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// conversation shows one to one of its members. in is its incident, last its last message.
func (s *setup) conversation(c talk.Conversation, mine talk.Member, members []talk.Member, in *incident.Incident, last *talk.Message) Conversation {
	out := Conversation{
		ID: c.ID, Kind: c.Kind, Title: c.Title, People: []PersonRef{}, Last: c.Last, Read: mine.Read, Unread: mine.Unread(c), Muted: mine.Muted,
	}
	var others []string
	for _, m := range members {
		if !m.LeftAt.IsZero() && c.Kind != talk.Direct {
			continue
		}
		out.People = append(out.People, PersonRef{m.Person, s.person(m.Person)})
		if m.Person != mine.Person {
			others = append(others, s.person(m.Person))
		}
	}
	if in != nil {
		out.Title, out.Open = in.Title, in.Status.Open()
	}
	if out.Title == "" {
		out.Title = strings.Join(others, ", ")
	}
	if last != nil {
		out.LastAt, out.LastBy, out.LastText = shown(last.At), s.actor(last.By), excerpt(last)
	}
	return out
}

// excerpt is the beginning of a message, in one line.
func excerpt(m *talk.Message) string {
	text := strings.Join(strings.Fields(m.Text), " ")
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	if runes := []rune(text); len(runes) > excerptRunes {
		text = string(runes[:excerptRunes]) + "…"
	}
	return text
}

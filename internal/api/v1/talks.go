package v1

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

const mostTalks = 200 // that a list has

type (
	listingTalks struct {
		Unread bool `query:"unread" doc:"Only those in which something was not read"`
	}
	beginning struct {
		Body struct {
			People []org.PersonID `json:"people" minItems:"1" maxItems:"200" nullable:"false" doc:"Beside yourself"`
			Title  string         `json:"title,omitempty" maxLength:"100" doc:"Makes it a group, even of two"`
		}
	}
	oneTalk struct {
		Location string `header:"Location"`
		Body     Conversation
	}
	naming struct {
		TalkID
		Body struct {
			Title string `json:"title" maxLength:"100"`
		}
	}
	inviting struct {
		TalkID
		Body struct {
			People []org.PersonID `json:"people" minItems:"1" maxItems:"200" nullable:"false"`
		}
	}
	searching struct {
		Paging
		Q            string       `query:"q" minLength:"1" maxLength:"200" required:"true" doc:"Words that all stand in it; those of four letters and more also at the beginning of longer ones"`
		Conversation string       `query:"conversation" maxLength:"64" doc:"Only in this one: by its id, or that of the incident whose room it is"`
		Kind         talk.Kind    `query:"kind" enum:"room,direct,group" doc:"Only in rooms, in conversations of two, or in groups"`
		By           org.PersonID `query:"by" maxLength:"64" doc:"Only what this person wrote"`
		Since        time.Time    `query:"since" doc:"Only what was written then or later"`
		Until        time.Time    `query:"until" doc:"Only what was written before"`
	}
)

// Found is a message that was looked for.
type Found struct {
	Conversation Conversation `json:"conversation"`
	Message      TalkMessage  `json:"message"`
	Excerpt      []talk.Piece `json:"excerpt" nullable:"false" doc:"The part of its text around what was looked for; of a file, its name"`
}

func (a *API) listTalks(ctx context.Context, in *listingTalks) (*pageOf[Conversation], error) {
	c := asking(ctx)
	out := &pageOf[Conversation]{Body: page[Conversation]{Items: []Conversation{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.TalksOf(c.self(), mostTalks)
		for _, t := range all {
			if err != nil {
				return err
			}
			if in.Unread && t.Unread(t.Conversation) == 0 {
				continue
			}
			var one Conversation
			if one, err = showTalk(tx, c, t.Conversation); errors.Is(err, store.ErrNotFound) {
				err = nil // not theirs to see any longer
				continue
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return err
	})
}

// showTalk shows a conversation to who may read it.
func showTalk(tx *store.Tx, c *caller, t talk.Conversation) (out Conversation, err error) {
	t, in, err := entered(tx, c.setup, c.Identity, t.ID)
	if err != nil {
		return out, err
	}
	members, err := tx.Members(t.ID)
	if err != nil {
		return out, err
	}
	mine := talk.Member{Person: c.self()}
	for _, m := range members {
		if m.Person == c.self() {
			mine = m
		}
	}
	var last *talk.Message
	if t.Last > 0 {
		m, err := tx.Message(t.ID, t.Last)
		if err == nil {
			last = &m
		} else if !errors.Is(err, store.ErrNotFound) { // forgotten in time
			return out, err
		}
	}
	return c.setup.conversation(t, mine, members, in, last), nil
}

func (a *API) beginTalk(ctx context.Context, in *beginning) (*oneTalk, error) {
	c := asking(ctx)
	t, err := a.engine.Converse(ctx, incident.ByPerson(c.self()), in.Body.Title, in.Body.People, a.now())
	if err != nil {
		return nil, err
	}
	return a.oneTalk(ctx, t.ID)
}

func (a *API) oneTalk(ctx context.Context, id string) (*oneTalk, error) {
	c := asking(ctx)
	out := &oneTalk{Location: Prefix + "/conversations/" + id}
	return out, a.store.Read(ctx, func(tx *store.Tx) (err error) {
		out.Body, err = showTalk(tx, c, talk.Conversation{ID: id})
		return err
	})
}

func (a *API) readTalk(ctx context.Context, in *TalkID) (*oneTalk, error) {
	return a.oneTalk(ctx, in.ID)
}

func (a *API) nameTalk(ctx context.Context, in *naming) (*oneTalk, error) {
	title, err := talk.Title(in.Body.Title)
	if err != nil {
		return nil, err
	}
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		c, err := tx.Talk(in.ID)
		if err == nil && c.Kind != talk.Group {
			err = incident.Refuse("title: a conversation of two has none")
		}
		if err != nil {
			return err
		}
		return tx.NameTalk(in.ID, title)
	})
	if err != nil {
		return nil, err
	}
	return a.oneTalk(ctx, in.ID)
}

func (a *API) inviteTo(ctx context.Context, in *inviting) (*oneTalk, error) {
	if err := a.engine.Invite(ctx, in.ID, in.Body.People, a.now()); err != nil {
		return nil, err
	}
	return a.oneTalk(ctx, in.ID)
}

func (a *API) leaveTalk(ctx context.Context, in *TalkID) (*struct{}, error) {
	self := asking(ctx).self()
	return nil, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		c, err := tx.Talk(in.ID)
		if err == nil && c.Kind != talk.Group {
			err = incident.Refuse("one of two cannot leave: mute it")
		}
		if err != nil {
			return err
		}
		return tx.Leave(in.ID, self, a.now())
	})
}

const (
	looked      = 500  // messages that one look takes
	mostOpened  = 2000 // that one search opens
	excerptSide = 80   // runes of an excerpt on each side of what was found
)

// search looks through what the caller may read, the newest first. It opens so many
// messages and no more; next goes on where it stopped.
func (a *API) searchMessages(ctx context.Context, in *searching) (*pageOf[Found], error) {
	c := asking(ctx)
	q := talk.Ask(in.Q)
	if q.Empty() {
		return nil, wrong("query.q", "has no word in it")
	}
	from, err := hitOf(in.Paging)
	if err != nil {
		return nil, err
	}
	if from.At.IsZero() && !in.Until.IsZero() {
		from.At = in.Until
	}
	out := &pageOf[Found]{Body: page[Found]{Items: []Found{}}}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		s := search{tx: tx, c: c, q: q, in: in, known: map[string]*Conversation{}}
		for s.opened < mostOpened {
			hits, err := tx.Hits(q.Stem(), from, in.Since, in.Conversation, looked)
			if err != nil {
				return err
			}
			for i, h := range hits {
				from = h
				if err := s.open(h, &out.Body); err != nil {
					return err
				}
				if len(out.Body.Items) == in.Limit {
					if i+1 < len(hits) || len(hits) == looked {
						out.Body.Next = in.after(hitText(h))
					}
					return nil
				}
			}
			if len(hits) < looked {
				return nil
			}
			s.opened += len(hits)
		}
		out.Body.Next = in.after(hitText(from))
		return nil
	})
	return out, err
}

// A search is one look through messages.
type search struct {
	tx     *store.Tx
	c      *caller
	q      talk.Question
	in     *searching
	known  map[string]*Conversation // nil: not for who asks, or not asked for
	opened int
}

// open adds a message to what was found, if it answers the question and is for the eyes
// of who asks.
func (s *search) open(h store.Hit, out *page[Found]) error {
	t, seen := s.known[h.Conversation]
	if !seen {
		one, err := showTalk(s.tx, s.c, talk.Conversation{ID: h.Conversation})
		if err == nil && (s.in.Kind == "" || s.in.Kind == one.Kind) {
			t = &one
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		s.known[h.Conversation] = t
	}
	if t == nil {
		return nil
	}
	m, err := s.tx.Message(h.Conversation, h.Seq)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case s.in.By != "" && m.By != incident.ByPerson(s.in.By), !s.q.Finds(m.Searchable()):
		return nil
	}
	f := Found{Conversation: *t, Message: s.c.setup.message(m), Excerpt: s.q.Excerpt(unmarked.Replace(m.Text), excerptSide)}
	if !hasHit(f.Excerpt) {
		for _, file := range m.Files {
			if e := s.q.Excerpt(file.Name, excerptSide); hasHit(e) {
				f.Excerpt = e
				break
			}
		}
	}
	if f.Excerpt == nil {
		f.Excerpt = []talk.Piece{}
	}
	out.Items = append(out.Items, f)
	return nil
}

// unmarked takes what Markdown makes bold or code of out of a text: an excerpt is plain.
var unmarked = strings.NewReplacer("**", "", "__", "", "`", "")

func hasHit(all []talk.Piece) bool {
	return slices.ContainsFunc(all, func(p talk.Piece) bool { return p.Hit })
}

func hitText(h store.Hit) string {
	return strconv.FormatInt(h.At.UnixMicro(), 10) + "/" + h.Conversation + "/" + strconv.Itoa(h.Seq)
}

func hitOf(p Paging) (h store.Hit, err error) {
	last, err := p.cursor()
	if err != nil || last == "" {
		return h, err
	}
	parts := strings.Split(last, "/")
	if len(parts) != 3 {
		return h, wrong("query.cursor", "is none of ours: take the one in next")
	}
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	seq, err2 := strconv.Atoi(parts[2])
	if err1 != nil || err2 != nil {
		return h, wrong("query.cursor", "is none of ours: take the one in next")
	}
	return store.Hit{At: time.UnixMicro(at).UTC(), Conversation: parts[1], Seq: seq}, nil
}

package follow

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// News are some lines of an incident's log, and how it stands now.
type news struct {
	in     incident.Incident
	lines  incident.Log
	secure bool
	room   string // of its team; "": it has none, or must not speak there
	thread store.Thread
	pages  []store.PageRow // that asked somebody and may still have buttons
	flying bool            // one more may be out
}

// turns are the facts that change what a message with buttons is to say.
var turns = []string{
	"escalate.acknowledged", "escalate.unacknowledged", "escalate.retriggered", "escalate.snoozed", "escalate.reassigned",
	"resolve.resolved", "resolve.recurred", "alert.reopened", "escalate.chosen", "alert.gathered", "review.closed",
	"resolve.change_approved", "resolve.change_denied", "resolve.change_cancelled",
}

// quiet are the facts that nobody in a room needs to hear of.
var quietFacts = []string{
	"escalate.asked", "escalate.settled", "escalate.waiting", "escalate.rested", "escalate.pinned", "escalate.reached", "alert.repeated", "alert.joined",
}

func (n news) turned() bool {
	return slices.ContainsFunc(n.lines, func(e incident.Entry) bool { return slices.Contains(turns, e.Fact.Kind()) })
}

// answered says whether a page asks nothing any longer. A page by hand is answered by each
// for themselves, and by all when it is over.
func (n news) answered(p store.PageRow) bool {
	if n.in.Call == nil || !n.in.Status.Open() {
		return n.in.Status != incident.Triggered
	}
	_, ok := n.in.Call.Of(p.Person)
	return ok && n.spoke(p.Person)
}

// spoke says whether a person answers in these lines.
func (n news) spoke(p org.PersonID) bool {
	return slices.ContainsFunc(n.lines, func(e incident.Entry) bool {
		k := e.Fact.Kind()
		return (k == "escalate.chosen" || k == "resolve.change_approved") && e.By.Person() == p
	})
}

func (r *Rooms) read(ctx context.Context, row store.FeedRow) (n news, err error) {
	id := incident.ID(row.Subject)
	err = r.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err != nil {
			return err
		}
		log, err := tx.Log(id)
		if err != nil {
			return err
		}
		n.in = sub.Incident
		n.lines = slices.DeleteFunc(log, func(e incident.Entry) bool { return e.Seq < row.First || e.Seq > row.Seq })
		service := r.services[n.in.Service]
		n.secure = service.Secure
		if n.in.Sort == "" && n.in.Call == nil && !service.Sensitive { // a drill is spoken of among its people
			n.room = r.rooms[n.in.Team]
		}
		if n.turned() && (n.in.Status != incident.Triggered || n.in.Call != nil) {
			all, err := tx.PagesOf(id)
			if err != nil {
				return err
			}
			n.flying = slices.ContainsFunc(all, func(p store.PageRow) bool {
				return p.Purpose.Alarms() && r.settlers[p.Channel] && engine.InFlight(p) && n.answered(p)
			})
			n.pages = slices.DeleteFunc(all, func(p store.PageRow) bool {
				return !p.Purpose.Alarms() || p.Provider == "" || p.SentAt.IsZero() || !n.answered(p)
			})
		}
		threads, err := tx.ThreadsOf(id)
		for _, t := range threads {
			if t.Room == n.room {
				n.thread = t
			}
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return news{}, nil
	}
	return n, err
}

// settlePage takes the buttons off a message that asked somebody.
func (r *Rooms) settlePage(ctx context.Context, n news, p store.PageRow) error {
	c, err := r.engine.Provider(ctx, p.Via)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s, ok := c.(channel.Settler); ok {
		m := r.stands(n, p.ID)
		if m.To = p.Address; p.Person != "" {
			method, _ := r.people[p.Person].Method(p.Method)
			m.To = method.Address
		}
		if n.in.Call != nil && n.in.Status.Open() {
			given, _ := n.in.Call.Of(p.Person)
			m.Purpose, m.Text = escalate.Told, "You answered: "+n.in.Call.Choices[given.Choice-1].Text
		}
		return s.Settle(ctx, m, p.Provider)
	}
	return nil
}

// tell puts the lines into the thread of the incident, which begins with the first.
func (r *Rooms) tell(ctx context.Context, n news) error {
	name, address, _ := strings.Cut(n.room, ":")
	id := channel.RoomPage + string(n.in.ID)
	if n.thread.Message == "" {
		if !n.in.Status.Open() {
			return nil // it was over before anybody could be told
		}
		via, c, err := r.engine.Roomy(ctx, name)
		if err != nil || c == nil {
			return err
		}
		m := r.stands(n, id)
		m.To = address
		got, err := c.Send(ctx, m)
		if err != nil {
			return err
		}
		n.thread = store.Thread{Subject: n.in.ID, Room: n.room, Message: got.Provider, Via: via}
		if err := r.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.PutThread(n.thread) }); err != nil {
			return err
		}
		n.lines = slices.DeleteFunc(n.lines, func(e incident.Entry) bool { return e.Fact.Kind() == "alert.opened" })
	}
	c, err := r.engine.Provider(ctx, n.thread.Via)
	room, ok := c.(channel.Roomy)
	if errors.Is(err, store.ErrNotFound) || err == nil && !ok {
		return nil
	}
	if err != nil {
		return err
	}
	if n.turned() {
		m := r.stands(n, id)
		m.To = address
		if err := room.Settle(ctx, m, n.thread.Message); err != nil {
			return err
		}
	}
	lines := r.words(n)
	if len(lines) == 0 || n.secure {
		return nil
	}
	_, err = room.Send(ctx, channel.Message{
		ID: id, To: address, Title: n.in.Title, Purpose: escalate.HandOver, Text: lines[0], Body: lines[1:], Before: n.thread.Message,
	})
	return err
}

// words are the lines as a room hears them: who did what, and all of a note.
func (r *Rooms) words(n news) (out []string) {
	for _, e := range n.lines {
		note, ok := e.Fact.(incident.Noted)
		if slices.Contains(quietFacts, e.Fact.Kind()) || ok && note.In == threadOf(n) { // they read it there already
			continue
		}
		if !ok {
			out = append(out, r.name(e.By)+": "+e.Fact.String())
			continue
		}
		for i, text := range strings.Split(strings.TrimSpace(note.Text), "\n") {
			if i == 0 {
				text = r.name(e.By) + ": " + text
			}
			out = append(out, text)
		}
	}
	return out
}

// threadOf is the thread of the incident as notes name it that were written there.
func threadOf(n news) string {
	name, _, _ := strings.Cut(n.room, ":")
	return name + ":" + n.thread.Message
}

// stands is the incident as a message that says how things are, with the buttons that
// still mean something.
func (r *Rooms) stands(n news, id string) channel.Message {
	m := channel.Message{
		ID: id, Subject: string(n.in.ID), Thread: string(n.in.ID), Title: n.in.Title, Service: r.services[n.in.Service].Name, Severity: n.in.Severity,
		Priority: n.in.Priority, Purpose: escalate.Alarm, At: n.in.OpenedAt, URL: r.engine.RoomURL(n.in), Drill: n.in.IsDrill(),
	}
	if n.secure {
		m.Title, m.Service = engine.Secure, ""
	}
	switch n.in.Status {
	case incident.Acknowledged:
		m.Purpose, m.Text, m.Resolvable = escalate.Told, r.name(incident.ByPerson(n.in.Owner))+" has it", n.in.Call == nil
		if n.in.Owner == "" {
			m.Text = "Somebody has it"
		}
	case incident.Snoozed:
		m.Purpose, m.Text, m.Resolvable = escalate.Told, "snoozed", true
	case incident.Resolved, incident.Closed:
		m.Purpose = escalate.AllClear
		switch {
		case n.in.Change != nil:
			m.Text = string(n.in.Change.State)
		case n.in.Call != nil:
			m.Text = "over"
		}
	}
	return m
}

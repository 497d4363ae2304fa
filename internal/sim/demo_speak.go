package sim

import (
	"context"
	"errors"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/org"
)

// A spoken line is something that somebody says, so long before the end.
type spoken struct {
	before time.Duration
	by     org.PersonID
	text   string
	reply  int
}

// What is said in the room of the compressor, which is not over.
var demoRoom = []spoken{
	{88 * time.Minute, "elif", "31 A and the head is hot. @bruno can you look from the gate?", 0},
	{85 * time.Minute, "bruno", "From outside it sounds like a bearing. No smoke.", 0},
	{80 * time.Minute, "jonas", "The controller logged `E4` at 14:02 and again ten minutes later. That is the oil pressure.", 0},
	{76 * time.Minute, "elif", "**Nobody switches it off.** Room 3 has the fish for tomorrow.", 0},
	{41 * time.Minute, "dmitri", "Technician called back: an hour, he is still at the harbour.", 1},
	{12 * time.Minute, "elif", "@all he is at the gate. 29 A now.", 0},
}

// speaks lets people talk: in a room, two alone, and a group.
func (l *life) speaks(end time.Time) {
	room := alarm{"warehouse", "compressor"}
	for _, r := range demoRoom {
		l.later(end.Add(-r.before), func(ctx context.Context) error {
			in, err := l.incident(ctx, room)
			if err != nil || in.ID == "" {
				return err
			}
			return l.says(ctx, string(in.ID), r)
		})
	}
	l.converse(end, "", []org.PersonID{"ines", "chiara"}, []spoken{
		{26 * time.Hour, "ines", "You had three nights in a row. Shall I give Thursday to Farid?", 0},
		{25 * time.Hour, "chiara", "Please. I would take his Sunday for it.", 0},
		{24*time.Hour + 50*time.Minute, "ines", "Done, it is in the schedule.", 2},
	})
	l.converse(end, "Cold store, new controller", []org.PersonID{"jonas", "elif", "dmitri", "ines"}, []spoken{
		{6 * 24 * time.Hour, "jonas", "The new controller is mounted on the 12th, 6 to 8. I plan the maintenance window.", 0},
		{6*24*time.Hour - 40*time.Minute, "elif", "We move the fish to room 1 the evening before.", 1},
		{3 * time.Hour, "dmitri", "The supplier asks for the serial number of the old one. Who is in on Monday?", 0},
	})
}

// converse begins a conversation with its first spoken.
func (l *life) converse(end time.Time, title string, people []org.PersonID, said []spoken) {
	id := ""
	for _, r := range said {
		l.later(end.Add(-r.before), func(ctx context.Context) error {
			if id == "" {
				c, err := l.engine.Converse(ctx, incident.ByPerson(people[0]), title, people[1:], l.now)
				if err != nil {
					return err
				}
				id = c.ID
			}
			return l.says(ctx, id, r)
		})
	}
}

// says says one thing. When a room has become another's meanwhile, because its trouble is
// that of its cause, what was answered stands in the one before: it is said all the same.
func (l *life) says(ctx context.Context, id string, r spoken) error {
	_, err := l.engine.Say(ctx, engine.Saying{Conversation: id, By: incident.ByPerson(r.by), Text: r.text, Reply: r.reply}, l.now)
	if _, refused := errors.AsType[incident.Refusal](err); refused && r.reply > 0 {
		r.reply = 0
		return l.says(ctx, id, r)
	}
	return err
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/follow"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// The ticket systems of others, and what people do there.

// afterMade is the point at which a ticket is there and nothing is written down of it.
const afterMade = "after a ticket is made"

// tellDoors tells the ticket systems of the world where to call the house. A night that has
// none pays nothing for them.
func (p *player) tellDoors(setup config.Setup) {
	for _, s := range setup.TicketSystems {
		p.ticketing = true
		p.world.Door(path.Base(s.Settings["server"]), publicURL+tracker.DoorPath+string(s.ID)+"/"+s.Secret, s.Secret)
	}
}

// desk is what speaks to them.
func (p *player) desk() *follow.Tickets {
	if p.clerk == nil {
		p.clerk = follow.NewTickets(follow.Options{
			Store: p.store, Engine: p.engine, Ring: p.ring, PublicURL: publicURL, Log: slog.New(&aloud{p: p}), Still: true, Hit: p.hitTickets,
		}, func(s org.TicketSystem, _ *http.Client) (tracker.Tracker, error) {
			made, err := tracker.Make(s.Kind, tracker.Setup{Settings: s.Settings, Secret: s.Secret, Client: p.world.Client()})
			return narrated{made, p, string(s.ID)}, err
		})
	}
	return p.clerk
}

// hitTickets drops the house where the script wants it to.
func (p *player) hitTickets(point string) error {
	if point != p.crashAt {
		return nil
	}
	p.crashAt, p.dropped = "", point
	return follow.ErrCrashed
}

// tickets brings the tickets up to now, once all that happened can be seen, and says
// whether anything was asked of a system.
func (p *player) tickets(ctx context.Context) (said bool, err error) {
	if !p.ticketing {
		return false, nil
	}
	ok, err := p.engine.Until(ctx, 10*time.Second, (*store.Tx).FeedSettled)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, errors.New("what happened stays hidden for ten seconds")
	}
	err = p.desk().Step(ctx, p.now)
	if p.dropped != "" {
		p.say(markAloud, "the house crashed %s, and starts again", p.dropped)
		p.dropped = ""
		return true, p.crash(ctx)
	}
	return len(p.world.Next()) > 0, err
}

// heardTicket is a call of a ticket system at the house's door.
func (p *player) heardTicket(ctx context.Context, u *url.URL, cb mockworld.Callback) error {
	id, secret, _ := strings.Cut(strings.TrimPrefix(u.Path, tracker.DoorPath), "/")
	return p.desk().Heard(ctx, org.TicketSystemID(id), tracker.Request{Header: cb.Header, Token: secret, Body: []byte(cb.Body)}, p.now)
}

// saying keeps what is written from several systems at once apart.
var saying sync.Mutex

// A narrated tracker writes what the house does in it.
type narrated struct {
	tracker.Tracker
	p  *player
	id string
}

// called is a ticket as people call it.
func (n narrated) called(ref string) string {
	saying.Lock()
	defer saying.Unlock()
	if key := n.p.called[n.id+"/"+ref]; key != "" {
		return key
	}
	return ref
}

func (n narrated) names(t tracker.Ticket) {
	saying.Lock()
	defer saying.Unlock()
	n.p.called[n.id+"/"+t.Ref] = t.Key
}

func (n narrated) say(err error, format string, args ...any) {
	saying.Lock()
	defer saying.Unlock()
	text := fmt.Sprintf(format, args...)
	switch channel.Classify(err) {
	case channel.Accepted:
		n.p.say(markSent, "%s %s", n.id, text)
	case channel.Unknown:
		n.p.say(markUnknown, "%s %s: %s", n.id, text, err)
	default:
		n.p.say(markFailed, "%s %s: %s", n.id, text, err)
	}
}

func (n narrated) Find(ctx context.Context, mark string, since time.Time) (tracker.Ticket, bool, error) {
	t, ok, err := n.Tracker.Find(ctx, mark, since)
	switch {
	case err != nil:
		n.say(err, "is asked for a ticket")
	case ok:
		n.names(t)
		n.say(nil, "has %s already", t.Key)
	}
	return t, ok, err
}

func (n narrated) Create(ctx context.Context, d ticket.Draft) (tracker.Ticket, error) {
	t, err := n.Tracker.Create(ctx, d)
	if err == nil {
		n.names(t)
	}
	n.say(err, "%s: %s", orNew(t.Key), d.Title)
	return t, err
}

func orNew(key string) string {
	if key == "" || strings.HasSuffix(key, "#0") {
		return "a ticket"
	}
	return key
}

func (n narrated) Comment(ctx context.Context, ref, text string) (string, error) {
	id, err := n.Tracker.Comment(ctx, ref, text)
	said, _, _ := strings.Cut(text, "\n\n")
	n.say(err, "%s says: %s", n.called(ref), said)
	return id, err
}

func (n narrated) Move(ctx context.Context, ref string, to ticket.State, why string) (tracker.Ticket, error) {
	t, err := n.Tracker.Move(ctx, ref, to, why)
	n.say(err, "%s is to be %s", n.called(ref), to)
	return t, err
}

// inTicket is somebody who works on a ticket there. What the system calls us about waits
// until the end of the moment.
func (p *player) inTicket(ctx context.Context, w words) error {
	vendor, err := p.vendorOf(ctx, w["SYSTEM"])
	if err != nil {
		return err
	}
	key := p.ticketKey(vendor, w["NUMBER"])
	if w[""] == "deletes" {
		p.world.Lose(vendor, key)
		return nil
	}
	if !p.world.Move(vendor, key, w[""] == "closes") {
		return fmt.Errorf("%s has no ticket %s", w["SYSTEM"], w["NUMBER"])
	}
	return nil
}

// ticketKey is the key of the ticket of a number.
func (p *player) ticketKey(vendor, number string) string {
	for _, t := range p.world.Tickets(vendor) {
		if fmt.Sprint(t.N) == number {
			return t.Key
		}
	}
	return number
}

func (p *player) writesTicket(ctx context.Context, w words) error {
	vendor, err := p.vendorOf(ctx, w["SYSTEM"])
	if err != nil {
		return err
	}
	if !p.world.Remark(vendor, p.ticketKey(vendor, w["NUMBER"]), w["AUTHOR"], w["TEXT"]) {
		return fmt.Errorf("%s has no ticket %s", w["SYSTEM"], w["NUMBER"])
	}
	return nil
}

func (p *player) opensTicket(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	m := ticket.Matter{Incident: id}
	if w["NUMBER"] != "" {
		if m.Action, err = strconv.Atoi(w["NUMBER"]); err != nil {
			return err
		}
	}
	return p.desk().Want(ctx, org.TicketSystemID(w["SYSTEM"]), m, incident.ByPerson(org.PersonID(w["PERSON"])), nil, p.now)
}

func (p *player) showTickets(ctx context.Context, w words) error {
	vendor, err := p.vendorOf(ctx, w["SYSTEM"])
	if err != nil {
		return err
	}
	for _, t := range p.world.Tickets(vendor) {
		p.say(markShown, "%s is %s: %s", t.Key, t.Word, t.Title)
		for _, r := range t.Comments {
			said, _, _ := strings.Cut(r.Text, "\n\n")
			p.say(markShown, "%s, %s: %s", t.Key, r.Author, said)
		}
	}
	return nil
}

// nothingHappens lets time pass.
func (p *player) nothingHappens(context.Context, words) error { return nil }

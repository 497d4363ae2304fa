package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

const (
	ticketLease = 90 * time.Second // outlives a turn with the longest that it does: five calls
	ticketTime  = 15 * time.Second
	ticketPolls = 20 // tickets that are looked at in one turn because nobody spoke of them
)

// Tickets keep the tickets that others have of incidents in step with them. Each system has
// a follower and deliveries as a webhook has (errand.go): what happens to an incident is
// brought to its ticket in its order, one thing after the other, and an incident whose
// ticket cannot be brought further holds up no other.
//
// Nothing is given up because the other side is away: what waits for it waits, the whole
// system is left alone for a while that doubles, and then it goes on where it stopped. What
// it refuses is dropped with its reason, but for a ticket that could not be made: somebody
// mends the set-up, and it is made.
//
// A ticket is looked for by its mark before it is made, and a comment by its own before it
// is written a second time, so that a crash in between makes no second one.
//
// What the system says at its door only has the ticket read (Tickets.Heard); that waits in
// the same queue, behind what we still have to say.
type Tickets struct {
	store     *store.Store
	engine    *engine.Engine
	ring      *secret.Ring
	client    *http.Client
	publicURL string
	log       *slog.Logger
	make      func(org.TicketSystem) (tracker.Tracker, error)
	still     bool
	hit       func(string) error

	seq     int64 // of the configuration that these were read from
	systems map[org.TicketSystemID]desk

	mu    sync.Mutex
	busy  map[org.TicketSystemID]bool
	turns sync.WaitGroup
}

// A desk is a ticket system that can be spoken to.
type desk struct {
	*ticket.Compiled
	tracker.Tracker
	*company
}

// A company is whom and what incidents name.
type company struct {
	names    map[org.PersonID]string
	services map[org.ServiceID]org.Service
}

// NewTickets makes them. They do nothing until Run. made makes the trackers; nil is
// tracker.Make.
func NewTickets(o Options, made func(org.TicketSystem, *http.Client) (tracker.Tracker, error)) *Tickets {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if made == nil {
		made = MakeTracker
	}
	t := &Tickets{
		store: o.Store, engine: o.Engine, ring: o.Ring, publicURL: o.PublicURL, log: o.Log, seq: -1, busy: map[org.TicketSystemID]bool{},
		still: o.Still, hit: o.Hit,
	}
	if t.hit == nil {
		t.hit = func(string) error { return nil }
	}
	if o.Egress != nil {
		t.client = o.Egress.Client(tracker.SendTimeout)
	}
	t.make = func(s org.TicketSystem) (tracker.Tracker, error) { return made(s, t.client) }
	return t
}

// MakeTracker makes the tracker of a system.
func MakeTracker(s org.TicketSystem, client *http.Client) (tracker.Tracker, error) {
	return tracker.Make(s.Kind, tracker.Setup{Settings: s.Settings, Secret: s.Secret, Client: client})
}

// ticketFollower is the name of a system's follower.
func ticketFollower(id org.TicketSystemID) string { return string(store.TicketHook(id)) }

// Run looks at the feed until ctx ends; what is in flight then is finished.
func (t *Tickets) Run(ctx context.Context) {
	defer t.turns.Wait()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var pruned time.Time
	for {
		now := t.engine.Now()
		if err := t.start(ctx, now); err != nil && ctx.Err() == nil {
			t.log.Error("tickets: the feed cannot be read", "error", err)
		}
		if now.Sub(pruned) >= pruneEvery {
			pruned = now
			if err := t.prune(ctx, now); err != nil && ctx.Err() == nil {
				t.log.Error("tickets: old work could not be dropped", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step does what is due by now, for all systems side by side, and waits for it.
func (t *Tickets) Step(ctx context.Context, now time.Time) error {
	err := t.start(ctx, now)
	t.turns.Wait()
	return err
}

func (t *Tickets) prune(ctx context.Context, now time.Time) error {
	for id := range t.systems {
		err := t.store.Write(ctx, store.Background, func(tx *store.Tx) error {
			_, err := tx.PruneDeliveries(store.TicketHook(id), now)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// start begins a turn for every system that has something to do and is at rest.
func (t *Tickets) start(ctx context.Context, now time.Time) error {
	due, err := t.look(ctx, now)
	for _, d := range due {
		t.mu.Lock()
		busy := t.busy[d.ID]
		t.busy[d.ID] = true
		t.mu.Unlock()
		if busy {
			continue
		}
		t.turns.Go(func() {
			if err := t.turn(ctx, d, now); err != nil && ctx.Err() == nil {
				t.log.Error("a turn of a ticket system failed and is done again", "system", d.ID, "error", err)
			}
			t.mu.Lock()
			delete(t.busy, d.ID)
			t.mu.Unlock()
		})
	}
	return err
}

// look says which systems have something to do. It writes only when one has come or gone.
func (t *Tickets) look(ctx context.Context, now time.Time) (due []desk, err error) {
	var come, gone []org.TicketSystemID
	err = t.store.Read(ctx, func(tx *store.Tx) error {
		come, gone, due = nil, nil, nil
		if err := t.configured(tx); err != nil {
			return err
		}
		followers, err := tx.Followers()
		if err != nil {
			return err
		}
		there := map[org.TicketSystemID]bool{}
		for _, f := range followers {
			name, ours := strings.CutPrefix(f.ID, "ticket/")
			id := org.TicketSystemID(name)
			if !ours {
				continue
			}
			there[id] = true
			d, ok := t.systems[id]
			if !ok {
				gone = append(gone, id)
				continue
			}
			owed, err := t.owes(tx, f, d, now)
			if err != nil {
				return err
			}
			if owed {
				due = append(due, d)
			}
		}
		for id := range t.systems {
			if !there[id] {
				come = append(come, id)
			}
		}
		return nil
	})
	if err != nil || len(come)+len(gone) == 0 {
		return due, err
	}
	return due, t.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		for _, id := range come {
			if err := tx.Follow(ticketFollower(id)); err != nil {
				return err
			}
		}
		for _, id := range gone {
			if err := tx.DropDeliveries(store.TicketHook(id), "the ticket system is switched off", now); err != nil {
				return err
			}
			if err := tx.Unfollow(ticketFollower(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// owes says whether there is anything to do for a system that nobody works for.
func (t *Tickets) owes(tx *store.Tx, f store.Follower, d desk, now time.Time) (bool, error) {
	if f.Quiet.After(now) || f.Lease.After(now) && f.Lease.Before(now.Add(2*ticketLease)) {
		return false, nil
	}
	if news, err := tx.Feed(f.Cursor, 1); err != nil || len(news) > 0 {
		return true, err
	}
	next, err := tx.NextDeliveries(store.TicketHook(d.ID), 1)
	if err != nil || len(next) > 0 && !next[0].WakeAt.After(now) {
		return true, err
	}
	unseen, err := t.unseen(tx, d, now, 1)
	return len(unseen) > 0, err
}

// unseen are open tickets that are to be looked at because nobody spoke of them for long.
func (t *Tickets) unseen(tx *store.Tx, d desk, now time.Time, limit int) ([]store.Ticket, error) {
	if d.Poll == 0 || !d.Reads() {
		return nil, nil
	}
	return tx.TicketsUnseen(d.ID, now.Add(-d.Poll.D()), limit)
}

// configured reads the systems when the configuration has changed.
func (t *Tickets) configured(tx *store.Tx) error {
	seq, err := tx.ConfigSeq()
	if err != nil || seq == t.seq {
		return err
	}
	rows, err := tx.Config()
	if err != nil {
		return err
	}
	systems, all := map[org.TicketSystemID]desk{}, &company{map[org.PersonID]string{}, map[org.ServiceID]org.Service{}}
	for _, r := range rows {
		switch r.Kind {
		case "ticket_system":
			if d, err := t.desk(r); err != nil {
				t.log.Error("configuration cannot be read", "kind", r.Kind, "id", r.ID, "version", r.Version, "error", err)
			} else if d.Usable() {
				d.company = all
				systems[d.ID] = d
			}
		case "person":
			var p org.Person
			if json.Unmarshal(r.Body, &p) == nil {
				all.names[org.PersonID(r.ID)] = p.Name
			}
		case "service":
			var v org.Service
			if json.Unmarshal(r.Body, &v) == nil {
				all.services[org.ServiceID(r.ID)] = v
			}
		}
	}
	t.seq, t.systems = seq, systems
	return nil
}

func (t *Tickets) desk(r store.ConfigRow) (d desk, err error) {
	if r.Unreadable != nil {
		return d, r.Unreadable
	}
	var s org.TicketSystem
	if err := json.Unmarshal(r.Body, &s); err != nil {
		return d, err
	}
	s.ID, s.Retired = org.TicketSystemID(r.ID), r.Retired
	if d.Compiled, err = ticket.Compile(s); err == nil {
		d.Tracker, err = t.make(s)
	}
	return d, err
}

// one is a system as it is set up now; ErrNotFound when there is none that may be used.
func (t *Tickets) one(ctx context.Context, id org.TicketSystemID) (d desk, err error) {
	err = t.store.Read(ctx, func(tx *store.Tx) error {
		r, err := tx.ConfigOne("ticket_system", string(id))
		if err != nil {
			return err
		}
		d, err = t.desk(r)
		return err
	})
	if err == nil && d.Retired {
		err = store.ErrNotFound
	}
	return d, err
}

// Check asks a system who we are there. An error that is channel's is the system's own.
func (t *Tickets) Check(ctx context.Context, id org.TicketSystemID) (string, error) {
	d, err := t.one(ctx, id)
	if err != nil {
		return "", err
	}
	return d.Check(ctx)
}

// Read is a ticket there by its reference, for whoever wants to link it.
func (t *Tickets) Read(ctx context.Context, id org.TicketSystemID, ref string) (tracker.Ticket, error) {
	d, err := t.one(ctx, id)
	if err != nil {
		return tracker.Ticket{}, err
	}
	if !d.Reads() {
		return tracker.Ticket{Ref: ref, Key: ref, Is: ticket.Open}, nil
	}
	got, err := d.Read(ctx, ref)
	if err == nil && got.Ref == "" {
		err = channelGone()
	}
	return got, err
}

func channelGone() error {
	return &channel.Error{Outcome: channel.Permanent, Err: tracker.ErrGone}
}

// mark is that by which a ticket is found again: nobody else can make it, and one that is
// wanted again has another.
func (t *Tickets) mark(row store.Ticket) string {
	return "tocsin-" + t.ring.Hash("ticket", fmt.Sprintf("%s/%s/%s/%d", row.System, row.Sort, row.Subject, row.At.UnixMicro()))[:24]
}

// Want has a ticket made of an incident, or (with there) takes one that is there for it.
func (t *Tickets) Want(ctx context.Context, id org.TicketSystemID, subject incident.ID, by incident.Actor, there *tracker.Ticket, now time.Time) error {
	row := store.Ticket{System: id, Sort: string(ticket.OfIncident), Subject: string(subject), At: now}
	row.Mark = t.mark(row)
	kind := openKind
	if there != nil {
		kind = linkKind
		row.Ref, row.Key, row.URL, row.State, row.Word, row.MadeAt, row.SeenAt = there.Ref, there.Key, there.URL, string(there.Is), there.Word, now, now
	}
	err := t.store.Write(ctx, store.People, func(tx *store.Tx) error {
		sub, err := tx.Lock(subject)
		if err != nil {
			return err
		}
		if sub.IsDrill() {
			return incident.Refuse("it is a drill: no ticket is made of it")
		}
		if had, err := tx.Ticket(id, row.Sort, row.Subject); err == nil && had.State != store.TicketUnlinked {
			return incident.Refuse("it has a ticket there already, or will soon: %s", had.Key)
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if there != nil {
			other, err := tx.TicketAt(id, there.Ref)
			if err == nil {
				return incident.Refuse("ticket %s belongs to another incident: %s", other.Key, other.Subject)
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		if err := tx.PutTicket(row); err != nil {
			return err
		}
		if err := tx.Follow(ticketFollower(id)); err != nil {
			return err
		}
		return tx.PutDelivery(t.delivery(id, subject, sub.Seq, kind, now))
	})
	if err != nil || there == nil {
		return err
	}
	return t.engine.TicketOpened(ctx, row, by, true, now)
}

// Retry has all that waits for a system tried now.
func (t *Tickets) Retry(ctx context.Context, id org.TicketSystemID, now time.Time) error {
	return t.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.WakeDeliveries(store.TicketHook(id), now); err != nil {
			return err
		}
		return tx.Calm(ticketFollower(id))
	})
}

// What is to be done for a ticket that is no line of its incident's log.
const (
	openKind = "ticket.open" // make it
	linkKind = "ticket.link" // say there that we follow it
	readKind = "ticket.read" // look how it stands
)

func (t *Tickets) delivery(id org.TicketSystemID, subject incident.ID, seq int, kind string, now time.Time) store.Delivery {
	return store.Delivery{
		ID:   t.ring.Hash("ticket work", fmt.Sprintf("%s/%s/%d/%s", id, subject, seq, kind))[:32],
		Hook: store.TicketHook(id), Subject: subject, Seq: seq, Kind: kind, At: now, WakeAt: now,
	}
}

// Heard takes what came to the door of a system. It is on disk when it returns. Whoever is
// no system, or has not its secret, gets channel.ErrSignature.
func (t *Tickets) Heard(ctx context.Context, id org.TicketSystemID, r tracker.Request, now time.Time) error {
	d, err := t.one(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !d.Usable() {
		return channel.ErrSignature
	}
	if err != nil {
		return err
	}
	all, err := d.Hear(r)
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := t.heard(ctx, d, h, now); err != nil {
			return err
		}
	}
	return nil
}

// heard has the ticket read that something was said of, or believes what was said.
func (t *Tickets) heard(ctx context.Context, d desk, h tracker.Heard, now time.Time) error {
	var row store.Ticket
	err := t.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		if row, err = tx.TicketAt(d.ID, h.Ref); err != nil || !d.Reads() {
			return err
		}
		return t.wantRead(tx, row, now)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // it is of something else
	}
	if err != nil || d.Reads() {
		return err
	}
	said, ours := t.sift(row, h.Said)
	_, err = t.engine.HearTicket(ctx, d.Compiled, row, engine.TicketNews{Word: h.Word, Is: h.Is, Said: said, Ours: ours}, now)
	return err
}

// wantRead has a ticket read behind what is still to be brought to it.
func (t *Tickets) wantRead(tx *store.Tx, row store.Ticket, now time.Time) error {
	seq := 0
	waiting, err := tx.WaitingDeliveries(store.TicketHook(row.System), row.Subject)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if seq = w.Seq; w.Kind == readKind && w.Tries == 0 {
			return nil // it will be
		}
	}
	if seq == 0 {
		sub, err := tx.Subject(incident.ID(row.Subject))
		if err != nil {
			return err
		}
		seq = sub.Seq
	}
	return tx.PutDelivery(t.delivery(row.System, incident.ID(row.Subject), seq, readKind, now))
}

// sift takes our own comments out of what was said.
func (t *Tickets) sift(row store.Ticket, said []ticket.Said) (others []ticket.Said, ours []string) {
	for _, s := range said {
		if seq, mac, ok := ticket.Signed(s.Text); ok && channel.Same(mac, t.mac(row, seq)) {
			if s.ID != "" {
				ours = append(ours, s.ID)
			}
			continue
		}
		others = append(others, s)
	}
	return others, ours
}

// mac is what only we can write below a comment.
func (t *Tickets) mac(row store.Ticket, seq int) string {
	return t.ring.Hash("ticket comment", fmt.Sprintf("%s/%s/%s/%d", row.System, row.Sort, row.Subject, seq))[:16]
}

package follow

import (
	"context"
	"encoding/json"
	"net/http"

	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

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

// MakeTracker makes the tracker of a system.
func MakeTracker(s org.TicketSystem, client *http.Client) (tracker.Tracker, error) {
	return tracker.Make(s.Kind, tracker.Setup{Settings: s.Settings, Secret: s.Secret, Client: client})
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

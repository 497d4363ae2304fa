package v1

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/follow"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// ticketRoutes are those of tickets beside what every kind of configuration has.
var ticketRoutes = []route{
	{"GET", "/ticket-kinds", org.ReadSetup, house, "tickets", "Which kinds of ticket system there are, and what each must be told", serve((*API).ticketKinds)},
	{"GET", "/ticket-states", org.ReadSetup, house, "tickets", "How the ticket systems do, and what waits for each", serve((*API).ticketStates)},
	{"POST", "/ticket-systems/{id}/rotate", org.Administer, house, "tickets", "Give its door a new secret, which is shown once", of("ticket-systems", (*kind).rotate)},
	{"POST", "/ticket-systems/{id}/test", org.Administer, house, "tickets", "Ask it who we are there, and hear what it says", serve((*API).testTickets)},
	{"POST", "/ticket-systems/{id}/retry", org.Administer, house, "tickets", "Try now what waits for it", serve((*API).retryTickets)},
	{"GET", "/ticket-systems/{id}/queue", org.Administer, house, "tickets", "List what was brought to it and what waits, newest first", serve((*API).ticketQueue)},
	{"GET", "/incidents/{id}/tickets", org.ReadIncidents, ofIncident, "tickets", "Which tickets it has, and which it could have", serve((*API).incidentTickets)},
	{"POST", "/incidents/{id}/tickets", org.Respond, ofIncident, "tickets", "Have a ticket made of it, or link one that is there", serve((*API).openTicket)},
	{"DELETE", "/incidents/{id}/tickets/{system}", org.Respond, ofIncident, "tickets", "Say that a ticket does not belong to it", serve((*API).unlinkTicket)},
	{"GET", "/incidents/{id}/actions/{action}/tickets", org.ReadIncidents, ofIncident, "tickets", "Which tickets an action has, and which it could have", serve((*API).actionTickets)},
	{"POST", "/incidents/{id}/actions/{action}/tickets", org.Respond, ofIncident, "tickets", "Have a ticket made of an action, or link one that is there", serve((*API).openActionTicket)},
	{"DELETE", "/incidents/{id}/actions/{action}/tickets/{system}", org.Respond, ofIncident, "tickets", "Say that a ticket does not belong to an action", serve((*API).unlinkActionTicket)},
}

// TicketOf is a ticket that others have of an incident or an action.
type TicketOf struct {
	System org.TicketSystemID `json:"system"`
	Name   string             `json:"name" doc:"Of the system"`
	Key    string             `json:"key,omitempty" doc:"Absent: it is not there yet"`
	URL    string             `json:"url,omitempty"`
	State  string             `json:"state,omitempty" enum:"open,done" doc:"As it stood when anybody looked last"`
	Word   string             `json:"word,omitempty" doc:"How the system calls that"`
}

func (s *setup) tickets(all []incident.Ticket) (out []TicketOf) {
	for _, t := range all {
		state := ticket.Open
		if t.Done {
			state = ticket.Done
		}
		out = append(out, TicketOf{t.System, s.names[thing{config.TicketSystem, string(t.System)}], t.Key, t.URL, string(state), t.Word})
	}
	return out
}

// keepsTickets says whether there is any ticket system.
func (s *setup) keepsTickets() bool {
	return slices.ContainsFunc(s.all, func(r store.ConfigRow) bool { return r.Kind == config.TicketSystem })
}

// ticketRows are the tickets of an action in a list, as they are kept.
func (s *setup) ticketRows(tx *store.Tx, matter string) (out []TicketOf, err error) {
	rows, err := tx.TicketsOf(ticket.MatterOf(matter).Sort(), matter)
	for _, row := range rows {
		if row.Ref != "" && row.State != store.TicketUnlinked {
			out = append(out, TicketOf{row.System, s.names[thing{config.TicketSystem, string(row.System)}], row.Key, row.URL, row.State, row.Word})
		}
	}
	return out, err
}

// TicketKind is a sort of ticket system that can be set up, and what it must be told.
type TicketKind struct {
	Kind     string        `json:"kind"`
	Title    string        `json:"title"`
	Proved   string        `json:"proved" doc:"Against what it was checked"`
	Door     string        `json:"door" doc:"How the vendor is told to speak to us"`
	Settings []KindSetting `json:"settings" nullable:"false"`
	Any      bool          `json:"any,omitempty" doc:"Takes settings of other names, too"`
}

func (a *API) ticketKinds(context.Context, *only) (*pageOf[TicketKind], error) {
	out := &pageOf[TicketKind]{Body: page[TicketKind]{Items: []TicketKind{}}}
	for _, k := range tracker.Kinds {
		v := TicketKind{Kind: k.Name, Title: k.Title, Proved: k.Proved, Door: k.Door, Any: k.Free, Settings: []KindSetting{}}
		if v.Proved == "" {
			v.Proved = tracker.Unproved
		}
		for _, s := range k.Settings {
			v.Settings = append(v.Settings, KindSetting(s))
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

// ticketSettings shows those of a ticket system that are no secrets, to admins.
func ticketSettings(fields map[string]any, r store.ConfigRow, admin bool) {
	delete(fields, "settings")
	var v org.TicketSystem
	if admin && json.Unmarshal(r.Body, &v) == nil {
		fields["settings"] = config.ShownTickets(v).Settings
	}
}

// keepTickets is a ticket system with the secrets that it had, or a new one for its door.
func (k *kind) keepTickets(is org.TicketSystem, was store.ConfigRow, key string) org.TicketSystem {
	var had org.TicketSystem
	is.Secret = key
	if json.Unmarshal(was.Body, &had) == nil {
		is = config.KeepTicketSecrets(is, had)
		if key == "" {
			is.Secret = had.Secret
		}
	}
	return is
}

// A TicketState is how a ticket system does.
type TicketState struct {
	ID      org.TicketSystemID `json:"id"`
	Name    string             `json:"name"`
	Kind    string             `json:"kind"`
	Door    string             `json:"door" doc:"Where it is to call us; its secret follows, after a slash"`
	Off     bool               `json:"off,omitempty"`
	Waiting int                `json:"waiting" doc:"Things that it is still to be told"`
	Oldest  *time.Time         `json:"oldest,omitempty" doc:"When the oldest of them happened"`
	Failing *time.Time         `json:"failing,omitempty" doc:"Since when nothing but trouble came of it"`
	Until   *time.Time         `json:"until,omitempty" doc:"It is left alone until then"`
	Error   string             `json:"error,omitempty" doc:"What it said last, when something waits"`
}

func (a *API) ticketStates(ctx context.Context, _ *only) (*pageOf[TicketState], error) {
	c := asking(ctx)
	out := &pageOf[TicketState]{Body: page[TicketState]{Items: []TicketState{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		queues, err := tx.TicketQueues()
		if err != nil {
			return err
		}
		followers, err := tx.Followers()
		if err != nil {
			return err
		}
		for _, r := range c.setup.all {
			if r.Kind != config.TicketSystem || r.Retired {
				continue
			}
			s, err := decoded[org.TicketSystem](r)
			if err != nil {
				return err
			}
			q := queues[s.ID]
			one := TicketState{ID: s.ID, Name: s.Name, Kind: s.Kind, Off: s.Disabled, Waiting: q.Waiting, Oldest: shown(q.Since), Door: a.engine.PublicURL() + tracker.DoorPath + string(s.ID)}
			if i := slices.IndexFunc(followers, func(f store.Follower) bool { return f.ID == string(store.TicketHook(s.ID)) }); i >= 0 {
				one.Failing = shown(followers[i].Failing)
				if followers[i].Quiet.After(a.now()) {
					one.Until = shown(followers[i].Quiet)
				}
			}
			if q.Waiting > 0 {
				next, err := tx.NextDeliveries(store.TicketHook(s.ID), 20)
				if err != nil {
					return err
				}
				for _, d := range next {
					if d.Err != "" {
						one.Error = d.Err
						break
					}
				}
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return nil
	})
}

// A TicketTest is what came of a test.
type TicketTest struct {
	OK    bool   `json:"ok"`
	Said  string `json:"said,omitempty" doc:"Who we are there"`
	Error string `json:"error,omitempty" doc:"The system's own words"`
	Took  int64  `json:"took_ms"`
}

// errNoTickets is a house that speaks to no ticket system.
var errNoTickets = incident.Refuse("no ticket system is spoken to from here")

// usable says whether there is such a system that is switched on.
func (a *API) usableTickets(c *caller, id string) error {
	r, ok := c.setup.rows[thing{config.TicketSystem, id}]
	switch {
	case !ok || r.Retired:
		return store.ErrNotFound
	case a.tickets == nil:
		return errNoTickets
	}
	return nil
}

func (a *API) testTickets(ctx context.Context, in *ThingID) (*struct{ Body TicketTest }, error) {
	if err := a.usableTickets(asking(ctx), in.ID); err != nil {
		return nil, err
	}
	began := a.now()
	said, err := a.tickets.Check(ctx, org.TicketSystemID(in.ID))
	out := &struct{ Body TicketTest }{TicketTest{OK: err == nil, Said: said, Took: a.now().Sub(began).Milliseconds()}}
	if err != nil {
		if _, ok := errors.AsType[*channel.Error](err); !ok {
			return nil, err
		}
		out.Body.Error = follow.TicketTrouble(err)
	}
	return out, nil
}

func (a *API) retryTickets(ctx context.Context, in *ThingID) (*struct{}, error) {
	if err := a.usableTickets(asking(ctx), in.ID); err != nil {
		return nil, err
	}
	return nil, a.tickets.Retry(ctx, org.TicketSystemID(in.ID), a.now())
}

func (a *API) ticketQueue(ctx context.Context, in *deliveriesOf) (*pageOf[Delivery], error) {
	if _, ok := asking(ctx).setup.rows[thing{config.TicketSystem, in.ID}]; !ok {
		return nil, store.ErrNotFound
	}
	return a.deliveriesOf(ctx, store.TicketHook(org.TicketSystemID(in.ID)), in)
}

// TicketsOf is which tickets an incident or an action has, and which it could have.
type TicketsOf struct {
	Tickets []TicketWork  `json:"tickets" nullable:"false"`
	Others  []TicketOffer `json:"others" nullable:"false" doc:"Systems in which it has none"`
}

// TicketWork is a ticket with what is still to be brought to it.
type TicketWork struct {
	TicketOf
	Rule    string     `json:"rule,omitempty" doc:"By which it was made"`
	SeenAt  *time.Time `json:"seen_at,omitempty" doc:"When it was looked at last"`
	Waiting int        `json:"waiting,omitempty" doc:"Things that it is still to be told"`
	Error   string     `json:"error,omitempty" doc:"Why they are not there yet"`
	Next    *time.Time `json:"next,omitempty" doc:"When that is tried again"`
}

// TicketOffer is a system in which something could have a ticket.
type TicketOffer struct {
	System org.TicketSystemID `json:"system"`
	Name   string             `json:"name"`
	Title  string             `json:"title" doc:"Of its kind"`
}

func (a *API) incidentTickets(ctx context.Context, in *IncidentID) (*struct{ Body TicketsOf }, error) {
	return a.ticketsOf(ctx, ticket.Matter{Incident: in.ID})
}

func (a *API) actionTickets(ctx context.Context, in *ActionPath) (*struct{ Body TicketsOf }, error) {
	return a.ticketsOf(ctx, in.matter())
}

func (in *ActionPath) matter() ticket.Matter {
	return ticket.Matter{Incident: in.ID, Action: in.Action}
}

// there says that something is there of which there could be a ticket.
func there(tx *store.Tx, m ticket.Matter) error {
	sub, err := tx.Subject(m.Incident)
	if err == nil && m.Action > 0 {
		if _, ok := sub.Incident.Action(m.Action); !ok {
			err = store.ErrNotFound
		}
	}
	return err
}

func (a *API) ticketsOf(ctx context.Context, m ticket.Matter) (*struct{ Body TicketsOf }, error) {
	c := asking(ctx)
	out := &struct{ Body TicketsOf }{TicketsOf{Tickets: []TicketWork{}, Others: []TicketOffer{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		if err := there(tx, m); err != nil {
			return err
		}
		rows, err := tx.TicketsOf(m.Sort(), m.String())
		if err != nil {
			return err
		}
		has := map[org.TicketSystemID]bool{}
		for _, row := range rows {
			if row.State == store.TicketUnlinked {
				continue
			}
			has[row.System] = true
			one := TicketWork{TicketOf: TicketOf{row.System, c.setup.names[thing{config.TicketSystem, string(row.System)}], row.Key, row.URL, row.State, row.Word}, Rule: row.Rule, SeenAt: shown(row.SeenAt)}
			waiting, err := tx.WaitingDeliveries(store.TicketHook(row.System), m.String())
			if err != nil {
				return err
			}
			if one.Waiting = len(waiting); one.Waiting > 0 {
				one.Error = waiting[0].Err
				if one.Error != "" {
					one.Next = shown(waiting[0].WakeAt)
				}
			}
			out.Body.Tickets = append(out.Body.Tickets, one)
		}
		for _, r := range c.setup.all {
			if r.Kind != config.TicketSystem || r.Retired || has[org.TicketSystemID(r.ID)] {
				continue
			}
			s, err := decoded[org.TicketSystem](r)
			if err != nil {
				return err
			}
			if k, _ := tracker.KindNamed(s.Kind); s.Usable() {
				out.Body.Others = append(out.Body.Others, TicketOffer{s.ID, s.Name, k.Title})
			}
		}
		return nil
	})
}

type (
	// TicketWish is a ticket as somebody wants it.
	TicketWish struct {
		System org.TicketSystemID `json:"system" minLength:"1" maxLength:"64"`
		Key    string             `json:"key,omitempty" maxLength:"200" doc:"Of one that is there; without it one is made"`
	}
	openingTicket struct {
		IncidentID
		Body TicketWish
	}
	openingActionTicket struct {
		ActionPath
		Body TicketWish
	}
	// TicketIn is the path of a ticket behind what it is of.
	TicketIn struct {
		System org.TicketSystemID `path:"system" maxLength:"64"`
		Why    string             `query:"why" maxLength:"2000"`
	}
	ticketPath struct {
		IncidentID
		TicketIn
	}
	actionTicketPath struct {
		ActionPath
		TicketIn
	}
)

func (a *API) openTicket(ctx context.Context, in *openingTicket) (*said, error) {
	return a.wantTicket(ctx, ticket.Matter{Incident: in.ID}, in.Body)
}

func (a *API) openActionTicket(ctx context.Context, in *openingActionTicket) (*said, error) {
	return a.wantTicket(ctx, in.matter(), in.Body)
}

// wantTicket has a ticket made, or links one: that is looked at first.
func (a *API) wantTicket(ctx context.Context, m ticket.Matter, wish TicketWish) (*said, error) {
	c := asking(ctx)
	if err := a.store.Read(ctx, func(tx *store.Tx) error { return there(tx, m) }); err != nil {
		return nil, err
	}
	r, ok := c.setup.rows[thing{config.TicketSystem, string(wish.System)}]
	if !ok || r.Retired {
		return nil, wrong("body.system", "there is no such ticket system")
	}
	s, err := decoded[org.TicketSystem](r)
	switch {
	case err != nil:
		return nil, err
	case a.tickets == nil:
		return nil, errNoTickets
	case !s.Usable():
		return nil, incident.Refuse("the ticket system %s is switched off", wish.System)
	}
	var found *tracker.Ticket
	if key := strings.TrimSpace(wish.Key); key != "" {
		got, err := a.tickets.Read(ctx, wish.System, refOf(s.Kind, key))
		if channel.IsError(err) {
			return nil, wrong("body.key", follow.TicketTrouble(err))
		}
		if err != nil {
			return nil, err
		}
		found = &got
	}
	if err := a.tickets.Want(ctx, wish.System, m, c.Actor(), found, a.now()); err != nil {
		return nil, err
	}
	if found != nil {
		return a.saying(ctx, m.Incident, "Ticket "+found.Key+" belongs to it.")
	}
	return a.saying(ctx, m.Incident, "A ticket is made of it.")
}

// refOf is what a system is asked for by what people call a ticket: the number behind the
// last # of "acme/shop#12".
func refOf(kind, key string) string {
	if kind == "github" || kind == "gitlab" || kind == "zendesk" {
		key = key[strings.LastIndexAny(key, "#/")+1:]
	}
	return key
}

func (a *API) unlinkTicket(ctx context.Context, in *ticketPath) (*said, error) {
	return a.unlink(ctx, ticket.Matter{Incident: in.ID}, in.TicketIn)
}

func (a *API) unlinkActionTicket(ctx context.Context, in *actionTicketPath) (*said, error) {
	return a.unlink(ctx, in.matter(), in.TicketIn)
}

func (a *API) unlink(ctx context.Context, m ticket.Matter, t TicketIn) (*said, error) {
	if err := a.engine.Unlink(ctx, m, t.System, asking(ctx).Actor(), t.Why, a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, m.Incident, "It does not belong to it any longer.")
}

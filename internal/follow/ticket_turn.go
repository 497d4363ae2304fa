package follow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// How long something waits that could not be done, by how often it was tried, and how long
// the whole system is left alone when it is its fault. Both double.
const (
	ticketAgain  = 15 * time.Second
	ticketMost   = 15 * time.Minute
	ticketMend   = time.Hour        // a ticket that is refused waits for somebody to mend the set-up
	ticketUnsure = 30 * time.Second // an index may be behind with what was just made
)

// A ticketTurn is an errand for one ticket system.
type ticketTurn struct {
	errand
	t    *Tickets
	d    desk
	made map[ticket.Matter]bool // tickets that are wanted since this turn began
}

// turn does what there is to do for a system, unless somebody else does.
func (t *Tickets) turn(ctx context.Context, d desk, now time.Time) error {
	x := &ticketTurn{t: t, d: d, made: map[ticket.Matter]bool{}, errand: errand{
		store: t.store, id: ticketFollower(d.ID), hook: store.TicketHook(d.ID), lease: ticketLease, most: ticketTime, now: now, began: time.Now(), still: t.still,
		then: func(context.Context) error { return nil }, over: func() bool { return false },
	}}
	x.want, x.put, x.do = x.wanted, x.write, x.one
	if err := x.look(ctx); err != nil {
		return err
	}
	return x.run(ctx)
}

// look has tickets read of which nobody spoke for long.
func (x *ticketTurn) look(ctx context.Context) error {
	var unseen []store.Ticket
	err := x.store.Read(ctx, func(tx *store.Tx) (err error) {
		unseen, err = x.t.unseen(tx, x.d, x.now, ticketPolls)
		return err
	})
	if err != nil || len(unseen) == 0 {
		return err
	}
	return x.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		for _, row := range unseen {
			if err := x.t.wantRead(tx, row, x.now); err != nil {
				return err
			}
		}
		return nil
	})
}

// wanted is what a row of the feed means for the system's tickets: some are to be made, or
// those that are there are told.
func (x *ticketTurn) wanted(tx *store.Tx, r store.FeedRow) (out []store.Delivery, err error) {
	id := incident.ID(r.Subject)
	sub, err := tx.Subject(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := tx.LogFrom(id, r.First, r.Seq)
	if err != nil {
		return nil, err
	}
	for _, m := range x.matters(sub.Incident, lines) {
		row, err := tx.Ticket(x.d.ID, m.Sort(), m.String())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if there := err == nil || x.made[m]; !there {
			if _, ok := x.d.Wants(sub.Incident, m.Action, x.d.services[sub.Service].Sensitive); ok {
				x.made[m] = true
				d := x.t.delivery(x.d.ID, m, r.Seq, openKind, x.now)
				d.At = r.At
				out = append(out, d)
			}
			continue
		}
		if row.State == store.TicketUnlinked {
			continue
		}
		for _, l := range lines {
			if x.d.Tells(l.Fact, m.Action) && !ticket.Echo(l, x.d.ID) || x.d.State.Out() && ticket.Turns(l.Fact, m.Action) {
				d := x.t.delivery(x.d.ID, m, l.Seq, l.Fact.Kind(), x.now)
				d.At = l.At
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// matters are what some lines of an incident may mean a ticket for: itself, the actions that
// they are about, and those that could get one by a rule.
func (x *ticketTurn) matters(in incident.Incident, lines incident.Log) []ticket.Matter {
	all := []ticket.Matter{{Incident: in.ID}}
	if in.Review == nil {
		return all
	}
	about := map[int]bool{}
	for _, l := range lines {
		about[ticket.ActionOf(l.Fact)] = true
	}
	for _, a := range in.Review.Actions {
		if about[a.ID] || a.State == incident.ToDo && x.d.WantsActions() {
			all = append(all, ticket.Matter{Incident: in.ID, Action: a.ID})
		}
	}
	return all
}

// write puts what is owed down, with the ticket that is wanted from here on.
func (x *ticketTurn) write(tx *store.Tx, d store.Delivery) error {
	if d.Kind == openKind {
		m := ticket.MatterOf(string(d.Subject))
		sub, err := tx.Subject(m.Incident)
		if err != nil {
			return err
		}
		row := x.t.row(x.d.ID, m, x.now)
		if row.Rule, _ = x.d.Wants(sub.Incident, m.Action, x.d.services[sub.Service].Sensitive); row.Rule == "" {
			row.Rule = "a rule"
		}
		if _, err := tx.Ticket(row.System, row.Sort, row.Subject); err == nil {
			return nil // somebody was quicker
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := tx.PutTicket(row); err != nil {
			return err
		}
	}
	return tx.PutDelivery(d)
}

// one does one thing and writes down what came of it. That it begins is written down first:
// whoever finds it begun looks whether it was done.
func (x *ticketTurn) one(ctx context.Context, d store.Delivery) error {
	again := d.Tries > 0
	began := x.at()
	d.Tries, d.TriedAt = d.Tries+1, began
	if err := x.held(ctx, func(tx *store.Tx, _ store.Follower) error { return tx.SaveDelivery(d) }); err != nil {
		return err
	}
	trouble := x.perform(ctx, d, again)
	if errors.Is(trouble, errLost) {
		return trouble
	}
	now := x.at()
	d.Took = now.Sub(began)
	return x.settle(ctx, d, trouble, now)
}

// settle writes down what came of a try.
func (x *ticketTurn) settle(ctx context.Context, d store.Delivery, trouble error, now time.Time) error {
	d.Err, d.State, d.WakeAt = "", store.DeliveryDone, time.Time{}
	wait, system := time.Duration(0), false
	if trouble != nil {
		d.Err = channel.OneLine(TicketTrouble(trouble), 400)
		wait = min(ticketAgain<<min(d.Tries-1, 10), ticketMost)
		switch o := channel.Classify(trouble); {
		case !channel.IsError(trouble): // ours
			x.t.log.Error("a ticket could not be brought up to date and is done again", "system", x.d.ID, "subject", d.Subject, "line", d.Seq, "error", trouble)
		case o == channel.Permanent && d.Kind == openKind:
			wait = min(wait*4, ticketMend)
		case o == channel.Permanent:
			d.State = store.DeliveryDropped
		case o == channel.Unknown:
			wait, system = max(wait, ticketUnsure), true
		default:
			wait, system = max(wait, channel.RetryAfter(trouble)), true
		}
	}
	if trouble != nil && d.State == store.DeliveryDone {
		d.State, d.WakeAt = store.DeliveryWaiting, now.Add(wait)
	}
	return x.held(ctx, func(tx *store.Tx, f store.Follower) error {
		if err := tx.SaveDelivery(d); err != nil {
			return err
		}
		if !system {
			if f.Failures == 0 || trouble != nil {
				return nil
			}
			f.Failing, f.Failures = time.Time{}, 0
			return tx.SaveFollower(f)
		}
		if f.Failures++; f.Failing.IsZero() {
			f.Failing = now
		}
		rest := max(min(ticketAgain<<min(f.Failures-1, 10), ticketMost), channel.RetryAfter(trouble))
		if until := now.Add(rest); until.After(f.Quiet) {
			f.Quiet = until
		}
		x.quiet.Store(true)
		return tx.SaveFollower(f)
	})
}

// TicketTrouble is what a system said, without our name for what it means.
func TicketTrouble(err error) string {
	e, ok := errors.AsType[*channel.Error](err)
	if !ok {
		return err.Error()
	}
	return strings.Replace(err.Error(), e.Error(), e.Err.Error(), 1)
}

// A matter is what a ticket is of as the system is told of it, with the line that is to be
// told.
type matter struct {
	ticket.Matter
	row   store.Ticket
	in    incident.Incident // after the line
	entry incident.Entry
	now   incident.Incident // as it is now
}

// perform does what a delivery asks for. again says that it was begun before.
func (x *ticketTurn) perform(ctx context.Context, d store.Delivery, again bool) error {
	m, err := x.read(ctx, d)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, errGone):
		return nil // it was unlinked, or never was
	case err != nil:
		return err
	case m.row.State == store.TicketUnlinked:
		return nil
	}
	if m.row.Ref == "" {
		if err := x.open(ctx, &m); err != nil {
			return err
		}
	}
	switch d.Kind {
	case openKind:
		return nil
	case linkKind:
		if x.d.Compiled.Comments.Out() {
			return x.remark(ctx, m, again, fmt.Sprintf("Tocsin follows this for %s\n%s", x.title(m.in, m.Action), x.url(m)))
		}
		return nil
	case readKind:
		err = x.hear(ctx, m)
	default:
		err = x.tell(ctx, m, again)
	}
	if errors.Is(err, tracker.ErrGone) {
		return x.t.engine.Unlink(ctx, m.Matter, x.d.ID, incident.ByTicket(x.d.ID), "it is not there any longer", x.at())
	}
	return err
}

func (x *ticketTurn) read(ctx context.Context, d store.Delivery) (m matter, err error) {
	m.Matter = ticket.MatterOf(string(d.Subject))
	err = x.store.Read(ctx, func(tx *store.Tx) error {
		if m.row, err = tx.Ticket(x.d.ID, m.Sort(), m.String()); err != nil {
			return err
		}
		log, err := tx.Log(m.Incident)
		if err != nil {
			return err
		}
		if d.Seq > len(log) || d.Seq < 1 {
			return errGone
		}
		m.entry, m.in, m.now = log[d.Seq-1], incident.Fold(log[:d.Seq]), incident.Fold(log)
		m.in.ID, m.now.ID = m.Incident, m.Incident
		return nil
	})
	return m, err
}

// open makes the ticket, unless it is there: the last time may have ended in between.
func (x *ticketTurn) open(ctx context.Context, m *matter) error {
	found, ok, err := x.d.Find(ctx, m.row.Mark, m.row.At.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	if !ok {
		m.now.Title = x.title(m.now, 0)
		owner := m.now.Owner
		if m.Action > 0 {
			a, _ := m.now.Action(m.Action)
			owner = a.Owner
		}
		values := ticket.ValuesOf(m.now, m.Action, x.service(m.now.Service), x.name(incident.ByPerson(owner)), x.url(*m))
		if m.Action > 0 {
			values.Action = x.title(m.now, m.Action)
		}
		draft, err := x.d.Draft(m.row.Rule, m.now, m.Action, values, m.row.Mark)
		if err != nil {
			return &channel.Error{Outcome: channel.Permanent, Err: err}
		}
		draft.Foot = ticket.Sign(m.entry.Seq, x.t.mac(m.row, m.entry.Seq), false)
		if found, err = x.d.Create(ctx, draft); err != nil {
			return err
		}
		if found.Ref == "" {
			return &channel.Error{Outcome: channel.Unknown, Err: errors.New("it did not say which ticket it made")}
		}
	}
	if err := x.t.hit("after a ticket is made"); err != nil {
		return err
	}
	now := x.at()
	m.row.Ref, m.row.Key, m.row.URL, m.row.State, m.row.Word, m.row.MadeAt, m.row.SeenAt = found.Ref, found.Key, found.URL, string(found.Is), found.Word, now, now
	err = x.held(ctx, func(tx *store.Tx, _ store.Follower) error { return tx.PutTicket(m.row) })
	if err != nil {
		return err
	}
	x.t.log.Info("a ticket was opened", "system", x.d.ID, "subject", m.row.Subject, "key", m.row.Key)
	return x.t.engine.TicketOpened(ctx, m.row, incident.Engine, false, now)
}

// tell brings a line of the log to the ticket: what it says, and what it means for its state.
func (x *ticketTurn) tell(ctx context.Context, m matter, again bool) error {
	name := x.name(m.entry.By)
	if text := x.d.Says(m.entry, m.Action, name); text != "" && !x.d.services[m.in.Service].Secure {
		if err := x.remark(ctx, m, again, text); err != nil {
			return err
		}
	}
	if !x.d.State.Out() || !ticket.Turns(m.entry.Fact, m.Action) {
		return nil
	}
	to := ticket.StateOf(m.in, m.Action)
	if ticket.Echo(m.entry, x.d.ID) && m.row.State == string(to) {
		return nil // it knows; unless we brought it elsewhere meanwhile
	}
	why := name + ": " + m.entry.Fact.String()
	if x.d.services[m.in.Service].Secure {
		why = engine.Secure
	}
	got, err := x.d.Move(ctx, m.row.Ref, to, why)
	if err != nil {
		return err
	}
	m.row.State, m.row.Word, m.row.SeenAt = string(to), got.Word, x.at()
	err = x.held(ctx, func(tx *store.Tx, _ store.Follower) error { return tx.PutTicket(m.row) })
	if err != nil {
		return err
	}
	return x.t.engine.TicketMoved(ctx, m.Incident, incident.TicketMoved{System: x.d.ID, Key: m.row.Key, Word: got.Word, Done: to == ticket.Done, Action: m.Action}, x.at())
}

// remark writes a comment, unless it is there already.
func (x *ticketTurn) remark(ctx context.Context, m matter, again bool, text string) error {
	mac := x.t.mac(m.row, m.entry.Seq)
	if again && x.d.Reads() {
		there, err := x.d.Comments(ctx, m.row.Ref, m.row.MadeAt.Add(-time.Minute))
		if err != nil {
			return err
		}
		for _, one := range there {
			if seq, got, ok := ticket.Signed(one.Text); ok && seq == m.entry.Seq && channel.Same(got, mac) {
				return x.knows(ctx, m, one.ID)
			}
		}
	}
	id, err := x.d.Comment(ctx, m.row.Ref, text+"\n\n"+ticket.Sign(m.entry.Seq, mac, x.d.Hidden()))
	if err != nil {
		return err
	}
	return x.knows(ctx, m, id)
}

func (x *ticketTurn) knows(ctx context.Context, m matter, id string) error {
	if id == "" {
		return nil
	}
	return x.held(ctx, func(tx *store.Tx, _ store.Follower) error {
		return tx.KnowComment(x.d.ID, m.row.Ref, id, true, x.at())
	})
}

// hear reads the ticket, and takes in what is new there.
func (x *ticketTurn) hear(ctx context.Context, m matter) error {
	got, err := x.d.Read(ctx, m.row.Ref)
	if err != nil {
		return err
	}
	n := engine.TicketNews{Word: got.Word, Is: got.Is}
	if x.d.Compiled.Comments.In() {
		said, err := x.d.Tracker.Comments(ctx, m.row.Ref, m.row.MadeAt.Add(-time.Minute))
		if err != nil {
			return err
		}
		n.Said, n.Ours = x.t.sift(m.row, said)
	}
	_, err = x.t.engine.HearTicket(ctx, x.d.Compiled, m.row, n, x.at())
	return err
}

// title is what an incident, or an action of it, may be called outside.
func (x *ticketTurn) title(in incident.Incident, action int) string {
	if x.d.services[in.Service].Secure {
		return engine.Secure
	}
	if a, ok := in.Action(action); ok {
		return a.Title
	}
	return in.Title
}

// url is where people here see what a ticket is of.
func (x *ticketTurn) url(m matter) string {
	url := x.t.engine.RoomURL(m.now)
	if m.Action > 0 {
		url += "/review"
	}
	return url
}

// name is who did something, as people call them.
func (x *ticketTurn) name(by incident.Actor) string {
	switch p := by.Person(); {
	case p != "" && x.d.names[p] != "":
		return x.d.names[p]
	case by == incident.Engine:
		return "Tocsin"
	}
	return by.Name()
}

func (x *ticketTurn) service(id org.ServiceID) string {
	if name := x.d.services[id].Name; name != "" {
		return name
	}
	return string(id)
}

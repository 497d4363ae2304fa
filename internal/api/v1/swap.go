package v1

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// What the routes of swaps take and give.
type (
	swapping struct {
		ID string `path:"id" maxLength:"64"`
		OverrideZone
		Body struct {
			Owner org.PersonID   `json:"owner,omitempty" maxLength:"64" doc:"Whose stretch; yourself when it is left out. For somebody else only a manager asks"`
			Role  string         `json:"role,omitempty" maxLength:"64" doc:"primary, when it is left out"`
			From  oncall.Moment  `json:"from" doc:"The whole of a shift, or a part of it"`
			Until oncall.Moment  `json:"until"`
			To    []org.PersonID `json:"to,omitempty" maxItems:"100" doc:"Who is asked; nobody is the whole team"`
			Give  *Given         `json:"give,omitempty" doc:"What whoever takes it gives for it"`
			Note  string         `json:"note,omitempty" maxLength:"1000"`
		}
	}
	Given struct {
		From  oncall.Moment `json:"from"`
		Until oncall.Moment `json:"until"`
	}
	SwapID struct {
		ID   string `path:"id" maxLength:"64"`
		Swap string `path:"swap" maxLength:"64"`
	}
	answering struct {
		SwapID
		Body struct {
			Person org.PersonID `json:"person,omitempty" maxLength:"64" doc:"Who takes or declines; yourself when it is left out. For somebody else only a manager answers"`
		}
	}
	listingSwaps struct {
		ID   string `path:"id" maxLength:"64"`
		Open bool   `query:"open" doc:"Only those that wait for somebody"`
	}
)

// forOther says who is meant: the caller, or somebody else for whom a manager of the team
// may speak.
func (c *caller) forOther(p org.PersonID, team org.TeamID) (org.PersonID, error) {
	me := c.self()
	if p == "" {
		p = me
	}
	if p == "" {
		return "", wrong("body", "an API key is nobody: say who is meant")
	}
	if p != me && !c.May(org.Configure, team) {
		return "", denial{"to speak for " + string(p) + " is for a manager of the team"}
	}
	if _, known := c.setup.personOf(p); !known {
		return "", wrong("body", fmt.Sprintf("there is no person %q", p))
	}
	return p, nil
}

func (a *API) listSwaps(ctx context.Context, in *listingSwaps) (*pageOf[oncall.Swap], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	out := &pageOf[oncall.Swap]{Body: page[oncall.Swap]{Items: []oncall.Swap{}}}
	now := a.now()
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.SwapsOf(org.ScheduleID(in.ID), now.AddDate(0, 0, -60))
		for _, x := range all {
			x.State = x.Lapse(s.register(), c, now)
			if !in.Open || x.State == oncall.SwapOpen {
				out.Body.Items = append(out.Body.Items, x)
			}
		}
		return err
	})
}

// askSwap asks the team, or some of it, to take a stretch.
func (a *API) askSwap(ctx context.Context, in *swapping) (*pageless[oncall.Swap], error) {
	c := asking(ctx)
	schedule, err := c.setup.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	owner, err := c.forOther(in.Body.Owner, schedule.Schedule.Team)
	if err != nil {
		return nil, err
	}
	now := a.now()
	x := oncall.Swap{
		ID: a.engine.NewID(now), Schedule: org.ScheduleID(in.ID), Owner: owner, Role: in.Body.Role,
		To: in.Body.To, Note: in.Body.Note, State: oncall.SwapOpen, By: string(c.Actor()), At: now,
	}
	if err := in.when(&x, cmp.Or(schedule.Schedule.TZ, schedule.Schedule.Zone)); err != nil {
		return nil, err
	}
	switch {
	case !x.Until.After(x.From) || x.Until.Sub(x.From) > longestShow:
		return nil, wrong("body.until", "must be after from, by at most 366 days")
	case x.Give != nil && !x.Give.Until.After(x.Give.From):
		return nil, wrong("body.give.until", "must be after from")
	case !x.Begins().After(now):
		return nil, wrong("body.from", "has begun: take the shift over with an override instead")
	case slices.Contains(x.To, owner):
		return nil, wrong("body.to", "nobody swaps with themselves")
	case !oncall.Stands(c.setup.register().Render(schedule, x.From, x.Until), owner, x.Role):
		return nil, wrong("body.from", fmt.Sprintf("%s is not on call there all the time", owner))
	}
	for _, p := range x.To {
		if _, known := c.setup.personOf(p); !known {
			return nil, wrong("body.to", fmt.Sprintf("there is no person %q", p))
		}
	}
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.PutSwap(x); err != nil {
			return err
		}
		if err := a.engine.TellSwap(tx, x, now); err != nil {
			return err
		}
		return tx.Arm(store.Due{Kind: store.ShiftKind, Subject: in.ID, Lane: store.LaneHigh, At: now})
	})
	a.engine.Poke()
	return &pageless[oncall.Swap]{Body: x}, err
}

// when reads the stretches that a swap is about.
func (in *swapping) when(x *oncall.Swap, home string) (err error) {
	if x.From, err = in.time("body.from", in.Body.From, home); err != nil {
		return err
	}
	if x.Until, err = in.time("body.until", in.Body.Until, home); err != nil || in.Body.Give == nil {
		return err
	}
	x.Give = &oncall.Stretch{}
	if x.Give.From, err = in.time("body.give.from", in.Body.Give.From, home); err != nil {
		return err
	}
	x.Give.Until, err = in.time("body.give.until", in.Body.Give.Until, home)
	return err
}

// acceptSwap gives the stretch to the first who accepts it: it becomes an override at
// once.
func (a *API) acceptSwap(ctx context.Context, in *answering) (*pageless[oncall.Swap], error) {
	return a.decideSwap(ctx, in, func(tx *store.Tx, x *oncall.Swap, c *oncall.Compiled, who org.PersonID) error {
		r := asking(ctx).setup.register()
		switch {
		case who == x.Owner:
			return incident.Refuse("it is your own shift")
		case len(x.To) > 0 && !slices.Contains(x.To, who):
			return incident.Refuse("%s was not asked", who)
		case x.Give != nil && !oncall.Stands(r.Render(c, x.Give.From, x.Give.Until), who, x.Role):
			return incident.Refuse("%s is not on call in the stretch that would be given for it", who)
		}
		for _, s := range r.Render(c, x.From, x.Until) {
			for role, people := range s.Roles {
				if role != oncall.Shadow && slices.Contains(people, who) {
					return incident.Refuse("%s is on call there already, as %s", who, role)
				}
			}
		}
		patches := x.Overrides(who)
		_, err := a.overridesIn(ctx, tx, string(x.Schedule), Match{}, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
			return append(all, numberedAnew(all, patches)...), -1, nil
		})
		for _, p := range patches {
			x.Patches = append(x.Patches, p.ID)
		}
		x.State, x.Taker = oncall.SwapTaken, who
		return err
	})
}

// declineSwap says no; when everybody who was named has, the swap is over.
func (a *API) declineSwap(ctx context.Context, in *answering) (*pageless[oncall.Swap], error) {
	return a.decideSwap(ctx, in, func(_ *store.Tx, x *oncall.Swap, _ *oncall.Compiled, who org.PersonID) error {
		if len(x.To) > 0 && !slices.Contains(x.To, who) {
			return incident.Refuse("%s was not asked", who)
		}
		if !slices.Contains(x.Declined, who) {
			x.Declined = append(x.Declined, who)
		}
		if len(x.To) > 0 && !slices.ContainsFunc(x.To, func(p org.PersonID) bool { return !slices.Contains(x.Declined, p) }) {
			x.State = oncall.SwapDeclined
		}
		return nil
	})
}

// cancelSwap takes the wish back.
func (a *API) cancelSwap(ctx context.Context, in *answering) (*pageless[oncall.Swap], error) {
	return a.decideSwap(ctx, in, func(_ *store.Tx, x *oncall.Swap, c *oncall.Compiled, who org.PersonID) error {
		if who != x.Owner && !asking(ctx).May(org.Configure, c.Schedule.Team) {
			return incident.Refuse("only %s, or a manager of the team, takes it back", x.Owner)
		}
		x.State = oncall.SwapCancelled
		return nil
	})
}

// decideSwap changes a swap that is still open, in one transaction with all that follows.
func (a *API) decideSwap(ctx context.Context, in *answering, decide func(*store.Tx, *oncall.Swap, *oncall.Compiled, org.PersonID) error) (*pageless[oncall.Swap], error) {
	caller := asking(ctx)
	out := &pageless[oncall.Swap]{}
	now := a.now()
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		s, err := a.freeze(tx) // the schedule stays as it is until the end
		if err != nil {
			return err
		}
		x, err := tx.Swap(in.Swap)
		if err != nil {
			return err
		}
		c, err := s.schedule(in.ID)
		if err != nil {
			return err
		}
		if string(x.Schedule) != in.ID {
			return store.ErrNotFound
		}
		who, err := caller.forOther(in.Body.Person, c.Schedule.Team)
		if err != nil {
			return err
		}
		if state := x.Lapse(s.register(), c, now); state != oncall.SwapOpen {
			text := map[oncall.SwapState]string{
				oncall.SwapTaken: "%s took it already", oncall.SwapPastDue: "its time has come, and nobody took it", oncall.SwapStale: "the schedule changed: it is void",
				oncall.SwapCancelled: "it was taken back", oncall.SwapDeclined: "everybody who was asked has declined",
			}[state]
			if state == oncall.SwapTaken {
				text = fmt.Sprintf(text, s.person(x.Taker))
			}
			return incident.Refuse("%s", text)
		}
		if err := decide(tx, &x, c, who); err != nil {
			return err
		}
		if x.State != oncall.SwapOpen {
			x.Decided = now
			if err := a.engine.TellSwap(tx, x, now); err != nil {
				return err
			}
		}
		out.Body = x
		return tx.PutSwap(x)
	})
	if err == nil {
		a.engine.Poke()
	}
	return out, err
}

type taking struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Person org.PersonID `json:"person,omitempty" maxLength:"64" doc:"Who takes it; yourself when it is left out. For somebody else only a manager decides"`
		Role   string       `json:"role,omitempty" maxLength:"64" doc:"primary, when it is left out"`
		Until  *time.Time   `json:"until,omitempty" doc:"The end of the shift that is running, when it is left out"`
	}
}

// takeShift puts somebody on call now, in the place of whoever is.
func (a *API) takeShift(ctx context.Context, in *taking) (*override, error) {
	c := asking(ctx)
	schedule, err := c.setup.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	who, err := c.forOther(in.Body.Person, schedule.Schedule.Team)
	if err != nil {
		return nil, err
	}
	now := a.now().Truncate(time.Second)
	role := in.Body.Role
	if role == "" {
		role = oncall.Primary
	}
	shift := schedule.At(now)
	until := shift.Until
	if in.Body.Until != nil {
		until = in.Body.Until.UTC()
	}
	if until.IsZero() || until.Sub(now) > 31*24*time.Hour {
		return nil, wrong("body.until", "say until when, at most 31 days from now")
	}
	if !until.After(now) {
		return nil, wrong("body.until", "is past")
	}
	p := oncall.Patch{ID: "take-" + a.engine.NewID(a.now()), Op: "set", Users: oncall.Names{who}, Start: oncall.Instant(now), End: oncall.Instant(until)}
	for _, l := range schedule.Schedule.Layers {
		if l.Role == role || l.Role == "" && role == oncall.Primary {
			p.Scope = append(p.Scope, l.ID)
		}
	}
	if len(p.Scope) == 0 {
		return nil, wrong("body.role", "no layer has the role "+role)
	}
	version, err := a.overrides(ctx, in.ID, Match{}, func(all []oncall.Patch) ([]oncall.Patch, int, error) {
		p = numberedAnew(all, []oncall.Patch{p})[0]
		return append(all, p), len(all), nil
	})
	return &override{ETag: tag(version), Location: Prefix + "/schedules/" + in.ID + "/overrides/" + p.ID, Body: p}, err
}

type leaving struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000"`
	}
}

// A ShiftNote is what somebody leaves to the next shift.
type ShiftNote struct {
	At   time.Time    `json:"at"`
	By   org.PersonID `json:"by"`
	Text string       `json:"text"`
}

// leaveNote leaves a note to the next shift: it is told with the change of hands.
func (a *API) leaveNote(ctx context.Context, in *leaving) (*pageless[ShiftNote], error) {
	c := asking(ctx)
	if _, err := c.setup.schedule(in.ID); err != nil {
		return nil, err
	}
	now := a.now()
	n := store.ShiftNote{ID: a.engine.NewID(now), Schedule: org.ScheduleID(in.ID), At: now, By: c.self(), Text: in.Body.Text}
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.AddShiftNote(n) })
	return &pageless[ShiftNote]{Body: ShiftNote{n.At, n.By, n.Text}}, err
}

func (a *API) listNotes(ctx context.Context, in *Stretch) (*pageOf[ShiftNote], error) {
	if _, err := asking(ctx).setup.schedule(in.ID); err != nil {
		return nil, err
	}
	now := a.now()
	if in.From.IsZero() {
		in.From = now.AddDate(0, 0, -14)
	}
	if in.To.IsZero() {
		in.To = in.From.Add(longestShow)
	}
	from, to, err := in.bounds(now)
	if err != nil {
		return nil, err
	}
	out := &pageOf[ShiftNote]{Body: page[ShiftNote]{Items: []ShiftNote{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.ShiftNotes(org.ScheduleID(in.ID), from, to)
		for _, n := range all {
			out.Body.Items = append(out.Body.Items, ShiftNote{n.At, n.By, n.Text})
		}
		return err
	})
}

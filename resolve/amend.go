package resolve

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// An Amendment is what of a change is to be otherwise; nil is as it was.
type Amendment struct {
	Title     *string
	Class     *org.ChangeClass
	Risk      *string
	Plan      *string
	BackOut   *string
	Services  []org.ServiceID
	Starts    *time.Time
	Ends      *time.Time
	Owner     *org.PersonID
	Approvers *[]org.Target

	Version int // which version of the change was read before; 0: whichever
}

// Current refuses what somebody says of a change that is another by now than the version
// that they read; 0 is whichever it is.
func Current(in incident.Incident, version int) error {
	if in.Change == nil || version == 0 || version == in.Change.Version() {
		return nil
	}
	return incident.Refuse("it was changed meanwhile, and is version %d now: read it again", in.Change.Version())
}

// Amend says how a change is wanted from here on, while nobody has begun to make it. Who
// asked for it may, and who makes it; but who makes it is for who asked alone. What others
// said of it does not hold any longer: it is asked for anew, or a rule approves it.
// board is the version of the policy that it is asked of, 0 when that is gone.
func Amend(in incident.Incident, a Amendment, by org.PersonID, g Ground, board int, now time.Time) ([]incident.Fact, error) {
	c := in.Change
	switch {
	case c == nil:
		return nil, incident.Refuse("it is no change")
	case by == "" || by != c.Person && by != c.Owner:
		return nil, incident.Refuse("it is changed by who asked for it, or makes it: deny it, and say what should be different")
	case c.State != incident.ChangeWaits && c.State != incident.ChangeMay:
		return nil, incident.Refuse("it is %s: ask for another", c.State)
	case a.Owner != nil && *a.Owner != c.Owner && by != c.Person:
		return nil, incident.Refuse("owner: who makes it is for who asked for it to say")
	}
	if err := Current(in, a.Version); err != nil {
		return nil, err
	}
	r := a.of(in)
	g.Board = board
	over, err := r.sound(c.Person, g, now)
	if err != nil {
		return nil, err
	}
	f := incident.ChangeAmended{
		Title: r.Title, Team: g.Team, Class: r.Class, Risk: r.Risk, Plan: r.Plan, BackOut: r.BackOut, Services: r.Services, Starts: r.Starts, Ends: r.Ends,
		Owner: r.Owner, Approvers: r.Approvers, Changed: r.differs(in),
	}
	if len(f.Changed) == 0 {
		return nil, nil
	}
	for _, p := range c.Approvals {
		if p.How == incident.ByPeople {
			f.Voided++
		}
	}
	facts, run := []incident.Fact{}, 0
	for _, one := range in.Runs {
		if run = max(run, one.ID); one.Open() {
			facts = append(facts, incident.Settled{Run: one.ID, How: "replaced"})
		}
	}
	facts = append(facts, f)
	if in.Priority == org.Low && r.urgency(now) == org.High {
		facts = append(facts, incident.Raised{Priority: org.High, Why: "it begins soon, or cannot wait"})
	}
	onBoard := c.Board
	if board == 0 {
		onBoard = ""
	}
	then, err := r.asks(c.Person, g, over, onBoard, run+1, now)
	if err != nil {
		return nil, err
	}
	return append(facts, then...), nil
}

// of is a change as it is wanted with the amendment.
func (a Amendment) of(in incident.Incident) Request {
	c := in.Change
	r := Request{
		Title: in.Title, Class: c.Class, Risk: c.Risk, Plan: c.Plan, BackOut: c.BackOut, Services: c.Services, Starts: c.Starts, Ends: c.Ends, Owner: c.Owner,
		Approvers: c.Approvers, Incident: c.Incident, Override: c.Override,
	}
	set(&r.Title, a.Title)
	set(&r.Class, a.Class)
	set(&r.Risk, a.Risk)
	set(&r.Plan, a.Plan)
	set(&r.BackOut, a.BackOut)
	set(&r.Starts, a.Starts)
	set(&r.Ends, a.Ends)
	set(&r.Owner, a.Owner)
	set(&r.Approvers, a.Approvers)
	if a.Services != nil {
		r.Services = a.Services
	}
	return r
}

func set[T any](to *T, is *T) {
	if is != nil {
		*to = *is
	}
}

// differs names what of a request is other than the change is.
func (r Request) differs(in incident.Incident) (names []string) {
	c := in.Change
	for _, one := range []struct {
		name  string
		other bool
	}{
		{"title", r.Title != in.Title}, {"class", r.Class != c.Class}, {"risk", r.Risk != c.Risk}, {"plan", r.Plan != c.Plan}, {"back_out", r.BackOut != c.BackOut},
		{"services", !slices.Equal(r.Services, c.Services)}, {"starts", !r.Starts.Equal(c.Starts)}, {"ends", !r.Ends.Equal(c.Ends)}, {"owner", r.Owner != c.Owner},
		{"approvers", !slices.Equal(r.Approvers, c.Approvers)},
	} {
		if one.other {
			names = append(names, one.name)
		}
	}
	return names
}

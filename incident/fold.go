package incident

import (
	"slices"
	"time"

	"tocsin/org"
)

// FoldVersion counts the changes of Fold. A projection that an older fold made is
// folded again from line one.
const FoldVersion = 8

// An Incident is what a log says now. (A change or a call folds to the same shape:
// only incidents have alerts.)
type Incident struct {
	ID          ID                `json:"id"`
	Seq         int               `json:"seq"`
	At          time.Time         `json:"at"`             // of the last line
	Sort        string            `json:"sort,omitempty"` // KindCall, KindChange, KindNotice or KindDrill; "" is an incident
	Status      Status            `json:"status"`
	Title       string            `json:"title"`
	Service     org.ServiceID     `json:"service,omitempty"`
	Team        org.TeamID        `json:"team,omitempty"`
	Integration org.IntegrationID `json:"integration,omitempty"`
	Severity    org.Severity      `json:"severity,omitempty"`
	Priority    org.Priority      `json:"priority,omitempty"`
	OpenedAt    time.Time         `json:"opened_at,omitzero"`
	ResolvedAt  time.Time         `json:"resolved_at,omitzero"`
	Held        string            `json:"held,omitempty"`     // why its timers stand still
	Silence     string            `json:"silence,omitempty"`  // which silence holds it, if one does
	Lifted      string            `json:"lifted,omitempty"`   // a silence that somebody would not have here
	Cause       string            `json:"cause,omitempty"`    // the alert it is folded under
	Under       ID                `json:"under,omitempty"`    // the incident of that alert
	Over        bool              `json:"over,omitempty"`     // its cause is well, and it waits for what is left
	Unfolded    string            `json:"unfolded,omitempty"` // a cause that somebody would not have it folded under
	Was         string            `json:"was,omitempty"`      // what it was a symptom of
	Auto        string            `json:"auto,omitempty"`     // the run of an action that is at work by itself
	AutoUntil   time.Time         `json:"auto_until,omitzero"`
	Support     time.Time         `json:"support,omitzero"` // when it becomes high: support hours begin
	Category    string            `json:"category,omitempty"`
	Impact      string            `json:"impact,omitempty"`
	Urgency     string            `json:"urgency,omitempty"`
	UpdateEvery org.Duration      `json:"update_every,omitempty"`
	Roles       []string          `json:"roles,omitempty"`
	Opinions    []Opinion         `json:"opinions,omitempty"` // whether it was worth a page

	Owner       org.PersonID   `json:"owner,omitempty"` // who answered first
	OwnedAt     time.Time      `json:"owned_at,omitzero"`
	AckUntil    time.Time      `json:"ack_until,omitzero"`
	SnoozeUntil time.Time      `json:"snooze_until,omitzero"`
	Answered    []org.PersonID `json:"answered,omitempty"`   // everyone who did, in order
	Called      []org.PersonID `json:"called,omitempty"`     // everyone who was called since it (re)opened
	Told        []org.PersonID `json:"told,omitempty"`       // those of Called who heard that somebody else has it
	Passed      []org.PersonID `json:"passed,omitempty"`     // those of Called whom it was taken from when it was given to another
	Each        []org.PersonID `json:"each,omitempty"`       // those of Called who must answer themselves, whoever else has
	Responders  []org.PersonID `json:"responders,omitempty"` // who answered for what is folded beneath it

	Alerts  int         `json:"alerts,omitempty"`  // that ever joined
	Heard   []time.Time `json:"heard,omitempty"`   // the last hundred times monitoring spoke
	Handing []Handed    `json:"handing,omitempty"` // changes of shift that nobody acted on yet
	Runs    []Run       `json:"runs,omitempty"`
	Call    *Asking     `json:"call,omitempty"` // of a page by hand
	Room    *Room       `json:"room,omitempty"` // who does what about it; nil before the first of them does
	News    *News       `json:"news,omitempty"` // what those concerned were told; nil before that

	Recovery *Recovery `json:"recovery,omitempty"` // nil before anybody speaks of it
	Heir     *Heir     `json:"heir,omitempty"`     // to whom it is handed over, until they answer
	Merged   ID        `json:"merged,omitempty"`   // the incident that goes on with it
	Review   *Review   `json:"review,omitempty"`   // nil before its closure begins

	Change    *Change    `json:"change,omitempty"`    // of a change
	Notice    *Notice    `json:"notice,omitempty"`    // of a notice
	Overrides []Override `json:"overrides,omitempty"` // in which somebody went before the rules of changes
	Tickets   []Ticket   `json:"tickets,omitempty"`   // that others have of it, in their systems
	Drill     *Drill     `json:"drill,omitempty"`     // of a drill
}

// A Run is one climb of a policy, or one call of some targets.
type Run struct {
	ID       int          `json:"id"`
	Policy   org.PolicyID `json:"policy,omitempty"`
	Version  int          `json:"version,omitempty"`
	Targets  []org.Target `json:"targets,omitempty"`
	Priority org.Priority `json:"priority"`
	Aside    bool         `json:"aside,omitempty"`
	CatchAll bool         `json:"catch_all,omitempty"`

	Epoch   int            `json:"epoch"`
	Round   int            `json:"round"`
	Level   int            `json:"level"`           // the last one passed, from 0; -1 before the first
	Base    time.Time      `json:"base,omitzero"`   // when the round began
	Due     time.Time      `json:"due,omitzero"`    // when it goes on by itself; zero: it does not
	First   []org.PersonID `json:"first,omitempty"` // called beside the first level
	Calls   []Call         `json:"calls,omitempty"` // of the level reached last
	Out     []org.PersonID `json:"out,omitempty"`   // those of Calls that cannot be reached
	Waiting string         `json:"waiting,omitempty"`
	Rested  bool           `json:"rested,omitempty"`
	Forced  bool           `json:"forced,omitempty"`  // a person asked for the next level
	Someone bool           `json:"someone,omitempty"` // this round called somebody who could be reached
	Before  bool           `json:"before,omitempty"`  // Someone, before the level reached last
	Repeats int            `json:"repeats,omitempty"` // passes of its repeat level
	Settled string         `json:"settled,omitempty"`

	FailedOver bool `json:"failed_over,omitempty"`
	Reported   bool `json:"reported,omitempty"`
}

// Open says whether the run still has something to do.
func (r Run) Open() bool { return r.Settled == "" }

// Fold reads a log from the first line to the last.
func Fold(l Log) Incident {
	var in Incident
	for _, e := range l {
		in = in.After(e)
	}
	return in
}

const heardKept = 100

// After is the incident one entry later. It shares no memory with the receiver that
// either will write to. A fact it does not know leaves all but Seq and At unchanged.
func (in Incident) After(e Entry) Incident {
	in.Seq, in.At = e.Seq, e.At
	if !in.allows(e.Fact) {
		return in
	}
	switch f := e.Fact.(type) {
	case Opened:
		in.Status, in.Title, in.Service, in.Team = Triggered, f.Title, f.Service, f.Team
		in.Severity, in.Priority, in.Integration, in.Sort = f.Severity, f.Priority, f.Integration, f.Sort
		in.Was, in.Support, in.Category, in.Impact, in.Urgency, in.UpdateEvery, in.Roles = f.Was, f.Support, f.Category, f.Impact, f.Urgency, f.UpdateEvery, f.Roles
		in.OpenedAt, in.Alerts, in.Heard = e.At, 1, []time.Time{e.At}
	case Joined:
		in.Alerts = max(f.Alerts, in.Alerts+1)
		in = in.heard(e.At)
	case Repeated:
		in = in.heard(e.At)
	case Raised:
		in = in.raised(f, e.At)
	case Held:
		in.Held = f.Why
		if in.Held == "" {
			in.Held = "held"
		}
		in.Silence, in.Cause, in.Under, in.Over = f.Silence, f.Cause, f.Under, f.Over
		in.Auto, in.AutoUntil = "", time.Time{}
	case Released:
		if e.By.Person() != "" {
			in.Lifted, in.Unfolded = in.Silence, in.Cause
		}
		if f.Was != "" {
			in.Was = f.Was
		}
		in = in.freed()
		if in.Status == Triggered {
			in = in.restart(e.At, nil)
		}
	case Reopened:
		in.Called, in.Passed, in.Each, in.Answered, in.ResolvedAt = nil, nil, nil, nil, time.Time{}
		in.Merged = ""
		in = in.unstaged().unsigned(e.At).triggered().restart(e.At, nil)
	case Handed:
		if in.Status.Open() {
			in.Handing = append(slices.Clip(in.Handing), f)
		}
	case AcknowledgedBy:
		in = in.acknowledged(e, f)
	case Unacknowledged:
		in = in.triggered().restart(e.At, nil)
	case SnoozedUntil:
		in.Status, in.SnoozeUntil, in.AckUntil = Snoozed, f.Until, time.Time{}
		if p := e.By.Person(); p != "" {
			in.Owner, in.OwnedAt = p, e.At
		}
	case Retriggered:
		in = in.triggered().restart(e.At, f.First)
	case Reassigned:
		in = in.triggered()
		in.Passed = in.Called
	case Escalated:
		in = in.triggered().run(f.Run, func(r *Run) { r.Due, r.Forced, r.Waiting, r.Settled = e.At, true, "", "" })
	case Ended:
		in.Status, in.ResolvedAt, in.Handing = Resolved, e.At, nil
		in.AckUntil, in.SnoozeUntil = time.Time{}, time.Time{}
		if in.Silence != "" || in.Cause != "" || in.Over || in.Auto != "" { // should it come back, what is so then decides
			in = in.freed()
		}
		in = in.recovered(e)
	case Explained, Staged, Confirmed, Recurred:
		in = in.recovered(e)
	case ChangeRequested, ChangeAmended, ChangeApproved, ChangeDenied, ChangeStarted, ChangeEnded, ChangeCancelled, ChangeOverran:
		in = in.changed(e)
	case Overridden, OverrideEnded, OverrideReviewed, OverrideOwed:
		in = in.overridden(e)
	case Filed:
		in.Status = Closed
	case Gathered:
		for _, p := range f.Answered {
			if !slices.Contains(in.Responders, p) {
				in.Responders = append(slices.Clip(in.Responders), p)
			}
		}
	case Acted:
		in = in.acted(f)
	case Finished:
		in = in.finished(f, e.At)
	case Judged:
		in = in.judged(e.By.Person(), f.Worth)
	case Composed, Chosen:
		in = in.asked(e)
	case RoleGiven, Came, Went, Linked, TaskAdded, TaskChanged, TaskDone, TaskReopened, TaskDropped, TaskOverdue, ListAdded, RolesWanted:
		in = in.worked(e)
	case HandedOn, TookOver, MergedInto, TookIn:
		in = in.passedOn(e)
	case NoticePosted, NoticeDrafted, NoticeMoved, UpdateWithdrawn:
		in = in.noticed(e)
	case Updated, UpdateOverdue:
		in = in.informed(e)
	case RetroDrafted, RetroWritten, RetroSubmitted, RetroReturned, RetroSigned, RetroPublished,
		ActionAdded, ActionChanged, ActionDone, ActionDropped, ActionReopened, ActionReminded, ActionOverdue, ActionRecurred,
		Recalled, LessonLearned, LessonWithdrawn:
		in = in.reviewed(e)
	case RunbookStarted, StepAsked, StepApproved, StepDeclined, ApprovalOverdue, StepBegun, StepEnded, RunbookEnded, RunbookJudged:
		in = in.followed(e)
	case TicketOpened, TicketMoved, TicketUnlinked:
		in = in.ticketed(e)
	case Drilled, Injected, DrillStopped:
		in = in.drilled(e)
	default:
		in = in.climbed(e)
	}
	return in
}

// freed is the incident held by nothing.
func (in Incident) freed() Incident {
	in.Held, in.Silence, in.Cause, in.Under, in.Over = "", "", "", "", false
	in.Auto, in.AutoUntil = "", time.Time{}
	return in
}

// allows says whether a fact means anything in this status: what is over stays over
// until it is reopened. (The table in incident.go.)
func (in Incident) allows(f Fact) bool {
	switch f.(type) {
	case SnoozedUntil, Retriggered, Unacknowledged, Escalated, Reassigned, Ended, Staged, Confirmed, Recurred, HandedOn, TookOver, MergedInto:
		return in.Status.Open()
	case Reopened:
		return !in.Status.Open()
	case Filed:
		return in.Status == Resolved
	}
	return true
}

// climbed is After for the facts of the climb itself.
func (in Incident) climbed(e Entry) Incident {
	switch f := e.Fact.(type) {
	case Asked:
		in.Runs = append(slices.Clip(in.Runs), Run{
			ID: f.Run, Policy: f.Policy, Version: f.Version, Targets: f.Targets, Priority: f.Priority,
			Aside: f.Aside, CatchAll: f.CatchAll, Level: -1, Base: e.At, Due: e.At,
		})
		in = in.asksAgain(e.At, 1)
	case Called:
		in = in.called(f)
		in = in.run(f.Run, func(r *Run) { r.called(f) })
	case Skipped:
		in = in.run(f.Run, func(r *Run) { r.skipped(f, e.At) })
	case Waiting:
		in = in.run(f.Run, func(r *Run) { r.Waiting, r.Due = f.Why, f.Until })
	case Rested:
		in = in.run(f.Run, func(r *Run) { r.Rested, r.Due = true, f.Until })
	case Settled:
		in = in.run(f.Run, func(r *Run) { r.Settled, r.Due, r.Waiting = f.How, time.Time{}, "" })
		in = in.asksAgain(e.At, 0)
	case Unreached:
		in = in.run(f.Run, func(r *Run) {
			if r.Epoch == f.Epoch && r.Round == f.Round && r.Level == f.Level && !slices.Contains(r.Out, f.Person) {
				r.out(f.Person)
			}
		})
	case Reported:
		in = in.run(f.Run, func(r *Run) { r.Reported = true })
	case HandedOver:
		handing := in.Handing
		in.Handing = nil
		for _, h := range handing {
			if h.Schedule != f.Schedule {
				in.Handing = append(in.Handing, h)
			}
		}
	case Pinned:
		in = in.run(f.Run, func(r *Run) {
			*r = r.again(e.At, nil)
			r.Version, r.Level = f.Version, f.Level
		})
	}
	return in
}

func (in Incident) heard(at time.Time) Incident {
	in.Heard = append(slices.Clip(in.Heard), at)
	if n := len(in.Heard) - heardKept; n > 0 {
		in.Heard = in.Heard[n:]
	}
	return in
}

// raised: more urgent starts the climb over; less urgent lets it be.
func (in Incident) raised(f Raised, at time.Time) Incident {
	if f.Severity != "" {
		in.Severity = f.Severity
	}
	if f.Needs != nil {
		in.UpdateEvery, in.Roles = f.Needs.UpdateEvery, f.Needs.Roles
	}
	if f.Priority == "" || f.Priority == in.Priority {
		return in
	}
	in.Priority, in.Support = f.Priority, time.Time{}
	in.Runs = slices.Clone(in.Runs)
	for i := range in.Runs {
		in.Runs[i].Priority = f.Priority
	}
	if f.Priority == org.High && in.Status == Triggered {
		in = in.restart(at, nil)
	}
	return in
}

// called: who is called again is in it again, whatever they were told.
func (in Incident) called(f Called) Incident {
	in.Called, in.Each = slices.Clip(in.Called), slices.Clip(in.Each)
	for _, c := range f.Calls {
		in.Told, in.Passed = without(in.Told, c.Person), without(in.Passed, c.Person)
		if f.Each && c.Person != "" && !slices.Contains(in.Each, c.Person) {
			in.Each = append(in.Each, c.Person)
		}
		if c.Person != "" && !slices.Contains(in.Called, c.Person) {
			in.Called = append(in.Called, c.Person)
		}
	}
	return in
}

// without is a copy of a list without one person; nil when nobody is left.
func without(list []org.PersonID, p org.PersonID) (out []org.PersonID) {
	for _, q := range list {
		if q != p {
			out = append(out, q)
		}
	}
	return out
}

// acknowledged: the first answer owns it; a second one is recorded and welcome; one
// after the end changes nothing.
func (in Incident) acknowledged(e Entry, f AcknowledgedBy) Incident {
	if f.Late || !in.Status.Open() {
		return in
	}
	p := e.By.Person()
	if in.Status != Acknowledged {
		in.Status, in.Owner, in.OwnedAt = Acknowledged, p, e.At
		in.AckUntil, in.SnoozeUntil = f.Until, time.Time{}
		in.Told = without(in.Called, p)
		for _, q := range in.Each { // their pages go on
			in.Told = without(in.Told, q)
		}
	} else if in.Owner == p {
		in.AckUntil = f.Until
	}
	if p != "" && !slices.Contains(in.Answered, p) {
		in.Answered = append(slices.Clip(in.Answered), p)
	}
	return in
}

// triggered: nobody has it. Who has answered for themselves is called like everybody else
// from here on.
func (in Incident) triggered() Incident {
	for _, p := range in.Answered {
		in.Each = without(in.Each, p)
	}
	in.Status, in.Owner, in.Answered, in.Told, in.Heir = Triggered, "", nil, nil, nil
	in.OwnedAt, in.AckUntil, in.SnoozeUntil = time.Time{}, time.Time{}, time.Time{}
	if in.Stage() == Watch { // whoever watched it has it no longer
		in = in.unstaged()
	}
	return in
}

// restart begins every climb again, one epoch later, so that its pages are new ones.
func (in Incident) restart(at time.Time, first []org.PersonID) Incident {
	in.Runs = slices.Clone(in.Runs)
	for i, r := range in.Runs {
		switch {
		case r.Settled == "reassigned" || r.Settled == "replaced" || r.Aside:
		case r.CatchAll:
			in.Runs[i].Settled, in.Runs[i].Due = "replaced", time.Time{}
		default:
			in.Runs[i] = r.again(at, first)
			first = nil
		}
	}
	return in
}

// again is the run before its first level, one epoch later.
func (r Run) again(at time.Time, first []org.PersonID) Run {
	return Run{
		ID: r.ID, Policy: r.Policy, Version: r.Version, Targets: r.Targets, Priority: r.Priority,
		Aside: r.Aside, CatchAll: r.CatchAll,
		Epoch: r.Epoch + 1, Level: -1, Base: at, Due: at, First: first,
	}
}

func (r *Run) called(f Called) {
	switch {
	case f.Extra:
		r.Calls, r.Someone = append(slices.Clip(r.Calls), f.Calls...), true
		return
	case f.FailOver:
		r.FailedOver, r.Level = true, f.Level
		r.Calls, r.Out = f.Calls, nil
		return
	}
	r.Before = r.Someone && f.Round == r.Round
	r.Round, r.Level, r.Base, r.Due = f.Round, f.Level, f.Base, f.Until
	r.Calls, r.Out, r.First = f.Calls, nil, nil
	r.Waiting, r.Rested, r.Forced, r.Someone = "", false, false, true
}

// out: a level none of whose people can be reached has called nobody.
func (r *Run) out(p org.PersonID) {
	r.Out = append(slices.Clip(r.Out), p)
	if !slices.ContainsFunc(r.Calls, func(c Call) bool { return c.Email != "" || !slices.Contains(r.Out, c.Person) }) {
		r.Someone = r.Before
	}
}

func (r *Run) skipped(f Skipped, at time.Time) {
	if f.Round != r.Round {
		r.Someone, r.Before = false, false
	}
	r.Round, r.Level = f.Round, f.Level
	r.Waiting, r.Rested, r.Forced = "", false, false
	switch {
	case !f.Until.IsZero():
		r.Due = f.Until
	case r.Due.IsZero(): // it waited for something to happen, which has happened
		r.Due = at
	}
	if f.Repeat {
		r.Repeats++
		r.Level = -1
	}
}

// run changes one run of a copy.
func (in Incident) run(id int, change func(*Run)) Incident {
	in.Runs = slices.Clone(in.Runs)
	for i := range in.Runs {
		if in.Runs[i].ID == id {
			change(&in.Runs[i])
		}
	}
	return in
}

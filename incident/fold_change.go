package incident

import (
	"slices"
	"time"

	"tocsin/org"
)

// A Change is where a change stands.
type Change struct {
	ChangeRequested
	State     ChangeState `json:"state"`
	Approvals []Approval  `json:"approvals,omitempty"`
	Asks      int         `json:"asks,omitempty"`    // how often somebody was asked to decide
	AskedAt   time.Time   `json:"asked_at,omitzero"` // when the last asking began, or ended in vain
	DecidedAt time.Time   `json:"decided_at,omitzero"`
	StartedAt time.Time   `json:"started_at,omitzero"`
	StartedBy Actor       `json:"started_by,omitempty"`
	EndedAt   time.Time   `json:"ended_at,omitzero"` // when it was done, denied or cancelled
	Outcome   Outcome     `json:"outcome,omitempty"`
	Text      string      `json:"text,omitempty"` // how it went, or why it was denied or cancelled
	Overran   bool        `json:"overran,omitempty"`
	// Editors are those who wrote it as it is, beside who asked for it and who makes it; and
	// the runs up to Before asked about what it was before.
	Editors []org.PersonID `json:"editors,omitempty"`
	Before  int            `json:"before,omitempty"`
	Edits   int            `json:"edits,omitempty"` // how often it was changed
}

// An Approval is a word for a change: a person's, or a rule's.
type Approval struct {
	Person org.PersonID `json:"person,omitempty"`
	How    string       `json:"how"`
	Why    string       `json:"why,omitempty"`
	At     time.Time    `json:"at"`
}

// Wrote says whether a change is somebody's own: they asked for it, changed what is asked
// for, or will make it.
func (c Change) Wrote(p org.PersonID) bool {
	return p != "" && (p == c.Person || p == c.Owner || slices.Contains(c.Editors, p))
}

// Version counts what it was wanted as; the first is 1.
func (c Change) Version() int { return c.Edits + 1 }

// Enough is how many must approve it.
func (c Change) Enough() int { return max(c.Needs, 1) }

// Over says whether nothing more comes of it.
func (c Change) Over() bool {
	return c.State == ChangeMayNot || c.State == ChangeIsDone || c.State == ChangeIsNoMore
}

// An Override is an emergency in which somebody goes before the rules of changes.
type Override struct {
	ID       int             `json:"id"` // within its incident, from 1
	By       org.PersonID    `json:"by"`
	At       time.Time       `json:"at"`
	Reason   string          `json:"reason"`
	Until    time.Time       `json:"until"`
	Services []org.ServiceID `json:"services,omitempty"`
	Call     ID              `json:"call,omitempty"`
	EndedAt  time.Time       `json:"ended_at,omitzero"` // before its time
	EndedBy  Actor           `json:"ended_by,omitempty"`
	Review   *Reviewed       `json:"review,omitempty"` // nil: somebody else has to look at it
	Nags     int             `json:"nags,omitempty"`   // how often somebody was reminded of that
	NagAt    time.Time       `json:"nag_at,omitzero"`
}

// Reviewed is what another person thought of an override.
type Reviewed struct {
	By    org.PersonID `json:"by"`
	At    time.Time    `json:"at"`
	Right bool         `json:"right"`
	Text  string       `json:"text"`
}

// On says whether the override holds at a moment.
func (o Override) On(now time.Time) bool { return o.EndedAt.IsZero() && now.Before(o.Until) }

// Override is one of the incident's, by its number.
func (in Incident) Override(id int) (Override, bool) {
	if id < 1 || id > len(in.Overrides) {
		return Override{}, false
	}
	return in.Overrides[id-1], true
}

// changed is After for the facts of a change. One that does not follow from its state
// changes nothing.
func (in Incident) changed(e Entry) Incident {
	if f, ok := e.Fact.(ChangeRequested); ok && in.Change == nil {
		in.Change = &Change{ChangeRequested: f, State: ChangeWaits, AskedAt: e.At}
		return in
	}
	if in.Change == nil {
		return in
	}
	c := *in.Change
	over := func(s ChangeState) {
		c.State = s
		if in.Status.Open() { // nobody is asked any longer
			in.Status, in.ResolvedAt, in.Handing = Resolved, e.At, nil
		}
	}
	switch f := e.Fact.(type) {
	case ChangeAmended:
		if c.State != ChangeWaits && c.State != ChangeMay {
			return in
		}
		if p := e.By.Person(); p != "" && p != c.Person && !slices.Contains(c.Editors, p) {
			c.Editors = append(slices.Clip(c.Editors), p)
		}
		c.Class, c.Risk, c.Plan, c.BackOut, c.Services, c.Starts, c.Ends, c.Owner, c.Approvers = f.Class, f.Risk, f.Plan, f.BackOut, f.Services, f.Starts, f.Ends, f.Owner, f.Approvers
		c.State, c.Approvals, c.DecidedAt, c.Before = ChangeWaits, nil, time.Time{}, len(in.Runs)
		c.Edits++
		in.Title, in.Service, in.Team, in.ResolvedAt = f.Title, f.Services[0], f.Team, time.Time{}
		in.Called, in.Passed, in.Each = nil, nil, nil
		in = in.triggered()
	case ChangeApproved:
		if c.State != ChangeWaits {
			return in
		}
		p := e.By.Person()
		c.Approvals = append(slices.Clip(c.Approvals), Approval{p, f.How, f.Why, e.At})
		if f.How == ByPeople && len(c.Approvals) < c.Enough() {
			in = in.gave(p, 1, f.Via, e.At)
			break
		}
		c.DecidedAt = e.At
		in = in.gave(p, 1, f.Via, e.At)
		over(ChangeMay)
	case ChangeDenied:
		if c.State != ChangeWaits {
			return in
		}
		c.DecidedAt, c.EndedAt, c.Text = e.At, e.At, f.Why
		in = in.gave(e.By.Person(), 2, f.Via, e.At)
		over(ChangeMayNot)
	case ChangeStarted:
		if c.State != ChangeMay {
			return in
		}
		c.State, c.StartedAt, c.StartedBy = ChangeBegun, e.At, e.By
	case ChangeEnded:
		if c.State != ChangeBegun {
			return in
		}
		c.State, c.EndedAt, c.Outcome, c.Text = ChangeIsDone, e.At, f.Outcome, f.Text
	case ChangeCancelled:
		if c.State != ChangeWaits && c.State != ChangeMay {
			return in
		}
		c.EndedAt, c.Text = e.At, f.Why
		over(ChangeIsNoMore)
	case ChangeOverran:
		c.Overran = true
	}
	in.Change = &c
	return in
}

// asksAgain counts from when the next asking is: one began or ended.
func (in Incident) asksAgain(at time.Time, more int) Incident {
	if in.Change != nil {
		c := *in.Change
		c.Asks, c.AskedAt = c.Asks+more, at
		in.Change = &c
	}
	return in
}

// gave writes down what somebody answered who was asked to decide.
func (in Incident) gave(p org.PersonID, choice int, via string, at time.Time) Incident {
	if in.Call == nil || p == "" {
		return in
	}
	call := *in.Call
	call.Answers = append(slices.DeleteFunc(slices.Clone(call.Answers), func(g GivenAnswer) bool { return g.Person == p }), GivenAnswer{p, choice, at, via})
	in.Call = &call
	if !slices.Contains(in.Answered, p) {
		in.Answered = append(slices.Clip(in.Answered), p)
	}
	return in
}

// overridden is After for what an incident knows of overrides.
func (in Incident) overridden(e Entry) Incident {
	change := func(id int, to func(*Override)) {
		if id >= 1 && id <= len(in.Overrides) {
			in.Overrides = slices.Clone(in.Overrides)
			to(&in.Overrides[id-1])
		}
	}
	switch f := e.Fact.(type) {
	case Overridden:
		in.Overrides = append(slices.Clip(in.Overrides), Override{
			ID: len(in.Overrides) + 1, By: e.By.Person(), At: e.At, Reason: f.Reason, Until: f.Until, Services: f.Services, Call: f.Call,
		})
	case OverrideEnded:
		change(f.Override, func(o *Override) {
			if o.EndedAt.IsZero() {
				o.EndedAt, o.EndedBy = e.At, e.By
			}
		})
	case OverrideOwed:
		change(f.Override, func(o *Override) { o.Nags, o.NagAt = f.Nth, e.At })
	case OverrideReviewed:
		p := e.By.Person()
		change(f.Override, func(o *Override) {
			if o.Review == nil && p != "" && p != o.By {
				o.Review = &Reviewed{p, e.At, f.Right, f.Text}
			}
		})
	}
	return in
}

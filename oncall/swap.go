package oncall

import (
	"fmt"
	"slices"
	"time"

	"tocsin/org"
)

// A Swap is somebody's wish that another stands for a stretch of theirs. With Give it is
// an exchange: who takes the stretch gives one of theirs for it. To names who is asked;
// nobody is the whole team. The first to accept has it; until then the owner stays on
// call, and past its start the wish has no effect any more.
type Swap struct {
	ID       string         `json:"id"`
	Schedule org.ScheduleID `json:"schedule"`
	Owner    org.PersonID   `json:"owner" doc:"Whose stretch it is"`
	Role     string         `json:"role,omitempty"`
	From     time.Time      `json:"from"`
	Until    time.Time      `json:"until"`
	To       []org.PersonID `json:"to,omitempty" doc:"Who is asked; nobody is the team"`
	Give     *Stretch       `json:"give,omitempty" doc:"What the taker gives for it"`
	Note     string         `json:"note,omitempty"`
	State    SwapState      `json:"state" enum:"open,taken,declined,cancelled,past_due,stale"`
	By       string         `json:"by" doc:"Who asked: the owner, or somebody for them"`
	At       time.Time      `json:"at"`
	Taker    org.PersonID   `json:"taker,omitempty"`
	Declined []org.PersonID `json:"declined,omitempty"`
	Decided  time.Time      `json:"decided,omitzero"`
	Reminded int            `json:"reminded,omitempty"`
	Patches  []string       `json:"patches,omitempty" doc:"The overrides that it became"`
}

// A Stretch is [From, Until).
type Stretch struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// A SwapState is where a swap stands.
type SwapState string

const (
	SwapOpen      SwapState = "open"
	SwapTaken     SwapState = "taken"
	SwapDeclined  SwapState = "declined" // everybody who was asked said no
	SwapCancelled SwapState = "cancelled"
	SwapPastDue   SwapState = "past_due" // nobody took it before it began
	SwapStale     SwapState = "stale"    // the schedule changed: the owner does not stand there any longer
)

// Begins is when the first stretch that it is about begins.
func (s Swap) Begins() time.Time {
	if s.Give != nil && s.Give.From.Before(s.From) {
		return s.Give.From
	}
	return s.From
}

// Lapse is the state at a moment: an open swap whose time has come, or whose owner no
// longer stands there throughout, is open no longer.
func (s Swap) Lapse(r Register, c *Compiled, now time.Time) SwapState {
	switch {
	case s.State != SwapOpen:
		return s.State
	case !s.Begins().After(now):
		return SwapPastDue
	case c == nil || !Stands(r.Render(c, s.From, s.Until), s.Owner, s.Role):
		return SwapStale
	}
	return SwapOpen
}

// Stands says whether somebody stands in a role throughout some shifts.
func Stands(shifts []Shift, p org.PersonID, role string) bool {
	if role == "" {
		role = Primary
	}
	for _, s := range shifts {
		if !slices.Contains(s.Roles[role], p) {
			return false
		}
	}
	return len(shifts) > 0
}

// Overrides are what a swap becomes when somebody takes it: an override that puts the
// taker where the owner stands, and of an exchange the other way round too.
func (s Swap) Overrides(taker org.PersonID) []Patch {
	patch := func(n int, from, until time.Time, old, who org.PersonID) Patch {
		return Patch{ID: fmt.Sprintf("swap-%s-%d", s.ID, n), Op: "replace", Old: Names{old}, Users: Names{who}, Start: Instant(from), End: Instant(until), Why: s.Note}
	}
	all := []Patch{patch(1, s.From, s.Until, s.Owner, taker)}
	if s.Give != nil {
		all = append(all, patch(2, s.Give.From, s.Give.Until, taker, s.Owner))
	}
	return all
}

// A Difference is a stretch in which another schedule puts other people on call.
type Difference struct {
	Role   string         `json:"role"`
	From   time.Time      `json:"from"`
	Until  time.Time      `json:"until"`
	Off    []org.PersonID `json:"off,omitempty" doc:"Who stood there, and does not"`
	On     []org.PersonID `json:"on,omitempty" doc:"Who stands there now"`
	Nobody bool           `json:"nobody,omitempty" doc:"Now nobody is there"`
}

// Diff compares what two schedules say of one span, role by role. Both are as Render gave
// them, of the same span.
func Diff(before, after []Shift) (all []Difference) {
	open := map[string]int{}
	i, j := 0, 0
	for i < len(before) && j < len(after) {
		a, b := before[i], after[j]
		from, until := a.From, a.Until
		if b.From.After(from) {
			from = b.From
		}
		if b.Until.Before(until) {
			until = b.Until
		}
		for _, role := range rolesOf(a, b) {
			off, on := without(a.Roles[role], b.Roles[role]), without(b.Roles[role], a.Roles[role])
			if len(off)+len(on) == 0 {
				continue
			}
			d := Difference{Role: role, From: from, Until: until, Off: off, On: on, Nobody: len(b.Roles[role]) == 0}
			if n, ok := open[role]; ok && all[n].Until.Equal(from) && all[n].Nobody == d.Nobody && slices.Equal(all[n].Off, off) && slices.Equal(all[n].On, on) {
				all[n].Until = until
				continue
			}
			open[role] = len(all)
			all = append(all, d)
		}
		if !a.Until.After(until) {
			i++
		}
		if !b.Until.After(until) {
			j++
		}
	}
	return all
}

func rolesOf(a, b Shift) (all []string) {
	for _, s := range []Shift{a, b} {
		for role := range s.Roles {
			if !slices.Contains(all, role) {
				all = append(all, role)
			}
		}
	}
	slices.Sort(all)
	return all
}

func without(a, b []org.PersonID) (out []org.PersonID) {
	for _, p := range a {
		if !slices.Contains(b, p) {
			out = append(out, p)
		}
	}
	return out
}

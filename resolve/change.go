package resolve

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// A Request is a change as somebody wants it.
type Request struct {
	Title     string
	Class     org.ChangeClass
	Risk      string
	Plan      string
	BackOut   string
	Services  []org.ServiceID
	Starts    time.Time
	Ends      time.Time
	Owner     org.PersonID // "": who asks
	Approvers []org.Target
	Incident  incident.ID
	Override  int
}

// A Ground is what is so when a change is asked for.
type Ground struct {
	Rules Rules
	Team  org.TeamID   // of its first service
	Teams []org.TeamID // of who asks
	// Board is the version of the board's policy; 0: there is none.
	Board int
	// In is the incident in which it is made; nil: in none.
	In *incident.Incident
}

const (
	maxChangeTitle = 200
	maxChangeText  = 10_000
	mostServices   = 20
	mostApprovers  = 20
	longestChange  = 31 * 24 * time.Hour
	furthestChange = 366 * 24 * time.Hour
	// soon is how long before it begins a change that waits is asked for with high priority.
	soon = 4 * time.Hour
	// usualWait is how long those who are named have before the board is asked as well, and
	// patience when there is time.
	usualWait = 15 * time.Minute
	patience  = 24 * time.Hour
	// askAgain is how long after one asking ended in vain, or called nobody further, the next
	// begins; mostAsks is how many there are.
	askAgain = time.Hour
	mostAsks = 24
	// early is how long before its time a change may begin, and late how long after its end
	// one that never began is given up.
	early = 15 * time.Minute
	late  = 24 * time.Hour
)

// Risks are the words for how much may go wrong, the least first.
var Risks = []string{"low", "medium", "high"}

// Propose asks for a change. It is approved at once when a grant or an override says so,
// and is otherwise asked of those who are named, or of the board.
func Propose(r Request, by org.PersonID, g Ground, now time.Time) ([]incident.Fact, error) {
	over, err := r.sound(by, g, now)
	if err != nil {
		return nil, err
	}
	needs := g.Rules.Approvals
	if r.Class == org.EmergencyChange {
		needs = 0
	}
	asked := incident.ChangeRequested{
		Class: r.Class, Risk: r.Risk, Plan: r.Plan, BackOut: r.BackOut, Services: r.Services, Starts: r.Starts, Ends: r.Ends,
		Person: by, Owner: r.Owner, Approvers: r.Approvers, Wait: g.Rules.Wait, Needs: needs, Incident: r.Incident, Override: r.Override,
	}
	if g.Board > 0 {
		asked.Board = g.Rules.Board
	}
	facts := []incident.Fact{
		incident.Opened{Sort: incident.KindChange, Title: r.Title, Service: r.Services[0], Team: g.Team, Priority: r.urgency(now)},
		asked,
	}
	then, err := r.asks(by, g, over, asked.Board, 1, now)
	if err != nil {
		return nil, err
	}
	return append(facts, then...), nil
}

// sound says whether a request can be asked for, and by which override, if by one.
func (r *Request) sound(by org.PersonID, g Ground, now time.Time) (*incident.Override, error) {
	if err := r.check(by, g, now); err != nil {
		return nil, err
	}
	over, err := r.override(g, now)
	if err != nil {
		return nil, err
	}
	if r.Owner == "" {
		r.Owner = by
	}
	if frozen := g.Rules.Frozen(r.Services, r.Starts, r.Ends); len(frozen) > 0 && over == nil && r.Class != org.EmergencyChange {
		return nil, incident.Refuse("starts: nothing is changed then: %s", frozen[0].Why())
	}
	return over, nil
}

// asks is how a request goes on: a rule approves it, or people are asked by a run.
func (r Request) asks(by org.PersonID, g Ground, over *incident.Override, board org.PolicyID, run int, now time.Time) ([]incident.Fact, error) {
	if over != nil {
		return []incident.Fact{incident.ChangeApproved{How: incident.ByOverride, Why: over.Reason}}, nil
	}
	// Whoever makes it needs the right, not only whoever asks.
	why, ok := g.Rules.Granted(r.Class, by, g.Teams, r.Services)
	if ok && r.Owner == by && len(r.Approvers) == 0 {
		return []incident.Fact{incident.ChangeApproved{How: incident.ByGrant, Why: why}}, nil
	}
	ask := incident.Asked{Run: run, Why: "a change waits for approval", Targets: r.Approvers, Priority: r.urgency(now)}
	switch {
	case len(r.Approvers) > 0:
	case board == "":
		return nil, incident.Refuse("approvers: name somebody: no board is set up")
	default:
		ask.Policy, ask.Version = board, g.Board
	}
	return []incident.Fact{incident.Composed{Text: r.summary(), Choices: []incident.Choice{{Text: "Approve", Positive: true}, {Text: "Deny"}}}, ask}, nil
}

func (r *Request) check(by org.PersonID, g Ground, now time.Time) error {
	r.Title = strings.Join(strings.Fields(r.Title), " ")
	r.Plan, r.BackOut = strings.TrimSpace(r.Plan), strings.TrimSpace(r.BackOut)
	switch {
	case by == "":
		return incident.Refuse("only a person asks for a change, or a key that belongs to one")
	case r.Title == "" || utf8.RuneCountInString(r.Title) > maxChangeTitle:
		return incident.Refuse("title: want 1 to %d characters", maxChangeTitle)
	case !r.Class.Valid():
		return incident.Refuse("class: want standard, normal or emergency")
	case r.Risk != "" && !slices.Contains(Risks, r.Risk):
		return incident.Refuse("risk: want low, medium or high")
	case utf8.RuneCountInString(r.Plan) > maxChangeText || utf8.RuneCountInString(r.BackOut) > maxChangeText:
		return incident.Refuse("plan: at most %d characters, and so is the way back", maxChangeText)
	case r.Class == org.NormalChange && r.Plan == "":
		return incident.Refuse("plan: what is done, in which order?")
	case r.Class == org.NormalChange && r.BackOut == "":
		return incident.Refuse("back_out: how is it undone if it fails?")
	case len(r.Services) == 0 || len(r.Services) > mostServices:
		return incident.Refuse("services: name 1 to %d", mostServices)
	case len(r.Approvers) > mostApprovers:
		return incident.Refuse("approvers: at most %d", mostApprovers)
	case !r.Ends.After(r.Starts) || r.Ends.Sub(r.Starts) > longestChange:
		return incident.Refuse("ends: after it starts, at most 31 days")
	case !r.Ends.After(now):
		return incident.Refuse("ends: is over already")
	case r.Starts.Sub(now) > furthestChange:
		return incident.Refuse("starts: at most a year from now")
	}
	for _, t := range r.Approvers {
		switch {
		case t.Kind == "email" || t.Kind == "policy":
			return incident.Refuse("approvers: are people, teams and schedules")
		case t.Kind == "person" && (t.ID == string(by) || t.ID == string(r.Owner)):
			return incident.Refuse("approvers: nobody approves their own change")
		}
	}
	if r.Incident != "" && g.In == nil || g.In != nil && g.In.Sort != "" {
		return incident.Refuse("incident: there is no such incident")
	}
	return nil
}

// override is the one that a request names, which must hold and cover what is changed.
func (r Request) override(g Ground, now time.Time) (*incident.Override, error) {
	if r.Override == 0 {
		return nil, nil
	}
	if g.In == nil {
		return nil, incident.Refuse("override: belongs to an incident: name it")
	}
	o, ok := g.In.Override(r.Override)
	switch {
	case !ok:
		return nil, incident.Refuse("override: there is none of number %d", r.Override)
	case !g.In.Status.Open():
		return nil, incident.Refuse("override: its incident is %s", g.In.Status)
	case !o.On(now):
		return nil, incident.Refuse("override: it is over")
	}
	for _, s := range r.Services {
		if !slices.Contains(o.Services, s) {
			return nil, incident.Refuse("override: it is not for %s", s)
		}
	}
	return &o, nil
}

// urgency is how those who decide are asked.
func (r Request) urgency(now time.Time) org.Priority {
	if r.Class == org.EmergencyChange || r.Starts.Sub(now) < soon {
		return org.High
	}
	return org.Low
}

// summary is what a page says of it beside its title.
func (r Request) summary() string {
	names := make([]string, len(r.Services))
	for i, s := range r.Services {
		names[i] = string(s)
	}
	s := string(r.Class) + " change of " + strings.Join(names, ", ") + ", " + minute(r.Starts) + " to " + minute(r.Ends)
	if r.Risk != "" {
		s += ", " + r.Risk + " risk"
	}
	return s
}

// Decide is somebody's word on a change: one denial denies it. Nobody decides about their
// own; asked says whether they are among those who may.
func Decide(in incident.Incident, approve bool, by org.PersonID, asked bool, why, via string) ([]incident.Fact, error) {
	c := in.Change
	switch {
	case c == nil:
		return nil, incident.Refuse("it is no change")
	case by == "":
		return nil, incident.Refuse("only a person decides about a change")
	case c.Wrote(by):
		return nil, incident.Refuse("nobody decides about their own change: cancel it if it is not to be made")
	case !asked:
		return nil, incident.Refuse("you were not asked about it, and are not of the board")
	case c.State != incident.ChangeWaits:
		return nil, incident.Refuse("it is %s already", c.State)
	case utf8.RuneCountInString(why) > maxCause:
		return nil, incident.Refuse("why: at most %d characters", maxCause)
	case !approve:
		return []incident.Fact{incident.ChangeDenied{Why: why, Via: via}}, nil
	case slices.ContainsFunc(c.Approvals, func(a incident.Approval) bool { return a.Person == by }):
		return nil, nil // twice is once
	}
	return []incident.Fact{incident.ChangeApproved{How: incident.ByPeople, Why: why, Via: via}}, nil
}

// Start says that a change is being made from here on. over says that an override holds
// for it now.
func Start(in incident.Incident, r Rules, over bool, now time.Time) ([]incident.Fact, error) {
	c := in.Change
	if c == nil {
		return nil, incident.Refuse("it is no change")
	}
	switch c.State {
	case incident.ChangeMay:
	case incident.ChangeBegun:
		return nil, nil
	case incident.ChangeWaits:
		return nil, incident.Refuse("nobody has approved it yet")
	default:
		return nil, incident.Refuse("it is %s", c.State)
	}
	switch {
	case c.Override > 0 && !over:
		return nil, incident.Refuse("the override that it was approved by is over")
	case c.Override == 0 && now.Add(early).Before(c.Starts):
		return nil, incident.Refuse("it is approved for %s to %s", minute(c.Starts), minute(c.Ends))
	case c.Override == 0 && !now.Before(c.Ends):
		return nil, incident.Refuse("its time was over at %s: ask for another", minute(c.Ends))
	}
	if f := r.Frozen(c.Services, now, now.Add(time.Second)); len(f) > 0 && c.Class != org.EmergencyChange && !over {
		return nil, incident.Refuse("nothing is changed now: %s", f[0].Why())
	}
	return []incident.Fact{incident.ChangeStarted{}}, nil
}

// Finish says how a change went.
func Finish(in incident.Incident, how incident.Outcome, text string) ([]incident.Fact, error) {
	c := in.Change
	text = strings.TrimSpace(text)
	switch {
	case c == nil:
		return nil, incident.Refuse("it is no change")
	case c.State == incident.ChangeIsDone && c.Outcome == how:
		return nil, nil
	case c.State != incident.ChangeBegun:
		return nil, incident.Refuse("it is %s: say that it has begun", c.State)
	case !slices.Contains(incident.Outcomes, how):
		return nil, incident.Refuse("outcome: want worked, backed_out or failed")
	case how != incident.ChangeWorked && text == "":
		return nil, incident.Refuse("text: what went wrong?")
	case utf8.RuneCountInString(text) > maxChangeText:
		return nil, incident.Refuse("text: at most %d characters", maxChangeText)
	}
	return []incident.Fact{incident.ChangeEnded{Outcome: how, Text: text}}, nil
}

// Cancel says that a change will not be made.
func Cancel(in incident.Incident, why string) ([]incident.Fact, error) {
	c := in.Change
	switch {
	case c == nil:
		return nil, incident.Refuse("it is no change")
	case c.State == incident.ChangeIsNoMore:
		return nil, nil
	case c.State == incident.ChangeBegun:
		return nil, incident.Refuse("it has begun: say how it went")
	case c.Over():
		return nil, incident.Refuse("it is %s already", c.State)
	case utf8.RuneCountInString(why) > maxCause:
		return nil, incident.Refuse("why: at most %d characters", maxCause)
	}
	return []incident.Fact{incident.ChangeCancelled{Why: why}}, nil
}

// ChangeNext is what happens by itself to a change: while nobody has decided, the board is
// asked as well, then with high priority, then again; what nobody decided in time is not
// made. board is the version of a policy, 0 when it is gone.
func ChangeNext(in incident.Incident, board func(org.PolicyID) int, now time.Time) (facts []incident.Fact, due time.Time) {
	c := in.Change
	if c == nil || in.Seq >= incident.Crowded {
		return nil, due
	}
	switch c.State {
	case incident.ChangeWaits:
		return waits(in, board, now)
	case incident.ChangeMay:
		if at := c.Ends.Add(late); at.After(now) {
			return nil, at
		}
		return []incident.Fact{incident.ChangeCancelled{Why: "its time is over, and nobody has begun"}}, due
	case incident.ChangeBegun:
		if c.Overran {
			return nil, due
		}
		if c.Ends.After(now) {
			return nil, c.Ends
		}
		return []incident.Fact{incident.ChangeOverran{}}, due
	}
	return nil, due
}

func waits(in incident.Incident, board func(org.PolicyID) int, now time.Time) (facts []incident.Fact, due time.Time) {
	c := in.Change
	if !c.Ends.After(now) {
		return []incident.Fact{incident.ChangeDenied{Why: "nobody decided before its time was over"}}, due
	}
	due = c.Ends
	next := func(at time.Time) bool {
		if !at.After(now) {
			return true
		}
		if at.Before(due) {
			due = at
		}
		return false
	}
	wait, again := usualWait, askAgain
	if c.Wait > 0 {
		wait = c.Wait.D()
	}
	if in.Priority == org.Low {
		wait, again = max(wait, patience), patience
		if next(c.Starts.Add(-soon)) {
			return []incident.Fact{incident.Raised{Priority: org.High, Why: "it begins soon, and nobody has decided"}}, time.Time{}
		}
	}
	ask := incident.Asked{Priority: in.Priority}
	climbs, boarded, nobody := false, false, false
	for _, r := range in.Runs {
		ask.Run = max(ask.Run, r.ID)
		climbs = climbs || r.Open() && r.Policy != "" && r.Priority == org.High
		boarded = boarded || r.Policy == c.Board && c.Board != ""
		nobody = nobody || r.Settled == "nobody"
	}
	ask.Run++
	version := 0
	if c.Board != "" {
		version = board(c.Board)
	}
	switch {
	case version > 0 && !boarded:
		if !nobody && !next(in.OpenedAt.Add(wait)) {
			return nil, due
		}
		ask.Policy, ask.Version, ask.Why = c.Board, version, "those who were asked have not decided"
		for _, r := range in.Runs { // the board goes on with them
			if r.Open() && !r.CatchAll {
				facts = append(facts, incident.Settled{Run: r.ID, How: "replaced"})
			}
		}
	case climbs || c.Asks >= mostAsks || !next(c.AskedAt.Add(again)):
		return nil, due
	case version > 0:
		ask.Policy, ask.Version, ask.Why = c.Board, version, "nobody has decided"
	case len(c.Approvers) > 0:
		ask.Targets, ask.Why = c.Approvers, "nobody has decided"
	default:
		return nil, due
	}
	return append(facts, ask), time.Time{}
}

// ChangeTell says who hears what of a change, by whom it was done.
func ChangeTell(before incident.Incident, e incident.Entry, name func(incident.Actor) string) (out []incident.Told) {
	c := before.Change
	if c == nil {
		return nil
	}
	tell := func(text string, all ...org.PersonID) {
		for _, p := range all {
			if p != "" && p != e.By.Person() && !slices.ContainsFunc(out, func(n incident.Told) bool { return n.Person == p }) {
				out = append(out, incident.Told{Person: p, Text: text})
			}
		}
	}
	after := before.After(e)
	agreed := func(text string) { // who agreed hears that it was in vain
		for _, a := range c.Approvals {
			tell(text, a.Person)
		}
	}
	undecided := func(text string) { // who was asked need not decide any longer
		for _, p := range before.Called {
			if before.Call != nil {
				if _, answered := before.Call.Of(p); !answered {
					tell(text, p)
				}
			}
		}
	}
	who := " by " + name(e.By)
	switch f := e.Fact.(type) {
	case incident.ChangeAmended:
		agreed("was changed" + who + ", what you said of it does not hold any longer")
		tell("was changed"+who, c.Person, c.Owner, after.Change.Owner)
	case incident.ChangeApproved:
		if f.How == incident.ByPeople && after.Change.State == incident.ChangeMay {
			tell("approved"+who, c.Person, c.Owner)
			undecided("approved" + who)
		}
	case incident.ChangeDenied:
		text := "denied" + who
		if e.By == incident.Engine {
			text = "not approved in time"
		} else if f.Why != "" {
			text += ", " + f.Why
		}
		tell(text, c.Person, c.Owner)
		agreed(text)
		undecided(text)
	case incident.ChangeCancelled:
		text := "cancelled" + who
		if e.By == incident.Engine {
			text = "cancelled, its time is over"
		}
		tell(text, c.Person, c.Owner)
		if before.Status.Open() {
			undecided(text)
		}
	case incident.ChangeOverran:
		tell("was to be done by now, how did it go?", c.Owner, c.Person)
	}
	return out
}

package incident

import (
	"slices"
	"time"

	"tocsin/org"
)

// A Review is how far the closure of an incident has come.
type Review struct {
	State     RetroState         `json:"state,omitempty"` // "": nobody has begun
	At        time.Time          `json:"at,omitzero"`     // since when
	Template  string             `json:"template,omitempty"`
	Sections  []org.RetroSection `json:"sections,omitempty"`
	Authors   []org.PersonID     `json:"authors,omitempty"`
	Reviewers []org.PersonID     `json:"reviewers,omitempty"` // who was asked to sign
	Signed    []Signature        `json:"signed,omitempty"`
	Published []Publishing       `json:"published,omitempty"`
	Actions   []ReviewAction     `json:"actions,omitempty"`
	Lessons   []Lesson           `json:"lessons,omitempty"`
	Recalled  []Recalled         `json:"recalled,omitempty"` // actions of past incidents like it that are not done
}

// A RetroState is how far a retrospective is.
type RetroState string

const (
	RetroDraft     RetroState = "draft"
	RetroInReview  RetroState = "in_review"
	RetroSignedOff RetroState = "signed"
	RetroPublic    RetroState = "published"
)

// RetroStates are those, in their order.
var RetroStates = []RetroState{RetroDraft, RetroInReview, RetroSignedOff, RetroPublic}

// A Signature is somebody's word that a retrospective is right.
type Signature struct {
	Person org.PersonID `json:"person"`
	At     time.Time    `json:"at"`
	Note   string       `json:"note,omitempty"`
}

// A Publishing is a version that was given to those whom it is for.
type Publishing struct {
	For   org.Audience       `json:"for"`
	At    time.Time          `json:"at"`
	By    Actor              `json:"by"`
	Pages []org.StatusPageID `json:"pages,omitempty"`
}

// A ReviewAction is something to be done so that it does not come again.
type ReviewAction struct {
	ID       int          `json:"id"`
	Title    string       `json:"title"`
	Owner    org.PersonID `json:"owner,omitempty"`
	Due      time.Time    `json:"due,omitzero"`
	Priority Weight       `json:"priority"`
	By       Actor        `json:"by"`
	At       time.Time    `json:"at"`
	Promised time.Time    `json:"promised"` // when owner and time were set last
	State    TaskState    `json:"state"`
	EndedAt  time.Time    `json:"ended_at,omitzero"`
	EndedBy  Actor        `json:"ended_by,omitempty"`
	Outcome  string       `json:"outcome,omitempty"`
	Reminded bool         `json:"reminded,omitempty"` // that its time comes
	Nags     int          `json:"nags,omitempty"`     // how often it was said to be overdue
	NagAt    time.Time    `json:"nag_at,omitzero"`
	Again    []ID         `json:"again,omitempty"` // incidents like this one that came while it was not done
	Tickets  []Ticket     `json:"tickets,omitempty"`
}

// A Lesson is what others should know.
type Lesson struct {
	ID        int       `json:"id"`
	Text      string    `json:"text"`
	Tags      []string  `json:"tags,omitempty"`
	By        Actor     `json:"by"`
	At        time.Time `json:"at"`
	Withdrawn bool      `json:"withdrawn,omitempty"`
}

// Retro is how far the retrospective is; "" is that nobody has begun.
func (in Incident) Retro() RetroState {
	if in.Review == nil {
		return ""
	}
	return in.Review.State
}

// Action is one of the actions, by its number.
func (in Incident) Action(id int) (ReviewAction, bool) {
	if in.Review == nil || id < 1 || id > len(in.Review.Actions) {
		return ReviewAction{}, false
	}
	return in.Review.Actions[id-1], true
}

// Lesson is one of the lessons, by its number.
func (in Incident) Lesson(id int) (Lesson, bool) {
	if in.Review == nil || id < 1 || id > len(in.Review.Lessons) {
		return Lesson{}, false
	}
	return in.Review.Lessons[id-1], true
}

// reviewed is After for the facts of closure.
func (in Incident) reviewed(e Entry) Incident {
	var r Review
	if in.Review != nil {
		r = *in.Review
	}
	p := e.By.Person()
	author := func() {
		if p != "" && !slices.Contains(r.Authors, p) {
			r.Authors = append(slices.Clip(r.Authors), p)
		}
	}
	to := func(s RetroState) { r.State, r.At = s, e.At }
	switch f := e.Fact.(type) {
	case RetroDrafted:
		r.Template, r.Sections = f.Template, f.Sections
		to(RetroDraft)
	case RetroWritten:
		author()
	case RetroSubmitted:
		author()
		r.Reviewers, r.Signed = f.To, nil
		to(RetroInReview)
	case RetroReturned:
		r.Signed = nil
		to(RetroDraft)
	case RetroSigned:
		r.Signed = append(slices.Clip(r.Signed), Signature{p, e.At, f.Note})
		if f.Last {
			to(RetroSignedOff)
		}
	case RetroPublished:
		r.Published = append(slices.Clip(r.Published), Publishing{f.For, e.At, e.By, f.Pages})
		to(RetroPublic)
	case LessonLearned:
		r.Lessons = append(slices.Clip(r.Lessons), Lesson{ID: len(r.Lessons) + 1, Text: f.Text, Tags: f.Tags, By: e.By, At: e.At})
	case LessonWithdrawn:
		if f.Lesson >= 1 && f.Lesson <= len(r.Lessons) {
			r.Lessons = slices.Clone(r.Lessons)
			r.Lessons[f.Lesson-1].Withdrawn = true
		}
	case Recalled:
		r.Recalled = append(slices.Clip(r.Recalled), f)
	case ActionAdded:
		r.Actions = append(slices.Clip(r.Actions), ReviewAction{
			ID: len(r.Actions) + 1, Title: f.Title, Owner: f.Owner, Due: f.Due, Priority: weighed(f.Priority), By: e.By, At: e.At, Promised: e.At, State: ToDo,
		})
	default:
		r.Actions = slices.Clone(r.Actions)
		r.action(e)
	}
	in.Review = &r
	return in
}

func weighed(w Weight) Weight {
	if w == "" {
		return Usual
	}
	return w
}

// action changes one of the actions; a number that there is not changes nothing.
func (r *Review) action(e Entry) {
	change := func(id int, to func(a *ReviewAction)) {
		if id >= 1 && id <= len(r.Actions) {
			to(&r.Actions[id-1])
		}
	}
	promise := func(a *ReviewAction) { a.Promised, a.Reminded, a.Nags, a.NagAt = e.At, false, 0, time.Time{} }
	over := func(s TaskState, outcome string) func(*ReviewAction) {
		return func(a *ReviewAction) { a.State, a.EndedAt, a.EndedBy, a.Outcome = s, e.At, e.By, outcome }
	}
	switch f := e.Fact.(type) {
	case ActionChanged:
		change(f.Action, func(a *ReviewAction) {
			if f.Owner != a.Owner || !f.Due.Equal(a.Due) {
				promise(a)
			}
			a.Title, a.Owner, a.Due, a.Priority = f.Title, f.Owner, f.Due, weighed(f.Priority)
		})
	case ActionDone:
		change(f.Action, over(Done, f.Outcome))
	case ActionDropped:
		change(f.Action, over(Dropped, f.Why))
	case ActionReopened:
		change(f.Action, func(a *ReviewAction) {
			a.State, a.EndedAt, a.EndedBy, a.Outcome = ToDo, time.Time{}, "", ""
			promise(a)
		})
	case ActionReminded:
		change(f.Action, func(a *ReviewAction) { a.Reminded = true })
	case ActionOverdue:
		change(f.Action, func(a *ReviewAction) { a.Nags, a.NagAt = f.Nth, e.At })
	case ActionRecurred:
		change(f.Action, func(a *ReviewAction) { a.Again = append(slices.Clip(a.Again), f.Incident) })
	}
}

// unsigned is the incident whose retrospective is not finished, because the incident is
// not: what was signed is not all of it.
func (in Incident) unsigned(at time.Time) Incident {
	if in.Review != nil && in.Review.State != "" && in.Review.State != RetroDraft {
		r := *in.Review
		r.State, r.At, r.Signed = RetroDraft, at, nil
		in.Review = &r
	}
	return in
}

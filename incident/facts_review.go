package incident

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// Step 5: closure. What a retrospective says stands in rows, sealed; that it was drafted,
// written, signed and published are facts, and so are its actions and lessons.
type (
	// Filed closes the incident. Passed is what it had to have before, and has.
	Filed struct {
		Why    string   `json:"why,omitempty"`
		Passed []string `json:"passed,omitempty"`
	}
	// RetroDrafted says that a retrospective was begun from the log, by a template.
	RetroDrafted struct {
		Template string             `json:"template"`
		Sections []org.RetroSection `json:"sections"`
	}
	// RetroWritten says that somebody writes in it; it is said once of each.
	RetroWritten struct{}
	// RetroSubmitted asks some people to read it and to sign.
	RetroSubmitted struct {
		To   []org.PersonID `json:"to"`
		Note string         `json:"note,omitempty"`
	}
	// RetroReturned says that it is to be worked on: what was signed is not what it will say.
	RetroReturned struct {
		Why string `json:"why,omitempty"`
	}
	// RetroSigned is somebody's word that it is right. With Last it is signed off.
	RetroSigned struct {
		Note string `json:"note,omitempty"`
		Last bool   `json:"last,omitempty"`
	}
	// RetroPublished says that a version of it was given to those whom it is for, and what
	// it said then.
	RetroPublished struct {
		For   org.Audience       `json:"for"`
		Pages []org.StatusPageID `json:"pages,omitempty"`
		Title string             `json:"title,omitempty"`
		Text  string             `json:"text,omitempty"` // of what stands on pages
	}

	// ActionAdded is something that is to be done so that it does not come again. Action
	// counts them from 1.
	ActionAdded struct {
		Action   int          `json:"action"`
		Title    string       `json:"title"`
		Owner    org.PersonID `json:"owner,omitempty"`
		Due      time.Time    `json:"due,omitzero"`
		Priority Weight       `json:"priority,omitempty"`
	}
	// ActionChanged is how an action is from here on.
	ActionChanged struct {
		Action   int          `json:"action"`
		Title    string       `json:"title"`
		Owner    org.PersonID `json:"owner,omitempty"`
		Due      time.Time    `json:"due,omitzero"`
		Priority Weight       `json:"priority,omitempty"`
	}
	// ActionDone says that it is done, and what came of it.
	ActionDone struct {
		Action  int    `json:"action"`
		Title   string `json:"title"`
		Outcome string `json:"outcome,omitempty"`
	}
	// ActionDropped says that it need not be done, and why.
	ActionDropped struct {
		Action int    `json:"action"`
		Title  string `json:"title"`
		Why    string `json:"why"`
	}
	// ActionReopened says that it is not done.
	ActionReopened struct {
		Action int    `json:"action"`
		Title  string `json:"title"`
		Why    string `json:"why,omitempty"`
	}
	// ActionNoted is what somebody said of an action. In is the ticket in which they said it.
	ActionNoted struct {
		Action int    `json:"action"`
		Title  string `json:"title"`
		Text   string `json:"text"`
		In     string `json:"in,omitempty"`
	}
	// ActionReminded says that its time comes soon, and to whom.
	ActionReminded struct {
		Action int            `json:"action"`
		Title  string         `json:"title"`
		Due    time.Time      `json:"due"`
		To     []org.PersonID `json:"to,omitempty"`
	}
	// ActionOverdue says that it should be done by now, for the Nth time, and to whom.
	ActionOverdue struct {
		Action int            `json:"action"`
		Title  string         `json:"title"`
		Nth    int            `json:"nth"`
		To     []org.PersonID `json:"to,omitempty"`
	}
	// ActionRecurred says that the trouble came again while the action was not done.
	ActionRecurred struct {
		Action   int      `json:"action"`
		Title    string   `json:"title"`
		Incident ID       `json:"incident"` // the new one
		Name     string   `json:"name"`     // its title
		Why      []string `json:"why"`      // by which it is like this one
	}
	// Recalled says, in the new incident, that an action of a past one like it is not done.
	Recalled struct {
		Incident ID           `json:"incident"` // the past one
		Name     string       `json:"name"`     // its title
		Action   int          `json:"action"`
		Title    string       `json:"title"`
		Owner    org.PersonID `json:"owner,omitempty"`
		Why      []string     `json:"why"`
	}

	// LessonLearned is what others should know. Lesson counts them from 1.
	LessonLearned struct {
		Lesson int      `json:"lesson"`
		Text   string   `json:"text"`
		Tags   []string `json:"tags,omitempty"`
	}
	// LessonWithdrawn says that it does not hold.
	LessonWithdrawn struct {
		Lesson int    `json:"lesson"`
		Text   string `json:"text"`
		Why    string `json:"why,omitempty"`
	}
)

// A Weight is how much an action matters.
type Weight string

const (
	Heavy  Weight = "high"
	Usual  Weight = "normal"
	Slight Weight = "low"
)

// Weights are those, what matters most first.
var Weights = []Weight{Heavy, Usual, Slight}

func (Filed) Kind() string           { return "review.closed" }
func (RetroDrafted) Kind() string    { return "review.drafted" }
func (RetroWritten) Kind() string    { return "review.written" }
func (RetroSubmitted) Kind() string  { return "review.submitted" }
func (RetroReturned) Kind() string   { return "review.returned" }
func (RetroSigned) Kind() string     { return "review.signed" }
func (RetroPublished) Kind() string  { return "review.published" }
func (ActionAdded) Kind() string     { return "review.action_added" }
func (ActionChanged) Kind() string   { return "review.action_changed" }
func (ActionDone) Kind() string      { return "review.action_done" }
func (ActionDropped) Kind() string   { return "review.action_dropped" }
func (ActionReopened) Kind() string  { return "review.action_reopened" }
func (ActionNoted) Kind() string     { return "review.action_noted" }
func (ActionReminded) Kind() string  { return "review.action_reminded" }
func (ActionOverdue) Kind() string   { return "review.action_overdue" }
func (ActionRecurred) Kind() string  { return "review.action_recurred" }
func (Recalled) Kind() string        { return "review.recalled" }
func (LessonLearned) Kind() string   { return "review.lesson_learned" }
func (LessonWithdrawn) Kind() string { return "review.lesson_withdrawn" }

func (f Filed) String() string {
	s := because("closed", f.Why)
	if len(f.Passed) > 0 {
		s += " (" + strings.Join(f.Passed, ", ") + ")"
	}
	return s
}

func (f RetroDrafted) String() string { return "retrospective drafted, by the template " + f.Template }
func (RetroWritten) String() string   { return "writes in the retrospective" }

func (f RetroSubmitted) String() string {
	return because("retrospective to be signed by "+joinIDs(f.To), f.Note)
}

func (f RetroReturned) String() string { return because("retrospective to be worked on", f.Why) }

func (f RetroSigned) String() string {
	s := "signed the retrospective"
	if f.Last {
		s += ", which is signed off"
	}
	return because(s, f.Note)
}

func (f RetroPublished) String() string {
	s := "retrospective published for " + string(f.For)
	for i, p := range f.Pages {
		if i == 0 {
			s += " on "
		} else {
			s += ", "
		}
		s += string(p)
	}
	return s
}

func (f ActionAdded) String() string {
	return fmt.Sprintf("action %d: %s%s", f.Action, f.Title, owed(f.Owner, f.Due))
}

func (f ActionChanged) String() string {
	return fmt.Sprintf("action %d is now: %s%s", f.Action, f.Title, owed(f.Owner, f.Due))
}

func (f ActionDone) String() string     { return because("action done: "+f.Title, f.Outcome) }
func (f ActionDropped) String() string  { return because("action need not be done: "+f.Title, f.Why) }
func (f ActionReopened) String() string { return because("action not done: "+f.Title, f.Why) }

func (f ActionNoted) String() string {
	return fmt.Sprintf("of action %d, %s: %s", f.Action, f.Title, f.Text)
}

func (f ActionReminded) String() string {
	return "action due " + f.Due.UTC().Format("2006-01-02 15:04 UTC") + ": " + f.Title + "; told " + joinIDs(f.To)
}

func (f ActionOverdue) String() string {
	line := "action overdue: " + f.Title
	if len(f.To) > 0 {
		line += "; told " + joinIDs(f.To)
	}
	return line
}

func (f ActionRecurred) String() string {
	return fmt.Sprintf("came again with the action not done: %s; %s (%s)", f.Title, f.Name, strings.Join(f.Why, "; "))
}

func (f Recalled) String() string {
	return fmt.Sprintf("an action of %s is not done: %s (%s)", f.Name, f.Title, strings.Join(f.Why, "; "))
}

func (f LessonLearned) String() string   { return "lesson: " + f.Text }
func (f LessonWithdrawn) String() string { return because("lesson withdrawn: "+f.Text, f.Why) }

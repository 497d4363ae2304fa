package incident

import (
	"fmt"
	"slices"
	"time"

	"tocsin/org"
)

// A page by hand is a subject of its own kind: somebody asks some people, who answer.
// Its facts are the second step's.

// KindCall is the kind of subject that a page by hand is; that of an incident is "".
const KindCall = "call"

// A Choice is an answer that people may give.
type Choice struct {
	Text     string `json:"text" yaml:"text"`
	Positive bool   `json:"positive,omitempty" yaml:"positive,omitempty"`
}

type (
	// Composed says what is asked: the answers to choose from, until when, and how many
	// positive ones are enough (0: it waits for all).
	Composed struct {
		Text    string    `json:"text,omitempty"`
		Choices []Choice  `json:"choices"`
		Expires time.Time `json:"expires,omitzero"`
		Enough  int       `json:"enough,omitempty"`
		// Not is who is not called by it: it is about what they did.
		Not org.PersonID `json:"not,omitempty"`
	}
	// Chosen is a person's answer: the number of a choice, from 1. The last one counts.
	Chosen struct {
		Choice int    `json:"choice"`
		Text   string `json:"text"`
		Via    string `json:"via,omitempty"`
		Late   bool   `json:"late,omitempty"` // after the end: recorded, nothing changes
	}
)

func (Composed) Kind() string { return "escalate.composed" }
func (Chosen) Kind() string   { return "escalate.chosen" }

func (f Composed) String() string {
	return fmt.Sprintf("asked for one of %d answers: %s", len(f.Choices), f.Text)
}

func (f Chosen) String() string {
	s := "answered: " + f.Text
	if f.Late {
		s += " (after the end)"
	}
	return s
}

// An Asking is where a page by hand stands.
type Asking struct {
	Text    string        `json:"text,omitempty"`
	Choices []Choice      `json:"choices"`
	Expires time.Time     `json:"expires,omitzero"`
	Enough  int           `json:"enough,omitempty"`
	Answers []GivenAnswer `json:"answers,omitempty"`
	Not     org.PersonID  `json:"not,omitempty"`
}

// A GivenAnswer is what one person chose, last.
type GivenAnswer struct {
	Person org.PersonID `json:"person"`
	Choice int          `json:"choice"`
	At     time.Time    `json:"at"`
	Via    string       `json:"via,omitempty"`
}

// Positive is how many people answered so.
func (a Asking) Positive() (n int) {
	for _, g := range a.Answers {
		if g.Choice >= 1 && g.Choice <= len(a.Choices) && a.Choices[g.Choice-1].Positive {
			n++
		}
	}
	return n
}

// Of is what a person chose, if they did.
func (a Asking) Of(p org.PersonID) (GivenAnswer, bool) {
	i := slices.IndexFunc(a.Answers, func(g GivenAnswer) bool { return g.Person == p })
	if i < 0 {
		return GivenAnswer{}, false
	}
	return a.Answers[i], true
}

// asked is After for the facts of a page by hand.
func (in Incident) asked(e Entry) Incident {
	switch f := e.Fact.(type) {
	case Composed:
		in.Call = &Asking{Text: f.Text, Choices: f.Choices, Expires: f.Expires, Enough: f.Enough, Not: f.Not}
	case Chosen:
		p := e.By.Person()
		if in.Call == nil || p == "" || f.Late {
			return in
		}
		call := *in.Call
		call.Answers = slices.DeleteFunc(slices.Clone(call.Answers), func(g GivenAnswer) bool { return g.Person == p })
		call.Answers = append(call.Answers, GivenAnswer{p, f.Choice, e.At, f.Via})
		in.Call = &call
		if !slices.Contains(in.Answered, p) {
			in.Answered = append(slices.Clip(in.Answered), p)
		}
	}
	return in
}

package escalate

import (
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Call is a page by hand, as somebody wants it sent.
type Call struct {
	Title    string
	Text     string
	Targets  []org.Target
	Priority org.Priority
	Choices  []incident.Choice // none: one that says "OK"
	Expires  time.Time
	Enough   int
}

const (
	// MostChoices is as many as a telephone has keys for.
	MostChoices = 9
	longestCall = 7 * 24 * time.Hour
)

// Compose is what a page by hand asks, and whom; or what is wrong with it.
func Compose(c Call, now time.Time) ([]incident.Fact, error) {
	switch {
	case len(c.Targets) == 0:
		return nil, incident.Refuse("targets: name at least one")
	case len(c.Choices) > MostChoices:
		return nil, incident.Refuse("choices: at most %d", MostChoices)
	case !c.Expires.IsZero() && (!c.Expires.After(now) || c.Expires.Sub(now) > longestCall):
		return nil, incident.Refuse("expires: want a moment within the next 7 days")
	case c.Enough < 0:
		return nil, incident.Refuse("enough: is a number of answers")
	}
	for i, choice := range c.Choices {
		if choice.Text == "" {
			return nil, incident.Refuse("choices: number %d says nothing", i+1)
		}
	}
	if len(c.Choices) == 0 {
		c.Choices = []incident.Choice{{Text: "OK", Positive: true}}
	}
	positive := false
	for _, choice := range c.Choices {
		positive = positive || choice.Positive
	}
	if c.Enough > 0 && !positive {
		return nil, incident.Refuse("enough: none of the choices is positive")
	}
	return []incident.Fact{
		incident.Composed{Text: c.Text, Choices: c.Choices, Expires: c.Expires, Enough: c.Enough},
		incident.Asked{Run: 1, Why: "sent by hand", Targets: c.Targets, Priority: c.Priority, Aside: true},
	}, nil
}

// Choose is a person's answer to a page by hand: the number of a choice, from 1; 0 is the
// first positive one, as whoever only acknowledges means it.
func Choose(in incident.Incident, n int, via string) ([]incident.Fact, error) {
	if in.Call == nil || in.Change != nil {
		return nil, incident.Refuse("this asks for no answer of several")
	}
	if n == 0 {
		n = 1
		for i, c := range in.Call.Choices {
			if c.Positive {
				n = i + 1
				break
			}
		}
	}
	if n < 1 || n > len(in.Call.Choices) {
		return nil, incident.Refuse("choose one of 1 to %d", len(in.Call.Choices))
	}
	return []incident.Fact{incident.Chosen{Choice: n, Text: in.Call.Choices[n-1].Text, Via: via, Late: !in.Status.Open()}}, nil
}

// callNext is what a page by hand does by itself: it ends when enough have answered, or
// when its time is over.
func callNext(in incident.Incident, now time.Time) (incident.Fact, time.Time) {
	c := in.Call
	switch n := c.Positive(); {
	case c.Enough > 0 && n >= c.Enough:
		return incident.Ended{Why: fmt.Sprintf("enough have answered: %d", n)}, time.Time{}
	case len(in.Called) > 0 && allAnswered(in):
		return incident.Ended{Why: "everybody has answered"}, time.Time{}
	case !c.Expires.IsZero() && !c.Expires.After(now):
		return incident.Ended{Why: "its time is over"}, time.Time{}
	}
	return nil, c.Expires
}

func allAnswered(in incident.Incident) bool {
	for _, p := range in.Called {
		if _, ok := in.Call.Of(p); !ok {
			return false
		}
	}
	return true
}

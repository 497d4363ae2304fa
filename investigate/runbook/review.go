package runbook

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The budget of a runbook: what somebody reads who was just woken.
const (
	BudgetWords = 400
	budgetSteps = 9
	budgetStep  = 90 // words of one step
	budgetTitle = 70 // characters
)

// A Hindrance is something that would be in the way at night.
type Hindrance struct {
	Step int    `json:"step,omitempty"` // from 1; 0 is the whole
	Text string `json:"text"`
}

// Review says what would be in the way of whoever uses it at night.
func Review(c *Compiled) (all []Hindrance) {
	add := func(step int, format string, args ...any) {
		all = append(all, Hindrance{step, fmt.Sprintf(format, args...)})
	}
	if c.When == "" {
		add(0, "it does not say when to use it: write that before the first step")
	}
	if len(c.matchers) == 0 {
		add(0, "it is attached to nothing: nobody is shown it unless they look for it")
	}
	if c.Owner == "" {
		add(0, "it has no owner: nobody is asked to keep it right")
	}
	if n := words(c.Text); n > BudgetWords {
		add(0, "%d words, and %d can be read at night: move what explains to a page that it links to", n, BudgetWords)
	}
	if n := len(c.Steps); n > budgetSteps {
		add(0, "%d steps, and %d can be followed at night: make two of it", n, budgetSteps)
	}
	for i, s := range c.Steps {
		if n := words(s.Text); n > budgetStep {
			add(i+1, "%d words, and a step has %d", n, budgetStep)
		}
		if utf8.RuneCountInString(s.Title) > budgetTitle {
			add(i+1, "a title of more than %d characters", budgetTitle)
		}
		if s.Action == nil {
			continue
		}
		if name := s.Action.Missing(c.Secrets); name != "" {
			add(i+1, "the secret %s is not there", name)
		}
		if s.Action.Kind == HTTP && s.Action.Method != "GET" && s.Action.Method != "HEAD" && s.Text == "" {
			add(i+1, "it does not say what it changes")
		}
	}
	return all
}

func words(s string) int { return len(strings.Fields(s)) }

// Template is what a new runbook begins with.
const Template = `When ... and not when ...

## Look whether it is that
What shows it, and where to look.

## Put it right
What to do, in words that can be copied.

## See that it is well
What shows that it is over. If not: whom to call.
`

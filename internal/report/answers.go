package report

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	maxShort = 300  // runes of an answer in one line
	maxLong  = 4000 // and in several
	maxTitle = 160
)

func decode[T any](body []byte) (v T, err error) { return v, json.Unmarshal(body, &v) }

// An Input is a question with what was written, for the form to show.
type Input struct {
	org.Question
	Field string // its name in the form
	Value string
	Wrong string
}

// A Reading is what a form says.
type Reading struct {
	Inputs  []Input
	Answers []store.Answered
	Leads   org.Leads
	Title   string
	Wrong   bool // some input is
}

// Read reads the answers to the questions of a category. What is missing or too long is
// said beside its question; nothing of what was written is lost.
func Read(f org.Form, c org.FormCategory, said url.Values, words func(string, ...any) string) (r Reading) {
	r.Leads, r.Title = leads(f, c), c.Name
	detail := ""
	for _, q := range c.Questions {
		in := Input{Question: q, Field: "q." + q.ID}
		in.Value = clean(said.Get(in.Field), q.Long)
		answer := in.Value
		most := maxShort
		if q.Long {
			most = maxLong
		}
		switch n, err := strconv.Atoi(in.Value); {
		case len(q.Choices) > 0 && in.Value != "":
			if answer = ""; err == nil && n >= 0 && n < len(q.Choices) {
				answer, r.Leads = q.Choices[n].Text, r.Leads.Then(q.Choices[n].Leads)
			} else {
				in.Wrong = words("choose")
			}
		case utf8.RuneCountInString(in.Value) > most:
			in.Wrong = words("long", most)
		case detail == "" && !q.Long:
			detail = in.Value
		}
		if answer == "" && q.Required && in.Wrong == "" {
			in.Wrong = words("missing")
		}
		if answer != "" {
			r.Answers = append(r.Answers, store.Answered{Ask: q.Ask, Answer: answer})
		}
		r.Wrong = r.Wrong || in.Wrong != ""
		r.Inputs = append(r.Inputs, in)
	}
	if detail != "" {
		r.Title += ": " + detail
	}
	r.Title = channel.OneLine(r.Title, maxTitle)
	return r
}

// clean is a text as it is kept: without what controls terminals, in one line unless it
// may have several.
func clean(text string, long bool) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	if !long {
		text = strings.Join(strings.Fields(text), " ")
	}
	return strings.TrimSpace(text)
}

// reachable is how an address that somebody leaves is reached: by mail or by telephone.
func reachable(contact string) (by, address string, ok bool) {
	for _, by := range []string{"email", "sms"} {
		if address, err := config.Address(by, contact); err == nil {
			return by, address, true
		}
	}
	return "", "", false
}

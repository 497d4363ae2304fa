package org

import "slices"

// A Closure says what must be complete before incidents of some kind are closed. Of several
// the first that fits holds; without one an incident is closed as somebody says so.
type Closure struct {
	// Severities, Services and Teams are what it is for; without any it is for all.
	Severities []Severity  `json:"severities,omitempty" yaml:"severities,omitempty"`
	Services   []ServiceID `json:"services,omitempty" yaml:"services,omitempty"`
	Teams      []TeamID    `json:"teams,omitempty" yaml:"teams,omitempty"`
	// Retrospective is how far it must be: written, signed, or published for those outside.
	Retrospective string `json:"retrospective,omitempty" yaml:"retrospective,omitempty"`
	// Signatures is how many people sign the retrospective; 0 is one.
	Signatures int `json:"signatures,omitempty" yaml:"signatures,omitempty"`
	// Actions is how far the actions must be: owned (each has somebody and a time), or done.
	Actions string `json:"actions,omitempty" yaml:"actions,omitempty"`
	Cause   bool   `json:"cause,omitempty" yaml:"cause,omitempty"`     // what it was is said, and of which category
	Updates bool   `json:"updates,omitempty" yaml:"updates,omitempty"` // those concerned were told that it is over
	Tasks   bool   `json:"tasks,omitempty" yaml:"tasks,omitempty"`     // no task is left
	Lessons int    `json:"lessons,omitempty" yaml:"lessons,omitempty"` // at least so many
}

// What a closure may ask for, the least first.
var (
	RetroGates  = []string{"", "written", "signed", "published"}
	ActionGates = []string{"", "owned", "done"}
)

// Closure is what incidents like this must have before they are closed.
func (s Settings) Closure(severity Severity, service ServiceID, team TeamID) Closure {
	for _, c := range s.Closures {
		if (Guideline{Severities: c.Severities, Services: c.Services, Teams: c.Teams}).Fits(severity, service, team) {
			return c
		}
	}
	return Closure{}
}

// Asks says whether it asks for anything.
func (c Closure) Asks() bool {
	return c.Retrospective != "" || c.Actions != "" || c.Cause || c.Updates || c.Tasks || c.Lessons > 0
}

// An Audience is for whom a version of a retrospective is.
type Audience string

const (
	Administration Audience = "administration" // who runs it: all of it
	Board          Audience = "board"          // who answers for it
	Customers      Audience = "customers"      // whom it hit
)

// Audiences are those, from the inside outwards.
var Audiences = []Audience{Administration, Board, Customers}

// Valid says whether it is one of the three.
func (a Audience) Valid() bool { return slices.Contains(Audiences, a) }

// Within says whether what is for another audience may be read by this one as well: what
// customers may read, everybody may.
func (a Audience) Within(other Audience) bool {
	return slices.Index(Audiences, a) <= slices.Index(Audiences, other)
}

// A Retrospective is a template: which parts a retrospective has, what is asked in each,
// and who reads it. Of several the first that fits holds.
type Retrospective struct {
	ID         string         `json:"id" yaml:"id"`
	Name       string         `json:"name,omitempty" yaml:"name,omitempty"`
	Severities []Severity     `json:"severities,omitempty" yaml:"severities,omitempty"`
	Services   []ServiceID    `json:"services,omitempty" yaml:"services,omitempty"`
	Sections   []RetroSection `json:"sections" yaml:"sections"`
}

// A RetroSection is one part of it.
type RetroSection struct {
	ID    string `json:"id" yaml:"id"`
	Title string `json:"title" yaml:"title"`
	// Ask is what whoever writes it is asked; it stands in no version.
	Ask string `json:"ask,omitempty" yaml:"ask,omitempty"`
	// For are those whose version has it; administration always has.
	For []Audience `json:"for,omitempty" yaml:"for,omitempty"`
	// Draft is what it is begun with from the log: summary, impact, timeline, factors,
	// actions, lessons or customers.
	Draft string `json:"draft,omitempty" yaml:"draft,omitempty"`
}

// Shows says whether the version for an audience has it.
func (s RetroSection) Shows(a Audience) bool { return a == Administration || slices.Contains(s.For, a) }

// RetroDrafts are what a section may be begun with.
var RetroDrafts = []string{"", "summary", "impact", "timeline", "factors", "actions", "lessons", "customers"}

// UsualRetrospective is the template where none is written.
var UsualRetrospective = Retrospective{ID: "usual", Name: "Retrospective", Sections: []RetroSection{
	{ID: "summary", Title: "Summary", Ask: "What happened, whom did it hit, how did it end? Three sentences for somebody who was not there.", For: []Audience{Board}, Draft: "summary"},
	{ID: "impact", Title: "Impact", Ask: "Who noticed what, for how long? Numbers where there are any.", For: []Audience{Board}, Draft: "impact"},
	{ID: "timeline", Title: "Timeline", Ask: "What happened when, and what did people know at that moment?", Draft: "timeline"},
	{ID: "factors", Title: "Contributing factors", Ask: "What made it possible, and what made it last? Ask how, not who: everybody did what seemed right with what they knew.", For: []Audience{Board}, Draft: "factors"},
	{ID: "well", Title: "What went well", Ask: "What should stay as it is?"},
	{ID: "hard", Title: "What was hard", Ask: "Where did people wait, search or guess?"},
	{ID: "lucky", Title: "Where we got lucky", Ask: "What could have made it worse, and by chance did not?"},
	{ID: "actions", Title: "What we do about it", Ask: "Actions have somebody and a time: add them beside this text.", For: []Audience{Board}, Draft: "actions"},
	{ID: "customers", Title: "For those concerned", Ask: "What happened to them, why, and what is done so that it does not happen again. No names, no inner workings.", For: []Audience{Customers}, Draft: "customers"},
}}

// Retrospective is the template of incidents like this.
func (s Settings) Retrospective(severity Severity, service ServiceID) Retrospective {
	for _, r := range s.Retrospectives {
		if (Guideline{Severities: r.Severities, Services: r.Services}).Fits(severity, service, "") {
			return r
		}
	}
	return UsualRetrospective
}

// Package review is step 5: closure, so that the next night is better than this one.
//
// A retrospective is drafted from the log by a template (draft.go), written together,
// section by section, read by others and signed (this page). Its text stands in rows; how
// far it has come are facts. Who signs is not its only author. When the incident is
// reopened, or somebody takes the retrospective up again, what was signed does not hold.
//
// Actions are what is done so that it does not come again (action.go): each may have
// somebody and a time. Who has one is reminded before its time; once it has passed they
// hear of it, and from the second time on the leads of the team do as well (next.go), as
// long as it is not done, however long the incident is over. Lessons are what others should
// know (lesson.go).
//
// An incident that is over is closed by a person, and only through its gate (gate.go): the
// set-up says which documents, actions and words to those concerned must be complete. A
// refusal names all that is missing.
//
// When a new incident is like one with an action that is not done, both logs say so
// (recall.go), with the reasons.
//
// A version is what an audience reads of a retrospective (version.go): which sections, and
// whether people are named.
package review

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/org"
)

// The bounds of a retrospective.
const (
	MaxSection    = 20_000 // runes of a section
	MaxComment    = 4000
	mostReviewers = 20
	maxNote       = 2000
	maxPublished  = 30_000
)

// drilled is why a drill has no closure: nothing of it is to be counted or remembered.
const drilled = "it is a drill: its score says how it went"

// ended says whether there is anything to look back on.
func ended(in incident.Incident) error {
	switch {
	case in.Apart() != "":
		return incident.Refuse("it was sent by hand")
	case in.IsDrill():
		return incident.Refuse(drilled)
	case in.Merged != "":
		return incident.Refuse("it goes on in another incident, which has its retrospective")
	case in.Status.Open():
		return incident.Refuse("it is not over yet: %s", in.Status)
	}
	return nil
}

// Begin drafts a retrospective by a template. There is one of each incident.
func Begin(in incident.Incident, t org.Retrospective) ([]incident.Fact, error) {
	if err := ended(in); err != nil {
		return nil, err
	}
	switch {
	case in.Retro() != "":
		return nil, incident.Refuse("there is a retrospective already")
	case in.Status == incident.Closed:
		return nil, incident.Refuse("it is closed: reopen it to write about it")
	}
	return []incident.Fact{incident.RetroDrafted{Template: t.ID, Sections: t.Sections}}, nil
}

// Section is one of the sections that a retrospective was begun with.
func Section(in incident.Incident, id string) (org.RetroSection, error) {
	if in.Retro() == "" {
		return org.RetroSection{}, incident.Refuse("there is no retrospective yet: draft it first")
	}
	i := slices.IndexFunc(in.Review.Sections, func(s org.RetroSection) bool { return s.ID == id })
	if i < 0 {
		return org.RetroSection{}, incident.Refuse("section: there is no %q", id)
	}
	return in.Review.Sections[i], nil
}

// Write says whether somebody may write a section now, and that they are an author. What
// some have signed already says something else then: it is to be signed anew.
func Write(in incident.Incident, section, text string, by org.PersonID) ([]incident.Fact, error) {
	if _, err := Section(in, section); err != nil {
		return nil, err
	}
	switch s := in.Review.State; {
	case utf8.RuneCountInString(text) > MaxSection:
		return nil, incident.Refuse("text: at most %d characters", MaxSection)
	case s == incident.RetroSignedOff || s == incident.RetroPublic:
		return nil, incident.Refuse("it is signed off: take it up again to change it")
	}
	var facts []incident.Fact
	if len(in.Review.Signed) > 0 {
		facts = append(facts, incident.RetroReturned{Why: "it was changed after it was signed"})
	}
	if by != "" && !slices.Contains(in.Review.Authors, by) {
		facts = append(facts, incident.RetroWritten{})
	}
	return facts, nil
}

// Submit asks people to read it and to sign.
func Submit(in incident.Incident, to []org.PersonID, note string, by org.PersonID) ([]incident.Fact, error) {
	switch s := in.Retro(); {
	case s == "":
		return nil, incident.Refuse("there is no retrospective yet: draft it first")
	case s == incident.RetroSignedOff || s == incident.RetroPublic:
		return nil, incident.Refuse("it is signed off")
	case by == "":
		return nil, incident.Refuse("only a person asks for signatures: somebody has written it")
	case len(to) == 0:
		return nil, incident.Refuse("to: who is to sign it?")
	case len(to) > mostReviewers:
		return nil, incident.Refuse("to: at most %d", mostReviewers)
	case utf8.RuneCountInString(note) > maxNote:
		return nil, incident.Refuse("note: at most %d characters", maxNote)
	}
	var once []org.PersonID
	for _, p := range to {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	authors := in.Review.Authors
	if !slices.Contains(authors, by) {
		authors = append(slices.Clip(authors), by)
	}
	if len(once) == 1 && len(authors) == 1 && once[0] == authors[0] {
		return nil, incident.Refuse("to: %s is its only author, and somebody else must sign it", once[0])
	}
	return []incident.Fact{incident.RetroSubmitted{To: once, Note: note}}, nil
}

// Return says that it is to be worked on, whatever was signed.
func Return(in incident.Incident, why string) ([]incident.Fact, error) {
	switch in.Retro() {
	case "":
		return nil, incident.Refuse("there is no retrospective yet: draft it first")
	case incident.RetroDraft:
		return nil, nil
	}
	switch {
	case in.Status == incident.Closed:
		return nil, incident.Refuse("it is closed: reopen it to write about it")
	case strings.TrimSpace(why) == "":
		return nil, incident.Refuse("why: say what is to be different")
	case utf8.RuneCountInString(why) > maxNote:
		return nil, incident.Refuse("why: at most %d characters", maxNote)
	}
	return []incident.Fact{incident.RetroReturned{Why: why}}, nil
}

// Sign is somebody's word that it is right. needed is how many sign before it is signed
// off. Who is its only author cannot; any other person can, whether they were asked or not.
func Sign(in incident.Incident, by org.PersonID, note string, needed int) ([]incident.Fact, error) {
	switch s := in.Retro(); {
	case by == "":
		return nil, incident.Refuse("only a person signs")
	case s == "":
		return nil, incident.Refuse("there is no retrospective yet: draft it first")
	case s == incident.RetroDraft:
		return nil, incident.Refuse("it is a draft: ask for signatures first")
	case slices.ContainsFunc(in.Review.Signed, func(g incident.Signature) bool { return g.Person == by }):
		return nil, nil
	case s != incident.RetroInReview:
		return nil, incident.Refuse("it is signed off already")
	case len(in.Review.Authors) == 1 && in.Review.Authors[0] == by:
		return nil, incident.Refuse("you are its only author: somebody else must sign it")
	case utf8.RuneCountInString(note) > maxNote:
		return nil, incident.Refuse("note: at most %d characters", maxNote)
	}
	return []incident.Fact{incident.RetroSigned{Note: note, Last: len(in.Review.Signed)+1 >= max(needed, 1)}}, nil
}

// Publish gives a version to those whom it is for. On status pages stands the version for
// customers, and nothing else.
func Publish(in incident.Incident, f incident.RetroPublished) ([]incident.Fact, error) {
	switch s := in.Retro(); {
	case s != incident.RetroSignedOff && s != incident.RetroPublic:
		return nil, incident.Refuse("it is not signed off yet")
	case !f.For.Valid():
		return nil, incident.Refuse("for: want administration, board or customers")
	case len(f.Pages) > 0 && f.For != org.Customers:
		return nil, incident.Refuse("pages: on status pages stands what is for customers")
	case strings.TrimSpace(f.Text) == "":
		return nil, incident.Refuse("the version for %s is empty: write a section that it shows", f.For)
	case utf8.RuneCountInString(f.Text) > maxPublished:
		return nil, incident.Refuse("the version for %s is too long: at most %d characters", f.For, maxPublished)
	}
	if len(f.Pages) == 0 {
		f.Title, f.Text = "", "" // what it says stands in the house, and nowhere else
	}
	return []incident.Fact{f}, nil
}

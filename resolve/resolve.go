// Package resolve is step 4: resolution and recovery.
//
// The recovery of an incident goes through stages (stage.go): it is contained, its cause
// is fixed, what it broke is recovered, and then it is watched for a while. Somebody
// confirms that a stage has done what it should. A watch ends the incident by itself, and
// when it comes back meanwhile the climb begins anew. Nobody has to use stages: a person
// says that the trouble is over, or monitoring does when the last alert has cleared; and
// what it was, then or later.
//
// A change (change.go) is a subject of its own: asked for, approved by others than those
// who make it, or by a rule that lets them, and made. rules.go says who need not ask and
// when nothing is changed; override.go is the way past both in an emergency, which another
// person has to look at afterwards; suspect.go says which changes may have caused an
// incident.
package resolve

import (
	"regexp"
	"unicode/utf8"

	"tocsin/incident"
)

// Categories of causes that people look for; one of one's own is as good.
var Categories = []string{"change", "capacity", "configuration", "hardware", "software", "network", "power", "supplier", "security", "people", "unknown"}

const maxCause = 2000 // runes

var categoryName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Resolve says the trouble is over. Resolving wins over everything: answers, snoozes
// and climbs end with it.
func Resolve(in incident.Incident, why string) ([]incident.Fact, error) {
	return End(in, incident.Ended{Why: why})
}

// End is Resolve that says what it was.
func End(in incident.Incident, f incident.Ended) ([]incident.Fact, error) {
	switch {
	case in.Change != nil:
		return nil, incident.Refuse("it is a change: say how it went, or cancel it")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s already", in.Status)
	}
	if err := checkCause(f.Cause, f.Category); err != nil {
		return nil, err
	}
	return []incident.Fact{f}, nil
}

// Explain says what it was, while it goes on or when it is over.
func Explain(in incident.Incident, cause, category string) ([]incident.Fact, error) {
	if err := checkCause(cause, category); err != nil {
		return nil, err
	}
	switch r := in.Recovery; {
	case in.Apart() != "":
		return nil, incident.Refuse("%s", in.Apart())
	case in.Status == incident.Closed:
		return nil, incident.Refuse("it is closed")
	case cause == "" && category == "":
		return nil, incident.Refuse("cause: what was it?")
	case r != nil && (cause == "" || cause == r.Cause) && (category == "" || category == r.Category):
		return nil, nil
	}
	return []incident.Fact{incident.Explained{Cause: cause, Category: category}}, nil
}

func checkCause(cause, category string) error {
	switch {
	case utf8.RuneCountInString(cause) > maxCause:
		return incident.Refuse("cause: at most %d characters", maxCause)
	case category != "" && !categoryName.MatchString(category):
		return incident.Refuse("category: %q is none: lower-case letters, digits and hyphens, at most 40", category)
	}
	return nil
}

// Reopen says it was not over.
func Reopen(in incident.Incident, why string) ([]incident.Fact, error) {
	switch {
	case in.Change != nil:
		return nil, incident.Refuse("it is a change: ask for another")
	case in.IsDrill() && !in.Status.Open():
		return nil, incident.Refuse("it is a drill that is over: start another")
	case in.Status.Open():
		return nil, incident.Refuse("it is open: %s", in.Status)
	}
	return []incident.Fact{incident.Reopened{Why: why}}, nil
}

// Judge is somebody's word on whether it was worth a page, once it is over.
func Judge(in incident.Incident, worth bool, why string) ([]incident.Fact, error) {
	switch {
	case in.Apart() != "":
		return nil, incident.Refuse("%s", in.Apart())
	case in.IsDrill():
		return nil, incident.Refuse("it is a drill, and costs nobody a page")
	case in.Status.Open():
		return nil, incident.Refuse("it is not over yet: %s", in.Status)
	}
	return []incident.Fact{incident.Judged{Worth: worth, Why: why}}, nil
}

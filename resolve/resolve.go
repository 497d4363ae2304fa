// Package resolve is step 4: resolution and recovery.
//
// It knows one thing so far: that the trouble is over. A person says so, or monitoring
// does when the last alert of an incident has cleared. Stages, changes and approvals
// have their place here.
package resolve

import "tocsin/incident"

// Resolve says the trouble is over. Resolving wins over everything: answers, snoozes
// and climbs end with it.
func Resolve(in incident.Incident, why string) ([]incident.Fact, error) {
	if !in.Status.Open() {
		return nil, incident.Refuse("it is %s already", in.Status)
	}
	return []incident.Fact{incident.Ended{Why: why}}, nil
}

// Reopen says it was not over.
func Reopen(in incident.Incident, why string) ([]incident.Fact, error) {
	if in.Status.Open() {
		return nil, incident.Refuse("it is open: %s", in.Status)
	}
	return []incident.Fact{incident.Reopened{Why: why}}, nil
}

// Judge is somebody's word on whether it was worth a page, once it is over.
func Judge(in incident.Incident, worth bool, why string) ([]incident.Fact, error) {
	switch {
	case in.Call != nil:
		return nil, incident.Refuse("it was sent by hand")
	case in.Status.Open():
		return nil, incident.Refuse("it is not over yet: %s", in.Status)
	}
	return []incident.Fact{incident.Judged{Worth: worth, Why: why}}, nil
}

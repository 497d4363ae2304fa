// Package drill is practice: a made-up incident on which people learn, and by which a team
// finds out before the night what does not work. It belongs to step 5, closure: what was
// learned from one incident is tried out for the next.
//
// A drill is a subject of its own kind (incident.KindDrill) with an incident's log. It is
// answered, spoken of and ended by the same verbs as an incident, and climbs by the same
// escalation; whoever lists, counts, tells or files incidents looks for another kind and
// does not find it (decision 72). It has no alert of its own: what its script says are
// facts, so that nothing real can fold into it, and it into nothing real.
//
// A scenario (scenario.go) is what a drill is made of: what is wrong, what the script does
// after a while, and what people are expected to do. Some come with the house (builtin.go),
// teams write their own, and a past incident is one as well (past.go).
//
// Next (next.go) plays the script and ends the drill when its time is over. Score (score.go)
// says how it went, from the log alone and by the definitions of the reports
// (review/figures). Steps (steps.go) are those of somebody's first drill; each is ticked by
// what they did.
package drill

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

const (
	// UsualLimit is how long a drill goes on at most that says nothing else.
	UsualLimit   = time.Hour
	longestLimit = 8 * time.Hour
	leastLimit   = 5 * time.Minute
	mostPeople   = 20
)

// A Plan is a drill that somebody wants to begin.
type Plan struct {
	Scenario Scenario
	Past     incident.ID // the incident that the scenario was made of
	Service  org.ServiceID
	Team     org.TeamID
	Severity org.Severity   // "" is the scenario's
	People   []org.PersonID // who is called; nobody: whoever the policy calls
	AsReal   bool           // it may wake people
	Guide    string
	Limit    time.Duration
	Join     []incident.DrillGroup
}

// Begin are the facts by which a drill begins: that it is open, and what is practised. Whom
// it calls is asked for by whoever knows the policies.
func Begin(p Plan, now time.Time) (incident.Opened, incident.Drilled, error) {
	s := p.Scenario
	if p.Severity == "" {
		p.Severity = s.Severity
	}
	if p.Limit == 0 {
		p.Limit = s.Limit.D()
	}
	if p.Limit == 0 {
		p.Limit = UsualLimit
	}
	var opened incident.Opened
	var begun incident.Drilled
	switch {
	case !p.Severity.Valid():
		return opened, begun, incident.Refuse("severity: %q is none of SEV1 to SEV5", p.Severity)
	case p.Limit < leastLimit || p.Limit > longestLimit:
		return opened, begun, incident.Refuse("limit: from 5 minutes to 8 hours")
	case len(p.People) > mostPeople:
		return opened, begun, incident.Refuse("people: at most %d", mostPeople)
	case p.Service == "" && p.Team == "" && p.Guide != incident.GuideFirst: // a new house has neither
		return opened, begun, incident.Refuse("service: what is it about?")
	}
	if faults := Faults(s); len(faults) > 0 {
		return opened, begun, incident.Refuse("%s: %s", faults[0].Path, faults[0].Text)
	}
	opened = incident.Opened{
		Sort: incident.KindDrill, Title: incident.DrillMark + s.Title, Service: p.Service, Team: p.Team, Severity: p.Severity,
		Priority: org.High, // it climbs; whom it would wake it leaves alone (escalate.Plan)
	}
	begun = incident.Drilled{
		Scenario: s.ID, Past: p.Past, Name: s.Name, Guide: p.Guide, Text: s.Text, People: slices.Clone(p.People), AsReal: p.AsReal,
		Expect: s.Expect, Join: p.Join, Script: slices.Clone(s.Script), Until: now.Add(p.Limit),
	}
	return opened, begun, nil
}

// Practice are the facts by which a practised report by a form begins: nobody is called, and
// it is over by itself.
func Practice(title string, service org.ServiceID, team org.TeamID, severity org.Severity, now time.Time) (incident.Opened, incident.Drilled) {
	return incident.Opened{
			Sort: incident.KindDrill, Title: incident.DrillMark + title, Service: service, Team: team, Severity: severity, Priority: org.Low, Why: "a practised report",
		}, incident.Drilled{
			Name: "A practised report", Guide: incident.GuideReport, Until: now.Add(UsualLimit),
		}
}

// Stop ends a drill before its people are done.
func Stop(in incident.Incident, why string) ([]incident.Fact, error) {
	switch {
	case !in.IsDrill():
		return nil, incident.Refuse("it is no drill")
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s already", in.Status)
	case len([]rune(why)) > 2000:
		return nil, incident.Refuse("why: at most 2,000 characters")
	}
	f := incident.DrillStopped{Why: why}
	return []incident.Fact{f, incident.Ended{Why: f.String()}}, nil
}

// Package figures says what the reports count. Each figure has its definition here and
// nowhere else (define.go): a name, a unit and a sentence, and the function that it is
// reckoned by. What stands beside a number in the app, in a file and in the API is that
// sentence, and the list that a number leads to is made by that function.
//
// Figures come from facts and from rows of pages: Of reads the log of one incident and
// the alarms that went out about it, and keeps of both what any figure needs. Such a
// record is small, is written once and again when the incident changes, and is packed
// with those of the same day (pack.go), so that a report over 200,000 incidents reads a
// few hundred rows and no log. Nothing stands in a record that cannot be reckoned anew.
//
// Everything goes by when an incident was opened: what happened to it later counts where
// it began. A page by hand counts in what people bear and in nothing else. What was made
// one with another incident counts as that one, but whoever was paged for it was paged.
//
// A person is called by a level of a policy: that is one call, however many alarms go
// out for it over however many channels. What people bear (people.go) is counted in
// calls, by the level and by the hours of the person's own day.
package figures

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Version counts the changes of what a record keeps and how it comes about. What an older
// one made is made anew.
const Version = 1

// Never stands where something has not happened.
const Never = time.Duration(-1)

// An Incident is what figures need of one. Times are since it was opened, or Never.
type Incident struct {
	ID       incident.ID
	Opened   time.Time
	Apart    bool // a page by hand, or what else is no incident
	Merged   bool // another one goes on with it
	Severity org.Severity
	Service  org.ServiceID
	Team     org.TeamID
	Source   org.IntegrationID
	Category string
	Cause    string // the category of the cause

	Paged    time.Duration    // the first alarm went out
	Answered time.Duration    // the first acknowledged
	Told     time.Duration    // those concerned were told for the first time
	Stages   [4]time.Duration // the recovery came to contain, fix, recover, watch
	Lasted   time.Duration    // how long it was open, without the times between; until Since, when it is
	Since    time.Time        // since when it is open, or open again; zero: it is over

	Level       int // the highest that was called, from 1; 0 is none
	Alarms      int // that went out
	Night       int // of those, between 22:00 and 07:00 for the person
	Back        int // how often it came back
	Worth       int // who found that it was worth a page
	NotWorth    int
	LateUpdates int // updates that were not there in time
	LateTasks   int
	Acted       bool // a person did more than answer
	BySource    bool // monitoring ended it

	Calls []Call
}

// A Call is that a level called somebody, and an alarm went out to them.
type Call struct {
	Person org.PersonID
	Level  int           // from 1; 0 is by name: added, reassigned, or the last resort
	At     time.Duration // the first alarm, since the incident was opened
	Hours  Hours
	Alarms int
	Answer time.Duration // since the first alarm; Never
	Missed bool          // the time to answer ran out
	Past   bool          // the next level was called before they had answered
}

// Hours are a part of somebody's week, on their own clock.
type Hours uint8

const (
	Working Hours = iota // Monday to Friday from 8:00 to 18:00
	Evening              // Monday to Friday from 7:00 to 8:00 and from 18:00 to 22:00
	Weekend              // Saturday and Sunday from 7:00 to 22:00
	Sleep                // every day from 22:00 to 7:00
)

// AllHours are the parts of a week, by their names.
var AllHours = [...]string{"working", "evening", "weekend", "sleep"}

// HoursOf is the part of the week that a moment lies in, on a clock.
func HoursOf(t time.Time, zone *time.Location) Hours {
	local := t.In(zone)
	hour, day := local.Hour(), local.Weekday()
	switch {
	case hour >= 22 || hour < 7:
		return Sleep
	case day == time.Saturday || day == time.Sunday:
		return Weekend
	case hour >= 8 && hour < 18:
		return Working
	}
	return Evening
}

// Open says whether it is still open.
func (in *Incident) Open() bool { return !in.Since.IsZero() }

// Counts says whether it is one of the incidents of a report.
func (in *Incident) Counts() bool { return !in.Apart && !in.Merged }

// Over is how long it was open until it was over; false while it is not.
func (in *Incident) Over() (time.Duration, bool) { return in.Lasted, !in.Open() }

// Age is how long it has been open by a moment.
func (in *Incident) Age(now time.Time) time.Duration {
	if !in.Open() {
		return in.Lasted
	}
	return in.Lasted + max(now.Sub(in.Since), 0)
}

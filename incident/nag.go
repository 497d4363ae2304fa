package incident

import (
	"time"

	"tocsin/org"
)

// A Nag is how something that is owed is asked after: how long after its time, and after
// each time that it was asked after, the next is (the last repeats), and how often.
type Nag struct {
	After []time.Duration
	Most  int
}

// Next is when something is asked after next, that was to be there at due, and was asked
// after some times, at last at last. ok is false when it is not any longer. After an outage
// it is asked after once, and counts from then.
func (n Nag) Next(due time.Time, times int, last time.Time) (at time.Time, ok bool) {
	if due.IsZero() || times >= n.Most {
		return time.Time{}, false
	}
	if times == 0 {
		last = due
	}
	return last.Add(n.After[min(times, len(n.After)-1)]), true
}

// Sooner is the earlier of two times, of which zero is never.
func Sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Told is what somebody hears of what was done.
type Told struct {
	Person org.PersonID
	Text   string
}

package talk

import (
	"time"

	"tocsin/org"
)

// A Class is how long messages are kept.
type Class string

const (
	Rooms     Class = "rooms"
	Sensitive Class = "sensitive" // rooms of sensitive services
	Directs   Class = "direct"
	Groups    Class = "groups"
)

// Classes are all there are.
var Classes = []Class{Rooms, Sensitive, Directs, Groups}

// Days is for how long a class is kept; 0 is for ever. What is sensitive is kept no
// longer than the rest, unless it says so itself.
func Days(k org.KeepDays, c Class) int {
	switch c {
	case Sensitive:
		if k.Sensitive > 0 {
			return k.Sensitive
		}
		return k.Rooms
	case Directs:
		return k.Direct
	case Groups:
		return k.Groups
	}
	return k.Rooms
}

// Before is until when messages of a class are forgotten by now; zero: none are.
func Before(k org.KeepDays, c Class, now time.Time) time.Time {
	days := Days(k, c)
	if days <= 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -days)
}

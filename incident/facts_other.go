package incident

import "tocsin/org"

// Who: what the on-call room states.
type (
	// Handed says that a schedule changed hands while the subject was open.
	Handed struct {
		Schedule org.ScheduleID `json:"schedule"`
		From     []org.PersonID `json:"from,omitempty"`
		To       []org.PersonID `json:"to,omitempty"`
	}
)

// Step 5: closure.
type (
	// Filed closes the log.
	Filed struct {
		Why string `json:"why,omitempty"`
	}
)

func (Handed) Kind() string { return "oncall.handed" }
func (Filed) Kind() string  { return "review.closed" }

func (f Handed) String() string {
	return string(f.Schedule) + " changed hands: " + joinIDs(f.From) + " to " + joinIDs(f.To)
}
func (f Filed) String() string { return because("closed", f.Why) }

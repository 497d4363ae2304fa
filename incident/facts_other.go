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

func (Handed) Kind() string { return "oncall.handed" }

func (f Handed) String() string {
	return string(f.Schedule) + " changed hands: " + joinIDs(f.From) + " to " + joinIDs(f.To)
}

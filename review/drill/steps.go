package drill

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Step is one of those of somebody's first drill. It is done when the log says so.
type Step struct {
	Key string
	At  time.Time // zero: it is not done yet
}

// Done says whether it is.
func (s Step) Done() bool { return !s.At.IsZero() }

// The steps, in their order.
const (
	StepPage        = "page"
	StepAcknowledge = "acknowledge"
	StepJoin        = "join"
	StepMessage     = "message"
	StepRole        = "role"
	StepUpdate      = "update"
	StepResolve     = "resolve"
)

// StepKeys are all.
var StepKeys = []string{StepPage, StepAcknowledge, StepJoin, StepMessage, StepRole, StepUpdate, StepResolve}

// Steps are how far somebody has come in their first drill, by what they did.
func Steps(log incident.Log, o Observed, p org.PersonID) []Step {
	at := map[string]time.Time{}
	once := func(key string, t time.Time) {
		if was, there := at[key]; !there || t.Before(was) {
			at[key] = t
		}
	}
	for _, a := range o.Alarms {
		if a.Person == p {
			once(StepPage, a.At)
		}
	}
	for _, m := range o.Said {
		if m.Person == p {
			once(StepMessage, m.At)
		}
	}
	for _, e := range log {
		mine := e.By.Person() == p
		switch f := e.Fact.(type) {
		case incident.AcknowledgedBy:
			if mine {
				once(StepAcknowledge, e.At)
			}
		case incident.Came:
			if mine {
				once(StepJoin, e.At)
			}
		case incident.Noted:
			if mine {
				once(StepMessage, e.At)
			}
		case incident.RoleGiven:
			if f.To == p {
				once(StepRole, e.At)
			}
		case incident.Updated:
			if mine {
				once(StepUpdate, e.At)
			}
		case incident.Ended:
			if mine {
				once(StepResolve, e.At)
			}
		}
	}
	out := make([]Step, len(StepKeys))
	for i, key := range StepKeys {
		out[i] = Step{key, at[key]}
	}
	return out
}

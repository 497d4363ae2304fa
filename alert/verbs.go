package alert

import (
	"tocsin/incident"
	"tocsin/org"
)

// Raise changes how bad an incident is, up or down, with a reason. More urgent starts
// the climb over.
func Raise(in incident.Incident, severity org.Severity, priority org.Priority, why string) ([]incident.Fact, error) {
	switch {
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s", in.Status)
	case severity != "" && !severity.Valid():
		return nil, incident.Refuse("severity: %q is none of SEV1 to SEV5", severity)
	case priority != "" && priority != org.High && priority != org.Low:
		return nil, incident.Refuse("priority: %q is neither high nor low", priority)
	case severity == in.Severity:
		severity = ""
	}
	if priority == in.Priority {
		priority = ""
	}
	if severity == "" && priority == "" {
		return nil, incident.Refuse("it is %s, %s already", in.Severity, in.Priority)
	}
	return []incident.Fact{incident.Raised{Severity: severity, Priority: priority, Why: why}}, nil
}

// Hold stops the timers of an incident; Release starts them again, from the first
// level unless somebody has it.
func Hold(in incident.Incident, why string) ([]incident.Fact, error) {
	switch {
	case !in.Status.Open():
		return nil, incident.Refuse("it is %s", in.Status)
	case in.Held != "":
		return nil, incident.Refuse("it is held already: %s", in.Held)
	}
	return []incident.Fact{incident.Held{Why: why}}, nil
}

// Release lets the timers go on.
func Release(in incident.Incident, why string) ([]incident.Fact, error) {
	if in.Held == "" {
		return nil, incident.Refuse("it is not held")
	}
	return []incident.Fact{incident.Released{Why: why}}, nil
}

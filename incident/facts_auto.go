package incident

import (
	"fmt"
	"time"

	"tocsin/org"
)

// Step 1, before anybody is called: what was done by itself. And step 4's question.
type (
	// Acted says that an action began by itself. Nobody is called before Until, unless it
	// fails earlier.
	Acted struct {
		Run    string    `json:"run"` // names this one
		Action string    `json:"action"`
		Name   string    `json:"name"`
		Until  time.Time `json:"until"`
	}
	// Finished says what came of it. When it is OK, what it was done for has until Until
	// to be well.
	Finished struct {
		Run    string        `json:"run"`
		Action string        `json:"action"`
		Name   string        `json:"name"`
		OK     bool          `json:"ok,omitempty"`
		Why    string        `json:"why"`
		Took   time.Duration `json:"took,omitempty"`
		Until  time.Time     `json:"until,omitzero"`
	}
	// Passed says that an action would have matched, and why it was left alone.
	Passed struct {
		Action string `json:"action"`
		Name   string `json:"name"`
		Why    string `json:"why"`
	}
	// Judged is what somebody who was paged says afterwards: it was worth it, or not. The
	// last word of each counts.
	Judged struct {
		Worth bool   `json:"worth"`
		Why   string `json:"why,omitempty"`
	}
)

func (Acted) Kind() string    { return "alert.acted" }
func (Finished) Kind() string { return "alert.finished" }
func (Passed) Kind() string   { return "alert.passed" }
func (Judged) Kind() string   { return "resolve.judged" }

func (f Acted) String() string {
	return fmt.Sprintf("%s began by itself; nobody is called before %s", f.Name, f.Until.UTC().Format("15:04:05 UTC"))
}
func (f Finished) String() string {
	if f.OK {
		return because(f.Name+" did its work", f.Why)
	}
	return because(f.Name+" failed", f.Why)
}
func (f Passed) String() string { return f.Name + " was left alone: " + f.Why }
func (f Judged) String() string {
	if f.Worth {
		return because("it was worth a page", f.Why)
	}
	return because("it was not worth a page", f.Why)
}

// An Opinion is whether somebody found that it was worth a page.
type Opinion struct {
	Person org.PersonID `json:"person"`
	Worth  bool         `json:"worth"`
}

// acted: while an action is at work nobody is called.
func (in Incident) acted(f Acted) Incident {
	in = in.freed()
	in.Auto, in.AutoUntil, in.Held = f.Run, f.Until, f.Name+" is at work by itself"
	return in
}

// finished: it failed, and people are called; or it worked, and shows so soon.
func (in Incident) finished(f Finished, at time.Time) Incident {
	switch {
	case in.Auto != f.Run:
		return in
	case f.OK:
		in.AutoUntil, in.Held = f.Until, f.Name+" did its work; it may be well soon"
		return in
	}
	in = in.freed()
	if in.Status == Triggered {
		in = in.restart(at, nil)
	}
	return in
}

// judged: the last word of each person counts.
func (in Incident) judged(by org.PersonID, worth bool) Incident {
	var out []Opinion
	for _, o := range in.Opinions {
		if o.Person != by {
			out = append(out, o)
		}
	}
	in.Opinions = append(out, Opinion{by, worth})
	return in
}

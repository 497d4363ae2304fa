package incident

import (
	"slices"
	"time"

	"tocsin/org"
)

// A Recovery is how far the way back is.
type Recovery struct {
	Stage     Stage          `json:"stage,omitempty"` // "": none has begun, or it is over
	Since     time.Time      `json:"since,omitzero"`
	By        Actor          `json:"by,omitempty"`
	Until     time.Time      `json:"until,omitzero"` // of a watch
	Confirmed []Confirmation `json:"confirmed,omitempty"`
	Back      int            `json:"back,omitempty"` // how often it came back while it was watched
	Cause     string         `json:"cause,omitempty"`
	Category  string         `json:"category,omitempty"`
	Fixed     string         `json:"fixed,omitempty"` // what ended it, as whoever ended it said
}

// A Confirmation is somebody's word that a stage has done what it should.
type Confirmation struct {
	Stage  Stage        `json:"stage"`
	Person org.PersonID `json:"person"`
	At     time.Time    `json:"at"`
	Text   string       `json:"text,omitempty"`
}

// Stage is how far the recovery is; "" when none has begun.
func (in Incident) Stage() Stage {
	if in.Recovery == nil {
		return ""
	}
	return in.Recovery.Stage
}

// Before says whether a stage comes before another.
func (s Stage) Before(other Stage) bool { return slices.Index(Stages, s) < slices.Index(Stages, other) }

// recovered is After for the facts of recovery.
func (in Incident) recovered(e Entry) Incident {
	var r Recovery
	if in.Recovery != nil {
		r = *in.Recovery
	}
	switch f := e.Fact.(type) {
	case Staged:
		r.Stage, r.Since, r.By, r.Until = f.Stage, e.At, e.By, f.Until
		// Back to a stage: what was said of it and of what follows does not hold.
		r.Confirmed = slices.DeleteFunc(slices.Clone(r.Confirmed), func(c Confirmation) bool { return !c.Stage.Before(f.Stage) })
		if f.Stage == Watch {
			in.AckUntil = time.Time{} // nobody needs to say again that they look
		}
	case Confirmed:
		p := e.By.Person()
		r.Confirmed = slices.DeleteFunc(slices.Clone(r.Confirmed), func(c Confirmation) bool { return c.Stage == f.Stage && c.Person == p })
		r.Confirmed = append(r.Confirmed, Confirmation{f.Stage, p, e.At, f.Text})
	case Recurred:
		r.Back++
		in.Recovery = &r
		return in.triggered().restart(e.At, nil)
	case Explained:
		r.explain(f.Cause, f.Category)
	case Ended:
		fixed := f.Why
		if e.By.Person() == "" {
			fixed = ""
		}
		if in.Recovery == nil && fixed+f.Cause+f.Category == "" {
			return in // nothing was said of it
		}
		r.Stage, r.Until, r.Fixed = "", time.Time{}, fixed
		r.explain(f.Cause, f.Category)
	}
	in.Recovery = &r
	return in
}

func (r *Recovery) explain(cause, category string) {
	if cause != "" {
		r.Cause = cause
	}
	if category != "" {
		r.Category = category
	}
}

// unstaged is the incident whose recovery has to begin anew.
func (in Incident) unstaged() Incident {
	if in.Recovery != nil {
		r := *in.Recovery
		r.Stage, r.Until, r.Confirmed = "", time.Time{}, nil
		in.Recovery = &r
	}
	return in
}

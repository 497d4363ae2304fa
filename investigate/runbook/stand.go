package runbook

import (
	"cmp"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Mark is that somebody looked at a runbook and found it right.
type Mark struct {
	At   time.Time
	By   org.PersonID
	Note string
}

// A Use is one time that a runbook was run.
type Use struct {
	Subject incident.ID
	incident.RunbookRun
}

// A Reason is why a runbook is not to be trusted blindly.
type Reason struct {
	Kind string // age, failed, feedback, service, text, expired, unverified
	Text string
}

// The kinds of a Reason.
const (
	StaleAge        = "age"
	StaleUnverified = "unverified"
	StaleFailed     = "failed"
	StaleFeedback   = "feedback"
	StaleService    = "service"
	StaleText       = "text"
	StaleExpired    = "expired"
)

// A Standing is how far a runbook is to be trusted.
type Standing struct {
	Says       string // "verified 12 days ago, step 3 failed last time"
	Stale      []Reason
	VerifiedAt time.Time // zero: never
	VerifiedBy org.PersonID
	ByUse      bool // it was verified by having worked
	Uses       int
	Last       *Use
}

// A Changed is a service of a runbook that is not what it was.
type Changed struct {
	Service string
	At      time.Time
	What    string // "" is its set-up
}

// Stand says how far a runbook is to be trusted: written is when its text last changed,
// uses are the newest first.
func Stand(c *Compiled, written time.Time, mark Mark, uses []Use, changed []Changed, now time.Time) Standing {
	s := Standing{VerifiedAt: mark.At, VerifiedBy: mark.By, Uses: len(uses)}
	for _, u := range uses {
		if v := u.worked(); v != nil && v.At.After(s.VerifiedAt) {
			s.VerifiedAt, s.VerifiedBy, s.ByUse = v.At, v.By, true
		}
	}
	if len(uses) > 0 {
		s.Last = &uses[0]
	}
	stale := func(kind, format string, args ...any) {
		s.Stale = append(s.Stale, Reason{kind, fmt.Sprintf(format, args...)})
	}
	trusted := cmp.Or(c.Verify.D(), Trusted)
	switch {
	case s.VerifiedAt.IsZero():
		stale(StaleUnverified, "nobody has verified it")
	case now.Sub(s.VerifiedAt) > trusted:
		stale(StaleAge, "verified %s, and it is to be every %s", ago(now.Sub(s.VerifiedAt)), days(trusted))
	}
	if !s.VerifiedAt.IsZero() && written.After(s.VerifiedAt) {
		stale(StaleText, "it was changed %s, after it was verified", ago(now.Sub(written)))
	}
	for _, u := range uses {
		kind, text, at := u.trouble()
		if kind != "" && at.After(s.VerifiedAt) {
			stale(kind, "%s %s", text, ago(now.Sub(at)))
			break // the last word about it
		}
	}
	for _, ch := range changed {
		if ch.At.After(later(s.VerifiedAt, written)) {
			stale(StaleService, "%s changed %s%s", ch.Service, ago(now.Sub(ch.At)), because(ch.What))
		}
	}
	if c.Over(now) {
		stale(StaleExpired, "its last day was %s", c.Expires)
	}
	s.Says = s.sentence(now)
	return s
}

func because(what string) string {
	if what == "" {
		return ""
	}
	return ": " + what
}

// worked is who said that it worked, if nobody said otherwise after.
func (u Use) worked() *incident.RunbookVerdict {
	if n := len(u.Verdicts); n > 0 && u.Verdicts[n-1].Verdict == incident.Worked {
		return &u.Verdicts[n-1]
	}
	return nil
}

// trouble is what was wrong with it and since when, if anything was.
func (u Use) trouble() (kind, text string, at time.Time) {
	if n := len(u.Verdicts); n > 0 {
		switch v := u.Verdicts[n-1]; v.Verdict {
		case incident.WrongStep:
			return StaleFeedback, fmt.Sprintf("step %d was said to be wrong", v.Step) + because(v.Text) + ",", v.At
		case incident.MissingStep:
			return StaleFeedback, "something was said to be missing" + because(v.Text) + ",", v.At
		}
		return "", "", at
	}
	for i, st := range u.Steps {
		if st.State == incident.StepFailed || st.State == incident.StepUnknown {
			return StaleFailed, fmt.Sprintf("step %d failed", i+1), st.At
		}
	}
	return "", "", at
}

// sentence is what the page itself says: "verified 12 days ago, step 3 failed last time".
func (s Standing) sentence(now time.Time) string {
	says := "never verified"
	if !s.VerifiedAt.IsZero() {
		says = "verified " + ago(now.Sub(s.VerifiedAt))
		if s.ByUse {
			says += " by use"
		}
	}
	switch {
	case s.Last == nil:
		return says + ", not used yet"
	case s.Last.worked() != nil:
		return says + ", worked last time"
	}
	for i, st := range s.Last.Steps {
		if st.State == incident.StepFailed || st.State == incident.StepUnknown {
			return fmt.Sprintf("%s, step %d failed last time", says, i+1)
		}
	}
	if kind, _, _ := s.Last.trouble(); kind != "" {
		return says + ", found wanting last time"
	}
	return fmt.Sprintf("%s, used %s", says, ago(now.Sub(s.Last.At)))
}

// ago is a span back from now, in the largest unit that says something.
func ago(d time.Duration) string {
	day := 24 * time.Hour
	switch n := int(d / day); {
	case n >= 2:
		return fmt.Sprintf("%d days ago", n)
	case n == 1:
		return "a day ago"
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours ago", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes ago", d/time.Minute)
	}
	return "just now"
}

func days(d time.Duration) string {
	if n := int(d / (24 * time.Hour)); n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "day"
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

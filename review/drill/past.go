package drill

import (
	"regexp"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
	"tocsin/review/figures"
)

// playedWithin is the time into which the script of a past incident is put: what took longer
// is played faster.
const playedWithin = 40 * time.Minute

// leastExpected is the least time that a past incident's own is taken for.
const leastExpected = time.Minute

// personal is what names somebody or reaches them: it is not for a drill.
var personal = regexp.MustCompile(`[^\s@<>"']+@[^\s@<>"']+\.[^\s@<>"']+|\+?\d[\d ()/.-]{6,}\d`)

// impersonal is a text without addresses and long numbers.
func impersonal(text string, most int) string {
	out := []rune(personal.ReplaceAllString(strings.TrimSpace(text), "…"))
	if len(out) > most {
		out = append(out[:most-1], '…')
	}
	return string(out)
}

// OfPast makes a scenario of an incident that was: what its alerts were called and when they
// came, and how soon it was answered and told then. What people said, wrote and reported is
// no part of it; addresses and long numbers are taken out of what alerts say. text is what
// its first alert said.
func OfPast(in incident.Incident, log incident.Log, text string) Scenario {
	title := in.Title
	s := Scenario{Name: "As it was on " + in.OpenedAt.UTC().Format("2 January 2006"), Text: impersonal(text, maxText), Service: in.Service, Severity: in.Severity}
	last := time.Duration(0)
	for _, e := range log {
		after := e.At.Sub(in.OpenedAt)
		x := incident.Inject{After: org.Duration(after.Truncate(time.Second))}
		switch f := e.Fact.(type) {
		case incident.Opened:
			s.Severity = f.Severity
			if strings.HasPrefix(string(e.By), "form:") { // in the words of whoever reported it
				title = "A report by the form " + e.By.Name()
				s.Text = ""
			}
			continue
		case incident.Joined:
			x.Do, x.Title = incident.InjectAlert, impersonal(f.Title, maxTitle)
		case incident.Cleared:
			x.Do, x.Title = incident.InjectClear, impersonal(f.Title, maxTitle)
		case incident.Raised:
			if !f.Severity.Valid() {
				continue
			}
			x.Do, x.Severity = incident.InjectWorse, f.Severity
		default:
			continue
		}
		if len(s.Script) == mostScript {
			break
		}
		s.Script = append(s.Script, x)
		last = after
	}
	if last > playedWithin {
		for i, x := range s.Script {
			s.Script[i].After = org.Duration((time.Duration(float64(x.After) * float64(playedWithin) / float64(last))).Truncate(time.Second))
		}
	}
	s.Title = impersonal(title, maxTitle)
	if s.Title == "" {
		s.Title = "Something is wrong"
	}
	if !s.Severity.Valid() {
		s.Severity = org.SEV3
	}
	was := figures.Of(in.ID, log, nil)
	expect := func(d time.Duration) org.Duration {
		if d == figures.Never || d > playedWithin {
			return 0
		}
		return org.Duration(max(d, leastExpected).Truncate(time.Second))
	}
	s.Expect.Acknowledge, s.Expect.Update = expect(was.Answered), expect(was.Told)
	return s
}

package sift

import (
	"fmt"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

// A Do is what is to be done with an alert.
type Do string

const (
	Wait   Do = "wait"   // no incident yet; look again at Until, or when it is heard again
	Open   Do = "open"   // an incident of its own
	Join   Do = "join"   // the incident Subject takes it in
	Blow   Do = "blow"   // too many at once: the incident of the storm, to be opened with it
	Stay   Do = "stay"   // where it is
	Fold   Do = "fold"   // its incident stands still beneath its cause's
	Settle Do = "settle" // its cause is over: look again at Until
	Unfold Do = "unfold" // its incident goes on by itself
	Leave  Do = "leave"  // it leaves the incident it is in, for one of its own or for Subject
)

// A Verdict is what becomes of an alert, by which stage, and why.
type Verdict struct {
	Do      Do
	Stage   alert.Stage
	Why     string
	Rule    string // the edge, rule or key that says so
	Cause   string // the alert that explains it
	Subject incident.ID
	Until   time.Time
	Place   alert.Place
	Key     string // of the group it begins or joins
}

// A Case is one alert that fires, with what must be known of the house around it.
type Case struct {
	Alert       *alert.Alert
	Integration org.Integration
	Team        org.TeamID

	// Of the forest; Root is "" while nothing explains the alert.
	Root        string
	RootTitle   string
	RootSubject incident.ID // "" while the root waits itself
	RootUntil   time.Time
	Because     string // by which edge or rule

	// Of the incident that the alert is in.
	Under  string // the cause it is folded under, at the end of the way up
	Lifted string // a cause that a person would not have it folded under

	Group   func(key string) Gathering // that is open, or none
	Weather func() Weather             // of the team
}

// waitForRoot is how long an alert waits whose cause waits itself, should nothing else
// wake it.
const waitForRoot = 30 * time.Second

// Sift decides on an alert that no incident answers for yet. The stages are asked in
// their order; the first that speaks decides.
func (s *Sieve) Sift(c Case, now time.Time) Verdict {
	for _, stage := range []func(Case, time.Time) (Verdict, bool){s.transient, s.frequent, s.symptom, s.hold, s.group, s.storm} {
		if v, ok := stage(c, now); ok {
			return v
		}
	}
	return s.open(c)
}

// Early says whether an alert is past the stages that come before others are looked at:
// only then it may explain, or be explained.
func (s *Sieve) Early(c Case, now time.Time) (Verdict, bool) {
	if v, ok := s.transient(c, now); ok {
		return v, true
	}
	return s.frequent(c, now)
}

func (s *Sieve) open(c Case) Verdict {
	v := Verdict{Do: Open, Place: alert.Lead, Key: s.GroupKey(c.Alert, c.Integration)}
	if !c.Alert.Sifted.Flapping.IsZero() {
		v.Stage, v.Why = alert.Flapping, "it comes and goes: from now on it is quiet until it is calm"
	}
	return v
}

// transient: what goes by itself within a moment pages nobody.
func (s *Sieve) transient(c Case, now time.Time) (Verdict, bool) {
	wait := given(s.of(c.Alert.Service).Transient, 0)
	until := c.Alert.FirstAt.Add(wait)
	if wait <= 0 || !until.After(now) {
		return Verdict{}, false
	}
	return Verdict{Do: Wait, Stage: alert.Transient, Why: "it may go by itself within " + org.Duration(wait).String(), Until: until}, true
}

// frequent: what must be heard several times.
func (s *Sieve) frequent(c Case, now time.Time) (Verdict, bool) {
	t := s.of(c.Alert.Service).Threshold
	if t == nil || t.Count < 2 {
		return Verdict{}, false
	}
	n := 0
	for _, at := range c.Alert.Sifted.Heard {
		if now.Sub(at) <= t.Within.D() {
			n++
		}
	}
	if n >= t.Count {
		return Verdict{}, false
	}
	return Verdict{Do: Wait, Stage: alert.Threshold, Why: fmt.Sprintf("heard %d of %d times within %s", n, t.Count, t.Within)}, true
}

// symptom: another that fires explains it.
func (s *Sieve) symptom(c Case, now time.Time) (Verdict, bool) {
	if c.Root == "" {
		return Verdict{}, false
	}
	v := Verdict{Do: Join, Stage: alert.Symptom, Why: c.explained(), Rule: c.Because, Cause: c.Root, Subject: c.RootSubject, Place: alert.Beneath}
	if c.RootSubject == "" {
		v.Do, v.Why = Wait, v.Why+"; that waits itself"
		if v.Until = c.RootUntil; !v.Until.After(now) {
			v.Until = now.Add(waitForRoot)
		}
	}
	return v, true
}

func (c Case) explained() string { return "a symptom of " + c.RootTitle + ": " + c.Because }

// hold: the cause of what depends on others may still come.
func (s *Sieve) hold(c Case, now time.Time) (Verdict, bool) {
	sift := s.of(c.Alert.Service)
	wait := given(sift.Hold, holdFor)
	until := c.Alert.FirstAt.Add(wait)
	if wait <= 0 || !until.After(now) || sift.Sev1AtOnce != nil && *sift.Sev1AtOnce && c.Alert.Severity == org.SEV1 {
		return Verdict{}, false
	}
	node := s.Tree(c.Alert, c.Integration).Node
	on := s.causes(node)
	if len(on) == 0 {
		return Verdict{}, false
	}
	if len(on) > 3 {
		on = append(on[:3:3], "others")
	}
	return Verdict{
		Do: Wait, Stage: alert.Holding, Rule: node + " depends on " + strings.Join(on, ", "),
		Why: fmt.Sprintf("waits %s for a cause: %s depends on %s", org.Duration(wait), node, strings.Join(on, ", ")), Until: until,
	}, true
}

// group: others say the same.
func (s *Sieve) group(c Case, now time.Time) (Verdict, bool) {
	key := s.GroupKey(c.Alert, c.Integration)
	if key == "" || c.Group == nil {
		return Verdict{}, false
	}
	g := c.Group(key)
	if !g.takes(s.window(c.Alert.Service), now) {
		return Verdict{}, false
	}
	return Verdict{
		Do: Join, Stage: alert.Grouped, Subject: g.Subject, Place: alert.Beside, Key: key, Rule: s.of(c.Alert.Service).Group.Key,
		Why: fmt.Sprintf("grouped with %d others by %s", g.Alerts, strings.TrimPrefix(key, string(c.Alert.Service)+"/")),
	}, true
}

// storm: too many at once for one team. What is SEV1 pages all the same.
func (s *Sieve) storm(c Case, now time.Time) (Verdict, bool) {
	guard, ok := s.StormGuard(c.Alert.Service)
	if !ok || c.Weather == nil || c.Alert.Severity == org.SEV1 {
		return Verdict{}, false
	}
	w := c.Weather()
	v := Verdict{Stage: alert.Storm, Place: alert.Beside}
	if w.Subject != "" {
		v.Do, v.Subject = Join, w.Subject
		v.Why = "one of too many at once: a storm since " + w.Since.UTC().Format("15:04:05 UTC")
		return v, true
	}
	if _, over := w.Blow(guard, now); !over {
		return v, false
	}
	limit, within := stormLimits(guard)
	v.Do = Blow
	v.Why = fmt.Sprintf("more than %d incidents within %s", limit, org.Duration(within))
	return v, true
}

// Resift decides on an alert that is in an incident, after what explains it may have
// changed.
func (s *Sieve) Resift(c Case, now time.Time) Verdict {
	a := c.Alert
	symptom := c.Root != ""
	switch {
	case a.Sifted.Place == alert.Beside:
		return Verdict{Do: Stay}
	case a.Sifted.Place == alert.Beneath && symptom:
		if c.RootSubject == "" || c.RootSubject == a.Subject || c.Under == c.Root {
			return Verdict{Do: Stay, Stage: alert.Symptom, Why: c.explained(), Rule: c.Because, Cause: c.Root, Place: alert.Beneath}
		}
		return Verdict{Do: Leave, Stage: alert.Symptom, Why: c.explained(), Rule: c.Because, Cause: c.Root, Subject: c.RootSubject, Place: alert.Beneath}
	case symptom && (c.Lifted == c.Root || c.RootSubject == a.Subject):
		return Verdict{Do: Stay}
	case symptom:
		return Verdict{Do: Fold, Stage: alert.Symptom, Why: c.explained(), Rule: c.Because, Cause: c.Root, Subject: c.RootSubject, Place: alert.Lead}
	case a.Sifted.Place != alert.Beneath && c.Under == "":
		return Verdict{Do: Stay}
	}
	was := "was a symptom of " + a.Sifted.Was
	until := a.Sifted.Until
	if a.Sifted.Stage != alert.Settling {
		until = now.Add(s.Settle(a.Service))
	}
	switch {
	case until.After(now) && !a.Sifted.Pinned:
		return Verdict{Do: Settle, Stage: alert.Settling, Why: was + "; it may follow its cause", Until: until, Place: a.Sifted.Place}
	case a.Sifted.Place == alert.Beneath:
		return Verdict{Do: Leave, Why: was, Place: alert.Lead}
	}
	return Verdict{Do: Unfold, Why: was, Place: alert.Lead}
}

// Stand is what a verdict makes of an alert's Sifted.
func (v Verdict) Stand(was alert.Sifted, title string, now time.Time) alert.Sifted {
	after := was
	if v.Stage != was.Stage || v.Cause != was.Cause || was.Since.IsZero() {
		after.Since = now
	}
	after.Stage, after.Why, after.Rule, after.Cause, after.Until = v.Stage, v.Why, v.Rule, v.Cause, v.Until
	if v.Place != "" {
		after.Place = v.Place
	}
	if v.Stage == alert.Symptom {
		after.Was = title
	}
	if v.Do == Wait && was.Since.IsZero() {
		after.Ate = 1
	}
	if v.Stage == "" && v.Why == "" {
		after.Since = time.Time{}
	}
	return after
}

// Return is a verdict of triage as it is for an alert that was not its incident's lead:
// should it come back after the incident is over, it is another trouble.
func Return(v alert.Verdict, last *alert.Alert, status incident.Status) alert.Verdict {
	if v.Do == alert.DoReopen && last != nil && !status.Open() && (last.Sifted.Place == alert.Beneath || last.Sifted.Place == alert.Beside) {
		v.Do, v.Why = alert.DoOpen, "it is back; what it belonged to is over"
	}
	return v
}

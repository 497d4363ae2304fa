package alert

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/incident"
	"tocsin/org"
)

// A Silence keeps alerts from calling people for a while. What it matches is recorded
// as ever, and held: its incident stands still until the silence is over, and then
// calls people if the alert still fires. Its matchers see the labels of an alert and
// nothing else; all of them must hold, and a label that is not there is the empty
// string, as in Alertmanager.
type Silence struct {
	ID          string            `json:"id"`
	Integration org.IntegrationID `json:"integration,omitempty"` // only its alerts; "" is any
	Service     org.ServiceID     `json:"service,omitempty"`     // only alerts about it; "" is any
	Services    []org.ServiceID   `json:"-"`                     // those of a maintenance window; none is any
	Matchers    []Matcher         `json:"matchers"`
	Start       time.Time         `json:"start"`
	End         time.Time         `json:"end"` // exclusive
	By          string            `json:"by"`  // who made it, in their own words
	Comment     string            `json:"comment"`
	Updated     time.Time         `json:"updated"`
	EndedBy     string            `json:"ended_by,omitempty"` // who ended it before its time
}

// A Matcher is one condition on a label. A regular expression is anchored at both ends.
type Matcher struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Regex bool   `json:"regex,omitempty"`
	Not   bool   `json:"not,omitempty"`
}

// A SilenceState is where a silence stands at a moment.
type SilenceState string

const (
	SilencePending SilenceState = "pending"
	SilenceActive  SilenceState = "active"
	SilenceExpired SilenceState = "expired"
)

// State of the silence at a moment: it is active from its start to just before its end.
func (s Silence) State(now time.Time) SilenceState {
	switch {
	case !now.Before(s.End):
		return SilenceExpired
	case now.Before(s.Start):
		return SilencePending
	}
	return SilenceActive
}

// ParseMatchers reads matchers as Alertmanager writes them: `job="db", host=~"db.*"`.
func ParseMatchers(text string) ([]Matcher, error) {
	list, err := parse.Matchers(strings.ToValidUTF8(text, "\uFFFD"))
	if err != nil {
		return nil, incident.Refuse("%q: %v", text, err)
	}
	out := make([]Matcher, len(list))
	for i, m := range list {
		if m.Name == "" {
			return nil, incident.Refuse("%q: a label has a name", text)
		}
		out[i] = MatcherOf(m)
	}
	return out, nil
}

// MatcherOf is a matcher of Alertmanager's as we keep it.
func MatcherOf(m *labels.Matcher) Matcher {
	return Matcher{
		Name: m.Name, Value: m.Value,
		Regex: m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
		Not:   m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp,
	}
}

func (m Matcher) op() labels.MatchType {
	switch {
	case m.Regex && m.Not:
		return labels.MatchNotRegexp
	case m.Regex:
		return labels.MatchRegexp
	case m.Not:
		return labels.MatchNotEqual
	}
	return labels.MatchEqual
}

func (m Matcher) String() string {
	return (&labels.Matcher{Type: m.op(), Name: m.Name, Value: m.Value}).String()
}

func compileMatchers(list []Matcher) (labels.Matchers, error) {
	out := make(labels.Matchers, len(list))
	for i, m := range list {
		if m.Name == "" {
			return nil, incident.Refuse("invalid label matcher %d: invalid label name %q", i, m.Name)
		}
		c, err := labels.NewMatcher(m.op(), m.Name, m.Value)
		if err == nil && m.Regex {
			_, err = regexp.Compile(m.Value) // alone too: "a)(b" must not be saved by the anchors
		}
		if err != nil {
			return nil, incident.Refuse("invalid label matcher %d: invalid regular expression %q: %v", i, m.Value, err)
		}
		out[i] = c
	}
	return out, nil
}

// CheckMatchers refuses a silence that cannot be matched, or would match everything.
func (s Silence) CheckMatchers() error {
	if len(s.Matchers) == 0 {
		return incident.Refuse("at least one matcher is required")
	}
	list, err := compileMatchers(s.Matchers)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(m *labels.Matcher) bool { return !m.Matches("") }) {
		return incident.Refuse("at least one matcher must not match the empty string")
	}
	return nil
}

// CheckTimes refuses a silence that would never be active.
func (s Silence) CheckTimes(now time.Time) error {
	switch {
	case !s.Start.Before(s.End):
		return incident.Refuse("start time must be before end time")
	case s.End.Before(now):
		return incident.Refuse("end time can't be in the past")
	}
	return nil
}

// Revise is what becomes of a wish for a silence: a new one, or a change of an old one.
// A silence whose history would change (its matchers, a start that has passed, one that
// is over) stays in the books and ends now; ended is it then, and next is a new one
// without an ID. Otherwise next is the old one changed, and ended is nil.
func Revise(old *Silence, wish Silence, now time.Time) (next Silence, ended *Silence, err error) {
	if err := wish.CheckTimes(now); err != nil {
		return next, nil, err
	}
	if err := wish.CheckMatchers(); err != nil {
		return next, nil, err
	}
	next = wish
	next.Updated = now
	if old != nil && old.keeps(wish, now) {
		next.ID, next.Integration, next.Service = old.ID, old.Integration, old.Service
		if old.State(now) == SilenceActive {
			next.Start = old.Start
		}
		return next, nil, nil
	}
	next.ID = ""
	if next.Start.Before(now) {
		next.Start = now
	}
	if old != nil {
		next.Integration, next.Service = old.Integration, old.Service
		if old.State(now) != SilenceExpired {
			over := old.Expire(now, wish.By)
			ended = &over
		}
	}
	return next, ended, nil
}

// keeps says whether a wish can be had without changing what the silence has been.
func (s Silence) keeps(wish Silence, now time.Time) bool {
	if !slices.Equal(s.Matchers, wish.Matchers) {
		return false
	}
	switch s.State(now) {
	case SilenceActive:
		return s.Start.Unix() == wish.Start.Unix()
	case SilencePending:
		return !wish.Start.Before(now)
	}
	return false
}

// Expire ends a silence now, by somebody. One that had not begun has never been.
func (s Silence) Expire(now time.Time, by string) Silence {
	if s.State(now) == SilenceExpired {
		return s
	}
	if s.Start.After(now) {
		s.Start = now
	}
	s.End, s.Updated, s.EndedBy = now, now, by
	return s
}

// SortSilences puts silences in the order in which people look for them: the active
// ones by their end, the pending ones by their start, then those that are over, the
// latest first.
func SortSilences(list []Silence, now time.Time) {
	rank := map[SilenceState]int{SilenceActive: 0, SilencePending: 1, SilenceExpired: 2}
	slices.SortStableFunc(list, func(a, b Silence) int {
		of := a.State(now)
		if by := cmp.Compare(rank[of], rank[b.State(now)]); by != 0 {
			return by
		}
		switch of {
		case SilenceActive:
			return cmp.Or(a.End.Compare(b.End), cmp.Compare(a.ID, b.ID))
		case SilencePending:
			return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(b.End.Compare(a.End), cmp.Compare(a.ID, b.ID))
	})
}

// Silences are silences ready to be asked. The zero Silences hold nothing.
type Silences struct{ list []compiledSilence }

type compiledSilence struct {
	Silence
	matchers labels.Matchers
}

// CompileSilences makes silences ready. One that cannot be understood is left out: what
// it would have held calls people.
func CompileSilences(list []Silence) Silences {
	var out Silences
	for _, s := range list {
		if m, err := compileMatchers(s.Matchers); err == nil && len(m)+len(s.Services) > 0 {
			out.list = append(out.list, compiledSilence{s, m})
		}
	}
	return out
}

// None says whether there is nothing to ask.
func (ss Silences) None() bool { return len(ss.list) == 0 }

// Over are the silences that are active now over an alert, the one that lasts longest
// first.
func (ss Silences) Over(a Alert, now time.Time) (out []Silence) {
	for _, s := range ss.list {
		if s.State(now) != SilenceActive || s.Integration != "" && s.Integration != a.Integration {
			continue
		}
		if s.covers(a.Service) && s.matches(a.Last.Labels) {
			out = append(out, s.Silence)
		}
	}
	slices.SortStableFunc(out, func(a, b Silence) int { return cmp.Or(b.End.Compare(a.End), cmp.Compare(a.ID, b.ID)) })
	return out
}

// covers says whether alerts of a service are silenced.
func (s Silence) covers(id org.ServiceID) bool {
	return (s.Service == "" || s.Service == id) && (len(s.Services) == 0 || slices.Contains(s.Services, id))
}

// WindowPrefix begins the ID of a silence that is a maintenance window.
const WindowPrefix = "window "

// name is how a silence is spoken of.
func name(id string) string {
	if strings.HasPrefix(id, WindowPrefix) {
		return "maintenance " + id
	}
	return "silence " + id
}

func (s compiledSilence) matches(labels map[string]string) bool {
	for _, m := range s.matchers {
		if !m.Matches(labels[m.Name]) {
			return false
		}
	}
	return true
}

// Hush is what the silences of this moment mean for an incident whose alerts fire: it is
// held while each of them is silenced, and released when one of them no longer is. What
// something else holds, or nobody has to care for, is left alone. A silence that somebody
// lifted from it by hand no longer counts there.
func Hush(in incident.Incident, firing []Alert, ss Silences, now time.Time) []incident.Fact {
	if !in.Status.Open() || len(firing) == 0 || in.Held != "" && in.Silence == "" {
		return nil
	}
	over := map[string]Silence{}
	var by Silence
	for _, a := range firing {
		all := slices.DeleteFunc(ss.Over(a, now), func(s Silence) bool { return s.ID == in.Lifted })
		if len(all) == 0 {
			if in.Silence == "" {
				return nil
			}
			return []incident.Fact{incident.Released{Why: name(in.Silence) + " no longer covers it"}}
		}
		for _, s := range all {
			over[s.ID] = s
		}
		if by.ID == "" || all[0].End.Before(by.End) {
			by = all[0] // the first of them to leave an alert uncovered
		}
	}
	if s, still := over[in.Silence]; still {
		if by = s; s.because() == in.Held {
			return nil
		}
	}
	return []incident.Fact{incident.Held{Why: by.because(), Silence: by.ID}}
}

// because says which silence it is, in one line.
func (s Silence) because() string {
	why := fmt.Sprintf("%s by %s until %s", name(s.ID), either(oneLine(s.By), "nobody named"), s.End.UTC().Format("2006-01-02 15:04:05 UTC"))
	if c := oneLine(s.Comment); c != "" {
		why += ": " + c
	}
	return why
}

const longLine = 300 // characters of what people wrote that a log line repeats

// oneLine is what somebody wrote, as part of a line.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > longLine {
		text = string(r[:longLine-1]) + "…"
	}
	return text
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// CommonLabels are those that some alerts share, with the same value.
func CommonLabels(alerts []Alert) map[string]string {
	if len(alerts) == 0 {
		return map[string]string{}
	}
	out := maps.Clone(alerts[0].Last.Labels)
	if out == nil {
		out = map[string]string{}
	}
	for _, a := range alerts[1:] {
		maps.DeleteFunc(out, func(k, v string) bool { return a.Last.Labels[k] != v })
	}
	return out
}

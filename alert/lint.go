package alert

import (
	"cmp"
	"fmt"
	"time"

	"tocsin/org"
)

// A Loudness is how much a policy calls: how many targets at once, after how long the
// next, and how many rounds.
type Loudness struct {
	Targets int
	Next    time.Duration
	Rounds  int
}

// louder says in words how one is louder than another; "" when it is not.
func (l Loudness) louder(than Loudness) string {
	switch {
	case l.Targets > than.Targets:
		return "calls more at once"
	case l.Next > 0 && than.Next > 0 && l.Next < than.Next:
		return "calls the next sooner"
	case l.Rounds > than.Rounds:
		return "is climbed more often"
	}
	return ""
}

var allSeverities = []org.Severity{org.SEV1, org.SEV2, org.SEV3, org.SEV4, org.SEV5}

// Lint says what is odd about how severities call people: a milder one that is noisier
// than a worse one, a rule that wakes people for less, a higher impact or urgency that
// makes something milder, and words that the matrix does not know.
func Lint(rules []Rule, m *org.Matrix, policies map[org.PolicyID]Loudness) (odd []string) {
	say := func(format string, args ...any) { odd = append(odd, fmt.Sprintf(format, args...)) }
	for i, worse := range allSeverities {
		for _, milder := range allSeverities[i+1:] {
			w, l := m.Asks(worse), m.Asks(milder)
			switch {
			case l.Priority == org.High && w.Priority == org.Low:
				say("%s is of high priority, and %s, which is worse, of low", milder, worse)
			case l.UpdateEvery > 0 && (w.UpdateEvery == 0 || w.UpdateEvery > l.UpdateEvery):
				say("%s asks for an update every %s, and %s, which is worse, for fewer", milder, l.UpdateEvery, worse)
			}
			if l.Policy == "" || l.Policy == w.Policy || l.Priority == org.Low {
				continue
			}
			if how := policies[l.Policy].louder(policies[w.Policy]); how != "" && w.Policy != "" {
				say("%s is noisier than %s, which is worse: its policy %s %s than %s", milder, worse, l.Policy, how, w.Policy)
			}
		}
	}
	for i, r := range rules {
		if r.Severity == "" || r.Priority == "" {
			continue
		}
		for _, other := range allSeverities {
			usual := m.Asks(other).Priority
			if other < r.Severity && r.Priority == org.High && usual == org.Low || other > r.Severity && r.Priority == org.Low && usual == org.High {
				say("%s makes %s of %s priority, while %s is of %s", ruleName(r, i), r.Severity, r.Priority, other, usual)
				break
			}
		}
	}
	return append(odd, lintRows(m)...)
}

// lintRows looks at the rows of the matrix.
func lintRows(m *org.Matrix) (odd []string) {
	if m == nil {
		return nil
	}
	categories := []string{""}
	for _, r := range m.Rows {
		if r.Category != "" {
			categories = append(categories, r.Category)
		}
	}
	said := map[string]bool{}
	compare := func(category string, a, b [2]string, what string) {
		mild, _ := m.Of(category, a[0], a[1])
		bad, _ := m.Of(category, b[0], b[1])
		text := fmt.Sprintf("%s makes %s milder: %s instead of %s", what, words(category, b[0], b[1]), bad.Severity, mild.Severity)
		if mild.Severity != "" && bad.Severity != "" && mild.Severity < bad.Severity && !said[text] {
			said[text] = true
			odd = append(odd, text)
		}
	}
	impacts, urgencies := orAny(m.Impacts), orAny(m.Urgencies)
	for _, c := range categories {
		for i, impact := range impacts {
			for j, urgency := range urgencies {
				if i > 0 {
					compare(c, [2]string{impacts[i-1], urgency}, [2]string{impact, urgency}, "a higher impact")
				}
				if j > 0 {
					compare(c, [2]string{impact, urgencies[j-1]}, [2]string{impact, urgency}, "a higher urgency")
				}
			}
		}
	}
	return odd
}

// orAny are the words of a matrix, or the one that stands for any.
func orAny(words []string) []string {
	if len(words) == 0 {
		return []string{""}
	}
	return words
}

// words are a category, impact and urgency as people read them.
func words(category, impact, urgency string) string {
	text := cmp.Or(category, "any category")
	if impact != "" {
		text += ", impact " + impact
	}
	if urgency != "" {
		text += ", urgency " + urgency
	}
	return text
}

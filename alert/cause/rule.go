package cause

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"
)

// A Rule is an inhibition in Alertmanager's terms: while an alert fires that the source
// matchers match, the alerts that the target matchers match are its symptoms, if the
// labels named in Equal are equal on both (a missing label is the empty string). Two
// alerts that each match both sides do not inhibit each other.
type Rule struct {
	Name   string   `json:"name,omitempty" yaml:"name,omitempty"`
	Source []string `json:"source" yaml:"source"`
	Target []string `json:"target" yaml:"target"`
	Equal  []string `json:"equal,omitempty" yaml:"equal,omitempty"`
}

// Rules are inhibitions ready to be asked.
type Rules struct{ list []compiledRule }

type compiledRule struct {
	name           string
	source, target labels.Matchers
	equal          []string
}

// CompileRules makes inhibitions ready; the error names the rule and the field.
func CompileRules(rules []Rule) (*Rules, error) {
	out := &Rules{}
	for i, r := range rules {
		c := compiledRule{name: r.Name, equal: slices.Clone(r.Equal)}
		if c.name == "" {
			c.name = fmt.Sprintf("inhibit %d", i+1)
		}
		var err error
		if c.source, err = matchers(r.Source); err != nil {
			return nil, fmt.Errorf("%s, source: %w", c.name, err)
		}
		if c.target, err = matchers(r.Target); err != nil {
			return nil, fmt.Errorf("%s, target: %w", c.name, err)
		}
		for _, l := range r.Equal {
			if l == "" {
				return nil, fmt.Errorf("%s, equal: a label has a name", c.name)
			}
		}
		slices.Sort(c.equal)
		out.list = append(out.list, c)
	}
	return out, nil
}

func matchers(texts []string) (out labels.Matchers, err error) {
	for _, text := range texts {
		ms, err := parse.Matchers(text)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		out = append(out, ms...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("at least one matcher is needed")
	}
	return out, nil
}

// side says which sides of the rule match some labels.
func (r *compiledRule) side(l map[string]string) (source, target bool) {
	return matchAll(r.source, l), matchAll(r.target, l)
}

func matchAll(ms labels.Matchers, l map[string]string) bool {
	for _, m := range ms {
		if !m.Matches(l[m.Name]) {
			return false
		}
	}
	return true
}

// key is what must be equal on both sides.
func (r *compiledRule) key(l map[string]string) string {
	var b strings.Builder
	for _, name := range r.equal {
		v := l[name]
		fmt.Fprintf(&b, "%d:", len(v))
		b.WriteString(v)
	}
	return b.String()
}

// A meeting is where the sources and targets of one rule with equal labels wait for each
// other.
type meeting struct {
	rule int
	key  string
}

// seat is an alert's part in a meeting.
type seat struct {
	meeting
	source, target bool
}

// seats are the meetings that an alert with these labels takes part in.
func (rs *Rules) seats(l map[string]string) (out []seat) {
	if rs == nil {
		return nil
	}
	for i := range rs.list {
		r := &rs.list[i]
		if source, target := r.side(l); source || target {
			out = append(out, seat{meeting{i, r.key(l)}, source, target})
		}
	}
	return out
}

// Len is how many rules there are.
func (rs *Rules) Len() int {
	if rs == nil {
		return 0
	}
	return len(rs.list)
}

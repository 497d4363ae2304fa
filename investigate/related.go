package investigate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/incident"
	"tocsin/org"
)

// A Trouble is what is compared of an incident.
type Trouble struct {
	ID       incident.ID
	Title    string
	Service  org.ServiceID
	Category string
	Roots    []org.ServiceID // what its service stands on in the end
	Opened   time.Time
	Resolved time.Time // zero while it is open
}

// A Relation says how much another incident has to do with one, and why.
type Relation struct {
	Trouble
	Weight int
	Why    []string
}

const (
	leastRelated = 3 // weight below which nothing is said
	atOnce       = 30 * time.Minute
)

// Relate compares an incident with others: the same service and category, what both stand
// on, the words of their titles, and whether they came at once. What weighs most comes
// first, and of the same weight the newest.
func Relate(to Trouble, others []Trouble) (related []Relation) {
	mine := words(to.Title)
	for _, o := range others {
		if o.ID == to.ID {
			continue
		}
		r := Relation{Trouble: o}
		add := func(weight int, why string) { r.Weight, r.Why = r.Weight+weight, append(r.Why, why) }
		switch {
		case o.Service != "" && o.Service == to.Service && o.Category != "" && o.Category == to.Category:
			add(4, "the same service and category")
		case o.Service != "" && o.Service == to.Service:
			add(3, "the same service")
		case o.Category != "" && o.Category == to.Category:
			add(1, "the same category")
		}
		if o.Service != to.Service {
			if shared := both(to.Roots, o.Roots); len(shared) > 0 {
				add(2, "both stand on "+join(shared))
			}
		}
		if shared := both(mine, words(o.Title)); len(shared) > 0 {
			add(min(len(shared), 3), "in both titles: "+join(shared))
		}
		if apart := to.Opened.Sub(o.Opened).Abs(); o.Resolved.IsZero() && apart <= atOnce {
			add(1, fmt.Sprintf("began within %s of each other", org.Duration(max(apart.Round(time.Minute), time.Minute))))
		}
		if r.Weight >= leastRelated {
			related = append(related, r)
		}
	}
	slices.SortStableFunc(related, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), b.Opened.Compare(a.Opened), cmp.Compare(a.ID, b.ID))
	})
	return related
}

func both[T comparable](a, b []T) (shared []T) {
	for _, x := range a {
		if slices.Contains(b, x) {
			shared = append(shared, x)
		}
	}
	return shared
}

func join[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = string(x)
	}
	return strings.Join(out, ", ")
}

// tooCommon are words that say nothing about what is wrong.
var tooCommon = map[string]bool{
	"down": true, "error": true, "errors": true, "failed": true, "failure": true, "failing": true, "fails": true, "high": true, "critical": true, "warning": true,
	"alert": true, "problem": true, "issue": true, "incident": true, "service": true, "host": true, "server": true, "with": true, "from": true, "that": true,
	"this": true, "have": true, "does": true, "cannot": true, "storm": true, "first": true, "test": true, "nicht": true, "eine": true, "wird": true, "fehler": true,
}

// words are what a title is about: words of letters, and of these no common ones; each
// once. A host such as db-1 counts by its name without the number.
func words(title string) (all []string) {
	for _, w := range strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len([]rune(w)) >= 4 && !tooCommon[w] && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// Words are those by which others like an incident are looked for.
func Words(title string) []string { return words(title) }

package talk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A message is found by the first letters of its words. Only those are kept, hashed by
// the ring and cut short, so that what stands in the database says little of how often
// which word was used; whether a message really has a word is seen when it is opened.
const (
	stemRunes = 4
	mostStems = 64 // of one message
	mostAsked = 8  // words of a question
)

// words are those of a text, in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// stem is the beginning of a word by which it is looked up.
func stem(word string) string {
	if utf8.RuneCountInString(word) <= stemRunes {
		return word
	}
	return string([]rune(word)[:stemRunes])
}

// Stems are what a text is looked up by, each once.
func Stems(text string) (stems []string) {
	seen := map[string]bool{}
	for _, w := range words(text) {
		if s := stem(w); !seen[s] && len(stems) < mostStems {
			seen[s] = true
			stems = append(stems, s)
		}
	}
	return stems
}

// Searchable is what a message is found by: its text and the names of its files.
func (s Said) Searchable() string {
	all := s.Text
	for _, f := range s.Files {
		all += " " + f.Name
	}
	return all
}

// A Question is what somebody looks for: words that must all be there. Words of four
// letters and more are found at the beginning of longer ones.
type Question struct{ words []string }

// Ask reads a question.
func Ask(text string) Question {
	all := words(text)
	return Question{all[:min(len(all), mostAsked)]}
}

// Empty says whether it asks for nothing.
func (q Question) Empty() bool { return len(q.words) == 0 }

// Stem is the one to look up: that of the longest word, which the fewest messages have.
func (q Question) Stem() (longest string) {
	for _, w := range q.words {
		if len(w) > len(longest) {
			longest = w
		}
	}
	return stem(longest)
}

// Finds says whether a text answers the question.
func (q Question) Finds(text string) bool {
	has := words(text)
	for _, w := range q.words {
		short, found := utf8.RuneCountInString(w) < stemRunes, false
		for _, h := range has {
			if found = h == w || !short && strings.HasPrefix(h, w); found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(q.words) > 0
}

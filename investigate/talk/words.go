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
	mostStems = 400 // of one message
	mostAsked = 8   // words of a question
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

// A Piece is a part of a text; Hit says that it answers the question.
type Piece struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

// Excerpt is the part of a text around the first word that answers, on one line, of at most
// so many runes on each side of it.
func (q Question) Excerpt(text string, around int) (out []Piece) {
	text = strings.Join(strings.Fields(text), " ")
	hits := q.places(text)
	from, to := 0, 0
	if len(hits) > 0 {
		from, to = hits[0][0], hits[0][1]
	}
	from, to = back(text, from, around), ahead(text, to, around)
	put := func(a, b int, hit bool) {
		if a < b {
			out = append(out, Piece{text[a:b], hit})
		}
	}
	at := from
	for _, h := range hits {
		if h[0] >= to {
			break
		}
		put(at, h[0], false)
		put(h[0], min(h[1], to), true)
		at = min(h[1], to)
	}
	put(at, to, false)
	if len(out) > 0 && from > 0 {
		out = append([]Piece{{Text: "… "}}, out...)
	}
	if to < len(text) {
		out = append(out, Piece{Text: " …"})
	}
	return out
}

// places are where the words of a text stand that answer, as far as they do.
func (q Question) places(text string) (all [][2]int) {
	begin := -1
	end := func(at int) {
		if begin < 0 {
			return
		}
		word := text[begin:at]
		low := strings.ToLower(word)
		for _, w := range q.words {
			if low == w || utf8.RuneCountInString(w) >= stemRunes && strings.HasPrefix(low, w) {
				long := len(word)
				if len(low) == len(word) { // the beginning that was asked for
					long = len(w)
				}
				all = append(all, [2]int{begin, begin + long})
				break
			}
		}
		begin = -1
	}
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			if begin < 0 {
				begin = i
			}
			continue
		}
		end(i)
	}
	end(len(text))
	return all
}

// back and ahead are so many runes away, at a space if one is near.
func back(text string, at, runes int) int {
	from := at
	for range runes {
		if from == 0 {
			return 0
		}
		_, n := utf8.DecodeLastRuneInString(text[:from])
		from -= n
	}
	if i := strings.IndexByte(text[from:at], ' '); i >= 0 && i < 20 {
		return from + i + 1
	}
	return from
}

func ahead(text string, at, runes int) int {
	to := at
	for range runes {
		if to == len(text) {
			return to
		}
		_, n := utf8.DecodeRuneInString(text[to:])
		to += n
	}
	if i := strings.LastIndexByte(text[at:to], ' '); i >= 0 && to-at-i < 20 {
		return at + i
	}
	return to
}

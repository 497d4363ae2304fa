package store

import (
	"encoding/hex"
	"strings"
	"unicode"

	"tocsin/incident"
)

const (
	mostWords = 32 // of a title that are found again
	wordBytes = 48 // that count of a word
	// commonWord is how many titles may have a word and still be looked up one by one;
	// when all words are in more of them, the newest titles are looked through instead.
	commonWord = 2000
)

// wordsOf are the words of a text by which it is found: in lower case, each once.
func wordsOf(text string) (words []string) {
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		w = w[:min(len(w), wordBytes)]
		if !seen[w] && len(words) < mostWords {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// wordKey is a word as it is kept; everything that begins with it lies before wordEnd.
func wordKey(w string) string { return hex.EncodeToString([]byte(w)) }
func wordEnd(w string) string { return wordKey(w) + "g" }

// putTitle makes a subject findable by the words of its title.
func (tx *Tx) putTitle(id incident.ID, title string) {
	for _, w := range wordsOf(title) {
		tx.add(putWords, wordKey(w), string(id))
	}
}

// forgetTitle undoes putTitle.
func (tx *Tx) forgetTitle(id incident.ID) error {
	if err := tx.flush(putWords); err != nil {
		return err
	}
	_, err := tx.exec(tx.s.sql.WordsDrop, string(id))
	return err
}

// search adds to a list of subjects that each word must begin one of the title's. The
// rarest word is looked up, and the others are looked for in what it finds.
func (tx *Tx) search(b *filtered, words []string) error {
	rarest, least := 0, commonWord+1
	for i, w := range words {
		var n int
		if err := tx.row(tx.s.sql.WordCount, wordKey(w), wordEnd(w), commonWord+1)(&n); err != nil {
			return err
		}
		if n < least {
			rarest, least = i, n
		}
	}
	for i, w := range words {
		if i == rarest && least <= commonWord {
			b.part("word", wordKey(w), wordEnd(w))
		} else {
			b.part("and word", wordKey(w), wordEnd(w))
		}
	}
	return nil
}

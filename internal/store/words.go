package store

import (
	"encoding/hex"
	"fmt"
	"strconv"
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

// indexedTo is where the place in the feed stands up to which titles were indexed.
const indexedTo = "words/to"

// IndexTitles makes subjects findable by the words of their titles that were opened
// since it was called last. It looks at so many rows of the feed at most; more says that
// there may be others. It runs when nothing else is to be done: a storm of new
// incidents is first told to people.
func (tx *Tx) IndexTitles(limit int) (more bool, err error) {
	at, err := tx.Meta(indexedTo)
	if err != nil {
		return false, err
	}
	var from Cursor
	if no, id, ok := strings.Cut(at, " "); ok {
		if from.Tx, err = strconv.ParseInt(no, 10, 64); err != nil {
			return false, tx.fail(fmt.Errorf("store: %s is %q: %w", indexedTo, at, err))
		}
		from.ID = id
	}
	rows, err := tx.Feed(from, limit)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var opened []string
	for _, r := range rows {
		if r.Topic == "incident" && r.First == 1 {
			opened = append(opened, r.Subject)
		}
	}
	if err := tx.putTitles(opened); err != nil {
		return false, err
	}
	last := rows[len(rows)-1]
	return len(rows) == limit, tx.SetMeta(indexedTo, strconv.FormatInt(last.Tx, 10)+" "+last.ID)
}

func (tx *Tx) putTitles(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	b := titlesOf.build()
	b.list("ids", ids)
	text, args := b.whole(tx.s.d)
	return tx.each(text, args, func(r row) error {
		var id, title string
		err := r.Scan(&id, &title)
		tx.putTitle(incident.ID(id), title)
		return err
	})
}

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

// A search is for words that must each begin one of a title's.
type search struct {
	words  []string
	rarest string // the one that few titles have, if any
}

// searchFor finds out which word is rare.
func (tx *Tx) searchFor(text string) (*search, error) {
	s := &search{words: wordsOf(text)}
	least := commonWord + 1
	for _, w := range s.words {
		var n int
		if err := tx.row(tx.s.sql.WordCount, wordKey(w), wordEnd(w), commonWord+1)(&n); err != nil {
			return nil, err
		}
		if n < least {
			s.rarest, least = w, n
		}
	}
	return s, nil
}

// narrow adds the search to a list of subjects: the rarest word is looked up, and the
// others are looked for in what it finds.
func (s *search) narrow(b *filtered) {
	for _, w := range s.words {
		if w == s.rarest {
			b.part("word", wordKey(w), wordEnd(w))
		} else {
			b.part("and word", wordKey(w), wordEnd(w))
		}
	}
}

package sift

import (
	"fmt"
	"strings"

	"tocsin/alert"
	"tocsin/org"
)

// A template is text with names in braces: "{cluster}/{alertname}". A name is looked up
// as rules do. Two braces are one: "{{".
type template struct {
	words []string // text and names in turn, beginning with text
}

func parseTemplate(text string) (t template, err error) {
	var word strings.Builder
	inName := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case !inName && (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			word.WriteByte(c)
			i++
		case !inName && c == '{', inName && c == '}':
			if inName && word.Len() == 0 {
				return t, fmt.Errorf("%q: a name is missing between the braces", text)
			}
			t.words = append(t.words, word.String())
			word.Reset()
			inName = !inName
		case c == '{' || c == '}':
			return t, fmt.Errorf("%q: a brace too many; two of them are one brace of the text", text)
		default:
			word.WriteByte(c)
		}
	}
	if inName {
		return t, fmt.Errorf("%q: a brace is not closed", text)
	}
	t.words = append(t.words, word.String())
	return t, nil
}

// fill is the text with the names' values. found says whether any of them has one, or
// that there are none.
func (t template) fill(value func(name string) string) (text string, found bool) {
	var b strings.Builder
	found = len(t.words) == 1
	for i, w := range t.words {
		if i%2 == 1 {
			w = value(w)
			found = found || w != ""
		}
		b.WriteString(w)
	}
	return b.String(), found
}

func valuesOf(ev *alert.Event, in *org.Integration) func(string) string {
	return func(name string) string { return alert.Value(ev, in, name) }
}

package store

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"tocsin/alert"
)

// An event is written as JSON three times: into the inbox, to its alert, and among those
// that are kept. Here that is done by hand, a field at a time and without a copy: for
// encoding/json it was a tenth of what the server did in a storm. It comes to the same
// text, which a test compares.

func appendEvent(b []byte, e alert.Event) ([]byte, error) {
	b = appendText(append(b, `{"action":`...), string(e.Action))
	b = appendText(append(b, `,"key":`...), e.Key)
	b = appendSome(b, `,"title":`, e.Title)
	b = appendSome(b, `,"text":`, e.Text)
	b = appendSome(b, `,"severity":`, string(e.Severity))
	b = appendTexts(b, `,"labels":`, e.Labels)
	b = appendTexts(b, `,"details":`, e.Details)
	for i, l := range e.Links {
		if i == 0 {
			b = append(b, `,"links":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendText(append(b, `{"href":`...), l.Href)
		b = appendSome(b, `,"text":`, l.Text)
		if l.Image {
			b = append(b, `,"image":true`...)
		}
		b = append(b, '}')
	}
	if len(e.Links) > 0 {
		b = append(b, ']')
	}
	b, err1 := appendMoment(b, `,"at":`, e.At)
	b, err2 := appendMoment(b, `,"since":`, e.Since)
	b = appendSome(b, `,"by":`, e.By)
	b, err3 := appendMoment(b, `,"until":`, e.Until)
	b = appendSome(b, `,"payload":`, e.Payload)
	return append(b, '}'), cmp.Or(err1, err2, err3)
}

func appendKept(b []byte, k KeptEvent) ([]byte, error) {
	b = appendText(append(b, `{"Integration":`...), string(k.Integration))
	b, err1 := appendEvent(append(b, `,"Event":`...), k.Event)
	b = appendText(append(b, `,"Digest":`...), k.Digest)
	b = append(b, `,"Raw":`...)
	if k.Raw == nil {
		b = append(b, "null"...)
	} else {
		b = append(base64.StdEncoding.AppendEncode(append(b, '"'), k.Raw), '"')
	}
	b, err2 := appendTime(append(b, `,"At":`...), k.At)
	b = appendText(append(b, `,"ID":`...), k.ID)
	b = appendText(append(b, `,"Alert":`...), k.Alert)
	b = appendText(append(b, `,"Subject":`...), string(k.Subject))
	b = appendText(append(b, `,"Verdict":`...), k.Verdict)
	b = appendText(append(b, `,"Why":`...), k.Why)
	return append(b, '}'), cmp.Or(err1, err2)
}

// appendSome leaves out what is empty.
func appendSome(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(append(b, name...), text)
}

func appendTexts(b []byte, name string, texts map[string]string) []byte {
	if len(texts) == 0 {
		return b
	}
	var room [16]string
	keys := room[:0]
	for k := range texts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, name...)
	for i, k := range keys {
		c := byte(',')
		if i == 0 {
			c = '{'
		}
		b = append(appendText(append(b, c), k), ':')
		b = appendText(b, texts[k])
	}
	return append(b, '}')
}

func appendMoment(b []byte, name string, at time.Time) ([]byte, error) {
	if at.IsZero() {
		return b, nil
	}
	return appendTime(append(b, name...), at)
}

func appendTime(b []byte, at time.Time) ([]byte, error) {
	if y := at.Year(); at.Location() == time.UTC && y >= 0 && y <= 9999 {
		return append(at.AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
	}
	text, err := at.MarshalJSON()
	return append(b, text...), err
}

// appendText does plain text itself, and leaves whatever is to be escaped to encoding/json.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, _ := json.Marshal(s) // refuses no text
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a body may nest. Nothing that monitoring sends comes near it.
const maxDepth = 64

// object is a JSON object as it was sent. Numbers keep their digits: a dedup key of
// twenty digits must not lose the last ones in a float.
type object = map[string]any

// decode reads one JSON value into v. A value of the wrong type in a struct leaves its
// field empty and the rest intact.
func decode(body []byte, v any) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if depth(body) > maxDepth {
		return &Unreadable{"nested more than " + strconv.Itoa(maxDepth) + " levels deep"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return nil
	case errors.Is(err, io.EOF):
		return &Unreadable{"the body is empty"}
	}
	return &Unreadable{err.Error()}
}

// decodeObject reads a body that is one JSON object.
func decodeObject(body []byte) (object, error) {
	var v any
	if err := decode(body, &v); err != nil {
		return nil, err
	}
	root, ok := v.(object)
	if !ok {
		return nil, &Unreadable{"the body is not a JSON object"}
	}
	return root, nil
}

// decodeAll reads all JSON values of a body, one after another. What follows the first
// one that is broken is lost, and the error says so.
func decodeAll(body []byte) ([]any, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if depth(body) > maxDepth {
		return nil, &Unreadable{"nested more than " + strconv.Itoa(maxDepth) + " levels deep"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var all []any
	for {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, &Unreadable{"the body is empty"}
		}
		if err != nil {
			return all, &Unreadable{err.Error()}
		}
		all = append(all, v)
	}
}

// depth is how deep brackets nest outside of strings.
func depth(body []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// scalar is the text of a string, number or boolean.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// text is the text of anything: scalars as they are, the rest as compact JSON.
func text(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := scalar(v); ok {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// elements are the values of a list; one value that should have been in a list counts
// as a list of it.
func elements(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// lookup finds a field by its exact name, or else by its name in another case.
func lookup(o object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for _, k := range sorted(o) {
		if strings.EqualFold(k, name) {
			return o[k]
		}
	}
	return nil
}

// sorted are the names of an object's fields in order: maps have none, and the same
// body must always give the same event.
func sorted[V any](o map[string]V) []string {
	names := make([]string, 0, len(o))
	for k := range o {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// topLevelString finds the string under a name at the top level of a JSON object
// without decoding the object.
func topLevelString(body []byte, name string) string {
	level, expectKey := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '{', '[':
			level++
			expectKey = c == '{' && level == 1
		case '}', ']':
			level--
		case ',':
			expectKey = level == 1
		case '"':
			end := closing(body, i)
			if end < 0 {
				return ""
			}
			if expectKey && string(body[i+1:end]) == name {
				return stringAfterColon(body[end+1:])
			}
			expectKey = false
			i = end
		}
	}
	return ""
}

// closing is where the string that opens at i closes, or -1.
func closing(body []byte, i int) int {
	for i++; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func stringAfterColon(rest []byte) string {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if len(rest) == 0 || rest[0] != ':' {
		return ""
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '"' {
		return ""
	}
	end := closing(rest, 0)
	if end < 0 {
		return ""
	}
	if raw := rest[1:end]; bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw)
	}
	var s string
	if json.Unmarshal(rest[:end+1], &s) != nil {
		return ""
	}
	return s
}

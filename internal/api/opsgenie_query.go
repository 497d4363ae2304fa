package api

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A query is a search as Opsgenie's lists take it:
//
//	status: open AND (priority: P1 OR tag: db) NOT message: "disk full"
//
// A word without a field is looked for in the message, the alias, the description, the
// tags and the entity. Terms that follow each other must all hold. A value may stand in
// quotes, end in a * for whatever follows, or be a list: status: (open OR closed).
// Times are milliseconds since 1970 and compare with <, <=, > and >=, as count does.
type query interface{ matches(*listed) bool }

type (
	everyOf []query
	someOf  []query
	notThat struct{ query }
	term    struct {
		field, op, value string
	}
)

func (all everyOf) matches(l *listed) bool {
	for _, q := range all {
		if !q.matches(l) {
			return false
		}
	}
	return true
}

func (some someOf) matches(l *listed) bool {
	for _, q := range some {
		if q.matches(l) {
			return true
		}
	}
	return false
}

func (n notThat) matches(l *listed) bool { return !n.query.matches(l) }

// queryFields are the texts of an alert by the names of their fields.
var queryFields = map[string]func(*listed) []string{
	"status":       func(l *listed) []string { return []string{l.status()} },
	"priority":     func(l *listed) []string { return []string{priorityOf(l.Severity)} },
	"alias":        func(l *listed) []string { return []string{l.Key} },
	"alertid":      func(l *listed) []string { return []string{l.ID} },
	"tinyid":       func(l *listed) []string { return []string{tinyOf(l.ID)} },
	"tag":          func(l *listed) []string { return tagsOf(l.Alert) },
	"message":      func(l *listed) []string { return []string{l.Title} },
	"description":  func(l *listed) []string { return []string{l.Last.Text} },
	"entity":       func(l *listed) []string { return []string{l.Last.Labels["entity"]} },
	"source":       func(l *listed) []string { return []string{l.Last.Labels["source"]} },
	"owner":        func(l *listed) []string { return []string{string(l.in.Owner)} },
	"acknowledged": func(l *listed) []string { return []string{strconv.FormatBool(l.acknowledged())} },
	"snoozed":      func(l *listed) []string { return []string{strconv.FormatBool(l.snoozed())} },
	"isseen":       func(l *listed) []string { return []string{strconv.FormatBool(len(l.in.Answered) > 0)} },
	"responders": func(l *listed) []string {
		return strings.FieldsFunc(l.Last.Labels["responders"], func(r rune) bool { return r == ',' || r == ':' })
	},
	"details.key": func(l *listed) (keys []string) {
		for k := range l.Last.Details {
			keys = append(keys, k)
		}
		return keys
	},
	"details.value": func(l *listed) (values []string) {
		for _, v := range l.Last.Details {
			values = append(values, v)
		}
		return values
	},
	"": func(l *listed) []string {
		return append([]string{l.Title, l.Key, l.Last.Text, l.Last.Labels["entity"]}, tagsOf(l.Alert)...)
	},
}

// otherNames of fields.
var otherNames = map[string]string{"tags": "tag", "id": "alertid", "teams": "responders", "detailspair.key": "details.key", "detailspair.value": "details.value"}

// searched are the fields in which a value is looked for; in others it is the whole text.
var searched = map[string]bool{"": true, "message": true, "description": true}

// queryNumbers are the fields that compare as numbers.
var queryNumbers = map[string]func(*listed) int64{
	"createdat":      func(l *listed) int64 { return l.FirstAt.UnixMilli() },
	"updatedat":      func(l *listed) int64 { return l.updated().UnixMilli() },
	"lastoccurredat": func(l *listed) int64 { return l.LastAt.UnixMilli() },
	"count":          func(l *listed) int64 { return int64(l.Count) },
}

func (t term) matches(l *listed) bool {
	if number := queryNumbers[t.field]; number != nil {
		want, _ := strconv.ParseInt(t.value, 10, 64) // newTerm has looked at it
		switch c := cmp.Compare(number(l), want); t.op {
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		case ">=":
			return c >= 0
		default:
			return c == 0
		}
	}
	prefix, open := strings.CutSuffix(t.value, "*")
	for _, have := range queryFields[t.field](l) {
		have = strings.ToLower(have)
		switch {
		case searched[t.field] && strings.Contains(have, prefix), open && strings.HasPrefix(have, prefix), have == t.value:
			return true
		}
	}
	return false
}

// newTerm is a term of a known field.
func newTerm(field, op, value string) (query, error) {
	field = strings.ToLower(field)
	field = cmp.Or(otherNames[field], field)
	if queryNumbers[field] != nil {
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			value = strconv.FormatInt(t.UnixMilli(), 10)
		}
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return nil, fmt.Errorf("%s: %q is no number", field, value)
		}
		return term{field, op, value}, nil
	}
	if queryFields[field] == nil {
		return nil, fmt.Errorf("there is no field %q", field)
	}
	if op != ":" && op != "=" {
		return nil, fmt.Errorf("%s is a text and does not compare with %s", field, op)
	}
	return term{field, op, strings.ToLower(value)}, nil
}

const (
	longestQuery = 1000 // characters, as Opsgenie has it
	deepestQuery = 20   // brackets in brackets
)

// parseQuery reads a search; an empty one means every alert.
func parseQuery(text string) (query, error) {
	if len(text) > longestQuery {
		return nil, fmt.Errorf("longer than %d characters", longestQuery)
	}
	p := &queryParser{words: queryWords(text)}
	if len(p.words) == 0 {
		return everyOf(nil), nil
	}
	q, err := p.either("", 0)
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("nothing opens the bracket that closes")
	}
	return q, err
}

// A queryWord is a word of a search, a bracket or an operator; what is quoted is always
// a word.
type queryWord struct {
	text   string
	quoted bool
}

func (w queryWord) is(text string) bool { return !w.quoted && w.text == text }

func (w queryWord) operator() bool {
	return !w.quoted && (w.text == ":" || strings.Trim(w.text, "<>=") == "" && w.text != "")
}

// queryWords cuts a search up. A colon or a comparison only ends a word that could be a
// field; it belongs to any other (an address, a time).
func queryWords(text string) (words []queryWord) {
	for text != "" {
		r := rune(text[0])
		switch {
		case unicode.IsSpace(r):
			text = text[1:]
		case r == '(' || r == ')':
			words, text = append(words, queryWord{text: text[:1]}), text[1:]
		case r == '"':
			value, rest, _ := strings.Cut(text[1:], `"`)
			words, text = append(words, queryWord{value, true}), rest
		case strings.ContainsRune(":<>=", r):
			n := 1
			if r != ':' && len(text) > 1 && text[1] == '=' {
				n = 2
			}
			words, text = append(words, queryWord{text: text[:n]}), text[n:]
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' })
			if end < 0 {
				end = len(text)
			}
			valued := len(words) > 0 && words[len(words)-1].operator()
			if op := strings.IndexAny(text[:end], ":<>="); op > 0 && !valued {
				end = op
			}
			words, text = append(words, queryWord{text: text[:end]}), text[end:]
		}
	}
	return words
}

type queryParser struct{ words []queryWord }

func (p *queryParser) next(text string) bool {
	if len(p.words) > 0 && p.words[0].is(text) {
		p.words = p.words[1:]
		return true
	}
	return false
}

// either reads terms with OR between them. Within the brackets of a field's value, each
// word is a value of that field.
func (p *queryParser) either(field string, deep int) (query, error) {
	if deep > deepestQuery {
		return nil, fmt.Errorf("brackets nest too deep")
	}
	var some someOf
	for {
		q, err := p.every(field, deep)
		if err != nil {
			return nil, err
		}
		if some = append(some, q); !p.next("OR") {
			break
		}
	}
	if len(some) == 1 {
		return some[0], nil
	}
	return some, nil
}

func (p *queryParser) every(field string, deep int) (query, error) {
	var all everyOf
	for len(p.words) > 0 && !p.words[0].is("OR") && !p.words[0].is(")") {
		if p.next("AND") {
			continue
		}
		q, err := p.one(field, deep)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("a term is missing")
	}
	return all, nil
}

func (p *queryParser) one(field string, deep int) (query, error) {
	not := false
	for p.next("NOT") {
		not = !not
	}
	q, err := p.positive(field, deep)
	if not && err == nil {
		q = notThat{q}
	}
	return q, err
}

func (p *queryParser) positive(field string, deep int) (query, error) {
	if p.next("(") {
		q, err := p.either(field, deep+1)
		if err == nil && !p.next(")") {
			err = fmt.Errorf("a bracket is not closed")
		}
		return q, err
	}
	if len(p.words) == 0 || p.words[0].operator() || p.words[0].is(")") || p.words[0].is("OR") || p.words[0].is("AND") {
		return nil, fmt.Errorf("a term is missing")
	}
	word := p.words[0]
	p.words = p.words[1:]
	if field != "" || len(p.words) == 0 || !p.words[0].operator() {
		return newTerm(field, ":", word.text)
	}
	op := p.words[0].text
	p.words = p.words[1:]
	if p.next("(") {
		q, err := p.either(word.text, deep+1)
		if err == nil && !p.next(")") {
			err = fmt.Errorf("a bracket is not closed")
		}
		return q, err
	}
	if len(p.words) == 0 || p.words[0].operator() || p.words[0].is(")") {
		return nil, fmt.Errorf("%s has no value", word.text)
	}
	value := p.words[0].text
	p.words = p.words[1:]
	return newTerm(word.text, op, value)
}

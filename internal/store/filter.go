package store

import (
	"strconv"
	"strings"

	"tocsin/incident"
)

// A filtered is a filter with the parts that a caller asked for.
type filtered struct {
	f    filter
	text strings.Builder
	args []any
}

func (f filter) build(args ...any) *filtered {
	b := &filtered{f: f, args: args}
	b.text.WriteString(f.text)
	return b
}

// part adds a listed part, with its value when it has one.
func (b *filtered) part(name string, value ...any) {
	b.text.WriteString(b.f.parts[name])
	for _, v := range value {
		b.value(v)
	}
}

func (b *filtered) value(v any) {
	b.args = append(b.args, v)
	b.text.WriteString("$" + strconv.Itoa(len(b.args)))
}

// list adds a part that is one of several statuses.
func (b *filtered) list(name string, values []incident.Status) {
	b.text.WriteString(b.f.parts[name])
	for i, v := range values {
		if i > 0 {
			b.text.WriteString(", ")
		}
		b.value(string(v))
	}
	b.text.WriteString(")")
}

// whole is the text with its tail, whose values were given at the start.
func (b *filtered) whole(d dialect) (string, []any) {
	return d.fill(b.text.String() + b.f.tail), b.args
}

// end adds the tail and its value.
func (b *filtered) end(value any) (string, []any) {
	b.text.WriteString(b.f.tail)
	b.value(value)
	return b.text.String(), b.args
}

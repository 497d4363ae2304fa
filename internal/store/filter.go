package store

import (
	"strconv"
	"strings"
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

// of is build for a list of which one part is known to be rare: it goes through what has
// it, whatever a plan would rather do.
func (f filter) of(rare, value string) *filtered {
	if rare == "" {
		return f.build()
	}
	b := &filtered{f: f}
	columns, _, _ := strings.Cut(f.text, " FROM ")
	b.text.WriteString(columns + " FROM ")
	b.part("rare "+rare, value, value)
	b.text.WriteString(" WHERE TRUE")
	return b
}

// part adds a listed part with its values: where its question marks stand, else at its
// end.
func (b *filtered) part(name string, values ...any) {
	text := b.f.parts[name]
	for _, v := range values {
		before, rest, _ := strings.Cut(text, "?")
		b.text.WriteString(before)
		b.value(v)
		text = rest
	}
	b.text.WriteString(text)
}

// matching adds a part when there is something to match.
func (b *filtered) matching(name, value string) {
	if value != "" {
		b.part(name, value)
	}
}

// flag adds a part that has no value.
func (b *filtered) flag(name string, wanted bool) {
	if wanted {
		b.part(name)
	}
}

func (b *filtered) value(v any) {
	b.args = append(b.args, v)
	b.text.WriteString("$" + strconv.Itoa(len(b.args)))
}

// list adds a part that ends in an open list, and closes it.
func (b *filtered) list(name string, values []string) {
	b.text.WriteString(b.f.parts[name])
	for i, v := range values {
		if i > 0 {
			b.text.WriteString(", ")
		}
		b.value(v)
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

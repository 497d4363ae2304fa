package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/alert"
	"tocsin/org"
)

// For is the source of an integration: its own, with the integration's mapping over it
// where it has one.
func For(in org.Integration) (Source, bool) {
	s, ok := Named(in.Source)
	if _, generic := s.(Generic); generic && in.Mapping != nil {
		return Mapped{*in.Mapping}, true
	}
	return s, ok
}

// Mapped is Generic for a sender whose fields somebody has named. What the mapping does
// not name, or does not find, is found as Generic finds it.
type Mapped struct{ org.Mapping }

func (Mapped) Name() string { return "generic" }

// Parse reads JSON by the mapping; what is no JSON, as Generic does.
func (m Mapped) Parse(head map[string][]string, body []byte) ([]alert.Event, error) {
	all, err := decodeAll(body)
	if err != nil || len(all) == 0 {
		return Generic{}.Parse(head, body)
	}
	var events []alert.Event
	bad := 0
	for _, root := range all {
		list := elements(root)
		if m.Each != "" {
			list = elements(at(root, m.Each))
		}
		for _, v := range list {
			o, ok := v.(object)
			if !ok || len(events) >= maxEvents {
				bad++
				continue
			}
			more, err := one(o)
			if err != nil || len(more) == 0 {
				bad++
				continue
			}
			ev := more[0]
			m.over(&ev, o, root)
			events = append(events, ev)
		}
	}
	switch {
	case len(events) == 0:
		why := "nothing in it is an event"
		if m.Each != "" {
			why = fmt.Sprintf("there is no list of events at %q", m.Each)
		}
		return nil, &Unreadable{why}
	case bad > 0:
		return events, &Unreadable{fmt.Sprintf("%d elements are no events", bad)}
	}
	return events, nil
}

// over puts what the mapping finds over what was found without it.
func (m Mapped) over(ev *alert.Event, o object, root any) {
	if s := m.value(m.State, o, root); s != "" {
		ev.Action = m.action(s, ev.Action)
	}
	if s := line(m.value(m.Title, o, root), maxTitle); s != "" {
		ev.Title = s
	}
	if s := clean(m.value(m.Text, o, root), maxText); s != "" {
		ev.Text = s
	}
	if s := dedupKey(m.value(m.Key, o, root)); s != "" {
		ev.Key = s
	}
	if s := m.value(m.Severity, o, root); s != "" {
		ev.Severity = Severity(s)
		for word, severity := range m.Severities {
			if strings.EqualFold(word, s) {
				ev.Severity = severity
			}
		}
	}
	for _, name := range sorted(m.Labels) {
		putLabel(ev, name, m.value(m.Labels[name], o, root))
	}
}

// action is what a state means: by the mapping's words, else by those that senders use.
func (m Mapped) action(s string, found alert.Action) alert.Action {
	is := func(word string) bool { return strings.EqualFold(word, s) }
	switch {
	case slices.ContainsFunc(m.Resolved, is):
		return alert.Resolve
	case slices.ContainsFunc(m.Firing, is):
		return alert.Trigger
	}
	if a, ok := state(s); ok {
		return a
	}
	if len(m.Firing) == 0 && len(m.Resolved) > 0 { // what is not said to be over, is not
		return alert.Trigger
	}
	return found
}

// value is what a path leads to; or, with braces, a text with what the paths in them lead
// to. A path that begins with $ begins at the whole body, others at the element.
func (m Mapped) value(path string, o object, root any) string {
	if !strings.Contains(path, "{") {
		return found(path, o, root)
	}
	var b strings.Builder
	for path != "" && b.Len() <= maxText {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			break
		}
		b.WriteString(found(name, o, root))
		path = after
	}
	return strings.TrimSpace(b.String())
}

func found(path string, o object, root any) string {
	var v any
	if rest, ok := strings.CutPrefix(path, "$."); ok {
		v = at(root, rest)
	} else if path != "" {
		v = at(o, path)
	}
	if v == nil {
		return ""
	}
	return strings.TrimSpace(text(v))
}

// at follows a path of names and numbers, with dots between. A name with a dot in it
// is tried as it stands first.
func at(v any, path string) any {
	for path != "" {
		switch in := v.(type) {
		case object:
			if whole := lookup(in, path); whole != nil {
				return whole
			}
			name, rest, _ := strings.Cut(path, ".")
			v, path = lookup(in, name), rest
		case []any:
			name, rest, _ := strings.Cut(path, ".")
			n, err := strconv.Atoi(name)
			if n < 0 {
				n += len(in)
			}
			if err != nil || n < 0 || n >= len(in) {
				return nil
			}
			v, path = in[n], rest
		default:
			return nil
		}
	}
	return v
}

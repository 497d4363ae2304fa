package source

import (
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// fields are the scalar fields of a body by plain name, the top level first, then the
// envelopes by depth.
type fields [levels]map[string]field

// levels is how deep envelopes are opened.
const levels = 3

// maxFields is how many fields of a body are looked at.
const maxFields = 1000

type field struct {
	name  string // as it was sent
	value string
	kind  byte // s, n or b: string, number, boolean
}

// gather collects what a body says about its event.
func gather(o object) *fields {
	var fs fields
	for i := range fs {
		fs[i] = map[string]field{}
	}
	left := maxFields
	fs.open(o, 0, "", true, &left)
	return &fs
}

// open collects the fields of one object. Within another, "id" and "name" are only
// known with its name before them; of a thing nothing else counts.
func (fs *fields) open(o object, depth int, container string, whole bool, left *int) {
	for _, name := range sorted(o) {
		if *left--; *left < 0 {
			return
		}
		p := plain(name)
		if inner, ok := o[name].(object); ok {
			if depth+1 < levels && (envelopes[p] || things[p]) {
				fs.open(inner, depth+1, p, whole && envelopes[p], left)
			}
			if s, ok := inner["value"].(string); ok && whole && toldAsObjects[p] {
				fs.add(depth, p, field{name: name, value: s, kind: 's'})
			}
			continue
		}
		f := field{name: name}
		switch v := o[name].(type) {
		case string:
			if f.kind = 's'; placeholder(strings.TrimSpace(v)) {
				continue
			}
		case bool:
			f.kind = 'b'
		case nil, []any:
			continue
		default:
			f.kind = 'n'
		}
		f.value, _ = scalar(o[name])
		if strings.TrimSpace(f.value) == "" {
			continue
		}
		if p == "id" || p == "name" || !whole {
			fs.add(depth, container+p, f)
			continue
		}
		fs.add(depth, p, f)
	}
}

func (fs *fields) add(depth int, name string, f field) {
	if _, ok := fs[depth][name]; !ok {
		fs[depth][name] = f
	}
}

// shallow is the field with one of the names that stands nearest to the top.
func (fs *fields) shallow(names []string) (string, bool) {
	for _, level := range fs {
		for _, n := range names {
			if f, ok := level[n]; ok {
				return f.value, true
			}
		}
	}
	return "", false
}

// best is the field with the best of the names, wherever it stands.
func (fs *fields) best(names []string) (field, bool) {
	for _, n := range names {
		for _, level := range fs {
			if f, ok := level[n]; ok && f.kind != 'b' {
				return f, true
			}
		}
	}
	return field{}, false
}

// action is what the event asks for, and the word that said so. A bare "ok" beside an
// envelope that says more is a courtesy of the sender's and not the state of anything.
func (fs *fields) action() (alert.Action, string) {
	var courtesy alert.Action
	for depth, level := range fs {
		for _, n := range stateNames {
			f := level[n]
			a, ok := state(f.value)
			if !ok || f.kind != 's' || !verbNames[n] && !aboutState(a) {
				continue
			}
			w := plain(f.value)
			if depth == 0 && (n == "status" || n == "result") && (w == "ok" || w == "success") && len(fs[1]) > 0 {
				courtesy = a
				continue
			}
			return a, f.value
		}
		for _, n := range trueNames {
			if f := level[n]; f.kind == 'b' {
				return trueIs(f.value == "true"), ""
			}
		}
		for _, n := range falseNames {
			if f := level[n]; f.kind == 'b' {
				return trueIs(f.value != "true"), ""
			}
		}
	}
	if courtesy != "" {
		return courtesy, ""
	}
	for _, n := range []string{"severity", "level", "alertlevel"} {
		if s, ok := fs.shallow([]string{n}); ok {
			if a, ok := state(s); ok && a == alert.Resolve && plain(s) != "normal" {
				return a, ""
			}
		}
	}
	if title, ok := fs.shallow(titleNames); ok {
		if a, ok := bracketed(title); ok && aboutState(a) {
			return a, ""
		}
	}
	return alert.Trigger, ""
}

func aboutState(a alert.Action) bool {
	switch a {
	case alert.Trigger, alert.Resolve, alert.Acknowledge, alert.Unacknowledge:
		return true
	}
	return false
}

func trueIs(fires bool) alert.Action {
	if fires {
		return alert.Trigger
	}
	return alert.Resolve
}

// words are the title and the text.
func (fs *fields) words(ev *alert.Event, state string) {
	title, _ := fs.shallow(titleNames)
	var body string
	for _, n := range textNames {
		if s, ok := fs.shallow([]string{n}); ok && s != title {
			body = s
			break
		}
	}
	ev.Text = clean(body, maxText)
	first, rest, more := strings.Cut(strings.TrimSpace(title), "\n")
	if more && strings.TrimSpace(rest) != "" && ev.Text == "" {
		ev.Text = clean(title, maxText)
	}
	ev.Title = line(first, maxTitle)
	if ev.Title == "" {
		ev.Title = line(fs.nameless(state), maxTitle)
	}
}

// nameless is a title for an event that has none: what it is about and how it goes.
func (fs *fields) nameless(state string) string {
	what, where := fs.identity(whatNames), fs.identity(whereNames)
	var about []string
	if len(what) > 0 {
		about = append(about, what[0].value)
	}
	if len(where) > 0 {
		about = append(about, where[0].value)
	}
	switch {
	case len(about) > 0 && state != "":
		return strings.Join(about, " on ") + ": " + state
	case len(about) > 0:
		return strings.Join(about, " on ")
	case state != "":
		return state
	}
	return "an event without a title"
}

// identity are the fields that say what the event is about, in the order of the names.
func (fs *fields) identity(names []string) (about []field) {
	for _, n := range names {
		for _, level := range fs {
			if f, ok := level[n]; ok && f.kind != 'b' {
				about = append(about, field{name: n, value: f.value})
				break
			}
		}
	}
	return about
}

// severity is what is called so, or a label of that name, or the state itself
// ("CRITICAL").
func (fs *fields) severity(ev *alert.Event, word string) org.Severity {
	for _, level := range fs {
		for _, n := range severityNames {
			if s := Severity(level[n].value); s != "" {
				return s
			}
		}
	}
	for _, n := range []string{"severity", "priority", "level"} {
		if s := Severity(ev.Labels[n]); s != "" {
			return s
		}
	}
	if w := plain(word); w != "alert" {
		return Severity(w)
	}
	return ""
}

// time is the source's time of what happened; of a resolve not the time it began.
func (fs *fields) time(a alert.Action) time.Time {
	names := append(slices.Clone(sentNames), beganNames...)
	if a == alert.Resolve {
		names = append(slices.Clone(endedNames), sentNames...)
	}
	for _, level := range fs {
		for _, n := range names {
			if t := when(level[n].value); !t.IsZero() {
				return t
			}
		}
	}
	return time.Time{}
}

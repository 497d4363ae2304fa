package source

import (
	"strings"

	"tocsin/alert"
)

// links are the fields that hold a web address and are called a link, and lists of
// links at the top.
func (fs *fields) links(ev *alert.Event, o object) {
	for _, v := range elements(lookup(o, "links")) {
		if l, ok := v.(object); ok {
			putLink(ev, either(text(lookup(l, "href")), text(lookup(l, "url"))), either(text(lookup(l, "text")), text(lookup(l, "title"))), false)
			continue
		}
		putLink(ev, text(v), "", false)
	}
	for _, level := range fs {
		for _, n := range sorted(level) {
			f := level[n]
			image := strings.Contains(n, "image") || strings.Contains(n, "screenshot")
			if image || strings.Contains(n, "url") || strings.Contains(n, "link") || strings.Contains(n, "runbook") ||
				strings.Contains(n, "href") || strings.Contains(n, "dashboard") {
				putLink(ev, f.value, f.name, image)
			}
		}
	}
}

// labels are the fields of that name, in the shapes senders give them, and the fields
// that say where and whose.
func (fs *fields) labels(ev *alert.Event, o object) {
	holders(ev, o, levels)
	for _, level := range fs {
		for _, n := range sorted(level) {
			if labelNames[n] && n != "severity" {
				putLabel(ev, level[n].name, level[n].value)
			}
		}
	}
}

// holders takes the labels out of an object and its envelopes.
func holders(ev *alert.Event, o object, levels int) {
	for _, k := range sorted(o) {
		p := plain(k)
		if labelHolders[p] {
			takeLabels(ev, o[k])
		}
	}
	for _, k := range sorted(o) {
		if inner, ok := o[k].(object); ok && levels > 1 && (envelopes[plain(k)] || things[plain(k)]) {
			holders(ev, inner, levels-1)
		}
	}
}

// takeLabels reads labels: an object; a list of "name:value", "name=value", or of
// objects with a name and a value; or such a list in one string.
func takeLabels(ev *alert.Event, v any) {
	switch v := v.(type) {
	case object:
		for _, k := range sorted(v) {
			if s, ok := scalar(v[k]); ok && !placeholder(s) {
				putLabel(ev, k, s)
			}
		}
	case []any:
		for _, e := range v {
			if o, ok := e.(object); ok {
				name := either(text(lookup(o, "key")), text(lookup(o, "name")))
				if s := labelValue(lookup(o, "value")); !placeholder(s) {
					putLabel(ev, name, s)
				}
				continue
			}
			tag(ev, text(e))
		}
	case string:
		for t := range strings.SplitSeq(v, ",") {
			tag(ev, t)
		}
	}
}

// labelValue unwraps OpenTelemetry's {"stringValue": "..."}.
func labelValue(v any) string {
	if o, ok := v.(object); ok && len(o) == 1 {
		for _, inner := range o {
			return text(inner)
		}
	}
	return text(v)
}

// tag reads "name:value" or "name=value"; a bare word is its own name.
func tag(ev *alert.Event, s string) {
	s = strings.TrimSpace(s)
	if placeholder(s) {
		return
	}
	i := strings.IndexAny(s, ":=")
	if i <= 0 || i == len(s)-1 {
		putLabel(ev, strings.TrimRight(s, ":="), "true")
		return
	}
	putLabel(ev, s[:i], strings.TrimSpace(s[i+1:]))
}

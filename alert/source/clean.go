package source

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/alert"
)

// What an event may carry, in characters and in pieces.
const (
	maxTitle   = 1024
	maxText    = 16 << 10
	maxKey     = 255
	maxName    = 255 // of a label or a detail
	maxLabel   = 1024
	maxDetail  = 2048
	maxHref    = 2048
	maxLabels  = 100
	maxDetails = 50
	maxLinks   = 20
)

// clean makes text valid, free of NUL (which databases refuse) and at most n
// characters long.
func clean(s string, n int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	left := n - 1
	for i := range s {
		if left == 0 {
			return s[:i] + "…"
		}
		left--
	}
	return s
}

// line is cleaned text on one line, for titles and names: a title becomes the subject
// of a mail and the text of a message, where a line break would be an injection.
func line(s string, n int) string {
	s = strings.TrimSpace(clean(s, n))
	if strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	spaced := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(spaced), " ")
}

// dedupKey is a key as it is kept. One that would have to be changed is hashed, so that
// what was distinct stays distinct. A blank key is none.
func dedupKey(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	if s == clean(s, maxKey) && s != alert.UnreadableKey {
		return s
	}
	return "sha256:" + hash(s)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// put adds a label or a detail, cleaned; an empty name or value adds nothing, and one
// that is there stays.
func put(m *map[string]string, name, value string, most, longest int) {
	name, value = line(name, maxName), clean(value, longest)
	if name == "" || value == "" || len(*m) >= most {
		return
	}
	if *m == nil {
		*m = make(map[string]string, 8)
	}
	if _, ok := (*m)[name]; !ok {
		(*m)[name] = value
	}
}

func putLabel(ev *alert.Event, name, value string) {
	put(&ev.Labels, name, value, maxLabels, maxLabel)
}

func putDetail(ev *alert.Event, name, value string) {
	put(&ev.Details, name, value, maxDetails, maxDetail)
}

// flatten adds an object's fields to the details: nested objects for two levels under
// dotted names, the rest as compact JSON.
func flatten(ev *alert.Event, prefix string, v any, levels int) {
	o, ok := v.(object)
	if !ok || levels == 0 || len(o) == 0 {
		if prefix == "" {
			prefix = "details"
		}
		putDetail(ev, prefix, text(v))
		return
	}
	for _, k := range sorted(o) {
		if len(ev.Details) >= maxDetails {
			return
		}
		name := k
		if prefix != "" {
			name = prefix + "." + k
		}
		flatten(ev, name, o[k], levels-1)
	}
}

// putLink adds somewhere to look further. Only http and https are links: an href is
// shown to people who will press it.
func putLink(ev *alert.Event, href, words string, image bool) {
	href = strings.TrimSpace(href)
	if len(ev.Links) >= maxLinks || !isWeb(href) {
		return
	}
	l := alert.Link{Href: href, Text: line(words, maxName), Image: image}
	if !slices.ContainsFunc(ev.Links, func(have alert.Link) bool { return have.Href == l.Href && have.Image == image }) {
		ev.Links = append(ev.Links, l)
	}
}

// isWeb says whether a text is an absolute web address and nothing else.
func isWeb(s string) bool {
	if len(s) < len("http://x") || len(s) > maxHref || !strings.EqualFold(s[:4], "http") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsSpace) < 0
}

// labelsKey identifies an alert by all of its labels.
func labelsKey(labels map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(k + "\xff" + labels[k] + "\xff")
	}
	return "labels:" + hash(b.String())[:32]
}
